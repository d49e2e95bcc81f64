"""Panels of a reproduction: published and our values side by side, and their differences in units of the tolerance."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from boltzmann_rl.figures.labels import as_written
from boltzmann_rl.figures.looks import Look
from boltzmann_rl.figures.panels import write_title
from boltzmann_rl.figures.style import plain_ticks
from boltzmann_rl.reproduction.targets import Row
from boltzmann_rl.statistics.intervals import t_quantile

# Characters of a line in a category, and the number of positions from which a curve has a band instead of bars.
_LINE, _MANY = 16, 20

# From this ratio of the largest to the smallest number on, an axis is logarithmic.
_WIDE = 20.0

# Between ticks.
_STEPS = (1, 2, 2.5, 5, 10)

# Differences beyond this multiple of the tolerance are drawn at the edge.
_FARTHEST = 4.0


class Point(NamedTuple):
    """One number: its position and series, the reference, and ours with half of its interval.

    Attributes:
        x: A category, or a position on the horizontal axis.
        series: Label of its series.
        reference: The published number, else the independent one, else NaN.
        published: Whether the reference is published.
        ours: Our number.
        half: Half of the length of its interval; 0 for numbers that are computed.
        off: ours − published, as a part of the tolerance; NaN if the paper gives no number.
        off_independent: The same for the independent number.
    """

    x: Any
    series: str
    reference: float
    published: bool
    ours: float
    half: float
    off: float
    off_independent: float


@dataclass(frozen=True)
class Panel:
    """What a paper shows in one figure or table, in one unit."""

    title: str
    unit: str
    axis: str
    points: tuple[Point, ...]

    @property
    def categorical(self) -> bool:
        """Whether the positions are categories, which have no distances and are not joined by lines."""
        return any(isinstance(point.x, str) for point in self.points)

    @property
    def series(self) -> tuple[str, ...]:
        """The labels of its series, by the numbers at their ends where they have these."""
        return tuple(sorted(dict.fromkeys(point.series for point in self.points), key=number_in))


def panels_of(rows: Sequence[Row]) -> list[Panel]:
    """The panels of a paper: one for each title, unit and axis, in the order of the targets.

    Categories have the order in which the paper's targets first name them, the same in all panels.
    """
    found: dict[tuple[str, str, str], list[Point]] = {}
    order: dict[Any, int] = {}
    for row in rows:
        for unit, point in zip(row.target.units, _points(row), strict=True):
            order.setdefault(point.x, len(order))
            found.setdefault((row.target.panel, unit, row.target.axis), []).append(point)
    panels = [Panel(*key, tuple(points)) for key, points in found.items()]
    keys = [(lambda point: order[point.x]) if panel.categorical else (lambda point: point.x) for panel in panels]
    return [
        Panel(panel.title, panel.unit, panel.axis, tuple(sorted(panel.points, key=key)))
        for panel, key in zip(panels, keys, strict=True)
    ]


def _points(row: Row) -> list[Point]:
    """The numbers of a target."""
    target, ours = row.target, row.ours
    published = np.asarray(target.published, np.float64)
    given = ~np.isnan(published)
    half = np.nan_to_num(t_quantile(ours.runs) * ours.standard_errors)
    columns = (
        target.x or tuple(range(1, len(published) + 1)),
        [target.series] * len(published),
        np.where(given, published, row.independent),
        given,
        ours.values,
        half,
        _parts(ours.values - published, row.allowed),
        _parts(ours.values - row.independent, row.independent_allowed),
    )
    return [Point(*of_one) for of_one in zip(*columns, strict=True)]


@np.errstate(all="ignore")
def _parts(differences: Any, tolerances: Any) -> Any:
    """Differences as parts of the tolerances; equal numbers have none."""
    return np.where(differences == 0.0, 0.0, differences / tolerances)


def number_in(label: str) -> float:
    """The number at the end of a label such as ``σ = 0.1``; else 0."""
    found = re.search(r"= (-?\d+(\.\d+)?)$", label)
    return float(found[1]) if found else 0.0


def draw_values(ax: Axes, panel: Panel, looks: Mapping[str, Look]) -> None:
    """Draw published numbers as open marks and ours as filled ones with their intervals.

    An independent number is a cross, where the paper gives none.
    """
    for place, series in enumerate(panel.series):
        points = [point for point in panel.points if point.series == series]
        look, at = looks[series], _places(panel, points, place)
        reference, ours, half = (np.array([getattr(p, name) for p in points]) for name in ("reference", "ours", "half"))
        if len(points) > _MANY:
            ax.plot(at, ours, color=look.colour, linewidth=1.2)
            ax.fill_between(at, ours - half, ours + half, color=look.colour, alpha=0.25, linewidth=0)
            _marks(ax, _turned(panel, at, reference), look, 3.0, open_=True)
            continue
        bars: dict[str, Any] = {"xerr" if panel.categorical else "yerr": half}
        ax.errorbar(*_turned(panel, at, ours), **bars, fmt="none", color=look.colour, elinewidth=1.0)
        if not panel.categorical and len(points) > 1:
            ax.plot(at, ours, color=look.colour, linewidth=0.7)
        _marks(ax, _turned(panel, at, ours), look, 3.2)
        published = np.array([point.published for point in points])
        _marks(ax, _turned(panel, at, np.where(published, reference, np.nan)), look, 7.0, open_=True)
        _marks(ax, _turned(panel, at, np.where(published, np.nan, reference)), look._replace(marker="x"), 6.0)
    _scales(ax, panel)


def draw_differences(ax: Axes, panel: Panel, looks: Mapping[str, Look]) -> None:
    """Draw ours − published as a part of the tolerance; numbers in the grey band agree."""
    parts = np.array([(point.off, point.off_independent) for point in panel.points])
    farthest = float(np.nanmax(np.abs(parts), initial=0.0))
    limit = max(1.3, 1.15 * min(farthest, _FARTHEST))
    across, line = (ax.axvspan, ax.axvline) if panel.categorical else (ax.axhspan, ax.axhline)
    across(-1.0, 1.0, color="0.92", linewidth=0, zorder=0)
    line(0.0, color="0.55", linewidth=0.8, zorder=1)
    for place, series in enumerate(panel.series):
        points = [point for point in panel.points if point.series == series]
        at, look = _places(panel, points, place), looks[series]
        off = np.array([(point.off, point.off_independent) for point in points]).clip(-limit, limit)
        _marks(ax, _turned(panel, at, off[:, 1]), look._replace(marker="x"), 3.2)
        _marks(ax, _turned(panel, at, off[:, 0]), look, 2.2 if len(points) > _MANY else 3.2)
    (ax.set_xlim if panel.categorical else ax.set_ylim)(-limit, limit)
    (ax.xaxis if panel.categorical else ax.yaxis).set_major_locator(MaxNLocator(4, integer=True))
    if panel.categorical:
        ax.set_xlabel("difference\n/ tolerance")
        ax.tick_params(axis="y", left=False, labelleft=False)
        ax.set_ylim(len(_categories(panel)) - 0.45, -0.55)
    else:
        _horizontal(ax, panel)
        ax.set_ylabel("difference / tolerance")


def height_of(panel: Panel) -> float:
    """The height of a panel in inches, without what is written around it."""
    if not panel.categorical:
        return 1.4
    lines = [len(_broken(label).splitlines()) for label in _categories(panel)]
    return 0.1 + sum(max(0.13 * number, 0.11 * len(panel.series)) + 0.09 for number in lines)


def _categories(panel: Panel) -> list[str]:
    return list(dict.fromkeys(str(point.x) for point in panel.points))


def _broken(label: str) -> str:
    """A category on lines of its own, in which parameters stay together."""
    return textwrap.fill(label.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"), _LINE)


def _places(panel: Panel, points: Sequence[Point], series: int) -> Any:
    """Positions of points; the series of a category lie beside each other, since they would cover each other."""
    if not panel.categorical:
        return np.array([point.x for point in points], np.float64)
    row = {label: number for number, label in enumerate(_categories(panel))}
    aside = (series - (len(panel.series) - 1) / 2.0) * 0.6 / max(len(panel.series), 2)
    return np.array([row[str(point.x)] + aside for point in points])


def _turned(panel: Panel, at: Any, values: Any) -> tuple[Any, Any]:
    """Positions and values as x and y: categories are below each other."""
    return (values, at) if panel.categorical else (at, values)


def _marks(ax: Axes, places: tuple[Any, Any], look: Look, size: float, *, open_: bool = False) -> None:
    ax.plot(
        *places, linestyle="none", marker=look.marker, markersize=size, color=look.colour,
        markerfacecolor="none" if open_ else look.colour, markeredgewidth=0.9 if open_ or look.marker == "x" else 0.0,
    )  # fmt: skip


def _scales(ax: Axes, panel: Panel) -> None:
    """Limits, ticks and labels of the values."""
    values = np.array([number for point in panel.points for number in (point.reference, point.ours)])
    values = values[np.isfinite(values)]
    axis = ax.xaxis if panel.categorical else ax.yaxis
    ax.margins(0.1)
    if values.min() > 0.0 and values.max() > _WIDE * values.min():
        (ax.set_xscale if panel.categorical else ax.set_yscale)("log")
        plain_ticks(axis, (1.0, 2.0, 5.0) if values.max() < 100.0 * values.min() else (1.0,))
    else:
        axis.set_major_locator(MaxNLocator(4, steps=_STEPS))
    middle = (values.min() + values.max()) / 2.0
    if values.max() - values.min() < 1e-3 * abs(middle):  # only rounding differs: keep a margin of 5 %
        (ax.set_xlim if panel.categorical else ax.set_ylim)(*sorted((0.95 * middle, 1.05 * middle)))
    if panel.categorical:
        labels = _categories(panel)
        ax.set_yticks(range(len(labels)), [_broken(label) for label in labels])
        ax.set_ylim(len(labels) - 0.45, -0.55)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(panel.unit)
        ax.set_ylabel(panel.axis)
    else:
        _horizontal(ax, panel)
        ax.set_ylabel(panel.unit)
    for label in (ax.xaxis.label, ax.yaxis.label):
        as_written(label)
    write_title(ax, panel.title)


def _horizontal(ax: Axes, panel: Panel) -> None:
    """The horizontal axis of positions that are numbers, logarithmic where they are far apart."""
    positions = np.unique([point.x for point in panel.points])
    if 2 < len(positions) <= _MANY and positions[0] > 0 and positions[-1] >= _WIDE * positions[0]:
        ax.set_xscale("log")
        plain_ticks(ax.xaxis)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(4, steps=_STEPS))
    as_written(ax.xaxis.label).set_text(panel.axis)
