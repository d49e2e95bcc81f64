"""A contextual bandit for the agents of every library."""

import gymnasium
import numpy as np


class Contexts(gymnasium.Env):
    """Observes one of three contexts; the action with its number pays 1; one decision per episode."""

    observation_space = gymnasium.spaces.Box(0.0, 1.0, (3,))
    action_space = gymnasium.spaces.Discrete(3)

    def __init__(self, contexts=3):
        self.contexts = contexts

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.context = int(self.np_random.integers(self.contexts))
        return np.eye(3, dtype=np.float32)[self.context], {}

    def step(self, action):
        return np.eye(3, dtype=np.float32)[self.context], float(action == self.context), True, False, {}
