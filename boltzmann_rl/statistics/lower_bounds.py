"""The lower bound of the regret of bandits whose law of rewards is known."""

import math
from collections.abc import Sequence

from boltzmann_rl.arguments import shown


def lai_robbins(means: Sequence[float], sd: float | None = None) -> float:
    """The slope of the lowest possible regret against the logarithm of the number of steps.

    The sum of Δ_a / KL(a, best) over the arms that are worse than the best: the regret after n steps of a rule that is
    good on all such bandits grows at least as this number times ln n, as n grows. A rule made for one bandit may stay
    below it.

    Args:
        means: Of the arms.
        sd: Standard deviation of normal rewards, > 0; None for Bernoulli rewards, whose means are in [0, 1].

    Returns:
        The slope, ≥ 0; 0 if all arms are equal, or if one pull can tell the best arm.

    Raises:
        ValueError: No means, an sd that is not positive, or means that are no probabilities.

    Example:
        >>> lai_robbins((0.0, 0.5, 1.0), sd=1.0)  # 2 sd² / Δ for each worse arm
        6.0
        >>> round(lai_robbins((0.5, 0.6)), 2)
        4.9

    Source: Lai & Robbins (1985), *Asymptotically efficient adaptive allocation rules*, Theorem 2; Lattimore &
    Szepesvári (2020), *Bandit Algorithms*, Theorem 16.2.
    """
    if not len(means):
        raise ValueError("means must hold at least one arm, got none")
    if sd is not None and not sd > 0.0:
        raise ValueError(f"sd must be positive, got {sd}: without noise no regret need grow")
    if sd is None and not all(0.0 <= mean <= 1.0 for mean in means):
        raise ValueError(f"means must be probabilities if no sd is given, got {shown(means)}")
    best = max(means)
    worse = [mean for mean in means if mean < best]
    if sd is not None:
        return math.fsum(2.0 * sd**2 / (best - mean) for mean in worse)
    return math.fsum((best - mean) / _bernoulli(mean, best) for mean in worse if best < 1.0)


def _bernoulli(p: float, q: float) -> float:
    """The divergence of Bernoulli(q) from Bernoulli(p), for p < q < 1."""
    first = p * math.log(p / q) if p > 0.0 else 0.0
    return first + (1.0 - p) * (math.log1p(-p) - math.log1p(-q))
