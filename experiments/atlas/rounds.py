"""Rounds of runs: all candidates get a few, and those that matter get more until their standard error is small.

The runs are kept in the package's store, so an interrupted atlas goes on where it was, and a larger one begins where
a smaller one ended. A round is decided by the table of the rounds before it, never by the clock: the same seed gives
the same bytes for any number of workers and of interruptions.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from atlas.candidates import Candidate
from atlas.problems import Problem
from boltzmann_rl.engines.blocks import BLOCK, Block
from boltzmann_rl.engines.selection import REFERENCE, engine_of
from boltzmann_rl.runs.outline import Entry, Outline
from boltzmann_rl.runs.plan import Cell, Plan, Series, key_of, ranges
from boltzmann_rl.runs.progress import Done
from boltzmann_rl.runs.records import decoded, encoded
from boltzmann_rl.runs.runner import Manner, simulate
from boltzmann_rl.runs.store import Store
from boltzmann_rl.statistics.judgement import Judgement

# Windows of a run; the last one shows whether the best arm is still chosen.
_WINDOWS = 10

# Steps of an experiment for which compiling pays.
_MANY = 10**12


@dataclass(frozen=True)
class Effort:
    """How much is simulated.

    Args:
        first: Runs of every candidate on every problem.
        least: Runs of cells that matter, after the first round.
        most: Runs after which a cell gets no more.
        steps: Steps of all its runs after which a cell with ``least`` runs gets no more.
        error: The relative standard error that is enough.
        within: Cells whose mean regret is at most this multiple of the problem's lowest one matter.
        reference: Steps of a run above which nothing is simulated that only the reference engine can.
    """

    first: int = 100
    least: int = BLOCK
    most: int = 8 * BLOCK
    steps: int = 30_000_000
    error: float = 0.03
    within: float = 2.0
    reference: int = 1000

    def runs(self, problem: Problem) -> Iterator[int]:
        """The number of runs after each round: ``first``, ``least``, and then twice as many each time."""
        yield self.first
        runs = self.least
        while self.first < runs <= self.most and (runs == self.least or runs * problem.steps <= self.steps):
            yield runs
            runs *= 2


@dataclass(frozen=True, eq=False)
class Entrant:
    """A candidate on a problem, all its runs as one cell, and the cell's identity."""

    problem: Problem
    candidate: Candidate
    cell: Cell
    identity: str


class Regret(NamedTuple):
    """What is known of a candidate on a problem.

    Attributes:
        runs: Number of runs.
        regret: Mean regret of a run.
        error: Its standard error.
        half_a: Mean regret of the runs with even numbers.
        half_b: Mean regret of those with odd numbers.
        lost: Share of a bandit's runs that never chose the best arm in their last tenth.
    """

    runs: int
    regret: float
    error: float
    half_a: float
    half_b: float
    lost: float


class OutOfTime(Exception):
    """The time is over; everything that is finished is kept."""


class Totals(Store):
    """A store that keeps a bandit's regret in each run, and how often the best arm was chosen in the last window.

    Of environments it keeps the sum of the returns in each run.
    """

    def add(self, key: str, content: bytes) -> None:
        """Keep the numbers of the runs of a block."""
        block = decoded(content)
        totals = {name: block.totals[name] for name in ("regret", "return") if name in block.totals}
        if "best_action" in block.windows:
            totals["late"] = block.windows["best_action"][:, -1]
        super().add(key, encoded(Block({}, totals, {}, np.zeros((0, 0)))))


def entrants(problems: Sequence[Problem], candidates: Sequence[Candidate], effort: Effort) -> list[Entrant]:
    """Every candidate on every problem, but for those for which the reference engine would take too long."""
    found = []
    for problem in problems:
        for candidate in candidates:
            agent = candidate.agent(problem)
            engine, _ = engine_of(problem.axis, problem.declared, agent, _MANY)
            if engine != REFERENCE or problem.steps <= effort.reference:
                sizes = effort.first, problem.length, problem.seed
                cell = Cell(problem.declared, agent, problem.axis, (), engine, 0, *sizes, windows=_WINDOWS)
                found.append(Entrant(problem, candidate, cell, cell.identity))
    return found


