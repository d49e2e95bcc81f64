"""Curves: each metric along the axis of an experiment, with bands."""

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.engines.metrics import Metric
from boltzmann_rl.figures.layout import Panel, arranged, heading
from boltzmann_rl.figures.panels import (
    Band,
    captioned,
    frame,
    headed,
    line_with_band,
    said_of_bands,
    steps_axis,
)
from boltzmann_rl.figures.runs import draw_runs, edge_means, outline_of, said_of_runs
from boltzmann_rl.figures.smoothing import is_whole, neighbours_for, smooth
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
    panels = [[panel_of(view, curves, (problem, metric), runs) for metric in view.metrics] for problem in view.problems]
    blocks = [[panel for (panel,) in panels]] if len(view.metrics) == 1 else panels
    said = said_of_bands(curves, view.confidence) if runs is None else said_of_runs(runs)
    return arranged(view, blocks, captioned(curves, said, remark))


def panel_of(view: View, curves: pd.DataFrame, panel: tuple[str, Metric], runs: pd.DataFrame | None = None) -> Panel:
    """The panel that `draw_curves` draws."""
    problem, metric = panel
    title = heading(view, problem, headed(metric, metric.title or metric.name))
    return Panel(*title, lambda ax, shown: draw_curves(ax, curves, shown, panel, runs))


def draw_curves(
    ax: Axes, curves: pd.DataFrame, view: View, panel: tuple[str, Metric], runs: pd.DataFrame | None = None
) -> list[str]:
    """Draw the curves of one metric on one problem.

    Args:
        ax: Where to draw.
        curves: The table `Results.curves`.
        view: Of which the looks, the axis and the logarithmic scales are taken.
        panel: Label of the problem, and the metric.
        runs: The table `Results.run_curves`, whose runs are drawn as thin lines instead of bands.

    Returns:
        What is to be said below the panel.
    """
    problem, metric = panel
    here = view.part(curves, problem, metric.name)
    counted = int(here["step"].min() == 0)  # steps are counted from 1 in figures
    neighbours = _neighbours(here)
    bands = _bands(smooth(here, neighbours), view, counted)
    steps_axis(ax, int(here["step"].max()) + counted, view.axis, "x" in view.log)
    outlines = bands if runs is None else outline_of(bands, runs[runs["problem"] == problem], metric.name)
    metric = metric if "y" not in view.log else replace(metric, scale="log")
    notes = frame(ax, metric, [*outlines.values()], what="bands" if runs is None else "lines")
    if runs is not None:
        draw_runs(ax, runs[runs["problem"] == problem], metric.name, view.looks)
        bands = {agent: band.bare() for agent, band in bands.items()}
    for agent, band in bands.items():
        line_with_band(ax, band, view.looks[agent], 1 if view.focus else len(bands))
    if runs is not None:
        edge_means(ax)
    return [*([f"averaged over {neighbours} neighbouring {view.axis}s"] if neighbours > 1 else []), *notes]


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
