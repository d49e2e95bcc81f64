"""Running entrants: those on one problem are simulated together, and share the random numbers that are drawn.

Each range of an entrant's runs is kept in the package's store as soon as it is finished, so nothing is simulated twice.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from atlas.candidates import Candidate
from atlas.problems import Problem
from boltzmann_rl.engines.blocks import BLOCK, Block
from boltzmann_rl.engines.selection import COMPILED, room
from boltzmann_rl.protocols import traits_of
from boltzmann_rl.runs.plan import Cell, key_of
from boltzmann_rl.runs.progress import Progress
from boltzmann_rl.runs.records import encoded
from boltzmann_rl.runs.store import Store

# Which version of `_kept` a cell's results are of: another text when it changes. The first one is empty.
_KEEPS = ""

# Where ranges of runs end in the first block: where rounds do.
_ENDS = {"step": (100, 300, BLOCK), "episode": (10, 30, 100, 300, BLOCK)}

# Entrants that are simulated together: more would share more, and take more memory and longer until they are kept.
_TOGETHER = 24


@dataclass(frozen=True, eq=False)
class Entrant:
    """A candidate on a problem, all its runs as one cell, and the cell's identity."""

    problem: Problem
    candidate: Candidate
    cell: Cell
    identity: str


def entrant_of(problem: Problem, candidate: Candidate, cell: Cell) -> Entrant:
    """A candidate on a problem, identified by its cell and by what is kept of it."""
    return Entrant(problem, candidate, cell, cell.identity + _KEEPS)


class OutOfTime(Exception):
    """The time is over; everything that is finished is kept."""


class Task(NamedTuple):
    """Entrants that are simulated together, and the ranges of their runs, all in one block."""

    entrants: tuple[Entrant, ...]
    ranges: tuple[tuple[int, int], ...]

    @property
    def work(self) -> float:
        """About how long it takes, in any unit: a step of more arms takes longer."""
        one, runs = self.entrants[0].problem, sum(runs for _, runs in self.ranges)
        return len(self.entrants) * one.steps * runs * (10.0 + one.actions)


@dataclass(frozen=True)
class Manner:
    """How entrants are simulated; nothing here changes a number.

    Args:
        jobs: Number of threads; the compiled engines release the interpreter lock.
        progress: Whether to show progress on standard error.
        check: Called before each task; what it raises ends the work, after the tasks that have begun.
        tell: Called with a line for each failure.
    """

    jobs: int = 1
    progress: bool = True
    check: Callable[[], object] = lambda: None
    tell: Callable[[str], object] = lambda line: None


