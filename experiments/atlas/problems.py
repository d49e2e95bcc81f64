"""What a problem of the atlas is, and the seed that draws the population.

In each family even numbers choose the constants of rules, odd numbers judge them. Two families of bandits and two of
environments, drawn by the same seed, choose nothing and are reported separately.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from boltzmann_rl.streams import stream

# Of the population, of its problems and of their runs: stated before anything was run.
SEED = 15

# Families that are kept out of choosing.
KEPT_OUT = 2


@dataclass(frozen=True)
class Problem:
    """A problem of the atlas.

    Attributes:
        name: Such as ``"Gaussian, 1,000 #3"``.
        number: In its family (and at its horizon, for bandits), from 0; even numbers choose.
        family: Its family.
        horizon: The label of the range of its horizon, such as ``"100–300"``.
        declared: A bandit, or an `Environment`.
        axis: ``"step"`` for a bandit, ``"episode"`` for an environment.
        length: Steps or episodes of a run.
        steps: Steps of a run; in an environment about as many.
        actions: Number of actions.
        learner: What estimates the values.
        scale: The factor by which rewards are multiplied.
        offset: What is added to rewards, as a multiple of the scale.
        noise: In rewards: the standard deviation of those of an arm (for heavy tails, their scale); in an environment
            the mean range of the optimal values of a state.
        gap: In rewards: the mean distance of the best action's value from the second best.
        seed: Of its runs.
    """

    name: str
    number: int
    family: str
    horizon: str
    declared: Any
    axis: str
    length: int
    steps: int
    actions: int
    learner: Any
    scale: float
    offset: float
    noise: float
    gap: float
    seed: int

    @property
    def chooses(self) -> bool:
        """Whether it may choose constants, rather than judge them."""
        return self.number % 2 == 0


def kept_out(families: Collection[str], seed: int = SEED) -> tuple[str, ...]:
    """The families that choose nothing, drawn without a look at any result."""
    found = list(families)
    drawn = stream(seed, "atlas", "kept out").choice(len(found), KEPT_OUT, replace=False)
    return tuple(found[number] for number in sorted(drawn.tolist()))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between the two, whose logarithm is uniform, to four digits.

    Example:
        >>> log_uniform(np.random.default_rng(0), 0.01, 100.0)
        3.531
    """
    return float(f"{low * (high / low) ** rng.random():.4g}")
