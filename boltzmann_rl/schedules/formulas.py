"""What the formulas of schedules have in common: the namespace that they are written over, and how they are called.

A schedule has one formula, ``at(step, xp)``. ``xp`` is NumPy, `jax.numpy` or another namespace with the functions
``asarray``, ``cos``, ``exp``, ``log``, ``power``, ``stack``, ``where`` and ``zeros_like``, and ``step`` is one of its
arrays, of a floating dtype. NumPy evaluates one step with `PLAIN`, the same functions of plain floats, which is several
times faster.
"""

import math
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np

from boltzmann_rl.arguments import as_steps
from boltzmann_rl.arguments.rows import value_by_row

_NO_CONTEXT = nullcontext()

# The least normal number.
_NORMAL = float(np.finfo(np.float64).tiny)


def _power(base: float, exponent: float) -> float:
    """base^exponent, with the same bits for one exponent as for many.

    NumPy replaces a scalar exponent of 2, ½ or −1 by a square, a root or a reciprocal, which may round differently from
    the power that it computes for an array of exponents.
    """
    if base >= _NORMAL and 0.0 <= exponent <= 1.0:  # it neither over- nor underflows
        return np.power(base, (exponent,)).item()
    with np.errstate(all="ignore"):
        return np.power(base, (exponent,)).item()


PLAIN = SimpleNamespace(
    cos=lambda x: float(np.cos(x)),
    log=lambda x: float(np.log(x)),
    power=_power,
    where=lambda condition, value, other: value if condition else other,
    zeros_like=lambda x: 0.0,
)


def called(schedule: Any, step: Any) -> Any:
    """A schedule's ``__call__``: its formula for one step as a plain float, or for an array of steps, which is checked.

    Raises:
        TypeError: A step that is not an integer.
        ValueError: A negative step.
    """
    if type(step) is int and 0 <= step < 2**53:
        return schedule.at(float(step), PLAIN)
    steps = as_steps(step)
    return schedule.at(steps, np) if steps.ndim else schedule.at(float(steps), PLAIN)


def called_by_row(schedule: Any, step: Any) -> Any:
    """The ``__call__`` of a schedule that may have values for several rows: see `per_row`."""
    if "by_row" in schedule.__dict__:
        return value_by_row(schedule, step)
    if type(step) is int and 0 <= step < 2**53:  # as `called`, but in less time
        return schedule.at(float(step), PLAIN)
    return called(schedule, step)


def eager(xp: Any) -> bool:
    """Whether formulas are evaluated at once and without derivatives, so that each branch may have its own steps."""
    return xp is PLAIN or xp is np


def quietly(xp: Any) -> AbstractContextManager[object]:
    """A context in which arrays of NumPy over- and underflow without a warning; plain floats never warn."""
    return np.errstate(all="ignore") if xp is np else _NO_CONTEXT


def raised(base: Any, exponent: Any, xp: Any) -> Any:
    """The power base ** exponent, with the same bits for one base as for many."""
    if not eager(xp):
        return base**exponent
    with np.errstate(all="ignore"):
        power = np.asarray(base) ** exponent
    return float(power) if xp is PLAIN else power


def geometric(start: Any, factor: Any, step: Any, xp: Any) -> Any:
    """The product start · factor^step. Of a factor near 1, 32 bits keep fewer digits than of its logarithm."""
    if xp is PLAIN:
        return start * _power(factor, step)
    if xp is not np and isinstance(factor, float):
        return start * xp.exp(math.log(factor) * step)
    with quietly(xp):
        return start * xp.power(factor, step)


def fraction(step: Any, steps: int, xp: Any) -> Any:
    """The fraction of ``steps`` that has passed, in [0, 1], and exactly 1 from ``steps`` on."""
    if xp is PLAIN:
        return step / steps if step < steps else 1.0
    return xp.where(step < float(steps), step / float(steps), 1.0)


def between(start: Any, end: Any, f: Any, xp: Any) -> Any:
    """(1 − f)·start + f·end: exact at both ends, and never outside them."""
    with quietly(xp):
        return held((1.0 - f) * start + f * end, start, end, f, xp)


def held(value: Any, start: Any, end: Any, f: Any, xp: Any) -> Any:
    """A value that rounding may have moved out of [start, end] or [end, start], back at the nearest of the two.

    Between equal ends it is start + f·(end − start), which is the same number and has the right derivatives.
    """
    falls = end < start
    if xp is PLAIN:
        low, high = (end, start) if falls else (start, end)
        return low if value < low else high if value > high else value
    declared = isinstance(falls, bool)  # plain numbers, no arrays whose derivatives may be taken
    low = (end if falls else start) if declared else xp.where(falls, end, start)
    high = (start if falls else end) if declared else xp.where(falls, start, end)
    inside = xp.where(value < low, low, xp.where(value > high, high, value))
    return inside if declared else xp.where((start == end) & (f >= 0.0), start + f * (end - start), inside)


def floored(value: Any, minimum: Any, xp: Any) -> Any:
    """max(value, minimum)."""
    return xp.where(value < minimum, minimum, value)


def capped(value: Any, maximum: Any, xp: Any) -> Any:
    """min(value, maximum)."""
    return xp.where(value > maximum, maximum, value)


def whole(steps: Any) -> Any:
    """Steps of NumPy or plain floats as integers again, which a user's schedule may require."""
    return int(min(steps, 2.0**62)) if isinstance(steps, float) else np.minimum(steps, 2.0**62).astype(np.int64)
