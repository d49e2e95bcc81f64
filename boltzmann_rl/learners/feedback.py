"""Learners that also remember how much to explore, tuned by what they experience: one ε a row, from 1 downwards.

They wrap a learner for bandits (rows are runs) or for environments (rows are observations), leave its values as they
are, and hand ε to policies such as `AdaptiveEpsilonGreedy` by ``memory(state)``.
"""

from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import (
    Floats,
    as_count,
    as_finite,
    as_fraction,
    as_nonnegative,
    as_positive,
    as_rate,
    check_fields,
)
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.bandit_feedback import feedback_of
from boltzmann_rl.learners.temporal_difference import forgotten
from boltzmann_rl.learners.transitions import checked
from boltzmann_rl.protocols import Learner, Transition, learner_traits

__all__ = ["RewardBasedDecay", "ValueDifference"]


class Surprise(NamedTuple):
    """The state of the learner below, and ε of each row ``(rows,)``."""

    learner: Any
    epsilon: Floats


@dataclass(frozen=True)
class ValueDifference:
    """Value-difference based exploration: ε of a row rises with the changes of its values, and falls as they settle.

    ε ← ε + rate·(f − ε) from 1, with f = (1 − e^(−x))/(1 + e^(−x)) = tanh(x/2), x = |ΔQ|/inverse_sensitivity, and ΔQ
    the change of the value just updated, in the row where it was updated. With `AdaptiveEpsilonGreedy` it is VDBE,
    with `AdaptiveMaxBoltzmann` VDBE-Softmax. Limits: inverse sensitivity → 0 explores at every change, → ∞ lets ε fall
    to 0 as (1 − rate)^n.

    Around `NStep` the row is that of n steps ago, and at the end of an episode each one that waits in turn. Around
    `EligibilityTraces` it is the row of the transition: what a fading trace moves elsewhere is no visit there. Of
    `DoubleQLearning` ΔQ is the change of the mean of its tables, which is what the policy sees.

    Args:
        learner: A learner of action values, for bandits or for environments. One that updates other rows than that of
            the experience in hand says which by ``moves(state, *experience)``, as `NStep` does: its next state, and a
            list of rows with the changes of their values.
        inverse_sensitivity: σ > 0, in units of the values: the change at which f is about ½ (tanh ½ = 0.46).
        rate: δ in (0, 1]; default: one over the number of actions.

    Raises:
        TypeError: In ``update``: a transition whose observations are features, which have no row for an ε.

    Example:
        >>> from boltzmann_rl.learners import ConstantStep
        >>> learner, rng = ValueDifference(ConstantStep(0.5), inverse_sensitivity=1.0), np.random.default_rng(0)
        >>> state = learner.update(learner.start((1, 2), rng), np.array([0]), np.array([2.0]), None, rng)
        >>> learner.values(state), learner.memory(state).round(4)  # tanh(½) = 0.4621
        (array([[1., 0.]]), array([0.7311]))

    Source: Tokic (2010), *Adaptive ε-Greedy Exploration in Reinforcement Learning Based on Value Differences*, eqs.
    4-6; Tokic & Palm (2011), *Value-Difference Based Exploration*, eqs. 6-7.
    """

    learner: Learner
    inverse_sensitivity: float
    rate: float | None = None

    def __post_init__(self) -> None:
        check_fields(self, inverse_sensitivity=as_positive)
        if self.rate is not None:
            check_fields(self, rate=as_rate)

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Surprise:
        """Explore everywhere, ε = 1; draws what the learner draws."""
        return Surprise(self.learner.start(shape, rng), np.ones(shape[0]))

    def values(self, state: Surprise) -> Floats:
        """The learner's values."""
        values: Floats = self.learner.values(state.learner)
        return values

    def memory(self, state: Surprise) -> Floats:
        """ε of each row."""
        return state.epsilon

    def forget(self, state: Surprise) -> Surprise:
        """Without what the learner below remembers of unfinished episodes."""
        return Surprise(forgotten(self.learner, state.learner), state.epsilon)

    def update(self, state: Surprise, *experience: Any) -> Surprise:
        """Let the learner learn from what its own ``update`` takes, and compare the values before and after."""
        learned, moved = _moves(self.learner, state.learner, experience)
        rate = 1.0 / self.learner.values(learned).shape[-1] if self.rate is None else self.rate
        with np.errstate(over="ignore", under="ignore"):
            for rows, change in moved:
                surprise = np.tanh(np.abs(change) / self.inverse_sensitivity / 2.0)
                state.epsilon[rows] += rate * (surprise - state.epsilon[rows])
        return Surprise(learned, state.epsilon)


class Progress(NamedTuple):
    """The state of the learner below, thresholds passed in each row ``(rows,)``, and returns so far of environments."""

    learner: Any
    passed: Floats
    returns: dict[int, float]


