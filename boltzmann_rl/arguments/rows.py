"""One value per row: parameters such as one temperature for each of several environments."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

from boltzmann_rl.arguments.arrays import is_masked
from boltzmann_rl.arguments.containers import taking_containers

Schedule = TypeVar("Schedule")


class PerRow(tuple[Any, ...]):
    """One parameter per row, numbers or schedules: a tuple, which prints, compares, hashes and pickles as one."""

    __slots__ = ()


def is_sequence(parameter: Any) -> bool:
    """Whether a parameter is given per row: as a list, a tuple, or an array that has axes and is not masked."""
    if is_masked(parameter) or callable(parameter):
        return False
    return isinstance(parameter, list | tuple) or (hasattr(parameter, "__array__") and np.ndim(parameter) > 0)


def in_rows(parameter: Any, name: str, check: Callable[[Any, str], Any]) -> Any:
    """``check(parameter, name)``, or a `PerRow` of what it returns for each row's own parameter."""
    if not is_sequence(parameter):
        return check(parameter, name)
    if len(parameter) == 0:
        raise ValueError(f"{name} is empty: give a number, a schedule, or one of these for each row")
    return PerRow(check(each, f"{name}[{row}]") for row, each in enumerate(parameter))


def as_rows(parameter: Any) -> Any:
    """A list, a tuple or a NumPy array as a `PerRow`, unchecked; anything else, such as a traced array, unchanged."""
    found = parameter.tolist() if isinstance(parameter, np.ndarray) else parameter
    return PerRow(found) if isinstance(found, list | tuple) else parameter


def inside(part: Any) -> list[Any]:
    """The parts of a policy, a temperature unit or a schedule: its fields if a dataclass, else its temperature."""
    if isinstance(part, tuple):
        return list(part)
    if isinstance(part, float | int | type):
        return []
    fields = dataclasses.fields(part) if dataclasses.is_dataclass(part) else ()
    found = [getattr(part, field.name, None) for field in fields] or [getattr(part, "temperature", None)]
    return [each for each in found if each is not None]


def rows_of(part: Any) -> int:
    """The number of rows for which a part has separate parameters; 0 if it has one for all rows.

    Raises:
        ValueError: Parts for different numbers of rows.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> rows_of(Boltzmann([0.1, 0.5, 2.0])), rows_of(Boltzmann(0.1))
        (3, 0)
    """
    sizes = sorted(set(_sizes(part)))
    if len(sizes) > 1:
        raise ValueError(f"{part!r} has parameters for {' and '.join(map(str, sizes))} rows: give one for each row")
    return sizes[0] if sizes else 0


def rows_of_parameter(parameter: Any) -> int:
    """`rows_of` for a number or a schedule of this package, in a tenth of the time."""
    if type(parameter) is PerRow:
        return len(parameter)
    return len(getattr(parameter, "__dict__", {}).get("by_row", ()))


def in_row(part: Any, row: int) -> Any:
    """The part as it is in one row: every `PerRow` in it replaced by the value for that row."""
    if isinstance(part, PerRow):
        return part[row]
    if isinstance(part, tuple):
        return tuple(in_row(each, row) for each in part)
    if not rows_of(part):
        return part
    if "by_row" in part.__dict__:
        return part.by_row[row]
    fields = {field.name: getattr(part, field.name) for field in dataclasses.fields(part) if field.init}
    return dataclasses.replace(part, **{name: in_row(value, row) for name, value in fields.items()})


def per_row(*names: str) -> Callable[[type[Schedule]], type[Schedule]]:
    """Let a class of schedules take one number per row in the named fields.

    Its value is then an array with one entry per row, for one step of all rows or one step each: see `value_by_row`.
    ``by_row`` holds the schedule of each row, so that a row's values have the same bits as that schedule's. The class
    keeps the names in ``fields_per_row``.
    """

    def decorated(cls: Any) -> Any:
        made = cls.__init__
        cls.fields_per_row = names

        @taking_containers
        @functools.wraps(made)
        def make(self: Any, *args: Any, **kwargs: Any) -> None:
            if any(is_sequence(each) or rows_of_parameter(each) for each in (*args, *kwargs.values())):
                given = inspect.signature(made).bind(self, *args, **kwargs).arguments
                given.pop("self")
                given = {name: PerRow(x) if name in names and is_sequence(x) else x for name, x in given.items()}
                if any(map(rows_of, given.values())):
                    _set_by_row(self, given)
                    return
            made(self, *args, **kwargs)

        cls.__init__ = make
        return cls

    return decorated


