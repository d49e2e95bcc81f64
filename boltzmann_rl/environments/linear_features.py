"""Real observations as features, with a constant feature 1, for values that are linear in the observation."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from gymnasium.utils import RecordConstructorArgs

from boltzmann_rl.arguments import Floats


class RealFeatures(Box):
    """The space of observations that are real features.

    Attributes:
        features: The number of features.

    Example:
        >>> RealFeatures(low=np.array([-1.0, 1.0]), high=np.array([1.0, 1.0])).features
        2
    """

    def __init__(self, low: Floats, high: Floats) -> None:
        super().__init__(low, high, dtype=np.float64)
        self.features = len(low)


class LinearFeatures(gymnasium.ObservationWrapper[Any, Any, Any], RecordConstructorArgs):
    """A wrapper whose features are the observations of a `Box`, with the constant feature 1 appended.

    Values are then linear in the observation, with an intercept. That suits contextual bandits with linear arms; most
    control problems need more, such as `TileCoding`. Scale observations to a similar size, so that all weights learn
    equally fast.

    Args:
        env: A ``gymnasium.Env`` whose observations are a `Box` of one axis.

    Raises:
        TypeError: Observations that are not a `Box` of one axis.

    Example:
        >>> env = LinearFeatures(gymnasium.make("CartPole-v1"))
        >>> env.reset(seed=0)[0].round(3), env.observation_space.features
        (array([ 0.014, -0.023, -0.046, -0.048,  1.   ]), 5)
    """

    def __init__(self, env: Any) -> None:
        RecordConstructorArgs.__init__(self)
        gymnasium.ObservationWrapper.__init__(self, env)
        space = env.observation_space
        if not isinstance(space, Box) or len(space.shape) != 1:
            raise TypeError(f"linear features need observations that are a Box of one axis, got {space}")
        # The constant's bounds are 0 and 1, since Gymnasium warns of equal bounds.
        self.observation_space = RealFeatures(np.append(space.low, 0.0), np.append(space.high, 1.0))

    def observation(self, observation: Any) -> Floats:
        """The features ``(d + 1,)``."""
        return np.append(np.asarray(observation, dtype=np.float64), 1.0)
