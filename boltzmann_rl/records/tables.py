"""From what was measured to tidy tables: curves, totals of runs, and the summary that compares the agents."""

from typing import Any

import numpy as np
import pandas as pd

from boltzmann_rl.arguments import Floats
from boltzmann_rl.experiments import Experiment, Unit
from boltzmann_rl.simulation.bandits import Block
from boltzmann_rl.simulation.moments import Moments
from boltzmann_rl.statistics import holm_of_all_pairs, mean_interval, paired_difference

__all__ = ["curves_table", "runs_table", "sentence", "summary_table", "thinned"]

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


def sentence(table: pd.DataFrame, manifest: dict[str, Any]) -> str:
    """Who won on one problem, by how much, and how sure that is."""
    primary, axis = manifest["primary"], manifest["axis"]
    best = table.iloc[0]
    where = f"On {best['problem']}, {best['agent']} had the highest mean {primary} per {axis}, {best[primary]:.4g}"
    if len(table) == 1 and best["runs"] > 1:
        return f"{where} (95 % CI {best[f'{primary}_low']:.4g} to {best[f'{primary}_high']:.4g}, {best['runs']} runs)."
    if best["runs"] < 2:
        return f"{where}; one run says nothing about how sure that is."
    second = table.iloc[_rival(table, manifest)]
    gap = (
        f"{second['behind']:.3g} ahead of {second['agent']} "
        f"(95 % CI {second['behind_low']:.3g} to {second['behind_high']:.3g}, paired over {best['runs']} runs"
    )
    level = 0.05
    p = second["p_value"]
    shown = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    if p > level:
        sure = [row for _, row in table.iloc[1:].iterrows() if row["p_value"] <= level]
        ahead = ", ".join(row["agent"] for row in sure[:3]) + (f" and {len(sure) - 3} more" if len(sure) > 3 else "")
        tail = f"; it is clearly ahead of {ahead}" if sure else ""
        doubt = f"but that is not clearly more than {second['agent']}"
        return f"{where}, {doubt}: {gap}, {shown} after Holm's correction for all pairs){tail}."
    return f"{where}: {gap}, {shown} after Holm's correction for all pairs)."


def _rival(table: pd.DataFrame, manifest: dict[str, Any]) -> int:
    """The row that the best is compared with: the second, or in a parameter study the best of another family."""
    family = {label: name for label, (name, _) in manifest.get("study", {}).items()}
    families = [family.get(agent, agent) for agent in table["agent"]]
    others = [row for row, name in enumerate(families) if name != families[0]]
    return others[0] if others else 1


def thinned(curves: pd.DataFrame, points: int) -> pd.DataFrame:
    """At most so many steps of every curve, evenly spaced, the first and the last included."""
    length = int(curves["step"].max()) + 1
    kept = np.unique(np.linspace(0, length - 1, min(points, length)).round().astype(int))
    return curves[curves["step"].isin(kept)]
