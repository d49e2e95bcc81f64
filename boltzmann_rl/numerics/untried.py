"""Indices of actions of which those never tried come first, whatever a mask leaves."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats

__all__ = ["UntriedFirst"]


class UntriedFirst(np.ndarray[Any, np.dtype[np.float64]]):
    """Indices ``(..., A)``, hidden in each row where an action was never tried: 0 for that one and −inf for the rest.

    To a policy it is an array as any other, and so untried actions share the first decisions by the policy's own rule
    for ties. Only `boltzmann_rl.mask`, which `boltzmann_rl.act` uses, also asks for the indices behind it: where a mask
    leaves no untried action of a row, those that were tried are compared by their indices. Rows, parts of rows and
    copies keep what is behind; arithmetic answers plain arrays.

    Args:
        indices: ``(..., A)``; those of untried actions are not read.
        untried: Which actions were never tried, same shape.

    Attributes:
        behind: The indices of actions that were tried, −inf for the others; None where it is not known any more.

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
        """An array with what is behind it."""
        waiting = untried.any(axis=-1, keepdims=True)
        shown = np.where(waiting, np.where(untried, 0.0, -np.inf), indices)
        return cls._of(shown, np.where(untried, -np.inf, indices))

    def among(self, available: Any) -> Floats:
        """Values with −inf where an action is not available; see above."""
        shown = np.where(available, np.asarray(self), -np.inf)
        if self.behind is None:
            return shown
        none_left = np.isneginf(shown).all(axis=-1, keepdims=True)
        return np.where(none_left, np.where(available, self.behind, -np.inf), shown)

    def shifted(self, amount: Floats) -> "UntriedFirst":
        """Both what is shown and what is behind, raised by an amount."""
        return self._of(np.asarray(self) + amount, None if self.behind is None else self.behind + amount)

    def copy(self, order: Any = "C") -> "UntriedFirst":
        """With what is behind."""
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

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array[()] if return_scalar else np.asarray(array)

    def __repr__(self) -> str:
        return repr(np.asarray(self))
