"""Bands that hold a whole curve of differences at once, where that is possible."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats
from boltzmann_rl.lazy import special
from boltzmann_rl.statistics.intervals import CONFIDENCE, interval_at, skewness_warning, spread_of
from boltzmann_rl.statistics.levels import as_level

# Fewer runs of a probability-averaged curve, or fewer runs that differ in a window, do not hold the level.
LEAST_RUNS, LEAST_DIFFERING = 20, 10

Kind = Literal["probability-averaged curve", "windows", "raw curve"]

_DRAWS_AT_A_TIME = 250


class Band(NamedTuple):
    """A mean curve, and a band in which all of the true curve lies with the given confidence.

    ``critical`` is the half-width in standard errors, where the differences are not skewed. ``warning`` says where the
    level may not hold, and why; else it is empty.
    """

    mean: Floats
    low: Floats
    high: Floats
    critical: float
    warning: str


def can_be_drawn(differences: Floats) -> NDArray[np.bool_]:
    """The points at which at least ten runs differ: at others no band holds.

    Args:
        differences: ``(runs, points)``.

    Example:
        >>> can_be_drawn(np.array([[0.0, 1.0]] * 12))
        array([False,  True])
    """
    return np.asarray((differences != 0.0).sum(axis=0) >= LEAST_DIFFERING)


@np.errstate(all="ignore")
def simultaneous_band(
    differences: Floats,
    kind: Kind,
    rng: np.random.Generator,
    confidence: float = CONFIDENCE,
    draws: int = 1000,
) -> Band:
    """A band for a curve of paired differences: it covers the true curve at all points at once.

    Its half-width in standard errors is the larger of two quantiles of the greatest t statistic along the curve:
    that of Gaussian multipliers, with Student's t in place of the normal number of the same tail, and that of flips of
    signs, with every flip studentised again. At points with skewed differences the band also contains what Hall's
    statistic does.

    Args:
        differences: ``(runs, points)``, first − second.
        kind: What the curve is: the expected reward or regret of every step, averaged over the policy's own
            probabilities; means over windows; or what was received at every step, of which no band is known to hold.
        rng: Draws ``draws`` normal numbers and as many flips for each run.
        confidence: In (0, 1).
        draws: Of multipliers and of flips.

    Raises:
        ValueError: The band would not hold: it says why, and what to do.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> band = simultaneous_band(rng.normal(size=(30, 100)), "windows", rng)
        >>> bool(((band.low < 0.0) & (0.0 < band.high)).all()), 3.0 < band.critical < 5.0
        (True, True)

    Source: Montiel Olea & Plagborg-Møller (2017), *Simultaneous Confidence Bands: Theoretical Comparisons and
    Suggestions for Practice*: the sup-t band.
    """
    confidence = as_level(confidence, "confidence", CONFIDENCE)
    _check(differences, kind)
    runs = len(differences)
    spread = spread_of(np.ascontiguousarray(differences.T))
    # Standardised residuals whose squares sum to 1; a point that does not vary is no part of the maximum.
    scale = np.where(spread.vary, spread.sd * np.sqrt(runs - 1.0), np.inf)
    residuals = np.where(spread.vary, differences - spread.mean, 0.0) / scale
    gaussian, flips = [], []
    for start in range(0, draws, _DRAWS_AT_A_TIME):
        some = min(_DRAWS_AT_A_TIME, draws - start)
        gaussian.append(np.abs(rng.normal(size=(some, runs)) @ residuals).max(axis=-1))
        flips.append(np.abs((2.0 * rng.integers(2, size=(some, runs)) - 1.0) @ residuals).max(axis=-1))
    wide, sums = np.quantile(np.concatenate(gaussian), confidence), np.concatenate(flips) / np.sqrt(runs)
    flipped = np.sqrt(runs - 1.0) * sums / np.sqrt(np.maximum(1.0 - sums**2, 0.0))
    heavier = -float(special.stdtrit(runs - 1, special.ndtr(-wide)))  # Student's t with the same tail
    critical = max(heavier, float(np.quantile(flipped, confidence, method="higher")))
    return Band(
        spread.mean, *interval_at(spread, critical, spread.skewed), critical, skewness_warning(spread.skewness, runs)
    )


def _check(differences: Floats, kind: Kind) -> None:
    """Refuse what no band holds for."""
    if kind == "raw curve":
        raise ValueError(
            "no simultaneous band holds for what was received at every single step: draw one of a "
            "probability-averaged curve, or of windows"
        )
    if kind not in ("probability-averaged curve", "windows"):
        raise ValueError(f'kind must be "probability-averaged curve", "windows" or "raw curve", got {kind!r}')
    if len(differences) < LEAST_RUNS:
        raise ValueError(f"a simultaneous band needs at least {LEAST_RUNS} runs, got {len(differences)}")
    few = ~can_be_drawn(differences)
    if few.any():
        raise ValueError(
            f"in {int(few.sum())} of {few.size} points, such as point {int(np.flatnonzero(few)[0])}, fewer than "
            f"{LEAST_DIFFERING} runs differ: leave those out, as can_be_drawn says"
        )
