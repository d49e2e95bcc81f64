"""Action masks of environments: which actions may be taken.

Masks are read from ``info["action_mask"]``, as in Gymnasium's Taxi, from ``info["action_masks"]``, and from a method
``action_masks()`` of the environment or a wrapper, as in sb3-contrib. What looks like a mask under another name is an
error: a mask that is ignored would not show in any result.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import as_available
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.environments.interface import as_info, layers_of

# The keys of masks in an info, and the methods that return one, in order of precedence.
KEYS = ("action_mask", "action_masks")
METHODS = ("action_masks", "action_mask", "valid_action_mask", "get_action_mask")

_ACTIONS = frozenset(("action", "actions", "move", "moves", "command", "commands"))
_OPEN = frozenset(
    ("allowed", "avail", "available", "admissible", "feasible", "legal", "permitted", "possible", "valid")
).union(("disallowed", "forbidden", "illegal", "impossible", "infeasible", "invalid", "unavailable"))


class Masks:
    """The masks of one environment, which gives one at every decision, or never.

    A mask that is missing at some decisions is an error: it may mean that all actions are available, or that the mask
    was lost, and a wrong guess would be silent.

    Args:
        actions: Number of actions.
        method: Called if an info has no mask; None if the environment has no method for masks.
    """

    def __init__(self, actions: int, method: Callable[[], Any] | None = None) -> None:
        self._shape, self._method = (actions,), method
        self._harmless: set[Any] = set()  # keys of infos that do not look like a mask's
        self._given: bool | None = None

    def of(self, info: Any, terminated: Any = False, *, ask: bool = True) -> NDArray[np.bool_] | None:
        """The mask ``(actions,)``, or None if there is none or the task terminated.

        Args:
            info: The info of ``reset`` or ``step``.
            terminated: Whether the task terminated there.
            ask: Whether the method may be called: False if the environment was reset since.

        Raises:
            TypeError, ValueError: A mask of the wrong type or shape, a likely mask under another name, or a mask that
                is missing at some decisions.
        """
        if type(info) is not dict:
            info = as_info(info)
        if terminated:
            return None
        mask, name = info.get("action_mask"), "info['action_mask']"
        if mask is None and (self._method is not None or not info.keys() <= self._harmless):
            mask, name = self._elsewhere(info, ask)
        available = None if mask is None else as_available(mask, self._shape, name)
        if available is mask and mask is not None:
            available = mask.copy()  # learners keep it, and environments may reuse the array
        if (available is not None) is not self._given:
            self._check(available is not None, name)
        return available

    @property
    def never(self) -> bool:
        """Whether no decision has a mask, unless an info has one under another name."""
        return self._method is None and self._given is False

    def _elsewhere(self, info: Mapping[Any, Any], ask: bool) -> tuple[Any, str]:
        """The mask under the second key, or of the method."""
        for key in KEYS:
            if info.get(key) is not None:
                return info[key], f"info[{key!r}]"
        for key, value in info.items():
            if not may_be_mask(key):
                self._harmless.add(key)
            elif _is_meant(key, value, self._shape):
                raise ValueError(
                    f"info[{key!r}] seems to say which actions may be taken, but only info['action_mask'] and a method "
                    f"action_masks() are read: put it there, True or 1 for each of the {self._shape[0]} actions that "
                    "may be taken, or leave it out if it means something else (gymnasium.Wrapper can do both)"
                )
        if self._method is None or not ask:
            return None, "info['action_mask']"
        mask = self._method()
        if mask is None:
            raise TypeError(f"the mask of {self._method} must be bool, or integers all 0 or 1, got None")
        return mask, f"of {self._method}"

    def _check(self, given: bool, name: str) -> None:
        if self._given is None:
            self._given = given
            return
        found = "comes after decisions without one" if given else "is missing, although earlier results had one"
        raise ValueError(
            f"the mask {name} {found}: give one at every reset and step, also with the last observation of a truncated "
            "episode (of a vector in the mode SAME_STEP in info['final_info']), 1 for all actions if all are available"
        )


@dataclass(frozen=True, eq=False)
class Method:
    """A method (or an attribute) of an environment that is its current mask."""

    env: Any
    name: str

    def __str__(self) -> str:
        return f"{type(self.env).__name__}.{self.name}()"

    def __call__(self) -> Any:
        """The mask now."""
        try:
            found = getattr(self.env, self.name)
            return found() if callable(found) else found
        except Exception as error:
            raise ValueError(f"{self} raised {type(error).__name__}: {error}") from error


def mask_method(env: Any) -> Method | None:
    """The method for masks of the outermost layer that has one, be it a wrapper or the environment; else None.

    Methods with required arguments, such as Taxi's ``action_mask(state)``, do not count.
    """
    for layer in layers_of(env):
        for name in METHODS:
            if _answers(layer, name):
                return Method(layer, name)
    return None


@dataclass(eq=False)
class _RowMethod:
    """The mask of one row: ``ask`` returns those of all rows, and all rows keep them in ``masks`` for a step."""

    ask: Callable[[], Any]
    name: str
    masks: list[Any]
    row: int
    rows: int

    def __str__(self) -> str:
        return self.name

    def __call__(self) -> Any:
        if not self.masks:
            self.masks.append(self.ask())
        return row_of(self.masks[0], self.row, self.rows, self.name)


def mask_methods(env: Any, rows: int) -> tuple[list[Any], list[Any]]:
    """For each row of a vector the method that returns its mask, or None; and a list that every step has to clear.

    A method of the vector itself, or of its wrappers, returns ``(rows, actions)``. The environments of a
    ``SyncVectorEnv`` are asked one by one, those of an ``AsyncVectorEnv`` all at once.
    """
    method, inner, masks = mask_method(env), getattr(env, "unwrapped", env), list[Any]()
    ask: Callable[[], Any] | None = method
    if method is None and hasattr(inner, "envs"):
        return [mask_method(one) for one in inner.envs], masks
    if method is None and hasattr(inner, "env_fns"):
        with closing(inner.env_fns[0]()) as one:
            method = mask_method(one)
        ask = method and partial(inner.call, method.name)
    if ask is None:
        return [None] * rows, masks
    return [_RowMethod(ask, str(method), masks, row, rows) for row in range(rows)], masks


def row_info(infos: Any, row: int, rows: int) -> Mapping[Any, Any]:
    """The possible masks of a row in the infos of a vector.

    Args:
        infos: A dict of arrays, where ``_key`` says which rows ``key`` is for (Gymnasium's form), or a list of one
            info a row (``DictInfoToList`` and other packages).
        row: The index of the row.
        rows: The number of rows.
    """
    if isinstance(infos, Mapping):
        return {key: _entry(infos[key], key, row, rows) for key in _masks_in(infos) if has_row(infos, key, row)}
    if not isinstance(infos, list | tuple | np.ndarray):
        raise TypeError(f"infos must be a dict of arrays, or a list with a dict for each row, got {infos!r}")
    return as_info(row_of(infos, row, rows, "infos"))


def shows_masks(infos: Mapping[Any, Any]) -> bool:
    """Whether the infos of a vector, in Gymnasium's form, have possible masks for any row."""
    return bool(_masks_in(infos))


def _masks_in(infos: Mapping[Any, Any]) -> list[Any]:
    return [key for key in infos if may_be_mask(key) and not key.startswith("_")]


def has_row(infos: Mapping[Any, Any], key: str, row: int) -> bool:
    """Whether a key of a vector's infos has a value for a row."""
    return key in infos and (f"_{key}" not in infos or bool(infos[f"_{key}"][row]))


def _entry(part: Any, key: str, row: int, rows: int) -> Any:
    if isinstance(part, Mapping) or (key not in KEYS and (np.ndim(part) == 0 or len(part) != rows)):
        return part  # without an entry for each row, only its name can make it a mask
    return row_of(part, row, rows, f"infos[{key!r}]")


def row_of(batch: Any, row: int, rows: int, name: str) -> Any:
    """The entry of a row."""
    if not hasattr(batch, "__len__") or len(batch) != rows:
        raise ValueError(f"{name} must have one entry for each of the {rows} rows, got {batch!r}")
    return batch[row]


def _answers(layer: Any, name: str) -> bool:
    try:
        found = getattr(layer, name, None)
    except Exception:  # a property may have no value before the first reset
        return True
    if not callable(found):
        return isinstance(found, np.ndarray | list | tuple)
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):  # a function without a signature
        return True
    return all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)


