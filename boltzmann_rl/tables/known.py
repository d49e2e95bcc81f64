"""The environments that are known to follow their transition tables, and those that declare to do so."""

import functools
from collections.abc import Callable
from typing import Any

import gymnasium
from gymnasium.envs.toy_text.cliffwalking import CliffWalkingEnv
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv
from gymnasium.envs.toy_text.taxi import TaxiEnv
from gymnasium.wrappers import (
    HumanRendering,
    OrderEnforcing,
    PassiveEnvChecker,
    RecordEpisodeStatistics,
    RenderCollection,
    TimeLimit,
)

from boltzmann_rl.environments.interface import name_of
from boltzmann_rl.environments.masks import mask_method
from boltzmann_rl.environments.rescaled import RewardRescaling
from boltzmann_rl.gridworlds import TabularEnv
from boltzmann_rl.tables.functions import Reached, digest, is_original, is_plain, overridden, reached

# The class attribute by which an environment declares to follow its tables.
DECLARATION = "steps_by_tables"

# Classes whose step and reset were reviewed, with attributes that must be false. A fickle passenger in Gymnasium's Taxi
# may change the destination, which P does not model.
KNOWN: dict[type, tuple[str, ...]] = {
    FrozenLakeEnv: (),
    CliffWalkingEnv: (),
    TaxiEnv: ("fickle_passenger",),
    TabularEnv: (),
}

# Wrappers that pass everything through, except that TimeLimit truncates and RewardRescaling rescales rewards.
_TRANSPARENT = (OrderEnforcing, PassiveEnvChecker, RewardRescaling, TimeLimit)

# Wrappers that also render or record, for which compiled play would skip steps; planning takes none.
_WATCHING = (*_TRANSPARENT, HumanRendering, RecordEpisodeStatistics, RenderCollection)

# The modules of our own classes above, whose functions need no digest.
_OURS = (TabularEnv.__module__, RewardRescaling.__module__)

# Digests (`boltzmann_rl.tables.functions.digest`) of the reviewed functions of Gymnasium 1.2 to 1.4. If a later version
# differs, `tests/test_tables.py` fails: review it, and add its digest if it still follows P.
_REVIEWED = {
    "CliffWalkingEnv.reset": {"4b538015"},
    "CliffWalkingEnv.step": {"88dc52e5"},
    "Env.np_random": {"5fff2839", "942ed340"},
    "Env.reset": {"4242280a"},
    "Env.step": {"6cd896e7"},
    "FrozenLakeEnv.reset": {"4b538015"},
    "FrozenLakeEnv.step": {"88dc52e5"},
    "OrderEnforcing.reset": {"e432c12c"},
    "OrderEnforcing.step": {"e7e52737"},
    "PassiveEnvChecker.reset": {"7a8d68fb", "8c5bbb1e"},
    "PassiveEnvChecker.step": {"b53b5318", "f2f126af"},
    "TaxiEnv.action_mask": {"31b6dbb8"},
    "TaxiEnv.decode": {"68d98483", "a49a781f"},
    "TaxiEnv.encode": {"00d8ac1a"},
    "TaxiEnv.reset": {"6fe35de0", "ccab66b3"},
    "TaxiEnv.step": {"d39a6221"},
    "TimeLimit.reset": {"287a682b"},
    "TimeLimit.step": {"7a43ca5f"},
    "Wrapper._np_random": {"5c6cf1fb"},
    "Wrapper.np_random": {"5fbd8e7a", "f90f7399"},
    "Wrapper.reset": {"1c5424bb"},
    "Wrapper.step": {"75dbaafb"},
    "categorical_sample": {"7051d4ab"},
}


def why_untrusted(env: Any, *, planning: bool = False) -> str:
    """Why an environment is not trusted to follow its tables, in one line; empty if it is known or declared to.

    Args:
        env: Any object.
        planning: Whether only the tables matter, and not the side effects of a step, such as rendering.

    Example:
        >>> why_untrusted(gymnasium.make("FrozenLake-v1"))
        ''
        >>> why_untrusted(gymnasium.make("CartPole-v1"))
        'CartPole-v1 has no P: only environments with transition tables are known'
    """
    *wrappers, inner = layers(env)
    name = name_of(env)
    for attribute in ("P", "initial_state_distrib"):
        if not hasattr(getattr(inner, "unwrapped", inner), attribute):
            return f"{name} has no {attribute}: only environments with transition tables are known"
    if isinstance(inner, gymnasium.Wrapper):
        return f"{name} is wrapped in {type(inner).__qualname__}, which is not known"
    for wrapper in wrappers:
        kind = type(wrapper)
        if kind not in _TRANSPARENT and not planning:
            return f"{name} is wrapped in {kind.__qualname__}, which needs every step"
        changed = _change(wrapper, kind) if kind in _TRANSPARENT else _override(wrapper, kind)
        if changed:
            return f"{name} is wrapped in {kind.__qualname__}, which was changed: {changed}"
    reason = _why_inner_untrusted(inner, name)
    if reason or planning:
        return reason
    if getattr(inner, "render_mode", None) is not None:
        return f"{name} is rendered at every step, by render_mode={inner.render_mode!r}"
    masks = mask_method(env)
    if masks is not None and not (declares(type(inner)) is not None and hasattr(inner, "action_mask")):
        return f"{name} has masks by {masks}, which is not known"
    return ""


