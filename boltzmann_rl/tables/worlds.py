"""What a tabular environment does, as arrays that are read from its tables."""

from typing import Any, NamedTuple

import numpy as np
from gymnasium.envs.toy_text.taxi import TaxiEnv
from gymnasium.spaces import Discrete
from gymnasium.wrappers import TimeLimit
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_available, as_finite
from boltzmann_rl.environments.interface import name_of
from boltzmann_rl.gridworlds import TabularEnv
from boltzmann_rl.tables.known import declares, doubt, layers

__all__ = ["World", "world_of"]

_NEVER = 2**62


class World(NamedTuple):
    """An environment as arrays over states, actions and outcomes ``(S, A, K)``.

    Attributes:
        cumulative: Running sums of the outcomes' probabilities; −inf where there are fewer than K.
        following: The next state, −1 where there is no outcome.
        rewards: What it pays.
        ends: Whether it terminates the episode.
        start: Running sums of the probabilities of the first state ``(S,)``.
        available: Which actions may be taken ``(S, A)``.
        limit: After how many steps an episode is truncated.
    """

    cumulative: Floats
    following: NDArray[np.int64]
    rewards: Floats
    ends: NDArray[np.bool_]
    start: Floats
    available: NDArray[np.bool_]
    limit: int


def world_of(env: Any) -> World | str:
    """The tables of an environment as they are now, or why they are not known to be what it does, in a line.

    Example:
        >>> import gymnasium
        >>> world_of(gymnasium.make("FrozenLake-v1")).cumulative.shape
        (16, 4, 3)
        >>> world_of(gymnasium.make("CartPole-v1"))
        'CartPole-v1 has no P: only environments with transition tables are known'
    """
    try:
        return doubt(env) or _world(env)
    except Exception as error:  # whatever is wrong with a table, the reference engine comes upon it and says where
        return f"the tables of {name_of(env)} can't be read, {type(error).__name__}: {error}"


def _world(env: Any) -> World:
    """States are numbered from 0, actions from the first on."""
    *wrappers, inner = layers(env)
    # Gymnasium's TimeLimit has no public name for its limit.
    limits = [wrapper._max_episode_steps for wrapper in wrappers if type(wrapper) is TimeLimit]
    if not all(type(limit) is int for limit in limits):
        raise TypeError(f"time limits must be integers, got {limits}")
    first, states, actions = _numbering(env, inner)
    outcomes = [[inner.P[state].get(first + action, []) for action in range(actions)] for state in range(states)]
    shape = states, actions, max(1, *(len(found) for row in outcomes for found in row))
    world = World(
        np.full(shape, -np.inf),
        np.full(shape, -1),
        np.zeros(shape),
        np.zeros(shape, dtype=bool),
        _running(inner.initial_state_distrib),
        _available(inner, shape[:2]),
        min(limits, default=_NEVER),
    )
    if len(world.start) != states:
        raise ValueError(f"initial_state_distrib is of {len(world.start)} states, P of {states}")
    for s, row in enumerate(outcomes):
        for a, found in enumerate(row):
            world.cumulative[s, a, : len(found)] = _running([probability for probability, *_ in found])
            for k, (_, state, reward, ends) in enumerate(found):
                world.following[s, a, k], world.rewards[s, a, k] = _state(state, states), as_finite(reward, "reward")
                world.ends[s, a, k] = _flag(ends)
    _check_choice(world)
    return world


def _numbering(env: Any, inner: Any) -> tuple[int, int, int]:
    """The first action, and the numbers of states and actions, where they are those that are observed and sent."""
    seen, taken = env.observation_space, env.action_space
    if type(seen) is not Discrete or type(taken) is not Discrete:
        raise TypeError(f"the spaces must be Discrete, got {seen} and {taken}")
    actions = {action for row in inner.P.values() for action in row}
    if (len(inner.P), len(actions)) != (seen.n, taken.n):
        raise ValueError(f"P is of {len(inner.P)} states and {len(actions)} actions, the spaces are {seen} and {taken}")
    first = int(taken.start)
    if set(inner.P) != set(range(len(inner.P))) or actions != set(range(first, first + len(actions))):
        raise ValueError(f"states must be numbered from 0 and actions from {first}, as {taken} has it")
    if (np.array(_observed(inner, int(seen.start))) - int(seen.start) != np.arange(len(inner.P))).any():
        raise ValueError("its observations are not its states")
    return first, len(inner.P), len(actions)


def _observed(inner: Any, first: int) -> list[int]:
    """What is observed in each state."""
    if declares(type(inner)) is not None:
        return list(range(first, first + len(inner.P)))
    return inner._seen if isinstance(inner, TabularEnv) else list(range(len(inner.P)))


def _available(inner: Any, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which actions may be taken, by the masks that its resets and steps show."""
    shows = isinstance(inner, TaxiEnv) or declares(type(inner)) is not None
    if not (shows and hasattr(inner, "action_mask")):
        return np.ones(shape, dtype=bool)
    masks = [np.asarray(inner.action_mask(state)) for state in range(shape[0])]
    return np.array([as_available(mask, shape[1:]) if mask.any() else np.zeros(shape[1:], bool) for mask in masks])


def _check_choice(world: World) -> None:
    """Refuse a state without an action, unless episodes end there."""
    entered = world.following[(world.following >= 0) & ~world.ends]
    stuck = np.flatnonzero(~world.available.any(axis=1))
    if np.isin(stuck, entered).any() or (np.diff(world.start, prepend=0.0)[stuck] > 0.0).any():
        raise ValueError(f"state {stuck[0]} has no action that may be taken")


def _running(probabilities: Any) -> Floats:
    """Running sums, made as they are made to be compared with a uniform."""
    sums = np.cumsum(np.asarray(probabilities))
    if sums.dtype not in (np.float64, np.int64) or sums.ndim != 1:
        raise TypeError(f"probabilities must be a row of float64, got {sums.dtype} of shape {sums.shape}")
    return sums.astype(np.float64)


def _state(state: Any, states: int) -> int:
    if not isinstance(state, int | np.integer) or isinstance(state, bool) or not 0 <= state < states:
        raise ValueError(f"P leads to {state!r}, which is none of {states} states")
    return int(state)


def _flag(ends: Any) -> bool:
    if not isinstance(ends, bool | np.bool_):
        raise TypeError(f"P must say by True or False whether an outcome terminates, got {ends!r}")
    return bool(ends)
