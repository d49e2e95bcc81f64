"""The figure of a reproduction: published numbers, ours, and their differences."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from boltzmann_rl.figures.families import Family
from boltzmann_rl.figures.labels import as_written
from boltzmann_rl.figures.looks import Look, looks_of
from boltzmann_rl.figures.style import SMALL, Drawing, styled
from boltzmann_rl.reproduction.panels import Panel, draw_differences, draw_values, height_of, number_in, panels_of
from boltzmann_rl.reproduction.targets import Row
from boltzmann_rl.results.families import rule_of

# Inches: the width of a panel with its differences at least, and at most if it is alone.
_NARROW, _WIDE = 3.2, 5.0

# Inches: what is written above and below a panel, and a line of the caption or the legend.
_AROUND, _PER_LINE = 0.58, 0.14


def plot_reproduction(rows: Sequence[Row], title: str = "", width: float = 7.0) -> Figure:
    """Published numbers as open marks and ours as filled ones, in panels for each unit and axis.

    On the right of each panel are the differences as parts of the tolerance, which have one scale for all units: those
    in the grey band are within the tolerance.

    Args:
        rows: The rows of one paper, from `boltzmann_rl.reproduction.targets.measure_targets`.
        title: What is written above the figure: the paper.
        width: In inches, at most; 3.3 is a column of a page with two columns.

    Returns:
        A figure that pyplot does not know.
    """
    panels, looks = panels_of(rows), _looks(rows)
    columns = min(max(int(width // _NARROW), 1), len(panels))
    width = min(width, _WIDE) if columns == 1 else width
    said, entries = _caption(rows, title, width), _entries(panels, looks, columns)
    heights = _heights(panels, columns)
    lines = len(said.splitlines()) + len(entries) / columns + 1
    with styled():
        size = width, sum(heights) + _AROUND * len(heights) + _PER_LINE * lines
        figure = Drawing(figsize=size, layout="constrained")
        ratios = {"height_ratios": heights, "width_ratios": (8, 5) * columns}
        axes = figure.subplots(len(heights), 2 * columns, squeeze=False, gridspec_kw=ratios).reshape(-1, 2)
        for (left, right), panel in zip(axes, panels, strict=False):
            draw_values(left, panel, looks)
            draw_differences(right, panel, looks)
        for ax in axes[len(panels) :].ravel():
            ax.remove()
        as_written(figure.suptitle(said, fontsize=SMALL, x=0.01, ha="left"))
        figure.legend(handles=entries, loc="outside lower left", ncols=columns, frameon=False, fontsize=SMALL)
        figure.sca(axes[0, 0])
    return figure


def _heights(panels: Sequence[Panel], columns: int) -> list[float]:
    """The height of each row: that of its highest panel."""
    heights = [height_of(panel) for panel in panels]
    return [max(heights[first : first + columns]) for first in range(0, len(panels), columns)]


def _looks(rows: Sequence[Row]) -> dict[str, Look]:
    """The look of each series; those of different rules have the hues of these rules."""
    rules: dict[str, set[str]] = {}
    for row in sorted(rows, key=lambda row: number_in(row.target.series)):
        rules.setdefault(row.target.series, set()).add(_rule(row.target.study))
    each = {series: "".join(found) if len(found) == 1 else "" for series, found in rules.items()}
    apart = len(set(each.values())) == len(each)
    return looks_of({series: Family(series, rule if apart else "") for series, rule in each.items()})


def _rule(study: object) -> str:
    """The rule by which the agent of a study explores."""
    agent = getattr(study, "agent", None)
    return rule_of(type(agent.policy).__name__, type(agent.learner).__name__) if agent is not None else ""


def _caption(rows: Sequence[Row], title: str, width: float) -> str:
    """The paper, how many runs our numbers have, and what agrees."""
    runs = sorted({row.ours.runs for row in rows if row.ours.standard_errors.any()})
    counted = " to ".join(f"{number:,}" for number in dict.fromkeys([*runs[:1], *runs[-1:]]))
    ours = f"Ours: means of {counted} runs, with 95 % confidence intervals" if runs else "Ours: computed exactly"
    agree = f"{sum(row.passed for row in rows)} of {len(rows)} targets agree; grey: within the tolerance"
    wide = int(18.0 * width)
    return "\n".join(textwrap.fill(text, wide) for text in (title.replace("*", ""), f"{ours}. {agree}.") if text)


def _entries(panels: Sequence[Panel], looks: Mapping[str, Look], columns: int) -> list[Line2D]:
    """The entries of the legend: kinds of numbers, and then the series of panels with several, in a column of each."""
    points = [point for panel in panels for point in panel.points]
    dot: dict[str, Any] = {"color": "0.25", "linestyle": "none", "marker": "o"}
    kinds = [Line2D([], [], **dot, markersize=3.2, label="ours")]
    if any(point.published for point in points):
        kinds[0].set_label("ours; on the right: ours − published")
        kinds.insert(0, Line2D([], [], **dot, markersize=7, markerfacecolor="none", label="published"))
    if np.isfinite([point.off_independent for point in points]).any():
        cross: dict[str, Any] = {**dot, "marker": "x", "label": "independent value; on the right: ours − independent"}
        kinds.append(Line2D([], [], **cross, markersize=4))
    several = {name for panel in panels if len(panel.series) > 1 for name in panel.series}
    series = [
        Line2D([], [], color=look.colour, linewidth=0.7, marker=look.marker, markersize=4, label=look.label)
        for name, look in looks.items() if name in several
    ]  # fmt: skip
    if series and columns > 1:
        longest = max(len(kinds), len(series))
        for entries in (kinds, series):
            entries += [Line2D([], [], linestyle="none", label=" ") for _ in range(longest - len(entries))]
    return [*kinds, *series]
