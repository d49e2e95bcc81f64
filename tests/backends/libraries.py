"""JAX and PyTorch behind one face, so that a test of the backends is written once."""

import importlib
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import pytest

EPS = {"float32": 2.0**-23, "float64": 2.0**-52}
TINY = {"float32": 2.0**-126, "float64": 2.0**-1022}


class Jax:
    """JAX: programs are compiled, and map over declarations as pytrees."""

    def __init__(self):
        self.jax = pytest.importorskip("jax")
        self.backend = importlib.import_module("boltzmann_rl.backends.jax")

    @contextmanager
    def precision(self, dtype):
        with self.jax.enable_x64(dtype == "float64"):
            yield

    def array(self, array, dtype):
        return self.jax.numpy.asarray(array, dtype=dtype)

    def numbers(self, function, *arrays, dtype):
        """A function's answers as NumPy arrays in float64 or as integers."""
        with self.precision(dtype):
            found = self.jax.jit(function)(*(self.array(x, dtype) for x in arrays))
            return self.jax.tree.map(np.asarray, found)

    def gradients(self, function, *arrays, dtype):
        """The gradients of the sum of a function's answers, with respect to each array."""
        with self.precision(dtype):
            slope = self._slope(function, len(arrays))
            return [np.asarray(x, dtype=np.float64) for x in slope(*(self.array(x, dtype) for x in arrays))]

    @lru_cache(maxsize=8)  # noqa: B019 - a test compiles its function once
    def _slope(self, function, number):
        return self.jax.jit(self.jax.grad(lambda *given: function(*given).sum(), argnums=tuple(range(number))))

    def of_each(self, function, policies, values, dtype):
        """``function(policy, values)`` of each pair, in one compiled program that maps over declarations."""
        with self.precision(dtype):
            numbers = self.jax.numpy
            several = self.jax.tree.map(lambda *x: numbers.asarray(x, dtype=dtype), *policies)
            return np.asarray(self.jax.jit(self.jax.vmap(function))(several, self.array(values, dtype)))

    def generator(self, seed):
        return self.jax.random.key(seed)


class Torch:
    """PyTorch, eager."""

    def __init__(self):
        self.torch = pytest.importorskip("torch")
        self.backend = importlib.import_module("boltzmann_rl.backends.torch")

    def array(self, array, dtype):
        array = array if isinstance(array, self.torch.Tensor) else np.asarray(array)
        return self.torch.as_tensor(array, dtype=getattr(self.torch, dtype))

    def numbers(self, function, *arrays, dtype):
        found = function(*(self.array(x, dtype) for x in arrays))
        return tuple(x.numpy() for x in found) if isinstance(found, tuple) else found.numpy()

    def gradients(self, function, *arrays, dtype):
        given = [self.array(x, dtype).requires_grad_() for x in arrays]
        found = self.torch.autograd.grad(function(*given).sum(), given, allow_unused=True)
        none = [self.torch.zeros_like(x) for x in given]
        return [(x if x is not None else zero).double().numpy() for x, zero in zip(found, none, strict=True)]

    def of_each(self, function, policies, values, dtype):
        """``function(policy, values)`` of each pair."""
        pairs = zip(policies, values, strict=True)
        return np.stack([function(policy, self.array(each, dtype)).numpy() for policy, each in pairs])

    def generator(self, seed):
        return self.torch.Generator().manual_seed(seed)


LIBRARIES = {"jax": Jax, "torch": Torch}
