"""Averages over the policy's probabilities: what they gain in curves, and whether they agree with what happened."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.metrics import BANDITS
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.statistics.averaging import may_differ, same_mean, variance_factor

# The probability of any warning among all agents that play the probabilities that they state.
FALSE_ALARM = 1e-4


class Averaged(NamedTuple):
    """A metric of one agent on one problem that is also averaged.

    Attributes:
        labels: The first columns of its row.
        here: Its moments at each step.
        there: Those of its average.
        outcomes: ``(runs,)``, its mean over all steps of each run.
        averages: ``(runs,)``, that of its average.
    """

    labels: Mapping[str, str]
    here: Moments
    there: Moments
    outcomes: Floats
    averages: Floats

    def row(self) -> dict[str, Any]:
        """What is known of it."""
        late = slice(len(self.here.mean) // 2, None)
        errors = self.here.standard_error, self.there.standard_error
        z, p_value = same_mean(*self._compared())
        return {
            **self.labels,
            "runs": self.here.samples,
            "mean": self.outcomes.mean(),
            "averaged_mean": self.averages.mean(),
            "factor": variance_factor(*errors),
            "factor_last_half": variance_factor(errors[0][late], errors[1][late]),
            "z": z,
            "p_value": p_value,
        }

    def may_differ(self, alpha: float) -> bool:
        """Whether the p-value may be at most ``alpha``."""
        return may_differ(*self._compared(), alpha)

    def _compared(self) -> tuple[Floats, Floats, int, float]:
        return self.outcomes, self.averages, len(self.here.mean), _largest(self.here)


def _largest(moments: Moments) -> float:
    """The range in which every sample of all steps lies: no sample is further than (n − 1)/√n sd from the mean."""
    if moments.samples < 2:
        return math.nan
    with np.errstate(all="ignore"):
        reach = moments.standard_error * (moments.samples - 1)
        return float((moments.mean + reach).max() - (moments.mean - reach).min())


def averaging_table(averaged: Sequence[Averaged]) -> pd.DataFrame:
    """All rows, with a warning where what happened and its average differ by more than chance explains."""
    rows = [one.row() for one in averaged]
    for row in rows:
        row["warning"] = _warning(row) if row["p_value"] * len(rows) <= FALSE_ALARM else ""
    return pd.DataFrame(rows)


def _warning(row: Mapping[str, Any]) -> str:
    return (
        f"{row['agent']} on {row['problem']}: the mean {row['metric']} is {row['mean']:.5g}, but "
        f"{row['averaged_mean']:.5g} by the policy's probabilities, further apart than chance explains "
        f"(z = {row['z']:.1f}, p = {row['p_value']:.1g}). The policy does not play the probabilities that it states, "
        f"or the bandit does not pay the means that it states: judge by {row['metric']}, not by "
        f"expected_{row['metric']}, nor by what follows from stated means, such as regret."
    )


def disagreements(averaging: pd.DataFrame) -> list[str]:
    """The warnings of the table."""
    return [] if averaging.empty else [warning for warning in averaging["warning"] if warning]


def gained(averaging: pd.DataFrame, primary: str) -> str:
    """What averaging gains, as a sentence; empty if nothing is averaged, or for one run.

    Args:
        averaging: The table `Results.averaging`.
        primary: The metric that ranks the agents.
    """
    if averaging.empty:
        return ""
    here = averaging[averaging["metric"] == primary]
    whole, late = (_range(here[column]) for column in ("factor", "factor_last_half"))
    if not whole:
        return ""
    agrees = "" if disagreements(averaging) else f", with the same mean (largest |z| {here['z'].abs().max():.1f})"
    return (
        f"In curves, the {primary} of a step has {whole} times less variance if it is averaged over the policy's "
        f"probabilities ({late} times in the last half){agrees}."
    )


def factor_note(curves: pd.DataFrame) -> str:
    """What averaging gains at a step of these curves, for a figure; empty if nothing is averaged, or for one run."""
    primary = BANDITS.primary
    averaged = BANDITS.averaged[primary]
    if not {primary, averaged} <= set(curves["metric"]) or curves["runs"].max() < 2:
        return ""
    by_agent = curves.set_index("metric").groupby(["problem", "agent"], sort=False)["standard_error"]
    errors = [[of_agent[name].to_numpy() for name in (primary, averaged)] for _, of_agent in by_agent]
    if not (times := _range(pd.Series([variance_factor(*pair) for pair in errors]))):
        return ""
    return f"{averaged.replace('_', ' ')}: {times} times less variance than the {primary} of a step"


def _range(factors: Any) -> str:
    known = factors[np.isfinite(factors)]
    if known.empty:
        return ""
    low, high = f"{known.min():.1f}", f"{known.max():.1f}"
    return low if low == high else f"{low} to {high}"
