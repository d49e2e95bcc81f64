"""Tables of estimates with their intervals: of whole runs, of final windows, of first passages, of several problems.

The functions are methods of `boltzmann_rl.results.results.Results`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_finite, as_integer, real_array, shown
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.samples import Sampled, Samples
from boltzmann_rl.statistics import estimates as statistics
from boltzmann_rl.statistics.intervals import Estimate, coverage_warning, mean_intervals, mean_of, spread_of
from boltzmann_rl.streams import stream

# The returns that score 0 and 1 on each problem, or the agents whose means these are.
Between = Mapping[str, tuple[float, float]] | tuple[str, str] | None


def estimates(
    results: Sampled, metric: str | None = None, *, last: int | None = None, confidence: float | None = None
) -> pd.DataFrame:
    """What is known of each agent's runs: one row per problem and agent, each estimate with its interval.

    - ``mean``, ``interquartile_mean`` and ``median`` are those of the runs' means per step (or episode), without
      uncounted steps; for runs that were made elsewhere, of their means over the points. They follow the rule of
      `boltzmann_rl.statistics.intervals.mean_intervals`, with Tukey & McLaughlin's interval, and with that of order
      statistics.
    - ``area_under_curve`` is the mean over all steps, also uncounted ones.
    - ``final`` is the mean over the last windows.

    ``…_low`` and ``…_high`` are NaN where there are too few runs for an interval, or the runs do not vary.
    ``warning`` says where runs are too few or too skewed for intervals of means to cover as often as they should.

    Args:
        results: Of an experiment.
        metric: One of the metrics in `run_curves`; by default the one that ranks the agents.
        last: Windows of the final performance; by default a tenth of them.
        confidence: Of each interval; by default as declared.

    Raises:
        FileNotFoundError: The cells are not at hand.
        ValueError: No such metric, or fewer windows than ``last``.

    Example:
        >>> import boltzmann_rl as brl
        >>> agents = {f"τ = {t}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 1.0)}
        >>> experiment = brl.BanditExperiment("x", brl.GaussianBandit(), agents, runs=30, steps=100)
        >>> results = experiment.run(progress=False)
        >>> results.estimates()[["agent", "mean", "mean_low", "mean_high"]].round(2)
             agent  mean  mean_low  mean_high
        0  τ = 0.1  1.18      0.99       1.37
        1  τ = 1.0  0.69      0.52       0.87

    Source: `boltzmann_rl.statistics.estimates`.
    """
    samples, rows = Samples(results, confidence), []
    name, level = samples.metric(metric, averaged=False), samples.confidence
    share = samples.is_share(name)
    within: Any = {"shares": "exact" if share else None, "bounds": (0.0, 1.0) if share else (-np.inf, np.inf)}
    for problem, agent in samples.pairs:
        whole, course = samples.means(problem, agent, name), samples.course(problem, agent, name)
        final = course.part(slice(-final_windows(len(course.begin), last), None)).whole
        middle = statistics.interquartile_mean(whole, level)
        row: dict[str, Any] = {**samples.labels(problem, agent, name), "runs": len(whole)}
        row |= _columns("mean", mean_intervals(whole, level, **within))
        row |= _columns("interquartile_mean", Estimate(middle[0], *np.clip(middle[1:], *within["bounds"])))
        row |= _columns("median", statistics.median(whole, level))
        row |= _columns("area_under_curve", mean_intervals(course.whole, level, **within))
        row |= _columns("final", mean_intervals(final, level, **within))
        rows.append(row | {"warning": samples.warned(coverage_warning(spread_of(np.stack([whole, final]))))})
    return pd.DataFrame(rows)


def final_windows(windows: int, last: int | None) -> int:
    """The number of windows of the final performance: by default a tenth of all.

    Example:
        >>> final_windows(100, None), final_windows(100, 3)
        (10, 3)
    """
    return max(windows // 10, 1) if last is None else as_integer(last, "last", minimum=1, maximum=windows)


def first_passage(
    results: Sampled,
    threshold: float,
    metric: str | None = None,
    *,
    below: bool | None = None,
    confidence: float | None = None,
) -> pd.DataFrame:
    """How many steps (or episodes) runs take to a threshold: one row per problem and agent.

    A run reaches the threshold at the end of the first window whose mean is at least the threshold. ``reached`` is the
    share of runs that ever do, with Clopper & Pearson's interval. Runs that never do count as later than all others:
    ``median`` is infinite if they are more than half. Its interval lies between two order statistics, which may be
    infinite too.

    Args:
        results: Of an experiment.
        threshold: In the unit of the metric.
        metric: One of the metrics in `run_curves`; by default the one that ranks the agents, averaged over the
            policy's probabilities where it can be, since noise passes thresholds too.
        below: Whether the mean must be at most the threshold; by default for metrics of which a lower mean is better,
            such as regret.
        confidence: Of each interval; by default as declared.

    Raises:
        FileNotFoundError: The cells are not at hand.
        ValueError: No such metric.

    Example:
        >>> import boltzmann_rl as brl
        >>> agents = {f"τ = {t}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 1.0)}
        >>> experiment = brl.BanditExperiment("x", brl.GaussianBandit(), agents, runs=30, steps=100)
        >>> results = experiment.run(progress=False)
        >>> results.first_passage(1.0)[["agent", "reached", "median"]].round(2)
             agent  reached  median
        0  τ = 0.1      0.7    10.0
        1  τ = 1.0      0.4     inf
    """
    samples, rows = Samples(results, confidence), []
    name = samples.metric(metric, averaged=True)
    falling = not samples.is_better_high(name) if below is None else below
    sign = -1.0 if falling else 1.0
    goal = as_finite(threshold, "threshold")
    for problem, agent in samples.pairs:
        course = samples.course(problem, agent, name)
        found = statistics.first_passage(sign * course.means, sign * goal, confidence=samples.confidence)
        there = np.isfinite(found.steps)
        ends = course.end[np.where(there, found.steps - 1.0, 0.0).astype(np.int64)]
        steps = statistics.median(np.where(there, ends, math.inf), samples.confidence)
        row = {**samples.labels(problem, agent, name), "threshold": goal, "runs": len(there)}
        rows.append(row | _columns("reached", found.share) | _columns("median", steps))
    return pd.DataFrame(rows)


def performance_profile(
    results: Sampled,
    thresholds: Sequence[float],
    metric: str | None = None,
    *,
    between: Between = None,
    confidence: float | None = None,
) -> pd.DataFrame:
    """The share of runs whose mean lies above each threshold: a row for each of them, per problem and agent.

    Args:
        results: Of an experiment.
        thresholds: In the unit of the metric; with ``between``, of scores.
        metric: One of the metrics in `run_curves`; by default the one that ranks the agents.
        between: If given, scores of all problems are taken together: see `aggregate`.
        confidence: Of each interval, which holds at its threshold; by default as declared.

    Raises:
        FileNotFoundError: The cells are not at hand.
        TypeError, ValueError: No threshold, one that is no finite number, or no such metric or agent; or with
            ``between``, too few runs for the stratified bootstrap.

    Example:
        >>> import boltzmann_rl as brl
        >>> agents = {f"τ = {t}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 1.0)}
        >>> experiment = brl.BanditExperiment("x", brl.GaussianBandit(), agents, runs=30, steps=100)
        >>> results = experiment.run(progress=False)
        >>> results.performance_profile([1.0])[["agent", "threshold", "share"]].round(2)
             agent  threshold  share
        0  τ = 0.1        1.0   0.60
        1  τ = 1.0        1.0   0.33

    Source: Agarwal et al. (2021), *Deep Reinforcement Learning at the Edge of the Statistical Precipice*.
    """
    samples, at = Samples(results, confidence), as_thresholds(thresholds)
    name, rows = samples.metric(metric, averaged=False), []
    if between is None:
        profiled = {pair: samples.means(*pair, name)[np.newaxis] for pair in samples.pairs}
        labels = {pair: samples.labels(*pair, name) for pair in profiled}
    else:
        profiled = {("", agent): scores for agent, scores in scores_of(samples, name, between).items()}
        labels = {pair: {"experiment": samples.name, "agent": pair[1], "metric": name} for pair in profiled}
    for pair, scores in profiled.items():
        rng = stream(samples.seed, "performance profile", *pair, name)
        found = statistics.performance_profile(scores, at, rng, samples.confidence)
        numbers = {"threshold": at, "share": found.value, "low": found.low, "high": found.high}
        rows.append(pd.DataFrame({**labels[pair], "runs": scores.shape[1], **numbers}))
    return pd.concat(rows, ignore_index=True)


def as_thresholds(thresholds: Any) -> Floats:
    """Thresholds as finite numbers ``(n,)``, n ≥ 1."""
    at = np.atleast_1d(real_array(thresholds, "thresholds"))
    if at.ndim != 1 or not at.size or not np.isfinite(at).all():
        raise ValueError(f"thresholds must be one or more finite numbers, got {shown(thresholds)}")
    return at


def aggregate(
    results: Sampled, metric: str | None = None, *, between: Between = None, confidence: float | None = None
) -> pd.DataFrame:
    """Scores over all problems: one row per agent, with the interquartile mean and the mean of all scores.

    A score is (return − zero) / (one − zero), where return is a run's mean, and zero and one belong to the problem.
    They are taken as known: the intervals, of a bootstrap stratified by problem, are those of the runs alone.
    Agents that lack a problem are left out.

    Args:
        results: Of an experiment.
        metric: One of the metrics in `run_curves`; by default the one that ranks the agents.
        between: What scores 0 and 1 on each problem: two agents, whose means these are, or two returns for each
            problem, ``{problem: (zero, one)}``. By default the means of the worst and of the best agent there,
            which change if an agent is added.
        confidence: Of each interval; by default as declared.

    Raises:
        FileNotFoundError: The cells are not at hand.
        ValueError: One problem, fewer than 5 runs or 50 scores, or zero and one are the same.

    Example:
        >>> import boltzmann_rl as brl
        >>> agents = {f"τ = {t}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 1.0)}
        >>> problems = {f"sd {sd}": brl.GaussianBandit(brl.NormalMeans(0.0, sd)) for sd in (0.5, 1.0)}
        >>> experiment = brl.BanditExperiment("x", problems, agents, runs=30, steps=100)
        >>> results = experiment.run(progress=False)
        >>> results.aggregate(between=("τ = 1.0", "τ = 0.1"))[["agent", "interquartile_mean"]].round(2)
             agent  interquartile_mean
        0  τ = 0.1                0.98
        1  τ = 1.0               -0.02

    Source: Agarwal et al. (2021), *Deep Reinforcement Learning at the Edge of the Statistical Precipice*.
    """
    samples, rows = Samples(results, confidence), []
    name = samples.metric(metric, averaged=False)
    if len(samples.problems) < 2:
        raise ValueError(
            "scores are aggregated over several problems, and there is one here: estimates() has the interquartile "
            "mean of its runs"
        )
    for agent, scores in scores_of(samples, name, between).items():
        rng = stream(samples.seed, "aggregate", agent, name)
        found = statistics.stratified_bootstrap(scores, _middle_and_mean, rng, samples.confidence)
        row: dict[str, Any] = {"experiment": samples.name, "agent": agent, "metric": name}
        row |= {"problems": scores.shape[0], "runs": scores.shape[1]}
        for place, what in enumerate(("interquartile_mean", "mean")):
            row |= _columns(what, Estimate(*(part[place] for part in found)))
        rows.append(row | {"normalisation": normalisation(between)})
    return pd.DataFrame(rows)


def _columns(name: str, estimate: Estimate) -> dict[str, float]:
    """An estimate and its ends, as columns."""
    return {f"{name}{end}": float(part) for end, part in zip(("", "_low", "_high"), estimate, strict=True)}


def _middle_and_mean(scores: Floats) -> Floats:
    """Interquartile mean and mean of all scores ``(..., tasks, runs)``, together ``(..., 2)``."""
    return np.stack([statistics.interquartile_mean_of_tasks(scores), scores.mean(axis=(-2, -1))], axis=-1)


def scores_of(samples: Samples, metric: str, between: Between) -> dict[str, Floats]:
    """Normalised scores ``(problems, runs)`` of each agent that is there on every problem."""
    means = {pair: samples.means(*pair, metric) for pair in samples.pairs}
    ends = {problem: _ends(samples, metric, means, problem, between) for problem in samples.problems}
    for problem, (zero, one) in ends.items():
        if zero == one:
            raise ValueError(f"the scores 0 and 1 must be different returns, got {zero} for both on {problem}")
    whole = [agent for agent in samples.agents if all((problem, agent) in means for problem in ends)]
    return {
        agent: np.stack([(means[problem, agent] - zero) / (one - zero) for problem, (zero, one) in ends.items()])
        for agent in whole
    }


def _ends(
    samples: Samples, metric: str, means: Mapping[tuple[str, str], Floats], problem: str, between: Between
) -> tuple[float, float]:
    """What scores 0 and what scores 1 on a problem."""
    if isinstance(between, Mapping):
        if problem not in between:
            raise ValueError(f"between must have the returns that score 0 and 1 on {problem}, got {shown(between)}")
        zero, one = between[problem]
        return as_finite(zero, f"between[{problem!r}]"), as_finite(one, f"between[{problem!r}]")
    with np.errstate(over="ignore"):
        here = {agent: float(mean_of(sample)) for (where, agent), sample in means.items() if where == problem}
    if between is None:
        worst, best = min(here.values()), max(here.values())
        return (worst, best) if samples.is_better_high(metric) else (best, worst)
    if not isinstance(between, tuple | list) or len(between) != 2:
        raise TypeError(
            f"between must be two agents, (the one that scores 0, the one that scores 1), or a mapping from problems "
            f"to two returns, got {shown(between)}"
        )
    for agent in between:
        samples.check_agent(agent)
        if agent not in here:
            raise ValueError(f"{agent} has no runs on {problem}, so it can't say what scores 0 or 1 there")
    return here[between[0]], here[between[1]]


def normalisation(between: Between) -> str:
    """The normalisation in words."""
    if isinstance(between, Mapping):
        return "0 and 1 as given for each problem"
    if between is None:
        return "0 is the worst agent's mean on each problem, 1 the best agent's"
    return f"0 is the mean of {between[0]} on each problem, 1 that of {between[1]}"
