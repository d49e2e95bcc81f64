"""How functions are compiled: with Numba, without the interpreter lock, kept on disk where there is a place for it."""

import functools
import hashlib
import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    that results are those of the same lines in Python (``NUMBA_DISABLE_JIT=1`` runs just these). Where no folder for
    the cache can be written, each process compiles for itself.

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
        raise ImportError(MISSING) from error
    options = {"nogil": True, "error_model": "numpy", "cache": True, **options}
    try:
        dispatcher = numba.njit(**options)(function)
    except RuntimeError as error:
        if "cache" not in str(error):
            raise
        options["cache"] = False  # neither beside the package nor at home is a folder that can be written
        return numba.njit(**options)(function)
    file = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if file is not None:  # Numba looks for changes in the function's own file only, not in those of what it calls
        file._source_stamp = file._source_stamp, _sources()
    return dispatcher


# For what only compiled functions call: without the wrapper by which Python would, which takes long to compile, and on
# the disk as a part of what calls it.
inner = functools.partial(compiled, no_cpython_wrapper=True, no_cfunc_wrapper=True, cache=False)

# Put in place where it is called, so that vectors stay in registers.
placed = inner(forceinline=True)

# The same where a product and a sum may be rounded once.
fused = inner(forceinline=True, fastmath={"contract"})


@functools.cache
def _sources() -> str:
    """What the whole package is, in a hash: code from another version of it is not taken from the disk."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
