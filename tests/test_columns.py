"""Reductions over a short last axis give the numbers of NumPy's own, whatever the shape and the layout."""

from functools import partial

import numpy as np
import pytest

import boltzmann_rl as brl
from boltzmann_rl.numerics.columns import counted, highest, narrow, running_sums
from boltzmann_rl.numerics.sampling import inverse_cdf

SHAPES = [(1,), (7,), (3, 5), (199, 4), (200, 1), (200, 4), (200, 17), (1000, 10), (1000, 16), (20, 30, 3), (0, 4)]


def rows_of(shape, seed=0):
    """Floats of very different sizes, among them ties, −inf and −0."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=shape) * 10.0 ** rng.integers(-300, 300, size=shape)
    return np.where(rng.random(shape) < 0.2, rng.choice([-np.inf, -0.0, 0.0, 1.0], size=shape), rows)


LAYOUTS = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "every other": lambda rows: np.repeat(rows, 2, axis=-1)[..., ::2],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_columns_give_the_numbers_of_numpy_and_leave_the_rows_alone(shape, layout):
    rows = LAYOUTS[layout](rows_of(shape))
    before = rows.copy()
    np.testing.assert_array_equal(highest(rows), rows.max(axis=-1, keepdims=True), strict=True)
    true = rows > 0.0
    np.testing.assert_array_equal(counted(true), true.sum(axis=-1, keepdims=True), strict=True)
    shares = np.abs(np.where(np.isfinite(rows), rows, 0.0))
    kept = shares.copy()
    np.testing.assert_array_equal(running_sums(shares), np.moveaxis(shares.cumsum(axis=-1), -1, 0), strict=True)
    np.testing.assert_array_equal(shares, kept)
    np.testing.assert_array_equal(rows, before)


def test_both_ways_are_taken_by_these_shapes():
    assert {narrow(rows_of(shape)) for shape in SHAPES} == {True, False}


@pytest.mark.parametrize("rows", [10, 1000])
def test_the_maximum_of_a_row_with_nan_is_nan(rows):
    values = np.zeros((rows, 4))
    values[5, 2] = np.nan
    assert np.flatnonzero(np.isnan(highest(values))).tolist() == [5]


@pytest.mark.parametrize("operator", [brl.greedy, brl.uniform, brl.softmax, partial(brl.mellowmax, omega=np.inf)])
def test_ties_of_zeros_of_both_signs_give_the_same_bits_in_one_row_and_in_many(operator):
    row = np.array([-0.0] * 8 + [0.0, -1.0])
    many = np.asarray(operator(np.tile(row, (1000, 1))))
    assert many.tobytes() == np.asarray(operator(row)).tobytes() * 1000


@pytest.mark.parametrize("actions", [1, 2, 10, 16, 17, 40])
def test_many_rows_are_drawn_as_each_row_alone(actions):
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.full(actions, 0.3), size=300)
    u = rng.choice([0.0, 0.5, np.nextafter(1.0, 0.0), *rng.random(9)], size=300)
    assert inverse_cdf(p, u).tolist() == [inverse_cdf(row, each) for row, each in zip(p, u.tolist(), strict=True)]
    assert (
        inverse_cdf(p.reshape(3, 100, actions), u.reshape(3, 100)).tolist()
        == inverse_cdf(p, u).reshape(3, 100).tolist()
    )
    assert inverse_cdf(p, 0.5).tolist() == inverse_cdf(p, np.full(300, 0.5)).tolist()
