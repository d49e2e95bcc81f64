"""Rows of a vector that are decided one by one and read all at once: the same training as by arrays, row by row."""

from itertools import islice

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import TimeLimit
from installed import TAXI

import boltzmann_rl as brl
from boltzmann_rl import Agent, Boltzmann, Environment
from boltzmann_rl.decisions import machine
from boltzmann_rl.gridworlds import TabularEnv
from boltzmann_rl.schedules import Exponential, Linear
from boltzmann_rl.streams import back, stream
from boltzmann_rl.training.resuming import packed
from boltzmann_rl.training.training import Training

MAKES = (
    Environment("FrozenLake-v1", 9).make,
    Environment("CliffWalking-v1", 12).make,
    Environment(TAXI, 15).make,
    lambda: TimeLimit(
        TabularEnv({s: {a: [(1.0, 1 - s, s - a, False)] for a in (0, 1)} for s in (0, 1)}, [0.5, 0.5]), 3
    ),
)
AGENTS = (
    Agent(brl.QLearning(0.5), Boltzmann(0.1)),
    Agent(brl.QLearning(0.5), Boltzmann(Exponential(1.0, 0.05, steps=60))),
    Agent(brl.SARSA(0.4), brl.EpsilonGreedy(Linear(1.0, 0.0, steps=50)), "visits"),
    Agent(brl.DoubleQLearning(0.4), brl.EpsilonBoltzmann(0.1, brl.RelativeToRange(0.3))),
    Agent(brl.NoiseEstimate(brl.QLearning(0.5)), Boltzmann(brl.RelativeToNoise(0.5))),
    Agent(brl.QLearning(0.5), brl.MaxBoltzmann(0.2, Boltzmann(0.3).temperature), "visits"),
    Agent(brl.ExpectedSARSA(0.5), Boltzmann(0.2)),
    Agent(brl.EveryActionFirst(brl.QLearning()), brl.Greedy()),
    Agent(brl.QLearning(0.5), Boltzmann(lambda step: 1.0 / (1.0 + step))),
)


@pytest.fixture(params=["plain", "compiled"])
def decided(request, monkeypatch):
    """Decisions without and with Numba."""
    if request.param == "compiled":
        brl.prepare()
        if machine.decide is None:
            pytest.skip("needs Numba")
    else:
        monkeypatch.setattr(machine, "decide", None)
        monkeypatch.setattr(machine, "ready", None)


def pair(make, rows, mode, agent, seed=1):
    """A training, and the same by arrays and row by row."""
    first, second = (Training(SyncVectorEnv([make] * rows, autoreset_mode=mode), agent, seed=seed) for _ in range(2))
    second._loop.player._in_plain_rows = False
    second._loop._table._usual = lambda *parts: None
    return first, second


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize("agent", AGENTS, ids=range(len(AGENTS)))
def test_transitions_values_and_states_are_the_same(agent):
    for number, make in enumerate(MAKES):
        for rows in (1, 3):
            first, second = pair(make, rows, list(AutoresetMode)[(number + rows) % 3], agent)
            for steps in (1, 40, 50):
                assert repr(list(islice(first, steps))) == repr(list(islice(second, steps)))
            assert packed(first) == packed(second)
            assert repr(first.look()) == repr(second.look())


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_invalid_values_raise_the_same_error_before_any_draw(value):
    trainings = pair(MAKES[1], 3, AutoresetMode.NEXT_STEP, AGENTS[0])
    errors = []
    for training in trainings:
        list(islice(training, 9))
        training.values[:, 1] = value
        with pytest.raises(ValueError, match="values") as error:
            list(islice(training, 9))
        errors.append(str(error.value))
    assert errors[0] == errors[1]
    assert packed(trainings[0]) == packed(trainings[1])


@pytest.mark.parametrize("reward", [np.nan, np.inf, -np.inf])
def test_an_invalid_reward_raises_the_error_that_names_its_row(reward):
    errors = []
    for training in pair(MAKES[1], 3, AutoresetMode.NEXT_STEP, AGENTS[0]):
        step = training.env.step

        def spoilt(actions, step=step):
            observations, rewards, *rest = step(actions)
            rewards[1] = reward
            return observations, rewards, *rest

        training.env.step = spoilt
        with pytest.raises(ValueError, match=r"row 1.*reward must be") as error:
            next(training)
        errors.append(str(error.value))
    assert errors[0] == errors[1]


def test_an_observation_outside_its_space_raises_the_error_that_names_its_row():
    errors = []
    for training in pair(MAKES[1], 3, AutoresetMode.NEXT_STEP, AGENTS[0]):
        step = training.env.step
        training.env.step = lambda actions, step=step: (np.array([36, 36, 48]), *step(actions)[1:])
        with pytest.raises(ValueError, match=r"row 2.*observation 48 lies outside") as error:
            next(training)
        errors.append(str(error.value))
    assert errors[0] == errors[1]


def test_a_mask_that_appears_after_steps_without_one_is_still_refused():
    for training in pair(MAKES[1], 2, AutoresetMode.NEXT_STEP, AGENTS[0]):
        list(islice(training, 6))
        step = training.env.step
        training.env.step = lambda actions, step=step: (
            *step(actions)[:4], {"action_mask": np.ones((2, 4), dtype=np.int8)}
        )  # fmt: skip
        with pytest.raises(ValueError, match="comes after decisions without one"):
            list(islice(training, 4))


def test_a_generator_that_moved_back_is_where_it_was():
    rng = stream(0, "action")
    rng.integers(5, dtype=np.uint32)
    before = rng.bit_generator.state
    rng.random(7)
    back(rng, 7)
    assert rng.bit_generator.state == before
