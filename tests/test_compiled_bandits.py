"""The compiled engine for bandits: the same runs as the reference engine, action for action.

``test_simulation.py`` compares the reference with loops over plain numbers; here the engines are compared.
"""

import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
import scipy.special
from agreeing import assert_engines_agree, named
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from recording import Recorded, windows_of

import boltzmann_rl
from boltzmann_rl import (
    UCB1,
    AdversarialBandit,
    Agent,
    BernoulliBandit,
    BetaMeans,
    Boltzmann,
    BoltzmannGumbel,
    ConstantStep,
    EpsilonBoltzmann,
    EpsilonGreedy,
    GaussianBandit,
    GaussianPosterior,
    GaussianThompson,
    GradientPreferences,
    Greedy,
    HeavyTailedBandit,
    ImportanceWeightedLosses,
    ImportanceWeightedRewards,
    MaxBoltzmann,
    NormalMeans,
    SampleAverage,
    Sparsemax,
    SwitchingBandit,
    Uniform,
    exp3,
)
from boltzmann_rl.engines.blocks import BLOCK
from boltzmann_rl.engines.reference import bandits as reference
from boltzmann_rl.numerics import gaussian_propensities, gumbel_propensities
from boltzmann_rl.numerics.perturbation import GAUSSIAN
from boltzmann_rl.policies.perturbation import Noise
from boltzmann_rl.schedules import Exponential, Linear, Power

pytest.importorskip("numba")

from boltzmann_rl.engines.compiled import bandits as compiled, lanes, perturbation
from boltzmann_rl.kernels import jit
from boltzmann_rl.kernels.vectors import WIDTH, eight, flat, load, store


