"""The same laws for a few actions on plain floats, where Python is faster than NumPy by its overhead.

Unnormalised weights, or None wherever something is out of the ordinary: then the arrays of the policy itself decide,
and name what is wrong. One comparison says so: for legal values the sum of the weights is at least 1 and finite, and
NaN, +inf and rows without an available action all fail it. Where a policy explores uniformly, rows of a very low sum
are left to the arrays too, since a number written over a masked value may be among them.
"""

from bisect import bisect_right
from itertools import accumulate
from math import exp, inf
from typing import Any

import numpy as np

from boltzmann_rl.policies.fill_values import FAR_BELOW
from boltzmann_rl.schedules import evaluate

__all__ = [
    "FEW",
    "LARGEST_TEMPERATURE",
    "epsilon_greedy_weights",
    "few_values",
    "greedy_weights",
    "mixed_weights",
    "number_at",
    "pick",
    "softmax_weights",
    "uniform_weights",
]

# Up to so many actions; beyond, arrays are faster.
FEW = 128

_FLOAT64 = np.dtype(np.float64)

# Above this a difference of two floats can overflow although its quotient is moderate: the arrays know how.
LARGEST_TEMPERATURE = 1e305


def few_values(values: Any, available: Any) -> list[float] | None:
    """Values of few actions as a list, −inf where the mask says so; None for what needs the arrays' checks."""
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


def number_at(parameter: Any, step: int | None) -> float | None:
    """A number, or a schedule's value at the step; None for what reads the values, or needs a step."""
    if type(parameter) is float:
        return parameter
    if step is None or not callable(parameter):
        return None
    try:
        value = evaluate(parameter, step)
    except (TypeError, ValueError):  # the arrays' path says what it was the value of
        return None
    return value if type(value) is float else None  # one for each row is the arrays' to check


def softmax_weights(values: list[float], temperature: float | None) -> list[float] | None:
    """exp((values − max) / temperature) for an ordinary temperature."""
    if temperature is None or not 0.0 < temperature <= LARGEST_TEMPERATURE:
        return None
    best = max(values)
    weights = [exp((value - best) / temperature) for value in values]
    return weights if 1.0 <= sum(weights) < inf else None


def greedy_weights(values: list[float]) -> list[float] | None:
    """1 for each maximum."""
    best = max(values)
    if not -inf < best < inf or not sum(values) < inf:  # the sum of values with a NaN or +inf is one of these
        return None
    return [1.0 if value == best else 0.0 for value in values]


def uniform_weights(values: list[float]) -> list[float] | None:
    """1 for each available action."""
    if not -inf < max(values) < inf or not (FAR_BELOW < (total := sum(values)) < inf or total == -inf):
        return None
    return [0.0 if value == -inf else 1.0 for value in values]


def epsilon_greedy_weights(values: list[float], rate: float) -> list[float] | None:
    """`mixed_weights` of the uniform and the greedy ones, in one go."""
    best = max(values)
    if not -inf < best < inf or not (FAR_BELOW < (total := sum(values)) < inf or total == -inf):
        return None
    low = rate / (len(values) - values.count(-inf))
    high = low + (1.0 - rate) / values.count(best)
    return [high if value == best else low if value > -inf else 0.0 for value in values]


def mixed_weights(rate: float | None, explore: list[float] | None, exploit: list[float] | None) -> list[float] | None:
    """Rate · explore + (1 − rate) · exploit, each normalised first."""
    if rate is None or not 0.0 <= rate <= 1.0 or explore is None or exploit is None:
        return None
    more, less = rate / sum(explore), (1.0 - rate) / sum(exploit)
    return [more * e + less * g for e, g in zip(explore, exploit, strict=True)]


def pick(weights: list[float], u: float) -> int:
    """The action at which the running sum of the weights passes u · sum, as `boltzmann_rl.invert`.

    There always is one, and of a weight above 0: for u ≤ 1 − 2⁻⁵³ the product is at least half a unit in the last place
    below the sum, and is rounded down.
    """
    cdf = list(accumulate(weights))
    return bisect_right(cdf, u * cdf[-1])
