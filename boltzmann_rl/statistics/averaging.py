"""Averages over a policy's probabilities: what they gain, and whether they have the mean of the outcomes."""

import math

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.statistics.intervals import Spread, p_values_of, spread_of

# Rounding errors of a sum are counted as one unit in the last place for each term; `spread_of` counts this many.
_TERMS = 256.0


@np.errstate(all="ignore")
def variance_factor(outcomes: Floats, averaged: Floats) -> float:
    """The variance of outcomes over that of their averages, both summed over the steps.

    Args:
        outcomes: ``(steps,)``, standard errors of the means of what happened.
        averaged: ``(steps,)``, standard errors of their averages over the policy's probabilities, from as many runs.

    Returns:
        The factor: 1 if neither varies, infinite if only the outcomes do, NaN for one run.

    Example:
        >>> variance_factor(np.array([2.0, 2.0]), np.array([1.0, 1.0]))
        4.0
    """
    unit = max(outcomes.max(), averaged.max())
    if unit == 0.0:
        return 1.0
    return float(np.square(outcomes / unit).sum() / np.square(averaged / unit).sum())


@np.errstate(all="ignore")
def same_mean(outcomes: Floats, averaged: Floats, steps: int, largest: float) -> tuple[float, float]:
    """Whether outcomes have the mean of their averages over the policy's probabilities, paired run by run.

    They have it if the policy plays the probabilities that it states: the difference of a step is then 0 on average,
    whatever came before. The p-value is that of a paired t-test, with Hall's guard where differences are skewed. But
    outcomes that are too rare to have happened yet also make a difference, and this difference varies little. So the
    p-value is at least exp(−difference / largest): the probability that none of them happened, if each is at most
    ``largest``.

    Args:
        outcomes: ``(runs,)``, means of runs.
        averaged: ``(runs,)``, means of the same steps.
        steps: Of each run.
        largest: How much a single step can matter, at most; 0 if outcomes never varied, which proves nothing.

    Returns:
        The mean difference in standard errors and the two-sided p-value: 0 and 1 if they differ by rounding only, and
        NaN for one run.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> averaged = rng.normal(size=200)
        >>> outcomes = averaged + rng.normal(0.0, 0.1, size=200)
        >>> same_mean(outcomes, averaged, 100, 5.0)[1] > 0.01, same_mean(outcomes + 0.1, averaged, 100, 5.0)[1] < 1e-9
        (True, True)
    """
    spread, z, unseen = _paired(outcomes, averaged, steps, largest)
    if spread.zero:
        return (0.0, 1.0) if spread.runs > 1 else (math.nan, math.nan)
    return z, max(float(p_values_of(spread)), unseen)


@np.errstate(all="ignore")
def may_differ(outcomes: Floats, averaged: Floats, steps: int, largest: float, alpha: float) -> bool:
    """Whether `same_mean` may have a p-value of at most ``alpha``; needs no SciPy, whose import is slow.

    If False, it certainly has not: Student's t has heavier tails than the normal law, and Hall's guard makes t smaller.

    Example:
        >>> may_differ(np.array([1.0, 2.0, 3.0]), np.array([1.1, 1.9, 3.1]), 100, 1.0, 0.01)
        False
    """
    spread, z, unseen = _paired(outcomes, averaged, steps, largest)
    return not spread.zero and max(math.erfc(abs(z) / math.sqrt(2.0)), unseen) <= 1.01 * alpha  # for rounding


def _paired(outcomes: Floats, averaged: Floats, steps: int, largest: float) -> tuple[Spread, float, float]:
    """The spread of the differences, their mean in standard errors, and the least p-value of unseen outcomes."""
    differences = outcomes - averaged
    size = max(np.abs(outcomes).max(), np.abs(averaged).max(), largest)
    spread = spread_of(differences, np.asarray(size * max(steps / _TERMS, 1.0)))
    z = float(spread.mean / spread.sd * np.sqrt(spread.runs))
    unseen = float(np.exp(-np.abs(differences.sum() / largest) * steps)) if largest > 0.0 else 1.0
    return spread, z, unseen
