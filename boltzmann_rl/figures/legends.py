"""Legends: which line is which agent, outside the axes, each label with a sample of its line."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, ScaledTranslation, blended_transform_factory

from boltzmann_rl.arguments import Floats
from boltzmann_rl.figures.labels import as_written, printed
from boltzmann_rl.figures.looks import Look
from boltzmann_rl.figures.style import SMALL

# Points from the axes to the sample of a label, to the end of the sample, and to the text; between lines of text.
_SAMPLE, _END, _TEXT, _BETWEEN = 9.0, 27.0, 30.0, 9.5

# From here on, in widths of the axes, a line reaches their right side: a smoothed one ends a little before it.
_NEAR = 0.95


def legend_below(figure: Figure, looks: Sequence[Look]) -> None:
    """One legend for all panels, below them."""
    ncols = -(-len(looks) // rows_below(figure, looks))
    _legend(figure, looks, loc="outside lower left", ncols=ncols, frameon=False, fontsize=SMALL)


def rows_below(figure: Figure, looks: Sequence[Look]) -> int:
    """The number of lines of a legend below the panels."""
    if not looks:
        return 0
    widest = max(printed(look.label, look.math) for look in looks)
    number = int(np.clip(figure.get_size_inches()[0] / (0.5 + 0.06 * widest), 1, 5))
    return -(-len(looks) // number)


def legend_inside(ax: Axes, looks: Sequence[Look]) -> None:
    """A legend in axes of the user's own, where it covers no line; below them if there is no such place.

    It is where it covers least if the figure has no layout, which would cut off what is below, or if that would take
    more than half of the height of the axes. Beside axes with a legend below, it takes no height.
    """
    inside: Any = {"loc": "best", "fontsize": "x-small", "framealpha": 0.85, "edgecolor": "none"}
    legend = _legend(ax, looks, **inside)
    figure: Any = ax.get_figure(root=True)
    if figure.get_layout_engine() is None:
        return
    figure.draw_without_rendering()  # places it
    box, height = legend.get_window_extent(), ax.bbox.height
    paths = (line.get_path().transformed(line.get_transform()).cleaned(remove_nans=True) for line in ax.get_lines())
    if any(path.intersects_bbox(box, filled=False) for path in paths):
        _legend_under(ax, looks, box.width)
        figure.draw_without_rendering()
        if ax.bbox.height < height / 2:
            _legend(ax, looks, **inside)


def _legend_under(ax: Axes, looks: Sequence[Look], wide: float) -> None:
    """A legend below axes of the user's own, in columns as ``wide`` as one of a single column."""
    figure: Any = ax.get_figure(root=True)
    outer = ax.get_tightbbox() or ax.bbox
    left, down = (outer.x0 - ax.bbox.x0) / figure.dpi, (outer.y0 - ax.bbox.y0) / figure.dpi - 0.05
    corner = ax.transAxes + ScaledTranslation(left, down, figure.dpi_scale_trans)
    _legend(
        ax, looks, loc="upper left", bbox_to_anchor=(0.0, 0.0), bbox_transform=corner, borderaxespad=0.0,
        ncols=_even(looks, int(np.clip(outer.width / wide, 1, 5))), frameon=False, fontsize="x-small",
    )  # fmt: skip


def legend_at_foot(ax: Axes, looks: Sequence[Look]) -> Legend:
    """A legend at the foot of axes of the user's own, which are to be extended by its height."""
    figure: Any = ax.get_figure(root=True)
    place: Any = {"loc": "lower center", "fontsize": "x-small", "frameon": False, "borderaxespad": 0.0}
    one = _legend(ax, looks, **place)
    figure.draw_without_rendering()
    width = ax.get_position(original=True).transformed(figure.transSubfigure).width
    return _legend(ax, looks, ncols=_even(looks, int(np.clip(width / one.get_window_extent().width, 1, 5))), **place)


