"""Means and their confidence intervals: Student's t, and where the samples are skewed also Hall's transformed t."""

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats
from boltzmann_rl.lazy import special
from boltzmann_rl.statistics.levels import as_level
from boltzmann_rl.statistics.shares import share_interval

CONFIDENCE = 0.95

# Samples that differ by less than this part of their size differ by rounding only: 256 units in the last place.
ROUNDING = 2.0**-44

# From this sample skewness on, the interval is the hull of Student's and Hall's.
SKEWED = 1.0

# Fewer runs seldom show that their law is skewed.
SHOW_SKEWNESS = 20

# Runs that a mean needs for each unit of squared skewness; how often normal samples are warned of, or clearly skewed.
_COCHRAN, _WARNED_BY_CHANCE, _CLEAR_BY_CHANCE = 25.0, 0.05, 0.001


class Estimate(NamedTuple):
    """Estimates and the ends of their confidence intervals; NaN ends say that there is no interval."""

    value: Floats
    low: Floats
    high: Floats


class Spread(NamedTuple):
    """Moments of samples over the last axis.

    ``sd`` has n − 1, and ``skewness`` is G₁, as of `scipy.stats.skew` with ``bias=False``; it is 0 for fewer than three
    samples. ``vary`` says whether the samples differ by more than rounding, ``zero`` whether all are 0 up to rounding.
    """

    runs: int
    mean: Floats
    sd: Floats
    skewness: Floats
    vary: NDArray[np.bool_]
    zero: NDArray[np.bool_]

    @property
    def skewed(self) -> NDArray[np.bool_]:
        """Whether the hull of two intervals takes the place of Student's."""
        return self.vary & (np.abs(self.skewness) >= SKEWED)

    @property
    def clearly_skewed(self) -> NDArray[np.bool_]:
        """Whether they are skewed by more than chance explains in all but one of a thousand normal samples."""
        return self.skewed & (np.abs(self.skewness) >= _by_chance(_CLEAR_BY_CHANCE, self.runs))


def t_quantile(samples: int, confidence: float = CONFIDENCE) -> float:
    """The half-width of a Student-t interval in standard errors; NaN for one sample."""
    confidence = as_level(confidence, "confidence", CONFIDENCE)
    return float(special.stdtrit(samples - 1, (1 + confidence) / 2)) if samples > 1 else float("nan")


def mean_of(samples: Floats) -> Floats:
    """The means over the last axis, finite if all samples are, even if their sum overflows.

    Call it within ``np.errstate`` that ignores overflow.

    Example:
        >>> with np.errstate(over="ignore"):
        ...     float(mean_of(np.array([1e308, 1.5e308])))
        1.25e+308
    """
    mean: Floats = samples.mean(axis=-1)
    if np.isfinite(mean).all():
        return mean
    unit = 2.0 ** samples.shape[-1].bit_length()  # dividing by a power of two is exact
    parts = np.clip((samples / unit).mean(axis=-1) * unit, samples.min(axis=-1), samples.max(axis=-1))
    return np.where(np.isfinite(mean), mean, parts)


def _by_chance(share: float, runs: int) -> float:
    """The size of the skewness G₁ that this share of normal samples exceeds, nearly."""
    if runs < 3:
        return math.inf
    standard_error = math.sqrt(6.0 * runs * (runs - 1.0) / ((runs - 2.0) * (runs + 1.0) * (runs + 3.0)))
    return float(special.ndtri(1.0 - share / 2.0)) * standard_error


def unit_of(largest: Floats) -> Floats:
    """A power of two near the largest sample: dividing by it is exact, and squares neither over- nor underflow."""
    return np.ldexp(1.0, np.clip(np.frexp(largest)[1], -1000, 1000))


@np.errstate(all="ignore")
def spread_of(samples: Floats, size: Floats | None = None) -> Spread:
    """The moments of samples over the last axis, the same in every unit of the samples.

    Args:
        samples: ``(..., runs)``.
        size: ``(...)``, the size of the numbers whose rounding counts; by default the largest absolute sample.

    Example:
        >>> float(spread_of(np.array([0.0, 0.0, 3.0])).skewness.round(4))
        1.7321
    """
    runs = samples.shape[-1]
    mean, largest = mean_of(samples), np.abs(samples).max(axis=-1)
    unit = unit_of(largest)
    scaled = samples / unit[..., np.newaxis]
    deviations = scaled - scaled.mean(axis=-1, keepdims=True)
    squares = deviations * deviations
    total = squares.sum(axis=-1)
    sd = np.sqrt(total / (runs - 1)) if runs > 1 else np.full(mean.shape, np.nan)
    rounding = ROUNDING * ((largest if size is None else size) / unit)
    vary = sd > rounding
    skewness = np.einsum("...r,...r->...", squares, deviations) / sd**3 * (runs / max((runs - 1) * (runs - 2), 1))
    skewness = np.where(vary & (runs > 2), skewness, 0.0)
    return Spread(runs, mean, sd * unit, skewness, vary, ~vary & (np.abs(mean / unit) <= rounding))


