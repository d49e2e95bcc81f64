"""Numbers drawn eight at a time: NumPy's own, bit for bit."""

import os
import subprocess
import sys

import numpy as np
import pytest
from cases import in_one_test

pytest.importorskip("numba")

from boltzmann_rl.kernels import pcg
from boltzmann_rl.kernels.jit import compiled

KINDS = {"random": pcg.uniforms, "standard_normal": pcg.normals}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_a_million_numbers_are_those_of_numpy(name, seed):
    """Among them are some 15,000 normals that the ziggurat first rejects, and 300 from its tail."""
    fill, expected = KINDS[name](np.random.default_rng(seed)), getattr(np.random.default_rng(seed), name)(1_000_000)
    found = np.empty(1_000_000)
    for first, last in ((0, 8), (8, 16), (16, 30_000), (30_000, 1_000_000)):
        fill(found[first:last])
    np.testing.assert_array_equal(found, expected)
    if name == "standard_normal":
        assert np.count_nonzero(np.abs(expected) > 3.6541528853610088) > 150


@pytest.mark.parametrize("sizes", [(1, 2, 3, 5, 7, 1000, 1021, 1), (4093,)])
def test_normals_continue_after_any_number_of_draws(sizes):
    fill, rng = pcg.normals(np.random.default_rng(3)), np.random.default_rng(3)
    for size in sizes:
        found = np.empty(size)
        fill(found)
        np.testing.assert_array_equal(found, rng.standard_normal(size))


@pytest.mark.parametrize("name", KINDS)
def test_draws_start_at_the_generators_state_and_do_not_change_it(name):
    rng = np.random.default_rng(1)
    rng.random(123)
    found = np.empty(80)
    KINDS[name](rng)(found)
    np.testing.assert_array_equal(found, getattr(rng, name)(80))


@in_one_test("name", KINDS)
@in_one_test("state", [(0, 1), (2**128 - 1, 2**128 - 1), (2**64 - 1, 2**65 - 1), (2**127, 2**64 + 1)])
def test_the_carry_between_the_halves_of_the_state_is_right(name, state):
    generators = np.random.Generator(np.random.PCG64(0)), np.random.Generator(np.random.PCG64(0))
    for generator in generators:
        given = generator.bit_generator.state
        generator.bit_generator.state = {**given, "state": dict(zip(("state", "inc"), state, strict=True))}
    found = np.empty(8000)
    KINDS[name](generators[0])(found)
    np.testing.assert_array_equal(found, getattr(generators[1], name)(8000))


@in_one_test("name", KINDS)
@in_one_test("kind", [np.random.MT19937, np.random.PCG64DXSM, np.random.Philox])
def test_other_bit_generators_draw_with_numpy(name, kind):
    found = np.empty(80)
    KINDS[name](np.random.Generator(kind(5)))(found)
    np.testing.assert_array_equal(found, getattr(np.random.Generator(kind(5)), name)(80))


@compiled
def fill_one_by_one(uniforms, numbers):
    uniforms = pcg.flat_uniforms(uniforms)
    for i in range(len(numbers)):
        numbers[i] = pcg.next_uniform(uniforms)


def test_uniforms_drawn_one_by_one_are_those_of_the_generator():
    rng = np.random.default_rng(4)
    rng.random(3)
    uniforms, found = pcg.uniforms_of(rng), np.empty(10_000)
    fill_one_by_one(uniforms, found[:7])
    fill_one_by_one(uniforms, found[7:])
    np.testing.assert_array_equal(found, rng.random(10_000))


def test_an_array_whose_size_is_not_a_multiple_of_eight_is_refused():
    with pytest.raises(ValueError, match="must be a multiple of 8, got 9"):
        pcg.uniforms(np.random.default_rng(5))(np.empty(9))


def test_without_the_ziggurat_tables_numpy_draws(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba.np.random._constants", None)
    found = np.empty(80)
    pcg.normals(np.random.default_rng(5))(found)
    np.testing.assert_array_equal(found, np.random.default_rng(5).standard_normal(80))


def test_without_compilation_numpy_draws_the_numbers():
    code = """if True:
        import numpy as np
        from boltzmann_rl.kernels import pcg
        for name, kind in (("random", pcg.uniforms), ("standard_normal", pcg.normals)):
            found = np.empty(80)
            kind(np.random.default_rng(5))(found)
            assert (found == getattr(np.random.default_rng(5), name)(80)).all()
    """
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, check=True)
