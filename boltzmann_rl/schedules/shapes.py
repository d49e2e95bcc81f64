"""The usual shapes of schedules: linear, polynomial, cosine, exponential, inverse time, power, logarithmic.

Each formula is written once, over a namespace of functions: see `boltzmann_rl.schedules.formulas`. NumPy evaluates it
on a plain float for one step and on an array for many, with the same bits.
"""

import math
from functools import partial
from typing import Any

from boltzmann_rl.arguments import as_count, as_finite, as_nonnegative, as_positive, check_fields, set_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.arguments.rows import per_row
from boltzmann_rl.schedules.formulas import (
    PLAIN,
    between,
    called_by_row,
    eager,
    fraction,
    geometric,
    held,
    quietly,
    raised,
)


@per_row("value")
@dataclass(frozen=True)
class Constant:
    """The same value at every step. A plain number means the same.

    Args:
        value: Finite, ≥ 0.

    Example:
        >>> Constant(0.5)(1000)
        0.5
    """

    value: float
    constant = True

    def __post_init__(self) -> None:
        check_fields(self, value=as_nonnegative)

    def at(self, step: Any, xp: Any) -> Any:
        return xp.zeros_like(step) + self.value

    __call__ = called_by_row


@per_row("start", "end")
@dataclass(frozen=True)
class Linear:
    """Linear from ``start`` to ``end``: (1 − f)·start + f·end with f = min(step / steps, 1).

    Args:
        start: Value at step 0, finite, ≥ 0.
        end: Value from ``steps`` on, finite, ≥ 0; it may lie above ``start``.
        steps: Steps from ``start`` to ``end``, ≥ 1.

    Example:
        >>> Linear(1.0, 0.1, steps=10)([0, 5, 10, 11])
        array([1.  , 0.55, 0.1 , 0.1 ])
    """

    start: float
    end: float
    steps: int

    def __post_init__(self) -> None:
        check_fields(self, start=as_nonnegative, end=as_nonnegative, steps=as_count)

    def at(self, step: Any, xp: Any) -> Any:
        return between(self.start, self.end, fraction(step, self.steps, xp), xp)

    __call__ = called_by_row


@per_row("start", "end")
@dataclass(frozen=True)
class Polynomial:
    """Polynomial from ``start`` to ``end``: end + (start − end)·(1 − f)^power with f = min(step / steps, 1).

    Power 1 is `Linear`; 2 falls fast at first, ½ fast at the end.

    Args:
        start: Value at step 0, finite, ≥ 0.
        end: Value from ``steps`` on, finite, ≥ 0.
        steps: Steps from ``start`` to ``end``, ≥ 1.
        power: > 0.

    Example:
        >>> Polynomial(1.0, 0.0, steps=10, power=2)(5)
        0.25
    """

    start: float
    end: float
    steps: int
    power: float = 2.0

    def __post_init__(self) -> None:
        power = partial(as_positive, why="with power 0 the value stays at start")
        check_fields(self, start=as_nonnegative, end=as_nonnegative, steps=as_count, power=power)

    def at(self, step: Any, xp: Any) -> Any:
        left = raised(1.0 - fraction(step, self.steps, xp), self.power, xp)
        return between(self.start, self.end, 1.0 - left, xp)

    __call__ = called_by_row


@per_row("start", "end")
@dataclass(frozen=True)
class Cosine:
    """Half a cosine from ``start`` to ``end``: end + (start − end)·(1 + cos πf)/2 with f = min(step / steps, 1).

    Args:
        start: Value at step 0, finite, ≥ 0.
        end: Value from ``steps`` on, finite, ≥ 0.
        steps: Steps from ``start`` to ``end``, ≥ 1.

    Example:
        >>> Cosine(1.0, 0.0, steps=10)([0, 5, 10])
        array([1. , 0.5, 0. ])

    Source: Loshchilov & Hutter (2017), *SGDR*, eq. 5.
    """

    start: float
    end: float
    steps: int

    def __post_init__(self) -> None:
        check_fields(self, start=as_nonnegative, end=as_nonnegative, steps=as_count)

    def at(self, step: Any, xp: Any) -> Any:
        f = fraction(step, self.steps, xp)
        return between(self.start, self.end, (1.0 - xp.cos(math.pi * f)) / 2.0, xp)

    __call__ = called_by_row


