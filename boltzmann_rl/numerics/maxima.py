"""The maximum and related operators: argmax, the greedy and the uniform distribution, mellowmax, sparsemax."""

from collections.abc import Callable
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_number, as_temperature, as_values, check_best, unwrap
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.numerics.columns import counted, highest
from boltzmann_rl.numerics.softmax import exponents, softmax

# exp(−energy) is 0 in float64 from this energy on: at temperature (smallest gap)/_LARGEST_ENERGY only the maxima have
# weight.
_LARGEST_ENERGY = 800.0
# At temperature (largest gap)·exp(_UNIFORM) all weights are 1 to the last bit.
_UNIFORM = 37.0
_EPS = float(np.finfo(np.float64).eps)
# Where Newton's step is no larger than rounding, a value up to this counts as 0.
_LEVEL = 1e-12


def argmax(values: Any) -> Any:
    """The index of the first maximum: the class that a softmax classifier predicts, at any temperature.

    To break ties at random, draw from `greedy` instead.

    Args:
        values: ``(..., A)``: values, logits or probabilities, −inf where an action is not available.

    Returns:
        An int for one row, an int64 array ``(...,)`` otherwise.

    Raises:
        ValueError: A NaN or +inf, a row without an available action, or an empty action axis.

    Example:
        >>> argmax([[0.1, 0.7, 0.2], [3.0, 1.0, 3.0]])
        array([1, 0])
    """
    values = as_values(values)
    check_best(values, highest(values))
    best = values.argmax(axis=-1)
    return int(best) if values.ndim == 1 else best


def greedy(values: Any) -> Floats:
    """The greedy distribution, uniform over the exactly equal maxima: the softmax at temperature 0.

    Args:
        values: Action values ``(..., A)``.

    Returns:
        Probabilities ``(..., A)``.

    Raises:
        ValueError: As `softmax`.

    Example:
        >>> greedy([1.0, 3.0, 3.0])
        array([0. , 0.5, 0.5])
    """
    values = as_values(values)
    best = highest(values)
    check_best(values, best)
    winners = values == best
    return np.where(winners, 1.0 / counted(winners), 0.0)


def uniform(values: Any) -> Floats:
    """The uniform distribution over the available actions: the softmax at temperature ∞.

    Args:
        values: Action values ``(..., A)``; all that matters is which of them are −inf.

    Returns:
        Probabilities ``(..., A)``.

    Raises:
        ValueError: As `softmax`.

    Example:
        >>> uniform([1.0, float("-inf"), 3.0])
        array([0.5, 0. , 0.5])
    """
    values = as_values(values)
    check_best(values, highest(values))
    available = values > -np.inf
    return np.where(available, 1.0 / counted(available), 0.0)


@suggesting
def mellowmax(values: Any, omega: Any) -> Any:
    """The mellowmax mm_ω(values) = ln((1/n) Σ_i exp(ω values_i)) / ω over the n available actions.

    A softened maximum that, unlike the Boltzmann-weighted mean, is a non-expansion. Limits: the mean as ω → 0,
    the maximum as ω → ∞, the minimum as ω → −∞.

    Args:
        values: Action values ``(..., A)``.
        omega: ω in inverse units of the values, −∞ to ∞.

    Returns:
        ``(...,)``, a float for one row.

    Raises:
        ValueError: A NaN or +inf among the values, a row without an available action, or a NaN ω.

    Example:
        >>> mellowmax([0.0, 1.0], omega=1e6)
        0.9999993068528195
        >>> mellowmax([0.0, 1.0], omega=0.0)
        0.5

    Source: Asadi & Littman (2017), *An Alternative Softmax Operator for Reinforcement Learning*, §3.
    """
    values, omega = as_values(values), as_number(omega, "omega")
    if omega >= 0.0:
        return soft_mellowmax(values, omega, alpha=0.0)
    check_best(values, highest(values))
    return 0.0 - soft_mellowmax(np.where(np.isneginf(values), values, -values), -omega, alpha=0.0)  # no −0


