"""Smoothing: means over neighbouring steps, where noise from step to step would smear a line."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats

# The noise that a line may show, as a part of the range of the means in its panel.
_VISIBLE = 0.004

# Numbers of neighbours, and the largest part of a curve over which they reach.
_NUMBERS, _MOST = (1, 5, 11, 21, 51, 101, 201, 501, 1001), 1 / 20


def neighbours_for(curves: Iterable[Floats]) -> int:
    """How many neighbouring steps the curves of a panel need to be averaged over, so that their noise is not seen.

    The noise of a curve is judged by the median difference from one step to the next.

    Example:
        >>> steps, rng = np.arange(1000), np.random.default_rng(0)
        >>> neighbours_for([np.sqrt(steps)]), neighbours_for([steps + 10 * rng.standard_normal(1000)])
        (1, 11)
    """
    curves = [curve[np.isfinite(curve)] for curve in curves]
    curves = [curve for curve in curves if len(curve) > 2]
    if not curves:
        return 1
    extent = max(curve.max() for curve in curves) - min(curve.min() for curve in curves)
    noise = max(float(np.median(np.abs(np.diff(curve, 2)))) for curve in curves) / (0.6745 * np.sqrt(6.0))
    needed = (noise / (_VISIBLE * extent)) ** 2 if extent > 0.0 else 1.0
    most = max(1.0, _MOST * max(map(len, curves)))
    allowed = [number for number in _NUMBERS if number <= most]
    return next((number for number in allowed if number >= needed), allowed[-1])


def averaged(values: Floats, neighbours: int) -> Floats:
    """The mean over an odd number of neighbouring steps, and over as many as there are on both sides near the ends.

    Example:
        >>> averaged(np.array([0.0, 3.0, 6.0, 0.0, 0.0]), 3)
        array([0., 3., 3., 2., 0.])
    """
    reach = np.minimum(np.arange(len(values)), np.arange(len(values))[::-1]).clip(max=neighbours // 2)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    return np.asarray((sums[at + reach + 1] - sums[at - reach]) / (2 * reach + 1))


def smooth(curves: pd.DataFrame, neighbours: int) -> pd.DataFrame:
    """The curves of one metric, averaged over neighbouring steps; where a value is not finite they stay as they are.

    Means of the ends of intervals are the ends of intervals that hold for any correlation between the steps.
    """
    if neighbours == 1:
        return curves
    parts = []
    for _, curve in curves.groupby("agent", sort=False):
        columns = {name: curve[name].to_numpy(np.float64) for name in ("mean", "low", "high")}
        new = {name: averaged(part, neighbours) for name, part in columns.items() if np.isfinite(part).all()}
        parts.append(curve.assign(**new))
    return pd.concat(parts)


def is_whole(steps: NDArray[np.int64]) -> bool:
    """Whether the steps of a curve are all there, one after the other, so that each has its neighbours."""
    return bool(np.all(np.diff(steps) == 1))
