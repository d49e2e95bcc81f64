"""Markov decision processes as arrays."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from boltzmann_rl.arguments import check_fields, real_array, shown
from boltzmann_rl.arguments.near_names import dataclass

# How far probabilities may sum from 1: thirds and the like, in tables written by hand.
_SUM_TOLERANCE = 1e-9


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
        # Imported here: an MDP of arrays needs no Gymnasium.
        from boltzmann_rl.environments.interface import as_environment
        from boltzmann_rl.tables import layers, rescaling, why_untrusted

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


def as_mdp(mdp: Any) -> MDP:
    """An `MDP`, or an object with the same arrays; an environment is refused."""
    if not all(hasattr(mdp, part) for part in ("transitions", "rewards", "start")):
        raise TypeError(f"mdp must be an MDP, such as MDP.of(env), got {shown(mdp)}")
    found: MDP = mdp
    return found
