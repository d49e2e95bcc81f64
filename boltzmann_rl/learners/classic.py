"""Classical learners for bandits: reinforcement comparison, pursuit, UCB1-Tuned, and a habit to put on any of them."""

import math
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_finite, as_positive, as_rate, check_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.bandit import Estimates, Preferences, average_in
from boltzmann_rl.learners.bandit_feedback import Actions, feedback_of
from boltzmann_rl.numerics import greedy
from boltzmann_rl.numerics.untried import UntriedFirst
from boltzmann_rl.protocols import BanditLearner

__all__ = ["ChoiceKernel", "Pursuit", "ReinforcementComparison", "UCB1Tuned"]


@dataclass(frozen=True)
class ReinforcementComparison:
    """Preferences that rise with rewards above a reference, for the policy ``Boltzmann(1.0)``.

    values_A ← values_A + learning_rate·(R − R̄), then R̄ ← R̄ + reference_rate·(R − R̄).

    Args:
        learning_rate: β of the preferences, in (0, ∞).
        reference_rate: α of the reference reward R̄, in (0, 1].
        reference: R̄ before the first reward, finite. High is optimistic: all that is tried first then loses.

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

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Preferences:
        """All preferences 0; draws nothing."""
        return Preferences(np.zeros(shape), np.full(shape[0], self.reference), np.zeros(shape[0]))

    def values(self, state: Preferences) -> Floats:
        """The preferences."""
        return state.values

    def update(
        self, state: Preferences, action: Actions, reward: Floats, probabilities: Any, rng: np.random.Generator
    ) -> Preferences:
        """Move the chosen action's preference, then the reference."""
        cells, reward, _ = feedback_of(self, state.values.shape, action, reward, probabilities)
        surprise = reward - state.reward
        state.values.reshape(-1)[cells] += self.learning_rate * surprise
        state.reward[...] += self.reference_rate * surprise
        state.seen[...] += 1.0
        return state


class Pursued(NamedTuple):
    """Logarithms of the probabilities ``(rows, A)``, and the sample averages that they pursue."""

    values: Floats
    estimates: Estimates


@dataclass(frozen=True)
class Pursuit:
    """Probabilities that chase the greedy action, for the policy ``Boltzmann(1.0)``.

    p ← p + learning_rate·(greedy(Q) − p) after each update of the sample averages Q, from uniform; equal maxima share
    the step. The values are log p, so that no probability underflows to 0.

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

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Pursued:
        """Uniform; draws nothing."""
        return Pursued(np.full(shape, -math.log(shape[1])), Estimates(np.full(shape, self.initial), np.zeros(shape)))

    def values(self, state: Pursued) -> Floats:
        """The logarithms of the probabilities."""
        return state.values

    def update(
        self, state: Pursued, action: Actions, reward: Floats, probabilities: Any, rng: np.random.Generator
    ) -> Pursued:
        """Average the reward, then step towards the greedy distribution."""
        average_in(state.estimates, feedback_of(self, state.values.shape, action, reward, probabilities))
        with np.errstate(divide="ignore"):  # log 0 = −inf: no share of the step
            step = np.log(self.learning_rate * greedy(state.estimates.values))
            kept = state.values + np.log1p(-self.learning_rate)
        np.logaddexp(kept, step, out=state.values)
        return state


class Spread(NamedTuple):
    """Mean, pulls and sum of squared deviations of each action, all ``(rows, A)``."""

    values: Floats
    pulls: Floats
    squares: Floats


@dataclass(frozen=True)
class UCB1Tuned:
    """UCB1 with the observed variance in its bound, for ``Greedy()``: mean + √(ln t/n · min(¼, V)).

    V = variance + √(2 ln t/n), with the variance of the n rewards of the action (divided by n) and t pulls so far in
    the row; ¼ is the largest variance that rewards in [0, 1] can have. Actions never pulled come first, as in `UCB1`.

    Example:
        >>> learner, rng = UCB1Tuned(), np.random.default_rng(0)
        >>> state = learner.start((1, 2), rng)
        >>> for arm, reward in ((0, 0.5), (1, 0.5), (0, 0.5)):
        ...     state = learner.update(state, np.array([arm]), np.array([reward]), None, rng)
        >>> learner.values(state).round(3)
        array([[0.871, 1.024]])

    Source: Auer, Cesa-Bianchi & Fischer (2002), *Machine Learning* 47, §4.
    """

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Spread:
        """Nothing pulled; draws nothing."""
        return Spread(np.zeros(shape), np.zeros(shape), np.zeros(shape))

    def values(self, state: Spread) -> Floats:
        """The indices, or 0 for what was never pulled and −inf for the rest of such a row."""
        new = state.pulls == 0.0
        with np.errstate(divide="ignore", invalid="ignore"):  # rows with something new are replaced below
            confidence = np.log(state.pulls.sum(axis=-1, keepdims=True)) / state.pulls
            variance = state.squares / state.pulls + np.sqrt(2.0 * confidence)
            indices = state.values + np.sqrt(confidence * np.minimum(0.25, variance))
        return UntriedFirst(indices, new) if new.any() else indices

    def update(
        self, state: Spread, action: Actions, reward: Floats, probabilities: Any, rng: np.random.Generator
    ) -> Spread:
        """Count the pull, and take the reward into mean and variance (Welford's recurrence)."""
        told, means = feedback_of(self, state.values.shape, action, reward, probabilities), state.values.reshape(-1)
        before = means[told.cells]
        average_in(Estimates(state.values, state.pulls), told)
        with np.errstate(over="ignore", under="ignore"):  # an infinite variance counts as the largest, 1/4
            state.squares.reshape(-1)[told.cells] += (told.reward - before) * (told.reward - means[told.cells])
        return state


class Habit(NamedTuple):
    """The state of the learner below, and the choice kernel ``(rows, A)``."""

    learner: Any
    kernel: Floats


@dataclass(frozen=True)
class ChoiceKernel:
    """A learner with a habit: its values + weight·CK, where CK ← CK + learning_rate·(1[a = A] − CK) from 0.

    Whatever was chosen lately is chosen again the more (weight > 0), or the less (weight < 0). For the model
    p ∝ exp(β Q + β_c CK) take ``Boltzmann(1/β)`` and the weight β_c/β.

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

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Habit:
        """No habit yet; draws what the learner draws."""
        return Habit(self.learner.start(shape, rng), np.zeros(shape))

    def values(self, state: Habit) -> Floats:
        """The learner's values, with the habit added."""
        values: Floats = self.learner.values(state.learner)
        habit = self.weight * state.kernel
        return values.shifted(habit) if isinstance(values, UntriedFirst) else values + habit

    def update(
        self, state: Habit, action: Actions, reward: Floats, probabilities: Floats, rng: np.random.Generator
    ) -> Habit:
        """Let the learner learn, and move the kernel towards the choice."""
        cells = feedback_of(self, state.kernel.shape, action, reward, probabilities).cells
        learned = self.learner.update(state.learner, action, reward, probabilities, rng)
        state.kernel[...] *= 1.0 - self.learning_rate
        state.kernel.reshape(-1)[cells] += self.learning_rate
        return Habit(learned, state.kernel)
