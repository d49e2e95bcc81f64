"""How many more runs would decide each declared pair, and with what chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.checks import refuse_missing
from boltzmann_rl.results.decisions import SAME_CELLS, Judged, judged_in, stopping_of
from boltzmann_rl.results.manifest import judgement_in
from boltzmann_rl.results.samples import Sampled
from boltzmann_rl.statistics.forecasts import Forecast, forecast
from boltzmann_rl.statistics.judgement import Compare
from boltzmann_rl.statistics.levels import as_level
from boltzmann_rl.statistics.stopping import Decision, Stopping, decide
from boltzmann_rl.streams import stream

_COLUMNS = ["experiment", "problem", "first", "second", "runs", "more_runs"]
_COLUMNS += ["first_ahead", "second_ahead", "same", "chance"]


class RunsAhead(NamedTuple):
    """What more runs may decide.

    Attributes:
        table: One row per open pair and coming look: experiment, problem, the agents ``first`` and ``second``, ``runs``
            in all, ``more_runs``, and the chances that by then the first is ahead, the second is, or no difference
            matters (``same``), with their sum ``chance``. Pairs that are decided have no rows.
        sentences: One for each pair: how many more runs decide it with the chance that was asked for.
    """

    table: pd.DataFrame
    sentences: list[str]


def plan_runs(
    results: Sampled,
    chance: float = 0.8,
    *,
    compare: Compare = None,
    alpha: float | None = None,
    matters: float | None = None,
    at_most: int | None = None,
) -> RunsAhead:
    """How many more runs would decide each declared pair of agents, and with what chance.

    The runs so far are continued 400 times by Rubin's Bayesian bootstrap, so the forecast assumes that runs to come are
    like those seen. Decisions are those of ``run(until="decided")``.

    Args:
        results: Of any number of runs.
        chance: The chance with which a pair is to be decided, in (0, 1).
        compare: As in an experiment; default: as declared.
        alpha: The probability of any false decision, over all pairs and looks; default: as declared.
        matters: The least difference that matters; default: as the runs were stopped, else every difference matters.
        at_most: The last look is at this number of runs or fewer; default: as the runs were stopped, else 10,000.

    Returns:
        A table with a row for each open pair and coming look, and a sentence for each pair.

    Raises:
        TypeError, ValueError: A setting that is not allowed, or families are compared.
        FileNotFoundError: The results were loaded from a folder without the runs.

    Example:
        >>> from boltzmann_rl import Agent, BanditExperiment, Boltzmann, GaussianBandit, SampleAverage
        >>> agents = {f"τ = {t}": Agent(SampleAverage(), Boltzmann(t)) for t in (0.1, 0.3)}
        >>> results = BanditExperiment("example", GaussianBandit(), agents, runs=20, steps=50).run(progress=False)
        >>> list(results.plan_runs(at_most=60).table["runs"])
        [30, 38, 48, 60]

    Source: `boltzmann_rl.statistics.forecasts.forecast`.
    """
    refuse_missing(results.runs, "runs")
    chance, manifest = as_level(chance, "chance", 0.8), results.manifest
    judgement = judgement_in(manifest)
    judgement = replace(judgement, compare=judgement.compare if compare is None else compare)
    judged = judged_in(results.runs, manifest, judgement)
    asked: dict[str, Any] = {"alpha": alpha, "matters": matters, "at_most": at_most}
    stopping = replace(stopping_of(manifest, judged), **{k: value for k, value in asked.items() if value is not None})
    if compare is not None:
        stopping = replace(stopping, pairs=max(len(judged), 1))
    rows: list[dict[str, Any]] = []
    said = []
    for one in judged:
        known = decide(one.differences, alpha=stopping.level, matters=stopping.matters)
        where = f"{one.pair.first} and {one.pair.second} on {one.pair.problem}"
        if known.decision != Decision.OPEN:
            said.append(f"{where}: decided at {known.runs:,} runs: {_decided(known.decision, one)}.")
            continue
        if one.alike or len(one.differences) < 2:
            said.append(f"{where}: {SAME_CELLS if one.alike else 'one run says nothing of others'}.")
            continue
        rng = stream(manifest["declaration"]["seed"], "runs ahead", *one.pair)
        settings: dict[str, Any] = {"matters": stopping.matters, "at_most": stopping.at_most}
        ahead = forecast(one.differences, rng, alpha=stopping.level, **settings)
        rows += [{"experiment": manifest["name"], **row} for row in _rows(one, ahead)]
        said.append(f"{where}: {_forecast(one, ahead, chance, stopping)}.")
    return RunsAhead(pd.DataFrame(rows, columns=_COLUMNS), said)


def _rows(judged: Judged, ahead: Forecast) -> Iterator[dict[str, Any]]:
    for number, runs in enumerate(ahead.runs.tolist()):
        yield {
            **judged.pair._asdict(),
            "runs": runs,
            "more_runs": runs - len(judged.differences),
            "first_ahead": ahead.first[number],
            "second_ahead": ahead.second[number],
            "same": ahead.same[number],
            "chance": ahead.chance[number],
        }


def _decided(decision: Decision, judged: Judged) -> str:
    ahead = {Decision.FIRST: judged.pair.first, Decision.SECOND: judged.pair.second}
    return f"{ahead[decision]} is ahead" if decision in ahead else str(decision)


def _forecast(judged: Judged, ahead: Forecast, chance: float, stopping: Stopping) -> str:
    """How many more runs decide a pair that is open."""
    runs = len(judged.differences)
    if not len(ahead.runs):
        return f"not decided by {runs:,} runs, and there is no further look up to {stopping.at_most:,}"
    if not np.ptp(judged.differences) > 0.0:
        return f"the same difference in each of {runs:,} runs, so nothing can be forecast"
    needed = ahead.runs_for(chance)
    if needed is None:
        return (
            f"no number of runs up to {ahead.runs[-1]:,} decides with a chance of {chance:g}; that many do with a "
            f"chance of {_chances(ahead, -1, judged)}"
        )
    place = int(np.flatnonzero(ahead.runs == needed)[0])
    return f"{needed - runs:,} more runs, {needed:,} in all, decide with a chance of {_chances(ahead, place, judged)}"


def _chances(ahead: Forecast, place: int, judged: Judged) -> str:
    """The chance of a decision at a look, and of each decision."""
    parts = [(ahead.first, f"{judged.pair.first} ahead"), (ahead.second, f"{judged.pair.second} ahead")]
    parts.append((ahead.same, str(Decision.SAME)))
    said = ", ".join(f"{name} {share[place]:.2f}" for share, name in parts if share[place] >= 0.005)
    return f"{ahead.chance[place]:.2f}" + (f" ({said})" if said else "")
