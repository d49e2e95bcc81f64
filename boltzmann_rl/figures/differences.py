"""Curves of the difference between two agents, with a band that covers the whole curve."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.engines.metrics import Measures
from boltzmann_rl.figures.panels import line_with_band
from boltzmann_rl.figures.style import Drawing, short, styled

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
    metric = str(curves["metric"].iloc[0])
    known = next((one for one in measures.metrics if one.name == metric), None)
    titles = {str(problem): _title(str(problem), here) for problem, here in curves.groupby("problem", sort=False)}
    lines = "\n".join(titles.values()).count("\n") + 1
    with styled():
        figure = Drawing(figsize=(5.2, 2.0 * len(titles) + 0.14 * lines + 0.4), layout="constrained")
        axes = figure.subplots(len(titles), 1, squeeze=False)
        for ax, (problem, title) in zip(axes[:, 0], titles.items(), strict=True):
            _draw(ax, curves[curves["problem"] == problem], known.unit if known else "")
            ax.set_title(title)
            ax.set_xlabel(measures.axis)
        caption = _caption(curves, known.title if known else short(metric), confidence)
        figure.suptitle(caption, fontsize=8, x=0.01, ha="left")
    return figure


def _draw(ax: Axes, curve: pd.DataFrame, unit: str) -> None:
    """Zero, the mean, and the band where there is one; means without a band are circles."""
    middle = (curve["begin"] + curve["end"] - 1) / 2.0
    ax.axhline(0.0, color="0.6", linewidth=0.8)
    line_with_band(ax, middle, curve["difference"], curve["low"], curve["high"], 0, "")
    bare = curve["low"].isna()
    ax.plot(middle[bare], curve["difference"][bare], "o", color="0.3", markersize=2.5, markerfacecolor="white")
    ax.set_xlim(curve["begin"].iloc[0], curve["end"].iloc[-1])
    ax.margins(y=0.16)  # room for the two labels, which no line crosses
    ax.set_ylabel(unit)
    first, second = short(curve["first"].iloc[0]), short(curve["second"].iloc[0])
    for y, agent, va in ((1.0, first, "top"), (0.0, second, "bottom")):
        ax.annotate(f"{agent} is higher", xy=(1, y), xycoords="axes fraction", ha="right", va=va, fontsize=6.5,
                    color="0.35")  # fmt: skip


def _caption(curves: pd.DataFrame, metric: str, confidence: float) -> str:
    """What is drawn, of how many runs, and what the band says."""
    name, first, second, runs = (curves[part].iloc[0] for part in ("experiment", "first", "second", "runs"))
    lines = [f"{name}: {metric}, {short(first)} − {short(second)}, {runs} run{'s, paired' if runs > 1 else ''}"]
    if curves["low"].notna().any():
        lines.append(f"band: holds the whole curve at once with {100 * confidence:g} % confidence (simultaneous)")
    return "\n".join(lines)


def _title(problem: str, curve: pd.DataFrame) -> str:
    """The label of the problem, and the warnings on its band."""
    bare = curve["low"].isna()
    circles = dict.fromkeys(f"circles: {warning}" for warning in curve["warning"][bare])
    others = dict.fromkeys(warning for warning in curve["warning"][~bare] if warning)
    return "\n".join([short(problem), *(textwrap.fill(line, _WIDTH) for line in (*circles, *others))])
