"""Training: an agent in an environment, or in a vector of them, as an iterator that can be looked at and saved."""

import copy
import hashlib
import json
import platform
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from boltzmann_rl.agents import Agent, learns_from
from boltzmann_rl.arguments import Floats, as_integer, as_seed
from boltzmann_rl.copies import check_copies
from boltzmann_rl.files import write
from boltzmann_rl.interface import as_environment
from boltzmann_rl.learners import Transition
from boltzmann_rl.near_names import suggesting
from boltzmann_rl.simulation.loops import Loop
from boltzmann_rl.simulation.players import Look
from boltzmann_rl.simulation.vector_loops import VectorLoop
from boltzmann_rl.vector_environments import is_vector

__all__ = ["Episode", "Training"]

_FIRST_LINE = b"boltzmann_rl training, format 1, SHA-256 "


class Episode(NamedTuple):
    """A finished episode, and the learner's values as they stand (live: copy them to keep them).

    Attributes:
        episode: Its number, from 0, in the order in which episodes finish.
        total_reward: The undiscounted sum of its rewards.
        length: In steps.
        terminated: Whether it ended by itself rather than by a time limit.
        values: The learner's, ``(observations, actions)``.
        environment: Which of several environments it was played in.
    """

    episode: int
    total_reward: float
    length: int
    terminated: bool
    values: Floats
    environment: int = 0


