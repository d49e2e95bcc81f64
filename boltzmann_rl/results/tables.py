"""Tidy tables of results: curves, totals of runs, means over windows, and the summary that compares the agents."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.metrics import bounds_of, points_of
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.averaging import FALSE_ALARM, Averaged, averaging_table, disagreements
from boltzmann_rl.results.comparisons import comparisons_table, samples_of
from boltzmann_rl.results.manifest import judgement_in
from boltzmann_rl.results.measures import better_in, measures_in
from boltzmann_rl.runs.outline import Entry, Outline
from boltzmann_rl.runs.store import Memory, Store
from boltzmann_rl.statistics.comparison import paired_difference
from boltzmann_rl.statistics.intervals import mean_intervals, mean_of


class Tables:
    """Curves, totals of runs, and what averaging gains: see `boltzmann_rl.results.results.Results`.

    All cells are read at once, and their blocks merged in order, one at a time. The data frames are made when they are
    first asked for: importing pandas takes longer than many a run.
    """

    def __init__(self, outline: Outline, store: Memory | Store) -> None:
        self._outline, self._runs = outline, _Columns(outline, "run")
        self._curves: list[tuple[Entry, dict[str, Moments]]] = []
        self._averaged: list[Averaged] = []
        for entry in outline.entries:
            self._add(entry, store)

    def _add(self, entry: Entry, store: Memory | Store) -> None:
        """Add the cells of an agent on a problem."""
        outline, pairs = self._outline, self._outline.measures.averaged
        weights = np.diff(bounds_of(outline.length, outline.windows)) / outline.length
        together: dict[str, Moments] = {}
        means: dict[str, list[Floats]] = {name: [] for pair in pairs.items() for name in pair}
        for first, block in blocks_of(outline, entry, store):
            for metric, moments in block.curves.items():
                together[metric] = together[metric].merge(moments) if metric in together else moments
            for metric, parts in means.items():
                parts.append(block.windows[metric] @ weights)
            self._runs.add(entry, first + np.arange(_runs_of(block)), **block.totals)
        self._curves.append((entry, together))
        labels = {"experiment": outline.name, "problem": entry.problem, "agent": entry.agent}
        for name, averaged in pairs.items():
            whole = (np.concatenate(means[metric]) for metric in (name, averaged))
            self._averaged.append(Averaged({**labels, "metric": name}, together[name], together[averaged], *whole))

    @cached_property
    def curves(self) -> pd.DataFrame:
        """The moments of each metric at each step, with intervals."""
        outline, curves = self._outline, _Columns(self._outline, "step", "metric")
        shares = {metric.name for metric in outline.measures.metrics if metric.scale == "percent"}
        for entry, together in self._curves:
            for metric, moments in together.items():
                interval = moments.share_interval if metric in shares else moments.interval
                low, high = interval(outline.judgement.confidence)
                spread = {"standard_error": moments.standard_error, "low": low, "high": high}
                number = np.full(len(moments.mean), moments.samples)
                curves.add(entry, np.arange(len(number)), metric, mean=moments.mean, **spread, runs=number)
        return curves.table()

    @cached_property
    def runs(self) -> pd.DataFrame:
        """The totals of each run."""
        return self._runs.table()

    @cached_property
    def averaging(self) -> pd.DataFrame:
        """What averaging over the policy's probabilities gains."""
        return averaging_table(self._averaged)

    def disagreements(self) -> list[str]:
        """The warnings of the table `averaging`, which is made only if there may be one."""
        alpha = FALSE_ALARM / max(len(self._averaged), 1)
        return disagreements(self.averaging) if any(one.may_differ(alpha) for one in self._averaged) else []


TABLES = "curves", "runs", "comparisons", "summary", "windows"


def when_asked(results: Any, name: str) -> Any:
    """A table of results that were made of cells (``results.made``), when it is first asked for as an attribute."""
    if name not in TABLES or "made" not in vars(results):
        raise AttributeError(f"{type(results).__name__!r} object has no attribute {name!r}", name=name, obj=results)
    if name == "comparisons":
        table = comparisons_table(results.runs, results.manifest)
    elif name == "summary":
        table = summary_table(results.runs, results.manifest, results.comparisons)
    else:
        table = pd.DataFrame() if name == "windows" else getattr(results.made, name)
    vars(results)[name] = table  # from now on an ordinary attribute
    return table


class _Columns:
    """The columns of a table, collected piece by piece: a data frame for each piece would take long."""

    def __init__(self, outline: Outline, *named: str) -> None:
        self._outline, self._named = outline, named
        self._sizes: list[int] = []
        self._labels: list[tuple[str, ...]] = []
        self._indices: list[Any] = []
        self._columns: dict[str, list[Any]] = {}

    def add(self, entry: Entry, index: Any, *label: str, **columns: Any) -> None:
        """Add rows of an agent on a problem."""
        self._sizes.append(len(index))
        self._labels.append((self._outline.name, entry.problem, entry.agent, *label))
        self._indices.append(index)
        for name, column in columns.items():
            self._columns.setdefault(name, []).append(column)

    def table(self) -> pd.DataFrame:
        """All rows."""
        labels = [np.repeat(np.array(part, dtype=object), self._sizes) for part in zip(*self._labels, strict=True)]
        columns = dict(zip(("experiment", "problem", "agent"), labels, strict=False))
        columns |= dict(zip(self._named, [np.concatenate(self._indices), *labels[3:]], strict=True))
        return pd.DataFrame(columns | {name: np.concatenate(parts) for name, parts in self._columns.items()})


