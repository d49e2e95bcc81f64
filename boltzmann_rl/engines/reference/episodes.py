"""Episodes of tabular and linear agents in Gymnasium environments, as generators and as measured runs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.metrics import EPISODES, WINDOW, WINDOWS, window_means
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.environments.declaration import Environment
from boltzmann_rl.protocols import AnyEnvironment, Transition
from boltzmann_rl.streams import child_seed
from boltzmann_rl.training.training import Episode, Training


@suggesting
def play(env: AnyEnvironment, agent: Agent, *, seed: int) -> Iterator[tuple[Transition, Floats]]:
    """`Training` as pairs of every transition, after it was learned from, and the learner's live values.

    Args:
        env: As in `Training`.
        agent: As in `Training`.
        seed: In [0, 2⁶³).

    Raises:
        TypeError, ValueError, RuntimeError: As `Training`.
    """
    training = Training(env, agent, seed=seed)
    return ((transition, training.values) for transition in training)


@suggesting
def train(env: AnyEnvironment, agent: Agent, *, episodes: int, seed: int) -> Iterator[Episode]:
    """`Training` for a number of episodes; yields each when it ends.

    Args:
        env: As in `Training`.
        agent: As in `Training`.
        episodes: Number of episodes.
        seed: In [0, 2⁶³).

    Example:
        >>> from boltzmann_rl import Boltzmann, QLearning
        >>> env = Environment("CliffWalking-v1", max_episode_steps=500).make()
        >>> agent = Agent(QLearning(learning_rate=0.5), Boltzmann(temperature=0.1))
        >>> [episode.total_reward for episode in train(env, agent, episodes=400, seed=0)][-1]
        -13.0
    """
    return Training(env, agent, seed=seed).episodes(episodes)


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
) -> list[Block]:
    """Train an agent from scratch in each run, with a seed of the run's own, and measure each range of runs.

    Measured per episode: ``return``, the undiscounted sum of rewards; ``smoothed_return``, its mean over the last
    ten episodes of the same run; ``length`` in steps; and ``terminated``, whether the episode terminated rather than
    being truncated by a time limit.

    Args:
        environment: Each run makes its own.
        agent: Its learner and policy.
        ranges: Number of the first run and number of runs of each range.
        episodes: Episodes per run.
        seed: In [0, 2⁶³).
        windows: Number of windows of each run.
    """

    def samples_of_run(run: int) -> Floats:
        with closing(environment.make()) as env:
            return samples_of(env, agent, episodes=episodes, seed=run_seed(seed, run))

    return blocks_of(samples_of_run, ranges, windows)


def run_seed(seed: int, run: int) -> int:
    """The seed of one run of an experiment."""
    return child_seed(seed, "run", run)


def blocks_of(samples_of_run: Callable[[int], Floats], ranges: Sequence[tuple[int, int]], windows: int) -> list[Block]:
    """The block of each range, from the samples ``(3, episodes)`` of each run."""
    return [
        block_of(np.stack([samples_of_run(run) for run in range(first, first + runs)], axis=1), windows)
        for first, runs in ranges
    ]


def samples_of(env: Any, agent: Agent, *, episodes: int, seed: int) -> Floats:
    """Return, length and termination of each episode of one run, ``(3, episodes)``."""
    samples = np.empty((3, episodes))
    for episode in train(env, agent, episodes=episodes, seed=seed):
        samples[:, episode.episode] = episode.total_reward, episode.length, episode.terminated
    return samples


def block_of(samples: Floats, windows: int = WINDOWS) -> Block:
    """The block of returns, lengths and terminations ``(3, runs, episodes)``."""
    measured = dict(zip(EPISODES.kept, samples, strict=True))
    with np.errstate(over="ignore", under="ignore"):
        measured["smoothed_return"] = _trailing_mean(measured["return"])
        curves = {metric: Moments.of(sample.T) for metric, sample in measured.items()}
        totals = {metric: measured[metric].sum(axis=1) for metric in EPISODES.kept}
        means = {metric: window_means(measured[metric], windows) for metric in EPISODES.windowed}
        return Block(curves, totals, means, np.zeros((0, 0)))


def _trailing_mean(returns: Floats) -> Floats:
    """The mean of each run's last ``WINDOW`` episodes, or of all if there are fewer."""
    means = returns.cumsum(axis=1)[:, :WINDOW] / np.arange(1, min(WINDOW, returns.shape[1]) + 1)
    if returns.shape[1] <= WINDOW:
        return means
    # Not a difference of cumulative sums, which would lose digits.
    later = np.lib.stride_tricks.sliding_window_view(returns, WINDOW, axis=1)[:, 1:]
    return np.concatenate([means, later.sum(axis=-1) / WINDOW], axis=1)
