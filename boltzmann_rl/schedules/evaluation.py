"""What counts as a schedule, and its value at a step; a number is a constant schedule."""

import dataclasses
import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_number, real_array, unwrap
from boltzmann_rl.arguments.rows import PerRow, row_array, rows_of, rows_of_parameter, steps_of_rows, with_row_arrays
from boltzmann_rl.protocols import Parameter, is_unit, traits_of
from boltzmann_rl.schedules.formulas import PLAIN, whole


def as_parameter(parameter: Parameter, name: str, *, maximum: float = np.inf) -> Parameter:
    """A number in [0, maximum] as a float, or a schedule unchanged.

    Raises:
        TypeError: Neither a number nor a callable.
        ValueError: A number out of range, or NaN.

    Example:
        >>> as_parameter(1, "temperature")
        1.0
    """
    if is_unit(parameter):
        raise TypeError(f"{name} must be a number or a schedule of the step, got {parameter!r}")
    if isinstance(parameter, type):
        raise TypeError(f"{name} must be a number or a schedule, such as {parameter.__name__}(...), got the class")
    if rows_of(parameter):
        raise TypeError(f"{name} must be one number or schedule, not one for each row, got {parameter!r}")
    if callable(parameter):
        _check_call(parameter, name)
        return parameter
    return as_number(parameter, name, minimum=0.0, maximum=maximum)


def _check_call(schedule: Any, name: str) -> None:
    """Refuse a callable that does not take a step as its only argument, such as a policy."""
    try:
        inspect.signature(schedule).bind("step")
    except TypeError as error:
        raise TypeError(
            f"{name} must be a number or a schedule, called with the step, got {schedule!r}: {error}"
        ) from None
    except ValueError:  # a C function without a signature: if it is wrong, its first call fails
        return


def evaluate(schedule: Any, step: Any, name: str = "the value", rows: tuple[int, ...] | None = None) -> Any:
    """The schedule's value at ``step``: a float for one step, an array of the same shape for many.

    A number is a constant. A callable that does not take arrays is evaluated element by element. A schedule with one
    value per row returns an array of them, even for one step.

    Args:
        schedule: A number, a callable ``step -> value``, or one of these for each row.
        step: Decisions made so far, integers ≥ 0 of any shape.
        name: What the value is, for errors.
        rows: The shape of the rows, if a callable may return one value for each; None if it must return one number.

    Raises:
        TypeError: A schedule whose value is not a real number.

    Example:
        >>> evaluate(lambda step: 1.0 if step < 2 else 0.1, np.arange(4))
        array([1. , 1. , 0.1, 0.1])
    """
    if isinstance(schedule, float) and isinstance(step, int):
        return schedule
    if type(schedule) is PerRow:
        now = steps_of_rows(repr(schedule), len(schedule), step)
        return np.array(list(map(evaluate, schedule, now)))
    if not callable(schedule):
        return unwrap(np.full(np.shape(step), as_number(schedule, "schedule")))
    if type(step) is int or np.ndim(step) == 0:
        value = schedule(step)
        if type(value) is float and value == value:  # what as_number would return
            return value
        return _number_or_rows(value, schedule, step, name, rows)
    if rows_of_parameter(schedule):
        return schedule(step)
    steps = np.asarray(step)
    if steps.size > 1:  # NumPy would convert an array of one entry to a number or a truth value, with a warning
        with suppress(TypeError, ValueError):  # of a callable that takes one step at a time; others are raised again
            values = np.asarray(schedule(steps))
            if values.shape == steps.shape and values.dtype.kind == "f":
                return values
    return _one_by_one(schedule, steps, name, rows)


def value(schedule: Any, step: Any, xp: Any) -> Any:
    """The value of a number or schedule at a step over a namespace, such as `jax.numpy`, unchecked.

    A schedule with a method ``at(step, xp)``, as all of this package, is evaluated by it, with the step as a floating
    array; any other callable is called with the step as it is given. NumPy raises an error for a negative step; other
    namespaces give NaN.

    Args:
        schedule: A number, which is returned unchanged, a schedule, or one of these for each row.
        step: An array of integers ≥ 0 of any shape. For values per row, one step, or one for each on the last axis.
        xp: The namespace: see `boltzmann_rl.schedules.formulas`. Its ``asarray(step, dtype=float)`` says which floating
            dtype. One of 32 bits holds steps up to 2**24 exactly.

    Returns:
        An array of the shape of ``step``; values per row are on the last axis.

    Example:
        >>> from boltzmann_rl.schedules import Linear
        >>> value(Linear(1.0, 0.0, steps=4), np.arange(6), np)
        array([1.  , 0.75, 0.5 , 0.25, 0.  , 0.  ])
    """
    if type(schedule) is PerRow:
        return _value_by_row(value, schedule, step, xp)
    if not callable(schedule):
        return schedule
    if traits_of(schedule).at is None:
        return schedule(step)
    _check_rows(schedule, step)
    steps = xp.asarray(step, dtype=float)
    return xp.where(steps >= 0.0, inner(schedule, steps, xp), np.nan)


