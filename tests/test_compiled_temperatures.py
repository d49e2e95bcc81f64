"""Temperatures in units of the values, compiled for tables: the transitions of the reference, the roots of mpmath."""

import math

import mpmath
import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st

import boltzmann_rl as brl
from boltzmann_rl import Agent, Boltzmann, Environment, EpsilonBoltzmann, MaxBoltzmann
from boltzmann_rl.numerics import plain_temperatures as plain
from boltzmann_rl.policies.parameters import row_parameter
from boltzmann_rl.policies.units import LOGS, numbers_of, plain_temperature
from boltzmann_rl.schedules import Exponential, Linear

pytest.importorskip("numba")

from agreeing import named
from test_compiled_tabular import ENVIRONMENTS, LAKE, LEARNERS, RIDE, assert_engines_agree, called

from boltzmann_rl.engines.compiled import tabular
from boltzmann_rl.engines.reference import episodes as reference
from boltzmann_rl.kernels import jit

UNITS = (
    brl.RelativeToRange(0.3),
    brl.RelativeToRange(Linear(1.0, 0.0, steps=50)),
    brl.RelativeToSpread(0.5),
    brl.RelativeToSpread(lambda step: math.inf if step % 7 == 0 else 0.4),
    brl.TargetEntropy(0.5),
    brl.EffectiveActions(Linear(2.0, 1.0, steps=50)),
    brl.EffectiveActions(1.1),
    brl.GreedyProbability(0.9),
    brl.GreedyProbability(Linear(0.5, 1.0, steps=40)),
    brl.Odds(Linear(0.5, 0.0, steps=55), lambda step: 2.0 + step),
    brl.GLIE(),
    brl.GreedyByVisits(),
)
BY_VISITS = brl.GLIE, brl.GreedyByVisits


def agents_of(learner, unit):
    """Each policy of the family with this unit, on the clock of steps and on that of visits."""
    clocks = ("visits",) if isinstance(unit, BY_VISITS) else ("step", "visits")
    policies = Boltzmann(unit), EpsilonBoltzmann(Linear(0.3, 0.0, steps=60), unit), MaxBoltzmann(0.5, unit)
    return [Agent(learner, policy, clock) for policy in policies for clock in clocks]


@pytest.mark.parametrize("learner", LEARNERS, ids=named)
@pytest.mark.parametrize("unit", UNITS, ids=named)
def test_transitions_at_temperatures_in_units_of_the_values_equal_the_reference(learner, unit):
    agents = agents_of(learner, unit)
    for seed, environment in enumerate(ENVIRONMENTS):
        assert_engines_agree(environment, agents[seed % len(agents)], seed, steps=60)


@pytest.mark.parametrize("unit", [UNITS[0], UNITS[5], UNITS[7], UNITS[10]], ids=named)
def test_long_runs_equal_the_reference_too(unit, monkeypatch):
    monkeypatch.setattr(tabular, "_FIRST", 8)  # so that schedules are evaluated in many pieces
    for environment, learner in ((LAKE, brl.QLearning(0.5, 0.95)), (RIDE, brl.ExpectedSARSA(0.5, 0.9))):
        assert_engines_agree(environment, agents_of(learner, unit)[1], seed=3, steps=2000)


def test_a_policy_that_changes_its_unit_is_left_to_the_reference(monkeypatch):
    class Changing:
        def __call__(self, values, step):
            return self.mixture(step).probabilities(values, step)

        def mixture(self, step, memory=None):
            return brl.policies.Mixture(0.0, 1.0, 0.0, UNITS[0] if step < 8 else UNITS[2])

    monkeypatch.setattr(tabular, "_FIRST", 8)
    assert tabular.train(LAKE, Agent(brl.QLearning(), Changing()), episodes=50, seed=0) is None


@in_one_test(
    ("unit", "message"),
    [
        (brl.EffectiveActions(7.0), "a target of 7 is infeasible"),
        (brl.TargetEntropy(Linear(0.0, 9.0, steps=90)), "is infeasible"),
        (brl.GreedyProbability(0.1), "a target of 0.1 is infeasible"),
        (brl.GreedyProbability(lambda step: 1.5), "target must be"),
        (brl.Odds(1.0, lambda step: 1.0), "odds must be above 1"),
        (brl.RelativeToRange(lambda step: 3.0 - step), "scale must be 0 or more"),
    ],
    ids=named,
)
def test_what_is_infeasible_raises_the_error_of_the_reference(unit, message):
    lake = Environment("FrozenLake-v1", options={"is_slippery": False})
    agent = Agent(brl.QLearning(initial=0.1, discount=0.9), Boltzmann(unit))
    for engine in (reference, tabular):
        with pytest.raises(ValueError, match=message):
            engine.simulate(lake, agent, first=0, runs=1, episodes=200, seed=0)


