"""Classical learners for bandits: reinforcement comparison, pursuit, UCB1-Tuned, and a choice kernel around any."""

import math
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_finite, as_positive, as_rate, check_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.bandit import Estimates, Preferences, average_in
from boltzmann_rl.learners.bandit_feedback import Actions, Feedback, FeedbackLearner, feedback_of
from boltzmann_rl.numerics import greedy
from boltzmann_rl.numerics.untried import UntriedFirst
from boltzmann_rl.protocols import BanditLearner


@dataclass(frozen=True)
class ReinforcementComparison(FeedbackLearner):
    """Preferences that rise with rewards above a reference, for the policy ``Boltzmann(1.0)``.

    values_A ← values_A + learning_rate·(R − R̄), then R̄ ← R̄ + reference_rate·(R − R̄).

    Args:
        learning_rate: β of the preferences, in (0, ∞).
        reference_rate: α of the reference reward R̄, in (0, 1].
        reference: R̄ before the first reward, finite. High values encourage exploration: the first actions
            then lose preference.

    Example:
        >>> learner, rng = ReinforcementComparison(0.5, reference_rate=0.1, reference=1.0), np.random.default_rng(0)
        >>> state = learner.update(learner.start((1, 2), rng), np.array([0]), np.array([3.0]), None, rng)
        >>> learner.values(state), state.reward
        (array([[1., 0.]]), array([1.2]))

    Source: Sutton & Barto (1998), §2.8, eqs. 2.10 and 2.11.
    """

    learning_rate: float
    reference_rate: float
    reference: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self, learning_rate=as_positive, reference_rate=as_rate, reference=as_finite)

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Preferences:
        """All preferences 0; draws nothing."""
        return Preferences(np.zeros(shape), np.full(shape[0], self.reference), np.zeros(shape[0]))

    def _learn(self, state: Preferences, feedback: Feedback) -> None:
        surprise = feedback.reward - state.reward
        state.values.reshape(-1)[feedback.cells] += self.learning_rate * surprise
        state.reward[...] += self.reference_rate * surprise
        state.seen[...] += 1.0


class Pursued(NamedTuple):
    """Logarithms of the probabilities ``(rows, A)``, and the sample averages that they pursue."""

    values: Floats
    estimates: Estimates


@dataclass(frozen=True)
class Pursuit(FeedbackLearner):
    """Probabilities that pursue the greedy action, for the policy ``Boltzmann(1.0)``.

    p ← p + learning_rate·(greedy(Q) − p) after each update of the sample averages Q, from uniform; greedy(Q) is uniform
    over the maxima. The values are log p, so that no probability underflows to 0.

    Args:
        learning_rate: β in (0, 1]; at 1 the policy is greedy at once.
        initial: Estimate before the first reward, which overwrites it, finite.

    Example:
        >>> learner, rng = Pursuit(learning_rate=0.1), np.random.default_rng(0)
        >>> state = learner.update(learner.start((1, 2), rng), np.array([0]), np.array([1.0]), None, rng)
        >>> np.exp(learner.values(state))
        array([[0.55, 0.45]])

    Source: Thathachar & Sastry (1985), *IEEE Transactions on Systems, Man, and Cybernetics* 15; Sutton & Barto (1998),
    §2.9.
    """

    learning_rate: float
    initial: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self, learning_rate=as_rate, initial=as_finite)

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Pursued:
        """Uniform; draws nothing."""
        return Pursued(np.full(shape, -math.log(shape[1])), Estimates(np.full(shape, self.initial), np.zeros(shape)))

    def _learn(self, state: Pursued, feedback: Feedback) -> None:
        average_in(state.estimates, feedback)
        with np.errstate(divide="ignore"):  # log 0 = −inf: these actions gain nothing
            step = np.log(self.learning_rate * greedy(state.estimates.values))
            kept = state.values + np.log1p(-self.learning_rate)
        np.logaddexp(kept, step, out=state.values)


class Spread(NamedTuple):
    """Mean, pulls and sum of squared deviations of each action, all ``(rows, A)``."""

    values: Floats
    pulls: Floats
    squares: Floats


