"""Transitions as learners for environments accept them: all of one is checked before anything is learned from it."""

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from boltzmann_rl.arguments import as_available, as_integer, as_reward
from boltzmann_rl.numerics.sampling import as_probabilities
from boltzmann_rl.protocols import Observation

if TYPE_CHECKING:
    from boltzmann_rl.protocols import Transition

__all__ = ["checked", "kept"]

_LARGEST = sys.float_info.max

# How far plain sums of probabilities may be from 1; what is further is looked at in more detail.
_TOLERANCE = 1e-9


def checked(seen: "Transition", shape: tuple[int, ...]) -> "Transition":
    """The transition, if a table (or weights) of this shape can learn from it.

    Where the task ended, what says anything of the next decision is not looked at.

    Raises:
        TypeError: An observation or action that is no integer (nor an array of features), a reward that is no number.
        ValueError: An observation, feature or action outside the table, where negative ones would count from its end;
            features named twice, of which one would be lost; a reward that is not finite; probabilities or a mask that
            do not fit the actions.
    """
    rows, actions = shape
    _, here, action, reward, there, _, _, available, then, outlook, weights, _ = seen
    if (  # what the loops give, told by comparisons that cost a third of an update
        type(here) is int
        and type(there) is int
        and type(action) is int
        and type(reward) is float
        and 0 <= here < rows
        and 0 <= there < rows
        and 0 <= action < actions
        and -_LARGEST <= reward <= _LARGEST
        and (then is None or (type(then) is int and 0 <= then < actions))
        and available is None
        and outlook is None
        and weights is None
    ):
        return seen
    return _checked(seen, rows, actions)


def kept(observation: Observation) -> Observation:
    """An observation to be remembered, which no one else can change."""
    return observation if type(observation) is int else np.array(observation)


def _checked(seen: "Transition", rows: int, actions: int) -> "Transition":
    """The same part by part."""
    step, here, action, reward, there, terminated, truncated, available, then, outlook, weights, environment = seen
    here, action = _observation(here, rows, "observation"), _index(action, actions, "action")
    if type(reward) is not float or not -_LARGEST <= reward <= _LARGEST:
        reward = as_reward(reward)
    weights = _probabilities(weights, actions, "probabilities")
    if not terminated:
        there = _observation(there, rows, "next_observation")
        available = _mask(available, actions)
        then = None if then is None else _index(then, actions, "next_action")
        outlook = _probabilities(outlook, actions, "next_probabilities")
    parts = (step, here, action, reward, there, terminated, truncated, available, then, outlook, weights, environment)
    return tuple.__new__(type(seen), parts)  # which is seen._make(parts), sooner


def _index(number: Any, size: int, name: str) -> int:
    """An integer in [0, size)."""
    return number if type(number) is int and 0 <= number < size else as_integer(number, name, maximum=size - 1)


def _observation(observation: Any, rows: int, name: str) -> Observation:
    """An index of a table with so many rows, an array of the indices of active features, or of real features."""
    if type(observation) is int or not isinstance(observation, np.ndarray) or observation.ndim == 0:
        return _index(observation, rows, name)
    if observation.dtype.kind == "f":
        if observation.shape != (rows,) or not np.isfinite(observation).all():
            raise ValueError(f"{name} must be {rows} finite features, got {observation}")
        return observation
    if observation.dtype.kind not in "iu" or observation.ndim != 1:
        raise TypeError(f"{name} must be an integer or an array of features, got {observation!r}")
    active = observation.tolist()
    if not active or min(active) < 0 or max(active) >= rows or len(set(active)) < len(active):
        raise ValueError(f"{name} must name different features in [0, {rows - 1}], one at least, got {observation}")
    return observation


def _mask(available: Any, actions: int) -> Any:
    """The mask of the next actions as bools, or None for all."""
    if available is None:
        return None
    if type(available) is np.ndarray and available.dtype == bool and available.shape == (actions,) and available.any():
        return available
    return as_available(available, (actions,), "next_available")


def _probabilities(given: Any, actions: int, name: str) -> Any:
    """Probabilities of all actions, or None where there are none."""
    if given is None:
        return None
    if type(given) is np.ndarray and given.dtype == np.float64 and given.shape == (actions,):
        plain = given.tolist()
        if min(plain) >= 0.0 and abs(sum(plain) - 1.0) <= _TOLERANCE:
            return given
    p = as_probabilities(given, name)
    if p.shape != (actions,):
        raise ValueError(f"{name} must be one for each of {actions} actions, got shape {p.shape}")
    return p
