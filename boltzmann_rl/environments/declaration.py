"""Gymnasium environments as a table or linear values see them: indices or features, every answer checked."""

from collections.abc import Mapping
from typing import Any

import gymnasium

from boltzmann_rl.arguments import as_callable, as_integer, set_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.environments.numbered import Numbering, has_discrete_parts

__all__ = ["Environment"]


@dataclass(frozen=True)
class Environment:
    """A Gymnasium environment by its id, to be made where it is run.

    Args:
        id: As for ``gymnasium.make``.
        max_episode_steps: Where an episode is truncated; default: what the id is registered with, maybe never.
        options: Keyword arguments of the environment, a mapping (kept as sorted pairs, so that it prints).
        wrap: What is put around the environment: `TileCoded`, `Linear`, `Numbered`, or any callable ``env -> env``
            whose print says all (a frozen dataclass). Where there is none, observations that are made of discrete parts
            (`Tuple`, `Dict`, `MultiDiscrete`, `MultiBinary`) are numbered, as by `Numbered`.

    Where an environment is known or declared to be its transition tables, also under a ``TimeLimit`` that ``wrap`` puts
    around it, the compiled engine may play it without stepping it: see ``help(boltzmann_rl.tables)``.

    Example:
        >>> Environment("FrozenLake-v1", options={"is_slippery": False})
        Environment(id='FrozenLake-v1', max_episode_steps=None, options=(('is_slippery', False),))
        >>> from boltzmann_rl.environments.linear_features import Linear
        >>> Environment("CartPole-v1", wrap=Linear())
        Environment(id='CartPole-v1', max_episode_steps=None, options=(), wrap=Linear())
        >>> Environment("Blackjack-v1").make().observation_space
        Discrete(704)
    """

    id: str
    max_episode_steps: int | None = None
    options: Any = ()
    wrap: Any = None

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id:
            raise TypeError(f"id must be the id of a Gymnasium environment, got {self.id!r}")
        limit = self.max_episode_steps
        if limit is not None:
            limit = as_integer(limit, "max_episode_steps", minimum=1)
        options = dict(self.options) if isinstance(self.options, Mapping) else dict(tuple(self.options))
        if self.wrap is not None:
            as_callable(self.wrap, "wrap", "wrap(env) -> env")
        options = {name: _tuples(option) for name, option in options.items()}
        set_fields(self, max_episode_steps=limit, options=tuple(sorted(options.items())))

    def __repr__(self) -> str:
        names = ("id", "max_episode_steps", "options") + ("wrap",) * (self.wrap is not None)  # as before there was one
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def make(self) -> "gymnasium.Env[Any, Any]":
        """The environment itself."""
        try:
            env = gymnasium.make(self.id, max_episode_steps=self.max_episode_steps, **dict(self.options))
        except gymnasium.error.Error as error:
            raise ValueError(f"there is no environment {self.id!r} to be made: {error}") from error
        if self.wrap is None:
            return Numbering(env) if has_discrete_parts(env.observation_space) else env
        return self.wrap(env)


def _tuples(option: Any) -> Any:
    """Lists as tuples, which hash."""
    return tuple(map(_tuples, option)) if isinstance(option, list | tuple) else option
