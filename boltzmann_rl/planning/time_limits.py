"""Values under a time limit, by backward induction, and the exact regret of episodes."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_count, as_integer, as_sequence
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.planning.mdp import MDP, as_mdp

if TYPE_CHECKING:  # a plan for arrays needs no Gymnasium
    from boltzmann_rl.declared_environments.environment import Environment
    from boltzmann_rl.tables import World

# A larger table of gaps would take more than 0.4 GB.
_MOST = 50_000_000


class TimeLimitedPlan(NamedTuple):
    """The optimal values under a time limit, where returns are sums of rewards without discount.

    Attributes:
        values: V*_n(s), the largest expected return with n steps left, for n from 0 to the limit ``(limit + 1, S)``.
        action_values: Q*_n(s, a), the largest expected return with n steps left if action a is taken first
            ``(limit + 1, S, A)``; −inf where an action is not available. With 0 steps left all are 0.
        optimal_return: The largest expected return of an episode, Σ_s start(s)·V*_limit(s).
    """

    values: Floats
    action_values: Floats
    optimal_return: float

    @property
    def gaps(self) -> Floats:
        """What an action loses, V*_n(s) − Q*_n(s, a) ``(limit + 1, S, A)``, at least 0; ∞ where it is not available."""
        gaps: Floats = self.values[:, :, np.newaxis] - self.action_values
        return gaps

    def regret(self, states: Any, actions: Any, *, steps_left: int | None = None) -> float:
        """The exact regret of a trajectory: Σ_t V*_n(s_t) − Q*_n(s_t, a_t), where n steps are left at t.

        Its expectation, over the episodes of any policy, even one that learns, is the optimal return minus the
        expected return. It counts what the actions lose in the states that are reached, and not the chance in rewards
        and transitions.

        Args:
            states: The states in which actions were taken, in order ``(T,)``, T ≥ 0.
            actions: The actions ``(T,)``.
            steps_left: How many steps are left at the first of them; default: the limit, for episodes from their start.

        Raises:
            ValueError: States, actions or steps that the plan does not have, or an action that was not available.

        Example:
            >>> from boltzmann_rl import Environment
            >>> cliff = Environment("CliffWalking-v1").make()
            >>> plan = backward_induction(MDP.of(cliff), steps=100)
            >>> plan.optimal_return
            -13.0
            >>> plan.regret(states=[36, 36, 24], actions=[1, 0, 3])  # off the edge, up, and to the left at the wall
            101.0

        Source: Kakade & Langford (2002), *Approximately Optimal Approximate Reinforcement Learning*, lemma 6.1.
        """
        limit, (count, width) = len(self.values) - 1, self.action_values.shape[1:]
        left = limit if steps_left is None else as_integer(steps_left, "steps_left", maximum=limit)
        states, actions = (
            [as_integer(one, name, maximum=most - 1) for one in as_sequence(given, f"{name}s", "integers")]
            for given, name, most in ((states, "state", count), (actions, "action", width))
        )
        if len(states) != len(actions) or len(states) > left:
            raise ValueError(
                f"states and actions must have the same length, at most {left} (steps_left), got {len(states)} and "
                f"{len(actions)}"
            )
        lost = 0.0
        for n, state, action in zip(range(left, 0, -1), states, actions, strict=False):
            gap = self.values[n, state] - self.action_values[n, state, action]
            if np.isinf(gap):
                raise ValueError(f"action {action} is not available in state {state}")
            lost += gap
        return float(lost)


@suggesting
def backward_induction(mdp: MDP, steps: int) -> TimeLimitedPlan:
    """The optimal values under a time limit, by backward induction over the number n of steps left.

    Q*_n(s,a) = r(s,a) + Σ_s' p(s'|s,a) V*_{n−1}(s') and V*_n(s) = max_a Q*_n(s,a), from V*_0 = 0.

    Args:
        mdp: An `MDP`, such as ``MDP.of(env)``.
        steps: The time limit, ≥ 1.

    Raises:
        TypeError: An environment or anything else that is not an MDP.
        ValueError: A table of steps × states × actions with more than 50,000,000 numbers.

    Example:
        >>> from boltzmann_rl import Environment
        >>> plan = backward_induction(MDP.of(Environment("FrozenLake-v1").make()), steps=100)
        >>> round(plan.optimal_return, 6)  # without the limit it is 14/17
        0.74419

    Source: Puterman (1994), *Markov Decision Processes*, §4.5.
    """
    shape = as_count(steps, "steps") + 1, *as_mdp(mdp).rewards.shape
    _check_size(shape, "a plan", "steps")
    values, action_values = np.zeros(shape[:2]), np.zeros(shape)
    action_values[0, np.isneginf(mdp.rewards)] = -np.inf
    with np.errstate(under="ignore"):
        induction = _backwards(mdp.rewards, lambda after: np.asarray(mdp.transitions @ after))
        for n, (now, q) in zip(range(1, steps + 1), induction, strict=False):
            values[n], action_values[n] = now, q
        return TimeLimitedPlan(values, action_values, float(mdp.start @ values[-1]))


def _backwards(rewards: Floats, expected: Callable[[Floats], Floats]) -> Iterator[tuple[Floats, Floats]]:
    """The optimal values of states and of actions with 1, 2, … steps left; 0 in states without an available action."""
    values = np.zeros(len(rewards))
    while True:
        action_values = rewards + expected(values)
        best = action_values.max(axis=1)
        values = np.where(np.isneginf(best), 0.0, best)
        yield values, action_values


def gaps_in(environment: "Environment") -> Floats:
    """What each action loses at each step of an episode, V* − Q* ``(limit, S, A)``, by the number of steps before it.

    Args:
        environment: An `Environment` that is known to follow its tables, with a time limit.

    Raises:
        ValueError: Another environment, or a time limit so long that the table would be too large.

    Example:
        >>> from boltzmann_rl import Environment
        >>> gaps_in(Environment("CliffWalking-v1", max_episode_steps=200))[0, 36]
        array([  0., 100.,   1.,   1.])
    """
    from boltzmann_rl.declared_environments.environment import Environment
    from boltzmann_rl.tables import NEVER, read

    known = type(environment) is Environment  # a subclass may make any environment
    world = read(environment) if known else f"{environment!r} is not an Environment"
    if isinstance(world, str):
        raise ValueError(f"regret needs an environment that is known to follow its tables, but {world}")
    if world.limit == NEVER:
        raise ValueError(
            f"regret needs a time limit, since it is counted in steps that are left, and {environment.id} has none: "
            "declare it as Environment(id, max_episode_steps=...)"
        )
    shape = world.limit, *world.available.shape
    _check_size(shape, f"regret in {environment.id}", "max_episode_steps")
    return gaps_of(world)


def _check_size(shape: tuple[int, ...], what: str, limit: str) -> None:
    if np.prod(shape, dtype=float) > _MOST:
        raise ValueError(
            f"{what} needs a table of steps × states × actions, {' × '.join(f'{n:,}' for n in shape)}, which is more "
            f"than {_MOST:,} numbers: lower {limit}"
        )


def gaps_of(world: "World") -> Floats:
    """`gaps_in` for tables with a time limit; each step has the probabilities with which it is drawn.

    Raises:
        ValueError: Returns that overflow.
    """
    there = world.following >= 0
    cumulative = np.where(there, np.minimum(world.cumulative, 1.0), 0.0)
    probabilities = np.where(there, np.diff(cumulative, axis=2, prepend=0.0), 0.0)
    probabilities[:, :, 0] += 1.0 - cumulative.max(axis=2)  # a uniform above all sums takes the first outcome
    paid, goes_on = (probabilities * world.rewards).sum(axis=2), np.where(world.ends, 0.0, probabilities)
    gaps = np.empty((world.limit, *paid.shape))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        rewards = np.where(world.available & there[:, :, 0], paid, -np.inf)
        induction = _backwards(rewards, lambda after: (goes_on * after[world.following]).sum(axis=2))
        for step, (values, action_values) in zip(range(world.limit - 1, -1, -1), induction, strict=False):
            gaps[step] = values[:, np.newaxis] - action_values
    if not np.isfinite(values).all():
        raise ValueError("the optimal returns must be finite: measure rewards in larger units")
    return gaps
