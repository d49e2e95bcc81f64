"""Action masks: where environments say which actions may be taken, each obeyed, or refused by name.

Obeyed are ``info["action_mask"]``, as in Gymnasium's Taxi; ``info["action_masks"]``; and a method ``action_masks()``,
sb3-contrib's convention, of the environment or of a wrapper. What looks like a mask under another name is an error: a
mask that is passed over shows in no result.
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

__all__ = ["KEYS", "Masks", "Method", "mask_method", "mask_methods", "may_be_mask", "row_info", "row_of", "speaks_of"]

# Where a mask is looked for in an info, the first first; and the methods that answer one.
KEYS = ("action_mask", "action_masks")
METHODS = ("action_masks", "action_mask", "valid_action_mask", "get_action_mask")

_ACTIONS = frozenset(("action", "actions", "move", "moves", "command", "commands"))
_OPEN = frozenset(
    ("allowed", "avail", "available", "admissible", "feasible", "legal", "permitted", "possible", "valid")
).union(("disallowed", "forbidden", "illegal", "impossible", "infeasible", "invalid", "unavailable"))


class Masks:
    """What one environment says about the actions that may be taken: at every decision, or never.

    A mask that comes and goes is an error: where it is missing, either every action may be taken or it was lost on the
    way, and a wrong guess would be silent.

    Args:
        actions: How many there are.
        method: Asked where no info has a mask; None where the environment has no such method.
    """

    def __init__(self, actions: int, method: Callable[[], Any] | None = None) -> None:
        self._shape, self._method = (actions,), method
        self._harmless: set[Any] = set()  # keys of infos that cannot be meant as a mask
        self._given: bool | None = None

    def of(self, info: Any, terminated: Any = False, *, ask: bool = True) -> NDArray[np.bool_] | None:
        """The mask ``(actions,)`` where an info came from, or None: nothing is left to do where a task terminated.

        Args:
            info: Of ``reset`` or ``step``.
            terminated: Whether the task ended there.
            ask: Whether the method answers for the same moment as the info.

        Raises:
            TypeError, ValueError: What is no mask of the actions, or has the name of none; a mask that comes and goes.
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
            available = mask.copy()  # kept by learners, while environments may write into theirs
        if (available is not None) is not self._given:
            self._check(available is not None, name)
        return available

    def _elsewhere(self, info: Mapping[Any, Any], ask: bool) -> tuple[Any, str]:
        """The mask under the second key, or the method's answer."""
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
        elif given:
            raise ValueError(
                f"the mask {name} comes after decisions without one, which may have taken what it excludes: give one "
                "at every reset and step, 1 for all actions where all may be taken"
            )
        else:
            raise ValueError(
                f"the mask {name} is missing, although earlier answers had one: give one at every reset and step, also "
                "with the last observation of a truncated episode (of a vector in the mode SAME_STEP in "
                "info['final_info']), 1 for all actions where all may be taken"
            )


@dataclass(frozen=True, eq=False)
class Method:
    """A method (or an attribute) of an environment that says which actions may be taken where it stands."""

    env: Any
    name: str

    def __str__(self) -> str:
        return f"{type(self.env).__name__}.{self.name}()"

    def __call__(self) -> Any:
        """Its answer now."""
        try:
            found = getattr(self.env, self.name)
            return found() if callable(found) else found
        except Exception as error:
            raise ValueError(f"{self} raised {type(error).__name__}: {error}") from error


def mask_method(env: Any) -> Method | None:
    """The method of an environment, or of the outermost wrapper that has one, that answers a mask; or None.

    A method that must be told something, such as Taxi's ``action_mask(state)``, is a helper and is not meant.
    """
    for layer in layers_of(env):
        for name in METHODS:
            if _answers(layer, name):
                return Method(layer, name)
    return None


@dataclass(eq=False)
class _Answers:
    """What a method answered for every row of a vector, asked once a step.

    Attributes:
        ask: Answers the masks of all rows.
        name: Of the method.
        masks: The answers since `forget`, or None.
    """

    ask: Callable[[], Any]
    name: str
    masks: Any = None

    def forget(self) -> None:
        """The vector goes on: what was answered is past."""
        self.masks = None

    def of_row(self, row: int, rows: int) -> Any:
        """The mask of a row."""
        if self.masks is None:
            self.masks = self.ask()
        return row_of(self.masks, row, rows, self.name)


