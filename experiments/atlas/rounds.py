"""Stage one, which chooses: all candidates get a few runs, and those that matter more, round by round.

Each round asks of all cells whether they matter, so one that was dropped comes back if the lowest regret of its problem
turns out to be higher. A round is decided by the table of the rounds before it, never by the clock: the same seed gives
the same bytes for any number of workers and of interruptions. No regret of this stage is judged: see `atlas.paying`.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from atlas.candidates import TUNED, Candidate
from atlas.problems import Problem
from atlas.running import Entrant, Manner, OutOfTime, entrant_of, simulate, totals
from boltzmann_rl.engines.selection import REFERENCE, engine_of
from boltzmann_rl.runs.plan import Cell
from boltzmann_rl.runs.store import Store

_METRICS = ("regret",)

# Windows of a run; the last one shows whether the best arm is still chosen.
_WINDOWS = 10

# Runs of stage two that a cell has for any number of steps.
_PAYING = 50

# Steps of an experiment for which compiling pays.
_MANY = 10**12


@dataclass(frozen=True)
class Effort:
    """How much is simulated.

    Args:
        first: Runs of every candidate on every problem.
        later: The numbers of runs that cells which matter have after each later round.
        steps: No cell gets more than ``enough`` runs if it then has more steps than these in all its runs.
        enough: Runs below which no cell is precise, and with fewer of which nothing is chosen as a reference.
        error: The relative standard error that is enough.
        within: Cells whose mean regret is at most this multiple of the problem's lowest one matter.
        reference: Steps of a run above which nothing is simulated that only the reference engine can.
        paying: The most runs of a cell in stage two.
        paying_steps: The most steps of a cell in all its runs of stage two, if these are not fewer than 50.
    """

    first: int = 100
    later: tuple[int, ...] = (300, 1000)
    steps: int = 3_000_000
    enough: int = 300
    error: float = 0.03
    within: float = 2.0
    reference: int = 1000
    paying: int = 1000
    paying_steps: int = 5_000_000

    def runs(self, problem: Problem) -> list[int]:
        """The number of runs after each round."""
        return [self.first, *(runs for runs in self.later if runs <= self.enough or runs * problem.steps <= self.steps)]

    def paid(self, problem: Problem) -> int:
        """The number of runs in stage two, which depends on the horizon alone."""
        return min(self.paying, max(_PAYING, self.paying_steps // problem.steps))

    def least(self, problem: Problem) -> int:
        """The number of runs below which nothing is chosen as a reference."""
        return min(self.enough, self.runs(problem)[-1])


class Measured(NamedTuple):
    """The table of a stage, and whether it is all there."""

    table: pd.DataFrame
    finished: bool


class Regret(NamedTuple):
    """What is known of a candidate on a problem.

    Attributes:
        runs: Number of runs.
        regret: Mean regret of a run.
        error: Its standard error.
        lost: Share of a bandit's runs that never chose the best arm in their last tenth.
    """

    runs: int
    regret: float
    error: float
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
                found.append(entrant_of(problem, candidate, cell))
    return found


def measured(
    entered: Sequence[Entrant], folder: Path, effort: Effort, named: Callable[[Candidate], bool], manner: Manner
) -> Measured:
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
    asked, places, rounds = list(entered), dict.fromkeys(entered, 0), 0  # the last: which number of runs each has
    with closing(Store(folder)) as store:
        while asked:
            wanted, rounds = {one: runs[one][places[one]] for one in asked}, rounds + 1
            manner.tell(f"Round {rounds}: {announced(wanted)}")
            in_time = simulated(wanted, store, manner)
            found |= {one: regret for one, count in wanted.items() if (regret := regret_of(one, count, store))}
            if not in_time:
                return Measured(table_of(found), finished=False)
            lowest = _lowest(found)
            asked = [
                one
                for one in entered
                if _is_there(found.get(one), runs[one][places[one]])
                and places[one] + 1 < len(runs[one])
                and matters(found[one], lowest[_rivals(one)], effort, named(one.candidate))
            ]
            places |= {one: places[one] + 1 for one in asked}
    finished = all(_is_there(found.get(one), runs[one][place]) for one, place in places.items())
    return Measured(table_of({one: found[one] for one in entered if one in found}), finished)


def simulated(wanted: Mapping[Entrant, int], store: Store, manner: Manner, start: int = 0) -> bool:
    """Simulate what the store lacks; whether the time was enough for it."""
    try:
        simulate(wanted, store, manner, start)
    except OutOfTime:
        manner.tell("Out of time: the same command goes on from here.")
        return False
    return True


def matters(regret: Regret, lowest: float, effort: Effort, named: bool) -> bool:
    """Whether a cell needs more runs: it is not precise, and it is named or near the lowest regret of its rivals.

    Example:
        >>> matters(Regret(1000, 10.0, 1.0, 0.0), 6.0, Effort(), named=False)
        True
        >>> matters(Regret(1000, 10.0, 1.0, 0.0), 4.0, Effort(), named=False)
        False
    """
    near = named or regret.regret <= effort.within * lowest
    return near and not precise(regret, effort)


def precise(regret: Regret, effort: Effort) -> bool:
    """Whether a mean is known well enough: by enough runs, which differ, with a small standard error.

    Runs that are all equal say nothing of their error: perhaps none of them met what is rare.

    Example:
        >>> precise(Regret(1000, 10.0, 0.2, 0.0), Effort()), precise(Regret(100, 10.0, 0.2, 0.0), Effort())
        (True, False)
        >>> precise(Regret(1000, 10.0, 0.0, 0.0), Effort())
        False
    """
    return regret.runs >= effort.enough and 0.0 < regret.error <= effort.error * abs(regret.regret)


def regret_of(entrant: Entrant, runs: int, store: Store) -> Regret | None:
    """The regret of an entrant in its first runs; None if some of them are not in the store."""
    kept = totals(entrant, runs, store)
    return None if kept is None else summarized(kept)


def summarized(kept: Mapping[str, Any]) -> Regret:
    """The regret of some runs, by what is kept of them."""
    regrets = kept["regret"]
    error = float(regrets.std(ddof=1) / np.sqrt(len(regrets)))
    lost = float((kept["late"] == 0.0).mean()) if "late" in kept else np.nan
    return Regret(len(regrets), float(regrets.mean()), error, lost)


def table_of(found: Mapping[Entrant, Regret]) -> pd.DataFrame:
    """One row for each entrant: problem, rule, its constants, and the regret."""
    rows = [(one.problem.name, one.candidate.rule.name, one.candidate.text, *regret) for one, regret in found.items()]
    return pd.DataFrame(rows, columns=["problem", "rule", "constants", *Regret._fields])


def announced(wanted: Mapping[Entrant, int]) -> str:
    """How much is simulated, in words."""
    steps = sum(count * one.problem.steps for one, count in wanted.items())
    return f"{len(wanted):,} cells, up to {max(wanted.values()):,} runs, {steps / 1e9:,.2f}e9 steps."


def deadline(end: float) -> Callable[[], None]:
    """A check that raises `OutOfTime` after that time of `time.monotonic`."""

    def check() -> None:
        if time.monotonic() > end:
            raise OutOfTime

    return check


def _is_there(regret: Regret | None, runs: int) -> bool:
    """Whether a cell has these runs; one that failed has not."""
    return regret is not None and regret.runs == runs


def _rivals(one: Entrant) -> tuple[str, str]:
    """With what a cell competes: all cells of its problem, or for a reference those of its rule."""
    return one.problem.name, one.candidate.rule.name if one.candidate.rule.knows == TUNED else ""


def _lowest(found: Mapping[Entrant, Regret]) -> dict[tuple[str, str], float]:
    """The lowest mean regret on each problem, and that of each reference."""
    lowest: dict[tuple[str, str], float] = defaultdict(lambda: np.inf)
    for one, regret in found.items():
        for rivals in {_rivals(one), (one.problem.name, "")}:
            lowest[rivals] = min(regret.regret, lowest[rivals])
    return lowest
