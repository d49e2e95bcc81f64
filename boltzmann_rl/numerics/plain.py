"""One row of a few actions on plain floats, where NumPy's overhead makes Python faster."""

from bisect import bisect_right
from itertools import accumulate
from math import inf
from typing import Any

import numpy as np

# The most actions of a decision on plain floats; beyond, arrays are faster.
FEW = 128

# The sum of a row that holds a fill value is below this: see `boltzmann_rl.decisions.fill_values`.
FAR_BELOW = -5e7

_FLOAT64 = np.dtype(np.float64)


def few_values(values: Any, available: Any) -> list[float] | None:
    """Values of a few actions as a list, −inf where the mask is 0; None for what only the array code can check."""
    if type(values) is not np.ndarray or values.ndim != 1 or not 0 < len(values) <= FEW:
        return None
    if values.dtype is not _FLOAT64 and values.dtype != _FLOAT64:  # the first is five times faster than the second
        return None
    plain: list[float] = values.tolist()
    if available is None:
        return plain
    if type(available) is not np.ndarray or available.shape != values.shape or available.dtype.kind not in "bi":
        return None
    mask = available.tolist()
    if mask.count(0) + mask.count(1) != len(mask):
        return None
    return [value if open_ else -inf for value, open_ in zip(plain, mask, strict=True)]


def pick(weights: list[float], u: float) -> int:
    """The action at which the running sum of the weights passes u · sum, as `boltzmann_rl.invert`.

    It exists and has a weight above 0: for u ≤ 1 − 2⁻⁵³ the product lies at least half a unit in the last place below
    the sum, and is rounded down.
    """
    cdf = list(accumulate(weights))
    return bisect_right(cdf, u * cdf[-1])
