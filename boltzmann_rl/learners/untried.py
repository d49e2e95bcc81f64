"""Every action once before anything else, around any learner."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_learner
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.bandit_feedback import feedback_of
from boltzmann_rl.learners.feedback import update_with_changes
from boltzmann_rl.learners.temporal_difference import forgotten
from boltzmann_rl.learners.transitions import checked
from boltzmann_rl.numerics.untried import UntriedFirst
from boltzmann_rl.protocols import Learner, Transition, values_of


class Tried(NamedTuple):
    """The state of the wrapped learner, and which actions were taken ``(rows, A)``."""

    learner: Any
    tried: NDArray[np.bool_]


@dataclass(frozen=True)
class EveryActionFirst:
    """A learner that makes any policy try every action once first: each arm of a bandit, each action of a state.

    As long as a row has untried actions, their values are 0 and those of the others −∞ (unavailable), so that the
    policy chooses uniformly among the untried ones. Where the mask ``available`` of `act` or of the environment leaves
    no untried action, the learner's own values decide. What the learner learns is unchanged: its targets read its own
    values. Without this wrapper one low reward can keep an action from being tried again.

    Args:
        learner: For bandits, or for environments whose observations are indices.

    Raises:
        TypeError: Not a learner. In ``update``: features instead of an index.

    Example:
        >>> from boltzmann_rl.learners import SampleAverage
        >>> learner, rng = EveryActionFirst(SampleAverage()), np.random.default_rng(0)
        >>> state = learner.start((1, 3), rng)
        >>> for arm, reward in ((2, 5.0), (0, 1.0), (1, 2.0)):
        ...     state = learner.update(state, np.array([arm]), np.array([reward]), None, rng)
        ...     print(learner.values(state))
        [[  0.   0. -inf]]
        [[-inf   0. -inf]]
        [[1. 2. 5.]]

    Source: Auer, Cesa-Bianchi & Fischer (2002), *Machine Learning* 47, figure 1 ("play each machine once").
    """

    learner: Learner

    def __post_init__(self) -> None:
        as_learner(self.learner)

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Tried:
        """No action was taken; draws what the learner draws."""
        return Tried(self.learner.start(shape, rng), np.zeros(shape, dtype=np.bool_))

    def values(self, state: Tried) -> Floats:
        """The learner's values; in a row with untried actions 0 for these and −∞ for the others."""
        values: Floats = self.learner.values(state.learner)
        untried = ~state.tried
        if not untried.any():
            return values
        behind = values.behind if isinstance(values, UntriedFirst) else None
        return UntriedFirst(values if behind is None else behind, untried)

    def values_of(self, state: Tried, observation: int) -> Any:
        """The values of one observation, a row of `values`."""
        own, untried = values_of(self.learner, state.learner, observation), ~state.tried[observation]
        return UntriedFirst(own, untried) if untried.any() else own

    def forget(self, state: Tried) -> Tried:
        """The state without the learner's unfinished episodes."""
        return Tried(forgotten(self.learner, state.learner), state.tried)

    def update(self, state: Tried, *experience: Any) -> Tried:
        """Update the learner with the arguments of its own ``update``, and note the actions taken."""
        cells = self._cells(state, experience)
        learned = self.learner.update(state.learner, *experience)
        state.tried.reshape(-1)[cells] = True
        return Tried(learned, state.tried)

    def update_with_changes(self, state: Tried, *experience: Any) -> tuple[Tried, list[tuple[Any, Any]]]:
        """`update`, and the rows whose values changed in the learner with the changes: for `ValueDifference`."""
        cells = self._cells(state, experience)
        learned, changes = update_with_changes(self.learner, state.learner, experience)
        state.tried.reshape(-1)[cells] = True
        return Tried(learned, state.tried), changes

    def _cells(self, state: Tried, experience: Any) -> Any:
        """The flat indices of the actions taken, checked before the learner changes."""
        seen, shape = experience[0], state.tried.shape
        if not isinstance(seen, Transition):
            return feedback_of(self, shape, *experience[:3]).cells
        if not isinstance(seen.observation, int | np.integer):
            raise TypeError(f"EveryActionFirst needs observations that are indices, got {seen.observation!r}")
        seen = checked(seen, shape)
        return seen.observation * shape[1] + seen.action
