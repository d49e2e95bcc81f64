"""The maximum and its relatives: argmax, the greedy and the uniform distribution, mellowmax, sparsemax."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_number, as_temperature, as_values, check_best, unwrap
from boltzmann_rl.numerics.softmax import exponents

__all__ = ["argmax", "greedy", "mellowmax", "sparsemax", "uniform"]


def argmax(values: Any) -> Any:
    """The index of the first maximum: the class that a softmax classifier predicts, at any temperature.

    To break ties by chance draw from `greedy` instead.

    Args:
        values: ``(..., A)``: values, logits or probabilities, −inf where an action is not available.

    Returns:
        An int for one row, an int64 array ``(...,)`` otherwise.

    Raises:
        ValueError: A NaN or +inf, nothing available, or an empty action axis.

    Example:
        >>> argmax([[0.1, 0.7, 0.2], [3.0, 1.0, 3.0]])
        array([1, 0])
    """
    values = as_values(values)
    check_best(values, values.max(axis=-1, keepdims=True))
    best = values.argmax(axis=-1)
    return int(best) if values.ndim == 1 else best


def greedy(values: Any) -> Floats:
    """The greedy distribution, uniform over the exactly equal maxima: the softmax at temperature 0.

    Args:
        values: Action values ``(..., A)``.

    Returns:
        Probabilities ``(..., A)``.

    Raises:
        ValueError: As `softmax`.

    Example:
        >>> greedy([1.0, 3.0, 3.0])
        array([0. , 0.5, 0.5])
    """
    values = as_values(values)
    best = values.max(axis=-1, keepdims=True)
    check_best(values, best)
    winners = values == best
    return winners / winners.sum(axis=-1, keepdims=True)


def uniform(values: Any) -> Floats:
    """The uniform distribution over the available actions: the softmax at temperature ∞.

    Args:
        values: Action values ``(..., A)``, of which only −inf matters.

    Returns:
        Probabilities ``(..., A)``.

    Raises:
        ValueError: As `softmax`.

    Example:
        >>> uniform([1.0, float("-inf"), 3.0])
        array([0.5, 0. , 0.5])
    """
    values = as_values(values)
    check_best(values, values.max(axis=-1, keepdims=True))
    available = ~np.isneginf(values)
    return available / available.sum(axis=-1, keepdims=True)


def mellowmax(values: Any, omega: Any) -> Any:
    """The mellowmax mm_ω(values) = ln((1/n) Σ_i exp(ω values_i)) / ω over the n available actions.

    A softened maximum that, unlike the Boltzmann-weighted mean, is a non-expansion. Limits: the mean as ω → 0,
    the maximum as ω → ∞, the minimum as ω → −∞.

    Args:
        values: Action values ``(..., A)``.
        omega: ω in inverse units of the values, −∞ to ∞.

    Returns:
        ``(...,)``, a float for one row.

    Raises:
        ValueError: A NaN or +inf among the values, nothing available, or a NaN ω.

    Example:
        >>> mellowmax([0.0, 1.0], omega=1e6)
        0.9999993068528195
        >>> mellowmax([0.0, 1.0], omega=0.0)
        0.5

    Source: Asadi & Littman (2017), *An Alternative Softmax Operator for Reinforcement Learning*, §3.
    """
    values, omega = as_values(values), as_number(omega, "omega")
    check_best(values, values.max(axis=-1, keepdims=True))
    available = ~np.isneginf(values)
    # The extreme that ω pulls towards: then every exponent is ≤ 0. The rest is expm1 and log1p, which keep the
    # mean exact as ω → 0.
    if omega >= 0.0:
        extreme = values.max(axis=-1, keepdims=True)
    else:
        extreme = np.where(available, values, np.inf).min(axis=-1, keepdims=True)
    count = available.sum(axis=-1)
    with np.errstate(all="ignore"):
        gap = np.where(available, values - extreme, 0.0)
        if np.isinf(gap).any():  # the difference of two huge values overflows: mm is homogeneous, so halve them
            return 2.0 * mellowmax(values / 2.0, 2.0 * omega)
        if abs(omega) * np.abs(gap).max() < 1e-300:  # in the limit of ω = 0 the products would underflow
            return unwrap(extreme[..., 0] + (gap / count[..., np.newaxis]).sum(axis=-1))
        if np.isinf(omega):
            return unwrap(extreme[..., 0])
        below = np.where(available, np.expm1(omega * gap), 0.0).sum(axis=-1) / count
        return unwrap(extreme[..., 0] + np.log1p(below) / omega)


def sparsemax(values: Any, temperature: Any = 1.0) -> Floats:
    """The sparsemax: the point of the probability simplex nearest to values / temperature.

    p_i = max(z_i − θ, 0) with z = values / temperature and θ such that Σp = 1. Actions far below the best have
    probability exactly 0. Limits: temperature 0 is greedy, temperature ∞ uniform.

    Args:
        values: Action values ``(..., A)``.
        temperature: In units of the values, 0 to ∞: a number, or one per row.

    Returns:
        Probabilities ``(..., A)``.

    Raises:
        ValueError: As `softmax`, or a temperature per action.

    Example:
        >>> sparsemax([1.0, 0.5, -2.0])
        array([0.75, 0.25, 0.  ])

    Source: Martins & Astudillo (2016), *From Softmax to Sparsemax*, algorithm 1.
    """
    values = as_values(values)
    temperature = as_temperature(temperature, values.shape)
    if not isinstance(temperature, float) and temperature.shape[-1] > 1:
        raise ValueError("sparsemax takes one temperature per row: one per action has no definition")
    with np.errstate(all="ignore"):
        z = exponents(values, temperature)
        descending = -np.sort(-z, axis=-1)
        rank = np.arange(1, z.shape[-1] + 1)
        excess = np.where(np.isneginf(descending), 0.0, descending).cumsum(axis=-1) - 1.0
        support = (descending * rank > excess).sum(axis=-1, keepdims=True)
        threshold = np.take_along_axis(excess, support - 1, axis=-1) / support
        p = np.maximum(z - threshold, 0.0)
        return p / p.sum(axis=-1, keepdims=True)
