"""The functions of the backends, over an arithmetic that is handed in: values in, an answer in their dtype out."""

from collections.abc import Callable
from typing import Any

from boltzmann_rl.backends import family, regularised
from boltzmann_rl.backends.declarations import fixed, log_probabilities_of, perturbed_action, soft_at, weights_of
from boltzmann_rl.policies.perturbation import BoltzmannGumbel


def probabilities(xp: Any, policy: Any, values: Any, step: Any, available: Any) -> Any:
    """The probabilities of a policy ``(..., A)``."""
    rows = family.rows_of(xp, values, available)
    return _normalised(xp, weights_of(xp, policy, rows, step), rows)


def log_probabilities(xp: Any, policy: Any, values: Any, step: Any, available: Any) -> Any:
    """Their logarithms."""
    rows = family.rows_of(xp, values, available)
    return xp.cast(log_probabilities_of(xp, policy, rows, step), rows.dtype)


def log_probability(xp: Any, policy: Any, values: Any, actions: Any, step: Any, available: Any) -> Any:
    """The logarithm of the probability of each row's action, ``(...,)``."""
    rows = family.rows_of(xp, values, available)
    table = log_probabilities_of(xp, policy, rows, step)
    return xp.cast(family.chosen(xp, table, xp.whole(actions, "actions", table)), rows.dtype)


def entropy(xp: Any, policy: Any, values: Any, step: Any, available: Any) -> Any:
    """The entropy of a policy ``(...,)``."""
    rows = family.rows_of(xp, values, available)
    return xp.cast(family.entropy(xp, log_probabilities_of(xp, policy, rows, step)), rows.dtype)


def softmax(xp: Any, values: Any, temperature: Any, available: Any) -> Any:
    """The softmax ``(..., A)``."""
    rows = family.rows_of(xp, values, available)
    return _normalised(xp, family.mixed(xp, rows, soft_at(xp, temperature, rows)), rows)


def log_softmax(xp: Any, values: Any, temperature: Any, available: Any) -> Any:
    """Its logarithm."""
    rows = family.rows_of(xp, values, available)
    return xp.cast(family.log_mixed(xp, rows, soft_at(xp, temperature, rows)), rows.dtype)


def logsumexp(xp: Any, values: Any, temperature: Any, available: Any) -> Any:
    """The log-normaliser ``(...,)``."""
    rows = family.rows_of(xp, values, available)
    return xp.cast(family.logsumexp(xp, rows, soft_at(xp, temperature, rows).temperature)[..., 0], rows.dtype)


def mellowmax(xp: Any, values: Any, omega: Any) -> Any:
    """The mellowmax ``(...,)``."""
    rows = family.rows_of(xp, values)
    return xp.cast(regularised.mellowmax(xp, rows.values, fixed(xp, omega, "omega", rows)), rows.dtype)


def drawn(xp: Any, policy: Any, uniforms: Callable[..., Any], rows: family.Rows, step: Any, fine: bool) -> Any:
    """Actions ``(...,)`` and the weights that they were drawn by, None for a policy whose probabilities are integrals.

    Args:
        xp: The arithmetic.
        policy: The policy.
        uniforms: ``uniforms(shape, like)`` draws numbers in [0, 1) in the dtype of ``like``.
        rows: The values, without a gradient.
        step: Decisions made so far.
        fine: Whether to take the best of noisy log-probabilities.
    """
    pair = (2, *rows.values.shape)
    if type(policy) is BoltzmannGumbel:  # `perturbed_action` is the formula of this class, not of any declared noise
        return perturbed_action(xp, policy, rows, step, uniforms(pair, rows.values)), None
    if fine:
        table = xp.constant(log_probabilities_of(xp, policy, rows, step))
        noise = family.gumbels(xp, *uniforms(pair, table))
        return family.highest_index(xp, table + noise), xp.exp(table)
    weight = xp.constant(weights_of(xp, policy, rows, step))
    return family.inverse_cdf(xp, weight, uniforms(weight.shape[:-1], weight)), weight


def propensity(xp: Any, weight: Any, actions: Any) -> Any:
    """The probabilities of actions that were `drawn`, ``(...,)``, in the dtype of the computation."""
    if weight is None:
        raise TypeError("with_probability must be False for BoltzmannGumbel, whose probabilities are integrals")
    return family.chosen(xp, weight / xp.total(weight), actions)


def _normalised(xp: Any, weight: Any, rows: family.Rows) -> Any:
    return xp.cast(weight / xp.total(weight), rows.dtype)
