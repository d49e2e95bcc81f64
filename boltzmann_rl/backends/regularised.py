"""Other stochastic policies than mixtures: mellowmax, sparsemax, Tsallis entropy, inverse-gap weighting, Gumbel noise.

Roots are found as in `boltzmann_rl.backends.units`: rounds without a gradient, then one differentiable step.
"""

from collections.abc import Callable
from math import inf, log, nan
from typing import Any

from boltzmann_rl.backends.family import Rows, greedy, gumbels, highest_index, log_weights, rows_of
from boltzmann_rl.backends.units import boltzmann, crossing, root, spread_of
from boltzmann_rl.policies.regularised import InverseGapWeighting, Mellowmax, Sparsemax, Tsallis


def mellowmax(xp: Any, values: Any, omega: Any) -> Any:
    """The mellowmax ``(...,)`` for ω of either sign, aligned with the actions: see `boltzmann_rl.mellowmax`."""
    sign = xp.like(xp.where(omega < 0.0, -1.0, 1.0), values)
    rows = rows_of(xp, xp.where(values == -inf, -inf, sign * values))
    unit = spread_of(xp, rows).unit
    below = soft_mellowmax(xp, rows, xp.abs(omega) / unit, 0.0)
    found = sign * ((rows.best * unit + below) / unit)
    return xp.where(rows.valid & (omega == omega), found, nan)[..., 0]


def soft_mellowmax(xp: Any, rows: Rows, omega: Any, alpha: Any) -> Any:
    """The soft mellowmax less the best value, ``(..., 1)``, in the unit of `spread_of` and of ω, α ≥ 0."""
    omega, alpha = xp.like(omega, rows.values), xp.like(alpha, rows.values)
    spread = spread_of(xp, rows)
    gaps = spread.gaps * spread.extent
    sharp = xp.where((alpha < inf), alpha, 0.0)
    p = _softmax(xp, rows, sharp * gaps)
    p = xp.where(alpha == inf, greedy(xp, rows), p)
    mean = -xp.total(p * gaps)
    rate = xp.where(omega < inf, omega, 0.0)
    steep = rate * spread.extent > xp.limits(rows.values)[0] ** 0.5
    energy = xp.where(rows.available, rate * gaps, 0.0)
    near = xp.total(p * xp.expm1(-energy))
    far = xp.total(xp.where(rows.available, p * xp.exp(-energy), 0.0))
    logarithm = xp.where(near > -0.5, xp.log1p(xp.maximum(near, -0.5)), xp.log(xp.where(near > -0.5, 1.0, far)))
    found = xp.where(steep, logarithm / xp.where(steep, rate, 1.0), mean)
    return xp.where(omega == inf, 0.0, found)


def _softmax(xp: Any, rows: Rows, energy: Any) -> Any:
    weight = xp.where(rows.available, xp.exp(-energy), 0.0)
    return weight / xp.maximum(xp.total(weight), 1.0)


def _mellowmax_temperature(xp: Any, rows: Rows, omega: Any, alpha: Any) -> Any:
    spread = spread_of(xp, rows)
    omega, alpha = omega / spread.unit, alpha / spread.unit
    below = -soft_mellowmax(xp, rows, omega, alpha) / spread.extent
    cold, hot = below == 0.0, (omega + alpha) == 0.0
    sound = (omega >= 0.0) & (alpha >= 0.0)

    def log_mean_gap(b: Any, gaps: Any) -> tuple[Any, Any]:
        energy, weight, total = boltzmann(xp, rows, b, gaps)
        first, second = xp.total(weight * energy) / total, xp.total(weight * energy**2) / total
        first = xp.maximum(first, xp.limits(gaps)[0])
        return xp.log(first / b), first - second / first

    known = cold | hot | spread.tied | ~sound
    found = root(xp, log_mean_gap, spread.gaps, xp.log(xp.where(below > 0.0, below, 1.0)), known)
    answer = xp.where(known, 1.0, spread.extent / found / spread.unit)
    answer = xp.where(spread.tied | hot, inf, xp.where(cold, 0.0, answer))
    return xp.where(sound, answer, nan)


def _sparsemax(xp: Any, rows: Rows, temperature: Any) -> Any:
    z, _ = log_weights(xp, rows, temperature)
    z = xp.where(z > -2.0, z, -2.0)  # one temperature below the best is outside the support already
    ordered = -xp.ascending(-xp.constant(z))
    rank = xp.like(xp.places(z), z) + 1.0
    count = xp.total(xp.like(ordered * rank > xp.running_total(ordered) - 1.0, z))
    least = xp.lowest(xp.where(rank <= count, ordered, 0.0))
    inside = xp.constant(z) >= least
    threshold = (xp.total(xp.where(inside, z, 0.0)) - 1.0) / xp.total(xp.like(inside, z))
    p = xp.where(inside & rows.available, xp.maximum(z - threshold, 0.0), 0.0)
    return _checked(xp, rows, p / xp.total(p), temperature >= 0.0)


