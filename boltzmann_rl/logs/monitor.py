"""Stable-Baselines3's monitor files."""

import csv
import json
import math
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boltzmann_rl.arguments import shown

_END = "monitor.csv"
_COLUMNS = ("r", "l", "t")


def read_monitor(folder: str | Path) -> pd.DataFrame:
    """The episodes in the monitor files of Stable-Baselines3, as a table for `Results.of_runs`.

    A training with one environment has the file ``folder/AGENT/SEED.monitor.csv``, as ``Monitor(env,
    "folder/AGENT/SEED")`` writes it. One with several has the files ``folder/AGENT/SEED/*.monitor.csv``, as
    ``make_vec_env(..., monitor_dir="folder/AGENT/SEED")`` writes them. SEED may be any name that ends in digits, such
    as ``seed_3``; it pairs the runs of different agents.

    Args:
        folder: The folder with a folder for each agent.

    Returns:
        One row per episode, with ``problem`` (the environment's id), ``agent``, ``seed``, ``step`` (steps of the
        training up to the end of the episode), ``return`` and ``length``. Episodes of several environments are ordered
        by the time at which they ended, and ``step`` adds up their lengths, as ``load_results`` and ``ts2xy`` of
        Stable-Baselines3 do.

    Raises:
        FileNotFoundError: There are no such files.
        ValueError: A file is elsewhere, damaged or without episodes, or two have the same agent and seed.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "DQN").mkdir()
        >>> header = '#{"t_start": 0.5, "env_id": "CartPole-v1"}'
        >>> lines = header, "r,l,t", "20.0,20,0.1", "31.0,31,0.2"
        >>> _ = (folder / "DQN" / "0.monitor.csv").write_text(chr(10).join(lines))
        >>> read_monitor(folder)
               problem agent  seed  step  return  length
        0  CartPole-v1   DQN     0    20    20.0      20
        1  CartPole-v1   DQN     0    51    31.0      31

    Source: Stable-Baselines3 2.9, ``common/monitor.py`` and ``common/results_plotter.py``.
    """
    folder = Path(folder)
    files = sorted(folder.rglob(f"*{_END}"))
    if not files:
        raise FileNotFoundError(f"{folder} contains no file whose name ends in {_END}")
    runs: dict[tuple[str, str], list[Path]] = {}
    for file in files:
        runs.setdefault(_run_of(file, folder), []).append(file)
    tables: dict[tuple[str, str, int], pd.DataFrame] = {}
    for (agent, named), parts in runs.items():
        seed, (problem, episodes) = _seed_of(named, parts[0]), _episodes(parts)
        if (problem, agent, seed) in tables:
            raise ValueError(f"{parts[0]}: {agent} has two runs with seed {seed} on {problem}; rename one of them")
        labels = pd.DataFrame({"problem": problem, "agent": agent, "seed": seed}, index=episodes.index)
        tables[problem, agent, seed] = pd.concat([labels, episodes], axis=1)
    return pd.concat(tables.values(), ignore_index=True)


def _run_of(file: Path, folder: Path) -> tuple[str, str]:
    """The name of the agent, and that of its run."""
    match file.relative_to(folder).parts:
        case agent, name if name != _END:
            return agent, name.removesuffix(_END).rstrip(".")
        case agent, run, _:
            return agent, run
    raise ValueError(f"{file} must lie in {folder}/AGENT/SEED.{_END} or {folder}/AGENT/SEED/*.{_END}")


def _seed_of(name: str, file: Path) -> int:
    found = re.search(r"\d+\Z", name, flags=re.ASCII)
    if found is None:
        raise ValueError(f"{file}: the name {shown(name)} must end in digits, the seed of the run")
    return int(found[0])


def _episodes(files: list[Path]) -> tuple[str, pd.DataFrame]:
    """The environment's id and the episodes of one run, which has a file for each of its environments."""
    read = [_read(file) for file in files]
    problems = {problem for problem, _ in read}
    if len(problems) > 1:
        named = ", ".join(sorted(problems))
        raise ValueError(f"{files[0].parent} must hold the files of one run, got those of {named}")
    episodes = pd.concat([table for _, table in read], ignore_index=True)
    if len(files) > 1:
        for file, (_, table) in zip(files, read, strict=True):
            if (np.diff(table["t"]) < 0.0).any():
                raise ValueError(
                    f"{file}: its times go back, since a training was resumed into it, so that the order of the "
                    "episodes of several environments is not known"
                )
        episodes = episodes.sort_values("t", kind="stable", ignore_index=True)
    if episodes.empty:
        raise ValueError(f"{files[0]}: no episode of this run has ended")
    columns = {"step": episodes["l"].cumsum(), "return": episodes["r"], "length": episodes["l"]}
    return problems.pop(), pd.DataFrame(columns)


def _read(file: Path) -> tuple[str, pd.DataFrame]:
    """The environment's id and the episodes in one file, with the times at which they ended."""
    with file.open(encoding="utf-8", newline="") as lines:
        header = _header(lines.readline(), file)
        rows = csv.DictReader(lines)
        if missing := [name for name in _COLUMNS if name not in (rows.fieldnames or ())]:
            raise ValueError(f"{file} has no column {', '.join(missing)}")
        episodes = [_episode(row, f"{file}: episode {number}") for number, row in enumerate(rows)]
    table = pd.DataFrame(episodes, columns=[*_COLUMNS]).astype({"r": float, "l": "int64", "t": float})
    problem = header["env_id"] if header["env_id"] != "None" else "environment without an id"
    return problem, table.assign(t=table["t"] + header["t_start"])


def _episode(row: dict[str, Any], where: str) -> tuple[float, int, float]:
    """Return, length and time of an episode."""
    with suppress(TypeError, ValueError):
        found = float(row["r"]), int(row["l"]), float(row["t"])
        if math.isfinite(found[0]) and math.isfinite(found[2]) and found[1] >= 1:
            return found
    given = ", ".join(f"{name} {shown(row[name])}" for name in _COLUMNS)
    raise ValueError(f"{where} must have a finite return r, a length l of 1 or more and a time t, got {given}")


def _header(line: str, file: Path) -> dict[str, Any]:
    with suppress(ValueError, TypeError, KeyError):
        header = json.loads(line.removeprefix("#"))
        if line.startswith("#") and isinstance(header["env_id"], str) and math.isfinite(header["t_start"]):
            return dict(header)
    form = '#{"t_start": ..., "env_id": ...}'
    raise ValueError(f"{file} must begin with {form}, as Monitor writes it, got {shown(line)}")
