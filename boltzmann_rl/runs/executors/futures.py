"""Work whose futures are those of `concurrent.futures`: a given executor's, and those that dask and ray make."""

import os
from collections.abc import Callable, Iterable
from concurrent import futures
from typing import Any

from boltzmann_rl.runs.executors.executor import WorkerDied, any_done
from boltzmann_rl.runs.executors.exits import stop_at_exit, stopped


class Futures:
    """Work whose futures are those of `concurrent.futures`.

    Args:
        submit: Like `Executor.submit`.
        workers: How much work is done at the same time, ≥ 1.
        deaths: The exceptions that say that a worker died.
        end: Ends the workers. Without it they are left to the caller.

    Example:
        >>> with futures.ThreadPoolExecutor(2) as threads:
        ...     executor = given(threads)
        ...     executor.result(executor.submit(divmod, 7, 2))
        (3, 1)
    """

    def __init__(
        self,
        submit: Callable[..., futures.Future[Any]],
        workers: int,
        deaths: tuple[type[Exception], ...],
        end: Callable[[], None] | None = None,
    ) -> None:
        self.workers = workers
        self._submit = submit
        self._deaths = deaths
        self._end = end
        self._owner = os.getpid()
        self._submitted: set[futures.Future[Any]] = set()
        if end is not None:
            stop_at_exit(self)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> futures.Future[Any]:
        """A future of the call."""
        future = self._submit(function, *arguments)
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
        except self._deaths as error:
            raise WorkerDied(f"its worker process ended: {error}") from error

    def stop(self) -> None:
        """Cancel what waits, and end the workers if they were started for this."""
        if os.getpid() == self._owner:  # a fork leaves them alone
            for future in list(self._submitted):
                future.cancel()
            stopped(self)
            end, self._end = self._end, None
            if end is not None:
                end()


def given(executor: futures.Executor) -> Futures:
    """Work in an executor of the caller, who also shuts it down."""
    workers = getattr(executor, "_max_workers", None) or os.cpu_count() or 1
    return Futures(executor.submit, workers, (futures.BrokenExecutor,))