def test_rows_of_equal_values_are_uniform_whatever_the_target():
    agent = Agent(brl.QLearning(0.0), Boltzmann(brl.EffectiveActions(9.0)))  # learns nothing
    assert_engines_agree(LAKE, agent, seed=0, steps=200)


@in_one_test("unit", UNITS, ids=named)
def test_the_numbers_of_a_unit_are_its_parameters_at_each_step(unit):
    values = np.array([0.0, 1.0, 3.0])
    pieces = np.concatenate([numbers_of(unit, first, first + 20) for first in (0, 20, 40)])
    for step, number in enumerate(pieces.tolist()):
        if isinstance(unit, brl.GLIE | brl.RelativeToRange):
            assert number * 3.0 == unit.temperature(values, step)
        elif isinstance(unit, brl.GreedyByVisits):
            assert number == step + 1.0
        elif isinstance(unit, brl.Odds):
            assert number == unit.temperature(values, step)
        else:
            name = next(iter(vars(unit)))
            expected = row_parameter(getattr(unit, name), name, values, step)
            assert number == (np.log(expected) if isinstance(unit, brl.EffectiveActions) else expected)


COMPILED = "entropy_root", "greedy_root", "spread_of"
compiled_roots = {name: called(jit.placed(getattr(plain, name))) for name in COMPILED}
compiled_goal = called(jit.placed(plain.goal_of))


def held_of(values):
    """The gaps of a row, and the numbers of gaps and of maxima."""
    values = np.asarray(values)
    gaps = values.max() - values[values > -np.inf]
    return gaps[gaps > 0.0], (int((gaps > 0.0).sum()), int((gaps == 0.0).sum()))


def roots_of(values, target, greedy, start=0.0):
    """The temperature by plain Python and by compiled code, from a start."""
    gaps, held = held_of(values)
    name, meaning = ("greedy_root", plain.GREEDY) if greedy else ("entropy_root", plain.ENTROPY)
    limit, goal = plain.goal_of(meaning, target, held, LOGS.tolist())
    assert compiled_goal(meaning, target, held, LOGS) == (limit, goal)
    if limit >= 0.0:
        return limit, limit
    extent = float(gaps.min()), float(gaps.max())
    found = getattr(plain, name)(gaps.tolist(), held, goal, extent, 0.0)
    return extent[1] / found, extent[1] / compiled_roots[name](gaps, held, goal, extent, start)


rows = st.lists(st.floats(-1.0, 1.0) | st.sampled_from([0.5, 0.5, -math.inf]), min_size=1, max_size=9).map(
    lambda others: [0.5, *others]
)
scales = st.sampled_from([1e-200, 1e-3, 1.0, 1e4])
starts = st.floats(1e-9, 1e9) | st.just(math.nan)


@settings(deadline=None, max_examples=300)
@given(rows, scales, st.floats(0.0, 1.0), st.sampled_from(["nats", "greedy", "range", "spread", "actions", "visits"]))
def test_plain_temperatures_are_those_of_the_arrays(row, scale, share, kind):
    values = np.array(row) * scale
    free, step = int(np.isfinite(values).sum()), int(1000 * share)
    unit = {
        "nats": brl.TargetEntropy(share * math.log(free)),
        "actions": brl.EffectiveActions(free**share),
        "greedy": brl.GreedyProbability(max(share, 1.0 / free)),
        "range": brl.RelativeToRange(share),
        "spread": brl.RelativeToSpread(share),
        "visits": brl.GreedyByVisits(),
    }[kind]
    found, expected = plain_temperature(unit, values.tolist(), step), unit.temperature(values, step)
    if found is None:  # only gaps of extreme size are left to the arrays
        assert (held_of(values)[0] < 1e-280).any()
        return
    with np.errstate(under="ignore"):
        p, q = brl.softmax(values, found), brl.softmax(values, expected)
    sure = 0.05 < share < 0.95 or kind in ("range", "spread", "visits")  # near its limits a target fixes few digits
    np.testing.assert_allclose(p, q, rtol=0.0, atol=1e-12 if sure else 1e-6)


