"""What a tabular environment does as arrays, read from the transition tables that it shows and checked against it.

Environments in the style of Gymnasium's toy-text ones have a table ``P[state][action]`` of outcomes ``(probability,
next state, reward, terminated)``, the probabilities ``initial_state_distrib`` of each state at the beginning, and the
state ``s`` where they are. Each reset and each step draws one uniform of ``np_random``. Whether an environment is one
of these shows when it is tried: in every state, with every action.
"""

from contextlib import closing
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.utils import seeding
from gymnasium.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_finite
from boltzmann_rl.environments import Environment, Reading, TabularEnvironment
from boltzmann_rl.streams import stream

__all__ = ["World", "read"]

# Steps of the trial with resets and time limits; and how many pairs of state and action are tried one by one at most.
_TRIAL, _PAIRS = 300, 20_000

_SEED = 0
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


_Trial = tuple[Any, World | str]
_read: dict[str, _Trial] = {}


def read(environment: Environment) -> World | str:
    """The tables of an environment, or the reason why it is not one that they describe.

    It is made and tried once in a process, and again when its id is registered anew.

    Example:
        >>> from boltzmann_rl import Environment
        >>> read(Environment("FrozenLake-v1")).cumulative.shape
        (16, 4, 3)
        >>> read(Environment("CartPole-v1"))
        'CartPole-v1 has no P: only environments with transition tables are known'
    """
    key, spec = repr(environment), gymnasium.registry.get(environment.id.rpartition(":")[2])
    if spec is None or key not in _read or _read[key][0] is not spec:
        _read[key] = spec, _examined(environment)
    return _read[key][1]


def _examined(environment: Environment) -> World | str:
    if environment.wrap is not None:
        return f"{environment.id} is wrapped in {environment.wrap!r}, which is not known"
    try:
        with closing(environment.make()) as env, closing(environment.make()) as other:
            strange = _strange(environment.id, env)
            if strange:
                return strange
            world = _world(env)
            both: Any = zip(world, _world(other), strict=True)
            if not all(np.array_equal(one, two) for one, two in both):
                return f"{environment.id} is another one each time it is made"
            if not (_plays(env, world) and _moves(env, world)):
                return f"{environment.id} does not do what its transition tables P say"
            return world
    except Exception as error:  # whatever it is, the reference engine is the one to meet it, and to say where
        return f"{environment.id} can't be read, {type(error).__name__}: {error}"


def _strange(name: str, env: Any) -> str:
    """What about an environment is known to be more than its tables say."""
    for attribute in ("P", "initial_state_distrib"):
        if not hasattr(env.unwrapped, attribute):
            return f"{name} has no {attribute}: only environments with transition tables are known"
    if env.render_mode is not None:
        return f"{name} is drawn as it goes, by render_mode={env.render_mode!r}"
    others = [layer for layer in _layers(env) if type(layer) not in (OrderEnforcing, PassiveEnvChecker, TimeLimit)]
    return f"{name} is wrapped in {others[0]}, which is not known" if others else ""


def _layers(env: Any) -> list[Any]:
    return [] if env is env.unwrapped else [env, *_layers(env.env)]


def _world(env: Any) -> World:
    """The tables; states and actions are numbered from 0 in the order of their keys."""
    inner, limits = env.unwrapped, [layer._max_episode_steps for layer in _layers(env) if type(layer) is TimeLimit]
    states, actions = _keys(inner)
    if (len(states), len(actions)) != (env.observation_space.n, env.action_space.n):
        raise ValueError(f"P is of {len(states)} states and {len(actions)} actions, but the spaces are others")
    outcomes = [[inner.P[state].get(action, []) for action in actions] for state in states]
    shape = len(states), len(actions), max(1, *(len(found) for row in outcomes for found in row))
    world = World(
        np.full(shape, -np.inf),
        np.full(shape, -1),
        np.zeros(shape),
        np.zeros(shape, dtype=bool),
        _running(inner.initial_state_distrib),
        np.ones(shape[:2], dtype=bool),
        min(limits, default=_NEVER),
    )
    if hasattr(inner, "action_mask"):
        world.available[:] = [inner.action_mask(state) for state in states]
    index = {state: number for number, state in enumerate(states)}
    for s, row in enumerate(outcomes):
        for a, found in enumerate(row):
            world.cumulative[s, a, : len(found)] = _running([probability for probability, *_ in found])
            for k, (_, state, reward, ends) in enumerate(found):
                world.following[s, a, k], world.rewards[s, a, k] = index[state], as_finite(reward, "reward")
                world.ends[s, a, k] = ends
    return world


def _keys(inner: Any) -> tuple[list[Any], list[Any]]:
    return sorted(inner.P), sorted({action for row in inner.P.values() for action in row})


def _running(probabilities: Any) -> Floats:
    """Running sums, as whoever compares them with a uniform makes them."""
    sums = np.cumsum(np.asarray(probabilities))
    if sums.dtype not in (np.float64, np.int64) or sums.ndim != 1:
        raise TypeError(f"probabilities must be a row of float64, got {sums.dtype} of shape {sums.shape}")
    return sums.astype(np.float64)


def _plays(env: Any, world: World) -> bool:
    """Whether a walk with resets and time limits goes as the tables say, draw for draw."""
    rng, choice = seeding.np_random(_SEED)[0], stream(_SEED, "action")
    table, over, here, elapsed = TabularEnvironment(env, _SEED), True, 0, 0
    for _ in range(_TRIAL):
        if over:
            here, elapsed = int(np.argmax(world.start > rng.random())), 0
            if not _same(table.reset(), Reading(here, world.available[here])):
                return False
        action = int(choice.choice(np.flatnonzero(world.available[here])))
        expected, elapsed = _step(world, here, action, rng.random()), elapsed + 1
        expected = expected._replace(truncated=elapsed >= world.limit)
        if not _same(table.step(action), expected):
            return False
        here, over = int(expected.observation), expected.terminated or expected.truncated
    return bool(env.unwrapped.np_random.bit_generator.state == rng.bit_generator.state)


def _moves(env: Any, world: World) -> bool:
    """Whether every action in every state does what the tables say, draw for draw."""
    inner, states = env.unwrapped, _keys(env.unwrapped)[0]
    rng, table = seeding.np_random(_SEED)[0], TabularEnvironment(inner, _SEED)
    table.reset()
    rng.random()
    pairs = np.argwhere(world.following[:, :, 0] >= 0)
    for here, action in pairs[:: 1 + len(pairs) // _PAIRS].tolist():
        inner.s = states[here]
        if not _same(table.step(action), _step(world, here, action, rng.random())):
            return False
    return bool(inner.np_random.bit_generator.state == rng.bit_generator.state)


def _step(world: World, here: int, action: int, u: float) -> Reading:
    at = here, action, int(np.argmax(world.cumulative[here, action] > u))
    there = int(world.following[at])
    return Reading(there, world.available[there], float(world.rewards[at]), bool(world.ends[at]))


def _same(found: Reading, expected: Reading) -> bool:
    if found._replace(available=None) != expected._replace(available=None):
        return False
    if found.terminated or expected.available is None:  # at an end the mask is not looked at
        return True
    available = np.ones_like(expected.available) if found.available is None else found.available
    return np.array_equal(available, expected.available)
