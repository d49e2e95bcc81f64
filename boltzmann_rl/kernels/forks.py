"""Forks that wait for the compiler.

A process forked while another thread imports or runs Numba's compiler inherits locks whose owner does not exist in it,
and would deadlock at its first use of Numba. A fork therefore waits until the compiler has finished.
"""

import logging  # noqa: F401 – see the end
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_BUSY = threading.RLock()

# Numba's lock while a fork holds it: acquired before, and released after it in both processes.
_HELD: list[Any] = []


@contextmanager
def no_fork() -> Iterator[None]:
    """A block that only one thread at a time runs, and during which forks in other threads wait."""
    with _BUSY:
        yield


def _wait() -> None:
    _BUSY.acquire()
    compiler = getattr(sys.modules.get("numba.core.compiler_lock"), "global_compiler_lock", None)
    _HELD.append(compiler)
    if compiler is not None:
        compiler.acquire()


def _go_on() -> None:
    compiler = _HELD.pop()
    if compiler is not None:
        compiler.release()
    _BUSY.release()


# Handlers run before a fork in reverse order of registration. If logging were imported later, a fork would hold its
# lock while it waits for the compiler, and a compiler that logs would wait for that lock.
if hasattr(os, "register_at_fork"):  # Windows has no forks
    os.register_at_fork(before=_wait, after_in_parent=_go_on, after_in_child=_go_on)
