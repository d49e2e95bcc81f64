"""Temporal-difference learners for environments: a table of action values, or values linear in features.

Q(s,a) ← Q(s,a) + learning_rate·(target − Q(s,a)) for the action taken, where the target is the reward plus the
discounted value of the next observation. After a terminated step the target is the reward alone; a truncated step
bootstraps like any other. On features this is the semi-gradient method with the step size learning_rate/‖x‖² (Sutton &
Barto 2018, ch. 9 and 10); ``initial`` is then the initial value of every weight. The attribute ``takes_next`` says
whether a learner needs the next action or its probabilities in the transition.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_choice, as_finite, as_fraction, check_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.features import add, cells, row, value
from boltzmann_rl.learners.transitions import checked
from boltzmann_rl.numerics.plain import FEW
from boltzmann_rl.protocols import Parameter, Transition, learner_traits
from boltzmann_rl.schedules import as_parameter
from boltzmann_rl.schedules.evaluation import value_at

_rate = partial(as_parameter, maximum=1.0)


@dataclass(frozen=True)
class _OneTable:
    """Shared by learners with one table; ``following(values, transition)`` is the next value in each one's target."""

    learning_rate: Parameter = 0.5
    discount: float = 1.0
    initial: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self, learning_rate=_rate, discount=as_fraction, initial=as_finite)

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Floats:
        """A table ``(observations, actions)`` at ``initial``; draws nothing."""
        return np.full(shape, self.initial)

    def values(self, state: Floats) -> Floats:
        """The table."""
        return state

    def update(self, state: Floats, transition: Transition, rng: "np.random.Generator") -> Floats:
        """Move the value of the action taken towards its target."""
        values, transition = state, checked(transition, state.shape)
        here, action, rate = transition.observation, transition.action, self.learning_rate
        if not isinstance(rate, float):
            rate = value_at(rate, "learning_rate", transition.step, maximum=1.0)
        if type(here) is int:  # as below, in half the time
            old = values.item(here, action)
            values[here, action] = old + rate * (target_of(self, values, transition) - old)
        else:
            amount = rate * (target_of(self, values, transition) - value(values, here, action))
            add(values, here, action, amount)
        return values


