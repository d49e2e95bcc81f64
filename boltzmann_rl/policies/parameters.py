"""A policy's parameters at a step, such as its temperature and ε, checked when they are read."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, real_array, shown
from boltzmann_rl.arguments.rows import PerRow, in_rows, inside, rows_of, rows_of_parameter
from boltzmann_rl.numerics.maxima import per_row
from boltzmann_rl.protocols import is_unit, traits_of
from boltzmann_rl.schedules import as_parameter, evaluate

# What a policy's step may count: all decisions, those for each action, those in the present state.
CLOCKS = ("step", "pulls", "visits")

# What errors say of a policy without the memory that it needs.
MEMORY = "needs its learner's memory: pass memory=boltzmann_rl.protocols.memory_of(learner, state)"


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


as_row_rate = partial(as_row_parameter, maximum=1.0)


def as_temperature_parameter(temperature: Any, name: str = "temperature") -> Any:
    """A parameter as `as_row_parameter` takes it, or a unit, with a method ``temperature``."""
    return temperature if is_unit(temperature) else as_row_parameter(temperature, name)


def checked(parameter: Any, name: str, rule: str, holds: Callable[[Any], Any]) -> Any:
    """The parameter unchanged, if its numbers keep to the rule; those of a schedule are checked at each step."""
    if isinstance(parameter, PerRow):
        return PerRow(checked(each, f"{name}[{row}]", rule, holds) for row, each in enumerate(parameter))
    if isinstance(parameter, float | np.ndarray) and not np.all(held := holds(parameter)):
        raise ValueError(f"{name} must be {rule}, got {np.extract(np.logical_not(held), parameter)[0]}")
    return parameter


def clock_of(policy: Any) -> str:
    """What a policy's step counts: the attribute ``clock`` of the policy, or of a part of it; else ``"step"``.

    Parts are the fields of a dataclass, and their fields: a policy with a schedule that counts visits counts visits.

    Raises:
        ValueError: Parts that count different things, or an unknown clock.

    Example:
        >>> from boltzmann_rl.policies import GLIE, Boltzmann, BoltzmannGumbel
        >>> clock_of(Boltzmann(GLIE())), clock_of(BoltzmannGumbel(1.0)), clock_of(Boltzmann(0.1))
        ('visits', 'pulls', 'step')
    """
    try:
        return _known_clock_of(policy)
    except TypeError:  # a policy that has no hash
        return _clock_of(policy)


def _clock_of(policy: Any) -> str:
    clocks = sorted(set(_clocks(policy))) or ["step"]
    if len(clocks) > 1:
        raise ValueError(f"{policy!r} has parts that count different things: {' and '.join(clocks)}")
    (clock,) = clocks
    if clock not in CLOCKS:
        raise ValueError(f"the clock of {policy!r} must be one of {', '.join(CLOCKS)}, got {clock!r}")
    return clock


_known_clock_of = lru_cache(64)(_clock_of)  # every decision needs it, and searching the parts takes 10 µs


def _clocks(part: Any) -> Iterator[str]:
    """The clock of a part, or, if it has none, those of its own parts."""
    clock = None if isinstance(part, float | int | type) else traits_of(part).clock
    if clock is not None:
        yield clock
        return
    for each in inside(part):
        yield from _clocks(each)


def check_counts_steps(policy: Any, name: str, known: str) -> None:
    """Refuse a policy that counts visits or pulls where only decisions are counted; ``known`` says which ones."""
    clock = clock_of(policy)
    if clock != "step":
        raise ValueError(
            f"{name}={policy!r} counts {clock}, but only {known} are known here: take a schedule of the step, or an "
            "Agent with a table in boltzmann_rl.Training, which counts them"
        )


def check_needs_no_memory(policy: Any, name: str) -> None:
    """Refuse a policy that needs a learner's memory, for use without a learner."""
    if traits_of(policy).takes_memory:
        raise TypeError(
            f"{name}={policy!r} needs a learner's memory, which a network does not have: take RelativeToSpread, "
            "GreedyProbability or EffectiveActions"
        )


def differs_by_row(policy: Any) -> bool:
    """Whether a policy may have one parameter per row: it has one, or a part that this package does not define."""
    if isinstance(policy, float | int | str | None):
        return False
    ours = isinstance(policy, tuple) or type(policy).__module__.startswith("boltzmann_rl.")
    return bool(rows_of(policy)) or not ours or any(map(differs_by_row, inside(policy)))


