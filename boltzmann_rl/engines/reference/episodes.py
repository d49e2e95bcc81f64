"""Episodes of tabular and linear agents in Gymnasium environments, as generators and as measured runs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.declared_environments.environment import Environment
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.metrics import EPISODES, WINDOW, WINDOWS, Own, own_samples, window_means
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.environments.making import time_limited
from boltzmann_rl.planning.time_limits import gaps_in
from boltzmann_rl.policies.greedy import Greedy
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
    own: Own = (),
    evaluate_every: int = 0,
    evaluation_episodes: int = 1,
    regret: bool = False,
) -> list[Block]:
    """Train an agent from scratch in each run, with a seed of the run's own, and measure each range of runs.

    Measured per episode: ``return``, the undiscounted sum of rewards; ``smoothed_return``, its mean over the last
    ten episodes of the same run; ``length`` in steps; and ``terminated``, whether the episode terminated rather than
    being truncated by a time limit. A metric in ``own`` is averaged over the steps of the episode.

    With ``evaluate_every`` n the learner's values are played greedily before episode 0, n, 2n, … in an environment made
    for that, with seeds keyed by the run and the episode, without learning; the training is the same as without.
    ``greedy_return`` is the mean return of the latest evaluation.

    With ``regret`` the exact regret of each episode is measured: the sum over its steps of V*_n(s) − Q*_n(s, a), what
    the action loses with n steps left (`boltzmann_rl.planning.TimeLimitedPlan.regret`).

    Args:
        environment: Each run makes its own.
        agent: Its learner and policy.
        ranges: Number of the first run and number of runs of each range.
        episodes: Episodes per run.
        seed: In [0, 2⁶³).
        windows: Number of windows of each run.
        own: The user's metrics of a `Transition`, with their labels.
        evaluate_every: Episodes between evaluations, or 0 for none.
        evaluation_episodes: Episodes of each evaluation.
        regret: Whether regret is measured.

    Raises:
        ValueError: A metric that does not return finite floats; evaluations in an environment without a time limit;
            regret in one without that or without known tables.
    """
    gaps = gaps_in(environment) if regret else None

    def samples_of_run(run: int) -> Floats:
        work: Any = {"episodes": episodes, "seed": run_seed(seed, run), "own": own, "gaps": gaps}
        with closing(environment.make()) as env:
            if not evaluate_every:
                return samples_of(env, agent, **work)
            with closing(environment.make()) as other:
                evaluation = Evaluation(time_limited(other), evaluate_every, evaluation_episodes)
                return samples_of(env, agent, evaluation=evaluation, **work)

    labels = (*(label for label, _ in own), *("regret",) * regret, *("greedy_return",) * bool(evaluate_every))
    return blocks_of(samples_of_run, ranges, windows, labels)


class Evaluation(NamedTuple):
    """Greedy evaluation in an environment of its own, before every so many episodes of training."""

    env: Any
    every: int
    episodes: int

    def greedy_return(self, values: Floats, seed: int) -> float:
        """The mean return of the greedy policy for a learner's values, which stay as they are."""
        agent = Agent(_Learned(values), Greedy())
        returns = [episode.total_reward for episode in train(self.env, agent, episodes=self.episodes, seed=seed)]
        return float(np.mean(returns))


class _Learned:
    """A learner that keeps its values."""

    def __init__(self, values: Floats) -> None:
        self._values = values

    def start(self, shape: tuple[int, int], rng: Any) -> Floats:
        return self._values

    def values(self, state: Floats) -> Floats:
        return state

    def update(self, state: Floats, transition: Transition, rng: Any) -> Floats:
        return state


def run_seed(seed: int, run: int) -> int:
    """The seed of one run of an experiment."""
    return child_seed(seed, "run", run)


def blocks_of(
    samples_of_run: Callable[[int], Floats],
    ranges: Sequence[tuple[int, int]],
    windows: int,
    labels: tuple[str, ...] = (),
) -> list[Block]:
    """The block of each range, from the samples ``(3 + labels, episodes)`` of each run."""
    return [
        block_of(np.stack([samples_of_run(run) for run in range(first, first + runs)], axis=1), windows, labels)
        for first, runs in ranges
    ]


def samples_of(
    env: Any,
    agent: Agent,
    *,
    episodes: int,
    seed: int,
    own: Own = (),
    gaps: Floats | None = None,
    evaluation: Evaluation | None = None,
) -> Floats:
    """Each episode's return, length, termination, means of the user's metrics, and what else is measured.

    That is its regret if there are ``gaps`` (`boltzmann_rl.planning.time_limits.gaps_in`), and the greedy return if
    there is an evaluation.
    """
    training = Training(env, agent, seed=seed)
    measured = 3 + len(own) + (gaps is not None)
    samples = np.empty((measured + (evaluation is not None), episodes))
    for number in range(episodes):
        if evaluation is not None and number % evaluation.every == 0:
            greedy_return = evaluation.greedy_return(training.values, child_seed(seed, "evaluation", number))
            samples[-1, number:] = greedy_return
        before, sums, lost, elapsed = training.last, np.zeros(len(own)), 0.0, 0
        while training.last is before:
            transition: Any = next(training)
            if gaps is not None:
                lost, elapsed = lost + gaps[elapsed, transition.observation, transition.action], elapsed + 1
            for place, (label, metric) in enumerate(own):
                sums[place] += own_samples(label, metric, transition, ())
        episode: Any = training.last
        of_steps = *sums / episode.length, *(() if gaps is None else (lost,))
        samples[:measured, number] = episode.total_reward, episode.length, episode.terminated, *of_steps
    return samples


def block_of(samples: Floats, windows: int = WINDOWS, labels: tuple[str, ...] = ()) -> Block:
    """The block of returns, lengths, terminations, and other metrics with labels, ``(3 + labels, runs, episodes)``."""
    measured = dict(zip((*EPISODES.kept, *labels), samples, strict=True))
    with np.errstate(over="ignore", under="ignore"):
        totals = {metric: sample.sum(axis=1) for metric, sample in measured.items()}
        means = {metric: window_means(sample, windows) for metric, sample in measured.items()}
        measured["smoothed_return"] = _trailing_mean(measured["return"])
        curves = {metric: Moments.of(sample.T) for metric, sample in measured.items()}
        return Block(curves, totals, means, np.zeros((0, 0)))


def _trailing_mean(returns: Floats) -> Floats:
    """The mean of each run's last ``WINDOW`` episodes, or of all if there are fewer."""
    means = returns.cumsum(axis=1)[:, :WINDOW] / np.arange(1, min(WINDOW, returns.shape[1]) + 1)
    if returns.shape[1] <= WINDOW:
        return means
    # Not a difference of cumulative sums, which would lose digits.
    later = np.lib.stride_tricks.sliding_window_view(returns, WINDOW, axis=1)[:, 1:]
    return np.concatenate([means, later.sum(axis=-1) / WINDOW], axis=1)
