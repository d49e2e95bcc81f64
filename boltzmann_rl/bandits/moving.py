"""Harder bandits: switching means, heavy-tailed noise, and adversarial rewards."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_choice, as_finite, as_integer, as_matrix, set_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.bandits.inner import check_bandit, innermost
from boltzmann_rl.bandits.stationary import GaussianBandit

_TESTBED = GaussianBandit()
_WORST_CASE = ((0.5, 1.0), (1.0, 0.0), (0.0, 1.0))


@dataclass(frozen=True)
class SwitchingBandit:
    """A bandit whose means all change at once, after every pull with ``change_probability``.

    A change draws new means, or permutes the old ones uniformly at random (possibly to the same order). The time
    between changes is geometric with mean 1/``change_probability``; meanwhile the means drift as in ``bandit``.

    Args:
        bandit: Any bandit.
        change_probability: In [0, 1].
        permute: Whether a change permutes the means instead of drawing new ones; required for fixed means.

    Raises:
        ValueError: Fixed means without ``permute``, which would never change.

    Example:
        >>> SwitchingBandit(GaussianBandit(means=(0.0, 1.0)), change_probability=0.01, permute=True).arms
        2
        >>> bandit, rng = SwitchingBandit(GaussianBandit(), change_probability=0.5), np.random.default_rng(0)
        >>> means = bandit.start(4, rng)
        >>> (bandit.move(means, rng) != means).all(axis=1)
        array([False,  True, False,  True])

    Source: Mellor & Shapiro (2013), *Thompson Sampling in Switching Environments with Bayesian Online Change
    Detection* (global switching).
    """

    bandit: Any = _TESTBED
    change_probability: float = 0.01
    permute: bool = False

    def __post_init__(self) -> None:
        probability = as_finite(self.change_probability, "change_probability", minimum=0.0, maximum=1.0)
        set_fields(self, change_probability=probability)
        as_choice(self.permute, "permute", (True, False))
        check_bandit(self.bandit)
        inner = innermost(self.bandit)
        if not self.permute and isinstance(getattr(inner, "means", None), tuple):
            raise ValueError(f"fixed means only change if they are permuted: give permute=True, or draw {inner!r}")
        if self.permute and isinstance(inner, AdversarialBandit):
            raise ValueError(f"permuted rewards do not say which row is next: leave permute=False for {inner!r}")

    @property
    def arms(self) -> int:
        return self.bandit.arms

    def start(self, runs: int, rng: "np.random.Generator") -> Floats:
        return self.bandit.start(runs, rng)

    def noise(self, runs: int, rng: "np.random.Generator") -> Floats:
        return self.bandit.noise(runs, rng)

    def reward(self, means: Floats, noise: Floats) -> Floats:
        return self.bandit.reward(means, noise)

    def move(self, means: Floats, rng: "np.random.Generator") -> Floats:
        """The bandit's own drift, then changes: draws one uniform per run, and new means or orders in changed runs."""
        moved = self.bandit.move(means, rng)
        changed = rng.random(len(means)) < self.change_probability
        if not changed.any():
            return moved
        anew = rng.permuted(moved[changed], axis=1) if self.permute else self.start(int(changed.sum()), rng)
        moved = moved.copy()
        moved[changed] = anew
        return moved


@dataclass(frozen=True)
class HeavyTailedBandit:
    """Arms that pay mean + scale·noise, where the noise has mean 0 and tails that fall like x^(−tail_index).

    ``"student"`` noise is Student's t with ``tail_index`` degrees of freedom, heavy on both sides. ``"pareto"`` noise
    is X − 1/(tail_index − 1) with P(X > x) = (1 + x)^(−tail_index), x ≥ 0: many small losses and a few large gains.
    Up to index 2 the variance is infinite, and sample averages converge more slowly than 1/√n.

    Args:
        means: As for `GaussianBandit`.
        arms: Number of arms. 0 (the default): the number of fixed ``means``, or 10 if they are drawn.
        tail: ``"student"`` or ``"pareto"``.
        tail_index: Above 1, so that the noise has a mean.
        scale: Scale of the noise, ≥ 0.

    Example:
        >>> bandit = HeavyTailedBandit((0.0, 1.0), tail="pareto", tail_index=3.0, scale=2.0)
        >>> bandit.reward(np.array([0.0, 1.0]), noise=np.array([-0.5, 100.0]))
        array([ -1., 201.])

    Source: Bubeck, Cesa-Bianchi & Lugosi (2013), *Bandits with Heavy Tail*, *IEEE Transactions on Information Theory*
    59.
    """

    means: Any = _TESTBED.means
    arms: int = 0
    tail: str = "student"
    tail_index: float = 2.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        as_choice(self.tail, "tail", ("student", "pareto"))
        tail_index = as_finite(self.tail_index, "tail_index")
        if tail_index <= 1.0:
            raise ValueError(f"tail_index must be above 1 for the noise to have a mean, got {self.tail_index}")
        plain = GaussianBandit(self.means, self.arms)
        scale = as_finite(self.scale, "scale", minimum=0.0)
        set_fields(self, means=plain.means, arms=plain.arms, tail_index=tail_index, scale=scale)

    def start(self, runs: int, rng: "np.random.Generator") -> Floats:
        return GaussianBandit(self.means, self.arms).start(runs, rng)

    def noise(self, runs: int, rng: "np.random.Generator") -> Floats:
        """One variate per run, of mean 0."""
        if self.tail == "student":
            return rng.standard_t(self.tail_index, runs)
        return rng.pareto(self.tail_index, runs) - 1.0 / (self.tail_index - 1.0)

    def reward(self, means: Floats, noise: Floats) -> Floats:
        return means + self.scale * noise

    def move(self, means: Floats, rng: "np.random.Generator") -> Floats:
        return means