@dataclass(frozen=True)
class RewardBasedDecay:
    """Reward-based ε decay: ε falls by a step whenever a reward reaches the threshold, which then rises.

    After k thresholds passed ε = 1 − (1 − minimum)·k/steps, and the next threshold is threshold + increment·k; nothing
    changes after k = steps. For a bandit each reward counts, in its row; for an environment the return of each
    episode, and all observations share one ε. With `AdaptiveEpsilonGreedy` it is RBED.

    Args:
        learner: For bandits or for environments.
        threshold: The first reward (return) that counts as progress, finite.
        increment: By how much it rises, finite, ≥ 0.
        steps: Thresholds from ε = 1 to the minimum, ≥ 1.
        minimum: Where ε stays in the end, in [0, 1].

    Example:
        >>> from boltzmann_rl.learners import SampleAverage
        >>> learner, rng = RewardBasedDecay(SampleAverage(), threshold=0.0, increment=1.0, steps=4), None
        >>> state = learner.start((1, 2), rng)
        >>> for reward in (0.5, 0.5, 1.5):
        ...     state = learner.update(state, np.array([0]), np.array([reward]), None, rng)
        ...     print(learner.memory(state))
        [0.75]
        [0.75]
        [0.5]

    Source: Maroti (2019), *RBED: Reward Based Epsilon Decay*, arXiv:1910.13701, §4.
    """

    learner: Learner
    threshold: float
    increment: float
    steps: int
    minimum: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self, threshold=as_finite, increment=as_nonnegative, steps=as_count, minimum=as_fraction)

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Progress:
        """Explore everywhere, ε = 1; draws what the learner draws."""
        return Progress(self.learner.start(shape, rng), np.zeros(shape[0]), {})

    def values(self, state: Progress) -> Floats:
        """The learner's values."""
        values: Floats = self.learner.values(state.learner)
        return values

    def memory(self, state: Progress) -> Floats:
        """ε of each row."""
        return 1.0 - (1.0 - self.minimum) * (state.passed / self.steps)

    def forget(self, state: Progress) -> Progress:
        """Without the returns of unfinished episodes, and what the learner below remembers of them."""
        return Progress(forgotten(self.learner, state.learner), state.passed, {})

    def update(self, state: Progress, *experience: Any) -> Progress:
        """Let the learner learn from what its own ``update`` takes, and see whether a threshold was reached."""
        reward = self._paid(state, experience)
        return self._progress(state, self.learner.update(state.learner, *experience), experience[0], reward)

    def moves(self, state: Progress, *experience: Any) -> tuple[Progress, list[tuple[Any, Any]]]:
        """`update`, and where it moved values and by how much: for `ValueDifference`."""
        reward = self._paid(state, experience)
        learned, moved = _moves(self.learner, state.learner, experience)
        return self._progress(state, learned, experience[0], reward), moved

    def _paid(self, state: Progress, experience: tuple[Any, ...]) -> Floats | None:
        """The rewards of a bandit's rows, checked before anything is learned; None of a transition."""
        if isinstance(experience[0], Transition):
            return None
        return feedback_of(self, self.values(state).shape, *experience[:3]).reward

    def _progress(self, state: Progress, learned: Any, seen: Any, reward: Floats | None) -> Progress:
        if reward is not None:
            self._pass(state.passed, reward)
        else:
            total = state.returns.pop(seen.environment, 0.0) + seen.reward
            if seen.terminated or seen.truncated:
                self._pass(state.passed, total)
            else:
                state.returns[seen.environment] = total
        return Progress(learned, state.passed, state.returns)

    def _pass(self, passed: Floats, reward: Floats | float) -> None:
        reached = reward >= self.threshold + self.increment * passed
        passed += reached & (passed < self.steps)


def _moves(learner: Any, state: Any, experience: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """The learner's next state, and the rows whose values moved with their changes, one update after the other.

    A learner whose updates are not of the row and action in hand says itself by ``moves`` which they are of.
    """
    seen: Any = experience[0]
    rows: Any
    actions: Any
    if not isinstance(seen, Transition):
        shape = learner.values(state).shape
        rows, actions = np.divmod(feedback_of(learner, shape, *experience[:3]).cells, shape[1])
    elif isinstance(seen.observation, int | np.integer):
        seen = checked(seen, learner.values(state).shape)
        rows, actions = seen.observation, seen.action
    else:
        raise TypeError(f"ε is kept for each observation by its index, but {seen.observation!r} are features")
    if (moves := learner_traits(learner).moves) is not None:
        learned, moved = moves(state, *experience)
        return learned, moved
    before = learner.values(state)[rows, actions].copy()
    learned = learner.update(state, *experience)
    after = learner.values(learned)[rows, actions]
    with np.errstate(invalid="ignore", over="ignore"):  # −∞ of an action that is hidden before and after
        return learned, [(rows, np.where(after == before, 0.0, after - before))]