@settings(deadline=None, max_examples=300)
@given(rows, st.floats(0.02, 0.98), starts, st.booleans())
def test_compiled_roots_have_the_bits_of_plain_python_from_any_start(row, share, start, greedy):
    values = np.array(row)
    free, gaps = int(np.isfinite(values).sum()), held_of(values)[0]
    if not len(gaps) or gaps.min() < 1e-6:  # a target then fixes few digits
        return
    target = max(share, 1.0 / free) if greedy else share * math.log(free)
    found, compiled = roots_of(values, target, greedy, start)
    assert compiled == found
    assert compiled_roots["spread_of"](gaps, held_of(row)[1], gaps.max()) == plain.spread_of(
        gaps.tolist(), held_of(row)[1], float(gaps.max())
    )


@in_one_test("scale", [1e-100, 1.0, 1e100])
@in_one_test("seed", range(12))
def test_roots_are_those_of_mpmath(seed, scale):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=rng.integers(2, 7)) * scale
    nats, share = rng.uniform(0.1, 0.9) * math.log(len(values)), rng.uniform(1.2 / len(values), 0.99)
    with mpmath.workdps(40):
        gaps = [mpmath.mpf(float(values.max())) - mpmath.mpf(float(value)) for value in values]

        def weights(log_temperature):
            parts = [mpmath.exp(-gap / mpmath.exp(log_temperature)) for gap in gaps]
            return [part / sum(parts) for part in parts]

        def entropy(x):
            return -sum(p * mpmath.log(p) for p in weights(x)) - mpmath.mpf(nats)

        def greedy(x):
            return max(weights(x)) - mpmath.mpf(share)

        for target, excess in ((nats, entropy), (share, greedy)):
            for found in roots_of(values, target, excess is greedy):
                exact = mpmath.exp(mpmath.findroot(excess, mpmath.log(found), tol=1e-35))
                assert abs(found / exact - 1) < 1e-13


def test_the_limits_of_targets_are_exact():
    row, log = [1.0, 0.0, 1.0, -2.0], LOGS.tolist()
    for target, greedy, expected in (
        (log[4], False, math.inf),
        (log[4] + 0.9e-9, False, math.inf),
        (log[2], False, 0.0),
        (0.0, False, 0.0),
        (1.0, True, 0.0),
        (0.5, True, math.inf),
        (0.25, True, math.inf),
    ):
        assert roots_of(row, target, greedy) == (expected, expected)
        assert roots_of([3.0, 3.0], target, greedy) == (math.inf, math.inf)
        unit = brl.GreedyProbability(target) if greedy else brl.TargetEntropy(target)
        assert plain_temperature(unit, row, 0) == expected
    for unit in (brl.TargetEntropy(log[4] + 2e-9), brl.GreedyProbability(0.2499), brl.EffectiveActions(4.1)):
        assert plain_temperature(unit, row, 0) is None
        assert plain_temperature(unit, [3.0, -math.inf, 3.0], 0) == math.inf


@pytest.mark.parametrize("values", [[0.0, math.nan], [0.0, math.inf], [-math.inf, -math.inf], [0.0, -1e9]])
def test_rows_that_plain_code_cannot_judge_are_left_to_the_arrays(values):
    for unit in UNITS:
        if not isinstance(unit, brl.Odds):
            assert plain_temperature(unit, values, 0) is None
    assert plain_temperature(brl.GLIE(), [0.0, 1.0], None) is None


def test_gaps_of_very_different_scales_have_a_temperature():
    values = [0.0, -1e-150, -1.0, -1e100]
    for target, greedy in ((0.9, False), (0.3, False), (0.4, True), (0.9, True)):
        unit = brl.GreedyProbability(target) if greedy else brl.TargetEntropy(target)
        for start in (math.nan, 1e-9, 1.0, 1e200):
            for found in roots_of(values, target, greedy, start):
                assert found == pytest.approx(unit.temperature(values, 0), rel=2e-12)


def test_schedules_in_units_continue_in_later_calls(monkeypatch):
    monkeypatch.setattr(tabular, "_FIRST", 8)
    agent = Agent(brl.SARSA(0.5, 0.9), Boltzmann(brl.EffectiveActions(Exponential(4.0, 1.01, steps=900))))
    assert_engines_agree(LAKE, agent, seed=1, steps=1200)
