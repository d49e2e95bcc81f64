"""Figures of single runs' means: estimates with their intervals, performance profiles and differences."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from boltzmann_rl.arguments import as_choice, shown
from boltzmann_rl.engines.metrics import Metric
from boltzmann_rl.results.choices import Asked, taken, view_of
from boltzmann_rl.results.differences import difference_curve
from boltzmann_rl.results.estimates import (
    Between,
    as_thresholds,
    estimates,
    final_windows,
    normalisation,
    performance_profile,
    scores_of,
)
from boltzmann_rl.results.families import families_in
from boltzmann_rl.results.samples import Sampled, Samples

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from boltzmann_rl.figures.view import View

Which = Literal["final", "mean", "interquartile_mean", "median", "area_under_curve"]

# Thresholds of a performance profile on a problem, at most; of scores, whose intervals are bootstrapped, fewer.
_THRESHOLDS, _OF_SCORES = 2000, 200

# What is estimated, in words.
_SAID = {
    "mean": "the mean of whole runs",
    "interquartile_mean": "the interquartile mean of whole runs",
    "median": "the median of whole runs",
    "area_under_curve": "the mean over all {axis}s",
}


def final_drawn(results: Sampled, which: Which, metric: str | None, last: int | None, asked: Asked) -> "Figure":
    """The estimates of all agents, unknown to pyplot."""
    from boltzmann_rl.figures.intervals import plot_intervals  # imported here: it imports Matplotlib

    taken(asked, "final", ("agents", "problems", "labels", "ax", "log", "confidence", "width"))
    as_choice(which, "estimate", ("final", *_SAID))
    as_choice(asked.get("log", ""), "log of final()", ("", "x"))
    if last is not None and which != "final":
        raise TypeError(f"last belongs to the estimate 'final', got last={shown(last)} with {which!r}")
    samples = Samples(results, asked.get("confidence"))
    name = samples.metric(metric, averaged=False)
    view = _view(results, samples, name, asked)
    table = estimates(results, metric, last=last, confidence=asked.get("confidence"))
    columns = {which: "estimate", f"{which}_low": "low", f"{which}_high": "high"}
    table = table[["experiment", "problem", "agent", "runs", *columns]].rename(columns=columns)
    table = table[table["problem"].isin(view.problems) & table["agent"].isin([*view.looks])]
    table = table.sort_values("estimate", ascending=not samples.is_better_high(name), kind="stable")
    level = f"{100.0 * view.confidence:g} % confidence intervals of "
    shown_pairs = [(p, a) for p, a in samples.pairs if p in view.problems and a in view.looks]
    words = _SAID[which].format(axis=view.axis) if which in _SAID else _of_last(samples, shown_pairs, name, last)
    better = "higher" if samples.is_better_high(name) else "lower"
    return plot_intervals(view, table, f"{level}{words}; {better} is better")


def _of_last(samples: Samples, pairs: Sequence[tuple[str, str]], metric: str, last: int | None) -> str:
    """Which steps are the last ones: of problems of different lengths, which windows."""
    said = []
    for pair in pairs:
        course = samples.course(*pair, metric)
        number = final_windows(len(course.begin), last)
        end = course.end[-1]
        said.append((f"{end - course.begin[-number]} of {end - course.begin[0]} {samples.axis}s", number))
    steps, windows = ({*parts} for parts in zip(*said, strict=True))
    return f"the mean over the last {steps.pop() if len(steps) == 1 else f'{max(windows)} windows of each run'}"


def profile_drawn(
    results: Sampled, thresholds: Sequence[float] | None, metric: str | None, between: Between, asked: Asked
) -> "Figure":
    """The performance profiles of all agents, unknown to pyplot."""
    from boltzmann_rl.figures.panels import headed  # imported here: it imports Matplotlib
    from boltzmann_rl.figures.profiles import plot_profile

    taken(asked, "profile", ("agents", "problems", "labels", "ax", "log", "confidence", "panels", "width", "legend"))
    as_choice(asked.get("log", ""), "log of profile()", ("", "x"))
    samples = Samples(results, asked.get("confidence"))
    name = samples.metric(metric, averaged=False)
    if between is not None:
        taken(
            asked, "profile with between", ("agents", "labels", "ax", "log", "confidence", "panels", "width", "legend")
        )
    view = _view(results, samples, name, asked, () if between is None else ("all problems",))
    at = _thresholds(samples, name, between) if thresholds is None else np.unique(as_thresholds(thresholds)).tolist()
    table = performance_profile(results, at, metric, between=between, confidence=asked.get("confidence"))
    if between is not None:
        table = table.assign(problem=view.problems[0])
    known = view.metrics[0]
    title = headed(known, known.of_run or known.title or known.name) if between is None else "score of a run"
    better = "higher" if samples.is_better_high(name) or between is not None else "lower"
    return plot_profile(view, table, title, better, "" if between is None else f"score: {normalisation(between)}")


def difference_drawn(results: Sampled, pair: tuple[str, str], metric: str | None, asked: Asked) -> "Figure":
    """The difference of two agents, unknown to pyplot."""
    from boltzmann_rl.figures.differences import plot_differences  # imported here: it imports Matplotlib

    taken(asked, "difference", ("problems", "labels", "ax", "log", "confidence", "width"))
    if "y" in asked.get("log", ""):
        raise ValueError(f"log must be '' or 'x' for difference(), which may be negative, got {asked['log']!r}")
    samples = Samples(results, asked.get("confidence"))
    curves = difference_curve(results, *pair, metric, confidence=asked.get("confidence"))
    name, problems = str(curves["metric"].iloc[0]), [*curves["problem"].unique()]
    return plot_differences(_view(results, samples, name, {**asked, "agents": pair}, problems), curves)


def _view(results: Sampled, samples: Samples, metric: str, asked: Asked, problems: Sequence[str] = ()) -> "View":
    metrics = {one.name: one for one in samples.measures.metrics if one.name == metric} or {metric: Metric(metric)}
    families = families_in(results.manifest, samples.agents)
    return view_of(
        results.manifest, metrics, [metric], problems or samples.problems, families, {**asked, "metrics": metric}
    )


def _thresholds(samples: Samples, metric: str, between: Between) -> Any:
    """The means of all runs, or quantiles of them if these are too many."""
    most = _THRESHOLDS if between is None else _OF_SCORES
    if between is not None:
        parts = {"": [*scores_of(samples, metric, between).values()]}
    else:
        parts = {problem: [] for problem in samples.problems}
        for problem, agent in samples.pairs:
            parts[problem].append(samples.means(problem, agent, metric))
    together = (np.concatenate([part.ravel() for part in some]) for some in parts.values())
    return np.unique(np.concatenate([_steps(part[np.isfinite(part)], most) for part in together]))


def _steps(values: Any, most: int) -> Any:
    """Where the staircase of these values has steps, and thresholds below and above all of them."""
    if not len(values):
        return np.zeros(1)
    found = np.unique(values)
    if len(found) > most:
        found = np.unique(np.quantile(values, np.linspace(0.0, 1.0, most), method="inverted_cdf"))
    pad = 0.04 * (found[-1] - found[0]) or 0.1 * abs(found[0]) or 0.1
    return np.concatenate([[found[0] - pad], found, [found[-1] + pad]])
