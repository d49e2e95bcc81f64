"""The array libraries in which a policy may compute, as `check_policy` uses them: arrays in, numbers out."""

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_choice
from boltzmann_rl.arguments.arrays import to_numpy
from boltzmann_rl.protocols import traits_of


class Format(NamedTuple):
    """A format of floating-point numbers.

    Attributes:
        spacing: Of the numbers at 1.
        largest: The largest number.
    """

    spacing: float
    largest: float

    def holds(self, numbers: Any) -> bool:
        """Whether all numbers are in the format, without rounding."""
        finite = np.asarray(numbers)[np.isfinite(numbers)]
        whole = np.frexp(finite)[0] * (2.0 / self.spacing)
        return bool((np.rint(whole) == whole).all() and (np.abs(finite) <= self.largest).all())

    def agrees(self, p: Floats, expected: Floats, doubt: float = 0.0) -> bool:
        """Whether two computations of the same probabilities agree but for rounding.

        A probability exp(z) has the rounding error of z; ``doubt`` is the size of numbers that were subtracted.
        """
        with np.errstate(divide="ignore", invalid="ignore", under="ignore"):
            z = np.nan_to_num(-np.log(expected / expected.max(axis=-1, keepdims=True)), posinf=0.0)
            allowed = np.maximum(1e-9, 16.0 * self.spacing * (4.0 + z + doubt)) * expected + self.least
        return bool((np.abs(p - expected) <= allowed).all())

    def within(self, numbers: Floats) -> Floats:
        """The numbers, those above 0.56 of the largest made that large, for sums and quotients; −inf stays."""
        end = 0.56 * self.largest
        return np.where(np.isinf(numbers), numbers, np.clip(numbers, -end, end))

    @property
    def least(self) -> float:
        """The least difference of two probabilities that counts."""
        return max(1e-12, self.spacing)


FORMATS = {
    "float16": Format(2.0**-10, 65504.0),
    "bfloat16": Format(2.0**-7, 3.3895313892515355e38),
    "float32": Format(2.0**-23, 3.4028234663852886e38),
    "float64": Format(2.0**-52, 1.7976931348623157e308),
}


def format_of(*arrays: Any) -> Format:
    """The coarsest format of the arrays; anything that is not an array of floats counts as float64."""
    names = [str(getattr(array, "dtype", "float64")).removeprefix("torch.") for array in arrays]
    return max(FORMATS.get(name, FORMATS["float64"]) for name in names)


class Library(NamedTuple):
    """What a check needs of an array library.

    Attributes:
        array: The library's array of a NumPy array: floats in the library's default format, integers as they are.
        backend: Imports the functions that take declarations, ``probabilities(policy, values, step)`` and
            ``act(policy, generator, values, step)``; None: declarations are called.
        gradient: Of a function ``(values, step, memory) -> probabilities``, the derivatives of their sum weighted by
            ``weights``, as ``(weights, values, step, memory) -> derivatives``; None: the library has none.
        compiled: Compiles a function of arrays; None: the library does not, or takes long.
        generator: The source of random numbers of the backend's ``act``, of a seed.
    """

    array: Callable[[NDArray[Any]], Any]
    backend: Callable[[], Any] | None = None
    gradient: Any = None
    compiled: Any = None
    generator: Any = None

    @property
    def refuses_by_nan(self) -> bool:
        """Whether NaN is a refusal: compiled code cannot raise."""
        return self.backend is not None

    def declared(self, policy: Any) -> bool:
        """Whether the policy is a declaration, which the backend's functions take, rather than a function."""
        ours = type(policy).__module__.startswith("boltzmann_rl.policies.")
        return self.backend is not None and (ours or traits_of(policy).mixture is not None)

    def steps(self, clock: Any) -> Any:
        """A step, or an array of steps in the library's arrays."""
        return self.array(clock) if isinstance(clock, np.ndarray) else clock

    def answer(self, policy: Any, values: Any, step: Any, memory: Any) -> Any:
        """The policy's probabilities, as an array of the library."""
        step = self.steps(step)
        if self.backend is not None and self.declared(policy):
            return self.backend().probabilities(policy, values, step)
        return policy(values, step) if memory is None else policy(values, step, self.array(memory))


def library(name: str) -> Library:
    """The library of a name: ``"numpy"``, ``"jax"`` or ``"torch"``.

    Raises:
        ImportError: A library that is not installed.
    """
    of_name = {"numpy": lambda: Library(np.asarray), "jax": _jax, "torch": _torch}
    try:
        return of_name[as_choice(name, "backend", tuple(of_name))]()
    except ImportError as error:
        raise ImportError(f"backend={name!r} needs {name}: pip install 'boltzmann-rl[{name}]'") from error


def numbers(answer: Any) -> Floats:
    """An answer as float64, in an array of its own."""
    return np.array(to_numpy(answer, "the answer"), dtype=np.float64)


def _jax() -> Library:
    import jax

    @cache
    def backend() -> Any:
        from boltzmann_rl.backends import jax as functions

        compiled = jax.jit(functions.probabilities, static_argnums=0)  # ten times faster than each operation alone
        return SimpleNamespace(probabilities=compiled, act=functions.act)

    def gradient(function: Callable[..., Any]) -> Callable[..., Any]:
        def total(values: Any, weights: Any, *others: Any) -> Any:
            return (weights * function(values, *others)).sum()

        slope = jax.jit(jax.grad(total))
        return lambda weights, values, *others: slope(values, weights, *others)

    return Library(jax.numpy.asarray, backend, gradient, jax.jit, jax.random.key)


def _torch() -> Library:
    import torch

    def backend() -> Any:
        from boltzmann_rl.backends import torch as functions

        return functions

    def array(given: NDArray[Any]) -> Any:
        return torch.tensor(given, dtype=torch.get_default_dtype() if given.dtype.kind == "f" else None)

    def gradient(function: Callable[..., Any]) -> Callable[..., Any]:
        def slope(weights: Any, values: Any, *others: Any) -> Any:
            values = values.clone().requires_grad_()
            total = (weights * function(values, *others)).sum()
            if not total.requires_grad:  # a policy that is constant, or computed without a graph
                return torch.zeros_like(values)
            return torch.autograd.grad(total, values, materialize_grads=True, allow_unused=True)[0]

        return slope

    return Library(array, backend, gradient, None, lambda seed: torch.Generator().manual_seed(seed))
