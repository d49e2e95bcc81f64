"""The axes of a figure with one panel: those of the user, or those of a new figure."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.arguments import shown
from boltzmann_rl.figures.style import Drawing, in_style_of_the_user, known_to_pyplot, styled


def as_axes(ax: Any) -> Axes | None:
    """Axes of the user, or None for those of a new figure.

    Raises:
        TypeError: Something else, such as a figure or an array of axes.
    """
    if ax is None or isinstance(ax, Axes):
        return ax
    raise TypeError(f"ax must be Matplotlib's Axes, such as those of plt.subplots(), got {shown(ax)}")


@contextmanager
def panel(ax: Any, size: tuple[float, float]) -> Iterator[Axes]:
    """One panel to draw in: the user's axes with their settings, or a new figure in our style, then given to pyplot.

    Args:
        ax: Axes of the user, or None.
        size: Width and height of a new figure, in inches.
    """
    given = as_axes(ax)
    if given is not None:
        with in_style_of_the_user():
            yield given
        return
    with styled():
        figure = Drawing(figsize=size, layout="constrained")
        yield (made := figure.subplots())
        figure.sca(made)  # plt.title() changes it
    known_to_pyplot(figure)


def size_of(lines: int) -> tuple[float, float]:
    """The size of a new figure of lines, in inches, with room for their labels at the right."""
    return (3.5, 2.4) if lines == 1 else (5.0, max(2.4, 0.135 * lines + 0.7))


def figure_of(ax: Axes) -> Figure:
    """The figure of axes, also of those in a subfigure."""
    figure: Any = ax.get_figure(root=True)
    return figure
