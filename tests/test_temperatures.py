"""Temperatures in other units: each against its definition, solved independently."""

import math
import pickle

import mpmath
import numpy as np
import pytest
import scipy.optimize
from cases import in_one_test
from hypothesis import given, settings, strategies as st

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.decisions.act import act
from boltzmann_rl.decisions.conformance import check_policy
from boltzmann_rl.learners.temporal_difference import QLearning
from boltzmann_rl.numerics import effective_actions, softmax
from boltzmann_rl.policies.softmax import Boltzmann, EpsilonBoltzmann, MaxBoltzmann
from boltzmann_rl.policies.temperatures import (
    GLIE,
    EffectiveActions,
    GreedyByVisits,
    GreedyProbability,
    Odds,
    RelativeToRange,
    RelativeToSpread,
    TargetEntropy,
)
from boltzmann_rl.schedules import Exponential, Linear, is_constant

INF = float("inf")
NINF = -INF
laws = settings(deadline=None, max_examples=60)

# Every unit, with targets that two or more actions can reach.
TEMPERATURES = [
    Odds(1.0, 3.0),
    Odds(Exponential(1.0, 0.1, steps=10), 9.0),
    EffectiveActions(1.5),
    EffectiveActions(Linear(2.0, 1.0, steps=100)),
    TargetEntropy(0.3),
    GreedyProbability(0.7),
    RelativeToRange(0.3),
    RelativeToRange(Exponential(2.0, 0.01, steps=100)),
    RelativeToSpread(0.5),
    GLIE(),
    GreedyByVisits(),
]
SCALE_FREE = [t for t in TEMPERATURES if not isinstance(t, Odds)]
named = pytest.mark.parametrize("temperature", TEMPERATURES, ids=repr)
scale_free = pytest.mark.parametrize("temperature", SCALE_FREE, ids=repr)

gaps = st.one_of(
    st.floats(1e-300, 10.0), st.sampled_from([0.0, 1e-300, 1e-9, 1e300]), st.floats(-300, 300).map(lambda e: 10**e)
)
mixed_rows = st.lists(gaps, min_size=1, max_size=6).map(lambda gaps: [0.0, *(-g for g in gaps)])


def exact_softmax(values, temperature):
    """The probabilities in 50 digits, from the exact values of the floats."""
    with mpmath.workdps(50):
        best = max(values)
        weights = [mpmath.exp((mpmath.mpf(v) - mpmath.mpf(best)) / mpmath.mpf(temperature)) for v in values]
        return [w / mpmath.fsum(weights) for w in weights]


def exact_entropy(values, temperature):
    with mpmath.workdps(50):
        return float(-mpmath.fsum(p * mpmath.log(p) for p in exact_softmax(values, temperature) if p))


# --- the laws of a policy -------------------------------------------------------------------------------------------


@named
def test_boltzmann_with_any_temperature_unit_obeys_the_laws(temperature):
    assert "only differences count" in check_policy(Boltzmann(temperature))


@pytest.mark.parametrize(
    "policy", [MaxBoltzmann(0.3, RelativeToRange(0.2)), EpsilonBoltzmann(0.1, EffectiveActions(1.5))], ids=repr
)
def test_mixtures_accept_temperature_units(policy):
    assert "draws follow the probabilities" in check_policy(policy)


@named
def test_temperature_units_print_compare_and_pickle(temperature):
    assert eval(repr(temperature), {**globals()}) == temperature == pickle.loads(pickle.dumps(temperature))
    assert hash(temperature) == hash(pickle.loads(pickle.dumps(temperature)))


