"""The reference loop for tabular agents on Gymnasium: it yields, and whoever looks on consumes what it yields."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.agents import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.environments import Environment, TabularEnvironment
from boltzmann_rl.learners import Transition
from boltzmann_rl.policies import act
from boltzmann_rl.simulation.bandits import Block
from boltzmann_rl.simulation.moments import Moments
from boltzmann_rl.streams import child_seed, stream

__all__ = ["BLOCK", "WINDOW", "Episode", "play", "simulate", "train"]

# Runs per unit of work. Every run has seeds of its own, so the size decides nothing but the bookkeeping.
BLOCK = 5

# Episodes over which the smoothed return of a run is averaged.
WINDOW = 10


class Episode(NamedTuple):
    """A finished episode, and the learner's table as it stands (live: copy it to keep it)."""

    episode: int
    total_reward: float
    length: int
    terminated: bool
    values: Floats


def play(env: Any, agent: Agent, *, seed: int) -> Iterator[tuple[Transition, Floats]]:
    """Let an agent act and learn in an environment without end; yields every transition after it was learned from.

    The environment is seeded at the first reset, and the decisions draw one uniform each from the stream
    ``(seed, "action")``: two agents with one seed meet the same coins, not the same transitions.

    Args:
        env: A ``gymnasium.Env`` with discrete observations and actions.
        agent: A tabular learner (`QLearning`) and any policy.
        seed: In [0, 2⁶³).

    Yields:
        The transition, and the learner's values ``(observations, actions)``, live.

    Raises:
        TypeError, ValueError, RuntimeError: Spaces that are not discrete; an environment that raises, or answers
            something that is no finite reward or lies outside its space. The message says where.
    """
    table = TabularEnvironment(env, child_seed(seed, "environment"))
    coins, learning = stream(seed, "action"), stream(seed, "learner")
    shape = table.observations, table.actions
    state = agent.learner.start(shape, learning)
    visits, pulls = np.zeros(shape[0], dtype=np.int64), np.zeros(shape, dtype=np.int64)
    remembers = getattr(agent.policy, "takes_memory", False)
    step, reading = 0, table.reset()
    while True:
        here = reading.observation
        clock = {"step": step, "visits": int(visits[here]), "pulls": pulls[here]}[agent.clock]
        memory = agent.learner.memory(state)[here] if remembers else None
        values = agent.learner.values(state)[here]
        action = act(agent.policy, values, coins, step=clock, available=reading.available, memory=memory)
        reading = table.step(action)
        transition = Transition(
            step,
            here,
            action,
            reading.reward,
            reading.observation,
            reading.terminated,
            reading.truncated,
            reading.available,
        )
        state = agent.learner.update(state, transition, learning)
        step, visits[here], pulls[here, action] = step + 1, visits[here] + 1, pulls[here, action] + 1
        yield transition, agent.learner.values(state)
        if transition.terminated or transition.truncated:
            reading = table.reset()


def train(env: Any, agent: Agent, *, episodes: int, seed: int) -> Iterator[Episode]:
    """`play` for a number of episodes; yields each when it is over.

    Args:
        env: A ``gymnasium.Env`` with discrete observations and actions.
        agent: A tabular learner and any policy.
        episodes: How many.
        seed: In [0, 2⁶³).

    Example:
        >>> from boltzmann_rl import Boltzmann, QLearning
        >>> env = Environment("CliffWalking-v1", max_episode_steps=500).make()
        >>> agent = Agent(QLearning(learning_rate=0.5), Boltzmann(temperature=0.1))
        >>> [episode.total_reward for episode in train(env, agent, episodes=400, seed=0)][-1]
        -13.0
    """
    episode, total, length = 0, 0.0, 0
    for transition, values in play(env, agent, seed=seed):
        total, length = total + transition.reward, length + 1
        if transition.terminated or transition.truncated:
            yield Episode(episode, total, length, transition.terminated, values)
            episode, total, length = episode + 1, 0.0, 0
            if episode == episodes:
                return


def simulate(environment: Environment, agent: Agent, *, block: int, runs: int, episodes: int, seed: int) -> Block:
    """Train ``runs`` ≤ BLOCK agents from scratch, each with seeds of its own, and measure them.

    Measured per episode: ``return``, the undiscounted sum of rewards; ``smoothed_return``, its mean over the last
    ten episodes of the same run; ``length`` in steps; and ``terminated``, whether the episode ended by itself
    rather than by a time limit.
    """
    names = ("return", "length", "terminated")
    samples = np.empty((len(names), runs, episodes))
    for row in range(runs):
        env = environment.make()
        try:
            run_seed = child_seed(seed, "run", block * BLOCK + row)
            for episode in train(env, agent, episodes=episodes, seed=run_seed):
                samples[:, row, episode.episode] = episode.total_reward, episode.length, episode.terminated
        finally:
            env.close()
    measured = dict(zip(names, samples, strict=True))
    measured["smoothed_return"] = _trailing_mean(measured["return"])
    curves = {metric: Moments.of(sample.T) for metric, sample in measured.items()}
    return Block(curves, {metric: measured[metric].sum(axis=1) for metric in names})


def _trailing_mean(returns: Floats) -> Floats:
    """The mean of each run's last ``WINDOW`` episodes, or of all where there are fewer."""
    sums = np.concatenate([np.zeros((len(returns), 1)), returns.cumsum(axis=1)], axis=1)
    last = np.arange(1, returns.shape[1] + 1)
    first = np.maximum(last - WINDOW, 0)
    return (sums[:, last] - sums[:, first]) / (last - first)
