"""Longer returns for tables and features: n-step returns and eligibility traces, around a learner of one step.

They wrap a learner that says by ``following(values, transition)`` what its target takes for the future (`SARSA`,
`ExpectedSARSA`, `QLearning`), and use its learning rate, its discount and its table or weights. What an episode has
left behind is kept for each environment, so several may be learned from in turn.
"""

from collections import deque
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_choice, as_count, as_fraction, check_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.features import add, cells, row, value
from boltzmann_rl.learners.temporal_difference import target_of
from boltzmann_rl.learners.transitions import checked, kept
from boltzmann_rl.protocols import Observation, Transition, learner_traits
from boltzmann_rl.schedules.evaluation import value_at

__all__ = ["EligibilityTraces", "NStep"]


class Window(NamedTuple):
    """The table ``(observations, actions)``; for each environment what waits for its return: where, action, reward."""

    values: Floats
    waiting: dict[int, deque[tuple[Observation, int, float]]]


@dataclass(frozen=True)
class NStep:
    """The n-step return: Q(s_t,a_t) moves towards r_t + γ r_t+1 + … + γⁿ⁻¹ r_t+n−1 + γⁿ·what follows.

    What follows is the learner's: of `SARSA` this is n-step Sarsa, of `ExpectedSARSA` n-step Expected Sarsa; of
    `QLearning` the steps between are those of the policy that acts, uncorrected. At the end of an episode all steps
    that wait are updated with what they have, oldest first, and bootstrapped if it was truncated. Limits: one step is
    the learner itself, ∞ (longer than every episode) is Monte Carlo.

    Args:
        learner: `SARSA`, `ExpectedSARSA` or `QLearning`; its schedule is read when an update is made.
        steps: n ≥ 1.

    Raises:
        TypeError: A learner without ``following``.

    Example:
        >>> from boltzmann_rl.learners.temporal_difference import SARSA
        >>> learner, rng = NStep(SARSA(learning_rate=0.5), steps=2), np.random.default_rng(0)
        >>> state = learner.start((3, 1), rng)
        >>> first = Transition(0, 0, 0, 1.0, 1, terminated=False, truncated=False, next_action=0)
        >>> last = Transition(1, 1, 0, 2.0, 2, terminated=True, truncated=False)
        >>> for transition in (first, last):
        ...     state = learner.update(state, transition, rng)
        ...     print(learner.values(state).ravel())
        [0. 0. 0.]
        [1.5 1.  0. ]

    Source: Sutton & Barto (2018), eqs. 7.4, 7.5 and 7.7.
    """

    learner: Any
    steps: int

    def __post_init__(self) -> None:
        _check_one_step(self.learner, "NStep")
        check_fields(self, steps=as_count)

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Window:
        """The learner's table, and nothing that waits; draws nothing."""
        return Window(self.learner.start(shape, rng), {})

    def values(self, state: Window) -> Floats:
        """The table."""
        return state.values

    def forget(self, state: Window) -> Window:
        """Without what waits: the unfinished episodes are not gone on with."""
        state.waiting.clear()
        return state

    def update(self, state: Window, transition: Transition, rng: np.random.Generator) -> Window:
        """Move the cell of n steps ago; at the end of an episode, all cells that wait."""
        return self.moves(state, transition, rng)[0]

    def moves(
        self, state: Window, transition: Transition, rng: np.random.Generator
    ) -> tuple[Window, list[tuple[Observation, float]]]:
        """`update`, and where it moved a value and by how much, one after the other: for `ValueDifference`."""
        values, transition = state.values, checked(transition, state.values.shape)
        waiting = state.waiting.get(transition.environment, deque())
        over = transition.terminated or transition.truncated
        due = over or len(waiting) + 1 >= self.steps
        total, rate = 0.0, 0.0
        if due:  # what may be refused comes before anything is remembered
            total = 0.0 if transition.terminated else self.learner.following(values, transition)
            rate = value_at(self.learner.learning_rate, "learning_rate", transition.step, maximum=1.0)
        waiting.append((kept(transition.observation), transition.action, transition.reward))
        state.waiting[transition.environment] = waiting
        if not due:
            return state, []
        returns, moved = [], []  # returns of the newest step first
        for _, _, reward in reversed(waiting):
            total = reward + self.learner.discount * total
            returns.append(total)
        for _ in range(len(waiting) if over else 1):
            here, action, _ = waiting.popleft()
            before = value(values, here, action)
            add(values, here, action, rate * (returns.pop() - before))
            moved.append((here, value(values, here, action) - before))
        return state, moved


