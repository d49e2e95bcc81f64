"""Vectors of eight numbers in compiled code: each operation against NumPy's on arrays of eight."""

import operator
import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("numba")

from numba import TypingError

from boltzmann_rl.kernels.jit import available, compiled
from boltzmann_rl.kernels.vectors import (
    WIDTH,
    aligned,
    any_of,
    beyond,
    bits_of,
    counted,
    eight,
    flat,
    float_of,
    floats_of,
    gather,
    lanes_from,
    leading,
    load,
    load_apart,
    root,
    scatter,
    store,
    sum_of,
    turned,
    where,
)

X = np.array([0.0, -1.5, 2.0, np.inf, np.nan, 1e-310, -0.0, 3.0])
Y = np.array([1.0, -1.5, -2.0, 5.0, 1.0, 7.0, 0.0, np.inf])


def made_by(operation, *arrays):
    """The result of an operation on vectors in compiled code."""
    results, operation = np.full(WIDTH, 99.0), compiled(operation, cache=False)

    @compiled(cache=False)
    def run(x, y, results):
        store(flat(results), 0, operation(load(flat(x), 0), load(flat(y), 0)))

    run(*arrays, results)
    return results


@pytest.mark.parametrize("symbol", [operator.add, operator.sub, operator.mul, operator.truediv])
def test_arithmetic_is_elementwise(symbol):
    with np.errstate(all="ignore"):
        for x, y in ((X, Y), (Y, X)):
            np.testing.assert_array_equal(made_by(lambda x, y: symbol(x, y), x, y), symbol(x, y))
            np.testing.assert_array_equal(made_by(lambda x, y: symbol(x, 3.0), x, y), symbol(x, 3.0))
            np.testing.assert_array_equal(made_by(lambda x, y: symbol(3.0, y), x, y), symbol(3.0, y))


@pytest.mark.parametrize("symbol", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq])
def test_comparisons_are_elementwise_and_false_for_nan(symbol):
    for x, y in ((X, Y), (Y, X), (X, X)):
        found = made_by(lambda x, y: where(symbol(x, y), x, y), x, y)
        np.testing.assert_array_equal(found, np.where(symbol(x, y), x, y))
        found = made_by(lambda x, y: where(symbol(x, 1.0), 1.0, y), x, y)
        np.testing.assert_array_equal(found, np.where(symbol(x, 1.0), 1.0, y))


@pytest.mark.parametrize("symbol", [operator.and_, operator.or_])
def test_conditions_are_combined_elementwise(symbol):
    found = made_by(lambda x, y: where(symbol(x > 0.0, y > 0.0), eight(1.0), 0.0), X, Y)
    np.testing.assert_array_equal(found, symbol(X > 0.0, Y > 0.0))


def test_negation_and_in_place_addition_are_elementwise():
    def negative(x, y):
        x += -y
        return x

    np.testing.assert_array_equal(made_by(negative, X, Y), X - Y)


def test_integers_are_added_shifted_and_masked():
    def bits(x, y):
        return float_of((((bits_of(x) + 3) >> 2) << 2) & -8)

    expected = (((X.view(np.int64) + 3 >> 2) << 2) & -8).view(np.float64)
    np.testing.assert_array_equal(made_by(bits, X, Y), expected)
    np.testing.assert_array_equal(made_by(lambda x, y: floats_of(lanes_from(5) - 1), X, Y), np.arange(4.0, 12.0))
    np.testing.assert_array_equal(
        made_by(lambda x, y: floats_of(where(lanes_from(0) >= 6, 0, counted(y))), X, np.arange(8) + 0.75),
        [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 0.0],
    )


