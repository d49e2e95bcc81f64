"""The common style of all figures."""

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
    "text.parse_math": False,  # a dollar sign in a user's label is a dollar sign
}


@contextmanager
def styled() -> Iterator[None]:
    """Our style, without floating-point warnings, since positions of extreme numbers may over- or underflow."""
    with mpl.rc_context(STYLE), np.errstate(all="ignore"):
        yield


class Drawing(Figure):
    """A Matplotlib figure that notebooks show without pyplot."""

    def _repr_png_(self) -> bytes:
        return _image(self, "png")


def figure_bytes(figure: Figure) -> dict[str, bytes]:
    """The figure as PNG and SVG, the same bytes for the same figure: no date, no random ids."""
    return {kind: _image(figure, kind) for kind in _METADATA}


# Metadata that Matplotlib would write by default, which would make the bytes differ.
_METADATA: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


def _image(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    with styled(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # characters without a font are drawn as boxes
        figure.savefig(buffer, format=kind, dpi=200, metadata=_METADATA[kind])
    return buffer.getvalue()


def plain_ticks(axis: Axis, at: tuple[float, ...] = (1.0,)) -> None:
    """Label a logarithmic axis by plain numbers, 100 for 10², since labels are not parsed as mathematics."""
    axis.set_major_locator(LogLocator(subs=at))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def label_lines(ax: Axes) -> None:
    """Write each line's label at its right end in its colour, moved apart where labels would overlap."""
    figure: Any = ax.figure
    grid: Any = ax.get_gridspec()
    to_axes = ax.transData + ax.transAxes.inverted()
    ends = []
    for line in ax.get_lines():
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        ends.append((float(to_axes.transform((x[-1], y[-1]))[1]), line))
    ends.sort(key=lambda end: end[0])
    panel_height = figure.get_size_inches()[1] * 72 / grid.nrows * 0.72  # in points; the rest is title and labels
    room = 9.0 / panel_height
    at = np.array([np.clip(height, 0.0, 1.0) for height, _ in ends])
    for k in range(1, len(at)):  # move labels up, then down again from the top
        at[k] = max(at[k], at[k - 1] + room)
    top = max(1.0, room * (len(at) - 1))
    for k in range(len(at) - 1, -1, -1):
        at[k] = min(at[k], top - room * (len(at) - 1 - k))
    for height, (_, line) in zip(at, ends, strict=True):
        ax.annotate(str(line.get_label()), xy=(1.0, height), xycoords="axes fraction", xytext=(5, 0),
                    textcoords="offset points", va="center", fontsize=7, color=line.get_color(),
                    annotation_clip=False)  # fmt: skip


def line_style(index: int) -> dict[str, Any]:
    """Colour and dashes of line number ``index``: 24 different styles."""
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": DASHES[index // len(COLOURS) % len(DASHES)]}


def short(label: str) -> str:
    """A label on one line, cut to 36 visible characters."""
    line = visible(" ".join(label.split()))
    return line if len(line) <= 36 else f"{line[:35]}…"
