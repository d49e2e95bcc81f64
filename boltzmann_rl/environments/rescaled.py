"""Rewards in other units: multiplied by a factor, and shifted by an offset."""

from typing import Any

import gymnasium
from gymnasium.utils import RecordConstructorArgs

from boltzmann_rl.arguments import as_finite, as_positive


class RewardRescaling(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """A wrapper that returns factor·reward + offset as the reward of each step.

    Action values, and so temperatures, are in units of the reward. A rule that does not depend on the factor takes the
    same actions for each, up to rounding, if there is no offset and initial values are multiplied too. An offset is
    paid at each step, so that it also rewards or punishes long episodes.

    An environment that is known to follow its tables is still known within this wrapper: see
    ``help(boltzmann_rl.tables)``.

    Args:
        env: A ``gymnasium.Env``.
        factor: Finite, above 0.
        offset: Finite, in units of the rescaled reward.

    Example:
        >>> env = RewardRescaling(gymnasium.make("CliffWalking-v1"), factor=0.5, offset=1.0)
        >>> env.reset(seed=0)[0], env.step(0)[1]
        (36, 0.5)
    """

    def __init__(self, env: Any, factor: float = 1.0, offset: float = 0.0) -> None:
        RecordConstructorArgs.__init__(self, factor=factor, offset=offset)
        gymnasium.Wrapper.__init__(self, env)
        self.factor, self.offset = as_positive(factor, "factor"), as_finite(offset, "offset")

    def step(self, action: Any) -> tuple[Any, float, bool, bool, Any]:
        """The environment's result, with the rescaled reward."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, self.factor * float(reward) + self.offset, terminated, truncated, info
