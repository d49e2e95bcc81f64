"""Policies that a figure shows: by their labels, and their probabilities without a learner."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_integer, as_policy, as_steps, as_values, check_best, place, shown
from boltzmann_rl.arguments.rows import rows_of
from boltzmann_rl.decisions.act import probabilities
from boltzmann_rl.figures.families import Family
from boltzmann_rl.policies.parameters import clock_of
from boltzmann_rl.protocols import traits_of
from boltzmann_rl.schedules import is_constant

# Axes can't be drawn for values whose differences overflow.
LARGEST = 1e300


def named(policies: Any) -> dict[str, Any]:
    """Policies by their labels; a single one is labelled by its ``repr``.

    Raises:
        TypeError: No policy, or labels that are not strings.
        ValueError: An empty mapping, or a blank label.
    """
    if isinstance(policies, list | tuple):
        raise TypeError(f"policies must be a policy, or a mapping of labels to policies, got {shown(policies)}")
    if not isinstance(policies, Mapping):
        return {repr(as_policy(policies, "policies")): policies}
    if not policies:
        raise ValueError("policies must have at least one policy, got an empty mapping")
    for label in policies:
        if not isinstance(label, str):
            raise TypeError(f"the labels of policies must be strings, got {shown(label)}")
        if not label.strip():
            raise ValueError(f"the labels of policies must not be blank, got {label!r}")
    return dict(policies)


def family_of(policy: Any) -> Family:
    """The family of a policy: those of the same class."""
    return Family(type(policy).__name__, type(policy).__name__)


def as_row(values: Any, actions: int | None = None) -> Floats:
    """The values ``(A,)`` of one decision, checked.

    Args:
        values: Action values; −inf for an action that is not available.
        actions: How many there must be; None for two or more.
    """
    row = as_values(values)
    if row.ndim != 1 or len(row) < 2 or len(row) != (actions or len(row)):
        raise ValueError(f"values must be those of {actions or 'two or more'} actions, got shape {row.shape}")
    check_best(row, row.max())
    if (too_large := np.isfinite(row) & (np.abs(row) > LARGEST)).any():
        raise ValueError(
            f"{place('values', too_large)} must be within ±{LARGEST:g} to be drawn, got {row[too_large][0]:g}"
        )
    return row


def probabilities_in(policy: Any, values: Floats, step: Any, name: str) -> Floats:
    """The probabilities ``(n, A)`` of a policy for rows of values, all at the same step.

    Args:
        policy: A policy that needs no learner's memory.
        values: ``(n, A)``.
        step: Decisions made so far: one number; for a policy that counts pulls also one for each action ``(A,)``; None
            for a policy that is known not to depend on it.
        name: What the policy is called, for errors.

    Raises:
        TypeError: No policy, one that needs a memory, or no step for one that depends on it.
        ValueError: A policy with a parameter for each row, or one that does not return distributions.
    """
    as_policy(policy, name)
    if rows_of(policy):
        raise ValueError(f"{name} has a parameter for each row, got {policy!r}: give a policy for each, with its label")
    if traits_of(policy).takes_memory:
        raise TypeError(
            f"{name} needs its learner's memory, got {policy!r}: give lambda values, step: policy(values, step, memory)"
        )
    if step is None and not is_constant(policy):
        raise TypeError(f"step= is missing: {name} may change with the step, the number of decisions made so far")
    return probabilities(policy, values, 0 if step is None else _clock(policy, values, step))


def _clock(policy: Any, values: Floats, step: Any) -> Any:
    """The step as the policy counts it: once, for each row, or for each action of each row."""
    clock = clock_of(policy)
    if clock == "pulls":
        pulls = as_steps(step)
        if pulls.shape not in ((), values.shape[-1:]):
            raise ValueError(
                f"step must be one number, or one for each of {values.shape[-1]} actions, got shape {pulls.shape}"
            )
        return np.broadcast_to(pulls.astype(np.int64), values.shape)
    step = as_integer(step, "step")
    return np.full(values.shape[:-1], step) if clock == "visits" else step
