"""The softmax, its mixtures with the uniform and the greedy policy, and draws, over an arithmetic that is handed in.

``xp`` is a module such as `boltzmann_rl.backends.jax_arithmetic`. Compiled code cannot raise: an invalid row (a NaN or
+inf among its values, no action available, a temperature or weight out of range) has the probabilities NaN and the
action −1. Every operand is masked before it is divided or exponentiated, not only the result, so that gradients are
finite at every temperature.
"""

from math import inf, log, nan
from typing import Any, NamedTuple

# How far the weights of a mixture may be from adding up to 1: a policy of one's own may compute them in float32.
WEIGHTS_SLACK = 1e-6


class Rows(NamedTuple):
    """Rows of values made safe to compute with.

    Attributes:
        values: ``(..., A)``, −inf where an action is not available.
        gaps: values − best, exactly 0 for one best action and for unavailable ones; half of it where it would overflow.
        unit: ½ where the gap is halved, else 1.
        available: Whether the action is.
        top: Whether it is a best one.
        first: Whether it is the first of the best.
        best: The best value, ``(..., 1)``.
        valid: Whether the row has a finite best value, ``(..., 1)``.
        dtype: Of the answer.
    """

    values: Any
    gaps: Any
    unit: Any
    available: Any
    top: Any
    first: Any
    best: Any
    valid: Any
    dtype: Any


def rows_of(xp: Any, values: Any, available: Any = None, *, smooth: bool = True) -> Rows:
    """Values and mask as `Rows`.

    The best value is read at one place, the first of the maxima: so its own gap has no gradient at all, and small
    gradients are not the differences of large ones. A decision, which has no gradient, need not be ``smooth``: then
    all maxima count as first.
    """
    values, dtype = xp.working(values)
    if values.ndim == 0 or values.shape[-1] == 0:
        raise ValueError(f"values need actions on their last axis, got shape {tuple(values.shape)}")
    if available is not None:
        mask = xp.truth(available, values)
        if mask.shape != values.shape:
            raise ValueError(
                f"available must have the shape of values, {tuple(values.shape)}, got {tuple(mask.shape)}: broadcast it"
            )
        values = xp.where(mask, values, -inf)
    best = xp.highest(values)
    valid, top = xp.isfinite(best), values == best
    first = top
    if smooth:
        place = xp.places(values)
        first = place == xp.lowest(xp.where(top, place, values.shape[-1]))
        best = xp.total(xp.where(first, values, 0.0))
    available = values > -inf
    large = xp.limits(values)[2] / 4.0
    unit = xp.where((xp.abs(values) > large) | (xp.abs(best) > large), 0.5, 1.0)
    unit = xp.like(unit, values)
    gaps = xp.where(available & ~first & valid, values * unit - best * unit, 0.0)
    return Rows(values, gaps, unit, available, top, first, best, valid, dtype)


def weights(xp: Any, rows: Rows, temperature: Any) -> Any:
    """exp((values − best) / temperature), 0 where it would be 0 in rounding: the limits 0 and ∞ need nothing else."""
    tiny, eps, _ = xp.limits(rows.values)
    divisor, scale, hot = _divisor(xp, rows, temperature)
    out = ~rows.available | (rows.gaps < -(1.0 - log(tiny) - log(eps)) * scale)
    return xp.where(out, 0.0, xp.exp(xp.quotient(xp.where(out | hot, 0.0, rows.gaps), divisor)))


def log_weights(xp: Any, rows: Rows, temperature: Any) -> tuple[Any, Any]:
    """(values − best) / temperature, −inf where the weight is 0, and the logarithm of the sum of all weights.

    The first of the best actions has weight 1, so that the sum is ``log1p`` of the others.
    """
    divisor, scale, hot = _divisor(xp, rows, temperature)
    out = ~rows.available | (rows.gaps < -0.5 * xp.limits(rows.values)[2] * scale)
    z = xp.quotient(xp.where(out | hot, 0.0, rows.gaps), divisor)
    others = xp.total(xp.where(out | rows.first, 0.0, xp.exp(z)))
    return xp.where(out, -inf, z), xp.log1p(others)


