"""Running the atlas: which problems and how many runs, the tables and figures, and what is shipped."""

import argparse
import gzip
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from atlas import figures
from atlas.bandits import HORIZONS, bandits
from atlas.candidates import Candidate, Rule, candidates
from atlas.choosing import AGAINST, Split, choice
from atlas.environments import environments
from atlas.paying import paid
from atlas.problems import SEED, Problem
from atlas.report import Report
from atlas.rounds import Effort, deadline, entrants, measured
from atlas.rules import BANDIT_RULES, ENVIRONMENT_RULES, REFERENCES
from atlas.running import Entrant, Manner, blocks_of, tasks_of
from boltzmann_rl.engines.selection import COMPILED
from boltzmann_rl.storage.atomic import write
from boltzmann_rl.streams import stream

# Folders of results, and the file that says that the tables beside it are not finished.
NAME, SMALL = "atlas", "atlas-small"
UNFINISHED = "UNFINISHED.txt"

# Constants of a rule that stage two pays, at most, in a forecast: chosen, without the family, and stated.
_PAYING = 2

# Entrants of a problem whose first steps or episodes are timed for a forecast, and how many of these.
_TIMED, _STEPS, _EPISODES = 12, 128, 50

Tell = Callable[[str], object]


@dataclass(frozen=True)
class Part:
    """All bandits of the atlas, or all environments.

    Args:
        name: Of its folder of tables.
        problems: The problems.
        rules: The rules that are judged.
        effort: How much is simulated.
        references: The rules that are tuned on each problem.
    """

    name: str
    problems: Sequence[Problem]
    rules: Sequence[Rule]
    effort: Effort
    references: Sequence[Rule] = REFERENCES

    @property
    def entrants(self) -> list[Entrant]:
        """Every candidate on every problem."""
        return entrants(self.problems, candidates((*self.references, *self.rules)), self.effort)

    def is_named(self, candidate: Candidate) -> bool:
        """Whether a candidate is measured to the full precision in any case: its constants were stated beforehand."""
        return candidate.rule in self.rules and candidate.constants == candidate.rule.grid[0]


def atlas() -> list[Part]:
    """The full atlas."""
    few = Effort(first=10, later=(30, 100), enough=30, reference=0, paying=200, paying_steps=2_000_000)
    return [
        Part("bandits", bandits(), BANDIT_RULES, Effort()),
        Part("environments", environments(), ENVIRONMENT_RULES, few),
    ]


def small() -> list[Part]:
    """Two bandits of each family at each of the shorter horizons, a tenth of the environments, and fewer runs."""
    shorter = [one for one in bandits(each=2) if one.horizon in list(HORIZONS)[:2]]
    few = Effort(first=10, later=(30,), enough=30, reference=0, paying=30)
    return [
        Part("bandits", shorter, BANDIT_RULES, Effort(later=(300,), paying=300)),
        Part("environments", environments(share=0.1), ENVIRONMENT_RULES, few),
    ]


def run(parts: Sequence[Part], given: argparse.Namespace, tell: Tell) -> bool:
    """Do what the command line asks; whether all of it was finished."""
    folder, end = given.results / (SMALL if given.small else NAME), time.monotonic() + 3600.0 * given.hours
    reports: list[Report] = []
    for part in parts:
        entered = part.entrants
        if given.forecast:
            tell(f"Timing some cells of each problem of the {part.name} ...")
            tell(forecast(part, entered, given.jobs))
            continue
        manner = Manner(given.jobs, check=deadline(end), tell=tell)
        report = judged(part, entered, folder, manner)
        if report is None:
            tell(f"{part.name}: not finished, so nothing is judged or shipped; the same command goes on from here.")
            continue
        tell(f"Tables and figures are in {folder / part.name}.")
        reports.append(report)
        if given.ship:
            ship(folder / part.name, given.results / "shipped" / folder.name / part.name)
    if given.forecast or len(reports) < len(parts):
        return given.forecast
    for place in (folder, *([given.results / "shipped" / folder.name] if given.ship else [])):
        write(place / "which_temperature.png", figures.answers(reports))
    return True


