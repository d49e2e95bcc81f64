"""Arrays of any library as NumPy arrays on the host, without importing any of those libraries."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

# What traces arrays in each library, and where the same policies act on them.
_TRACING = {
    "JAX": ("jit, vmap, grad and scan", "boltzmann_rl.backends.jax"),
    "torch": ("torch.compile, torch.export and torch.func", "boltzmann_rl.backends.torch"),
}

# Of each half-precision format, the relative spacing of numbers at 1, and the spacing of subnormal numbers.
_SPACING = {"float16": (2.0**-10, 2.0**-24), "bfloat16": (2.0**-7, 2.0**-133)}

_BEYOND_NUMPY = "bfloat16", "float8", "float4"

Function = TypeVar("Function", bound=Callable[..., Any])


def untraced(function: Function) -> Function:
    """A decorator: ``torch.compile`` runs the function as it is, and with ``fullgraph=True`` says what to use instead.

    It sets what ``torch.compiler.disable`` sets, without importing torch and without a wrapper.
    """
    marked: Any = function
    marked._torchdynamo_disable = True
    marked._torchdynamo_disable_msg = f"it computes with NumPy: use {_TRACING['torch'][1]}, with the same policies"
    return function


@untraced
def to_numpy(array: Any, name: str = "array") -> Any:
    """A NumPy array of the same numbers, sharing memory where they are on the host in a format that NumPy knows.

    Torch tensors are detached and copied to the host once; conjugate and negative bits are resolved. The short formats
    of ``ml_dtypes`` and torch (bfloat16, float8, int4) become float64 or int64, exactly. A masked array stays one, for
    the caller to refuse.

    Args:
        array: A NumPy, torch or JAX array, a number, or nested lists of these.
        name: What the array is, for errors.

    Raises:
        TypeError: A tensor on torch's meta device or an array that is being traced, which have no numbers, or a tensor
            of a format that NumPy does not have.
        ValueError: Nested lists whose rows differ in length.

    Example:
        >>> to_numpy([[0, 1], [2, 3]])
        array([[0, 1],
               [2, 3]])
    """
    if isinstance(array, np.ndarray):
        found = array
    elif hasattr(array, "detach"):
        found = _of_tensor(array, name)
    else:
        try:
            found = np.asarray([to_numpy(part, name) for part in array] if _holds_tensors(array) else array)
        except ValueError as error:
            raise ValueError(f"{name} must have rows of equal length, got {array!r:.60}: {error}") from None
        except TypeError as error:
            found = _one_by_one(array, name, error)
    if found.dtype.kind != "V":
        return found
    for wider in (np.int64, np.float64):  # NumPy sees formats that other libraries add as raw bytes
        if np.can_cast(found.dtype, wider):
            return found.astype(wider)
    return found


def is_masked(array: Any) -> bool:
    """Whether an array is a NumPy masked array; only subclasses of arrays need `numpy.ma` to be imported."""
    return isinstance(array, np.ndarray) and type(array) is not np.ndarray and isinstance(array, np.ma.MaskedArray)


def rounding_of(array: Any) -> tuple[float, float]:
    """The relative spacing at 1 and the subnormal spacing of a half-precision array; (0, 0) for other formats.

    Of nested lists of arrays, the coarsest.

    Example:
        >>> rounding_of(np.zeros(3, dtype=np.float16)), rounding_of([0.5, 0.5])
        ((0.0009765625, 5.960464477539063e-08), (0.0, 0.0))
    """
    if isinstance(array, list | tuple):
        return max(map(rounding_of, array), default=(0.0, 0.0))
    dtype = getattr(array, "dtype", "")
    return _SPACING.get(getattr(dtype, "name", str(dtype).removeprefix("torch.")), (0.0, 0.0))


def _of_tensor(tensor: Any, name: str) -> Any:
    if str(getattr(tensor, "device", "")) == "meta":
        raise TypeError(f"{name} must be numbers, got a tensor on the device 'meta', which has a shape but no numbers")
    tensor = tensor.detach().cpu()
    if not str(getattr(tensor, "layout", "torch.strided")).endswith("strided"):
        tensor = tensor.to_dense()
    for settle in ("resolve_conj", "resolve_neg"):
        tensor = getattr(tensor, settle, lambda same=tensor: same)()
    if str(tensor.dtype).removeprefix("torch.").startswith(_BEYOND_NUMPY):
        tensor = tensor.double()
    try:
        return np.asarray(tensor)
    except (TypeError, RuntimeError, ValueError) as error:
        if hasattr(np, str(tensor.dtype).removeprefix("torch.")) or not isinstance(tensor.shape, tuple):
            raise _traced(name, f"a {type(tensor).__name__}", "torch") from None
        raise TypeError(f"{name} must be numbers that NumPy knows, got a tensor of {tensor.dtype}: {error}") from None


def _one_by_one(array: Any, name: str, error: TypeError) -> Any:
    """What NumPy does not convert at once, such as a list of JAX's bfloat16 numbers; raises the ``error`` of others."""
    if type(error).__module__.partition(".")[0] == "jax":
        raise _traced(name, "an array", "JAX") from None
    if not isinstance(array, list | tuple):
        raise error
    return np.asarray([to_numpy(part, name) for part in array])


def _traced(name: str, held: str, library: str) -> TypeError:
    """The error for what a library is tracing: it stands for numbers that are not known yet."""
    where, home = _TRACING[library]
    return TypeError(
        f"{name} must be numbers, got {held} that {library} is tracing: inside {where} use {home}, whose functions "
        "take the same policies"
    )


def _holds_tensors(array: Any) -> bool:
    """Whether nested lists hold tensors; looks at each type once rather than at each entry."""
    if not isinstance(array, list | tuple):
        return False
    kinds = set(map(type, array))
    if any(hasattr(kind, "detach") for kind in kinds):
        return True
    return any(issubclass(kind, list | tuple) for kind in kinds) and any(map(_holds_tensors, array))
