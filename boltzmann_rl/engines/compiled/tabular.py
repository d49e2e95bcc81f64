"""The compiled engine for tabular environments: what `boltzmann_rl.engines.reference.episodes` answers, bit for bit.

It steps through the transition tables of environments that are known to be these (`boltzmann_rl.tables`) with the
environment's own stream, so every transition is the one that stepping the environment would have given.
"""

import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from gymnasium.utils import seeding
from numpy.typing import NDArray

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.arguments.rows import rows_of
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.reference import episodes as reference
from boltzmann_rl.environments.declaration import Environment
from boltzmann_rl.kernels import pcg
from boltzmann_rl.learners.temporal_difference import SARSA, DoubleQLearning, ExpectedSARSA, QLearning
from boltzmann_rl.numerics.plain import FEW
from boltzmann_rl.policies.greedy import EpsilonGreedy, Greedy, Uniform
from boltzmann_rl.policies.softmax import Boltzmann, EpsilonBoltzmann, MaxBoltzmann
from boltzmann_rl.protocols import is_unit, traits_of
from boltzmann_rl.schedules import evaluate
from boltzmann_rl.streams import child_seed, stream
from boltzmann_rl.tables import World, kernel, lasting, read, world_of

__all__ = ["Trained", "knows", "reason", "simulate", "train"]

_LEARNERS = {
    QLearning: kernel.Q_LEARNING,
    SARSA: kernel.SARSA,
    ExpectedSARSA: kernel.EXPECTED_SARSA,
    DoubleQLearning: kernel.DOUBLE_Q_LEARNING,
}
_POLICIES = {
    Boltzmann: (kernel.SOFT, kernel.NOTHING),
    Greedy: (kernel.GREEDY, kernel.NOTHING),
    Uniform: (kernel.UNIFORM, kernel.NOTHING),
    EpsilonGreedy: (kernel.UNIFORM, kernel.GREEDY),
    MaxBoltzmann: (kernel.SOFT, kernel.GREEDY),
    EpsilonBoltzmann: (kernel.UNIFORM, kernel.SOFT),
}

# Steps for which schedules are evaluated at first; then twice as many, and so on, up to so many more at a time, so
# that whoever interrupts a run is heard.
_FIRST, _MORE = 2**12, 2**22


class Trained(NamedTuple):
    """One run.

    Attributes:
        samples: Return, length and whether it terminated, of each finished episode ``(3, episodes)``.
        values: What the learner holds in the end ``(S, A)``.
        places: Of each step, if that was asked for: state, action, next state, terminated, truncated ``(n, 5)``.
        rewards: The same ``(n,)``.
    """

    samples: Floats
    values: Floats
    places: NDArray[np.int64]
    rewards: Floats


def knows(environment: Environment, agent: Agent) -> bool:
    """Whether this engine can do an agent's runs in an environment; see `reason`.

    Example:
        >>> knows(Environment("FrozenLake-v1"), Agent(QLearning(), Boltzmann(0.1)))
        True
    """
    return not reason(environment, agent)


def reason(environment: Environment, agent: Agent) -> str:
    """Why this engine can't do an agent's runs in an environment, in a line; empty if it can.

    Example:
        >>> reason(Environment("FrozenLake-v1"), Agent(QLearning(), Boltzmann(0.1), clock="pulls"))
        "the clock 'pulls' is not known"
    """
    if type(environment) is not Environment:  # a class of somebody's own may make what it likes
        return f"{environment!r} is not known"
    for part, known in ((agent.learner, _LEARNERS), (agent.policy, _POLICIES)):
        if type(part) not in known:
            return f"{part!r} is not known"
    if is_unit(traits_of(agent.policy).temperature):
        return f"{agent.policy!r} reads the values, which is not known"
    if type(agent.learner) is DoubleQLearning and agent.learner.ties == "draw":
        return f"{agent.learner!r} draws among equal maxima, which is not known"
    if agent.clock == "pulls":
        return "the clock 'pulls' is not known"
    if rows_of(agent.policy):
        return f"{agent.policy!r} has a parameter for each row, which is not known"
    world = read(environment)
    if isinstance(world, str):
        return world
    if world.available.shape[1] > FEW:
        return f"{environment.id} has {world.available.shape[1]} actions, known are up to {FEW}"
    return ""


def simulate(environment: Environment, agent: Agent, *, block: int, runs: int, episodes: int, seed: int) -> Block:
    """As `boltzmann_rl.engines.reference.episodes.simulate`, which does whatever is not known here.

    Example:
        >>> work = {"block": 0, "runs": 2, "episodes": 50, "seed": 0}
        >>> lake, agent = Environment("FrozenLake-v1"), Agent(QLearning(), Boltzmann(0.1))
        >>> found, expected = simulate(lake, agent, **work), reference.simulate(lake, agent, **work)
        >>> bool((found.curves["return"].mean == expected.curves["return"].mean).all())
        True
    """
    if not knows(environment, agent):
        return reference.simulate(environment, agent, block=block, runs=runs, episodes=episodes, seed=seed)
    samples, play, world = np.empty((3, runs, episodes)), _player(agent), lasting(environment)
    for row in range(runs):
        work = {"episodes": episodes, "seed": reference.run_seed(seed, block, row)}
        played = None if world is None else play(world, **work)
        samples[:, row] = played.samples if played else _made(environment, agent, None if world else play, **work)
    return reference.block_of(samples)


