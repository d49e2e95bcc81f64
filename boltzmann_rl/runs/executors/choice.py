"""The executor for what a user asks: where, and with how many jobs."""

import multiprocessing
import os
from concurrent import futures
from typing import Any

from boltzmann_rl.arguments import as_count, shown
from boltzmann_rl.runs.executors.executor import Executor
from boltzmann_rl.runs.executors.given import Given
from boltzmann_rl.runs.executors.here import Here

CHOICES = "'dask', 'dask://HOST:PORT', 'tcp://HOST:PORT', 'ray', 'ray:auto' or 'ray://HOST:PORT'"


def executor_of(where: Any = None, jobs: int | None = None) -> Executor:
    """The executor for a place and a number of jobs.

    Args:
        where: None for this machine, ``"dask"`` or ``"ray"`` for a cluster of it that is started here, the address of
            a cluster that exists (``"dask://host:8786"``, ``"tls://host:8786"``, ``"ray:auto"``,
            ``"ray://host:10001"``), or a client of dask or an executor in the sense of `concurrent.futures`, which is
            not stopped.
        jobs: Number of processes that are started, ≥ 1; None is one here, and one for each core in a cluster. More
            than cores are not started. A daemon process of multiprocessing may start none, and works by itself.

    Raises:
        ValueError: No such place, or ``jobs`` below 1.
        ImportError: The library of that cluster is not installed.

    Example:
        >>> executor_of().workers
        1
    """
    cores = os.cpu_count() or 1
    count = None if jobs is None else min(as_count(jobs, "jobs"), cores)
    if where is None:
        if count is None or count == 1 or multiprocessing.current_process().daemon:
            return Here()
        from boltzmann_rl.runs.executors.processes import Processes

        return Processes(count)
    if isinstance(where, futures.Executor):
        return Given(where)
    raise ValueError(f"executor must be None, {CHOICES}, got {shown(where)}")
