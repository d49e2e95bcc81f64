"""Curves of the difference between two agents, with a band that covers the whole curve."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.engines.metrics import Measures, Metric
from boltzmann_rl.figures.labels import as_written, cut, one_line, shortened
from boltzmann_rl.figures.looks import Look
from boltzmann_rl.figures.panels import Band, frame, headed, in_words, line_with_band, steps_axis, write_title
from boltzmann_rl.figures.style import SMALL, Drawing, styled

_LOOK = Look("", False, "#0072b2", "-", "None")

# Characters of a line above a panel.
_WIDTH = 64


def plot_differences(curves: pd.DataFrame, measures: Measures, confidence: float) -> Figure:
    """The difference of two agents along the axis, one panel below the other for each problem.

    Args:
        curves: The table `Results.difference_curve`.
        measures: The metrics along its axis.
        confidence: Of the band.

    Returns:
        A Matplotlib figure, as `boltzmann_rl.figures.curves.plot_curves`.
    """
    name = str(curves["metric"].iloc[0])
    metric = next((one for one in measures.metrics if one.name == name), Metric(name, in_words(name)))
    titles = {str(problem): _title(str(problem), here) for problem, here in curves.groupby("problem", sort=False)}
    lines = "\n".join(titles.values()).count("\n") + 1
    with styled():
        figure = Drawing(figsize=(5.2, 2.0 * len(titles) + 0.14 * lines + 0.4), layout="constrained")
        axes = figure.subplots(len(titles), 1, squeeze=False)
        for ax, (problem, title) in zip(axes[:, 0], titles.items(), strict=True):
            draw_difference(ax, curves[curves["problem"] == problem], measures.axis)
            write_title(ax, title)
        title = _caption(curves, headed(metric, metric.title or name), confidence)
        as_written(figure.suptitle(title, fontsize=SMALL, x=0.01, ha="left"))
    return figure


def draw_difference(ax: Axes, curve: pd.DataFrame, axis: str) -> None:
    """Draw zero, the mean, and the band where there is one; means without a band are circles.

    Args:
        ax: Where to draw.
        curve: The rows of one problem in the table `Results.difference_curve`.
        axis: ``"step"`` or ``"episode"``.
    """
    counted = int(curve["begin"].iloc[0] == 0)  # steps are counted from 1 in figures
    middle = (curve["begin"] + curve["end"] - 1) / 2.0 + counted
    band = Band.of(middle, curve, ("difference", "low", "high"))
    zero = Band(band.x, *[np.zeros(len(band.x))] * 3)
    steps_axis(ax, float(curve["end"].iloc[-1] - 1 + counted), axis)
    frame(ax, Metric("difference"), [band, zero])
    ax.axhline(0.0, color="0.6", linewidth=0.8)
    line_with_band(ax, band, _LOOK)
    bare = curve["low"].isna()
    ax.plot(middle[bare], curve["difference"][bare], "o", color="0.3", markersize=2.5, markerfacecolor="white")
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom - 0.16 * (top - bottom), top + 0.16 * (top - bottom))  # room for the two labels
    for y, agent, va in ((1.0, "first", "top"), (0.0, "second", "bottom")):
        text = ax.annotate(f"{_short(curve)[agent]} is higher", xy=(1, y), xycoords="axes fraction", ha="right", va=va,
                           fontsize=SMALL, color="0.35")  # fmt: skip
        as_written(text)


def _short(curves: pd.DataFrame) -> dict[str, str]:
    """The labels of the two agents."""
    pair = {name: str(curves[name].iloc[0]) for name in ("first", "second")}
    short = shortened(pair.values())
    return {name: short[label] for name, label in pair.items()}


def _caption(curves: pd.DataFrame, metric: str, confidence: float) -> str:
    """What is drawn, of how many runs, and what the band says."""
    name, short, runs = str(curves["experiment"].iloc[0]), _short(curves), int(curves["runs"].iloc[0])
    paired = "s, paired" if runs > 1 else ""
    lines = [f"{in_words(name)}: {metric}, {short['first']} − {short['second']}, {runs} run{paired}"]
    if curves["low"].notna().any():
        lines.append(f"band: holds the whole curve at once with {100 * confidence:g} % confidence (simultaneous)")
    return "\n".join(lines)


def _title(problem: str, curve: pd.DataFrame) -> str:
    """The label of the problem, and the warnings on its band."""
    bare = curve["low"].isna()
    circles = dict.fromkeys(f"circles: {warning}" for warning in curve["warning"][bare])
    others = dict.fromkeys(warning for warning in curve["warning"][~bare] if warning)
    return "\n".join([cut(one_line(problem)), *(textwrap.fill(line, _WIDTH) for line in (*circles, *others))])
