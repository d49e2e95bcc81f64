"""Checks of a results folder, which may come from anyone, by the rules for declarations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from boltzmann_rl.arguments import as_finite, as_integer, as_positive, shown
from boltzmann_rl.arguments.labels import check_label, check_name
from boltzmann_rl.engines.metrics import BANDITS, EPISODES
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.measures import RUNS, check_metrics, measures_in
from boltzmann_rl.runs.failures import is_failure
from boltzmann_rl.statistics.comparison import Verdict
from boltzmann_rl.statistics.judgement import Judgement
from boltzmann_rl.statistics.stopping import Stopping

_KINDS = {"BanditExperiment": BANDITS, "GymnasiumExperiment": EPISODES}

_LARGEST = 2**63 - 1

_HASH = re.compile("[0-9a-f]{64}")

# fmt: off
COMPARISONS = (
    "experiment", "problem", "metric", "first", "second", "first_agent", "second_agent", "runs", "difference", "low",
    "high", "p_value", "p_step_down", "effect_size", "superiority", "verdict", "method", "warning",
)
# fmt: on

# The columns that each table must have.
_COLUMNS: dict[str, tuple[str, ...]] = {
    "curves": ("experiment", "problem", "agent", "step", "metric", "mean", "standard_error", "low", "high", "runs"),
    "summary": ("experiment", "problem", "agent", "runs", "p_value"),
    "runs": ("experiment", "problem", "agent", "run"),
    "comparisons": COMPARISONS,
    "run_curves": ("experiment", "problem", "agent", "run", "window", "begin", "end"),
}


def check_manifest(manifest: dict[str, Any]) -> None:
    """Refuse a manifest that can't have been written by a run.

    Raises:
        ValueError, TypeError: It says what is wrong.
    """
    if missing := {"name", "identity", "declaration", "runs"} - _mapping(manifest, "the manifest").keys():
        raise ValueError(f"it has no {', '.join(sorted(missing))}")
    check_name(manifest["name"])
    declaration = _mapping(manifest["declaration"], "declaration")
    axis = _checked_axis(manifest, declaration.get("kind"))
    for part in ("problem", "agents"):
        labelled = _mapping(declaration.get(part), part)
        if not labelled:
            raise ValueError(f"{part} must have at least one entry")
        for label, printed in labelled.items():
            check_label(label, part)
            if not isinstance(printed, str):
                raise TypeError(f"{part}[{label!r}] must be a string, got {shown(printed)}")
    as_integer(declaration.get(f"{axis}s"), f"{axis}s", minimum=1, maximum=_LARGEST)
    as_integer(declaration.get("seed"), "seed", maximum=_LARGEST)
    if declaration["kind"] == RUNS or "last" in declaration:
        as_positive(declaration.get("last"), "last", maximum=1.0)
    for label, seed in _mapping(declaration.get("seeds", {}), "seeds").items():
        if label not in declaration["problem"]:
            raise ValueError(f"seeds name a problem that is not declared, {shown(label)}")
        as_integer(seed, f"seeds[{label!r}]", maximum=_LARGEST)
    as_integer(manifest["runs"], "runs", minimum=1, maximum=_LARGEST)
    if not isinstance(manifest["identity"], str):
        raise TypeError(f"identity must be a string, got {shown(manifest['identity'])}")
    as_integer(declaration.get("uncounted_steps", 0), "uncounted_steps", maximum=declaration[f"{axis}s"] - 1)
    _check_study(_mapping(manifest.get("study", {}), "study"), declaration["agents"])
    _check_judgement(_mapping(manifest.get("judgement", {}), "judgement"), declaration, manifest.get("study", {}))
    _check_stopping(_mapping(manifest.get("stopping", {}), "stopping"))
    if "cells" in manifest:
        as_integer(manifest.get("windows"), "windows", minimum=1, maximum=_LARGEST)
        _check_cells(manifest["cells"], declaration)
    _check_failed(manifest.get("failed", []))
    _mapping(manifest.get("configuration", {}), "configuration")
    for table, digest in _mapping(manifest.get("tables", {}), "tables").items():
        if not isinstance(digest, str):
            raise TypeError(f"tables[{table!r}] must be a hash, got {shown(digest)}")


def _checked_axis(manifest: dict[str, Any], kind: Any) -> str:
    """The axis, if it and the metrics are those of the kind."""
    if not isinstance(kind, str) or kind not in (*_KINDS, RUNS):
        raise ValueError(f"kind must be one of {', '.join(_KINDS)} or {RUNS}, got {shown(kind)}")
    if kind == RUNS:
        check_metrics(manifest.get("metrics"), manifest.get("axis"))
        _check_left_out(_mapping(manifest.get("left_out", {}), "left_out"), manifest["declaration"])
        if "cells" in manifest:
            raise ValueError("results of runs made elsewhere have no cells")
        axis, primary = manifest["axis"], manifest["metrics"][0]["name"]
    else:
        axis, primary = _KINDS[kind].axis, _KINDS[kind].primary
    if (manifest.get("axis"), manifest.get("primary")) != (axis, primary):
        raise ValueError(f"axis and primary of {kind} must be {axis!r} and {primary!r}")
    return str(axis)


def _check_left_out(left_out: dict[str, Any], declaration: dict[str, Any]) -> None:
    for agent, seeds in left_out.items():
        if agent not in _mapping(declaration.get("agents"), "agents"):
            raise ValueError(f"left_out names an agent that is not declared, {shown(agent)}")
        if not isinstance(seeds, list) or not seeds:
            raise TypeError(f"left_out[{agent!r}] must be a list of seeds, got {shown(seeds)}")
        for seed in seeds:
            as_integer(seed, f"left_out[{agent!r}]", maximum=_LARGEST)


def _check_judgement(judgement: dict[str, Any], declaration: dict[str, Any], study: dict[str, Any]) -> None:
    if unknown := judgement.keys() - {"compare", "alpha", "confidence"}:
        raise ValueError(f"judgement has {shown(min(unknown))}, which no run writes")
    Judgement(**judgement).check([*declaration["agents"]], {label: family for label, (family, _) in study.items()})


def _check_stopping(stopping: dict[str, Any]) -> None:
    if stopping and stopping.keys() != {"at_most", "matters", "pairs"}:
        raise ValueError(f"stopping must have at_most, matters and pairs, got {shown(stopping)}")
    Stopping(**stopping)


def _check_failed(failed: Any) -> None:
    if not isinstance(failed, list):
        raise TypeError(f"failed must be a list, got {shown(failed)}")
    for failure in failed:
        if not is_failure(_mapping(failure, "an entry of failed")):
            raise TypeError(f"an entry of failed must describe a cell that failed, got {shown(failure)}")


def _check_cells(cells: Any, declaration: dict[str, Any]) -> None:
    if not isinstance(cells, list) or not cells:
        raise TypeError(f"cells must be a list with at least one entry, got {shown(cells)}")
    for cell in cells:
        if _mapping(cell, "an entry of cells").keys() != {"problem", "agent", "engine", "identity"}:
            raise ValueError(f"an entry of cells must have problem, agent, engine and identity, got {shown(cell)}")
        for article, part, of in (("a", "problem", "problem"), ("an", "agent", "agents")):
            if cell[part] not in declaration[of]:
                raise ValueError(f"cells name {article} {part} that is not declared, {shown(cell[part])}")
        if cell["engine"] not in ("reference", "compiled"):
            raise ValueError(f"engine must be reference or compiled, got {shown(cell['engine'])}")
        if not isinstance(cell["identity"], str) or not _HASH.fullmatch(cell["identity"]):
            raise ValueError(f"identity must be the hash of a cell, got {shown(cell['identity'])}")


def _check_study(study: dict[str, Any], agents: dict[str, Any]) -> None:
    for label, place in study.items():
        if label not in agents:
            raise ValueError(f"study names an agent that is not declared, {shown(label)}")
        if not isinstance(place, list) or len(place) != 2:
            raise TypeError(f"study[{label!r}] must be a family and a number, got {shown(place)}")
        check_label(place[0], "agents")
        as_finite(place[1], f"study[{label!r}]")


def check_table(table: pd.DataFrame, kind: str, manifest: dict[str, Any]) -> None:
    """Refuse a table that does not belong to the manifest.

    Args:
        table: As read.
        kind: "curves", "summary", "runs", "comparisons" or "run_curves".
        manifest: Of the same folder, checked.

    Raises:
        ValueError: It says what is wrong.
    """
    measures, needed = measures_in(manifest), [*_COLUMNS[kind]]
    if kind == "summary":
        needed += [f"{metric}{end}" for metric in (*measures.study, "behind") for end in ("", "_low", "_high")]
    elif kind in ("runs", "run_curves"):
        needed += measures.study
    if missing := [column for column in needed if column not in table]:
        raise ValueError(f"it has no column {', '.join(missing)}")
    if table.empty:
        raise ValueError("it has no rows")
    agents = {*manifest["declaration"]["agents"]}
    sides = agents | {family for family, _ in manifest.get("study", {}).values()}
    declared = {"experiment": {manifest["name"]}, "problem": {*manifest["declaration"]["problem"]}, "agent": agents}
    declared |= {"first": sides, "second": sides, "first_agent": agents, "second_agent": agents}
    for column in declared.keys() & {*table}:
        known = declared[column]
        for label in table[column].unique():
            if label not in known:
                raise ValueError(f"its {column} {shown(label)} is not the one in the manifest")
    pairs = len(manifest["declaration"]["problem"]) * len(manifest["declaration"]["agents"])
    pairs = len(manifest.get("cells", range(pairs)))  # without the agents that failed
    if kind == "summary" and not len(table) == len(table[["problem", "agent"]].drop_duplicates()) == pairs:
        raise ValueError(f"it must have one row for each agent on each problem, {pairs} in all, got {len(table)}")
    if kind == "comparisons" and (unknown := {*table["verdict"]} - {*Verdict}):
        raise ValueError(f"its verdict {shown(min(unknown))} is not one that a comparison gives")
    for column in ("step", "run", "runs"):
        if column in table and not table[column].between(0, _LARGEST).all():
            raise ValueError(f"{column} must be integers ≥ 0")
    if kind == "run_curves":
        _check_windows(table)
        _check_order(table[table["window"] == 0])
    elif kind == "runs":
        _check_order(table)


def _check_windows(table: pd.DataFrame) -> None:
    """Refuse runs of an agent that differ in their windows."""
    by_run = table.groupby(["problem", "agent", "run"], sort=False)
    sizes = by_run.size().groupby(level=["problem", "agent"]).nunique()
    apart = (table["window"] > 0) & (table["run"] != table["run"].shift())
    if (by_run.cumcount() != table["window"]).any() or (sizes > 1).any() or apart.any():
        raise ValueError("all runs of an agent must have the same windows, in their order")


def _check_order(table: pd.DataFrame) -> None:
    """Refuse agents that differ in their runs, or in the order of these, by which samples are paired."""
    for problem, here in table.groupby("problem", sort=False):
        runs = {str(agent): [*part["run"]] for agent, part in here.groupby("agent", sort=False)}
        twice = here[here.duplicated(["agent", "run"])]
        if len(twice):
            raise ValueError(f"{twice['agent'].iloc[0]} on {problem} has run {twice['run'].iloc[0]} twice")
        first, known = next(iter(runs.items()))
        for agent, of_agent in runs.items():
            for one, lacks, other in ((agent, {*known} - {*of_agent}, first), (first, {*of_agent} - {*known}, agent)):
                if lacks:
                    raise ValueError(f"{one} on {problem} lacks run {min(lacks)}, which {other} has")
            if of_agent != known:
                raise ValueError(f"{agent} on {problem} must have its runs in the same order as {first}, run by run")


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{what} must be a mapping, got {shown(value)}")
    return value


def refuse_links(*folders: Path) -> None:
    """Refuse to write through links to other folders, which a folder from someone else may contain.

    Links to files need no check, since writing replaces the link.

    Raises:
        FileExistsError: One of them is a link.
    """
    for place in folders:
        if place.is_symlink():
            raise FileExistsError(f"{place} is a link to another folder: nothing was written through it")


def refuse_missing(table: pd.DataFrame, name: str) -> None:
    """Refuse to use a table that was missing when the folder was loaded.

    Raises:
        FileNotFoundError: The table is empty.
    """
    if table.empty:
        raise FileNotFoundError(
            f"{name}.csv is missing in the folder that these results were loaded from: run the experiment again, "
            "which writes it"
        )
