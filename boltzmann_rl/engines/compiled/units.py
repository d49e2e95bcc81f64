"""Temperatures that read the values, in the compiled engine: one for each run of a tile.

As in `boltzmann_rl.policies.temperatures`. Where the temperature is the root of an equation, Newton's method starts at
the root of the run's decision before, and goes on until the digits no longer depend on that.
"""

from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.kernels.exponential import exp_nonpositive
from boltzmann_rl.kernels.jit import fused, inner, placed
from boltzmann_rl.kernels.logarithm import log_positive
from boltzmann_rl.kernels.vectors import WIDTH, any_of, counted, eight, flat, gather, load, root, store, where
from boltzmann_rl.numerics.plain_temperatures import ENTROPY, NOISE, RANGE, SPREAD, VISITS
from boltzmann_rl.numerics.softmax import LEAST_TEMPERATURE

# The gaps between values that have all digits here; the reference engine runs in place of this one if others arise.
_LEAST_GAP, _LARGEST_GAP = 1e-290, 1e290

# Inverse temperatures that make the weights of all gaps exactly 0 and exactly 1.
COLD, HOT = 1e300, 1e-307

# As in `boltzmann_rl.numerics.maxima`: energies at which a weight is 0, and the logarithm of the temperature in units
# of the largest gap from which all weights are 1; what counts as no difference; how far a target may be out of reach.
_LARGEST_ENERGY, _UNIFORM, _EPS, _TOLERANCE = 800.0, 37.0, float(np.finfo(np.float64).eps), 1e-9
_LOG_LARGEST_ENERGY = float(np.log(_LARGEST_ENERGY))

# The error after a step of Newton's method is about the square of the step.
_LAST_STEP = 1e-8

# By then every bracket is closed.
_MOST_STEPS = 200

_TINY = np.finfo(np.float64).tiny


class Unit(NamedTuple):
    """A unit of temperature, and the temperatures that were found.

    At each step: the ``target`` (a scale, an entropy in nats, a probability or the number of decisions), and the
    ``goal`` of the equation's left side. ``always`` says that a temperature is needed where the softmax has no weight,
    too. ``logarithms`` are those of the numbers of arms, and ``latest`` that of each run's latest root ``(tiles,
    lanes)``. ``found`` receives the temperatures ``(steps of a chunk, tiles, lanes)``, and ``failed`` a 1 where only
    the reference can find one.
    """

    kind: int
    always: bool
    target: Any
    goal: Any
    logarithms: Any
    latest: Any
    found: Any
    failed: Any


class _Gaps(NamedTuple):
    """Of each run of a tile: the best value, the gaps to the worst and to the next best, and numbers of arms."""

    best: Any
    largest: Any  # 0 if all available arms are tied
    least: Any
    ties: Any
    available: Any


@placed
def flat_unit(x):  # type: ignore[no-untyped-def]
    """A unit with pointers to its arrays; None without one."""
    if x is None:
        return None
    given = x.kind, x.always, flat(x.target), flat(x.goal), flat(x.logarithms)
    return Unit(*given, flat(x.latest), flat(x.found), flat(x.failed))


@placed
def needed(unit, soft):  # type: ignore[no-untyped-def]
    """Whether each run needs a temperature of its own, where the softmax has this weight."""
    if unit is None:  # without a unit Numba compiles nothing else, but only since it is an argument by itself
        return False
    return soft > 0.0 or unit.always


@placed
def inverses(unit, values, deviation, step, place, i, first, last):  # type: ignore[no-untyped-def]
    """Find the temperatures of a tile by `find`; returns their inverses."""
    if unit is None:
        return eight(1.0)  # for the type alone: `needed` lets no such call happen
    find(values, unit, deviation, step, place, i, first, last)
    return inverse_of(load(unit.found, place))


@placed
def found_all(unit):  # type: ignore[no-untyped-def]
    """Whether this engine found all temperatures, or needed none."""
    if unit is None:
        return True
    return unit.failed[0] == 0.0


@inner
def find(values, unit, deviation, step, place, i, first, last):  # type: ignore[no-untyped-def]
    """Store the temperatures of a tile, whose rewards have a standard deviation, at a place in ``found``."""
    gaps = _gaps_of(values, first, last)
    outside = (gaps.largest > _LARGEST_GAP) | (gaps.least < _LEAST_GAP)
    target = unit.target[step]
    if unit.kind == RANGE:
        temperature = target * gaps.largest
    elif unit.kind == SPREAD:
        temperature = target * _spread(values, gaps, first, last) * gaps.largest
    elif unit.kind == NOISE:
        temperature = target * deviation if target > 0.0 else eight(0.0)
    else:
        temperature, out_of_reach = _root(values, gaps, unit, step, i, first, last)
        outside |= out_of_reach
    if unit.kind != NOISE:
        temperature = where(gaps.largest == 0.0, np.inf, temperature)
    store(unit.found, place, temperature)
    known = where(temperature >= LEAST_TEMPERATURE, 1.0, where(temperature == 0.0, eight(1.0), 0.0))
    if any_of(outside | (known == 0.0)):
        unit.failed[0] = 1.0


@placed
def inverse_of(temperature):  # type: ignore[no-untyped-def]
    """1/temperature, with limits that give the weights of the softmax at 0 and ∞."""
    inverse = 1.0 / where(temperature > 0.0, temperature, 1.0)
    return where(temperature > 0.0, where(inverse > HOT, inverse, HOT), COLD)