@lru_cache(maxsize=4096)
def may_be_mask(key: Any) -> bool:
    """Whether a name is that of a mask, or similar.

    Example:
        >>> [may_be_mask(name) for name in ("action_mask", "legal_moves", "prob", "TimeLimit.truncated")]
        [True, True, False, False]
    """
    words = _words(key)
    return bool(words & _OPEN) or any("mask" in word for word in words)


def _words(key: Any) -> frozenset[str]:
    return frozenset(word.lower() for word in re.findall("[A-Z]?[a-z]+|[A-Z]+", key if isinstance(key, str) else ""))


def _is_meant(key: Any, value: Any, shape: tuple[int]) -> bool:
    """Whether an entry with a name like a mask's has a value for each action.

    A single number or bool, such as whether the last action was valid, has not.
    """
    if isinstance(value, Mapping | set | frozenset):
        return bool(_words(key) & _ACTIONS)
    try:
        found = np.asarray(value)
    except (TypeError, ValueError):  # rows of different lengths
        return bool(_words(key) & _ACTIONS)
    if found.ndim == 0:
        return False
    if _words(key) & _ACTIONS or "actionmask" in str(key).lower():
        return True
    return found.shape in (shape, (1, *shape)) and found.dtype.kind in "biuf" and bool(np.isin(found, (0, 1)).all())
