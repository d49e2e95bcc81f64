"""Dtypes that NumPy does not have itself, that are wider than float64, or too imprecise to sum to 1."""

import numpy as np
import pytest
from cases import in_one_test
from scipy import special, stats

import boltzmann_rl as brl
from boltzmann_rl.arguments.arrays import to_numpy

FALSE_ALARM = 1e-6
Q = np.array([[0.0, 1.0, 0.5], [2.0, -1.0, 2.0]])  # exact in every format below
NARROW = ["bfloat16", "float8_e5m2", "float8_e4m3fn", "float8_e4m3b11fnuz", "float16", "float32", "longdouble"]


def in_format(array, name):
    if hasattr(np, name):
        return np.asarray(array).astype(getattr(np, name))
    return np.asarray(array).astype(getattr(pytest.importorskip("ml_dtypes"), name))


@in_one_test("name", NARROW)
def test_values_of_every_dtype_are_read_as_their_float64_numbers(name):
    values, rng = in_format(Q, name), np.random.default_rng(0)
    assert (brl.softmax(values, 0.5) == brl.softmax(Q, 0.5)).all()
    assert (brl.log_softmax(values) == brl.log_softmax(Q)).all()
    assert (brl.mellowmax(values, 3.0) == brl.mellowmax(Q, 3.0)).all()
    assert (brl.sparsemax(values) == brl.sparsemax(Q)).all()
    assert (brl.mask(values, [[1, 1, 0]] * 2) == brl.mask(Q, [[1, 1, 0]] * 2)).all()
    assert (brl.Boltzmann(brl.RelativeToRange(0.3))(values, 0) == brl.Boltzmann(brl.RelativeToRange(0.3))(Q, 0)).all()
    assert brl.act(brl.Greedy(), values[0], rng) == 1
    assert (brl.softmax(Q, in_format([0.5, 2.0], name)) == brl.softmax(Q, [0.5, 2.0])).all()
    assert brl.Boltzmann(in_format(0.5, name)) == brl.Boltzmann(in_format(0.5, name)[()]) == brl.Boltzmann(0.5)


@pytest.mark.parametrize("name", ["int4", "uint4"])
def test_integers_of_four_bits_are_integers(name):
    small = in_format([1, 3, 2], name)
    assert (brl.softmax(small) == brl.softmax([1, 3, 2])).all()
    assert brl.act(brl.Greedy(), small, np.random.default_rng(0), available=in_format([1, 0, 1], name)) == 2
    assert brl.schedules.Linear(1.0, 0.0, steps=4)(small).tolist() == [0.75, 0.25, 0.5]


def test_raw_bytes_and_dates_are_refused():
    for wrong in (np.zeros(3, dtype="V2"), np.zeros(3, dtype=[("q", float)]), np.zeros(3, dtype="M8[D]")):
        with pytest.raises(TypeError, match="values must be real numbers"):
            brl.softmax(wrong)


@pytest.mark.skipif(np.finfo(np.longdouble).max == np.finfo(np.float64).max, reason="no wider format here")
def test_numbers_that_would_become_infinite_in_float64_are_refused():
    wide = np.array([1, -1], dtype=np.longdouble) * np.finfo(np.longdouble).max
    for number in wide:  # the negative one would become an action that is not available
        with (
            np.errstate(all="raise"),
            pytest.raises(ValueError, match="values must be numbers that a float64 can hold"),
        ):
            brl.softmax(np.array([0.0, number], dtype=np.longdouble))
    assert brl.softmax(np.array([0.0, -np.inf], dtype=np.longdouble)).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
@pytest.mark.parametrize("actions", [2, 3, 7, 100, 3_000])
def test_probabilities_rounded_to_half_precision_are_drawn_with_their_frequencies(name, actions):
    exact = special.softmax(np.random.default_rng(actions).normal(size=actions))
    p = in_format(exact, name)
    drawn = brl.invert(np.broadcast_to(p, (20_000, actions)), np.random.default_rng(1).random(20_000))
    expected = p.astype(float) / p.astype(float).sum() * 20_000
    counts, expected = np.bincount(drawn, minlength=actions), np.asarray(expected)
    common = expected >= 10.0
    if common.sum() > 1:
        rest = (counts[~common].sum(), expected[~common].sum())
        seen, due = (np.append(part[common], rest[k]) for k, part in enumerate((counts, expected)))
        due, seen = due[due > 0], seen[due > 0]
        assert stats.chisquare(seen, due * seen.sum() / due.sum()).pvalue > FALSE_ALARM


def test_half_precision_probabilities_are_normalised():
    thirds = np.full(3, 1 / 3, dtype=np.float16)  # three times 0.33325195
    assert brl.entropy(thirds) == pytest.approx(np.log(3.0), rel=1e-15)
    rng = np.random.default_rng(0)
    _, probability = brl.act(lambda values, step: thirds, Q[0], rng, step=0, with_probability=True)
    assert probability == pytest.approx(1 / 3, rel=1e-15)
    exact = np.array([0.5, 0.5], dtype=np.float16)
    assert brl.entropy(exact) == np.log(2.0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rows_that_are_off_by_more_than_rounding_are_refused_with_a_remedy(dtype):
    for sum_ in (0.98, 1.02):
        with pytest.raises(ValueError, match=r"must sum to 1.*last axis.*float32 or divide by the sum"):
            brl.sample(np.array([0.5, sum_ - 0.5], dtype=dtype), np.random.default_rng(0))
    if dtype is not np.float16:
        with pytest.raises(ValueError, match="must sum to 1"):
            brl.sample(np.array([0.5, 0.4999], dtype=dtype), np.random.default_rng(0))


def test_a_mask_of_floats_is_refused_with_the_way_to_make_one():
    with pytest.raises(TypeError, match=r"must be bool, or integers all 0 or 1.*mask > 0\.5"):
        brl.mask(Q[0], np.ones_like(Q[0]))


def test_masked_arrays_are_refused_wherever_their_mask_would_be_lost():
    hidden = np.ma.masked_array([1, 1, 0], mask=[0, 1, 0])
    for given in ({"available": hidden}, {"step": hidden}):
        with pytest.raises(TypeError, match="masked array"):
            brl.act(brl.Boltzmann(1.0), Q[0], np.random.default_rng(0), **given)


def test_arrays_of_numpys_own_dtypes_are_not_copied():
    for dtype in (np.float16, np.float32, np.float64, np.int8, bool):
        array = np.zeros(3, dtype=dtype)
        assert to_numpy(array) is array


def test_a_half_precision_row_may_deviate_from_sum_1_by_a_hundredth_at_most():
    p = np.zeros(200_000, dtype=np.float16)  # the rounding errors could sum to 0.0129
    p[:2] = 1.0, 0.0095
    assert brl.invert(p, 0.5) == 0
    p[1] = 0.0115
    with pytest.raises(ValueError, match="must sum to 1"):
        brl.invert(p, 0.5)
