"""Transition tables of an environment as arrays."""

from typing import Any, NamedTuple

import numpy as np
from gymnasium.envs.toy_text.taxi import TaxiEnv
from gymnasium.spaces import Discrete
from gymnasium.wrappers import TimeLimit
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_available, as_finite, as_integer
from boltzmann_rl.environments.interface import name_of
from boltzmann_rl.gridworlds import TabularEnv
from boltzmann_rl.tables.known import declares, layers, rescaling, why_untrusted

# Stands for the time limit of an environment that has no limit.
NEVER = 2**62


class World(NamedTuple):
    """The model of an environment as arrays over states, actions and outcomes ``(S, A, K)``.

    Attributes:
        cumulative: Cumulative probabilities of the outcomes; −inf where there are fewer than K.
        following: Next states, −1 where there is no outcome.
        rewards: Rewards.
        ends: Whether the outcome terminates the episode.
        start: Cumulative probabilities of the initial state ``(S,)``.
        available: Which actions may be taken ``(S, A)``.
        limit: Steps after which an episode is truncated; NEVER if there is no limit.
    """

    cumulative: Floats
    following: NDArray[np.int64]
    rewards: Floats
    ends: NDArray[np.bool_]
    start: Floats
    available: NDArray[np.bool_]
    limit: int


def world_of(env: Any) -> World | str:
    """The tables of an environment as they are now, or why they are not trusted, in one line.

    Example:
        >>> import gymnasium
        >>> world_of(gymnasium.make("FrozenLake-v1")).cumulative.shape
        (16, 4, 3)
        >>> world_of(gymnasium.make("CartPole-v1"))
        'CartPole-v1 has no P: only environments with transition tables are known'
    """
    try:
        return why_untrusted(env) or _world(env)
    except Exception as error:  # the reference engine will find the same error and say where
        return f"the tables of {name_of(env)} can't be read, {type(error).__name__}: {error}"


def _world(env: Any) -> World:
    *wrappers, inner = layers(env)
    # Gymnasium's TimeLimit has no public name for its limit.
    limits = [wrapper._max_episode_steps for wrapper in wrappers if type(wrapper) is TimeLimit]
    if not all(type(limit) is int for limit in limits):
        raise TypeError(f"time limits must be integers, got {limits}")
    (first, states, actions), paid = _numbering(env, inner), rescaling(env)
    outcomes = [[inner.P[state].get(first + action, []) for action in range(actions)] for state in range(states)]
    shape = states, actions, max(1, *(len(found) for row in outcomes for found in row))
    world = World(
        np.full(shape, -np.inf),
        np.full(shape, -1),
        np.zeros(shape),
        np.zeros(shape, dtype=bool),
        _cumulative(inner.initial_state_distrib),
        _available(inner, shape[:2]),
        min(limits, default=NEVER),
    )
    if len(world.start) != states:
        raise ValueError(f"initial_state_distrib has {len(world.start)} states, P {states}")
    for s, row in enumerate(outcomes):
        for a, found in enumerate(row):
            world.cumulative[s, a, : len(found)] = _cumulative([probability for probability, *_ in found])
            for k, (_, state, reward, ends) in enumerate(found):
                if not isinstance(ends, bool | np.bool_):
                    raise TypeError(f"terminated in P must be True or False, got {ends!r}")
                world.following[s, a, k] = as_integer(state, "the next state in P", maximum=states - 1)
                world.rewards[s, a, k], world.ends[s, a, k] = as_finite(paid(reward), "reward"), ends
    _check_choice(world)
    return world


def _numbering(env: Any, inner: Any) -> tuple[int, int, int]:
    """The first action, and the numbers of states and actions, which the spaces of the environment must have, too."""
    seen, taken = env.observation_space, env.action_space
    if type(seen) is not Discrete or type(taken) is not Discrete:
        raise TypeError(f"the spaces must be Discrete, got {seen} and {taken}")
    actions = {action for row in inner.P.values() for action in row}
    if (len(inner.P), len(actions)) != (seen.n, taken.n):
        raise ValueError(f"P has {len(inner.P)} states and {len(actions)} actions, the spaces are {seen} and {taken}")
    states, first = range(len(inner.P)), int(taken.start)
    if set(inner.P) != set(states) or actions != set(range(first, first + len(actions))):
        raise ValueError(f"states must be numbered from 0 and actions from {first}, as {taken} has it")
    observations = inner._seen if isinstance(inner, TabularEnv) else list(states)
    if declares(type(inner)) is None and observations != [state + int(seen.start) for state in states]:
        raise ValueError("its observations are not its states")
    return first, len(states), len(actions)


def _available(inner: Any, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which actions may be taken, by the masks in the infos of the environment."""
    shows = isinstance(inner, TaxiEnv) or declares(type(inner)) is not None
    if not (shows and hasattr(inner, "action_mask")):
        return np.ones(shape, dtype=bool)
    masks = [np.asarray(inner.action_mask(state)) for state in range(shape[0])]
    return np.array([as_available(mask, shape[1:]) if mask.any() else np.zeros(shape[1:], bool) for mask in masks])


def _check_choice(world: World) -> None:
    """Refuse a state without an available action in which an episode may start or continue."""
    entered = world.following[(world.following >= 0) & ~world.ends]
    stuck = np.flatnonzero(~world.available.any(axis=1))
    if np.isin(stuck, entered).any() or (np.diff(world.start, prepend=0.0)[stuck] > 0.0).any():
        raise ValueError(f"state {stuck[0]} has no available action")


def _cumulative(probabilities: Any) -> Floats:
    """Cumulative sums with the rounding of Gymnasium's own, which a step compares with a uniform."""
    sums = np.cumsum(np.asarray(probabilities))
    if sums.dtype not in (np.float64, np.int64) or sums.ndim != 1:
        raise TypeError(f"probabilities must be a row of float64, got {sums.dtype} of shape {sums.shape}")
    return sums.astype(np.float64)