@np.errstate(all="ignore")
def halls_t(spread: Spread, of: Floats | float = 0.0) -> Floats:
    """Hall's transformed t statistic of the means ``of``, whose law is nearly Student's also for skewed samples.

    √n·(w + γw²/3 + γ²w³/27 + γ/(6n)), with w = (mean − of)/sd and skewness γ; it rises with w.

    Source: Hall (1992), *Journal of the Royal Statistical Society* B 54: "On the removal of skewness by
    transformation".
    """
    w, skewness = (spread.mean - of) / spread.sd, spread.skewness
    return np.sqrt(spread.runs) * (
        w + skewness * w**2 / 3.0 + skewness**2 * w**3 / 27.0 + skewness / (6.0 * spread.runs)
    )


@np.errstate(all="ignore")
def guarded_t(spread: Spread, guard: NDArray[np.bool_], of: float = 0.0) -> Floats:
    """Student's t statistic of the means ``of``, where ``guard`` is true the smaller in size of it and Hall's.

    It is 0 where the two have different signs, and where nothing varies.
    """
    students = (spread.mean - of) / spread.sd * np.sqrt(spread.runs)
    halls = halls_t(spread, of)
    smaller = np.sign(students) * np.minimum(np.abs(students), np.abs(halls))
    guarded = np.where(np.sign(students) == np.sign(halls), smaller, 0.0)
    t = np.where(guard, guarded, students)
    return np.where(spread.vary & np.isfinite(spread.mean), t, 0.0)


@np.errstate(all="ignore")
def hull(spread: Spread, t: float) -> tuple[Floats, Floats]:
    """The smallest interval with all means whose Student's or Hall's statistic is at most t in size."""
    skewness = np.where(np.abs(spread.skewness) < 1e-6, 1e-6, spread.skewness)  # the limit 0, to 1e-10
    reach = t * spread.sd / np.sqrt(spread.runs)
    shifted = np.array([t, -t]) / np.sqrt(spread.runs) - skewness[..., np.newaxis] / (6.0 * spread.runs)
    w = (np.cbrt(1.0 + skewness[..., np.newaxis] * shifted) - 1.0) * 3.0 / skewness[..., np.newaxis]
    left, right = (spread.mean - spread.sd * w[..., side] for side in (0, 1))
    return np.minimum(spread.mean - reach, left), np.maximum(spread.mean + reach, right)


