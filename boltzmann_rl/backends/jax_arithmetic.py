"""JAX's arithmetic for the formulas of `boltzmann_rl.backends` and of the schedules.

Most names are those of ``jax.numpy``. Reductions run over the actions, the last axis, and keep it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.numpy import (  # noqa: F401 - the namespace that formulas are written over
    abs,
    ceil,
    cos,
    exp,
    expm1,
    floor,
    isfinite,
    isinf,
    log,
    log1p,
    maximum,
    minimum,
    power,
    remainder,
    sqrt,
    stack,
    where,
    zeros_like,
)

constant = lax.stop_gradient
total = partial(jnp.sum, axis=-1, keepdims=True)
highest = partial(jnp.max, axis=-1, keepdims=True)
lowest = partial(jnp.min, axis=-1, keepdims=True)
running_total = partial(jnp.cumsum, axis=-1)
ascending = partial(jnp.sort, axis=-1)


def working(values: Any) -> tuple[Any, Any]:
    """Values in the dtype of the computation, float32 or float64, and the dtype of the answer."""
    values = jnp.asarray(values)
    if not jnp.issubdtype(values.dtype, jnp.floating):
        if values.dtype == bool or jnp.issubdtype(values.dtype, jnp.complexfloating):
            raise TypeError(f"values must be real numbers, got an array of {values.dtype}")
        values = values.astype(float)
    answer = values.dtype
    return (values if answer in (jnp.float32, jnp.float64) else values.astype(jnp.float32)), answer


def asarray(array: Any, dtype: Any = None) -> Any:
    """An array of a dtype: ∞ where a number is too large for it."""
    with np.errstate(over="ignore"):
        return jnp.asarray(array, dtype=dtype)


def like(number: Any, values: Any) -> Any:
    """A number or an array in the dtype of values."""
    return asarray(number, dtype=values.dtype)


def cast(array: Any, dtype: Any) -> Any:
    """The array in another dtype."""
    return array.astype(dtype)


def truth(mask: Any, values: Any) -> Any:
    """A mask as booleans."""
    mask = jnp.asarray(mask)
    if mask.dtype != bool and not jnp.issubdtype(mask.dtype, jnp.integer):
        raise TypeError(f"available must be bool, or 0 and 1, got {mask.dtype}: compare it, as in available > 0.5")
    return mask != 0


def places(values: Any) -> Any:
    """The number of each action, ``(A,)``."""
    return jnp.arange(values.shape[-1], dtype=jnp.int32)


def whole(array: Any, name: str, values: Any = None) -> Any:
    """An array of integers, as it is."""
    found = array if isinstance(array, jax.Array | np.ndarray | np.generic) else jnp.asarray(array)
    if not jnp.issubdtype(found.dtype, jnp.integer):
        raise TypeError(f"{name} must be an integer, or an array of integers, got {found.dtype}: use .astype(int)")
    return found


def limits(values: Any) -> tuple[float, float, float]:
    """Of the values' dtype: the least normal number, the spacing at 1, the largest number."""
    found = jnp.finfo(values.dtype)
    return float(found.tiny), float(found.eps), float(found.max)


def repeat(times: int, step: Callable[[Any], Any], start: Any) -> Any:
    """``step`` applied so many times, in a loop that is compiled once."""
    return lax.fori_loop(0, times, lambda _, state: step(state), start)


@jax.custom_jvp
def quotient(dividend: Any, divisor: Any) -> Any:
    """The quotient; its derivative never squares the divisor, whose square would overflow or underflow."""
    return dividend / divisor


@quotient.defjvp
def _(primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[Any, Any]:
    (dividend, divisor), (by_dividend, by_divisor) = primals, tangents
    found = quotient(dividend, divisor)
    return found, quotient(by_dividend - found * by_divisor, divisor)
