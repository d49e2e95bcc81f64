"""n-step returns and eligibility traces around a one-step learner, on tables and features.

They wrap a learner whose ``following(values, transition)`` is the next value in its target (`SARSA`, `ExpectedSARSA`,
`QLearning`), and use its learning rate, its discount and its table or weights. Unfinished episodes are kept for each
environment, so transitions of several environments may come in any order.
"""

from collections import deque
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_choice, as_count, as_fraction, check_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.features import add, cells, row, value
from boltzmann_rl.learners.temporal_difference import target_of
from boltzmann_rl.learners.transitions import EpisodicLearner, checked, kept, returns_of
from boltzmann_rl.protocols import Observation, Transition, learner_traits
from boltzmann_rl.schedules.evaluation import value_at


class Window(NamedTuple):
    """The table ``(observations, A)``; for each environment the steps without a return: observation, action, reward."""

    values: Floats
    waiting: dict[int, deque[tuple[Observation, int, float]]]


@dataclass(frozen=True)
class NStep(EpisodicLearner):
    """The n-step return: Q(s_t,a_t) moves towards r_t + γ r_t+1 + … + γⁿ⁻¹ r_t+n−1 + γⁿ·(the learner's next value).

    `SARSA` makes it n-step Sarsa, `ExpectedSARSA` n-step Expected Sarsa; with `QLearning` the intermediate actions of
    the behaviour policy are not corrected for. At the end of an episode the last steps are updated with shorter
    returns, oldest first, which bootstrap if the episode was truncated. Limits: n = 1 is the learner itself, n → ∞
    (longer than every episode) is Monte Carlo.

    Args:
        learner: `SARSA`, `ExpectedSARSA` or `QLearning`; its schedule is read at the step of the update.
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

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Window:
        """The learner's table, and no steps; draws nothing."""
        return Window(self.learner.start(shape, rng), {})

    def update(self, state: Window, transition: Transition, rng: "np.random.Generator") -> Window:
        """Update the value of n steps ago; at the end of an episode, those of all remaining steps."""
        return self.update_with_changes(state, transition, rng)[0]

    def update_with_changes(
        self, state: Window, transition: Transition, rng: "np.random.Generator"
    ) -> tuple[Window, list[tuple[Observation, float]]]:
        """`update`, and the observations whose values changed with the changes, in order: for `ValueDifference`."""
        values, transition = state.values, checked(transition, state.values.shape)
        waiting = state.waiting.get(transition.environment, deque())
        over = transition.terminated or transition.truncated
        due = over or len(waiting) + 1 >= self.steps
        following, rate = 0.0, 0.0
        if due:  # before the state changes, since these may raise
            following = 0.0 if transition.terminated else self.learner.following(values, transition)
            rate = value_at(self.learner.learning_rate, "learning_rate", transition.step, maximum=1.0)
        waiting.append((kept(transition.observation), transition.action, transition.reward))
        state.waiting[transition.environment] = waiting
        if not due:
            return state, []
        returns, changes = returns_of([step[2] for step in waiting], following, self.learner.discount), []
        for g in returns if over else returns[:1]:
            here, action, _ = waiting.popleft()
            before = value(values, here, action)
            add(values, here, action, rate * (g - before))
            changes.append((here, value(values, here, action) - before))
        return state, changes


class Traced(NamedTuple):
    """The table ``(observations, A)``; for each environment its traces, and the mask of its next action or None."""

    values: Floats
    traces: dict[int, tuple[Floats, Any]]


@dataclass(frozen=True)
class EligibilityTraces(EpisodicLearner):
    """Eligibility traces: every weight moves by learning_rate·δ·e, δ the learner's TD error and e the weight's trace.

    At each step the traces decay by discount·decay, and that of the action taken rises by 1 (accumulating) or to 1
    (replacing); at the end of an episode they are cleared. With n active features theirs rise by or to 1/n each, and
    real features x, which only accumulate, add x/‖x‖². The target is thus the λ-return, the mean of all n-step
    returns with weights (1 − λ)λⁿ⁻¹. `SARSA` makes it Sarsa(λ), `ExpectedSARSA` Expected Sarsa(λ), `QLearning`
    Watkins's Q(λ), which clears the traces at an action that is not greedy. Limits: decay 0 is the learner itself,
    decay 1 is Monte Carlo. Each step costs a pass over the table. With accumulating traces of states that are visited
    often, a large learning rate may diverge; with replacing ones it does not.

    Args:
        learner: `SARSA`, `ExpectedSARSA` or `QLearning`.
        decay: λ in [0, 1].
        kind: ``"accumulating"`` or ``"replacing"``.

    Raises:
        TypeError: A learner without ``following``.
        ValueError: Another kind; in ``update``: replacing traces with real features.

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

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Traced:
        """The learner's table, and no traces; draws nothing."""
        return Traced(self.learner.start(shape, rng), {})

    def update(self, state: Traced, transition: Transition, rng: "np.random.Generator") -> Traced:
        """Move all weights that have a trace."""
        values, transition = state.values, checked(transition, state.values.shape)
        here, action = transition.observation, transition.action
        if self.kind == "replacing" and not isinstance(here, int) and here.dtype.kind == "f":
            raise ValueError("replacing traces need indices of active features, got real features: use accumulating")
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
        if self.kind == "accumulating":
            add(traces, here, action, 1.0)
        else:
            traces[cells(here, action)] = 1.0 / np.size(here)
        over = transition.terminated or transition.truncated
        with np.errstate(under="ignore"):  # old traces may underflow to 0
            values += rate * error * traces
            traces *= 0.0 if over else self.learner.discount * self.decay
        mask = None if over or transition.next_available is None else transition.next_available.copy()
        state.traces[transition.environment] = traces, mask
        return state


def _check_one_step(learner: Any, name: str) -> None:
    if not callable(learner_traits(learner).following):
        raise TypeError(f"{name} needs a learner with following(values, transition), as SARSA has, got {learner!r}")