def judged(part: Part, entered: Sequence[Entrant], folder: Path, manner: Manner) -> Report | None:
    """Measure what the folder lacks of both stages, and write tables and figures; None if it is not finished."""
    first, finished = measured(entered, folder, part.effort, part.is_named, manner)
    chosen, second = None, None
    if finished:
        chosen = choice(first, part.problems, part.rules, part.effort)
        second, finished = paid(entered, chosen, folder, part.effort, manner)
    write_regrets(first, second, folder / part.name, finished)
    if chosen is None or second is None or not finished:
        return None
    report = Report(first, second, chosen, part.problems, part.rules)
    write_judged(report, folder / part.name)
    return report


def write_regrets(first: pd.DataFrame, second: pd.DataFrame | None, folder: Path, finished: bool) -> None:
    """Write the regrets of both stages to an empty folder, with a mark if some are missing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    parts = [part.assign(stage=stage) for stage, part in ((1, first), (2, second)) if part is not None and len(part)]
    table = pd.concat(parts) if parts else first.assign(stage=1)
    text = table[["stage", *table.columns.drop("stage")]].to_csv(index=False, float_format="%.6g")
    write(folder / "regrets.csv.gz", gzip.compress(text.encode(), mtime=0))
    if not finished:
        write(folder / UNFINISHED, b"Some runs are missing here: the command that began them goes on with them.\n")


def write_judged(report: Report, folder: Path) -> None:
    """Write the judged tables and the figures."""
    (folder / "figures").mkdir(exist_ok=True)
    tables = report.tables()
    for name, table in tables.items():
        write(folder / f"{name}.csv", table.to_csv(index=False, float_format="%.4g").encode())
    for name, content in figures.drawn(report, tables).items():
        write(folder / "figures" / f"{name}.png", content)


def ship(source: Path, target: Path) -> None:
    """Copy tables and figures, without the cells."""
    shutil.rmtree(target, ignore_errors=True)
    (target / "figures").mkdir(parents=True)
    for file in (*source.glob("*.csv"), *source.glob("*.csv.gz"), *(source / "figures").glob("*.png")):
        shutil.copy(file, target / file.relative_to(source))


def forecast(part: Part, entered: Sequence[Entrant], jobs: int) -> str:
    """About how long it takes if a third of the cells matter after the first round, and a tenth after the second.

    Some entrants of each problem, drawn by the seed of the population, are timed for a few steps or episodes.
    """
    rng, seconds, effort, judges = stream(SEED, "atlas", "forecast"), np.zeros(4), part.effort, Split(part.problems)
    compiled: dict[str, list[Entrant]] = {}
    for one in entered:
        if one.cell.engine == COMPILED:
            compiled.setdefault(one.problem.name, []).append(one)
    paying = len(AGAINST) + sum(min(_PAYING, len(rule.grid)) for rule in part.rules)
    for name, group in compiled.items():
        some = tuple(group[number] for number in rng.choice(len(group), min(_TIMED, len(group)), replace=False))
        runs = effort.runs(group[0].problem)
        counts = runs[0], runs[min(1, len(runs) - 1)], runs[-1]
        one_run = _seconds(some, runs[0]) / runs[0] / len(some) / jobs
        paid_runs = effort.paid(group[0].problem) * paying if name in judges.judging else 0
        more = np.diff((0, *counts)) * len(group)
        seconds += one_run * np.array([*more, paid_runs])
    cells = sum(map(len, compiled.values()))
    first, second, last, fresh = map(duration, seconds * (1.0, 1 / 3, 1 / 10, 1.0))
    return (
        f"{cells:,} cells, and {len(entered) - cells:,} that only the reference engine can simulate. On {jobs} workers "
        f"the first round takes {first}, the second {second}, all later ones {last}, and the fresh runs {fresh}."
    )


def duration(seconds: float) -> str:
    """Seconds below two minutes, else minutes.

    Example:
        >>> duration(119.0), duration(121.0)
        ('119 seconds', '2 minutes')
    """
    return f"{seconds:.0f} seconds" if seconds < 120.0 else f"{seconds / 60.0:.0f} minutes"


def _seconds(group: tuple[Entrant, ...], runs: int) -> float:
    """About how long the runs of entrants on a problem take together."""
    cell = group[0].cell
    length = min(cell.length, _STEPS if cell.axis == "step" else _EPISODES)
    short = tuple(replace(one, cell=replace(one.cell, length=length)) for one in group)
    tasks = list(tasks_of(dict.fromkeys(short, runs), {}))
    for one in short:
        replace(one.cell, length=1, runs=1).simulate()  # which compiles
    began = time.thread_time()
    for task in tasks:
        blocks_of(task)
    return (time.thread_time() - began) * cell.length / length