def inner(schedule: Any, step: Any, xp: Any) -> Any:
    """The value of a schedule inside a formula, whose steps are floating; other callables get them as integers."""
    if xp is PLAIN or xp is np:
        return evaluate(schedule, whole(step))
    if type(schedule) is PerRow:
        return _value_by_row(inner, schedule, step, xp)
    if not callable(schedule):
        return xp.zeros_like(step) + schedule
    if traits_of(schedule).at is None:
        return schedule(xp.asarray(step, dtype=int))
    return (with_row_arrays(schedule, step, xp) if dataclasses.is_dataclass(schedule) else schedule).at(step, xp)


def _value_by_row(of: Callable[..., Any], schedules: PerRow, step: Any, xp: Any) -> Any:
    """Each row's own value, on the last axis, at one step for all rows or one for each."""
    _check_rows(schedules, step)
    if not any(map(callable, schedules)):
        return row_array(schedules, xp.asarray(step, dtype=float), xp)
    steps = [step[..., row] if getattr(step, "ndim", 0) else step for row in range(len(schedules))]
    values = [of(schedule, now, xp) for schedule, now in zip(schedules, steps, strict=True)]
    shapes = [xp.zeros_like(xp.asarray(now, dtype=float)) for now in steps]
    return xp.stack([shape + one for shape, one in zip(shapes, values, strict=True)], axis=-1)


def _check_rows(schedule: Any, step: Any) -> None:
    """Refuse other steps than one for all rows of a schedule, or one for each on the last axis."""
    rows, shape = rows_of(schedule), tuple(getattr(step, "shape", ()))
    if rows and shape and shape[-1] != rows:
        raise ValueError(
            f"{schedule!r} is for {rows} rows, but step has shape {shape}: give one step, or one per row on the last "
            "axis"
        )


def value_at(parameter: Any, name: str, step: int, *, maximum: float = np.inf) -> float:
    """The value of a number or schedule at a step, in [0, maximum].

    Raises:
        TypeError, ValueError: A schedule whose value is not a number, or out of range.

    Example:
        >>> value_at(lambda step: 1.0 / (1 + step), "learning_rate", 3, maximum=1.0)
        0.25
    """
    if type(parameter) is float:
        return parameter
    value = parameter(step)
    if type(value) is float and 0.0 <= value <= maximum:
        return value
    return as_number(value, f"{name} = {parameter!r} at step {step}", minimum=0.0, maximum=maximum)


def is_constant(parameter: Any) -> bool:
    """Whether a value is known not to depend on the step: anything but a callable or a unit of temperature.

    A dataclass (a schedule, a policy) is constant if it has ``constant = True`` and all its fields are constant.
    """
    if isinstance(parameter, PerRow):
        return all(map(is_constant, parameter))
    if dataclasses.is_dataclass(parameter) and not isinstance(parameter, type) and traits_of(parameter).constant:
        return all(is_constant(getattr(parameter, field.name)) for field in dataclasses.fields(parameter))
    return not callable(parameter) and not is_unit(parameter)


def _number_or_rows(value: Any, schedule: Any, step: Any, name: str, rows: tuple[int, ...] | None) -> Any:
    """A schedule's value at one step: a float, or an array if there may be one per row."""
    name = f"{name} of {schedule!r} at step {step}"
    may_differ = rows is not None or rows_of_parameter(schedule)
    return real_array(value, name) if may_differ and np.ndim(value) else as_number(value, name)


def _one_by_one(schedule: Callable[[int], Any], steps: Any, name: str, rows: tuple[int, ...] | None) -> Floats:
    """The values at each step; from a callable that returns one per row, each row takes its own."""
    values = []
    for place, step in enumerate(steps.flat):
        value = schedule(int(step))
        if rows is not None and rows == steps.shape == np.shape(value):
            value = np.asarray(value).flat[place]
        values.append(as_number(value, f"{name} of {schedule!r} at step {step}"))
    return np.array(values).reshape(steps.shape)
