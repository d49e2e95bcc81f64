"""Temperatures that read the values in the compiled engine for bandits: the same as in the reference engine."""

import math
from dataclasses import dataclass

import mpmath
import numpy as np
import pytest
from agreeing import assert_engines_agree, named
from cases import in_one_test

from boltzmann_rl import (
    GLIE,
    UCB1,
    AdversarialBandit,
    Agent,
    BernoulliBandit,
    Boltzmann,
    ConstantStep,
    EffectiveActions,
    EpsilonBoltzmann,
    GaussianBandit,
    GradientPreferences,
    GreedyProbability,
    HeavyTailedBandit,
    ImportanceWeightedRewards,
    MaxBoltzmann,
    NormalMeans,
    Odds,
    RelativeToRange,
    RelativeToSpread,
    SampleAverage,
    SwitchingBandit,
    TargetEntropy,
)
from boltzmann_rl.numerics import plain_temperatures as plain
from boltzmann_rl.policies.mixture import Mixture
from boltzmann_rl.schedules import Exponential, Linear

pytest.importorskip("numba")

from boltzmann_rl.engines.compiled import bandits as compiled, units
from boltzmann_rl.engines.reference import bandits as reference
from boltzmann_rl.kernels import jit
from boltzmann_rl.kernels.vectors import WIDTH, eight, flat


def late(step):
    """A schedule for one step, as a user may write it."""
    return 1.0 if step < 20 else 0.3


UNITS = (
    RelativeToRange(0.3),
    RelativeToRange(Exponential(1.0, 0.01, steps=50)),
    RelativeToRange(late),
    RelativeToSpread(0.5),
    RelativeToSpread(Linear(1.0, 0.0, steps=50)),
    RelativeToRange(math.inf),
    RelativeToSpread(0.0),
    Odds(gap=0.3, odds=Linear(2.0, 9.0, steps=60)),
    Odds(gap=late, odds=4.0),
    TargetEntropy(0.5),
    TargetEntropy(Linear(0.9, 0.0, steps=60)),
    EffectiveActions(1.3),
    EffectiveActions(Linear(2.5, 1.0, steps=60)),
    GreedyProbability(0.9),
    GreedyProbability(Linear(0.5, 1.0, steps=60)),
    GLIE(),
)
LEARNERS = (
    SampleAverage(),
    SampleAverage(initial=5.0, count_initial=True),
    ConstantStep(0.1, initial=1.0),
    UCB1(exploration=0.3),
    GradientPreferences(0.2),
    GradientPreferences(0.4, baseline="current"),
    GradientPreferences(0.1, baseline=0.5),
    ImportanceWeightedRewards(),
)
BANDITS = (
    GaussianBandit(),
    GaussianBandit(means=(0.3, 0.0, 0.3), sd=0.5),
    BernoulliBandit(arms=5),
    SwitchingBandit(change_probability=0.1),
    HeavyTailedBandit(arms=3),
    AdversarialBandit(((0.0, 1.0, 0.5), (1.0, 0.0, 0.5), (0.2, 0.3, 0.1))),
)
units_of = pytest.mark.parametrize("unit", UNITS, ids=named)


@units_of
def test_every_learner_acts_as_in_the_reference(unit):
    for seed, learner in enumerate(LEARNERS):
        agent = Agent(learner, Boltzmann(unit))
        # Rounding errors grow where preferences do, or rewards are divided by small probabilities.
        tolerance = 1e-8 if isinstance(learner, GradientPreferences | ImportanceWeightedRewards) else 1e-11
        assert_engines_agree(
            GaussianBandit(arms=4), agent, seed=seed, tolerance=tolerance, of_temperatures=max(1e-9, tolerance)
        )


@units_of
def test_every_bandit_and_mixture_acts_as_in_the_reference(unit):
    policies = MaxBoltzmann(0.4, unit), EpsilonBoltzmann(0.2, unit), MaxBoltzmann(Linear(1.0, 0.0, steps=30), unit)
    for seed, bandit in enumerate(BANDITS):
        agent = Agent(SampleAverage(), policies[seed % len(policies)])
        assert_engines_agree(bandit, agent, seed=seed, tolerance=1e-11, of_temperatures=1e-9)


