"""Entmax, soft mellowmax and the policies made from them, against root searches, 60 digits and closed forms."""

import math

import mpmath
import numpy as np
import pytest
import scipy.optimize
from cases import in_one_test
from hypothesis import given, settings, strategies as st

from boltzmann_rl.decisions.conformance import check_policy
from boltzmann_rl.numerics import greedy, mellowmax, softmax, sparsemax, uniform
from boltzmann_rl.numerics.entmax import entmax
from boltzmann_rl.numerics.maxima import mellowmax_temperature, soft_mellowmax
from boltzmann_rl.policies.regularised import InverseGapWeighting, Mellowmax, Sparsemax, Tsallis
from boltzmann_rl.policies.softmax import Boltzmann
from boltzmann_rl.policies.temperatures import RelativeToRange
from boltzmann_rl.schedules import Exponential, Linear

EPS = np.finfo(float).eps
INF = float("inf")
NINF = -INF
laws = settings(deadline=None, max_examples=60)
few = settings(deadline=None, max_examples=15)

POLICIES = [
    Mellowmax(2.0),
    Mellowmax(50.0),
    Mellowmax(1.0, alpha=0.5),
    Mellowmax(Linear(0.0, 5.0, steps=10)),
    Sparsemax(0.5),
    Sparsemax(RelativeToRange(0.5)),
    Sparsemax(Exponential(1.0, 0.01, steps=100)),
    Tsallis(0.5),
    Tsallis(0.7, index=0.5),
    Tsallis(0.7, index=1.0),
    Tsallis(RelativeToRange(1.0), index=Linear(1.0, 3.0, steps=50)),
    InverseGapWeighting(5.0),
    InverseGapWeighting(Linear(0.0, 100.0, steps=1000)),
]

numbers = st.floats(-20, 20)
rows = st.lists(numbers, min_size=1, max_size=6)
masked_rows = st.lists(st.one_of(numbers, st.just(NINF)), min_size=1, max_size=6).filter(lambda r: max(r) > NINF)
alphas = st.one_of(st.floats(0.05, 6.0), st.sampled_from([0.5, 1 - 1e-9, 1.0, 1 + 1e-12, 1.5, 2.0, 3.0, 10.0]))


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_every_regularised_policy_obeys_the_laws(policy):
    assert "only differences count" in check_policy(policy)


# --- entmax ---------------------------------------------------------------------------------------------------------


def exact_entmax(values, alpha):
    """The threshold τ of the definition by bisection in 200 digits."""
    with mpmath.workdps(200):
        power = mpmath.mpf(alpha) - 1
        z = [mpmath.mpf(v) if v > NINF else None for v in values]
        best = max(v for v in z if v is not None)

        def p(tau):
            bases = [None if v is None else power * (v - best) - tau for v in z]
            return [b ** (1 / power) if b is not None and b > 0 else mpmath.mpf(0) for b in bases]

        if power == 0:
            weights = [mpmath.mpf(0) if v is None else mpmath.exp(v - best) for v in z]
            return [float(w / mpmath.fsum(weights)) for w in weights]
        # The best has (−τ)^(1/power) in [1/n, 1], so −τ lies between these; Σp falls with τ for a positive power.
        low, high = sorted((-mpmath.mpf(1), -(mpmath.mpf(len(z)) ** -power)))
        for _ in range(600):
            tau = (low + high) / 2
            low, high = (tau, high) if (mpmath.fsum(p(tau)) > 1) == (power > 0) else (low, tau)
        return [float(x) for x in p(low)]


@settings(deadline=None, max_examples=40)
@given(masked_rows, alphas)
def test_entmax_is_that_of_200_digits(values, alpha):
    np.testing.assert_allclose(entmax(values, alpha=alpha), exact_entmax(values, alpha), rtol=0, atol=1e-12)


@pytest.mark.parametrize("alpha", [0.5, 1.2, 1.5, 3.0, 5.0, 10.0])
@pytest.mark.parametrize("distance", [1e-12, 1e-9, 1e-3])
def test_entmax_keeps_small_probabilities_just_above_the_threshold(alpha, distance):
    # An action about to drop out, of a probability that is the difference of two numbers of order 1.
    values = [0.0, -(1.0 - distance) / abs(alpha - 1.0), -30.0]
    np.testing.assert_allclose(entmax(values, alpha=alpha), exact_entmax(values, alpha), rtol=0, atol=1e-12)


