"""Panels: one metric with its bands, unit and limits."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from boltzmann_rl.engines.metrics import Metric
from boltzmann_rl.figures.style import line_style, plain_ticks, short


def titled(problem: str, title: str, several: bool) -> str:
    """The title of a panel, with the label of the problem if there are several: before it, or above if it is long."""
    label = short(problem)
    return title if not several else f"{label}: {title}" if len(label) + len(title) <= 44 else f"{label}\n{title}"


def line_with_band(ax: Axes, x: Any, mean: Any, low: Any, high: Any, index: int, label: str) -> None:
    """Draw means in the style of line ``index``, with a band where their intervals are finite."""
    x, mean, low, high = (np.asarray(part) for part in (x, mean, low, high))
    ax.plot(x, mean, **line_style(index), label=short(label))
    finite = np.isfinite(low) & np.isfinite(high)
    if finite.any():
        where = None if finite.all() else finite
        ax.fill_between(x, low, high, where=where, color=line_style(index)["color"], alpha=0.2, linewidth=0)


def finish(ax: Axes, metric: Metric, title: str) -> None:
    """Set title, unit and scale."""
    ax.set_title(title)
    ax.set_ylabel(metric.unit)
    ax.margins(x=0)
    if metric.scale == "percent":
        ax.set_ylim(0, 1)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    elif metric.scale == "log":
        ax.set_yscale("log")
        plain_ticks(ax.yaxis, (1.0, 2.0, 5.0))


def frame_late(ax: Axes, curves: pd.DataFrame) -> None:
    """Limit the vertical axis to the values after the first tenth, if lower values there would compress the rest."""
    late = curves[curves["step"] >= curves["step"].max() / 10]
    low, high = late["mean"].min(), late["mean"].max()
    if curves["mean"].min() < low - (high - low):
        ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        ax.annotate("start not shown", xy=(1, 0), xycoords="axes fraction", xytext=(0, -19),
                    textcoords="offset points", ha="right", va="top", fontsize=6, color="0.4")  # fmt: skip


def caption(figure: Figure, table: pd.DataFrame, confidence: float, note: str = "") -> None:
    """Write the experiment, its number of runs and the meaning of the bands above the figure, and a note below."""
    name, runs = table["experiment"].iloc[0], int(table["runs"].max())
    level = f"{100.0 * confidence:g} %"
    bands = f"bands: {level} confidence intervals of the mean, point by point" if runs > 1 else "which has no intervals"
    lines = [f"{name}: {runs} run{'s' * (runs > 1)}, {bands}", *([note] if note else [])]
    figure.suptitle("\n".join(lines), fontsize=8, x=0.01, ha="left")
