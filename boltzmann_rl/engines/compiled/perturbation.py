"""Perturbed values in the compiled engine: the choices of a tile of runs, and the propensities of all arms.

Boltzmann–Gumbel exploration perturbs by Gumbel noise, Thompson sampling by normal noise. Propensities are the integrals
of `boltzmann_rl.numerics.perturbation`, with the same nodes for all runs.
"""

from typing import NamedTuple

import numpy as np

from boltzmann_rl.kernels.exponential import exp_nonpositive
from boltzmann_rl.kernels.jit import fused, placed
from boltzmann_rl.kernels.logarithm import log_positive
from boltzmann_rl.kernels.normal import normal_below, normal_quantile
from boltzmann_rl.kernels.vectors import WIDTH, any_of, eight, lanes_from, load, load_apart, root, store, where
from boltzmann_rl.numerics import perturbation as numerics
from boltzmann_rl.numerics.perturbation import NEWTON_STEPS, NIL
from boltzmann_rl.policies.perturbation import LEAST_UNIFORM

# The kinds of noise, as indices into the arrays below.
GUMBEL, NORMAL = 0, 1

KINDS = numerics.GUMBEL, numerics.GAUSSIAN
_LOWER, _UPPER, _WIDEST = np.array([(kind.lower, kind.upper, kind.widest) for kind in KINDS]).T.copy()
_ROOT_TWO_PI = np.sqrt(2.0 * np.pi)

# The nodes: enough for scales that differ by a factor of a million and more.
_T = np.array([(np.arange(440) + 0.5) * (kind.panel / kind.nodes) for kind in KINDS])
_EXP, _EXP_LESS_ONE = np.exp(_T), np.expm1(_T)


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

    Overwrites values by their distances from the beginning of the integral, and scales by their inverses.
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
    higher = eight(0.0)
    for _ in range(NEWTON_STEPS):
        total, slope = eight(0.0), eight(0.0)
        for at in range(first, last, WIDTH):
            rate = load(scales, at)
            z = (higher + load(values, at)) * rate
            if kind == NORMAL:
                bell, below = normal_below(z)
                total -= log_positive(below)
                slope += bell / below * rate
            else:
                e = exp_nonpositive(-z)
                total += e
                slope += e * rate
        step = (total - NIL) * _ROOT_TWO_PI if kind == NORMAL else log_positive(total * (1.0 / NIL)) * total
        step = step / slope
        higher += where(step > 0.0, step, 0.0)
    smallest, widest, reach = eight(np.inf), eight(0.0), eight(0.0)
    for at in range(first, last, WIDTH):
        s, offset = 1.0 / load(scales, at), higher + load(values, at)
        further = upper * s - offset
        smallest = where((further > 0.0) & (s < smallest), s, smallest)
        widest = where((further > 0.0) & (s > widest), s, widest)
        reach = where(further > reach, further, reach)
        store(values, at, offset)
    widest = _WIDEST[kind] * widest
    length = reach / widest
    grown = exp_nonpositive(-length)
    end = length + log_positive(grown + (1.0 - grown) * (widest / smallest))
    ratio, sum_of_all = smallest / widest, eight(0.0)
    for k in range(_T.shape[1]):
        if not any_of(end > _T[kind, k]):
            break
        slope = ratio * _EXP_LESS_ONE[kind, k]
        grown = 1.0 + slope
        distance = widest * (log_positive(grown) + (slope - (grown - 1.0)) / grown)  # exact where the slope is small
        dx_dt = where(end > _T[kind, k], smallest * _EXP[kind, k] / grown, 0.0)
        total, product = eight(0.0), eight(1.0)
        for at in range(first, last, WIDTH):
            z = (distance + load(values, at)) * load(scales, at)
            if kind == NORMAL:
                bell, below = normal_below(z)
                store(room, at, bell / below)
                product = product * below
            else:
                e = exp_nonpositive(-z)
                store(room, at, e)
                total += e
        mass = dx_dt * (product if kind == NORMAL else exp_nonpositive(-total))
        for at in range(first, last, WIDTH):
            store(p, at, load(p, at) + load(room, at) * mass)
    for at in range(first, last, WIDTH):
        density = load(p, at) * load(scales, at)
        sum_of_all += density
        store(p, at, density)
    sum_of_all = where(end > _T[kind, _T.shape[1] - 1], np.nan, sum_of_all)
    for at in range(first, last, WIDTH):
        store(p, at, load(p, at) / sum_of_all)
