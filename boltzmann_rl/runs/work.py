"""What a worker does: try an agent, or simulate a batch of cells, and answer bytes and errors."""

import dataclasses
import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

from boltzmann_rl.engines.selection import COMPILED
from boltzmann_rl.runs import signals
from boltzmann_rl.runs.failures import trace_of
from boltzmann_rl.runs.plan import Cell, simulate_together
from boltzmann_rl.runs.records import encoded
from boltzmann_rl.runs.travel import unpacked

# Steps for which an agent is tried before the long work.
TRIED = 100

# Cells that are simulated together, since they share random numbers or schedules; each with its key.
Cells = Sequence[tuple[str, Cell]]


class Outcome(NamedTuple):
    """What became of a cell: its encoded block, or the kind, message and traceback of an error."""

    key: str
    seconds: float
    content: bytes = b""
    error: tuple[str, str, str] | None = None


def simulate_packed(content: bytes) -> list[Outcome]:
    """`simulate_groups` for groups that came from another process."""
    return simulate_groups(unpacked(content))


def simulate_groups(groups: Iterable[Cells]) -> list[Outcome]:
    """Simulate all cells of all groups; an error costs only the cell that raises it."""
    return [outcome for group in groups for outcome in _simulate_group(group)]


def _simulate_group(group: Cells) -> Iterator[Outcome]:
    began = time.perf_counter()
    try:
        contents = [encoded(block) for block in simulate_together([cell for _, cell in group])]
        signals.check()  # an agent may have caught the exception, and what it did instead is not its result
    except BaseException as error:
        if signals.requested():
            raise
        contents, wrong = [], described(error)
    if contents:
        seconds = (time.perf_counter() - began) / len(group)
        yield from (Outcome(key, seconds, content) for (key, _), content in zip(group, contents, strict=True))
    elif len(group) == 1:
        yield Outcome(group[0][0], time.perf_counter() - began, error=wrong)
    else:  # one by one, to find out which
        for part in group:
            yield from _simulate_group([part])


def described(error: BaseException) -> tuple[str, str, str]:
    """The kind, message and traceback of an error."""
    return type(error).__name__, str(error), trace_of(error)


def try_packed(content: bytes) -> Outcome:
    """`try_out` for a cell that came from another process."""
    return try_out(unpacked(content))


def try_out(cell: Cell) -> Outcome:
    """Simulate a few steps of a cell, which finds out whether it can be simulated, and how long one of its runs takes.

    Returns:
        An outcome without key and content; its seconds are an estimate for the whole cell.
    """
    try:
        seconds = _time_of(cell)
    except BaseException as error:
        if signals.requested():
            raise
        return Outcome("", 0.0, error=described(error))
    return Outcome("", seconds)


def _time_of(cell: Cell) -> float:
    if cell.axis == "step":
        length = min(cell.length, TRIED)
        short = dataclasses.replace(cell, length=length, uncounted=min(cell.uncounted, length - 1))
        return _timed(short) * cell.length / length
    if cell.engine == COMPILED:
        short = dataclasses.replace(cell, length=min(cell.length, 2))
        return _timed(short) * cell.length / short.length
    return _time_of_steps(cell)


def _timed(cell: Cell) -> float:
    """Seconds of a cell, without those for compiling."""
    if cell.engine == COMPILED:
        cell.simulate()
    began = time.perf_counter()
    cell.simulate()
    return time.perf_counter() - began


def _time_of_steps(cell: Cell) -> float:
    """An estimate for a run of a cell in an environment, from its first steps."""
    from boltzmann_rl.engines.reference.episodes import play  # imported here: bandits do not need Gymnasium

    with closing(cell.problem.make()) as env:
        steps = itertools.islice(play(env, cell.agent, seed=cell.seed), TRIED)
        next(steps)  # which also resets the environment
        began, count, episodes = time.perf_counter(), 0, 0
        for transition, _ in steps:
            count, episodes = count + 1, episodes + (transition.terminated or transition.truncated)
    return (time.perf_counter() - began) / max(1, episodes) * cell.length
