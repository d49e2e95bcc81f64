"""Figures: curves with their 95 % bands, readable at column width and by colour-blind eyes."""

import io
import math
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, PercentFormatter

from boltzmann_rl.arguments import as_integer
from boltzmann_rl.labels import visible
from boltzmann_rl.near_names import suggesting
from boltzmann_rl.records.checks import refuse_missing
from boltzmann_rl.reproduction import Row
from boltzmann_rl.schedules import evaluate

if TYPE_CHECKING:
    from boltzmann_rl.records import Results

__all__ = ["figure_bytes", "plot_reproduction", "plot_results", "plot_schedule"]

# Okabe & Ito (2008), *Color Universal Design*; a grey for the yellow, which is too light for a line.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#888888")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1)))

STYLE: Any = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "lines.linewidth": 1.3,
    "svg.hashsalt": "boltzmann_rl",
    "text.parse_math": False,  # labels come from users, who may mean their dollars
}


class _Panel(NamedTuple):
    metric: str
    title: str
    unit: str
    scale: str = "linear"


PANELS = {
    "step": (
        _Panel("expected_reward", "Expected reward", "reward per step"),
        _Panel("best_action", "Best action chosen", "share of runs", "share"),
        _Panel("cumulative_regret", "Regret so far", "reward"),
        _Panel("effective_actions", "Effective actions, exp(entropy)", "actions"),
    ),
    "episode": (
        _Panel("smoothed_return", "Return, mean of last 10 episodes", "reward per episode", "late"),
        _Panel("length", "Length of the episode", "steps", "log"),
    ),
}


STUDY_PANELS = {
    "step": (
        _Panel("reward", "Mean reward over the run", "reward per step"),
        _Panel("best_action", "Best action chosen", "share of steps", "share"),
    ),
    "episode": (
        _Panel("return", "Mean return over the run", "reward per episode"),
        _Panel("length", "Mean length of an episode", "steps"),
    ),
}


@contextmanager
def _styled() -> Iterator[None]:
    """Our style; and arithmetic in silence, since places of numbers on paper may over- and underflow."""
    with mpl.rc_context(STYLE), np.errstate(all="ignore"):
        yield


class Drawing(Figure):
    """A Matplotlib figure that notebooks show without pyplot."""

    def _repr_png_(self) -> bytes:
        return _image(self, "png")


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


def plot_reproduction(rows: Sequence[Row]) -> Figure:
    """Our numbers over a paper's, a panel a figure or table: ours as dots and lines, the paper's as rings.

    Args:
        rows: The rows of one paper, as `boltzmann_rl.reproduction.measure_targets` returned them.
    """
    panels: dict[str, list[Row]] = {}
    for row in rows:
        panels.setdefault(row.target.panel, []).append(row)
    with _styled():
        columns = min(len(panels), 2)
        height = math.ceil(len(panels) / columns)
        figure = Drawing(figsize=(3.5 * columns, 2.3 * height + 0.25), layout="constrained")
        axes = figure.subplots(height, columns, squeeze=False).ravel()
        for ax, (panel, members) in zip(axes, panels.items(), strict=False):
            _reproduced(ax, members)
            ax.set_title(panel)
        for ax in axes[len(panels) :]:
            ax.set_axis_off()
        figure.suptitle("rings: published; dots and lines: ours ± 3.5 standard errors", fontsize=7, x=0.01, ha="left")
    return figure


def _reproduced(ax: Axes, members: list[Row]) -> None:
    series: dict[str, list[tuple[Any, float, float, float]]] = {}
    for row in members:
        numbers = zip(row.target.x, row.target.published, row.ours.values, row.ours.standard_errors, strict=True)
        series.setdefault(row.target.series, []).extend(numbers)
    words = any(isinstance(point[0], str) for points in series.values() for point in points)
    for index, (name, points) in enumerate(series.items()):
        if not words:
            points = sorted(points)
        x, published, ours, error = zip(*points, strict=True)
        colour, line = COLOURS[index % len(COLOURS)], "none" if words or len(points) == 1 else "-"
        few = len(points) <= 20
        ax.errorbar(
            x, ours, 3.5 * np.array(error), fmt="o" if few else "", ms=2.5, lw=1, ls=line, color=colour, label=name
        )
        ax.plot(x, published, "o", ms=6 if few else 3.5, mfc="none", mec=colour, mew=0.8)
    target = members[0].target
    heights = [value for row in members for value in (*row.ours.values, *row.target.published) if value == value]
    if min(heights) > 0 and max(heights) > 20 * min(heights):
        ax.set_yscale("log")
        _plain_ticks(ax.yaxis)
    middle = (max(heights) + min(heights)) / 2.0
    if max(heights) - min(heights) < 1e-3 * abs(middle):  # nearer than eyes need: frame a tenth, not the rounding
        ax.set_ylim(*sorted((0.95 * middle, 1.05 * middle)))
    steps = [] if words else sorted({x for row in members for x in row.target.x})
    if len(steps) > 2 and steps[0] > 0 and steps[-1] > 20 * steps[0] and len(steps) < 20:
        ax.set_xscale("log")
        _plain_ticks(ax.xaxis)
    ax.set_xlabel(target.axis)
    ax.set_ylabel(target.unit, fontsize=7)
    ax.tick_params(labelsize=7)
    if len(series) > 1:
        ax.legend(fontsize=6, frameon=False)


