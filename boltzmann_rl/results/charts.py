"""What the charts of a report show: curves, differences and probabilities as lists of rounded numbers.

Steps of runs that were made here are counted from 1, as in figures.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.engines.metrics import Metric, points_of
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.measures import better_in, measures_in
from boltzmann_rl.results.tables import thinned

# Steps of a curve, of which half are evenly spaced, and significant digits.
_POINTS, _DIGITS = 160, 4

# Steps at which probabilities can be looked at.
_LOOKS = 60

# More arms than these are drawn as the first ones, and the rest together.
_RANKS = 20


def curves_of(results: Any) -> list[dict[str, Any]]:
    """One panel for each problem and metric: the mean of each agent with its interval."""
    measures, curves = measures_in(results.manifest), thinned(results.curves, _POINTS)
    there = set(curves["metric"])
    metrics = [measures[name] for name in measures.panels if name in there]
    metrics += [one for one in measures.metrics if one.name in there - set(measures.panels) - {*measures.averaged}]
    return [
        _panel(problem, metric, table)
        for problem, here in curves.groupby("problem", sort=False, observed=True)
        for metric in metrics
        if len(table := here[here["metric"] == metric.name])
    ]


def _panel(problem: Any, metric: Metric, table: pd.DataFrame) -> dict[str, Any]:
    counted = _counted(table["step"])
    return {
        "problem": visible(str(problem)),
        "title": visible(metric.title or metric.name),
        "unit": visible(metric.unit),
        "share": metric.scale == "percent",
        "log": metric.scale == "log",
        "x": sorted({int(step) + counted for step in table["step"]}),
        "lines": {visible(str(agent)): _line(part) for agent, part in table.groupby("agent", sort=False)},
    }


def _counted(steps: pd.Series) -> int:
    """What is added to steps that are counted from 0."""
    return int(steps.min() == 0)


def _line(table: pd.DataFrame) -> dict[str, Any]:
    return {name: _numbers(table[name]) for name in ("mean", "low", "high")}


def differences_of(results: Any) -> list[dict[str, Any]]:
    """For each problem the curve of the best agent minus the second one; none without cells or with one agent."""
    found = []
    for problem, table in results.summary.groupby("problem", sort=False, observed=True):
        if len(table) < 2:
            continue
        first, second = (str(agent) for agent in table["agent"].iloc[:2])
        try:
            curve = results.difference_curve(first, second)
        except FileNotFoundError:
            return []
        curve = curve[curve["problem"] == problem]
        metric = measures_in(results.manifest)[str(curve["metric"].iloc[0])]
        found.append(
            {
                "problem": visible(str(problem)),
                "first": visible(first),
                "second": visible(second),
                "metric": visible(metric.title or metric.name),
                "unit": visible(metric.unit),
                "better": better_in(results.manifest),
                "x": _numbers((curve["begin"] + curve["end"] - 1) / 2.0 + _counted(curve["begin"])),
                "line": {
                    "mean": _numbers(curve["difference"]),
                    **{end: _numbers(curve[end]) for end in ("low", "high")},
                },
                "warnings": [visible(text) for text in dict.fromkeys(curve["warning"]) if text],
            }
        )
    return found


def ranks_of(results: Any) -> list[dict[str, Any]]:
    """For each problem of a bandit the mean probability of the arms by rank, by agent and step."""
    try:
        table = results.ranks
    except FileNotFoundError:
        return []
    found: list[dict[str, Any]] = []
    if table.empty:
        return found
    for problem, here in table.groupby("problem", sort=False, observed=True):
        steps = np.unique(here["step"])
        steps = steps[points_of(len(steps), _LOOKS)]
        here = here[here["step"].isin(steps)]
        agents = {visible(str(agent)): _by_step(part) for agent, part in here.groupby("agent", sort=False)}
        found.append(
            {
                "problem": visible(str(problem)),
                "steps": [int(step) + 1 for step in steps],
                "rest": bool(here["rank"].max() > _RANKS),
                "agents": agents,
            }
        )
    return found


def _by_step(table: pd.DataFrame) -> list[list[float | None]]:
    """Probabilities by rank at each step; ranks after the last are added up."""
    wide = table.pivot(index="step", columns="rank", values="probability").to_numpy()
    if wide.shape[1] > _RANKS:
        wide = np.hstack([wide[:, : _RANKS - 1], wide[:, _RANKS - 1 :].sum(axis=1, keepdims=True)])
    return [_numbers(row) for row in wide]


def _numbers(values: Any) -> list[float | None]:
    """Rounded numbers; what is not finite is None, since JSON has no such numbers."""
    array = np.asarray(values, dtype=np.float64)
    return [float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None for value in array.tolist()]
