"""Performance profiles: the share of runs above each threshold, as staircases with bands."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from boltzmann_rl.figures.labels import as_written
from boltzmann_rl.figures.layout import Panel, arranged, heading
from boltzmann_rl.figures.panels import Band, captioned, line_with_band
from boltzmann_rl.figures.style import plain_ticks
from boltzmann_rl.figures.view import View


def plot_profile(view: View, profile: pd.DataFrame, title: str, better: str, remark: str = "") -> Figure:
    """The share of runs above each threshold, one panel for each problem.

    Args:
        view: Which agents and problems are shown.
        profile: The table `Results.performance_profile`, with a column ``problem``.
        title: What the thresholds are, with their unit.
        better: ``"higher"`` or ``"lower"``.
        remark: A line below the caption.

    Returns:
        A figure that pyplot does not know, or that of the user's axes.
    """
    panels = [_panel(view, profile, problem, title) for problem in view.problems]
    band = f"bands: {100.0 * view.confidence:g} % confidence intervals of the share, threshold by threshold"
    return arranged(view, [panels], captioned(profile, f"{band}; {better} is better", remark), beside=False)


def _panel(view: View, profile: pd.DataFrame, problem: str, title: str) -> Panel:
    head = heading(view, problem, "Runs above a threshold")
    return Panel(*head, lambda ax, shown: draw_profile(ax, profile, shown, problem, title))


def draw_profile(ax: Axes, profile: pd.DataFrame, view: View, problem: str, title: str) -> list[str]:
    """Draw the share of runs above each threshold.

    Args:
        ax: Where to draw.
        profile: The table `Results.performance_profile`, with a column ``problem``.
        view: Of which the looks are taken, and whether the axis of thresholds is logarithmic.
        problem: Its label.
        title: Of the axis of thresholds.

    Returns:
        What is to be said below the panel.
    """
    notes: list[str] = []
    here = profile[(profile["problem"] == problem) & profile["agent"].isin([*view.looks])]
    if "x" in view.log:
        notes = ["thresholds up to 0 are left out"] if (here["threshold"] <= 0.0).any() else []
        here = here[here["threshold"] > 0.0]
        ax.set_xscale("log")
        plain_ticks(ax.xaxis, (1.0, 2.0, 5.0))
    else:
        ax.xaxis.set_major_locator(MaxNLocator(3 if view.focus else 7, steps=[1, 2, 2.5, 5, 10]))
    if len(here):
        low, high = _limits(here, logarithmic="x" in view.log)
        ax.set_xlim((low, high) if "x" in view.log else (low, high + 0.04 * (high - low)))
    ax.set_ylim(-0.02, 1.02)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    ax.set_xlabel(title)
    as_written(ax.xaxis.label)
    for agent, look in view.looks.items():
        table = here[here["agent"] == agent]
        line_with_band(ax, staircase(table), look, 1 if view.focus else len(view.looks))
    return notes


def _limits(profile: pd.DataFrame, *, logarithmic: bool) -> tuple[float, float]:
    """From the last threshold that all runs exceed to the first that none does."""
    by_threshold = profile.groupby("threshold")["share"].agg(["min", "max"])
    thresholds = by_threshold.index.to_numpy(np.float64)
    low, high = thresholds[by_threshold["min"] == 1.0], thresholds[by_threshold["max"] == 0.0]
    ends = float(low[-1] if len(low) else thresholds[0]), float(high[0] if len(high) else thresholds[-1])
    if ends[0] < ends[1]:
        return ends
    return (0.5 * ends[0], 2.0 * ends[0]) if logarithmic else (ends[0] - 1.0, ends[0] + 1.0)


def staircase(table: pd.DataFrame) -> Band:
    """Shares that hold from each threshold up to the next.

    Example:
        >>> staircase(pd.DataFrame({"threshold": [0, 1], "share": [1, 0.5], "low": [0.6, 0.2], "high": [1, 0.8]})).mean
        array([1. , 1. , 0.5])
    """
    band = Band.of(table["threshold"], table, ("share", "low", "high"))
    return Band(np.repeat(band.x, 2)[1:], *(np.repeat(part, 2)[:-1] for part in band[1:]))
