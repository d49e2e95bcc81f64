"""Shared by learners for environments: transitions checked before anything is learned, and unfinished episodes."""

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_available, as_integer, as_reward
from boltzmann_rl.numerics.sampling import as_probabilities
from boltzmann_rl.protocols import Observation

if TYPE_CHECKING:
    from boltzmann_rl.protocols import Transition

_LARGEST = sys.float_info.max

# How far plain sums of probabilities may be from 1 before `as_probabilities` decides.
_TOLERANCE = 1e-9


class EpisodicLearner:
    """Shared by learners whose state has ``values`` and ends with a dict: environment → its unfinished episode."""

    def values(self, state: Any) -> Floats:
        """The action values or preferences ``(observations, A)``."""
        values: Floats = state.values
        return values

    def forget(self, state: Any) -> Any:
        """The state without the unfinished episodes, which are not continued."""
        state[-1].clear()
        return state


def returns_of(rewards: list[float], following: float, discount: float) -> list[float]:
    """The discounted return from each step on, where ``following`` is the value after the last one.

    Example:
        >>> returns_of([1.0, 2.0], following=4.0, discount=0.5)
        [3.0, 4.0]
    """
    returns = []
    for reward in reversed(rewards):
        following = reward + discount * following
        returns.append(following)
    return returns[::-1]


def checked(seen: "Transition", shape: tuple[int, ...]) -> "Transition":
    """The transition, if a table (or weights) of this shape can learn from it.

    In a terminated transition, fields about the next decision are not checked.

    Raises:
        TypeError: An observation or action that is not an integer (nor an array of features), or a reward that is not
            a number.
        ValueError: An observation, feature or action outside the table (NumPy would count negative ones from its end);
            a feature given twice (NumPy would update it once); a reward that is not finite; probabilities or a mask
            that do not fit the actions.
    """
    rows, actions = shape
    _, here, action, reward, there, _, _, available, next_action, next_probabilities, probabilities, _ = seen
    if (  # the loops' usual transitions: these comparisons cost a third of an update
        type(here) is int
        and type(there) is int
        and type(action) is int
        and type(reward) is float
        and 0 <= here < rows
        and 0 <= there < rows
        and 0 <= action < actions
        and -_LARGEST <= reward <= _LARGEST
        and (next_action is None or (type(next_action) is int and 0 <= next_action < actions))
        and available is None
        and next_probabilities is None
        and probabilities is None
    ):
        return seen
    return _checked(seen, rows, actions)


def kept(observation: Observation) -> Observation:
    """A copy of an observation, which its owner cannot change later."""
    return observation if type(observation) is int else np.array(observation)


def _checked(seen: "Transition", rows: int, actions: int) -> "Transition":
    """The same for any transition, field by field."""
    step, here, action, reward, there, terminated, truncated, available, then, next_p, p, environment = seen
    here, action = _observation(here, rows, "observation"), _index(action, actions, "action")
    if type(reward) is not float or not -_LARGEST <= reward <= _LARGEST:
        reward = as_reward(reward)
    p = _probabilities(p, actions, "probabilities")
    if not terminated:
        there = _observation(there, rows, "next_observation")
        available = _mask(available, actions)
        then = None if then is None else _index(then, actions, "next_action")
        next_p = _probabilities(next_p, actions, "next_probabilities")
    parts = (step, here, action, reward, there, terminated, truncated, available, then, next_p, p, environment)
    return tuple.__new__(type(seen), parts)  # seen._make(parts), but faster


def _index(number: Any, size: int, name: str) -> int:
    return number if type(number) is int and 0 <= number < size else as_integer(number, name, maximum=size - 1)


def _observation(observation: Any, rows: int, name: str) -> Observation:
    """An index below ``rows``, an array of the indices of active features, or an array of real features."""
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
        raise ValueError(f"{name} must name different features in [0, {rows - 1}], at least one, got {observation}")
    return observation


def _mask(available: Any, actions: int) -> Any:
    """The mask of the next actions as bools; None, for all actions, stays None."""
    if available is None:
        return None
    if type(available) is np.ndarray and available.dtype == bool and available.shape == (actions,) and available.any():
        return available
    return as_available(available, (actions,), "next_available")


def _probabilities(given: Any, actions: int, name: str) -> Any:
    """Probabilities of all actions; None stays None."""
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
