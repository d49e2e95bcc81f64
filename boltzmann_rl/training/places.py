"""The whole state ("place") of environments for which it is known: a few plain attributes and a random stream.

Known are Gymnasium's toy-text environments, this package's grid worlds and bandits, in the wrappers that
``gymnasium.make`` puts around them, with features, and in a ``SyncVectorEnv``; and subclasses whose ``step`` and
``reset`` are known to `boltzmann_rl.tables`. An environment of another class may have more state, so it has no place.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from boltzmann_rl.arguments import as_integer
from boltzmann_rl.environments.vectors import autoreset_of, is_vector
from boltzmann_rl.tables.known import declares, is_unmodified, why_untrusted
from boltzmann_rl.training.likeness import check_like

_RANDOM = ("_np_random", "_np_random_seed")
_PLAYED = {"step", "reset", "observation", "_draw", "begin", "pull"}
_TABLE = ("s", "lastaction", *_RANDOM)

# Settings of some classes that affect the next steps.
_TAXI_AND_BLACKJACK = ("fickle_passenger", "fickle_probability", "natural", "sab")
_SETTINGS = ("bandit", "steps", "num_envs", *_TAXI_AND_BLACKJACK, "factor", "offset")


def _known() -> dict[type, tuple[str, ...]]:
    """The attributes that ``step`` and ``reset`` change, for each known class."""
    from gymnasium.envs.toy_text import BlackjackEnv, CliffWalkingEnv, FrozenLakeEnv, TaxiEnv
    from gymnasium.vector import SyncVectorEnv
    from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit

    from boltzmann_rl.bandit_environments.environments import BanditEnv, BanditVectorEnv
    from boltzmann_rl.bandit_environments.rows import Rows
    from boltzmann_rl.environments.linear_features import LinearFeatures
    from boltzmann_rl.environments.numbered import Numbering
    from boltzmann_rl.environments.rescaled import RewardRescaling
    from boltzmann_rl.environments.tile_coding import TileCoding
    from boltzmann_rl.gridworlds import DeepSea, Garnet, ShortCorridor, TabularEnv, WindyGridworld

    return {
        BanditEnv: ("_going", "_pulled", *_RANDOM),
        BanditVectorEnv: ("_begun", "_over", "_pulled", *_RANDOM),
        BlackjackEnv: ("dealer", "player", "dealer_top_card_suit", "dealer_top_card_value_str", *_RANDOM),
        CliffWalkingEnv: _TABLE,
        DeepSea: _TABLE,
        FrozenLakeEnv: _TABLE,
        Garnet: _TABLE,
        LinearFeatures: (),
        Numbering: (),
        OrderEnforcing: ("_has_reset",),
        PassiveEnvChecker: (),
        RewardRescaling: (),
        Rows: ("_world", "seen", "means", "pulls"),
        ShortCorridor: _TABLE,
        SyncVectorEnv: ("_env_obs", "_rewards", "_terminations", "_truncations", "_autoreset_envs"),
        TabularEnv: _TABLE,
        TaxiEnv: (*_TABLE, "fickle_step", "taxi_orientation"),
        TileCoding: (),
        TimeLimit: ("_elapsed_steps",),
        WindyGridworld: _TABLE,
    }


def _layers(env: Any) -> Iterator[Any]:
    """An environment, the layers inside it, and the environments of a vector."""
    yield env
    inner = [vars(env)[name] for name in ("env", "_rows") if name in vars(env) and hasattr(vars(env)[name], "__dict__")]
    for inside in (*inner, *vars(env).get("envs", ())):
        yield from _layers(inside)


def description_of(env: Any) -> list[str] | None:
    """A description of each layer of a known environment, or None for another environment.

    Example:
        >>> import gymnasium
        >>> description_of(gymnasium.make("CartPole-v1")) is None
        True
        >>> description_of(gymnasium.make("FrozenLake-v1"))[:2]
        ['TimeLimit of 100 steps', 'OrderEnforcing']
    """
    descriptions = []
    for layer in _layers(env):
        if _held(layer) is None:
            return None
        descriptions.append(" ".join([type(layer).__name__, *_settings(layer)]))
    return descriptions


def _held(layer: Any) -> tuple[str, ...] | None:
    """The attributes that ``step`` and ``reset`` change, or None if there may be others."""
    names, rng = _known().get(type(layer)), vars(layer).get("_np_random")
    if rng is not None and type(rng.bit_generator) is not np.random.PCG64:
        return None
    if names is not None and not _PLAYED & vars(layer).keys() and is_ours(getattr(layer, "bandit", None)):
        read = not {"P", "_elapsed_steps", "_has_reset"} & vars(layer).keys() or is_unmodified(type(layer))
        return names if read else None
    # A table that its author declares with steps_by_tables may keep its state under any name.
    is_table = hasattr(layer, "P") and declares(type(layer)) is None and not why_untrusted(layer, planning=True)
    return _TABLE if is_table else None


def _settings(layer: Any) -> Iterator[str]:
    """The settings of an instance that affect its next steps."""
    if hasattr(layer, "_max_episode_steps"):  # Gymnasium's TimeLimit has no public name for it
        yield f"of {layer._max_episode_steps} steps"
    if hasattr(layer, "P"):
        rows = [
            (s, a, [tuple(map(float, outcome)) for outcome in o]) for s, row in layer.P.items() for a, o in row.items()
        ]
        start, seen = [float(p) for p in layer.initial_state_distrib], getattr(layer, "_seen", None)
        yield f"with the table {hashlib.sha256(repr((rows, start, seen)).encode()).hexdigest()[:16]}"
    if hasattr(layer, "_parts"):
        yield f"of {layer._parts}"
    if hasattr(layer, "_per_unit"):
        yield f"from {layer._low.tolist()} by {layer._per_unit.tolist()} as {layer.observation_space}"
    for name in _SETTINGS:
        if name in vars(layer):
            yield f"{name}={getattr(layer, name)!r}"
    if is_vector(layer):
        yield f"resetting as {autoreset_of(layer)}"


def is_ours(declaration: Any) -> bool:
    """Whether a declaration consists of this package's dataclasses and plain data, which keep no state."""
    if isinstance(declaration, tuple):
        return all(map(is_ours, declaration))
    if is_dataclass(declaration):
        ours = type(declaration).__module__.startswith("boltzmann_rl.")
        return ours and all(is_ours(getattr(declaration, field.name)) for field in fields(declaration))
    return isinstance(declaration, int | float | str | type(None))