def _why_inner_untrusted(inner: Any, name: str) -> str:
    owner = declares(type(inner))
    if owner is not None:
        changed = _override(inner, owner, "action_mask")
        return changed and f"{name} is not what {owner.__qualname__} declares by {DECLARATION}: {changed}"
    known = next((cls for cls in type(inner).__mro__ if cls in KNOWN), None)
    remedy = f"declare {DECLARATION} = True in the class if they are (see help(boltzmann_rl.tables))"
    if known is None:
        return f"{name} is a {type(inner).__qualname__}, whose tables are not known to be what it does: {remedy}"
    if DECLARATION in {attribute for cls in type(inner).__mro__ for attribute in vars(cls)}:
        return f"{name} declares {DECLARATION} = {getattr(inner, DECLARATION)!r}"
    changed = _change(inner, known)
    if changed:
        return f"{name} need not be what its tables say, as {changed}: {remedy}"
    more = next((attribute for attribute in KNOWN[known] if getattr(inner, attribute)), "")
    return more and f"{name} has {more}={getattr(inner, more)}, which its tables do not model"


def declares(cls: type) -> type | None:
    """The class, or its nearest base, that declares to step by tables; None if none does."""
    owner = next((base for base in cls.__mro__ if DECLARATION in vars(base)), None)
    return owner if owner is not None and vars(owner)[DECLARATION] is True else None


def is_unmodified(cls: type) -> bool:
    """Whether all functions that ``step`` and ``reset`` of a class reach are the reviewed ones."""
    return not _replaced(reached(cls, "step", "reset"))


@functools.lru_cache(maxsize=256)
def _replaced(found: Reached) -> str:
    """The first function that is not the reviewed one; empty if all are."""
    for qualified, function in found.functions:
        ours = function.__module__ in _OURS
        if not (is_original(qualified, function) if ours else digest(function) in _REVIEWED.get(qualified, ())):
            return f"{qualified} is not the function whose source is known"
    return f"{found.opaque[0]} is not a plain function" if found.opaque else ""


def _override(env: Any, owner: type, *more: str) -> str:
    """What an environment redefines of the functions that the owner's step, reset and ``more`` reach."""
    found = reached(owner, "step", "reset", *more)
    if found.opaque and type(env) is not owner:
        return f"{found.opaque[0]} is not a plain function, so the functions that it calls are unknown"
    return overridden(env, owner, found.names)


def _change(env: Any, known: type) -> str:
    """How the behaviour of an environment differs from that of its known class; empty if it does not."""
    found = reached(known, "step", "reset")
    changed = _replaced(found) or overridden(env, known, found.names)
    if changed:
        return changed
    data = [name for name in found.names & vars(env).keys() if name not in ("env", "_np_random", "_previous_data")]
    other = next((name for name in data if not is_plain(vars(env)[name])), "")
    return other and f"its {other} is more than numbers in dicts, lists, tuples and arrays"


def layers(env: Any) -> list[Any]:
    """The known wrappers, outermost first, and the environment within them."""
    found = [env]
    while type(found[-1]) in _WATCHING:
        found.append(found[-1].env)
    return found


def rescaling(env: Any) -> Callable[[Any], Any]:
    """The function from a reward in the tables of an environment to the reward that its wrappers return.

    Example:
        >>> rescaling(RewardRescaling(gymnasium.make("FrozenLake-v1"), factor=10.0, offset=-1.0))(1)
        9.0
    """
    scales = [(layer.factor, layer.offset) for layer in reversed(layers(env)) if type(layer) is RewardRescaling]

    def rescaled(reward: Any) -> Any:
        for factor, offset in scales:
            reward = factor * float(reward) + offset  # as `RewardRescaling.step`
        return reward

    return rescaled
