"""Learners for adversarial bandits: importance-weighted sums of rewards or losses.

Exponential weights are the softmax of these sums, so the weights themselves, which would overflow, are never computed.
"""

import math
from typing import NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_choice, as_nonnegative, as_positive, check_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.bandit import Estimates, average_in
from boltzmann_rl.learners.bandit_feedback import IN_UNIT_INTERVAL, Actions, Feedback, FeedbackLearner, LegalRewards

_LARGEST = np.finfo(np.float64).max


class _Sums(FeedbackLearner):
    """Shared by the importance-weighted learners: the state holds one sum per arm, and the sums are the values."""

    takes_propensity = True

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Floats:
        """All sums 0; draws nothing."""
        return np.zeros(shape)


@dataclass(frozen=True)
class ImportanceWeightedRewards(_Sums):
    """Unbiased estimates of the total reward of each arm: values_a = Σ r·1[a = A]/p(A).

    With the policy ``EpsilonBoltzmann(γ, temperature=K/γ)`` this is Exp3: see `exp3`.

    Args:
        bounded: Whether rewards must be in [0, 1], as Exp3's bounds on the regret assume. The estimates are unbiased
            for any rewards.

    Raises:
        ValueError: In ``update``: an action whose probability was 0; if bounded, a reward outside [0, 1].

    Example:
        >>> learner, rng = ImportanceWeightedRewards(), np.random.default_rng(0)
        >>> p = np.array([[0.25, 0.75]])
        >>> learner.update(learner.start((1, 2), rng), np.array([0]), np.array([0.5]), p, rng)
        array([[2., 0.]])

    Source: Auer, Cesa-Bianchi, Freund & Schapire (2002), *SIAM Journal on Computing* 32, figure 1.
    """

    bounded: bool = False

    def __post_init__(self) -> None:
        as_choice(self.bounded, "bounded", (True, False))

    @property
    def rewards(self) -> LegalRewards | None:
        """The rewards that ``update`` accepts; None for all."""
        return IN_UNIT_INTERVAL if self.bounded else None

    def _learn(self, state: Floats, feedback: Feedback) -> None:
        _add(state, feedback.cells, feedback.reward, feedback.probabilities)


@dataclass(frozen=True)
class ImportanceWeightedLosses(_Sums):
    """Negated estimates of the total loss of each arm: values_a = −Σ (1 − r)·1[a = A]/(p(A) + bias).

    With the policy ``Boltzmann(1/η)`` this is Exp3 in its loss form; with bias η/2 as well, Exp3-IX (`exp3_ix`). A
    ``bias`` above 0 biases the estimated losses downwards, most of all those of rarely chosen arms, and reduces the
    variance (implicit exploration).

    Args:
        bias: γ ≥ 0, finite, in units of probability.

    Raises:
        ValueError: In ``update``: a reward outside [0, 1], or an action whose probability was 0.

    Example:
        >>> learner, rng = ImportanceWeightedLosses(), np.random.default_rng(0)
        >>> p = np.array([[0.25, 0.75]])
        >>> learner.update(learner.start((1, 2), rng), np.array([0]), np.array([0.5]), p, rng)
        array([[-2.,  0.]])

    Source: Lattimore & Szepesvári (2020), *Bandit Algorithms*, ch. 11 (Exp3) and 12 (Exp3-IX); Neu (2015), *Explore
    No More: Improved High-Probability Regret Bounds for Non-Stochastic Bandits*, §2.
    """

    bias: float = 0.0
    rewards = IN_UNIT_INTERVAL  # so that the loss 1 − r is in [0, 1]

    def __post_init__(self) -> None:
        check_fields(self, bias=as_nonnegative)

    def _learn(self, state: Floats, feedback: Feedback) -> None:
        _add(state, feedback.cells, feedback.reward - 1.0, feedback.probabilities + self.bias)


class Gaps(NamedTuple):
    """Importance-weighted sums ``(rows, A)``, and the plain mean loss and the pulls of each arm."""

    values: Floats
    losses: Estimates


@dataclass(frozen=True)
class GapEstimates(FeedbackLearner):
    """`ImportanceWeightedLosses` with a lower confidence bound on the gap of each arm as memory.

    memory_a = max(0, lower_a − min_b upper_b) with the bounds [lower, upper] = mean loss ± √((α ln t + ln K)/(2 n_a)),
    clipped to [0, 1], in round t, with K arms; an arm never pulled has the bounds 0 and 1. For the policy
    `Exp3PlusPlus`.

    Args:
        confidence: α > 0; the analysis uses 3.

    Raises:
        ValueError: In ``update``: as `ImportanceWeightedLosses`.

    Example:
        >>> learner, rng = GapEstimates(), np.random.default_rng(0)
        >>> state, p = learner.start((1, 2), rng), np.array([[0.5, 0.5]])
        >>> for _ in range(100):
        ...     for arm, reward in enumerate((0.0, 1.0)):
        ...         state = learner.update(state, np.array([arm]), np.array([reward]), p, rng)
        >>> learner.memory(state).round(3)
        array([[0.424, 0.   ]])

    Source: Seldin & Lugosi (2017), *An Improved Parametrization and Analysis of the EXP3++ Algorithm*, §3.
    """

    confidence: float = 3.0
    takes_propensity = True
    rewards = IN_UNIT_INTERVAL

    def __post_init__(self) -> None:
        check_fields(self, confidence=as_positive)

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Gaps:
        """All sums and pulls 0; draws nothing."""
        return Gaps(np.zeros(shape), Estimates(np.zeros(shape), np.zeros(shape)))

    def memory(self, state: Gaps) -> Floats:
        """The lower confidence bound on the gap of each arm, in [0, 1]."""
        losses, pulls = state.losses
        t = 1.0 + pulls.sum(axis=-1, keepdims=True)
        squared_radius = np.full(pulls.shape, np.inf)
        log_term = self.confidence * np.log(t) + math.log(pulls.shape[-1])
        np.divide(log_term / 2.0, pulls, out=squared_radius, where=pulls > 0.0)
        radius = np.sqrt(squared_radius)
        upper, lower = np.minimum(losses + radius, 1.0), np.maximum(losses - radius, 0.0)
        return np.maximum(lower - upper.min(axis=-1, keepdims=True), 0.0)

    def _learn(self, state: Gaps, feedback: Feedback) -> None:
        _add(state.values, feedback.cells, feedback.reward - 1.0, feedback.probabilities)
        average_in(state.losses, feedback._replace(reward=1.0 - feedback.reward))


def _add(state: Floats, cells: Actions, amount: Floats, propensity: Floats) -> None:
    """Add amount/propensity to the chosen cells, clipped to finite floats: −inf would mark an arm as unavailable."""
    flat = state.reshape(-1)
    with np.errstate(over="ignore", under="ignore"):
        flat[cells] = np.clip(flat[cells] + amount / propensity, -_LARGEST, _LARGEST)
