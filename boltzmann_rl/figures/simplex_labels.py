"""Labels on the simplex: parameters beside paths, and numbers on contours, where they cover nothing else."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.path import Path
from matplotlib.text import Annotation
from matplotlib.ticker import Formatter
from matplotlib.transforms import Bbox

from boltzmann_rl.arguments import Floats
from boltzmann_rl.figures.axes import figure_of

# The corners of the three actions: left, right, top.
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])

# Points of a path that are marked, at most.
_MARKED = 4

# Places around a point, in points, in which a label is tried: near ones first.
_AROUND = [(6, 0), (-6, 0), (0, 6), (0, -6), (5, 5), (-5, 5), (5, -5), (-5, -5), (10, 0), (-10, 0), (8, 8), (-8, 8),
           (8, -8), (-8, -8), (14, 3), (-14, 3), (14, -3), (-14, -3)]  # fmt: skip


class Trace(NamedTuple):
    """Policies on the simplex ``(n, 2)`` in the order of their parameter ``(n,)``; that of a single policy is NaN."""

    parameters: Floats
    places: Floats


def number(parameter: float) -> str:
    """A parameter as it is written.

    Example:
        >>> number(0.25), number(float("inf"))
        ('0.25', '∞')
    """
    return Formatter.fix_minus("∞" if parameter == np.inf else f"{parameter:.3g}")


def marked(path: Trace) -> list[int]:
    """The ends of a path, and points about evenly between them along it: those whose parameter has the fewest digits.

    Example:
        >>> marked(Trace(np.array([0.0, 0.344, 0.5, 1.0]), np.array([[0.0, 0.0], [0.35, 0.0], [0.4, 0.0], [1.0, 0.0]])))
        [0, 2, 3]
    """
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path.places, axis=0), axis=1))])
    found, digits = {0, len(along) - 1}, np.array([len(f"{parameter:.3g}") for parameter in path.parameters])
    for wanted in np.linspace(0.0, along[-1], _MARKED)[1:-1]:
        away = np.abs(along - wanted)
        near = np.flatnonzero(away <= max(float(away.min()), along[-1] / (2 * _MARKED)))
        found.add(int(min(near, key=lambda one: (digits[one], away[one]))))
    return sorted(found)


class Labels:
    """Places labels one by one, so that they cover neither lines, nor markers, nor each other."""

    def __init__(
        self, ax: Axes, paths: Sequence[Trace], corners: Sequence[Annotation], contours: Mapping[str, Floats]
    ) -> None:
        figure: Any = figure_of(ax)
        figure.draw_without_rendering()
        reach = 2.5 * figure.dpi / 72.0
        self._ax, self._contours = ax, contours
        self._taken = [Bbox([centre - reach, centre + reach]) for centre in _pixels(ax.transData, paths)]
        self._taken += [corner.get_window_extent() for corner in corners]
        lines = (CORNERS[[0, 1, 2, 0]], *contours.values())
        self._lines = [Path(ax.transData.transform(line)) for line in lines]

    def of_path(self, path: Trace, colour: str) -> None:
        """Write the parameter beside marked points within a path, away from edges and contours if that is possible."""
        for place in marked(path)[1:-1]:
            text, at = number(path.parameters[place]), path.places[place]
            tried = [_beside(self._ax, at, text, away, colour) for away in _AROUND]
            free = [one for one in tried if self._is_free(one)]
            free.sort(key=lambda one: sum(line.intersects_bbox(one.get_window_extent(), False) for line in self._lines))
            self._keep(tried, free)

    def of_contours(self) -> None:
        """Write the number of effective actions on each contour, in its middle or near it."""
        for text, line in self._contours.items():
            order = np.argsort(np.abs(np.arange(len(line)) / len(line) - 0.5), kind="stable")
            for at in line[order[:: max(1, len(line) // 60)]]:
                one = _beside(self._ax, at, text, (0, 0), "0.35")
                if self._is_free(one) and not self._lines[0].intersects_bbox(one.get_window_extent(), filled=False):
                    self._keep([one], [one])
                    break
                one.remove()

    def _is_free(self, text: Annotation) -> bool:
        box = text.get_window_extent()
        return not any(box.overlaps(other) for other in self._taken)

    def _keep(self, tried: Sequence[Annotation], free: Sequence[Annotation]) -> None:
        """Remove all but the first one that is free."""
        for text in tried:
            if text not in free[:1]:
                text.remove()
        self._taken += [text.get_window_extent() for text in free[:1]]


def _pixels(to_pixels: Any, paths: Sequence[Trace]) -> Iterator[Floats]:
    """Points along all paths and at the centre, close to each other."""
    yield to_pixels.transform(CORNERS.mean(axis=0))
    for path in paths:
        places = to_pixels.transform(path.places)
        yield places[0]
        for one, other in itertools.pairwise(places):
            yield from np.linspace(one, other, 2 + int(np.linalg.norm(other - one) / 4.0))[1:]


def _beside(ax: Axes, at: Floats, text: str, away: tuple[int, int], colour: str) -> Annotation:
    """Text beside a point, with a white rim that interrupts grey lines."""
    right, up = away
    return ax.annotate(
        text, (float(at[0]), float(at[1])), away, textcoords="offset points", fontsize="small", color=colour,
        ha="left" if right > 0 else "right" if right < 0 else "center",
        va="bottom" if up > 0 else "top" if up < 0 else "center",
        path_effects=[patheffects.withStroke(linewidth=2.0, foreground="white")],
    )  # fmt: skip