def _divisor(xp: Any, rows: Rows, temperature: Any) -> tuple[Any, Any, Any]:
    """What gaps are divided by, with 1 for temperatures of 0 and ∞; the temperature in the gaps' unit; where it is ∞.

    Temperatures below the least normal number count as 0: compilers flush them.
    """
    scale = xp.where(temperature >= xp.limits(rows.values)[0], temperature, 0.0) * rows.unit
    plain = (scale > 0.0) & (scale < inf)
    return xp.where(plain, scale, 1.0), scale, temperature == inf


def greedy(xp: Any, rows: Rows) -> Any:
    """The same probability for all best actions."""
    top = xp.like(rows.top, rows.values)
    return top / xp.total(top)


def uniform(xp: Any, rows: Rows) -> Any:
    """The same probability for all available actions."""
    available = xp.like(rows.available, rows.values)
    return available / xp.maximum(xp.total(available), 1.0)


class Parts(NamedTuple):
    """A `boltzmann_rl.Mixture` at a step: weights and temperature as floats, or arrays that align with the rows."""

    uniform: Any
    soft: Any
    greedy: Any
    temperature: Any


def is_soft(parts: Parts) -> bool:
    """Whether the mixture is known to be the softmax alone."""
    return all(type(x) is float for x in parts[:3]) and parts[:3] == (0.0, 1.0, 0.0)


def valid(xp: Any, rows: Rows, parts: Parts) -> Any:
    """Rows with valid values, weights and temperature, ``(..., 1)``."""
    found = rows.valid
    unknown = [weight for weight in parts[:3] if type(weight) is not float]
    for weight in unknown:
        found = found & (weight >= 0.0) & (weight <= 1.0)
    if unknown:
        found = found & (xp.abs(parts.uniform + parts.soft + parts.greedy - 1.0) <= WEIGHTS_SLACK)
    return found & (parts.temperature >= 0.0) if _has(parts.soft) else found


def mixed(xp: Any, rows: Rows, parts: Parts) -> Any:
    """Weights ``(..., A)`` in proportion to the probabilities of a mixture, NaN in invalid rows.

    They are the probabilities unless the mixture is the softmax alone.
    """
    p = weights(xp, rows, parts.temperature) if _has(parts.soft) else 0.0
    if not is_soft(parts):
        p = _others(xp, rows, parts) + (parts.soft * p / xp.total(p) if _has(parts.soft) else 0.0)
    return xp.where(valid(xp, rows, parts), p, nan)


def _others(xp: Any, rows: Rows, parts: Parts) -> Any:
    """What the uniform and the greedy part of a mixture give to each action."""
    p = xp.zeros_like(rows.gaps)
    for weight, part in ((parts.uniform, uniform), (parts.greedy, greedy)):
        if _has(weight):
            p = p + weight * part(xp, rows)
    return p


def _has(weight: Any) -> bool:
    """Whether a weight may differ from 0."""
    return type(weight) is not float or weight != 0.0


def log_mixed(xp: Any, rows: Rows, parts: Parts) -> Any:
    """The logarithms of the probabilities of a mixture, NaN in invalid rows.

    Where only the softmax reaches an action, its logarithm does not underflow with the probability.
    """
    if not _has(parts.soft):
        return logarithm(xp, mixed(xp, rows, parts))
    z, normaliser = log_weights(xp, rows, parts.temperature)
    z = z - normaliser
    if not is_soft(parts):
        soft, others = xp.like(parts.soft, rows.values), _others(xp, rows, parts)
        reached = (soft > 0.0) & (z > -inf)
        log_soft = xp.log(xp.where(soft > 0.0, soft, 1.0)) + xp.where(reached, z, 0.0)
        p = others + xp.where(reached, xp.exp(log_soft), 0.0)
        z = xp.where(reached & (others == 0.0), log_soft, logarithm(xp, p))
    return xp.where(valid(xp, rows, parts), z, nan)


