"""Checks of a results folder that is read: it may come from anyone, and satisfies the rules that a declaration does."""

import math
from pathlib import Path
from typing import Any

import pandas as pd

from boltzmann_rl.arguments import shown
from boltzmann_rl.arguments.labels import check_label, check_name

__all__ = ["check_manifest", "check_table", "refuse_links", "refuse_missing"]

# The experiments by their kind: the axis of their curves, what their agents are ranked by, and what else is drawn.
_KINDS = {
    "BanditExperiment": ("step", "reward", "best_action"),
    "GymnasiumExperiment": ("episode", "return", "length"),
}

_LARGEST = 2**63

# The columns that each table has at least.
_COLUMNS = {
    "curves": ("experiment", "problem", "agent", "step", "metric", "mean", "standard_error", "low", "high", "runs"),
    "summary": ("experiment", "problem", "agent", "runs", "p_value"),
    "runs": ("experiment", "problem", "agent", "run"),
}


def check_manifest(manifest: dict[str, Any]) -> None:
    """Refuse a manifest that no run can have written.

    Raises:
        ValueError, TypeError: With what is wrong in it.
    """
    check_name(manifest["name"])
    declaration = _mapping(manifest["declaration"], "declaration")
    kind = declaration.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise ValueError(f"kind must be one of {', '.join(_KINDS)}, got {shown(kind)}")
    axis, primary, _ = _KINDS[kind]
    if (manifest.get("axis"), manifest.get("primary")) != (axis, primary):
        raise ValueError(f"axis and primary of a {kind} must be {axis!r} and {primary!r}")
    for part in ("problem", "agents"):
        labelled = _mapping(declaration.get(part), part)
        if not labelled:
            raise ValueError(f"{part} must have one entry at least")
        for label, printed in labelled.items():
            check_label(label, part)
            if not isinstance(printed, str):
                raise TypeError(f"{part}[{label!r}] must be a string, got {shown(printed)}")
    _whole(declaration.get(axis + "s"), axis + "s", 1)
    _whole(declaration.get("seed"), "seed", 0)
    _whole(manifest["runs"], "runs", 1)
    if not isinstance(manifest["identity"], str):
        raise TypeError(f"identity must be a string, got {shown(manifest['identity'])}")
    _check_study(_mapping(manifest.get("study", {}), "study"), declaration["agents"])


def _check_study(study: dict[str, Any], agents: dict[str, Any]) -> None:
    for label, place in study.items():
        if label not in agents:
            raise ValueError(f"study names an agent that is not declared, {shown(label)}")
        if not isinstance(place, list) or len(place) != 2:
            raise TypeError(f"study[{label!r}] must be a family and a number, got {shown(place)}")
        check_label(place[0], "agents")
        number = place[1]
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise TypeError(f"study[{label!r}] must be a family and a number, got {shown(place)}")


def check_table(table: pd.DataFrame, kind: str, manifest: dict[str, Any]) -> None:
    """Refuse a table that does not belong to the manifest.

    Args:
        table: As read.
        kind: "curves", "summary" or "runs".
        manifest: Of the same folder, checked.

    Raises:
        ValueError: With what is wrong in it.
    """
    _, *metrics = _KINDS[manifest["declaration"]["kind"]]
    needed = [*_COLUMNS[kind]]
    if kind == "summary":
        needed += [f"{metric}{end}" for metric in (*metrics, "behind") for end in ("", "_low", "_high")]
    if missing := [column for column in needed if column not in table]:
        raise ValueError(f"it has no column {', '.join(missing)}")
    if table.empty:
        raise ValueError("it has no rows")
    declared = {"experiment": {manifest["name"]}} | {
        column: set(manifest["declaration"][part]) for column, part in (("problem", "problem"), ("agent", "agents"))
    }
    for column, known in declared.items():
        for label in table[column].unique():
            if label not in known:
                raise ValueError(f"its {column} {shown(label)} is not the one in the manifest")
    pairs = len(manifest["declaration"]["problem"]) * len(manifest["declaration"]["agents"])
    if kind == "summary" and not len(table) == len(table[["problem", "agent"]].drop_duplicates()) == pairs:
        raise ValueError(f"it must have one row for each agent on each problem, {pairs} in all, got {len(table)}")
    for column in ("step", "run", "runs"):
        if column in table and not table[column].between(0, _LARGEST - 1).all():
            raise ValueError(f"{column} must be whole numbers from 0 on")


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{what} must be a mapping, got {shown(value)}")
    return value


def _whole(value: Any, what: str, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < _LARGEST:
        raise ValueError(f"{what} must be a whole number, {least} or more, got {shown(value)}")


def refuse_links(*folders: Path) -> None:
    """Refuse to write into folders that are links to others, as a folder that was sent may hold.

    Files that are links are replaced themselves, and never written through.

    Raises:
        FileExistsError: One of them is a link.
    """
    for place in folders:
        if place.is_symlink():
            raise FileExistsError(f"{place} is a link to another folder: nothing was written through it")


def refuse_missing(table: pd.DataFrame, name: str) -> None:
    """Refuse to tell or draw what stands in a table that was not there when the folder was read.

    Raises:
        FileNotFoundError: The table is empty.
    """
    if table.empty:
        raise FileNotFoundError(f"{name}.csv is missing: it was not in the folder that these results were read from")
