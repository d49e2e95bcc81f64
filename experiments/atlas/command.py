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
from atlas.environments import environments
from atlas.problems import SEED, Problem
from atlas.report import Report
from atlas.rounds import Effort, Entrant, deadline, entrants, measured
from atlas.rules import BANDIT_RULES, ENVIRONMENT_RULES, REFERENCES
from boltzmann_rl.runs.runner import Manner
from boltzmann_rl.storage.atomic import write
from boltzmann_rl.streams import stream

NAME = "atlas"

# Entrants whose first steps are timed for a forecast, and how many steps or episodes of each.
_TIMED, _STEPS, _EPISODES = 200, 300, 5

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
        """Whether a candidate is measured to the full precision wherever it stands: a rule as it was expected to be."""
        return candidate.rule in self.rules and candidate.constants == candidate.rule.grid[0]


def atlas() -> list[Part]:
    """The full atlas."""
    few = Effort(first=30, least=100, most=1600, reference=0)
    return [
        Part("bandits", bandits(), BANDIT_RULES, Effort()),
        Part("environments", environments(), ENVIRONMENT_RULES, few),
    ]


def small() -> list[Part]:
    """Two bandits of each family at each of the shorter horizons, a tenth of the environments, and fewer runs."""
    shorter = [one for one in bandits(each=2) if one.horizon in list(HORIZONS)[:2]]
    few = Effort(first=10, least=30, most=30, reference=0)
    return [
        Part("bandits", shorter, BANDIT_RULES, Effort(least=300, most=300)),
        Part("environments", environments(share=0.1), ENVIRONMENT_RULES, few),
    ]


def run(parts: Sequence[Part], given: argparse.Namespace, tell: Tell) -> None:
    """Do what the command line asks."""
    folder, end = given.results / NAME, time.monotonic() + 3600.0 * given.hours
    for part in parts:
        entered = part.entrants
        if given.forecast:
            tell(forecast(entered, part.effort, given.jobs))
            continue
        manner = Manner(jobs=given.jobs, on_cell=deadline(end))
        table = measured(entered, folder, part.effort, part.is_named, manner, tell)
        write_all(table, part, folder / part.name)
        tell(f"Tables and figures are in {folder / part.name}.")
        if given.ship:
            ship(folder / part.name, given.results / "shipped" / NAME / part.name)


def write_all(table: pd.DataFrame, part: Part, folder: Path) -> None:
    """Write the table of regrets, the judged tables, and the figures."""
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    text = table.to_csv(index=False, float_format="%.6g")
    write(folder / "regrets.csv.gz", gzip.compress(text.encode(), mtime=0))
    report = Report(table, part.problems, part.rules)
    tables = report.tables()
    for name, judged in tables.items():
        write(folder / f"{name}.csv", judged.to_csv(index=False, float_format="%.4g").encode())
    for name, content in figures.drawn(report, tables).items():
        write(folder / "figures" / f"{name}.png", content)


def ship(source: Path, target: Path) -> None:
    """Copy tables and figures, without the cells."""
    shutil.rmtree(target, ignore_errors=True)
    (target / "figures").mkdir(parents=True)
    for file in (*source.glob("*.csv"), *source.glob("*.csv.gz"), *(source / "figures").glob("*.png")):
        shutil.copy(file, target / file.relative_to(source))


def forecast(entered: Sequence[Entrant], effort: Effort, jobs: int) -> str:
    """How long the first round takes, and how long if a quarter of the entrants go on to the second.

    Some entrants, drawn by the seed of the population, are timed for a few steps.
    """
    some = stream(SEED, "atlas", "forecast").permutation(len(entered))[:_TIMED]
    times = {
        runs: np.mean([_seconds(entered[number], runs) for number in some]) * len(entered) / jobs / 60
        for runs in (effort.first, effort.least)
    }
    steps = sum(one.problem.steps for one in entered)
    return (
        f"{len(entered):,} entrants, {steps / 1e9:.2f}e9 steps for a run of each. On {jobs} workers {effort.first} "
        f"runs take {times[effort.first]:.1f} minutes, and {effort.least} runs of a quarter of them "
        f"{times[effort.least] / 4:.1f} minutes."
    )


def _seconds(one: Entrant, runs: int) -> float:
    """About how long the runs of an entrant take."""
    length = min(one.cell.length, _STEPS if one.cell.axis == "step" else _EPISODES)
    short = replace(one.cell, runs=runs, length=length)
    replace(short, length=2, runs=1).simulate()  # which compiles
    began = time.perf_counter()
    short.simulate()
    return (time.perf_counter() - began) * one.cell.length / length
