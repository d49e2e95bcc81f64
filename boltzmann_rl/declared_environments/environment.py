"""The declaration of a Gymnasium environment: its id, options and wrapper."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from boltzmann_rl.arguments import as_callable, as_integer, set_fields
from boltzmann_rl.arguments.near_names import dataclass

if TYPE_CHECKING:
    import gymnasium


@dataclass(frozen=True)
class Environment:
    """A Gymnasium environment, declared by its id and made when it is run.

    Args:
        id: As for ``gymnasium.make``.
        max_episode_steps: Steps after which an episode is truncated; default: as registered with the id, if any.
        options: Keyword arguments of the environment, a mapping (stored as sorted pairs).
        wrap: A wrapper: `TileCoded`, `LinearObservations`, `Numbered`, `RescaledRewards`, or any callable ``env ->
            env`` with a complete repr (such as a frozen dataclass). Without one, observations with discrete parts
            (`Tuple`, `Dict`, `MultiDiscrete`, `MultiBinary`) are numbered, as by `Numbered`.

    The compiled engine may play an environment that is known to follow its transition tables, also within a
    ``TimeLimit`` or `RescaledRewards` added by ``wrap``, without stepping it: see ``help(boltzmann_rl.tables)``.

    Example:
        >>> Environment("FrozenLake-v1", options={"is_slippery": False})
        Environment(id='FrozenLake-v1', max_episode_steps=None, options=(('is_slippery', False),))
        >>> from boltzmann_rl.declared_environments.wraps import LinearObservations
        >>> Environment("CartPole-v1", wrap=LinearObservations())
        Environment(id='CartPole-v1', max_episode_steps=None, options=(), wrap=LinearObservations())
        >>> Environment("Blackjack-v1").make().observation_space
        Discrete(704)
    """

    id: str
    max_episode_steps: int | None = None
    options: Any = ()
    wrap: Callable[[Any], Any] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id:
            raise TypeError(f"id must be the id of a Gymnasium environment, got {self.id!r}")
        limit = self.max_episode_steps
        limit = None if limit is None else as_integer(limit, "max_episode_steps", minimum=1)
        options = dict(self.options) if isinstance(self.options, Mapping) else dict(tuple(self.options))
        if self.wrap is not None:
            as_callable(self.wrap, "wrap", "wrap(env) -> env")
        options = {name: _tuples(option) for name, option in options.items()}
        set_fields(self, max_episode_steps=limit, options=tuple(sorted(options.items())))

    def __repr__(self) -> str:
        names = ("id", "max_episode_steps", "options") + ("wrap",) * (self.wrap is not None)
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def make(self) -> "gymnasium.Env[Any, Any]":
        """The environment, newly made."""
        from boltzmann_rl.environments.making import made  # imported here: it imports Gymnasium

        return made(self.id, self.max_episode_steps, dict(self.options), self.wrap)


def _tuples(option: Any) -> Any:
    """Lists as tuples, which are hashable."""
    return tuple(map(_tuples, option)) if isinstance(option, list | tuple) else option
