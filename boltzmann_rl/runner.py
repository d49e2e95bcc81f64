"""The runner: an experiment's units of work, here or on several cores, yielded in the order of the declaration."""

import os
import pickle
from collections.abc import Iterator

from boltzmann_rl.arguments import as_integer
from boltzmann_rl.experiments import Experiment, Unit
from boltzmann_rl.simulation.bandits import Block

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

    declaration = cloudpickle.dumps(experiment)
    blocks = Parallel(n_jobs=processes, return_as="generator")(delayed(_do)(declaration, unit) for unit in units)
    yield from zip(units, blocks, strict=True)


def _do(declaration: bytes, unit: Unit) -> Block:
    """In a worker; the declaration came by value, so that classes of a notebook or a script are known here."""
    experiment: Experiment = pickle.loads(declaration)
    return experiment.simulate(unit)