def _even(looks: Sequence[Look], columns: int) -> int:
    """How many columns, of those that find room, fill the rows evenly."""
    return -(-len(looks) // -(-len(looks) // columns))


def _legend(parent: Any, looks: Sequence[Look], **place: Any) -> Legend:
    handles = [Line2D([], [], **look.line, linewidth=1.3) for look in looks]
    for handle in handles:
        if handle.get_linestyle() == "None":  # the square of an area
            handle.set_markersize(7.0)
    blank = ["-"] * len(looks)  # a label that begins with an underscore would be left out
    legend: Legend = parent.legend(handles, blank, handlelength=2.6, **place)
    for text, look in zip(legend.get_texts(), looks, strict=True):
        text.set_text(look.label)
        as_written(text, look.math)
        text.set_color(look.ink)
    return legend


def label_ends(ax: Axes, looks: Sequence[Look]) -> None:
    """Write each label beside the right end of its line, with a sample and a leader from the line.

    A line that ends before the right side of the axes has no leader there. Labels follow their lines when
    limits, scale or size are changed later.

    Args:
        ax: Axes in a `Drawing`, which have their limits.
        looks: Of the lines, in the order in which they were drawn.
    """
    figure: Any = ax.figure
    figure.draw_without_rendering()  # sets the height of the axes
    edge: Any = ax.transAxes
    beside = Affine2D().scale(1 / 72) + figure.dpi_scale_trans + ScaledTranslation(1, 0, edge)
    at = blended_transform_factory(beside, ax.transAxes)
    parts = []
    for look in looks:
        leader = Line2D([1.5, _SAMPLE - 1.5], [0.0, 0.0], transform=at, color=look.colour, linewidth=0.5)
        sample = Line2D(
            [_SAMPLE, (_SAMPLE + _END) / 2, _END], [0.0] * 3, transform=at, **look.line, linewidth=1.3, markevery=[1]
        )
        for line in (leader, sample):
            line.set_clip_on(False)
            figure.add_artist(line)
        text = ax.text(_TEXT, 0.0, look.label, transform=at, va="center", fontsize=SMALL, color=look.ink)
        parts.append(_EndLabel(leader, sample, as_written(text, look.math)))
    place = partial(_place, ax, [*ax.get_lines()], parts)
    figure.before_drawing(place)
    place()


class _EndLabel(NamedTuple):
    leader: Line2D
    sample: Line2D
    text: Text


def _place(ax: Axes, lines: Sequence[Line2D], labels: Sequence[_EndLabel]) -> None:
    """Move labels to the ends of their lines, or near them where they would overlap."""
    if ax.figure is None:  # the axes were removed
        return
    reached, heights = zip(*(_end(ax, line) for line in lines), strict=True)
    ends = np.clip(heights, 0.0, 1.0)
    room = _BETWEEN / (ax.get_window_extent().height * 72 / ax.figure.dpi)
    for (leader, sample, text), there, end, height in zip(labels, reached, ends, _apart(ends, room), strict=True):
        leader.set_visible(there)
        leader.set_ydata([end, height])
        sample.set_ydata([height] * 3)
        text.set_y(height)


def _end(ax: Axes, line: Line2D) -> tuple[bool, float]:
    """Whether a line reaches the right side of the axes, and at which height it does or ends, in units of the axes."""
    x, y = (np.asarray(part, np.float64) for part in line.get_data())
    places = (ax.transData + ax.transAxes.inverted()).transform(np.column_stack([x, y]))
    places = places[np.isfinite(y) & np.isfinite(places).all(axis=1)]
    if not len(places):
        return False, 0.0
    places = places[np.argsort(places[:, 0], kind="stable")]
    return bool(places[-1, 0] > _NEAR), float(np.interp(1.0, *places.T))


def _apart(wanted: Floats, room: float) -> Floats:
    """Heights at least ``room`` apart, in the same order and near those wanted: means of labels that would overlap.

    None is below 0, where the labels of ticks are, and none above 1 if all find room.
    """
    order = np.argsort(wanted, kind="stable")
    groups: list[list[float]] = []  # the wanted middle and the number of labels of each group
    for height in wanted[order]:
        groups.append([float(height), 1.0])
        while len(groups) > 1 and groups[-1][0] - groups[-2][0] < room * (groups[-1][1] + groups[-2][1]) / 2:
            (middle, size), (other, others) = groups.pop(), groups.pop()
            groups.append([(middle * size + other * others) / (size + others), size + others])
    placed = np.array([middle + room * (k - (size - 1) / 2) for middle, size in groups for k in range(int(size))])
    ranks = room * np.arange(len(wanted))
    placed = np.minimum(placed, max(1.0, ranks[-1]) - ranks[::-1]).clip(ranks)
    found = np.empty(len(wanted))
    found[order] = placed
    return found
