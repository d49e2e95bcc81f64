"""Learners for bandits: rows are runs in lock-step (one row for a live service), columns are arms."""

import math
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_choice, as_finite, as_nonnegative, as_positive, as_rate, check_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.bandit_feedback import Feedback, FeedbackLearner
from boltzmann_rl.numerics.untried import UntriedFirst
from boltzmann_rl.policies.noise import RelativeToNoise, in_units_of_noise


class Estimates(NamedTuple):
    """Estimated value and number of pulls of each action, both ``(rows, A)``."""

    values: Floats
    pulls: Floats


class Measured(NamedTuple):
    """Estimates, and the noise of the rewards of each row.

    Attributes:
        values: Mean reward of each action ``(rows, A)``.
        pulls: Number of rewards of each action ``(rows, A)``.
        squares: Sum of the squared deviations of all rewards from the mean of their action ``(rows,)``.
        degrees: Their degrees of freedom, the rewards less the actions pulled ``(rows,)``.
    """

    values: Floats
    pulls: Floats
    squares: Floats
    degrees: Floats


class Preferences(NamedTuple):
    """Preference of each action ``(rows, A)``, mean and number of the rewards of each row ``(rows,)``."""

    values: Floats
    reward: Floats
    seen: Floats


class Averaging(FeedbackLearner):
    """Shared by the learners that keep the mean reward and the number of pulls of each action."""

    def _learn(self, state: Estimates | Measured, feedback: Feedback) -> None:
        if isinstance(state, Measured):
            measure_in(state, feedback)
        else:
            average_in(state, feedback)


@dataclass(frozen=True)
class SampleAverage(Averaging):
    """The mean of the rewards of each action: Q_n+1 = Q_n + (R_n − Q_n)/n.

    By default an action's first reward replaces its initial estimate, which then has no further effect.

    Args:
        initial: Estimate before the first reward, finite. High values encourage exploration (optimistic initial
            values, Sutton & Barto, §2.6).
        count_initial: Whether ``initial`` counts as one observed reward and stays in the mean (the other convention
            in the literature, which biases every mean towards ``initial``).

    Example:
        >>> learner, rng = SampleAverage(initial=5.0), np.random.default_rng(0)
        >>> state = learner.start((1, 2), rng)
        >>> for reward in (1.0, 2.0):
        ...     state = learner.update(state, np.array([0]), np.array([reward]), None, rng)
        >>> learner.values(state)
        array([[1.5, 5. ]])

    Source: Sutton & Barto (2018), eq. 2.3.
    """

    initial: float = 0.0
    count_initial: bool = False

    def __post_init__(self) -> None:
        check_fields(self, initial=as_finite)
        as_choice(self.count_initial, "count_initial", (True, False))

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Estimates:
        """Estimates at ``initial``; draws nothing."""
        return Estimates(np.full(shape, self.initial), np.full(shape, float(self.count_initial)))


@dataclass(frozen=True)
class ConstantStep(FeedbackLearner):
    """An exponentially weighted mean of the rewards: Q ← Q + learning_rate·(R − Q), for means that drift.

    Args:
        learning_rate: In (0, 1].
        initial: Estimate before the first reward, finite. High values encourage exploration (optimistic initial
            values, Sutton & Barto, §2.6).

    Example:
        >>> learner, rng = ConstantStep(learning_rate=0.1, initial=5.0), np.random.default_rng(0)
        >>> state = learner.update(learner.start((1, 2), rng), np.array([0]), np.array([0.0]), None, rng)
        >>> learner.values(state)
        array([[4.5, 5. ]])

    Source: Sutton & Barto (2018), eq. 2.5.
    """

    learning_rate: float
    initial: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self, learning_rate=as_rate, initial=as_finite)

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Floats:
        """Estimates at ``initial``; draws nothing."""
        return np.full(shape, self.initial)

    def _learn(self, state: Floats, feedback: Feedback) -> None:
        flat = state.reshape(-1)
        old = flat[feedback.cells]
        flat[feedback.cells] = old + self.learning_rate * (feedback.reward - old)


