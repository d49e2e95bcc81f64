"""The logistic function, which is the softmax of two actions, and normalisations based on it."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, real_array, unwrap


def logistic(x: Any) -> Any:
    """The logistic sigmoid 1 / (1 + exp(−x)): the probability of the first of two actions whose values differ by x.

    softmax([a, b], temperature)[0] = logistic((a − b) / temperature). Neither tail overflows, and the lower one
    keeps its digits: logistic(−700) is 9.9e-305.

    Args:
        x: Any shape, in units of the temperature; ±inf gives 1 and 0.

    Returns:
        Same shape, a float for a number.

    Raises:
        ValueError: A NaN.

    Example:
        >>> logistic(0.0), logistic(float("-inf"))
        (0.5, 0.0)
    """
    x = real_array(x, "x")
    if np.isnan(x).any():
        raise ValueError("x must not contain nan")
    with np.errstate(all="ignore"):
        tail = np.exp(-np.abs(x))
        return unwrap(np.where(x >= 0.0, 1.0, tail) / (1.0 + tail))


def logistic_normalize(x: Any) -> Floats:
    """Sigmoidal normalisation into (0, 1): 1 / (1 + exp(−z)), z = (x − mean) / sd along the last axis.

    Nearly linear around the mean; outliers are squashed smoothly instead of clipped. The standard deviation is that
    of the population (``ddof`` 0). A constant row gives the midpoint ½.

    Args:
        x: Finite numbers ``(..., A)``.

    Returns:
        Same shape, in (0, 1) up to rounding.

    Raises:
        ValueError: Numbers that are not finite, or an empty last axis.

    Example:
        >>> logistic_normalize([1.0, 2.0, 3.0]).round(4)
        array([0.2271, 0.5   , 0.7729])

    Source: Priddy & Keller (2005), *Artificial Neural Networks: An Introduction*, §2.2.
    """
    normalised: Floats = logistic(_standardised(x))
    return normalised


def tanh_normalize(x: Any) -> Floats:
    """Sigmoidal normalisation into (−1, 1): tanh(z / 2) = 2·logistic(z) − 1, z = (x − mean) / sd on the last axis.

    Args:
        x: Finite numbers ``(..., A)``.

    Returns:
        Same shape; a constant row gives the midpoint 0.

    Raises:
        ValueError: Numbers that are not finite, or an empty last axis.

    Example:
        >>> tanh_normalize([5.0, 5.0])
        array([0., 0.])

    Source: Priddy & Keller (2005), *Artificial Neural Networks: An Introduction*, §2.2.
    """
    return np.tanh(_standardised(x) / 2.0)


def _standardised(x: Any) -> Floats:
    x = real_array(x, "x")
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"x is empty: shape {x.shape} has no numbers along the last axis")
    if not np.isfinite(x).all():
        raise ValueError("x must be finite: a row with nan or inf has no standard deviation")
    # z is invariant to shift and scale. Dividing by a power of two, shifting the minimum to 0 and scaling the maximum
    # to 1 keep the mean from rounding away small differences and the squares from over- or underflowing.
    with np.errstate(all="ignore"):
        _, exponent = np.frexp(np.abs(x).max(axis=-1, keepdims=True))
        x = np.ldexp(x, -exponent)
        x = x - x.min(axis=-1, keepdims=True)
        largest = x.max(axis=-1, keepdims=True)
        x /= largest  # 0 / 0 in a constant row
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True))
        return np.where(largest == 0.0, 0.0, centred / deviation)