@per_row("start", "end")
@dataclass(frozen=True)
class Exponential:
    """Geometric cooling by a factor per step: either ``decay``, or the factor that reaches ``end`` in ``steps``.

    With ``steps`` the value is start^(1−f)·end^f with f = min(step / steps, 1): exactly ``end`` from ``steps`` on.
    With ``decay`` it is max(end, start·decay^step), or min if it rises. With the default end 0 it eventually
    underflows to exactly 0, which makes every policy greedy.

    Args:
        start: Value at step 0, finite, > 0.
        end: The final value, finite, ≥ 0; > 0 with ``steps``, since no factor reaches 0.
        steps: Steps from ``start`` to ``end``, ≥ 1. Give exactly one of ``steps`` and ``decay``.
        decay: Factor per step: in (0, 1), or above 1 if ``end`` lies above ``start``.

    Raises:
        ValueError: Both or neither of ``steps`` and ``decay``, or a decay that leads away from ``end``.

    Example:
        >>> Exponential(1.0, 0.01, steps=100)([0, 50, 100, 1000])
        array([1.  , 0.1 , 0.01, 0.01])
        >>> Exponential(1.0, decay=0.5)(3)
        0.125

    Source: Kirkpatrick, Gelatt & Vecchi (1983), *Optimization by Simulated Annealing*, Science 220.
    """

    start: float
    end: float
    steps: int | None
    decay: float | None

    def __init__(self, start: float, end: float = 0.0, *, steps: int | None = None, decay: float | None = None) -> None:
        set_fields(self, start=start, end=end, steps=steps, decay=decay)
        check_fields(self, start=as_nonnegative, end=as_nonnegative)
        if self.start == 0.0:
            raise ValueError("start must be above 0: any factor leaves 0 at 0; use Constant(0)")
        if (steps is None) == (decay is None):
            raise ValueError(f"give exactly one of steps and decay, got steps={steps!r}, decay={decay!r}")
        if steps is not None:
            check_fields(self, steps=as_count)
            if self.end == 0.0:
                raise ValueError("end must be above 0 with steps: no factor reaches 0; give decay=, or use Linear")
            return
        decay = as_positive(decay, "decay", why="decay 0 jumps to 0 at once")
        if not (decay > 1.0 if self.end > self.start else decay < 1.0):
            raise ValueError(
                f"decay must lead from start={self.start} to end={self.end}, got {decay}: a factor below 1 falls, "
                "above 1 rises, and 1 never moves (use Constant)"
            )
        set_fields(self, decay=decay)

    def at(self, step: Any, xp: Any) -> Any:
        start, end, decay = self.start, self.end, self.decay
        if decay is None:
            return self._between(step, xp)
        value = geometric(start, decay, step, xp)
        past = (value < end) == (decay < 1.0)
        if not eager(xp):  # a growing power that overflows has no derivative, also where it is not used
            value = geometric(start, decay, xp.where(past, 0.0, step), xp)
        return xp.where(past, end, value)

    def _between(self, step: Any, xp: Any) -> Any:
        steps: Any = self.steps  # not None: exactly one of the two is given
        if xp is PLAIN and step >= steps:  # a shortcut
            return self.end
        f = fraction(step, steps, xp)
        with quietly(xp):
            value = held(xp.power(self.start, 1.0 - f) * xp.power(self.end, f), self.start, self.end, f, xp)
        return xp.where(f < 1.0, value, self.end)

    __call__ = called_by_row


