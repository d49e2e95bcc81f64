"""Actions in cells of nearly equal value: the time of a Boltzmann draw hardly depends on the number of actions.

Cell c holds the actions whose value lies in [c·width, (c + 1)·width), in any order; the width is a power of two near
the temperature, so that value/width and its integer part c are exact, wherever the values are. A draw is rejection
sampling (von Neumann 1951): it proposes the k-th cell below the top one in proportion to its number of actions times
exp(−k·width/temperature), the weight of its upper edge; then an action of that cell, which is accepted with its own
weight over that of the edge, at least exp(−width/temperature). The walk down the cells ends where all actions together,
each with the weight of the next edge, would add less than a sixteenth; for the rest any action is proposed, and
rejected if it lies in a cell already counted. Accepted actions have exactly the Boltzmann distribution, whatever the
width; only the time depends on it.

An action whose value changes moves from one cell to another. Cells are found by a table hashed by c and kept until the
next rebuild; the top one is at the head of a queue (a binary heap), from which emptied cells are removed when they
reach the head. There are no running sums, whose rounding errors would grow.

Temperature 0 is width 0, a cell for each distinct value; temperature ∞ is width ∞, one cell for all.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats
from boltzmann_rl.kernels.jit import available, compiled

Integers = NDArray[np.int64]

# Without Numba the same lines run in Python.
fast: Callable[..., Any] = compiled if available() else lambda function: function

# For functions that make no arrays: without Numba's reference counting, a draw takes a third of the time.
lean: Callable[..., Any] = compiled(_nrt=False) if available() else lambda function: function

# From here on all floats are whole numbers.
_WHOLE = 2.0**52

# The key of a free slot in the table.
_FREE = math.inf

# The largest number of a cell. There neighbouring floats are 2^957 widths apart, and width 0 is used instead.
FURTHEST = 2.0**1010

# If |best value| / temperature exceeds this, any difference is beyond the range of exp, and the draw is greedy.
_GREEDY = 2.0**1000

# Steps of the walk: ln(16·2^63)·64 at the very most.
_LADDER = 3072

# The entries of ``sizes``: cells in the table, keys in the queue, the used part of the pool, and the extra work done
# since the last rebuild because the width does not suit the temperature.
USED, QUEUED, END, SPENT = range(4)

# An odd number of 62 bits, 2^62 divided by the golden ratio.
_MIXER = 0x278DDE6E5FD29F05
_62_BITS = (1 << 62) - 1


class Cells(NamedTuple):
    """The data structure of the draws. Slots are places in the table, whose length is a power of two."""

    width: float
    values: Floats  # of each action; −inf is in no cell
    places: Integers  # of each action within its cell
    keys: Floats  # of each slot: the cell's number, or _FREE
    counts: Integers  # of each slot: actions in the cell
    starts: Integers  # of each slot: where its actions begin in the pool
    rooms: Integers  # of each slot: how many fit there
    queued: NDArray[np.bool_]  # of each slot: whether its key is in the queue
    queue: Floats  # a heap of keys, the largest first
    pool: Integers  # actions, cell by cell
    ladder: Floats  # the last walk: sums of the weights of edges
    rungs: Integers  # the last walk: slots
    sizes: Integers  # see USED, QUEUED, END and SPENT


@lean
def cell_of(value: float, width: float) -> float:
    """The number of a value's cell."""
    if width == 0.0:
        return value
    if width == math.inf:
        return 0.0
    return _floor(min(max(value / width, -FURTHEST), FURTHEST))


@lean
def _floor(x: float) -> float:
    """Five times as fast as NumPy's in a loop that calls it often."""
    if abs(x) >= _WHOLE:
        return x
    whole = float(int(x))
    return whole - 1.0 if whole > x else whole


@lean
def find(keys: Floats, key: float, width: float) -> int:
    """The slot of a key, or the free one where it belongs. Sixteen neighbours lie side by side, for the walk."""
    last = len(keys) - 1
    if width > 0.0 and abs(key) < _WHOLE:
        number = int(key)
    else:
        mantissa, exponent = math.frexp(key)
        number = int(mantissa * 2.0**53) + 16 * exponent
    mixed = ((number >> 4) * _MIXER) & _62_BITS
    mixed ^= mixed >> 31
    slot = ((mixed << 4) + (number & 15)) & last
    while keys[slot] != key and keys[slot] != _FREE:
        slot = (slot + 1) & last
    return slot


@lean
def _enqueue(queue: Floats, length: int, key: float) -> None:
    """Put a key into a heap of ``length`` keys."""
    at = length
    while at > 0 and queue[(at - 1) >> 1] < key:
        queue[at] = queue[(at - 1) >> 1]
        at = (at - 1) >> 1
    queue[at] = key


@lean
def _dequeue(queue: Floats, length: int) -> None:
    """Remove the largest key from a heap of ``length`` keys."""
    key, at, child = queue[length - 1], 0, 1
    while child < length - 1:
        if child + 1 < length - 1 and queue[child + 1] > queue[child]:
            child += 1
        if queue[child] <= key:
            break
        queue[at] = queue[child]
        at, child = child, 2 * child + 1
    queue[at] = key