def value_by_row(schedule: Any, step: Any) -> Any:
    """The value of the schedule of each row ``(rows,)``, for one step of all rows or one step each."""
    steps = steps_of_rows(repr(schedule), len(schedule.by_row), step)
    return np.array([one(now) for one, now in zip(schedule.by_row, steps, strict=True)])


def unchecked(kind: type, fields: dict[str, Any]) -> Any:
    """A declaration with these fields, made without its own checks, which need numbers that are known.

    A schedule with values per row has the schedules of its rows, as one that was checked: see `per_row`.
    """
    found: Any = object.__new__(kind)
    for name, field in fields.items():
        object.__setattr__(found, name, field)
    names = getattr(kind, "fields_per_row", None)
    if names is not None and (rows := rows_of(found)):
        several = {name for name in names if is_sequence(fields[name]) and len(fields[name]) == rows}
        by_row = (
            {name: x[row] if name in several else in_row(x, row) for name, x in fields.items()} for row in range(rows)
        )
        object.__setattr__(found, "by_row", tuple(unchecked(kind, each) for each in by_row))
    return found


def with_row_arrays(schedule: Any, step: Any, xp: Any) -> Any:
    """A schedule whose numbers per row are arrays ``(rows,)`` beside a step, over which its formula broadcasts."""
    fields = {field.name: getattr(schedule, field.name) for field in dataclasses.fields(schedule)}
    numbers = {name: x for name, x in fields.items() if type(x) is PerRow and not any(map(callable, x))}
    if not numbers:
        return schedule
    return unchecked(type(schedule), fields | {name: row_array(x, step, xp) for name, x in numbers.items()})


def row_array(numbers: PerRow, step: Any, xp: Any) -> Any:
    """Numbers per row as an array ``(rows,)`` of a namespace; they may be arrays, whose derivatives are kept.

    It is on the device of the step, a floating array, if the namespace has ``like(array, step)`` to put it there.
    """
    if all(isinstance(number, float) for number in numbers):
        found = xp.asarray(tuple(numbers), dtype=float)
    else:
        found = xp.stack([xp.asarray(number, dtype=float) for number in numbers], axis=-1)
    return xp.like(found, step) if hasattr(xp, "like") else found


def steps_of_rows(name: str, rows: int, step: Any) -> list[Any]:
    """The step of each row, from one step for all or one for each."""
    if np.ndim(step) == 0:
        return [step] * rows
    if np.shape(step) != (rows,):
        raise ValueError(
            f"{name} is for {rows} rows, but step has shape {np.shape(step)}: give one step, or one per row"
        )
    return [int(each) for each in step]


def _set_by_row(schedule: Any, given: dict[str, Any]) -> None:
    """Give a schedule the schedules of its rows, and set its fields from theirs."""
    sizes = {name: size for name, value in given.items() if (size := rows_of(value))}
    for name, value in given.items():
        if isinstance(value, PerRow) and not value:
            raise ValueError(f"{name} is empty: give a number, or one for each row")
        for row, each in enumerate(value if isinstance(value, PerRow) else ()):
            if is_sequence(each):
                raise TypeError(f"{name}[{row}] must be a number, got {each!r}")
    number = next(iter(sizes.values()))
    if set(sizes.values()) != {number}:
        said = " and ".join(f"{name} {size} values" for name, size in sizes.items())
        raise ValueError(f"{type(schedule).__name__} has {said}: give one for each row")
    rows = ({name: in_row(value, row) for name, value in given.items()} for row in range(number))
    by_row = tuple(type(schedule)(**arguments) for arguments in rows)
    for field in dataclasses.fields(schedule):
        value = given.get(field.name)
        if isinstance(value, PerRow):
            value = PerRow(getattr(one, field.name) for one in by_row)
        elif not rows_of(value):
            value = getattr(by_row[0], field.name)
        object.__setattr__(schedule, field.name, value)
    object.__setattr__(schedule, "by_row", by_row)


def _sizes(part: Any) -> Iterator[int]:
    """The length of every `PerRow` in a part."""
    if isinstance(part, PerRow):
        yield len(part)
    for each in inside(part):
        yield from _sizes(each)
