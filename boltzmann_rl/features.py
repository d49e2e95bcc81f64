"""Action values that are linear in features x of an observation: q(·) = Σ_i x_i·w_i, one row of weights a feature.

An observation is written in one of three ways. An index is a table's: one feature, and its row is the values. An array
of indices names the features that are active (tile coding), and an array of floats weighs all of them. So whoever
learns on a table learns on features by the same lines.
"""

from typing import Any

from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats

__all__ = ["Observation", "add", "row"]

Observation = int | NDArray[Any]


def row(weights: Floats, observation: Observation) -> Floats:
    """The values of all actions ``(A,)``; of an index a view.

    Example:
        >>> import numpy as np
        >>> weights = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
        >>> row(weights, 2), row(weights, np.array([0, 2])), row(weights, np.array([0.5, 0.0, 0.5]))
        (array([4., 5.]), array([4., 6.]), array([2., 3.]))
    """
    if isinstance(observation, int):
        values: Floats = weights[observation]
        return values
    if observation.dtype.kind == "i":
        return weights[observation].sum(axis=0)
    return observation @ weights


def add(weights: Floats, observation: Observation, action: int, amount: float) -> None:
    """Move the value of an action by ``amount``, along its gradient: w ← w + amount·x / ‖x‖².

    So a learning rate is the share of an error that is corrected, whatever the number and size of the features.

    Example:
        >>> import numpy as np
        >>> weights = np.zeros((3, 2))
        >>> add(weights, np.array([0, 2]), 1, 0.5)
        >>> weights[:, 1], row(weights, np.array([0, 2]))[1]
        (array([0.25, 0.  , 0.25]), np.float64(0.5))
    """
    if isinstance(observation, int):
        weights[observation, action] += amount
    elif observation.dtype.kind == "i":
        weights[observation, action] += amount / len(observation)
    else:
        square = float(observation @ observation)
        if square > 0.0:  # without a feature there is nothing to learn of
            weights[:, action] += observation * (amount / square)
