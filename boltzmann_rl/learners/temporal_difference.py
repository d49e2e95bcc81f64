"""Learners for environments: a table of values, or values linear in features, moved by temporal differences.

Q ← Q + learning_rate·(target − Q) for the action taken, with target = reward + discount·what follows. Nothing follows
a terminated step, so its target is the reward alone; a truncated one is bootstrapped as any other. On features this is
the semi-gradient method with the step size learning_rate/‖x‖² (Sutton & Barto 2018, ch. 9 and 10): ``initial`` is then
that of every weight, and the values of an observation are the sum over its features. A learner reads nothing but its
transition: what it needs of the next decision it names by its attribute ``takes_next``.
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

__all__ = ["SARSA", "DoubleQLearning", "ExpectedSARSA", "QLearning"]


@dataclass(frozen=True)
class _OneTable:
    """What the learners with one table share; each says by ``following(values, transition)`` what its target takes."""

    learning_rate: Parameter = 0.5
    discount: float = 1.0
    initial: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self, learning_rate=_rate, discount=as_fraction, initial=as_finite)

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> Floats:
        """A table ``(observations, actions)`` at ``initial``; draws nothing."""
        return np.full(shape, self.initial)

    def values(self, state: Floats) -> Floats:
        """The table."""
        return state

    def update(self, state: Floats, transition: Transition, rng: np.random.Generator) -> Floats:
        """Move one value towards its target."""
        values, transition = state, checked(transition, state.shape)
        here, action, rate = transition.observation, transition.action, self.learning_rate
        if type(rate) is not float:
            rate = value_at(rate, "learning_rate", transition.step, maximum=1.0)
        old = value(values, here, action)
        amount = rate * (target_of(self, values, transition) - old)
        if type(here) is int:  # what add comes to, without reading the value again
            values[here, action] = old + amount
        else:
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

    off_policy = True  # it learns of the greedy policy, whichever acts: see EligibilityTraces

    def following(self, values: Floats, transition: Transition) -> float:
        """What follows the transition: the largest value available."""
        there: Any = row(values, transition.next_observation)
        if transition.next_available is not None:
            there = there[transition.next_available]
        return max(there.tolist()) if len(there) <= FEW else float(there.max())  # of few, a list's is found sooner


@dataclass(frozen=True)
class SARSA(_OneTable):
    """Sarsa: Q(s,a) ← Q(s,a) + learning_rate·(r + discount·Q(s',a') − Q(s,a)) with the next action a'.

    On-policy: a' was chosen with the table as it was before the update, and is the one that is taken.

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
        """What follows the transition: the value of the next action."""
        if transition.next_action is None:
            raise ValueError(f"SARSA learns from the next action, but {transition} has no next_action")
        return value(values, transition.next_observation, transition.next_action)


@dataclass(frozen=True)
class ExpectedSARSA(_OneTable):
    """Expected Sarsa: Q(s,a) ← Q(s,a) + learning_rate·(r + discount·Σ_b π(b|s')·Q(s',b) − Q(s,a)).

    π are the probabilities that the next action was drawn from, so the target has the mean of `SARSA`'s and less
    variance: where the environment is deterministic, a learning rate of 1 is possible. Limit: for a greedy policy it
    is `QLearning`.

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
        """What follows the transition: the mean value of what the policy does."""
        if transition.next_probabilities is None:
            raise ValueError(f"ExpectedSARSA learns from what may come, but {transition} has no next_probabilities")
        mean = 0.0
        for q, p in zip(row(values, transition.next_observation).tolist(), transition.next_probabilities, strict=True):
            mean += q * float(p)  # one after the other, in the order of the actions
        return mean


class TwoTables(NamedTuple):
    """Two estimates of every value, and their mean, each ``(observations, actions)``."""

    values: Floats
    first: Floats
    second: Floats


@dataclass(frozen=True)
class DoubleQLearning:
    """Double Q-learning: of two tables one says which action is best, and the other what it is worth.

    A fair coin chooses the table Q that is updated, Q(s,a) ← Q(s,a) + learning_rate·(r + discount·Q'(s',b*) − Q(s,a)),
    where b* maximises Q(s',·) and Q' is the other table. The maximum of noisy estimates is too large on average; what
    Q' says of Q's best action is not. The values are the mean of the tables, so a temperature means what it means for
    `QLearning`.

    Args:
        learning_rate: In [0, 1]: a number, or a schedule of all steps taken.
        discount: In [0, 1].
        initial: Value of every action before the first update, finite.
        ties: Where several actions are best for Q: ``"average"`` (the default) takes the mean of Q' over them, which
            has the same expectation and less variance; ``"draw"`` draws one of them, as in the cited algorithm.

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

    def start(self, shape: tuple[int, int], rng: np.random.Generator) -> TwoTables:
        """All at ``initial``; draws nothing."""
        return TwoTables(*(np.full(shape, self.initial) for _ in TwoTables._fields))

    def values(self, state: TwoTables) -> Floats:
        """The mean of the two tables."""
        return state.values

    def update(self, state: TwoTables, transition: Transition, rng: np.random.Generator) -> TwoTables:
        """Move one cell of one table; draws one uniform, below ½ for the first, and with ``ties="draw"`` another."""
        values, first, second = state
        transition = checked(transition, values.shape)
        rate = value_at(self.learning_rate, "learning_rate", transition.step, maximum=1.0)
        table, other = (first, second) if rng.random() < 0.5 else (second, first)
        drawn = rng.random() if self.ties == "draw" else None
        target = transition.reward
        if not transition.terminated:
            available = slice(None) if transition.next_available is None else transition.next_available
            chosen: Any = row(table, transition.next_observation)[available]
            judged: Any = row(other, transition.next_observation)[available][chosen == np.maximum.reduce(chosen)]
            if drawn is None:
                target += self.discount * (float(np.add.reduce(judged)) / len(judged))
            else:
                target += self.discount * float(judged[int(drawn * len(judged))])
        here, action = transition.observation, transition.action
        add(table, here, action, rate * (target - value(table, here, action)))
        moved = cells(here, action)
        values[moved] = 0.5 * (first[moved] + second[moved])
        return state


def target_of(learner: Any, values: Floats, transition: Transition) -> float:
    """The reward, and unless the task ended, the discounted value of what follows."""
    target = transition.reward
    if not transition.terminated:
        target += learner.discount * learner.following(values, transition)
    return target


def forgotten(learner: Any, state: Any) -> Any:
    """A learner's state without what unfinished episodes have left in it, by its ``forget(state)`` if it has one."""
    forget = learner_traits(learner).forget
    return state if forget is None else forget(state)


_rate = partial(as_parameter, maximum=1.0)
