"""The runner: the cells of a plan, here or on several cores, yielded in the order of the plan."""

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

__all__ = ["Measured", "measure"]

Measured = tuple[Series, Cell, Block]


def measure(plan: Plan, jobs: int | None = None) -> Iterator[Measured]:
    """Do the work, and yield each cell with its series and what it measured.

    The results are the same bytes for any ``jobs``: a cell depends on itself alone, and cells come in the plan's order.

    Args:
        plan: Of an experiment.
        jobs: Processes, ≥ 1; None is this process alone. There are never more than cores or cells.

    Raises:
        ValueError: ``jobs`` below 1.
    """
    processes = 1 if jobs is None else min(as_integer(jobs, "jobs", minimum=1), os.cpu_count() or 1, len(plan))
    if processes == 1:
        for series, cell in plan.cells():
            yield series, cell, cell.simulate()
        return
    from joblib import Parallel, delayed  # here: one process needs none
    from joblib.externals.loky import get_reusable_executor

    parallel: Any = partial(Parallel, processes, return_as="generator")  # joblib types no answer by return_as

    def all_of(compiled: bool) -> Iterator[Block]:
        cells = (cell for _, cell in plan.cells() if (cell.engine == COMPILED) == compiled)
        if compiled:  # machine code releases the interpreter lock: threads suffice, which need not load it all again
            return parallel(prefer="threads")(delayed(cell.simulate)() for cell in cells)
        return parallel()(delayed(_simulate)(_by_value(cell)) for cell in cells)

    blocks = {compiled: all_of(compiled) for compiled in {s.cell.engine == COMPILED for s in plan.series}}
    for series, cell in plan.cells():
        yield series, cell, next(blocks[cell.engine == COMPILED])
    for finished in blocks.values():
        next(finished, None)  # so that its workers are released
    if False in blocks and multiprocessing.parent_process() is not None:
        # A process of multiprocessing waits at its end for its workers, which stay for minutes in case of more work.
        get_reusable_executor().shutdown()


def _by_value(cell: Cell) -> bytes:
    """The cell with the classes of a notebook or script in it, which a worker cannot import."""
    import cloudpickle

    pickled: bytes = cloudpickle.dumps(cell)
    return pickled


def _simulate(cell: bytes) -> Block:
    """In a worker."""
    sent: Cell = pickle.loads(cell)
    return sent.simulate()
