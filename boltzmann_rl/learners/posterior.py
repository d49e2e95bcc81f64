"""Bayesian learners for bandits: conjugate posteriors of each action's mean reward, for Thompson sampling."""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_finite, as_number, as_positive, set_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.bandit import Averaging, Estimates, Measured, noise_of, unmeasured
from boltzmann_rl.learners.bandit_feedback import ZERO_OR_ONE, Feedback, FeedbackLearner
from boltzmann_rl.numerics.untried import UntriedFirst
from boltzmann_rl.policies.noise import RelativeToNoise, in_units_of_noise


class Successes(NamedTuple):
    """Parameters of the Beta posterior of each action, both ``(rows, A)``."""

    a: Floats
    b: Floats


@dataclass(frozen=True)
class BetaPosterior(FeedbackLearner):
    """The posterior Beta(a + successes, b + failures) of each action's probability of reward 1, for `BetaThompson`.

    The values are the posterior means, the memory ``(rows, A, 2)`` the two parameters.

    Args:
        a: Of the prior, in [0.1, 1e6]; 1 and 1 are uniform, ½ and ½ Jeffreys' prior.
        b: Likewise.

    Raises:
        ValueError: In ``update``: a reward other than 0 and 1.

    Example:
        >>> learner, rng = BetaPosterior(), np.random.default_rng(0)
        >>> state = learner.update(learner.start((1, 2), rng), np.array([0]), np.array([1.0]), None, rng)
        >>> learner.values(state).round(3)
        array([[0.667, 0.5  ]])
        >>> learner.memory(state)
        array([[[2., 1.],
                [1., 1.]]])

    Source: Chapelle & Li (2011), *An Empirical Evaluation of Thompson Sampling*, algorithm 2.
    """

    a: float = 1.0
    b: float = 1.0
    rewards = ZERO_OR_ONE

    def __post_init__(self) -> None:
        set_fields(self, **{name: as_finite(getattr(self, name), name, minimum=0.1, maximum=1e6) for name in "ab"})

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Successes:
        """The prior; draws nothing."""
        return Successes(np.full(shape, self.a), np.full(shape, self.b))

    def values(self, state: Successes) -> Floats:
        """The posterior means."""
        return state.a / (state.a + state.b)

    def memory(self, state: Successes) -> Floats:
        """The parameters a and b of each action, ``(rows, A, 2)``."""
        return np.stack(state, axis=-1)

    def _learn(self, state: Successes, feedback: Feedback) -> None:
        state.a.reshape(-1)[feedback.cells] += feedback.reward
        state.b.reshape(-1)[feedback.cells] += 1.0 - feedback.reward


@dataclass(frozen=True)
class GaussianPosterior(Averaging):
    """The posterior of each action's mean reward under normal rewards of known spread, for `GaussianThompson`.

    After n rewards of mean m it is N((k·prior_mean + n·m)/(k + n), sd²/(k + n)), where the prior counts as
    k = (sd/prior_sd)² rewards. The values are its means, the memory its standard deviations. Under the flat prior
    (k = 0) actions never pulled come first: as long as there are any, the values of all others are −inf (unavailable).
    Where a mask excludes all actions never pulled, the others are chosen by their posteriors.

    Args:
        sd: Standard deviation of the rewards, > 0, finite; larger explores more. Or `RelativeToNoise` with a number:
            in units of the observed noise σ̂ as `NoiseEstimate` defines it, which this learner measures itself; only
            under the flat prior. While it is unknown all standard deviations are infinite.
        prior_mean: Finite; without effect under the flat prior.
        prior_sd: ≥ 1e-150·sd, ∞ for the flat prior.

    Raises:
        ValueError, TypeError: A parameter out of range, or not a number.

    Example:
        >>> learner, rng = GaussianPosterior(sd=2.0, prior_mean=1.0, prior_sd=2.0), np.random.default_rng(0)
        >>> state = learner.update(learner.start((1, 2), rng), np.array([0]), np.array([4.0]), None, rng)
        >>> learner.values(state), learner.memory(state).round(3)
        (array([[2.5, 1. ]]), array([[1.414, 2.   ]]))

    Source: Gelman et al. (2013), *Bayesian Data Analysis*, eqs. 2.11 and 2.12.
    """

    sd: float | RelativeToNoise = 1.0
    prior_mean: float = 0.0
    prior_sd: float = math.inf

    def __post_init__(self) -> None:
        prior_sd = as_number(self.prior_sd, "prior_sd", minimum=0.0)
        set_fields(
            self,
            sd=in_units_of_noise(self.sd, "sd", partial(as_positive, why="nothing would be left to learn")),
            prior_mean=as_finite(self.prior_mean, "prior_mean"),
            prior_sd=prior_sd if prior_sd == math.inf else as_positive(prior_sd, "prior_sd"),
        )
        if isinstance(self.sd, RelativeToNoise):
            if self.prior_sd != math.inf:
                raise ValueError(f"prior_sd must be ∞ if sd is in units of the noise, got {self.prior_sd!r}")
        elif self.prior_sd < 1e-150 * self.sd:  # (sd/prior_sd)² would overflow
            raise ValueError(f"prior_sd must be at least 1e-150 times sd, got {self.prior_sd!r} with sd {self.sd!r}")

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Estimates | Measured:
        """The prior means, no pulls; draws nothing."""
        if isinstance(self.sd, RelativeToNoise):
            return unmeasured(shape)
        return Estimates(np.full(shape, self.prior_mean), np.zeros(shape))

    def values(self, state: Estimates | Measured) -> Floats:
        """The posterior means; under the flat prior as `UCB1.values` in a row with actions never pulled."""
        k, n = self._prior_rewards(), state.pulls
        if k == 0.0:
            untried = n == 0.0
            return UntriedFirst(state.values, untried) if untried.any() else state.values.copy()
        means: Floats = self.prior_mean + n / (k + n) * (state.values - self.prior_mean)
        return means

    def memory(self, state: Estimates | Measured) -> Floats:
        """The posterior standard deviations ``(rows, A)``."""
        sd: Any = self.sd
        if isinstance(state, Measured):
            sd = sd.scale * noise_of(state)[:, np.newaxis]
        # ∞ before the first reward under the flat prior, also without noise
        with np.errstate(divide="ignore", invalid="ignore"):
            deviations: Floats = sd / np.sqrt(self._prior_rewards() + state.pulls)
        return np.where(np.isnan(deviations), np.inf, deviations)

    def _prior_rewards(self) -> float:
        return 0.0 if isinstance(self.sd, RelativeToNoise) else (self.sd / self.prior_sd) ** 2
