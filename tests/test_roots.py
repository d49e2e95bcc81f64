"""The root search behind entmax and the temperatures: to rounding, from above, in few evaluations for any slope."""

import math

import numpy as np
from cases import in_one_test

from boltzmann_rl.numerics.maxima import boltzmann_temperature, log_gaps_below_the_best, moments, rising_root

EPS = float(np.finfo(float).eps)
INF = math.inf
ROOTS = np.array([-3.0, -1.0, -1e-9, 0.0, 1e-300, 0.1, 1.0 / 3.0, 2.5, 7.0, 9.75])


def straight(x):
    return x - ROOTS, np.ones_like(x)


def flat_on_both_sides(x):
    return np.tanh(x - ROOTS), np.cosh(x - ROOTS) ** -2.0


def exponential(x):
    return np.expm1(x - ROOTS), np.exp(x - ROOTS)


def bent(x):
    return np.where(x < ROOTS, 0.5, 1.0) * (x - ROOTS), np.where(x < ROOTS, 0.5, 1.0)


def wrong_slope(slope):
    return lambda x: (x - ROOTS, np.full_like(x, slope))


FUNCTIONS = {
    "straight": (straight, 4),
    "tanh": (flat_on_both_sides, 20),
    "exp": (exponential, 20),
    "bent": (bent, 8),
    **{f"slope {slope}": (wrong_slope(slope), 110) for slope in (0.0, 1e-9, 0.3, 0.6, 1.9, -1.0, math.nan)},
}


@in_one_test("start", [-4.0, 0.0, 0.3, 10.0, 1e6])
@in_one_test("name", FUNCTIONS)
def test_a_root_is_found_to_rounding_and_from_above_in_few_evaluations(name, start):
    function, most = FUNCTIONS[name]
    evaluations = []

    def counted(x):
        evaluations.append(x)
        assert ((x >= -4.0) & (x <= 10.0)).all()
        return function(x)

    with np.errstate(all="ignore"):
        found = rising_root(counted, np.full(10, -4.0), np.full(10, 10.0), np.full(10, start))
    assert (found >= ROOTS).all()
    assert (found <= 10.0).all()
    assert (found - ROOTS <= 16.0 * EPS * np.maximum(np.abs(ROOTS), 1.0)).all()
    assert len(evaluations) <= most


def test_elements_that_have_converged_stay_where_they_are():
    """A function that answers otherwise on a second visit shows whether an element is moved after it has converged."""
    roots = np.array([0.5, 0.25])
    visits = 0

    def function(x):
        nonlocal visits
        visits += 1
        slow = x[1] - roots[1]
        return np.array([x[0] - roots[0] if visits <= 2 else -1.0, slow]), np.array([1.0, 3.0])

    found = rising_root(function, np.zeros(2), np.ones(2), np.zeros(2))
    assert visits > 4
    assert abs(found - roots).max() <= 16.0 * EPS


def test_a_function_that_answers_nan_ends_the_search():
    with np.errstate(all="ignore"):
        found = rising_root(lambda x: (x * math.nan, x), np.zeros(3), np.ones(3), np.full(3, 0.5))
    assert ((found >= 0.0) & (found <= 1.0)).all()


def test_roots_at_the_ends_of_the_bracket_are_found():
    for root in (0.0, 1.0):
        found = rising_root(lambda x, root=root: (x - root, np.ones_like(x)), np.zeros(1), np.ones(1), np.array([0.5]))
        assert 0.0 <= found[0] - root <= 16.0 * EPS


@in_one_test("unit", [1e-300, 1e-6, 1.0, 1e6, 1e300])
@in_one_test("temperature", [1e-2, 0.05, 0.3, 1.0, 7.0, 1e3, 1e6])
def test_the_temperature_of_a_mean_gap_is_found_at_any_scale_of_the_gaps(temperature, unit):
    values = np.array([[0.0, -1.0, -0.25, -INF], [5.0, 3.0, 4.5, 4.5], [2.0, 2.0, 2.0, 1.0]])

    def log_mean_gap(log_temperature, energy, weight):
        first, second = moments(energy, weight)
        return log_temperature + np.log(first), second / first - first

    gaps = values.max(axis=-1, keepdims=True) - values
    weights = np.exp(-gaps / temperature)
    goal = np.where(weights > 0.0, weights * np.where(np.isinf(gaps), 0.0, gaps), 0.0).sum(axis=-1) / weights.sum(
        axis=-1
    )
    with np.errstate(all="ignore"):
        goal = (np.log(goal) + math.log(unit))[:, np.newaxis]
        found = boltzmann_temperature(log_gaps_below_the_best(values * unit), log_mean_gap, goal)
    # A rounding of the goal is one of log(unit), and the mean gap is flat in the temperature where it is high.
    conditioned = 2e-13 * (1.0 + abs(math.log(unit))) * max(temperature, 1.0)
    np.testing.assert_allclose(found[:, 0] / unit, temperature, rtol=conditioned)


def test_the_temperature_has_its_limits_and_is_infinite_where_all_values_are_tied():
    gaps = log_gaps_below_the_best(np.array([[1.0, 0.0], [1.0, 0.0], [2.0, 2.0], [1.0, -INF]]))

    def logarithm(log_temperature, energy, weight):
        return log_temperature, np.ones_like(log_temperature)

    cold, hot = np.array([[True], [False], [True], [False]]), np.array([[False], [True], [False], [False]])
    with np.errstate(all="ignore"):
        found = boltzmann_temperature(gaps, logarithm, np.zeros((4, 1)), cold=cold, hot=hot)
    assert found[:, 0].tolist() == [0.0, INF, INF, INF]


def test_logarithms_of_gaps_neither_over_nor_underflow():
    values = np.array([[1.7e308, -1.7e308, -INF], [5e-324, 0.0, 5e-324], [3.0, 2.0, -1.0]])
    expected = [
        [-INF, math.log(1.7e308) + math.log(2.0), INF],
        [-INF, math.log(5e-324), -INF],
        [-INF, 0.0, math.log(4.0)],
    ]
    np.testing.assert_allclose(log_gaps_below_the_best(values), expected, rtol=1e-15)
