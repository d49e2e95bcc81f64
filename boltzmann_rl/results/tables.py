"""From what was measured to tidy tables: curves, totals of runs, and the summary that compares the agents."""

from typing import Any

import numpy as np
import pandas as pd

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.experiments.declarations import Experiment
from boltzmann_rl.runs.plan import Unit
from boltzmann_rl.statistics.comparison import holm_of_all_pairs, paired_difference
from boltzmann_rl.statistics.intervals import mean_interval

__all__ = ["curves_table", "runs_table", "summary_table", "thinned"]

Measured = list[tuple[Unit, Block]]


def curves_table(experiment: Experiment, measured: Measured) -> pd.DataFrame:
    """One row per problem, agent, metric and step: blocks merged in the order of the declaration."""
    together: dict[tuple[str, str], dict[str, Moments]] = {}
    for unit, block in measured:
        so_far = together.setdefault((unit.problem, unit.agent), {})
        for metric, moments in block.curves.items():
            so_far[metric] = so_far[metric].merge(moments) if metric in so_far else moments
    tables = []
    for (problem, agent), curves in together.items():
        for metric, moments in curves.items():
            low, high = moments.interval
            tables.append(
                pd.DataFrame(
                    {
                        "experiment": experiment.name,
                        "problem": problem,
                        "agent": agent,
                        "step": np.arange(experiment.length),
                        "metric": metric,
                        "mean": moments.mean,
                        "standard_error": moments.standard_error,
                        "low": low,
                        "high": high,
                        "runs": moments.samples,
                    }
                )
            )
    return pd.concat(tables, ignore_index=True)


def runs_table(experiment: Experiment, measured: Measured) -> pd.DataFrame:
    """One row per problem, agent and run, with the total of each metric."""
    tables, done = [], dict.fromkeys(((u.problem, u.agent) for u, _ in measured), 0)
    for unit, block in measured:
        key = unit.problem, unit.agent
        numbers = np.arange(done[key], done[key] + unit.runs)
        done[key] += unit.runs
        tables.append(pd.DataFrame({"problem": key[0], "agent": key[1], "run": numbers, **block.totals}))
    table = pd.concat(tables, ignore_index=True)
    table.insert(0, "experiment", experiment.name)
    return table


def summary_table(experiment: Experiment, runs: pd.DataFrame) -> pd.DataFrame:
    """Means over the whole run (totals for regret), and each agent's paired distance to the best."""
    metrics = [column for column in runs.columns if column not in ("experiment", "problem", "agent", "run")]
    rows: list[dict[str, Any]] = []
    for problem in experiment.problem:
        samples: dict[str, dict[str, Floats]] = {}
        for agent in experiment.entrants:
            of_agent = runs[(runs["problem"] == problem) & (runs["agent"] == agent)]
            samples[agent] = {
                metric: of_agent[metric].to_numpy() / (1 if metric == "regret" else experiment.counted)
                for metric in metrics
            }
        primary = experiment.primary
        ranked = sorted(samples, key=lambda agent: -samples[agent][primary].mean())
        winner = samples[ranked[0]][primary]
        against = {agent: paired_difference(winner, samples[agent][primary]) for agent in ranked[1:]}
        corrected = dict(zip(ranked, holm_of_all_pairs([samples[agent][primary] for agent in ranked])[0], strict=True))
        for agent in ranked:
            row = {"experiment": experiment.name, "problem": problem, "agent": agent, "runs": len(winner)}
            for metric in metrics:
                row[metric], row[f"{metric}_low"], row[f"{metric}_high"] = mean_interval(samples[agent][metric])
            if agent in against:
                d = against[agent]
                row |= {"behind": d.difference, "behind_low": d.low, "behind_high": d.high}
                row |= {
                    "p_value": corrected[agent],
                    "effect_size": d.effect_size,
                    "superiority": d.superiority,
                }
            else:
                row |= dict.fromkeys(("behind", "behind_low", "behind_high"), 0.0)
                row |= dict.fromkeys(("p_value", "effect_size", "superiority"), float("nan"))
            rows.append(row)
    return pd.DataFrame(rows)


def thinned(curves: pd.DataFrame, points: int) -> pd.DataFrame:
    """At most so many steps of every curve, evenly spaced, the first and the last included."""
    length = int(curves["step"].max()) + 1
    kept = np.unique(np.linspace(0, length - 1, min(points, length)).round().astype(int))
    return curves[curves["step"].isin(kept)]
