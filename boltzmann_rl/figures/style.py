"""The common style of all figures."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
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
    "pdf.fonttype": 42,  # TrueType: many venues refuse Type 3
    "ps.fonttype": 42,
    "svg.fonttype": "none",  # text stays text, which can be searched and edited
    "svg.hashsalt": "boltzmann_rl",
    "text.parse_math": False,  # a dollar sign in a user's label is a dollar sign
    "text.usetex": False,  # LaTeX may be missing, and refuses characters such as τ
}


@contextmanager
def styled() -> Iterator[None]:
    """Our style, without warnings of missing glyphs, which are drawn as boxes, and of positions that overflow."""
    with mpl.rc_context(STYLE), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")
        yield


class Drawing(Figure):
    """A Matplotlib figure that keeps our style when it is drawn and saved, and that notebooks show once.

    Text that Matplotlib makes late, such as that of ticks, takes the settings of the moment in which it is drawn.
    """

    _being_shown = False

    def draw(self, renderer: RendererBase) -> None:
        """Draw it in our style."""
        with styled():
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save it in our style: see `matplotlib.figure.Figure.savefig`."""
        with styled():
            super().savefig(fname, **options)

    def _repr_png_(self) -> bytes:
        return _image(self, "png")

    def _ipython_display_(self) -> None:
        """Show it and take it from pyplot, whose inline backend would show it again at the end of the cell."""
        if self._being_shown or "inline" not in mpl.get_backend():
            raise NotImplementedError  # IPython then shows it as any other figure
        from IPython.display import display
        from matplotlib import pyplot

        self._being_shown = True
        try:
            display(self)
        finally:
            self._being_shown = False
        pyplot.close(self)


def known_to_pyplot(figure: Figure) -> Figure:
    """The figure, handed to pyplot: ``plt.show()`` shows it, ``plt.title()`` changes it, ``plt.close()`` frees it.

    It can only be saved if there is no display for the window that was asked for.
    """
    from matplotlib import pyplot  # imported here: saving, and worker processes, do without

    made: Any = lambda *_, **__: figure  # noqa: E731, pyplot calls a class, which may be anything that makes figures
    with suppress(ImportError):  # a backend that opens windows, without a display
        pyplot.figure(FigureClass=made)
    return figure


def figure_bytes(figure: Figure) -> dict[str, bytes]:
    """The figure as PNG, SVG and PDF, the same bytes for the same figure: no date, no random ids."""
    return {kind: _image(figure, kind) for kind in _METADATA}


# Metadata that Matplotlib would write by default, which would make the bytes differ.
_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def _image(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    with styled():
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
