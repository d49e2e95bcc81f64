"""Declarations of wrappers: the argument ``wrap`` of `Environment`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from boltzmann_rl.arguments import as_finite, as_integer, as_positive, real_array, set_fields
from boltzmann_rl.arguments.near_names import dataclass

if TYPE_CHECKING:
    from boltzmann_rl.environments.linear_features import LinearFeatures
    from boltzmann_rl.environments.numbered import Numbering
    from boltzmann_rl.environments.rescaled import RewardRescaling
    from boltzmann_rl.environments.tile_coding import TileCoding


@dataclass(frozen=True)
class LinearObservations:
    """`LinearFeatures` as an argument of `Environment`: ``Environment(id, wrap=LinearObservations())``.

    Example:
        >>> import gymnasium
        >>> LinearObservations()(gymnasium.make("CartPole-v1")).observation_space.features
        5
    """

    def __call__(self, env: Any) -> "LinearFeatures":
        """The environment, wrapped."""
        from boltzmann_rl.environments.linear_features import LinearFeatures

        return LinearFeatures(env)


@dataclass(frozen=True)
class Numbered:
    """`Numbering` as an argument of `Environment`: ``Environment(id, wrap=Numbered())``.

    Without a ``wrap``, `Environment` numbers such observations by default.

    Example:
        >>> import gymnasium
        >>> Numbered()(gymnasium.make("Blackjack-v1")).observation_space
        Discrete(704)
        >>> gymnasium.make_vec("Blackjack-v1", num_envs=2, wrappers=[Numbered()]).single_observation_space
        Discrete(704)
    """

    def __call__(self, env: Any) -> "Numbering":
        """The environment, wrapped."""
        from boltzmann_rl.environments.numbered import Numbering

        return Numbering(env)


@dataclass(frozen=True)
class RescaledRewards:
    """`RewardRescaling` as an argument of `Environment`: ``Environment(id, wrap=RescaledRewards(0.01))``.

    Observations with discrete parts are numbered, as without a ``wrap``. ``wrap=`` takes one wrapper: to combine two,
    such as `TileCoded` and this one, write a frozen dataclass whose ``__call__(env)`` applies both.

    Args:
        factor: Finite, above 0.
        offset: Finite, in units of the rescaled reward.

    Example:
        >>> from boltzmann_rl.declared_environments.environment import Environment
        >>> env = Environment("CliffWalking-v1", wrap=RescaledRewards(factor=0.01)).make()
        >>> env.reset(seed=0)[0], env.step(0)[1]
        (36, -0.01)
    """

    factor: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        set_fields(self, factor=as_positive(self.factor, "factor"), offset=as_finite(self.offset, "offset"))

    def __call__(self, env: Any) -> "RewardRescaling":
        """The environment, wrapped."""
        from boltzmann_rl.environments.numbered import Numbering, has_discrete_parts
        from boltzmann_rl.environments.rescaled import RewardRescaling

        numbered = Numbering(env) if has_discrete_parts(env.observation_space) else env
        return RewardRescaling(numbered, self.factor, self.offset)


@dataclass(frozen=True)
class TileCoded:
    """`TileCoding`, with its arguments, as an argument of `Environment`: ``Environment(id, wrap=TileCoded())``.

    Example:
        >>> import gymnasium
        >>> TileCoded(tilings=16, tiles=(4, 8), high=[0.6, 0.07])
        TileCoded(tilings=16, tiles=(4, 8), low=None, high=(0.6, 0.07))
        >>> TileCoded()(gymnasium.make("MountainCar-v0")).observation_space
        ActiveFeatures(groups=8, size=81)
    """

    tilings: int = 8
    tiles: int | Sequence[int] = 8
    low: float | Sequence[float] | None = None
    high: float | Sequence[float] | None = None

    def __post_init__(self) -> None:
        tiles = [as_integer(count, "tiles", minimum=1) for count in np.ravel(np.array(self.tiles, dtype=object))]
        set_fields(
            self,
            tilings=as_integer(self.tilings, "tilings", minimum=1),
            tiles=tuple(tiles) if np.ndim(self.tiles) else tiles[0],
            low=_plain(self.low, "low"),
            high=_plain(self.high, "high"),
        )

    def __call__(self, env: Any) -> "TileCoding":
        """The environment, wrapped."""
        from boltzmann_rl.environments.tile_coding import TileCoding

        return TileCoding(env, self.tilings, self.tiles, self.low, self.high)


def _plain(bound: Any, name: str) -> Any:
    """A bound in canonical form: None, a float, or a tuple of floats."""
    if bound is None:
        return None
    finite = [as_finite(float(number), name) for number in real_array(bound, name).flat]
    return tuple(finite) if np.ndim(bound) else finite[0]
