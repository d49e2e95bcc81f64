"""What happens in one run of an experiment, at some of its steps or episodes."""

from collections.abc import Collection, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.metrics import Moment, points_of
from boltzmann_rl.engines.reference import bandits
from boltzmann_rl.figures.frames import BanditFrame, GridFrame
from boltzmann_rl.figures.grids import Grid, grid_of
from boltzmann_rl.protocols import Bandit

if TYPE_CHECKING:
    from boltzmann_rl.declared_environments.environment import Environment
    from boltzmann_rl.training.training import Training


class _Recorder:
    """A metric that measures nothing, and keeps frames."""

    def __init__(self, steps: Collection[int]) -> None:
        self.steps, self.pulls = set(steps), np.zeros(0, dtype=np.int64)
        self.frames: list[BanditFrame] = []

    def __call__(self, moment: Moment) -> Floats:
        if not len(self.pulls):
            self.pulls = np.zeros(moment.means.shape[1], dtype=np.int64)
        if moment.step in self.steps:
            means, values, p = (part[0].copy() for part in (moment.means, moment.values, moment.probabilities))
            self.frames.append(BanditFrame(moment.step, means, values, p, self.pulls.copy()))
        self.pulls[moment.action[0]] += 1
        return np.zeros(len(moment.action))


def moments_of(length: int, frames: int) -> list[int]:
    """The steps of ``length`` that are shown: exactly ``frames``, or all if there are fewer.

    They are those that represent a curve; where these are fewer, the widest gaps are halved.

    Example:
        >>> moments_of(3, 8), moments_of(301, 40)[:3], len(moments_of(301, 40))
        ([0, 1, 2], [0, 1, 2], 40)
    """
    found = [int(step) for step in points_of(length, frames)]
    while len(found) < min(frames, length):
        gap = int(np.argmax(np.diff(found)))
        found.insert(gap + 1, (found[gap] + found[gap + 1]) // 2)
    return found


def bandit_frames(
    bandit: Bandit, agent: Agent, steps: Collection[int], *, length: int, seed: int, run: int
) -> list[BanditFrame]:
    """Frames of a run at some steps, by the reference engine: the same run as in the experiment."""
    recorder = _Recorder(steps)
    bandits.simulate_ranges(bandit, agent, [(run, 1)], steps=length, seed=seed, own=(("frames", recorder),))
    return recorder.frames


def grid_frames(
    environment: "Environment", agent: Agent, episodes: Collection[int], *, seed: int, run: int
) -> tuple[Grid, list[GridFrame]]:
    """The grid, and frames of a run after some numbers of episodes: the same run as in the experiment."""
    # Imported here: bandits need no Gymnasium.
    from boltzmann_rl.engines.reference.episodes import run_seed
    from boltzmann_rl.training.training import Training

    with closing(environment.make()) as env:
        grid = grid_of(env)
        return grid, list(_grid_frames(Training(env, agent, seed=run_seed(seed, run)), set(episodes)))


def _grid_frames(training: "Training", episodes: Collection[int]) -> Iterator[GridFrame]:
    visited, total = np.zeros(len(training.values), dtype=bool), float("nan")
    for number in range(max(episodes) + 1):
        if number in episodes:
            look = training.look(range(len(visited)))
            yield GridFrame(number, look.values.copy(), look.probabilities.copy(), visited.copy(), total)
        if number < max(episodes):
            for transition in training:
                visited[transition.observation] = True
                if training.last is not None and training.last.episode == number:
                    total = training.last.total_reward
                    break
