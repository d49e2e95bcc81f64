"""What a reward may be: the same for an environment, a vector of environments, and a bandit learner."""

import math
from fractions import Fraction

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium.spaces import Discrete, MultiDiscrete

from boltzmann_rl import Agent, QLearning, SampleAverage, Training, Uniform
from boltzmann_rl.arguments import as_reward, as_rewards

LEGAL = {
    "int": (3, 3.0),
    "float": (-0.5, -0.5),
    "bool": (True, 1.0),
    "numpy bool": (np.False_, 0.0),
    "float32": (np.float32(0.1), float(np.float32(0.1))),
    "uint8": (np.uint8(255), 255.0),
    "zero axes": (np.array(2.0), 2.0),
    "bool without axes": (np.array(True), 1.0),
    "fraction": (Fraction(1, 2), 0.5),
}
ILLEGAL = {
    "nan": math.nan,
    "infinite": np.float32(np.inf),
    "none": None,
    "string": "1",
    "complex": 1j,
    "two": np.ones(2),
    "beyond a float": 10**400,
}


class Paying(gymnasium.Env):
    """One observation, one action, and always the same reward."""

    observation_space, action_space = Discrete(1), Discrete(1)

    def __init__(self, reward):
        self.reward = reward

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, {}

    def step(self, action):
        return 0, self.reward, False, False, {}


class PayingVector(gymnasium.vector.VectorEnv):
    """Two of them, whose rewards are returned in the given array."""

    metadata = {"autoreset_mode": gymnasium.vector.AutoresetMode.NEXT_STEP}  # noqa: RUF012 (as Gymnasium has it)
    num_envs = 2
    single_observation_space, single_action_space = Discrete(1), Discrete(1)
    observation_space, action_space = MultiDiscrete([1, 1]), MultiDiscrete([1, 1])

    def __init__(self, rewards):
        self.rewards = rewards

    def reset(self, *, seed=None, options=None):
        return np.zeros(2, dtype=np.int64), {}

    def step(self, actions):
        return np.zeros(2, dtype=np.int64), self.rewards, np.zeros(2, dtype=bool), np.zeros(2, dtype=bool), {}


def paid_by(env):
    return next(Training(env, Agent(QLearning(1.0, 0.0), Uniform()), seed=0)).reward


@in_one_test("form", LEGAL)
def test_a_reward_is_the_same_number_wherever_it_enters(form):
    reward, number = LEGAL[form]
    learner, rng = SampleAverage(), np.random.default_rng(0)
    learned = learner.update(learner.start((1, 1), rng), 0, reward, None, rng)
    objects = np.empty(2, dtype=object)
    objects[:] = [reward, reward]
    seen = [as_reward(reward), as_rewards([reward])[0], learner.values(learned)[0, 0], paid_by(Paying(reward))]
    seen += [paid_by(PayingVector(np.array([reward, reward]))), paid_by(PayingVector(objects))]
    seen += [paid_by(gymnasium.vector.SyncVectorEnv([lambda: Paying(reward)] * 2))]
    assert seen == [number] * 7
    assert all(isinstance(found, float) for found in seen)


@in_one_test("form", ILLEGAL)
def test_an_invalid_reward_is_refused_wherever_it_enters(form):
    reward = ILLEGAL[form]
    learner, rng = SampleAverage(), np.random.default_rng(0)
    state = learner.start((1, 1), rng)
    objects = np.empty(2, dtype=object)
    objects[:] = [reward, reward]
    for attempt in (
        lambda: as_reward(reward),
        lambda: as_rewards(objects),
        lambda: learner.update(state, 0, reward, None, rng),
        lambda: paid_by(Paying(reward)),
        lambda: paid_by(PayingVector(objects)),
    ):
        with pytest.raises((TypeError, ValueError), match="reward"):
            attempt()
    assert state.pulls.tolist() == [[0.0]]
