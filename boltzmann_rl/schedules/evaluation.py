"""What counts as a schedule, and its value at a step: the one place where a number becomes a constant."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_finite, as_number, unwrap

__all__ = ["Parameter", "Schedule", "as_parameter", "evaluate", "is_constant", "set_fields", "value_at"]

Schedule = Callable[[Any], Any]
Parameter = float | Schedule


def as_parameter(parameter: Any, name: str, *, maximum: float = np.inf) -> Parameter:
    """A number in [0, maximum] as a float, or a schedule as it is.

    Raises:
        TypeError: Neither a number nor a callable.
        ValueError: A number out of range, or NaN.

    Example:
        >>> as_parameter(1, "temperature")
        1.0
    """
    if hasattr(parameter, "temperature"):
        raise TypeError(f"{name} must be a number or a schedule of the step, got {parameter!r}")
    if isinstance(parameter, type):
        raise TypeError(f"{name} must be a number or a schedule, such as {parameter.__name__}(...), got the class")
    if callable(parameter):
        _check_call(parameter, name)
        return parameter
    return as_number(parameter, name, minimum=0.0, maximum=maximum)


def _check_call(schedule: Any, name: str) -> None:
    """Refuse what cannot be called with a step alone, such as a policy, before the first step is there."""
    try:
        inspect.signature(schedule).bind(0)
    except TypeError as error:
        raise TypeError(
            f"{name} must be a number or a schedule, called with the step, got {schedule!r}: {error}"
        ) from None
    except ValueError:  # a function of C without a signature: its first call will tell
        return


def evaluate(schedule: Any, step: Any, name: str = "the value") -> Any:
    """The schedule's value at ``step``: a float for one step, an array of the same shape for many.

    A number is a constant. A callable that does not take arrays is evaluated element by element.

    Args:
        schedule: A number, or a callable ``step -> value``.
        step: Decisions made so far, integers ≥ 0 of any shape.
        name: Of the value, for errors.

    Raises:
        TypeError: A schedule whose value is no real number.

    Example:
        >>> evaluate(lambda step: 1.0 if step < 2 else 0.1, np.arange(4))
        array([1. , 1. , 0.1, 0.1])
    """
    if isinstance(schedule, float) and isinstance(step, int):
        return schedule
    if not callable(schedule):
        return unwrap(np.full(np.shape(step), as_number(schedule, "schedule")))
    if type(step) is int:
        value = schedule(step)
        if type(value) is float and value == value:  # all that as_number would find
            return value
    if np.ndim(step) == 0:
        return as_number(schedule(step), f"{name} of {schedule!r} at step {step}")
    steps = np.asarray(step)
    if steps.size < 2:  # NumPy would take such an array for a number or a truth, and warn of it
        return _one_by_one(schedule, steps, name)
    try:
        values = np.asarray(schedule(steps))
    except (TypeError, ValueError):  # written for one step; a real fault is raised again below
        return _one_by_one(schedule, steps, name)
    return values if values.shape == steps.shape and values.dtype.kind == "f" else _one_by_one(schedule, steps, name)


def value_at(parameter: Any, name: str, step: int, *, maximum: float = np.inf) -> float:
    """A setting at a step, a number or its schedule's value, in [0, maximum].

    Raises:
        TypeError, ValueError: A schedule whose value is no number, or out of range: with its name, value and step.

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
    """Whether a value is known not to depend on the step: all but callables, and dataclasses of such values.

    A dataclass that is callable (a schedule, a policy) is constant if it says so with ``constant = True``.
    """
    if (
        dataclasses.is_dataclass(parameter)
        and not isinstance(parameter, type)
        and getattr(parameter, "constant", False)
    ):
        return all(is_constant(getattr(parameter, field.name)) for field in dataclasses.fields(parameter))
    return not callable(parameter) and not hasattr(parameter, "temperature")


def set_fields(instance: Any, **fields: Any) -> None:
    """Store canonical values on a frozen dataclass while it is being made."""
    for name, value in fields.items():
        object.__setattr__(instance, name, value)


def set_range(schedule: Any) -> None:
    """Canonical ``start`` and ``end`` of a schedule: finite and 0 or more."""
    set_fields(
        schedule,
        start=as_finite(schedule.start, "start", minimum=0.0),
        end=as_finite(schedule.end, "end", minimum=0.0),
    )


def _one_by_one(schedule: Schedule, steps: Any, name: str) -> Floats:
    values = [as_number(schedule(int(step)), f"{name} of {schedule!r} at step {step}") for step in steps.flat]
    return np.array(values).reshape(steps.shape)
