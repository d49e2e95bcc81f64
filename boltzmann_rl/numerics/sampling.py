"""From values to a decision: masks, and the inverse of the distribution function."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_available, as_generator, place, real_array
from boltzmann_rl.arguments.arrays import rounding_of
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.numerics.columns import running_sums
from boltzmann_rl.numerics.untried import UntriedFirst

# How far a row of probabilities may sum from 1: float32 networks are off by 1e-7, mistakes by 1e-2.
_SUM_TOLERANCE = 1e-5

# The tolerance for half precision is never wider than this.
_COARSEST = 1e-2


@suggesting
def mask(values: Any, available: Any) -> Floats:
    """The values with −inf where an action is not available; values there are never read.

    Args:
        values: Action values ``(..., A)``.
        available: Same shape: bool, or integers all 0 or 1 (Gymnasium's int8 ``action_mask``). Masks are not
            broadcast.

    Returns:
        A new array ``(..., A)``.

    Raises:
        TypeError: A mask that is neither bool nor integer.
        ValueError: A mask of another shape, with numbers other than 0 and 1, or with a row without action.

    Example:
        >>> mask([1.0, float("nan"), 3.0], [1, 0, 1])
        array([  1., -inf,   3.])
    """
    if isinstance(values, UntriedFirst):
        return values.among(as_available(available, values.shape))
    values = real_array(values, "values")
    return np.where(as_available(available, values.shape), values, -np.inf)


@suggesting
def invert(probabilities: Any, u: Any) -> Any:
    """The action at which the distribution function passes ``u``: the inverse-CDF sample.

    action = min{i : p_1 + … + p_i > u · Σp}. A ``u`` exactly on a boundary goes to the right. ``u`` is scaled by the
    last cumulative sum, so that rounding never chooses an impossible action.

    Args:
        probabilities: ``(..., A)``, rows that sum to 1 within 1e-5, as those of float32 networks do; in float16 and
            bfloat16 within the rounding of the format, about 1e-3 and 8e-3.
        u: ``(...,)`` in [0, 1).

    Returns:
        An int for one row, an int64 array ``(...,)`` otherwise.

    Raises:
        ValueError: Rows that are not distributions, or ``u`` outside [0, 1) or of another shape.

    Example:
        >>> invert([0.5, 0.0, 0.0, 0.5], 0.5)
        3
    """
    probabilities = as_probabilities(probabilities)
    u = real_array(u, "u")
    if u.shape != probabilities.shape[:-1]:
        raise ValueError(f"u has shape {u.shape}, the rows of probabilities have {probabilities.shape[:-1]}")
    if not ((u >= 0.0) & (u < 1.0)).all():
        raise ValueError(f"u must be in [0, 1), got {u[~((u >= 0.0) & (u < 1.0))].flat[0]}")
    with np.errstate(under="ignore"):
        return inverse_cdf(probabilities, u)


@suggesting
def sample(probabilities: Any, rng: "np.random.Generator") -> Any:
    """An action drawn from each row of probabilities; consumes exactly one uniform of ``rng`` per row.

    Args:
        probabilities: ``(..., A)``, rows that sum to 1, as in `invert`.
        rng: The random generator.

    Returns:
        An int for one row, an int64 array ``(...,)`` otherwise. Never an action of probability 0.

    Raises:
        ValueError: Rows that are not distributions.
        TypeError: An ``rng`` that is not a ``numpy.random.Generator``.

    Example:
        >>> sample([0.0, 1.0, 0.0], np.random.default_rng(0))
        1
    """
    probabilities = as_probabilities(probabilities)
    return inverse_cdf(probabilities, as_generator(rng).random(probabilities.shape[:-1]))


def as_probabilities(probabilities: Any, name: str = "probabilities") -> Floats:
    """Probabilities as float64, checked: no entry negative or NaN, each row summing to 1 within 1e-5.

    In half precision (float16, bfloat16) the sum may be off by twice the rounding error of its entries, at most 1e-2;
    the rows are then normalised.
    """
    p = real_array(probabilities, name)
    if p.ndim == 0 or p.shape[-1] == 0:
        raise ValueError(f"{name} are empty: shape {p.shape} holds no action")
    if not (p >= 0.0).all():
        negative = ~(p >= 0.0)
        raise ValueError(f"{place(name, negative)} is {p[negative][0]}: probabilities are 0 or more")
    total = np.einsum("...a->...", p)  # five times faster than sum over a short last axis
    if (abs(total - 1.0) <= _SUM_TOLERANCE).all():
        return p
    relative, least = rounding_of(probabilities)
    tolerance = min(_COARSEST, max(_SUM_TOLERANCE, relative + p.shape[-1] * least))
    wrong = ~(abs(total - 1.0) <= tolerance)
    if wrong.any():
        raise ValueError(
            f"{name} must sum to 1 in each row, got a sum of {total[wrong].flat[0]}: is the softmax taken over the "
            "last axis? For rounding in short formats such as float16, use float32 or divide by the sum"
        )
    with np.errstate(under="ignore"):
        normal: Floats = p / total[..., np.newaxis]
    return normal


def inverse_cdf(p: Floats, u: float | Floats) -> Any:
    """`invert` for arguments already converted.

    There always is such an action, of a probability above 0: see `boltzmann_rl.numerics.plain.pick`.
    """
    if p.ndim == 1:
        cdf = p.cumsum()
        return int(cdf.searchsorted(u * cdf[-1], side="right"))
    cdf = running_sums(p)
    actions: NDArray[np.int64] = (cdf <= u * cdf[-1]).sum(axis=0)
    return actions
