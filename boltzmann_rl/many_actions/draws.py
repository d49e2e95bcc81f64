"""Draws from cells, and runs of a bandit with them: compiled in one piece, since every step takes both."""

import math
from typing import NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.many_actions.cells import FURTHEST, SPENT, Cells, Integers, build, fast, find, lean, move, width_for

# A width suits ratios width/temperature in [_FINE, _COARSE]. Ratios in [_FINEST, _COARSEST] are used as long as their
# extra cost is less than that of a rebuild.
_COARSEST, _COARSE, _FINE, _FINEST = 64.0, 2.0, 0.25, 1.0 / 64.0

# The weight of the rest below the walk, as a fraction of the weight of the cells in it.
_REST = 1.0 / 16.0


class Run(NamedTuple):
    """A run of a bandit: arrays with an entry per step, or per arm, of which the run fills in some."""

    temperatures: Floats
    noise: Floats
    actions: Integers
    rewards: Floats
    means: Floats
    pulls: Floats


@lean
def _draw(cells: Cells, temperature: float, rng: np.random.Generator) -> int:
    """An action, or −1 if the cells must be rebuilt: the width does not suit the temperature, at too high a cost."""
    width, top, everyone = cells.width, float(cells.queue[0]), len(cells.values)
    if width == 0.0 or width == math.inf:
        slot = find(cells.keys, top, width)
        place = int(rng.random() * cells.counts[slot]) if width_for(top, temperature) == width else -1
        return int(cells.pool[cells.starts[slot] + place]) if place >= 0 else -1
    ratio = width / temperature if temperature > 0.0 else math.inf
    if not _FINEST <= ratio <= _COARSEST or abs(top) == FURTHEST:
        return -1
    suits = _FINE <= ratio <= _COARSE
    rungs, below, edge = _walk(cells, ratio)
    work, total = below, float(cells.ladder[rungs - 1]) + everyone * edge
    while suits or cells.sizes[SPENT] <= everyone + 64:
        action, exponent, uniform = _propose(cells, rng.random() * total, rungs, below, edge)
        if uniform < math.exp(exponent * ratio):
            return action
        if not suits:
            cells.sizes[SPENT] += work
            work = 1
    return -1


@lean
def _propose(cells: Cells, goal: float, rungs: int, below: int, edge: float) -> tuple[int, float, float]:
    """The action where the walk's sums pass the goal; log(acceptance)·temperature/width; a uniform for the acceptance.

    The goal is uniform, and so is its place between one action and the next, which is that uniform.
    """
    summed = float(cells.ladder[rungs - 1])
    if goal >= summed:
        place = (goal - summed) / edge
        action = min(int(place), len(cells.values) - 1)
        exponent = float(cells.values[action]) / cells.width - float(cells.queue[0]) + (below - 1)
        return action, exponent if exponent < 0.0 else -math.inf, place - action  # ≥ 0: in a cell of the walk
    rung, passed = 0, 0.0
    while cells.ladder[rung] <= goal:
        passed = float(cells.ladder[rung])
        rung += 1
    slot = cells.rungs[rung]
    count = int(cells.counts[slot])
    place = (goal - passed) / (float(cells.ladder[rung]) - passed) * count
    whole = min(int(place), count - 1)
    action = int(cells.pool[cells.starts[slot] + whole])
    return action, float(cells.values[action]) / cells.width - float(cells.keys[slot]) - 1.0, place - whole


@lean
def _walk(cells: Cells, ratio: float) -> tuple[int, int, float]:
    """Sum up the cells from the top; their number, the number of widths passed, and the weight of the edge there.

    Cell numbers beyond 2⁵³ have gaps between them, which contain no cells.
    """
    keys, counts, everyone = cells.keys, cells.counts, len(cells.values)
    top, factor = float(cells.queue[0]), math.exp(-ratio)
    rungs, below, slot, weight, total = 0, 0, 0, 1.0, 0.0
    while rungs == 0 or everyone * weight > _REST * total:
        key = top - below
        if top - key == below:
            slot -= 1  # usually the slot of the next cell down
            if slot < 0 or keys[slot] != key:
                slot = find(keys, key, cells.width)
            if keys[slot] == key and counts[slot] > 0:
                total += counts[slot] * weight
                cells.ladder[rungs], cells.rungs[rungs] = total, slot
                rungs += 1
        below += 1
        weight *= factor
    return rungs, below, weight


@lean
def draw(cells: Cells, temperature: float, rng: np.random.Generator, actions: Integers, first: int) -> int:
    """Fill ``actions`` from ``first`` on with independent draws, until a rebuild is due; the number of actions done."""
    for i in range(first, len(actions)):
        actions[i] = _draw(cells, temperature, rng)
        if actions[i] < 0:
            return i
    return len(actions)


@fast
def run_bandit(run: Run, rng: np.random.Generator) -> None:
    """Pull an arm at each temperature, and keep the averages of the arms' rewards, which are 0 at first."""
    values, step = np.zeros(len(run.means)), 0
    while step < len(run.temperatures):
        cells = build(values, float(run.temperatures[step]))
        step = _run_some(cells, run, rng, step)


@lean
def _run_some(cells: Cells, run: Run, rng: np.random.Generator, first: int) -> int:
    """Pull from step ``first`` on, until a rebuild is due; the number of steps done."""
    for step in range(first, len(run.temperatures)):
        action = _draw(cells, float(run.temperatures[step]), rng)
        if action < 0:
            return step
        reward = float(run.means[action] + run.noise[step])
        run.actions[step], run.rewards[step] = action, reward
        run.pulls[action] += 1.0
        value = float(cells.values[action])
        if not move(cells, action, value + (reward - value) / float(run.pulls[action])):
            return step + 1
    return len(run.temperatures)