@scale_free
@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(-64, 64), min_size=2, max_size=6), st.integers(-900, 900), st.integers(-5, 5))
def test_scale_free_units_are_invariant_to_shift_and_scale_of_the_values(temperature, values, power, shift):
    policy, values = Boltzmann(temperature), np.array(values, dtype=float)
    p = policy(values, 7)
    np.testing.assert_allclose(policy(values + shift, 7), p, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(policy(np.ldexp(values, power), 7), p, rtol=1e-8, atol=1e-11)


@named
def test_each_row_has_the_same_temperature_alone_and_in_a_batch(temperature):
    rng = np.random.default_rng(1)
    values, steps = rng.normal(size=(3, 4, 5)), rng.integers(0, 200, size=(3, 4))
    values[0, 0, :3], values[1, 1] = NINF, 2.5
    together = temperature.temperature(values, steps)
    assert together.shape == (3, 4)
    for index in np.ndindex(3, 4):
        alone = temperature.temperature(values[index], int(steps[index]))
        assert type(alone) is float
        np.testing.assert_allclose(together[index], alone, rtol=1e-13)
    assert temperature.temperature(values[:0], 3).shape == (0, 4)


@named
@in_one_test("values", [[1.5], [2.0, 2.0, 2.0], [NINF, 3.0, NINF], [NINF, -1e308, -1e308]], ids=str)
def test_rows_of_equal_values_are_uniform_without_an_error(temperature, values):
    expected = np.isfinite(values) / np.isfinite(values).sum()
    for step in (0, 1, 1000):
        np.testing.assert_array_equal(Boltzmann(temperature)(values, step), expected)


@named
def test_masked_actions_have_no_influence(temperature):
    values = np.array([1.0, 0.2, 0.9, -3.0])
    masked = np.array([1.0, NINF, 0.2, 0.9, NINF, -3.0])
    assert temperature.temperature(masked, 5) == pytest.approx(temperature.temperature(values, 5), rel=1e-14)


@scale_free
@in_one_test("wrong", [[0.0, float("nan")], [INF, 0.0], [NINF, NINF], []], ids=str)
def test_invalid_values_are_refused(temperature, wrong):
    with pytest.raises(ValueError, match="values"):
        temperature.temperature(wrong, 0)


@in_one_test("temperature", [t for t in TEMPERATURES if not is_constant(Boltzmann(t))], ids=repr)
def test_a_step_for_each_action_is_refused(temperature):
    with pytest.raises(ValueError, match="per action"):
        temperature.temperature([0.0, 1.0], [3, 4])


def test_a_constant_unit_needs_no_step():
    rng = np.random.default_rng(0)
    assert act(Boltzmann(EffectiveActions(1.0)), [0.0, 1.0], rng) == 1
    for moving in (GLIE(), EffectiveActions(Linear(2.0, 1.0, steps=10))):
        with pytest.raises(TypeError, match="step"):
            act(Boltzmann(moving), [0.0, 1.0], rng)


# --- odds -----------------------------------------------------------------------------------------------------------


@laws
@given(st.floats(1e-3, 1e3), st.floats(1.001, 1e6))
def test_the_given_gap_has_the_given_odds(gap, odds):
    p = Boltzmann(Odds(gap, odds))([0.0, gap], step=0)
    np.testing.assert_allclose(p[1] / p[0], odds, rtol=1e-11)


def test_extreme_odds_are_greedy():
    assert Odds(0.0, 3.0).temperature([0.0, 1.0], 0) == Odds(1.0, INF).temperature([0.0, 1.0], 0) == 0.0
    assert Odds(INF, 3.0).temperature([0.0, 1.0], 0) == INF


@in_one_test("odds", [1.0, 0.5, 0.0, -1.0, float("nan")])
def test_odds_of_1_or_less_are_refused(odds):
    with pytest.raises(ValueError, match="odds"):
        Odds(1.0, odds)
    with pytest.raises(ValueError, match="odds"):
        Odds(1.0, lambda step: odds).temperature([0.0, 1.0], 0)


# --- entropy --------------------------------------------------------------------------------------------------------


@laws
@given(mixed_rows, st.floats(0.0, 1.0))
def test_the_entropy_is_the_target_to_1e9_for_gaps_from_1e300th_to_1e300(values, fraction):
    ties, most = math.log(sum(v == 0.0 for v in values)), math.log(len(values))
    target = ties + fraction * (most - ties)
    t = TargetEntropy(target).temperature(values, 0)
    if 1e-307 < t < INF:
        assert abs(exact_entropy(values, t) - target) < 1e-9
    else:  # the limits: one is exact, the other within 1e-9
        limit = ties if t < 1.0 else most
        assert abs(limit - target) < 1e-9


@laws
@given(st.lists(st.integers(-24, 24), min_size=2, max_size=6, unique=True), st.floats(0.05, 0.95))
def test_the_temperature_for_an_entropy_agrees_with_brents_method(values, fraction):
    values = np.array(values) / 8.0
    target = fraction * math.log(len(values))

    def excess(log_temperature):
        z = (values - values.max()) / math.exp(log_temperature)
        p = np.exp(z) / np.exp(z).sum()
        return -(p * (z - np.log(np.exp(z).sum()))).sum() - target

    expected = math.exp(scipy.optimize.brentq(excess, -25.0, 15.0, xtol=1e-13))
    np.testing.assert_allclose(TargetEntropy(target).temperature(values, 0), expected, rtol=1e-7)


def test_an_entropy_worked_by_hand():
    # Two actions with odds 3 : 1 have entropy 2 ln 2 − ¾ ln 3, reached by a gap of 1 at temperature 1/ln 3.
    nats = 2 * math.log(2) - 0.75 * math.log(3)
    assert TargetEntropy(nats).temperature([0.0, 1.0], 0) == pytest.approx(1 / math.log(3), rel=1e-12)
    assert EffectiveActions(4 / 3**0.75).temperature([0.0, 1e300], 0) == pytest.approx(1e300 / math.log(3), rel=1e-12)


@in_one_test("step", [0, 100, 250, 499, 500, 10**9])
def test_effective_actions_follow_a_schedule_from_ten_to_nearly_one(step):
    schedule = Linear(10.0, 1.1, steps=500)
    values = np.random.default_rng(3).normal(size=(50, 10)) * np.logspace(-8, 8, 50)[:, np.newaxis]
    p = Boltzmann(EffectiveActions(schedule))(values, step)
    np.testing.assert_allclose(effective_actions(p), schedule(step), rtol=1e-9)
    np.testing.assert_array_equal(p.argmax(axis=-1), values.argmax(axis=-1) if step else 0)


def test_a_step_for_each_row_gives_each_its_own_target():
    p = Boltzmann(EffectiveActions(Linear(3.0, 1.0, steps=10)))(np.tile([0.0, 0.5, 2.0], (3, 1)), [0, 5, 10])
    np.testing.assert_allclose(effective_actions(p), [3.0, 2.0, 1.0], rtol=1e-9)


def test_the_limits_of_the_entropy():
    for values in ([0.0, 1.0, 3.0], [0.0, 1e-300, 1e300]):
        assert TargetEntropy(0.0).temperature(values, 0) == EffectiveActions(1.0).temperature(values, 0) == 0.0
        assert TargetEntropy(math.log(3)).temperature(values, 0) == EffectiveActions(3).temperature(values, 0) == INF
    for target in (1.0, 1.5, 2.0):  # the ties alone have 2
        np.testing.assert_array_equal(Boltzmann(EffectiveActions(target))([1.0, 0.0, 1.0], 0), [0.5, 0.0, 0.5])


@in_one_test(
    ("temperature", "values", "message"),
    [
        (EffectiveActions(2.5), [0.0, 1.0], r"2\.5.*values with 2 available"),
        (EffectiveActions(4), [0.0, NINF, 1.0, 2.0], r"4.*3 available"),
        (EffectiveActions(3), [[0.0, 1.0, 2.0], [0.0, NINF, 1.0]], r"3.*values\[1\] with 2 available"),
        (EffectiveActions(3), [[[0.0, 1.0, 2.0]], [[1.0, NINF, 0.0]]], r"values\[1, 0\]"),
        (EffectiveActions([4, 3]), [[0.0, 1.0], [2.0, 1.0]], r"4 is infeasible for values\[0\]"),
        (TargetEntropy(0.7), [0.0, 1.0], r"0\.7.*ln\(available\)"),
        (TargetEntropy(INF), [0.0, 1.0], "inf.*infeasible"),
        (GreedyProbability(0.4), [[1.0, 0.0, 2.0], [1.0, 0.0, NINF]], r"0\.4.*values\[1\] with 2.*1/available"),
    ],
    ids=str,
)
def test_an_infeasible_target_names_row_target_and_available(temperature, values, message):
    with pytest.raises(ValueError, match=message):
        temperature.temperature(values, 0)


def test_a_target_entropy_may_be_rounded_by_1e_minus_9_above_that_of_all_actions():
    for made in (TargetEntropy, lambda nats: EffectiveActions(math.exp(nats))):
        assert made(math.log(2.0) + 0.9e-9).temperature([0.0, 1.0], 0) == INF
        assert TargetEntropy(math.log(2.0) + 1e-9).temperature([0.0, 1.0], 0) == INF
        with pytest.raises(ValueError, match="infeasible"):
            made(math.log(2.0) + 1.1e-9).temperature([0.0, 1.0], 0)


def test_a_greedy_probability_may_be_rounded_by_1e_minus_9_of_that_of_each_action():
    assert GreedyProbability(0.5 - 0.45e-9).temperature([0.0, 1.0], 0) == INF
    with pytest.raises(ValueError, match="infeasible"):
        GreedyProbability(0.5 - 0.55e-9).temperature([0.0, 1.0], 0)


@pytest.mark.parametrize(("kind", "wrong", "right"), [(EffectiveActions, 0.5, 1.5), (GreedyProbability, 1.5, 0.7)])
def test_one_target_out_of_range_among_rows_is_refused_with_its_value(kind, wrong, right):
    for targets in ([right, wrong], [wrong, right]):
        with pytest.raises(ValueError, match=f"target must be .*, got {wrong}"):
            kind(lambda step: np.array(targets)).temperature([[0.0, 1.0]] * 2, 3)  # noqa: B023
        with pytest.raises(ValueError, match=rf"target\[{targets.index(wrong)}\] must be .*, got {wrong}"):
            kind(targets)


@pytest.mark.parametrize("target", [0.9, 0.0, -1.0, float("nan")])
def test_fewer_than_one_effective_action_is_refused(target):
    with pytest.raises(ValueError, match="target"):
        EffectiveActions(target)
    with pytest.raises(ValueError, match=r"target|number"):
        EffectiveActions(lambda step: target).temperature([0.0, 1.0], 0)


@in_one_test("wrong", [True, "1", None, [None]])
@in_one_test("kind", [EffectiveActions, TargetEntropy, GreedyProbability, RelativeToRange, RelativeToSpread])
def test_parameters_that_are_not_numbers_are_refused(kind, wrong):
    with pytest.raises(TypeError):
        kind(wrong)


# --- the greedy probability -----------------------------------------------------------------------------------------


@laws
@given(mixed_rows, st.floats(1e-9, 1.0))
def test_the_maxima_together_have_the_target_probability(values, fraction):
    ties, available = sum(v == 0.0 for v in values), len(values)
    target = ties / available + fraction * (1.0 - ties / available)
    t = GreedyProbability(target).temperature(values, 0)
    if ties == available:
        assert t == INF
    elif 1e-307 < t < INF:
        p = exact_softmax(values, t)
        assert abs(float(mpmath.fsum(x for x, v in zip(p, values, strict=True) if v == 0.0)) - target) < 1e-9
    else:
        assert abs((1.0 if t < 1.0 else ties / available) - target) < 1e-9


def test_a_greedy_probability_worked_by_hand():
    # One gap of 1 at temperature T: P = 1 / (1 + exp(−1/T)), so T = 1 / ln(P / (1 − P)).
    assert GreedyProbability(0.9).temperature([0.0, 1.0], 0) == pytest.approx(1 / math.log(9), rel=1e-12)
    # The probability of all other actions keeps its digits: 1 − 2^-52 leaves 2.2e-16.
    assert GreedyProbability(1 - 2**-52).temperature([0.0, 1.0], 0) == pytest.approx(1 / (52 * math.log(2)), rel=1e-12)
    assert GreedyProbability(1.0).temperature([0.0, 1.0], 0) == 0.0
    assert GreedyProbability(0.5).temperature([0.0, 1.0], 0) == INF
    assert GreedyProbability(0.6).temperature([1.0, 1.0, 0.0], 0) == INF  # two of three are maxima in any case


@pytest.mark.parametrize("target", [0.0, 1.1, -0.1, float("nan")])
def test_an_invalid_greedy_probability_is_refused(target):
    with pytest.raises(ValueError, match="target"):
        GreedyProbability(target)
    with pytest.raises(ValueError, match=r"target|number"):
        GreedyProbability(lambda step: target).temperature([0.0, 1.0], 0)


# --- relative temperatures ------------------------------------------------------------------------------------------


@laws
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=8), st.floats(0.01, 10))
def test_relative_temperatures_are_in_units_of_range_and_standard_deviation(values, scale):
    values = np.array(values)
    if np.ptp(values) < 1e-6:
        return
    assert RelativeToRange(scale).temperature(values, 0) == pytest.approx(scale * np.ptp(values), rel=1e-12)
    assert RelativeToSpread(scale).temperature(values, 0) == pytest.approx(scale * np.std(values), rel=1e-9)


