"""The α-entmax family of Tsallis-regularised distributions, which includes the softmax and the sparsemax."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_values
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.numerics.maxima import per_row, rising_root
from boltzmann_rl.numerics.softmax import exponents


@suggesting
def entmax(values: Any, temperature: Any = 1.0, alpha: Any = 1.5) -> Floats:
    """The α-entmax: the distribution p that maximises Σ_i p_i values_i + temperature · H_α(p).

    H_α(p) = Σ_i (p_i − p_i^α) / (α (α − 1)) is the Tsallis entropy; α = 1 is Shannon's. With z = values/temperature
    and the τ for which Σp = 1:

    - α > 1: p_i = max((α − 1) z_i − τ, 0)^(1/(α − 1)), exactly 0 for actions far below the best; α = 2 is `sparsemax`;
    - α = 1: p = `softmax`;
    - 0 < α < 1: p_i = (τ − (1 − α) z_i)^(−1/(1 − α)), with heavier tails than the softmax; α = ½ is Tsallis-INF,
      4 (η (L_i − x))^−2 with losses L = −values and learning rate η = 1/temperature.

    Limits: temperature 0 is greedy, temperature ∞ uniform.

    Args:
        values: Action values ``(..., A)``.
        temperature: In units of the values, 0 to ∞: a number, or one per row.
        alpha: The index of the entropy, > 0 and finite: a number, or one per row.

    Returns:
        Probabilities ``(..., A)``.

    Raises:
        ValueError: As `softmax`, or an α that is not positive and finite.

    Example:
        >>> entmax([1.0, 0.0, -2.0], alpha=1.5).round(4)
        array([0.8307, 0.1693, 0.    ])
        >>> entmax([1.0, 0.0, -2.0], alpha=0.5).round(4)
        array([0.5729, 0.3015, 0.1256])

    Source: Peters, Niculae & Martins (2019), *Sparse Sequence-to-Sequence Models*; Zimmert & Seldin (2021),
    *Tsallis-INF*, JMLR 22, for α = ½.
    """
    values = as_values(values)
    temperature = per_row(temperature, "temperature", values.shape)
    power = per_row(alpha, "alpha", values.shape) - 1.0
    if not ((np.asarray(power) > -1.0) & np.isfinite(power)).all():
        raise ValueError(f"alpha must be positive and finite, got {alpha}")
    with np.errstate(all="ignore"):
        z = exponents(values, temperature)

        # Divided by the best action's probability P = exp(x), each probability is a q-exponential, for every α:
        # p_i / P = (1 + (α − 1) z_i P^(1−α))^(1/(α−1)). Σp increases with x.
        def log_sum(x: Floats) -> tuple[Floats, Floats]:
            ratio, rise = _ratios(z, x, power)
            total = ratio.sum(axis=-1, keepdims=True)
            return x + np.log(total), rise.sum(axis=-1, keepdims=True) / total

        lowest = -np.log((~np.isneginf(z)).sum(axis=-1, keepdims=True))
        highest = -np.log((z == 0.0).sum(axis=-1, keepdims=True))
        x = rising_root(log_sum, lowest, highest, start=highest)
        ratio, rise = _ratios(z, x, power)
        p, rise = np.exp(x) * ratio, np.exp(x) * rise
        # A small p_i may be the difference of two large numbers, for which P is not accurate enough: one Newton step
        # on the probabilities themselves restores the lost digits.
        p = p + rise * ((1.0 - p.sum(axis=-1, keepdims=True)) / rise.sum(axis=-1, keepdims=True))
        return p / p.sum(axis=-1, keepdims=True)


def _ratios(z: Floats, x: Floats, power: float | Floats) -> tuple[Floats, Floats]:
    """Each p_i / P for P = exp(x), and the derivative of p_i with respect to x, divided by P."""
    scaled = np.where(z == 0.0, 0.0, z * np.exp(-power * x))
    log_ratio = np.where(power == 0.0, scaled, np.log1p(np.maximum(power * scaled, -1.0)) / power)
    ratio = np.exp(log_ratio)
    return ratio, np.where(ratio == 0.0, 0.0, np.exp((1.0 - power) * log_ratio))
