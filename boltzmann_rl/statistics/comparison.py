"""Comparison of agents: paired differences, and Holm's correction for multiple comparisons."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtr

from boltzmann_rl.arguments import Floats
from boltzmann_rl.statistics.intervals import mean_interval


class PairedDifference(NamedTuple):
    """The mean of a − b over paired samples, its 95 % interval, the two-sided p-value and two effect sizes.

    ``effect_size`` is Cohen's d of the differences, mean / sd; ``superiority`` is the fraction of pairs in which a is
    higher, with ties counted half.
    """

    difference: float
    low: float
    high: float
    p_value: float
    effect_size: float
    superiority: float


def paired_difference(a: Floats, b: Floats) -> PairedDifference:
    """The paired t-test of two agents that faced the same problems and the same reward noise, run by run.

    Example:
        >>> paired_difference(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.5, 1.5])).superiority
        1.0

    Source: Student (1908); Cohen (1988), *Statistical Power Analysis*, §2.3.5; Vargha & Delaney (2000).
    """
    with np.errstate(all="ignore"):
        differences = a - b
        mean, low, high = mean_interval(differences)
        superiority = float((a > b).mean() + (a == b).mean() / 2.0)
        if len(differences) < 2:
            return PairedDifference(mean, low, high, float("nan"), float("nan"), superiority)
        sd = float(differences.std(ddof=1))
        if sd == 0.0:  # the same difference in every run
            effect = 0.0 if mean == 0.0 else float(np.copysign(np.inf, mean))
            return PairedDifference(mean, low, high, float(mean == 0.0), effect, superiority)
        t = mean / sd * float(np.sqrt(len(differences)))
        p_value = 2.0 * float(stdtr(len(differences) - 1, -abs(t)))
    return PairedDifference(mean, low, high, p_value, mean / sd, superiority)


def holm_of_all_pairs(samples: Sequence[Floats]) -> Floats:
    """P-values of every agent against every other, corrected for the number of pairs: ``(agents, agents)``.

    The best agent is chosen from the same data, so correcting only for the pairs with the best would ignore that
    selection. Corrected for all pairs, the probability of any false difference stays below the level.
    """
    first, second = np.triu_indices(len(samples), k=1)
    p_values = [paired_difference(samples[int(a)], samples[int(b)]).p_value for a, b in zip(first, second, strict=True)]
    table = np.ones((len(samples), len(samples)))
    table[first, second] = table[second, first] = holm(np.array(p_values))
    return table


def holm(p_values: Floats) -> Floats:
    """Holm-adjusted p-values: if those ≤ α are rejected, the probability of any false rejection is at most α.

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.06, 0.06])

    Source: Holm (1979), *Scandinavian Journal of Statistics* 6.
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(np.asarray(p_values)[order] * factors), 1.0)
    return corrected
