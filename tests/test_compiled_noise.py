"""Exploration in units of the noise, and every action first, in the compiled engine: the same as in the reference."""

import math

import numpy as np
import pytest
from agreeing import assert_engines_agree
from cases import in_one_test

from boltzmann_rl import (
    UCB1,
    Agent,
    BernoulliBandit,
    Boltzmann,
    BoltzmannGumbel,
    ConstantStep,
    EpsilonBoltzmann,
    EpsilonGreedy,
    EveryActionFirst,
    GaussianBandit,
    GaussianPosterior,
    GaussianThompson,
    GradientPreferences,
    Greedy,
    GreedyByVisits,
    GreedyProbability,
    HeavyTailedBandit,
    ImportanceWeightedRewards,
    MaxBoltzmann,
    NoiseEstimate,
    RelativeToNoise,
    RelativeToSpread,
    RescaledBandit,
    SampleAverage,
    SwitchingBandit,
    UCB1Tuned,
)
from boltzmann_rl.schedules import Complement, Exponential, Linear, Power

pytest.importorskip("numba")

from boltzmann_rl.engines.compiled import bandit_kernel, bandits as compiled

LEARNERS = (
    SampleAverage(),
    SampleAverage(initial=5.0, count_initial=True),
    ConstantStep(0.1, initial=1.0),
    UCB1(exploration=0.3),
    UCB1(RelativeToNoise(0.7)),
    UCB1Tuned(),
    GradientPreferences(0.2),
    ImportanceWeightedRewards(),
)
BANDITS = (
    GaussianBandit(),
    GaussianBandit(means=(0.3, 0.0, 0.3), sd=0.0),
    BernoulliBandit(arms=5),
    SwitchingBandit(change_probability=0.1),
    HeavyTailedBandit(arms=3),
    RescaledBandit(GaussianBandit(arms=3), 100.0, -3.0),
)
POLICIES = (
    Boltzmann(0.3),
    Greedy(),
    EpsilonGreedy(Power(1.0, per=4)),
    MaxBoltzmann(0.3, GreedyByVisits()),
    Boltzmann(GreedyProbability(Complement(Power(0.5)))),
)
NOISE = (
    Boltzmann(RelativeToNoise(0.4)),
    Boltzmann(RelativeToNoise(Exponential(0.4, 0.0004, steps=70))),
    MaxBoltzmann(Linear(1.0, 0.0, steps=30), RelativeToNoise(0.0)),
    EpsilonBoltzmann(0.1, RelativeToNoise(Power(2.0))),
)
FEW = {"runs": 20, "steps": 50}


def relative_to(bandit):
    """1e-12 of the largest numbers."""
    return 1e-12 * getattr(bandit, "factor", 1.0)


def assert_agree(bandit, learner, policy, **work):
    grows = any(type(part) in (GradientPreferences, ImportanceWeightedRewards) for part in (learner, learner.learner))
    tolerance = 1e-8 if grows else 1e-11  # rounding errors grow where rewards are divided by small probabilities
    assert_engines_agree(
        bandit, Agent(learner, policy), tolerance=tolerance, of_temperatures=max(1e-9, tolerance), **FEW | work
    )


@pytest.mark.parametrize("learner", LEARNERS, ids=repr)
def test_every_action_first_agrees_around_every_learner(learner):
    for seed, policy in enumerate(POLICIES):
        assert_agree(GaussianBandit(arms=4), EveryActionFirst(learner), policy, seed=seed)


@pytest.mark.parametrize("policy", POLICIES, ids=repr)
def test_every_action_first_agrees_on_every_bandit(policy):
    for seed, bandit in enumerate(BANDITS):
        assert_agree(bandit, EveryActionFirst(SampleAverage()), policy, seed=seed)


@pytest.mark.parametrize("learner", LEARNERS, ids=repr)
def test_temperatures_in_units_of_the_noise_agree_around_every_learner(learner):
    for seed, policy in enumerate(NOISE):
        assert_agree(GaussianBandit(arms=4), NoiseEstimate(learner), policy, seed=seed)


@pytest.mark.parametrize("policy", [*NOISE, BoltzmannGumbel(RelativeToNoise(0.35))], ids=repr)
def test_temperatures_in_units_of_the_noise_agree_on_every_bandit(policy):
    for seed, bandit in enumerate(BANDITS):
        assert_agree(bandit, NoiseEstimate(EveryActionFirst(SampleAverage())), policy, seed=seed)
        assert_agree(bandit, EveryActionFirst(NoiseEstimate(ConstantStep(0.3))), policy, seed=seed)


def test_both_layers_may_be_around_each_other_in_either_order():
    for policy in (Boltzmann(RelativeToNoise(0.4)), BoltzmannGumbel(RelativeToNoise(0.35))):
        found = []
        for learner in (
            NoiseEstimate(EveryActionFirst(SampleAverage())),
            EveryActionFirst(NoiseEstimate(SampleAverage())),
        ):
            played = compiled.simulate(GaussianBandit(), Agent(learner, policy), block=0, runs=20, steps=90, seed=4)
            found.append(played.totals["reward"].tolist())
        assert found[0] == found[1]


