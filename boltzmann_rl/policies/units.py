"""Units of temperature in numbers, for kernels and for decisions on plain floats."""

from functools import partial
from math import inf, nextafter, sqrt
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.numerics import plain_temperatures as plain
from boltzmann_rl.numerics.plain import FEW
from boltzmann_rl.policies.noise import RelativeToNoise
from boltzmann_rl.policies.parameters import at_steps, number_at
from boltzmann_rl.policies.temperatures import (
    GLIE,
    EffectiveActions,
    GreedyByVisits,
    GreedyProbability,
    Odds,
    RelativeToRange,
    RelativeToSpread,
    TargetEntropy,
)
from boltzmann_rl.protocols import is_unit

# What the number of each unit means, and the fields that it follows from.
FIELDS: dict[type, tuple[int, tuple[str, ...]]] = {
    Odds: (plain.PLAIN, ("gap", "odds")),
    RelativeToRange: (plain.RANGE, ("scale",)),
    GLIE: (plain.RANGE, ()),
    RelativeToSpread: (plain.SPREAD, ("scale",)),
    TargetEntropy: (plain.ENTROPY, ("nats",)),
    EffectiveActions: (plain.ENTROPY, ("target",)),
    GreedyProbability: (plain.GREEDY, ("target",)),
    GreedyByVisits: (plain.VISITS, ()),
    RelativeToNoise: (plain.NOISE, ("scale",)),
}
UNITS = tuple(FIELDS)

# The ranges of fields other than [0, ∞].
_RANGES: dict[tuple[type, str], tuple[float, float]] = {
    (Odds, "odds"): (nextafter(1.0, inf), inf),
    (EffectiveActions, "target"): (1.0, inf),
    (GreedyProbability, "target"): (nextafter(0.0, inf), 1.0),
}

# NumPy's logarithms of numbers of actions.
LOGS = np.log(np.maximum(np.arange(FEW + 1.0), 1.0))
_LOGS = LOGS.tolist()

# Values that are not above this may be fill values: see `boltzmann_rl.decisions.fill_values`.
_HIGHEST_FILL = -65504.0


def meaning_of(temperature: Any) -> int:
    """What the numbers of `numbers_of` mean: a constant of `boltzmann_rl.numerics.plain_temperatures`."""
    return FIELDS[type(temperature)][0] if is_unit(temperature) else plain.PLAIN


def numbers_of(unit: Any, first: int, last: int) -> Floats:
    """The multiple or the target of one of the `UNITS` at many steps ``(last − first,)``.

    Raises:
        ValueError: A number outside its range.

    Example:
        >>> from boltzmann_rl.schedules import Linear
        >>> numbers_of(RelativeToRange(Linear(1.0, 0.0, steps=4)), 1, 3)
        array([0.75, 0.5 ])
    """
    fields = [at_steps(getattr(unit, name), first, last) for name in FIELDS[type(unit)][1]]
    if not _in_range(type(unit), fields):
        raise ValueError(f"a parameter of {unit!r} is outside its range")
    return _number(type(unit), fields, partial(np.arange, first, last))


def number_of(unit: Any, step: int | None) -> float | None:
    """The multiple or the target of one of the `UNITS` at a step; None if it is out of its range or needs a step.

    Example:
        >>> number_of(RelativeToRange(0.5), step=0)
        0.5
    """
    kind = type(unit)
    if step is None and kind in (GLIE, GreedyByVisits):
        return None
    fields = [number_at(getattr(unit, name), step) for name in FIELDS[kind][1]]
    if None in fields or not _in_range(kind, fields):
        return None
    return float(_number(kind, fields, lambda: step))


def plain_temperature(
    unit: Any, values: list[float], step: int | None, *, memory: Any = None, learned: bool = False
) -> float | None:
    """The temperature of a row as a plain float; None where the array code must decide, or says what is wrong.

    Args:
        unit: One of the `UNITS`.
        values: Those of the row, −inf where an action is not available.
        step: Decisions made so far.
        memory: What the learner remembers of the row, for a unit that takes it.
        learned: Whether no value is a fill value; otherwise the array code decides about very low ones.

    Example:
        >>> plain_temperature(RelativeToRange(0.5), [1.0, -inf, 3.0], step=0)
        1.0
    """
    number = number_of(unit, step)
    return None if number is None else temperature_of(number, meaning_of(unit), values, memory=memory, learned=learned)


def temperature_of(
    number: float, meaning: int, values: list[float], *, memory: Any = None, learned: bool = False
) -> float | None:
    """`plain_temperature` of a unit that is given by its number, and what that means."""
    best = max(values)
    if not best > -inf or number != number:
        return None
    if meaning == plain.PLAIN:
        return number
    if meaning == plain.NOISE:
        return None if memory is None else number * float(memory) if 0.0 < number < inf else number
    free = values
    if not -inf < sum(values) < inf:
        free = [value for value in values if value != -inf]
        if not sum(free) < inf:
            return None
    largest = best - min(free)
    if not largest < inf or not (learned or best - largest > _HIGHEST_FILL):
        return None
    if largest == 0.0:
        return inf
    if meaning == plain.RANGE:
        return number * largest
    gaps = [gap for value in free if (gap := best - value) > 0.0]
    return _of_gaps(meaning, number, gaps, (len(gaps), len(free) - len(gaps)), largest)


def _of_gaps(meaning: int, number: float, gaps: list[float], held: tuple[int, int], largest: float) -> float | None:
    """The temperature of a row with these gaps; None where the array code must say."""
    if meaning == plain.SPREAD:
        return number * _spread_of(gaps, held, largest) * largest
    least = min(gaps)
    temperature, goal = plain.goal_of(meaning, number, held, _LOGS)
    if not largest >= plain.LEAST_GAP or not largest <= plain.LARGEST_RATIO * least or temperature != temperature:
        return None
    if temperature >= 0.0:
        return temperature
    root = plain.entropy_root if meaning == plain.ENTROPY else plain.greedy_root
    return largest / root(gaps, held, goal, (least, largest), 0.0)


def _spread_of(gaps: list[float], held: tuple[int, int], largest: float) -> float:
    """`plain.spread_of`, with the same bits in less time."""
    (count, ties), shares = held, [gap / largest for gap in gaps]
    mean = 0.0
    for share in shares:
        mean += share
    mean /= count + ties
    square = ties * (mean * mean)
    for share in shares:
        apart = share - mean
        square += apart * apart
    return sqrt(square / (count + ties))


def _in_range(kind: type, fields: list[Any]) -> bool:
    """Whether the fields, numbers or arrays, are in their ranges."""
    for name, field in zip(FIELDS[kind][1], fields, strict=True):
        least, most = _RANGES.get((kind, name), (0.0, inf))
        within = (field >= least) & (field <= most)
        if not (within if isinstance(within, bool) else within.all()):
            return False
    return True


def _number(kind: type, fields: list[Any], steps: Any) -> Any:
    """The number of a unit at some steps; NumPy takes the logarithms, as in the units' own code."""
    if kind is GreedyByVisits:
        return steps() + 1.0
    if kind not in (GLIE, Odds, EffectiveActions):
        return fields[0]
    with np.errstate(all="ignore"):
        if kind is GLIE:
            return 1.0 / np.log(steps() + 1.0)
        if kind is Odds:
            gap, odds = fields
            return np.where(np.isinf(odds), 0.0, gap / np.log(odds))
        return np.log(fields[0])
