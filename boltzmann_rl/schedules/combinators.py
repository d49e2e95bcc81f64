"""Schedules built from schedules: pieces, warm-up, restarts, floor, ceiling, scale and complement."""

import math
from bisect import bisect_right
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np

from boltzmann_rl.arguments import (
    as_count,
    as_finite,
    as_integer,
    as_nonnegative,
    as_sequence,
    as_steps,
    check_fields,
    set_fields,
    unwrap,
)
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.arguments.rows import per_row
from boltzmann_rl.protocols import Parameter
from boltzmann_rl.schedules.evaluation import as_parameter, evaluate, inner
from boltzmann_rl.schedules.formulas import (
    PLAIN,
    called,
    called_by_row,
    capped,
    eager,
    floored,
    fraction,
    quietly,
    whole,
)

# Steps beyond it are taken as it: they no longer are integers of 64 bits.
_FAR = 2.0**62


@dataclass(frozen=True)
class Piecewise:
    """Constant pieces: ``values[k]`` from ``boundaries[k−1]`` (included) to ``boundaries[k]`` (excluded).

    Args:
        values: One more than there are boundaries, finite, ≥ 0.
        boundaries: Steps at which the next value begins, rising, ≥ 1.

    Example:
        >>> Piecewise((1.0, 0.1, 0.0), boundaries=(100, 500))([0, 99, 100, 500])
        array([1. , 1. , 0.1, 0. ])
    """

    values: tuple[float, ...]
    boundaries: tuple[int, ...]

    def __post_init__(self) -> None:
        given = as_sequence(self.values, "values", "numbers")
        values = tuple(as_finite(v, f"values[{k}]", minimum=0.0) for k, v in enumerate(given))
        set_fields(self, values=values, boundaries=_boundaries(self.boundaries, len(values), "values"))

    def at(self, step: Any, xp: Any) -> Any:
        if xp is PLAIN:
            return self.values[bisect_right(self.boundaries, step)]
        if xp is np:
            return np.asarray(self.values)[np.searchsorted(self.boundaries, step, side="right")]
        value = xp.zeros_like(step) + self.values[0]
        for boundary, following in zip(self.boundaries, self.values[1:], strict=True):
            value = xp.where(step >= float(boundary), following, value)
        return value

    __call__ = called


@per_row()
@dataclass(frozen=True)
class Joined:
    """Schedules one after another; the step of each is counted from its own beginning.

    Args:
        schedules: Numbers or schedules, one more than there are boundaries.
        boundaries: Steps at which the next schedule begins, rising, ≥ 1.

    Example:
        >>> from boltzmann_rl.schedules import Linear
        >>> Joined((1.0, Linear(1.0, 0.0, steps=10)), boundaries=(100,))([99, 100, 105, 110])
        array([1. , 1. , 0.5, 0. ])

    Source: the convention of ``optax.schedules.join_schedules``.
    """

    schedules: tuple[Parameter, ...]
    boundaries: tuple[int, ...]

    def __post_init__(self) -> None:
        given = as_sequence(self.schedules, "schedules", "numbers or schedules")
        schedules = tuple(as_parameter(s, f"schedules[{k}]") for k, s in enumerate(given))
        set_fields(self, schedules=schedules, boundaries=_boundaries(self.boundaries, len(schedules), "schedules"))

    def at(self, step: Any, xp: Any) -> Any:
        if xp is PLAIN:
            piece = bisect_right(self.boundaries, step)
            return inner(self.schedules[piece], step - self.boundaries[piece - 1] if piece else step, xp)
        begins = (0.0, *map(float, self.boundaries))
        value = xp.zeros_like(step)
        for schedule, begin, end in zip(self.schedules, begins, (*begins[1:], math.inf), strict=True):
            here = (step >= begin) & (step < end)
            if xp is np:  # a user's schedule is called only with the steps of its piece
                if here.any():
                    value[here] = inner(schedule, step[here] - begin, xp)
            else:
                value = xp.where(here, inner(schedule, xp.where(here, step - begin, 0.0), xp), value)
        return value

    __call__ = called_by_row


@per_row("schedule", "start")
@dataclass(frozen=True)
class WarmUp:
    """A linear rise (or fall) from ``start`` to the first value of ``schedule``, then the schedule itself.

    Args:
        schedule: The schedule after the warm-up; its step is counted from the end of the warm-up.
        steps: Length of the warm-up, ≥ 1.
        start: Value at step 0, finite, ≥ 0.

    Example:
        >>> from boltzmann_rl.schedules import Linear
        >>> WarmUp(Linear(1.0, 0.0, steps=10), steps=4)([0, 2, 4, 9])
        array([0. , 0.5, 1. , 0.5])
    """

    schedule: Parameter
    steps: int
    start: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self, schedule=as_parameter, steps=as_count, start=as_nonnegative)

    def at(self, step: Any, xp: Any) -> Any:
        warm = float(self.steps)
        f = fraction(step, self.steps, xp)
        value = inner(self.schedule, xp.where(step > warm, step - warm, 0.0), xp)  # of step 0 until it is warm
        with quietly(xp):
            return (1.0 - f) * self.start + f * value

    __call__ = called_by_row


