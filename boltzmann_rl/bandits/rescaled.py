"""A bandit whose rewards are multiplied by a factor, and shifted by an offset."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_finite, as_positive, set_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.bandits.inner import check_bandit, innermost
from boltzmann_rl.bandits.moving import AdversarialBandit
from boltzmann_rl.bandits.stationary import GaussianBandit


@dataclass(frozen=True)
class RescaledBandit:
    """A bandit that pays factor·reward + offset for each reward of another bandit.

    Its runs have the same random numbers as those of the other bandit: the same arms are the best. A rule that
    depends on neither factor nor offset takes the same actions, up to rounding. Regret is multiplied by the factor.

    Args:
        bandit: Any bandit but an `AdversarialBandit`, whose rewards are given one by one.
        factor: Finite, above 0.
        offset: Finite, in units of the rescaled reward.

    Raises:
        TypeError: Not a bandit.
        ValueError: A factor or an offset out of range, or an `AdversarialBandit`.

    Example:
        >>> from boltzmann_rl.bandits.stationary import BernoulliBandit
        >>> bandit = RescaledBandit(BernoulliBandit((0.2, 0.8)), factor=10.0, offset=-1.0)
        >>> bandit.start(1, np.random.default_rng(0))
        array([[1., 7.]])
        >>> bandit.reward(np.array([1.0, 7.0]), noise=np.array([0.5, 0.5]))
        array([-1.,  9.])
    """

    bandit: Any = GaussianBandit()
    factor: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        set_fields(self, factor=as_positive(self.factor, "factor"), offset=as_finite(self.offset, "offset"))
        made = any(hasattr(self.bandit, part) for part in ("reset", "make"))
        check_bandit(self.bandit, "; for an environment: Environment(id, wrap=RescaledRewards(factor))" if made else "")
        inner = innermost(self.bandit)
        if isinstance(inner, AdversarialBandit):
            raise ValueError(f"bandit must not be adversarial, as its rewards are fixed: rescale those of {inner!r}")

    @property
    def arms(self) -> int:
        return int(self.bandit.arms)

    def start(self, runs: int, rng: "np.random.Generator") -> Floats:
        means = self._out(self.bandit.start(runs, rng))
        if not np.isfinite(means).all():
            raise ValueError(f"the means of {self!r} must be finite, got {means[~np.isfinite(means)][0]}")
        return means

    def noise(self, runs: int, rng: "np.random.Generator") -> Floats:
        """The other bandit's noise."""
        noise: Floats = self.bandit.noise(runs, rng)
        return noise

    def reward(self, means: Floats, noise: Floats) -> Floats:
        return self._out(self.bandit.reward(self._in(means), noise))

    def move(self, means: Floats, rng: "np.random.Generator") -> Floats:
        """A move of the other bandit's means."""
        inner = self._in(means)
        moved = self.bandit.move(inner, rng)
        return means if moved is inner else self._out(moved)

    def _out(self, numbers: Floats) -> Floats:
        with np.errstate(over="ignore"):  # the caller refuses what is not finite
            return self.factor * numbers + self.offset

    def _in(self, means: Floats) -> Floats:
        with np.errstate(over="ignore"):
            return (means - self.offset) / self.factor
