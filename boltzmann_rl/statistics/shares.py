"""Confidence intervals of shares (means of zeros and ones) and of differences between paired shares."""

from typing import Literal

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.lazy import special
from boltzmann_rl.statistics.levels import as_level


@np.errstate(all="ignore")
def share_interval(
    counts: Floats, runs: int, confidence: float = 0.95, kind: Literal["exact", "wilson"] = "exact"
) -> tuple[Floats, Floats]:
    """The ends of the confidence interval of a share, never outside [0, 1].

    Args:
        counts: ``(...)``, in how many of the runs it happened.
        runs: Number of runs, ≥ 1.
        confidence: The probability of covering the true share, in (0, 1).
        kind: "exact" never covers less often than it says; "wilson" does so on average and is shorter.

    Example:
        >>> [float(end.round(4)) for end in share_interval(np.array(0.0), 30)]
        [0.0, 0.1157]

    Source: Clopper & Pearson (1934), *Biometrika* 26; Wilson (1927), *Journal of the American Statistical Association*
    22.
    """
    tail = (1.0 - as_level(confidence, "confidence", 0.95)) / 2.0
    if kind == "exact":
        inside = np.clip(counts, 1.0, max(runs - 1.0, 1.0))  # the ends 0 and 1 are known
        low = np.where(counts == runs, tail ** (1.0 / runs), special.betaincinv(inside, runs - inside + 1.0, tail))
        high = np.where(
            counts == 0.0, 1.0 - tail ** (1.0 / runs), special.betaincinv(inside + 1.0, runs - inside, 1.0 - tail)
        )
        return np.where(counts == 0.0, 0.0, low), np.where(counts == runs, 1.0, high)
    if kind != "wilson":
        raise ValueError(f'the interval of a share must be "exact" or "wilson", got {kind!r}')
    z, share = special.ndtri(1.0 - tail), counts / runs
    middle = share + z**2 / (2.0 * runs)
    reach = z * np.sqrt(share * (1.0 - share) / runs + z**2 / (4.0 * runs**2))
    low, high = ((middle + sign * reach) / (1.0 + z**2 / runs) for sign in (-1.0, 1.0))
    return np.where(counts == 0.0, 0.0, low), np.where(counts == runs, 1.0, high)


@np.errstate(all="ignore")
def share_difference_interval(more: Floats, less: Floats, runs: int, confidence: float) -> tuple[Floats, Floats]:
    """The ends of the interval of the difference of two paired shares, in [−1, 1].

    Agresti & Min's interval: half a pair more of each of the four kinds. It is extended to 0 where the exact test does
    not exclude 0, so that it agrees with `share_difference_p_values`.

    Args:
        more: ``(...)``, pairs in which only the first is 1.
        less: ``(...)``, pairs in which only the second is 1.
        runs: Pairs in all.
        confidence: In (0, 1).

    Example:
        >>> low, high = share_difference_interval(np.array(9.0), np.array(1.0), 30, 0.95)
        >>> float(low.round(3)), float(high.round(3))
        (0.066, 0.434)

    Source: Agresti & Min (2005), *Statistics in Medicine* 24: "Wald+2".
    """
    middle, standard_error = _adjusted(more, less, runs)
    reach = float(special.ndtri((1.0 + confidence) / 2.0)) * standard_error
    low, high = np.maximum(middle - reach, -1.0), np.minimum(middle + reach, 1.0)
    may_be_0 = _exact(more, less) > 1.0 - confidence
    return np.where(may_be_0, np.minimum(low, 0.0), low), np.where(may_be_0, np.maximum(high, 0.0), high)


@np.errstate(all="ignore")
def share_difference_p_values(more: Floats, less: Floats, runs: int) -> Floats:
    """Two-sided p-values of two paired shares being equal: McNemar's exact test, or the interval's if that is larger.

    Example:
        >>> float(share_difference_p_values(np.array(9.0), np.array(1.0), 30).round(4))
        0.0215

    Source: McNemar (1947), *Psychometrika* 12, in its exact form.
    """
    middle, standard_error = _adjusted(more, less, runs)
    return np.maximum(_exact(more, less), 2.0 * special.ndtr(-np.abs(middle) / standard_error))


def _adjusted(more: Floats, less: Floats, runs: int) -> tuple[Floats, Floats]:
    """The adjusted difference and its standard error."""
    pairs = runs + 2.0
    middle = (more - less) / pairs
    return middle, np.sqrt((more + less + 1.0) / pairs - middle**2) / np.sqrt(pairs)


def _exact(more: Floats, less: Floats) -> Floats:
    """Of the pairs that differ, either is the higher one with probability ½."""
    return np.minimum(2.0 * special.bdtr(np.minimum(more, less), (more + less).astype(int), 0.5), 1.0)
