"""The executor for what a user asks: where, and with how many jobs."""

import multiprocessing
import os
from concurrent import futures
from typing import Any

from boltzmann_rl.arguments import as_count, shown
from boltzmann_rl.runs.executors.alone import why_alone
from boltzmann_rl.runs.executors.executor import Executor
from boltzmann_rl.runs.executors.futures import given
from boltzmann_rl.runs.executors.here import Here

CHOICES = "'dask', 'dask://HOST:PORT', 'tcp://HOST:PORT', 'tls://HOST:PORT', 'ray', 'ray:auto' or 'ray://HOST:PORT'"


def executor_of(where: Any = None, jobs: int | None = None) -> Executor:
    """The executor for a place and a number of jobs.

    Args:
        where: None for this machine, ``"dask"`` or ``"ray"`` for a cluster on it that is started now, the address of a
            cluster that exists (``"dask://host:8786"`` or dask's own ``"tcp://host:8786"``, ``"ray:auto"``,
            ``"ray://host:10001"``), or a client of dask or an executor in the sense of `concurrent.futures`, which is
            not stopped.
        jobs: Number of processes that are started, ≥ 1. None is this process alone, or a process for each core in a
            cluster that is started now. More than cores are not started, and none by a daemon of multiprocessing,
            which is not allowed to, or where Python can start none, as in a browser.

    Raises:
        ValueError: No such place, or ``jobs`` below 1.
        ImportError: The library of that cluster is not installed.

    Example:
        >>> executor_of().workers
        1
    """
    cores = os.cpu_count() or 1
    count = min(as_count(cores if jobs is None else jobs, "jobs"), cores)
    if where is None:
        if jobs is None or count == 1 or multiprocessing.current_process().daemon or why_alone():
            return Here()
        from boltzmann_rl.runs.executors.processes import Processes

        return Processes(count)
    if isinstance(where, futures.Executor):
        return given(where)
    library = library_of(where)
    try:
        if library == "dask":
            return _on_dask(where, count)
        if library == "ray":
            return _on_ray(where, count)
    except ModuleNotFoundError as error:
        if error.name not in ("dask", "distributed", "ray"):
            raise
        extra = "ray" if error.name == "ray" else "dask"
        raise ImportError(f"executor {shown(where)} needs {extra}: pip install 'boltzmann-rl[{extra}]'") from error
    raise ValueError(f"executor must be None, {CHOICES}, got {shown(where)}")


def library_of(where: Any) -> str | None:
    """The library of a cluster, ``"dask"`` or ``"ray"``, without importing it; None if this names no cluster.

    Example:
        >>> library_of("tcp://host:8786"), library_of("ray"), library_of("slurm")
        ('dask', 'ray', None)
    """
    scheme, _, rest = where.partition("://") if isinstance(where, str) else ("", "", "")
    if where == "dask" or (scheme in ("dask", "tcp", "tls") and rest) or _is_client(where):
        return "dask"
    return "ray" if where in ("ray", "ray:auto") or (scheme == "ray" and rest) else None


def _is_client(where: Any) -> bool:
    """Whether this is a client of dask, or a subclass, without importing dask."""
    return any(f"{kind.__module__}.{kind.__name__}" == "distributed.client.Client" for kind in type(where).__mro__)


def _on_dask(where: Any, workers: int) -> Executor:
    from boltzmann_rl.runs.executors import dask

    if not isinstance(where, str):
        return dask.of_client(where)
    return dask.on_this_machine(workers) if where == "dask" else dask.at(where.replace("dask://", "tcp://", 1))


def _on_ray(where: str, workers: int) -> Executor:
    from boltzmann_rl.runs.executors import ray

    return ray.on_this_machine(workers) if where == "ray" else ray.at("auto" if where == "ray:auto" else where)
