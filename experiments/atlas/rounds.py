"""Rounds of runs: all candidates get a few, and those that matter get more until their standard error is small.

A round is decided by the table of the rounds before it, never by the clock: the same seed gives the same bytes for any
number of workers and of interruptions.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from atlas.candidates import Candidate
from atlas.problems import Problem
from atlas.running import Entrant, Manner, OutOfTime, simulate, totals
from boltzmann_rl.engines.selection import REFERENCE, engine_of
from boltzmann_rl.runs.plan import Cell
from boltzmann_rl.runs.store import Store

_METRICS = ("regret",)

# Windows of a run; the last one shows whether the best arm is still chosen.
_WINDOWS = 10

# Steps of an experiment for which compiling pays.
_MANY = 10**12


@dataclass(frozen=True)
class Effort:
    """How much is simulated.

    Args:
        first: Runs of every candidate on every problem.
        later: The numbers of runs that cells which matter have after each later round.
        steps: Cells with that many steps in all their runs get no more.
        error: The relative standard error that is enough.
        within: Cells whose mean regret is at most this multiple of the problem's lowest one matter.
        reference: Steps of a run above which nothing is simulated that only the reference engine can.
    """

    first: int = 100
    later: tuple[int, ...] = (300, 1000, 2000, 4000, 8000)
    steps: int = 10_000_000
    error: float = 0.03
    within: float = 2.0
    reference: int = 1000

    def runs(self, problem: Problem) -> list[int]:
        """The number of runs after each round."""
        return [self.first, *(runs for runs in self.later if runs * problem.steps <= self.steps)]


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


def entrants(problems: Sequence[Problem], candidates: Sequence[Candidate], effort: Effort) -> list[Entrant]:
    """Every candidate on every problem, but for those for which the reference engine would take too long."""
    found = []
    for problem in problems:
        for candidate in candidates:
            agent = candidate.agent(problem)
            engine, _ = engine_of(problem.axis, problem.declared, agent, _MANY)
            if engine != REFERENCE or problem.steps <= effort.reference:
                sizes = effort.first, problem.length, problem.seed
                cell = Cell(problem.declared, agent, problem.axis, _METRICS, engine, 0, *sizes, windows=_WINDOWS)
                found.append(Entrant(problem, candidate, cell, cell.identity))
    return found


def measured(
    entered: Sequence[Entrant], folder: Path, effort: Effort, named: Callable[[Candidate], bool], manner: Manner
) -> pd.DataFrame:
    """Simulate what the folder lacks, round by round; the table of all cells.

    Args:
        entered: The entrants.
        folder: Of the store.
        effort: How much is simulated.
        named: Whether a candidate's cells matter whatever their regret is.
        manner: How it is simulated; if its check raises `OutOfTime`, the table has what is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[Entrant, Regret] = {}
    runs = {one: effort.runs(one.problem) for one in entered}
    asked = dict.fromkeys(entered, 0)  # the round that each entrant is in
    with closing(Store(folder)) as store:
        while asked:
            wanted = {one: runs[one][number] for one, number in asked.items()}
            manner.tell(_announced(wanted, max(asked.values())))
            try:
                simulate(wanted, store, manner)
            except OutOfTime:
                manner.tell("Out of time: the same command goes on from here.")
                asked = {}
            found |= {one: regret for one, count in wanted.items() if (regret := regret_of(one, count, store))}
            lowest = _lowest(found)
            asked = {
                one: number + 1
                for one, number in asked.items()
                if one in found
                and number + 1 < len(runs[one])
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
    kept = totals(entrant, runs, store)
    if kept is None:
        return None
    regrets = kept["regret"]
    error = float(regrets.std(ddof=1) / np.sqrt(runs))
    halves = (float(regrets[half::2].mean()) for half in (0, 1))
    lost = float((kept["late"] == 0.0).mean()) if "late" in kept else np.nan
    return Regret(runs, float(regrets.mean()), error, *halves, lost)


def table_of(found: Mapping[Entrant, Regret]) -> pd.DataFrame:
    """One row for each entrant: problem, rule, its constants, and the regret."""
    ordered = sorted(found, key=lambda one: one.problem.number)
    rows = [(one.problem.name, one.candidate.rule.name, one.candidate.text, *found[one]) for one in ordered]
    return pd.DataFrame(rows, columns=["problem", "rule", "constants", *Regret._fields])


def deadline(end: float) -> Callable[[], None]:
    """A check that raises `OutOfTime` after that time of `time.monotonic`."""

    def check() -> None:
        if time.monotonic() > end:
            raise OutOfTime

    return check


def _lowest(found: Mapping[Entrant, Regret]) -> dict[str, float]:
    """The lowest mean regret on each problem."""
    lowest: dict[str, float] = {}
    for one, regret in found.items():
        lowest[one.problem.name] = min(regret.regret, lowest.get(one.problem.name, np.inf))
    return lowest


def _announced(wanted: Mapping[Entrant, int], number: int) -> str:
    steps = sum(count * one.problem.steps for one, count in wanted.items())
    return (
        f"Round {number + 1}: {len(wanted):,} cells, up to {max(wanted.values()):,} runs, {steps / 1e9:,.2f}e9 steps."
    )
