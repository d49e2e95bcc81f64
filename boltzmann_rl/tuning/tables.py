"""Tables of what tuning found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.statistics.comparison import paired_difference
from boltzmann_rl.statistics.intervals import mean_interval
from boltzmann_rl.statistics.kriging import LEAST_POINTS, Curve, fitted_curve
from boltzmann_rl.streams import stream
from boltzmann_rl.tuning.choosing import Found, Objective
from boltzmann_rl.tuning.space import Family

# The range that is shown has fitted losses of at most this part above that of the recommended value.
WITHIN = 0.05

# Confidence of the intervals by which candidates end the range: one that is too long misleads more than a short one.
_DOUBT = 0.6


class Tables(NamedTuple):
    """See `boltzmann_rl.tuning.outcome.Tuning`."""

    candidates: pd.DataFrame
    sensitivity: pd.DataFrame
    recommended: pd.DataFrame


def tables_of(found: Sequence[Found], objective: Objective, seed: int, confidence: float) -> Tables:
    """The tables of all families on all problems."""
    candidates, sensitivity, recommended = [], [], []
    for one in found:
        curve, best = _curve_of(one), (float("nan"), float("nan"))
        candidates += _candidates(one, objective, confidence)
        if curve is not None:
            sensitivity.append(_sensitivity(one, objective, curve, confidence))
            best = curve.best(stream(seed, "tuning", "curves", one.problem, one.family.label), confidence)
        recommended += _recommended(one, curve, best)
    columns = ["problem", "family", "parameter", "value", "mean", "low", "high", "within"]
    curves = pd.concat(sensitivity, ignore_index=True) if sensitivity else pd.DataFrame(columns=columns)
    return Tables(pd.DataFrame(candidates), curves, pd.DataFrame(recommended))


def _curve_of(found: Found) -> Curve | None:
    """The fitted curve of a family with one numeric parameter, if enough candidates have finite losses.

    It has all values of the grid around the chosen one, to the last candidates before those that failed.
    """
    x = found.family.grids[0].x
    tried = [one for one, losses in found.search.losses.items() if np.isfinite(losses).all()]
    if len(found.family.grids) > 1 or x is None or len(tried) < LEAST_POINTS:
        return None
    return fitted_curve(x[tried], [found.search.losses[one] for one in tried], x[_on_curve(found)])


def _on_curve(found: Found) -> slice:
    """The part of the grid that has a curve."""
    first, last = found.search.span
    return slice(first, last + 1)


def within(mean: Floats, chosen: int, refuted: Sequence[int] = ()) -> Any:
    """The values around the chosen one whose loss is at most 5 % of |L| above its loss L, as a mask.

    Args:
        mean: The losses of the fitted curve.
        chosen: Index of the chosen value.
        refuted: Indices of values that are known to be worse, whatever the curve says.
    """
    outside = np.union1d(np.flatnonzero(mean > mean[chosen] + WITHIN * abs(mean[chosen])), refuted)
    first = outside[outside < chosen].max(initial=-1) + 1
    last = outside[outside > chosen].min(initial=len(mean))
    return (np.arange(len(mean)) >= first) & (np.arange(len(mean)) < last)


def _within(found: Found, curve: Curve) -> Any:
    """The range of a curve. It ends before candidates whose own runs make it doubtful: they are more than 5 % worse."""
    start, chosen, losses = _on_curve(found).start, found.search.chosen, found.search.losses
    leader = max(losses, key=lambda one: len(losses[one]))
    most, refuted = WITHIN * abs(float(losses[leader].mean())), []
    for one in losses.keys() - {leader, chosen}:
        shared = min(len(losses[one]), len(losses[leader]))
        worse = paired_difference(losses[one][:shared], losses[leader][:shared], _DOUBT)
        refuted += [one - start] * (worse.low > most)
    return within(curve.mean, chosen - start, refuted)


def _candidates(found: Found, objective: Objective, confidence: float) -> list[dict[str, Any]]:
    """One row for each candidate, in ascending order of one parameter."""
    rows = []
    for number, losses in found.search.losses.items():
        mean, low, high = mean_interval(losses / np.sign(objective.factor), confidence, shares=None)
        values = found.values[number]
        value = values[0] if len(values) == 1 and found.family.grids[0].numeric else float("nan")
        rows.append(
            {"problem": found.problem, "family": found.family.label, "candidate": found.family.told(values),
             "value": value, "runs": len(losses), "metric": objective.metric, "mean": mean, "low": low, "high": high}
        )  # fmt: skip
    return rows


def _sensitivity(found: Found, objective: Objective, curve: Curve, confidence: float) -> pd.DataFrame:
    """One row for each value of the grid."""
    (grid,), sign = found.family.grids, float(np.sign(objective.factor))
    here = _on_curve(found)
    low, high = sorted((sign * end for end in curve.band(confidence)), key=np.sum)
    return pd.DataFrame(
        {"problem": found.problem, "family": found.family.label, "parameter": grid.path,
         "value": np.array(grid.values[here], dtype=np.float64), "metric": objective.metric, "mean": sign * curve.mean,
         "low": low, "high": high, "within": _within(found, curve)}
    )  # fmt: skip


def _recommended(found: Found, curve: Curve | None, interval: tuple[float, float]) -> list[dict[str, Any]]:
    """One row for each parameter."""
    rows = []
    for grid, value in zip(found.family.grids, found.chosen, strict=True):
        row = {"problem": found.problem, "family": found.family.label, "parameter": grid.path, "value": value}
        row |= dict.fromkeys(("best_low", "best_high", "range_low", "range_high"), float("nan"))
        if curve is not None and grid.x is not None:
            best = [grid.values[int(np.argmin(np.abs(grid.x - end)))] for end in interval]
            inside = _on_curve(found).start + np.flatnonzero(_within(found, curve))
            row |= {"best_low": best[0], "best_high": best[1]}
            row |= {"range_low": grid.values[inside[0]], "range_high": grid.values[inside[-1]]}
        at_end = _may_go_on(found.family._replace(grids=(grid,)), value)
        rows.append(row | {"at_end": at_end, "tried": len(found.search.losses), "budget": found.search.runs})
    return rows


def _may_go_on(family: Family, value: Any) -> bool:
    """Whether a value is the first or last of a grid of numbers, and the parameter may be beyond it."""
    (grid,) = family.grids
    if not grid.numeric or value not in (grid.values[0], grid.values[-1]):
        return False
    beside = grid.values[1] if value == grid.values[0] else grid.values[-2]
    try:
        family.member([value * (value / beside) if grid.logarithmic else value + (value - beside)])
    except (TypeError, ValueError):
        return False
    return True