class Traced(NamedTuple):
    """The table ``(observations, actions)``; for each environment its traces, and which actions the next is one of."""

    values: Floats
    traces: dict[int, tuple[Floats, Any]]


@dataclass(frozen=True)
class EligibilityTraces:
    """Eligibility traces: every weight moves by learning_rate·δ·e, δ the learner's error and e the weight's trace.

    At each step the traces fade by discount·decay, and that of the cell at hand rises by 1 (accumulating) or to 1
    (replacing); at the end of an episode they are cleared. With n active features theirs rise by or to 1/n each, and
    real features x, which only accumulate, add x/‖x‖². The target is so the λ-return, the mean of all n-step
    returns with weights (1 − λ)λⁿ⁻¹. Of `SARSA` this is Sarsa(λ), of `ExpectedSARSA` Expected Sarsa(λ), of `QLearning`
    Watkins's Q(λ), whose traces are cleared by an action that is not greedy. Limits: decay 0 is the learner itself,
    decay 1 is Monte Carlo. Each step costs a pass over the table. Accumulating traces of states that are visited again
    and again may make a large learning rate diverge, where replacing ones do not.

    Args:
        learner: `SARSA`, `ExpectedSARSA` or `QLearning`.
        decay: λ in [0, 1].
        kind: ``"accumulating"`` or ``"replacing"``.

    Raises:
        TypeError: A learner without ``following``.
        ValueError: Another kind; in ``update``: replacing traces of real features, which have none to replace.

    Example:
        >>> from boltzmann_rl.learners.temporal_difference import SARSA
        >>> learner, rng = EligibilityTraces(SARSA(learning_rate=0.5), decay=0.5), np.random.default_rng(0)
        >>> state = learner.start((3, 1), rng)
        >>> for step, over in enumerate((False, True)):
        ...     seen = Transition(step, step, 0, 1.0, step + 1, terminated=over, truncated=False, next_action=0)
        ...     state = learner.update(state, seen, rng)
        ...     print(learner.values(state).ravel())
        [0.5 0.  0. ]
        [0.75 0.5  0.  ]

    Source: Sutton & Barto (2018), §12.7 and §12.10; Singh & Sutton (1996), *Reinforcement Learning with Replacing
    Eligibility Traces*; Watkins (1989), thesis, ch. 7.
    """

    learner: Any
    decay: float
    kind: str = "accumulating"

    def __post_init__(self) -> None:
        _check_one_step(self.learner, "EligibilityTraces")
        check_fields(self, decay=as_fraction)
        as_choice(self.kind, "kind", ("accumulating", "replacing"))

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Traced:
        """The learner's table, and no traces; draws nothing."""
        return Traced(self.learner.start(shape, rng), {})

    def values(self, state: Traced) -> Floats:
        """The table."""
        return state.values

    def forget(self, state: Traced) -> Traced:
        """Without traces: the unfinished episodes are not gone on with."""
        state.traces.clear()
        return state

    def update(self, state: Traced, transition: Transition, rng: np.random.Generator) -> Traced:
        """Move all weights with a trace."""
        values, transition = state.values, checked(transition, state.values.shape)
        here, action = transition.observation, transition.action
        if self.kind == "replacing" and not isinstance(here, int) and here.dtype.kind == "f":
            raise ValueError("replacing traces need features that are active or not, got real ones: accumulate them")
        now = value(values, here, action)
        error = target_of(self.learner, values, transition) - now
        rate = value_at(self.learner.learning_rate, "learning_rate", transition.step, maximum=1.0)
        traces, available = state.traces.get(transition.environment, (None, None))
        if traces is None:
            traces = np.zeros_like(values)
        if learner_traits(self.learner).off_policy:
            choices: Any = row(values, here)
            if now < (choices if available is None else choices[available]).max():
                traces[...] = 0.0
        self._mark(traces, here, action)
        over = transition.terminated or transition.truncated
        with np.errstate(under="ignore"):  # old traces may fade to 0
            values += rate * error * traces
            traces *= 0.0 if over else self.learner.discount * self.decay
        following = None if over or transition.next_available is None else transition.next_available.copy()
        state.traces[transition.environment] = traces, following
        return state

    def _mark(self, traces: Floats, here: Observation, action: int) -> None:
        """Let the traces of what was just done rise."""
        if self.kind == "accumulating":
            add(traces, here, action, 1.0)
        else:
            traces[cells(here, action)] = 1.0 / np.size(here)


def _check_one_step(learner: Any, name: str) -> None:
    if not callable(learner_traits(learner).following):
        raise TypeError(f"{name} needs a learner with following(values, transition), as SARSA has, got {learner!r}")
