"""A policy's parameters at a step: the temperature and the share of exploration, checked where they are read."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_temperature
from boltzmann_rl.schedules import as_parameter, evaluate

__all__ = ["as_temperature_parameter", "has_temperature", "mixture", "rate_at", "temperature_at"]


def as_temperature_parameter(temperature: Any) -> Any:
    """A number in [0, ∞] as a float, a schedule, or an object with a method ``temperature(values, step)``."""
    if callable(getattr(temperature, "temperature", None)):
        return temperature
    return as_parameter(temperature, "temperature")


def has_temperature(policy: Any) -> bool:
    """Whether a policy has a temperature; an attribute of that name that is something else is none."""
    temperature = getattr(policy, "temperature", None)
    return isinstance(temperature, float) or callable(getattr(temperature, "temperature", temperature))


def temperature_at(temperature: Any, values: Floats, step: Any) -> Any:
    """One temperature, or one per row of ``values``: of a number, a schedule, or an object that reads the values.

    Raises:
        ValueError: A clock per action, for which softmax(values / temperature) has no published meaning.
    """
    if isinstance(temperature, float):
        return temperature
    if hasattr(temperature, "temperature"):
        return temperature.temperature(values, step)
    if np.ndim(step) >= values.ndim:
        raise ValueError(
            f"step has shape {np.shape(step)}, one per action of values {values.shape}, but this policy has one "
            "temperature per row: give one step per row, or use a policy with a temperature per action"
        )
    return evaluate(temperature, step)


def rate_at(rate: Any, name: str, values: Floats, step: Any) -> float | Floats:
    """A probability of exploring, aligned with the action axis: a float, or ``(..., 1)`` for one per row.

    Raises:
        ValueError: A value outside [0, 1], a clock per action, or a shape that does not fit the rows.
    """
    if isinstance(rate, float):
        return rate
    if np.ndim(step) >= values.ndim:
        raise ValueError(
            f"step has shape {np.shape(step)}, one per action of values {values.shape}, but {name} is one per row: "
            "give one step per row"
        )
    share = as_temperature(evaluate(rate, step), values.shape, name)
    if np.max(share) > 1.0:
        raise ValueError(f"{name} must be in [0, 1], got {np.max(share)} at step {step}")
    return share


def mixture(rate: float | Floats, explore: Floats, exploit: Floats) -> Floats:
    """With probability ``rate`` an action from ``explore``, else one from ``exploit``."""
    with np.errstate(under="ignore"):
        return rate * explore + (1.0 - rate) * exploit
