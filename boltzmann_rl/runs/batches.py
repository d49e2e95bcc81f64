"""Batches of cells: what is sent to a worker at once, in an order in which several processes can share the work."""

import dataclasses
import itertools
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from boltzmann_rl.engines.blocks import BLOCK
from boltzmann_rl.runs.plan import Cell, Plan, key_of, ranges

# Seconds of work that are sent at once: a kill costs at most this, or one group, for each worker.
_SECONDS = 0.05

# Groups in a batch: what is known of other agents may not hold for the next.
_MOST = 50

# Runs in an environment that are simulated together, as they share schedules and transition tables.
_TOGETHER = 5

# Orders of more groups than this are not shuffled: they begin anywhere.
_SHUFFLED = 100_000


class Shard(NamedTuple):
    """A part of the work, for machines that share only a folder: number ``number`` of ``of``, from 1."""

    number: int = 1
    of: int = 1


class Group(NamedTuple):
    """Cells of one series that are simulated together, each with its key."""

    series: int
    cells: tuple[tuple[str, Cell], ...]


class Order:
    """The order of a plan's cells: first some runs of every agent on every problem, then more runs of each.

    So all agents have about as many runs, whenever the work is stopped.

    Args:
        plan: The plan.
        identities: Of the cells of each series: see `Cell.identity`.
        engine: Of the series that are simulated; others are left out.
        shard: The part of the work.
    """

    def __init__(
        self, plan: Plan, identities: Sequence[str], engine: str | None = None, shard: Shard | None = None
    ) -> None:
        self._plan, self._identities, self._shard = plan, identities, shard or Shard()
        self._series = [n for n, series in enumerate(plan.series) if engine in (None, series.cell.engine)]
        self._width = BLOCK if plan.first.axis == "step" else _TOGETHER

    @property
    def count(self) -> int:
        """The number of groups, by arithmetic: a plan may have more of them than could be listed."""
        return len(self._series) * -(-self._plan.runs // self._width)

    def groups(self, *, shuffled: bool = False) -> Iterator[Group]:
        """The groups; shuffled, they come in an order that no other process has, which so does others of them first."""
        everything = range(self.count)
        places: Iterable[int] = everything
        if shuffled and self.count <= _SHUFFLED:
            places = secrets.SystemRandom().sample(everything, self.count)
        elif shuffled:
            begin = secrets.randbelow(self.count)
            places = itertools.chain(range(begin, self.count), range(begin))
        for number in places:
            chunk, place = divmod(number, len(self._series))
            group = self._group(self._series[place], chunk)
            if cells := self._of_shard(group.cells, chunk + place):
                yield group._replace(cells=cells)

    def _of_shard(self, cells: tuple[tuple[str, Cell], ...], number: int) -> tuple[tuple[str, Cell], ...]:
        """The cells of a group that belong to the shard; a few groups are divided, many go to one shard each."""
        if self._shard.of == 1:
            return cells
        divided = cells[0][1].axis == "episode" or self.count < 4 * self._shard.of
        return tuple(
            part for place, part in enumerate(cells)
            if (number + place * divided) % self._shard.of == self._shard.number - 1
        )  # fmt: skip

    def _group(self, number: int, chunk: int) -> Group:
        series, identity, first = self._plan.series[number], self._identities[number], chunk * self._width
        last = min(first + self._width, self._plan.runs)
        inside = ranges(series.cell.axis, last, first=first, at_looks=self._plan.stopping is not None)
        cells = (dataclasses.replace(series.cell, first=begin, runs=runs) for begin, runs in inside)
        return Group(number, tuple((key_of(identity, cell.first, cell.runs), cell) for cell in cells))


def batches(groups: Iterable[Group], seconds_of: Callable[[Group], float]) -> Iterator[list[Group]]:
    """Groups in batches of about 50 ms, by the latest estimate of each group's seconds.

    Groups in environments that take longer are split into their cells.
    """
    batch: list[Group] = []
    seconds = 0.0
    for group in groups:
        for part in _split(group, seconds_of(group)):
            batch.append(part)
            seconds += seconds_of(part)
            if seconds >= _SECONDS or len(batch) == _MOST:
                yield batch
                batch, seconds = [], 0.0
    if batch:
        yield batch


def _split(group: Group, seconds: float) -> Sequence[Group]:
    if seconds < _SECONDS or group.cells[0][1].axis == "step":  # ranges of one block share the numbers that are drawn
        return [group]
    return [Group(group.series, (part,)) for part in group.cells]
