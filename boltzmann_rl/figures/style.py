"""The common style of all figures."""

import io
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import RLock
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

# Okabe & Ito (2008), *Color Universal Design*; a grey for the yellow, which is too light for a line.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#888888")
# Points: of titles and labels of axes, and of everything else.
TEXT, SMALL = 8.0, 7.0
STYLE: Any = {
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.labelsize": TEXT,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "figure.titlesize": SMALL,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.3,
    "pdf.fonttype": 42,  # TrueType: many venues refuse Type 3
    "ps.fonttype": 42,
    "svg.fonttype": "none",  # text stays text, which can be searched and edited
    "svg.hashsalt": "boltzmann_rl",
    "text.parse_math": True,  # ticks of logarithmic axes need it; labels of users are written as they are
    "text.usetex": False,  # LaTeX may be missing, and refuses characters such as τ
}


# All threads share Matplotlib's settings and Python's filters of warnings. If two changed them at the same time, the
# second would save those of the first as the user's, and restore them at its end.
_one_thread = RLock()


def _unlock() -> None:
    """A child process has no thread that could release the lock."""
    global _one_thread
    _one_thread = RLock()


if hasattr(os, "register_at_fork"):  # Windows has no forks
    os.register_at_fork(after_in_child=_unlock)


@contextmanager
def styled() -> Iterator[None]:
    """Our style, without warnings of missing glyphs, which are drawn as boxes, and of positions that overflow."""
    with _one_thread, mpl.rc_context(STYLE), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")
        yield


@contextmanager
def in_style_of_the_user() -> Iterator[None]:
    """The settings as they are, without floating-point warnings of positions that overflow: for axes of the user."""
    with _one_thread, np.errstate(all="ignore"):
        yield


class Drawing(Figure):
    """A Matplotlib figure that keeps our style when it is drawn and saved, and that notebooks show once.

    Text that Matplotlib makes late, such as that of ticks, takes the settings of the moment in which it is drawn.
    """

    _being_shown = False
    _before: tuple[Callable[[], None], ...] = ()

    def before_drawing(self, change: Callable[[], None]) -> None:
        """Call a function each time before the figure is drawn, as for text whose place depends on the limits."""
        self._before = (*self._before, change)

    def draw(self, renderer: RendererBase) -> None:
        """Draw it in our style."""
        with styled():
            for change in self._before:
                change()
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
    """The figure as PNG, SVG and PDF, all with one layout.

    A figure that is drawn anew from the same tables has the same bytes: no date, no random ids.
    """
    images, engine = dict[str, bytes](), figure.get_layout_engine()
    with _one_thread, mpl.rc_context({"figure.autolayout": False, "figure.constrained_layout.use": False}):
        for kind in FORMATS:
            images[kind] = _image(figure, kind)
            figure.set_layout_engine(None)  # everything has its place now, the same in all files
        figure.set_layout_engine(engine)
    return images


# The formats of files, each with metadata that Matplotlib would write by default, which would make the bytes differ.
FORMATS: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def _image(figure: Figure, kind: str) -> bytes:
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format=kind, dpi=200, metadata=FORMATS[kind])
    return buffer.getvalue()


def plain_ticks(axis: Axis, at: tuple[float, ...] = (1.0,)) -> None:
    """Label a logarithmic axis by plain numbers, 100 for 10², since labels are not parsed as mathematics."""
    # A number of ticks that depends on the size, as by default, makes the layout go to and fro: the last label is cut.
    axis.set_major_locator(LogLocator(subs=at, numticks=6))
    axis.set_major_formatter(FuncFormatter(_plain))
    axis.set_minor_formatter(NullFormatter())


def _plain(value: float, position: int | None = None) -> str:
    digits, _, exponent = f"{value:g}".partition("e")
    return f"{digits}e{int(exponent)}" if exponent else "1e5" if value == 1e5 else digits