@dataclass(eq=False)
class _RowMethod:
    answers: _Answers
    row: int
    rows: int

    def __str__(self) -> str:
        return self.answers.name

    def __call__(self) -> Any:
        return self.answers.of_row(self.row, self.rows)


def mask_methods(env: Any, rows: int) -> tuple[list[Any], Callable[[], None] | None]:
    """For each row of a vector the method that answers its mask, or None; and what is to be called after each step.

    A method of the vector itself, or of its wrappers, answers ``(rows, actions)``. The environments of a
    ``SyncVectorEnv`` are asked one by one, those of an ``AsyncVectorEnv`` all at once.
    """
    own, inner = mask_method(env), getattr(env, "unwrapped", env)
    if own is not None:
        answers = _Answers(own, str(own))
    elif hasattr(inner, "envs"):
        return [mask_method(one) for one in inner.envs], None
    elif hasattr(inner, "env_fns"):
        with closing(inner.env_fns[0]()) as one:
            found = mask_method(one)
        if found is None:
            return [None] * rows, None
        answers = _Answers(partial(inner.call, found.name), str(found))
    else:
        return [None] * rows, None
    return [_RowMethod(answers, row, rows) for row in range(rows)], answers.forget


def row_info(infos: Any, row: int, rows: int) -> Mapping[Any, Any]:
    """What the infos of a vector say about the actions of a row.

    Args:
        infos: A dict of arrays, where ``_key`` tells which rows ``key`` speaks of (Gymnasium's form), or a list of one
            info a row (``DictInfoToList`` and other packages).
        row: Which.
        rows: How many there are.
    """
    if isinstance(infos, Mapping):
        told = [key for key in infos if may_be_mask(key) and not key.startswith("_") and speaks_of(infos, key, row)]
        return {key: _entry(infos[key], key, row, rows) for key in told}
    if not isinstance(infos, list | tuple | np.ndarray):
        raise TypeError(f"infos must be a dict of arrays, or a list with a dict for each row, got {infos!r}")
    return as_info(row_of(infos, row, rows, "infos"))


def speaks_of(infos: Mapping[Any, Any], key: str, row: int) -> bool:
    """Whether a key of a vector's infos says something about a row."""
    return key in infos and (f"_{key}" not in infos or bool(infos[f"_{key}"][row]))


def _entry(part: Any, key: str, row: int, rows: int) -> Any:
    if isinstance(part, Mapping) or (key not in KEYS and (np.ndim(part) == 0 or len(part) != rows)):
        return part  # not by rows, so not a mask of the actions either, unless by its name
    return row_of(part, row, rows, f"infos[{key!r}]")


def row_of(batch: Any, row: int, rows: int, name: str) -> Any:
    """The entry of a row."""
    if not hasattr(batch, "__len__") or len(batch) != rows:
        raise ValueError(f"{name} must have one entry for each of the {rows} rows, got {batch!r}")
    return batch[row]


def _answers(layer: Any, name: str) -> bool:
    try:
        found = getattr(layer, name, None)
    except Exception:  # a property that has no value before the first reset
        return True
    if not callable(found):
        return isinstance(found, np.ndarray | list | tuple)
    try:
        parameters = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):  # a function that does not say what it takes
        return True
    return all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)


@lru_cache(maxsize=4096)
def may_be_mask(key: Any) -> bool:
    """Whether a name is that of a mask, or near it.

    Example:
        >>> [may_be_mask(name) for name in ("action_mask", "legal_moves", "prob", "TimeLimit.truncated")]
        [True, True, False, False]
    """
    words = _words(key)
    return bool(words & _OPEN) or any("mask" in word for word in words)


def _words(key: Any) -> frozenset[str]:
    return frozenset(word.lower() for word in re.findall("[A-Z]?[a-z]+|[A-Z]+", key if isinstance(key, str) else ""))


def _is_meant(key: Any, value: Any, shape: tuple[int]) -> bool:
    """Whether what an info has under such a name says something about each of several actions.

    A single number or bool, such as whether the last action was valid, does not.
    """
    if isinstance(value, Mapping | set | frozenset):
        return bool(_words(key) & _ACTIONS)
    try:
        found = np.asarray(value)
    except (TypeError, ValueError):  # rows of several lengths
        return bool(_words(key) & _ACTIONS)
    if found.ndim == 0:
        return False
    if _words(key) & _ACTIONS or "actionmask" in str(key).lower():
        return True
    return found.shape in (shape, (1, *shape)) and found.dtype.kind in "biuf" and bool(np.isin(found, (0, 1)).all())
