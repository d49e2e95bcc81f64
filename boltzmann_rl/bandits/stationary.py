"""Multi-armed bandits for lock-step simulation: many runs as rows, arms as columns.

A bandit has ``arms``, ``start`` (the means of the arms in each run), ``noise`` (one variate per run and step, for
whichever arm is pulled, so that all agents face the same reward noise), ``reward`` (of a pull, given that variate) and
``move`` (the means one step later): see `boltzmann_rl.protocols.Bandit`.
"""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_finite, as_integer, real_array, set_fields, shown
from boltzmann_rl.arguments.arrays import is_masked, to_numpy
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.bandits.means import NormalMeans, UniformMeans


def checked_result(bandit: Any, method: str, result: Any, shape: tuple[int, ...]) -> Any:
    """Return a result of the required shape unchanged.

    Raises:
        ValueError: Any other shape, which NumPy might broadcast silently.
    """
    found = to_numpy(result, f"the result of {method}() of {bandit!r}").shape
    if found != shape:
        raise ValueError(
            f"{method}() of {bandit!r} must return an array of shape {shape}, got shape {found}: the rows of a "
            "bandit's arrays are runs (see boltzmann_rl.protocols.Bandit)"
        )
    return result


@dataclass(frozen=True)
class GaussianBandit:
    """Arms that pay N(mean, sd²). The defaults are the 10-armed testbed of Sutton & Barto.

    Args:
        means: Fixed numbers, one per arm, or a distribution to draw them from for each run: `NormalMeans`,
            `UniformMeans`, `BetaMeans`, or any callable ``(shape, rng) -> means``; its repr is stored with the
            results, so it should state the parameters.
        arms: Number of arms. 0 (the default): the number of fixed ``means``, or 10 if they are drawn.
        sd: Standard deviation of the rewards, ≥ 0.
        drift: Standard deviation of the independent normal step that every mean takes after every pull.

    Raises:
        ValueError: Means that are not finite, or whose number differs from ``arms``.

    Example:
        >>> GaussianBandit(means=(0.2, 0.8), sd=0.1).arms
        2
        >>> GaussianBandit(drift=0.01)  # the random walk of Exercise 2.5
        GaussianBandit(means=NormalMeans(mean=0.0, sd=1.0), arms=10, sd=1.0, drift=0.01)

    Source: Sutton & Barto (2018), §2.3 and Exercise 2.5.
    """

    means: Any = NormalMeans()
    arms: int = 0
    sd: float = 1.0
    drift: float = 0.0

    def __post_init__(self) -> None:
        means, arms = _means_and_arms(self.means, self.arms)
        sd, drift = (as_finite(getattr(self, name), name, minimum=0.0) for name in ("sd", "drift"))
        set_fields(self, means=means, arms=arms, sd=sd, drift=drift)

    def start(self, runs: int, rng: "np.random.Generator") -> Floats:
        return _start(self.means, (runs, self.arms), rng)

    def noise(self, runs: int, rng: "np.random.Generator") -> Floats:
        """One standard normal per run."""
        return rng.standard_normal(runs)

    def reward(self, means: Floats, noise: Floats) -> Floats:
        return means + self.sd * noise

    def move(self, means: Floats, rng: "np.random.Generator") -> Floats:
        """A step of the random walk; one standard normal per arm if ``drift`` is above 0."""
        return means + self.drift * rng.standard_normal(means.shape) if self.drift else means


@dataclass(frozen=True)
class BernoulliBandit:
    """Arms that pay 1 with probability mean, else 0.

    Args:
        means: Fixed numbers in [0, 1], one per arm, or a distribution, as for `GaussianBandit`.
        arms: Number of arms. 0 (the default): the number of fixed ``means``, or 10 if they are drawn.
        drift: Standard deviation of the normal step that every mean takes after every pull, reflected at 0 and 1.

    Raises:
        ValueError: Means outside [0, 1], or whose number differs from ``arms``.

    Example:
        >>> BernoulliBandit((0.2, 0.8)).reward(np.array([0.2, 0.8]), noise=np.array([0.5, 0.5]))
        array([0., 1.])
    """

    means: Any = UniformMeans()
    arms: int = 0
    drift: float = 0.0

    def __post_init__(self) -> None:
        means, arms = _means_and_arms(self.means, self.arms, minimum=0.0, maximum=1.0)
        set_fields(self, means=means, arms=arms, drift=as_finite(self.drift, "drift", minimum=0.0))

    def start(self, runs: int, rng: "np.random.Generator") -> Floats:
        means = _start(self.means, (runs, self.arms), rng)
        wrong = means[~((means >= 0.0) & (means <= 1.0))]
        if wrong.size:
            raise ValueError(f"means of Bernoulli arms must be in [0, 1], got {wrong[0]} from {self.means!r}")
        return means

    def noise(self, runs: int, rng: "np.random.Generator") -> Floats:
        """One uniform per run."""
        return rng.random(runs)

    def reward(self, means: Floats, noise: Floats) -> Floats:
        """1 where the uniform lies below the mean."""
        return (noise < means).astype(np.float64)

    def move(self, means: Floats, rng: "np.random.Generator") -> Floats:
        """A step of the reflected random walk; one standard normal per arm if ``drift`` is above 0."""
        if not self.drift:
            return means
        unfolded = np.abs(means + self.drift * rng.standard_normal(means.shape)) % 2.0
        return np.minimum(unfolded, 2.0 - unfolded)


def _means_and_arms(means: Any, arms: Any, minimum: float = -np.inf, maximum: float = np.inf) -> tuple[Any, int]:
    arms = as_integer(arms, "arms")
    if callable(means):
        return means, arms or 10
    found = to_numpy(means, "means")
    if found.ndim != 1 or found.size == 0 or is_masked(found):
        raise TypeError(f"means must be numbers, one per arm, or a callable (shape, rng) -> means, got {shown(means)}")
    fixed = tuple(as_finite(m, f"means[{k}]", minimum=minimum, maximum=maximum) for k, m in enumerate(means))
    if arms not in (0, len(fixed)):
        raise ValueError(f"arms must be the number of means, {len(fixed)}, or be left out, got {arms}")
    return fixed, len(fixed)


def _start(means: Any, shape: tuple[int, int], rng: "np.random.Generator") -> Floats:
    if callable(means):
        drawn = real_array(means(shape, rng), "means")
        if drawn.shape != shape or not np.isfinite(drawn).all():
            raise ValueError(f"{means!r} must draw finite means of shape {shape}, got shape {drawn.shape}: {drawn}")
        return drawn
    return np.tile(means, (shape[0], 1))
