"""The metrics of results: fixed for each kind of experiment; for runs made elsewhere they stand in the manifest."""

from collections.abc import Mapping
from typing import Any

from boltzmann_rl.arguments import as_choice, shown
from boltzmann_rl.arguments.labels import check_label
from boltzmann_rl.engines.metrics import Measures, Metric, measures_of
from boltzmann_rl.results.spreadsheets import TEXT, WHOLE, is_formula

# The kind in a manifest of runs made elsewhere.
RUNS = "Runs"

# What a manifest says of a metric of runs made elsewhere.
_SAID = ("name", "title", "unit", "scale", "higher_is_better")
_SCALES = ("linear", "log", "percent", "late")

# The columns of tables that are numbers but no metrics.
_NUMBERS = {"mean", "standard_error", "low", "high", "behind", "behind_low", "behind_high", "parameter", "difference"}
_NUMBERS |= {"p_value", "p_step_down", "effect_size", "superiority", "probability"}

_AXES = ("step", "episode")


def measures_in(manifest: Mapping[str, Any]) -> Measures:
    """The metrics of the results with this manifest.

    Example:
        >>> measures_in({"axis": "episode", "declaration": {"kind": "GymnasiumExperiment"}}).primary
        'return'
        >>> metric = {"name": "loss", "title": "Loss", "unit": "", "scale": "log", "higher_is_better": False}
        >>> measures_in({"axis": "step", "declaration": {"kind": "Runs"}, "metrics": [metric]}).primary
        'loss'
    """
    if manifest["declaration"].get("kind") != RUNS:
        return measures_of(manifest["axis"])
    metrics = tuple(Metric(**said, of_run=said["title"], summed=True) for said in manifest["metrics"])
    names = tuple(metric.name for metric in metrics)
    return Measures(manifest["axis"], metrics, names, names, panels=names[:4], study=names[:2])


def said_of(metric: Metric) -> dict[str, Any]:
    """What a manifest says of a metric of runs made elsewhere."""
    return {part: getattr(metric, part) for part in _SAID} | {"title": metric.title or metric.name}


def check_metrics(metrics: Any, axis: Any) -> None:
    """Refuse metrics of runs made elsewhere that could not be told from other columns of the tables.

    Args:
        metrics: The part ``metrics`` of a manifest.
        axis: Its axis.

    Raises:
        TypeError, ValueError: It says what is wrong.
    """
    as_choice(axis, "axis", _AXES)
    if not isinstance(metrics, list) or not metrics:
        raise TypeError(f"metrics must be a list with at least one metric, got {shown(metrics)}")
    columns = {*TEXT, *WHOLE, *_NUMBERS}
    for said in metrics:
        if not isinstance(said, dict) or said.keys() != {*_SAID}:
            raise ValueError(f"a metric must have {', '.join(_SAID)}, got {shown(said)}")
        for part in ("name", "title"):
            check_label(said[part], "metrics")
        if said["unit"] != "":
            check_label(said["unit"], "units")
        as_choice(said["scale"], "scale", _SCALES)
        if not isinstance(said["higher_is_better"], bool):
            raise TypeError(f"higher_is_better must be True or False, got {shown(said['higher_is_better'])}")
        name = said["name"]
        if is_formula(name):
            raise ValueError(f"the name of a metric must not begin like a formula of a spreadsheet, got {shown(name)}")
        taken = [column for column in (name, f"{name}_low", f"{name}_high") if column in columns]
        if taken:
            raise ValueError(f"a metric needs another name than {shown(name)}: tables have a column {taken[0]} already")
        columns |= {name, f"{name}_low", f"{name}_high"}


def better_in(manifest: Mapping[str, Any]) -> float:
    """1, or −1 if the best agent is the one with the lowest mean."""
    return 1.0 if measures_in(manifest)[manifest["primary"]].higher_is_better else -1.0
