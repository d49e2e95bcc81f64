"""Work in an executor that the caller has made."""

import os
from collections.abc import Callable, Iterable
from concurrent import futures
from typing import Any

from boltzmann_rl.runs.executors.executor import WorkerDied, any_done


class Given:
    """An executor in the sense of `concurrent.futures`, which stays the caller's: it is not shut down.

    Args:
        executor: Such as a `ProcessPoolExecutor`, or one of mpi4py.

    Example:
        >>> with futures.ThreadPoolExecutor(2) as threads:
        ...     given = Given(threads)
        ...     given.result(given.submit(divmod, 7, 2))
        (3, 1)
    """

    def __init__(self, executor: futures.Executor) -> None:
        self.workers: int = getattr(executor, "_max_workers", None) or os.cpu_count() or 1
        self._executor = executor
        self._submitted: set[futures.Future[Any]] = set()

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> futures.Future[Any]:
        """A future of the call."""
        future = self._executor.submit(function, *arguments)
        self._submitted.add(future)
        future.add_done_callback(self._submitted.discard)
        return future

    def wait(self, futures: Iterable[futures.Future[Any]], timeout: float | None = None) -> set[futures.Future[Any]]:
        """Those of the futures that are done: at least one, unless ``timeout`` seconds have passed before."""
        return any_done(futures, timeout)

    def result(self, future: futures.Future[Any]) -> Any:
        """The result of a call, once it is done; raises what the function raised, or `WorkerDied`."""
        try:
            return future.result()
        except futures.BrokenExecutor as error:
            raise WorkerDied(f"the given executor broke: {error}") from error

    def stop(self) -> None:
        """Cancel what waits. What is in progress goes on, since the executor is the caller's."""
        for future in list(self._submitted):
            future.cancel()
