"""Entropy, effective number of actions and Kullback-Leibler divergence, in nats."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import unwrap
from boltzmann_rl.numerics.sampling import as_probabilities


def entropy(probabilities: Any) -> Any:
    """The Shannon entropy H(p) = −Σ_i p_i ln p_i in nats, with 0 ln 0 = 0; from 0 to ln A.

    Args:
        probabilities: ``(..., A)``, rows that sum to 1.

    Returns:
        ``(...,)``, a float for one row.

    Raises:
        ValueError: Rows that are not distributions.

    Example:
        >>> entropy([0.5, 0.5, 0.0])
        0.6931471805599453
    """
    p = as_probabilities(probabilities)
    with np.errstate(under="ignore"):
        log = np.log(p, out=np.zeros_like(p), where=p > 0.0)
        return unwrap(-(p * log).sum(axis=-1) + 0.0)  # + 0.0 turns −0 into 0


def effective_actions(probabilities: Any) -> Any:
    """The number of equally likely actions with the same entropy, exp(H(p)): from 1 (greedy) to A (uniform).

    Args:
        probabilities: ``(..., A)``, rows that sum to 1.

    Returns:
        ``(...,)``, a float for one row.

    Raises:
        ValueError: Rows that are not distributions.

    Example:
        >>> effective_actions([0.25, 0.25, 0.25, 0.25])
        4.0

    Source: Hill (1973), *Diversity and evenness*, Ecology 54, the number N₁.
    """
    return unwrap(np.exp(np.asarray(entropy(probabilities))))


def kl_divergence(p: Any, q: Any) -> Any:
    """The Kullback-Leibler divergence KL(p ‖ q) = Σ_i p_i ln(p_i / q_i) in nats, 0 exactly where p = q.

    Infinite where p puts weight on an action that q excludes. Summed as Σ (p ln(p/q) − p + q), whose terms are
    all ≥ 0, so that rounding never makes it negative.

    Args:
        p: ``(..., A)``, rows that sum to 1.
        q: Same shape.

    Returns:
        ``(...,)``, a float for one row.

    Raises:
        ValueError: Rows that are not distributions, or shapes that differ.

    Example:
        >>> kl_divergence([1.0, 0.0], [0.5, 0.5])
        0.6931471805599453
    """
    p, q = as_probabilities(p, "p"), as_probabilities(q, "q")
    if p.shape != q.shape:
        raise ValueError(f"p has shape {p.shape}, q has {q.shape}: both need the same")
    with np.errstate(all="ignore"):
        d = (q - p) / p  # p ln(p/q) − p + q = p (d − ln(1 + d)), without cancellation near d = 0
        ratio = np.where(abs(d) < 0.5, np.log1p(d), np.log(q) - np.log(p))
        terms = np.where(abs(d) < 0.5, p * (d - ratio), (q - p) - p * ratio)  # p·d may overflow, q − p cannot
        terms = np.where(p == 0.0, q, terms)
        return unwrap(np.maximum(terms, 0.0).sum(axis=-1))
