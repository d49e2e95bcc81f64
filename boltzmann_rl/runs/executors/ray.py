"""Work on a cluster of ray."""

import contextlib
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

from boltzmann_rl.runs.executors.futures import Futures

RETRIES = 3  # of a call whose worker died
_PLACE = 24  # characters of the temporary folder; the paths of ray's sockets are 80 longer, and may have 107
_STORE = 2**28  # bytes of shared memory for arguments and results


def at(address: str) -> Futures:
    """Work on a cluster that exists.

    Args:
        address: ``"auto"``, or such as ``"ray://host:10001"``.
    """
    import ray

    if not ray.is_initialized():
        with _own_handler():
            ray.init(address, log_to_driver=False, configure_logging=False)
    return _executor(max(1, int(ray.cluster_resources().get("CPU", 1))), None)


def on_this_machine(workers: int) -> Futures:
    """Work on a cluster that is started here.

    Its workers end with this process; ray's own agents outlive it for some seconds if it is killed.
    """
    import ray

    started = contextlib.ExitStack()
    place = None if len(tempfile.gettempdir()) <= _PLACE else "/tmp"
    folder = started.enter_context(tempfile.TemporaryDirectory(prefix="ray", dir=place, ignore_cleanup_errors=True))
    with _own_handler(), _environment():
        ray.init(
            num_cpus=workers,
            include_dashboard=False,
            log_to_driver=False,
            configure_logging=False,
            object_store_memory=_STORE,
            _temp_dir=folder,
        )
    started.callback(ray.shutdown)
    return _executor(workers, started.close)


def _executor(workers: int, end: Callable[[], None] | None) -> Futures:
    import ray
    from ray.exceptions import OutOfMemoryError, WorkerCrashedError

    call = ray.remote(num_cpus=1, max_retries=RETRIES)(_called)

    def submit(function: Callable[..., Any], *arguments: Any) -> futures.Future[Any]:
        future: futures.Future[Any] = call.remote(function, *arguments).future()
        return future

    return Futures(submit, workers, (WorkerCrashedError, OutOfMemoryError), end)


def _called(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


@contextlib.contextmanager
def _own_handler() -> Iterator[None]:
    """The handler of SIGTERM that is there now, which ray replaces."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread() and before is not None:
            signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """The environment in which ray starts its processes: they import what this process can, and report no usage."""
    given = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "RAY_USAGE_STATS_ENABLED": "0"}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