def place_of(env: Any) -> list[dict[str, Any]] | None:
    """The state of an environment as plain data, one dict per layer, or None if it is not known.

    Example:
        >>> import gymnasium
        >>> env = gymnasium.make("FrozenLake-v1")
        >>> _ = env.reset(seed=0)
        >>> place_of(env)[0], place_of(env)[-1]["lastaction"]
        ({'_elapsed_steps': 0}, None)
    """
    if description_of(env) is None:
        return None
    return [{name: vars(part)[name] for name in _held(part) or () if name in vars(part)} for part in _layers(env)]


def check_same(env: Any, description: Any) -> None:
    """Refuse an environment with another description than the one that was saved.

    Raises:
        ValueError: The message says which layer differs, and how.
    """
    mine = description_of(env)
    if mine == description:
        return
    pairs = zip(mine or [], description if isinstance(description, list) else [], strict=False)
    here, there = next(((one, two) for one, two in pairs if one != two), (mine, description))
    raise ValueError(f"env is {here}, and {there!s:.400} was saved")


def go_to(env: Any, place: Any) -> None:
    """Set the state of an environment that has been reset to the saved state of one with the same description.

    Raises:
        ValueError: A place that this environment can't have.
    """
    now, parts = place_of(env) or [], list(_layers(env))
    if not isinstance(place, list) or len(place) != len(now):
        raise ValueError(f"the place must have the {len(now)} layers of {env}")
    for part, there, here in zip(parts, place, now, strict=True):
        if not isinstance(there, dict) or there.keys() != here.keys():
            raise ValueError(f"the place of {type(part).__name__} must have {', '.join(here) or 'nothing'}")
        check_like(there, here, type(part).__name__)
        _check_range(part, there)
    for part, there in zip(parts, place, strict=True):
        vars(part).update(there)


def _check_range(part: Any, there: dict[str, Any]) -> None:
    """Refuse indices and counts out of range."""
    if "s" in there and as_integer(there["s"], "s") not in part.P:
        raise ValueError(f"s={there['s']} is not a state of {type(part).__name__}")
    for hand in ("dealer", "player"):
        for card in there.get(hand, ()):
            as_integer(card, f"a card of the {hand}", minimum=1, maximum=10)
        if hand in there and len(there[hand]) < 2:
            raise ValueError(f"{hand} holds {len(there[hand])} cards")
    if "_elapsed_steps" in there:
        as_integer(there["_elapsed_steps"], "_elapsed_steps")
    if "_env_obs" in there and len(there["_env_obs"]) != part.num_envs:
        raise ValueError(f"there are {len(there['_env_obs'])} observations for {part.num_envs} environments")
