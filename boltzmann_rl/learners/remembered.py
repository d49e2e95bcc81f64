"""The check of learners' unfinished episodes when they are read from a file."""

from collections import deque
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.learners.feedback import Surprise, Thresholds
from boltzmann_rl.learners.policy_gradient import Criticised, Episodes, Played
from boltzmann_rl.learners.temporal_returns import Traced, Window

__all__ = ["check_remembered"]


def check_remembered(state: Any, environments: int) -> None:
    """Refuse unfinished episodes that a learner of this package cannot have; states of other learners pass.

    Args:
        state: A learner's state, whose arrays have the right shapes.
        environments: Their number: unfinished episodes are kept by the index of the environment.

    Raises:
        ValueError: The message says what is wrong.
    """
    match state:
        case Surprise(learner, _):
            check_remembered(learner, environments)
        case Thresholds(learner, _, returns):
            check_remembered(learner, environments)
            for total in _by_environment(returns, environments):
                _expect(type(total) is float, "a return", total)
        case Window(values, waiting):
            for steps in _by_environment(waiting, environments):
                _expect(type(steps) is deque, "a window of steps", steps)
                for step in steps:
                    _expect(_is_tuple(step, 3), "a step that waits", step)
                    _check_step(values, step[0], step[2])
                    _expect(type(step[1]) is int and 0 <= step[1] < values.shape[1], "an action", step[1])
        case Traced(values, traces):
            for pair in _by_environment(traces, environments):
                _expect(_is_tuple(pair, 2), "a pair of traces and mask", pair)
                _expect(_is_array(pair[0], np.float64, values.shape), "traces", pair[0])
                _expect(pair[1] is None or _is_array(pair[1], np.bool_, values.shape[1:]), "a mask", pair[1])
        case Episodes(values, _, played):
            for steps in _by_environment(played, environments):
                _expect(type(steps) is list, "an episode", steps)
                for step in steps:
                    _expect(type(step) is Played, "a step of an episode", step)
                    _check_step(values, step.observation, step.reward)
                    _expect(_is_array(step.score, np.float64, values.shape[1:]), "a score", step.score)
        case Criticised(_, _, fading):
            for weight in _by_environment(fading, environments):
                _expect(type(weight) is float and 0.0 <= weight <= 1.0, "a weight in [0, 1]", weight)


def _expect(right: bool, what: str, found: Any) -> None:
    if not right:
        raise ValueError(f"the learner's memory must hold {what}, got {found!r:.100}")


def _by_environment(memory: dict[Any, Any], environments: int) -> list[Any]:
    for key in memory:
        _expect(type(key) is int and 0 <= key < environments, f"numbers of {environments} environments", key)
    return list(memory.values())


def _is_tuple(found: Any, size: int) -> bool:
    return type(found) is tuple and len(found) == size


def _is_array(found: Any, dtype: Any, shape: tuple[int, ...]) -> bool:
    return isinstance(found, np.ndarray) and found.dtype == dtype and found.shape == shape


def _check_step(values: Floats, observation: Any, reward: Any) -> None:
    """Refuse an observation that the table or the weights lack, and a reward that is not finite."""
    _expect(type(reward) is float and bool(np.isfinite(reward)), "a finite reward", reward)
    rows = len(values)
    if type(observation) is int:
        right = 0 <= observation < rows
    elif isinstance(observation, np.ndarray) and observation.ndim == 1 and observation.dtype.kind == "i":
        right = bool(((observation >= 0) & (observation < rows)).all())
    else:
        right = _is_array(observation, np.float64, (rows,))
    _expect(right, f"observations of {rows} rows", observation)
