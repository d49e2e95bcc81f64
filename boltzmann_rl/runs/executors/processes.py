"""Work in other processes of this machine, by loky."""

import contextlib
import io
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from typing import Any

from boltzmann_rl.runs.executors.executor import WorkerDied, any_done
from boltzmann_rl.runs.executors.exits import stop_at_exit, stopped
from boltzmann_rl.runs.executors.parents import end_with
from boltzmann_rl.runs.executors.trackers import start_trackers

# After so many deaths of workers that did nothing else, work is given up.
DEATHS = 3
# A worker that dies while it sends a result can leave loky waiting for the rest of it: it is looked after from time to
# time, and when loky takes longer than this to stop.
_SECONDS_BETWEEN_LOOKS = 1.0
_SECONDS_TO_STOP = 0.5


class _Work:
    """A call and its future.

    Attributes:
        call: The function, and its arguments.
        future: Its future, whichever pool makes the call.
        alone: Whether it is made while no other is, because a worker died while this and other calls were in progress.
        deaths: Number of workers that died while they made this call alone.
    """

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.call = function, *arguments
        self.future: Future[Any] = Future()
        self.alone = False
        self.deaths = 0


class Processes:
    """Processes of this machine, which end with this one, however it ends.

    A worker that dies breaks its whole pool of loky. A new pool is then started, in which the calls that were in
    progress are made one at a time. So only a call that kills its worker fails, when it has done so three times alone.

    Args:
        workers: Number of processes, ≥ 1. They stay until `stop`, or until this process ends.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._owner = os.getpid()
        self._stopped = False
        self._waiting: deque[_Work] = deque()
        self._running: dict[Future[Any], _Work] = {}
        # On Linux workers end with the thread that started them: this one, since the caller's thread may end earlier.
        self._starter = ThreadPoolExecutor(1, "boltzmann_rl starter")
        self._pool = self._starter.submit(_started, workers).result()
        stop_at_exit(self)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:
        """A future of the call, which the next free worker makes."""
        work = _Work(function, arguments)
        self._waiting.append(work)
        self._send()
        return work.future

    def wait(self, futures: Iterable[Future[Any]], timeout: float | None = None) -> set[Future[Any]]:
        """Those of the futures that are done: at least one, unless ``timeout`` seconds have passed before."""
        asked = set(futures)
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        while True:
            self._receive()
            self._send()
            done = {future for future in asked if future.done()}
            left = end - time.monotonic()
            if done or not asked or left <= 0:
                return done
            workers = list(self._pool._processes.values())
            done = any_done(self._running, min(left, _SECONDS_BETWEEN_LOOKS))
            if not done and any(worker.exitcode is not None for worker in workers):
                _break(self._pool)

    def result(self, future: Future[Any]) -> Any:
        """The result of a call, once it is done; raises what the function raised, or `WorkerDied`."""
        self.wait({future})
        return future.result()

    def stop(self) -> None:
        """Kill the workers, whatever they do."""
        if os.getpid() != self._owner or self._stopped:  # a fork leaves the workers of its parent alone
            return
        self._stopped = True
        stopped(self)
        stopping = self._starter.submit(self._pool.shutdown, kill_workers=True)
        if not any_done([stopping], _SECONDS_TO_STOP):
            _break(self._pool)
        stopping.result()
        self._starter.shutdown()

    def _send(self) -> None:
        """Send calls to the pool, those that are made alone one at a time and before all others."""
        while self._waiting:
            work = self._waiting[0]
            if self._running and (work.alone or next(iter(self._running.values())).alone):
                return
            try:
                running = self._pool.submit(*work.call)
            except BrokenExecutor as error:
                running = Future()
                running.set_exception(error)
            self._running[running] = self._waiting.popleft()

    def _receive(self) -> None:
        """Fulfil the futures of the calls that ended; after the death of a worker, prepare the others' next try."""
        ended = [running for running in self._running if running.done()]
        broken = any(isinstance(running.exception(), BrokenExecutor) for running in ended)
        if broken:  # then the others fail too, at once
            ended = list(self._running)
            futures.wait(ended)
        tries = [(self._running.pop(running), running) for running in ended]
        again = [work for work, ended in tries if not _fulfilled(work, ended)]
        self._waiting.extendleft(reversed(again))
        if broken:
            self._pool = self._starter.submit(_restarted, self._pool, self.workers).result()
            stop_at_exit(self)


def _fulfilled(work: _Work, ended: Future[Any]) -> bool:
    """Whether the call needs no other try; if so, its future is fulfilled."""
    error = ended.exception()
    if isinstance(error, BrokenExecutor):
        work.deaths += work.alone
        work.alone = True
        if work.deaths < DEATHS:
            return False
        codes = [line.rpartition("are ")[2] for line in str(error).splitlines() if "exit codes" in line]
        died = WorkerDied(f"its worker process ended {DEATHS} times{': ' if codes else ''}{''.join(codes)}")
        died.__cause__ = error
        error = died
    if error is None:
        work.future.set_result(ended.result())
    else:
        work.future.set_exception(error)
    return True


def _started(workers: int) -> Any:
    """A pool of loky, with all its workers started."""
    from loky import ProcessPoolExecutor  # imported here: a run in this process does not need it
    from loky.backend import get_context

    start_trackers()  # before the locks of the pool start them in their own way
    pool = ProcessPoolExecutor(
        workers,
        context=get_context("loky"),  # which imports no `__main__`, whatever the caller's default
        initializer=end_with,
        initargs=(os.getpid(),),
        env={"LOKY_MAX_MEMORY_LEAK_SIZE": "1e18"},  # else it restarts workers that legitimately use more memory
    )
    if hasattr(signal, "pthread_sigmask"):  # workers, which inherit this, leave Ctrl-C on a terminal to their parent
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    with _flushable_streams():
        pool.submit(os.getpid)
    return pool


def _restarted(broken: Any, workers: int) -> Any:
    broken.shutdown(kill_workers=True)
    return _started(workers)


def _break(pool: Any) -> None:
    """Kill the workers and end the wait for what they were sending, so that loky notices."""
    from loky.backend.utils import kill_process_tree

    for process in list(pool._processes.values()):
        kill_process_tree(process)
    pool._result_queue._writer.close()


@contextlib.contextmanager
def _flushable_streams() -> Iterator[None]:
    """Standard streams that loky can flush, also where they are None or closed."""
    missing = {name: stream for name in ("stdout", "stderr") if (stream := getattr(sys, name)) is None or stream.closed}
    for name in missing:
        setattr(sys, name, io.StringIO())
    try:
        yield
    finally:
        for name, stream in missing.items():
            setattr(sys, name, stream)