def logarithm(xp: Any, p: Any) -> Any:
    """Log-probabilities, without a gradient where the probability is so small that 1/p overflows, or 0."""
    normal = p >= xp.limits(p)[0]
    return xp.where(normal, xp.log(xp.where(normal, p, 1.0)), xp.log(xp.constant(p)))


def entropy(xp: Any, log_p: Any) -> Any:
    """−Σ p log p in nats, ``(...,)``."""
    held = xp.where(log_p == -inf, 0.0, log_p)
    return xp.total(xp.where(log_p == -inf, 0.0, -held * xp.exp(held)))[..., 0]


def logsumexp(xp: Any, rows: Rows, temperature: Any) -> Any:
    """The logarithm of Σ exp(values / temperature), ``(..., 1)``: see `boltzmann_rl.logsumexp`."""
    _, normaliser = log_weights(xp, rows, temperature)
    sound = (temperature > 0.0) & (temperature < inf) & rows.valid
    top = xp.quotient(xp.where(sound, rows.best, 0.0), xp.where(sound, temperature, 1.0))
    top = xp.where((temperature == 0.0) & (rows.best != 0.0), xp.where(rows.best > 0.0, inf, -inf), top)
    return xp.where(rows.valid & (temperature >= 0.0), top + normaliser, nan)


def chosen(xp: Any, table: Any, actions: Any) -> Any:
    """The entry of each row's action, ``(...,)``; NaN outside 0 to A − 1.

    Raises:
        ValueError: Another number of actions than of rows.
    """
    if actions.shape != table.shape[:-1]:
        raise ValueError(
            f"actions must be one for each row of values {tuple(table.shape)}, got shape {tuple(actions.shape)}: "
            f"reshape them to {tuple(table.shape[:-1])}"
        )
    place, actions = xp.places(table), actions[..., None]
    found = xp.total(xp.where(place == actions, table, 0.0))
    return xp.where((actions >= 0) & (actions < table.shape[-1]), found, nan)[..., 0]


def inverse_cdf(xp: Any, weight: Any, uniforms: Any) -> Any:
    """min{i : w_1 + … + w_i > u · Σw}, ``(...,)``, only among actions of positive weight.

    −1 in rows of NaN, and where u is not in [0, 1).

    Parallel running sums need not rise: an action without weight is never taken, and where rounding leaves none above
    u · Σw the last possible one is.
    """
    cdf, place, actions = xp.running_total(weight), xp.places(weight), weight.shape[-1]
    uniforms = uniforms[..., None]
    possible = (weight > 0.0) & (uniforms >= 0.0) & (uniforms < 1.0)
    found = xp.lowest(xp.where(possible & (cdf > uniforms * cdf[..., -1:]), place, actions))
    last = xp.highest(xp.where(possible, place, -1))
    return xp.where(found < actions, found, last)[..., 0]


def highest_index(xp: Any, scores: Any) -> Any:
    """The first place of the highest score, ``(...,)``; −1 in rows of NaN."""
    place, actions = xp.places(scores), scores.shape[-1]
    found = xp.lowest(xp.where(scores == xp.highest(scores), place, actions))
    return xp.where(found < actions, found, -1)[..., 0]


def gumbels(xp: Any, coarse: Any, fine: Any) -> Any:
    """Standard Gumbel noise −log(E) with E = −log(1 − u) and u = ``coarse`` + eps·``fine``, two uniforms.

    A small E is what lets an unlikely action win. The first is rounded down to a multiple of eps, since libraries
    differ in how fine theirs are; the second fills the gap below the next one. NaN where they are not in [0, 1).
    """
    tiny, eps, _ = xp.limits(coarse)
    u = xp.minimum(xp.floor(coarse / eps) * eps + eps * fine, 1.0 - eps / 2.0)
    u = xp.where((coarse >= 0.0) & (coarse < 1.0) & (fine >= 0.0) & (fine < 1.0), u, nan)
    return -xp.log(xp.maximum(-xp.log1p(-u), tiny))