@pytest.mark.parametrize("size", [1e-300, 1.0, 1e300, 1.5e308])
def test_relative_temperatures_do_not_depend_on_the_scale(size):
    values = np.array([-1.0, 0.0, 1.0]) * size
    expected = softmax([-1.0, 0.0, 1.0], 0.2)
    np.testing.assert_allclose(Boltzmann(RelativeToRange(0.1))(values, 0), expected, rtol=1e-12)
    np.testing.assert_allclose(Boltzmann(RelativeToSpread(0.2 * 1.5**0.5))(values, 0), expected, rtol=1e-12)


def test_a_range_that_a_float_just_holds_is_the_range():
    values = [-8e307, 0.0, 8e307]
    assert RelativeToRange(0.5).temperature(values, 0) == pytest.approx(8e307, rel=1e-15)
    assert RelativeToSpread(0.5).temperature(values, 0) == pytest.approx(4e307 * math.sqrt(2 / 3), rel=1e-15)


def test_an_offset_of_the_values_costs_no_digits_of_a_relative_temperature():
    values = [2.0**53, 2.0**53 + 2.0]
    assert RelativeToRange(1.0).temperature(values, 0) == 2.0
    assert RelativeToSpread(1.0).temperature(values, 0) == 1.0


def test_relative_temperatures_of_extreme_scales_are_greedy_and_uniform():
    for kind in (RelativeToRange, RelativeToSpread):
        np.testing.assert_array_equal(Boltzmann(kind(0.0))([0.0, 1.0, 1.0], 0), [0.0, 0.5, 0.5])
        np.testing.assert_array_equal(Boltzmann(kind(INF))([0.0, 1.0], 0), [0.5, 0.5])


