"""Ctrl+C and SIGTERM: requests to stop that come from outside the process."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

# Seconds within which a repeated signal counts once: `timeout` sends it to the process and then to its group.
_ONCE = 0.1


class Terminated(BaseException):
    """SIGTERM, by which batch systems end a process; no ``SystemExit``, which agents and experiment files may raise."""


@dataclass
class Stop:
    """The request to stop, once it has come.

    Attributes:
        requested: The number of the signal, or None: then a ``KeyboardInterrupt`` came from code, such as an agent's.
    """

    requested: int | None = None
    _moment: float = 0.0

    def check(self) -> None:
        """Raise the exception of the request, if it has come: code that catches everything may have swallowed it."""
        if self.requested == signal.SIGTERM:
            raise Terminated
        if self.requested is not None:
            raise KeyboardInterrupt


_outermost: Stop | None = None


def requested() -> bool:
    """Whether a request to stop has come within `stopping`."""
    return _outermost is not None and _outermost.requested is not None


def check() -> None:
    """Raise the exception of the request to stop, if one has come within `stopping`."""
    if _outermost is not None:
        _outermost.check()


@contextmanager
def stopping() -> Iterator[Stop]:
    """Within this context, Ctrl+C raises ``KeyboardInterrupt``, SIGTERM raises `Terminated`, and both are recorded.

    A `Terminated` that nothing catches within leaves the context as ``SystemExit``: the exit status is 143. A second
    signal ends the process at once. The previous handlers return at the end. A signal that the process ignores, as
    under ``nohup``, stays ignored. Contexts may be nested: they share one `Stop`, and the inner one installs the
    handlers again, which other libraries may have replaced. Only the main thread can handle signals; in other threads
    the context does nothing.

    Example:
        >>> with stopping() as stop:
        ...     try:
        ...         raise KeyboardInterrupt  # as a faulty agent may do
        ...     except KeyboardInterrupt:
        ...         print("from outside" if stop.requested else "from within")
        from within
    """
    global _outermost
    outer = _outermost
    stop = outer or Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    owner = os.getpid()

    def handle(number: int, frame: Any) -> None:
        if os.getpid() != owner:  # a forked child does what it would have done without this context
            signal.signal(number, previous[signal.Signals(number)])
            os.kill(os.getpid(), number)
            return
        if stop.requested is None:
            stop.requested, stop._moment = number, time.monotonic()
            stop.check()
        elif time.monotonic() - stop._moment >= _ONCE:
            os._exit(128 + number)

    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    previous = {number: was for number, was in previous.items() if was not in (None, signal.SIG_IGN)}
    try:
        _outermost = stop
        for number in previous:
            signal.signal(number, handle)
        yield stop
    except Terminated:
        if outer is not None:
            raise
        raise SystemExit(128 + signal.SIGTERM) from None
    finally:
        for number, was in previous.items():
            signal.signal(number, was)
        _outermost = outer
