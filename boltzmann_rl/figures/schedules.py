"""Figures of schedules."""

import textwrap
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.arguments import Floats, as_choice, as_integer, shown
from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.figures.axes import figure_of, panel, size_of
from boltzmann_rl.figures.families import Family
from boltzmann_rl.figures.labels import as_text, as_written
from boltzmann_rl.figures.legends import label_ends, legend_inside
from boltzmann_rl.figures.looks import DASHES, Look, looks_of
from boltzmann_rl.figures.panels import Band, line_with_band, note, steps_axis
from boltzmann_rl.figures.style import plain_ticks
from boltzmann_rl.protocols import Parameter
from boltzmann_rl.schedules import as_parameter, evaluate

# Steps up to which every one is drawn, so that short restarts are not mistaken for long ones.
_ALL = 5000

# Limits of an axis are finite.
_HIGHEST = 1.7e308

# How far below the highest value a logarithmic axis goes.
_DEPTH = 1e-12


@suggesting
def plot_schedule(
    schedule: Parameter | Mapping[str, Parameter],
    steps: int = 1000,
    *,
    label: str = "value",
    log: Literal["", "x", "y", "xy"] = "",
    ax: Axes | None = None,
) -> Figure:
    """One or several schedules over the first ``steps`` steps.

    Values that are infinite, and those that a logarithmic axis cannot show, are left out, and the axis says so.

    Args:
        schedule: A number or a callable ``step -> value``, or a mapping of labels to these.
        steps: Number of steps to draw, ≥ 1.
        label: Label of the vertical axis, such as ``"temperature [reward]"``.
        log: The logarithmic axes.
        ax: Axes of your own, such as those of ``plt.subplots()``; default: a new figure.

    Returns:
        The figure, which pyplot knows.

    Raises:
        TypeError: Something that is not a number or a schedule, such as a policy; labels that are not strings.
        ValueError: A number below 0 or NaN, ``steps`` below 1, no schedule, an unknown ``log``.

    Example:
        >>> from boltzmann_rl.schedules import Cosine, Linear
        >>> figure = plot_schedule({"linear": Linear(1, 0, steps=500), "cosine": Cosine(1, 0, steps=500)})
        >>> figure.savefig("schedules.png")  # doctest: +SKIP
    """
    schedules = _named(schedule)
    at = _steps(as_integer(steps, "steps", minimum=1), "x" in as_choice(log, "log", ("", "x", "y", "xy")))
    values = {name: np.asarray(evaluate(each, at), np.float64) for name, each in schedules.items()}
    looks = looks_of({name: Family(name) for name in schedules})
    looks = {name: looks[name]._replace(dashes=DASHES[place % len(DASHES)]) for place, name in enumerate(looks)}
    with panel(ax, size_of(len(schedules))) as here:
        steps_axis(here, int(at[-1]), "step", "x" in log)
        here.set_xlim(int(at[0]), int(at[-1]))
        here.set_ylabel(as_text(label, "label"))
        as_written(here.yaxis.label)
        note(here, [*(["step 0 not shown"] if "x" in log else []), *_scale(here, [*values.values()], "y" in log)])
        low, _ = here.get_ylim()
        for name, each in values.items():
            drawn = np.where(np.isfinite(each) & ((each >= low) | ("y" not in log)), each, np.nan)
            line_with_band(here, Band(at.astype(np.float64), drawn, *[np.full(len(at), np.nan)] * 2), looks[name])
            looks[name] = _until(looks[name], at, drawn)
        if len(schedules) == 1:
            as_written(here.set_title(visible(textwrap.fill(next(iter(schedules)), 60), "\n"), fontsize="small"))
        else:
            (label_ends if ax is None else legend_inside)(here, [*looks.values()])
    return figure_of(here)


def _named(schedule: Any) -> dict[str, Any]:
    """The schedules by their labels, checked; a single one is labelled by its ``repr``."""
    if not isinstance(schedule, Mapping):
        schedule = {repr(as_parameter(schedule, "schedule")): schedule}
    if not schedule:
        raise ValueError("schedule must have at least one schedule, got an empty mapping")
    for name in schedule:
        if not isinstance(name, str):
            raise TypeError(f"the labels of schedules must be strings, got {shown(name)}")
    return {name: as_parameter(each, f"schedule[{shown(name)}]") for name, each in schedule.items()}


def _until(look: Look, at: Any, drawn: Floats) -> Look:
    """The look, whose label says the last step that is drawn if later values are not."""
    there = np.flatnonzero(np.isfinite(drawn))
    if not len(there) or there[-1] == len(at) - 1:
        return look
    return look._replace(label=f"{look.label} (to step {at[there[-1]]:,})")


def _steps(last: int, logarithmic: bool) -> Any:
    """The steps at which values are drawn: each one up to some number."""
    first = 1 if logarithmic else 0
    if last <= _ALL:
        return np.arange(first, max(last, first + 1) + 1)
    even, logs = np.linspace(first, last, _ALL), np.geomspace(1, last, _ALL // 5)
    return np.unique(np.concatenate([even, logs]).round().astype(np.int64))


def _scale(ax: Axes, values: list[Floats], logarithmic: bool) -> list[str]:
    """Set the vertical scale and its limits, of finite values; what is not shown, for the reader."""
    together = np.concatenate(values)
    finite = together[np.isfinite(together)]
    notes = ["∞ not shown"] if len(finite) < len(together) else []
    top = float(finite.max(initial=0.0))
    if not logarithmic or top <= 0.0:
        low = float(finite.min(initial=0.0))
        ax.set_ylim(max(1.05 * low, -_HIGHEST), min(1.05 * top, _HIGHEST) or (1.0 if low == 0.0 else 0.0))
        return [*notes, *(["no value is above 0"] if logarithmic else [])]
    ax.set_yscale("log")
    plain_ticks(ax.yaxis)
    positive = finite[finite > 0.0]
    low = float(max(positive.min(), top * _DEPTH))
    ratio = (top / low) ** 0.04 if low < top else 2.0
    ax.set_ylim(low / ratio, min(top * ratio, _HIGHEST))
    if (finite < low).any():
        hidden = (positive < low).any()
        notes.append(f"values below {low / ratio:.2g} not shown" if hidden else "0 not shown")
    return notes
