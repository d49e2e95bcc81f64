"""The temperature of a row in units of what was learned, as machine code: `boltzmann_rl.policies.units`."""

import math
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.kernels.jit import inner, placed
from boltzmann_rl.numerics import plain_temperatures
from boltzmann_rl.numerics.plain_temperatures import ENTROPY, LARGEST_RATIO, LEAST_GAP, NOISE, RANGE, SPREAD

_goal_of, _spread_of = placed(plain_temperatures.goal_of), placed(plain_temperatures.spread_of)
_entropy_root, _greedy_root = placed(plain_temperatures.entropy_root), placed(plain_temperatures.greedy_root)


class Measure(NamedTuple):
    """What a unit of temperature reads: its meaning, and pointers.

    Attributes:
        unit: A constant of `boltzmann_rl.numerics.plain_temperatures`, or None.
        logs: NumPy's logarithms of 0, 1, … up to the number of actions.
        roots: Where the search for the next temperature starts in each row.
        noise: The sum of the squared temporal-difference errors, and their number.
        values: Of each row and action.
        available: 1 or 0 for each row and action.
        gaps: Room for the gaps of a row.
    """

    unit: Any
    logs: Any
    roots: Any
    noise: Any
    values: Any
    available: Any
    gaps: Any


@placed
def measured(unit, mixture, measure, row, actions):  # type: ignore[no-untyped-def]
    """The mixture with its temperature in a row; NaN where only the reference can say."""
    if unit is None:  # then Numba compiles nothing else, but only since it is an argument by itself
        return mixture
    uniform, soft, greedy, temperature = mixture
    if soft > 0.0:
        temperature = _temperature(temperature, measure, row, actions)
    return uniform, soft, greedy, temperature


@inner
def _temperature(number, measure, row, actions):  # type: ignore[no-untyped-def]
    if measure.unit == NOISE:
        squares, errors = measure.noise[0], measure.noise[1]
        noise = math.sqrt(squares / errors) if errors > 0.0 else math.inf
        return number * noise if 0.0 < number < math.inf else number
    return _of_gaps(number, measure, _find_gaps(measure, row, actions), row)


@placed
def _find_gaps(measure, row, actions):  # type: ignore[no-untyped-def]
    """Write the gaps of a row; returns their number and that of the maxima.

    Separate from `_temperature`, since Numba gives these numbers the type of the literal 0 at first, and would compile
    what they are passed to for that type, too.
    """
    best, count, ties, gaps = -np.inf, 0, 0, measure.gaps
    for cell in range(row * actions, (row + 1) * actions):
        if measure.available[cell] != 0 and measure.values[cell] > best:
            best = measure.values[cell]
    for cell in range(row * actions, (row + 1) * actions):
        if measure.available[cell] != 0:
            gaps[count] = best - measure.values[cell]
            if gaps[count] > 0.0:
                count += 1
            else:
                ties += 1
    return count, ties


@placed
def _of_gaps(number, measure, held, row):  # type: ignore[no-untyped-def]
    """The temperature of a row with these gaps; NaN where only the reference can say."""
    gaps = measure.gaps
    if held[0] == 0:
        return math.inf
    least = largest = gaps[0]
    for i in range(1, held[0]):
        gap = gaps[i]
        least, largest = gap if gap < least else least, gap if gap > largest else largest
    if measure.unit == RANGE:
        return number * largest
    if measure.unit == SPREAD:
        return number * _spread_of(gaps, held, largest) * largest
    temperature, goal = _goal_of(measure.unit, number, held, measure.logs)
    if not largest >= LEAST_GAP or not largest <= LARGEST_RATIO * least:
        return math.nan
    if not temperature < 0.0:
        return temperature
    if measure.unit == ENTROPY:
        b = _entropy_root(gaps, held, goal, (least, largest), measure.roots[row])
    else:
        b = _greedy_root(gaps, held, goal, (least, largest), measure.roots[row])
    measure.roots[row] = b
    return largest / b
