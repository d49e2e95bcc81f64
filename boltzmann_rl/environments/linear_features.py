"""Real observations as features, with a constant one beside them, for values that are linear in what is observed."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from gymnasium.utils import RecordConstructorArgs

from boltzmann_rl.arguments import Floats
from boltzmann_rl.arguments.near_names import dataclass

__all__ = ["Linear", "LinearFeatures", "RealFeatures"]


class RealFeatures(Box):
    """The space of observations that are real features, each with a row of weights.

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
    """A wrapper that takes the observations of a `Box` for features as they are, and appends the feature 1.

    So values are linear in what is observed, with an intercept: right for contextual bandits whose arms are, and too
    little for most control problems, where `TileCoding` is the place to begin. Features of about one size are learned
    alike fast.

    Args:
        env: A ``gymnasium.Env`` whose observations are a `Box` of one axis.

    Raises:
        TypeError: Observations that are no `Box` of one axis.

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
        # The constant lies in [0, 1]: Gymnasium warns of a dimension whose bounds are equal.
        self.observation_space = RealFeatures(np.append(space.low, 0.0), np.append(space.high, 1.0))

    def observation(self, observation: Any) -> Floats:
        """The features ``(d + 1,)``."""
        return np.append(np.asarray(observation, dtype=np.float64), 1.0)


@dataclass(frozen=True)
class Linear:
    """`LinearFeatures`, to wrap an environment where it is made: ``Environment(id, wrap=Linear())``.

    Example:
        >>> Linear()(gymnasium.make("CartPole-v1")).observation_space.features
        5
    """

    def __call__(self, env: Any) -> LinearFeatures:
        """The environment, wrapped."""
        return LinearFeatures(env)