class Training:
    """An agent that acts and learns in an environment: an iterator, without end, over what it learned from.

    Each `Transition` is yielded after it was learned from. What looks on (a log, a progress bar, a stopping rule)
    consumes them, and changes nothing. Of a vector of environments every policy call decides for all rows, each with
    a clock and a coin of its own, and the learner learns from the rows in turn; the step that spans an autoreset is
    no transition, in any of Gymnasium's modes. In an environment without a time limit (CliffWalking has none) an agent
    that does not find the end goes on for ever: make it with ``max_episode_steps``.

    Args:
        env: A ``gymnasium.Env`` or ``gymnasium.vector.VectorEnv`` with discrete actions and observations that a table
            or linear values can hold. It is reset, and from then on belongs to the training.
        agent: A learner for environments (`QLearning`, `SARSA`, …) and any policy.
        seed: In [0, 2⁶³). It seeds the environment, the decisions and the learner, in streams of their own: agents
            with one seed meet the same coins.

    Attributes:
        step: Transitions learned from so far.
        last: The `Episode` that finished last, or None.

    Raises:
        TypeError, ValueError, RuntimeError: Spaces that no table can hold; an environment that raises, or answers
            something that is no finite reward or lies outside its space. The message says where.

    Example:
        >>> from boltzmann_rl import Boltzmann, Environment, QLearning
        >>> env = Environment("CliffWalking-v1", max_episode_steps=500).make()
        >>> training = Training(env, Agent(QLearning(learning_rate=0.5), Boltzmann(temperature=0.1)), seed=0)
        >>> next(training).reward
        -1.0
        >>> [episode.total_reward for episode in training.episodes(400)][-1]
        -13.0
        >>> training.look().probabilities.round(2)
        array([0., 0., 1., 0.])
    """

    @suggesting
    def __init__(self, env: Any, agent: Agent, *, seed: int) -> None:
        if not isinstance(agent, Agent):
            raise TypeError(f"agent must be Agent(learner, policy), got {agent!r}")
        env = as_environment(env)
        if not learns_from(agent.learner, 3):
            raise TypeError(
                f"{agent.learner!r} learns from a bandit's pulls, not from transitions: in an environment, also in one "
                "that is a bandit, take a learner such as QLearning(discount=0.0)"
            )
        self.env, self.agent, self.seed = env, agent, as_seed(seed)
        self.step = 0
        self.last: Episode | None = None
        self._loop: Loop | VectorLoop = (VectorLoop if is_vector(env) else Loop)(env, agent, self.seed)
        self._rewards, self._lengths = [0.0] * self._loop.environments, [0] * self._loop.environments

    def __repr__(self) -> str:
        return f"<Training of {self.agent} in {self.env}, seed {self.seed}, after {self.step} transitions>"

    def __iter__(self) -> "Training":
        return self

    def __next__(self) -> Transition:
        transition = self._loop.advance()
        self.step += 1
        row = transition.environment
        self._rewards[row] += transition.reward
        self._lengths[row] += 1
        if transition.terminated or transition.truncated:
            self._finish(row, transition.terminated)
        return transition

    def episodes(self, number: int) -> Iterator[Episode]:
        """Go on until so many more episodes have finished; yields each when it is over."""
        return (self._next_episode() for _ in range(as_integer(number, "number")))

    @property
    def values(self) -> Floats:
        """The learner's values ``(observations, actions)``, live: copy them to keep them."""
        return self._loop.player.values

    def look(self) -> Look:
        """What the policy would do now, where each environment stands; draws nothing and changes nothing.

        Where an episode is over, that is where its last decision was taken.
        """
        return self._loop.look()

    def save(self, path: str | Path) -> None:
        """Write everything that the next transition depends on, also in the middle of an episode, to one file.

        The file is whole or not there at all. It is a pickle behind a line with its checksum, so environment, learner
        and policy must be picklable (by cloudpickle: functions and classes of a notebook are).

        Raises:
            TypeError: What holds something that no file can hold, such as a window, another process, or a
                simulator's memory.
        """
        content = json.dumps(_versions()).encode() + b"\n" + self._pickled()
        write(Path(path), _FIRST_LINE + hashlib.sha256(content).hexdigest().encode() + b"\n" + content)

    @staticmethod
    def load(path: str | Path) -> "Training":
        """The training as it was saved: transitions, decisions and values go on as if it had never been interrupted.

        Only load files that you wrote: loading runs what the file says.

        Raises:
            ValueError: A file that is no saved training, or was cut off or changed.
            RuntimeError: One that the versions installed here can't read.

        Warns:
            UserWarning: It was saved under other versions, so what follows may differ from an uninterrupted run.
        """
        first, _, content = Path(path).read_bytes().partition(b"\n")
        if not first.startswith(_FIRST_LINE):
            raise ValueError(f"{path} is no saved training of format 1: Training.save writes one")
        if first[len(_FIRST_LINE) :] != hashlib.sha256(content).hexdigest().encode():
            raise ValueError(f"{path} was cut off or changed since it was saved: take another copy")
        line, _, pickled = content.partition(b"\n")
        saved, here = json.loads(line), _versions()
        changed = [f"{name} {then} (here {here.get(name)})" for name, then in saved.items() if then != here.get(name)]
        if changed:
            warnings.warn(
                f"{path} was saved under {', '.join(changed)}: what follows may differ from an uninterrupted run",
                stacklevel=2,
            )
        return _unpickled(pickled, f"{path}, saved under {line.decode()}")

    def __getstate__(self) -> dict[str, Any]:
        check_copies(self.env)
        return dict(vars(self))

    def __copy__(self) -> "Training":
        """A shallow copy would play in the same environment: it is as deep as `copy.deepcopy`."""
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: Any) -> "Training":
        """By a pickle, so that a copy is refused where a file is."""
        import cloudpickle

        training: Training = cloudpickle.loads(self._pickled())
        return training

    def _pickled(self) -> bytes:
        import cloudpickle  # here: not every training is saved

        check_copies(self.env)
        try:
            pickled: bytes = cloudpickle.dumps(self)
        except Exception as error:
            raise TypeError(
                f"{self.env} with {self.agent!r} can't be saved or copied, {type(error).__name__}: {error}. Windows, "
                "files and other processes can't be pickled: make the environment without render_mode and recording "
                "wrappers, and a vector of them with vectorization_mode='sync' (Gymnasium 1.4 or later)"
            ) from error
        return pickled

    def _finish(self, row: int, terminated: bool) -> None:
        """An episode is over; the next one in its row begins with nothing."""
        number = 0 if self.last is None else self.last.episode + 1
        self.last = Episode(number, self._rewards[row], self._lengths[row], terminated, self.values, row)
        self._rewards[row], self._lengths[row] = 0.0, 0

    def _next_episode(self) -> Episode:
        before = self.last
        while self.last is before:
            next(self)
        episode: Any = self.last
        return episode


def _unpickled(pickled: bytes, name: str) -> Training:
    import cloudpickle

    try:
        training: Training = cloudpickle.loads(pickled)
    except Exception as error:
        raise RuntimeError(f"{name}, can't be read here, {type(error).__name__}: {error}") from error
    return training


def _versions() -> dict[str, str]:
    """Of everything whose change may change the numbers, or the meaning of the file."""
    import cloudpickle
    import gymnasium
    import numpy

    import boltzmann_rl

    libraries: Any = (boltzmann_rl, numpy, gymnasium, cloudpickle)
    return {"python": platform.python_version(), **{x.__name__: x.__version__ for x in libraries}}
