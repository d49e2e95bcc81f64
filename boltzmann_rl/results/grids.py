"""Runs on a common grid of steps, and agents that are paired by seed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.metrics import WINDOWS, bounds_of
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.tidy import Tidy

# The part of a run over which a value is carried forward, at most.
_CARRIED = 0.1


class Grid(NamedTuple):
    """All runs on one problem at common points.

    Attributes:
        problem: Its label.
        agents: Their labels, in the order of the table.
        runs: The seeds of the runs.
        begin: The first step for which each point stands ``(points,)``: the one after the point before.
        end: The step after the last of each point ``(points,)``.
        length: One more than the last step of all runs.
        averaged: Whether a point is a mean over a window, rather than one value.
        values: For each metric ``(agents, runs, points)``.
    """

    problem: str
    agents: list[str]
    runs: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    length: int
    averaged: bool
    values: dict[str, Floats]


def paired(rows: pd.DataFrame, shared_seeds: bool) -> tuple[pd.DataFrame, dict[str, list[int]]]:
    """The rows of the seeds that all agents have on all problems, and the seeds that each agent has beyond these.

    Raises:
        ValueError: An agent lacks a problem, no seed is shared, or ``shared_seeds`` is False and some are not.
    """
    problems, agents = rows["problem"].unique(), rows["agent"].unique()
    seeds = {key: set(runs) for key, runs in rows.groupby(["problem", "agent"], sort=False)["run"]}
    for problem in problems:
        for agent in agents:
            if (problem, agent) not in seeds:
                raise ValueError(f"{agent} has no rows on {problem}: leave it out, or give its runs there")
    shared, all_of_them = set.intersection(*seeds.values()), set.union(*seeds.values())
    lacking = {
        f"{agent} on {problem}": all_of_them - has for (problem, agent), has in seeds.items() if all_of_them - has
    }
    if not lacking:
        return rows, {}
    where, lacks = next(iter(lacking.items()))
    missing = f"agents are compared run by run, paired by seed, but {where} lacks seed {_some_of(lacks)}"
    if not shared:
        raise ValueError(
            f"{missing}, and no seed is shared by all: if runs of different agents have nothing in common, number "
            "those of each agent 0, 1, ... in the column seed, since independent runs may be paired in any order that "
            "does not depend on their results"
        )
    if not shared_seeds:
        raise ValueError(
            f"{missing}: give these runs, or compare only the {len(shared)} seeds that all have with shared_seeds=True"
        )
    left = {
        str(agent): sorted(set.union(*(has for (_, a), has in seeds.items() if a == agent)) - shared)
        for agent in agents
    }
    return rows[rows["run"].isin(shared)], {agent: extra for agent, extra in left.items() if extra}


def _some_of(seeds: set[int]) -> str:
    found = [str(seed) for seed in sorted(seeds)]
    return ", ".join(found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def courses(table: Tidy, windows: int | None) -> list[Grid]:
    """All runs of each problem at common points.

    If all runs have the same steps, these are the points, unless windows are asked for. Otherwise each run is divided
    into equal windows from step 0 to the last of all steps, and a point is the mean over the rows in a window. There
    are 100 windows, or as many as the fewest rows of a metric in a run. A window without a row takes the value of the
    window before it, over at most a tenth of the run. Windows before the first in which every run has a row are left
    out for all.

    Raises:
        ValueError: A run lacks a metric, or has no row in more than a tenth of the run.
    """
    problems = [(str(problem), here, _matrix(here)) for problem, here in table.rows.groupby("problem", sort=False)]
    if windows is None and all(steps is not None for _, _, (_, steps) in problems):
        return [_at_points(problem, here, shape, steps) for problem, here, (shape, steps) in problems]
    return [
        _in_windows(problem, here, shape, table.axis, windows or min(WINDOWS, int(np.bincount(shape.group).min())))
        for problem, here, (shape, _) in problems
    ]


class _Shape(NamedTuple):
    """The labels of rows of one problem, and the number of the group of each row: metric, agent, run."""

    metrics: list[str]
    agents: list[str]
    runs: NDArray[np.int64]
    group: NDArray[np.int64]

    @property
    def sizes(self) -> tuple[int, int, int]:
        return len(self.metrics), len(self.agents), len(self.runs)

    def named(self, group: int) -> tuple[str, str]:
        """A group for a message: the metric, and the run."""
        metric, agent, run = np.unravel_index(group, self.sizes)
        return self.metrics[metric], f"{self.agents[agent]}, seed {self.runs[run]}"

    def split(self, values: Floats) -> dict[str, Floats]:
        """Values ``(groups, points)`` by metric."""
        return dict(zip(self.metrics, values.reshape(*self.sizes, -1), strict=True))


def _matrix(here: pd.DataFrame) -> tuple[_Shape, NDArray[np.int64] | None]:
    """The shape of the rows of a problem, and the steps that all runs have, if they have the same."""
    metrics, agents = [[str(label) for label in here[part].unique()] for part in ("metric", "agent")]
    runs = np.unique(here["run"].to_numpy())
    places = [pd.Categorical(here["metric"], metrics).codes, pd.Categorical(here["agent"], agents).codes]
    sizes = len(metrics), len(agents), len(runs)
    group = np.ravel_multi_index((*places, np.searchsorted(runs, here["run"].to_numpy())), sizes)
    shape = _Shape(metrics, agents, runs, group)
    counts = np.bincount(group, minlength=int(np.prod(sizes)))
    if not counts.all():
        metric, run = shape.named(int(np.argmin(counts)))
        raise ValueError(f"there is no {metric} of {run}: every run needs every metric; metrics=[...] chooses some")
    if len(set(counts)) > 1:
        return shape, None
    order = np.lexsort((here["step"].to_numpy(), group))
    steps = here["step"].to_numpy()[order].reshape(len(counts), -1)
    return shape, steps[0] if (steps == steps[0]).all() else None


def _at_points(problem: str, here: pd.DataFrame, shape: _Shape, steps: Any) -> Grid:
    order = np.lexsort((here["step"].to_numpy(), shape.group))
    values = shape.split(here["value"].to_numpy()[order].reshape(-1, len(steps)))
    spacing = steps[1] - steps[0] if len(steps) > 1 else 1
    begin = np.concatenate([[max(0, steps[0] - spacing + 1)], steps[:-1] + 1])
    return Grid(problem, shape.agents, shape.runs, begin, steps + 1, int(steps[-1]) + 1, False, values)


def _in_windows(problem: str, here: pd.DataFrame, shape: _Shape, axis: str, windows: int) -> Grid:
    steps, length = here["step"].to_numpy(), int(here["step"].max()) + 1
    bounds = bounds_of(length, windows)
    count, groups = len(bounds) - 1, int(np.prod(shape.sizes))
    cell = shape.group * count + np.searchsorted(bounds, steps, side="right") - 1
    rows = np.bincount(cell, minlength=groups * count)
    unit = 2.0 ** -int(rows.max()).bit_length()  # so that no sum overflows
    sums = np.bincount(cell, here["value"].to_numpy() * unit, minlength=groups * count)
    values = np.full(groups * count, np.nan)
    np.divide(sums, rows * unit, out=values, where=rows > 0)
    first = _carry(values.reshape(groups, count), bounds, shape, axis)
    kept = values.reshape(groups, count)[:, first:]
    return Grid(
        problem, shape.agents, shape.runs, bounds[first:-1], bounds[first + 1 :], length, True, shape.split(kept)
    )


def _carry(values: Floats, bounds: NDArray[np.int64], shape: _Shape, axis: str) -> int:
    """Carry values ``(groups, windows)`` forward; returns the first window in which every run has one.

    Raises:
        ValueError: A run has no value in more than a tenth of the windows one after another.
    """
    groups, count = values.shape
    most, since = max(1, int(_CARRIED * count)), np.zeros(groups, dtype=np.int64)
    for window in range(count):
        empty = np.isnan(values[:, window])
        since = np.where(empty, since + 1, 0)
        if (since > most).any():
            group = int(np.argmax(since > most))
            metric, run = shape.named(group)
            values_after = np.flatnonzero(~np.isnan(values[group, window:]))
            end = bounds[window + values_after[0]] if len(values_after) else bounds[-1]
            raise ValueError(
                f"{run} has no {metric} from {axis} {bounds[window + 1 - since[group]]} to {end - 1} of "
                f"{bounds[-1] - 1}: values are filled in over at most a tenth; leave this run out, or cut all "
                f"runs at the same {axis}"
            )
        if window:
            values[:, window] = np.where(empty, values[:, window - 1], values[:, window])
    return int(np.isnan(values).sum(axis=1).max())
