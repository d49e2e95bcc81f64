"""Recommendations as sentences."""

from __future__ import annotations

from typing import Any

from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.results import Results
from boltzmann_rl.tuning.space import text_of


def told(recommended: pd.DataFrame, sensitivity: pd.DataFrame, settings: dict[str, Any], report: Results) -> str:
    """What is recommended for each family on each problem, and how the tuned agents compare."""
    sentences = [
        _told(rows, sensitivity, settings, report)
        for _, rows in recommended.groupby(["problem", "family"], sort=False, observed=True)
    ]
    return " ".join([*sentences, report.sentence])


def _told(rows: pd.DataFrame, sensitivity: pd.DataFrame, settings: dict[str, Any], report: Results) -> str:
    first = rows.iloc[0]
    values = " and ".join(f"{_name(row.parameter)} = {text_of(row.value)}" for row in rows.itertuples())
    said = [f"On {first['problem']}, {values} is recommended for {first['family']}"]
    said.append(_expected(first, settings, report))
    if pd.notna(first["best_low"]):
        same = (sensitivity["problem"] == first["problem"]) & (sensitivity["family"] == first["family"])
        said.append(_range(first, int(same.sum()), settings))
    ends = [row.parameter for row in rows.itertuples() if row.at_end]
    if ends:
        names = " and ".join(map(_name, ends))
        said.append(f"{names} lies at the end of what was searched, so there may be a better one")
    return f"{'. '.join(said)}."


def _expected(first: Any, settings: dict[str, Any], report: Results) -> str:
    """What the chosen agent does in fresh runs."""
    summary, metric = report.summary, settings["metric"]
    rows = summary[(summary["problem"] == first["problem"]) & (summary["agent"] == first["agent"])]
    if rows.empty:
        return "It failed in the report, as its failures say"
    row = rows.iloc[0]
    low, high, interval = row[f"{metric}_low"], row[f"{metric}_high"], ""
    if pd.notna(low):
        interval = f" ({100 * settings['confidence']:g} % CI {low:.4g} to {high:.4g})"
    return (
        f"In {row['runs']:,} fresh runs its {settings['objective']} is {row[metric]:.4g}{interval}; it was chosen "
        f"with {first['budget']:,} other runs of {first['tried']} candidates"
    )


def _range(first: Any, values: int, settings: dict[str, Any]) -> str:
    """Where the best value may lie, and where it hardly matters."""
    worse = "higher" if settings["metric"] == "regret" else "lower"
    best, near = (_ends(first, part) for part in ("best", "range"))
    return (
        f"By a curve fitted to these, the best of {values} values is {best} "
        f"({100 * settings['confidence']:g} %), and at {near} the {settings['metric']} is at most "
        f"{100 * settings['within']:g} % {worse}"
    )


def _ends(first: Any, part: str) -> str:
    """A range in words."""
    low, high = (text_of(first[f"{part}_{end}"]) for end in ("low", "high"))
    return low if low == high else f"{low} to {high}"


def _name(path: Any) -> str:
    return str(path).rpartition(".")[2]
