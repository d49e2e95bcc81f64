"""The runner: simulates the cells of a plan that a store lacks, by an executor, and keeps each as it is finished."""

import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from boltzmann_rl.arguments import as_integer
from boltzmann_rl.engines.selection import COMPILED, REFERENCE
from boltzmann_rl.runs import failures, signals
from boltzmann_rl.runs.batches import Group, Order, Shard, batches
from boltzmann_rl.runs.estimates import Estimates
from boltzmann_rl.runs.executors.alone import why_alone
from boltzmann_rl.runs.executors.choice import executor_of
from boltzmann_rl.runs.executors.executor import Executor, WorkerDied
from boltzmann_rl.runs.executors.here import Here, Threads
from boltzmann_rl.runs.failures import Failure
from boltzmann_rl.runs.outline import Outline
from boltzmann_rl.runs.plan import Cell, Plan
from boltzmann_rl.runs.progress import Done, Progress
from boltzmann_rl.runs.records import decoded
from boltzmann_rl.runs.status import Status
from boltzmann_rl.runs.store import Memory, Store
from boltzmann_rl.runs.travel import check_travels, packed
from boltzmann_rl.runs.work import (
    TRIED,
    Outcome,
    described,
    simulate_groups,
    simulate_packed,
    try_out,
    try_packed,
)

# Agents are tried before the work if that takes less than this part of the work.
_TRYING = 1 / 50

_SECONDS_BETWEEN_LOOKS = 1.0

# Of a plan with more groups of cells than this, it is not counted beforehand how many are there.
_COUNTED = 1_000_000


@dataclass(frozen=True)
class Manner:
    """How a plan is run; nothing here changes the results.

    Args:
        jobs: Number of processes, ≥ 1, or None for this process alone.
        executor: Where the work is done: see `boltzmann_rl.runs.executors.choice.executor_of`.
        shard: The part of the work that is done here.
        progress: Whether to show progress on standard error.
        on_cell: Called with `Done` for each finished cell, in this process, once it is kept. What it raises ends the
            run; all cells that were finished before are kept.
    """

    jobs: int | None = None
    executor: Any = None
    shard: Shard = field(default_factory=Shard)
    progress: bool = True
    on_cell: Callable[[Done], object] | None = None

    @property
    def processes(self) -> int:
        """The number of processes that are asked for, ≥ 1."""
        return 1 if self.jobs is None else as_integer(self.jobs, "jobs", minimum=1)

    @property
    def remarks(self) -> list[str]:
        """What is not done as it is asked for, as sentences."""
        why = why_alone() if self.executor is None and self.processes > 1 else ""
        return [f"jobs={self.jobs}: {why}, so this one does all the work; the results are the same"] if why else []


class Growth(Protocol):
    """Says whether a plan needs more runs."""

    @property
    def stage(self) -> str:
        """The present stage in words, for the progress."""
        ...

    def more(self, failures: Sequence[Failure]) -> int | None:
        """The number of runs to go on to, once all cells are there or have failed; None if the runs are enough."""
        ...


def simulate(
    plan: Plan,
    outline: Outline,
    store: Memory | Store,
    manner: Manner,
    folder: Path | None,
    growth: Growth | None = None,
) -> list[Failure]:
    """Simulate the cells of a plan that the store lacks, and keep each of them.

    A cell that fails takes no other with it. Several processes may do this with stores in one folder: each takes the
    cells in an order of its own, and looks often for what the others have finished.

    Args:
        plan: The plan of an experiment.
        outline: Its outline.
        store: Where the blocks are kept.
        manner: How the plan is run.
        folder: The folder of the store, for news of this process and for failures; None if it is in memory.
        growth: Asked for more runs each time all are done. Agents that failed get no more.

    Returns:
        The failures, in the order of their cells.

    Raises:
        TypeError, ValueError: Part of a cell can't be sent to a worker; the message says what to do.
        OSError: What the disk refused; all cells that were finished before are kept.
    """
    run = _Run(plan, outline, store, manner, folder)
    with signals.stopping() as stop:
        return run.all(stop, growth)


