"""Learners that adapt how much to explore to their experience: ``memory(state)`` is an ε for each row, 1 at first.

They wrap a learner for bandits (rows are runs) or for environments (rows are observations) and leave its values
unchanged; policies such as `AdaptiveEpsilonGreedy` read ε.
"""

from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import (
    Floats,
    as_count,
    as_finite,
    as_fraction,
    as_learner,
    as_nonnegative,
    as_positive,
    as_rate,
    check_fields,
)
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.bandit_feedback import feedback_of
from boltzmann_rl.learners.temporal_difference import forgotten
from boltzmann_rl.learners.transitions import checked
from boltzmann_rl.protocols import Learner, Transition, learner_traits, values_of


class Wrapper:
    """Shared by learners that leave the values of the learner that they wrap unchanged."""

    learner: Learner

    def values(self, state: Any) -> Floats:
        """The learner's values."""
        values: Floats = self.learner.values(state.learner)
        return values

    def values_of(self, state: Any, observation: int) -> Any:
        """The learner's values of one observation."""
        return values_of(self.learner, state.learner, observation)


class Surprise(NamedTuple):
    """The state of the wrapped learner, and ε of each row ``(rows,)``."""

    learner: Any
    epsilon: Floats


@dataclass(frozen=True)
class ValueDifference(Wrapper):
    """Value-difference based exploration: ε of a row rises with the changes of its values, and falls as they settle.

    ε ← ε + rate·(f − ε) from 1, with f = (1 − e^(−x))/(1 + e^(−x)) = tanh(x/2), x = |ΔQ|/inverse_sensitivity, and ΔQ
    the change of the value just updated, in the row where it was updated. With `AdaptiveEpsilonGreedy` it is VDBE,
    with `AdaptiveMaxBoltzmann` VDBE-Softmax. Limits: inverse sensitivity → 0 explores at every change, → ∞ lets ε fall
    to 0 as (1 − rate)^n.

    Around `NStep` the row is that of n steps ago, and at the end of an episode those of all remaining steps in turn.
    Around `EligibilityTraces` it is the row of the transition: changes by traces in other rows do not count. Around
    `DoubleQLearning` ΔQ is the change of the mean of its tables, which the policy reads.

    Args:
        learner: A learner of action values, for bandits or for environments. One that updates other rows than that of
            its experience needs ``update_with_changes(state, *experience)``, as `NStep` has: the next state, and a list
            of pairs of rows and the changes of their values.
        inverse_sensitivity: σ > 0, in units of the values: the change at which f is about ½ (tanh ½ = 0.46).
        rate: δ in (0, 1]; default: one over the number of actions.

    Raises:
        TypeError: In ``update``: a transition whose observation is features instead of an index.

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
        check_fields(self, learner=as_learner, inverse_sensitivity=as_positive)
        if self.rate is not None:
            check_fields(self, rate=as_rate)

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Surprise:
        """ε = 1 in all rows; draws what the learner draws."""
        return Surprise(self.learner.start(shape, rng), np.ones(shape[0]))

    def memory(self, state: Surprise) -> Floats:
        """ε of each row."""
        return state.epsilon

    def forget(self, state: Surprise) -> Surprise:
        """The state without the learner's unfinished episodes."""
        return Surprise(forgotten(self.learner, state.learner), state.epsilon)

    def update(self, state: Surprise, *experience: Any) -> Surprise:
        """Update the learner with the arguments of its own ``update``, and ε with the changes of its values."""
        learned, changes = update_with_changes(self.learner, state.learner, experience)
        rate = 1.0 / self.learner.values(learned).shape[-1] if self.rate is None else self.rate
        with np.errstate(over="ignore", under="ignore"):
            for rows, change in changes:
                surprise = np.tanh(np.abs(change) / self.inverse_sensitivity / 2.0)
                state.epsilon[rows] += rate * (surprise - state.epsilon[rows])
        return Surprise(learned, state.epsilon)


