"""Action indices (as of UCB) that put untried actions first, also under a mask that is applied later."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats


class UntriedFirst(np.ndarray[Any, np.dtype[np.float64]]):
    """Indices ``(..., A)``; a row with untried actions has 0 for those and −inf for the tried ones.

    To a policy this is an ordinary array, so that its rule for ties decides among the untried actions. Only
    `boltzmann_rl.mask`, and through it `boltzmann_rl.act`, reads the indices ``behind`` it: where a mask leaves no
    untried action in a row, the tried ones are compared by their indices. Slices and copies keep ``behind``;
    arithmetic returns plain arrays.

    Args:
        indices: ``(..., A)``; those of untried actions are ignored.
        untried: Which actions were never tried, same shape.

    Attributes:
        behind: The indices of tried actions, −inf for the others; None for an array made by NumPy itself.

    Example:
        >>> from boltzmann_rl.numerics import mask
        >>> values = UntriedFirst(np.array([0.2, 0.9, 0.0]), np.array([False, False, True]))
        >>> values
        array([-inf, -inf,   0.])
        >>> mask(values, [True, True, True]), mask(values, [True, True, False])
        (array([-inf, -inf,   0.]), array([ 0.2,  0.9, -inf]))
    """

    behind: Floats | None = None

    def __new__(cls, indices: Floats, untried: Any) -> "UntriedFirst":
        """The array, with the indices behind it."""
        waiting = untried.any(axis=-1, keepdims=True)
        shown = np.where(waiting, np.where(untried, 0.0, -np.inf), indices)
        return cls._of(shown, np.where(untried, -np.inf, indices))

    def among(self, available: Any) -> Floats:
        """The values with −inf where an action is not available: what `boltzmann_rl.mask` returns."""
        shown = np.where(available, np.asarray(self), -np.inf)
        if self.behind is None:
            return shown
        none_left = np.isneginf(shown).all(axis=-1, keepdims=True)
        return np.where(none_left, np.where(available, self.behind, -np.inf), shown)

    def shifted(self, amount: Floats) -> "UntriedFirst":
        """The array with an amount added to its indices and to those behind."""
        return self._of(np.asarray(self) + amount, None if self.behind is None else self.behind + amount)

    def copy(self, order: Any = "C") -> "UntriedFirst":
        """A copy, with a copy of ``behind``."""
        return self._of(np.array(self, order=order), None if self.behind is None else self.behind.copy())

    @classmethod
    def _of(cls, shown: Any, behind: Any) -> "UntriedFirst":
        values: UntriedFirst = shown.view(cls)
        values.behind = behind
        return values

    def __getitem__(self, key: Any) -> Any:
        shown = np.asarray(self)[key]
        if not isinstance(shown, np.ndarray) or self.behind is None:
            return shown
        return self._of(shown, self.behind[key])

    def __array_wrap__(self, array: Any, *_: Any) -> Any:
        return np.asarray(array)[()]  # a number where no axis is left

    def __repr__(self) -> str:
        return repr(np.asarray(self))