def ranges(axis: str, runs: int, start: int = 0) -> Iterator[tuple[int, int]]:
    """The ranges in which runs are kept: number of the first run, and number of runs.

    Args:
        axis: ``"step"`` or ``"episode"``.
        runs: Number of all runs.
        start: The number of the first one, at which a block begins.

    Example:
        >>> list(ranges("episode", 100)), list(ranges("step", 2500))[-3:]
        ([(0, 10), (10, 20), (30, 70)], [(300, 700), (1000, 1000), (2000, 500)])
        >>> list(ranges("step", 1500, start=5000))
        [(5000, 1000), (6000, 500)]
    """
    first, last = start, start + runs
    while first < last:
        end = next((end for end in _ENDS[axis] if end > first), (first // BLOCK + 1) * BLOCK)
        yield first, min(end, last) - first
        first = min(end, last)


def totals(entrant: Entrant, runs: int, store: Store, start: int = 0) -> dict[str, Any] | None:
    """What is kept of each of an entrant's runs, from ``start`` on; None if some of them are not in the store."""
    keys = [key_of(entrant.identity, *place) for place in ranges(entrant.problem.axis, runs, start)]
    if any(key not in store for key in keys):
        return None
    blocks = [store[key].totals for key in keys]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def simulate(wanted: Mapping[Entrant, int], store: Store, manner: Manner, start: int = 0) -> None:
    """Simulate the runs that the store lacks of entrants: their numbers of runs, from ``start`` on.

    Raises:
        OutOfTime: Raised by ``manner.check``; what is finished is kept.
    """
    waiting: dict[Future[list[list[Block]]], Task] = {}
    tasks = list(tasks_of(wanted, store, start))
    cells = sum(len(task.entrants) * len(task.ranges) for task in tasks)
    source = iter(tasks)
    with (
        Progress(
            "atlas", cells, sum(task.work for task in tasks), workers=manner.jobs, shown=manner.progress
        ) as progress,
        ThreadPoolExecutor(manner.jobs) as threads,
    ):
        while True:
            while len(waiting) < 2 * manner.jobs and (task := next(source, None)) is not None:
                manner.check()
                waiting[threads.submit(blocks_of, task)] = task
            if not waiting:
                return
            progress.running(next(iter(waiting.values())).entrants[0].problem.name)
            for future in wait(waiting, timeout=1.0, return_when=FIRST_COMPLETED).done:
                task = waiting.pop(future)
                alone = _keep(task, future, store, manner.tell)
                waiting |= {threads.submit(blocks_of, one): one for one in alone}
                if not alone:
                    progress.advance(len(task.entrants) * len(task.ranges), task.work)


def tasks_of(wanted: Mapping[Entrant, int], store: Store, start: int = 0) -> Iterator[Task]:
    """What is missing, by problem; agents that perturb every action draw other random numbers, so are by themselves.

    Entrants with the same agent, such as a recommended one and the rule that it takes, are simulated once.
    """
    most: dict[str, tuple[Entrant, int]] = {}
    for entrant, runs in wanted.items():
        one, others = most.get(entrant.identity, (entrant, 0))
        most[entrant.identity] = one, max(runs, others)
    groups: dict[Any, list[Entrant]] = defaultdict(list)
    for entrant, runs in most.values():
        places = ranges(entrant.problem.axis, runs, start)
        missing = [place for place in places if key_of(entrant.identity, *place) not in store]
        perturbs = traits_of(entrant.cell.agent.policy).uniforms_per_action
        for _, block in itertools.groupby(missing, lambda place: place[0] // BLOCK):
            groups[entrant.problem.name, entrant.cell.engine, perturbs, tuple(block)].append(entrant)
    for (*_, places), group in groups.items():
        for first in range(0, len(group), _TOGETHER):
            yield Task(tuple(group[first : first + _TOGETHER]), places)


def blocks_of(task: Task) -> list[list[Block]]:
    """The blocks of each entrant of a task, one for each range: those that `Cell.simulate` gives."""
    cell, agents = task.entrants[0].cell, [one.cell.agent for one in task.entrants]
    engine = room(cell.axis, cell.engine)
    sizes: Any = {"steps" if cell.axis == "step" else "episodes": cell.length}
    sizes |= {"seed": cell.seed, "windows": cell.windows}
    if (cell.axis, cell.engine) == ("step", COMPILED):
        together: list[list[Block]] = engine.simulate_agents(cell.problem, agents, task.ranges, **sizes)
        return together
    if cell.axis == "episode":
        sizes["regret"] = "regret" in cell.metrics
    return [engine.simulate_ranges(cell.problem, agent, task.ranges, **sizes) for agent in agents]


def _keep(task: Task, done: "Future[list[list[Block]]]", store: Store, tell: Callable[[str], object]) -> Sequence[Task]:
    """Keep the blocks of a task; if it failed, answers the entrants one by one, to find out which of them fails."""
    error = done.exception()
    if error is not None and len(task.entrants) > 1:
        return [Task((one,), task.ranges) for one in task.entrants]
    if error is not None:
        (one,) = task.entrants
        tell(f"{one.candidate.name} on {one.problem.name} failed: {type(error).__name__}: {error}")
        return ()
    for one, blocks in zip(task.entrants, done.result(), strict=True):
        for place, block in zip(task.ranges, blocks, strict=True):
            store.add(key_of(one.identity, *place), encoded(_kept(block)))
    store.sync()
    return ()


def _kept(block: Block) -> Block:
    """The regret of each run, and how often a bandit's best arm was chosen at the end."""
    kept = {"regret": block.totals["regret"]}
    if "best_action" in block.windows:
        kept["late"] = block.windows["best_action"][:, -1]
    return Block({}, kept, {}, np.zeros((0, 0)))