@dataclass(frozen=True)
class QLearning(_OneTable):
    """Q-learning: Q(s,a) ← Q(s,a) + learning_rate·(r + discount·max_b Q(s',b) − Q(s,a)).

    The maximum is taken over the actions available in s'.

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

    off_policy = True  # its target policy is greedy, whichever policy acts: see EligibilityTraces

    def following(self, values: Floats, transition: Transition) -> float:
        """max_b Q(s',b) over the available actions."""
        there: Any = transition.next_observation
        there = values[there] if type(there) is int else row(values, there)
        if transition.next_available is not None:
            there = there[transition.next_available]
        return max(there.tolist()) if len(there) <= FEW else float(there.max())  # for few actions, lists are faster


@dataclass(frozen=True)
class SARSA(_OneTable):
    """Sarsa: Q(s,a) ← Q(s,a) + learning_rate·(r + discount·Q(s',a') − Q(s,a)) with the next action a'.

    On-policy: a' is the action taken next, chosen with the table before the update.

    Args:
        learning_rate: In [0, 1]: a number, or a schedule of all steps taken.
        discount: In [0, 1].
        initial: Value of every action before the first update, finite.

    Raises:
        ValueError: In ``update``: a transition without its next action.

    Example:
        >>> learner, rng = SARSA(learning_rate=0.5, initial=1.0), np.random.default_rng(0)
        >>> q = learner.start((2, 2), rng)
        >>> learner.update(q, Transition(0, 0, 1, -4.0, 1, terminated=False, truncated=False, next_action=0), rng)
        array([[ 1., -1.],
               [ 1.,  1.]])

    Source: Rummery & Niranjan (1994), *On-Line Q-Learning Using Connectionist Systems*; Sutton & Barto (2018), eq. 6.7.
    """

    takes_next = "action"

    def following(self, values: Floats, transition: Transition) -> float:
        """Q(s',a')."""
        if transition.next_action is None:
            raise ValueError(f"SARSA learns from the next action, but {transition} has no next_action")
        return value(values, transition.next_observation, transition.next_action)


@dataclass(frozen=True)
class ExpectedSARSA(_OneTable):
    """Expected Sarsa: Q(s,a) ← Q(s,a) + learning_rate·(r + discount·Σ_b π(b|s')·Q(s',b) − Q(s,a)).

    π(·|s') are the probabilities that the next action was drawn from, so the target has the mean of `SARSA`'s and less
    variance: in a deterministic environment, a learning rate of 1 is possible. Limit: for a greedy policy it is
    `QLearning`.

    Args:
        learning_rate: In [0, 1]: a number, or a schedule of all steps taken.
        discount: In [0, 1].
        initial: Value of every action before the first update, finite.

    Raises:
        ValueError: In ``update``: a transition without the next probabilities.

    Example:
        >>> learner, rng = ExpectedSARSA(learning_rate=1.0), np.random.default_rng(0)
        >>> q, p = np.array([[0.0, 0.0], [1.0, 5.0]]), np.array([0.25, 0.75])
        >>> seen = Transition(0, 0, 1, -2.0, 1, terminated=False, truncated=False, next_probabilities=p)
        >>> learner.update(q, seen, rng)
        array([[0., 2.],
               [1., 5.]])

    Source: van Seijen, van Hasselt, Whiteson & Wiering (2009), *A Theoretical and Empirical Analysis of Expected
    Sarsa*, algorithm 1; Sutton & Barto (2018), eq. 6.9.
    """

    takes_next = "probabilities"

    def following(self, values: Floats, transition: Transition) -> float:
        """Σ_b π(b|s')·Q(s',b)."""
        p = transition.next_probabilities
        if p is None:
            raise ValueError(f"ExpectedSARSA needs probabilities, but {transition} has no next_probabilities")
        mean = 0.0
        for q, weight in zip(row(values, transition.next_observation).tolist(), p, strict=True):
            mean += q * float(weight)  # summed in the order of the actions, as the compiled engine does
        return mean


class TwoTables(NamedTuple):
    """Two estimates of every value, and their mean, each ``(observations, actions)``."""

    values: Floats
    first: Floats
    second: Floats


@dataclass(frozen=True)
class DoubleQLearning:
    """Double Q-learning: one of two tables selects the best next action, and the other evaluates it.

    The table Q to update is chosen with probability ½: Q(s,a) ← Q(s,a) + learning_rate·(r + discount·Q'(s',b*) −
    Q(s,a)), where b* maximises Q(s',·) and Q' is the other table. The maximum of noisy estimates is too large on
    average; the estimate of Q' for Q's best action is not. The values are the mean of the tables, so a temperature
    has the same scale as with `QLearning`.

    Args:
        learning_rate: In [0, 1]: a number, or a schedule of all steps taken.
        discount: In [0, 1].
        initial: Value of every action before the first update, finite.
        ties: If several actions maximise Q(s',·): ``"average"`` takes the mean of Q' over them, which has the same
            expectation and less variance; ``"draw"`` draws one of them, as in the cited algorithm.

    Example:
        >>> learner, rng = DoubleQLearning(learning_rate=0.5), np.random.default_rng(0)
        >>> state = learner.start((2, 2), rng)
        >>> state = learner.update(state, Transition(0, 0, 1, -1.0, 1, terminated=False, truncated=False), rng)
        >>> learner.values(state)
        array([[ 0.  , -0.25],
               [ 0.  ,  0.  ]])

    Source: van Hasselt (2010), *Double Q-learning*, algorithm 1; Sutton & Barto (2018), eq. 6.10.
    """

    learning_rate: Parameter = 0.5
    discount: float = 1.0
    initial: float = 0.0
    ties: str = "average"

    def __post_init__(self) -> None:
        check_fields(self, learning_rate=_rate, discount=as_fraction, initial=as_finite)
        as_choice(self.ties, "ties", ("average", "draw"))

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> TwoTables:
        """Tables at ``initial``; draws nothing."""
        return TwoTables(*(np.full(shape, self.initial) for _ in TwoTables._fields))

    def values(self, state: TwoTables) -> Floats:
        """The mean of the two tables."""
        return state.values

    def update(self, state: TwoTables, transition: Transition, rng: "np.random.Generator") -> TwoTables:
        """Update one table: the first if a uniform is below ½. With ``ties="draw"`` a second uniform is drawn."""
        values, first, second = state
        transition = checked(transition, values.shape)
        rate = value_at(self.learning_rate, "learning_rate", transition.step, maximum=1.0)
        table, other = (first, second) if rng.random() < 0.5 else (second, first)
        drawn = rng.random() if self.ties == "draw" else None
        target = transition.reward
        if not transition.terminated:
            available = slice(None) if transition.next_available is None else transition.next_available
            own: Any = row(table, transition.next_observation)[available]
            best: Any = row(other, transition.next_observation)[available][own == np.maximum.reduce(own)]
            if drawn is None:
                target += self.discount * (float(np.add.reduce(best)) / len(best))
            else:
                target += self.discount * float(best[int(drawn * len(best))])
        here, action = transition.observation, transition.action
        add(table, here, action, rate * (target - value(table, here, action)))
        changed = cells(here, action)
        values[changed] = 0.5 * (first[changed] + second[changed])
        return state


def target_of(learner: Any, values: Floats, transition: Transition) -> float:
    """The reward, plus the learner's discounted next value unless the transition terminated."""
    target = transition.reward
    if not transition.terminated:
        target += learner.discount * learner.following(values, transition)
    return target


def forgotten(learner: Any, state: Any) -> Any:
    """A learner's state without its unfinished episodes, by ``forget(state)`` if the learner has it."""
    forget = learner_traits(learner).forget
    return state if forget is None else forget(state)
