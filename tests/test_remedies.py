"""Errors name a way out: what was given, and what to write instead."""

import numpy as np
import pytest
from cases import in_one_test

import boltzmann_rl as brl
from boltzmann_rl.planning import MDP, action_values, backward_induction, policy_values, value_iteration

LAKE = brl.Environment("FrozenLake-v1", max_episode_steps=20)
BANDIT = {"name": "x", "problem": brl.GaussianBandit(), "agents": {"rule": brl.recommended(10)}, "runs": 1, "steps": 1}


@in_one_test(
    ("attempt", "message"),
    [
        (lambda: backward_induction(LAKE.make(), 100), r"mdp must be an MDP, such as MDP\.of\(env\), got "),
        (lambda: value_iteration(LAKE.make(), 0.9), r"mdp must be an MDP, such as MDP\.of\(env\), got "),
        (lambda: action_values(LAKE.make(), np.zeros(16), 0.9), r"mdp must be an MDP, such as MDP\.of\(env\), got "),
        (lambda: policy_values(LAKE.make(), [0.25] * 4, 0.9), r"mdp must be an MDP, such as MDP\.of\(env\), got "),
        (lambda: backward_induction(MDP.of(LAKE.make()), limit=100), "did you mean steps="),
        (lambda: brl.NoiseEstimate(brl.Boltzmann(0.1)), "learner must have start.* without start, values, update"),
        (lambda: brl.EveryActionFirst(brl.recommended(2)), "learner must have start.* without start, values, update"),
        (lambda: brl.ValueDifference(brl.Greedy(), 1.0), "learner must have start"),
        (lambda: brl.RewardBasedDecay(brl.QLearning, 0.0, 1.0, 2), r"such as QLearning\(\.\.\.\), got the class"),
        (lambda: brl.Agent(brl.Greedy(), brl.QLearning()), "Agent takes the learner first"),
        (lambda: brl.Boltzmann(brl.GreedyByVisits), r"such as GreedyByVisits\(\.\.\.\), got the class"),
        (
            lambda: brl.Agent(brl.QLearning(), brl.RelativeToNoise(0.2)),
            r"got a unit of temperature: Boltzmann\(RelativeToNoise\(scale=0\.2\)\)",
        ),
        (lambda: brl.RescaledBandit(LAKE.make(), 10), r"Environment\(id, wrap=RescaledRewards\(factor\)\)"),
        (lambda: brl.RescaledBandit(LAKE, 10), r"Environment\(id, wrap=RescaledRewards\(factor\)\)"),
        (lambda: brl.BanditExperiment(**BANDIT, regret=True), "regret is always measured in a bandit"),
        (lambda: brl.BoltzmannGumbel(-1.0), "scale must be above 0, got -1"),
        (lambda: brl.BoltzmannGumbel(0.0), "scale must be above 0, got 0"),
        (lambda: brl.BoltzmannGumbel(), r"needs scale=.*boltzmann_rl\.recommended"),
        (lambda: brl.recommended(10, steps=1e4), r"steps must be an integer, got 10000\.0: write 10_000"),
        (lambda: brl.recommended(10, steps=np.float64(50)), "write 50"),
    ],
)
def test_mistakes_are_refused_with_a_way_out(attempt, message):
    with pytest.raises((TypeError, ValueError), match=message):
        attempt()


def test_a_scale_without_default_is_explained_only_where_it_explores():
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        brl.RelativeToNoise()
