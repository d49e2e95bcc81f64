"""Progress: what is seen while a run goes on, on a terminal, in a notebook, in a log, and as plain numbers."""

import os
import shutil
import sys
import time
from types import TracebackType
from typing import Any, NamedTuple, Self, TextIO

from boltzmann_rl.arguments.labels import columns, cut, visible
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.runs.plan import Cell

# Seconds between two updates of a bar, and between two lines of a log.
_BETWEEN_BARS, _BETWEEN_LINES = 0.05, 10.0


class State(NamedTuple):
    """Where a run stands.

    Attributes:
        cells: Cells that are done: those found in the store and those simulated, failed ones included.
        total: All cells.
        failed: Cells that failed.
        rate: Cells that this run simulates per second.
        seconds: Time since the first cell of this run was begun.
        left: Seconds that the rest will take, or None if nothing is known about it yet.
        running: What is being simulated.
        fraction: Work that is done, as a fraction of all work.
        stage: Of runs that go on until they decide: the present look, and how many pairs of agents are open.
    """

    cells: int
    total: int
    failed: int
    rate: float
    seconds: float
    left: float | None
    running: str
    fraction: float
    stage: str = ""


class Done(NamedTuple):
    """What a callback ``on_cell`` is given after each cell.

    Attributes:
        problem: Label of the problem.
        agent: Label of the agent.
        cell: The cell, or None if it is not at hand.
        block: Its results, such as ``block.totals["reward"]``, one number per run; None if the cell failed.
        state: Where the run stands now.
    """

    problem: str
    agent: str
    cell: Cell | None
    block: Block | None
    state: State


def time_left(
    left: float, done: float, seconds: float, *, workers: int = 1, batch: float = 0.0, estimated: bool = True
) -> float | None:
    """The seconds that the rest of a run will take.

    The time per unit of work is the measured one, ``seconds / done``, averaged with the estimated one, ``1 / workers``,
    which has the weight of 2 % of the work. Several workers are measured when one of them finishes a batch. The others
    have done between nothing and all of their own batches, so the measured time lies in an interval. The estimate holds
    while it lies there too; otherwise the nearest end of the interval does.

    Args:
        left: Work that is left.
        done: Work that this run has done.
        seconds: The time it took.
        workers: Number of processes that share the work.
        batch: Largest amount of work that one worker did at once.
        estimated: Whether work is estimated in seconds of one process; otherwise in any unit.

    Returns:
        The time, or None if nothing is known about it.

    Example:
        >>> time_left(90.0, 0.0, 0.0), time_left(90.0, 0.0, 0.0, workers=2)
        (90.0, 45.0)
        >>> time_left(50.0, 50.0, 100.0, estimated=False)
        100.0
    """
    if left <= 0.0:
        return 0.0
    others = (workers - 1) * batch
    if not estimated:
        return left * seconds / (done + others / 2) if done > 0.0 else None
    weight = 0.02 * (left + done)
    spent = seconds + weight / workers
    shortest, longest = spent / (done + others + weight), spent / (done + weight)
    return left * min(max(1 / workers, shortest), longest)


