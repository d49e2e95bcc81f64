"""Layout: where the panels of a figure stand, one for each metric and problem, or small multiples by agent."""

import itertools
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator

from boltzmann_rl.figures.labels import as_written
from boltzmann_rl.figures.legends import label_ends, legend_below, legend_inside, rows_below
from boltzmann_rl.figures.looks import Look
from boltzmann_rl.figures.panels import note, titled, write_lines, write_title
from boltzmann_rl.figures.style import SMALL, TEXT, Drawing, in_style_of_the_user, styled
from boltzmann_rl.figures.view import View

# Inches: the usual widths of a figure with several panels and with one, and the least width of a panel, of a small
# multiple, and of a figure whose labels stand beside the lines.
_SEVERAL, _ONE, _PANEL, _SMALL, _BESIDE = 7.0, 5.4, 3.0, 1.4, 4.5

# Inches: the height of a panel, and of one no wider than a column of a page with two.
_HIGH, _LOW, _NARROW = 2.0, 1.6, 3.4

# Characters of a text of usual size in an inch.
_CHARACTERS = 16


class Panel(NamedTuple):
    """One panel.

    Attributes:
        heading: Its title.
        math: Whether the title is typeset as mathematics.
        draw: Draws a view into axes, and answers what is to be said below them.
    """

    heading: str
    math: bool
    draw: Callable[[Axes, View], Sequence[str]]


def heading(view: View, problem: str, title: str, math: bool = False) -> tuple[str, bool]:
    """The title of a panel of one problem, and whether it is typeset as mathematics."""
    return titled((view.problem(problem), problem in view.labels), (title, math), len(view.problems) > 1)


def arranged(
    view: View,
    blocks: Sequence[Sequence[Panel]],
    lines: Sequence[str],
    more: Sequence[Look] = (),
    beside: bool = True,
) -> Figure:
    """The figure with these panels.

    Args:
        view: With one panel for each of ``blocks``, or, if its ``panels`` are ``"agents"``, for each agent in each of
            them. If it has axes of the user, the first panel is drawn into these.
        blocks: Each begins a new row.
        lines: What is said above a new figure.
        more: Looks of other lines than the agents', for the legend.
        beside: Whether the labels of a single panel may stand beside the ends of its lines.
    """
    looks, more = ([*view.looks.values(), *more], more) if view.legend else ([], [])
    if view.ax is not None:
        with in_style_of_the_user():
            _draw(view.ax, blocks[0][0], view)
            if looks:
                legend_inside(view.ax, looks)
        return view.figure
    with styled():
        if view.panels == "agents":
            return multiples(view, [*itertools.chain(*blocks)], lines, more)
        return _grid(view, blocks, lines, looks, beside)


def _grid(
    view: View, blocks: Sequence[Sequence[Panel]], lines: Sequence[str], looks: Sequence[Look], beside: bool
) -> Figure:
    most = max(map(len, blocks))
    width = view.width or (_SEVERAL if most > 1 else _ONE)
    columns = min(most, max(1, int(width // _PANEL)))
    rows = [-(-len(block) // columns) for block in blocks]
    beside = beside and bool(looks) and sum(rows) == 1 == most and width >= _BESIDE
    high = _HIGH if width / columns > _NARROW else _LOW
    figure = Drawing(figsize=(width, high * sum(rows)), layout="constrained")
    places = figure.subplots(sum(rows), columns, squeeze=False).ravel().tolist()
    for block, row in zip(blocks, rows, strict=True):
        here, places = places[: row * columns], places[row * columns :]
        for ax, panel in itertools.zip_longest(here, block):
            if panel is None:
                ax.remove()
            else:
                _draw(ax, panel, view)
    more = write_lines(figure, lines) - 2 + (0 if beside else rows_below(figure, looks))
    least = 0.14 * len(looks) if beside else 0.0
    figure.set_figheight(max(high * sum(rows), least) + 0.3 + 0.13 * max(more, 0))
    if beside:
        label_ends(figure.axes[0], looks)
    elif looks:
        legend_below(figure, looks)
    figure.sca(figure.axes[0])  # plt.title() changes the first panel
    return figure


def _draw(ax: Axes, panel: Panel, view: View) -> None:
    note(ax, panel.draw(ax, view))
    write_title(ax, panel.heading, panel.math)


def multiples(view: View, panels: Sequence[Panel], lines: Sequence[str], more: Sequence[Look] = ()) -> Figure:
    """Small multiples: for each panel a part of the figure, with one small panel for each agent on shared axes.

    Args:
        view: Of which each agent is the focus of a small panel.
        panels: Whose headings stand above the parts.
        lines: What is said above it.
        more: What the legend shows, if anything.
    """
    width, agents = view.width or _SEVERAL, [*view.looks]
    rows = -(-len(agents) // max(1, int(width / _SMALL)))
    columns = -(-len(agents) // rows)
    with styled():
        figure = Drawing(figsize=(width, 1.0), layout=ConstrainedLayoutEngine(w_pad=0.08))
        parts = figure.subfigures(len(panels), 1, squeeze=False)[:, 0]
        for part, panel in zip(parts, panels, strict=True):
            _draw_multiples(part, panel, view, (rows, columns))
        if view.panels and len(agents) > 1:
            lines = [*lines, "grey lines: the other agents"]
        count = write_lines(figure, lines) + (rows_below(figure, more) if more else 0)
        figure.set_figheight(len(parts) * ((1.3 if width > _NARROW else 1.0) * rows + 0.5) + 0.13 * count)
        if more:
            legend_below(figure, more)
        figure.sca(figure.axes[0])
    return figure


def _draw_multiples(part: Any, panel: Panel, view: View, shape: tuple[int, int]) -> None:
    wide = part.bbox.width / part.figure.dpi
    axes = part.subplots(*shape, squeeze=False, sharex=True, sharey=True).ravel()
    characters, notes = max(int(_CHARACTERS * (wide - 0.4) / shape[1]), 10), dict[str, None]()
    for place, (ax, agent) in enumerate(zip(axes, view.looks, strict=False)):
        look = view.looks[agent]
        notes |= dict.fromkeys(panel.draw(ax, view.focused(agent)))
        write_title(ax, look.label if look.math else textwrap.fill(look.label, characters), look.math)
        ax.title.set(color=look.ink, fontsize=SMALL)
        lowest = place + shape[1] >= len(view.looks)
        if ax.get_xscale() == "linear" and all(end == int(end) for end in ax.get_xlim()):
            _tick_ends(ax)
        ax.xaxis.set_tick_params(labelbottom=lowest)
        ax.set_xlabel(textwrap.fill(ax.get_xlabel(), characters) if lowest else "")
    for ax in axes[len(view.looks) :]:
        ax.remove()
    heading = panel.heading.replace("\n", ": ") + (f" ({'; '.join(notes)})" if notes else "")
    if not panel.math:
        heading = textwrap.fill(heading, int(_CHARACTERS * wide))
    as_written(part.suptitle(heading, fontsize=TEXT), panel.math)


def _tick_ends(ax: Axes) -> None:
    """Label the ends and the middle of an axis of steps, on which few ticks have room."""
    first, last = ax.get_xlim()
    middle = last // 2 if first == 1 and last >= 20 else (first + last) / 2
    ax.xaxis.set_major_locator(FixedLocator([first, middle, last] if middle == int(middle) else [first, last]))
