"""Checked tables of runs made elsewhere: each number has a problem, an agent, a seed, a step and a metric."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import shown
from boltzmann_rl.arguments.labels import check_label
from boltzmann_rl.arguments.near_names import nearest
from boltzmann_rl.lazy import pandas as pd

# The columns of a table of runs, besides its metrics, and what they may be called as well.
KEYS = ("problem", "agent", "seed", "step", "episode", "metric", "value")

_SHAPE = "one column per metric, or the columns metric and value, beside agent, seed, step (or episode) and, if there "
_SHAPE += "are several, problem"

# The label of the problem where a table names none.
_ONE = "the problem"

_LARGEST = 2**53


class Tidy(NamedTuple):
    """The numbers of a table of runs.

    Attributes:
        axis: ``"step"`` or ``"episode"``.
        rows: One row per number: ``problem``, ``agent``, ``run`` (its seed), ``step``, ``metric``, ``value``.
    """

    axis: str
    rows: pd.DataFrame


def tidy(table: Any, columns: Mapping[str, str] | None, metrics: Sequence[str] | None) -> Tidy:
    """The numbers of a table of runs, in wide or in long form.

    Args:
        table: What ``pd.DataFrame`` takes, or the path of a CSV or Parquet file.
        columns: The table's own names of some of the columns `KEYS`.
        metrics: Names of the metrics to keep; by default all.

    Raises:
        TypeError, ValueError: It names the row, counted from 0, the column and the value that is wrong.
    """
    given = _named(_read(table), columns or {})
    axes = [axis for axis in ("step", "episode") if axis in given]
    if missing := [name for name in ("agent", "seed") if name not in given] + ["step"] * (not axes):
        raise ValueError(f"the table has no column {missing[0]}{_hint(missing[0], given)}: it needs {_SHAPE}")
    if len(axes) > 1:
        raise ValueError("the table has both step and episode: drop the one that is not the axis")
    if given.empty:
        raise ValueError("the table has no rows")
    where = _Rows(given, axes[0])
    keys = {
        "problem": where.labels("problem", "problem")
        if "problem" in given
        else np.full(len(given), "the problem", object),
        "agent": where.labels("agent", "agents"),
        "run": where.whole("seed"),
        "step": where.whole(axes[0]),
    }
    rows = _long(where, keys, metrics) if "metric" in given and "value" in given else _wide(where, keys, metrics)
    number = rows.pop("row")
    twice = rows.duplicated(["problem", "agent", "run", "step", "metric"]).to_numpy()
    if twice.any():
        first = int(np.argmax(twice))
        raise ValueError(
            f"{where.at(number.iloc[first])} has {rows['metric'].iloc[first]} a second time: a run has one value of a "
            f"metric at each {axes[0]}"
        )
    return Tidy(axes[0], rows)


def _read(table: Any) -> pd.DataFrame:
    if isinstance(table, str | Path):
        kind = Path(table).suffix
        if kind == ".parquet":
            return pd.read_parquet(table)
        if kind != ".csv":
            raise ValueError(f"the file of a table must end in .csv or .parquet, got {str(table)!r}")
        return pd.read_csv(table)
    try:
        return pd.DataFrame(table).reset_index(drop=True)
    except (TypeError, ValueError) as error:
        raise TypeError(f"table must be what pd.DataFrame takes, got {shown(table)}: {error}") from error


def _named(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """The table with our names of its columns."""
    if twice := table.columns[table.columns.duplicated()].tolist():
        raise ValueError(f"the table has two columns {shown(twice[0])}")
    for ours, theirs in columns.items():
        if ours not in KEYS:
            raise ValueError(f"columns names {shown(ours)}; it gives the table's names of {', '.join(KEYS)}")
        if theirs not in table:
            raise ValueError(f"columns names {shown(theirs)}, but the table has {', '.join(map(str, table.columns))}")
    kept = table.drop(columns=[ours for ours, theirs in columns.items() if ours in table and ours != theirs])
    return kept.rename(columns={theirs: ours for ours, theirs in columns.items()})


def _hint(missing: str, table: pd.DataFrame) -> str:
    other = {"seed": ("run", "n_simu", "random_seed"), "agent": ("algo", "algorithm", "exp_name", "name"),
             "step": ("global_step", "timestep", "timesteps", "total_steps", "steps")}  # fmt: skip
    meant = next((name for name in other[missing] if name in table), None) or nearest(missing, map(str, table.columns))
    return f"; columns={{{missing!r}: {meant!r}}} would take it from {meant}" if meant else ""


class _Rows:
    """The columns of a table; what is wrong in one is reported with its row."""

    def __init__(self, table: pd.DataFrame, axis: str) -> None:
        self.table, self.axis = table, axis

    def at(self, row: int) -> str:
        """A row for a message, with its labels."""
        labels = [f"{name} {shown(_plain(self.table[name].iloc[row]))}" for name in self._labels]
        return f"row {row} ({', '.join(labels)})"

    @property
    def _labels(self) -> list[str]:
        return [name for name in ("problem", "agent", "seed", self.axis) if name in self.table]

    def refuse(self, column: str, wrong: Any, must: str, error: type[Exception] = ValueError) -> None:
        """Raise an error for the first row where something is wrong, if there is one."""
        if wrong.any():
            row = int(np.argmax(wrong))
            raise error(f"{column} must be {must}, got {shown(_plain(self.table[column].iloc[row]))} in {self.at(row)}")

    def labels(self, column: str, of: str) -> Any:
        """A column of labels as objects."""
        found = self.table[column].astype(object).to_numpy()
        for label in pd.unique(found):
            try:
                check_label(label, of)
            except (TypeError, ValueError) as error:
                row = next(row for row, one in enumerate(found) if one is label or one == label)
                raise type(error)(f"{error} in {self.at(row)}") from None
        return found

    def whole(self, column: str) -> Any:
        """A column of integers from 0; floats with integer values count, since pandas may turn integers into floats."""
        given, types = self.table[column], pd.api.types
        if types.is_integer_dtype(given.dtype) or types.is_float_dtype(given.dtype):
            found = given.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            self.refuse(column, ~_each(given, _is_number), "integers", TypeError)
            found = np.array([float(number) for number in given])
        self.refuse(column, ~((found >= 0) & (found < _LARGEST) & (found % 1 == 0)), "integers from 0 to 2**53 − 1")
        return found.astype(np.int64)

    def values(self, column: str) -> Any:
        """A column of finite numbers; True and False count as 1 and 0."""
        given, types = self.table[column], pd.api.types
        if any(is_one(given.dtype) for is_one in (types.is_integer_dtype, types.is_float_dtype, types.is_bool_dtype)):
            found = given.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            self.refuse(column, ~_each(given, _is_value), "numbers", TypeError)
            found = np.array([float(number) for number in given])
        self.refuse(column, ~np.isfinite(found), "finite numbers")
        return found


def _wide(where: _Rows, keys: dict[str, Any], metrics: Sequence[str] | None) -> pd.DataFrame:
    """A row for each number of a table with a column for each metric."""
    others = [str(name) for name in where.table if name not in KEYS]
    names = others if metrics is None else list(metrics)
    if not names:
        raise ValueError(f"the table has no metric: it needs {_SHAPE}")
    for name in names:
        if name not in where.table or name in KEYS:
            raise ValueError(f"the table has no metric {shown(name)}; it has {', '.join(others) or 'none'}")
    try:
        parts = [pd.DataFrame({**keys, "metric": name, "value": where.values(name)}) for name in names]
    except (TypeError, ValueError) as error:
        remedy = "metrics that are measured at different steps need the long form, with columns metric and value"
        if metrics is None:
            remedy = f"metrics=[...] names the columns that are metrics; {remedy}"
        raise type(error)(f"{error}: {remedy}") from None
    return pd.concat([part.assign(row=np.arange(len(part))) for part in parts], ignore_index=True)


def _long(where: _Rows, keys: dict[str, Any], metrics: Sequence[str] | None) -> pd.DataFrame:
    """The rows of a table with a row for each number; other columns are not used."""
    labels = where.labels("metric", "metric")
    if unknown := [name for name in metrics or () if name not in set(labels)]:
        raise ValueError(f"the table has no metric {shown(unknown[0])}; it has {', '.join(pd.unique(labels))}")
    kept = np.isin(labels, list(metrics)) if metrics is not None else np.ones(len(labels), bool)
    chosen = _Rows(where.table.assign(value=where.table["value"].where(kept, 0.0)), where.axis)  # others may be text
    rows = pd.DataFrame({**keys, "metric": labels, "value": chosen.values("value"), "row": np.arange(len(labels))})
    return rows[kept].reset_index(drop=True)


def _each(column: Any, rule: Callable[[Any], bool]) -> Any:
    return np.array([rule(value) for value in column], dtype=bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)


def _is_value(value: Any) -> bool:
    return isinstance(value, numbers.Real | np.bool_)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