@pytest.mark.parametrize("unit", [EffectiveActions(1.2), GreedyProbability(0.95), RelativeToSpread(0.2)], ids=named)
def test_long_runs_of_many_arms_agree(unit):
    """Newton's method starts at the root before, and must not lead elsewhere over hundreds of steps."""
    agent = Agent(SampleAverage(), Boltzmann(unit))
    assert_engines_agree(GaussianBandit(arms=40), agent, runs=9, steps=700, of_temperatures=1e-9)
    assert_engines_agree(GaussianBandit(), agent, runs=40, steps=400, seed=1, block=2, of_temperatures=1e-9)


@pytest.mark.parametrize("unit", [EffectiveActions(1.5), GreedyProbability(0.8), RelativeToRange(0.1)], ids=named)
@pytest.mark.parametrize("scale", [1e-140, 1e-9, 1e9, 1e140])
def test_values_of_any_scale_agree(unit, scale):
    bandit = GaussianBandit(NormalMeans(sd=scale), arms=4, sd=scale)
    assert_engines_agree(bandit, Agent(ConstantStep(0.5), Boltzmann(unit)), tolerance=1e-10, of_temperatures=1e-9)


@dataclass(frozen=True)
class Halves:
    """A user's policy with a unit, which does not show its temperature."""

    unit: object

    def __call__(self, values, step):
        return self.mixture(step).probabilities(values, step)

    def mixture(self, step, memory=None):
        return Mixture(0.25, 0.5, 0.25, self.unit)


def test_a_users_policy_may_have_a_unit():
    for unit in (GLIE(), EffectiveActions(1.5)):
        assert_engines_agree(GaussianBandit(arms=3), Agent(SampleAverage(), Halves(unit)))


class Mine(RelativeToRange):
    """A user's unit."""


def test_a_users_unit_is_left_to_the_reference():
    assert compiled.reason(GaussianBandit(), Agent(SampleAverage(), Boltzmann(Mine(0.3))))


@in_one_test(
    "unit",
    [
        EffectiveActions(5.0),
        EffectiveActions(Linear(3.0, 5.0, steps=40)),
        EffectiveActions(Linear(3.0, 0.0, steps=40)),
        TargetEntropy(2.0),
        GreedyProbability(0.1),
        GreedyProbability(lambda step: 1.5 if step == 40 else 0.5),
        RelativeToRange(lambda step: math.nan if step == 40 else 1.0),
        Odds(1.0, lambda step: 2.0 - step / 40),
    ],
    ids=named,
)
@in_one_test("policy", [Boltzmann, lambda unit: MaxBoltzmann(0.0, unit)])
def test_errors_are_those_of_the_reference(unit, policy):
    agent, said = Agent(SampleAverage(), policy(unit)), []
    for engine in (reference, compiled):
        with pytest.raises(ValueError, match=r".") as error, np.errstate(all="ignore"):
            engine.simulate(GaussianBandit(arms=4), agent, block=0, runs=20, steps=60, seed=0)
        said.append(str(error.value))
    assert said[0] == said[1]


def test_the_temperature_of_a_run_does_not_depend_on_the_runs_beside_it():
    agent = Agent(SampleAverage(), Boltzmann(GreedyProbability(0.8)))
    work = {"steps": 50, "seed": 1}
    many, few = compiled.simulate_ranges(GaussianBandit(), agent, [(0, 999), (3, 1)], **work)
    [alone] = compiled.simulate_ranges(GaussianBandit(), agent, [(3, 1)], **work)
    assert alone.curves["temperature"].mean.tobytes() == few.curves["temperature"].mean.tobytes()
    assert many.totals["reward"][3] == few.totals["reward"][0] == alone.totals["reward"][0]