@per_row("start")
@dataclass(frozen=True)
class InverseTime:
    """Cooling in inverse proportion to time: start / (1 + rate·step).

    Args:
        start: Value at step 0, finite, ≥ 0.
        rate: Per step, > 0; after 1/rate steps the value has halved.

    Example:
        >>> InverseTime(1.0, rate=0.1)([0, 10, 90])
        array([1. , 0.5, 0.1])
    """

    start: float
    rate: float

    def __post_init__(self) -> None:
        check_fields(self, start=as_nonnegative, rate=partial(as_positive, why="rate 0 would never anneal"))

    def at(self, step: Any, xp: Any) -> Any:
        with quietly(xp):
            return self.start / (1.0 + self.rate * step)

    __call__ = called_by_row


@per_row("start")
@dataclass(frozen=True)
class Power:
    """A power of time: start / (1 + step/per)^exponent; it falls for a positive exponent, rises for a negative one.

    Exponent 1 is the decreasing SoftMax of Vermorel & Mohri, ½ the rate of Exp3. Exponent −½ suits the temperature of a
    softmax over cumulative losses, which grow with time.

    Args:
        start: Value at step 0, finite, ≥ 0.
        exponent: Finite, not 0.
        per: Steps per unit of time, > 0, finite; the number of arms counts time in pulls per arm.

    Example:
        >>> Power(1.0, exponent=0.5)([0, 3, 99])
        array([1. , 0.5, 0.1])
        >>> Power(1.0, per=10)([0, 10, 90])
        array([1. , 0.5, 0.1])
        >>> Power(1.0, exponent=-0.5)([0, 3, 99])
        array([ 1.,  2., 10.])

    Source: Vermorel & Mohri (2005), *Multi-armed Bandit Algorithms and Empirical Evaluation*, §3.1.
    """

    start: float
    exponent: float = 1.0
    per: float = 1.0

    def __post_init__(self) -> None:
        check_fields(self, start=as_nonnegative, exponent=as_finite, per=as_positive)
        if self.exponent == 0.0:
            raise ValueError("exponent must not be 0, which would never anneal: use Constant")

    def at(self, step: Any, xp: Any) -> Any:
        base = 1.0 + step / self.per
        power = raised(base, self.exponent, xp)
        beyond = (power == 0.0) | (power == math.inf)
        if xp is PLAIN and not beyond:  # a shortcut
            return self.start / power
        if not eager(xp):  # a power that overflows has no derivative, also where it is not used
            power = raised(xp.where(beyond, 1.0, base), self.exponent, xp)
        rises = beyond & (self.exponent < 0.0) & (self.start > 0.0)
        limit = xp.where(rises, math.inf, xp.zeros_like(step))
        with quietly(xp):
            return xp.where(beyond, limit, self.start / xp.where(beyond, 1.0, power))

    __call__ = called_by_row


@per_row("scale")
@dataclass(frozen=True)
class Logarithmic:
    """Logarithmic cooling: scale / ln(step + offset).

    The slowest of the classical schedules, and the one with convergence proofs. It is finite from step 0 on, and
    equals ``scale`` there for the default offset e.

    Args:
        scale: Finite, ≥ 0.
        offset: > 1, so that the logarithm is never 0.

    Example:
        >>> Logarithmic(1.0)([0, 1000]).round(4)
        array([1.    , 0.1447])

    Source: Hajek (1988), *Cooling Schedules for Optimal Annealing*, eq. 1.2; Singh et al. (2000), appendix B.
    """

    scale: float
    offset: float = math.e

    def __post_init__(self) -> None:
        check_fields(self, scale=as_nonnegative, offset=partial(as_finite, minimum=1.0))
        if self.offset == 1.0:
            raise ValueError("offset must be above 1: ln(1) is 0 at step 0")

    def at(self, step: Any, xp: Any) -> Any:
        with quietly(xp):
            return self.scale / xp.log(step + self.offset)

    __call__ = called_by_row
