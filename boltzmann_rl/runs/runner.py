"""The runner: an experiment's units of work, here or on several cores, yielded in the order of the declaration."""

import multiprocessing
import os
import pickle
from collections.abc import Iterator

from boltzmann_rl.arguments import as_integer
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.selection import COMPILED
from boltzmann_rl.experiments.declarations import Experiment
from boltzmann_rl.runs.plan import Unit

__all__ = ["measure"]


def measure(experiment: Experiment, jobs: int | None = None) -> Iterator[tuple[Unit, Block]]:
    """Do the work, and yield each unit with what it measured.

    The results are the same bytes for any ``jobs``: a unit depends on the declaration alone, and units come in the
    declaration's order.

    Args:
        experiment: What to run.
        jobs: Processes, ≥ 1; None is this process alone. There are never more than cores or units.

    Raises:
        ValueError: ``jobs`` below 1.
    """
    units = list(experiment.units())
    processes = 1 if jobs is None else min(as_integer(jobs, "jobs", minimum=1), os.cpu_count() or 1, len(units))
    if processes == 1:
        for unit in units:
            yield unit, experiment.simulate(unit)
        return
    import cloudpickle  # here: one process needs neither
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    # Machine code leaves the interpreter free, so threads will do, which need not import and load it all again.
    declaration, compiled = cloudpickle.dumps(experiment), [experiment.engine(unit) == COMPILED for unit in units]
    work = {
        True: (delayed(experiment.simulate)(unit) for unit, quick in zip(units, compiled, strict=True) if quick),
        False: (delayed(_do)(declaration, unit) for unit, quick in zip(units, compiled, strict=True) if not quick),
    }
    blocks = {
        quick: Parallel(n_jobs=processes, prefer="threads" if quick else None, return_as="generator")(work[quick])
        for quick in set(compiled)
    }
    for unit, quick in zip(units, compiled, strict=True):
        yield unit, next(blocks[quick])
    for finished in blocks.values():
        next(finished, None)  # which lets it say goodbye to its workers
    if False in blocks and multiprocessing.parent_process() is not None:
        # A process of multiprocessing waits at its end for its workers, which stay for minutes lest there be more work.
        get_reusable_executor().shutdown()


def _do(declaration: bytes, unit: Unit) -> Block:
    """In a worker; the declaration came by value, so that classes of a notebook or a script are known here."""
    experiment: Experiment = pickle.loads(declaration)
    return experiment.simulate(unit)