class Thresholds(NamedTuple):
    """The state of the wrapped learner, thresholds passed in each row ``(rows,)``, and each environment's return."""

    learner: Any
    passed: Floats
    returns: dict[int, float]


@dataclass(frozen=True)
class RewardBasedDecay(Wrapper):
    """Reward-based ε decay: ε falls by a step whenever a reward reaches the threshold, which then rises.

    After k thresholds ε = 1 − (1 − minimum)·k/steps, and the next threshold is threshold + increment·k; nothing changes
    after k = steps. In a bandit each reward counts for its row; in an environment the return of each episode counts for
    all observations, which have one ε. With `AdaptiveEpsilonGreedy` it is RBED.

    Args:
        learner: A learner for bandits or for environments.
        threshold: The first threshold of rewards (returns), finite.
        increment: How much the threshold rises, finite, ≥ 0.
        steps: Number of thresholds from ε = 1 to the minimum, ≥ 1.
        minimum: The final ε, in [0, 1].

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
        as_learner(self.learner)
        check_fields(self, threshold=as_finite, increment=as_nonnegative, steps=as_count, minimum=as_fraction)

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Thresholds:
        """ε = 1 in all rows; draws what the learner draws."""
        return Thresholds(self.learner.start(shape, rng), np.zeros(shape[0]), {})

    def memory(self, state: Thresholds) -> Floats:
        """ε of each row."""
        return 1.0 - (1.0 - self.minimum) * (state.passed / self.steps)

    def forget(self, state: Thresholds) -> Thresholds:
        """The state without unfinished episodes, here and in the learner."""
        return Thresholds(forgotten(self.learner, state.learner), state.passed, {})

    def update(self, state: Thresholds, *experience: Any) -> Thresholds:
        """Update the learner with the arguments of its own ``update``, and count the thresholds reached."""
        reward = self._checked_reward(state, experience)
        return self._progress(state, self.learner.update(state.learner, *experience), experience[0], reward)

    def update_with_changes(self, state: Thresholds, *experience: Any) -> tuple[Thresholds, list[tuple[Any, Any]]]:
        """`update`, and the rows whose values changed with the changes: for `ValueDifference`."""
        reward = self._checked_reward(state, experience)
        learned, changes = update_with_changes(self.learner, state.learner, experience)
        return self._progress(state, learned, experience[0], reward), changes

    def _checked_reward(self, state: Thresholds, experience: tuple[Any, ...]) -> Any:
        """The rewards of a bandit's rows, checked before the learner changes; None for a transition."""
        if isinstance(experience[0], Transition):
            return None
        return feedback_of(self, self.values(state).shape, *experience[:3]).reward

    def _progress(self, state: Thresholds, learned: Any, seen: Any, reward: Any) -> Thresholds:
        passed, returns = state.passed, state.returns
        if reward is None:
            reward = returns.pop(seen.environment, 0.0) + seen.reward
            if not (seen.terminated or seen.truncated):
                returns[seen.environment] = reward
                return Thresholds(learned, passed, returns)
        passed += (reward >= self.threshold + self.increment * passed) & (passed < self.steps)
        return Thresholds(learned, passed, returns)


def update_with_changes(learner: Any, state: Any, experience: Any) -> tuple[Any, list[tuple[Any, Any]]]:
    """The learner's next state, and the rows whose values changed with the changes, in the order of the updates."""
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
        raise TypeError(f"ε needs observations that are indices, got the features {seen.observation!r}")
    if (own := learner_traits(learner).update_with_changes) is not None:
        learned, changes = own(state, *experience)
        return learned, changes
    before = learner.values(state)[rows, actions].copy()
    learned = learner.update(state, *experience)
    after = learner.values(learned)[rows, actions]
    with np.errstate(invalid="ignore", over="ignore"):  # −∞ − (−∞), of an action unavailable before and after
        return learned, [(rows, np.where(after == before, 0.0, after - before))]
