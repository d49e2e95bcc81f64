"""Rewards in other units: environments and bandits, their tables and plans, and both engines."""

import dataclasses
import math
import warnings

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium.utils.env_checker import check_env
from gymnasium.wrappers import TransformReward
from hypothesis import given, strategies as st
from installed import TAXI

import boltzmann_rl as brl
from boltzmann_rl import Environment, RescaledRewards, RewardRescaling
from boltzmann_rl.engines.reference import episodes as reference
from boltzmann_rl.planning import MDP, action_values, policy_values, value_iteration
from boltzmann_rl.tables import read, rescaling, world_of

GARNET = "boltzmann_rl.gridworlds:boltzmann_rl/Garnet-v0"


def steps_of(env, steps=200, seed=3):
    """Observations, rewards and ends of random play."""
    rng, told = np.random.default_rng(0), [env.reset(seed=seed)[0]]
    for _ in range(steps):
        answer = env.step(int(rng.integers(env.action_space.n)))
        told.append(answer[:4])
        if answer[2] or answer[3]:
            told.append(env.reset()[0])
    return told


@pytest.mark.parametrize("id", ["FrozenLake-v1", "CliffWalking-v1", TAXI, GARNET])
def test_the_environment_is_gymnasiums_own_with_transformed_rewards(id):
    ours = RewardRescaling(gymnasium.make(id), 0.3, -1.7)
    theirs = TransformReward(gymnasium.make(id), lambda reward: 0.3 * reward - 1.7)
    assert steps_of(ours) == steps_of(theirs)
    assert {type(answer[1]) for answer in steps_of(ours) if isinstance(answer, tuple)} == {float}


def test_gymnasiums_checker_finds_no_fault_and_makes_it_again_from_its_spec():
    env = RewardRescaling(gymnasium.make("FrozenLake-v1", disable_env_checker=True), 2.0, offset=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "WARN: The environment.*is different from the unwrapped version")
        warnings.filterwarnings("ignore", ".*different from the unwrapped version")
        check_env(env, skip_render_check=True)
    again = gymnasium.make(env.spec)
    assert (again.factor, again.offset) == (2.0, 1.0)


@in_one_test(("factor", "offset"), [(1.0, 0.0), (0.1, 0.3), (1e-3, -1e6), (7, 0)])
@in_one_test("id", ["FrozenLake-v1", TAXI, GARNET])
def test_tables_have_the_very_rewards_that_steps_pay(id, factor, offset):
    plain, wrapped = read(Environment(id)), read(Environment(id, wrap=RescaledRewards(factor, offset)))
    for name in ("cumulative", "following", "ends", "start", "available", "limit"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(wrapped, name))
    for s, a, k in np.argwhere(plain.following >= 0):
        assert wrapped.rewards[s, a, k] == float(factor) * float(plain.rewards[s, a, k]) + float(offset)


def test_rescalings_within_each_other_and_time_limits_apply_from_the_inside():
    env = gymnasium.wrappers.TimeLimit(RewardRescaling(gymnasium.make("FrozenLake-v1"), 0.1, 0.2), 5)
    env = RewardRescaling(env, 3.0, -1.0)
    assert rescaling(env)(1.0) == 3.0 * (0.1 * 1.0 + 0.2) - 1.0
    assert world_of(env).limit == 5
    assert world_of(env).rewards[14].max() == 3.0 * (0.1 * 1.0 + 0.2) - 1.0
    env.reset(seed=0)
    assert env.step(0)[1] == 3.0 * 0.2 - 1.0


@given(st.floats(0.01, 100.0), st.floats(-10.0, 10.0))
def test_the_values_of_an_endless_problem_are_rescaled_and_shifted_by_the_discounted_offset(factor, offset):
    plain, discount = gymnasium.make(GARNET, states=6), 0.8
    values = value_iteration(MDP.of(plain), discount, tolerance=1e-12).values
    moved = value_iteration(MDP.of(RewardRescaling(plain, factor, offset)), discount, tolerance=1e-12).values
    assert moved == pytest.approx(factor * values + offset / (1.0 - discount), rel=1e-9, abs=1e-9)


