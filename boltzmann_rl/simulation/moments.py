"""Means and spreads that can be added up block by block, without keeping what they are made from."""

from typing import NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats

__all__ = ["Moments"]


class Moments(NamedTuple):
    """Number of samples, their means, and their sums of squared deviations.

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
        """Over the last axis."""
        mean = observed.mean(axis=-1)
        deviations = _difference(observed, mean[..., np.newaxis])
        return cls(observed.shape[-1], mean, np.einsum("...r,...r->...", deviations, deviations))

    def merge(self, other: "Moments") -> "Moments":
        """Of both sets of samples together."""
        samples = self.samples + other.samples
        delta = _difference(other.mean, self.mean)
        mean = self.mean + delta * (other.samples / samples)
        return Moments(
            samples, mean, self.squares + other.squares + delta**2 * (self.samples * other.samples / samples)
        )

    @property
    def standard_error(self) -> Floats:
        """Of the mean; NaN where one sample says nothing about the spread."""
        if self.samples < 2:
            return np.full_like(self.mean, np.nan)
        return np.sqrt(self.squares / (self.samples - 1) / self.samples)


def _difference(a: Floats, b: Floats) -> Floats:
    """Subtract, with ∞ − ∞ = 0: an infinite temperature is the same in all runs."""
    if np.isfinite(b).all():
        return a - b
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, a - b)
