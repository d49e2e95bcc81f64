"""Distributions from which a bandit draws the means of its arms for each run."""

import numpy as np

from boltzmann_rl.arguments import Floats, as_finite, as_nonnegative, as_positive, check_fields, set_fields
from boltzmann_rl.arguments.near_names import dataclass


@dataclass(frozen=True)
class NormalMeans:
    """Arm means drawn anew for each run from N(mean, sd²).

    Example:
        >>> NormalMeans(0.0, 1.0)((2, 10), np.random.default_rng(0)).shape
        (2, 10)
    """

    mean: float = 0.0
    sd: float = 1.0

    def __post_init__(self) -> None:
        check_fields(self, mean=as_finite, sd=as_nonnegative)

    def __call__(self, shape: tuple[int, int], rng: "np.random.Generator") -> Floats:
        return rng.normal(self.mean, self.sd, shape)


@dataclass(frozen=True)
class UniformMeans:
    """Arm means drawn anew for each run, uniform on [low, high).

    Example:
        >>> UniformMeans(0.0, 1.0)((1, 2), np.random.default_rng(0)).round(3)
        array([[0.637, 0.27 ]])
    """

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        set_fields(self, low=as_finite(self.low, "low"), high=as_finite(self.high, "high", minimum=self.low))

    def __call__(self, shape: tuple[int, int], rng: "np.random.Generator") -> Floats:
        return rng.uniform(self.low, self.high, shape)


@dataclass(frozen=True)
class BetaMeans:
    """Arm means drawn anew for each run from Beta(a, b), for Bernoulli arms.

    Example:
        >>> float(BetaMeans(1.0, 8.0)((10_000, 1), np.random.default_rng(0)).mean().round(2))
        0.11
    """

    a: float = 1.0
    b: float = 1.0

    def __post_init__(self) -> None:
        check_fields(self, a=as_positive, b=as_positive)

    def __call__(self, shape: tuple[int, int], rng: "np.random.Generator") -> Floats:
        return rng.beta(self.a, self.b, shape)


@dataclass(frozen=True)
class NearTies:
    """Equal arm means, but for one arm, drawn for each run, whose mean is higher by ``gap``.

    Lower bounds on regret use this problem: any policy needs about K·(sd/gap)² pulls to find the best of K arms.

    Args:
        mean: Mean of all arms but the best, finite.
        gap: How far the best arm lies above the others, ≥ 0.

    Example:
        >>> from boltzmann_rl.bandits.stationary import GaussianBandit
        >>> GaussianBandit(NearTies(gap=0.05), arms=4).start(3, np.random.default_rng(0))
        array([[0.  , 0.  , 0.  , 0.05],
               [0.  , 0.  , 0.05, 0.  ],
               [0.  , 0.  , 0.05, 0.  ]])

    Source: Auer, Cesa-Bianchi, Freund & Schapire (2002), *SIAM Journal on Computing* 32, theorem 5.1, for ½ and ½ + ε.
    """

    mean: float = 0.0
    gap: float = 0.1

    def __post_init__(self) -> None:
        check_fields(self, mean=as_finite, gap=as_nonnegative)

    def __call__(self, shape: tuple[int, int], rng: "np.random.Generator") -> Floats:
        """Means ``(runs, arms)``; draws one integer per run."""
        best = rng.integers(shape[1], size=(shape[0], 1))
        return self.mean + self.gap * (np.arange(shape[1]) == best)