@laws
@given(masked_rows, st.floats(0.1, 50))
def test_entmax_is_the_softmax_at_1_and_the_sparsemax_at_2(values, temperature):
    np.testing.assert_allclose(entmax(values, temperature, alpha=1.0), softmax(values, temperature), atol=1e-14)
    np.testing.assert_allclose(entmax(values, temperature, alpha=2.0), sparsemax(values, temperature), atol=1e-13)


@laws
@given(rows, st.floats(0.1, 5.0))
def test_entropic_index_one_half_gives_the_probabilities_of_tsallis_inf(losses, learning_rate):
    losses = np.array(losses)

    def excess(x):
        return (4.0 * (learning_rate * (losses - x)) ** -2).sum() - 1.0

    least, n = losses.min(), len(losses)
    x = scipy.optimize.brentq(
        excess, least - 3.0 * n**0.5 / learning_rate, least - 1.9 / learning_rate, xtol=1e-14, rtol=4 * EPS
    )
    expected = 4.0 * (learning_rate * (losses - x)) ** -2
    np.testing.assert_allclose(Tsallis(1.0 / learning_rate, index=0.5)(-losses, 0), expected, rtol=1e-9)


def test_entmax_worked_by_hand():
    # α = ½: 4 (x + L)^-2 with L = 0, 0, 3 and x = 3 gives 4/9, 4/9, 1/9.
    np.testing.assert_allclose(entmax([0.0, 0.0, -3.0], alpha=0.5), [4 / 9, 4 / 9, 1 / 9], rtol=1e-14)
    # α = 1.5: (z/2 − τ)² with τ = −0.8 gives 0.64 and 0.36 for a gap of 0.4.
    np.testing.assert_allclose(entmax([0.4, 0.0], alpha=1.5), [0.64, 0.36], rtol=1e-14)
    # α = 3: √(2z − τ); 0.8² − 0.2² = 0.6 is twice the gap.
    np.testing.assert_allclose(entmax([0.3, 0.0], alpha=3.0), [0.8, 0.2], rtol=1e-14)