@suggesting
def plot_schedule(schedule: Any, steps: int = 1000, *, label: str = "value") -> Figure:
    """A schedule, or several to compare, over the first ``steps`` steps.

    Args:
        schedule: A number or a callable ``step -> value``, or a mapping of labels to these.
        steps: How far to draw, ≥ 1.
        label: What the value is: the label of the axis.

    Example:
        >>> from boltzmann_rl.schedules import Cosine, Linear
        >>> figure = plot_schedule({"linear": Linear(1, 0, steps=500), "cosine": Cosine(1, 0, steps=500)})
        >>> figure.savefig("schedules.png")  # doctest: +SKIP
    """
    schedules = schedule if isinstance(schedule, Mapping) else {repr(schedule): schedule}
    at = np.unique(np.linspace(0, as_integer(steps, "steps", minimum=1), 501).round().astype(np.int64))
    with _styled():
        figure = Drawing(figsize=(3.5 if len(schedules) == 1 else 5.0, 2.4), layout="constrained")
        ax = figure.subplots()
        for index, (name, each) in enumerate(schedules.items()):
            ax.plot(at, evaluate(each, at), **_line(index), label=_short(name))
        ax.set(xlabel="step", ylabel=visible(label, "\n"), ylim=(0, None))
        ax.margins(x=0)
        if len(schedules) == 1:
            ax.set_title(visible(textwrap.fill(next(iter(schedules)), 60), "\n"), fontsize=7)
        else:
            _label_lines(ax)
    return figure


def figure_bytes(figure: Figure) -> dict[str, bytes]:
    """The figure as PNG and SVG, the same bytes for the same figure: no date, no random ids."""
    return {kind: _image(figure, kind) for kind in _UNSIGNED}


# What Matplotlib would write into a file of its own accord, and shall not.
_UNSIGNED: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def _image(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    with _styled(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a label in a script without a font here: boxes, no failure
        figure.savefig(buffer, format=kind, dpi=200, metadata=_UNSIGNED[kind])
    return buffer.getvalue()


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


def _plain_ticks(axis: Axis, at: tuple[float, ...] = (1.0,)) -> None:
    """Of a logarithmic axis: 100 for 10², since labels are not parsed as mathematics."""
    axis.set_major_locator(LogLocator(subs=at))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _frame_late(ax: Axes, curves: pd.DataFrame) -> None:
    """Frame what comes after the first tenth, where learning from nothing would squeeze all the rest together."""
    late = curves[curves["step"] >= curves["step"].max() / 10]
    low, high = late["mean"].min(), late["mean"].max()
    if curves["mean"].min() < low - (high - low):
        ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
        ax.annotate("start not shown", xy=(1, 0), xycoords="axes fraction", xytext=(0, -19),
                    textcoords="offset points", ha="right", va="top", fontsize=6, color="0.4")  # fmt: skip


def _label_lines(ax: Axes) -> None:
    """Each line's name at its right end, in its colour, pushed apart where they would overlap."""
    figure: Any = ax.figure
    grid: Any = ax.get_gridspec()
    to_axes = ax.transData + ax.transAxes.inverted()
    ends = []
    for line in ax.get_lines():
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        ends.append((float(to_axes.transform((x[-1], y[-1]))[1]), line))
    ends.sort(key=lambda end: end[0])
    panel_height = figure.get_size_inches()[1] * 72 / grid.nrows * 0.72  # points; the rest is title and labels
    room = 9.0 / panel_height
    at = np.array([np.clip(height, 0.0, 1.0) for height, _ in ends])
    for k in range(1, len(at)):  # upwards, then back down from the top where they ran out of room
        at[k] = max(at[k], at[k - 1] + room)
    top = max(1.0, room * (len(at) - 1))
    for k in range(len(at) - 1, -1, -1):
        at[k] = min(at[k], top - room * (len(at) - 1 - k))
    for height, (_, line) in zip(at, ends, strict=True):
        ax.annotate(
            str(line.get_label()),
            xy=(1.0, height),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            color=line.get_color(),
            annotation_clip=False,
        )


def _line(index: int) -> dict[str, Any]:
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": DASHES[index // len(COLOURS) % len(DASHES)]}


def _caption(results: "Results") -> str:
    runs = int(results.manifest["runs"])
    band = "bands: 95 % confidence intervals of the mean" if runs > 1 else "which has no intervals"
    return f"{results.name}: {runs} run{'s' * (runs > 1)}, {band}"


def _short(label: str) -> str:
    """A label on one line of at most 36 characters, all to be seen; the tables have it whole."""
    line = visible(" ".join(label.split()))
    return line if len(line) <= 36 else f"{line[:35]}…"
