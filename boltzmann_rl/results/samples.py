"""Samples of results, one per run: means over windows and over whole runs, as arrays for `boltzmann_rl.statistics`."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, shown
from boltzmann_rl.engines.metrics import bounds_of
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.comparisons import STOPPED
from boltzmann_rl.results.manifest import judgement_in
from boltzmann_rl.results.measures import measures_in
from boltzmann_rl.results.tables import blocks_of
from boltzmann_rl.runs.outline import Outline
from boltzmann_rl.runs.store import Memory, Store
from boltzmann_rl.statistics.levels import as_level


class Sampled(Protocol):
    """What samples are taken from: `boltzmann_rl.results.results.Results`."""

    @property
    def name(self) -> str:
        """The name of the experiment."""

    @property
    def manifest(self) -> dict[str, Any]:
        """The declaration."""

    @property
    def runs(self) -> pd.DataFrame:
        """Totals of runs."""

    @property
    def windows(self) -> pd.DataFrame:
        """The table of means over windows, where there are no cells."""

    def at_hand(self) -> tuple[Outline, Memory | Store]:
        """The outline of the plan, and the cells."""


class Course(NamedTuple):
    """Means over windows of each run.

    Attributes:
        begin: ``(windows,)``, the first step of each window.
        end: ``(windows,)``, the first step after it.
        means: ``(runs, windows)``.
    """

    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    means: Floats

    @property
    def whole(self) -> Floats:
        """Means over all steps ``(runs,)``.

        Example:
            >>> Course(np.array([0, 1]), np.array([1, 3]), np.array([[1.0, 4.0]])).whole
            array([3.])
        """
        sizes = self.end - self.begin
        return np.asarray(self.means @ (sizes / sizes.sum()))

    def part(self, windows: slice) -> Course:
        """Some of the windows."""
        return Course(self.begin[windows], self.end[windows], self.means[:, windows])

    def merged(self, number: int) -> Course:
        """Fewer, wider windows; ``number`` is at most as many as there are.

        Example:
            >>> Course(np.arange(4), np.arange(1, 5), np.array([[1.0, 3.0, 5.0, 7.0]])).merged(2)
            Course(begin=array([0, 2]), end=array([2, 4]), means=array([[2., 6.]]))
        """
        bounds = bounds_of(len(self.begin), number)
        means = [self.part(slice(first, last)).whole for first, last in itertools.pairwise(bounds)]
        return Course(self.begin[bounds[:-1]], self.end[bounds[1:] - 1], np.stack(means, axis=1))


class _Cells:
    """The courses of runs whose cells are at hand."""

    def __init__(self, outline: Outline, store: Memory | Store) -> None:
        self._outline, self._store = outline, store
        self._entries = {(entry.problem, entry.agent): entry for entry in outline.entries}
        self.pairs = tuple(self._entries)
        first = next(iter(self._entries.values()))
        self.metrics = tuple(next(block for _, block in blocks_of(outline, first, store)).windows)
        self.uncounted, self.counted = outline.uncounted, outline.length - outline.uncounted

    def course(self, problem: str, agent: str, metric: str) -> Course:
        blocks = blocks_of(self._outline, self._entries[problem, agent], self._store)
        bounds = bounds_of(self._outline.length, self._outline.windows)
        return Course(bounds[:-1], bounds[1:], np.concatenate([block.windows[metric] for _, block in blocks]))


class _Table:
    """The courses of runs that were made elsewhere, whose table of runs has means."""

    uncounted, counted = 0, 1

    def __init__(self, windows: pd.DataFrame) -> None:
        self._parts = {(str(p), str(a)): part for (p, a), part in windows.groupby(["problem", "agent"], sort=False)}
        self.pairs = tuple(self._parts)
        self.metrics = tuple(str(column) for column in [*windows][[*windows].index("end") + 1 :])

    def course(self, problem: str, agent: str, metric: str) -> Course:
        part = self._parts[problem, agent]
        here = part[part["run"] == part["run"].iloc[0]]
        begin, end = (here[column].to_numpy() for column in ("begin", "end"))
        return Course(begin, end, part[metric].to_numpy(dtype=np.float64).reshape(-1, len(begin)))


class Samples:
    """The runs of an experiment.

    Args:
        results: Its results.
        confidence: That the caller asked for; None for the one that was declared.

    Raises:
        FileNotFoundError: The cells are not at hand.
        ValueError: A confidence that is not between 0 and 1.
    """

    def __init__(self, results: Sampled, confidence: float | None) -> None:
        declared = judgement_in(results.manifest).confidence
        self.confidence = declared if confidence is None else as_level(confidence, "confidence", declared)
        self.name, self.axis = results.name, str(results.manifest["axis"])
        self.measures, self.seed = measures_in(results.manifest), int(results.manifest["declaration"]["seed"])
        self._courses = _Table(results.windows) if len(results.windows) else _Cells(*results.at_hand())
        self._totals = results.runs
        self.stopped = STOPPED if "stopping" in results.manifest else ""
        self.pairs, self.metrics = self._courses.pairs, self._courses.metrics
        self.problems, self.agents = (tuple(dict.fromkeys(labels)) for labels in zip(*self.pairs, strict=True))

    def metric(self, name: str | None, *, averaged: bool) -> str:
        """The name of a metric, checked.

        Args:
            name: What the caller gave; None for the metric that ranks the agents.
            averaged: Whether the default is averaged over the policy's probabilities, where it can be.

        Raises:
            ValueError: There is no such metric.
        """
        if name is None:
            primary = self.measures.primary
            return self.measures.averaged.get(primary, primary) if averaged else primary
        if name not in self.metrics:
            raise ValueError(f"metric must be one of {', '.join(self.metrics)}, got {shown(name)}")
        return name

    def check_agent(self, agent: str) -> None:
        """Refuse a label that no agent has."""
        if agent not in self.agents:
            raise ValueError(f"an agent must be one of {', '.join(self.agents)}, got {shown(agent)}")

    def labels(self, problem: str, agent: str, metric: str) -> dict[str, str]:
        """The first columns of a row."""
        return {"experiment": self.name, "problem": problem, "agent": agent, "metric": metric}

    def course(self, problem: str, agent: str, metric: str) -> Course:
        """Means over the windows of each run."""
        return self._courses.course(problem, agent, metric)

    def means(self, problem: str, agent: str, metric: str) -> Floats:
        """Means per step (or episode) over whole runs ``(runs,)``, without uncounted steps.

        Metrics without totals are averaged over the windows that begin after the uncounted steps.
        """
        totals = self._totals
        if metric in totals:
            here = (totals["problem"] == problem) & (totals["agent"] == agent)
            return totals.loc[here, metric].to_numpy(dtype=np.float64) / self._courses.counted
        course = self.course(problem, agent, metric)
        first = min(int(np.searchsorted(course.begin, self._courses.uncounted)), len(course.begin) - 1)
        return course.part(slice(first, None)).whole

    def warned(self, *warnings: str) -> str:
        """All warnings in one, preceded by that of runs until all pairs are decided."""
        return "; ".join(filter(None, (self.stopped, *warnings)))

    def is_better_high(self, metric: str) -> bool:
        """Whether the best agent is the one with the highest mean; True for unknown metrics."""
        return all(known.higher_is_better for known in self.measures.metrics if known.name == metric)

    def is_share(self, metric: str) -> bool:
        """Whether a metric is a share, whose mean lies in [0, 1]."""
        return any(known.name == metric and known.scale == "percent" for known in self.measures.metrics)