@dataclass(frozen=True)
class GradientPreferences(FeedbackLearner):
    """The gradient bandit's preferences H, for the policy ``Boltzmann(1.0)``.

    H_a ← H_a + learning_rate·(R − baseline)·(1[a = A] − π(a)): stochastic gradient ascent on the expected reward.

    Args:
        learning_rate: In (0, ∞).
        baseline: ``"previous"``: the mean of the earlier rewards (the book's text; at the first step the reward
            itself). ``"current"``: the mean including this reward (the book's Figures 2.5 and 2.6). Or a number; 0 is
            no baseline.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> learner, policy, rng = GradientPreferences(0.1, baseline=0.0), Boltzmann(1.0), np.random.default_rng(0)
        >>> state = learner.start((1, 2), rng)
        >>> pi = policy(learner.values(state), step=0)
        >>> learner.values(learner.update(state, np.array([0]), np.array([1.0]), pi, rng))
        array([[ 0.05, -0.05]])

    Source: Williams (1992), *Machine Learning* 8; Sutton & Barto (2018), eq. 2.12.
    """

    learning_rate: float
    baseline: str | float = "previous"
    takes_probabilities = True  # the whole distribution from which the action was drawn

    def __post_init__(self) -> None:
        if isinstance(self.baseline, str):
            if self.baseline not in ("previous", "current"):
                raise ValueError(f"baseline must be 'previous', 'current' or a number, got {self.baseline!r}")
        else:
            check_fields(self, baseline=as_finite)
        check_fields(self, learning_rate=as_positive)

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Preferences:
        """All preferences 0; draws nothing."""
        return Preferences(np.zeros(shape), np.zeros(shape[0]), np.zeros(shape[0]))

    def _learn(self, state: Preferences, feedback: Feedback) -> None:
        cells, reward, probabilities = feedback
        before = np.where(state.seen == 0.0, reward, state.reward)
        state.seen[...] += 1.0
        state.reward[...] += (reward - state.reward) / state.seen
        baseline: Any = {"previous": before, "current": state.reward}.get(str(self.baseline), self.baseline)
        scaled_advantage = self.learning_rate * (reward - baseline)
        state.values[...] -= scaled_advantage[:, np.newaxis] * probabilities
        state.values.reshape(-1)[cells] += scaled_advantage


@dataclass(frozen=True)
class UCB1(Averaging):
    """Upper confidence indices, for the policy ``Greedy()``: mean + exploration·√(ln t / n).

    t is the number of pulls so far in the row, n the number of pulls of the action. Actions never pulled come first, in
    an order drawn by the policy: as long as there are any, the values of all others are −inf (unavailable). Where the
    mask ``available`` of `act` or `mask` excludes all actions never pulled, the others are chosen by their indices.

    Args:
        exploration: Sutton & Barto's c, ≥ 0, in units of the rewards; √2 is Auer's UCB1 for rewards in [0, 1]. Or
            `RelativeToNoise` with a number: in units of the observed noise σ̂ as `NoiseEstimate` defines it, which this
            learner measures itself. While it is unknown, no action has more than one pull, and all have the index 0.

    Example:
        >>> learner, rng = UCB1(), np.random.default_rng(0)
        >>> state = learner.update(learner.start((1, 3), rng), np.array([1]), np.array([1.0]), None, rng)
        >>> learner.values(state)
        array([[  0., -inf,   0.]])

    Source: Auer, Cesa-Bianchi & Fischer (2002), *Machine Learning* 47, figure 1; Sutton & Barto (2018), eq. 2.10.
    """

    exploration: float | RelativeToNoise = math.sqrt(2.0)

    def __post_init__(self) -> None:
        check_fields(self, exploration=partial(in_units_of_noise, check=as_nonnegative))

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Estimates | Measured:
        """All means and pulls 0; draws nothing."""
        return unmeasured(shape) if isinstance(self.exploration, RelativeToNoise) else Estimates(*np.zeros((2, *shape)))

    def values(self, state: Estimates | Measured) -> Floats:
        """The indices; in a row with actions never pulled, 0 for these and −inf for the others."""
        untried = state.pulls == 0.0
        exploration: Any = self.exploration
        if isinstance(state, Measured):
            exploration = exploration.scale * noise_of(state)[:, np.newaxis]
        # untried actions divide by 0; UntriedFirst ignores their indices
        with np.errstate(divide="ignore", invalid="ignore"):
            logarithm = np.log(state.pulls.sum(axis=-1, keepdims=True))
            indices = state.values + exploration * np.sqrt(logarithm / state.pulls)
        if isinstance(state, Measured):
            indices = np.where(np.isinf(exploration), 0.0, indices)
        return UntriedFirst(indices, untried) if untried.any() else indices


def unmeasured(shape: tuple[int, int]) -> Measured:
    """The state before the first reward, all 0."""
    return Measured(*np.zeros((2, *shape)), *np.zeros((2, shape[0])))


def noise_of(state: Measured) -> Floats:
    """σ̂ of each row ``(rows,)``, √(squares/degrees): the pooled standard deviation within actions; ∞ while unknown."""
    known = state.degrees > 0.0
    return np.sqrt(np.divide(state.squares, state.degrees, out=np.full(known.shape, np.inf), where=known))


def measure_in(state: Measured, feedback: Feedback) -> None:
    """`average_in`, and the squared deviations by Welford's recurrence."""
    means, cells = state.values.reshape(-1), feedback.cells
    before = means[cells]
    average_in(state, feedback)
    again = state.pulls.reshape(-1)[cells] > 1.0
    with np.errstate(over="ignore", under="ignore"):
        state.squares[...] += np.where(again, (feedback.reward - before) * (feedback.reward - means[cells]), 0.0)
    state.degrees[...] += again


def average_in(state: Estimates | Measured, feedback: Feedback) -> None:
    """Update the means of the chosen cells with the rewards; a first reward is stored as it is."""
    cells, reward, _ = feedback
    values, pulls = state.values.reshape(-1), state.pulls.reshape(-1)
    n = pulls[cells] + 1.0
    pulls[cells] = n
    old = values[cells]
    # an action's first reward is stored exactly (old + (reward − old) could round)
    values[cells] = np.where(n == 1.0, reward, old + (reward - old) / n)