@dataclass(frozen=True)
class Wave:
    """A temperature that rises and falls between two values; written for one step, as a user's schedule may be."""

    low: float
    high: float
    period: int

    def __call__(self, step):
        return self.low if (step // self.period) % 2 else self.high


LEARNERS = (
    SampleAverage(),
    SampleAverage(initial=5.0, count_initial=True),
    ConstantStep(0.1, initial=1.0),
    UCB1(),
    UCB1(exploration=0.3),
    GradientPreferences(0.2),
    GradientPreferences(0.4, baseline="current"),
    GradientPreferences(0.1, baseline=0.5),
    ImportanceWeightedRewards(),
)
POLICIES = (
    Boltzmann(0.3),
    Boltzmann(Exponential(1.0, 0.05, steps=40)),
    EpsilonGreedy(0.1),
    EpsilonGreedy(Linear(1.0, 0.0, steps=50)),
    Greedy(),
    Uniform(),
    MaxBoltzmann(0.3, temperature=0.5),
    EpsilonBoltzmann(0.2, temperature=0.4),
    EpsilonBoltzmann(Linear(1.0, 0.0, steps=30), temperature=Linear(1.0, 0.0, steps=60)),
)
BANDITS = (
    GaussianBandit(),
    GaussianBandit(means=(0.3, 0.0, 0.3), sd=0.5),
    GaussianBandit(NormalMeans(2.0, 0.0), arms=4, drift=0.2),
    GaussianBandit(means=(1.5,)),
    BernoulliBandit(arms=5),
    BernoulliBandit(BetaMeans(1.0, 8.0), arms=3, drift=0.3),
)
MOVING = (SwitchingBandit(change_probability=0.1), HeavyTailedBandit(arms=3), AdversarialBandit())


@pytest.mark.parametrize("bandit", BANDITS, ids=named)
@pytest.mark.parametrize("learner", LEARNERS, ids=named)
def test_every_learner_and_policy_acts_as_in_the_reference(learner, bandit):
    for seed, policy in enumerate(POLICIES):
        assert_engines_agree(bandit, Agent(learner, policy), seed=seed)


@pytest.mark.parametrize(
    ("bandit", "agent"),
    [
        (GaussianBandit(), Agent(SampleAverage(), Boltzmann(0.25))),
        (GaussianBandit(), Agent(SampleAverage(), EpsilonGreedy(0.1))),
        (BernoulliBandit(), Agent(UCB1(), Greedy())),
        (GaussianBandit(), Agent(GradientPreferences(0.1), Boltzmann(1.0))),
        (BernoulliBandit(), exp3(arms=10, gamma=0.1)),
        (GaussianBandit(), Agent(SampleAverage(), BoltzmannGumbel(1.0))),
        (GaussianBandit(), Agent(GaussianPosterior(), GaussianThompson())),
        (BernoulliBandit(), Agent(GaussianPosterior(0.5, prior_mean=0.5, prior_sd=1.0), GaussianThompson())),
    ],
    ids=named,
)
def test_twenty_seeds_agree(bandit, agent):
    for seed in range(20):
        assert_engines_agree(bandit, agent, seed=seed, block=seed % 3)


@pytest.mark.parametrize("learner", LEARNERS[:3], ids=named)
def test_boltzmann_gumbel_exploration_agrees(learner):
    """One draw for each arm, and propensities by the same integral."""
    for seed, bandit in enumerate((*BANDITS, *MOVING)):
        for scale in (0.1, 1.0, 30.0):
            assert_engines_agree(bandit, Agent(learner, BoltzmannGumbel(scale)), seed=seed)


def test_boltzmann_gumbel_exploration_agrees_if_one_arm_is_always_pulled():
    """The scales then differ by the square root of the number of steps, and the other probabilities are tiny."""
    bandit = GaussianBandit(means=(50.0, 0.0, 0.0, -3.0), sd=0.1)
    assert_engines_agree(bandit, Agent(SampleAverage(), BoltzmannGumbel(0.5)), runs=9, steps=3000)


@pytest.mark.parametrize(("mean", "scale"), [(1e6, 1e-9), (1.0, 1e-14), (0.1, 1e-300), (0.0, 1e8)])
def test_boltzmann_gumbel_exploration_agrees_however_large_values_are_beside_the_scale(mean, scale):
    bandit = GaussianBandit(means=(mean, mean, mean), sd=0.0)
    assert_engines_agree(bandit, Agent(SampleAverage(), BoltzmannGumbel(scale)), tolerance=1e-9)


@in_one_test("learner", LEARNERS[3:], ids=named)
def test_boltzmann_gumbel_exploration_with_other_learners_is_left_to_the_reference(learner):
    """Learners that use probabilities would amplify the rounding of the integrals."""
    assert compiled.reason(GaussianBandit(), Agent(learner, BoltzmannGumbel(1.0)))


def test_boltzmann_gumbel_exploration_is_compiled_on_the_clock_of_pulls_only():
    with pytest.raises(ValueError, match="counts pulls"):
        Agent(SampleAverage(), BoltzmannGumbel(1.0), clock="step")


@pytest.mark.parametrize("prior", [(1.0, 0.0, math.inf), (0.3, 0.0, 1.0), (2.0, 5.0, 0.4), (1.0, -1e6, 1e3)], ids=named)
def test_thompson_sampling_agrees(prior):
    for seed, bandit in enumerate((*BANDITS, *MOVING)):
        assert_engines_agree(bandit, Agent(GaussianPosterior(*prior), GaussianThompson()), seed=seed)


def test_thompson_sampling_agrees_if_one_arm_is_always_pulled():
    bandit = GaussianBandit(means=(5.0, 0.0, 0.0, -3.0), sd=0.1)
    agent = Agent(GaussianPosterior(0.1), GaussianThompson())
    assert_engines_agree(bandit, agent, runs=9, steps=3000)


@pytest.mark.parametrize("prior_sd", [1e-150, 1e-9, 1e9, 1e200])
def test_thompson_sampling_agrees_for_any_prior_standard_deviation(prior_sd):
    """From a prior so narrow that rewards have no effect to one so wide that its precision underflows."""
    agent = Agent(GaussianPosterior(1.0, prior_sd=prior_sd), GaussianThompson())
    assert_engines_agree(GaussianBandit(), agent)


@dataclass(frozen=True)
class BoltzmannGaussian:
    """A user's policy: the best of values + scale/√pulls·N(0, 1), where unpulled arms come first."""

    scale: float
    clock = "pulls"
    uniforms_per_action = True

    @property
    def noise(self):
        return Noise(GAUSSIAN, self.scale)

    def __call__(self, values, step):
        return gaussian_propensities(*self.indices(values, step))

    def draw(self, values, step, uniforms):
        values, scales = self.indices(values, step)
        return (values + scales * scipy.special.ndtri(np.maximum(uniforms, 2.0**-54))).argmax(axis=-1)

    def indices(self, values, step):
        new = step == 0
        values = np.where(new.any(axis=-1, keepdims=True), np.where(new, 0.0, -np.inf), values)
        return values, self.scale / np.sqrt(np.maximum(step, 1))


class OtherwiseGaussian(BoltzmannGaussian):
    """Does not declare its noise itself."""

    def draw(self, values, step, uniforms):
        return super().draw(values, step, 1.0 - uniforms)


def test_a_users_policy_that_declares_its_noise_is_compiled_and_a_subclass_is_not():
    for seed in range(3):
        assert_engines_agree(GaussianBandit(arms=4), Agent(SampleAverage(), BoltzmannGaussian(0.5)), seed=seed)
    assert compiled.reason(GaussianBandit(), Agent(SampleAverage(), OtherwiseGaussian(0.5)))
    assert compiled.reason(GaussianBandit(), Agent(GaussianPosterior(), BoltzmannGaussian(0.5)))


def test_a_posterior_under_another_policy_is_left_to_the_reference():
    for agent in (Agent(GaussianPosterior(), Boltzmann(0.3)), Agent(Recorded(GaussianPosterior()), GaussianThompson())):
        assert compiled.reason(GaussianBandit(), agent)


def test_exp3_is_compiled_only_where_every_reward_is_in_its_range():
    within, beyond = AdversarialBandit(((0.5, 1.0), (0.0, 0.5))), AdversarialBandit(((0.5, 1.0), (0.5, 7.0)))
    switching = SwitchingBandit(BernoulliBandit(), change_probability=0.1)
    agent = exp3(arms=10, gamma=0.1)
    assert not any(compiled.reason(bandit, agent) for bandit in (BernoulliBandit(), switching, within))
    assert all(compiled.reason(bandit, agent) for bandit in (GaussianBandit(), HeavyTailedBandit(), beyond))
    assert not compiled.reason(GaussianBandit(), Agent(ImportanceWeightedRewards(), agent.policy))


@pytest.mark.parametrize("bandit", MOVING, ids=named)
def test_switching_and_heavy_tailed_bandits_agree(bandit):
    for learner in (SampleAverage(), ConstantStep(0.3), UCB1()):
        for seed, policy in enumerate((Boltzmann(0.2), EpsilonGreedy(0.1))):
            assert_engines_agree(bandit, Agent(learner, policy), seed=seed)


@pytest.mark.parametrize(
    "temperature",
    [
        0.0,
        math.inf,
        1e-280,
        1e-9,
        1e300,
        Linear(0.0, 2.0, steps=50),
        Power(1.0, exponent=0.5),
        Exponential(1.0, decay=0.3),  # to exactly 0 in the long run
        Wave(0.05, 2.0, period=7),
        Wave(0.0, math.inf, period=3),
        Wave(0.4, 0.0, period=1),
        lambda step: np.sqrt(step),
    ],
    ids=named,
)
@pytest.mark.parametrize("policy", [Boltzmann, lambda t: MaxBoltzmann(0.4, t), lambda t: EpsilonBoltzmann(0.1, t)])
def test_any_schedule_of_the_temperature_agrees(policy, temperature):
    for learner in (SampleAverage(), UCB1()):
        assert_engines_agree(GaussianBandit(arms=4), Agent(learner, policy(temperature)), seed=5)


@in_one_test("epsilon", [0.0, 1.0, Linear(0.0, 1.0, steps=60), Wave(0.0, 1.0, period=2)], ids=named)
@in_one_test("policy", [EpsilonGreedy, lambda e: MaxBoltzmann(e, 0.2), lambda e: EpsilonBoltzmann(e, 0.2)])
def test_any_schedule_of_exploration_agrees(policy, epsilon):
    assert_engines_agree(BernoulliBandit(arms=3), Agent(SampleAverage(), policy(epsilon)), seed=6)


@pytest.mark.parametrize("scale", [1e-140, 1e-3, 1e12, 1e140])
@pytest.mark.parametrize("temperature", [0.002, 0.05, 30.0])
def test_values_that_change_by_many_temperatures_keep_their_weights(temperature, scale):
    """A learning rate of 1 changes the best value by up to a thousand temperatures per step, in both directions."""
    bandit = GaussianBandit(NormalMeans(sd=scale), arms=6, sd=scale)
    assert_engines_agree(bandit, Agent(ConstantStep(1.0), Boltzmann(temperature * scale)), steps=150)
    assert_engines_agree(bandit, Agent(SampleAverage(), Boltzmann(temperature * scale)), steps=150)


@pytest.mark.parametrize("offset", [1e6, -1e6])
def test_weights_stay_exact_far_from_zero(offset):
    """The estimates start a million away from all rewards, far more than any temperature here."""
    bandit = GaussianBandit(NormalMeans(mean=offset), arms=5)
    assert_engines_agree(bandit, Agent(ConstantStep(0.2), Boltzmann(0.3)), steps=150, tolerance=1e-9)  # of 10⁶


@in_one_test("runs", [1, 2, 7, 333, BLOCK])
@in_one_test("steps", [1, 31, 33, 65])
def test_blocks_of_any_size_agree(runs, steps):
    agent = Agent(SampleAverage(), Boltzmann(0.2))
    assert_engines_agree(GaussianBandit(), agent, runs=runs, steps=steps, block=4, uncounted_steps=steps // 2)


@pytest.mark.parametrize("windows", [1, 3, 100, 333])
@pytest.mark.parametrize("bandit", [GaussianBandit(arms=3), GaussianBandit(arms=3, drift=0.2)], ids=named)
def test_windows_of_any_length_and_ranks_at_some_steps_agree(bandit, windows):
    for policy in (Boltzmann(0.3), EpsilonGreedy(0.1), MaxBoltzmann(0.3, temperature=0.5)):
        assert_engines_agree(bandit, Agent(SampleAverage(), policy), steps=333, windows=windows)


@pytest.mark.parametrize("uncounted", [0, 1, 64, 65, 100, 332])
@pytest.mark.parametrize("windows", [1, 7, 100, 333])
def test_totals_agree_to_the_last_bit_wherever_they_begin(windows, uncounted):
    recorded, bandit, policy = Recorded(SampleAverage()), GaussianBandit(arms=4), EpsilonGreedy(0.1)
    work = {"block": 1, "runs": 12, "steps": 333, "seed": 5, "windows": windows, "uncounted_steps": uncounted}
    expected = reference.simulate(bandit, Agent(recorded, policy), **work)
    found = compiled.simulate(bandit, Agent(SampleAverage(), policy), **work)
    for metric, total in expected.totals.items():
        np.testing.assert_array_equal(found.totals[metric], total, err_msg=metric)
    assert (found.totals["best_action"] % 1.0 == 0.0).all()
    rewards = np.array([reward for _, reward in recorded.history]).T.tolist()
    totals, means = [math.fsum(run[uncounted:]) for run in rewards], [windows_of(run, windows) for run in rewards]
    np.testing.assert_allclose(found.totals["reward"], totals, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.windows["reward"], means, rtol=1e-12, atol=1e-12)


def test_very_many_arms_agree():
    for policy in (Boltzmann(0.2), EpsilonGreedy(0.1), MaxBoltzmann(0.2, 0.3)):
        assert_engines_agree(GaussianBandit(arms=700), Agent(SampleAverage(), policy), runs=20)
        assert_engines_agree(GaussianBandit(arms=40), Agent(UCB1(), policy), runs=20)


def test_the_largest_integer_is_a_seed():
    assert_engines_agree(GaussianBandit(), Agent(SampleAverage(), Boltzmann(0.2)), seed=2**63 - 1, block=10**6)


@pytest.mark.parametrize(
    "changed",
    [
        Agent(SampleAverage(initial=1e-6), Boltzmann(0.25)),
        Agent(SampleAverage(), Boltzmann(0.25 + 1e-9)),
        Agent(SampleAverage(), Boltzmann(Linear(0.25, 0.3, steps=10**7))),
        Agent(SampleAverage(), EpsilonBoltzmann(1e-9, temperature=0.25)),
    ],
    ids=named,
)
def test_the_comparison_detects_a_slightly_different_agent(changed):
    with pytest.raises(AssertionError):
        assert_engines_agree(GaussianBandit(), Agent(SampleAverage(), Boltzmann(0.25)), changed=changed)


def bytes_of(result):
    curves = {metric: (m.mean.tobytes(), m.squares.tobytes()) for metric, m in result.curves.items()}
    return curves, {metric: total.tobytes() for metric, total in result.totals.items()}


def short(block=0, runs=50, steps=40, bandit=None, policy=None):
    agent = Agent(SampleAverage(), policy or Boltzmann(0.3))
    return compiled.simulate(bandit or GaussianBandit(), agent, block=block, runs=runs, steps=steps, seed=1)


def test_the_same_work_gives_the_same_bytes_in_any_thread():
    alone = [bytes_of(short(block)) for block in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert [bytes_of(result) for result in pool.map(short, range(8))] == alone
    assert len({curves["reward"] for curves, _ in alone}) == 8


@pytest.mark.parametrize("policy", [Boltzmann(0.3), EpsilonGreedy(0.1), EpsilonBoltzmann(0.1, 0.2)], ids=named)
def test_the_numbers_of_a_run_do_not_depend_on_the_runs_beside_it(policy):
    many = short(runs=BLOCK, policy=policy).totals
    for runs in (1, 7, 333):
        few = short(runs=runs, policy=policy).totals
        assert {m: total[:runs].tobytes() for m, total in many.items()} == {m: t.tobytes() for m, t in few.items()}


def test_a_longer_run_begins_as_a_shorter_one_does():
    longer, shorter = short(steps=75), short(steps=33)
    for metric, curve in shorter.curves.items():
        assert longer.curves[metric].mean[:33].tobytes() == curve.mean.tobytes()
        assert longer.curves[metric].squares[:33].tobytes() == curve.squares.tobytes()


@in_one_test(
    ("bandit", "agent"),
    [
        (GaussianBandit(NormalMeans(sd=1e308), sd=1e308), Agent(SampleAverage(), Uniform())),
        (GaussianBandit(NormalMeans(sd=1e308), sd=1e308), Agent(SampleAverage(), Greedy())),
        (GaussianBandit(NormalMeans(sd=1e308), sd=1e308), Agent(ConstantStep(0.5), EpsilonGreedy(0.1))),
        (GaussianBandit(NormalMeans(sd=1e307), arms=2), Agent(GradientPreferences(1e9), Boltzmann(1.0))),
        (GaussianBandit(), Agent(SampleAverage(), Boltzmann(lambda step: 1.0 if step < 40 else -1.0))),
        (GaussianBandit(), Agent(SampleAverage(), Boltzmann(lambda step: math.nan if step == 40 else 1.0))),
        (GaussianBandit(), Agent(SampleAverage(), EpsilonGreedy(lambda step: step / 40.0))),
        (BernoulliBandit(NormalMeans()), Agent(SampleAverage(), Boltzmann(1.0))),
    ],
    ids=named,
)
def test_errors_are_those_of_the_reference(bandit, agent):
    work = {"block": 0, "runs": 50, "steps": 60, "seed": 0}
    finished = []
    for engine in (reference, compiled):
        with pytest.raises(ValueError, match=r".") as error, np.errstate(all="ignore"):
            engine.simulate(bandit, agent, **work)
        finished.append(str(error.value))
    assert finished[0] == finished[1]


@pytest.mark.parametrize("temperature", [5e-324, 1e-300])
def test_the_smallest_temperatures_are_left_to_the_reference(temperature):
    """Their inverse overflows."""
    for policy in (Boltzmann(temperature), EpsilonBoltzmann(0.1, temperature)):
        work = {"block": 0, "runs": 20, "steps": 40, "seed": 0}
        one, other = (
            e.simulate(GaussianBandit(), Agent(SampleAverage(), policy), **work) for e in (reference, compiled)
        )
        assert bytes_of(one) == bytes_of(other)


class Own(Boltzmann):
    """A policy that overrides its base class."""

    def __call__(self, values, step):
        return super().__call__(-values, step)


@in_one_test(
    "agent",
    [
        Agent(SampleAverage(), Own(0.1)),
        Agent(SampleAverage(), lambda values, step: values),
        Agent(SampleAverage(), Sparsemax(0.1)),
        Agent(SampleAverage(), Greedy(), clock="pulls"),
        Agent(Recorded(SampleAverage()), Greedy()),
        Agent(ImportanceWeightedLosses(), Boltzmann(0.1)),  # would amplify the last bit of a propensity
    ],
    ids=named,
)
def test_parts_that_may_behave_differently_are_not_compiled(agent):
    assert compiled.reason(GaussianBandit(), agent)
    assert not compiled.reason(GaussianBandit(), Agent(SampleAverage(), Greedy(), clock="visits"))


def test_bandits_of_other_kinds_are_not_compiled():
    class Other(GaussianBandit):
        pass

    assert compiled.reason(Other(), Agent(SampleAverage(), Greedy()))


UNCOMPILED = [
    "Agent(SampleAverage(), Boltzmann(0.3))",
    "Agent(ConstantStep(0.1), EpsilonBoltzmann(0.2, temperature=0.4))",
    "Agent(UCB1(), Greedy())",
    "Agent(GradientPreferences(0.2), Boltzmann(1.0))",
    "Agent(SampleAverage(), MaxBoltzmann(0.5, policies.RelativeToSpread(0.5)))",
    "Agent(SampleAverage(), Boltzmann(policies.EffectiveActions(1.5)))",
    "Agent(SampleAverage(), BoltzmannGumbel(1.0))",
    "Agent(GaussianPosterior(), GaussianThompson())",
]


def test_the_same_code_runs_without_compilation():
    """With ``NUMBA_DISABLE_JIT=1``, for stepping through it in a debugger; one process runs all agents."""
    code = f"""if True:
        from boltzmann_rl import UCB1, Agent, Boltzmann, BoltzmannGumbel, ConstantStep, EpsilonBoltzmann, GaussianBandit
        from boltzmann_rl import GaussianPosterior, GaussianThompson, GradientPreferences, Greedy, MaxBoltzmann
        from boltzmann_rl import SampleAverage, policies
        from boltzmann_rl.engines.compiled.bandits import simulate
        for agent in [{", ".join(UNCOMPILED)}]:
            print(simulate(GaussianBandit(), agent, block=0, runs=3, steps=20, seed=1).totals["reward"].tolist())
    """
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    finished = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert finished.stderr == ""
    found = dict(zip(UNCOMPILED, finished.stdout.splitlines(), strict=True))
    for agent in UNCOMPILED:
        declared = eval(agent, globals() | {"policies": boltzmann_rl.policies})
        expected = compiled.simulate(GaussianBandit(), declared, block=0, runs=3, steps=20, seed=1)
        assert found[agent] == str(expected.totals["reward"].tolist()), agent


@pytest.mark.parametrize("policy", [Greedy(), Boltzmann(1e300)], ids=named)
def test_means_whose_sum_overflows_give_no_warning(policy):
    bandit = GaussianBandit(means=(1e307,) * 20, sd=0.0)
    with np.errstate(all="raise"):
        assert_engines_agree(bandit, Agent(SampleAverage(), policy), runs=4, steps=3)


@in_one_test(
    "agent",
    [
        Agent(SampleAverage(), Boltzmann(1e-6)),
        Agent(SampleAverage(), EpsilonGreedy(0.1)),
        Agent(SampleAverage(), EpsilonBoltzmann(0.1, 1e-6)),
        Agent(SampleAverage(), MaxBoltzmann(0.3, 1e-6)),
        Agent(UCB1(1e-6), Greedy()),
        Agent(SampleAverage(), BoltzmannGumbel(1e-6), clock="pulls"),
    ],
    ids=named,
)
def test_the_expected_regret_agrees_where_gaps_are_the_last_digits_of_the_rewards(agent):
    bandit = GaussianBandit(tuple(1e9 + 2.0**-20 * gap for gap in (0, 3, 1, 3, -2, 0)), sd=0.0)
    work = {"block": 0, "runs": 20, "steps": 40, "seed": 0}
    found, expected = (play(bandit, agent, **work) for play in (compiled.simulate, reference.simulate))
    for metric in ("regret", "expected_regret"):
        mean = expected.curves[metric].mean
        assert 0.0 < mean.max() < 1e-5
        np.testing.assert_allclose(found.curves[metric].mean, mean, rtol=1e-12, atol=1e-20, err_msg=metric)


def test_the_expected_reward_agrees_if_another_arm_pays_a_billion():
    bandit = GaussianBandit((-1e9, 0.1, 0.2), sd=0.0)
    for policy in (EpsilonGreedy(0.0), Boltzmann(0.01)):
        work = {"block": 0, "runs": 20, "steps": 40, "seed": 0}
        found, expected = (
            play(bandit, Agent(SampleAverage(), policy), **work) for play in (compiled.simulate, reference.simulate)
        )
        np.testing.assert_allclose(
            found.curves["expected_reward"].mean, expected.curves["expected_reward"].mean, rtol=1e-12, atol=1e-15
        )


@pytest.mark.parametrize("temperature", [1e308, 1.7976931348623157e308, math.inf])
def test_the_largest_temperatures_have_the_same_curve(temperature):
    with np.errstate(all="raise"):
        assert_engines_agree(GaussianBandit(), Agent(SampleAverage(), Boltzmann(temperature)), runs=50, steps=5)


def test_indices_that_may_overflow_are_left_to_the_reference_which_raises_an_error():
    assert compiled.reason(GaussianBandit(), Agent(UCB1(1.7e308), Greedy()))


@pytest.mark.parametrize(("uniform", "greedy"), [(0.0, 1.0), (0.01, 0.9), (0.1, 0.0)])
@pytest.mark.parametrize("arms", [1, 3, 4, 10])
def test_a_uniform_beyond_the_rounded_sum_takes_the_last_possible_arm(arms, uniform, greedy):
    """Also if the probabilities sum to much less than 1, so that every uniform above the sum is one."""
    values, cells = np.zeros((arms, WIDTH)), np.zeros(WIDTH, np.int64)
    values[-1, 1] = -1.0 if arms > 1 else 0.0
    choose(values, greedy * 0.9, uniform * 0.9, np.full(WIDTH, 1.0 - 2.0**-53), cells)
    actions = cells // WIDTH
    assert actions[:2].tolist() == [arms - 1, arms - 1 if uniform > 0.0 else max(arms - 2, 0)]
    assert (np.delete(actions, 1) == arms - 1).all()


@jit.compiled
def choose(values, greedy, uniform, draws, cells):
    numbers, last = flat(values), values.size
    best, ties, _ = lanes.rank(numbers, 0, last)
    chosen, _, _ = lanes.choose_greedily(
        numbers, numbers, best, best, greedy * (1.0 / ties), uniform, load(flat(draws), 0), 0, last
    )
    store(flat(cells), 0, chosen)


@jit.compiled
def choose_both_ways(values, means, greedy, uniform, draws, cells, expected):
    numbers, last, u = flat(values), values.size, load(flat(draws), 0)
    best, ties, leaders = lanes.rank(numbers, 0, last)
    means_sum, gaps_sum, top = eight(0.0), eight(0.0), lanes.highest(flat(means), 0, last)
    for at in range(0, last, WIDTH):
        means_sum += load(flat(means), at)
        gaps_sum += top - load(flat(means), at)
    sums, share = (means_sum, gaps_sum), greedy * (1.0 / ties)
    one, paid, lost = lanes.choose_leaders(leaders, flat(means), top, sums, greedy, uniform, u, 0, last)
    other, gained, missed = lanes.choose_greedily(numbers, flat(means), top, best, share, uniform, u, 0, last)
    store(flat(cells), 0, one)
    store(flat(cells), WIDTH, other)
    store(flat(expected), 0, paid)
    store(flat(expected), WIDTH, gained)
    store(flat(expected), 2 * WIDTH, lost)
    store(flat(expected), 3 * WIDTH, missed)


@settings(deadline=None)  # the first time it compiles
@given(st.integers(1, 12), st.floats(0.0, 1.0), st.integers(0, 2**32))
def test_a_single_best_arm_is_chosen_as_one_among_ties(arms, epsilon, seed):
    rng = np.random.default_rng(seed)
    values, means = rng.permuted(np.arange(arms * 8.0).reshape(arms, 8), axis=0), rng.normal(size=(arms, 8))
    cells, expected = np.empty((2, WIDTH), dtype=np.int64), np.empty((4, WIDTH))
    draws = rng.random(WIDTH)
    draws[:2] = 0.0, 1.0 - 2.0**-53
    choose_both_ways(values, means, 1.0 - epsilon, epsilon * (1.0 / arms), draws, cells, expected)
    np.testing.assert_allclose(expected[0], expected[1], rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(expected[2], expected[3], rtol=1e-13, atol=1e-13)
    edges = np.cumsum(np.where(values == values.max(axis=0), 1.0 - epsilon, 0.0) + epsilon / arms, axis=0)
    apart = np.abs(edges - draws).min(axis=0) > 1e-12
    np.testing.assert_array_equal(cells[0][apart], cells[1][apart])
    assert np.isin(cells[0] // WIDTH, np.arange(arms)).all()


@jit.compiled
def integrate(law, values, scales, room, p):
    perturbation.propensities(law, flat(values), flat(scales), flat(room), flat(p), 0, values.size)


LAWS = [(perturbation.GUMBEL, gumbel_propensities), (perturbation.NORMAL, gaussian_propensities)]


@pytest.mark.parametrize(("law", "propensities"), LAWS)
@pytest.mark.parametrize("spread", [0.0, 0.3, 1.0, 3.0])
def test_propensities_of_eight_runs_are_those_of_the_package(spread, law, propensities):
    rng = np.random.default_rng(0)
    for arms in (1, 2, 10, 100, 1000):
        values, scales = rng.normal(size=(arms, WIDTH)), 10.0 ** rng.uniform(-spread, 0.0, (arms, WIDTH))
        values[-1, 0] = -np.inf if arms > 1 else 0.0
        expected, p = propensities(values.T, scales.T).T, np.empty((arms, WIDTH))
        integrate(law, values.copy(), scales.copy(), np.empty((perturbation.NODES, arms, WIDTH)), p)
        np.testing.assert_allclose(p, expected, rtol=0.0, atol=2e-13)


@pytest.mark.parametrize("law", [perturbation.GUMBEL, perturbation.NORMAL])
def test_scales_too_far_apart_for_the_quadrature_give_nan_and_are_left_to_the_reference(law):
    scales, p = np.ones((2, WIDTH)), np.empty((2, WIDTH))
    scales[0] = 1e-25
    integrate(law, np.zeros((2, WIDTH)), scales, np.empty((perturbation.NODES, 2, WIDTH)), p)
    assert np.isnan(p).all()
