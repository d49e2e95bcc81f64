"""The figure of a reproduction: our numbers and the paper's."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.figures.style import COLOURS, Drawing, plain_ticks, styled
from boltzmann_rl.reproduction.targets import SIGMAS, Row


def plot_reproduction(rows: Sequence[Row]) -> Figure:
    """Our numbers as dots and lines and the paper's as rings, with one panel per figure or table of the paper.

    Args:
        rows: The rows of one paper, from `boltzmann_rl.reproduction.targets.measure_targets`.
    """
    panels: dict[str, list[Row]] = {}
    for row in rows:
        panels.setdefault(row.target.panel, []).append(row)
    with styled():
        columns = min(len(panels), 2)
        height = math.ceil(len(panels) / columns)
        figure = Drawing(figsize=(3.5 * columns, 2.3 * height + 0.25), layout="constrained")
        axes = figure.subplots(height, columns, squeeze=False).ravel()
        for ax, (panel, members) in zip(axes, panels.items(), strict=False):
            _draw_panel(ax, members)
            ax.set_title(panel)
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        figure.suptitle(
            f"rings: published; dots and lines: ours ± {SIGMAS} standard errors", fontsize=7, x=0.01, ha="left"
        )
    return figure


def _draw_panel(ax: Axes, members: list[Row]) -> None:
    series: dict[str, list[tuple[Any, float, float, float]]] = {}
    for row in members:
        numbers = zip(row.target.x, row.target.published, row.ours.values, row.ours.standard_errors, strict=True)
        series.setdefault(row.target.series, []).extend(numbers)
    categorical = any(isinstance(point[0], str) for points in series.values() for point in points)
    for index, (name, points) in enumerate(series.items()):
        if not categorical:
            points = sorted(points)
        x, published, ours, error = zip(*points, strict=True)
        colour, line = COLOURS[index % len(COLOURS)], "none" if categorical or len(points) == 1 else "-"
        few = len(points) <= 20
        ax.errorbar(
            x, ours, SIGMAS * np.array(error), fmt="o" if few else "", ms=2.5, lw=1, ls=line, color=colour, label=name
        )
        ax.plot(x, published, "o", ms=6 if few else 3.5, mfc="none", mec=colour, mew=0.8)
    target = members[0].target
    # NaN: not given by the paper
    heights = [value for row in members for value in (*row.ours.values, *row.target.published) if value == value]
    if min(heights) > 0 and max(heights) > 20 * min(heights):
        ax.set_yscale("log")
        plain_ticks(ax.yaxis)
    middle = (max(heights) + min(heights)) / 2.0
    if max(heights) - min(heights) < 1e-3 * abs(middle):  # only rounding differs: keep a 5 % margin
        ax.set_ylim(*sorted((0.95 * middle, 1.05 * middle)))
    positions = [] if categorical else sorted({x for row in members for x in row.target.x})
    if len(positions) > 2 and positions[0] > 0 and positions[-1] > 20 * positions[0] and len(positions) < 20:
        ax.set_xscale("log")
        plain_ticks(ax.xaxis)
    ax.set_xlabel(target.axis)
    ax.set_ylabel(target.unit, fontsize=7)
    ax.tick_params(labelsize=7)
    if len(series) > 1:
        ax.legend(fontsize=6, frameon=False)
