"""Comparisons: what the runs say of the declared pairs of agents or families."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, shown
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.checks import COMPARISONS, refuse_missing
from boltzmann_rl.results.manifest import families_in, judgement_in
from boltzmann_rl.results.measures import measures_in
from boltzmann_rl.statistics.comparison import compare as compare_samples
from boltzmann_rl.statistics.intervals import mean_of
from boltzmann_rl.statistics.judgement import Compare, Judgement, Study, runs_that_choose
from boltzmann_rl.streams import stream

# The warning of runs that went on until all pairs were decided.
STOPPED = "looks decided the number of runs, but this holds for a number that is fixed beforehand: see the looks"


def samples_of(runs: pd.DataFrame, manifest: Mapping[str, Any], problem: str) -> dict[str, dict[str, Floats]]:
    """By agent and metric: the means of the runs on a problem, or for regrets their totals.

    Args:
        runs: The table `Results.runs`.
        manifest: Of the same results.
        problem: Its label.
    """
    measures, declaration = measures_in(manifest), manifest["declaration"]
    counted = declaration[f"{manifest['axis']}s"] - declaration.get("uncounted_steps", 0)
    summed = {metric for metric in measures.kept if measures[metric].summed}
    samples: dict[str, dict[str, Floats]] = {}
    for agent, of_agent in runs[runs["problem"] == problem].groupby("agent", sort=False):
        totals = of_agent.drop(columns=["experiment", "problem", "agent", "run"])
        samples[str(agent)] = {
            str(metric): total.to_numpy() / (1 if metric in summed else counted) for metric, total in totals.items()
        }
    return samples


def comparisons_table(
    runs: pd.DataFrame, manifest: Mapping[str, Any], judgement: Judgement | None = None, metric: str | None = None
) -> pd.DataFrame:
    """One row for each declared pair on each problem: see `boltzmann_rl.results.results.Results.comparisons`.

    Args:
        runs: The table `Results.runs`.
        manifest: Of the same results.
        judgement: What is compared; by default what was declared.
        metric: Of the table of runs; by default the one that ranks the agents.
    """
    judged, metric, tables = judgement or judgement_in(manifest), metric or manifest["primary"], []
    study = families_in(manifest)
    declared = judged.pairs([*manifest["declaration"]["agents"]], study)
    for problem in runs["problem"].unique():
        samples = samples_of(runs, manifest, problem)
        there = {label for agent in samples for label in (agent, study.get(agent))}
        pairs = [pair for pair in declared if there.issuperset(pair)]  # without agents that failed
        sides = _sides(samples, study, manifest["primary"], metric, pairs)
        labels = {"experiment": manifest["name"], "problem": problem, "metric": metric}
        rng = stream(manifest["declaration"]["seed"], "comparison", problem)
        if pairs:
            tables.append(pd.DataFrame(labels | _columns(pairs, sides, judged, rng), columns=[*COMPARISONS]))
    if not tables:
        return pd.DataFrame(columns=[*COMPARISONS])
    found = pd.concat(tables, ignore_index=True)
    if "stopping" in manifest:
        found["warning"] = [f"{STOPPED}; {warning}" if warning else STOPPED for warning in found["warning"]]
    return found


def compare(
    results: Any,
    what: Compare = None,
    *,
    metric: str | None = None,
    alpha: float | None = None,
    confidence: float | None = None,
) -> pd.DataFrame:
    """Compare other pairs than those that were declared, or a metric that does not rank the agents.

    No level holds for pairs that were chosen because they differ most in these runs.

    Args:
        results: Of an experiment.
        what: As ``compare`` of an experiment; None for what was declared.
        metric: A column of ``runs``; None for the one that ranks the agents.
        alpha: The probability of any false difference; None for what was declared.
        confidence: The probability that all intervals of a problem cover; None for what was declared.

    Returns:
        A table with the columns of ``comparisons``.

    Raises:
        FileNotFoundError: The table of runs is not at hand.
        TypeError, ValueError: There is no such label or metric, or a level is not between 0 and 1.
    """
    refuse_missing(results.runs, "runs")
    known = [str(name) for name in results.runs if name not in ("experiment", "problem", "agent", "run")]
    if metric is not None and metric not in known:
        raise ValueError(f"metric must be one of {', '.join(known)}, got {shown(metric)}")
    asked: dict[str, Any] = {"compare": what, "alpha": alpha, "confidence": confidence}
    given = {name: value for name, value in asked.items() if value is not None}
    return comparisons_table(
        results.runs, results.manifest, dataclasses.replace(judgement_in(results.manifest), **given), metric
    )


class _Side(NamedTuple):
    """A side of comparisons: an agent, or the agent that stands for a family; its samples."""

    agent: str
    samples: Floats


def _sides(
    samples: Mapping[str, Mapping[str, Floats]],
    study: Study,
    primary: str,
    metric: str,
    pairs: list[tuple[str, str]],
) -> dict[str, _Side]:
    """The sides of all pairs. Agents that stand for families are chosen in some runs, and compared in the others."""
    labels = list(dict.fromkeys(label for pair in pairs for label in pair))
    if all(label in samples for label in labels):
        return {label: _Side(label, samples[label][metric]) for label in labels}
    runs = len(next(iter(samples.values()))[primary])
    choosing = runs_that_choose(runs)
    comparing = ~choosing if runs > 1 else choosing
    with np.errstate(over="ignore"):
        means = {agent: float(mean_of(of_agent[primary][choosing])) for agent, of_agent in samples.items()}
    sides = {}
    for label in labels:
        members = [label] if label in samples else [agent for agent in samples if study.get(agent) == label]
        agent = max(members, key=lambda one: -math.inf if math.isnan(means[one]) else means[one])
        sides[label] = _Side(agent, samples[agent][metric][comparing])
    return sides


def _columns(
    pairs: list[tuple[str, str]], sides: dict[str, _Side], judgement: Judgement, rng: np.random.Generator
) -> dict[str, Any]:
    """The columns of the table for these pairs."""
    place = {label: number for number, label in enumerate(sides)}
    indices = [(place[first], place[second]) for first, second in pairs]
    samples = np.stack([side.samples for side in sides.values()])
    found = compare_samples(samples, indices, rng, alpha=judgement.alpha, confidence=judgement.confidence)
    return {
        "first": [first for first, _ in pairs],
        "second": [second for _, second in pairs],
        "first_agent": [sides[first].agent for first, _ in pairs],
        "second_agent": [sides[second].agent for _, second in pairs],
        "runs": samples.shape[1],
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p_value": found.single_step,
        "p_step_down": found.p_value,
        "effect_size": found.effect_size,
        "superiority": found.superiority,
        "verdict": [*map(str, found.verdicts)],
        "method": found.method,
        "warning": found.warning,
    }
