"""Work in this process: one call after the other, or in threads."""

import queue
import threading
from collections.abc import Callable, Iterable
from concurrent import futures
from typing import Any

from boltzmann_rl.runs.executors.executor import any_done


class Here:
    """This process alone, without threads: a call is made when something waits for it, not when it is submitted.

    What is no `Exception`, such as the KeyboardInterrupt of Ctrl-C, leaves `wait` at once.

    Example:
        >>> here = Here()
        >>> future = here.submit(divmod, 7, 2)
        >>> here.result(future)
        (3, 1)
    """

    workers = 1

    def __init__(self) -> None:
        self._waiting: dict[futures.Future[Any], tuple[Callable[..., Any], tuple[Any, ...]]] = {}

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> futures.Future[Any]:
        """A future of the call, which is not made yet."""
        future: futures.Future[Any] = futures.Future()
        self._waiting[future] = function, arguments
        return future

    def wait(self, futures: Iterable[futures.Future[Any]], timeout: float | None = None) -> set[futures.Future[Any]]:
        """Those of the futures that are done; if none is, the first call is made, however long it takes."""
        asked = dict.fromkeys(futures)
        if asked and not any(future.done() for future in asked):
            self._call(next(iter(asked)))
        return {future for future in asked if future.done()}

    def result(self, future: futures.Future[Any]) -> Any:
        """The result of a call, which is made now if it wasn't yet."""
        if future in self._waiting:
            self._call(future)
        return future.result()

    def stop(self) -> None:
        """Forget the calls that were not made."""
        self._waiting.clear()

    def _call(self, future: futures.Future[Any]) -> None:
        function, arguments = self._waiting.pop(future)
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)


class Threads:
    """Threads of this process, for compiled work, which releases the interpreter lock.

    They are daemons, unlike those of `concurrent.futures`, whose work in progress would delay the end of the process.

    Args:
        workers: Number of threads, ≥ 1.

    Example:
        >>> threads = Threads(2)
        >>> future = threads.submit(divmod, 7, 2)
        >>> threads.result(future)
        (3, 1)
        >>> threads.stop()
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for number in range(workers):
            name = f"boltzmann_rl {number}"
            threading.Thread(target=_work, args=(self._waiting,), name=name, daemon=True).start()

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> futures.Future[Any]:
        """A future of the call, which the next free thread makes."""
        future: futures.Future[Any] = futures.Future()
        self._waiting.put((future, function, arguments))
        return future

    def wait(self, futures: Iterable[futures.Future[Any]], timeout: float | None = None) -> set[futures.Future[Any]]:
        """Those of the futures that are done: at least one, unless ``timeout`` seconds have passed before."""
        return any_done(futures, timeout)

    def result(self, future: futures.Future[Any]) -> Any:
        """The result of a call, once it is done; raises what the function raised."""
        return future.result()

    def stop(self) -> None:
        """Drop the calls that were not begun. Those in progress go on, but nothing waits for them."""
        while not self._waiting.empty():
            future, _, _ = self._waiting.get()
            future.cancel()
            future.set_running_or_notify_cancel()  # so that a wait for it ends
        for _ in range(self.workers):
            self._waiting.put(None)


def _work(waiting: queue.SimpleQueue[Any]) -> None:
    while (task := waiting.get()) is not None:
        future, function, arguments = task
        try:
            future.set_result(function(*arguments))
        except BaseException as error:
            future.set_exception(error)
        del task, future, function, arguments  # so that an idle thread holds no results
