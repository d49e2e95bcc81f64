"""Perturbed values in the compiled engine: the choices of a tile of runs, and the propensities of all arms.

Boltzmann–Gumbel exploration perturbs by Gumbel noise, Thompson sampling by normal noise. Propensities are the integrals
of `boltzmann_rl.numerics.perturbation`, with the same nodes for all runs.
"""

from typing import NamedTuple

import numpy as np

from boltzmann_rl.kernels.exponential import exp_nonpositive
from boltzmann_rl.kernels.jit import fused, placed
from boltzmann_rl.kernels.logarithm import log_positive
from boltzmann_rl.kernels.normal import normal_near, normal_quantile
from boltzmann_rl.kernels.vectors import WIDTH, any_of, eight, lanes_from, load, load_apart, root, store, where
from boltzmann_rl.numerics import perturbation as numerics
from boltzmann_rl.numerics.perturbation import NEWTON_STEPS, NIL
from boltzmann_rl.policies.perturbation import LEAST_UNIFORM

# The kinds of noise, as indices into the arrays below.
GUMBEL, NORMAL = 0, 1

KINDS = numerics.GUMBEL, numerics.GAUSSIAN
_LOWER, _UPPER, _NARROWEST = np.array([(x.lower, x.upper, x.narrowest) for x in KINDS]).T.copy()
_ROOT_TWO_PI = np.sqrt(2.0 * np.pi)

# At the nodes of the normal distribution, exp(t) and exp(t) − 1: enough for scales that differ by a factor of a million
# and more.
_T = (np.arange(400) + 0.5) * (numerics.GAUSSIAN.panel / numerics.GAUSSIAN.nodes)
_EXP, _EXP_LESS_ONE = np.exp(_T), np.expm1(_T)

# The nodes of the Gumbel distribution in the first octave, the number of octaves, and of those after which exponentials
# are computed anew instead of by squaring: each doubles the rounding errors.
NODES = numerics.GUMBEL.nodes
_GROWTH = np.exp((np.arange(NODES) + 0.5) * (numerics.GUMBEL.panel / NODES))
_OCTAVES, _ANEW = 40, 4

# Beyond, an exponential would overflow; such narrow indices win with a chance of 0.
_WIDEST_RATIO = 600.0

# From here on the density of the normal distribution counts as 0.
_FAR = 8.4


class Indices(NamedTuple):
    """The arm with the largest value + scale/√(prior + pulls)·Z is pulled, where Z is noise of that kind.

    The prior is worth ``prior`` rewards and draws values towards ``mean``. Without it, or if ``first``, unpulled arms
    come first. If ``noisy`` the scale is in units of the standard deviation of the rewards.
    """

    kind: int
    scale: float
    prior: float = 0.0
    mean: float = 0.0
    first: bool = False
    noisy: bool = False


