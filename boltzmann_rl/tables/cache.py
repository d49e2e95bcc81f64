"""The tables of environments declared by their ids, cached where the construction is deterministic.

A function, a subclass's ``__init__`` or a wrapper may build a different environment at every call. Tables are cached
only if the environment is built by the unmodified constructor of a known class from plain arguments, without a ``wrap``
other than `RescaledRewards`. Other environments are built for each run, as by the reference engine, and their tables
are read each time.
"""

import pickle
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec, load_env_creator
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit

from boltzmann_rl.declared_environments.environment import Environment
from boltzmann_rl.declared_environments.wraps import RescaledRewards
from boltzmann_rl.environments.rescaled import RewardRescaling
from boltzmann_rl.gridworlds import DeepSea, Garnet, ShortCorridor, WindyGridworld
from boltzmann_rl.tables.comparison import check_walk
from boltzmann_rl.tables.functions import all_original, is_original, is_plain, reached
from boltzmann_rl.tables.known import KNOWN, declares, is_unmodified, layers
from boltzmann_rl.tables.worlds import World, world_of

# Classes with deterministic constructors, except that FrozenLake without a map draws one.
_CONSTRUCTORS = (*KNOWN, DeepSea, Garnet, ShortCorridor, WindyGridworld)

# Tables by the repr of the declaration, each with what they depend on.
_cached: dict[str, tuple[bytes, World | str]] = {}
_compared: dict[str, tuple[EnvSpec | None, Any, World | str]] = {}


def read(environment: Environment) -> World | str:
    """The tables of an environment, or one line that says why it is not trusted to follow any.

    If the construction is not known to be deterministic, two environments are built and compared, once per process and
    registration of the id.

    Raises:
        ValueError: The environment declares to follow its tables, but deviates from them.

    Example:
        >>> read(Environment("FrozenLake-v1")).cumulative.shape
        (16, 4, 3)
        >>> read(Environment("CartPole-v1"))
        'CartPole-v1 has no P: only environments with transition tables are known'
    """
    world = cached(environment)
    if world is not None:
        return world
    key, spec = repr(environment), _spec(environment)
    known = _compared.get(key)
    if known is None or known[0] is not spec or known[1] is not environment.wrap:
        known = _compared[key] = spec, environment.wrap, _built(environment, times=2)
    return known[2]


def cached(environment: Environment) -> World | None:
    """The tables of an environment whose construction is known to be deterministic, else None."""
    recipe = _recipe(environment)
    if recipe is None:
        return None
    key = repr(environment)
    if key not in _cached or _cached[key][0] != recipe:
        _cached[key] = recipe, _built(environment, times=1)
    world = _cached[key][1]
    return world if isinstance(world, World) else None


def _built(environment: Environment, times: int) -> World | str:
    """The tables of newly built environments, or why they are not trusted."""
    try:
        made = [environment.make() for _ in range(times)]
    except Exception as error:  # the reference engine will raise it with its context
        return f"{environment.id} can't be made, {type(error).__name__}: {error}"
    try:
        world, *others = (world_of(env) for env in made)
        if isinstance(world, str):
            return world
        same: Any = np.array_equal
        if any(isinstance(other, str) or not all(map(same, world, other)) for other in others):
            return f"{environment.id} is different each time it is made"
        if declares(type(layers(made[0])[-1])) is not None:
            check_walk(made[0], world)
        return world
    finally:
        for env in made:
            env.close()


def _recipe(environment: Environment) -> bytes | None:
    """Everything that the construction of an environment depends on; None if it may be random."""
    spec = _spec(environment)
    if spec is None or spec.additional_wrappers or not _wraps_as_known(environment.wrap):
        return None
    maker: Any = spec.entry_point
    maker = load_env_creator(maker) if isinstance(maker, str) else maker
    options = {**spec.kwargs, **dict(environment.options)}
    if not any(maker is cls for cls in _CONSTRUCTORS) or not is_plain(options):
        return None
    if maker is FrozenLakeEnv and options.get("desc") is None and options.get("map_name", "4x4") is None:
        return None  # a random map
    construction = reached(maker, "__init__")
    if not all_original(construction):
        return None
    if not all(is_unmodified(cls) for cls in (maker, OrderEnforcing, PassiveEnvChecker, TimeLimit)):
        return None
    asked = environment.max_episode_steps, spec.max_episode_steps, spec.order_enforce, spec.disable_env_checker
    return pickle.dumps((maker.__qualname__, options, asked, construction.data))


def _wraps_as_known(wrap: Any) -> bool:
    """Whether a declaration has no wrapper, or the unmodified `RescaledRewards`."""
    if wrap is None:
        return True
    if type(wrap) is not RescaledRewards or not is_unmodified(RewardRescaling):
        return False
    made = reached(RescaledRewards, "__call__"), reached(RewardRescaling, "__init__")
    return all(is_original(*function) for found in made for function in found.functions)


def _spec(environment: Environment) -> EnvSpec | None:
    return gymnasium.registry.get(environment.id.rpartition(":")[2])
