"""Curves: each metric along the axis of an experiment, with bands."""

import math
from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.engines.metrics import Measures, Metric
from boltzmann_rl.figures.panels import caption, finish, frame_late, line_with_band, titled
from boltzmann_rl.figures.style import Drawing, label_lines, styled


def plot_curves(
    curves: pd.DataFrame, measures: Measures, agents: Sequence[str], confidence: float, note: str = ""
) -> Figure:
    """The curves of an experiment, one panel for each metric, with the problems below each other.

    Args:
        curves: The table `Results.curves`.
        measures: The metrics, and the axis, which is the unit of its column ``step``.
        agents: The labels of the agents, in the order of their colours.
        confidence: Of the intervals in the table.
        note: A line below the caption.

    Returns:
        A Matplotlib figure without pyplot: use ``figure.savefig(path)``, or make it the last line of a notebook cell.
    """
    problems = list(curves["problem"].unique())
    measured = [name for name in measures.panels if name in set(curves["metric"])]
    metrics = [measures[name] for name in measured[: 2 if len(problems) > 1 else None]]
    columns = min(2, len(metrics))
    rows_each = math.ceil(len(metrics) / columns)
    height = max(1.9, 0.14 * len(agents) + 0.5)
    with styled():
        figure = Drawing(figsize=(7.0, height * rows_each * len(problems) + 0.3), layout="constrained")
        axes = figure.subplots(rows_each * len(problems), columns, squeeze=False)
        for index, problem in enumerate(problems):
            here = curves[curves["problem"] == problem]
            block = axes[index * rows_each : (index + 1) * rows_each]
            for ax, metric in zip(block.ravel(), metrics, strict=False):
                title = titled(problem, metric.title, len(problems) > 1)
                _draw(ax, here[here["metric"] == metric.name], agents, metric, title)
                ax.set_xlabel(measures.axis)
            for ax in block.ravel()[len(metrics) :]:
                ax.set_axis_off()
            for ax in block[:, -1]:
                label_lines(ax)
        caption(figure, curves, confidence, note)
    return figure


def _draw(ax: Axes, curves: pd.DataFrame, agents: Sequence[str], metric: Metric, title: str) -> None:
    for index, agent in enumerate(agents):
        curve = curves[curves["agent"] == agent]
        if not curve.empty:
            line_with_band(ax, curve["step"], curve["mean"], curve["low"], curve["high"], index, agent)
    finish(ax, metric, title)
    if metric.scale == "late":
        frame_late(ax, curves)
    elif metric.scale == "log" and curves["low"].min() < (least := curves["mean"].min() / 2.0):
        ax.set_ylim(bottom=least)  # an interval that reaches 0 has no end on this axis
