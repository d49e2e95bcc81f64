"""The nouns of the package as types."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import (
    Floats,
)

__all__ = [
    "Bandit",
    "ContextualBandit",
    "Observation",
    "Parameter",
    "Schedule",
    "Transition",
    "learns_from",
    "transition_of",
]


def learns_from(learner: Any, arguments: int) -> bool:
    """Whether a learner's ``update`` takes so many, and that of a learner within it.

    Bandits give 5 (state, action, reward, probabilities, rng), environments 3 (state, transition, rng).
    """
    try:
        inspect.signature(learner.update).bind(*[None] * arguments)
    except TypeError:
        return False
    return learns_from(learner.learner, arguments) if hasattr(learner, "learner") else True


Schedule = Callable[[Any], Any]


Parameter = float | Schedule


class Bandit(Protocol):
    """What the simulation asks of a bandit; all arrays have the runs as rows."""

    @property
    def arms(self) -> int:
        """Number of arms."""

    def start(self, runs: int, rng: np.random.Generator) -> Floats:
        """Mean reward of each arm in each run at step 0, ``(runs, arms)``."""

    def noise(self, runs: int, rng: np.random.Generator) -> Floats:
        """One variate per run for one step, ``(runs,)``; the same number of draws at each call."""

    def reward(self, means: Floats, noise: Floats) -> Floats:
        """Rewards ``(runs,)`` of pulled arms that have these ``means``."""

    def move(self, means: Floats, rng: np.random.Generator) -> Floats:
        """The means at the next step; the same array where nothing moves."""


Contexts = NDArray[np.float32]


class ContextualBandit(Protocol):
    """What the environments ask of a contextual bandit; all arrays have the runs as rows."""

    @property
    def arms(self) -> int:
        """Number of arms."""

    @property
    def features(self) -> int:
        """Number of features of a context."""

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value that a feature can have."""

    def start(self, runs: int, rng: np.random.Generator) -> Floats:
        """What stays as it is over a run, an array with the runs as rows."""

    def meet(self, world: Floats, rng: np.random.Generator) -> tuple[Contexts, Floats]:
        """The next context of each run ``(runs, features)``, and the mean reward of each arm ``(runs, arms)``.

        The environments show contexts as float32: draw them so, for the means to be those of what is seen.
        """

    def noise(self, runs: int, rng: np.random.Generator) -> Floats:
        """One variate per run for one step, ``(runs,)``."""

    def reward(self, means: Floats, noise: Floats) -> Floats:
        """Rewards ``(runs,)`` of pulled arms that have these ``means``."""


Observation = int | NDArray[Any]


class Transition(NamedTuple):
    """One step of an environment, as a table or linear values see it.

    Attributes:
        step: Decisions made before this one, over all episodes (and environments).
        observation: Where the action was taken: an index, an array of the indices of active features, or an array of
            real features; see `boltzmann_rl.learners.features`.
        action: Which was taken.
        reward: What it paid.
        next_observation: Where it led.
        terminated: Whether the task ended there, so that nothing follows.
        truncated: Whether the episode was only cut off, so that the value of ``next_observation`` still counts.
        next_available: Mask of the actions available there, or None for all.
        next_action: The action that is taken there (after a truncated step: that would have been), for learners with
            ``takes_next = "action"`` or ``"probabilities"``; chosen before they learn from this transition.
        next_probabilities: The probabilities ``(A,)`` that it was drawn from, for those with the latter.
        probabilities: Those ``(A,)`` that ``action`` was drawn from, for learners with ``takes_probabilities = True``.
        environment: Which of several environments took the step; each has episodes of its own.

    Example:
        >>> Transition(0, 3, 1, -1.0, 4, terminated=False, truncated=False).next_observation
        4
    """

    step: int
    observation: Observation
    action: int
    reward: float
    next_observation: Observation
    terminated: bool
    truncated: bool
    next_available: NDArray[np.bool_] | None = None
    next_action: int | None = None
    next_probabilities: Floats | None = None
    probabilities: Floats | None = None
    environment: int = 0


def transition_of(step: int, here: Observation, taken: Any, reading: Any, ahead: Any, environment: int) -> Transition:
    """A transition of what the loops hold; the one place where its fields go by position, at a third of the cost.

    Args:
        step: As in `Transition`.
        here: Where the action was taken.
        taken: The action, and its probabilities or None.
        reading: Where it led, as `boltzmann_rl.environments.readings.Reading` lists it.
        ahead: The next action and its probabilities, or None for either.
        environment: As in `Transition`.
    """
    action, weights = taken
    there, available, reward, terminated, truncated = reading
    then, outlook = ahead
    parts = (step, here, action, reward, there, terminated, truncated, available, then, outlook, weights, environment)
    return _new(Transition, parts)


_new = tuple.__new__