class Progress:
    """A context manager that counts cells and shows their progress on standard error.

    A terminal and a notebook get a bar, a log gets a line every 10 s. Nothing that happens to standard error stops the
    work: if it is missing, closed or incomplete, or writing to it fails, nothing is shown.

    Args:
        name: Label of the run.
        cells: Number of all cells.
        work: Their work in any unit; None if all cells count alike.
        workers: Number of processes that share the work.
        shown: Whether anything is written.
        unit: What is counted.

    Attributes:
        stage: As of `State`.

    Example:
        >>> with Progress("example", cells=4, shown=False) as progress:
        ...     progress.found(2)
        ...     progress.running("ε-greedy on lake")
        ...     progress.advance(1, failed=1)
        ...     state = progress.state
        >>> state.cells, state.total, state.failed, state.fraction
        (3, 4, 1, 0.75)
    """

    def __init__(
        self,
        name: str,
        cells: int,
        work: float | None = None,
        *,
        workers: int = 1,
        shown: bool = True,
        unit: str = "cells",
    ) -> None:
        self._name, self._unit, self._shown = visible(name), unit, shown
        self.stage = ""
        self._total, self._workers = cells, workers
        self._estimated = False
        self._work = float(cells) if work is None else work
        self._found = self._cells = self._failed = 0
        self._found_work = self._done = self._batch = 0.0
        self._began = self._advanced = self._due = time.monotonic()
        self._running = ""
        self._width = 0  # of the bar that the cursor is on
        self._widget: Any = None

    def __enter__(self) -> Self:
        self._show()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._show(last=True)

    def expect(self, work: float, workers: int | None = None) -> None:
        """Replace the work of all cells by a better estimate, in seconds of one process, the unit from now on.

        Args:
            work: The work of all cells, those that are done included.
            workers: Number of processes that share it; default: as before.
        """
        if not self._estimated:
            ratio = work / self._work if self._work else 0.0
            self._found_work, self._done, self._batch = (
                ratio * self._found_work,
                ratio * self._done,
                ratio * self._batch,
            )
        self._work, self._estimated = work, True
        self._workers = self._workers if workers is None else workers
        self._begin()

    def found(self, cells: int, work: float | None = None) -> None:
        """Count cells that were already in the store: they are done, and say nothing about the time."""
        self._found += cells
        self._found_work += self._work_of(cells, work)
        self._begin()

    def grow(self, cells: int, stage: str) -> None:
        """Begin the next stage, with more cells than those that are done."""
        state = self.state
        if not self._estimated:
            self._work += self._work * (state.cells + cells - self._total) / self._total if self._total else cells
        self._total, self.stage = state.cells + cells, stage
        self._show()

    def running(self, label: str) -> None:
        """Say what is being simulated now; call it again to update the display during a long cell."""
        self._running = label
        self._show()

    def advance(self, cells: int = 1, work: float | None = None, failed: int = 0) -> None:
        """Count cells that were just simulated, ``failed`` of them without a result.

        Args:
            cells: Their number.
            work: Their part of all work; None for the mean of as many cells.
            failed: Number of these cells that failed.
        """
        done = self._work_of(cells, work)
        self._cells += cells
        self._failed += failed
        self._done += done
        self._batch = max(self._batch, done)
        self._advanced = time.monotonic()
        self._show()

    @property
    def state(self) -> State:
        """Where the run stands now."""
        now = time.monotonic()
        seconds, work = now - self._began, self._found_work + self._done
        cells = self._found + self._cells
        left = time_left(
            self._work - work,
            self._done,
            self._advanced - self._began,
            workers=self._workers,
            batch=self._batch,
            estimated=self._estimated,
        )
        return State(
            cells=cells,
            total=self._total,
            failed=self._failed,
            rate=self._cells / seconds if seconds > 0.0 else 0.0,
            seconds=seconds,
            left=left if left is None else max(left - (now - self._advanced), 0.0),
            running=visible(self._running),
            fraction=1.0 if cells >= self._total else min(work / self._work, 1.0) if self._work > 0.0 else 0.0,
            stage=self.stage,
        )

    def _work_of(self, cells: int, work: float | None) -> float:
        if work is not None:
            return work
        return self._work * cells / self._total if self._total else 0.0

    def _begin(self) -> None:
        """Start the clock, unless a cell was simulated: neither the probe nor reading the store is simulation."""
        if not self._cells:
            self._began = self._advanced = time.monotonic()

    def _show(self, *, last: bool = False) -> None:
        now = time.monotonic()
        if not self._shown or (now < self._due and not last):
            return
        stream = _standard_error()
        if stream is None:
            return
        try:
            if _in_notebook() and self._show_widget(last):
                between = _BETWEEN_BARS
            elif stream.isatty() or _in_notebook():
                self._show_bar(stream, last)
                between = _BETWEEN_BARS
            else:
                _write(stream, f"{self._name}: {counts_of(self.state, self._unit, last=last)}\n")
                between = _BETWEEN_LINES
        except Exception:  # whatever stands in the place of standard error may raise anything: the work goes on
            self._shown = False
            return
        self._due = now + between

    def _show_bar(self, stream: TextIO, last: bool) -> None:
        full = "█".encode(_encoding(stream), "replace") != b"?"
        line = bar_of(self._name, self.state, self._unit, _columns_of(stream) - 1, full=full, last=last)
        blanks = " " * (self._width - columns(line))  # over the rest of a longer line
        _write(stream, f"\r{line}{blanks}" + ("\n" if last else ""))
        self._width = columns(line)

    def _show_widget(self, last: bool) -> bool:
        """Show the bar of a notebook; answers whether it has widgets."""
        from tqdm import notebook

        if notebook.IProgress is None:
            return False
        state = self.state
        percent, after = _percent(state), "" if last or not state.running else f": {state.running}"
        text = f"{self._name}: {percent}<bar/> {counts_of(state, self._unit, last=last)}{after}"
        if self._widget is None:
            self._widget = notebook.tqdm(total=1.0, bar_format="{desc}")
        self._widget.desc = text
        self._widget.n = state.fraction
        if last:
            self._widget.close()
        else:
            self._widget.refresh()
        return True


