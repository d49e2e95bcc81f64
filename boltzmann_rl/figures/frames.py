"""Frames of an animation, and pictures of them: arrays of red, green and blue."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.ticker import Formatter

from boltzmann_rl.arguments import Floats
from boltzmann_rl.figures.grids import ARROWS, GREY, Grid, draw_grid, limits_of, show, value_bar, values_of
from boltzmann_rl.figures.labels import as_written, cut, one_line
from boltzmann_rl.figures.style import COLOURS, Drawing, styled

_DPI = 110

# More arms than these have no numbers below their bars.
_NUMBERED = 20


class BanditFrame(NamedTuple):
    """A bandit before a decision; arrays are ``(arms,)``.

    Attributes:
        step: Decisions made before.
        means: The true means.
        values: The learner's values.
        probabilities: Of the policy.
        pulls: Of each arm before.
    """

    step: int
    means: Floats
    values: Floats
    probabilities: Floats
    pulls: Any


class GridFrame(NamedTuple):
    """A grid world between two episodes; values and probabilities are ``(observations, actions)``.

    Attributes:
        episode: Episodes that have ended.
        values: The learner's values.
        probabilities: Of the policy, as its clock is now.
        visited: In which observations an action was taken ``(observations,)``.
        total_reward: Of the last episode; NaN before the first.
    """

    episode: int
    values: Floats
    probabilities: Floats
    visited: Any
    total_reward: float


def bandit_pictures(frames: Sequence[BanditFrame], label: str) -> list[Any]:
    """Estimates beside the true means, probabilities, and shares of pulls, one picture for each frame."""
    with styled():
        figure = Drawing(figsize=(6.0, 2.3), layout="constrained", dpi=_DPI)
        left, middle, right = figure.subplots(1, 3)
        arms, first = np.arange(len(frames[0].means)), frames[0]
        truth, estimates = left.plot(arms, first.means, "_", arms, first.values, "o", markersize=4)
        truth.set(color="0.4", markersize=9, markeredgewidth=2, label="true mean")
        estimates.set(color=COLOURS[1], label="estimate")
        low, high = _range(frames)
        left.set_ylim(low, high)
        left.set_title("Means [reward]")
        left.legend(loc="upper left", fontsize=6, frameon=False, ncols=2, borderpad=0, handletextpad=0.2)
        chances = middle.bar(arms, first.probabilities, color=COLOURS[0])
        pulls = right.bar(arms, first.pulls, color=COLOURS[2])
        for ax, title in ((middle, "Probability"), (right, "Share of pulls")):
            ax.set_ylim(0.0, 1.0)
            ax.set_title(title)
        for ax in (left, middle, right):
            ax.set_xlabel("arm")
            ax.set_xticks(arms if len(arms) <= _NUMBERED else [])

        def change(frame: BanditFrame) -> str:
            truth.set_ydata(frame.means)
            estimates.set_ydata(np.clip(frame.values, low, high))
            for bars, heights in ((chances, frame.probabilities), (pulls, frame.pulls / max(1, frame.step))):
                for bar, height in zip(bars, heights, strict=True):
                    bar.set_height(height)
            return f"{cut(one_line(label))}: step {frame.step:,}"

        return list(_pictures(figure, frames, change))


def grid_pictures(grid: Grid, frames: Sequence[GridFrame], label: str) -> list[Any]:
    """Values as colours, the same in all pictures, and the policy as arrows; one picture for each frame."""
    limits, wide = _limits(frames, grid.rows * grid.columns), grid.columns > 1.5 * grid.rows
    with styled():
        width = min(6.0, 0.6 * grid.columns + 0.4)
        height = width * grid.rows / grid.columns + 0.6
        size = (max(3.0, width), height + 0.7) if wide else (max(3.4, width + 0.9), height)
        figure = Drawing(figsize=size, layout="constrained", dpi=_DPI)
        ax = figure.subplots()
        picture = draw_grid(ax, grid, frames[0].values, frames[0].probabilities, frames[0].visited)
        value_bar(ax, picture, wide)

        def change(frame: GridFrame) -> str:
            show(picture, grid, frame.values, frame.probabilities, frame.visited, limits)
            total = "" if np.isnan(frame.total_reward) else f", return {frame.total_reward:.4g}"
            name = f"{cut(one_line(label))}: episode {frame.episode:,}{Formatter.fix_minus(total)}"
            return f"{name}\n{ARROWS}; {GREY}"

        return list(_pictures(figure, frames, change))


def _pictures(figure: Drawing, frames: Sequence[Any], change: Callable[[Any], str]) -> Iterator[Any]:
    """Change the figure for each frame, and draw it; the layout is that of the first."""
    canvas: Any = FigureCanvasAgg(figure)  # whose methods have no types
    for number, frame in enumerate(frames):
        as_written(figure.suptitle(change(frame), fontsize=8, x=0.01, ha="left"))
        canvas.draw()
        if number == 0:
            figure.set_layout_engine("none")
        yield np.asarray(canvas.buffer_rgba())[:, :, :3].copy()


def _limits(frames: Sequence[GridFrame], count: int) -> tuple[float, float]:
    """The ends of the colours: the lowest and the highest value of a visited cell in any frame."""
    values = [values_of(frame.values, frame.probabilities)[:count][frame.visited[:count]] for frame in frames]
    together = np.concatenate(values)
    return limits_of(together if len(together) else np.zeros(1))


def _range(frames: Sequence[BanditFrame]) -> tuple[float, float]:
    """Limits that hold all means, and the estimates of most frames."""
    means = np.array([frame.means for frame in frames])
    values = np.array([frame.values for frame in frames])
    low, high = np.quantile(values[np.isfinite(values)], (0.02, 0.98)) if np.isfinite(values).any() else (0.0, 0.0)
    low, high = min(means.min(), low), max(means.max(), high)
    room = 0.15 * (high - low) or 1.0
    return low - room, high + 2.0 * room
