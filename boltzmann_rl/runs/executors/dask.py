"""Work on a cluster of dask."""

import contextlib
import logging
import os
import signal
import tempfile
from collections.abc import Callable
from concurrent import futures
from functools import partial
from typing import Any

from boltzmann_rl.runs.executors.futures import Futures
from boltzmann_rl.runs.executors.trackers import start_trackers


def of_client(client: Any, end: Callable[[], None] | None = None) -> Futures:
    """Work by a client, which the caller closes unless ``end`` does."""
    from distributed import KilledWorker

    workers = max(1, sum(client.nthreads().values()))

    def submit(function: Callable[..., Any], *arguments: Any) -> futures.Future[Any]:
        # Not by `client.get_executor`, whose futures fail if a worker dies between the end of a call and the transfer
        # of its result.
        theirs, ours = client.submit(function, *arguments, pure=False), futures.Future[Any]()
        theirs.add_done_callback(partial(_pass_on, ours))
        ours.add_done_callback(lambda ended: theirs.cancel() if ended.cancelled() else None)
        return ours

    return Futures(submit, workers, (KilledWorker,), end)


def at(address: str) -> Futures:
    """Work on the cluster of a scheduler.

    `Futures.stop` cancels what waits there; a call in progress goes on to its end.

    Args:
        address: Such as ``"tcp://host:8786"``.
    """
    from distributed import Client

    client = Client(address, set_as_default=False)
    return of_client(client, client.close)


def on_this_machine(workers: int) -> Futures:
    """Work on a cluster that is started here, of processes with one thread each, which end with this one.

    While it runs, dask's settings say how its processes are started: by loky, so that a script needs no
    ``if __name__ == "__main__"``.
    """
    import dask
    import loky.backend  # noqa: F401 - which makes its way to start processes known
    from distributed import Client, LocalCluster

    start_trackers()
    started = contextlib.ExitStack()
    folder = started.enter_context(tempfile.TemporaryDirectory(prefix="boltzmann_rl", ignore_cleanup_errors=True))
    settings = {
        "temporary-directory": folder,
        "distributed.worker.multiprocessing-method": "loky",
        "distributed.scheduler.worker-saturation": 1.0,
    }
    started.enter_context(dask.config.set(settings))
    cluster = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        dashboard_address=":0",
        silence_logs=logging.CRITICAL,
        memory_limit=0,  # no worker is ended or paused for what it uses
        preload=f"from boltzmann_rl.runs.executors.parents import end_with; end_with({os.getpid()})",
    )
    started.callback(cluster.close, timeout=1)
    client = started.enter_context(Client(cluster, set_as_default=False))

    def end() -> None:
        for nanny in list(cluster.workers.values()):
            nanny.close_gracefully()  # lest it start another
            with contextlib.suppress(ProcessLookupError, TypeError):  # it has ended, or there is none
                os.kill(nanny.pid, signal.SIGKILL)
        started.close()

    return of_client(client, end)


def _pass_on(ours: futures.Future[Any], theirs: Any) -> None:
    """Fulfil our future as the one of dask."""
    if ours.set_running_or_notify_cancel():
        try:
            ours.set_result(theirs.result())
        except BaseException as error:
            ours.set_exception(error)