# --- GLIE -----------------------------------------------------------------------------------------------------------


def test_glie_is_the_published_rule():
    values = np.array([0.3, -1.2, 2.0])
    for visits in (1, 2, 10, 10**6):  # n_t(s), this visit included; the clock counts those before
        beta = math.log(visits) / max(abs(2.0 - v) for v in values)
        expected = np.exp(beta * values) / np.exp(beta * values).sum()
        np.testing.assert_allclose(Boltzmann(GLIE())(values, visits - 1), expected, rtol=1e-12)


def test_glie_is_given_the_visits_of_each_state_unless_told_otherwise():
    assert Agent(QLearning(), Boltzmann(GLIE())).clock == "visits"


@laws
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8), st.integers(0, 10**9))
def test_glie_explores_forever_because_no_action_has_a_probability_below_1_over_n_times_actions(values, visits):
    p = Boltzmann(GLIE())(values, visits)
    assert p.min() >= (1 - 1e-9) / ((visits + 1) * len(values))


def test_glie_is_greedy_in_the_limit_and_starts_uniform():
    np.testing.assert_array_equal(Boltzmann(GLIE())([0.0, 5.0, 1.0], 0), [1 / 3] * 3)
    assert Boltzmann(GLIE())([0.0, 5.0, 1.0], 10**15)[1] > 1 - 1e-11
