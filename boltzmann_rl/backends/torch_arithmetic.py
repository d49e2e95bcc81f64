"""PyTorch's arithmetic for the formulas of `boltzmann_rl.backends` and of the schedules.

The names are those of NumPy. Reductions run over the actions, the last axis, and keep it.
"""

from collections.abc import Callable
from functools import partial
from math import copysign, inf
from typing import Any

import numpy as np
import torch
from torch import (  # noqa: F401 - the namespace that formulas are written over
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
    sqrt,
    where,
    zeros_like,
)

total = partial(torch.sum, dim=-1, keepdim=True)
highest = partial(torch.amax, dim=-1, keepdim=True)
lowest = partial(torch.amin, dim=-1, keepdim=True)
running_total = partial(torch.cumsum, dim=-1)


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A function of two tensors that takes a tensor and a number as well."""

    def found(a: Any, b: Any) -> Any:
        if not isinstance(a, torch.Tensor):
            a = like(a, b)
        elif not isinstance(b, torch.Tensor):
            b = like(b, a)
        return function(a, b)

    return found


maximum, minimum, power, remainder = map(_binary, (torch.maximum, torch.minimum, torch.pow, torch.remainder))


def tensor(array: Any, dtype: Any = None, device: Any = None) -> Any:
    """A tensor as it is; a copy of an array of NumPy, which may be read-only or reversed."""
    return torch.as_tensor(array.copy() if isinstance(array, np.ndarray) else array, dtype=dtype, device=device)


def asarray(array: Any, dtype: Any = None) -> Any:
    """An array of a Python type's numbers: ``float`` is float64, so that steps keep all digits, where there is one."""
    metal = isinstance(array, torch.Tensor) and array.device.type == "mps"
    widest = torch.float32 if metal else torch.float64
    return tensor(array, dtype={None: None, float: widest, int: torch.int64}[dtype])


def stack(arrays: Any, axis: int = 0) -> Any:
    """Tensors along a new axis."""
    return torch.stack(tuple(arrays), dim=axis)


def ascending(array: Any) -> Any:
    """The array sorted along the actions."""
    return torch.sort(array, dim=-1).values


def constant(array: Any) -> Any:
    """The same numbers, without a gradient."""
    return array.detach()


def working(values: Any) -> tuple[Any, Any]:
    """Values in the dtype of the computation, float32 or float64, and the dtype of the answer."""
    values = tensor(values)
    if not values.dtype.is_floating_point:
        if values.dtype == torch.bool or values.dtype.is_complex:
            raise TypeError(f"values must be real numbers, got a tensor of {values.dtype}")
        values = values.to(torch.get_default_dtype())
    answer = values.dtype
    return (values if answer in (torch.float32, torch.float64) else values.to(torch.float32)), answer


def like(number: Any, values: Any) -> Any:
    """A number or a tensor in the dtype and on the device of values: ∞ where it is too large for that."""
    if isinstance(number, torch.Tensor):
        return number.to(dtype=values.dtype, device=values.device)
    if isinstance(number, float | int):
        most = torch.finfo(values.dtype).max
        number = number if not (number > most or number < -most) else copysign(inf, number)
        return torch.full((), number, dtype=values.dtype, device=values.device)
    return tensor(number, dtype=values.dtype, device=values.device)


def cast(array: Any, dtype: Any) -> Any:
    """The tensor in another dtype."""
    return array.to(dtype)


def truth(mask: Any, values: Any) -> Any:
    """A mask as booleans, on the device of values."""
    mask = tensor(mask, device=values.device)
    if mask.dtype.is_floating_point or mask.dtype.is_complex:
        raise TypeError(f"available must be bool, or 0 and 1, got {mask.dtype}: compare it, as in available > 0.5")
    return mask != 0


def places(values: Any) -> Any:
    """The number of each action, ``(A,)``."""
    return torch.arange(values.shape[-1], device=values.device)


def whole(array: Any, name: str, values: Any = None) -> Any:
    """An array of integers as a tensor, on the device of values if they are given."""
    found = tensor(array, device=None if values is None else values.device)
    if found.dtype.is_floating_point or found.dtype.is_complex or found.dtype == torch.bool:
        raise TypeError(f"{name} must be an integer, or a tensor of integers, got {found.dtype}: use .long()")
    return found


def limits(values: Any) -> tuple[float, float, float]:
    """Of the values' dtype: the least normal number, the spacing at 1, the largest number."""
    found = torch.finfo(values.dtype)
    return found.tiny, found.eps, found.max


def repeat(times: int, step: Callable[[Any], Any], start: Any) -> Any:
    """``step`` applied so many times."""
    for _ in range(times):
        start = step(start)
    return start


def quotient(dividend: Any, divisor: Any) -> Any:
    """The quotient; its derivative never squares the divisor, whose square would overflow or underflow."""
    fixed = divisor.detach()
    return dividend / fixed / (divisor / fixed)
