"""The style that all figures share."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from boltzmann_rl.arguments.labels import visible

__all__ = ["COLOURS", "STYLE", "Drawing", "figure_bytes", "label_lines", "line_style", "plain_ticks", "short", "styled"]


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


@contextmanager
def styled() -> Iterator[None]:
    """Our style; and arithmetic in silence, since places of numbers on paper may over- and underflow."""
    with mpl.rc_context(STYLE), np.errstate(all="ignore"):
        yield


class Drawing(Figure):
    """A Matplotlib figure that notebooks show without pyplot."""

    def _repr_png_(self) -> bytes:
        return image(self, "png")


def figure_bytes(figure: Figure) -> dict[str, bytes]:
    """The figure as PNG and SVG, the same bytes for the same figure: no date, no random ids."""
    return {kind: image(figure, kind) for kind in METADATA}


# What Matplotlib would write into a file of its own accord, and shall not.
METADATA: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def image(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    with styled(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a label in a script without a font here: boxes, no failure
        figure.savefig(buffer, format=kind, dpi=200, metadata=METADATA[kind])
    return buffer.getvalue()


def plain_ticks(axis: Axis, at: tuple[float, ...] = (1.0,)) -> None:
    """Of a logarithmic axis: 100 for 10², since labels are not parsed as mathematics."""
    axis.set_major_locator(LogLocator(subs=at))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def label_lines(ax: Axes) -> None:
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


def line_style(index: int) -> dict[str, Any]:
    """Colour and dashes of the line number ``index``: 24 that differ."""
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": DASHES[index // len(COLOURS) % len(DASHES)]}


def short(label: str) -> str:
    """A label on one line of at most 36 visible characters; the tables have it whole."""
    line = visible(" ".join(label.split()))
    return line if len(line) <= 36 else f"{line[:35]}…"
