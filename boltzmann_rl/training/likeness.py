"""Whether data read from a file has the structure of a fresh state."""

from collections import deque
from typing import Any

import numpy as np


def check_like(found: Any, fresh: Any, name: str) -> None:
    """Refuse data whose structure differs from that of a fresh state.

    Arrays must have the same dtype and shape; tuples, named tuples and the keys of dicts must match. A part that is
    empty or None in the fresh state may have become anything.

    Raises:
        ValueError: The message says what differs, and where.

    Example:
        >>> check_like((np.zeros(3), {0: [1.0]}), (np.zeros(3), {}), "state")
        >>> check_like((np.zeros(4), {}), (np.zeros(3), {}), "state")
        Traceback (most recent call last):
        ...
        ValueError: state[0] is a float64 array of shape (4,), but must be a float64 array of shape (3,)
    """
    if fresh is None:
        return
    same = _described(found) == _described(fresh)
    if not same or (isinstance(fresh, tuple) and fresh and len(found) != len(fresh)):
        raise ValueError(f"{name} is {_described(found)}, but must be {_described(fresh)}")
    if isinstance(fresh, tuple):
        fields = [f".{field}" for field in getattr(fresh, "_fields", ())] or [f"[{i}]" for i in range(len(fresh))]
        for field, mine, theirs in zip(fields, found, fresh, strict=False):
            check_like(mine, theirs, name + field)
    elif isinstance(fresh, dict):
        for key in fresh.keys() & found.keys():
            check_like(found[key], fresh[key], f"{name}[{key!r}]")


def is_filled(found: Any, fresh: Any) -> bool:
    """Whether a list, deque or dict that was empty at the start now holds something."""
    if isinstance(fresh, tuple):
        return any(is_filled(mine, theirs) for mine, theirs in zip(found, fresh, strict=False))
    if isinstance(fresh, dict) and fresh:
        return any(is_filled(found[key], fresh[key]) for key in fresh.keys() & found.keys())
    return isinstance(fresh, list | deque | dict) and not fresh and bool(found)


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"a {value.dtype} array of shape {value.shape}"
    if isinstance(value, bool | np.bool_):
        return "a bool"
    if isinstance(value, int | float | np.integer | np.floating):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, deque):
        return f"a deque of at most {value.maxlen}"
    return f"a {type(value).__name__}"