def counts_of(state: State, unit: str, *, last: bool = False) -> str:
    """The numbers of a state in words, such as ``3 of 4 cells, 1.5/s, 00:02 left, 1 failed``."""
    from tqdm.std import tqdm  # imported here: only a progress that is shown needs it

    rate = f", {state.rate:.0f}/s" if state.rate >= 100.0 else f", {state.rate:.3g}/s" if state.rate > 0.0 else ""
    time_ = f" in {tqdm.format_interval(state.seconds)}" if last else ""
    left = "" if last or state.left is None else f", {tqdm.format_interval(state.left)} left"
    failed = f", {state.failed} failed" if state.failed else ""
    stage = f", {state.stage}" if state.stage else ""
    return f"{state.cells} of {state.total} {unit}{stage}{time_}{rate}{left}{failed}"


def bar_of(name: str, state: State, unit: str, width: int, *, full: bool = True, last: bool = False) -> str:
    """A bar with its numbers, at most ``width`` columns wide; ``full`` has block characters."""
    from tqdm.std import Bar

    head = f"{cut(name, max(width // 4, 8))}: {_percent(state)}"
    counts = f" {counts_of(state, unit, last=last)}"
    room = width - columns(head) - len(counts)
    running = "" if last else cut(state.running, room * 2 // 3 - 2)
    after = f": {running}" if running else ""
    cells = min(room - columns(after) - 2, 20)
    bar = f"|{format(Bar(state.fraction, cells, Bar.UTF if full else Bar.ASCII))}|" if cells >= 3 else ""
    return cut(f"{head}{bar}{counts}{after}", width)


def _percent(state: State) -> str:
    return f"{int(100 * state.fraction):3d}%"  # rounded down: 100 % means that all is done


def _standard_error() -> TextIO | None:
    """Standard error, if it is a whole stream: it may be None, closed, or any object that a logger put there."""
    stream = sys.stderr
    whole = all(hasattr(stream, name) for name in ("write", "flush", "isatty", "fileno"))
    return stream if whole and not getattr(stream, "closed", False) else None


def _in_notebook() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def _columns_of(stream: TextIO) -> int:
    try:
        known = os.get_terminal_size(stream.fileno()).columns
    except (AttributeError, OSError, ValueError):  # a browser, a notebook, or a terminal of another kind
        known = 0
    return known or shutil.get_terminal_size().columns  # which is 80 if nothing is known


def _encoding(stream: TextIO) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def _write(stream: TextIO, text: str) -> None:
    encoding = _encoding(stream)
    stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()