@few
@given(st.lists(st.floats(-1.5, 1.5), min_size=2, max_size=4), st.sampled_from([0.5, 1.5, 2.5]))
def test_entmax_maximises_value_plus_tsallis_entropy(values, alpha):
    z = np.array(values)

    def loss(p):
        p = np.maximum(p, 1e-15)
        return -(p @ z + (p - p**alpha).sum() / (alpha * (alpha - 1.0)))

    best = scipy.optimize.minimize(
        loss,
        np.full(len(z), 1 / len(z)),
        bounds=[(0, 1)] * len(z),
        constraints={"type": "eq", "fun": lambda p: p.sum() - 1.0},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    p = entmax(z, alpha=alpha)
    assert loss(p) <= best.fun + 1e-9
    np.testing.assert_allclose(p, best.x, atol=2e-3)


@in_one_test("alpha", [0.1, 0.5, 1.0, 1.5, 2.0, 4.0, 30.0])
def test_the_limits_of_entmax(alpha):
    for values in ([3.0, 1.0, 3.0, NINF], [1e308, -1e308], [5e-324, 0.0], [7.0]):
        np.testing.assert_allclose(entmax(values, 0.0, alpha), greedy(values), rtol=1e-15)
        np.testing.assert_allclose(entmax(values, INF, alpha), uniform(values), rtol=1e-15)
        assert entmax(values, 1.0, alpha).sum() == pytest.approx(1.0, abs=4 * EPS)
    np.testing.assert_allclose(entmax(np.full(1000, -1e300), 1.0, alpha), 1e-3, rtol=1e-13)


def test_entmax_takes_a_temperature_and_an_index_for_each_row():
    values = np.random.default_rng(0).normal(size=(2, 3, 4))
    temperatures, alphas = np.linspace(0.1, 2.0, 6).reshape(2, 3), np.array([[0.5, 1.0, 1.5], [2.0, 3.0, 1.1]])
    together = entmax(values, temperatures, alphas)
    for row in np.ndindex(2, 3):
        np.testing.assert_array_equal(together[row], entmax(values[row], temperatures[row], alphas[row]))


@in_one_test("alpha", [0.0, -1.0, INF, float("nan"), True, "2", [1.0, 2.0]])
def test_an_invalid_index_is_refused(alpha):
    with pytest.raises((ValueError, TypeError), match="alpha"):
        entmax([0.0, 1.0], alpha=alpha)
    if isinstance(alpha, float):
        with pytest.raises(ValueError, match="index"):
            Tsallis(1.0, index=alpha)


def test_a_temperature_for_each_action_is_refused():
    for function in (entmax, sparsemax):
        with pytest.raises(ValueError, match="per row"):
            function([0.0, 1.0], temperature=[1.0, 2.0])


def test_an_action_a_whole_temperature_below_the_best_is_never_taken_by_sparsemax():
    np.testing.assert_array_equal(Sparsemax(0.5)([1.0, 0.5, 0.0], 0), [1.0, 0.0, 0.0])
    np.testing.assert_allclose(Sparsemax(0.5)([1.0, 0.75, 0.0], 0), [0.75, 0.25, 0.0])


# --- soft mellowmax -------------------------------------------------------------------------------------------------


def exact_soft_mellowmax(values, omega, alpha):
    with mpmath.workdps(120):
        held = [mpmath.mpf(v) for v in values if v > NINF]
        best, omega, alpha = max(held), mpmath.mpf(omega), mpmath.mpf(alpha)
        weights = [mpmath.exp(alpha * (v - best)) for v in held]
        weights = [w / mpmath.fsum(weights) for w in weights]
        if omega == 0:
            return mpmath.fsum(w * v for w, v in zip(weights, held, strict=True))
        below = mpmath.fsum(w * mpmath.expm1(omega * (v - best)) for w, v in zip(weights, held, strict=True))
        return best + mpmath.log1p(below) / omega


@laws
@given(masked_rows, st.one_of(st.floats(0, 50), st.sampled_from([0.0, 1e-12, 1e6])), st.floats(0, 20))
def test_soft_mellowmax_is_that_of_120_digits(values, omega, alpha):
    exact = exact_soft_mellowmax(values, omega, alpha)
    size = max(abs(v) for v in values if v > NINF)
    assert abs(soft_mellowmax(values, omega, alpha) - exact) <= 64 * EPS * size + 1e-300


@laws
@given(masked_rows, st.floats(0, 50))
def test_soft_mellowmax_at_alpha_0_is_mellowmax_and_has_the_limits_of_its_parts(values, omega):
    assert soft_mellowmax(values, omega, 0.0) == mellowmax(values, omega)
    assert soft_mellowmax(values, INF, omega) == soft_mellowmax(values, omega, INF) == max(values)


def test_soft_mellowmax_is_the_mean_over_inverse_temperatures_of_the_weighted_mean():
    values = np.array([0.3, -1.0, 1.1])
    nodes, weights = np.polynomial.legendre.leggauss(40)
    betas = 1.5 + 2.0 * (nodes + 1.0) / 2.0  # from α = 1.5 to α + ω = 3.5
    means = [softmax(values, 1.0 / beta) @ values for beta in betas]
    np.testing.assert_allclose(soft_mellowmax(values, 2.0, 1.5), weights @ means / 2.0, rtol=1e-13)


def test_soft_mellowmax_takes_parameters_for_each_row_and_survives_overflow():
    values = np.array([[0.0, 1.0], [0.5, 3.0]])
    found = soft_mellowmax(values, [1.0, 2.0], [0.0, 0.5])
    np.testing.assert_array_equal(found, [soft_mellowmax(values[0], 1.0, 0.0), soft_mellowmax(values[1], 2.0, 0.5)])
    assert type(soft_mellowmax([0.0, 1.0], 1.0, 1.0)) is float
    np.testing.assert_allclose(soft_mellowmax([1.7e308, -1.7e308], 1.0, 1e-300), 1.7e308)


@in_one_test("wrong", [-1.0, float("nan"), True, "1", None])
def test_soft_mellowmax_refuses_an_invalid_inverse_temperature(wrong):
    with pytest.raises((ValueError, TypeError), match="omega"):
        soft_mellowmax([0.0, 1.0], wrong, 1.0)
    with pytest.raises((ValueError, TypeError), match="alpha"):
        Mellowmax(1.0, wrong)


# --- the maximum-entropy mellowmax policy -----------------------------------------------------------------------------


def test_the_mellowmax_policy_is_found_where_a_fixed_bracket_fails():
    p = Mellowmax(omega=50.0)([0.0, 0.1], 0)
    np.testing.assert_allclose(p, [0.137, 0.863], atol=5e-4)
    np.testing.assert_allclose(math.log(p[1] / p[0]) / 0.1, 18.38, atol=5e-3)


@laws
@given(masked_rows, st.floats(1e-3, 1e4), st.one_of(st.just(0.0), st.floats(0, 10)))
def test_the_expected_value_of_the_mellowmax_policy_is_the_mellowmax(values, omega, alpha):
    held = np.array([v for v in values if v > NINF])
    p = Mellowmax(omega, alpha)(held, 0)
    np.testing.assert_allclose(p @ held, float(exact_soft_mellowmax(values, omega, alpha)), rtol=0, atol=1e-11)
    full = Mellowmax(omega, alpha)(values, 0)
    np.testing.assert_allclose(full[np.array(values) > NINF], p, rtol=1e-12)


@laws
@given(st.lists(st.integers(-40, 40), min_size=2, max_size=5), st.floats(0.05, 30), st.floats(0, 3))
def test_the_inverse_temperature_is_the_root_of_the_published_equation(values, omega, alpha):
    values = np.array(values) / 8.0
    if np.ptp(values) == 0.0:
        return
    advantage = values - float(exact_soft_mellowmax(values, omega, alpha))

    def equation(beta):
        return (np.exp(beta * (values - values.max())) * advantage).sum()

    beta = scipy.optimize.brentq(equation, alpha - 1e-9, alpha + omega + 1e-9, xtol=1e-12)
    p = softmax(values, 1.0 / max(beta, 1e-300))
    np.testing.assert_allclose(Mellowmax(omega, alpha)(values, 0), p, atol=1e-9)


@few
@given(st.lists(st.floats(-2, 2), min_size=3, max_size=4), st.floats(0.5, 4))
def test_the_mellowmax_policy_has_the_most_entropy_for_its_expected_value(values, omega):
    values = np.array(values)
    p = np.maximum(Mellowmax(omega)(values, 0), 1e-300)
    rng = np.random.default_rng(0)
    basis = np.linalg.svd(np.stack([np.ones_like(values), values]))[2][2:]  # keeps the sum and the expected value
    for direction in rng.normal(size=(20, len(basis))) @ basis:
        other = p + 0.5 * p.min() / np.abs(direction).max() * direction
        assert -(other * np.log(other)).sum() <= -(p * np.log(p)).sum() + 1e-12


def test_the_limits_of_the_mellowmax_policy():
    values = [1.0, 3.0, 3.0, NINF, -2.0]
    np.testing.assert_array_equal(Mellowmax(0.0)(values, 0), uniform(values))
    np.testing.assert_array_equal(Mellowmax(INF)(values, 0), greedy(values))
    np.testing.assert_array_equal(Mellowmax(1.0, alpha=INF)(values, 0), greedy(values))
    np.testing.assert_allclose(Mellowmax(0.0, alpha=0.5)(values, 0), Boltzmann(2.0)(values, 0), rtol=1e-12)
    np.testing.assert_array_equal(Mellowmax(9.0)([2.0, 2.0, 2.0], 0), [1 / 3] * 3)
    assert mellowmax_temperature([2.0, 2.0], 9.0) == INF


@in_one_test("power", [-1000, -300, 0, 300, 1000])
def test_the_mellowmax_policy_depends_only_on_omega_times_the_values(power):
    values = np.array([1.0, 0.25, -2.0])
    scaled = Mellowmax(math.ldexp(1.5, -power), alpha=math.ldexp(0.5, -power))(np.ldexp(values, power), 0)
    np.testing.assert_allclose(scaled, Mellowmax(1.5, alpha=0.5)(values, 0), rtol=1e-11)


def test_the_mellowmax_policy_takes_a_step_for_each_row():
    values = np.tile([0.0, 1.0, 0.3], (3, 1))
    together = Mellowmax(Linear(0.0, 5.0, steps=10), alpha=0.1)(values, [0, 5, 10])
    for row, omega in enumerate((0.0, 2.5, 5.0)):
        np.testing.assert_array_equal(together[row], Mellowmax(omega, alpha=0.1)(values[0], 0))


# --- inverse gap weighting --------------------------------------------------------------------------------------------


def test_inverse_gap_weighting_worked_by_hand():
    np.testing.assert_allclose(InverseGapWeighting(10.0)([1.0, 0.8, 0.3], 0), [0.7, 0.2, 0.1])
    np.testing.assert_allclose(InverseGapWeighting(10.0)([1.0, NINF, 0.8, NINF, 0.3], 0), [0.7, 0, 0.2, 0, 0.1])
    np.testing.assert_allclose(InverseGapWeighting(4.0)([1.0, 0.75, 1.0], 0), [0.375, 0.25, 0.375])


@laws
@given(masked_rows, st.floats(0, 1e6))
def test_inverse_gap_weighting_is_the_published_rule(values, gamma):
    held = [v for v in values if v > NINF]
    best, k = max(held), len(held)
    others = [0.0 if v in (best, NINF) else 1.0 / (k + gamma * (best - v)) for v in values]
    rest = (1.0 - math.fsum(others)) / held.count(best)
    p = InverseGapWeighting(gamma)(values, 0)
    np.testing.assert_allclose(p, [rest if v == best else o for v, o in zip(values, others, strict=True)], rtol=1e-12)
    assert p.max() >= 1 / k - EPS


def test_the_limits_of_inverse_gap_weighting():
    for values in ([3.0, 1.0, 3.0, NINF], [1e308, -1e308], [5e-324, 0.0], [7.0]):
        np.testing.assert_allclose(InverseGapWeighting(0.0)(values, 0), uniform(values), rtol=1e-15)
        np.testing.assert_array_equal(InverseGapWeighting(INF)(values, 0), greedy(values))


@in_one_test("policy", [Mellowmax, Sparsemax, Tsallis, InverseGapWeighting], ids=lambda p: p.__name__)
@in_one_test(("row", "message"), [([0.0, np.nan], "nan"), ([INF, 0.0], "inf"), ([NINF, NINF], "no action available")])
def test_a_row_without_a_finite_best_is_refused(policy, row, message):
    for values in (row, [[0.0, 1.0], row], [row, [0.0, 1.0], [0.0, 1.0]]):
        with pytest.raises(ValueError, match=message):
            policy(1.0)(values, 0)


def test_the_index_of_tsallis_is_that_of_sparsemax_by_default():
    assert Tsallis(1.0) == Tsallis(1.0, index=2.0)
    np.testing.assert_allclose(Tsallis(1.0)([1.0, 0.5, -2.0], 0), [0.75, 0.25, 0.0], rtol=1e-14)


@pytest.mark.parametrize("policy", [Mellowmax, Sparsemax, Tsallis, InverseGapWeighting], ids=lambda p: p.__name__)
def test_parameters_out_of_range_and_a_step_for_each_action_are_refused(policy):
    for wrong in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="0 or more"):
            policy(wrong)
        with pytest.raises(ValueError, match=r"0 or more|nan"):
            policy(lambda step, wrong=wrong: wrong)([0.0, 1.0], 0)
    with pytest.raises(ValueError, match="per action"):
        policy(Linear(1.0, 0.5, steps=10))([0.0, 1.0], [1, 2])


@in_one_test("policy", POLICIES, ids=repr)
def test_no_regularised_policy_warns_or_raises_under_strict_floating_point_settings(policy):
    values = np.array([[1.0, 0.5, -2.0], [1e308, -1e308, NINF], [5e-324, 0.0, 0.0], [1e-300, 1e300, 0.0]])
    with np.errstate(all="raise"):
        for step in (0, 7, 10**9):
            assert np.all(np.isfinite(policy(values, step)))
