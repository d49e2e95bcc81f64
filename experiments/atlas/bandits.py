"""The bandits: six families, ten problems of each at each of four horizons."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import boltzmann_rl as brl
from atlas.problems import SEED, Problem, log_uniform
from boltzmann_rl.streams import child_seed, stream

# Problems of each family at each horizon.
EACH = 10

# Ranges of steps, from which horizons are drawn log-uniformly.
HORIZONS = {"100–300": (100, 300), "1,000": (1000, 1000), "3,000–10,000": (3000, 10_000), "30,000": (30_000, 30_000)}

# The most arms; where means move, so that a step costs a random number for every arm; and in the longest runs.
ARMS, MOVING_ARMS, LONG_ARMS = 100, 20, 10

# As multiples of the scale; the problems of a family take them in turn.
OFFSETS = (0.0, 3.0, -3.0)

# The range of the factors by which rewards are multiplied.
SCALES = 0.01, 100.0

# Runs of which the mean gap is measured.
_MEASURED = 2000


class Drawn(NamedTuple):
    """A bandit before its rewards are rescaled, and the standard deviation of those of an arm."""

    bandit: Any
    noise: float


Draw = Callable[[np.random.Generator, int, int], Drawn]


def gaussian(rng: np.random.Generator, arms: int, steps: int) -> Drawn:
    """Means N(0, 1); the noise is between a fifth and five times their spread."""
    noise = log_uniform(rng, 0.2, 5.0)
    means = brl.NormalMeans()
    return Drawn(brl.GaussianBandit(means, arms, sd=noise), noise)


def bernoulli(rng: np.random.Generator, arms: int, steps: int) -> Drawn:
    """Rewards of 0 and 1: means anywhere, all near ½, or all small, as clicks are."""
    means = (brl.UniformMeans(), brl.UniformMeans(0.4, 0.6), brl.BetaMeans(1.0, 19.0))[rng.integers(3)]
    drawn = means((_MEASURED, 1), np.random.default_rng(0))
    return Drawn(brl.BernoulliBandit(means, arms), float(np.sqrt(np.mean(drawn * (1.0 - drawn)))))


def heavy_tailed(rng: np.random.Generator, arms: int, steps: int) -> Drawn:
    """Means N(0, 1); Student's or Pareto's noise, of infinite variance in about half of the problems."""
    noise, index = log_uniform(rng, 0.2, 2.0), rng.uniform(1.5, 2.5)
    means, tail = brl.NormalMeans(), ("student", "pareto")[rng.integers(2)]
    return Drawn(brl.HeavyTailedBandit(means, arms, tail, index, noise), noise)


def near_ties(rng: np.random.Generator, arms: int, steps: int) -> Drawn:
    """Equal means but for one arm; its gap is between a twentieth of the noise and all of it."""
    gap = log_uniform(rng, 0.05, 1.0)
    means = brl.NearTies(gap=gap)
    return Drawn(brl.GaussianBandit(means, arms, sd=1.0), 1.0)


def drifting(rng: np.random.Generator, arms: int, steps: int) -> Drawn:
    """Means N(0, 1) that walk randomly, by between 0.3 and 3 over the whole run."""
    noise, walk = log_uniform(rng, 0.2, 5.0), log_uniform(rng, 0.3, 3.0)
    means, drift = brl.NormalMeans(), walk / np.sqrt(steps)
    return Drawn(brl.GaussianBandit(means, arms, sd=noise, drift=float(drift)), noise)


def switching(rng: np.random.Generator, arms: int, steps: int) -> Drawn:
    """Means N(0, 1) that are drawn anew between once and ten times in a run, on average."""
    noise, changes = log_uniform(rng, 0.2, 5.0), log_uniform(rng, 1.0, 10.0)
    inner = brl.GaussianBandit(brl.NormalMeans(), arms, sd=noise)
    return Drawn(brl.SwitchingBandit(inner, change_probability=float(changes / steps)), noise)


BANDITS: dict[str, Draw] = {
    "Gaussian": gaussian,
    "Bernoulli": bernoulli,
    "heavy-tailed": heavy_tailed,
    "near ties": near_ties,
    "drifting": drifting,
    "switching": switching,
}
_MOVING = {"drifting", "switching"}


def bandits(seed: int = SEED, each: int = EACH) -> list[Problem]:
    """The bandits of the population: ``each`` of every family at every horizon.

    Fewer are the first of each, which are the same for any number.

    Example:
        >>> population = bandits(each=2)
        >>> len(population), population[0].name, population[0].chooses
        (48, 'Gaussian, 100–300 #0', True)
    """
    places = [(family, horizon, k) for family in BANDITS for horizon in HORIZONS for k in range(each)]
    return [_bandit(seed, *place) for place in places]


def _bandit(seed: int, family: str, horizon: str, k: int) -> Problem:
    rng = stream(seed, "atlas", family, horizon, k)
    steps = round(log_uniform(rng, *HORIZONS[horizon]))
    most = LONG_ARMS if horizon == "30,000" else MOVING_ARMS if family in _MOVING else ARMS
    arms, scale, offset = round(log_uniform(rng, 2.0, most)), log_uniform(rng, *SCALES), OFFSETS[k % len(OFFSETS)]
    drawn = BANDITS[family](rng, arms, steps)
    return Problem(
        name=f"{family}, {horizon} #{k}",
        number=k,
        family=family,
        horizon=horizon,
        declared=brl.RescaledBandit(drawn.bandit, scale, scale * offset),
        axis="step",
        length=steps,
        steps=steps,
        actions=arms,
        learner=brl.SampleAverage(),
        scale=scale,
        offset=offset,
        noise=scale * drawn.noise,
        gap=scale * _mean_gap(drawn.bandit),
        seed=child_seed(seed, "atlas", family, horizon, k),
    )


def _mean_gap(bandit: Any) -> float:
    """The mean distance between the best and the second best mean."""
    means = np.sort(bandit.start(_MEASURED, np.random.default_rng(0)), axis=1)
    return float(np.mean(means[:, -1] - means[:, -2]))
