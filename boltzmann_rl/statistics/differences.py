"""Differences of pairs of agents, run by run: their moments, intervals and p-values, many pairs at a time."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats
from boltzmann_rl.statistics.intervals import Spread, interval_of, p_values_of, spread_of
from boltzmann_rl.statistics.shares import share_difference_interval, share_difference_p_values

Pairs = NDArray[np.intp]
Bools = NDArray[np.bool_]

# Pairs whose differences are held at a time: they fit the processor's cache at some thousand runs.
_AT_A_TIME = 64


class Differences(NamedTuple):
    """First minus second, for each of P pairs.

    Attributes:
        spread: Moments of the differences.
        wins: ``(P,)``, runs in which the first is higher.
        losses: ``(P,)``, runs in which the second is higher.
        shares: ``(P,)``, whether all samples of both are 0 or 1.
    """

    spread: Spread
    wins: Floats
    losses: Floats
    shares: Bools

    @property
    def superiority(self) -> Floats:
        """The probability of improvement, the fraction of runs in which the first is higher, with ties counted half."""
        return (self.wins - self.losses) / (2.0 * self.spread.runs) + 0.5

    @property
    def effect_size(self) -> Floats:
        """Cohen's d of the differences, mean / sd; 0 for identical agents, infinite if all differences are the same."""
        spread = self.spread
        with np.errstate(all="ignore"):
            same = np.where(spread.zero, 0.0, np.copysign(np.inf, spread.mean))
            effect = np.where(spread.vary | ~np.isfinite(spread.mean), spread.mean / spread.sd, same)
        return effect if spread.runs > 1 else np.full(effect.shape, np.nan)

    def intervals(self, confidence: float) -> tuple[Floats, Floats]:
        """The ends of the interval of every pair by itself: of shares, else by the rule of means."""
        low, high = interval_of(self.spread, confidence)
        if self.spread.runs < 2 or not self.shares.any():
            return low, high
        ends = share_difference_interval(self.wins, self.losses, self.spread.runs, confidence)
        return np.where(self.shares, ends[0], low), np.where(self.shares, ends[1], high)

    @property
    def p_values(self) -> Floats:
        """The two-sided p-value of every pair by itself, ≤ 1 − confidence if its interval excludes 0."""
        p_values = p_values_of(self.spread)
        if self.spread.runs < 2 or not self.shares.any():
            return p_values
        return np.where(self.shares, share_difference_p_values(self.wins, self.losses, self.spread.runs), p_values)


def differences_of(samples: Floats, pairs: Pairs) -> Differences:
    """The differences of pairs of agents.

    Args:
        samples: ``(agents, runs)``. Run r of all agents had the same problem and the same noise.
        pairs: ``(P, 2)``, indices of agents.

    Example:
        >>> found = differences_of(np.array([[1.0, 2.0, 3.0], [0.0, 1.5, 4.5]]), np.array([[0, 1]]))
        >>> found.spread.mean, found.superiority.round(3)
        (array([0.]), array([0.667]))
    """
    with np.errstate(all="ignore"):
        size = np.abs(samples).max(axis=-1)
        # Halved, so that no difference of finite numbers overflows; by a power of two, so that nothing is rounded.
        unit = 2.0 ** np.clip(np.frexp(np.max(size, where=np.isfinite(size), initial=0.0))[1] + 1, -1000, 1000)
        scaled, parts, counted = samples / unit, [], []
        for start in range(0, max(len(pairs), 1), _AT_A_TIME):
            first, second = pairs[start : start + _AT_A_TIME].T
            parts.append(spread_of(scaled[first] - scaled[second], np.maximum(size[first], size[second]) / unit))
            a, b = samples[first], samples[second]  # not scaled, which may turn the least number into 0
            counted.append(((a > b).sum(axis=-1), (a < b).sum(axis=-1)))
        mean, sd, skewness, vary, zero = (np.concatenate([part[field] for part in parts]) for field in range(1, 6))
        wins, losses = (np.concatenate(numbers).astype(float) for numbers in zip(*counted, strict=True))
        binary = ((samples == 0.0) | (samples == 1.0)).all(axis=-1)
        spread = Spread(samples.shape[-1], mean * unit, sd * unit, skewness, vary, zero)
        return Differences(spread, wins, losses, binary[pairs].all(axis=-1))
