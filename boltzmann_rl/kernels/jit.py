"""How functions are compiled: with Numba, without the interpreter lock, kept on disk where there is a place for it."""

import functools
import importlib.util
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from boltzmann_rl.kernels.forks import no_fork

__all__ = ["MISSING", "available", "compiled", "fused", "inner", "placed"]

MISSING = "the compiled engine needs Numba: pip install 'boltzmann-rl[fast]'"


def available() -> bool:
    """Whether there is a compiler: Numba is installed, and not told to do nothing by ``NUMBA_DISABLE_JIT=1``.

    It is not imported by the question.

    Example:
        >>> available() in (True, False)
        True
    """
    return os.environ.get("NUMBA_DISABLE_JIT", "") in ("", "0") and importlib.util.find_spec("numba") is not None


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """A decorator: the function as machine code, compiled when it is first called and then kept on disk.

    Arithmetic is that of IEEE 754, as written: unless an option says otherwise nothing is reordered or contracted, so
    that results are those of the same lines in Python (``NUMBA_DISABLE_JIT=1`` runs just these). Where machine code
    can't be kept or read (`boltzmann_rl.kernels.cache`), each process compiles for itself.

    Args:
        function: With scalars and arrays for arguments.
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
    options = {"nogil": True, "error_model": "numpy", "cache": True, **options}
    keep = options.pop("cache")
    dispatcher = numba.njit(**options)(function)
    if keep and available():
        _keep_on_disk(dispatcher)
    return dispatcher


def _keep_on_disk(dispatcher: Any) -> None:
    """Give a compiled function its cache; it has none where no folder can be written, and none in a foreign Numba."""
    with suppress(ImportError, AttributeError, OSError, RuntimeError, TypeError, ValueError):
        from boltzmann_rl.kernels.cache import CheckedCache

        dispatcher._cache = CheckedCache(dispatcher.py_func)


# For what only compiled functions call: without the wrapper by which Python would, which takes long to compile, and on
# the disk as a part of what calls it.
inner = functools.partial(compiled, no_cpython_wrapper=True, no_cfunc_wrapper=True, cache=False)

# Put in place where it is called, so that vectors stay in registers.
placed = inner(forceinline=True)

# The same where a product and a sum may be rounded once.
fused = inner(forceinline=True, fastmath={"contract"})
