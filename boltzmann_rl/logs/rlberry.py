"""rlberry's tables of what agents logged."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from boltzmann_rl.arguments import shown

_COLUMNS = ("name", "n_simu", "tag", "global_step", "value")


def read_rlberry(table: Any, tags: Sequence[str] | None = None) -> pd.DataFrame:
    """What rlberry's writers logged, as a table for `Results.of_runs`.

    Args:
        table: What rlberry's ``read_writer_data`` returned, or the same read from a CSV file: a row for each number,
            with the columns ``name`` (the agent), ``n_simu`` (its fit), ``tag``, ``global_step`` and ``value``.
        tags: The tags to keep; by default all.

    Returns:
        One row per number, with ``agent``, ``seed`` (the number of the fit), ``step``, ``metric`` and ``value``.

    Raises:
        TypeError, ValueError: A column or tag is missing, a tag was logged without ``global_step``, or a value is not
            a number.

    Example:
        >>> logged = {"name": "UCBVI", "tag": "episode_rewards", "value": [3.0, 4.0], "dw_time_elapsed": [0.1, 0.2]}
        >>> read_rlberry(pd.DataFrame({**logged, "global_step": [0, 1], "n_simu": "0"}), tags=["episode_rewards"])
           agent  seed  step           metric  value
        0  UCBVI     0     0  episode_rewards    3.0
        1  UCBVI     0     1  episode_rewards    4.0

    Source: rlberry 0.7, ``utils/writers.py`` and ``manager/evaluation.py``.
    """
    table = pd.DataFrame(table).reset_index(drop=True)
    if missing := [name for name in _COLUMNS if name not in table]:
        raise ValueError(f"a table of rlberry has columns {', '.join(_COLUMNS)}; no {missing[0]} here")
    if tags is not None:
        if isinstance(tags, str):
            raise TypeError(f"tags must be a list of tags, got {shown(tags)}: [{tags!r}]?")
        for tag in tags:
            if tag not in set(table["tag"]):
                logged = ", ".join(map(str, table["tag"].unique()))
                raise ValueError(f"no tag {shown(tag)} was logged; there are {logged}")
        table = table[table["tag"].isin(list(tags))]
    without = table.loc[table["global_step"].isna(), "tag"].unique()
    if len(without):
        raise ValueError(f"the tag {shown(without[0])} was logged without global_step; name the others in tags=")
    columns = {
        "agent": table["name"].astype(object),
        "seed": _numbers(table, "n_simu", "int64"),
        "step": _numbers(table, "global_step", "int64"),
        "metric": table["tag"].astype(object),
        "value": _numbers(table, "value", "float64"),
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def _numbers(table: pd.DataFrame, column: str, kind: str) -> Any:
    """A column as numbers: rlberry's tables hold objects, and fits that were loaded from files have text numbers."""
    found = pd.to_numeric(table[column], errors="coerce").astype("float64")
    wrong = found.isna() & table[column].notna() if kind == "float64" else ~(found % 1 == 0)
    if wrong.any():
        row: Any = wrong.idxmax()
        name, given = ("a number" if kind == "float64" else "an integer"), table[column].astype(object)[row]
        raise ValueError(f"{column} must be {name}, got {shown(given)} (tag {shown(table.loc[row, 'tag'])}, row {row})")
    return np.asarray(found, dtype=kind)