@np.errstate(all="ignore")
def interval_at(spread: Spread, t: float, guard: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The means whose Student's statistic is at most t in size, where ``guard`` is true also those of Hall's.

    NaN where nothing varies; both ends are infinite if the mean is.
    """
    reach = t * spread.sd / np.sqrt(spread.runs)
    low, high = spread.mean - reach, spread.mean + reach
    if guard.any():
        both = hull(spread, t)
        low, high = np.where(guard, both[0], low), np.where(guard, both[1], high)
    missing = ~spread.vary & np.isfinite(spread.mean)
    endless = np.isinf(spread.mean) & (spread.runs > 1)
    low, high = (np.where(endless, spread.mean, end) for end in (low, high))
    return np.where(missing, np.nan, low), np.where(missing, np.nan, high)


def interval_of(spread: Spread, confidence: float = CONFIDENCE) -> tuple[Floats, Floats]:
    """The ends of the interval of means: see `mean_intervals`."""
    return interval_at(spread, t_quantile(spread.runs, confidence), spread.skewed)


@np.errstate(all="ignore")
def p_values_of(spread: Spread) -> Floats:
    """Two-sided p-values of the means being 0, which agree with the intervals: p < 1 − confidence if they exclude 0.

    The p-value of Student's t, where the samples are skewed of the smaller of it and Hall's. If all samples are the
    same number there is no t: the p-value is then that of the sign test, 2^(1−n), and 1 if that number is 0. NaN for
    one sample.
    """
    p_values = 2.0 * special.stdtr(spread.runs - 1, -np.abs(guarded_t(spread, spread.skewed)))
    p_values = np.where(spread.vary, p_values, np.where(spread.zero, 1.0, 2.0 ** (1.0 - spread.runs)))
    return np.where(np.isfinite(spread.mean) & np.isfinite(spread.sd) & (spread.runs > 1), p_values, np.nan)


def skewness_warning(skewness: Floats, runs: int) -> str:
    """Where a level may not hold: more skewness than chance explains and than the runs make up for; else empty.

    Args:
        skewness: ``(P,)``, G₁ of P samples.
        runs: Samples each.

    Source: Sugden, Smith & Jones (2000), *Journal of the Royal Statistical Society* B 62, on Cochran's rule n > 25 G₁².
    """
    return _warned(skewness, runs, "the differences are skewed", "more than alpha may go wrong")


def coverage_warning(spread: Spread) -> str:
    """Where intervals of means may cover less often than they say: few runs, or much skewness; else empty.

    Example:
        >>> coverage_warning(spread_of(np.exp(2.0 * np.random.default_rng(0).normal(size=30))))[:39]
        'runs are skewed, by up to 2.4: with 30 '
    """
    consequence = "intervals of means may cover less often than they say"
    if 2 <= spread.runs < SHOW_SKEWNESS and spread.vary.any():
        return f"{spread.runs} runs cannot show whether they are skewed; if they are, {consequence}"
    return _warned(np.atleast_1d(spread.skewness), spread.runs, "runs are skewed", consequence)


def _warned(skewness: Floats, runs: int, what: str, consequence: str) -> str:
    if runs < 3 or not len(skewness):
        return ""
    most = float(np.abs(skewness).max())
    if most < max(SKEWED, _by_chance(_WARNED_BY_CHANCE / len(skewness), runs)) or _COCHRAN * most**2 <= runs:
        return ""
    enough = f"about {math.ceil(_COCHRAN * most**2)} runs would be enough"
    return f"{what}, by up to {most:.1f}: with {runs} runs {consequence}; {enough}"


@np.errstate(all="ignore")
def mean_intervals(
    samples: Floats,
    confidence: float = CONFIDENCE,
    *,
    shares: Literal["exact", "wilson"] | None = "exact",
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Estimate:
    """Means over the last axis and their confidence intervals.

    - Samples that are all 0 or 1 are shares: the interval is Clopper & Pearson's (1934), which covers at least as often
      as it says, or on request Wilson's (1927), which does so on average.
    - Skewness below 1 in size: Student's t.
    - Otherwise the hull of Student's interval and the one of Hall's transformed t.
    - Samples that do not vary by more than rounding, and one sample, have no interval: NaN.
    - Both ends are infinite if the mean is.

    Args:
        samples: ``(..., runs)``.
        confidence: The probability that an interval covers the true mean, in (0, 1).
        shares: The interval of shares; None if samples of 0 and 1 are no shares, such as a regret of 0 in every run.
        bounds: Between which the true mean is known to lie: the intervals end there.

    Returns:
        Arrays of shape ``(...)``.

    Example:
        >>> [float(x.round(3)) for x in mean_intervals(np.array([0.0, 0.0, 1.0, 0.0]))]
        [0.25, 0.006, 0.806]

    Source: Hall (1992), *Journal of the Royal Statistical Society* B 54; the threshold and the hull were chosen by
    simulation: ``docs/statistics.md``.
    """
    spread = spread_of(samples)
    low, high = interval_of(spread, confidence)
    if shares is not None and spread.runs > 1:
        binary = ((samples == 0.0) | (samples == 1.0)).all(axis=-1)
        ones = np.where(binary, (samples == 1.0).sum(axis=-1), 0.0)
        ends = share_interval(ones, spread.runs, confidence, shares)
        low, high = np.where(binary, ends[0], low), np.where(binary, ends[1], high)
    return Estimate(spread.mean, np.clip(low, *bounds), np.clip(high, *bounds))


def mean_interval(
    samples: Floats, confidence: float = CONFIDENCE, *, shares: Literal["exact", "wilson"] | None = "exact"
) -> tuple[float, float, float]:
    """The mean of one sample and the ends of its confidence interval, by the rule of `mean_intervals`.

    Example:
        >>> [round(x, 3) for x in mean_interval(np.array([1.0, 2.0, 3.0]))]
        [2.0, -0.484, 4.484]
    """
    mean, low, high = mean_intervals(samples, confidence, shares=shares)
    return float(mean), float(low), float(high)
