"""A value for each row: a ladder of parameters, such as one temperature for each of several environments."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

__all__ = ["PerRow", "in_row", "in_rows", "inside", "is_sequence", "ladder_of", "per_row", "rows_of", "steps_of_rows"]

Schedule = TypeVar("Schedule")


class PerRow(tuple[Any, ...]):
    """A parameter for each row, numbers or schedules: it prints, compares, hashes and pickles as the tuple it is."""

    __slots__ = ()


def is_sequence(parameter: Any) -> bool:
    """Whether a parameter is given as one for each row: a list, a tuple, or an array with an axis and without a mask."""
    if isinstance(parameter, np.ma.MaskedArray) or callable(parameter):
        return False
    return isinstance(parameter, list | tuple) or (hasattr(parameter, "__array__") and np.ndim(parameter) > 0)


def in_rows(parameter: Any, name: str, check: Callable[[Any, str], Any]) -> Any:
    """The parameter as ``check(parameter, name)`` answers it, each by itself where there is one for each row."""
    if not is_sequence(parameter):
        return check(parameter, name)
    if len(parameter) == 0:
        raise ValueError(f"{name} is empty: give a number, a schedule, or one of these for each row")
    return PerRow(check(each, f"{name}[{row}]") for row, each in enumerate(parameter))


def inside(part: Any) -> list[Any]:
    """What a policy, a temperature or a schedule is made of: the fields of a dataclass, or its temperature."""
    if isinstance(part, tuple):
        return list(part)
    if isinstance(part, float | int | type):
        return []
    fields = dataclasses.fields(part) if dataclasses.is_dataclass(part) else ()
    found = [getattr(part, field.name, None) for field in fields] or [getattr(part, "temperature", None)]
    return [each for each in found if each is not None]


def rows_of(part: Any) -> int:
    """For how many rows a part has a parameter each; 0 where one serves any number of rows.

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


def ladder_of(parameter: Any) -> int:
    """`rows_of` a single parameter, a number or one of our schedules, in a tenth of the time."""
    if type(parameter) is PerRow:
        return len(parameter)
    rungs = getattr(parameter, "__dict__", {}).get("rungs", ())
    return len(rungs)


def in_row(part: Any, row: int) -> Any:
    """The part as it is in one row: every ladder in it replaced by what it holds for that row."""
    if isinstance(part, PerRow):
        return part[row]
    if isinstance(part, tuple):
        return tuple(in_row(each, row) for each in part)
    if not rows_of(part):
        return part
    if "rungs" in part.__dict__:
        return part.rungs[row]
    fields = {field.name: getattr(part, field.name) for field in dataclasses.fields(part) if field.init}
    return dataclasses.replace(part, **{name: in_row(value, row) for name, value in fields.items()})


def per_row(*names: str) -> Callable[[type[Schedule]], type[Schedule]]:
    """Let a class of schedules take a number for each row in the fields of these names.

    Its value then is an array with one entry for each row, of one step for all rows or of one for each. Each row has
    the schedule that its own numbers make, kept among the ``rungs``, and so the same bits as by itself.
    """

    def decorated(cls: Any) -> Any:
        made, formula = cls.__init__, cls.__call__

        @functools.wraps(made)
        def make(self: Any, *args: Any, **kwargs: Any) -> None:
            if any(is_sequence(each) or ladder_of(each) for each in (*args, *kwargs.values())):
                given = inspect.signature(made).bind(self, *args, **kwargs).arguments
                given.pop("self")
                given = {name: PerRow(x) if name in names and is_sequence(x) else x for name, x in given.items()}
                if any(map(rows_of, given.values())):
                    _set_rungs(self, given)
                    return
            made(self, *args, **kwargs)

        @functools.wraps(formula)
        def value(self: Any, step: Any) -> Any:
            rungs = self.__dict__.get("rungs")
            return formula(self, step) if rungs is None else _row_by_row(self, rungs, step)

        cls.__init__, cls.__call__ = make, value
        return cls

    return decorated


def steps_of_rows(name: str, rows: int, step: Any) -> list[Any]:
    """The step of each of so many rows, from one for all or one for each."""
    if np.ndim(step) == 0:
        return [step] * rows
    if np.shape(step) != (rows,):
        raise ValueError(f"{name} is for {rows} rows, but step has shape {np.shape(step)}: give one step, or one a row")
    return [int(each) for each in step]


def _set_rungs(schedule: Any, given: dict[str, Any]) -> None:
    """Make a schedule of the schedules of its rows, and set its fields to what these have."""
    sizes = {name: size for name, value in given.items() if (size := rows_of(value))}
    for name, value in given.items():
        for row, each in enumerate(value if isinstance(value, PerRow) else ()):
            if is_sequence(each):
                raise TypeError(f"{name}[{row}] must be a number, got {each!r}")
    number = next(iter(sizes.values()))
    if set(sizes.values()) != {number}:
        said = " and ".join(f"{name} {size} values" for name, size in sizes.items())
        raise ValueError(f"{type(schedule).__name__} has {said}: give one for each row")
    rungs = tuple(
        type(schedule)(**{name: in_row(value, row) for name, value in given.items()}) for row in range(number)
    )
    for field in dataclasses.fields(schedule):
        value = given.get(field.name)
        if isinstance(value, PerRow):
            value = PerRow(getattr(rung, field.name) for rung in rungs)
        elif not rows_of(value):
            value = getattr(rungs[0], field.name)
        object.__setattr__(schedule, field.name, value)
    object.__setattr__(schedule, "rungs", rungs)


def _row_by_row(schedule: Any, rungs: tuple[Any, ...], step: Any) -> Any:
    steps = steps_of_rows(repr(schedule), len(rungs), step)
    return np.array([rung(now) for rung, now in zip(rungs, steps, strict=True)])


def _sizes(part: Any) -> Iterator[int]:
    """Of every ladder in a part."""
    if isinstance(part, PerRow):
        yield len(part)
    for each in inside(part):
        yield from _sizes(each)