@suggesting
def soft_mellowmax(values: Any, omega: Any, alpha: Any) -> Any:
    """The soft mellowmax, a weighted mellowmax: ln(Σ_i p_i exp(ω values_i)) / ω with p = softmax(α values).

    It averages the Boltzmann-weighted mean over the inverse temperatures from α to α + ω. Limits: α = 0 is
    `mellowmax`, ω = 0 the Boltzmann-weighted mean Σ_i p_i values_i, ω = ∞ or α = ∞ the maximum.

    Args:
        values: Action values ``(..., A)``.
        omega: ω in inverse units of the values, 0 to ∞: a number, or one per row.
        alpha: α in inverse units of the values, 0 to ∞: a number, or one per row.

    Returns:
        ``(...,)``, a float for one row.

    Raises:
        ValueError: A NaN or +inf among the values, a row without an available action, a negative or NaN ω or α.

    Example:
        >>> soft_mellowmax([0.0, 1.0], omega=1.0, alpha=0.0) == mellowmax([0.0, 1.0], omega=1.0)
        True
        >>> round(soft_mellowmax([0.0, 1.0], omega=1.0, alpha=2.0), 4)
        0.9217

    Source: Gan, Zhang & Tan (2021), *Stabilizing Q-Learning via Soft Mellowmax Operator*, AAAI.
    """
    values = as_values(values)
    omega, alpha = per_row(omega, "omega", values.shape), per_row(alpha, "alpha", values.shape)
    check_best(values, highest(values))
    with np.errstate(all="ignore"):
        values, unit = halved_where_huge(values)
        omega, alpha, best = omega * unit, alpha * unit, highest(values)
        gap = np.where(np.isneginf(values), 0.0, values - best)
        weights = softmax(values, np.divide(1.0, alpha))
        # All exponents are ≤ 0. expm1 and log1p keep the mean exact as ω → 0, until ω · gap underflows.
        mean = (weights * gap).sum(axis=-1, keepdims=True)
        exponent = np.where(gap == 0.0, 0.0, omega * gap)
        below = np.where(weights == 0.0, 0.0, weights * np.expm1(exponent)).sum(axis=-1, keepdims=True)
        flat = omega * -gap.min(axis=-1, keepdims=True) < 1e-300
        return unwrap((unit * (best + np.where(flat, mean, np.log1p(below) / omega)) + 0.0)[..., 0])  # no −0


@suggesting
def mellowmax_temperature(values: Any, omega: Any, alpha: Any = 0.0) -> Any:
    """The temperature at which the expected value of the Boltzmann policy is the (soft) mellowmax.

    1/β with β the root of Σ_i exp(β (values_i − mm)) (values_i − mm) = 0: of all policies whose expected value is
    mm, softmax(β values) has the greatest entropy. β lies between α and α + ω. Limits: 1/α at ω = 0, and ∞ where all
    values are equal.

    Args:
        values: Action values ``(..., A)``.
        omega: ω in inverse units of the values, 0 to ∞: a number, or one per row.
        alpha: α of the soft mellowmax, in the same units and shapes.

    Returns:
        ``(...,)``, a float for one row.

    Raises:
        ValueError: As `soft_mellowmax`.

    Example:
        >>> round(1.0 / mellowmax_temperature([0.0, 0.1], omega=50.0), 2)
        18.38

    Source: Asadi & Littman (2017), *An Alternative Softmax Operator for Reinforcement Learning*, the
    maximum-entropy mellowmax policy.
    """
    values = as_values(values)
    omega, alpha = per_row(omega, "omega", values.shape), per_row(alpha, "alpha", values.shape)
    with np.errstate(all="ignore"):
        values, unit = halved_where_huge(values)
        log_gaps = log_gaps_below_the_best(values)
        below, omega, alpha = values - highest(values), omega * unit, alpha * unit
        mean_gap = -np.asarray(soft_mellowmax(below, omega, alpha))[..., np.newaxis]

        def log_mean_gap(log_temperature: Floats, energy: Floats, weight: Floats) -> tuple[Floats, Floats]:
            first, second = moments(energy, weight)
            return log_temperature + np.log(first), second / first - first

        cold, hot = mean_gap == 0.0, np.asarray(omega + alpha) == 0.0
        found = boltzmann_temperature(log_gaps, log_mean_gap, np.log(mean_gap), cold=cold, hot=hot)
        return unwrap((unit * found)[..., 0])


@suggesting
def sparsemax(values: Any, temperature: Any = 1.0) -> Floats:
    """The sparsemax: the point of the probability simplex nearest to values / temperature.

    p_i = max(z_i − θ, 0) with z = values / temperature and θ such that Σp = 1. Actions far below the best have
    probability exactly 0. Limits: temperature 0 is greedy, temperature ∞ uniform.

    Args:
        values: Action values ``(..., A)``.
        temperature: In units of the values, 0 to ∞: a number, or one per row.

    Returns:
        Probabilities ``(..., A)``.

    Raises:
        ValueError: As `softmax`, or a temperature per action.

    Example:
        >>> sparsemax([1.0, 0.5, -2.0])
        array([0.75, 0.25, 0.  ])

    Source: Martins & Astudillo (2016), *From Softmax to Sparsemax*, algorithm 1.
    """
    values = as_values(values)
    temperature = per_row(temperature, "temperature", values.shape)
    with np.errstate(all="ignore"):
        z = exponents(values, temperature)
        descending = -np.sort(-z, axis=-1)
        rank = np.arange(1, z.shape[-1] + 1)
        excess = np.where(np.isneginf(descending), 0.0, descending).cumsum(axis=-1) - 1.0
        support = (descending * rank > excess).sum(axis=-1, keepdims=True)
        threshold = np.take_along_axis(excess, support - 1, axis=-1) / support
        p = np.maximum(z - threshold, 0.0)
        return p / p.sum(axis=-1, keepdims=True)