def example_values(policy: Any, actions: int, shape: tuple[int, ...] = ()) -> Floats:
    """Values on which to try a policy: rows of the given ``shape``, by default as many as it has parameters for."""
    rows = rows_of(policy)
    values = np.arange(float(actions))
    return np.tile(values, (*(shape or (rows,)), 1)) if shape or rows else values


def temperature_at(temperature: Any, values: Floats, step: Any, name: str = "temperature", memory: Any = None) -> Any:
    """One temperature, or one per row of ``values``: of a number, a schedule, or a unit.

    Raises:
        TypeError: No memory for a unit that takes it.
        ValueError: A clock per action, for which softmax(values / temperature) has no published meaning; temperatures
            for another number of rows.
    """
    if isinstance(temperature, float):
        return temperature
    if is_unit(temperature):
        if not traits_of(temperature).takes_memory:
            return temperature.temperature(values, step)
        if memory is None:
            raise TypeError(f"{name}={temperature!r} {MEMORY}")
        return temperature.temperature(values, step, memory)
    if np.ndim(step) >= values.ndim:
        raise ValueError(
            f"step has shape {np.shape(step)}, one per action of values {values.shape}, but this policy has one "
            "temperature per row: give one step per row, or use a policy with a temperature per action"
        )
    rows, number = values.shape[:-1], rows_of_parameter(temperature)
    if number == 1 and rows == ():
        return evaluate(temperature, step).item()
    if number and rows != (number,):
        raise misfit(name, (number,), values)
    value = temperature if isinstance(temperature, np.ndarray) else evaluate(temperature, step, name, rows)
    if np.ndim(step) == 0 and np.shape(value) not in ((), rows):
        raise misfit(name, np.shape(value), values)
    return value


def check_memory(policy: Any, memory: Any) -> None:
    """Refuse a memory for a policy that takes none: it would have no effect."""
    if memory is not None and not traits_of(policy).takes_memory:
        raise TypeError(f"{policy!r} takes no memory, got {shown(memory)}: leave memory= out")


def row_parameter(parameter: Any, name: str, values: Floats, step: Any, memory: Any = None) -> float | Floats:
    """A policy's parameter in [0, ∞] at a step, aligned with the action axis: a float, or ``(..., 1)``.

    Raises:
        ValueError: A value that is negative or NaN, a clock per action, or a shape that does not fit the rows.
    """
    return per_row(temperature_at(parameter, values, step, name, memory), name, values.shape)


def misfit(name: str, found: tuple[int, ...], values: Floats) -> ValueError:
    """The error for a parameter whose values, of shape ``found``, do not fit the rows."""
    rows = values.shape[:-1]
    held = f"values of shape {values.shape} are {'a single row' if rows == () else f'rows of shape {rows}'}"
    return ValueError(f"{name} has a value for each row, of shape {found}, but {held}")


def rate_at(rate: Any, name: str, step: Any) -> float | Floats:
    """A probability of exploring at a step: a float, or an array with one per row.

    What is neither a number nor a schedule, an array of `boltzmann_rl.backends`, is returned as it is.

    Raises:
        TypeError: No step.
        ValueError: A value outside [0, 1].
    """
    if isinstance(rate, float) or not (callable(rate) or isinstance(rate, tuple)):
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
    """A number, or a schedule's value at the step; None for a unit that reads the values, and without a needed step."""
    if type(parameter) is float:
        return parameter
    if step is None or not callable(parameter):
        return float(parameter) if isinstance(parameter, float | int) else None
    try:
        value = evaluate(parameter, step)
    except (TypeError, ValueError):  # the array code raises it again, with the parameter's name
        return None
    return value if type(value) is float else None  # the array code checks one value per row


def same_for_many(part: Any) -> bool:
    """Whether a policy or schedule is known to give an array of steps the same bits as one step at a time."""
    if isinstance(part, tuple):
        return all(map(same_for_many, part))
    if not callable(part):
        return True
    ours = type(part).__module__.startswith(("boltzmann_rl.schedules.", "boltzmann_rl.policies."))
    return ours and all(map(same_for_many, vars(part).values()))


def at_steps(parameter: Any, first: int, last: int) -> Floats:
    """A schedule's values at many steps ``(last − first,)``, the same bits as one by one; also those of a number.

    Example:
        >>> from boltzmann_rl.schedules import Linear
        >>> at_steps(Linear(1.0, 0.0, steps=4), 1, 3)
        array([0.75, 0.5 ])
    """
    steps = np.arange(first, last)
    if same_for_many(parameter):
        return np.asarray(evaluate(parameter, steps), dtype=np.float64)
    return np.array([evaluate(parameter, step) for step in steps.tolist()], dtype=np.float64)