def measured(
    entered: Sequence[Entrant],
    folder: Path,
    effort: Effort,
    named: Callable[[Candidate], bool],
    manner: Manner,
    tell: Callable[[str], object],
) -> pd.DataFrame:
    """Simulate what the folder lacks, round by round; the table of all cells.

    Args:
        entered: The entrants.
        folder: Of the store.
        effort: How much is simulated.
        named: Whether a candidate's cells matter wherever they stand.
        manner: How the runs are made; a callback that raises `OutOfTime` ends them, and the table has what is there.
        tell: Called with a line for each round and each failure.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[Entrant, Regret] = {}
    asked = dict.fromkeys(entered, 0)  # the round that each entrant is in
    with closing(Totals(folder)) as store:
        while asked:
            runs = {one: list(effort.runs(one.problem))[number] for one, number in asked.items()}
            tell(_announced(runs, max(asked.values())))
            try:
                _simulate(runs, store, folder, manner, tell)
            except OutOfTime:
                tell("Out of time: the same command goes on from here.")
                asked = {}
            there = {one: regret_of(one, count, store) for one, count in runs.items()}
            found |= {one: regret for one, regret in there.items() if regret is not None}
            lowest = _lowest(found)
            asked = {
                one: number + 1
                for one, number in asked.items()
                if one in found
                and len(list(effort.runs(one.problem))) > number + 1
                and matters(found[one], lowest[one.problem.name], effort, named(one.candidate))
            }
    return table_of(found)


def matters(regret: Regret, lowest: float, effort: Effort, named: bool) -> bool:
    """Whether a cell needs more runs: it is not precise, and it is named or near the lowest regret of the problem.

    Example:
        >>> matters(Regret(100, 10.0, 1.0, 10.0, 10.0, 0.0), 6.0, Effort(), named=False)
        True
        >>> matters(Regret(100, 10.0, 1.0, 10.0, 10.0, 0.0), 4.0, Effort(), named=False)
        False
    """
    near = named or regret.regret <= effort.within * lowest
    return near and regret.error > effort.error * abs(regret.regret)


def regret_of(entrant: Entrant, runs: int, store: Store) -> Regret | None:
    """The regret of an entrant in its first runs; None if some of them are not in the store."""
    axis = entrant.problem.axis
    keys = [key_of(entrant.identity, first, count) for first, count in ranges(axis, runs)]
    if any(key not in store for key in keys):
        return None
    blocks = [store[key].totals for key in keys]
    totals = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    if axis == "episode":
        regrets = entrant.problem.length * entrant.problem.optimal - totals["return"]
    else:
        regrets = totals["regret"]
    error = float(regrets.std(ddof=1) / np.sqrt(runs))
    halves = (float(regrets[half::2].mean()) for half in (0, 1))
    lost = float((totals["late"] == 0.0).mean()) if "late" in totals else np.nan
    return Regret(runs, float(regrets.mean()), error, *halves, lost)


def table_of(found: dict[Entrant, Regret]) -> pd.DataFrame:
    """One row for each entrant: problem, rule, its constants, and the regret."""
    rows = [
        (one.problem.name, one.candidate.rule.name, one.candidate.text, *regret)
        for one, regret in sorted(found.items(), key=lambda part: (part[0].problem.axis, part[0].problem.number))
    ]
    return pd.DataFrame(rows, columns=["problem", "rule", "constants", *Regret._fields])


def deadline(end: float) -> Callable[[Done], None]:
    """A callback that raises `OutOfTime` after that time of `time.monotonic`."""

    def check(done: Done) -> None:
        if time.monotonic() > end:
            raise OutOfTime

    return check


def _lowest(found: dict[Entrant, Regret]) -> dict[str, float]:
    """The lowest mean regret on each problem."""
    lowest: dict[str, float] = {}
    for one, regret in found.items():
        lowest[one.problem.name] = min(regret.regret, lowest.get(one.problem.name, np.inf))
    return lowest


def _simulate(
    runs: dict[Entrant, int], store: Store, folder: Path, manner: Manner, tell: Callable[[str], object]
) -> None:
    """Simulate entrants up to their numbers of runs; those of one axis with equally many runs are one plan."""
    for axis, count in sorted({(one.problem.axis, count) for one, count in runs.items()}):
        together = [one for one in runs if (one.problem.axis, runs[one]) == (axis, count)]
        for failure in simulate(*_plan(together, count), store, manner, folder):
            tell(str(failure))


def _plan(entered: Sequence[Entrant], runs: int) -> tuple[Plan, Outline]:
    """A plan with series of several lengths, and an outline with what the runner needs: identities."""
    named = [(one.problem.name, one.candidate.name, None, None) for one in entered]
    cells = [replace(one.cell, runs=runs) for one in entered]
    plan = Plan("atlas", "Atlas", tuple(Series(*labels, cell) for labels, cell in zip(named, cells, strict=True)))
    entries = tuple(
        Entry(*labels, one.cell.engine, "", one.identity) for labels, one in zip(named, entered, strict=True)
    )
    sizes: Any = {"runs": runs, "length": plan.first.length, "uncounted": 0, "windows": _WINDOWS}
    return plan, Outline("atlas", {}, plan.first.axis, **sizes, entries=entries, judgement=Judgement())


def _announced(runs: dict[Entrant, int], number: int) -> str:
    steps = sum(count * one.problem.steps for one, count in runs.items())
    return f"Round {number + 1}: {len(runs):,} cells, up to {max(runs.values()):,} runs, {steps / 1e9:,.2f}e9 steps."
