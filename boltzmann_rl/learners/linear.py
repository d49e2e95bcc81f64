"""The multinomial logit over features: preferences that are linear in a context, for contextual bandits.

Unlike other learners for bandits, ``values(state, contexts)`` and ``update`` take the context of each row, and all rows
have the same weights.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_positive, check_fields, real_array
from boltzmann_rl.arguments.near_names import dataclass, suggesting
from boltzmann_rl.learners.bandit_feedback import Actions, feedback_of
from boltzmann_rl.numerics import log_softmax, softmax


class Weights(NamedTuple):
    """Coefficients ``(A, d)`` and intercepts ``(A,)``; mean ``()`` and number ``()`` of the rewards seen."""

    coefficients: Floats
    intercepts: Floats
    reward: Floats
    seen: Floats


@dataclass(frozen=True)
class LinearPreferences:
    """REINFORCE with a baseline over linear preferences h(x) = W x + c, for the policy ``Boltzmann(1.0)``.

    W ← W + learning_rate·mean over the rows of (π(A)/p(A))·(R − R̄)·(1[a = A] − π)·xᵀ, and c likewise with x = 1:
    gradient ascent on the expected reward of π = softmax(h), with R̄ the mean of all earlier rewards (in the first
    update, of its own). The actions may be drawn with the probabilities p of another policy, such as
    `EpsilonBoltzmann`; those of ``Boltzmann(1.0)`` give every row the weight 1.

    Args:
        learning_rate: In (0, ∞).

    Raises:
        ValueError: In ``update``: not one context, action and reward per row, an action that does not exist or whose
            probability was 0, a context or reward that is not finite.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> learner, rng = LinearPreferences(learning_rate=0.5), np.random.default_rng(0)
        >>> state = learner.start((2, 3), rng)  # features, actions
        >>> contexts = np.array([[1.0, 0.0], [0.0, 1.0]])
        >>> pi = Boltzmann(1.0)(learner.values(state, contexts), step=0)
        >>> state = learner.update(state, contexts, np.array([0, 1]), np.array([1.0, 0.0]), pi, rng)
        >>> learner.values(state, contexts).round(3)
        array([[ 0.208, -0.167, -0.042],
               [ 0.167, -0.208,  0.042]])

    Source: Williams (1992), *Machine Learning* 8, §5; Sutton & Barto (2018), §13.4 and exercise 13.3.
    """

    learning_rate: float
    takes_propensity = True

    def __post_init__(self) -> None:
        check_fields(self, learning_rate=as_positive)

    def start(self, shape: tuple[int, int], rng: "np.random.Generator") -> Weights:
        """All weights 0, for ``shape`` = (features, actions); draws nothing."""
        features, actions = shape
        return Weights(np.zeros((actions, features)), np.zeros(actions), np.zeros(()), np.zeros(()))

    def values(self, state: Weights, contexts: Floats) -> Floats:
        """The preferences ``(rows, A)`` in contexts ``(rows, d)``."""
        return contexts @ state.coefficients.T + state.intercepts

    def update(
        self, state: Weights, contexts: Floats, action: Actions, reward: Floats, probabilities: Floats, rng: Any
    ) -> Weights:
        """One step along the estimated gradient; draws nothing."""
        x = _contexts(contexts, state.coefficients.shape[1])
        cells, reward, propensity = feedback_of(self, (len(x), len(state.intercepts)), action, reward, probabilities)
        score = -softmax(self.values(state, x))
        ratio = -score.reshape(-1)[cells] / propensity
        score.reshape(-1)[cells] += 1.0
        baseline = reward.mean() if state.seen == 0.0 else state.reward
        score *= (self.learning_rate / len(x) * ratio * (reward - baseline))[:, np.newaxis]
        state.coefficients[...] += score.T @ x
        state.intercepts[...] += score.sum(axis=0)
        state.seen[...] += len(x)
        state.reward[...] += (reward - state.reward).sum() / state.seen
        return state


def _contexts(contexts: Any, features: int) -> Floats:
    """Contexts ``(rows, features)``, with at least one row; one context ``(features,)`` is one row."""
    x = real_array(contexts, "contexts")
    x = x[np.newaxis] if x.ndim == 1 else x
    if x.ndim != 2 or x.shape[1] != features or len(x) == 0:
        raise ValueError(f"contexts must have the shape (rows, {features}), with at least one row, got {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError(f"contexts must be finite, got {x[~np.isfinite(x)][0]}")
    return x


@suggesting
def fit_logit(contexts: Any, actions: Any, *, penalty: float = 1.0) -> Weights:
    """The multinomial logit that best explains chosen actions: minimises −Σ log π(a|x) + ½·penalty·‖W‖².

    The intercepts are not penalised; of all that give the same probabilities those with sum 0 are returned.

    Args:
        contexts: ``(rows, d)``; features of similar scales suit the penalty and converge faster.
        actions: The chosen (or correct) action of each row: integers 0 … A − 1, each of which occurs.
        penalty: > 0, finite: 1/C of scikit-learn.

    Returns:
        Weights for `LinearPreferences.values`, from which its ``update`` can continue.

    Raises:
        ValueError: Shapes that do not fit, contexts that are not finite, actions that never occur.
        RuntimeError: The minimum was not reached.

    Example:
        >>> weights = fit_logit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1], penalty=1.0)
        >>> softmax(LinearPreferences(0.1).values(weights, np.array([[1.5], [3.0]]))).round(4)
        array([[0.5   , 0.5   ],
               [0.2905, 0.7095]])

    Source: McFadden (1974), *Conditional Logit Analysis of Qualitative Choice Behavior*; Bishop (2006), §4.3.4.
    """
    from scipy.optimize import minimize  # imported here: importing SciPy is slow

    x, chosen = _training_set(contexts, actions)
    shape = chosen.shape[1], x.shape[1]
    penalties = np.append(np.full(x.shape[1] - 1, as_positive(penalty, "penalty")), 0.0)

    def loss_and_gradient(flat: Floats) -> tuple[float, Floats]:
        w = flat.reshape(shape)
        log_p = log_softmax(x @ w.T)
        loss = 0.5 * float((penalties * w**2).sum()) - float(log_p[chosen].sum())
        return loss, ((np.exp(log_p) - chosen).T @ x + penalties * w).ravel()

    def hessian_times(flat: Floats, direction: Floats) -> Floats:
        p, v = softmax(x @ flat.reshape(shape).T), direction.reshape(shape)
        moved = p * (x @ v.T)
        return ((moved - p * moved.sum(axis=1, keepdims=True)).T @ x + penalties * v).ravel()

    with np.errstate(under="ignore"):  # NumPy's default, which the caller may have changed
        found = minimize(
            loss_and_gradient,
            np.zeros(math.prod(shape)),
            jac=True,
            hessp=hessian_times,
            method="trust-ncg",
            options={"gtol": 1e-9 * len(x), "maxiter": 1000},
        )
    if np.abs(found.jac).max() > 1e-6 * len(x):
        raise RuntimeError(f"the minimum of the log-loss was not reached ({found.message}): scale the features alike")
    w = found.x.reshape(shape)
    return Weights(w[:, :-1].copy(), w[:, -1] - w[:, -1].mean(), np.zeros(()), np.zeros(()))


def _training_set(contexts: Any, actions: Any) -> tuple[Floats, NDArray[np.bool_]]:
    """Contexts with a last column of 1 for the intercept, and the actions as rows with one True."""
    x, a = real_array(contexts, "contexts"), np.asarray(actions)
    if x.ndim != 2 or a.shape != x.shape[:1] or a.size == 0:
        raise ValueError(
            "contexts must have shape (rows, d) and actions (rows,), with at least one row, "
            f"got {x.shape} and {a.shape}"
        )
    if not np.isfinite(x).all():
        raise ValueError(f"contexts must be finite, got {x[~np.isfinite(x)][0]}")
    if a.dtype.kind not in "iu":
        raise TypeError(f"actions must be integers, got {a.dtype}")
    chosen = a[:, np.newaxis] == np.arange(a.max() + 1)
    if a.min() < 0 or not chosen.any(axis=0).all():
        raise ValueError(f"actions must be 0 … A − 1, each chosen at least once, got {np.unique(a)}")
    return np.column_stack([x, np.ones(len(x))]), chosen
