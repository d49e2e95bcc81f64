"""Intervals: an estimate of each agent with its interval, one row for each agent, the best first."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from boltzmann_rl.figures.labels import as_written
from boltzmann_rl.figures.layout import heading
from boltzmann_rl.figures.panels import captioned, headed, write_lines, write_title
from boltzmann_rl.figures.style import SMALL, Drawing, in_style_of_the_user, plain_ticks, styled
from boltzmann_rl.figures.view import View

# Inches: the usual width, the height of a row, and what a panel needs beside its rows.
_WIDTH, _ROW, _BESIDE = 4.6, 0.17, 0.62

# Characters of a label in an inch of the figure's width.
_CHARACTERS = 8


def plot_intervals(view: View, table: pd.DataFrame, said: str) -> Figure:
    """The estimates with their intervals, with the problems below each other.

    Args:
        view: With the only metric. Which agents and problems are shown.
        table: ``problem``, ``agent``, ``estimate``, ``low``, ``high`` and ``runs``, the best agent of a problem first.
        said: What is estimated, for the caption.

    Returns:
        A figure that pyplot does not know, or that of the user's axes.
    """
    if view.ax is not None:
        with in_style_of_the_user():
            draw_intervals(view.ax, table, view, view.problems[0])
        return view.figure
    with styled():
        rows = [max(int((table["problem"] == problem).sum()), 2) for problem in view.problems]
        figure = Drawing(figsize=(view.width or _WIDTH, 1.0), layout="constrained")
        axes = figure.subplots(len(rows), 1, squeeze=False, height_ratios=[number + 2 for number in rows])[:, 0]
        for ax, problem in zip(axes, view.problems, strict=True):
            draw_intervals(ax, table, view, problem)
        bare = "open markers: no interval" if table[["low", "high"]].isna().any(axis=None) else ""
        lines = write_lines(figure, captioned(table, said, bare))
        figure.set_figheight(sum(_ROW * number + _BESIDE for number in rows) + 0.13 * lines)
        figure.sca(axes[0])
    return figure


def draw_intervals(ax: Axes, table: pd.DataFrame, view: View, problem: str) -> None:
    """Draw a point and an interval for each agent, from top to bottom in the order of the table.

    Args:
        ax: Where to draw.
        table: ``problem``, ``agent``, ``estimate``, ``low`` and ``high``.
        view: Of which the looks and the only metric are taken, and whether the axis is logarithmic.
        problem: Its label.
    """
    here = table[(table["problem"] == problem) & table["agent"].isin([*view.looks])]
    metric = view.metrics[0]
    if "x" in view.log:
        ax.set_xscale("log")
        plain_ticks(ax.xaxis, (1.0, 2.0, 5.0))
    else:
        ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    for row, (_, one) in enumerate(here.iterrows()):
        look = view.looks[one["agent"]]
        ax.axhline(row, color="0.9", linewidth=0.6, zorder=0.5)
        ax.plot([one["low"], one["high"]], [row, row], color=look.colour, linewidth=1.6, solid_capstyle="butt")
        known = np.isfinite(one["low"]) and np.isfinite(one["high"])
        fill = {} if known else {"markerfacecolor": "white", "markeredgecolor": look.colour, "markeredgewidth": 1.0}
        ax.plot(one["estimate"], row, **{**look.line, "markersize": 5.0, **fill}, label=look.label)
    ax.set_xlim(*_limits(here, "x" in view.log))
    ax.set_ylim(len(here) - 0.4, -0.6)
    _label_rows(ax, here["agent"].tolist(), view)
    ax.set_xlabel("")
    as_written(ax.xaxis.label)
    title, math = heading(view, problem, headed(metric, metric.title or metric.name))
    write_title(ax, title, math)
    if metric.scale == "percent":
        ax.xaxis.set_major_formatter(PercentFormatter(1.0))


def _label_rows(ax: Axes, agents: list[str], view: View) -> None:
    """Write the label of each agent at the left of its row, on two lines if it is long."""
    characters = max(int(_CHARACTERS * (view.width or _WIDTH)), 12)
    looks = [view.looks[agent] for agent in agents]
    written = [look.label if look.math else textwrap.fill(look.label, characters) for look in looks]
    ax.set_yticks(range(len(looks)), written)
    ax.tick_params(axis="y", length=0)
    for tick, look in zip(ax.get_yticklabels(), looks, strict=True):
        as_written(tick, look.math)
        tick.set_color(look.ink)
        if view.ax is None:
            tick.set_fontsize(SMALL)
    ax.spines["left"].set_visible(False)


def _limits(table: pd.DataFrame, logarithmic: bool) -> tuple[float, float]:
    """Limits within which all estimates and intervals lie, as far as they are finite and the axis can show them."""
    numbers = table[["estimate", "low", "high"]].to_numpy(np.float64)
    numbers = numbers[np.isfinite(numbers) & (numbers > 0.0 if logarithmic else True)]
    if not len(numbers):
        return (0.1, 1.0) if logarithmic else (0.0, 1.0)
    low, high = (float(end) for end in np.quantile(np.log(numbers) if logarithmic else numbers, [0.0, 1.0]))
    margin = 0.05 * (high - low) or (0.1 * abs(high) or 1.0 if not logarithmic else 0.1)
    low, high = low - margin, high + margin
    return (float(np.exp(low)), float(np.exp(high))) if logarithmic else (low, high)