def per_row(parameter: Any, name: str, shape: tuple[int, ...]) -> float | Floats:
    """A parameter in [0, ∞] for values of ``shape``: a float, or an array ``(..., 1)`` with one number per row."""
    found = as_temperature(parameter, shape, name)
    if isinstance(found, np.ndarray) and found.shape[-1] > 1:
        raise ValueError(f"{name} must be one number, or one per row of values {shape}, got shape {found.shape}")
    return found


def halved_where_huge(values: Floats) -> tuple[Floats, Floats]:
    """Values divided by 2 in rows where the difference of two of them overflows, and the divisor, ``(..., 1)``."""
    overflown = np.isinf(values - highest(values)) & ~np.isneginf(values)
    unit = np.where(overflown.any(axis=-1, keepdims=True), 2.0, 1.0)
    return values / unit, unit


def log_gaps_below_the_best(values: Floats) -> Floats:
    """ln(max values − values): −inf for the maxima, +inf for unavailable actions; no gap over- or underflows."""
    best = highest(values)
    check_best(values, best)
    with np.errstate(all="ignore"):
        gaps = best - values
        overflown = np.isinf(gaps) & ~np.isneginf(values)
        return np.where(overflown, np.log(best / 2.0 - values / 2.0) + np.log(2.0), np.log(gaps))


def moments(energy: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """The weighted means of the energy and of its square, ``(..., 1)``."""
    total = weight.sum(axis=-1, keepdims=True)
    first = weight * energy
    return first.sum(axis=-1, keepdims=True) / total, (first * energy).sum(axis=-1, keepdims=True) / total


def boltzmann_temperature(
    log_gaps: Floats,
    quantity: Callable[..., tuple[Floats, Floats]],
    goal: Floats,
    *,
    cold: Any = False,
    hot: Any = False,
) -> Floats:
    """The temperature ``(..., 1)`` at which a ``quantity`` of the Boltzmann distribution equals ``goal``.

    Newton's method works on the logarithm of the temperature, so that gaps may have any scale. Rows whose values are
    all equal are uniform at every temperature; their result is ∞. Call it where floating-point errors are ignored.

    Args:
        log_gaps: From `log_gaps_below_the_best`.
        quantity: ``(log_temperature, energy, weight) -> (value, slope)``, which increases with the temperature; energy
            = gap / temperature, weight = exp(−energy), and the slope is the derivative in the log-temperature.
        goal: ``(..., 1)``, between the quantity's limits at temperature 0 and ∞.
        cold: Rows whose goal is the limit at temperature 0.
        hot: Rows whose goal is the limit at temperature ∞.
    """
    unequal = np.isfinite(log_gaps)
    tied = ~unequal.any(axis=-1, keepdims=True)
    least = np.where(unequal, log_gaps, np.inf).min(axis=-1, keepdims=True)
    largest = np.where(unequal, log_gaps, -np.inf).max(axis=-1, keepdims=True)

    def excess(log_temperature: Floats) -> tuple[Floats, Floats]:
        energy = np.minimum(np.exp(log_gaps - log_temperature), _LARGEST_ENERGY)
        value, slope = quantity(log_temperature, energy, np.exp(-energy))
        return value - goal, slope

    known = tied | cold | hot
    low = np.where(known, 0.0, least - np.log(_LARGEST_ENERGY))
    high = np.where(known, 0.0, largest + _UNIFORM)
    found = np.exp(rising_root(excess, low, high, start=largest))
    return np.where(tied | hot, np.inf, np.where(cold, 0.0, found))


def rising_root(
    function: Callable[[Floats], tuple[Floats, Floats]], low: Floats, high: Floats, start: Floats
) -> Floats:
    """The root in [low, high] of an increasing ``function(x) -> (value, slope)``, elementwise, to rounding.

    Values must be of order 1. Newton's method inside a bracket that every evaluation narrows; a step that does not
    halve the value is replaced by a bisection, so that convergence does not depend on the slope. Elements that have
    converged stay as they are, so that no result depends on the rest of the array. The result lies within rounding
    above the root, never below it.
    """
    x, done, last = np.clip(start, low, high), np.zeros(np.shape(start), dtype=bool), np.full(np.shape(start), np.inf)
    while True:
        value, slope = function(x)
        low, high = np.where(value <= 0.0, x, low), np.where(value >= 0.0, x, high)
        rounding = 4.0 * _EPS * np.maximum(np.abs(x), 1.0)
        step = value / slope
        level = np.where(np.abs(step) <= rounding, _LEVEL, 4.0 * _EPS)
        done = done | (high - low <= 2.0 * rounding) | ~(np.abs(value) > level)  # so written, NaN counts as done
        if done.all():
            return np.minimum(x + 2.0 * rounding, high)
        safe = (x - step > low) & (x - step < high) & (np.abs(value) <= 0.5 * last)
        x, last = np.where(done, x, np.where(safe, x - step, low + (high - low) / 2.0)), np.abs(value)
