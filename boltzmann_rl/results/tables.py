"""Tidy tables of results: curves, totals of runs, means over windows, and the summary that compares the agents."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.metrics import bounds_of, points_of
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.runs.outline import Entry, Outline
from boltzmann_rl.runs.store import Memory, Store
from boltzmann_rl.statistics.comparison import holm_of_all_pairs, paired_difference
from boltzmann_rl.statistics.intervals import mean_interval


class Tables(NamedTuple):
    """Curves and totals of runs: see `boltzmann_rl.results.results.Results`."""

    curves: pd.DataFrame
    runs: pd.DataFrame


def tables_of(outline: Outline, store: Memory | Store) -> Tables:
    """The tables of all cells of an outline; blocks are merged in order, one at a time."""
    curves, runs = [], []
    for entry in outline.entries:
        together: dict[str, Moments] = {}
        for first, block in _blocks(outline, entry, store):
            for metric, moments in block.curves.items():
                together[metric] = together[metric].merge(moments) if metric in together else moments
            numbers = first + np.arange(len(next(iter(block.totals.values()))))
            runs.append(pd.DataFrame({**_labels(outline, entry), "run": numbers, **block.totals}))
        curves += [_curve(outline, entry, metric, moments) for metric, moments in together.items()]
    return Tables(pd.concat(curves, ignore_index=True), pd.concat(runs, ignore_index=True))


def _blocks(outline: Outline, entry: Entry, store: Memory | Store) -> Iterator[tuple[int, Block]]:
    for first, _, key in outline.keys(entry):
        yield first, store[key]


def _labels(outline: Outline, entry: Entry) -> dict[str, str]:
    return {"experiment": outline.name, "problem": entry.problem, "agent": entry.agent}


def _curve(outline: Outline, entry: Entry, metric: str, moments: Moments) -> pd.DataFrame:
    low, high = moments.interval
    columns = {
        **_labels(outline, entry),
        "step": np.arange(len(moments.mean)),
        "metric": metric,
        "mean": moments.mean,
        "standard_error": moments.standard_error,
        "low": low,
        "high": high,
        "runs": moments.samples,
    }
    return pd.DataFrame(columns)


def run_curves_table(outline: Outline, store: Memory | Store) -> pd.DataFrame:
    """One row per problem, agent, run and window: its steps, and the mean of each metric over them."""
    bounds = bounds_of(outline.length, outline.windows)
    begin, end, windows = bounds[:-1], bounds[1:], len(bounds) - 1
    tables = []
    for entry in outline.entries:
        parts = list(_blocks(outline, entry, store))
        runs = [first + np.arange(len(next(iter(block.totals.values())))) for first, block in parts]
        number = np.concatenate(runs)
        columns: dict[str, Any] = {
            "run": np.repeat(number, windows),
            "window": np.tile(np.arange(windows), len(number)),
            "begin": np.tile(begin, len(number)),
            "end": np.tile(end, len(number)),
        }
        for metric in parts[0][1].windows:
            columns[metric] = np.concatenate([block.windows[metric].ravel() for _, block in parts])
        tables.append(pd.DataFrame({**_labels(outline, entry), **columns}))
    return pd.concat(tables, ignore_index=True)


def ranks_table(outline: Outline, store: Memory | Store) -> pd.DataFrame:
    """One row per problem, agent, step and rank of an arm: the mean probability of the arm with this rank."""
    steps, tables = points_of(outline.length), []
    for entry in outline.entries:
        total: Floats | float = 0.0
        for _, block in _blocks(outline, entry, store):
            total = total + block.ranks * len(next(iter(block.totals.values())))
        mean = np.asarray(total) / outline.runs
        ranks = np.arange(1, mean.shape[1] + 1)
        columns = {
            "step": np.repeat(steps[: len(mean)], len(ranks)),
            "rank": np.tile(ranks, len(mean)),
            "probability": mean.ravel(),
        }
        tables.append(pd.DataFrame({**_labels(outline, entry), **columns}))
    return pd.concat(tables, ignore_index=True)


def summary_table(outline: Outline, runs: pd.DataFrame) -> pd.DataFrame:
    """Means over whole runs (for regret, sums), and the paired difference of each agent from the best."""
    return pd.DataFrame([row for problem in outline.problems for row in _summary(outline, runs, problem)])


def _summary(outline: Outline, runs: pd.DataFrame, problem: str) -> list[dict[str, Any]]:
    """One row for each agent on one problem, best first."""
    here, measures = runs[runs["problem"] == problem], outline.measures
    counted = outline.length - outline.uncounted
    samples: dict[str, dict[str, Floats]] = {}
    for agent, of_agent in here.groupby("agent", sort=False):
        samples[str(agent)] = {
            metric: of_agent[metric].to_numpy() / (1 if measures[metric].summed else counted)
            for metric in measures.kept
        }
    primary = measures.primary
    ranked = sorted(samples, key=lambda agent: -samples[agent][primary].mean())
    winner = samples[ranked[0]][primary]
    against = {agent: paired_difference(winner, samples[agent][primary]) for agent in ranked[1:]}
    corrected = dict(zip(ranked, holm_of_all_pairs([samples[agent][primary] for agent in ranked])[0], strict=True))
    rows = []
    for agent in ranked:
        row: dict[str, Any] = {"experiment": outline.name, "problem": problem, "agent": agent, "runs": len(winner)}
        for metric, sample in samples[agent].items():
            row[metric], row[f"{metric}_low"], row[f"{metric}_high"] = mean_interval(sample)
        if agent in against:
            d = against[agent]
            row |= {"behind": d.difference, "behind_low": d.low, "behind_high": d.high}
            row |= {"p_value": corrected[agent], "effect_size": d.effect_size, "superiority": d.superiority}
        else:
            row |= dict.fromkeys(("behind", "behind_low", "behind_high"), 0.0)
            row |= dict.fromkeys(("p_value", "effect_size", "superiority"), float("nan"))
        rows.append(row)
    return rows


def thinned(curves: pd.DataFrame, points: int) -> pd.DataFrame:
    """At most ``points`` steps of every curve, with the first and the last: see `points_of`."""
    return curves[curves["step"].isin(points_of(int(curves["step"].max()) + 1, points))]
