"""Bandits as the rows of arrays, for environments of one row or many."""

from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats
from boltzmann_rl.bandits.stationary import checked_result


def observations_of(bandit: Any) -> "Discrete | Box[Any]":  # quoted: Box was not generic before Gymnasium 1.3
    """The observation space: always 0, or the context of the next pull."""
    if not hasattr(bandit, "observe"):
        return Discrete(1)
    low, high = bandit.bounds
    return Box(low, high, (bandit.features,), np.float32)  # float32 as in Gymnasium's own environments


class Rows:
    """Rows of one bandit, each with means of its own.

    Attributes:
        seen: Observations: zeros ``(rows,)``, or contexts ``(rows, features)``.
        means: Means of the arms at the next pull, ``(rows, arms)``.
        pulls: Pulls in each row since its episode began, ``(rows,)``.
    """

    def __init__(self, bandit: Any, rows: int) -> None:
        self._bandit, self._contextual = bandit, hasattr(bandit, "observe")
        self._rows = np.arange(rows)
        self._world = self.seen = self.means = np.empty(0)
        self.pulls = np.zeros(rows, dtype=np.int64)

    def begin(self, which: NDArray[np.bool_], rng: np.random.Generator) -> None:
        """Begin new episodes in the rows of a mask; the first time, in all rows."""
        world = self._bandit.start(int(which.sum()), rng)
        seen, means = self._observe(world, rng)
        checked_result(self._bandit, "observe" if self._contextual else "start", means, (len(world), self._bandit.arms))
        self._world, self.seen, self.means, self.pulls = (
            _replaced(old, which, new)
            for old, new in ((self._world, world), (self.seen, seen), (self.means, means), (self.pulls, 0))
        )

    def pull(self, arm: NDArray[np.int64], rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Pull an arm in each row: the rewards, and the regrets (the best mean minus that of the pulled arm)."""
        pulled = self.means[self._rows, arm]
        with np.errstate(over="ignore", under="ignore"):
            regret = self.means.max(axis=1) - pulled
            noise = checked_result(self._bandit, "noise", self._bandit.noise(len(arm), rng), arm.shape)
            reward = checked_result(self._bandit, "reward", self._bandit.reward(pulled, noise), arm.shape)
        if not self._contextual:
            self._world = self._bandit.move(self._world, rng)
        self.seen, self.means = self._observe(self._world, rng)
        self.pulls = self.pulls + 1
        return reward, regret

    def _observe(self, world: Floats, rng: np.random.Generator) -> tuple[Any, Floats]:
        if not self._contextual:
            return np.zeros(len(world), dtype=np.int64), world
        contexts, means = self._bandit.observe(world, rng)
        return np.asarray(contexts, dtype=np.float32), means


def _replaced(old: Any, which: NDArray[np.bool_], new: Any) -> Any:
    """``old`` with the rows of a mask replaced; a new array, since the bandit may keep a reference to its own."""
    if which.all() and np.ndim(new):
        return np.array(new)
    kept = old.copy()
    kept[which] = new
    return kept