def test_integers_are_multiplied_rotated_and_compared():
    def bits(x, y):
        a, b = bits_of(x), bits_of(y)
        return float_of(turned((a * 6364136223846793005) ^ b, (b >> 52) & 63))

    with np.errstate(over="ignore"):
        mixed = (X.view(np.int64) * 6364136223846793005 ^ Y.view(np.int64)).view(np.uint64)
    by = (Y.view(np.uint64) >> 52) & 63
    expected = [((int(m) >> int(n)) | (int(m) << (64 - int(n)))) % 2**64 for m, n in zip(mixed, by, strict=True)]
    assert made_by(bits, X, Y).view(np.uint64).tolist() == expected


@pytest.mark.parametrize("limit", [-1, 0, 3, 8])
def test_lanes_are_counted_up_to_the_first_false_one(limit):
    found = made_by(lambda x, y: eight(float(leading(x < y))), np.arange(8.0), np.full(8, float(limit)))
    assert (found == max(limit, 0)).all()
    found = made_by(lambda x, y: eight(float(leading(x < y))), np.arange(8.0)[::-1].copy(), np.full(8, 7.0))
    assert (found == 0.0).all()


@pytest.mark.parametrize("shape", [(8,), (3, 1, 8), (2, 5)])
def test_an_aligned_array_starts_at_a_vector_boundary(shape):
    for _ in range(20):
        array = aligned(shape, 2.5)
        assert array.shape == shape
        assert array.ctypes.data % (8 * WIDTH) == 0
        assert (array == 2.5).all()


def test_square_roots_are_correctly_rounded():
    x = np.random.default_rng(0).exponential(size=WIDTH)
    np.testing.assert_array_equal(made_by(lambda x, y: root(x), x, x), np.sqrt(x))


def test_loads_and_stores_use_the_given_index():
    table, x = np.arange(48.0).reshape(3, 16), np.empty((4, WIDTH))

    @compiled(cache=False)
    def run(table, narrow, x):
        numbers, results = flat(table), flat(x)
        store(results, 0, load(numbers, 5))
        store(results, 8, load_apart(beyond(numbers, 2), 0, 5))
        store(results, 16, load_apart(flat(narrow), 2, 5))
        store(results, 24, gather(numbers, counted(load(numbers, 3) * 2.0)))
        scatter(numbers, lanes_from(40), load(numbers, 0))
        store(numbers, 30, eight(-1.0))
        return sum_of(load(numbers, 0)), any_of(load(numbers, 0) > 6.5), any_of(load(numbers, 0) > 7.0)

    total, one, none = run(table, table.astype(np.float32), x)
    apart = 2.0 + 5.0 * np.arange(8)
    np.testing.assert_array_equal(x, [np.arange(5.0, 13.0), apart, apart, np.arange(6.0, 22.0, 2.0)])
    expected = np.arange(48.0)
    expected[40:], expected[30:38] = np.arange(8), -1.0
    np.testing.assert_array_equal(table.ravel(), expected)
    assert (total, one, none) == (28.0, True, False)


@pytest.mark.skipif(not available(), reason="arrays of eight take any index")
@pytest.mark.parametrize(
    "wrong",
    [
        lambda numbers: load(numbers, np.uint8(200)),
        lambda numbers: lanes_from(np.int32(1)),
        lambda numbers: eight(np.float32(1.5)),
    ],
)
def test_indices_and_lanes_of_other_types_are_refused(wrong):
    run = compiled(lambda array: any_of(wrong(flat(array)) == wrong(flat(array))), cache=False)
    wrong = compiled(wrong, cache=False)
    with pytest.raises(TypingError):
        run(np.zeros(300))


@pytest.mark.skipif("VECTORS_AGAIN" in os.environ, reason="this is the run that it asks for")
@pytest.mark.parametrize(
    "settings", [{"NUMBA_DISABLE_JIT": "1"}, {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}]
)
def test_all_tests_pass_without_compilation_and_on_a_processor_without_wide_registers(settings):
    environment = {**os.environ, **settings, "VECTORS_AGAIN": "1"}
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=", __file__]
    done = subprocess.run([sys.executable, "-m", "pytest", *options], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