def _runs_of(block: Block) -> int:
    return len(next(iter(block.totals.values())))


def blocks_of(outline: Outline, entry: Entry, store: Memory | Store) -> Iterator[tuple[int, Block]]:
    """First run and block of each cell of an agent on a problem."""
    for first, _, key in outline.keys(entry):
        yield first, store[key]


def run_curves_table(outline: Outline, store: Memory | Store) -> pd.DataFrame:
    """One row per problem, agent, run and window: its steps, and the mean of each metric over them."""
    bounds = bounds_of(outline.length, outline.windows)
    windows, rows = np.arange(len(bounds) - 1), _Columns(outline, "run")
    for entry in outline.entries:
        for first, block in blocks_of(outline, entry, store):
            runs = _runs_of(block)
            places = {"window": windows, "begin": bounds[:-1], "end": bounds[1:]}
            columns = {name: np.tile(place, runs) for name, place in places.items()}
            columns |= {metric: means.ravel() for metric, means in block.windows.items()}
            rows.add(entry, np.repeat(first + np.arange(runs), len(windows)), **columns)
    return rows.table()


def ranks_table(outline: Outline, store: Memory | Store) -> pd.DataFrame:
    """One row per problem, agent, step and rank of an arm: the mean probability of the arm with this rank."""
    steps, rows = points_of(outline.length), _Columns(outline, "step")
    for entry in outline.entries:
        parts = [block.ranks * _runs_of(block) for _, block in blocks_of(outline, entry, store)]
        mean = sum(parts[1:], parts[0]) / outline.runs
        points, arms = mean.shape
        rank = np.tile(np.arange(1, arms + 1), points)
        rows.add(entry, np.repeat(steps[:points], arms), rank=rank, probability=mean.ravel())
    return rows.table()


def summary_table(runs: pd.DataFrame, manifest: dict[str, Any], comparisons: pd.DataFrame) -> pd.DataFrame:
    """Means over whole runs (for regret, sums), and the paired difference of each agent from the best."""
    problems = runs["problem"].unique()
    return pd.DataFrame([row for problem in problems for row in _summary(runs, manifest, comparisons, problem)])


def _summary(
    runs: pd.DataFrame, manifest: dict[str, Any], comparisons: pd.DataFrame, problem: str
) -> Iterator[dict[str, Any]]:
    """One row for each agent on one problem, best first."""
    measures, study = measures_in(manifest), manifest.get("study", {})
    percent = {metric for metric in measures.kept if measures[metric].scale == "percent"}
    samples, confidence = samples_of(runs, manifest, problem), judgement_in(manifest).confidence
    better = better_in(manifest)
    with np.errstate(over="ignore"):
        ranked = sorted(samples, key=lambda agent: -better * float(mean_of(samples[agent][measures.primary])))
    best = better * samples[ranked[0]][measures.primary]
    declared = _with_best(comparisons[comparisons["problem"] == problem], ranked[0], better)
    for agent in ranked:
        row: dict[str, Any] = {"experiment": manifest["name"], "problem": problem, "agent": agent, "runs": len(best)}
        if study:
            row["family"], row["parameter"] = study.get(agent, ("", float("nan")))
        for metric, sample in samples[agent].items():
            kind: Any = {"shares": None}  # other metrics than shares may be 0 or 1 by chance
            if metric in percent:
                kind = {"shares": "exact", "bounds": (0.0, 1.0)}
            ends = (float(part) for part in mean_intervals(sample, confidence, **kind))
            row[metric], row[f"{metric}_low"], row[f"{metric}_high"] = ends
        of_agent = None if agent == ranked[0] else better * samples[agent][measures.primary]
        yield row | _behind(best, of_agent, declared.get(agent))


def _with_best(comparisons: pd.DataFrame, best: str, better: float) -> dict[str, tuple[float, float, float]]:
    """Ends and p-value of the declared comparison of the best agent with each other one: how far it is ahead."""
    found = {}
    for row in comparisons[comparisons["first"].eq(best) | comparisons["second"].eq(best)].to_dict("records"):
        other, turn = (row["second"], better) if row["first"] == best else (row["first"], -better)
        low, high = sorted((turn * row["low"], turn * row["high"]))
        found[other] = low, high, row["p_value"]
    return found


def _behind(best: Floats, sample: Floats | None, declared: tuple[float, float, float] | None) -> dict[str, float]:
    """The columns of a summary that compare an agent with the best."""
    nothing = float("nan")
    if sample is None:  # the best itself
        values = 0.0, 0.0, 0.0, nothing, nothing, nothing
    else:
        d = paired_difference(best, sample)
        values = d.difference, *(declared or (nothing,) * 3), d.effect_size, d.superiority
    return dict(
        zip(("behind", "behind_low", "behind_high", "p_value", "effect_size", "superiority"), values, strict=True)
    )


def thinned(curves: pd.DataFrame, points: int) -> pd.DataFrame:
    """At most ``points`` steps of every curve, with the first and the last: see `points_of`."""
    steps = np.unique(curves["step"])
    return curves[curves["step"].isin(steps[points_of(len(steps), points)])]
