"""The softmax, its logarithm, its normaliser and its Jacobian, exact at every temperature."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_temperature, as_values, check_best, unwrap
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.numerics.columns import highest

# Above this temperature the difference of two values can overflow although exp(difference / temperature) is not 0. (The
# quotient itself can be finite although the difference overflows from temperature 1 on.)
LARGEST_TEMPERATURE = 1e305

# Below this temperature its inverse can overflow.
LEAST_TEMPERATURE = 1e-290


@suggesting
def softmax(values: Any, temperature: Any = 1.0) -> Floats:
    """The Boltzmann distribution over actions: p_i ∝ exp(values_i / temperature).

    Computed as exp(z_i) / Σ_j exp(z_j) with z = (values − max values) / temperature, in this order. The relative
    error is about 1.5·eps·(4 + |z_i|), whatever the offset and scale of the values. The limits are part of the
    definition:

    - temperature 0: uniform over the exactly equal maxima;
    - temperature ∞: uniform over the available actions;
    - a value of −inf: an action that is not available, of probability exactly 0.

    Args:
        values: Action values ``(..., A)``; integers and lower precisions are converted to float64 first.
        temperature: In units of the values, 0 to ∞: a number, one per row (broadcast over the leading axes),
            or one per action (as many axes as ``values``; then p_i ∝ exp(values_i / temperature_i)).

    Returns:
        Probabilities, same shape as ``values``.

    Raises:
        ValueError: A NaN or +inf among the values (its index is named), a row without an available action, an
            empty action axis, a temperature that is negative, NaN or of another shape.
        TypeError: Values that are boolean, complex, text or a masked array; a temperature that is not a number.

    Example:
        >>> softmax([1.0, 2.0, 3.0]).round(4)
        array([0.09  , 0.2447, 0.6652])
        >>> softmax([3.0, 1.0, 3.0], temperature=0)
        array([0.5, 0. , 0.5])

    Source: Luce (1959), *Individual Choice Behavior*; Sutton & Barto (2018), eq. 2.11.
    """
    values = as_values(values)
    temperature = as_temperature(temperature, values.shape)
    with np.errstate(all="ignore"):
        weights = exponents(values, temperature)
        np.exp(weights, out=weights)
        weights /= weights.sum(axis=-1, keepdims=True)
    return weights


@suggesting
def log_softmax(values: Any, temperature: Any = 1.0) -> Floats:
    """The logarithm of the softmax, accurate even where a probability is near 1 or underflows to 0.

    log p_i = z_i − log Σ_j exp(z_j). The best action's own term is 1, so the normaliser is ``log1p`` of the other
    weights, and its log-probability keeps its digits: −4e-44, not 0.

    Args:
        values: Action values ``(..., A)``.
        temperature: As in `softmax`.

    Returns:
        Log-probabilities in nats, same shape as ``values``; −inf where the probability is 0 in the limit.

    Raises:
        ValueError, TypeError: As `softmax`.

    Example:
        >>> log_softmax([0.0, -100.0])
        array([-3.72007598e-44, -1.00000000e+02])
    """
    values = as_values(values)
    with np.errstate(all="ignore"):
        z = exponents(values, as_temperature(temperature, values.shape), plain=1.0)
        z -= log_normaliser(z)[..., np.newaxis]
    return z


@suggesting
def logsumexp(values: Any, temperature: Any = 1.0) -> Any:
    """The log-normaliser of the softmax: log Σ_i exp(values_i / temperature).

    Its gradient with respect to the values, times the temperature, is the softmax; temperature · logsumexp is the
    soft maximum, which tends to max(values) from above as the temperature tends to 0. Limits: at temperature ∞ the
    logarithm of the number of available actions; at temperature 0 ±inf with the sign of the maximum, or, for a
    maximum of 0, the logarithm of the number of maxima.

    Args:
        values: Action values ``(..., A)``.
        temperature: As in `softmax`.

    Returns:
        ``(...,)``, a float for a single row.

    Raises:
        ValueError, TypeError: As `softmax`.

    Example:
        >>> logsumexp([1000.0, 1000.0])
        1000.6931471805599
    """
    values = as_values(values)
    temperature = as_temperature(temperature, values.shape)
    with np.errstate(all="ignore"):
        z = exponents(values, temperature)
        scaled = np.where(values == 0.0, 0.0, values / temperature)
        top = np.where(z == 0.0, scaled, -np.inf).max(axis=-1)
        return unwrap(top + log_normaliser(z))


@suggesting
def softmax_jacobian(values: Any, temperature: Any = 1.0) -> Floats:
    """The derivatives of the softmax: ∂p_i / ∂values_j = p_i (δ_ij − p_j) / temperature.

    It is symmetric, and its rows and columns sum to 0. The diagonal is computed from the other actions'
    probabilities, which avoids cancellation where p_i is near 1. Limits: 0 at temperature ∞, and at temperature 0
    without ties; between exact ties the derivatives at temperature 0 are ±inf.

    Args:
        values: Action values ``(..., A)``.
        temperature: As in `softmax`; one per action divides the column of that action.

    Returns:
        ``(..., A, A)``.

    Raises:
        ValueError, TypeError: As `softmax`.

    Example:
        >>> softmax_jacobian([0.0, 0.0])
        array([[ 0.25, -0.25],
               [-0.25,  0.25]])
    """
    values = as_values(values)
    temperature = as_temperature(temperature, values.shape)
    p = softmax(values, temperature)
    with np.errstate(all="ignore"):
        numerator = -p[..., :, np.newaxis] * p[..., np.newaxis, :]
        diagonal = np.arange(p.shape[-1])
        numerator[..., diagonal, diagonal] = 0.0
        numerator[..., diagonal, diagonal] = -numerator.sum(axis=-1)
        divisor = temperature if isinstance(temperature, float) else temperature[..., np.newaxis, :]
        return np.where(numerator == 0.0, 0.0, numerator / divisor)


def exponents(values: Floats, temperature: float | Floats, plain: float = LARGEST_TEMPERATURE) -> Floats:
    """The z with p ∝ exp(z) whose row maxima are 0, in a new array, from arguments that are already converted.

    Temperatures up to ``plain`` take the short formula. Call it where floating-point errors are ignored: overflow to
    −inf is intended.
    """
    best = highest(values)
    check_best(values, best)
    if isinstance(temperature, np.ndarray) and temperature.shape[-1] > 1:
        return _exponents_per_action(values, temperature)
    z = values - best
    if isinstance(temperature, float) and 0.0 < temperature <= plain:
        z /= temperature
        return z
    # Three cases in which shift-then-divide is wrong: where the difference overflows, halve the operands (exact, since
    # they are huge); where 0/0 or −inf/inf arises, write the limit.
    z = np.where(np.isneginf(z), (values / 2 - best / 2) / (np.asarray(temperature) / 2), z / temperature)
    z = np.where(np.equal(temperature, 0.0), np.where(values == best, 0.0, -np.inf), z)
    return np.where(np.isinf(temperature), np.where(np.isneginf(values), -np.inf, 0.0), z)


def _exponents_per_action(values: Floats, temperature: Floats) -> Floats:
    """values_i / temperature_i minus the largest of the row, with quotients in twice the working precision.

    The quotients of a row have one binary exponent, about that of the largest, so that a quotient overflows (to −inf)
    only if its z does. The remainder of each division is exact (Dekker's product), so that the difference of two large
    quotients keeps its digits.
    """
    values, temperature = np.broadcast_arrays(values, temperature)
    v, v_exponent = np.frexp(values)
    t, t_exponent = np.frexp(temperature)
    # The limits: at temperature 0 a quotient is ±inf by the sign of its value, at ∞ it is 0.
    high = np.where(values == 0.0, 0.0, np.where(np.isneginf(values), -np.inf, v / t))
    finite = (temperature > 0.0) & np.isfinite(temperature) & np.isfinite(values)
    low = np.where(finite, _remainder(v, high, t) / t, 0.0)
    root = np.where(finite, np.cbrt(values) / np.cbrt(temperature), -np.inf)  # cannot overflow
    scale = np.maximum(3 * np.frexp(root.max(axis=-1, keepdims=True))[1], 0)
    high, low = (np.ldexp(part, v_exponent - t_exponent - scale) for part in (high, low))
    best = high.max(axis=-1, keepdims=True)
    winner = high == best
    if np.isinf(best).any():  # several quotients are +inf, or all are −inf: the greatest value wins
        contenders = np.where(winner, values, -np.inf)
        greatest = np.where(contenders == contenders.max(axis=-1, keepdims=True), 0.0, -np.inf)
        high = np.where(np.isinf(best), greatest, high)
        best = np.where(np.isinf(best), 0.0, best)
    low = np.where(np.isneginf(high), 0.0, low)
    low_best = np.where(winner, low, -np.inf).max(axis=-1, keepdims=True)
    z: Floats = np.ldexp((high - best) + (low - low_best), scale)
    return z


def _remainder(dividend: Floats, quotient: Floats, divisor: Floats) -> Floats:
    """The difference dividend − quotient · divisor, exact for mantissas near 1 (Dekker 1971, *Numer. Math.* 18)."""
    product = quotient * divisor
    q_high, d_high = _upper_half(quotient), _upper_half(divisor)
    q_low, d_low = quotient - q_high, divisor - d_high
    error = ((q_high * d_high - product) + q_high * d_low + q_low * d_high) + q_low * d_low
    return (dividend - product) - error


def _upper_half(number: Floats) -> Floats:
    shifted = number * 134217729.0  # 2**27 + 1 leaves the upper 26 bits of a 53-bit mantissa
    return shifted - (shifted - number)


def log_normaliser(z: Floats) -> Floats:
    """The log-normaliser ln Σ_i exp(z_i) of rows whose maximum is 0: log1p of the sum without one of the maxima."""
    weights = np.exp(z)
    np.put_along_axis(weights, z.argmax(axis=-1)[..., np.newaxis], 0.0, axis=-1)
    return np.log1p(weights.sum(axis=-1))
