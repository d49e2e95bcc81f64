"""Learners for environments with discrete observations: a table of values, moved by temporal differences."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_finite
from boltzmann_rl.schedules import as_parameter, evaluate
from boltzmann_rl.schedules.evaluation import Parameter, set_fields

__all__ = ["QLearning", "Transition"]


class Transition(NamedTuple):
    """One step of an environment, as indices into a table.

    Attributes:
        step: Decisions made before this one, over all episodes.
        observation: Where the action was taken.
        action: Which was taken.
        reward: What it paid.
        next_observation: Where it led.
        terminated: Whether the task ended there, so that nothing follows.
        truncated: Whether the episode was only cut off, so that the value of ``next_observation`` still counts.
        next_available: Mask of the actions available there, or None for all.
    """

    step: int
    observation: int
    action: int
    reward: float
    next_observation: int
    terminated: bool
    truncated: bool
    next_available: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class QLearning:
    """Q-learning: Q(s,a) ← Q(s,a) + learning_rate·(r + discount·max_b Q(s',b) − Q(s,a)).

    Nothing follows a terminated step, so its target is the reward alone; a truncated one is bootstrapped as any
    other. The maximum is taken over the actions available in s'.

    Args:
        learning_rate: In [0, 1]: a number, or a schedule of all steps taken.
        discount: In [0, 1].
        initial: Value of every action before the first update, finite.

    Example:
        >>> learner, rng = QLearning(learning_rate=0.5, discount=0.9), np.random.default_rng(0)
        >>> q = learner.start((2, 2), rng)
        >>> q = learner.update(q, Transition(0, 0, 1, -1.0, 1, terminated=False, truncated=False), rng)
        >>> learner.values(q)
        array([[ 0. , -0.5],
               [ 0. ,  0. ]])

    Source: Watkins & Dayan (1992), *Machine Learning* 8; Sutton & Barto (2018), eq. 6.8.
    """

    learning_rate: Parameter = 0.5
    discount: float = 1.0
    initial: float = 0.0

    def __post_init__(self) -> None:
        set_fields(
            self,
            learning_rate=as_parameter(self.learning_rate, "learning_rate", maximum=1.0),
            discount=as_finite(self.discount, "discount", minimum=0.0, maximum=1.0),
            initial=as_finite(self.initial, "initial"),
        )

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """A table ``(observations, actions)`` at ``initial``; draws nothing."""
        return np.full(shape, self.initial)

    def values(self, state: Floats) -> Floats:
        """The table."""
        return state

    def update(self, state: Floats, transition: Transition, rng: np.random.Generator) -> Floats:
        """Move one cell of the table towards its target."""
        target = transition.reward
        if not transition.terminated:
            following: Any = state[transition.next_observation]
            if transition.next_available is not None:
                following = following[transition.next_available]
            target += self.discount * float(following.max())
        cell = transition.observation, transition.action
        state[cell] += evaluate(self.learning_rate, transition.step) * (target - state[cell])
        return state