def test_an_offset_pays_for_each_step_of_an_episode():
    """In the corridor, uniform choice takes 12 steps in the mean: 3 for each step instead of −1 is worth 36."""
    env = RewardRescaling(gymnasium.make("boltzmann_rl.gridworlds:boltzmann_rl/ShortCorridor-v0"), 2.0, 5.0)
    assert policy_values(MDP.of(env), [0.5, 0.5], 1.0)[0] == pytest.approx(36.0, rel=1e-12)


@pytest.mark.parametrize("factor", [2.0**-7, 2.0**10])
def test_an_agent_whose_temperature_is_rescaled_too_takes_the_same_actions(factor):
    """Powers of two rescale without rounding, so everything is the same bit by bit."""

    def returns(factor):
        agent = brl.Agent(brl.QLearning(0.5), brl.Boltzmann(0.3 * factor))
        return brl.train(Environment(TAXI, wrap=RescaledRewards(factor)).make(), agent, episodes=5, seed=1)

    for moved, plain in zip(returns(factor), returns(1.0), strict=True):
        assert (moved.total_reward, moved.length) == (factor * plain.total_reward, plain.length)


def test_observations_with_discrete_parts_are_numbered_as_without_it():
    env = Environment("Blackjack-v1", wrap=RescaledRewards(2.0, 1.0)).make()
    assert env.observation_space == Environment("Blackjack-v1").make().observation_space
    plain = steps_of(Environment("Blackjack-v1").make())
    expected = [(a, 2.0 * r + 1.0, *ends) for a, r, *ends in (one for one in plain if isinstance(one, tuple))]
    assert [one for one in steps_of(env) if isinstance(one, tuple)] == expected


def test_a_declaration_is_complete_and_canonical():
    declared = Environment("FrozenLake-v1", wrap=RescaledRewards(factor=2, offset=np.float32(0.5)))
    assert repr(declared.wrap) == "RescaledRewards(factor=2.0, offset=0.5)"
    assert declared == Environment("FrozenLake-v1", wrap=RescaledRewards(2.0, 0.5))
    assert dataclasses.replace(declared.wrap, factor=3.0) == RescaledRewards(3.0, 0.5)


def test_an_experiment_runs_rescaled_tables_in_the_compiled_engine_with_the_numbers_of_the_reference():
    tabular = pytest.importorskip("boltzmann_rl.engines.compiled.tabular")
    agent, work = brl.Agent(brl.SARSA(0.4), brl.EpsilonGreedy(0.2)), {"first": 0, "runs": 2, "episodes": 30, "seed": 1}
    environment = Environment("CliffWalking-v1", 60, wrap=RescaledRewards(0.01, 0.37))
    assert tabular.reason(environment, agent) == ""
    found, expected = (engine.simulate(environment, agent, **work) for engine in (tabular, reference))
    assert found.curves["return"].mean.tobytes() == expected.curves["return"].mean.tobytes()
    assert len(np.unique(found.curves["return"].mean)) > 5


@in_one_test("make", [RescaledRewards, lambda *given: RewardRescaling(gymnasium.make(GARNET), *given)])
@in_one_test(
    ("given", "error", "message"),
    [
        ((0.0,), ValueError, "factor must be above 0, got 0.0"),
        ((-1.0,), ValueError, "factor must be 0 or more|factor must be .*got -1"),
        ((math.inf,), ValueError, "factor must be finite, got inf"),
        ((math.nan,), ValueError, "factor must be .*nan"),
        ((1.0, -math.inf), ValueError, "offset must be finite, got -inf"),
        (("2",), TypeError, "factor must be a number, got '2'"),
        ((1.0, None), TypeError, "offset must be a number, got None"),
    ],
)
def test_factors_and_offsets_out_of_range_are_refused(make, given, error, message):
    with pytest.raises(error, match=message):
        make(*given)


def test_action_values_at_hand_are_rescaled():
    env = RewardRescaling(gymnasium.make("CliffWalking-v1"), 0.5, 1.0)
    assert action_values(MDP.of(env), np.zeros(48), 1.0)[36].tolist() == [0.5, -49.0, 0.5, 0.5]
