"""What the compiled engine for bandits measures: sums over runs at each step, and sums over steps of each run."""

from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.engines.metrics import BANDITS, bounds_of, points_of
from boltzmann_rl.kernels.jit import fused, placed
from boltzmann_rl.kernels.vectors import WIDTH, aligned, eight, flat, lanes_from, load, store, where

# In the order of the sums below; the temperature, the last metric, is not summed here.
METRICS = tuple(metric.name for metric in BANDITS.metrics[:-1])

# The first of these are kept as means over windows.
WINDOWED = len(BANDITS.windowed)


class Measured(NamedTuple):
    """Sums over runs of the deviations from the first run's samples, and of their squares, ``(metrics, steps)``.

    Also totals ``(3, tiles · lanes)``, each run's regret so far ``(tiles · lanes,)`` and, if ``recorded``, the cells of
    a chunk's actions ``(steps, tiles · lanes)``. ``window`` has the window of each step, ``running`` the sums over the
    windows of a chunk ``(windows, metrics, tiles · lanes)``, and ``windows`` the means over all that have ended.
    ``point`` has the number of the step among those where probabilities are ranked, else −1, and ``ranks`` their sums
    ``(points, arms, lanes)``.
    """

    runs: int
    tiles: int
    steps: int
    uncounted: int
    origin: Any
    sums: Any
    squares: Any
    totals: Any
    cumulative: Any
    recorded: bool
    cells: Any
    bounds: Any
    window: Any
    running: Any
    windows: Any
    point: Any
    ranks: Any


def measured_of(
    runs: int, shape: tuple[int, int, int], steps: int, chunk: int, uncounted: int, windows: int, recorded: bool
) -> Measured:
    """Arrays for runs in tiles of ``shape``, before the first chunk of steps."""
    tiles, arms, _ = shape
    origin, sums, squares = np.zeros((3, len(METRICS), steps))
    totals, cumulative = aligned((3, tiles * WIDTH)), aligned((tiles * WIDTH,))
    cells = np.zeros((chunk, tiles * WIDTH) if recorded else (0, 0), np.int64)
    bounds, points, point = bounds_of(steps, windows), points_of(steps), np.full(steps, -1)
    sizes, point[points] = np.diff(bounds), np.arange(len(points))
    window = np.repeat(np.arange(len(sizes)), sizes)
    met = min((chunk - 2) // int(sizes.min()) + 2, len(sizes))  # windows that a chunk can meet
    running = aligned((met, WINDOWED, tiles * WIDTH))
    means = np.empty((len(sizes), WINDOWED, tiles * WIDTH))
    kept = cells, bounds, window, running, means, point, aligned((len(points), arms, WIDTH))
    return Measured(runs, tiles, steps, uncounted, origin, sums, squares, totals, cumulative, recorded, *kept)


def end_windows(x: Measured, first: int, end: int) -> None:
    """Keep the means over the windows that have ended within a chunk of steps; the sums over the last one go on."""
    number, ended = x.window[first], np.searchsorted(x.bounds, end, side="right") - 1
    sizes = np.diff(x.bounds[number : ended + 1]).astype(np.float64)[:, np.newaxis, np.newaxis]
    if len(sizes):
        np.divide(x.running[: len(sizes)], sizes, out=x.windows[number:ended])
        begun = x.window[end - 1] + 1 - ended  # 1 if the last one has not ended, else 0
        x.running[:begun] = x.running[len(sizes) : len(sizes) + begun]
        x.running[begun : len(sizes) + begun] = 0.0


@placed
def flat_measured(x):  # type: ignore[no-untyped-def]
    """The same with pointers to the arrays."""
    sums = flat(x.origin), flat(x.sums), flat(x.squares), flat(x.totals), flat(x.cumulative)
    windows = flat(x.bounds), flat(x.window), flat(x.running), flat(x.windows)
    kept = flat(x.cells), *windows, flat(x.point), flat(x.ranks)
    return Measured(x.runs, x.tiles, x.steps, x.uncounted, *sums, x.recorded, *kept)


@placed
def add_to_window(m, x, window, i, measured):  # type: ignore[no-untyped-def]
    """Add a tile's samples of a metric to the sums over the window that begin at ``window``."""
    at = window + m * measured.tiles * WIDTH + i
    store(measured.running, at, load(measured.running, at) + x)


@fused
def add_sample(m, x, step, t, i, partial, measured):  # type: ignore[no-untyped-def]
    """Add a tile's samples of a metric to its sums, without those of surplus runs in the last tile."""
    at, origin = 2 * WIDTH * (t * len(METRICS) + m), m * measured.steps + step
    if i == 0:
        store(partial, at, x)
        measured.origin[origin] = partial[at]
        store(partial, at, eight(0.0))
        store(partial, at + WIDTH, eight(0.0))
    deviation = where(lanes_from(i) < measured.runs, x - measured.origin[origin], 0.0)
    store(partial, at, load(partial, at) + deviation)
    store(partial, at + WIDTH, load(partial, at + WIDTH) + deviation * deviation)
