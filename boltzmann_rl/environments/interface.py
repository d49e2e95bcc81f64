"""Gymnasium's interface: what an environment must have and return, and the errors for everything else.

Nothing here imports Gymnasium: objects are judged by their attributes and by the packages of their classes.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from boltzmann_rl.arguments import shown

_PARTS = ("reset", "step", "observation_space", "action_space")

# Packages whose environments have the same attributes, but with other meanings, and what to do.
_OTHERS = {
    "gym": (
        "of the old package gym: make the same one with gymnasium.make(id), or, where it exists in gym only, wrap it "
        "with shimmy: gymnasium.make('GymV26Environment-v0', env=env)"
    ),
    "pettingzoo": (
        "of PettingZoo, for several agents: write a gymnasium.Env around it that plays the other agents and returns "
        "what one of them observes"
    ),
    "stable_baselines3": (
        "of Stable-Baselines3: make the vector with gymnasium.vector.SyncVectorEnv([lambda: gymnasium.make(id), ...])"
    ),
    "torchrl": "of TorchRL: make the environment with gymnasium.make(id)",
    "dm_env": "of dm_env: wrap it with shimmy, DmControlCompatibilityV0(env)",
}


def as_environment(env: Any) -> Any:
    """``env`` itself if it is an environment or a vector of them, else a TypeError that says what it is.

    An object with ``reset``, ``step`` and the two spaces is an environment, whether or not it is a ``gymnasium.Env``.

    Example:
        >>> as_environment(lambda: None)
        Traceback (most recent call last):
            ...
        TypeError: env must be a Gymnasium environment, got the function <lambda>: call it, and give what it makes
    """
    other = None if isinstance(env, type) else next((name for name in _packages(env) if name in _OTHERS), None)
    if other is not None:
        raise TypeError(f"env must be a Gymnasium environment, got {_named(env)}, {_OTHERS[other]}")
    if isinstance(env, type) or not all(hasattr(env, part) for part in _PARTS):
        raise TypeError(f"env must be a Gymnasium environment, got {_described(env)}")
    if hasattr(env, "num_envs") and "gymnasium" not in _roots(env):
        raise TypeError(
            f"env must be a Gymnasium environment, got {_named(env)} with num_envs: a vector of environments must be a "
            "gymnasium.vector.VectorEnv, which says how its rows are reset"
        )
    for part in _PARTS[2:]:
        space = getattr(env, part)
        if "gym" in _packages(space):
            raise TypeError(
                f"env must be a Gymnasium environment, but the {part} of {name_of(env)}, {space}, is of the old "
                "package gym: make its spaces with gymnasium.spaces"
            )
    return env


def _packages(thing: Any) -> list[str]:
    """The packages of an object's class and its bases; none if one of them is Gymnasium."""
    return [] if "gymnasium" in (found := _roots(thing)) else found


def _roots(thing: Any) -> list[str]:
    return [cls.__module__.partition(".")[0] for cls in type(thing).__mro__]


def _named(env: Any) -> str:
    spec = getattr(env, "spec", None)
    return f"the {type(env).__name__} {getattr(spec, 'id', '')}".rstrip()


def _described(env: Any) -> str:
    """What an object is that is not an environment, and what to do."""
    if env is None:
        return "None: a function that makes an environment must return it"
    if isinstance(env, str):
        return f"the string {env!r}: make the environment, gymnasium.make({env!r})"
    if isinstance(env, type):
        return f"the class {env.__name__}: make an instance, such as {env.__name__}()"
    if isinstance(env, list | tuple):
        return (
            f"a {type(env).__name__} of {len(env)}: several environments are one vector, such as "
            "gymnasium.vector.SyncVectorEnv([make, make]), where make() makes an environment"
        )
    if hasattr(env, "make"):
        return f"the declaration {type(env).__name__} of {getattr(env, 'id', env)!r}: make the environment, env.make()"
    if callable(env) and not hasattr(env, "step"):
        return f"the function {getattr(env, '__name__', repr(env))}: call it, and give what it makes"
    missing = [part for part in _PARTS if not hasattr(env, part)]
    return f"{_named(env)} without {', '.join(missing)}: subclass gymnasium.Env, or wrap it in one"


def name_of(env: Any) -> str:
    """The id of an environment, or the name of its class."""
    spec = getattr(env, "spec", None)
    return str(spec.id) if spec is not None else type(getattr(env, "unwrapped", env)).__name__


def layers_of(env: Any) -> list[Any]:
    """An environment with its wrappers, the outermost first."""
    layers = [env]
    while (env := getattr(env, "env", None)) is not None and not any(env is layer for layer in layers):
        layers.append(env)
    return layers


def as_info(info: Any) -> Mapping[Any, Any]:
    """An info: a dict, or another mapping."""
    if type(info) is not dict and not isinstance(info, Mapping):
        raise TypeError(f"info must be a dict, got {shown(info)}")
    return info


def as_flag(flag: Any, name: str) -> bool:
    """``terminated`` or ``truncated`` as a bool, from a bool or a 0 or 1 of any type."""
    if isinstance(flag, bool | np.bool_):
        return bool(flag)
    found = np.asarray(flag)
    if found.size != 1 or found.dtype.kind not in "biuf" or found.item() not in (0, 1):
        raise TypeError(f"{name} must be True or False, got {shown(flag)}")
    return bool(found.item())


def explain_reset(result: Any, error: Exception) -> str:
    """What is wrong with the result of ``reset``: its form, or the error of one of its parts."""
    if isinstance(result, tuple | list) and len(result) == 2 and isinstance(result[1], Mapping):
        return str(error)
    return f"reset must return (observation, info), where info is a dict, got {shown(result)}"


def explain_step(result: Any, error: Exception) -> str:
    """What is wrong with the result of ``step``: its form, or the error of one of its parts."""
    parts = "(observation, reward, terminated, truncated, info)"
    if not isinstance(result, tuple | list):
        return f"step must return {parts}, got {shown(result)}"
    if len(result) == 4:
        return (
            f"step must return {parts}, got four values, {shown(result)}: the old API's done is now either terminated, "
            "or truncated by a time limit"
        )
    if len(result) != 5:
        return f"step must return {parts}, got {len(result)} values, {shown(result)}"
    return str(error)


def explain_refusal(error: Exception) -> str:
    """Which arguments ``reset`` must take, if it refused Gymnasium's own; else empty."""
    if isinstance(error, TypeError) and "unexpected keyword argument" in str(error):
        return f"reset must take Gymnasium's arguments, reset(self, *, seed=None, options=None): {error}"
    return ""
