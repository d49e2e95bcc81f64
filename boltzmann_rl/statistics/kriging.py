"""A smooth curve through means with common random numbers: how sensitive a loss is to a parameter."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.statistics.intervals import CONFIDENCE, ROUNDING, t_quantile, unit_of
from boltzmann_rl.statistics.levels import as_level

# Lengths of the kernel as parts of the range of x, and its amplitudes in standard deviations of the means.
_LENGTHS, _AMPLITUDES = np.geomspace(0.05, 2.0, 16), np.geomspace(0.3, 30.0, 12)

# Added to each variance so that rounding leaves all eigenvalues above 0, and at least this part of all variances.
_JITTER, _ROUNDED = 1e-8, 1e-12

# Fewer points say little of a curve, and fewer runs little of a slope.
LEAST_POINTS, _LEAST_RUNS = 3, 10


class Curve(NamedTuple):
    """A fitted curve at points of x.

    Attributes:
        at: ``(points,)``, the points.
        scaled: ``(points,)``, the curve in units of ``unit``.
        covariance: ``(points, points)``, of its errors in these units.
        runs: The least number of runs at a point of the samples.
        unit: A power of two near the largest sample. In its units nothing over- or underflows.
    """

    at: Floats
    scaled: Floats
    covariance: Floats
    runs: int
    unit: float

    @property
    def mean(self) -> Floats:
        """``(points,)``, the curve."""
        return self.scaled * self.unit

    def band(self, confidence: float = CONFIDENCE) -> tuple[Floats, Floats]:
        """The ends of a band that covers at each point by itself."""
        reach = t_quantile(self.runs, confidence) * np.sqrt(np.maximum(np.diag(self.covariance), 0.0))
        return (self.scaled - reach) * self.unit, (self.scaled + reach) * self.unit

    def best(self, rng: np.random.Generator, confidence: float = CONFIDENCE, draws: int = 1000) -> tuple[float, float]:
        """The ends of an interval for the x of the least value: its quantiles over random curves with these errors.

        If a curve is least at several points, but for rounding, each of them counts: a flat curve has all points.

        Args:
            rng: Draws ``draws · points`` normal numbers.
            confidence: In (0, 1).
            draws: Number of curves.
        """
        values, vectors = np.linalg.eigh(self.covariance)
        normal = rng.normal(size=(draws, len(self.at)))
        values[values <= ROUNDING * values.max()] = 0.0
        curves = self.scaled + (normal * np.sqrt(values)) @ vectors.T
        rounding = ROUNDING * np.abs(curves).max(axis=1, keepdims=True)
        least = curves <= curves.min(axis=1, keepdims=True) + rounding
        first, last = np.argmax(least, axis=1), len(self.at) - 1 - np.argmax(least[:, ::-1], axis=1)
        tail = (1.0 - as_level(confidence, "confidence", CONFIDENCE)) / 2.0
        return float(np.quantile(self.at[first], tail)), float(np.quantile(self.at[last], 1.0 - tail))


class _Fit(NamedTuple):
    """A Gaussian process with one kernel; residuals and ones are multiplied by the inverse of the Cholesky factor."""

    likelihood: float
    length: float
    amplitude: float
    constant: float
    factor: Floats
    residuals: Floats
    ones: Floats


@np.errstate(all="ignore")
def fitted_curve(x: Floats, samples: Sequence[Floats], at: Floats) -> Curve:
    """A curve through the means of samples, by a Gaussian process that allows for dependent errors of the means.

    The samples of two points have their first runs in common, and so a part of their errors. So the point with the
    most runs is a control variate of the others. The kernel is the squared exponential; its length and amplitude
    maximise the restricted likelihood.

    Args:
        x: ``(k,)``, k ≥ 3 different points.
        samples: The samples of each point ``(runs,)``, at least two. The runs of one are the first of those of another.
        at: ``(points,)``, where the curve is wanted.

    Example:
        >>> rng, x = np.random.default_rng(0), np.linspace(0.0, 1.0, 9)
        >>> samples = [(place - 0.4) ** 2 + rng.normal(size=200) / 50.0 for place in x]
        >>> curve = fitted_curve(x, samples, np.linspace(0.0, 1.0, 101))
        >>> low, high = curve.best(rng)
        >>> low <= 0.4 <= high
        True

    Source: Lavenberg & Welch (1981), *A Perspective on the Use of Control Variables to Increase the Efficiency of Monte
    Carlo Simulations*; Ankenman, Nelson & Staum (2010), *Stochastic Kriging for Simulation Metamodeling*; Chen,
    Ankenman & Nelson (2012), *The Effects of Common Random Numbers on Stochastic Kriging Metamodels*.
    """
    unit = float(unit_of(np.abs(np.concatenate(samples)).max()))
    means, noise = _estimates([sample / unit for sample in samples])
    centre, spread, runs = float(means.mean()), float(means.std()), min(map(len, samples))
    if spread <= ROUNDING:  # of the largest sample, which is about 1 here: no law of rounding is fitted
        return Curve(at, np.full(len(at), centre), np.full((len(at), len(at)), noise.max()), runs, unit)
    start, reach = float(x.min()), float(np.ptp(x))
    places, wanted = (x - start) / reach, (at - start) / reach
    fit = _best_fit(places, (means - centre) / spread, noise / spread**2)
    weights = np.linalg.solve(fit.factor, fit.amplitude**2 * _near(places, wanted, fit.length))
    mean = fit.constant + weights.T @ fit.residuals
    left = 1.0 - weights.T @ fit.ones  # the constant was estimated, too
    covariance = fit.amplitude**2 * _near(wanted, wanted, fit.length) - weights.T @ weights
    covariance += np.outer(left, left) / (fit.ones @ fit.ones)
    return Curve(at, centre + spread * mean, covariance * spread * spread, runs, unit)


def _near(first: Floats, second: Floats, length: float) -> Floats:
    return np.exp(-((first[:, np.newaxis] - second) ** 2) / (2.0 * length**2))


def _estimates(samples: Sequence[Floats]) -> tuple[Floats, Floats]:
    """The estimated means, and the covariance of their errors.

    The point with the most runs is a control variate of the others. Their common error is estimated as β times its mean
    in their runs less its mean in all of its runs, where β is the slope of a regression.
    """
    longest = max(samples, key=len)
    slopes, rests, lost = np.zeros(len(samples)), list(samples), np.ones(len(samples))
    for number, sample in enumerate(samples):
        if len(sample) >= _LEAST_RUNS:
            control = longest[: len(sample)]
            spread, shared = np.cov(control, sample)[0]
            slopes[number] = shared / spread if spread > 0.0 else 0.0
            rests[number] = sample - slopes[number] * control
            lost[number] = np.sqrt((len(sample) - 1) / (len(sample) - 2))  # a degree of freedom, by the slope
    noise = np.empty((len(samples), len(samples)))
    for row, first in enumerate(rests):
        for column, second in enumerate(rests[: row + 1]):
            common, all_runs = sorted((len(first), len(second)))
            noise[row, column] = np.cov(first[:common], second[:common])[0, 1] / all_runs
            noise[column, row] = noise[row, column]
    noise *= np.outer(lost, lost)
    noise += np.outer(slopes, slopes) * longest.var(ddof=1) / len(longest)
    values, vectors = np.linalg.eigh(noise)  # estimates over different runs need not be a covariance matrix
    means = np.array([rest.mean() for rest in rests]) + slopes * longest.mean()
    return means, (vectors * np.maximum(values, 0.0)) @ vectors.T


def _best_fit(places: Floats, means: Floats, noise: Floats) -> _Fit:
    """The kernel with the greatest restricted likelihood."""
    fits = [_fit(places, means, noise, length, scale) for length in _LENGTHS for scale in _AMPLITUDES]
    return max(fits, key=lambda fit: fit.likelihood)


def _fit(places: Floats, means: Floats, noise: Floats, length: float, amplitude: float) -> _Fit:
    """The fit with one kernel."""
    covariance = amplitude**2 * _near(places, places, length) + noise
    covariance += max(_JITTER, _ROUNDED * np.trace(covariance)) * np.eye(len(places))
    factor = np.linalg.cholesky(covariance)
    scaled, ones = np.linalg.solve(factor, means), np.linalg.solve(factor, np.ones(len(means)))
    constant = float(ones @ scaled / (ones @ ones))
    residuals = scaled - constant * ones
    likelihood = -residuals @ residuals / 2.0 - np.log(np.diag(factor)).sum() - np.log(ones @ ones) / 2.0
    return _Fit(float(likelihood), length, amplitude, constant, np.asarray(factor), residuals, ones)
