"""A policy's parameters at a step: the temperature and the share of exploration, checked where they are read."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_temperature
from boltzmann_rl.schedules import as_parameter, evaluate

__all__ = [
    "CLOCKS",
    "as_temperature_parameter",
    "check_counts_steps",
    "clock_of",
    "has_temperature",
    "mixture",
    "rate_at",
    "temperature_at",
]

# What a policy's step may count: decisions, those for each action, those in the present state.
CLOCKS = ("step", "pulls", "visits")


def as_temperature_parameter(temperature: Any) -> Any:
    """A number in [0, ∞] as a float, a schedule, or an object with a method ``temperature(values, step)``."""
    if callable(getattr(temperature, "temperature", None)):
        return temperature
    return as_parameter(temperature, "temperature")


def has_temperature(policy: Any) -> bool:
    """Whether a policy has a temperature; an attribute of that name that is something else is none."""
    temperature = getattr(policy, "temperature", None)
    return isinstance(temperature, float) or callable(getattr(temperature, "temperature", temperature))


def clock_of(policy: Any) -> str:
    """What a policy's step counts: the attribute ``clock`` of the policy, or of a part of it; else ``"step"``.

    Parts are the fields of a dataclass, and theirs: a schedule that counts visits makes its policy count them.

    Raises:
        ValueError: Parts that count different things, or an unknown clock.

    Example:
        >>> from boltzmann_rl.policies import GLIE, Boltzmann, BoltzmannGumbel
        >>> clock_of(Boltzmann(GLIE())), clock_of(BoltzmannGumbel(1.0)), clock_of(Boltzmann(0.1))
        ('visits', 'pulls', 'step')
    """
    clocks = sorted(set(_clocks(policy)))
    if len(clocks) > 1:
        raise ValueError(f"{policy!r} has parts that count different things: {' and '.join(clocks)}")
    if clocks and clocks[0] not in CLOCKS:
        raise ValueError(f"the clock of {policy!r} must be one of {', '.join(CLOCKS)}, got {clocks[0]!r}")
    return clocks[0] if clocks else "step"


def _clocks(part: Any) -> Iterator[str]:
    """The clocks that a part and its parts ask for; the part itself has the last word."""
    if isinstance(part, float | int | type):
        return
    clock = getattr(part, "clock", None)
    if isinstance(clock, str):
        yield clock
        return
    inside = part if isinstance(part, tuple) else [getattr(part, "temperature", None)]
    if dataclasses.is_dataclass(part):
        inside = [*inside, *(getattr(part, field.name) for field in dataclasses.fields(part))]
    for each in inside:
        if each is not None:
            yield from _clocks(each)


def check_counts_steps(policy: Any, name: str, known: str) -> None:
    """Refuse a policy that counts visits or pulls where only decisions are known; ``known`` says of what."""
    clock = clock_of(policy)
    if clock != "step":
        raise ValueError(
            f"{name}={policy!r} counts {clock}, but only {known} are known here: take a schedule of the step, or an "
            "Agent with a table in boltzmann_rl.Training, which counts them"
        )


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
    return evaluate(temperature, step, "temperature")


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
    share = as_temperature(evaluate(rate, step, name), values.shape, name)
    if np.max(share) > 1.0:
        raise ValueError(f"{name} must be in [0, 1], got {np.max(share)} at step {step}")
    return share


def mixture(rate: float | Floats, explore: Floats, exploit: Floats) -> Floats:
    """With probability ``rate`` an action from ``explore``, else one from ``exploit``."""
    with np.errstate(under="ignore"):
        return rate * explore + (1.0 - rate) * exploit