def _tsallis(xp: Any, rows: Rows, temperature: Any, index: Any) -> Any:
    z, _ = log_weights(xp, rows, temperature)
    held = z > -inf
    z, power = xp.where(held, z, 0.0), index - 1.0
    flat = power == 0.0
    exponent = xp.where(flat, 1.0, power)

    def ratios(x: Any, z: Any) -> tuple[Any, Any]:
        """Each probability in units of the best one, exp(x), and its derivative in x in units of exp(x)."""
        scaled = z * xp.exp(xp.minimum(-power * x, log(xp.limits(z)[2]) - 1.0))
        base = power * scaled
        inside = held & (base > -1.0)
        base = xp.where(inside, base, 0.0)
        logarithm = xp.where(flat, scaled, xp.log1p(base) / exponent)
        logarithm = xp.where(inside, logarithm, 0.0)
        return xp.where(inside, xp.exp(logarithm), 0.0), xp.where(inside, xp.exp((1.0 - power) * logarithm), 0.0)

    fixed = xp.constant(z)

    def below(x: Any) -> Any:
        return x + xp.log(xp.total(ratios(x, fixed)[0])) < 0.0

    top, available = (xp.total(xp.like(x, z)) for x in (rows.top, rows.available))
    zero = 0.0 * power + xp.zeros_like(top)
    ends = xp.constant(zero - xp.log(xp.maximum(available, 1.0))), xp.constant(zero - xp.log(xp.maximum(top, 1.0)))
    x = xp.constant(crossing(xp, below, ends, rounds=9 if xp.limits(z)[1] > 1e-10 else 18))
    ratio, rise = ratios(x, z)
    p, slope = xp.exp(x) * ratio, xp.constant(rise)
    p = p + slope * ((1.0 - xp.total(p)) / xp.total(slope))
    p = xp.maximum(p, 0.0)
    sound = (temperature >= 0.0) & (index > 0.0) & (index < inf)
    return _checked(xp, rows, p / xp.total(p), sound)


def _inverse_gap_weighting(xp: Any, rows: Rows, gamma: Any) -> Any:
    count, ties = (xp.maximum(xp.total(xp.like(x, rows.values)), 1.0) for x in (rows.available, rows.top))
    rate = xp.where(gamma < inf, gamma, 0.0)
    gaps = xp.minimum(-rows.gaps / rows.unit, xp.limits(rows.values)[2])  # finite, so that γ = 0 is uniform
    weighted = xp.where(gamma < inf, 1.0 / (count + rate * gaps), 0.0)
    others = xp.where(rows.available & ~rows.top, weighted, 0.0)
    rest = 1.0 - xp.total(others)
    return _checked(xp, rows, xp.where(rows.top, rest / ties, others), gamma >= 0.0)


def _checked(xp: Any, rows: Rows, p: Any, sound: Any) -> Any:
    return xp.where(rows.valid & sound, p, nan)


def gumbel_action(xp: Any, scale: Any, rows: Rows, pulls: Any, uniforms: tuple[Any, Any]) -> Any:
    """The action with the largest value + scale/√pulls·Gumbel, from two uniforms per action."""
    pulls = xp.like(pulls, rows.values)
    if pulls.shape != rows.values.shape:
        raise ValueError(
            f"step has shape {tuple(pulls.shape)}, but Boltzmann–Gumbel exploration counts the pulls of each action of "
            f"values {tuple(rows.values.shape)}: give one step per action"
        )
    untried = (pulls == 0.0) & rows.available
    starting = xp.highest(xp.like(untried, rows.values)) > 0.0
    noise = gumbels(xp, *uniforms)
    noisy = rows.gaps / rows.unit + scale / xp.sqrt(xp.maximum(pulls, 1.0)) * noise
    score = xp.where(starting, xp.where(untried, noise, -inf), noisy)
    score = xp.where(rows.available, score, -inf)
    sound = (xp.lowest(xp.where(pulls >= 0.0, 1.0, 0.0)) > 0.0) & (scale > 0.0) & (scale < inf)
    return highest_index(xp, xp.where(rows.valid & sound, score, nan))


# Policies that are the softmax at a temperature of their own, ``(xp, rows, **fields) -> temperature``, and others,
# ``(xp, rows, **fields) -> probabilities``.
TEMPERATURES: dict[type, Callable[..., Any]] = {Mellowmax: _mellowmax_temperature}
DISTRIBUTIONS: dict[type, Callable[..., Any]] = {
    Sparsemax: _sparsemax,
    Tsallis: _tsallis,
    InverseGapWeighting: _inverse_gap_weighting,
}
