"""Panels: the limits, unit and scale of one metric, lines with their bands, and what is said around them."""

import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.metrics import Metric
from boltzmann_rl.figures.labels import as_written, joined, one_line, printed
from boltzmann_rl.figures.limits import FromOne, stay_positive
from boltzmann_rl.figures.looks import Look
from boltzmann_rl.figures.style import SMALL, plain_ticks

# The natural logarithm of the largest number that Matplotlib places without overflow.
_FARTHEST = 690.0

# Characters of a problem and a title on one line.
_TITLE = 44

# How far the bands of curves extend the limits that means need, as a part of the range of the means.
REACH = 0.5


class Band(NamedTuple):
    """Means with the ends of their intervals."""

    x: Floats
    mean: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, x: Any, table: pd.DataFrame, columns: Sequence[str] = ("mean", "low", "high")) -> "Band":
        """From the columns of a table."""
        return cls(np.asarray(x, np.float64), *(table[name].to_numpy(np.float64) for name in columns))

    def bare(self) -> "Band":
        """Only the means."""
        nothing = np.full_like(self.mean, np.nan)
        return self._replace(low=nothing, high=nothing)


def headed(metric: Metric, title: str) -> str:
    """A title with the unit of its metric, unless that is said already.

    Example:
        >>> headed(Metric("regret", unit="reward"), "Regret per step"), headed(Metric("x", unit="steps"), "Steps")
        ('Regret per step [reward]', 'Steps')
    """
    return title if not metric.unit or metric.unit.lower() in title.lower() else f"{title} [{metric.unit}]"


def titled(problem: tuple[str, bool], title: tuple[str, bool], several: bool) -> tuple[str, bool]:
    """The title of a panel, with the label of the problem if there are several: before it, or above if it is long.

    Each text stands with whether it is typeset as mathematics.
    """
    if not several:
        return title
    short = printed(*problem) + printed(*title) <= _TITLE
    return joined(problem, (": " if short else "\n", False), title)


def line_with_band(ax: Axes, band: Band, look: Look, bands: int = 1) -> None:
    """Draw means with sparse markers, and a band where the intervals are finite.

    The limits of the panel are set already. A band is the fainter the wider it is, and the more ``bands`` there are. A
    line that stands behind others has none.
    """
    (line,) = ax.plot(band.x, band.mean, **look.line, linewidth=1.3, markevery=_sparse(ax, band.x), label=look.label)
    if look.behind:
        line.set(linewidth=0.8, zorder=0.9)
        return
    finite = np.isfinite(band.low) & np.isfinite(band.high)
    if finite.any():
        alpha = _alpha(ax, band.low[finite], band.high[finite], bands)
        ax.fill_between(
            band.x, band.low, band.high, where=None if finite.all() else finite,
            facecolor=(look.colour, alpha), edgecolor=(look.colour, 0.5), linewidth=0.3,
        )  # fmt: skip


def _sparse(ax: Axes, x: Floats) -> list[int]:
    """Every point of a short line, else six, which another line has elsewhere."""
    if len(x) <= 12:
        return [*range(len(x))]
    turn = len(ax.get_lines()) * 0.382 % 1.0  # the golden section keeps them apart
    places = ax.transScale.transform(np.column_stack([x, np.ones(len(x))]))[:, 0]
    wanted = places[0] + (np.arange(6) + 0.1 + 0.8 * turn) / 6 * (places[-1] - places[0])
    return [int(place) for place in np.unique(np.searchsorted(places, wanted).clip(max=len(x) - 1))]


def _alpha(ax: Axes, low: Floats, high: Floats, bands: int) -> float:
    """How opaque a band is: bands that cover much of the panel, or each other, would flood it."""
    ends = np.array([low, high, np.full(len(low), ax.get_ylim()[0]), np.full(len(low), ax.get_ylim()[1])])
    if ax.get_yscale() == "log":
        ends = np.log(np.maximum(ends, ax.get_ylim()[0]))
    bottom, top = ends[2:]
    share = float(np.mean((ends[:2].clip(bottom, top)[1] - ends[:2].clip(bottom, top)[0]) / (top - bottom)))
    return min(float(np.clip(0.04 / max(share, 1e-9), 0.06, 0.2)), max(0.12 / max(bands * share, 1e-9), 0.02))


