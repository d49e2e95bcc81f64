"""Stage two, which pays: what stage one chose, on fresh runs that took no part in choosing, or in when to stop.

Of many noisy means the lowest is too low, and runs that stop when they look precise are lucky ones. So the regrets of
stage one are never judged. All that is compared on a problem has the same runs, whose number depends on the horizon
alone, and the same random numbers.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from atlas.choosing import AGAINST, Choice, Key, Split
from atlas.rounds import Effort, Measured, announced, simulated, summarized, table_of
from atlas.running import Entrant, Manner, totals
from boltzmann_rl.runs.store import Store

# The number of the first run of stage two.
FRESH = 1_000_000

# Columns of losses and of their standard errors, for each reference.
LOSS = {name: f"loss, {name}" for name in AGAINST}
ERROR = {name: f"error of loss, {name}" for name in AGAINST}


def payers(entered: Sequence[Entrant], choice: Choice) -> dict[str, dict[Key, Entrant]]:
    """For each problem that judges, the entrants that were chosen or stated."""
    problems = list(dict.fromkeys(one.problem for one in entered))
    split, there = Split(problems), {(one.problem.name, *key_of(one)): one for one in entered}
    found: dict[str, dict[Key, Entrant]] = {}
    for name in split.judging:
        keys = choice.on(name, split.families[name])
        found[name] = {key: there[name, *key] for key in keys if (name, *key) in there}
    return found


def paid(entered: Sequence[Entrant], choice: Choice, folder: Path, effort: Effort, manner: Manner) -> Measured:
    """Simulate what the folder lacks of stage two; the table of its cells, with losses.

    Args:
        entered: The entrants of stage one.
        choice: What it chose.
        folder: Of the store.
        effort: How much is simulated.
        manner: How it is simulated; if its check raises `OutOfTime`, the table has what is there.
    """
    paying = payers(entered, choice)
    wanted = {one: effort.paid(one.problem) for found in paying.values() for one in found.values()}
    tables: list[pd.DataFrame] = []
    with closing(Store(folder)) as store:
        manner.tell(f"Fresh runs: {announced(wanted)}")
        finished = simulated(wanted, store, manner, FRESH)
        for problem, found in paying.items():
            kept = {key: totals(one, wanted[one], store, FRESH) for key, one in found.items()}
            there = {key: one for key, one in kept.items() if one is not None}
            finished &= len(there) == len(kept)
            summaries = {found[key]: summarized(one) for key, one in there.items()}
            tables.append(table_of(summaries).assign(**_losses(there, problem, choice)))
    return Measured(pd.concat(tables, ignore_index=True), finished)


def key_of(one: Entrant) -> Key:
    """A candidate as tables name it."""
    return one.candidate.rule.name, one.candidate.text


def _losses(kept: Mapping[Key, Mapping[str, Any]], problem: str, choice: Choice) -> dict[str, list[float]]:
    """The columns of losses on a problem, NaN where its reference was not measured."""
    columns: dict[str, list[float]] = {}
    for against, references in choice.references.items():
        reference = kept.get(references.get(problem, ("", "")))
        pairs = [
            (np.nan, np.nan) if reference is None else ratio(one["regret"], reference["regret"])
            for one in kept.values()
        ]
        columns[LOSS[against]], columns[ERROR[against]] = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return columns


def ratio(regrets: np.ndarray, others: np.ndarray) -> tuple[float, float]:
    """The ratio of two means over the same runs, and its standard error, which takes the runs as pairs.

    Args:
        regrets: The regret of each run.
        others: That of a reference in the same runs, with the same random numbers.

    Example:
        >>> ratio(np.array([2.0, 4.0, 6.0]), np.array([1.0, 2.0, 3.0]))
        (2.0, 0.0)
    """
    mean = float(others.mean())
    if mean <= 0.0:
        return np.nan, np.nan
    found = float(regrets.mean()) / mean
    return found, float((regrets - found * others).std(ddof=1) / np.sqrt(len(regrets)) / mean)
