"""Learners around learners, compiled for tables: every transition and value of the reference, bit for bit."""

import math

import numpy as np
import pytest

import boltzmann_rl as brl
from boltzmann_rl import Agent, Boltzmann, EpsilonBoltzmann, EpsilonGreedy, MaxBoltzmann
from boltzmann_rl.learners import EligibilityTraces, ValueDifference
from boltzmann_rl.numerics.untried import UntriedFirst
from boltzmann_rl.schedules import Exponential, Linear, Power

pytest.importorskip("numba")

from agreeing import named
from test_compiled_tabular import (
    ENVIRONMENTS,
    LAKE,
    LEARNERS,
    RIDE,
    assert_blocks_agree,
    assert_engines_agree,
)

from boltzmann_rl.engines.compiled import tabular

AROUND = {
    "first": brl.EveryActionFirst,
    "noise": brl.NoiseEstimate,
    "noise of first": lambda learner: brl.NoiseEstimate(brl.EveryActionFirst(learner)),
    "first of noise": lambda learner: brl.EveryActionFirst(brl.NoiseEstimate(learner)),
}
POLICIES = (
    Boltzmann(0.3),
    Boltzmann(0.0),
    EpsilonGreedy(Linear(1.0, 0.0, steps=50)),
    EpsilonBoltzmann(0.1, brl.EffectiveActions(1.2)),
    MaxBoltzmann(Linear(1.0, 0.0, steps=50), brl.RelativeToRange(0.5)),
    Boltzmann(brl.GreedyByVisits()),
)
OF_NOISE = (
    Boltzmann(brl.RelativeToNoise(0.3)),
    Boltzmann(brl.RelativeToNoise(Power(0.5, 0.5))),
    EpsilonBoltzmann(0.1, brl.RelativeToNoise(Exponential(0.4, 0.0004, steps=60))),
    MaxBoltzmann(0.3, brl.RelativeToNoise(lambda step: (0.0, 1.0, math.inf)[step % 3])),
)


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("learner", LEARNERS, ids=named)
def test_transitions_of_wrapped_learners_equal_the_reference(learner, around):
    policies = POLICIES if around == "first" else (*OF_NOISE, *POLICIES[::2])
    for seed, environment in enumerate(ENVIRONMENTS):
        policy = policies[seed % len(policies)]
        by_visits = policy == POLICIES[-1] or seed % 2
        agent = Agent(AROUND[around](learner), policy, "visits" if by_visits else "step")
        assert_engines_agree(environment, agent, seed, steps=60)


@pytest.mark.parametrize("policy", [POLICIES[0], OF_NOISE[1]], ids=named)
@pytest.mark.parametrize("learner", [brl.SARSA(0.4, 0.9), brl.ExpectedSARSA(0.5, 0.95)], ids=named)
def test_long_runs_of_wrapped_learners_equal_the_reference(learner, policy, monkeypatch):
    monkeypatch.setattr(tabular, "_FIRST", 8)  # so that runs are continued
    for environment in (LAKE, RIDE):
        assert_engines_agree(environment, Agent(AROUND["first of noise"](learner), policy, "visits"), 5, steps=1500)


@pytest.mark.parametrize("around", AROUND)
def test_blocks_of_wrapped_learners_equal_the_reference(around):
    policy = POLICIES[-1] if around == "first" else OF_NOISE[1]
    assert_blocks_agree(LAKE, Agent(AROUND[around](brl.QLearning(0.5, 0.9)), policy, "visits"), episodes=40)


def test_the_values_at_the_end_put_untried_actions_first():
    agent = Agent(brl.EveryActionFirst(brl.QLearning(initial=1.0)), Boltzmann(0.1))
    values = tabular.train(LAKE, agent, episodes=1, seed=0).values
    assert isinstance(values, UntriedFirst)
    assert values.shape == (16, 4)
    assert values[15].tolist() == [0.0] * 4  # a terminal state, where no action is ever taken


def test_a_state_is_left_by_each_action_once_before_any_is_repeated():
    agent = Agent(brl.EveryActionFirst(brl.QLearning(0.5)), brl.Greedy())
    for environment in (LAKE, RIDE, brl.Environment("compiled/Masked-v0")):
        places = tabular.train(environment, agent, episodes=10**6, seed=0, steps=3000).places
        with np.errstate(all="raise"):
            world = brl.tables.read(environment)
        taken = {}
        for state, action in places[:, :2].tolist():
            before, free = taken.setdefault(state, []), int(world.available[state].sum())
            assert len(before) >= free or action not in before
            before.append(action)
        assert max(map(len, taken.values())) > 6


@pytest.mark.parametrize(
    "learner",
    [
        brl.NoiseEstimate(brl.NoiseEstimate(brl.QLearning())),
        brl.EveryActionFirst(brl.EveryActionFirst(brl.QLearning())),
        brl.NoiseEstimate(ValueDifference(brl.QLearning(), 1.0)),
        brl.EveryActionFirst(EligibilityTraces(brl.QLearning(), 0.9)),
    ],
    ids=named,
)
def test_other_layers_are_left_to_the_reference(learner):
    agent = Agent(learner, Boltzmann(0.1))
    assert "is not known" in tabular.reason(LAKE, agent)
    assert_blocks_agree(LAKE, agent, runs=1, episodes=3)


def test_a_policy_with_a_memory_of_its_own_is_left_to_the_reference():
    agent = Agent(ValueDifference(brl.QLearning(), 1.0), brl.AdaptiveMaxBoltzmann(brl.RelativeToRange(0.5)))
    assert "is not known" in tabular.reason(LAKE, agent)


def test_noise_is_the_root_of_the_mean_squared_error_of_the_targets():
    agent = Agent(brl.NoiseEstimate(brl.QLearning(0.5, 0.9)), Boltzmann(brl.RelativeToNoise(1.0)))
    run = tabular.train(LAKE, agent, episodes=10**6, seed=1, steps=500)
    values, squares = np.zeros((16, 4)), 0.0
    env = LAKE.make()
    training = brl.Training(env, agent, seed=1)
    steps = zip(run.places.tolist(), run.rewards.tolist(), strict=True)
    for step, ((here, action, there, terminated, _), reward) in enumerate(steps):
        next(training)
        error = reward + (0.0 if terminated else 0.9 * values[there].max()) - values[here, action]
        values[here, action] += 0.5 * error
        squares += error**2
        assert training.look().temperature == pytest.approx(math.sqrt(squares / (step + 1)), rel=1e-12)
    env.close()
    np.testing.assert_allclose(run.values, values, rtol=1e-12)
