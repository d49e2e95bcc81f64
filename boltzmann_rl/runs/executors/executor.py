"""What the runner asks of an executor: submit, wait for any, result, stop."""

from collections.abc import Callable, Iterable
from concurrent import futures
from typing import Any, Protocol


class Executor(Protocol):
    """Where work is done: a small common interface to the futures of several libraries.

    It is used from one thread. Functions are module-level functions of this package; arguments and results are bytes,
    strings and numbers, so that every library sends them alike.

    Attributes:
        workers: How much work is done at the same time, ≥ 1.
    """

    workers: int

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Any:
        """A future of the call. Work starts in the order of submission."""
        ...

    def wait(self, futures: Iterable[Any], timeout: float | None = None) -> set[Any]:
        """Those of the futures that are done: at least one, unless ``timeout`` seconds have passed before."""
        ...

    def result(self, future: Any) -> Any:
        """The result of a call, once it is done; raises what the function raised, or `WorkerDied`."""
        ...

    def stop(self) -> None:
        """End at once: work in progress and work that waits are lost."""
        ...


class WorkerDied(Exception):
    """The process that did the work ended, each time it was tried: by a crash, a kill, or for want of memory."""


def any_done(given: Iterable[futures.Future[Any]], timeout: float | None) -> set[futures.Future[Any]]:
    """Those of the futures of `concurrent.futures` that are done: at least one, unless the time passed before."""
    return set(futures.wait(given, timeout, return_when=futures.FIRST_COMPLETED).done)
