"""How functions are compiled: with Numba, without the interpreter lock, kept on disk where there is a place for it."""

import importlib.util
from collections.abc import Callable
from typing import Any

__all__ = ["available", "compiled"]


def available() -> bool:
    """Whether Numba is installed; it is not imported by the question.

    Example:
        >>> available() in (True, False)
        True
    """
    return importlib.util.find_spec("numba") is not None


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """A decorator: the function as machine code, compiled when it is first called and then kept on disk.

    Arithmetic is that of IEEE 754, as written: nothing is reordered or contracted, so that results are those of the
    same lines in Python (``NUMBA_DISABLE_JIT=1`` runs just these). Where no folder for the cache can be written, each
    process compiles for itself.

    Args:
        function: With scalars and arrays for arguments.
        options: Of ``numba.njit``, such as ``parallel=True`` or ``inline="always"``.

    Raises:
        ImportError: Numba is not installed.
    """
    if function is None:
        return lambda decorated: compiled(decorated, **options)
    try:
        import numba
    except ImportError as error:
        raise ImportError("the compiled engine needs Numba: pip install 'boltzmann-rl[fast]'") from error
    options = {"nogil": True, "error_model": "numpy", **options}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError as error:
        if "cache" not in str(error):
            raise
        return numba.njit(**options)(function)  # neither beside the package nor at home is a folder that can be written