@per_row("schedule")
@dataclass(frozen=True)
class Restarts:
    """A schedule that begins anew every ``period`` steps, each period ``growth`` times as long as the last.

    Args:
        schedule: The schedule to repeat; its step is counted from the last restart.
        period: Length of the first period, ≥ 1.
        growth: Whole factor ≥ 1 from each period to the next. The schedule itself is not stretched.

    Example:
        >>> from boltzmann_rl.schedules import Linear
        >>> Restarts(Linear(1.0, 0.0, steps=10), period=10)([0, 5, 10, 15])
        array([1. , 0.5, 1. , 0.5])

    Source: Loshchilov & Hutter (2017), *SGDR: Stochastic Gradient Descent with Warm Restarts*, §3.
    """

    schedule: Parameter
    period: int
    growth: int = 1

    def __post_init__(self) -> None:
        check_fields(self, schedule=as_parameter, period=as_count, growth=as_count)

    def at(self, step: Any, xp: Any) -> Any:
        step = capped(step, _FAR, xp)  # an infinite step has no last restart
        if self.growth == 1:
            return inner(self.schedule, step % float(self.period), xp)
        starts = (_known_starts if eager(xp) else _starts)(self.period, self.growth)
        return inner(self.schedule, step - _last(starts, step, xp), xp)

    __call__ = called_by_row


@per_row("schedule", "minimum")
@dataclass(frozen=True)
class Floor:
    """The schedule, but never below ``minimum``: max(schedule(step), minimum).

    Args:
        schedule: A number or a schedule.
        minimum: Finite, ≥ 0.

    Example:
        >>> from boltzmann_rl.schedules import InverseTime
        >>> Floor(InverseTime(1.0, rate=1.0), minimum=0.1)([0, 1, 99])
        array([1. , 0.5, 0.1])
    """

    schedule: Parameter
    minimum: float

    def __post_init__(self) -> None:
        check_fields(self, schedule=as_parameter, minimum=as_nonnegative)

    def at(self, step: Any, xp: Any) -> Any:
        return floored(inner(self.schedule, step, xp), self.minimum, xp)

    __call__ = called_by_row


@per_row("schedule", "maximum")
@dataclass(frozen=True)
class Ceiling:
    """The schedule, but never above ``maximum``: min(schedule(step), maximum).

    Args:
        schedule: A number or a schedule.
        maximum: Finite, ≥ 0.

    Example:
        >>> from boltzmann_rl.schedules import Power
        >>> Ceiling(Power(5.0), maximum=1.0)([0, 3, 4, 9])  # εₙ = min(1, 5/n), n = step + 1
        array([1. , 1. , 1. , 0.5])
    """

    schedule: Parameter
    maximum: float

    def __post_init__(self) -> None:
        check_fields(self, schedule=as_parameter, maximum=as_nonnegative)

    def at(self, step: Any, xp: Any) -> Any:
        return capped(inner(self.schedule, step, xp), self.maximum, xp)

    __call__ = called_by_row


@per_row("schedule", "factor")
@dataclass(frozen=True)
class Scaled:
    """The schedule times a factor, to fit rewards of another scale: factor · schedule(step).

    Args:
        schedule: A number or a schedule.
        factor: Finite, ≥ 0.

    Example:
        >>> from boltzmann_rl.schedules import Cosine
        >>> Scaled(Cosine(1.0, 0.0, steps=10), factor=100.0)(5)
        50.0
    """

    schedule: Parameter
    factor: float

    def __post_init__(self) -> None:
        check_fields(self, schedule=as_parameter, factor=as_nonnegative)

    def at(self, step: Any, xp: Any) -> Any:
        value = inner(self.schedule, step, xp)
        with quietly(xp):
            return self.factor * value

    __call__ = called_by_row


@per_row("schedule")
@dataclass(frozen=True)
class Complement:
    """One minus a schedule, such as the greedy probability 1 − ε: 1 − schedule(step).

    Args:
        schedule: A number or a schedule in [0, 1].

    Raises:
        ValueError: A value above 1.

    Example:
        >>> from boltzmann_rl.schedules import Power
        >>> Complement(Power(0.5))([0, 4, 49])
        array([0.5 , 0.9 , 0.99])
    """

    schedule: Parameter

    def __post_init__(self) -> None:
        check_fields(self, schedule=partial(as_parameter, maximum=1.0))

    def at(self, step: Any, xp: Any) -> Any:
        value = inner(self.schedule, step, xp)
        return xp.where(value > 1.0, math.nan, 1.0 - value)

    def __call__(self, step: Any) -> Any:
        value = called_by_row(self, step)
        if np.isnan(value).any():
            inside = evaluate(self.schedule, whole(unwrap(as_steps(step))))
            above = np.extract(np.asarray(inside) > 1.0, inside)
            if above.size:
                raise ValueError(
                    f"schedule must be at most 1, got {above[0]} from {self.schedule!r}: take a Ceiling of it"
                )
        return value


def _boundaries(boundaries: Any, pieces: int, name: str) -> tuple[int, ...]:
    given = as_sequence(boundaries, "boundaries", "steps")
    steps = tuple(as_integer(b, f"boundaries[{k}]", minimum=1) for k, b in enumerate(given))
    if len(steps) != pieces - 1:
        raise ValueError(f"boundaries must be one fewer than {name}, got {len(steps)} for {pieces}")
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise ValueError(f"boundaries must rise, got {steps}")
    return steps


def _starts(period: int, growth: int) -> tuple[float, ...]:
    """The steps of all restarts, from 0."""
    starts, length = [0], period
    while starts[-1] + length <= _FAR:
        starts.append(starts[-1] + length)
        length *= growth
    return tuple(map(float, starts))


_known_starts = lru_cache(64)(_starts)  # not where code is compiled: PyTorch warns of a cache


def _last(starts: tuple[float, ...], step: Any, xp: Any) -> Any:
    """The last of the rising ``starts`` that is not after the step."""
    if xp is PLAIN:
        return starts[bisect_right(starts, step) - 1]
    if xp is np:
        return np.asarray(starts)[np.searchsorted(starts, step, side="right") - 1]
    last = xp.zeros_like(step)
    for start in starts:
        last = xp.where(step >= start, start, last)
    return last