@placed
def perturb(values, pulls, x, deviation, uniforms, drawn, arms, shown, scales, first, last):  # type: ignore[no-untyped-def]
    """Cells of the largest `Indices`, with uniforms ``(runs, arms)`` from ``drawn`` on.

    ``shown`` receives the values less the best one (−∞ for pulled arms while there are unpulled ones), ``scales`` the
    scales of the noise.
    """
    starting, best, scale = eight(0.0), eight(-np.inf), x.scale * deviation if x.noisy else eight(x.scale)
    prior = 0.0 if x.first else x.prior
    for at in range(first, last, WIDTH):
        starting = where(load(pulls, at) + prior == 0.0, 1.0, starting)
    for at in range(first, last, WIDTH):
        n, q = load(pulls, at), load(values, at)
        if x.prior > 0.0:
            q = x.mean + n / (x.prior + n) * (q - x.mean)
        q, n = where(starting == 0.0, q, where(n == 0.0, eight(0.0), -np.inf)), x.prior + n
        best = where(q > best, q, best)
        store(shown, at, q)
        store(scales, at, scale / root(where(n > 0.0, n, 1.0)))
    hot, cold = scale == np.inf, scale == 0.0
    if any_of(hot | cold):
        _limits(hot, cold, best, shown, scales, first, last)
        best = where(hot | cold, 0.0, best)
    cells, highest = lanes_from(first), eight(-np.inf)
    for at in range(first, last, WIDTH):
        u = load_apart(uniforms, drawn + (at - first) // WIDTH, arms)
        q, u = load(shown, at) - best, where(u > LEAST_UNIFORM, u, LEAST_UNIFORM)
        noise = normal_quantile(u) if x.kind == NORMAL else -log_positive(-log_positive(u))
        index = q + load(scales, at) * noise
        cells = where(index > highest, lanes_from(at), cells)
        highest = where(index > highest, index, highest)
        store(shown, at, q)
    return cells


@placed
def _limits(hot, cold, best, shown, scales, first, last):  # type: ignore[no-untyped-def]
    """Values and scales where infinite scales make the choice uniform, and scales of 0 greedy."""
    for at in range(first, last, WIDTH):
        q = load(shown, at)
        out = where(hot, where(q > -np.inf, eight(0.0), -np.inf), where(q == best, eight(0.0), -np.inf))
        store(shown, at, where(hot | cold, out, q))
        store(scales, at, where(hot | cold, 1.0, load(scales, at)))


@fused
def propensities(kind, values, scales, room, p, first, last):  # type: ignore[no-untyped-def]
    """The propensity of each arm, as `boltzmann_rl.numerics.perturbation`; NaN where there are too few nodes.

    Overwrites values by their distances from the beginning of the integral, and scales by their inverses; ``room`` is
    for `NODES` numbers for each arm of a tile.
    """
    lower, upper = _LOWER[kind], _UPPER[kind]
    pivot, least = load(values, first), load(scales, first)  # of the index with the highest lower end
    for at in range(first + WIDTH, last, WIDTH):
        q, s = load(values, at), load(scales, at)
        above = q - lower * s > pivot - lower * least
        pivot, least = where(above, q, pivot), where(above, s, least)
    for at in range(first, last, WIDTH):
        store(values, at, (pivot - load(values, at)) - lower * least)
        store(scales, at, 1.0 / load(scales, at))
        store(p, at, eight(0.0))
    higher, narrowest = eight(0.0), eight(0.0)
    for _ in range(NEWTON_STEPS):
        total, slope = eight(0.0), eight(0.0)
        for at in range(first, last, WIDTH):
            rate = load(scales, at)
            z = (higher + load(values, at)) * rate
            if kind == NORMAL:
                bell, below = normal_near(z)
                total -= log_positive(below)
                slope += bell / below * rate
            else:
                e = exp_nonpositive(-z)
                total += e
                slope += e * rate
        if kind == NORMAL:
            slope = slope * (1.0 / _ROOT_TWO_PI)
        step = (total - NIL if kind == NORMAL else log_positive(total * (1.0 / NIL)) * total) / slope
        higher += where(step > 0.0, step, 0.0)
        narrowest = _NARROWEST[kind] * (total / slope)
    reach = eight(0.0)
    for at in range(first, last, WIDTH):
        offset = higher + load(values, at)
        further = upper / load(scales, at) - offset
        reach = where(further > reach, further, reach)
        store(values, at, offset)
    if kind == NORMAL:
        exhausted = _add_normal(values, scales, room, p, narrowest, reach, first, last)
    else:
        exhausted = _add_gumbel(values, scales, room, p, narrowest, reach, first, last)
    sum_of_all = eight(0.0)
    for at in range(first, last, WIDTH):
        density = load(p, at) * load(scales, at)
        sum_of_all += density
        store(p, at, density)
    sum_of_all = where(exhausted, np.nan, sum_of_all)
    for at in range(first, last, WIDTH):
        store(p, at, load(p, at) / sum_of_all)


@fused
def _add_gumbel(offsets, rates, room, p, narrowest, reach, first, last):  # type: ignore[no-untyped-def]
    """Add up the integrals ``p`` of the Gumbel's densities, up to a factor; where there are too few nodes.

    Exponentials at nodes of an octave are the squares of those at the nodes of the octave before.
    """
    for at in range(first, last, WIDTH):
        ratio = narrowest * load(rates, at)
        z = ratio - load(offsets, at) * load(rates, at)
        store(offsets, at, where(ratio < _WIDEST_RATIO, exp_nonpositive(z), 0.0))
    end, begin = 1.0 + reach / narrowest, 1.0
    for octave in range(_OCTAVES):
        live = end > begin
        if not any_of(live):
            break
        for node in range(NODES):
            growth, total, place = begin * _GROWTH[node], eight(0.0), node * (last - first) - first
            distance = -(narrowest * growth)
            if octave % _ANEW == 0:
                for at in range(first, last, WIDTH):
                    store(room, place + at, exp_nonpositive(distance * load(rates, at)))
            else:
                for at in range(first, last, WIDTH):
                    e = load(room, place + at)
                    store(room, place + at, e * e)
            for at in range(first, last, WIDTH):
                total += load(offsets, at) * load(room, place + at)
            mass = where(live, growth * exp_nonpositive(-total), 0.0)
            for at in range(first, last, WIDTH):
                store(p, at, load(p, at) + load(room, place + at) * mass)
        begin *= 2.0
    for at in range(first, last, WIDTH):
        store(p, at, load(p, at) * load(offsets, at))
    return end > begin


@fused
def _add_normal(offsets, rates, room, p, narrowest, reach, first, last):  # type: ignore[no-untyped-def]
    """Add up the integrals ``p`` of the normal densities, up to a factor; where there are too few nodes.

    Overwrites the offsets by their number of scales.
    """
    for at in range(first, last, WIDTH):
        store(offsets, at, load(offsets, at) * load(rates, at))
    end, others = 1.0 + reach / narrowest, last - 2 * first
    for k in range(len(_T)):
        live = end > _EXP[k]  # later nodes in the last panel add nothing
        if not any_of(live):
            break
        distance, product = narrowest * _EXP_LESS_ONE[k], where(live, eight(_EXP[k]), 0.0)
        # Products over the arms before and, in the second loop, after each arm: no division by its own factor.
        for at in range(first, last, WIDTH):
            z = distance * load(rates, at) + load(offsets, at)
            bell, below = eight(0.0), eight(1.0)
            if any_of(z < _FAR):
                bell, below = normal_near(z)
            store(room, at - first, where(z < _FAR, bell * product, 0.0))
            store(room, at + others, below)
            product = product * below
        product = eight(1.0)
        for at in range(last - WIDTH, first - WIDTH, -WIDTH):
            store(p, at, load(p, at) + load(room, at - first) * product)
            product = product * load(room, at + others)
    return end > _EXP[len(_T) - 1]
