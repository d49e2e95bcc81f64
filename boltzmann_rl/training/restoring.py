"""Checks of the parts of a loop's state that are read from a file."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_available, as_finite, as_integer
from boltzmann_rl.environments.readings import Reading, Spaces
from boltzmann_rl.protocols import Transition


def as_parts(found: Any, *names: str) -> list[Any]:
    """The values of a dict that must have exactly these keys, in their order."""
    if not isinstance(found, dict) or found.keys() != set(names):
        raise ValueError(f"{', '.join(names)} are expected, got {found!r:.100}")
    return [found[name] for name in names]


def as_list(found: Any, length: int, name: str) -> list[Any]:
    """A list with one entry for each environment."""
    if not isinstance(found, list) or len(found) != length:
        raise ValueError(f"{name} must be a list of {length}, got {found!r:.100}")
    return found


def as_counts(found: Any, shape: tuple[int, ...], name: str) -> NDArray[np.int64]:
    """Numbers of decisions, int64 of exactly this shape."""
    right = isinstance(found, np.ndarray) and found.dtype == np.int64 and found.shape == shape
    if not right or (found < 0).any():
        raise ValueError(f"{name} must be integers from 0 of shape {shape}, got {found!r:.100}")
    counts: NDArray[np.int64] = found
    return counts


def as_reading(found: Any, spaces: Spaces) -> Reading:
    """An answer of the environment, checked as when it was first received."""
    if not isinstance(found, Reading) or not (_is_bool(found.terminated) and _is_bool(found.truncated)):
        raise ValueError(f"a reading of the environment is expected, got {found!r:.100}")
    available = _mask(found.available, spaces.actions)
    return spaces.reading(_sent(found.observation, spaces), available, *found[2:])


def as_decision(found: Any, actions: int) -> tuple[int, Floats | None]:
    """An action, and the probabilities from which it was drawn, or None."""
    if not isinstance(found, tuple) or len(found) != 2:
        raise ValueError(f"an action and its probabilities are expected, got {found!r:.100}")
    return as_integer(found[0], "action", maximum=actions - 1), _probabilities(found[1], actions)


def as_transition(found: Any, spaces: Spaces, environments: int) -> Transition:
    """A transition that waits to be learned from."""
    if not isinstance(found, Transition) or not (_is_bool(found.terminated) and _is_bool(found.truncated)):
        raise ValueError(f"a transition is expected, got {found!r:.100}")
    actions = spaces.actions
    then = found.next_action
    return Transition(
        as_integer(found.step, "step"),
        spaces.observation(_sent(found.observation, spaces)),
        as_integer(found.action, "action", maximum=actions - 1),
        as_finite(found.reward, "reward"),
        spaces.observation(_sent(found.next_observation, spaces)),
        found.terminated,
        found.truncated,
        _mask(found.next_available, actions),
        None if then is None else as_integer(then, "next_action", maximum=actions - 1),
        _probabilities(found.next_probabilities, actions),
        _probabilities(found.probabilities, actions),
        as_integer(found.environment, "environment", maximum=environments - 1),
    )


def _mask(found: Any, actions: int) -> NDArray[np.bool_] | None:
    return None if found is None else as_available(found, (actions,))


def _is_bool(flag: Any) -> bool:
    return type(flag) is bool


def _sent(observation: Any, spaces: Spaces) -> Any:
    """The observation as the environment returned it."""
    if isinstance(observation, np.ndarray):
        return observation
    return as_integer(observation, "observation") + spaces.first_observation


def _probabilities(found: Any, actions: int) -> Floats | None:
    if found is None:
        return None
    right = isinstance(found, np.ndarray) and found.dtype == np.float64 and found.shape == (actions,)
    if not right or not ((found >= 0.0) & (found <= 1.0 + 1e-9)).all():
        raise ValueError(f"probabilities must be {actions} numbers in [0, 1], got {found!r:.100}")
    p: Floats = found
    return p
