"""Forks that wait for the compiler.

A process that is forked while another thread imports or runs Numba's compiler inherits their locks, held by a thread
that it does not have: it would wait for ever at its own first use of Numba. So a fork waits until the compiler has
finished.
"""

import logging  # noqa: F401 – see the end
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["no_fork"]

_BUSY = threading.RLock()

# Numba's lock while a fork holds it: acquired before, and released after it in both processes.
_HELD: list[Any] = []


@contextmanager
def no_fork() -> Iterator[None]:
    """A block of code that one thread at a time runs, and during which other threads' forks wait."""
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


# What is registered last is called first before a fork. Were logging imported after this, a fork would hold its lock
# while it waits for a compiler that writes to a log, which would wait for that lock.
if hasattr(os, "register_at_fork"):  # Windows has no forks
    os.register_at_fork(before=_wait, after_in_parent=_go_on, after_in_child=_go_on)