@jit.compiled
def find(values, unit, starts):
    parts = flat(unit.target), flat(unit.goal), flat(unit.logarithms), flat(starts), flat(unit.found), flat(unit.failed)
    units.find(flat(values), units.Unit(unit.kind, unit.always, *parts), eight(np.inf), 0, 0, 0, 0, values.size)


def found(kind, target, values, start=np.nan):
    """The temperatures of eight rows ``(8, A)``, and whether they were found."""
    arms = values.shape[1]
    goal = math.log((1.0 - target) / target) if kind == plain.GREEDY and target < 1.0 else target
    logarithms = np.log(np.maximum(np.arange(arms + 1.0), 0.5))
    arrays = np.array([target]), np.array([goal]), logarithms, np.zeros(0), np.empty((1, 1, WIDTH)), np.zeros(1)
    unit = units.Unit(kind, True, *arrays)
    find(np.ascontiguousarray(values.T), unit, np.full((1, WIDTH), start))
    return unit.found[0, 0], unit.failed[0] == 0.0


CASES = [(plain.ENTROPY, "entropy", share) for share in (0.001, 0.1, 0.5, 0.9, 0.98)] + [
    (plain.GREEDY, "greedy", share) for share in (0.01, 0.5, 0.99, 1.0 - 1e-9)
]


@in_one_test(("kind", "name", "share"), CASES)
@in_one_test("arms", [2, 3, 10, 60])
def test_roots_solve_the_equation_and_do_not_depend_on_the_start(kind, name, share, arms):
    """With gaps from nearly nothing to a million, against 40 digits."""
    rng = np.random.default_rng(arms)
    values = rng.normal(size=(WIDTH, arms)) * 10.0 ** rng.uniform(-6.0, 6.0, (WIDTH, 1))
    values[0, 1:] = values[0, 0] * (1.0 - 1e-14 * np.arange(1, arms))
    target = share * math.log(arms) if kind == plain.ENTROPY else 1.0 / arms + share * (1.0 - 1.0 / arms)
    temperatures, fine = found(kind, target, values)
    assert fine
    for start in (-200.0, -3.0, 0.0, 3.0, 200.0, *np.log(temperatures[:3] * 1.01)):
        again, fine = found(kind, target, values, start)
        assert fine
        np.testing.assert_allclose(again, temperatures, rtol=1e-12)
    with mpmath.workdps(40):
        for row, temperature in zip(values[:3], temperatures, strict=False):
            weights = [mpmath.exp((mpmath.mpf(x) - max(row)) / mpmath.mpf(temperature)) for x in row.tolist()]
            p = [w / sum(weights) for w in weights]
            entropy = -sum(x * mpmath.log(x) for x in p)
            odds = (1 - max(p)) / max(p)
            left, goal = (entropy, target) if name == "entropy" else (odds, (1 - mpmath.mpf(target)) / target)
            assert abs(left / goal - 1) < 1e-11


def test_limits_of_roots_are_exact_for_each_run():
    values = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [2.0, -np.inf, 2.0]] * 2)
    cold, fine = found(plain.ENTROPY, math.log(2.0), values)
    assert fine
    assert cold[[0, 1, 3]].tolist() == [np.inf, 0.0, np.inf]
    assert 0.0 < cold[2] < np.inf
    hot, fine = found(plain.GREEDY, 0.6, values)
    assert fine
    assert hot[[0, 1, 3]].tolist() == [np.inf, np.inf, np.inf]
    assert found(plain.GREEDY, 1.0, values)[0].tolist() == [np.inf, 0.0, 0.0, np.inf] * 2


@pytest.mark.parametrize("row", [[1.0, 1.0 - 1e-300 * 1e16, 0.0], [1e300, -1e300, 0.0], [0.0, 1e-310, 1.0]])
def test_gaps_beyond_all_scales_are_left_to_the_reference(row):
    values = np.array([[0.0, 1.0, 2.0]] * 7 + [row])
    ordinary = abs(row[0]) == 1.0
    assert found(plain.RANGE, 0.5, values)[1] == (ordinary or row[0] == 0.0)
