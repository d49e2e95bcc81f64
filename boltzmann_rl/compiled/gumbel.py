"""Boltzmann–Gumbel exploration in the compiled engine: the choice of a tile of runs, and the propensities of all arms.

The integral is that of `boltzmann_rl.numerics.perturbation`, at nodes that are the same for all runs.
"""

import numpy as np

from boltzmann_rl.compiled import lanes
from boltzmann_rl.compiled.lanes import fused, placed
from boltzmann_rl.kernels.exponential import exp_nonpositive
from boltzmann_rl.kernels.logarithm import log_positive
from boltzmann_rl.kernels.vectors import WIDTH, any_of, eight, lanes_from, load, load_apart, root, store, where
from boltzmann_rl.numerics.perturbation import CLIMBS, GUMBEL, NIL
from boltzmann_rl.policies.perturbation import LEAST_UNIFORM

__all__ = ["perturb", "propensities"]

_LOWER, _UPPER, _WIDEST = GUMBEL.lower, GUMBEL.upper, GUMBEL.widest

# The nodes, enough for indices of which one is a million times as wide as another.
_T = (np.arange(24 * GUMBEL.nodes) + 0.5) * (GUMBEL.panel / GUMBEL.nodes)
_EXP, _EXP_LESS_ONE = np.exp(_T), np.expm1(_T)


@placed
def perturb(values, pulls, scale, uniforms, drawn, arms, shown, scales, first, last):  # type: ignore[no-untyped-def]
    """Cells of the largest value + scale/√pulls·Z with Z ~ Gumbel(0, 1), by a uniform each; of unpulled arms, if any.

    Leaves the values less the best one, −∞ of pulled arms as long as there are others, and the scales. Uniforms are
    ``(runs, arms)`` from ``drawn`` on.
    """
    starting, best = eight(0.0), lanes.highest(values, first, last)
    for at in range(first, last, WIDTH):
        starting = where(load(pulls, at) == 0.0, 1.0, starting)
    cells, highest = lanes_from(first), eight(-np.inf)
    for at in range(first, last, WIDTH):
        n, u = load(pulls, at), load_apart(uniforms, drawn + (at - first) // WIDTH, arms)
        q = where(starting == 0.0, load(values, at) - best, where(n == 0.0, eight(0.0), -np.inf))
        s = scale / root(where(n > 1.0, n, 1.0))
        index = q - s * log_positive(-log_positive(where(u > LEAST_UNIFORM, u, LEAST_UNIFORM)))
        cells = where(index > highest, lanes_from(at), cells)
        highest = where(index > highest, index, highest)
        store(shown, at, q)
        store(scales, at, s)
    return cells


@fused
def propensities(values, scales, room, p, first, last):  # type: ignore[no-untyped-def]
    """Of each arm, `boltzmann_rl.numerics.gumbel_propensities`; NaN where there are too few nodes.

    Values become their distances from where the integral begins, and scales rates.
    """
    pivot, least = load(values, first), load(scales, first)  # of the index with the highest lower end
    for at in range(first + WIDTH, last, WIDTH):
        q, s = load(values, at), load(scales, at)
        above = q - _LOWER * s > pivot - _LOWER * least
        pivot, least = where(above, q, pivot), where(above, s, least)
    for at in range(first, last, WIDTH):
        store(values, at, (pivot - load(values, at)) - _LOWER * least)
        store(scales, at, 1.0 / load(scales, at))
        store(p, at, eight(0.0))
    higher = eight(0.0)
    for _ in range(CLIMBS):
        total, slope = eight(0.0), eight(0.0)
        for at in range(first, last, WIDTH):
            rate = load(scales, at)
            e = exp_nonpositive(-(higher + load(values, at)) * rate)
            total += e
            slope += e * rate
        step = log_positive(total * (1.0 / NIL)) * total / slope
        higher += where(step > 0.0, step, 0.0)
    smallest, widest, reach = eight(np.inf), eight(0.0), eight(0.0)
    for at in range(first, last, WIDTH):
        s, offset = 1.0 / load(scales, at), higher + load(values, at)
        further = _UPPER * s - offset
        smallest = where((further > 0.0) & (s < smallest), s, smallest)
        widest = where((further > 0.0) & (s > widest), s, widest)
        reach = where(further > reach, further, reach)
        store(values, at, offset)
    widest = _WIDEST * widest
    length = reach / widest
    grown = exp_nonpositive(-length)
    end = length + log_positive(grown + (1.0 - grown) * (widest / smallest))
    ratio, sum_of_all = smallest / widest, eight(0.0)
    for k in range(len(_T)):
        if not any_of(end > _T[k]):
            break
        slope = ratio * _EXP_LESS_ONE[k]
        grown = 1.0 + slope
        distance = widest * (log_positive(grown) + (slope - (grown - 1.0)) / grown)  # exact where the slope is small
        speed = where(end > _T[k], smallest * _EXP[k] / grown, 0.0)
        total = eight(0.0)
        for at in range(first, last, WIDTH):
            e = exp_nonpositive(-(distance + load(values, at)) * load(scales, at))
            store(room, at, e)
            total += e
        chance = speed * exp_nonpositive(-total)
        for at in range(first, last, WIDTH):
            store(p, at, load(p, at) + load(room, at) * chance)
    for at in range(first, last, WIDTH):
        density = load(p, at) * load(scales, at)
        sum_of_all += density
        store(p, at, density)
    sum_of_all = where(end > _T[len(_T) - 1], np.nan, sum_of_all)
    for at in range(first, last, WIDTH):
        store(p, at, load(p, at) / sum_of_all)
