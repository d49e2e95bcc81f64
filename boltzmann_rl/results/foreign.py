"""Runs made elsewhere as results: tables and a manifest like those of our own experiments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import as_count, as_positive, shown
from boltzmann_rl.arguments.labels import check_name
from boltzmann_rl.engines.metrics import WINDOWS, Metric, bounds_of, window_means
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.checks import check_manifest
from boltzmann_rl.results.grids import Grid, courses, paired
from boltzmann_rl.results.manifest import FORMAT, circumstances
from boltzmann_rl.results.measures import RUNS, said_of
from boltzmann_rl.results.spreadsheets import csv_bytes
from boltzmann_rl.results.tidy import Tidy, tidy
from boltzmann_rl.statistics.intervals import mean_intervals, mean_of, spread_of, t_quantile
from boltzmann_rl.statistics.judgement import Judgement


@dataclass(frozen=True)
class Reading:
    """How a table of runs is read: see `boltzmann_rl.results.results.Results.of_runs`."""

    metrics: Sequence[str | Metric] | None
    columns: Mapping[str, str] | None
    last: float
    windows: int | None
    shared_seeds: bool


class Foreign(NamedTuple):
    """The tables of runs made elsewhere, and their manifest."""

    curves: pd.DataFrame
    runs: pd.DataFrame
    run_curves: pd.DataFrame
    manifest: dict[str, Any]


def read_runs(table: Any, name: str, reading: Reading, judgement: Judgement) -> Foreign:
    """The tables of runs made elsewhere.

    Args:
        table: The runs.
        name: Of the results.
        reading: How the table is read.
        judgement: What is compared.
    """
    check_name(name)
    last = as_positive(reading.last, "last", maximum=1.0)
    windows = None if reading.windows is None else as_count(reading.windows, "windows")
    chosen = _chosen(reading.metrics)
    read = tidy(table, reading.columns, None if chosen is None else [metric.name for metric in chosen])
    metrics = chosen or [Metric(str(metric)) for metric in read.rows["metric"].unique()]
    _check_shares(read, metrics)
    rows, left_out = paired(read.rows, reading.shared_seeds)
    parts = courses(Tidy(read.axis, rows), windows)
    runs = pd.concat([_runs(name, part, last) for part in parts], ignore_index=True)
    run_curves = pd.concat([_run_curves(name, part) for part in parts], ignore_index=True)
    manifest = {
        "format": FORMAT,
        "name": name,
        "declaration": {
            "kind": RUNS,
            "problem": {part.problem: _told(part, read.axis) for part in parts},
            "agents": {agent: f"{len(parts[0].runs)} runs" for agent in parts[0].agents},
            f"{read.axis}s": max(part.length for part in parts),
            "seed": 0,  # of the random flips of signs in comparisons
            "last": last,
            "data": hashlib.sha256(csv_bytes(runs) + csv_bytes(run_curves)).hexdigest(),
        },
        "study": {},
        "runs": len(parts[0].runs),
        "judgement": judgement.declared,
        "axis": read.axis,
        "primary": metrics[0].name,
        "metrics": [said_of(metric) for metric in metrics],
        **({"left_out": left_out} if left_out else {}),
        **circumstances(),
    }
    manifest["identity"] = hashlib.sha256(json.dumps(manifest["declaration"], sort_keys=True).encode()).hexdigest()
    check_manifest(manifest)
    shares = frozenset(metric.name for metric in metrics if metric.scale == "percent")
    curves = pd.concat([_curves(name, part, shares, judgement.confidence) for part in parts], ignore_index=True)
    return Foreign(curves, runs, run_curves, manifest)


def _chosen(metrics: Any) -> list[Metric] | None:
    """The metrics that were named, as `Metric` objects."""
    if metrics is None:
        return None
    if isinstance(metrics, str | Metric) or not isinstance(metrics, Sequence) or not len(metrics):
        raise TypeError(f"metrics must be a list of names or of Metric(name, ...), got {shown(metrics)}")
    for metric in metrics:
        if not isinstance(metric, str | Metric):
            raise TypeError(f"metrics must be names or Metric(name, ...), got {shown(metric)}")
    return [metric if isinstance(metric, Metric) else Metric(metric) for metric in metrics]


def _check_shares(read: Tidy, metrics: Sequence[Metric]) -> None:
    """Refuse values of shares beyond [0, 1]."""
    for metric in metrics:
        values = read.rows.loc[read.rows["metric"] == metric.name, "value"]
        if metric.scale == "percent" and not values.between(0.0, 1.0).all():
            wrong = values[~values.between(0.0, 1.0)].iloc[0]
            raise ValueError(f'{metric.name} has scale="percent", so its values must be shares in [0, 1], got {wrong}')


def _told(part: Grid, axis: str) -> str:
    """The points of a grid in words."""
    points = len(part.begin)
    if part.averaged:
        return f"means over {points} windows, {axis}s {part.begin[0]} to {part.length - 1}"
    return f"{points} {axis}s, {part.end[0] - 1} to {part.length - 1}"


def _runs(name: str, part: Grid, last: float) -> pd.DataFrame:
    """A row per agent and run: the mean of each metric over the last part of the run."""
    kept = part.end - 1 >= (1.0 - last) * part.length
    kept[-1] = True
    with np.errstate(over="ignore"):
        columns = {metric: mean_of(values[..., kept]).ravel() for metric, values in part.values.items()}
    return pd.DataFrame({**_labels(name, part, 1), **columns})


def _labels(name: str, part: Grid, points: int) -> dict[str, Any]:
    """The columns of labels of a table with some rows per agent and run."""
    agents, runs = len(part.agents), len(part.runs)
    return {
        "experiment": name,
        "problem": np.full(agents * runs * points, part.problem, dtype=object),
        "agent": np.repeat(np.array(part.agents, dtype=object), runs * points),
        "run": np.tile(np.repeat(part.runs, points), agents),
    }


def _run_curves(name: str, part: Grid) -> pd.DataFrame:
    """A row per agent, run and window; more than a hundred points are merged into windows."""
    bounds = bounds_of(len(part.begin), WINDOWS)
    windows, each = len(bounds) - 1, len(part.agents) * len(part.runs)
    places = {"window": np.arange(windows), "begin": part.begin[bounds[:-1]], "end": part.end[bounds[1:] - 1]}
    columns = {place: np.tile(numbers, each) for place, numbers in places.items()}
    for metric, values in part.values.items():
        columns[metric] = window_means(values.reshape(each, -1), WINDOWS).ravel()
    return pd.DataFrame({**_labels(name, part, windows), **columns})


@np.errstate(over="ignore", under="ignore")
def _curves(name: str, part: Grid, shares: frozenset[str], confidence: float) -> pd.DataFrame:
    """A row per agent, metric and point: the mean over the runs, at the last step of the point."""
    points, runs, rows = len(part.begin), len(part.runs), []
    t = t_quantile(runs, confidence)
    for number, agent in enumerate(part.agents):
        for metric, values in part.values.items():
            samples = np.ascontiguousarray(values[number].T)  # (points, runs)
            spread = spread_of(samples)
            error = spread.sd / np.sqrt(spread.runs)
            low, high = spread.mean - t * error, spread.mean + t * error
            if metric in shares:
                _, low, high = mean_intervals(samples, confidence, bounds=(0.0, 1.0))
            labels = {"experiment": name, "problem": part.problem, "agent": agent, "step": part.end - 1}
            columns = {"mean": spread.mean, "standard_error": error, "low": low, "high": high}
            rows.append(pd.DataFrame({**labels, "metric": metric, **columns, "runs": runs}, range(points)))
    return pd.concat(rows, ignore_index=True)
