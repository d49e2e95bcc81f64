"""Curves of the difference between two agents, with a band that holds all of the curve where that is possible."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.metrics import bounds_of
from boltzmann_rl.results.samples import Samples, merged
from boltzmann_rl.statistics.bands import LEAST_DIFFERING, LEAST_RUNS, can_be_drawn, simultaneous_band
from boltzmann_rl.statistics.intervals import mean_of
from boltzmann_rl.streams import stream

# What happened is averaged over so many windows, each of at least so many steps (or episodes).
_WINDOWS, _LEAST_STEPS = 20, 5


def difference_table(samples: Samples, first: str, second: str, metric: str | None, confidence: float) -> pd.DataFrame:
    """See `boltzmann_rl.results.results.Results.difference_curve`."""
    if first == second:
        raise ValueError(f"first and second must be two agents, got {first} for both")
    name, parts = samples.metric(metric, averaged=True), []
    for problem in samples.outline.problems:
        pair = samples.entry(problem, first), samples.entry(problem, second)
        if None not in pair:
            parts.append(_of_problem(samples, pair, name, confidence))
    if not parts:
        raise ValueError(f"{first} and {second} are on no problem together")
    return pd.concat(parts, ignore_index=True)


def _of_problem(samples: Samples, pair: Any, metric: str, confidence: float) -> pd.DataFrame:
    """The windows of one problem."""
    bounds, (first, second) = samples.bounds, pair
    differences = _differences(samples.windows(first, metric), samples.windows(second, metric))
    if metric not in samples.outline.measures.averaged.values():
        differences, bounds = merged(differences, bounds, _number_of(bounds))
    rng = stream(samples.seed, "difference curve", first.problem, first.agent, second.agent, metric)
    low, high, why = _band(differences, rng, confidence)
    differing = (differences != 0.0).sum(axis=0)
    labels = {"experiment": samples.outline.name, "problem": first.problem}
    labels |= {"first": first.agent, "second": second.agent, "metric": metric}
    places = {"window": np.arange(len(bounds) - 1), "begin": bounds[:-1], "end": bounds[1:]}
    numbers = {"difference": mean_of(np.ascontiguousarray(differences.T)), "low": low, "high": high}
    return pd.DataFrame(
        {**labels, **places, **numbers, "runs": len(differences), "differing": differing, "warning": why}
    )


def _number_of(bounds: NDArray[np.int64]) -> int:
    """The number of windows over which what happened is averaged."""
    number = min(_WINDOWS, len(bounds) - 1)
    while number > 1 and np.diff(bounds[bounds_of(len(bounds) - 1, number)]).min() < _LEAST_STEPS:
        number -= 1
    return number


@np.errstate(all="ignore")
def _differences(first: Floats, second: Floats) -> Floats:
    """Run by run, with 0 where infinite means are the same."""
    return np.where(first == second, 0.0, first - second)


def _band(differences: Floats, rng: np.random.Generator, confidence: float) -> tuple[Floats, Floats, Any]:
    """The ends of the band at each window, NaN where it would not hold, and what is to be said of each."""
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
