"""The runner: simulates the cells of a plan, in this process or on several cores."""

import multiprocessing
import os
import pickle
from collections.abc import Iterator
from functools import partial
from typing import Any

from boltzmann_rl.arguments import as_integer
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.selection import COMPILED
from boltzmann_rl.runs.plan import Cell, Plan, Series

Measured = tuple[Series, Cell, Block]


def measure(plan: Plan, jobs: int | None = None) -> Iterator[Measured]:
    """Simulate the cells of a plan, and yield each with its series and its results.

    The results are the same bytes for any ``jobs``: no cell depends on another, and they come in the plan's order.

    Args:
        plan: The plan of an experiment.
        jobs: Number of processes, ≥ 1, or None for this process alone. More than cores or cells are not used.

    Raises:
        ValueError: ``jobs`` below 1.
    """
    processes = 1 if jobs is None else min(as_integer(jobs, "jobs", minimum=1), os.cpu_count() or 1, len(plan))
    if processes == 1:
        for series, cell in plan.cells():
            yield series, cell, cell.simulate()
        return
    import cloudpickle  # which also sends classes of a notebook or script, which a worker can't import
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    parallel: Any = partial(Parallel, processes, return_as="generator")  # its type does not depend on return_as

    def all_of(compiled: bool) -> Iterator[Block]:
        cells = (cell for _, cell in plan.cells() if (cell.engine == COMPILED) == compiled)
        if compiled:  # machine code releases the interpreter lock, so threads suffice
            return parallel(prefer="threads")(delayed(cell.simulate)() for cell in cells)
        return parallel()(delayed(_simulate)(cloudpickle.dumps(cell)) for cell in cells)

    blocks = {compiled: all_of(compiled) for compiled in {s.cell.engine == COMPILED for s in plan.series}}
    for series, cell in plan.cells():
        yield series, cell, next(blocks[cell.engine == COMPILED])
    for finished in blocks.values():
        next(finished, None)  # releases its workers
    if False in blocks and multiprocessing.parent_process() is not None:
        # A multiprocessing process waits at exit for its workers, which stay for minutes in case of more work.
        get_reusable_executor().shutdown()


def _simulate(pickled: bytes) -> Block:
    """Simulate a cell in a worker."""
    cell: Cell = pickle.loads(pickled)
    return cell.simulate()
