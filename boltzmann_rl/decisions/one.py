"""One decision without Numba: on plain floats, or by NumPy arrays if there are more than 18 actions."""

from math import inf
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.decisions.fill_values import HIGHEST, holds_fill_values
from boltzmann_rl.numerics.plain import FEW, few_values, pick
from boltzmann_rl.numerics.plain_temperatures import PLAIN
from boltzmann_rl.numerics.softmax import LARGEST_TEMPERATURE
from boltzmann_rl.policies.mixture import Numbers, plain_weights

# The most actions for which lists of floats are faster than arrays.
LISTS = 18

_FLOAT64, _exp, _running = np.dtype(np.float64), np.exp, np.add.accumulate

# exp(−energy) neither underflows nor is subnormal for energies up to this.
_ORDINARY = 700.0


def one(
    numbers: Numbers, values: Any, available: Any, u: float, *, learned: bool
) -> tuple[int, list[float] | Floats] | None:
    """The action for a uniform, and all unnormalised probabilities; None if only the code with all checks can decide.

    Args:
        numbers: The policy's mixture at the step: see `boltzmann_rl.policies.mixture.numbers_of`.
        values: ``(A,)``.
        available: A mask, or None.
        u: Uniform on [0, 1).
        learned: Whether no value is a fill value.
    """
    if len(values) > LISTS and numbers[4] == PLAIN:
        return _by_arrays(numbers, values, available, u, learned)
    if len(values) > FEW or (plain := few_values(values, available)) is None:
        return None
    weights = plain_weights(numbers, plain, learned=learned)
    if weights is None:
        return None
    chosen = pick(weights, u)
    return (chosen, weights) if learned or numbers[1] == 1.0 or plain[chosen] > HIGHEST else None


def share_of(weights: list[float] | Floats, chosen: int) -> float:
    """The probability of an action, from all unnormalised probabilities."""
    return float(weights[chosen] / (sum(weights) if isinstance(weights, list) else weights.sum()))


def _by_arrays(numbers: Numbers, values: Any, available: Any, u: float, learned: bool) -> tuple[int, Floats] | None:
    """As `one`, for policies whose temperature does not depend on the values.

    By the NumPy functions that are fastest for short rows: argmax, and accumulate in place of cumsum.
    """
    if available is not None:
        if type(available) is not np.ndarray or available.shape != values.shape or available.dtype.kind not in "bi":
            return None
        if available.dtype.char != "?" and not 0 <= np.bitwise_or.reduce(available) <= 1:
            return None
        values = np.where(available, values, -inf)
    if values.dtype is not _FLOAT64:
        return None
    best, lowest = values.item(values.argmax()), values.item(values.argmin())  # of the first NaN, if there is one
    uniform, soft, _, temperature, _ = numbers
    if not -inf < best < inf or (uniform and not learned and -inf < lowest <= HIGHEST):
        return None
    if soft and not 0.0 < temperature <= LARGEST_TEMPERATURE:
        return None
    if len(values) > FEW and soft != 1.0 and not learned and holds_fill_values(values):
        return None
    if best - lowest <= _ORDINARY * temperature:
        weights = _weights(numbers, values, best, lowest)
    else:
        with np.errstate(all="ignore"):
            weights = _weights(numbers, values, best, lowest)
    cdf = _running(weights)
    chosen = int(cdf.searchsorted(u * cdf.item(-1), "right"))
    return (chosen, weights) if learned or soft == 1.0 or values[chosen] > HIGHEST else None


def _weights(numbers: Numbers, values: Floats, best: float, lowest: float) -> Floats:
    """Unnormalised probabilities, as `boltzmann_rl.policies.mixture.plain_weights`."""
    uniform, soft, greedy, temperature, _ = numbers
    if soft:
        weights = values - best
        weights /= temperature
        _exp(weights, weights)
        if soft == 1.0:
            return weights
        weights *= soft / _running(weights).item(-1)
    else:
        weights = np.zeros(len(values))
    if uniform:
        if lowest > -inf:
            weights += uniform / len(values)
        else:
            free = values > -inf
            weights += free * (uniform / np.count_nonzero(free))
    if greedy:
        maxima = values == best
        weights += maxima * (greedy / np.count_nonzero(maxima))
    return weights
