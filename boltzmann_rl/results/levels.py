"""Intervals of tables at other levels of confidence."""

from __future__ import annotations

from typing import Any

import numpy as np

from boltzmann_rl.engines.metrics import Measures
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.comparisons import samples_of
from boltzmann_rl.results.measures import measures_in
from boltzmann_rl.statistics.intervals import mean_intervals, t_quantile
from boltzmann_rl.statistics.shares import share_interval


def curves_at(curves: pd.DataFrame, measures: Measures, confidence: float) -> pd.DataFrame:
    """Curves with intervals of another level: Clopper & Pearson's of shares, and Student's t of other metrics."""
    shares = {metric.name for metric in measures.metrics if metric.scale == "percent"}
    low, high = curves["low"].to_numpy(np.float64).copy(), curves["high"].to_numpy(np.float64).copy()
    known = np.isfinite(low) & np.isfinite(high)
    for runs in curves["runs"].unique():
        of_runs = known & (curves["runs"] == runs).to_numpy()
        share = of_runs & curves["metric"].isin(shares).to_numpy()
        mean = curves["mean"].to_numpy(np.float64)
        low[share], high[share] = share_interval(np.rint(mean[share] * runs), int(runs), confidence)
        other = of_runs & ~share
        reach = t_quantile(int(runs), confidence) * curves["standard_error"].to_numpy(np.float64)[other]
        low[other], high[other] = mean[other] - reach, mean[other] + reach
    return curves.assign(low=low, high=high)


def summary_at(summary: pd.DataFrame, runs: pd.DataFrame, manifest: dict[str, Any], confidence: float) -> pd.DataFrame:
    """A summary whose means have intervals of another level."""
    measures, found = measures_in(manifest), summary.copy()
    for problem in summary["problem"].unique():
        for agent, samples in samples_of(runs, manifest, problem).items():
            here = (found["problem"] == problem) & (found["agent"] == agent)
            for metric, sample in samples.items():
                share = measures[metric].scale == "percent"
                kind: Any = {"shares": "exact", "bounds": (0.0, 1.0)} if share else {"shares": None}
                ends = mean_intervals(sample, confidence, **kind)
                for name, end in zip((metric, f"{metric}_low", f"{metric}_high"), ends, strict=True):
                    found.loc[here, name] = float(end)
    return found
