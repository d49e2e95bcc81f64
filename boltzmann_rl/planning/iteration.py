"""Values without a time limit: value iteration, and the values of a policy by a linear system."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_count, as_fraction, as_positive, real_array
from boltzmann_rl.numerics.sampling import as_probabilities
from boltzmann_rl.planning.backups import MaxBackup
from boltzmann_rl.planning.mdp import MDP, as_mdp

_EPS = float(np.finfo(np.float64).eps)
# A larger probability of ending is not a rounding error.
_ENDS = 1e-12


class Plan(NamedTuple):
    """The result of value iteration.

    Attributes:
        values: ``(S,)``.
        action_values: ``(S, A)``, −inf where an action is not available.
        sweeps: Number of sweeps.
        change: The largest change of a value in the last sweep.
        error_bound: The largest possible distance of a value from the fixed point, rounding included; ∞ if unknown.
    """

    values: Floats
    action_values: Floats
    sweeps: int
    change: float
    error_bound: float


def value_iteration(
    mdp: MDP,
    discount: float,
    backup: Callable[[Floats], Floats] | None = None,
    *,
    initial: Any = 0.0,
    tolerance: float = 1e-10,
    sweeps: int = 100_000,
) -> Plan:
    """Value iteration: V(s) ← backup_a(r(s,a) + discount·Σ_s' p(s'|s,a) V(s')), until V converges.

    If the backup is a non-expansion (has ``non_expansion = True``: `MaxBackup`, `MellowmaxBackup`) and the discount
    γ < 1, a sweep that changes V by at most δ ends within γδ/(1 − γ) of the only fixed point, and iteration stops when
    that is within the tolerance. With γ = 1, or another backup (`BoltzmannBackup`), there is no such bound: it stops
    when δ is within the tolerance, at the fixed point to which the initial values lead. It also stops when δ is a
    rounding error.

    Args:
        mdp: The problem.
        discount: γ in [0, 1].
        backup: From action values ``(S, A)`` to values ``(S,)``; default: `MaxBackup`.
        initial: The initial V: a number, or ``(S,)``.
        tolerance: Above 0, in units of the values.
        sweeps: The largest number of sweeps.

    Returns:
        The values, with a bound on their error.

    Raises:
        TypeError: An environment or anything else that is not an MDP.
        RuntimeError: Values that still change after all sweeps: the backup does not converge, or the problem is
            undiscounted and need not end.

    Example:
        >>> from boltzmann_rl import Environment
        >>> plan = value_iteration(MDP.of(Environment("FrozenLake-v1").make()), discount=0.99)
        >>> plan.values[0].round(7)
        np.float64(0.5420259)
        >>> bool(plan.error_bound < 2e-10)
        True

    Source: Puterman (1994), *Markov Decision Processes*, theorem 6.3.1.
    """
    discount, tolerance = as_fraction(discount, "discount"), as_positive(tolerance, "tolerance")
    mdp, backup = as_mdp(mdp), MaxBackup() if backup is None else backup
    contracts = discount < 1.0 and getattr(backup, "non_expansion", False)
    slope = discount / (1.0 - discount) if contracts else 1.0
    values = np.array(np.broadcast_to(real_array(initial, "initial"), mdp.start.shape))
    change = np.inf
    for sweep in range(1, as_count(sweeps, "sweeps") + 1):
        q = action_values(mdp, values, discount)
        before, values = values, backup(q)
        change = float(np.abs(values - before).max())
        if slope * change <= tolerance or change <= 4.0 * _EPS * np.abs(values).max():
            bound = slope * change + _rounding(mdp, q) / (1.0 - discount) if contracts else np.inf
            return Plan(values, action_values(mdp, values, discount), sweep, change, bound)
    raise RuntimeError(
        f"the values still change by {change:.3g} after {sweeps} sweeps of {backup!r} with discount {discount}: "
        "without discount, the task must end under every policy; other backups than non-expansions need not converge"
    )


def action_values(mdp: MDP, values: Any, discount: float) -> Floats:
    """The value of each action, Q(s,a) = r(s,a) + discount·Σ_s' p(s'|s,a) V(s').

    Args:
        mdp: The problem.
        values: V ``(S,)``.
        discount: In [0, 1].

    Returns:
        ``(S, A)``, −inf where an action is not available.

    Example:
        >>> action_values(MDP([[[0.0], [0.5]]], [[1.0, 0.0]], [1.0]), [10.0], discount=0.9)
        array([[1. , 4.5]])
    """
    with np.errstate(under="ignore"):
        return np.asarray(as_mdp(mdp).rewards + discount * (mdp.transitions @ real_array(values, "values")))


def policy_values(mdp: MDP, probabilities: Any, discount: float) -> Floats:
    """The values of a policy: the solution of V = r_π + discount·P_π V.

    Args:
        mdp: The problem.
        probabilities: ``(S, A)``, or ``(A,)`` for a policy that is the same in all states.
        discount: In [0, 1].

    Returns:
        ``(S,)``; ``mdp.start @ values`` is the policy's expected return.

    Raises:
        ValueError: Probabilities of another shape, or of actions that are not available; at discount 1, a policy under
            which the task never ends from some state (which is named).

    Example:
        >>> from boltzmann_rl import Environment
        >>> corridor = MDP.of(Environment("boltzmann_rl.gridworlds:boltzmann_rl/ShortCorridor-v0").make())
        >>> float(policy_values(corridor, [0.05, 0.95], discount=1.0)[0].round(4))
        -44.2105

    Source: Sutton & Barto (2018), eq. 4.4; Puterman (1994), theorem 6.1.1.
    """
    discount, mdp = as_fraction(discount, "discount"), as_mdp(mdp)
    p = as_probabilities(probabilities)
    if p.shape not in (mdp.rewards.shape, mdp.rewards.shape[1:]):
        raise ValueError(f"probabilities must have shape {mdp.rewards.shape} or one row of it, got {p.shape}")
    p = np.broadcast_to(p, mdp.rewards.shape)
    if (p[np.isneginf(mdp.rewards)] > 0.0).any():
        raise ValueError("the policy takes actions that are not available")
    with np.errstate(under="ignore"):
        onward = np.einsum("sa,sat->st", p, mdp.transitions)
        rewards = np.where(p > 0.0, p * np.where(p > 0.0, mdp.rewards, 0.0), 0.0).sum(axis=1)
        staying = np.eye(len(onward)) - discount * onward
    if discount == 1.0 and (endless := ~_can_end(onward)).any():
        raise ValueError(f"from state {endless.argmax()} the policy never ends: with discount 1 it has no value there")
    return np.linalg.solve(staying, rewards)


def _can_end(onward: Floats) -> NDArray[np.bool_]:
    """The states from which the task may end, under transitions ``(S, S)`` whose rows sum to 1 or less."""
    ends: NDArray[np.bool_] = onward.sum(axis=1) < 1.0 - _ENDS
    while True:
        more = ends | (onward[:, ends] > 0.0).any(axis=1)
        if (more == ends).all():
            return ends
        ends = more


def _rounding(mdp: MDP, q: Floats) -> float:
    """A bound on the rounding error of one backup: that of its longest sum and a few more operations."""
    operations = 8 + int((mdp.transitions > 0.0).sum(axis=2).max())
    return operations * _EPS * float(np.abs(q[np.isfinite(q)]).max())
