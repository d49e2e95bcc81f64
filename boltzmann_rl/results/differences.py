"""Curves of the difference between two agents, with a band that covers the whole curve where that is possible.

`difference_curve` is a method of `boltzmann_rl.results.results.Results`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.metrics import bounds_of
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.samples import Course, Sampled, Samples
from boltzmann_rl.statistics.bands import LEAST_DIFFERING, LEAST_RUNS, can_be_drawn, simultaneous_band
from boltzmann_rl.statistics.intervals import mean_of
from boltzmann_rl.streams import stream

# What happened is averaged over so many windows, each of at least so many steps (or episodes).
_WINDOWS, _LEAST_STEPS = 20, 5


def difference_curve(
    results: Sampled, first: str, second: str, metric: str | None = None, *, confidence: float | None = None
) -> pd.DataFrame:
    """The mean difference of two agents in each window, paired by run, with a band: one row per problem and window.

    The band ``low`` to ``high`` covers the whole true curve of a problem at once. It is NaN where none holds, and
    ``warning`` says why: below 20 runs, and in windows in which fewer than 10 runs differ. Where there is a band,
    ``warning`` says if differences are too skewed for the number of runs.

    Args:
        results: Of an experiment.
        first: Label of an agent.
        second: Label of the agent that is subtracted.
        metric: One of the metrics in `run_curves`. By default the one that ranks the agents, averaged over the
            policy's probabilities where it can be. Metrics that are not averaged have at most 20 windows, of at
            least 5 steps each, since no band holds for single ones.
        confidence: Of the band; by default as declared.

    Raises:
        FileNotFoundError: The cells are not at hand.
        ValueError: No such agents or metric.

    Example:
        >>> import boltzmann_rl as brl
        >>> agents = {f"τ = {t}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 1.0)}
        >>> experiment = brl.BanditExperiment("x", brl.GaussianBandit(), agents, runs=30, steps=100)
        >>> results = experiment.run(progress=False)
        >>> curve = results.difference_curve("τ = 0.1", "τ = 1.0")
        >>> curve[["begin", "end", "difference", "low", "high"]].tail(1).round(2)
            begin  end  difference   low  high
        99     99  100        0.54  0.22  0.75

    Source: `boltzmann_rl.statistics.bands.simultaneous_band`.
    """
    samples = Samples(results, confidence)
    for agent in (first, second):
        samples.check_agent(agent)
    if first == second:
        raise ValueError(f"first and second must be two agents, got {first} for both")
    name = samples.metric(metric, averaged=True)
    there = [p for p in samples.problems if {(p, first), (p, second)} <= set(samples.pairs)]
    if not there:
        raise ValueError(f"{first} and {second} have no problem in common")
    parts = [_of_problem(samples, problem, (first, second), name) for problem in there]
    return pd.concat(parts, ignore_index=True)


def _of_problem(samples: Samples, problem: str, pair: tuple[str, str], metric: str) -> pd.DataFrame:
    """The windows of one problem."""
    one, other = (samples.course(problem, agent, metric) for agent in pair)
    course = one._replace(means=_differences(one.means, other.means))
    if metric not in samples.measures.averaged.values():
        course = course.merged(_number_of(course))
    differences = course.means
    rng = stream(samples.seed, "difference curve", problem, *pair, metric)
    low, high, why = _band(differences, rng, samples.confidence)
    why = [samples.warned(one) for one in why]
    labels = {"experiment": samples.name, "problem": problem, "first": pair[0], "second": pair[1], "metric": metric}
    places = {"window": np.arange(len(course.begin)), "begin": course.begin, "end": course.end}
    numbers = {"difference": mean_of(np.ascontiguousarray(differences.T)), "low": low, "high": high}
    counts = {"runs": len(differences), "differing": (differences != 0.0).sum(axis=0)}
    return pd.DataFrame({**labels, **places, **numbers, **counts, "warning": why})


def _number_of(course: Course) -> int:
    """The number of windows over which what happened is averaged."""
    windows = len(course.begin)
    number = min(_WINDOWS, windows)
    while number > 1:
        bounds = bounds_of(windows, number)
        if (course.end[bounds[1:] - 1] - course.begin[bounds[:-1]]).min() >= _LEAST_STEPS:
            break
        number -= 1
    return number


@np.errstate(all="ignore")
def _differences(first: Floats, second: Floats) -> Floats:
    """Run by run, with 0 where infinite means are the same."""
    return np.where(first == second, 0.0, first - second)


def _band(differences: Floats, rng: np.random.Generator, confidence: float) -> tuple[Floats, Floats, Any]:
    """The ends of the band at each window, NaN where it would not hold, and a warning for each window."""
    runs, windows = differences.shape
    low, high, why = np.full(windows, np.nan), np.full(windows, np.nan), np.full(windows, "", dtype=object)
    there = can_be_drawn(differences)
    why[~there] = f"no band: fewer than {LEAST_DIFFERING} runs differ"
    if runs < LEAST_RUNS:
        why[:] = f"no band: it needs at least {LEAST_RUNS} runs, and there are {runs}"
    elif there.any():
        band = simultaneous_band(differences[:, there], "windows", rng, confidence)
        low[there], high[there], why[there] = band.low, band.high, band.warning
    return low, high, why
