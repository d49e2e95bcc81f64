"""Figures: curves with their 95 % bands, readable at column width and by colour-blind eyes."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from boltzmann_rl.engines.metrics import PANELS, STUDY_PANELS, _Panel
from boltzmann_rl.figures.style import Drawing, _label_lines, _line, _plain_ticks, _short, _styled
from boltzmann_rl.results.checks import refuse_missing

if TYPE_CHECKING:
    from boltzmann_rl.results.results import Results

__all__ = ["plot_results"]


def plot_results(results: "Results") -> Figure:
    """The curves of an experiment, a panel a metric; of a parameter study, the means against the parameter.

    Several problems stand below each other, with the first two metrics.

    Args:
        results: What `boltzmann_rl.run` or `boltzmann_rl.load` returned.

    Returns:
        A Matplotlib figure that no window manager holds on to: ``figure.savefig(path)``, or the last line of a
        notebook cell.
    """
    if results.manifest.get("study"):
        refuse_missing(results.summary, "summary")
        return _plot_study(results)
    refuse_missing(results.curves, "curves")
    panels = PANELS[results.manifest["axis"]]
    problems = list(results.curves["problem"].unique())
    if len(problems) > 1:
        panels = panels[:2]
    agents = list(results.manifest["declaration"]["agents"])
    with _styled():
        rows_each = math.ceil(len(panels) / 2)
        rows = rows_each * len(problems)
        height = max(1.9, 0.14 * len(agents) + 0.5)
        figure = Drawing(figsize=(7.0, height * rows + 0.3), layout="constrained")
        axes = figure.subplots(rows, 2, squeeze=False)
        for index, problem in enumerate(problems):
            here = results.curves[results.curves["problem"] == problem]
            block = axes[index * rows_each : (index + 1) * rows_each]
            for ax, panel in zip(block.ravel(), panels, strict=False):
                _draw(ax, here[here["metric"] == panel.metric], agents, panel)
                ax.set_xlabel(results.manifest["axis"])
                if len(problems) > 1:
                    ax.set_title(f"{_short(problem)}: {ax.get_title(loc='left')}")
            for ax in block[:, -1]:
                _label_lines(ax)
        figure.suptitle(_caption(results), fontsize=8, x=0.01, ha="left")
    return figure


def _plot_study(results: "Results") -> Figure:
    panels = STUDY_PANELS[results.manifest["axis"]]
    study = results.manifest["study"]
    families = list(dict.fromkeys(family for family, _ in study.values()))
    problems = list(results.summary["problem"].unique())
    with _styled():
        figure = Drawing(figsize=(7.0, 2.2 * len(problems) + 0.3), layout="constrained")
        axes = figure.subplots(len(problems), 2, squeeze=False)
        for row, problem in enumerate(problems):
            summary = results.summary[results.summary["problem"] == problem].set_index("agent")
            for ax, panel in zip(axes[row], panels, strict=True):
                for index, family in enumerate(families):
                    points = sorted((parameter, label) for label, (name, parameter) in study.items() if name == family)
                    there = summary.loc[[label for _, label in points]]
                    band = there[panel.metric], there[f"{panel.metric}_low"], there[f"{panel.metric}_high"]
                    _line_with_band(ax, [parameter for parameter, _ in points], *band, index, family)
                _finish(ax, panel)
                if len(problems) > 1:
                    ax.set_title(f"{_short(problem)}: {panel.title}")
                for line in ax.get_lines():
                    line.set_marker("o")
                    line.set_markersize(2.5)
                    line.set_clip_on(False)
                ax.set_xscale("log", base=2)
                ax.set_xlabel("parameter")
                ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}" if x >= 1 else f"1/{1 / x:g}"))
                ax.tick_params(axis="x", labelsize=7)
            _label_lines(axes[row, -1])
        figure.suptitle(_caption(results), fontsize=8, x=0.01, ha="left")
    return figure


def _draw(ax: Axes, curves: pd.DataFrame, agents: list[str], panel: _Panel) -> None:
    for index, agent in enumerate(agents):
        curve = curves[curves["agent"] == agent]
        if not curve.empty:
            _line_with_band(ax, curve["step"], curve["mean"], curve["low"], curve["high"], index, agent)
    _finish(ax, panel)
    if panel.scale == "late":
        _frame_late(ax, curves)
    elif panel.scale == "log" and curves["low"].min() < (least := curves["mean"].min() / 2.0):
        ax.set_ylim(bottom=least)  # an interval that reaches to 0 would reach for ever


def _line_with_band(ax: Axes, x: Any, mean: Any, low: Any, high: Any, index: int, label: str) -> None:
    x, mean, low, high = (np.asarray(part) for part in (x, mean, low, high))
    ax.plot(x, mean, **_line(index), label=_short(label))
    known = np.isfinite(low) & np.isfinite(high)
    if known.all():
        ax.fill_between(x, low, high, color=_line(index)["color"], alpha=0.2, linewidth=0)
    elif known.any():  # one run has no interval, and none is drawn; nor is one that reaches to infinity
        ax.fill_between(x, low, high, where=known, color=_line(index)["color"], alpha=0.2, linewidth=0)


def _finish(ax: Axes, panel: _Panel) -> None:
    ax.set_title(panel.title)
    ax.set_ylabel(panel.unit)
    ax.margins(x=0)
    if panel.scale == "share":
        ax.set_ylim(0, 1)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    elif panel.scale == "log":
        ax.set_yscale("log")
        _plain_ticks(ax.yaxis, (1.0, 2.0, 5.0))


def _frame_late(ax: Axes, curves: pd.DataFrame) -> None:
    """Frame what comes after the first tenth, where learning from nothing would squeeze all the rest together."""
    late = curves[curves["step"] >= curves["step"].max() / 10]
    low, high = late["mean"].min(), late["mean"].max()
    if curves["mean"].min() < low - (high - low):
        ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        ax.annotate("start not shown", xy=(1, 0), xycoords="axes fraction", xytext=(0, -19),
                    textcoords="offset points", ha="right", va="top", fontsize=6, color="0.4")  # fmt: skip


def _caption(results: "Results") -> str:
    runs = int(results.manifest["runs"])
    band = "bands: 95 % confidence intervals of the mean" if runs > 1 else "which has no intervals"
    return f"{results.name}: {runs} run{'s' * (runs > 1)}, {band}"
