"""Legends: which line is which agent, outside the axes, each label with a sample of its line."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Affine2D, ScaledTranslation, blended_transform_factory

from boltzmann_rl.arguments import Floats
from boltzmann_rl.arguments.labels import columns
from boltzmann_rl.figures.labels import as_written
from boltzmann_rl.figures.looks import Look
from boltzmann_rl.figures.style import SMALL

# Points from the axes to the sample of a label, to the end of the sample, and to the text; between lines of text.
_SAMPLE, _END, _TEXT, _BETWEEN = 9.0, 27.0, 30.0, 9.5


def legend_below(figure: Figure, looks: Sequence[Look]) -> None:
    """One legend for all panels, below them."""
    widest = max(columns(look.label) for look in looks)
    wide = figure.get_size_inches()[0]
    number = int(np.clip(wide / (0.5 + 0.065 * widest), 1, min(len(looks), 5)))
    rows = -(-len(looks) // number)
    ncols = -(-len(looks) // rows)
    _legend(figure, looks, loc="outside lower left", ncols=ncols, frameon=False, fontsize=SMALL)


def legend_inside(ax: Axes, looks: Sequence[Look]) -> None:
    """A legend in axes of the user's own, where it covers least."""
    _legend(ax, looks, loc="best", fontsize="x-small", framealpha=0.85, edgecolor="none")


def _legend(parent: Any, looks: Sequence[Look], **place: Any) -> None:
    handles = [Line2D([], [], **look.line, linewidth=1.3) for look in looks]
    blank = ["-"] * len(looks)  # a label that begins with an underscore would be left out
    legend = parent.legend(handles, blank, handlelength=2.6, **place)
    for text, look in zip(legend.get_texts(), looks, strict=True):
        text.set_text(look.label)
        as_written(text, look.math)
        text.set_color(look.ink)


def label_ends(ax: Axes, looks: Sequence[Look]) -> None:
    """Write each label beside the right end of its line, with a sample and a leader from the line.

    Args:
        ax: Axes with a figure of their own, which have their limits.
        looks: Of the lines, in the order in which they were drawn.
    """
    figure: Any = ax.figure
    figure.draw_without_rendering()  # sets the height of the axes
    ends = _ends(ax)
    room = _BETWEEN / (ax.get_window_extent().height * 72 / figure.dpi)
    heights = _apart(np.clip(ends, 0.0, 1.0), room)
    edge: Any = ax.transAxes
    beside = Affine2D().scale(1 / 72) + figure.dpi_scale_trans + ScaledTranslation(1, 0, edge)
    at = blended_transform_factory(beside, ax.transAxes)
    for look, end, height in zip(looks, ends, heights, strict=True):
        inside = float(np.clip(end, 0.0, 1.0))
        leader = Line2D([1.5, _SAMPLE - 1.5], [inside, height], transform=at, color=look.colour, linewidth=0.5)
        sample = Line2D(
            [_SAMPLE, (_SAMPLE + _END) / 2, _END], [height] * 3, transform=at, **look.line, linewidth=1.3, markevery=[1]
        )
        for line in (leader, sample):
            line.set_clip_on(False)
            figure.add_artist(line)
        text = ax.text(_TEXT, height, look.label, transform=at, va="center", fontsize=SMALL, color=look.ink)
        as_written(text, look.math)


def _ends(ax: Axes) -> Floats:
    """The height of the last finite point of each line, in the units of the axes."""
    to_axes, heights = ax.transData + ax.transAxes.inverted(), []
    for line in ax.get_lines():
        x, y = (np.asarray(part, np.float64) for part in line.get_data())
        finite = np.flatnonzero(np.isfinite(y))
        heights.append(float(to_axes.transform((x[finite[-1]], y[finite[-1]]))[1]) if len(finite) else 0.0)
    return np.nan_to_num(np.array(heights))


def _apart(wanted: Floats, room: float) -> Floats:
    """Heights at least ``room`` apart, in the same order and near those wanted: means of labels that would overlap."""
    order = np.argsort(wanted, kind="stable")
    groups: list[list[float]] = []  # the wanted middle and the number of labels of each group
    for height in wanted[order]:
        groups.append([float(height), 1.0])
        while len(groups) > 1 and groups[-1][0] - groups[-2][0] < room * (groups[-1][1] + groups[-2][1]) / 2:
            (middle, size), (other, others) = groups.pop(), groups.pop()
            groups.append([(middle * size + other * others) / (size + others), size + others])
    placed = [middle + room * (k - (size - 1) / 2) for middle, size in groups for k in range(int(size))]
    found = np.empty(len(wanted))
    found[order] = placed
    return found
