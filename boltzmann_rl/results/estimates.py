"""Tables of estimates with their intervals: of whole runs, of final windows, of first passages, of several problems."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from boltzmann_rl.arguments import Floats, as_finite, as_integer, real_array, shown
from boltzmann_rl.results.samples import Samples, over
from boltzmann_rl.statistics import estimates as statistics
from boltzmann_rl.statistics.intervals import Estimate, coverage_warning, mean_intervals, spread_of
from boltzmann_rl.streams import stream

# The returns that score 0 and 1 on each problem, or the agents whose means these are.
Between = Mapping[str, tuple[float, float]] | tuple[str, str] | None


def estimates_table(samples: Samples, metric: str | None, last: int | None, confidence: float) -> pd.DataFrame:
    """See `boltzmann_rl.results.results.Results.estimates`."""
    name, bounds = samples.metric(metric, averaged=False), samples.bounds
    number = len(bounds) - 1
    last = max(number // 10, 1) if last is None else as_integer(last, "last", minimum=1, maximum=number)
    shares: Any = "exact" if samples.is_share(name) else None
    within: Any = {"shares": shares, "bounds": samples.bounded(name)}
    rows = []
    for entry in samples.outline.entries:
        whole, windows = samples.means(entry, name), samples.windows(entry, name)
        row: dict[str, Any] = {**samples.labels(entry, name), "runs": len(whole)}
        row |= _columns("mean", mean_intervals(whole, confidence, **within))
        row |= _columns("interquartile_mean", _within(statistics.interquartile_mean(whole, confidence), samples, name))
        row |= _columns("median", statistics.median(whole, confidence))
        row |= _columns("area_under_curve", mean_intervals(over(windows, bounds), confidence, **within))
        final = over(windows[:, -last:], bounds[-last - 1 :])
        row |= _columns("final", mean_intervals(final, confidence, **within))
        rows.append(row | {"warning": coverage_warning(spread_of(np.stack([whole, final])))})
    return pd.DataFrame(rows)


def first_passage_table(
    samples: Samples, threshold: float, metric: str | None, confidence: float, *, below: bool
) -> pd.DataFrame:
    """See `boltzmann_rl.results.results.Results.first_passage`."""
    name, sign = samples.metric(metric, averaged=True), -1.0 if below else 1.0
    goal, rows = as_finite(threshold, "threshold"), []
    for entry in samples.outline.entries:
        found = statistics.first_passage(sign * samples.windows(entry, name), sign * goal, confidence=confidence)
        there = np.isfinite(found.steps)
        ends = samples.bounds[np.where(there, found.steps, 0.0).astype(np.int64)]  # of the windows with these numbers
        steps = statistics.median(np.where(there, ends, math.inf), confidence)
        row = {**samples.labels(entry, name), "threshold": goal, "runs": len(there)}
        rows.append(row | _columns("reached", found.share) | _columns("median", steps))
    return pd.DataFrame(rows)


def profile_table(
    samples: Samples, thresholds: Sequence[float], metric: str | None, between: Between, confidence: float
) -> pd.DataFrame:
    """See `boltzmann_rl.results.results.Results.performance_profile`."""
    name, at = samples.metric(metric, averaged=False), np.atleast_1d(real_array(thresholds, "thresholds"))
    rows: list[dict[str, Any]] = []
    if between is None:
        for entry in samples.outline.entries:
            rng = stream(samples.seed, "performance profile", entry.problem, entry.agent, name)
            profile = statistics.performance_profile(samples.means(entry, name)[np.newaxis], at, rng, confidence)
            rows += _points(dict(samples.labels(entry, name)), at, profile)
        return pd.DataFrame(rows)
    for agent, scores in _scores(samples, name, between).items():
        rng = stream(samples.seed, "performance profile", agent, name)
        labels = {"experiment": samples.outline.name, "agent": agent, "metric": name, "problems": len(scores)}
        rows += _points(labels, at, statistics.performance_profile(scores, at, rng, confidence))
    return pd.DataFrame(rows)


def aggregate_table(samples: Samples, metric: str | None, between: Between, confidence: float) -> pd.DataFrame:
    """See `boltzmann_rl.results.results.Results.aggregate`."""
    name, rows = samples.metric(metric, averaged=False), []
    if len(samples.outline.problems) < 2:
        raise ValueError(
            "scores are aggregated over several problems, and this experiment has one: estimates() has the "
            "interquartile mean of its runs"
        )
    for agent, scores in _scores(samples, name, between).items():
        rng = stream(samples.seed, "aggregate", agent, name)
        found = statistics.stratified_bootstrap(scores, _middle_and_mean, rng, confidence)
        row: dict[str, Any] = {"experiment": samples.outline.name, "agent": agent, "metric": name}
        row |= {"problems": scores.shape[0], "runs": scores.shape[1]}
        for place, what in enumerate(("interquartile_mean", "mean")):
            row |= _columns(what, Estimate(*(part[place] for part in found)))
        rows.append(row | {"normalisation": _told(between)})
    return pd.DataFrame(rows)


def _columns(name: str, estimate: Estimate) -> dict[str, float]:
    """An estimate and its ends, as columns."""
    return {f"{name}{end}": float(part) for end, part in zip(("", "_low", "_high"), estimate, strict=True)}


def _within(estimate: Estimate, samples: Samples, metric: str) -> Estimate:
    """An estimate whose interval ends where the metric does."""
    ends = samples.bounded(metric)
    return Estimate(estimate.value, np.clip(estimate.low, *ends), np.clip(estimate.high, *ends))


def _points(labels: dict[str, Any], thresholds: Floats, profile: Estimate) -> list[dict[str, Any]]:
    """A row for each threshold."""
    places = zip(thresholds.tolist(), *(part.tolist() for part in profile), strict=True)
    return [labels | {"threshold": at, "share": share, "low": low, "high": high} for at, share, low, high in places]


def _middle_and_mean(scores: Floats) -> Floats:
    """Interquartile mean and mean of all scores ``(..., tasks, runs)``, together ``(..., 2)``."""
    return np.stack([statistics.interquartile_mean_of_tasks(scores), scores.mean(axis=(-2, -1))], axis=-1)


def _scores(samples: Samples, metric: str, between: Between) -> dict[str, Floats]:
    """Normalised scores ``(problems, runs)`` of each agent that is there on every problem."""
    outline = samples.outline
    means = {(entry.problem, entry.agent): samples.means(entry, metric) for entry in outline.entries}
    ends = {problem: _ends(samples, means, problem, between) for problem in outline.problems}
    for problem, (zero, one) in ends.items():
        if zero == one:
            raise ValueError(f"the scores 0 and 1 must be different returns, got {zero} for both on {problem}")
    agents = dict.fromkeys(entry.agent for entry in outline.entries)
    whole = [agent for agent in agents if all((problem, agent) in means for problem in outline.problems)]
    return {
        agent: np.stack([(means[p, agent] - ends[p][0]) / (ends[p][1] - ends[p][0]) for p in outline.problems])
        for agent in whole
    }


def _ends(
    samples: Samples, means: Mapping[tuple[str, str], Floats], problem: str, between: Between
) -> tuple[float, float]:
    """What scores 0 and what scores 1 on a problem."""
    if isinstance(between, Mapping):
        if problem not in between:
            raise ValueError(f"between must have the returns that score 0 and 1 on {problem}, got {shown(between)}")
        zero, one = between[problem]
        return as_finite(zero, f"between[{problem!r}]"), as_finite(one, f"between[{problem!r}]")
    here = {agent: float(sample.mean()) for (where, agent), sample in means.items() if where == problem}
    if between is None:
        return min(here.values()), max(here.values())
    if not isinstance(between, tuple | list) or len(between) != 2:
        raise TypeError(
            f"between must be two agents, (the one that scores 0, the one that scores 1), or a mapping from problems "
            f"to two returns, got {shown(between)}"
        )
    for agent in between:
        if samples.entry(problem, agent) is None:
            raise ValueError(f"{agent} has no runs on {problem}, so it can't say what scores 0 or 1 there")
    return here[between[0]], here[between[1]]


def _told(between: Between) -> str:
    """The normalisation in words."""
    if isinstance(between, Mapping):
        return "0 and 1 as given for each problem"
    if between is None:
        return "0 is the worst agent's mean on each problem, 1 the best agent's"
    return f"0 is the mean of {between[0]} on each problem, 1 that of {between[1]}"
