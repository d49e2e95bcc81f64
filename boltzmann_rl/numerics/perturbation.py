"""The probability that each of several independent random indices is the largest.

Boltzmann–Gumbel exploration and Thompson sampling take the largest of several perturbed values. Action i wins at x with
density f_i(x)·Π_{j≠i} F_j(x); its probability is the integral over x.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_temperature, as_values, check_best, real_array
from boltzmann_rl.lazy import special
from boltzmann_rl.numerics.softmax import LEAST_TEMPERATURE, softmax

# Integrands evaluated at once: few enough for the processor's cache.
_BLOCK = 2**15

# exp(−NIL) counts as zero; NEWTON_STEPS steps of Newton's method find where the product of the F_j reaches it.
NIL, NEWTON_STEPS = 33.0, 4


class _Distribution(NamedTuple):
    """A distribution of indices, and how to integrate it.

    Up to 1e-14, the distribution function is 0 more than ``lower`` scales below the location and 1 more than ``upper``
    scales above it. The integral is summed over panels in t (see `_integrate`) with ``nodes`` nodes each: of length
    ``panel`` with equally spaced nodes if ``equal``, else at most that long. ``exponent`` returns −ln Π F_j, its rate
    of decrease, and the distance over which it would fall to 0 at that rate. The integral starts where it has fallen to
    NIL, which for many indices is above the lower end of each. There a panel is ``panel·narrowest`` times that distance
    long in x. If not ``equal``, it is ``panel`` times the smallest scale, and later at most ``panel·widest`` times the
    largest.

    Equally spaced nodes are best where, as here, the integrand is analytic and vanishes at both ends: the error falls
    exponentially (Trefethen & Weideman 2014, *The Exponentially Convergent Trapezoidal Rule*, SIAM Review 56, Theorem
    5.1). Integrals up to each node need Gauss-Legendre nodes instead.
    """

    densities: Callable[..., tuple[Floats, Floats]]
    lower: float
    upper: float
    panel: float
    nodes: int
    exponent: Callable[..., tuple[Floats, Floats, Floats]]
    equal: bool = True
    narrowest: float = 1.0
    widest: float = np.inf


def gumbel_propensities(values: Any, scales: Any) -> Floats:
    """The probability that values_i + scales_i·Z_i is the largest, with independent Z_i ~ Gumbel(0, 1).

    p_i = ∫ exp(−z)·exp(−Σ_j exp(−(x − values_j)/scales_j)) dz with z = (x − values_i)/scales_i. For equal scales it is
    the softmax at that temperature, and `softmax` computes it; otherwise the absolute error is below 1e-12. Limits:
    an index of scale 0 equals its value; if all scales are 0 the result is greedy, if all are ∞ uniform.

    Args:
        values: ``(..., A)``, −inf where an action is not available.
        scales: In units of the values, ≥ 0, one per row or per action. Those below 1e-16 of the row's largest are
            raised to that. ∞ only if all scales of the row are ∞.

    Returns:
        Probabilities, same shape as ``values``.

    Raises:
        ValueError, TypeError: As `softmax`, or an infinite scale together with finite ones.

    Example:
        >>> gumbel_propensities([0.0, 0.0, 0.5], [1.0, 0.1, 0.1]).round(4)
        array([0.4368, 0.0038, 0.5594])

    Source: Cesa-Bianchi, Gentile, Lugosi & Neu (2017), *Boltzmann Exploration Done Right*, §4.
    """
    return _location_scale(GUMBEL, values, scales, "scales")


def gaussian_propensities(means: Any, sds: Any) -> Floats:
    """The probability that an independent N(means_i, sds_i²) is the largest: that of Thompson sampling.

    p_i = ∫ φ(z)·Π_{j≠i} Φ((x − means_j)/sds_j) dz with z = (x − means_i)/sds_i, to an absolute error below 1e-12;
    for two actions p_1 = Φ((means_1 − means_2)/√(sds_1² + sds_2²)). Limits: as in `gumbel_propensities`.

    Args:
        means: ``(..., A)``, −inf where an action is not available.
        sds: Standard deviations in units of the means, as the scales in `gumbel_propensities`.

    Returns:
        Probabilities, same shape as ``means``.

    Raises:
        ValueError, TypeError: As `gumbel_propensities`.

    Example:
        >>> gaussian_propensities([0.0, 1.0], [0.6, 0.8]).round(4)
        array([0.1587, 0.8413])

    Source: Thompson (1933), *Biometrika* 25; Russo et al. (2018), *A Tutorial on Thompson Sampling*, §3.
    """
    return _location_scale(GAUSSIAN, means, sds, "sds")


def beta_propensities(a: Any, b: Any) -> Floats:
    """The probability that an independent Beta(a_i, b_i) is the largest: that of Thompson sampling for 0/1 rewards.

    p_i = ∫ f_i(x)·Π_{j≠i} I_x(a_j, b_j) dx with the regularised incomplete beta function I, integrated over the
    log-odds of x, which removes the singularities. The absolute error is below 1e-11 for parameters up to 1e6, and
    grows in proportion to them beyond.

    Args:
        a: ``(..., A)``, in [0.1, 1e9], or −inf where an action is not available.
        b: Same shape, in [0.1, 1e9] where available.

    Returns:
        Probabilities, same shape as ``a``.

    Raises:
        ValueError, TypeError: Parameters out of range, another shape, a row without an available action.

    Example:
        >>> beta_propensities([1.0, 2.0], [1.0, 1.0]).round(4)
        array([0.3333, 0.6667])

    Source: Thompson (1933), *Biometrika* 25; Chapelle & Li (2011), *An Empirical Evaluation of Thompson Sampling*.
    """
    a, b = as_values(a), real_array(b, "b")
    if b.shape != a.shape:
        raise ValueError(f"b must have the shape of a, {a.shape}, got {b.shape}")
    available = ~np.isneginf(a)
    if not available.any(axis=-1).all():
        raise ValueError("a leaves no action available: all are -inf")
    for name, parameter in (("a", a), ("b", b)):
        wrong = available & ~((parameter >= 0.1) & (parameter <= 1e9))
        if wrong.any():
            raise ValueError(f"{name} must be in [0.1, 1e9], got {parameter[wrong][0]}")
    a, b = (np.where(available, parameter, 1.0).reshape(-1, a.shape[-1]) for parameter in (a, b))
    rows = available.reshape(a.shape)
    with np.errstate(all="ignore"):
        location = np.where(rows, np.log(a / b), -np.inf)
        variance = 1.0 / a + 1.0 / b
        # Below the mode the log-density falls as a parabola, then at the rate a, so that 34 = D²/(2·variance + D/a)
        # bounds the distance D at which e^-34 is reached; above the mode the rate is b.
        lower, upper = (17.0 / c + np.sqrt((17.0 / c) ** 2 + 68.0 * variance) for c in (a, b))
        scale = np.minimum(np.sqrt(variance), 1.0)
        return _integrate(_BETA, location, scale, lower, upper, (a, b, rows)).reshape(available.shape)


def _location_scale(kind: _Distribution, values: Any, scales: Any, name: str) -> Floats:
    """Propensities of indices values + scales·Z: the softmax where it is exact, else the integral."""
    values = as_values(values)
    check_best(values, values.max(axis=-1))
    scales = np.full(values.shape, as_temperature(scales, values.shape, name))
    scales[np.isneginf(values)] = 0.0
    largest = scales.max(axis=-1)
    is_softmax = ((scales == largest[..., np.newaxis]) | np.isneginf(values)).all(axis=-1)
    if (np.isinf(largest) & ~is_softmax).any():
        raise ValueError(
            f"{name} must be finite, or infinite for every action of a row, got inf together with finite ones"
        )
    if kind is not GUMBEL:
        is_softmax &= (largest == 0.0) | np.isinf(largest)
    if is_softmax.all():
        return softmax(values, largest)
    p = softmax(values, largest) if is_softmax.any() else np.empty(values.shape)
    rest = ~is_softmax
    values, scales, largest = values[rest], scales[rest], largest[rest][:, np.newaxis]
    with np.errstate(all="ignore"):
        # Dividing by 8 keeps differences from overflowing. Locations are relative to the pivot, the highest lower end,
        # so that narrow indices next to it keep all digits of their distances.
        eighth = values / 8.0
        pivot = (eighth - scales * (kind.lower / 8.0)).argmax(axis=-1)
        unit = np.where(largest < LEAST_TEMPERATURE, 2.0**100, 1.0)  # an eighth of a tiny scale would be subnormal
        location = (eighth - eighth[np.arange(len(pivot)), pivot][:, np.newaxis]) * unit / (largest * (unit / 8.0))
        scale = np.maximum(scales * unit / (largest * unit), 1e-16)
        p[rest] = _integrate(kind, location, scale, kind.lower * scale, kind.upper * scale)
    return p


def _integrate(
    kind: _Distribution, location: Floats, scale: Floats, lower: Floats, upper: Floats, parameters: tuple[Any, ...] = ()
) -> Floats:
    """Rows of ∫ f_i·Π_{j≠i} F_j, each normalised, for distributions between location − lower and location + upper.

    Below ``start`` ≥ max(location − lower) the product counts as zero. Narrow densities end shortly above it, so that
    panels may grow with the distance from it: x = start + w·log(1 + s/w·(exp(t) − 1)), in equal panels of t, with the
    narrowest panel s and the widest w; x = start + s·(exp(t) − 1) if w is infinite.
    """
    start = (location - lower).max(axis=-1, keepdims=True)
    offset = start - location
    for _ in range(NEWTON_STEPS):
        exponent, slope, distance_to_0 = kind.exponent(start, offset, scale, *parameters)
        higher = np.maximum((exponent - NIL) / slope, 0.0)
        start, offset = start + higher, offset + higher
    above_start = offset < upper
    smallest = np.where(above_start, scale, np.inf).min(axis=-1, keepdims=True)
    narrowest = kind.narrowest * (distance_to_0 if kind.equal else smallest)
    widest = kind.widest * np.where(above_start, scale, 0.0).max(axis=-1, keepdims=True)
    reach = np.where(above_start, upper - offset, 0.0).max(axis=-1, keepdims=True)
    length = reach / widest
    end = length + np.log(np.exp(-length) - np.expm1(-length) * (widest / narrowest))
    end = np.where(np.isinf(widest), np.log1p(reach / narrowest), end)
    panels = np.ceil(end[:, 0] / kind.panel).astype(np.int64)
    if kind.equal:
        end = (panels * kind.panel)[:, np.newaxis]
    p = np.empty(location.shape)
    # each row has its own number of panels, so that its result does not depend on the other rows
    for count in sorted(set(panels.tolist())):
        nodes, weights = _rule(kind.equal, kind.nodes, count)
        rows = np.flatnonzero(panels == count)
        at_once = max(1, _BLOCK // (len(nodes) * location.shape[-1]))
        for first in range(0, len(rows), at_once):
            block = rows[first : first + at_once]
            t, s, w = end[block] * nodes, narrowest[block], widest[block]
            growth = s / w * np.expm1(t)
            distance = np.where(np.isinf(w), s * np.expm1(t), w * np.log1p(growth))
            dx_dt = s * np.exp(t) / (1.0 + growth) * (end[block] / count)
            given = (g[block][..., np.newaxis] for g in (start, offset, scale, *parameters))
            ratios, product = kind.densities(distance[:, np.newaxis], dx_dt[:, np.newaxis], *given)
            p[block] = (ratios @ (product * dx_dt * weights)[..., np.newaxis])[..., 0]
    return p / p.sum(axis=-1, keepdims=True)


@cache
def _rule(equal: bool, count: int, panels: int) -> tuple[Floats, Floats]:
    """Nodes on [0, 1], ``count`` in each of the panels, and weights for panels of length 1."""
    if equal:
        nodes, weights = (np.arange(count) + 0.5) / count, np.full(count, 1.0 / count)
    else:
        ends_at_one, weights = np.polynomial.legendre.leggauss(count)
        nodes, weights = (ends_at_one + 1.0) / 2.0, weights / 2.0
    return ((np.arange(panels)[:, np.newaxis] + nodes) / panels).ravel(), np.tile(weights, panels)


# Each returns −ln Π F_j at the start, its rate of decrease and their quotient, for Newton's method from below: the
# exponents are convex, so that no step overshoots. The Gumbel's exponent is a sum of exponentials: Newton's method
# solves for its logarithm, which is closer to a line.


def _gumbel_exponent(start: Floats, offset: Floats, scale: Floats) -> tuple[Floats, Floats, Floats]:
    e = np.exp(-offset / scale)
    total = e.sum(axis=-1, keepdims=True)
    slope = (e / scale).sum(axis=-1, keepdims=True) / total
    return NIL + np.log(total / NIL), slope, 1.0 / slope


def _gaussian_exponent(start: Floats, offset: Floats, scale: Floats) -> tuple[Floats, Floats, Floats]:
    z = offset / scale
    below = special.log_ndtr(z)
    exponent = -below.sum(axis=-1, keepdims=True)
    slope = (np.exp(-0.5 * z * z - below) / (np.sqrt(2.0 * np.pi) * scale)).sum(axis=-1, keepdims=True)
    return exponent, slope, exponent / slope


def _beta_exponent(
    start: Floats, offset: Floats, scale: Floats, a: Floats, b: Floats, available: Any
) -> tuple[Floats, Floats, Floats]:
    below = np.where(available, special.betainc(a, b, 1.0 / (1.0 + np.exp(-start))), 1.0)
    slope = np.where(below > 1e-300, _beta_density(start, a, b) / below, a)  # a is the limit as F → 0
    exponent = -np.log(np.maximum(below, 1e-300)).sum(axis=-1, keepdims=True)
    slope = np.where(available, slope, 0.0).sum(axis=-1, keepdims=True)
    return exponent, slope, exponent / slope


def _beta_density(y: Floats, a: Floats, b: Floats) -> Floats:
    """The density of the log-odds of a Beta(a, b)."""
    density: Floats = np.exp(-a * np.logaddexp(0.0, -y) - b * np.logaddexp(0.0, y) - special.betaln(a, b))
    return density


# Each returns f_i/F_i (rows, A, nodes) and Π F_j (rows, nodes) at a distance above the start of the integral.


def _gumbel(distance: Floats, dx_dt: Floats, start: Floats, offset: Floats, scale: Floats) -> tuple[Floats, Floats]:
    e = np.exp(-(distance + offset) / scale)
    return e / scale, np.exp(-e.sum(axis=1))


def _gaussian(distance: Floats, dx_dt: Floats, start: Floats, offset: Floats, scale: Floats) -> tuple[Floats, Floats]:
    z = (distance + offset) / scale
    below = special.ndtr(z)
    return np.exp(-0.5 * z * z) / (below * scale), below.prod(axis=1)


def _beta(
    distance: Floats, dx_dt: Floats, start: Floats, offset: Floats, scale: Floats, a: Floats, b: Floats, available: Any
) -> tuple[Floats, Floats]:
    f = _beta_density(start + distance, a, b)
    # The incomplete beta function costs ten times as much as its density: integrate the density up to every node.
    pieces = (f * dx_dt).reshape(*f.shape[:2], -1, _BETA.nodes)
    up_to_node, whole = np.split(pieces @ _antiderivative(_BETA.nodes), [_BETA.nodes], axis=-1)
    up_to_node += np.cumsum(whole, axis=2) - whole
    below = special.betainc(a, b, 1.0 / (1.0 + np.exp(-start))) + up_to_node.reshape(f.shape)
    below = np.where(available, np.maximum(below, 1e-300), 1.0)
    return np.where(available, f / below, 0.0), below.prod(axis=1)


@cache
def _antiderivative(count: int) -> Floats:
    """The matrix of integration over a panel of length 1.

    It maps a function's values at the Gauss–Legendre nodes to its integrals up to each node and over the whole panel.
    """
    nodes, weights = np.polynomial.legendre.leggauss(count)
    degrees = np.arange(count)
    coefficients = (degrees + 0.5) * np.polynomial.legendre.legvander(nodes, count - 1) * weights[:, np.newaxis]
    integrals = np.polynomial.legendre.legint(np.eye(count), lbnd=-1.0)
    return coefficients @ np.polynomial.legendre.legval(np.append(nodes, 1.0), integrals) / 2.0


# The Gumbel's panels are octaves of the distance from the start: exp(−2x) is the square of exp(−x).
GUMBEL = _Distribution(
    _gumbel,
    lower=3.6,
    upper=33.0,
    panel=float(np.log(2.0)),
    nodes=5,
    exponent=_gumbel_exponent,
    narrowest=0.8,
)
GAUSSIAN = _Distribution(
    _gaussian,
    lower=8.0,
    upper=7.6,
    panel=0.63,
    nodes=10,
    exponent=_gaussian_exponent,
    narrowest=0.6,
)
_BETA = _Distribution(
    _beta, lower=np.nan, upper=np.nan, panel=0.5, nodes=20, exponent=_beta_exponent, equal=False, widest=6.0
)
