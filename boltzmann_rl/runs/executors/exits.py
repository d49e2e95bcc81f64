"""What still runs when this process ends is stopped."""

import multiprocessing.util
import threading
from typing import Any

# Executors that were not stopped. They are kept, because to collect one of loky ends its starter, and so its workers,
# while loky ends them in its own way: a worker killed with a lock on a queue leaves the others waiting for it.
_running: set[Any] = set()


def stop_at_exit(executor: Any) -> None:
    """Stop this executor when this process ends, before libraries wait for work in progress.

    What is registered last runs first, so this is called after its workers have started.
    """
    _running.add(executor)
    threading._register_atexit(_stop_all)  # type: ignore[attr-defined]  # as loky and concurrent.futures do
    multiprocessing.util.Finalize(None, _stop_all, exitpriority=100)  # for processes of multiprocessing


def stopped(executor: Any) -> None:
    """Forget an executor, which was stopped."""
    _running.discard(executor)


def _stop_all() -> None:
    for executor in list(_running):
        executor.stop()
