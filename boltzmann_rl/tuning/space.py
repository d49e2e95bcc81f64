"""What is tuned: the grid of each parameter, and the families of agents that have it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats, as_finite, shown
from boltzmann_rl.arguments.parameters import dotted_names, has_parameter, nearest_path, parameters_of, with_parameters
from boltzmann_rl.experiments.checks import entrants_of

# Points of the grid over a range, and the number of them with which a search begins.
POINTS, COARSE = 121, 16

# A grid with fewer numbers is too short for a curve.
_LEAST = 5

# The end of a label that says the value of a parameter: ", τ = 0.1".
_VALUE = re.compile(r"[\s,;:(]*[^\s,;:(=]*\s*=\s*[-+.\w/]+\)?$")


def coarse_of(count: int) -> tuple[int, ...]:
    """At most `COARSE` of so many points, as evenly spaced as may be, with the first and the last.

    Example:
        >>> coarse_of(18)
        (0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17)
    """
    points = np.linspace(0, count - 1, min(count, COARSE)).round().astype(int)
    return tuple(np.unique(points).tolist())


class Grid(NamedTuple):
    """The values of a parameter that may be chosen.

    Attributes:
        path: Its dotted name.
        values: In ascending order if they are numbers.
        x: Logarithms of the values, or the values if one is not above 0; None if they are too few for a curve, or not
            numbers.
        ends: ``(low, high)`` of a range; None for a list.
    """

    path: str
    values: tuple[Any, ...]
    x: Floats | None
    ends: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        """The last part of the dotted name."""
        return self.path.rpartition(".")[2]

    @property
    def coarse(self) -> tuple[int, ...]:
        """The values with which a search begins, by their numbers: all, or some of them with both ends."""
        count = len(self.values)
        return coarse_of(count) if self.x is not None else tuple(range(count))

    @property
    def numeric(self) -> bool:
        """Whether all values are numbers."""
        return all(_is_number(value) for value in self.values)

    @property
    def logarithmic(self) -> bool:
        """Whether values are compared by their ratio."""
        return self.numeric and self.values[0] > 0.0


class Family(NamedTuple):
    """An agent with parameters that are tuned.

    Attributes:
        label: Its label without the declared value.
        agent: The agent as declared.
        grids: Of the parameters that it has.
        declared: The labels of its agents.
    """

    label: str
    agent: Agent
    grids: tuple[Grid, ...]
    declared: tuple[str, ...] = ()

    def member(self, values: Sequence[Any]) -> Agent:
        """The agent with one value of each parameter."""
        changed: Agent = with_parameters(self.agent, dict(zip((grid.path for grid in self.grids), values, strict=True)))
        return changed

    def told(self, values: Sequence[Any]) -> str:
        """The values in words, such as ``"temperature = 0.1"``."""
        return ", ".join(f"{grid.name} = {text_of(one)}" for grid, one in zip(self.grids, values, strict=True))


def text_of(value: Any) -> str:
    """A value in a label: a float with four digits if it has no more."""
    short = f"{value:.4g}" if isinstance(value, float) else str(value)
    return short if not isinstance(value, float) or float(short) == value else repr(value)


def families_of(agents: Mapping[str, Any], over: Any) -> tuple[list[Family], dict[str, Agent]]:
    """The families to be tuned, and the other agents, which have none of the parameters.

    Agents that differ in nothing but these parameters are one family. An agent whose parameter is a schedule is not
    tuned over numbers.

    Args:
        agents: Of an experiment.
        over: The values of each parameter: ``(low, high)``, or a list.

    Raises:
        TypeError: Something else is given for the values.
        ValueError: No agent has a parameter, or a value is not allowed.
    """
    if not isinstance(over, Mapping) or not over:
        raise TypeError(
            f"over must be a mapping of parameters to (low, high) or a list, such as {{'temperature': (0.01, 10)}}, "
            f"got {shown(over)}"
        )
    entrants = entrants_of(agents)
    grids = _grids_of(over, [entrant.agent for entrant in entrants.values()])
    members: dict[str, list[str]] = {}
    found: dict[str, Family] = {}
    others: dict[str, Agent] = {}
    for label, (agent, named, _) in entrants.items():
        tuned = tuple(grid for grid in grids if _takes(agent, grid))
        if not tuned:
            others[label] = agent
            continue
        family = Family(label, agent, tuned)
        same = repr(_checked(family, [grid.values[0] for grid in tuned]))
        members.setdefault(same, []).append(named or label)
        before = found.setdefault(same, family)
        found[same] = before._replace(declared=(*before.declared, label))
    for grid in grids:
        takers = [family._replace(grids=(grid,)) for family in found.values() if grid in family.grids]
        if not takers:
            raise ValueError(
                f"over has numbers for {grid.path}, but no agent has a number there: give a list of what it has, such "
                "as schedules"
            )
        for family in takers:
            for value in grid.values:
                _checked(family, [value])
    return _labelled(list(found.values()), list(members.values()), others), others


def _grids_of(over: Mapping[str, Any], agents: Sequence[Agent]) -> list[Grid]:
    """The grid of each parameter."""
    grids: dict[str, Grid] = {}
    for given, values in over.items():
        path = _path_of(given, agents)
        if path in grids:
            raise ValueError(f"over gives {path} twice")
        grids[path] = _grid_of(path, given, values, [_at(agent, path) for agent in agents])
    return list(grids.values())


def _labelled(families: list[Family], members: list[list[str]], others: Iterable[str]) -> list[Family]:
    """The families by labels without declared values, where these labels differ."""
    short = [
        _VALUE.sub("", labels[0]) or type(one.agent.policy).__name__
        for one, labels in zip(families, members, strict=True)
    ]
    apart = [short.count(label) == 1 and label not in others for label in short]
    return [
        family._replace(label=label) if alone else family
        for family, label, alone in zip(families, short, apart, strict=True)
    ]


def _path_of(given: Any, agents: Iterable[Agent]) -> str:
    """The dotted name of a parameter that some agent has, which may be given without its beginning."""
    agents = list(agents)
    known = dict.fromkeys(path for agent in agents for path in dotted_names(agent))
    name = str(given).removeprefix("agents.")
    if name in known:
        return name
    ends = [path for path in known if path.endswith(f".{name}")]
    least = min((path.count(".") for path in ends), default=0)
    ends = [path for path in ends if path.count(".") == least]
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise ValueError(f"{given!r} may be {' or '.join(ends)}: give the whole name")
    near = nearest_path(name, known)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
    raise ValueError(f"no agent has the parameter {given!r}: {hint}")


def _grid_of(path: str, given: Any, values: Any, declared: Sequence[Any]) -> Grid:
    """The grid of a parameter, from ``(low, high)`` or from a list."""
    where, ends = f"over[{given!r}]", None
    if isinstance(values, tuple) and len(values) == 2:
        low, high = (as_finite(end, where) for end in values)
        if not low < high:
            raise ValueError(f"{where} must be (low, high) with low < high, or a list of values, got {shown(values)}")
        whole = all(type(one) is int for one in (*declared, *values) if _is_number(one))
        ends, listed = (low, high), _points(low, high, whole)
    else:
        listed = list(values) if isinstance(values, list | tuple | range | np.ndarray) else []
        listed = [one.item() if isinstance(one, np.generic) else one for one in listed]
        if len(listed) < 2 or len({repr(one) for one in listed}) < len(listed):
            raise TypeError(
                f"{where} must be (low, high), or a list of two or more different values, got {shown(values)}"
            )
    if not all(_is_number(one) for one in listed):
        return Grid(path, tuple(listed), None, ends)
    ordered = sorted(as_finite(one, where) if type(one) is float else one for one in listed)
    at = np.array(ordered, dtype=np.float64)
    x = np.log(at) if ordered[0] > 0.0 else at
    return Grid(path, tuple(ordered), x if len(ordered) >= _LEAST else None, ends)


def _points(low: float, high: float, whole: bool) -> list[Any]:
    """The points of a range, evenly spaced on a logarithmic scale if that is possible."""
    points = np.geomspace(low, high, POINTS) if low > 0.0 else np.linspace(low, high, POINTS)
    if whole:
        return sorted({round(point) for point in points.tolist()})
    short = [float(f"{point:.4g}") for point in points.tolist()]
    inside = [min(max(point, low), high) for point in short]
    return inside if len(set(inside)) == POINTS else points.tolist()


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _at(agent: Any, path: str) -> Any:
    """The value of a parameter; None if there is no such parameter."""
    for name in path.split("."):
        agent = parameters_of(agent).get(name)
    return agent


def _takes(agent: Agent, grid: Grid) -> bool:
    return has_parameter(agent, grid.path) and (_is_number(_at(agent, grid.path)) or not grid.numeric)


def _checked(family: Family, values: Sequence[Any]) -> Agent:
    """A member of a family; an error names the parameter and its value."""
    try:
        return family.member(values)
    except (TypeError, ValueError) as error:
        raise type(error)(f"over: {family.label} can't have {family.told(values)}: {error}") from error
