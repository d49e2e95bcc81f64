"""Bandits side by side, one a row: what the environments do, whether of one row or of many."""

from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats
from boltzmann_rl.bandits.stationary import answered

__all__ = ["Rows", "observations_of"]


def observations_of(bandit: Any) -> "Discrete | Box[Any]":  # quoted: Box was not generic before Gymnasium 1.3
    """What is seen of a bandit before a pull: nothing, which is always 0, or a context."""
    if not hasattr(bandit, "meet"):
        return Discrete(1)
    low, high = bandit.bounds
    return Box(low, high, (bandit.features,), np.float32)  # as Gymnasium's own, which is what networks take


class Rows:
    """Rows of one bandit, each with means of its own.

    Attributes:
        seen: What is seen in each row: zeros ``(rows,)``, or contexts ``(rows, features)``.
        means: Of each arm at the next pull, ``(rows, arms)``.
        pulls: In each row since it began, ``(rows,)``.
    """

    def __init__(self, bandit: Any, rows: int) -> None:
        self._bandit, self._contextual = bandit, hasattr(bandit, "meet")
        self._rows = np.arange(rows)
        self._world = self.seen = self.means = np.empty(0)
        self.pulls = np.zeros(rows, dtype=np.int64)

    def begin(self, which: NDArray[np.bool_], rng: np.random.Generator) -> None:
        """Let the rows of a mask begin afresh, all of them the first time."""
        world = self._bandit.start(int(which.sum()), rng)
        seen, means = self._meet(world, rng)
        answered(self._bandit, "meet" if self._contextual else "start", means, (len(world), self._bandit.arms))
        self._world, self.seen, self.means, self.pulls = (
            _replaced(old, which, new)
            for old, new in ((self._world, world), (self.seen, seen), (self.means, means), (self.pulls, 0))
        )

    def pull(self, arm: NDArray[np.int64], rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Pull an arm in each row: the rewards, and by how much their means lay below the best of the row."""
        pulled = self.means[self._rows, arm]
        with np.errstate(over="ignore", under="ignore"):
            regret = self.means.max(axis=1) - pulled
            noise = answered(self._bandit, "noise", self._bandit.noise(len(arm), rng), arm.shape)
            reward = answered(self._bandit, "reward", self._bandit.reward(pulled, noise), arm.shape)
        if not self._contextual:
            self._world = self._bandit.move(self._world, rng)
        self.seen, self.means = self._meet(self._world, rng)
        self.pulls = self.pulls + 1
        return reward, regret

    def _meet(self, world: Floats, rng: np.random.Generator) -> tuple[Any, Floats]:
        if not self._contextual:
            return np.zeros(len(world), dtype=np.int64), world
        contexts, means = self._bandit.meet(world, rng)
        return np.asarray(contexts, dtype=np.float32), means


def _replaced(old: Any, which: NDArray[np.bool_], new: Any) -> Any:
    """``old`` with other rows where the mask says so; a new array, for the bandit may keep its own."""
    if which.all() and np.ndim(new):
        return np.array(new)
    kept = old.copy()
    kept[which] = new
    return kept
