"""Action values that are linear in features x of an observation: q(s,·) = Σ_i x_i·w_i, one row of weights a feature.

An observation is an index (a table: one feature, whose row of weights are the values), an array of different indices
(the active features, as of tile coding), or an array of floats (all features). So the same learners work on tables and
on features.
"""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.protocols import Observation

_INDEX = (int, np.integer)


def row(weights: Floats, observation: Observation) -> Floats:
    """The values of all actions ``(A,)``; for an index a view.

    Args:
        weights: ``(features, A)``.
        observation: An index, an array of the indices of active features, or an array of real features.

    Example:
        >>> weights = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
        >>> row(weights, 2), row(weights, np.array([0, 2])), row(weights, np.array([0.5, 0.0, 0.5]))
        (array([4., 5.]), array([4., 6.]), array([2., 3.]))
    """
    if isinstance(observation, _INDEX):
        values: Floats = weights[observation]
        return values
    if observation.dtype.kind == "f":
        with np.errstate(under="ignore"):
            return observation @ weights
    total: Floats = np.add.reduce(weights.take(observation, axis=0))
    return total


def value(weights: Floats, observation: Observation, action: int) -> float:
    """The value of one action.

    Example:
        >>> weights = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
        >>> value(weights, 2, 0), value(weights, np.array([0, 2]), 0)
        (4.0, 4.0)
    """
    if isinstance(observation, _INDEX):
        return weights.item(observation, action)
    return float(row(weights, observation)[action])  # the same sum as in `row`, to the last bit


def cells(observation: Observation, action: int) -> Any:
    """The index of the weights of an action's value.

    Example:
        >>> cells(2, 0), cells(np.array([0.5, 0.0, 0.5]), 1)
        ((2, 0), (slice(None, None, None), 1))
    """
    if isinstance(observation, _INDEX) or observation.dtype.kind != "f":
        return observation, action
    return slice(None), action


def add(weights: Floats, observation: Observation, action: int, amount: float) -> None:
    """Change the value of an action by ``amount``, along its gradient: w ← w + amount·x / ‖x‖².

    A learning rate is thus the fraction of the error that is corrected, for any number and size of features: with n
    tilings it is n times the step size of the textbooks.

    Example:
        >>> weights = np.zeros((3, 2))
        >>> add(weights, np.array([0, 2]), 1, 0.5)
        >>> weights[:, 1], value(weights, np.array([0, 2]), 1)
        (array([0.25, 0.  , 0.25]), 0.5)
    """
    if isinstance(observation, _INDEX):
        weights[observation, action] = weights.item(observation, action) + amount  # in plain floats, which are fast
    elif observation.dtype.kind == "f":
        largest = float(np.abs(observation).max())
        if largest > 0.0:  # if all features are 0, no weight matters
            with np.errstate(under="ignore"):
                x = observation / largest  # so that ‖x‖² neither overflows nor is 0
                weights[:, action] += x * (amount / float(x @ x)) / largest
    else:
        weights[observation, action] += amount / len(observation)


def add_row(weights: Floats, observation: Observation, direction: Floats) -> None:
    """Move the weights of all actions, given the gradient with respect to the values: w ← w + x·directionᵀ.

    Args:
        weights: ``(features, A)``.
        observation: As in `row`.
        direction: ``(A,)``.

    Example:
        >>> weights = np.zeros((3, 2))
        >>> add_row(weights, np.array([0.5, 0.0, 1.0]), np.array([-1.0, 1.0]))
        >>> weights
        array([[-0.5,  0.5],
               [ 0. ,  0. ],
               [-1. ,  1. ]])
    """
    if isinstance(observation, _INDEX) or observation.dtype.kind != "f":
        weights[observation] += direction
    else:
        with np.errstate(under="ignore"):
            weights += np.outer(observation, direction)