class _Run:
    """The state of a run."""

    def __init__(
        self, plan: Plan, outline: Outline, store: Memory | Store, manner: Manner, folder: Path | None
    ) -> None:
        self._plan, self._store, self._manner, self._folder = plan, store, manner, folder
        self._identities = [entry.identity for entry in outline.entries]
        self._estimates = Estimates(len(plan.series))
        self._failures: dict[str, Failure] = {}
        self._failed_before = set() if folder is None else failures.failed_before(folder)
        self._broken: set[int] = set()  # series that killed their worker when they were tried, or failed before
        self._failing: set[int] = set()
        self._finished: list[tuple[int, Cell, Outcome]] = []  # and kept, but not counted yet
        self._looked = self._seconds = 0.0
        self._others = False

    def all(self, stop: signals.Stop, growth: Growth | None) -> list[Failure]:
        """Do all phases of the run, until it is requested to stop."""
        self._stop = stop
        cells, there = self._count()
        self._status = Status(self._folder)
        self._progress = Progress(self._plan.name, cells, shown=self._manner.progress)
        self._progress.stage = "" if growth is None else growth.stage
        self._progress.found(there, 0.0)  # before anything is shown
        with self._progress:
            self._look()
            try:
                with ExitStack() as started:
                    executors = [self._started(*pair, started) for pair in self._executors()]
                    while growth is not None and (runs := growth.more(list(self._failures.values()))) is not None:
                        self._go_on(runs, growth.stage)
                        for pair in executors:
                            self._work(*pair)
                    if growth is not None:
                        self._progress.grow(0, growth.stage)
            finally:
                self._store.sync()
                self._status.remove()
        return [self._failures[key] for key in sorted(self._failures)]

    def _started(self, engine: str | None, executor: Executor, started: ExitStack) -> tuple[str | None, Executor]:
        """Give the work of an engine to an executor that was just started, and that ends with the run."""
        started.callback(executor.stop)
        self._work(engine, executor)
        return engine, executor

    def _work(self, engine: str | None, executor: Executor) -> None:
        self._try_out(engine, executor)
        self._simulate(engine, executor)

    def _go_on(self, runs: int, stage: str) -> None:
        """Take up more runs; agents that failed get none of them."""
        self._plan = self._plan.with_runs(runs)
        failing = {self._identities[number] for number in self._failing}
        self._broken |= {number for number, identity in enumerate(self._identities) if identity in failing}
        missing = filter(None, map(self._missing, self._order(None).groups()))
        count = 0
        for group in missing:
            self._estimates.add(group)
            count += len(group.cells)
        self._progress.grow(count, stage)
        self._look()

    def _count(self) -> tuple[int, int]:
        """The number of cells, and of those that are there already."""
        order = self._order(None)
        if order.count > _COUNTED:
            return len(self._plan), 0
        cells = there = 0
        for group in order.groups():
            missing = self._missing(group)
            cells += len(group.cells)
            there += len(group.cells) - (len(missing.cells) if missing else 0)
            if missing:
                self._estimates.add(missing)
        return cells, there

    def _order(self, engine: str | None) -> Order:
        return Order(self._plan, self._identities, engine, self._manner.shard)

    def _missing(self, group: Group) -> Group | None:
        """What the store lacks of a group."""
        cells = tuple(part for part in group.cells if part[0] not in self._store and part[0] not in self._failures)
        return group._replace(cells=cells) if cells and group.series not in self._broken else None

    def _executors(self) -> Iterator[tuple[str | None, Executor]]:
        """The engines, each with the executor for its cells; None stands for both."""
        jobs = min(self._manner.processes, os.cpu_count() or 1)
        if self._manner.executor is not None:
            yield None, executor_of(self._manner.executor, self._manner.jobs)
        elif jobs == 1 or why_alone():
            yield None, Here()
        else:
            engines = {series.cell.engine for series in self._plan.series}
            if COMPILED in engines:  # machine code releases the interpreter lock, so threads suffice
                yield COMPILED, Threads(jobs)
            if REFERENCE in engines:
                yield REFERENCE, executor_of(None, jobs)

    def _send(self, executor: Executor, batch: list[Group]) -> Any:
        """Submit a batch: by reference in this process, as bytes to another."""
        work = [group.cells for group in batch]
        if isinstance(executor, Here | Threads):
            return executor.submit(simulate_groups, work)
        return executor.submit(simulate_packed, packed(work, self._problems_of(batch)))

    def _send_trial(self, executor: Executor, group: Group) -> Any:
        """Submit a trial of the last cell of a group."""
        _, cell = group.cells[-1]
        if isinstance(executor, Here | Threads):
            return executor.submit(try_out, cell)
        return executor.submit(try_packed, packed(cell, self._problems_of([group])))

    def _problems_of(self, batch: list[Group]) -> list[Any]:
        series = (self._plan.series[group.series] for group in batch)
        return list({one.problem: one.cell.problem for one in series}.values())

    def _try_out(self, engine: str | None, executor: Executor) -> None:
        """Try each agent on each problem for some steps, if the work is much longer than that.

        It tells how long the work takes. An agent that raises an error does so again in its cells, which then have it.
        """
        firsts: dict[int, Group] = {}
        for group in itertools.islice(self._order(engine).groups(), len(self._plan.series)):
            missing = self._missing(group)
            if missing and not self._estimates.knows(group.series) and _is_long(missing, self._plan.runs):
                firsts.setdefault(group.series, missing)
        if not isinstance(executor, Here | Threads):
            check_travels(self._plan.problems, self._plan.agents)
        waiting = {self._send_trial(executor, group): group for group in firsts.values()}
        while waiting:
            for future in executor.wait(set(waiting)):
                self._tried(waiting.pop(future), _answer(executor, future))
            self._count_finished()
            self._look()
        self._expect(executor)

    def _tried(self, group: Group, answer: Any) -> None:
        if isinstance(answer, Outcome) and answer.error is None:
            alone = group._replace(cells=group.cells[-1:])
            self._estimates.tried(alone, answer.seconds)
            return
        if isinstance(answer, WorkerDied):  # each of its cells would kill several workers
            self._broken.add(group.series)
            self._estimates.drop(group.series)
            self._fail(group.series, group.cells[-1], described(answer))

    def _simulate(self, engine: str | None, executor: Executor) -> None:
        """Simulate what is missing, with as many batches in progress as keep the workers busy."""
        groups = self._order(engine).groups(shuffled=self._others)
        source = batches(filter(None, map(self._missing, groups)), self._estimates.seconds_of)
        ahead = 1 if isinstance(executor, Here) else 2 * executor.workers
        waiting: dict[Any, list[Group]] = {}
        alone: list[list[Group]] = []  # batches of one cell, from batches that killed their worker
        while True:
            self._refresh()
            while len(waiting) < ahead and (batch := alone.pop() if alone else next(source, None)):
                if batch := list(filter(None, map(self._missing, batch))):  # others may have done it since
                    waiting[self._send(executor, batch)] = batch
            if not waiting:
                return
            latest = next(iter(waiting.values()))
            self._progress.running(self._label(latest[0].series))
            self._look()
            for future in executor.wait(set(waiting), _SECONDS_BETWEEN_LOOKS):
                batch = waiting.pop(future)
                alone += self._received(batch, _answer(executor, future))
            self._store.sync()
            self._stop.check()  # an agent may have swallowed the request
            self._count_finished()
            self._expect(executor)

    def _expect(self, executor: Executor) -> None:
        """Tell the progress how much work there is, once something is known about it."""
        left = self._estimates.left
        if left:  # nothing is left if all is done, or if there is too much to be counted
            self._progress.expect(self._seconds + left, executor.workers)

    def _received(self, batch: list[Group], answer: Any) -> list[list[Group]]:
        """Keep what was simulated; returns batches that are to be tried again."""
        if isinstance(answer, WorkerDied) and sum(len(group.cells) for group in batch) > 1:
            return [[group._replace(cells=(part,))] for group in batch for part in group.cells]
        outcomes = {outcome.key: outcome for outcome in answer} if isinstance(answer, list) else {}
        for group in batch:
            seconds = 0.0
            for part in group.cells:
                outcome = outcomes.get(part[0]) or Outcome(part[0], 0.0, error=described(answer))
                seconds += outcome.seconds
                self._keep(group.series, part, outcome)
            self._estimates.done(group, seconds)
        return []

    def _keep(self, series: int, part: tuple[str, Cell], outcome: Outcome) -> None:
        key, cell = part
        if outcome.error is not None:
            self._fail(series, part, outcome.error)
            return
        if self._folder is not None and key in self._failed_before:
            failures.forget(self._folder, key)
        self._seconds += outcome.seconds
        if key not in self._store:
            self._store.add(key, outcome.content)
            self._finished.append((series, cell, outcome))

    def _fail(self, series: int, part: tuple[str, Cell], error: tuple[str, str, str]) -> None:
        key, cell = part
        labels = self._plan.series[series].problem, self._plan.series[series].agent
        failure = Failure(key, *labels, cell.first, cell.runs, cell.seed, repr(cell), *error)
        self._failures[key] = failure
        self._failing.add(series)
        if self._folder is not None:
            failures.keep(self._folder, failure)
        self._finished.append((series, cell, Outcome(key, 0.0, error=error)))

    def _count_finished(self) -> None:
        """Count the cells that were finished and kept; an error of the callback loses none of them."""
        finished, self._finished = self._finished, []
        for series, cell, outcome in finished:
            self._progress.advance(work=outcome.seconds, failed=int(outcome.error is not None))
            if self._manner.on_cell is not None:
                labels = self._plan.series[series].problem, self._plan.series[series].agent
                block = None if outcome.error is not None else decoded(outcome.content)
                self._manner.on_cell(Done(*labels, cell, block, self._progress.state))

    def _label(self, series: int) -> str:
        return f"{self._plan.series[series].agent} on {self._plan.series[series].problem}"

    def _look(self) -> None:
        """Once a second, say what is going on, and see whether there are others."""
        if time.monotonic() - self._looked >= _SECONDS_BETWEEN_LOOKS:
            self._looked = time.monotonic()
            self._status.write(self._progress.state)
            self._others = self._status.has_company()

    def _refresh(self) -> None:
        """Find what others have finished."""
        before = len(self._store)
        self._store.refresh()
        if self._manner.shard.of == 1:  # those of other parts are not counted here
            self._found(len(self._store) - before)

    def _found(self, cells: int) -> None:
        """Count cells that others have finished."""
        state = self._progress.state
        left = state.total - state.cells
        if left and cells:
            self._progress.found(min(cells, left))
            self._estimates.shared(min(cells, left) / left)


def _answer(executor: Executor, future: Any) -> Any:
    """The result of a call, or the exception that it raised."""
    try:
        return executor.result(future)
    except Exception as error:
        return error


def _is_long(group: Group, runs: int) -> bool:
    """Whether trying an agent takes little of the time of its runs."""
    cell = group.cells[-1][1]
    if cell.axis == "episode":
        return runs * cell.length >= TRIED / _TRYING
    return cell.length * max(1, runs // cell.runs) >= TRIED / _TRYING
