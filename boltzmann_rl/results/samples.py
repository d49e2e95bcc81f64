"""Samples of results, one a run: means over windows and over whole runs, as arrays for `boltzmann_rl.statistics`."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, shown
from boltzmann_rl.engines.metrics import bounds_of
from boltzmann_rl.results.tables import blocks_of
from boltzmann_rl.runs.outline import Entry, Outline
from boltzmann_rl.runs.store import Memory, Store


class Labels(NamedTuple):
    """What a row of a table is about."""

    experiment: str
    problem: str
    agent: str
    metric: str


@dataclass(frozen=True)
class Samples:
    """The runs of an experiment.

    Args:
        outline: Of its plan.
        store: Of its cells.
        totals: The table `Results.runs`.
    """

    outline: Outline
    store: Memory | Store
    totals: pd.DataFrame

    @property
    def bounds(self) -> NDArray[np.int64]:
        """The first step of each window, and the number of steps."""
        return bounds_of(self.outline.length, self.outline.windows)

    @property
    def seed(self) -> int:
        """The seed of the experiment."""
        return int(self.outline.declaration["seed"])

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics whose means over windows are kept."""
        first = self.outline.entries[0]
        return tuple(next(block for _, block in blocks_of(self.outline, first, self.store)).windows)

    def metric(self, name: str | None, *, averaged: bool) -> str:
        """The metric that is meant.

        Args:
            name: What the caller gave; None for the metric that ranks the agents.
            averaged: Whether that is then averaged over the policy's probabilities, where it can be.

        Raises:
            ValueError: There is no such metric.
        """
        if name is None:
            primary = self.outline.measures.primary
            return self.outline.measures.averaged.get(primary, primary) if averaged else primary
        if name not in self.metrics:
            raise ValueError(f"metric must be one of {', '.join(self.metrics)}, got {shown(name)}")
        return name

    def entry(self, problem: str, agent: str) -> Entry | None:
        """An agent on a problem; None if it is not there.

        Raises:
            ValueError: No problem has an agent with this label.
        """
        agents = dict.fromkeys(entry.agent for entry in self.outline.entries)
        if agent not in agents:
            raise ValueError(f"an agent must be one of {', '.join(agents)}, got {shown(agent)}")
        here = (entry for entry in self.outline.entries if (entry.problem, entry.agent) == (problem, agent))
        return next(here, None)

    def labels(self, entry: Entry, metric: str) -> Mapping[str, str]:
        """The first columns of a row."""
        return Labels(self.outline.name, entry.problem, entry.agent, metric)._asdict()

    def windows(self, entry: Entry, metric: str) -> Floats:
        """Means over windows ``(runs, windows)``."""
        blocks = blocks_of(self.outline, entry, self.store)
        return np.concatenate([block.windows[metric] for _, block in blocks])

    def means(self, entry: Entry, metric: str) -> Floats:
        """Means per step (or episode) over whole runs ``(runs,)``, without uncounted steps.

        Metrics without totals are averaged over the windows that begin after the uncounted steps.
        """
        outline, totals = self.outline, self.totals
        if metric in totals:
            here = (totals["problem"] == entry.problem) & (totals["agent"] == entry.agent)
            return totals.loc[here, metric].to_numpy(dtype=np.float64) / (outline.length - outline.uncounted)
        first = min(int(np.searchsorted(self.bounds[:-1], outline.uncounted)), len(self.bounds) - 2)
        return over(self.windows(entry, metric)[:, first:], self.bounds[first:])

    def bounded(self, metric: str) -> tuple[float, float]:
        """Between which means of a metric lie."""
        return (0.0, 1.0) if self.is_share(metric) else (-np.inf, np.inf)

    def is_share(self, metric: str) -> bool:
        """Whether a metric is a share."""
        return any(known.name == metric and known.scale == "percent" for known in self.outline.measures.metrics)


def over(windows: Floats, bounds: NDArray[np.int64]) -> Floats:
    """Means over all steps of means over windows ``(runs, windows)``.

    Example:
        >>> over(np.array([[1.0, 4.0]]), np.array([0, 1, 3]))
        array([3.])
    """
    return np.asarray(windows @ (np.diff(bounds) / (bounds[-1] - bounds[0])))


def merged(windows: Floats, bounds: NDArray[np.int64], number: int) -> tuple[Floats, NDArray[np.int64]]:
    """Fewer, wider windows, and their bounds; ``number`` is at most as many as there are.

    Example:
        >>> merged(np.array([[1.0, 3.0, 5.0, 7.0]]), np.arange(5), 2)
        (array([[2., 6.]]), array([0, 2, 4]))
    """
    parts = bounds_of(windows.shape[-1], number)
    ends = itertools.pairwise(parts)
    wider = [over(windows[:, first:last], bounds[first : last + 1]) for first, last in ends]
    return np.stack(wider, axis=1), bounds[parts]
