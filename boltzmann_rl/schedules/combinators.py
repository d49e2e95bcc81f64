"""Schedules built from schedules: pieces, warm-up, restarts, floor, ceiling, scale and complement."""

from bisect import bisect_right
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from boltzmann_rl.arguments import (
    as_count,
    as_finite,
    as_integer,
    as_nonnegative,
    as_sequence,
    check_fields,
    set_fields,
    unwrap,
)
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.arguments.rows import per_row
from boltzmann_rl.protocols import Parameter
from boltzmann_rl.schedules.evaluation import as_parameter, evaluate
from boltzmann_rl.schedules.shapes import counted, quietly, within


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

    def __call__(self, step: Any) -> Any:
        steps = counted(step)
        if isinstance(steps, float):
            return self.values[bisect_right(self.boundaries, steps)]
        return unwrap(np.asarray(self.values)[np.searchsorted(self.boundaries, steps, side="right")])


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

    def __call__(self, step: Any) -> Any:
        steps, begins = counted(step), (0, *self.boundaries)
        if isinstance(steps, float):
            piece = bisect_right(self.boundaries, steps)
            return evaluate(self.schedules[piece], _whole(steps - begins[piece]))
        pieces = np.searchsorted(self.boundaries, steps, side="right")
        values = np.empty(steps.shape)
        for k, schedule in enumerate(self.schedules):
            if (here := pieces == k).any():
                values[here] = evaluate(schedule, _whole(steps[here] - begins[k]))
        return unwrap(values)


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

    def __call__(self, step: Any) -> Any:
        steps = counted(step)
        f = within(steps / self.steps, 0.0, 1.0)
        value = evaluate(self.schedule, _whole(within(steps - self.steps, 0.0, np.inf)))  # of step 0 until it is warm
        with quietly(f):
            return (1.0 - f) * self.start + f * value


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

    def __call__(self, step: Any) -> Any:
        steps = within(counted(step), 0.0, 2.0**62)  # as `_whole`: an infinite step has no last restart
        if self.growth == 1:
            return evaluate(self.schedule, _whole(steps % self.period))
        starts, length = [0], self.period
        while starts[-1] + length <= np.max(steps, initial=0.0):
            starts.append(starts[-1] + length)
            length *= self.growth
        since = steps - np.asarray(starts)[np.searchsorted(starts, steps, side="right") - 1]
        return evaluate(self.schedule, _whole(since))


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

    def __call__(self, step: Any) -> Any:
        return unwrap(within(evaluate(self.schedule, _whole(counted(step))), self.minimum, np.inf))


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

    def __call__(self, step: Any) -> Any:
        return unwrap(within(evaluate(self.schedule, _whole(counted(step))), -np.inf, self.maximum))


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

    def __call__(self, step: Any) -> Any:
        value = evaluate(self.schedule, _whole(counted(step)))
        with quietly(value):
            return unwrap(self.factor * value)


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

    def __call__(self, step: Any) -> Any:
        value = evaluate(self.schedule, _whole(counted(step)))
        above = np.extract(np.asarray(value) > 1.0, value)
        if above.size:
            raise ValueError(f"schedule must be at most 1, got {above[0]} from {self.schedule!r}: take a Ceiling of it")
        return unwrap(1.0 - value)


def _boundaries(boundaries: Any, pieces: int, name: str) -> tuple[int, ...]:
    given = as_sequence(boundaries, "boundaries", "steps")
    steps = tuple(as_integer(b, f"boundaries[{k}]", minimum=1) for k, b in enumerate(given))
    if len(steps) != pieces - 1:
        raise ValueError(f"boundaries must be one fewer than {name}, got {len(steps)} for {pieces}")
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise ValueError(f"boundaries must rise, got {steps}")
    return steps


def _whole(steps: Any) -> Any:
    """Steps as integers again, which a user's schedule may require."""
    return int(min(steps, 2.0**62)) if isinstance(steps, float) else np.minimum(steps, 2.0**62).astype(np.int64)
