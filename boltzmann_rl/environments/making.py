"""Making environments that were declared, and checking their time limits."""

from collections.abc import Callable, Mapping
from typing import Any

import gymnasium

from boltzmann_rl.environments.interface import layers_of, name_of
from boltzmann_rl.environments.numbered import Numbering, has_discrete_parts


def made(
    id: str, max_episode_steps: int | None, options: Mapping[str, Any], wrap: Callable[[Any], Any] | None
) -> "gymnasium.Env[Any, Any]":
    """A new environment; the arguments are those of `boltzmann_rl.Environment`.

    Raises:
        ValueError: There is no such environment.
    """
    try:
        env = gymnasium.make(id, max_episode_steps=max_episode_steps, **options)
    except gymnasium.error.Error as error:
        raise ValueError(f"there is no environment {id!r} to be made: {error}") from error
    if wrap is None:
        return Numbering(env) if has_discrete_parts(env.observation_space) else env
    return wrap(env)


def time_limited(env: Any) -> Any:
    """The environment, if no episode in it is endless.

    Raises:
        ValueError: It has no time limit.
    """
    if not any(isinstance(layer, gymnasium.wrappers.TimeLimit) for layer in layers_of(env)):
        raise ValueError(
            f"evaluate_every needs a time limit, since a greedy episode may never end, and {name_of(env)} has none: "
            "declare it as Environment(id, max_episode_steps=...)"
        )
    return env
