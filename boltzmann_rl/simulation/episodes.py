"""The reference loop for tabular agents on Gymnasium: it yields, and whoever looks on consumes what it yields."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.agents import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.environments import Environment, Reading, TabularEnvironment
from boltzmann_rl.learners import Transition
from boltzmann_rl.numerics import mask
from boltzmann_rl.policies import act, probabilities
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
    ``(seed, "action")``: two agents with one seed meet the same coins, not the same transitions. A learner that takes
    the next decision into its target (`SARSA`, `ExpectedSARSA`) learns after it was made, the others before.

    Args:
        env: A ``gymnasium.Env`` with discrete observations and actions.
        agent: A tabular learner (`QLearning`, `SARSA`, …) and any policy.
        seed: In [0, 2⁶³).

    Yields:
        The transition, and the learner's values ``(observations, actions)``, live.

    Raises:
        TypeError, ValueError, RuntimeError: Spaces that are not discrete; an environment that raises, or answers
            something that is no finite reward or lies outside its space. The message says where.
    """
    table = TabularEnvironment(env, child_seed(seed, "environment"))
    player = _Player(agent, (table.observations, table.actions), seed)
    reading, chosen = table.reset(), None
    while True:
        here, action = reading.observation, player.choose(reading) if chosen is None else chosen
        reading = table.step(action)
        player.count(here, action)
        chosen, outlook = player.look_ahead(reading)
        transition = Transition(
            player.step - 1,
            here,
            action,
            reading.reward,
            reading.observation,
            reading.terminated,
            reading.truncated,
            reading.available,
            chosen,
            outlook,
        )
        yield transition, player.learn(transition)
        if transition.terminated or transition.truncated:
            reading, chosen = table.reset(), None


class _Player:
    """An agent at a table: the learner's state, the clocks of the policy, and the streams of both."""

    def __init__(self, agent: Agent, shape: tuple[int, int], seed: int) -> None:
        self._policy, self._learner, self._clock = agent.policy, agent.learner, agent.clock
        perturbs = getattr(agent.policy, "uniforms_per_action", False)
        self._coins, self._learning = stream(seed, "perturbation" if perturbs else "action"), stream(seed, "learner")
        self._state = agent.learner.start(shape, self._learning)
        self._remembers = getattr(agent.policy, "takes_memory", False)
        self._takes_next = _takes_next(agent.learner)
        self.step, self._visits, self._pulls = 0, np.zeros(shape[0], dtype=np.int64), np.zeros(shape, dtype=np.int64)

    def choose(self, reading: Reading, rng: np.random.Generator | None = None) -> int:
        """A decision, for one coin."""
        values, now, memory = self._seen(reading)
        rng = self._coins if rng is None else rng
        action: int = act(self._policy, values, rng, step=now, available=reading.available, memory=memory)
        return action

    def count(self, here: int, action: int) -> None:
        """Let the clocks go on by a decision."""
        self.step += 1
        self._visits[here] += 1
        self._pulls[here, action] += 1

    def look_ahead(self, reading: Reading) -> tuple[int | None, Floats | None]:
        """The next decision, for learners that take it: the action, and if asked for the probabilities of all."""
        if self._takes_next is None or reading.terminated:
            return None, None
        # What a truncated step would have been followed by is no decision, and takes no coin of the decisions.
        chosen = self.choose(reading, self._learning if reading.truncated else self._coins)
        if self._takes_next == "action":
            return chosen, None
        values, now, memory = self._seen(reading)
        if reading.available is not None:
            values = mask(values, reading.available)
        return chosen, probabilities(self._policy, values, now, memory)

    def learn(self, transition: Transition) -> Floats:
        """Let the learner learn; its values afterwards."""
        self._state = self._learner.update(self._state, transition, self._learning)
        values: Floats = self._learner.values(self._state)
        return values

    def _seen(self, reading: Reading) -> tuple[Floats, Any, Any]:
        """What the policy is shown: values, clock and memory of where it stands."""
        here = reading.observation
        now = {"step": self.step, "visits": int(self._visits[here]), "pulls": self._pulls[here]}[self._clock]
        memory = self._learner.memory(self._state)[here] if self._remembers else None
        return self._learner.values(self._state)[here], now, memory


def _takes_next(learner: Any) -> str | None:
    """What a learner needs of the next decision, "action" or "probabilities"; a wrapper needs what it wraps."""
    while hasattr(learner, "learner"):
        learner = learner.learner
    return getattr(learner, "takes_next", None)


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