@placed
def _gaps_of(values, first, last):  # type: ignore[no-untyped-def]
    best, lowest, available = eight(-np.inf), eight(np.inf), eight(0.0)
    for at in range(first, last, WIDTH):
        q = load(values, at)
        best = where(q > best, q, best)
        lowest = where((q > -np.inf) & (q < lowest), q, lowest)
        available = where(q > -np.inf, available + 1.0, available)
    second, ties = eight(-np.inf), eight(0.0)
    for at in range(first, last, WIDTH):
        q = load(values, at)
        ties = where(q == best, ties + 1.0, ties)
        second = where((q < best) & (q > second), q, second)
    return _Gaps(best, best - lowest, best - second, ties, available)


@placed
def _spread(values, gaps, first, last):  # type: ignore[no-untyped-def]
    """The standard deviation of the values of the available arms in units of their range."""
    total, squares = eight(0.0), eight(0.0)
    for at in range(first, last, WIDTH):
        q = load(values, at)
        total += where(q > -np.inf, (gaps.best - q) / gaps.largest, 0.0)
    mean = total / gaps.available
    for at in range(first, last, WIDTH):
        q = load(values, at)
        centred = (gaps.best - q) / gaps.largest - mean
        squares += where(q > -np.inf, centred * centred, 0.0)
    return root(squares / gaps.available)


@placed
def _root(values, gaps, unit, step, i, first, last):  # type: ignore[no-untyped-def]
    """The temperatures at which the entropy, or the probability of the best arms, is the target; where that fails."""
    target, goal, unequal = unit.target[step], eight(unit.goal[step]), gaps.largest > 0.0
    if unit.kind == ENTROPY:
        least = gather(unit.logarithms, counted(gaps.ties))
        most = gather(unit.logarithms, counted(gaps.available))
        cold, hot, outside = target <= least, target >= most, target > most + _TOLERANCE
        waiting = unequal & (target > least) & (target < most)
    else:
        share = eight(target)
        if unit.kind == VISITS:
            others = (gaps.available - 1.0) / where(gaps.available < target, target, gaps.available)
            share = 1.0 - others
            goal = log_positive(where(others > 0.0, others / share, 1.0))
        uniform = share * gaps.available  # the number of best arms with that probability if all have the same
        if unit.kind == VISITS:
            uniform = where(gaps.available < target, uniform, 1.0)
        cold, hot, outside = share == 1.0, uniform <= gaps.ties, uniform < 1.0 - _TOLERANCE
        waiting = unequal & (share < 1.0) & (uniform > gaps.ties)
    x, unsolved = load(unit.latest, i), eight(0.0) > 0.0
    if any_of(waiting):
        x, unsolved = _newton(values, gaps, unit.kind, goal, waiting, x, first, last)
        store(unit.latest, i, x)
    temperature = where(hot, np.inf, where(cold, 0.0, exp_nonpositive(x)))
    return temperature, (unequal & outside) | unsolved


@placed
def _newton(values, gaps, kind, goal, waiting, x, first, last):  # type: ignore[no-untyped-def]
    """The logarithms of the temperatures where ``waiting``, from the logarithms ``x``, and where they were not found.

    As `boltzmann_rl.numerics.maxima.rising_root`.
    """
    low = log_positive(where(waiting, gaps.least, 1.0)) - _LOG_LARGEST_ENERGY
    largest = log_positive(where(waiting, gaps.largest, 1.0))
    high, last_size = largest + _UNIFORM, eight(np.inf)
    x = where(waiting, where((x > low) & (x < high), x, largest), x)
    for _ in range(_MOST_STEPS):
        value, slope = _excess(values, gaps, kind, goal, x, first, last)
        low, high = where(value <= 0.0, x, low), where(value >= 0.0, x, high)
        step, size = value / slope, where(value < 0.0, -value, value)
        next_x, distance = x - step, where(step < 0.0, -step, step)
        safe = (next_x > low) & (next_x < high) & (size <= 0.5 * last_size)
        nearest = where(safe | (distance <= _LAST_STEP), next_x, low + (high - low) * 0.5)
        arrived = (size <= 4.0 * _EPS) | (high - low <= 8.0 * _EPS * (1.0 + where(x < 0.0, -x, x)))
        x = where(waiting, where(arrived, x, nearest), x)
        waiting = where(waiting, where(arrived | (distance <= _LAST_STEP), 0.0, 1.0), 0.0) > 0.0
        last_size = size
        if not any_of(waiting):
            break
    return x, waiting


@fused
def _excess(values, gaps, kind, goal, x, first, last):  # type: ignore[no-untyped-def]
    """How far the entropy, or the logarithm of the odds against the best arms, exceeds the goal; and its slope."""
    inverse, others, mean, square = exp_nonpositive(-x), eight(0.0), eight(0.0), eight(0.0)
    for at in range(first, last, WIDTH):
        energy = (gaps.best - load(values, at)) * inverse
        energy = where(energy < _LARGEST_ENERGY, energy, _LARGEST_ENERGY)
        weight = exp_nonpositive(-energy)
        others += where(load(values, at) == gaps.best, 0.0, weight)  # apart, to keep the digits of small weights
        mean += weight * energy
        square += weight * energy * energy
    if kind != ENTROPY:
        return where(others > _TINY, log_positive(others / gaps.ties), -np.inf) - goal, mean / others
    part = 1.0 / (others + gaps.ties)
    mean *= part
    return log_positive(others + gaps.ties) + mean - goal, square * part - mean * mean
