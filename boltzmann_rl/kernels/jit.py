"""How functions are compiled: with Numba, without the interpreter lock, cached on disk if possible."""

import functools
import importlib.util
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from boltzmann_rl.kernels.forks import no_fork

MISSING = "the compiled engine needs Numba: pip install 'boltzmann-rl[fast]'"


def available() -> bool:
    """Whether Numba is installed and not disabled by ``NUMBA_DISABLE_JIT=1``; does not import it.

    Example:
        >>> available() in (True, False)
        True
    """
    return os.environ.get("NUMBA_DISABLE_JIT", "") in ("", "0") and importlib.util.find_spec("numba") is not None


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """A decorator that compiles a function at its first call and caches the machine code on disk.

    Arithmetic follows IEEE 754: operations are reordered or contracted only if an option allows it, so that the same
    lines in Python (``NUMBA_DISABLE_JIT=1``) have the same results. Without a usable cache
    (`boltzmann_rl.kernels.cache`) each process compiles again.

    Args:
        function: A function of scalars and arrays.
        options: Of ``numba.njit``, such as ``parallel=True`` or ``inline="always"``.

    Raises:
        ImportError: Numba is not installed.
    """
    if function is None:
        return lambda decorated: compiled(decorated, **options)
    try:
        with no_fork():
            import numba
    except ImportError as error:
        raise ImportError(MISSING) from error
    # Nobody calls these functions from C.
    options = {"nogil": True, "error_model": "numpy", "cache": True, "no_cfunc_wrapper": True, **options}
    keep = options.pop("cache")
    dispatcher: Any = numba.njit(**options)(function)
    if keep and available():
        # No cache if no folder is writable, or the private parts of this Numba are not as expected.
        with suppress(ImportError, AttributeError, OSError, RuntimeError, TypeError, ValueError):
            from boltzmann_rl.kernels.cache import CheckedCache

            dispatcher._cache = CheckedCache(function)
    return dispatcher


# For functions that only compiled code calls: without a wrapper for Python, which is slow to compile; the machine code
# is cached as part of the callers'.
inner = functools.partial(compiled, no_cpython_wrapper=True, cache=False)

# Inlined at every call, so that vectors stay in registers.
placed = inner(forceinline=True)

# The same, but a product and a sum may be fused, with a single rounding.
fused = inner(forceinline=True, fastmath={"contract"})
