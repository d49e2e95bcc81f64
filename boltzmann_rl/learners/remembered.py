"""The check of learners' unfinished episodes when they are read from a file."""

import math
from collections import deque
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.learners.feedback import Surprise, Thresholds
from boltzmann_rl.learners.policy_gradient import Criticised, Episodes, Played
from boltzmann_rl.learners.temporal_returns import Traced, Window


def check_remembered(state: Any, environments: int) -> None:
    """Refuse unfinished episodes that a learner of this package cannot have; states of other learners pass.

    Args:
        state: A learner's state, whose arrays have the right shapes.
        environments: Their number: unfinished episodes are kept by the index of the environment.

    Raises:
        ValueError: The message names the environment and shows its episode.
    """
    if isinstance(state, Surprise | Thresholds):
        check_remembered(state.learner, environments)
    if isinstance(state, Thresholds | Window | Traced | Episodes | Criticised):
        for key, episode in state[-1].items():
            if not (type(key) is int and 0 <= key < environments and _is_valid(state, episode)):
                raise ValueError(f"the learner can't have the episode {episode!r:.100} in environment {key!r:.20}")


def _is_valid(state: Any, episode: Any) -> bool:
    match state:
        case Thresholds():
            return type(episode) is float
        case Criticised():
            return type(episode) is float and 0.0 <= episode <= 1.0
        case Window(values, _):
            return type(episode) is deque and all(
                type(step) is tuple
                and len(step) == 3
                and _is_step(values, step[0], step[2])
                and type(step[1]) is int
                and 0 <= step[1] < values.shape[1]
                for step in episode
            )
        case Episodes(values, _, _):
            return type(episode) is list and all(
                type(step) is Played
                and _is_step(values, step.observation, step.reward)
                and _is_array(step.score, np.float64, values.shape[1:])
                for step in episode
            )
        case _:  # Traced: the traces and the mask
            if not (type(episode) is tuple and len(episode) == 2):
                return False
            (traces, mask), shape = episode, state.values.shape
            return _is_array(traces, np.float64, shape) and (mask is None or _is_array(mask, np.bool_, shape[1:]))


def _is_array(found: Any, dtype: Any, shape: tuple[int, ...]) -> bool:
    return isinstance(found, np.ndarray) and found.dtype == dtype and found.shape == shape


def _is_step(values: Floats, observation: Any, reward: Any) -> bool:
    """Whether the table (or the weights) have this observation, and the reward is finite."""
    rows = len(values)
    if not (type(reward) is float and math.isfinite(reward)):
        return False
    if type(observation) is int:
        return 0 <= observation < rows
    if isinstance(observation, np.ndarray) and observation.ndim == 1 and observation.dtype.kind == "i":
        return bool(((observation >= 0) & (observation < rows)).all())
    return _is_array(observation, np.float64, (rows,))
