"""Curves: each metric along the axis of an experiment, with bands."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.engines.metrics import Metric
from boltzmann_rl.figures.legends import label_ends, legend_below, legend_inside
from boltzmann_rl.figures.panels import (
    Band,
    caption,
    frame,
    headed,
    line_with_band,
    note,
    said_of_bands,
    steps_axis,
    titled,
    write_title,
)
from boltzmann_rl.figures.runs import draw_runs, outline_of, said_of_runs
from boltzmann_rl.figures.smoothing import is_whole, neighbours_for, smooth
from boltzmann_rl.figures.style import Drawing, in_style_of_the_user, styled
from boltzmann_rl.figures.view import View


def plot_curves(view: View, curves: pd.DataFrame, remark: str = "", runs: pd.DataFrame | None = None) -> Figure:
    """The curves of an experiment, one panel for each metric, with the problems below each other.

    Args:
        view: Which metrics, agents and problems are shown, and how.
        curves: The table `Results.curves`.
        remark: A line below the caption.
        runs: The table `Results.run_curves`, whose runs are drawn as thin lines instead of bands.

    Returns:
        A figure that pyplot does not know, or that of the user's axes.
    """
    if view.ax is not None:
        with in_style_of_the_user():
            draw_curves(view.ax, curves, view, (view.problems[0], view.metrics[0]), runs)
            legend_inside(view.ax, [*view.looks.values()])
        return view.figure
    with styled():
        columns = min(2, len(view.metrics))
        rows, many = math.ceil(len(view.metrics) / columns), len(view.problems) * len(view.metrics) > 1
        below = 0.16 * math.ceil(len(view.looks) / 3) if many else 0.0
        size = (7.0 if columns > 1 else 5.4), max(2.0 * rows * len(view.problems), 0.14 * len(view.looks)) + below + 0.3
        figure = Drawing(figsize=size, layout="constrained")
        axes = figure.subplots(rows * len(view.problems), columns, squeeze=False)
        for index, problem in enumerate(view.problems):
            block = axes[index * rows : (index + 1) * rows].ravel()
            for ax, metric in zip(block, view.metrics, strict=False):
                draw_curves(ax, curves, view, (problem, metric), runs)
            for ax in block[len(view.metrics) :]:
                ax.remove()
        said = said_of_bands(curves, view.confidence) if runs is None else said_of_runs(runs)
        caption(figure, curves, said, remark)
        if many:
            legend_below(figure, [*view.looks.values()])
        else:
            label_ends(axes[0, 0], [*view.looks.values()])
        figure.sca(axes[0, 0])  # plt.title() changes the first panel
    return figure


def draw_curves(
    ax: Axes, curves: pd.DataFrame, view: View, panel: tuple[str, Metric], runs: pd.DataFrame | None = None
) -> None:
    """Draw the curves of one metric on one problem.

    Args:
        ax: Where to draw.
        curves: The table `Results.curves`.
        view: Of which the looks, the axis and the logarithmic scales are taken.
        panel: Label of the problem, and the metric.
        runs: The table `Results.run_curves`, whose runs are drawn as thin lines instead of bands.
    """
    problem, metric = panel
    here = view.part(curves, problem, metric.name)
    counted = int(here["step"].min() == 0)  # steps are counted from 1 in figures
    neighbours = _neighbours(here)
    bands = _bands(smooth(here, neighbours), view, counted)
    steps_axis(ax, int(here["step"].max()) + counted, view.axis, "x" in view.log)
    outlines = bands if runs is None else outline_of(bands, runs[runs["problem"] == problem], metric.name)
    notes = frame(ax, metric if "y" not in view.log else replace(metric, scale="log"), [*outlines.values()])
    if runs is not None:
        draw_runs(ax, runs[runs["problem"] == problem], metric.name, view.looks)
        bands = {agent: band.bare() for agent, band in bands.items()}
    for agent, band in bands.items():
        line_with_band(ax, band, view.looks[agent])
    title = headed(metric, metric.title or metric.name)
    write_title(ax, titled(view.problem(problem), title, len(view.problems) > 1), problem in view.labels)
    note(ax, [*([f"averaged over {neighbours} neighbouring {view.axis}s"] if neighbours > 1 else []), *notes])


def _neighbours(curves: pd.DataFrame) -> int:
    """How many neighbouring steps are averaged: one if steps are missing in the table."""
    by_agent = [curve for _, curve in curves.groupby("agent", sort=False)]
    if not all(is_whole(curve["step"].to_numpy()) for curve in by_agent):
        return 1
    return neighbours_for([curve["mean"].to_numpy(np.float64) for curve in by_agent])


def _bands(curves: pd.DataFrame, view: View, counted: int) -> dict[str, Band]:
    """The curve of each agent, in the order of the looks, without what a logarithmic axis can't show."""
    found = {}
    for agent in view.looks:
        curve = curves[curves["agent"] == agent]
        curve = curve[curve["step"] + counted > 0] if "x" in view.log else curve
        if not curve.empty:
            found[agent] = Band.of(curve["step"] + counted, curve)
    return found