@dataclass(frozen=True)
class AdversarialBandit:
    """An oblivious adversary: arms pay fixed ``rewards``, one row per step, repeated from a given row.

    Nothing is random, and actions have no effect. The rewards of a step are the means, so regret is against the best
    arm of each step. The current row alone determines the next one, so no row may occur twice: rows meant to be equal
    can differ by, say, 1e-9.

    The default is the worst case of follow-the-leader: always choosing the arm with the largest total reward so far,
    with full information, pays 0 at every step but the first, while each arm pays ½ on average.

    Args:
        rewards: One row per step, one finite number per arm; default: ½ 1, then 1 0 and 0 1 in turn.
        repeat_from: Index of the row after the last; default: 0, or 1 for the default rewards.

    Raises:
        TypeError: Rows that are not numbers, or of different lengths.
        ValueError: Rewards that are not finite, or a row that occurs twice.

    Example:
        >>> bandit, rng = AdversarialBandit(), np.random.default_rng(0)
        >>> means = bandit.start(1, rng)
        >>> for _ in range(4):
        ...     print(means)
        ...     means = bandit.move(means, rng)
        [[0.5 1. ]]
        [[1. 0.]]
        [[0. 1.]]
        [[1. 0.]]
        >>> AdversarialBandit([[0.9, 0.5], [0.1, 0.5]])
        AdversarialBandit(rewards=((0.9, 0.5), (0.1, 0.5)), repeat_from=0)

    Source: de Rooij, van Erven, Grünwald & Koolen (2014), *Follow the Leader If You Can, Hedge If You Must*, *Journal
    of Machine Learning Research* 15 (losses ℓ there are rewards 1 − ℓ here).
    """

    rewards: Any = None
    repeat_from: Any = None

    def __post_init__(self) -> None:
        rewards, repeat_from = (_WORST_CASE, 1) if self.rewards is None else (self.rewards, 0)
        if self.repeat_from is not None:
            repeat_from = self.repeat_from
        rows = as_matrix(rewards, "rewards")
        firsts: dict[tuple[float, ...], int] = {}
        for t, row in enumerate(rows):
            if (first := firsts.setdefault(row, t)) < t:
                raise ValueError(
                    f"rewards[{t}] must differ from rewards[{first}], since a row determines the next: "
                    f"change {row} a little"
                )
        set_fields(self, rewards=rows, repeat_from=as_integer(repeat_from, "repeat_from", maximum=len(rows) - 1))

    @property
    def arms(self) -> int:
        return len(self.rewards[0])

    def start(self, runs: int, rng: "np.random.Generator") -> Floats:
        """The first row in each run; draws nothing."""
        return np.tile(self.rewards[0], (runs, 1))

    def noise(self, runs: int, rng: "np.random.Generator") -> Floats:
        """Zeros; nothing is drawn."""
        return np.zeros(runs)

    def reward(self, means: Floats, noise: Floats) -> Floats:
        """The means, which are the rewards of the step."""
        return means

    def move(self, means: Floats, rng: "np.random.Generator") -> Floats:
        """The next row, in each run."""
        rows = np.array(self.rewards)
        here = (means[:, np.newaxis] == rows).all(axis=2).argmax(axis=1)
        return rows[np.where(here == len(rows) - 1, self.repeat_from, here + 1)]
