"""The comparison of an environment that declares to follow its tables with these tables, over a random walk."""

from typing import Any

import numpy as np
from gymnasium.utils import seeding

from boltzmann_rl.environments.interface import name_of
from boltzmann_rl.environments.readings import Reading, TabularEnvironment
from boltzmann_rl.streams import stream
from boltzmann_rl.tables.known import DECLARATION
from boltzmann_rl.tables.worlds import World

_STEPS, _SEED = 300, 0


def check_walk(env: Any, world: World) -> None:
    """Refuse an environment that deviates from its tables in a random walk with resets and time limits.

    Args:
        env: The environment, which is reset and stepped.
        world: Its tables.

    Raises:
        ValueError: The message names the call and both results.
    """
    rng, choice = seeding.np_random(_SEED)[0], stream(_SEED, "action")
    table, over, here, elapsed = TabularEnvironment(env, _SEED), True, 0, 0
    for _ in range(_STEPS):
        if over:
            here, elapsed = int(np.argmax(world.start > rng.random())), 0
            _compare(env, "reset()", table.reset(), Reading(here, world.available[here]))
        actions = np.flatnonzero(world.available[here] & (world.following[here, :, 0] >= 0))
        if not len(actions):
            over = True
            continue
        action, elapsed = int(choice.choice(actions)), elapsed + 1
        at = here, action, int(np.argmax(world.cumulative[here, action] > rng.random()))
        there, ends = int(world.following[at]), bool(world.ends[at])
        expected = Reading(there, world.available[there], float(world.rewards[at]), ends, elapsed >= world.limit)
        _compare(env, f"step {action} in state {here}", table.step(action), expected)
        here, over = there, ends or expected.truncated
    if env.unwrapped.np_random.bit_generator.state != rng.bit_generator.state:
        raise _deviation(env, "reset and step do not draw exactly one uniform of np_random each")


def _compare(env: Any, call: str, found: Reading, expected: Reading) -> None:
    if found._replace(available=None) != expected._replace(available=None):
        own, tabled = (
            ", ".join(f"{name}={value}" for name, value in reading._asdict().items() if name != "available")
            for reading in (found, expected)
        )
        raise _deviation(env, f"{call} returned {own}, but P and its draws give {tabled}")
    tabled_mask = np.asarray(expected.available)
    mask = np.ones_like(tabled_mask) if found.available is None else found.available
    if not (expected.terminated or np.array_equal(mask, tabled_mask)):  # the mask of a terminal state is not used
        raise _deviation(env, f"{call} has the mask {mask}, but action_mask is {tabled_mask}")


def _deviation(env: Any, what: str) -> ValueError:
    return ValueError(f"{name_of(env)} declares {DECLARATION} = True, but does not follow its tables: {what}")