@lean
def _enter(cells: Cells, action: int, value: float) -> bool:
    """Put an action into the cell of a value; False if there is no room, so that the cells must be rebuilt."""
    keys, counts, starts, rooms, sizes = cells.keys, cells.counts, cells.starts, cells.rooms, cells.sizes
    key = cell_of(value, cells.width)
    slot = find(keys, key, cells.width)
    if keys[slot] == _FREE:
        if sizes[USED] == len(cells.queue):
            return False
        sizes[USED] += 1
        keys[slot], counts[slot], starts[slot], rooms[slot], cells.queued[slot] = key, 0, 0, 0, False
    count = int(counts[slot])
    if count == rooms[slot]:
        room, start = 2 * count + 2, int(sizes[END])
        if start + room > len(cells.pool):
            return False
        for place in range(count):
            cells.pool[start + place] = cells.pool[starts[slot] + place]
        starts[slot], rooms[slot], sizes[END] = start, room, start + room
    cells.pool[starts[slot] + count] = action
    cells.places[action] = count
    counts[slot] = count + 1
    if not cells.queued[slot]:
        _enqueue(cells.queue, sizes[QUEUED], key)
        cells.queued[slot] = True
        sizes[QUEUED] += 1
    return True


@lean
def _leave(cells: Cells, action: int) -> None:
    """Take an action out of its cell; the last of the cell fills the gap."""
    slot = find(cells.keys, cell_of(float(cells.values[action]), cells.width), cells.width)
    start, count = cells.starts[slot], cells.counts[slot] - 1
    last = cells.pool[start + count]
    cells.pool[start + cells.places[action]] = last
    cells.places[last] = cells.places[action]
    cells.counts[slot] = count


@lean
def move(cells: Cells, action: int, value: float) -> bool:
    """Change the value of an action; False if the cells must be rebuilt before they are used again."""
    old = float(cells.values[action])
    if old > -math.inf and value > -math.inf and cell_of(old, cells.width) == cell_of(value, cells.width):
        cells.values[action] = value
        return True
    if old > -math.inf:
        _leave(cells, action)
    cells.values[action] = value
    if value > -math.inf and not _enter(cells, action, value):
        return False
    while cells.sizes[QUEUED] > 0:
        head = find(cells.keys, float(cells.queue[0]), cells.width)
        if cells.counts[head] > 0:
            break
        _dequeue(cells.queue, cells.sizes[QUEUED])
        cells.queued[head] = False
        cells.sizes[QUEUED] -= 1
    return True


@fast
def build(values: Floats, temperature: float) -> Cells:
    """The cells for these values, whose array they share, at a temperature; at least one value is above −inf.

    They have room for a number of changes in proportion to the actions, so that rebuilds cost little per change.
    """
    actions, width = len(values), width_for(float(values.max()), temperature)
    places = np.empty(actions, np.int64)
    keys, counts, used = _table(values, width, places)
    starts, rooms = np.zeros(len(keys), np.int64), np.zeros(len(keys), np.int64)
    queued, queue = np.zeros(len(keys), np.bool_), np.empty(len(keys) // 2)
    end, length = 0, 0
    for slot in range(len(keys)):
        if counts[slot] > 0:
            starts[slot], rooms[slot], queued[slot] = end, counts[slot] + counts[slot] // 4 + 1, True
            end += int(rooms[slot])
            _enqueue(queue, length, float(keys[slot]))
            length += 1
            counts[slot] = 0
    pool = np.empty(end + 2 * actions + 128, np.int64)
    for action in range(actions):
        if values[action] > -math.inf:
            slot = int(places[action])
            places[action] = counts[slot]
            pool[starts[slot] + counts[slot]] = action
            counts[slot] += 1
    sizes = np.array([used, length, end, 0], np.int64)
    ladder, rungs = np.empty(_LADDER), np.empty(_LADDER, np.int64)
    return Cells(width, values, places, keys, counts, starts, rooms, queued, queue, pool, ladder, rungs, sizes)


@lean
def width_for(best: float, temperature: float) -> float:
    """The power of two in (temperature/2, temperature], or 0 or ∞."""
    if temperature == math.inf:
        return math.inf
    if abs(best) >= _GREEDY * temperature:
        return 0.0
    return math.ldexp(0.5, math.frexp(temperature)[1])


@fast
def _table(values: Floats, width: float, places: Integers) -> tuple[Floats, Integers, int]:
    """Keys and counts of a table that is at most a quarter full, and the number of cells; ``places`` get the slots."""
    size = 256
    while size < len(values):
        size *= 2
    while True:
        keys, counts, used = np.full(size, _FREE), np.zeros(size, np.int64), 0
        for action in range(len(values)):
            if values[action] > -math.inf:
                key = cell_of(float(values[action]), width)
                slot = find(keys, key, width)
                if counts[slot] == 0:
                    keys[slot] = key
                    used += 1
                    if 4 * used > size:
                        break
                counts[slot] += 1
                places[action] = slot
        if 4 * used <= size:
            return keys, counts, used
        size *= 2
