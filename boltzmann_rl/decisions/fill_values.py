"""Fill values: finite numbers written over masked values, such as −1e9, found where they would change a decision.

The softmax at an ordinary temperature gives a fill value probability 0, as if it were −∞. A policy that explores
uniformly, or sets its temperature by the spread or the number of the values, takes it for a value: it chooses the
masked action, or no longer distinguishes the others.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, place

# The lowest numbers of float16, bfloat16, float32 and float64, which libraries write over masked values.
LOWEST = (-65504.0, -3.3895313892515355e38, -3.4028234663852886e38, -1.7976931348623157e308)
# No number above HIGHEST is taken for a fill value, and above _FAR only those in LOWEST.
HIGHEST, _FAR = -65504.0, -1e8
# How many times larger than all others of its row a fill value must be, and one in LOWEST.
_TIMES, _TIMES_OF_LOWEST = 1e4, 1e2

# Probabilities that differ by less count as equal.
_SAME = 1e-9


def holds_fill_values(values: Any) -> bool:
    """Whether any of the values ``(..., A)`` may be a fill value, judged by its size alone; −inf is not.

    Example:
        >>> holds_fill_values(np.array([0.0, -np.inf])), holds_fill_values(np.array([0.0, -1e9]))
        (False, True)
    """
    lowest = values.min(initial=np.inf)
    if not lowest <= HIGHEST:
        return False
    return bool(lowest > -np.inf or ((values <= HIGHEST) & (values > -np.inf)).any())


def fill_values(values: Floats) -> NDArray[np.bool_]:
    """Which of the values ``(..., A)`` stand for "not available", judged by their size.

    Fill values are at most −1e8, or the lowest number of a float type, and 10,000 times (100 times) as large as every
    other finite number of the row. A row with only such numbers has no fill values.

    Example:
        >>> fill_values(np.array([[0.0, 1.0, -1e9], [-3e9, -2e9, -1e9]])).tolist()
        [[False, False, True], [False, False, False]]
    """
    lowest = np.isin(values, LOWEST)
    low = lowest | ((values <= _FAR) & (values > -np.inf))
    others = np.where(low | np.isneginf(values), -1.0, np.abs(values)).max(axis=-1, keepdims=True)
    with np.errstate(over="ignore"):
        apart = np.abs(values) >= np.where(lowest, _TIMES_OF_LOWEST, _TIMES) * others
    return low & apart & (others >= 0.0)


def check_fill_values(policy: Any, values: Floats, p: Floats, again: Callable[[Floats], Any]) -> None:
    """Refuse, or warn of, fill values that change the policy's probabilities.

    Args:
        policy: For the message.
        values: ``(..., A)``.
        p: Its probabilities of these values.
        again: The policy's probabilities as a function of the values.

    Raises:
        ValueError: The lowest number of a float type among the values, which is never an estimate.

    Warns:
        UserWarning: Another number that is far below all others.
    """
    filled = fill_values(values)
    if not filled.any():
        return
    try:
        wanted = again(np.where(filled, -np.inf, values))
        harmed = (np.abs(wanted - p) > _SAME).any(axis=-1, keepdims=True) & filled
    except ValueError:  # without them the policy has no distribution
        harmed = filled
    if not harmed.any():
        return
    found = values[harmed][0]
    says = (
        f"{place('values', harmed)} is {found:g}, far below the others, and {policy!r} would count it as a value (with "
        f"probability {p[harmed][0]:.3g}): for an action that is not available pass available= (a mask) or set its "
        "value to -inf"
    )
    if found in LOWEST:
        raise ValueError(says)
    warnings.warn(f"{says}; if it is a value, say so by act(..., learned=True)", UserWarning, stacklevel=3)
