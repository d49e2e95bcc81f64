"""Curves of the difference between two agents, with a band that covers the whole curve."""

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from boltzmann_rl.engines.metrics import Metric
from boltzmann_rl.figures.labels import as_written, joined
from boltzmann_rl.figures.layout import Panel, arranged, heading
from boltzmann_rl.figures.looks import Look
from boltzmann_rl.figures.panels import Band, captioned, frame, headed, line_with_band, steps_axis
from boltzmann_rl.figures.style import SMALL
from boltzmann_rl.figures.view import View

# No agent's: the difference belongs to two.
_LOOK = Look("", False, "#404040", "-", "None")

# The room for a label above and below the curve, as a part of the height.
_ROOM = 0.16


def plot_differences(view: View, curves: pd.DataFrame) -> Figure:
    """The difference of two agents along the axis, one panel below the other for each problem.

    Args:
        view: With two agents, of which the second is subtracted, and the only metric.
        curves: The table `Results.difference_curve`.

    Returns:
        A figure that pyplot does not know, or that of the user's axes.
    """
    blocks = [[_panel(view, curves, problem)] for problem in view.problems]
    there = curves[curves["problem"].isin(view.problems)]
    lines = captioned(there, "paired" if int(there["runs"].max()) > 1 else "without a band", _band(view, there))
    return arranged(replace(view, legend=False), blocks, [*lines, *_warnings(view, there)])


def _panel(view: View, curves: pd.DataFrame, problem: str) -> Panel:
    metric, (first, second) = view.metrics[0], view.looks.values()
    title = f"{headed(metric, metric.title or metric.name)}: "
    pair = joined((title, False), (first.label, first.math), (" − ", False), (second.label, second.math))
    here = curves[curves["problem"] == problem]
    return Panel(*heading(view, problem, *pair), lambda ax, shown: draw_difference(ax, here, shown))


def draw_difference(ax: Axes, curve: pd.DataFrame, view: View) -> list[str]:
    """Draw zero, the mean, and the band where there is one; means without a band are circles.

    Args:
        ax: Where to draw.
        curve: The rows of one problem in the table `Results.difference_curve`.
        view: Of which the looks of the two agents, the axis and its scale are taken.

    Returns:
        What is to be said below the panel.
    """
    counted = int(curve["begin"].iloc[0] == 0)  # steps are counted from 1 in figures
    middle = (curve["begin"] + curve["end"] - 1) / 2.0 + counted
    band = Band.of(middle, curve, ("difference", "low", "high"))
    steps_axis(ax, float(curve["end"].iloc[-1] - 1 + counted), view.axis, "x" in view.log)
    notes = frame(ax, Metric("difference", scale="signed"), [band, Band(band.x, *[np.zeros(len(band.x))] * 3)])
    ax.axhline(0.0, color="0.6", linewidth=0.8)
    line_with_band(ax, band, _LOOK)
    bare = curve["low"].isna()
    ax.plot(middle[bare], curve["difference"][bare], "o", color="0.3", markersize=2.5, markerfacecolor="white")
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom - _ROOM * (top - bottom), top + _ROOM * (top - bottom))
    edge = _ROOM / (1 + 2 * _ROOM)
    for drawn in ax.collections:  # no band under the labels
        drawn.set_clip_path(Rectangle((0, edge), 1, 1 - 2 * edge, transform=ax.transAxes))
    for y, look, va in zip((1.0, 0.0), view.looks.values(), ("top", "bottom"), strict=True):
        size = SMALL if view.ax is None else "x-small"
        said = joined((look.label, look.math), (" is higher", False))
        text = ax.text(1, y, said[0], transform=ax.transAxes, ha="right", va=va, fontsize=size, color=look.ink)
        as_written(text, said[1])
    return notes


def _band(view: View, curves: pd.DataFrame) -> str:
    """What the band says, if there is one."""
    level = f"with {100 * view.confidence:g} % confidence (simultaneous)"
    return f"band: holds the whole curve at once {level}" if curves["low"].notna().any() else ""


def _warnings(view: View, curves: pd.DataFrame) -> list[str]:
    """What warns of the bands, and in which panels if not in all."""
    where: dict[str, list[str]] = {}
    for number, problem in enumerate(view.problems, 1):
        here = curves[curves["problem"] == problem]
        said = np.where(here["low"].isna(), "circles: " + here["warning"], here["warning"])
        for warning in dict.fromkeys(text for text in said if text):
            where.setdefault(warning, []).append(str(number))
    everywhere = len(view.problems)
    return [text if len(some) == everywhere else f"panel {', '.join(some)}: {text}" for text, some in where.items()]
