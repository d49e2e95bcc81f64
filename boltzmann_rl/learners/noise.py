"""The observed noise, remembered beside any learner: the unit of `RelativeToNoise`."""

from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_learner
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.bandit import Measured, measure_in, noise_of, unmeasured
from boltzmann_rl.learners.bandit_feedback import feedback_of
from boltzmann_rl.learners.features import value
from boltzmann_rl.learners.feedback import Wrapper, update_with_changes
from boltzmann_rl.learners.temporal_difference import QLearning, forgotten
from boltzmann_rl.learners.transitions import checked
from boltzmann_rl.protocols import Learner, Transition, layers_of, learner_traits


class Noise(NamedTuple):
    """The state of the wrapped learner, and the noise of the rewards, or of the temporal-difference errors."""

    learner: Any
    noise: Measured


@dataclass(frozen=True)
class NoiseEstimate(Wrapper):
    """A learner that also remembers the observed noise σ̂, for `RelativeToNoise`; its values are unchanged.

    For bandits σ̂² is the pooled variance within actions, Σ (R − R̄_a)²/(n − k), for n rewards of k actions, where R̄_a
    is the mean of the action's rewards. For environments it is the mean of δ², the squared one-step temporal-difference
    error before each update (for learners without a one-step target, such as `DoubleQLearning`, that of `QLearning`).
    The memory holds σ̂ for each row ``(rows,)``, in units of the reward; ∞ while unknown. In an environment all rows
    have the same.

    Args:
        learner: For bandits, or for environments whose observations are indices.

    Raises:
        TypeError: Not a learner. In ``update``: features instead of an index, or a learner for environments without
            ``discount``.

    Example:
        >>> from boltzmann_rl.learners import ConstantStep
        >>> learner, rng = NoiseEstimate(ConstantStep(0.1)), np.random.default_rng(0)
        >>> state = learner.start((1, 2), rng)
        >>> for arm, reward in ((0, 1.0), (1, 5.0), (0, 3.0)):  # 1 and 3 deviate by 1 from their mean
        ...     state = learner.update(state, np.array([arm]), np.array([reward]), None, rng)
        ...     print(learner.memory(state))
        [inf]
        [inf]
        [1.41421356]

    Source: Welford (1962), *Technometrics* 4, for the recurrence.
    """

    learner: Learner

    def __post_init__(self) -> None:
        as_learner(self.learner)

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Noise:
        """σ̂ unknown; draws what the learner draws."""
        return Noise(self.learner.start(shape, rng), unmeasured(shape))

    def memory(self, state: Noise) -> Floats:
        """σ̂ of each row."""
        return noise_of(state.noise)

    def forget(self, state: Noise) -> Noise:
        """The state without the learner's unfinished episodes."""
        return Noise(forgotten(self.learner, state.learner), state.noise)

    def update(self, state: Noise, *experience: Any) -> Noise:
        """Measure the noise, then update the learner with the arguments of its own ``update``."""
        self._measure(state, experience)
        return Noise(self.learner.update(state.learner, *experience), state.noise)

    def update_with_changes(self, state: Noise, *experience: Any) -> tuple[Noise, list[tuple[Any, Any]]]:
        """`update`, and the rows whose values changed with the changes: for `ValueDifference`."""
        self._measure(state, experience)
        learned, changes = update_with_changes(self.learner, state.learner, experience)
        return Noise(learned, state.noise), changes

    def _measure(self, state: Noise, experience: Any) -> None:
        seen, noise = experience[0], state.noise
        if not isinstance(seen, Transition):
            measure_in(noise, feedback_of(self, noise.values.shape, *experience[:3]))
            return
        if not isinstance(seen.observation, int | np.integer):
            raise TypeError(f"σ̂ needs observations that are indices, got the features {seen.observation!r}")
        error = error_of(self.learner, state.learner, checked(seen, noise.values.shape))
        with np.errstate(over="ignore", under="ignore"):
            noise.squares[...] += error * error
        noise.degrees[...] += 1.0


def error_of(learner: Any, state: Any, transition: Transition) -> float:
    """The temporal-difference error δ of a transition before it is learned.

    Raises:
        TypeError: A learner without ``discount``.
    """
    *_, innermost = layers_of(learner)
    while hasattr(state, "learner"):  # a wrapper may show other values than those that are learned
        learner, state = learner.learner, state.learner
    values = learner.values(state)
    discount = getattr(innermost, "discount", None)
    if not isinstance(discount, float):
        raise TypeError(f"σ̂ needs a learner with a discount, such as QLearning, got {innermost!r}")
    following = learner_traits(innermost).following
    target = transition.reward
    if not transition.terminated:
        target += discount * (following or QLearning().following)(values, transition)
    return target - value(values, transition.observation, transition.action)
