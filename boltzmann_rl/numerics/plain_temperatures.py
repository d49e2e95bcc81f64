"""The temperature of one row in units of its values, in plain Python that compilers take, too.

A row is given by ``gaps``, those below the best value without the maxima, and by ``held``: the number of these gaps and
that of the maxima. Roots are found in the inverse temperature in units of the range, b = range / temperature. The
search may start anywhere, for instance at the b of a similar row: what it finds is rounded, to 20 bits and to a
multiple of 2⁻²⁶, from where the last step leads to the same bits, wherever the search started. The functions do not
call each other, so that each can be compiled.
"""

import math
from typing import Any

# What a number means: a temperature, a multiple of the range or of the spread, an entropy in nats, the probability of
# the maxima, the visits that determine it, and a multiple of the noise.
PLAIN, RANGE, SPREAD, ENTROPY, GREEDY, VISITS, NOISE = range(7)

# How far a target may lie beyond what is feasible, as after rounding.
_TOLERANCE = 1e-9

# Halley's method has an error of the order of the step cubed. Longer steps than _LONGEST are shortened at first, and
# those longer than _FARTHEST always.
_SMALL, _LONGEST, _FARTHEST, _MOST_STEPS = 1e-4, 3.0, 500.0, 100

# Ratios of gaps beyond this, and smaller gaps, are left to the arrays.
LARGEST_RATIO, LEAST_GAP = 1e280, 1e-280

# exp(−energy) is 0 beyond the largest energy, and all weights are 1 at the hottest b, e⁻³⁷.
_LARGEST_ENERGY, _HOTTEST, _LEVEL = 800.0, 8.533047625744066e-17, 4.0 * 2.0**-52

# The product with 2³³ + 1 less its difference to the number has the upper 20 bits of the number (Veltkamp 1968). Adding
# and subtracting 1.5·2²⁶ leaves a multiple of 2⁻²⁶.
_UPPER, _SHIFT, _GRID = 8589934593.0, 100663296.0, 2.0**-26


def goal_of(meaning: int, number: float, held: tuple[int, int], logs: Any) -> tuple[float, float]:
    """The temperature where it is a limit, NaN where no temperature is right, else −1; and the goal of the root.

    Args:
        meaning: What ``number`` means: `ENTROPY`, `GREEDY` or `VISITS`.
        number: The target.
        held: ``(count, ties)``.
        logs: Logarithms of 0, 1, … up to the number of actions.
    """
    count, ties = held
    free = count + ties
    if count == 0:
        return math.inf, 0.0
    if meaning == ENTROPY:
        if number >= logs[free]:
            return (math.inf, 0.0) if number <= logs[free] + _TOLERANCE else (math.nan, 0.0)
        return (0.0, 0.0) if number <= logs[ties] else (-1.0, number)
    others = 1.0 - number
    if meaning == VISITS:
        if number <= free:
            return math.inf, 0.0
        others = (free - 1.0) / number
    target = 1.0 - others if meaning == VISITS else number
    if target * free <= ties:
        return (math.inf, 0.0) if target * free >= 1.0 - _TOLERANCE else (math.nan, 0.0)
    return (0.0, 0.0) if others == 0.0 else (-1.0, math.log(others / target) + logs[ties])


def spread_of(gaps: Any, held: tuple[int, int], largest: float) -> float:
    """The standard deviation of a row in units of its range."""
    count, ties = held
    mean, free = 0.0, count + ties
    for i in range(count):
        mean += gaps[i] / largest
    mean /= free
    square = ties * (mean * mean)
    for i in range(count):
        apart = gaps[i] / largest - mean
        square += apart * apart
    return math.sqrt(square / free)


def entropy_root(gaps: Any, held: tuple[int, int], nats: float, extent: tuple[float, float], start: float) -> float:
    """The b at which the entropy is ``nats``, by Halley's method in ln b within a bracket.

    In ln b the entropy has the slope −variance of the energy and the second derivative third moment − 2 · variance.
    Where a step did not halve the error, the next one bisects the bracket; before there is one, it is longer each time.
    """
    (count, ties), (least, largest) = held, extent
    coldest, reach, before = _LARGEST_ENERGY * (largest / least), _LONGEST, math.inf
    low, high, final = 0.0, math.inf, False
    b = start if _HOTTEST < start < coldest else 1.0
    for _ in range(_MOST_STEPS):
        total, first, second, third = float(ties), 0.0, 0.0, 0.0
        for i in range(count):
            energy = gaps[i] * (b / largest)
            if energy < _LARGEST_ENERGY:
                part = math.exp(-energy)
                total += part
                first += part * energy
                second += part * energy * energy
                third += part * energy * energy * energy
        mean, second, third = first / total, second / total, third / total
        error, variance = math.log(total) + mean - nats, second - mean * mean
        curved = 2.0 * variance * variance - error * (
            third - mean * (3.0 * second - 2.0 * mean * mean) - 2.0 * variance
        )
        step = 2.0 * error * variance / curved if curved > 0.0 else math.copysign(_FARTHEST, error)
        if final:
            return b * math.exp(step) if abs(step) <= _LONGEST else b
        low, high = (b, high) if error > 0.0 else (low, b)
        final = abs(error) <= _SMALL * variance or abs(error) <= _LEVEL
        if not final and (abs(error) > 0.5 * before or abs(step) > reach):
            step, reach = math.copysign(reach, error), min(2.0 * reach, _FARTHEST)
        new = min(max(b * math.exp(step), _HOTTEST), coldest)
        if not final and low > 0.0 and high < math.inf and (abs(error) > 0.5 * before or not low < new < high):
            new = math.sqrt(low) * math.sqrt(high)
        b, before = new, abs(error)
        if final:
            b = max(b * _UPPER - (b * _UPPER - b) + _SHIFT - _SHIFT, _GRID)
    return b


def greedy_root(gaps: Any, held: tuple[int, int], goal: float, extent: tuple[float, float], start: float) -> float:
    """The b at which ln Σ exp(−energy) over the gaps is ``goal``, by Halley's method.

    It is a decreasing, convex function of b, so that Newton's method converges from any start.
    """
    count, (least, largest) = held[0], extent
    lowest = least / largest
    b, final = start if 0.0 < start < _LARGEST_ENERGY / lowest else 0.0, False
    for _ in range(_MOST_STEPS):
        total, first, second = 0.0, 0.0, 0.0
        for i in range(count):
            gap = gaps[i] / largest - lowest
            if b * gap < _LARGEST_ENERGY:
                part = math.exp(-(b * gap))
                total += part
                first += part * gap
                second += part * gap * gap
        mean, size = first / total, math.log(total)
        error, slope = size - b * lowest - goal, mean + lowest
        step = error / slope
        curved = 1.0 - 0.5 * step * (second / total - mean * mean) / slope
        if 0.5 < curved < 2.0:
            step /= curved
        new = max(b + step, 0.0)
        if final:
            return max(new, _HOTTEST)
        final = abs(error) <= _SMALL * b * slope or abs(error) <= _LEVEL * (size + b * lowest + abs(goal))
        b = new * _UPPER - (new * _UPPER - new) + _SHIFT - _SHIFT if final else new
    return max(b, _HOTTEST)
