"""What the compiled engine for bandits measures: sums over runs at each step, and sums over steps of each run."""

import math
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.engines.metrics import BANDITS, bounds_of, points_of, segments_of
from boltzmann_rl.kernels.jit import fused, placed
from boltzmann_rl.kernels.vectors import WIDTH, aligned, eight, flat, lanes_from, load, store, where

# In the order of the sums below; the temperature, the last metric, is not summed here.
METRICS = tuple(metric.name for metric in BANDITS.metrics[:-1])

# The first of these are kept as totals, and as means over windows.
KEPT, WINDOWED = len(BANDITS.kept), len(BANDITS.windowed)


# Floats in 4 MiB, from which on NumPy asks Linux for large pages.
_LARGE = 2**22 // 8


class Measured(NamedTuple):
    """Sums over runs of the deviations from the first run's samples, and of their squares, ``(metrics, steps)``.

    Also totals ``(metrics, tiles · lanes)``, each run's regret so far ``(tiles · lanes,)`` and, if ``recorded``, the
    cells of a chunk's actions ``(steps, tiles · lanes)``. A run's samples are added up over segments (`segments_of`):
    ``segment`` has the number of the segment of each step, ``starts`` that of the first segment of each window, and
    ``running`` the sums over the current segment ``(metrics, tiles · lanes)``. ``ended`` has the sums over the segments
    that end in a chunk ``(segments, metrics, tiles · lanes)``, divided by the number of steps in the window, ``sizes``;
    ``parts`` has those over all segments. ``point`` has the number of the step among those where probabilities are
    ranked, else −1, and ``ranks`` their sums ``(points, arms, lanes)``.
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
    starts: Any
    segment: Any
    running: Any
    ended: Any
    sizes: Any
    parts: Any
    point: Any
    ranks: Any


def measured_of(
    runs: int, shape: tuple[int, int, int], steps: int, chunk: int, uncounted: int, windows: int, recorded: bool
) -> Measured:
    """Arrays for runs in tiles of ``shape``, before the first chunk of steps."""
    tiles, arms, _ = shape
    origin, sums, squares = np.zeros((3, len(METRICS), steps))
    totals, cumulative = aligned((KEPT, tiles * WIDTH)), aligned((tiles * WIDTH,))
    cells = np.zeros((chunk, tiles * WIDTH) if recorded else (0, 0), np.int64)
    bounds, points, point = bounds_of(steps, windows), points_of(steps), np.full(steps, -1)
    (segments, starts), point[points] = segments_of(bounds, uncounted), np.arange(len(points))
    segment = np.searchsorted(segments, np.arange(steps + 1), side="right") - 1
    sizes = np.repeat(np.diff(bounds), np.diff([*starts, segment[-1]])).astype(np.float64)
    most = min((chunk - 1) // int(sizes.min()) + 2, len(sizes))  # segments that can end in a chunk
    running, ended = aligned((WINDOWED, tiles * WIDTH)), aligned((most, WINDOWED, tiles * WIDTH), None)
    parts = _in_large_pages((len(sizes), WINDOWED, tiles * WIDTH))
    kept = cells, starts, segment, running, ended, sizes, parts, point, aligned((len(points), arms, WIDTH))
    return Measured(runs, tiles, steps, uncounted, origin, sums, squares, totals, cumulative, recorded, *kept)


def _in_large_pages(shape: tuple[int, ...]) -> Any:
    """An array that is not filled; one that is nearly large enough for large pages is a part of one that is.

    The system makes a small page at its first use, which for the whole array takes a tenth of the time of a block.
    """
    size = math.prod(shape)
    return np.empty(max(size, _LARGE) if size > _LARGE // 2 else size)[:size].reshape(shape)


def keep_segments(x: Measured, first: int, end: int) -> None:
    """Keep what was measured over the segments that ended within a chunk of steps."""
    begin, end = x.segment[first], x.segment[end]
    x.parts[begin:end] = x.ended[: end - begin]


@placed
def flat_measured(x):  # type: ignore[no-untyped-def]
    """The same with pointers to the arrays."""
    sums = flat(x.origin), flat(x.sums), flat(x.squares), flat(x.totals), flat(x.cumulative)
    segments = flat(x.starts), flat(x.segment), flat(x.running), flat(x.ended), flat(x.sizes), flat(x.parts)
    kept = flat(x.cells), *segments, flat(x.point), flat(x.ranks)
    return Measured(x.runs, x.tiles, x.steps, x.uncounted, *sums, x.recorded, *kept)


@placed
def add_to_segment(m, x, i, measured):  # type: ignore[no-untyped-def]
    """Add a tile's samples of a metric to the sums over the current segment."""
    at = m * measured.tiles * WIDTH + i
    store(measured.running, at, load(measured.running, at) + x)


@placed
def end_segment(number, step, i, measured):  # type: ignore[no-untyped-def]
    """Keep a tile's sums over the segment with a number in the chunk, and add them to the totals if it is counted."""
    runs, size, counted = measured.tiles * WIDTH, measured.sizes[measured.segment[step]], step >= measured.uncounted
    for m in range(WINDOWED):
        at = m * runs + i
        x = load(measured.running, at)
        store(measured.ended, number * WINDOWED * runs + at, x / size)
        store(measured.running, at, eight(0.0))
        if counted and m < KEPT:
            store(measured.totals, at, load(measured.totals, at) + x)


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
