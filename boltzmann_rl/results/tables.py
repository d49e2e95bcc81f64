"""Tidy tables of results: curves, totals of runs, and the summary that compares the agents."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.metrics import points_of
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.runs.plan import Plan
from boltzmann_rl.runs.runner import Measured
from boltzmann_rl.statistics.comparison import holm_of_all_pairs, paired_difference
from boltzmann_rl.statistics.intervals import mean_interval


def curves_table(plan: Plan, measured: Iterable[Measured]) -> pd.DataFrame:
    """One row per problem, agent, metric and step; blocks are merged in the order of the plan."""
    together: dict[tuple[str, str], dict[str, Moments]] = {}
    for series, _, block in measured:
        so_far = together.setdefault((series.problem, series.agent), {})
        for metric, moments in block.curves.items():
            so_far[metric] = so_far[metric].merge(moments) if metric in so_far else moments
    tables = []
    for (problem, agent), curves in together.items():
        for metric, moments in curves.items():
            low, high = moments.interval
            columns = {
                "experiment": plan.name,
                "problem": problem,
                "agent": agent,
                "step": np.arange(plan.first.length),
                "metric": metric,
                "mean": moments.mean,
                "standard_error": moments.standard_error,
                "low": low,
                "high": high,
                "runs": moments.samples,
            }
            tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def runs_table(plan: Plan, measured: Iterable[Measured]) -> pd.DataFrame:
    """One row per problem, agent and run, with the totals of the run."""
    tables = []
    for series, cell, block in measured:
        numbers = np.arange(cell.first, cell.first + cell.runs)
        labels = {"problem": series.problem, "agent": series.agent, "run": numbers}
        tables.append(pd.DataFrame({**labels, **block.totals}))
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "experiment", plan.name)
    return table


def summary_table(plan: Plan, runs: pd.DataFrame) -> pd.DataFrame:
    """Means over whole runs (for regret, sums), and the paired difference of each agent from the best."""
    return pd.DataFrame([row for problem in plan.problems for row in _summary(plan, runs, problem)])


def _summary(plan: Plan, runs: pd.DataFrame, problem: str) -> list[dict[str, Any]]:
    """One row for each agent on one problem, best first."""
    here, measures = runs[runs["problem"] == problem], plan.measures
    counted = plan.first.length - plan.first.uncounted
    samples: dict[str, dict[str, Floats]] = {}
    for agent in plan.agents:
        of_agent = here[here["agent"] == agent]
        samples[agent] = {
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
        row: dict[str, Any] = {"experiment": plan.name, "problem": problem, "agent": agent, "runs": len(winner)}
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
    """At most ``points`` steps of every curve: `points_of`."""
    return curves[curves["step"].isin(points_of(int(curves["step"].max()) + 1, points))]
