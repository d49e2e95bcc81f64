"""Dynamic programming on transition tables: the values that learners converge to.

Value iteration with the maximum or a softened maximum gives optimal and exploring values; a linear system gives the
values of any policy. The package's policies act on the resulting action values:
``EpsilonGreedy(0.1)(plan.action_values, 0)`` are its probabilities in every state.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_count, as_fraction, as_number, as_positive, check_fields, real_array
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.environments.interface import as_environment
from boltzmann_rl.numerics import mellowmax, softmax
from boltzmann_rl.numerics.sampling import as_probabilities

__all__ = [
    "MDP",
    "BoltzmannBackup",
    "MaxBackup",
    "MellowmaxBackup",
    "Plan",
    "action_values",
    "policy_values",
    "value_iteration",
]

_EPS = float(np.finfo(np.float64).eps)
# How far probabilities may sum from 1: thirds and the like, in tables written by hand.
_SUM_TOLERANCE = 1e-9
# A larger probability of ending is not a rounding error.
_ENDS = 1e-12


@dataclass(frozen=True, eq=False)
class MDP:
    """A Markov decision process with S states and A actions, as arrays.

    Args:
        transitions: ``(S, A, S)``, the probability of each next state; the rest to 1 is the probability that the task
            ends.
        rewards: ``(S, A)``, expected rewards, −inf where an action is not available.
        start: ``(S,)``, the probability of each initial state.

    Raises:
        ValueError: Arrays whose shapes do not fit, invalid probabilities, a state without an available action.

    Example:
        >>> from boltzmann_rl import Environment
        >>> lake = MDP.of(Environment("FrozenLake-v1").make())
        >>> lake.transitions.shape, lake.rewards.shape
        ((16, 4, 16), (16, 4))

    Source: Puterman (1994), *Markov Decision Processes*, ch. 2.
    """

    transitions: Any
    rewards: Any
    start: Any

    def __post_init__(self) -> None:
        check_fields(self, transitions=real_array, rewards=real_array, start=real_array)
        transitions, rewards, start = self.transitions, self.rewards, self.start
        shape = transitions.shape
        if transitions.ndim != 3 or shape[0] != shape[2] or rewards.shape != shape[:2] or start.shape != shape[:1]:
            raise ValueError(
                f"transitions (S, A, S), rewards (S, A) and start (S,) do not fit: they have shapes {shape}, "
                f"{rewards.shape} and {start.shape}"
            )
        if not ((transitions >= 0.0).all() and (transitions.sum(axis=2) <= 1.0 + _SUM_TOLERANCE).all()):
            raise ValueError("transitions must be 0 or more, and sum to at most 1 over the next states")
        if not ((start >= 0.0).all() and abs(start.sum() - 1.0) <= _SUM_TOLERANCE):
            raise ValueError(f"start must be 0 or more and sum to 1, got a sum of {start.sum()}")
        if np.isnan(rewards).any() or np.isposinf(rewards).any():
            raise ValueError("rewards must be finite, or -inf for an action that is not available")
        if np.isneginf(rewards).all(axis=1).any():
            raise ValueError(f"state {np.isneginf(rewards).all(axis=1).argmax()} has no action")

    @classmethod
    def of(cls, env: Any) -> Self:
        """The MDP of an environment's tables ``P`` and ``initial_state_distrib``, without time limits.

        Rewards are those that the environment returns, also within `RewardRescaling`.

        Args:
            env: Has ``P[state][action] = [(probability, next state, reward, terminated), ...]``, states from 0, and is
                known to follow it (Gymnasium's toy-text environments, `boltzmann_rl.gridworlds`) or declared to: see
                ``help(boltzmann_rl.tables)``. An action without outcomes is not available. For a table alone, give
                ``TabularEnv(P, initial_state_distrib)``.

        Raises:
            TypeError: Not an environment, or one that is not known to follow its tables.
            ValueError: Outcomes whose probabilities do not sum to 1, or whose next state is not in the table.

        Example:
            >>> import gymnasium
            >>> lake = gymnasium.wrappers.TransformReward(gymnasium.make("FrozenLake-v1"), abs)
            >>> MDP.of(lake.unwrapped).rewards.max().round(4)
            np.float64(0.3333)
        """
        from boltzmann_rl.tables import (
            layers,
            rescaling,
            why_untrusted,
        )  # imported here: an MDP of arrays needs no Gymnasium

        reason = why_untrusted(as_environment(env), planning=True)
        if reason:
            raise TypeError(
                f"planning needs an environment that is known to follow its tables, but {reason}; to plan for a table "
                "P itself: MDP.of(TabularEnv(P, initial_state_distrib)) of boltzmann_rl.gridworlds"
            )
        paid, env = rescaling(env), layers(env)[-1]
        table, start = env.P, env.initial_state_distrib
        if not isinstance(table, Mapping):
            raise TypeError(f"P must be a mapping of states to mappings of actions to outcomes, got {table!r}")
        states, actions = len(table), 1 + max(int(action) for ways in table.values() for action in ways)
        transitions, rewards = np.zeros((states, actions, states)), np.full((states, actions), -np.inf)
        for state in range(states):
            for action, outcomes in table[state].items():
                if not outcomes:
                    continue
                if abs(sum(outcome[0] for outcome in outcomes) - 1.0) > _SUM_TOLERANCE:
                    raise ValueError(f"the probabilities of P[{state}][{action}] must sum to 1, got {outcomes}")
                rewards[state, action] = sum(outcome[0] * paid(outcome[2]) for outcome in outcomes)
                for probability, following, _, terminated in outcomes:
                    if not 0 <= following < states:
                        raise ValueError(f"P[{state}][{action}] leads to {following}, not one of {states} states")
                    if not terminated:
                        transitions[state, action, following] += probability
        return cls(transitions, rewards, start)


@dataclass(frozen=True)
class MaxBackup:
    """The maximum max_a values_a, whose fixed point is the optimal value function.

    Example:
        >>> MaxBackup()(np.array([[0.0, 1.0]]))
        array([1.])
    """

    non_expansion = True

    def __call__(self, values: Floats) -> Floats:
        """``(..., A)`` to ``(...,)``."""
        best: Floats = values.max(axis=-1)
        return best


@dataclass(frozen=True)
class BoltzmannBackup:
    """The mean value under Boltzmann exploration, Σ_a p_a values_a with p = softmax(values / temperature).

    It is not a non-expansion: value iteration with it may have several fixed points, between which the initial values
    decide, or may not converge. Its values are below the optimal ones by at most γ(m − 1)/(1 − γ)·max{1/(τ + 2),
    2 Q_max/(1 + e^τ)} for m actions, the discount γ, τ = 1/temperature and |Q| ≤ Q_max.

    Args:
        temperature: In units of the values, 0 to ∞.

    Example:
        >>> BoltzmannBackup(temperature=1.0)(np.array([[0.0, 1.0]])).round(4)
        array([0.7311])

    Source: Asadi & Littman (2017), *An Alternative Softmax Operator for Reinforcement Learning*; Song, Parr & Carin
    (2019), *Revisiting the Softmax Bellman Operator*, theorem 4.
    """

    temperature: float

    def __post_init__(self) -> None:
        check_fields(self, temperature=partial(as_number, minimum=0.0))

    def __call__(self, values: Floats) -> Floats:
        """``(..., A)`` to ``(...,)``."""
        available = np.where(np.isneginf(values), 0.0, values)
        with np.errstate(under="ignore"):
            mean: Floats = (softmax(values, self.temperature) * available).sum(axis=-1)
        return mean


@dataclass(frozen=True)
class MellowmaxBackup:
    """The mellowmax ln((1/n) Σ_a exp(ω values_a)) / ω, a softened maximum that is a non-expansion.

    Args:
        omega: ω > 0 in inverse units of the values, finite.

    Example:
        >>> MellowmaxBackup(omega=1.0)(np.array([[0.0, 1.0]])).round(4)
        array([0.6201])

    Source: Asadi & Littman (2017), *An Alternative Softmax Operator for Reinforcement Learning*, §3.
    """

    omega: float
    non_expansion = True

    def __post_init__(self) -> None:
        check_fields(self, omega=as_positive)

    def __call__(self, values: Floats) -> Floats:
        """``(..., A)`` to ``(...,)``."""
        return np.asarray(mellowmax(values, self.omega))


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
    backup = MaxBackup() if backup is None else backup
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
        return np.asarray(mdp.rewards + discount * (mdp.transitions @ real_array(values, "values")))


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
    discount = as_fraction(discount, "discount")
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
