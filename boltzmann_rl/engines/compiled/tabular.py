"""The compiled engine for tabular environments: `boltzmann_rl.engines.reference.episodes`, bit for bit.

It draws transitions from the tables of environments that are known to be their tables (`boltzmann_rl.tables`), with the
environment's own random stream, so every transition is the one that stepping the environment would give.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from gymnasium.utils import seeding
from numpy.typing import NDArray

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.declared_environments.environment import Environment
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.metrics import WINDOWS
from boltzmann_rl.engines.reference import episodes as reference
from boltzmann_rl.kernels import pcg
from boltzmann_rl.numerics.plain import FEW
from boltzmann_rl.numerics.untried import UntriedFirst
from boltzmann_rl.planning.time_limits import gaps_in
from boltzmann_rl.protocols import layers_of
from boltzmann_rl.streams import child_seed, stream
from boltzmann_rl.tables import World, cached, kernel, read, world_of
from boltzmann_rl.tables.rules import rules, why_unknown

# Steps of the first call of the kernel, for which schedules are evaluated beforehand. The number doubles from call to
# call, by at most _MORE, so that Ctrl+C is handled.
_FIRST, _MORE = 2**12, 2**22


class Trained(NamedTuple):
    """One run.

    Attributes:
        samples: Return, length, termination and, if it is measured, regret of each finished episode ``(3 or 4,
            episodes)``.
        values: The learner's values at the end ``(S, A)``.
        places: State, action, next state, terminated, truncated of each step, if steps are kept ``(n, 5)``.
        rewards: The reward of each step, if steps are kept ``(n,)``.
    """

    samples: Floats
    values: Floats
    places: NDArray[np.int64]
    rewards: Floats


def reason(environment: Environment, agent: Agent) -> str:
    """Why this engine can't simulate an agent in an environment, in one line; empty if it can.

    Example:
        >>> from boltzmann_rl import Boltzmann, QLearning
        >>> reason(Environment("FrozenLake-v1"), Agent(QLearning(), Boltzmann(0.1), clock="pulls"))
        "the clock 'pulls' is not known"
    """
    if type(environment) is not Environment:  # a subclass may make any environment
        return f"{environment!r} is not known"
    if said := why_unknown(agent):
        return said
    world = read(environment)
    if isinstance(world, str):
        return world
    if world.available.shape[1] > FEW:
        return f"{environment.id} has {world.available.shape[1]} actions, more than {FEW}"
    return ""


def simulate(environment: Environment, agent: Agent, *, first: int, runs: int, **work: Any) -> Block:
    """`simulate_ranges` for one range of runs."""
    return simulate_ranges(environment, agent, [(first, runs)], **work)[0]


def simulate_ranges(
    environment: Environment,
    agent: Agent,
    ranges: Sequence[tuple[int, int]],
    *,
    episodes: int,
    seed: int,
    windows: int = WINDOWS,
    regret: bool = False,
) -> list[Block]:
    """As `boltzmann_rl.engines.reference.episodes.simulate_ranges`, which runs what this engine can't.

    Example:
        >>> from boltzmann_rl import Boltzmann, QLearning
        >>> lake, agent = Environment("FrozenLake-v1"), Agent(QLearning(), Boltzmann(0.1))
        >>> work = {"ranges": [(0, 2)], "episodes": 50, "seed": 0}
        >>> [found], [expected] = simulate_ranges(lake, agent, **work), reference.simulate_ranges(lake, agent, **work)
        >>> bool((found.curves["return"].mean == expected.curves["return"].mean).all())
        True
    """
    if reason(environment, agent):
        given: Any = {"episodes": episodes, "seed": seed, "windows": windows, "regret": regret}
        return reference.simulate_ranges(environment, agent, ranges, **given)
    play, world = _run_of(agent), cached(environment)
    gaps = gaps_in(environment) if regret else None

    def samples_of_run(run: int) -> Floats:
        work = {"episodes": episodes, "seed": reference.run_seed(seed, run), "gaps": gaps}
        played = None if world is None else play(world, **work)
        return played.samples if played else _made(environment, agent, None if world else play, **work)

    return reference.blocks_of(samples_of_run, ranges, windows, ("regret",) * regret)


def _made(environment: Environment, agent: Agent, run: Callable[..., Trained | None] | None, **work: Any) -> Floats:
    """One run in an environment that is made for it, by its tables if possible, else step by step."""
    env = environment.make()
    try:
        played = run and run(world_of(env), **work)
        return played.samples if played else reference.samples_of(env, agent, **work)
    finally:
        env.close()


def train(
    environment: Environment, agent: Agent, *, episodes: int, seed: int, steps: int | None = None
) -> Trained | None:
    """One run as by `boltzmann_rl.train`; None if only the reference can do it.

    Args:
        environment: The environment.
        agent: The agent.
        episodes: Number of episodes.
        seed: In [0, 2⁶³).
        steps: Stop after this number of steps, and keep each of them. Default: no limit, and no step is kept.

    Example:
        >>> from boltzmann_rl import Boltzmann, QLearning
        >>> cliff, agent = Environment("CliffWalking-v1", max_episode_steps=500), Agent(QLearning(), Boltzmann(0.1))
        >>> train(cliff, agent, episodes=400, seed=0).samples[:, -1]
        array([-13.,  13.,   1.])
    """
    if reason(environment, agent):
        return None
    world: World | str | None = cached(environment)
    if world is None:
        with closing(environment.make()) as env:
            world = world_of(env)
    return _run_of(agent)(world, episodes=episodes, seed=seed, steps=steps)


def _run_of(agent: Agent) -> Callable[..., Trained | None]:
    """A function that does runs of an agent, with schedules that are evaluated once for all of them."""
    *_, learner = layers_of(agent.learner)
    return partial(_run, rule=rules(agent), initial=learner.initial)


def _run(
    world: World | str,
    *,
    rule: Callable[[int], Any],
    initial: float,
    episodes: int,
    seed: int,
    steps: int | None = None,
    gaps: Floats | None = None,
) -> Trained | None:
    """One run by the tables of an environment; None if only the reference can do it."""
    if isinstance(world, str) or world.available.shape[1] > FEW or abs(initial) > kernel.LARGEST:
        return None
    if gaps is not None and gaps.shape != (world.limit, *world.available.shape):
        return None
    nature = seeding.np_random(child_seed(seed, "environment"))[0]
    if type(nature.bit_generator) is not np.random.PCG64:  # the user replaced Gymnasium's
        return None
    streams = [pcg.uniforms_of(rng) for rng in (nature, stream(seed, "action"), stream(seed, "learner"))]
    world, state = kernel.start(world, initial)
    size = _FIRST
    kept, last = steps or 0, sys.maxsize if steps is None else steps
    measured, lost = (3, np.empty((0, 0, 0))) if gaps is None else (4, gaps)
    samples, places, rewards = np.empty((measured, episodes)), np.empty((kept, 5), dtype=np.int64), np.empty(kept)
    while state.now[0] < last and state.now[1] < episodes:
        known = rule(size)
        if known is None:
            return None
        # Some learners need the decision after the last step as well, hence size - 1.
        if not kernel.run_episodes(world, known, state, *streams, min(size - 1, last), samples, places, rewards, lost):
            return None
        size += min(size, _MORE)
    values, n = state.tables[0, :-1], state.now[0]
    if known.untried_first and not state.tried.all():
        values = UntriedFirst(values, ~state.tried)
    return Trained(samples[:, : state.now[1]], values, places[:n], rewards[:n])