@dataclass(frozen=True)
class UCB1Tuned(FeedbackLearner):
    """UCB1 with the observed variance in its bound, for ``Greedy()``: mean + √(ln t/n · min(¼, V)).

    V = variance + √(2 ln t/n), with the variance of the action's n rewards (the mean squared deviation) and t pulls so
    far in the row; ¼ is the largest variance of rewards in [0, 1]. Actions never pulled come first, as in `UCB1`.

    Example:
        >>> learner, rng = UCB1Tuned(), np.random.default_rng(0)
        >>> state = learner.start((1, 2), rng)
        >>> for arm, reward in ((0, 0.5), (1, 0.5), (0, 0.5)):
        ...     state = learner.update(state, np.array([arm]), np.array([reward]), None, rng)
        >>> learner.values(state).round(3)
        array([[0.871, 1.024]])

    Source: Auer, Cesa-Bianchi & Fischer (2002), *Machine Learning* 47, §4.
    """

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Spread:
        """All means, pulls and squares 0; draws nothing."""
        return Spread(np.zeros(shape), np.zeros(shape), np.zeros(shape))

    def values(self, state: Spread) -> Floats:
        """The indices; in a row with actions never pulled, 0 for these and −inf for the others."""
        untried = state.pulls == 0.0
        # untried actions divide by 0; UntriedFirst ignores their indices
        with np.errstate(divide="ignore", invalid="ignore"):
            confidence = np.log(state.pulls.sum(axis=-1, keepdims=True)) / state.pulls
            variance = state.squares / state.pulls + np.sqrt(2.0 * confidence)
            indices = state.values + np.sqrt(confidence * np.minimum(0.25, variance))
        return UntriedFirst(indices, untried) if untried.any() else indices

    def _learn(self, state: Spread, feedback: Feedback) -> None:
        """Update mean and sum of squares by Welford's recurrence."""
        means, before = state.values.reshape(-1), state.values.reshape(-1)[feedback.cells]
        average_in(Estimates(state.values, state.pulls), feedback)
        with np.errstate(over="ignore", under="ignore"):  # an infinite variance counts as the largest, 1/4
            deviations = (feedback.reward - before) * (feedback.reward - means[feedback.cells])
            state.squares.reshape(-1)[feedback.cells] += deviations


class Habit(NamedTuple):
    """The state of the wrapped learner, and the choice kernel ``(rows, A)``."""

    learner: Any
    kernel: Floats


@dataclass(frozen=True)
class ChoiceKernel:
    """A learner with a choice kernel CK: its values + weight·CK, where CK ← CK + learning_rate·(1[a = A] − CK) from 0.

    Recent choices are repeated more often (weight > 0) or less often (weight < 0). For the model p ∝ exp(β Q + β_c CK)
    take ``Boltzmann(1/β)`` and the weight β_c/β.

    Args:
        learner: Any bandit learner.
        learning_rate: α_c in (0, 1].
        weight: In units of the values, finite.

    Example:
        >>> from boltzmann_rl.learners import ConstantStep
        >>> learner, rng = ChoiceKernel(ConstantStep(0.5), learning_rate=0.2, weight=10.0), np.random.default_rng(0)
        >>> state = learner.update(learner.start((1, 2), rng), np.array([1]), np.array([1.0]), None, rng)
        >>> learner.values(state)
        array([[0. , 2.5]])

    Source: Wilson & Collins (2019), *Ten Simple Rules for the Computational Modeling of Behavioral Data*, eqs. 4-6.
    """

    learner: BanditLearner
    learning_rate: float
    weight: float

    def __post_init__(self) -> None:
        check_fields(self, learning_rate=as_rate, weight=as_finite)

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Habit:
        """A kernel of 0; draws what the learner draws."""
        return Habit(self.learner.start(shape, rng), np.zeros(shape))

    def values(self, state: Habit) -> Floats:
        """The learner's values + weight·CK."""
        values: Floats = self.learner.values(state.learner)
        habit = self.weight * state.kernel
        return values.shifted(habit) if isinstance(values, UntriedFirst) else values + habit

    def update(
        self, state: Habit, action: Actions, reward: Floats, probabilities: Floats, rng: "np.random.Generator"
    ) -> Habit:
        """Update the learner, and move the kernel towards the choice."""
        cells = feedback_of(self, state.kernel.shape, action, reward, probabilities).cells
        learned = self.learner.update(state.learner, action, reward, probabilities, rng)
        state.kernel[...] *= 1.0 - self.learning_rate
        state.kernel.reshape(-1)[cells] += self.learning_rate
        return Habit(learned, state.kernel)