def frame(ax: Axes, metric: Metric, bands: Sequence[Band], reach: float = REACH, what: str = "bands") -> list[str]:
    """Set scale and limits so that means fill the panel, and bands as far as they leave it legible.

    Args:
        ax: The panel.
        metric: Of which the scale is taken.
        bands: What will be drawn.
        reach: How far bands extend the limits that means need, as a part of the range of the means.
        what: What they are called.

    Returns:
        What is not shown, for the reader.
    """
    stay_positive(ax)
    if metric.scale == "percent":
        ax.set_ylim(0, 1)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0))
        return []
    if metric.scale == "log":
        ax.set_yscale("log")
        plain_ticks(ax.yaxis, (1.0, 2.0, 5.0))
    means, lows, highs = (_finite([getattr(band, part) for band in bands]) for part in ("mean", "low", "high"))
    if ax.get_yscale() == "log":
        means = means[means > 0.0]
    if not len(means):
        return []
    late, notes = _late(bands) if metric.scale == "late" else means, []
    if metric.scale == "late" and means.min() < late.min() - (late.max() - late.min()):
        means, notes = late, ["start not shown"]
    if ax.get_yscale() == "log":
        logs = [np.log(part[part > 0.0]) for part in (means, lows, highs)]
        ends = np.clip(_limits(logs[0], logs[1], logs[2], reach), -_FARTHEST, _FARTHEST)
        low, high = (float(np.exp(end)) for end in ends)
    else:
        low, high = _limits(means, lows, highs, reach)
        if means.min() >= 0.0 and metric.scale != "signed":  # only bands go below 0, as many metrics never do
            low = max(low, 0.0)
    ax.set_ylim(max(low, -np.exp(_FARTHEST)), min(high, np.exp(_FARTHEST)))
    cut = [*lows[lows < low], *highs[highs > high]]
    return [*notes, *([f"{what} go on beyond the panel"] if cut else [])]


def _finite(parts: Sequence[Floats]) -> Floats:
    together = np.concatenate(parts) if parts else np.zeros(0)
    return together[np.isfinite(together)]


def _late(bands: Sequence[Band]) -> Floats:
    """The means after the first tenth of all steps."""
    end = max(band.x[-1] for band in bands)
    return _finite([band.mean[band.x >= end / 10] for band in bands])


def _limits(means: Floats, lows: Floats, highs: Floats, reach: float) -> tuple[float, float]:
    """The limits of a panel: all means, and bands that reach not too far beyond."""
    low, high = float(means.min()), float(means.max())
    beyond = reach * (high - low) or float("inf")
    bottom = max(float(lows.min(initial=low)), low - beyond)
    top = min(float(highs.max(initial=high)), high + beyond)
    margin = 0.04 * (top - bottom) or 0.1 * abs(top) or 1.0
    return bottom - margin, top + margin


def steps_axis(ax: Axes, last: float, axis: str, logarithmic: bool = False) -> None:
    """An axis of steps (or episodes), counted from 1, up to the last."""
    if logarithmic:
        ax.set_xscale("log")
        plain_ticks(ax.xaxis, (1.0,) if last >= 100 else (1.0, 2.0, 5.0))
    else:
        ax.xaxis.set_major_locator(FromOne("auto", integer=True, steps=[1, 2, 2.5, 5, 10]))
    ax.set_xlim(1, last if last > 1 else 2)
    ax.set_xlabel(axis)


def note(ax: Axes, notes: Sequence[str]) -> None:
    """Say something below the label of the horizontal axis, each on a line of its own: Matplotlib cuts longer ones."""
    ax.set_xlabel("\n".join([ax.get_xlabel(), *(f"({said})" for said in notes)]))


def write_title(ax: Axes, title: str, math: bool = False) -> None:
    """Write the title of a panel, in which a dollar sign is a dollar sign unless it is typeset as mathematics."""
    as_written(ax.set_title(title), math)


def caption(figure: Figure, table: pd.DataFrame, *said: str) -> None:
    """Write the experiment and its number of runs above the figure, followed by what is said of them, line by line."""
    write_lines(figure, captioned(table, *said))


def captioned(table: pd.DataFrame, *said: str) -> list[str]:
    """The lines of a caption: the experiment and its number of runs, followed by what is said of them."""
    name, runs = table["experiment"].iloc[0], int(table["runs"].max())
    first, *rest = filter(None, said)
    return [f"{in_words(str(name))}: {runs} run{'s' * (runs > 1)}, {first}", *rest]


def write_lines(figure: Figure, lines: Sequence[str]) -> int:
    """Write lines above the figure, those that are too long for it on several lines.

    Returns:
        Their number.
    """
    text = "\n".join(textwrap.fill(line, round(17.5 * figure.get_size_inches()[0])) for line in lines)
    as_written(figure.suptitle(text, fontsize=SMALL, x=0.01, ha="left"))
    return text.count("\n") + 1


def said_of_bands(table: pd.DataFrame, confidence: float) -> str:
    """What the bands are, for a caption."""
    if int(table["runs"].max()) == 1:
        return "which has no intervals"
    return f"bands: {100.0 * confidence:g} % confidence intervals of the mean, point by point"


def in_words(name: str) -> str:
    """The name of an experiment, which is that of a folder, as words.

    Example:
        >>> in_words("ten_armed_testbed")
        'Ten armed testbed'
    """
    words = one_line(name.replace("_", " ")).strip() or name
    return f"{words[:1].upper()}{words[1:]}"