@pytest.mark.parametrize("bandit", BANDITS, ids=repr)
def test_indices_and_posteriors_in_units_of_the_noise_agree(bandit):
    for seed, scale in enumerate((0.7, 5.0)):
        work = FEW | {"seed": seed, "tolerance": relative_to(bandit)}
        assert_engines_agree(bandit, Agent(UCB1(RelativeToNoise(scale)), Greedy()), **work)
        assert_engines_agree(bandit, Agent(UCB1(RelativeToNoise(scale)), Boltzmann(0.2)), **work)
        learner = GaussianPosterior(RelativeToNoise(scale))
        assert_engines_agree(bandit, Agent(learner, GaussianThompson()), **work)
        assert_engines_agree(bandit, Agent(EveryActionFirst(learner), GaussianThompson()), **work)


@pytest.mark.parametrize("bandit", BANDITS, ids=repr)
def test_tuned_upper_confidence_indices_agree(bandit):
    for seed, policy in enumerate((Greedy(), EpsilonGreedy(0.1), Boltzmann(RelativeToSpread(0.3)))):
        assert_engines_agree(bandit, Agent(UCB1Tuned(), policy), seed=seed, of_temperatures=1e-9)


def test_twenty_seeds_agree():
    bandit = BernoulliBandit(arms=6)
    agents = (
        Agent(UCB1Tuned(), Greedy()),
        Agent(NoiseEstimate(EveryActionFirst(SampleAverage())), Boltzmann(RelativeToNoise(0.4))),
        Agent(NoiseEstimate(SampleAverage()), BoltzmannGumbel(RelativeToNoise(0.35))),
        Agent(SampleAverage(), Boltzmann(GreedyByVisits())),
    )
    for seed in range(20):
        agent = agents[seed % len(agents)]
        assert_engines_agree(bandit, agent, seed=seed, block=seed % 3, of_temperatures=1e-9, **FEW)


def test_long_runs_agree():
    for bandit in (GaussianBandit(), BernoulliBandit()):
        for agent in (
            Agent(UCB1Tuned(), Greedy()),
            Agent(NoiseEstimate(SampleAverage()), Boltzmann(RelativeToNoise(Exponential(0.4, 0.0004, steps=900)))),
            Agent(EveryActionFirst(SampleAverage()), Boltzmann(GreedyByVisits())),
        ):
            assert_engines_agree(bandit, agent, runs=20, steps=900, of_temperatures=1e-9)


def test_a_prior_after_every_action_agrees():
    learner = EveryActionFirst(GaussianPosterior(0.5, prior_mean=1.0, prior_sd=0.7))
    for seed, bandit in enumerate(BANDITS):
        work = FEW | {"seed": seed, "tolerance": relative_to(bandit)}
        assert_engines_agree(bandit, Agent(learner, GaussianThompson()), **work)


@in_one_test(
    "agent",
    [
        Agent(NoiseEstimate(NoiseEstimate(SampleAverage())), Boltzmann(0.4)),
        Agent(EveryActionFirst(GaussianPosterior()), Boltzmann(0.3)),
        Agent(NoiseEstimate(UCB1()), BoltzmannGumbel(RelativeToNoise(0.3))),
        Agent(UCB1(RelativeToNoise(0.0)), Greedy()),
        Agent(NoiseEstimate(GaussianPosterior()), Boltzmann(0.3)),
    ],
    ids=repr,
)
def test_other_layers_are_left_to_the_reference_with_a_reason_in_a_line(agent):
    said = compiled.reason(GaussianBandit(), agent)
    assert said
    assert "\n" not in said


def test_an_infinite_scale_is_uniform_in_both_engines_also_without_noise():
    from boltzmann_rl.engines.reference import bandits as reference

    found = []
    for engine, scale in (
        (reference, RelativeToNoise(math.inf)),
        (compiled, RelativeToNoise(math.inf)),
        (compiled, 1e9),
    ):
        agent = Agent(NoiseEstimate(SampleAverage()), Boltzmann(scale))
        played = engine.simulate(GaussianBandit((0.0, 1.0), sd=0.0), agent, block=0, runs=5, steps=40, seed=0)
        found.append(played.totals["reward"].tolist())
    assert found[0] == found[1] == found[2]


def test_the_noise_is_that_of_numpy():
    """Of one arm, so that the actions are known: the temperature is the standard deviation of the rewards so far."""
    agent = Agent(NoiseEstimate(SampleAverage()), Boltzmann(RelativeToNoise(1.0)))
    work = {"block": 0, "runs": 1, "seed": 2}
    played = compiled.simulate(GaussianBandit((1e3,)), agent, steps=200, windows=200, **work)
    rewards = played.windows["reward"][0]
    found = played.curves["temperature"].mean
    assert np.isinf(found[:2]).all()
    assert found[2:] == pytest.approx([np.std(rewards[:n], ddof=1) for n in range(2, 200)], rel=1e-9)


def test_the_kernel_is_compiled_once_for_mixtures_once_for_units_of_temperature_and_once_for_perturbed_indices():
    """Compiling takes seconds: whatever else differs between agents must be a number or an array of the same type."""
    agents = [Agent(learner, policy) for learner in LEARNERS for policy in POLICIES]
    agents += [Agent(NoiseEstimate(learner), policy) for learner in LEARNERS for policy in NOISE]
    agents += [Agent(NoiseEstimate(SampleAverage()), BoltzmannGumbel(RelativeToNoise(0.35)))]
    agents += [Agent(SampleAverage(), BoltzmannGumbel(0.35)), Agent(GaussianPosterior(), GaussianThompson())]
    for bandit in BANDITS:
        for agent in agents:
            compiled.simulate(bandit, agent, block=0, runs=3, steps=2, seed=0)
    assert len(bandit_kernel.run_steps.signatures) <= 3
