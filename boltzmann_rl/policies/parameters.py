"""A policy's parameters at a step: the temperature and the share of exploration, checked where they are read."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, real_array
from boltzmann_rl.arguments.rows import PerRow, in_rows, inside, rows_of, rows_of_parameter
from boltzmann_rl.protocols import is_unit, traits_of
from boltzmann_rl.schedules import as_parameter, evaluate

__all__ = [
    "CLOCKS",
    "as_row_parameter",
    "as_temperature_parameter",
    "check_counts_steps",
    "clock_of",
    "differs_by_row",
    "example_values",
    "misfit",
    "number_at",
    "rate_at",
    "same_for_many",
    "temperature_at",
]

# What a policy's step may count: decisions, those for each action, those in the present state.
CLOCKS = ("step", "pulls", "visits")


def as_row_parameter(parameter: Any, name: str, *, maximum: float = np.inf) -> Any:
    """A number in [0, maximum] as a float, a schedule, or one of these for each row: a list, tuple or array of them.

    Raises:
        TypeError, ValueError: As `boltzmann_rl.schedules.as_parameter`, also for each row.

    Example:
        >>> as_row_parameter(np.array([0.1, 0.5]), "temperature")
        (0.1, 0.5)
    """
    if rows_of(parameter) and not isinstance(parameter, PerRow):
        return parameter  # a schedule with a value for each row
    return in_rows(parameter, name, lambda each, name: as_parameter(each, name, maximum=maximum))


def as_temperature_parameter(temperature: Any) -> Any:
    """A parameter as `as_row_parameter` takes it, or an object with a method ``temperature(values, step)``."""
    if is_unit(temperature):
        return temperature
    return as_row_parameter(temperature, "temperature")


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
    try:
        return _known_clock_of(policy)
    except TypeError:  # it does not hash
        return _clock_of(policy)


def _clock_of(policy: Any) -> str:
    clocks = sorted(set(_clocks(policy))) or ["step"]
    if len(clocks) > 1:
        raise ValueError(f"{policy!r} has parts that count different things: {' and '.join(clocks)}")
    (clock,) = clocks
    if clock not in CLOCKS:
        raise ValueError(f"the clock of {policy!r} must be one of {', '.join(CLOCKS)}, got {clock!r}")
    return clock


_known_clock_of = lru_cache(64)(_clock_of)  # each decision asks, and looking through the parts takes 10 µs


def _clocks(part: Any) -> Iterator[str]:
    """The clocks that a part and its parts ask for; the part itself has the last word."""
    clock = None if isinstance(part, float | int | type) else traits_of(part).clock
    if clock is not None:
        yield clock
        return
    for each in inside(part):
        yield from _clocks(each)


def check_counts_steps(policy: Any, name: str, known: str) -> None:
    """Refuse a policy that counts visits or pulls where only decisions are known; ``known`` says of what."""
    clock = clock_of(policy)
    if clock != "step":
        raise ValueError(
            f"{name}={policy!r} counts {clock}, but only {known} are known here: take a schedule of the step, or an "
            "Agent with a table in boltzmann_rl.Training, which counts them"
        )


def differs_by_row(policy: Any) -> bool:
    """Whether a policy may have a parameter for each row: it holds a ladder, or something that is not ours."""
    if isinstance(policy, float | int | str | None):
        return False
    ours = isinstance(policy, tuple) or type(policy).__module__.startswith("boltzmann_rl.")
    return bool(rows_of(policy)) or not ours or any(map(differs_by_row, inside(policy)))


def example_values(policy: Any, actions: int, shape: tuple[int, ...] = ()) -> Floats:
    """Values that a policy is tried on before there are others: ``shape`` of rows, or as many as it is for."""
    rows = rows_of(policy)
    values = np.arange(float(actions))
    return np.tile(values, (*(shape or (rows,)), 1)) if shape or rows else values


def temperature_at(temperature: Any, values: Floats, step: Any, name: str = "temperature") -> Any:
    """One temperature, or one per row of ``values``: of a number, a schedule, or an object that reads the values.

    Raises:
        ValueError: A clock per action, for which softmax(values / temperature) has no published meaning; a temperature
            for each of other rows than there are.
    """
    if isinstance(temperature, float):
        return temperature
    if is_unit(temperature):
        return temperature.temperature(values, step)
    if np.ndim(step) >= values.ndim:
        raise ValueError(
            f"step has shape {np.shape(step)}, one per action of values {values.shape}, but this policy has one "
            "temperature per row: give one step per row, or use a policy with a temperature per action"
        )
    return _at_rows(temperature, name, values, step)


def _at_rows(parameter: Any, name: str, values: Floats, step: Any) -> Any:
    """A parameter's number, or one for each row of ``values``; of a single row a ladder of one is its number."""
    rows = values.shape[:-1]
    ladder = (number,) if (number := rows_of_parameter(parameter)) else None
    if ladder == (1,) and rows == ():
        return evaluate(parameter, step).item()
    found = ladder if ladder not in (None, rows) else ()
    if not found:
        value = parameter if isinstance(parameter, np.ndarray) else evaluate(parameter, step, name, rows)
        if np.ndim(step) or np.shape(value) in ((), rows):
            return value
        found = np.shape(value)
    raise misfit(name, found, values)


def misfit(name: str, found: tuple[int, ...], values: Floats) -> ValueError:
    """The error for a parameter that has values of shape ``found`` for other rows than there are."""
    rows = values.shape[:-1]
    held = f"values of shape {values.shape} are {'a single row' if rows == () else f'rows of shape {rows}'}"
    return ValueError(f"{name} has a value for each row, of shape {found}, but {held}")


def rate_at(rate: Any, name: str, step: Any) -> float | Floats:
    """A probability of exploring at a step: a float, or an array with one for each row.

    Raises:
        TypeError: No step.
        ValueError: A value outside [0, 1].
    """
    if isinstance(rate, float):
        return rate
    if step is None:
        raise TypeError(f"step= is missing: {name}={rate!r} depends on it")
    value = evaluate(rate, step, name, np.shape(step))
    if type(value) is float and 0.0 <= value <= 1.0:
        return value + 0.0  # −0 is 0
    found = real_array(value, name) + 0.0
    if not ((found >= 0.0) & (found <= 1.0)).all():
        raise ValueError(f"{name} must be in [0, 1], got {found[~((found >= 0.0) & (found <= 1.0))][0]} at step {step}")
    return found


def number_at(parameter: Any, step: int | None) -> float | None:
    """A number, or a schedule's value at the step; None for what reads the values, or needs a step."""
    if type(parameter) is float:
        return parameter
    if step is None or not callable(parameter):
        return float(parameter) if isinstance(parameter, float | int) else None
    try:
        value = evaluate(parameter, step)
    except (TypeError, ValueError):  # the arrays' path says what it was the value of
        return None
    return value if type(value) is float else None  # one for each row is the arrays' to check


def same_for_many(part: Any) -> bool:
    """Whether a policy's or a schedule's value at a step is known not to depend on how many are asked for at a time."""
    if isinstance(part, tuple):
        return all(map(same_for_many, part))
    if not callable(part):
        return True
    ours = type(part).__module__.startswith(("boltzmann_rl.schedules.", "boltzmann_rl.policies."))
    return ours and all(map(same_for_many, vars(part).values()))
