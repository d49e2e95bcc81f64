"""Feedback for bandit learners: actions, rewards and probabilities, checked before a learner sees them; and logs.

`boltzmann_rl.protocols.LearnerTraits` lists the attributes by which a learner asks for more than actions and rewards.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_rewards, real_array
from boltzmann_rl.arguments.arrays import is_masked, to_numpy
from boltzmann_rl.numerics.sampling import as_probabilities
from boltzmann_rl.protocols import BanditLearner, learner_traits, learns_from

Actions = NDArray[np.int64]
State = TypeVar("State")

# Probabilities may exceed 1 by rounding.
_LARGEST_PROPENSITY = 1.0 + 1e-9


class LegalRewards(NamedTuple):
    """The rewards that a learner accepts: in words, and as a test of an array of rewards."""

    words: str
    legal: Callable[[Floats], NDArray[np.bool_]]


IN_UNIT_INTERVAL = LegalRewards("in [0, 1]", lambda reward: (reward >= 0.0) & (reward <= 1.0))
ZERO_OR_ONE = LegalRewards("0 or 1", lambda reward: (reward == 0.0) | (reward == 1.0))


class Feedback(NamedTuple):
    """The checked actions and rewards of all rows.

    Attributes:
        cells: Flat indices of the chosen actions in arrays ``(rows, A)``.
        reward: ``(rows,)``.
        probabilities: ``(rows, A)`` for learners with ``takes_probabilities``, those of the chosen actions ``(rows,)``
            for learners with ``takes_propensity``, None for others.
    """

    cells: Actions
    reward: Floats
    probabilities: Any


# The names of the arguments in ``update`` and in `learn_from_log`.
_Names = tuple[str, str, str]
_UPDATE, _LOG = ("action", "reward", "probabilities"), ("actions", "rewards", "propensities")


class FeedbackLearner:
    """Shared by bandit learners whose state is an array ``(rows, A)``, or a named tuple that begins with one."""

    def values(self, state: Any) -> Floats:
        """The array."""
        values: Floats = state[0] if isinstance(state, tuple) else state
        return values

    def update(
        self, state: State, action: Actions, reward: Floats, probabilities: Any, rng: "np.random.Generator"
    ) -> State:
        """Learn from one action and one reward per row, in place; draws nothing."""
        shape = FeedbackLearner.values(self, state).shape
        self._learn(state, feedback_of(self, shape, action, reward, probabilities))
        return state

    def _learn(self, state: Any, feedback: Feedback) -> None:
        raise NotImplementedError


def feedback_of(
    learner: Any, shape: tuple[int, ...], action: Any, reward: Any, probabilities: Any, names: _Names = _UPDATE
) -> Feedback:
    """Feedback for the rows of a state of ``shape`` (rows, A), checked.

    With one row, action and reward may be plain numbers. Nothing is broadcast, clipped or wrapped around.

    Raises:
        TypeError: Actions that are not integers, rewards that are not real numbers, probabilities that are missing.
        ValueError: Not one action and one reward per row; an action that does not exist; a reward that is not finite,
            or that the learner does not accept; probabilities of another shape, or 0 for an action that was taken.

    Example:
        >>> from boltzmann_rl.learners import SampleAverage
        >>> feedback_of(SampleAverage(), (2, 3), [0, 2], [1, 0], None).cells
        array([0, 5])
        >>> feedback_of(SampleAverage(), (1, 3), 3, 1.0, None)
        Traceback (most recent call last):
        ValueError: action must be in [0, 2], got 3
    """
    rows, actions = shape
    if rows == 1 and _is_one_decision(action, reward, actions):
        cells, paid = action, reward
    else:
        cells = np.arange(0, rows * actions, actions) + _actions(action, rows, actions, names)
        paid = as_rewards(_one_per_row(reward, rows, names[1], names), names[1])
    needs = learner_traits(learner)
    if needs.rewards is not None:
        legal = needs.rewards.legal(paid)
        if not legal.all():
            raise ValueError(
                f"rewards must be {needs.rewards.words} for {type(learner).__name__}, got {_first(paid, ~legal)}: "
                "rescale them, or take another learner"
            )
    if not needs.takes_probabilities and not needs.takes_propensity:
        return Feedback(cells, paid, None)
    if probabilities is None:
        what = "of all actions" if needs.takes_probabilities else "with which the action was chosen"
        raise TypeError(f"{names[2]} is missing: {learner!r} learns from the probability {what}")
    given = real_array(probabilities, names[2])
    if rows == 1 and given.shape == (actions,):
        given = given.reshape(shape)
    if not needs.takes_probabilities:
        return Feedback(cells, paid, _propensities(given, cells, shape, names[2]))
    if given.shape != shape:
        raise ValueError(
            f"{names[2]} must have the shape {tuple(shape)}: {type(learner).__name__} learns from the probabilities of "
            f"all actions, not only of those chosen, got {given.shape}"
        )
    return Feedback(cells, paid, as_probabilities(given, names[2]))


def learn_from_log(
    learner: BanditLearner,
    state: Any,
    actions: Any,
    rewards: Any,
    propensities: Any = None,
    *,
    rng: "np.random.Generator | None" = None,
) -> Any:
    """Learn from a log of one bandit's decisions in the order in which they were made; returns the state.

    The same, bit for bit, as one ``update`` for each decision. The whole log is checked before the first reward is
    learned, so that a refused log leaves the state unchanged.

    Args:
        learner: For bandits.
        state: Of one row, as ``learner.start((1, A), rng)`` makes it; updated in place.
        actions: ``(n,)``, integers in [0, A).
        rewards: ``(n,)``, finite; bools count as 0 and 1.
        propensities: The probabilities with which the actions were chosen, ``(n,)``, or those of all actions,
            ``(n, A)``. Needed by learners that weight rewards by them, and for all actions by `GradientPreferences`.
        rng: Passed on to the learner's ``update``; only needed where that draws, as no learner of this package does.

    Raises:
        TypeError, ValueError: A learner that is not for bandits, a state of several rows, or feedback that ``update``
            refuses; the message names the index of the first refused decision.

    Example:
        >>> from boltzmann_rl.learners import SampleAverage
        >>> learner, rng = SampleAverage(), np.random.default_rng(0)
        >>> state = learn_from_log(learner, learner.start((1, 3), rng), [0, 0, 1], [1.0, 0.0, 1.0])
        >>> learner.values(state), state.pulls
        (array([[0.5, 1. , 0. ]]), array([[2., 1., 0.]]))
    """
    actions_of_row = _actions_of_one_row(learner, state)
    if np.ndim(actions) != 1 or np.shape(actions) != np.shape(rewards):
        raise ValueError(
            "actions and rewards must both have the shape (n,), one entry for each decision, "
            f"got {np.shape(actions)} and {np.shape(rewards)}"
        )
    decisions = len(actions)
    if decisions == 0:
        return state
    seen = feedback_of(learner, (decisions, actions_of_row), actions, rewards, propensities, _LOG)
    chosen, weights = seen.cells % actions_of_row, seen.probabilities
    if weights is None and propensities is not None:  # a user's learner may read them without saying so
        weights = real_array(propensities, "propensities")
        if weights.shape not in ((decisions,), (decisions, actions_of_row)):
            raise ValueError(f"propensities must have one entry for each of {decisions} decisions, got {weights.shape}")
    for i in range(decisions):
        one = slice(i, i + 1)
        state = learner.update(state, chosen[one], seen.reward[one], None if weights is None else weights[one], rng)
    return state


def _actions_of_one_row(learner: Any, state: Any) -> int:
    if isinstance(learner, type) or not callable(getattr(learner, "update", None)):
        raise TypeError(f"learner must be a learner for bandits, such as SampleAverage(), got {learner!r}")
    if not learns_from(learner, 5):
        raise TypeError(f"learner must learn from actions and rewards alone, got {learner!r}: call its update itself")
    shape = np.shape(learner.values(state))
    if len(shape) != 2 or shape[0] != 1:
        raise ValueError(
            f"state must have one row, as learner.start((1, A), rng) makes it, got values of shape {shape}: a log "
            "holds the decisions of one bandit"
        )
    return shape[1]


def _is_one_decision(action: Any, reward: Any, actions: int) -> bool:
    """Whether these are arrays of one valid decision: plain comparisons cost a third of the array checks."""
    return (
        type(action) is np.ndarray
        and type(reward) is np.ndarray
        and action.shape == reward.shape == (1,)
        and action.dtype == np.int64
        and reward.dtype == np.float64
        and 0 <= action.item() < actions
        and math.isfinite(reward.item())
    )


def _one_per_row(part: Any, rows: int, name: str, names: _Names) -> NDArray[Any]:
    """An array ``(rows,)``, made of a plain number if there is one row."""
    found: NDArray[Any] = to_numpy(part, name)
    if found.shape == (rows,):
        return found
    if rows == 1 and found.ndim == 0:
        return found.reshape(1)
    remedy = ""
    if rows == 1 and found.ndim == 1 and names is _UPDATE:
        remedy = "; learn_from_log(learner, state, actions, rewards, propensities) learns from a log of one row"
    raise ValueError(f"{name} must have one entry for each row, shape ({rows},), got shape {found.shape}{remedy}")


def _actions(action: Any, rows: int, actions: int, names: _Names) -> Actions:
    """One action per row: integers in [0, actions)."""
    name, found = names[0], _one_per_row(action, rows, names[0], names)
    if found.dtype.kind not in "iu" or is_masked(found):
        raise TypeError(f"{name} must be an integer for each row, got {type(action).__name__} of {found.dtype}")
    chosen = found.astype(np.int64, copy=False)
    if np.maximum.reduce(chosen.view(np.uint64), initial=0) >= actions:  # as unsigned, negative integers are huge
        raise ValueError(f"{name} must be in [0, {actions - 1}], got {_first(found, (found < 0) | (found >= actions))}")
    return chosen


def _propensities(found: Floats, cells: Actions, shape: tuple[int, ...], name: str) -> Floats:
    """The probabilities of the chosen actions, from these or from those of all actions."""
    rows, actions = shape
    if found.shape == shape:
        found = found.reshape(-1)[cells]
    elif found.shape != (rows,) and not (rows == 1 and found.ndim == 0):
        raise ValueError(
            f"{name} must have the shape ({rows},), of the chosen actions, or ({rows}, {actions}), of all, "
            f"got {found.shape}"
        )
    p = found.reshape(rows)
    wrong = ~((p > 0.0) & (p <= _LARGEST_PROPENSITY))
    if wrong.any():
        raise ValueError(f"an action was taken whose probability is {_first(p, wrong)}: its weight has no meaning")
    return p


def _first(found: NDArray[Any], wrong: NDArray[np.bool_]) -> str:
    """The first wrong number, with its index if there are several rows."""
    index = int(wrong.argmax())
    return f"{found[index]}{f' at index {index}' if len(found) > 1 else ''}"
