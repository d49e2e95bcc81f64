"""Means and spreads that are merged block by block, without keeping the samples."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.statistics.intervals import CONFIDENCE, mean_of, t_quantile
from boltzmann_rl.statistics.shares import share_interval


class Moments(NamedTuple):
    """Number of samples, their means, and their sums of squared deviations.

    If some samples are infinite, so is the mean; the spread is then 0 if all of them are, else infinite.

    Example:
        >>> parts = Moments.of(np.array([1.0, 2.0])), Moments.of(np.array([6.0]))
        >>> together = Moments.merge(*parts)
        >>> together.samples, float(together.mean), float(together.squares)
        (3, 3.0, 14.0)

    Source: Chan, Golub & LeVeque (1983), *The American Statistician* 37, eq. 2.1.
    """

    samples: int
    mean: Floats
    squares: Floats

    @classmethod
    def of(cls, observed: Floats) -> "Moments":
        """The moments of samples over the last axis."""
        with np.errstate(all="ignore"):
            mean = mean_of(observed)
            deviations = _difference(observed, mean[..., np.newaxis])
            return cls(observed.shape[-1], mean, np.einsum("...r,...r->...", deviations, deviations))

    def merge(self, other: "Moments") -> "Moments":
        """The moments of both sets of samples together."""
        samples = self.samples + other.samples
        with np.errstate(all="ignore"):
            delta = _difference(other.mean, self.mean)
            mean = self.mean + delta * (other.samples / samples)
            if not np.isfinite(mean).all():  # the difference of two finite means may overflow, their mean may not
                parts = self.mean * (self.samples / samples) + other.mean * (other.samples / samples)
                mean = np.where(np.isfinite(mean), mean, parts)
            return Moments(
                samples, mean, self.squares + other.squares + delta**2 * (self.samples * other.samples / samples)
            )

    @classmethod
    def joined(cls, parts: Sequence["Moments"]) -> "Moments":
        """The moments at consecutive steps in one."""
        means, squares = (np.concatenate([getattr(part, name) for part in parts]) for name in ("mean", "squares"))
        return cls(parts[0].samples, means, squares)

    @property
    def standard_error(self) -> Floats:
        """The standard error of the mean; NaN for one sample."""
        if self.samples < 2:
            return np.full_like(self.mean, np.nan)
        with np.errstate(under="ignore"):
            return np.sqrt(self.squares / (self.samples - 1) / self.samples)

    def interval(self, confidence: float = CONFIDENCE) -> tuple[Floats, Floats]:
        """The ends of the mean's confidence interval (Student's t); NaN for one sample.

        Both ends are infinite if the mean is.

        Args:
            confidence: In (0, 1).

        Example:
            >>> low, high = Moments.of(np.array([[1.0, 2.0, 3.0], [1.0, np.inf, 3.0]])).interval()
            >>> low.round(3), high.round(3)
            (array([-0.484,    inf]), array([4.484,   inf]))
        """
        with np.errstate(all="ignore"):
            reach = t_quantile(self.samples, confidence) * self.standard_error
            reach = np.where(np.isinf(self.mean) & ~np.isnan(reach), 0.0, reach)
            return self.mean - reach, self.mean + reach

    def share_interval(self, confidence: float = CONFIDENCE) -> tuple[Floats, Floats]:
        """The ends of Clopper & Pearson's interval where all samples are 0 or 1; NaN for one sample.

        Args:
            confidence: In (0, 1).

        Example:
            >>> low, high = Moments.of(np.array([[0.0, 0.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]])).share_interval()
            >>> low.round(3), high.round(3)
            (array([0.006, 0.398]), array([0.806, 1.   ]))
        """
        if self.samples < 2:
            return np.full_like(self.mean, np.nan), np.full_like(self.mean, np.nan)
        counts, places = np.unique(np.rint(self.mean * self.samples), return_inverse=True)
        low, high = share_interval(counts, self.samples, confidence)
        return low[places], high[places]


def _difference(a: Floats, b: Floats) -> Floats:
    """Subtract, with ∞ − ∞ = 0: an infinite temperature is the same in all runs."""
    return a - b if np.isfinite(b).all() else np.where(a == b, 0.0, a - b)