def _made(environment: Environment, agent: Agent, play: Callable[..., Trained | None] | None, **work: int) -> Floats:
    """One run in an environment that is made for it: by its tables, or where this can't be, step by step."""
    env = environment.make()
    try:
        played = play and play(world_of(env), **work)
        return played.samples if played else reference.samples_of(env, agent, **work)
    finally:
        env.close()


def train(
    environment: Environment, agent: Agent, *, episodes: int, seed: int, steps: int | None = None
) -> Trained | None:
    """One run, as `boltzmann_rl.train` does it; None where only the reference can.

    Args:
        environment: One that is known.
        agent: One that is known.
        episodes: How many.
        seed: In [0, 2⁶³).
        steps: After how many to stop at the latest; all of these are kept. Default: never, and none is.

    Example:
        >>> cliff, agent = Environment("CliffWalking-v1", max_episode_steps=500), Agent(QLearning(), Boltzmann(0.1))
        >>> train(cliff, agent, episodes=400, seed=0).samples[:, -1]
        array([-13.,  13.,   1.])
    """
    if not knows(environment, agent):
        return None
    world: World | str | None = lasting(environment)
    if world is None:
        with closing(environment.make()) as env:
            world = world_of(env)
    return _player(agent)(world, episodes=episodes, seed=seed, steps=steps)


def _player(agent: Agent) -> Callable[..., Trained | None]:
    """What plays runs of an agent, all with the same schedules."""
    learner: Any = agent.learner
    return partial(_run, rule=_rules(agent), initial=learner.initial)


def _run(
    world: World | str,
    *,
    rule: Callable[[int], Any],
    initial: float,
    episodes: int,
    seed: int,
    steps: int | None = None,
) -> Trained | None:
    """One run by the tables of an environment; None where only the reference can."""
    if isinstance(world, str) or world.available.shape[1] > FEW or abs(initial) > kernel.LARGEST:
        return None
    nature = seeding.np_random(child_seed(seed, "environment"))[0]
    if type(nature.bit_generator) is not np.random.PCG64:  # Gymnasium's own, if nobody replaced it
        return None
    streams = [pcg.uniforms_of(chance) for chance in (nature, stream(seed, "action"), stream(seed, "learner"))]
    shape, size = world.available.shape, _FIRST
    state = kernel.State(
        np.full((3, *shape), initial),
        np.zeros(shape[0], dtype=np.int64),
        np.array([0, 0, 0, -1, 0]),
        np.zeros(1),
    )
    kept, last = steps or 0, sys.maxsize if steps is None else steps
    samples, places, rewards = np.empty((3, episodes)), np.empty((kept, 5), dtype=np.int64), np.empty(kept)
    while state.now[0] < last and state.now[1] < episodes:
        known = rule(size)
        if known is None:
            return None
        # The decision after the last step is looked at by some learners, so that one is known as well.
        if not kernel.play(world, known, state, *streams, min(size - 1, last), samples, places, rewards):
            return None
        size += min(size, _MORE)
    return Trained(samples[:, : state.now[1]], state.tables[0], places[: state.now[0]], rewards[: state.now[0]])


def _rules(agent: Agent) -> Callable[[int], kernel.Rule | None]:
    """An agent in numbers for so many steps, or more; None if a schedule can't be evaluated so far."""
    policy: Any = agent.policy
    learner: Any = agent.learner
    parameters = getattr(policy, "epsilon", 1.0), getattr(policy, "temperature", 1.0), learner.learning_rate
    known = [np.array([x]) if isinstance(x, float) else np.empty(0) for x in parameters]

    def rule(size: int) -> kernel.Rule | None:
        try:
            for n, parameter in enumerate(parameters):
                if len(known[n]) < size and not isinstance(parameter, float):
                    known[n] = np.append(known[n], _evaluated(parameter, len(known[n]), size))
        except Exception:  # where it matters, the reference meets it, and says where
            return None
        rates, temperatures, learning_rates = known
        if not ((learning_rates >= 0.0) & (learning_rates <= 1.0)).all():  # refused by the reference, where it matters
            return None
        counts_visits, law = agent.clock == "visits", _LEARNERS[type(learner)]
        mixed = _POLICIES[type(policy)]
        return kernel.Rule(*mixed, rates, temperatures, counts_visits, law, learning_rates, learner.discount)

    return rule


def _evaluated(parameter: Any, first: int, size: int) -> Floats:
    """A schedule's values at the steps from ``first`` on and below ``size``, to the bit those it has one by one."""
    steps = np.arange(first, size)
    if _same_for_many(parameter):
        return np.asarray(evaluate(parameter, steps), dtype=np.float64)
    return np.array([evaluate(parameter, step) for step in steps.tolist()], dtype=np.float64)


def _same_for_many(parameter: Any) -> bool:
    """Whether a schedule's value at a step is known not to depend on how many are asked for at a time."""
    if isinstance(parameter, tuple):
        return all(map(_same_for_many, parameter))
    if not callable(parameter):
        return True
    ours = type(parameter).__module__.startswith("boltzmann_rl.schedules.")
    return ours and all(map(_same_for_many, vars(parameter).values()))
