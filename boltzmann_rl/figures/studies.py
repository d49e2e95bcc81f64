"""Parameter studies: the mean over whole runs against the parameter, one panel for each parameter."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.metrics import Metric
from boltzmann_rl.figures.families import Families, parameter_of, parameters_in
from boltzmann_rl.figures.labels import as_written
from boltzmann_rl.figures.layout import heading
from boltzmann_rl.figures.legends import legend_below, legend_inside
from boltzmann_rl.figures.looks import DASHES, Look
from boltzmann_rl.figures.panels import (
    Band,
    caption,
    frame,
    headed,
    line_with_band,
    note,
    said_of_bands,
    write_title,
)
from boltzmann_rl.figures.style import Drawing, in_style_of_the_user, styled
from boltzmann_rl.figures.view import View

# How far bands extend a panel: further than those of curves, since few points are drawn.
_REACH = 2.0

# From this ratio of the largest to the smallest value on, an axis is logarithmic.
_WIDE = 8.0

# Values that an axis labels one by one, at most.
_LABELLED = 7


def plot_study(view: View, summary: pd.DataFrame, families: Families) -> Figure:
    """The means of a parameter study, a column for each parameter, with metrics and problems below each other.

    Args:
        view: With the looks of families and of agents without the parameter.
        summary: The table `Results.summary`.
        families: The families by the labels of ``view.looks``.

    Returns:
        A figure that pyplot does not know, or that of the user's axes.
    """
    view, names = replace(view, looks=_told_apart(view.looks, families)), parameters_in(families)
    panels = [(problem, metric) for problem in view.problems for metric in view.metrics]
    if view.ax is not None:
        with in_style_of_the_user():
            draw_study(view.ax, summary, view, families, panels[0])
            if view.legend:
                legend_inside(view.ax, [*view.looks.values()])
        return view.figure
    with styled():
        one = len(names) == 1  # then metrics stand beside each other
        columns = len(view.metrics) if one else len(names)
        rows = len(view.problems) if one else len(panels)
        size = view.width or max(3.5 * columns, 4.4), 2.0 * rows + 0.6
        figure = Drawing(figsize=size, layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False, sharey=False if one else "row")
        places = [(panel, name) for panel in panels for name in names]
        for ax, (panel, name) in zip(axes.ravel(), places, strict=True):
            draw_study(ax, summary, view, families, panel, name)
        caption(figure, summary, said_of_bands(summary, view.confidence))
        if view.legend:
            legend_below(figure, [*view.looks.values()])
        figure.sca(axes[0, 0])
    return figure


def draw_study(
    ax: Axes,
    summary: pd.DataFrame,
    view: View,
    families: Families,
    panel: tuple[str, Metric],
    parameter: str | None = None,
) -> None:
    """Draw the families with one parameter; an agent without it is a horizontal line.

    Args:
        ax: Where to draw.
        summary: The table `Results.summary`.
        view: Of which the looks are taken.
        families: All families; those with other parameters only extend the vertical axis, which panels share.
        panel: Label of the problem, and the metric.
        parameter: Its name; the first by default.
    """
    problem, metric = panel
    parameter = parameters_in(families)[0] if parameter is None else parameter
    bands = _bands(summary[summary["problem"] == problem], metric.name, families)
    drawn = {label: band for label, band in bands.items() if parameter_of(label) == parameter and families[label]}
    scale = _scale(
        ax, _values(families, parameter), any(_wide(_values(families, name)) for name in parameters_in(families))
    )
    notes = frame(ax, replace(metric, scale="log") if "y" in view.log else metric, [*bands.values()], _REACH)
    for label in view.looks:
        if label in drawn:
            line_with_band(ax, drawn[label], view.looks[label])
        elif label in bands and not families[label]:
            everywhere = bands[label]._replace(x=np.array(ax.get_xlim()))
            line_with_band(ax, everywhere, view.looks[label])
    as_written(ax.xaxis.label).set_text(f"{parameter} ({scale})" if scale else parameter)
    note(ax, notes)
    title = headed(metric, metric.of_run or metric.title or metric.name)
    write_title(ax, *heading(view, problem, title))


def _told_apart(looks: Mapping[str, Look], families: Families) -> dict[str, Look]:
    """The looks, with dashes instead of markers for agents without the parameter."""
    flat = [label for label in looks if not families[label]]
    dashed = {label: DASHES[1 + number % (len(DASHES) - 1)] for number, label in enumerate(flat)}
    return {
        label: look._replace(dashes=dashed[label], marker="None") if label in dashed else look
        for label, look in looks.items()
    }


def _bands(summary: pd.DataFrame, metric: str, families: Families) -> dict[str, Band]:
    """The means of each family on one problem along its parameter, and twice that of an agent without it."""
    by_agent, found = summary.set_index("agent"), dict[str, Band]()
    for label, points in families.items():
        there = sorted((point for point in points if point.label in by_agent.index), key=lambda point: point.value)
        labels = [point.label for point in there] if points else [label] * (2 * (label in by_agent.index))
        if labels:
            x = [point.value for point in there] if points else [0.0, 1.0]
            found[label] = Band.of(x, by_agent.loc[labels], (metric, f"{metric}_low", f"{metric}_high"))
    return found


def _values(families: Families, parameter: str) -> Floats:
    """The values of a parameter in all families, in order."""
    found = {point.value for label, points in families.items() for point in points if parameter_of(label) == parameter}
    return np.array(sorted(found) or [0.0, 1.0])


def _wide(values: Floats) -> bool:
    """Whether values differ so much that a linear scale would not tell them apart."""
    sizes = np.abs(values[values != 0.0])
    return bool(len(sizes) > 1 and sizes.max() / sizes.min() >= _WIDE)


def _scale(ax: Axes, values: Floats, wide: bool) -> str:
    """A scale on which all values can be told apart, the same in all panels, in words; nothing if it is linear.

    It is logarithmic if they are positive, and linear around 0 if not.
    """
    sizes = np.abs(values[values != 0.0])
    wide = wide and len(sizes) > 1
    pad = 0.04 * (values[-1] - values[0]) or 0.5 * abs(values[0]) or 1.0
    if wide and values[0] > 0.0:
        ax.set_xscale("log")
        edge = (values[-1] / values[0]) ** 0.04
        ax.set_xlim(values[0] / edge, values[-1] * edge)
    else:
        if wide:
            ax.set_xscale("symlog", linthresh=float(sizes.min()), linscale=0.6)
            places = ax.xaxis.get_transform().transform(values[[0, -1]])
            pads = 0.04 * (places[1] - places[0]) * np.array([-1.0, 1.0])
            ax.set_xlim(*ax.xaxis.get_transform().inverted().transform(places + pads))
        else:
            ax.set_xlim(values[0] - pad, values[-1] + pad)
    few = values[::-1][:: -(-len(values) // _LABELLED)][::-1]
    ax.xaxis.set_major_locator(FixedLocator(few.tolist()))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(written))
    if ax.get_xscale() == "linear":
        return ""
    beyond = f" above {written(sizes.min())}" if values[0] == 0.0 else f" beyond ±{written(sizes.min())}"
    return "logarithmic" + (beyond if values[0] <= 0.0 else "")


def written(value: float, position: int | None = None) -> str:
    """A value of a parameter, at a tick: negative powers of 2 as fractions.

    Example:
        >>> written(1 / 64), written(0.1), written(0.5), written(1000.0)
        ('1/64', '0.1', '1/2', '1000')
    """
    mantissa, exponent = np.frexp(value)
    return f"1/{1 / value:g}" if mantissa == 0.5 and -20 < exponent < 1 else f"{value:g}"
