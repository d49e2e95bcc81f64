"""Means and their confidence intervals."""

import numpy as np
from scipy.special import stdtrit

from boltzmann_rl.arguments import Floats

CONFIDENCE = 0.95


def t_quantile(samples: int) -> float:
    """The half-width of a 95 % Student-t interval in standard errors; NaN for one sample."""
    return float(stdtrit(samples - 1, (1 + CONFIDENCE) / 2)) if samples > 1 else float("nan")


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


def mean_interval(samples: Floats) -> tuple[float, float, float]:
    """The mean and its 95 % confidence interval (Student's t).

    The ends are NaN for one sample, and infinite if the mean is.

    Example:
        >>> [round(x, 3) for x in mean_interval(np.array([1.0, 2.0, 3.0]))]
        [2.0, -0.484, 4.484]
    """
    with np.errstate(all="ignore"):
        mean = float(mean_of(samples))
        if len(samples) < 2:
            return mean, float("nan"), float("nan")
        if np.isinf(mean):
            return mean, mean, mean
        reach = t_quantile(len(samples)) * float(samples.std(ddof=1)) / float(np.sqrt(len(samples)))
    return mean, mean - reach, mean + reach
