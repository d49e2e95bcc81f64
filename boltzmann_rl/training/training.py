"""Training: an agent in an environment, or in a vector of them, as an iterator that can be looked at and saved."""

import copy
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats, as_integer, as_seed
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.arguments.rows import rows_of
from boltzmann_rl.environments.copies import check_copies
from boltzmann_rl.environments.interface import as_environment
from boltzmann_rl.environments.vectors import is_vector
from boltzmann_rl.protocols import Transition, learns_from
from boltzmann_rl.training.loops import Loop
from boltzmann_rl.training.players import Look
from boltzmann_rl.training.resuming import begin_anew, restore, seed_of, state_of
from boltzmann_rl.training.saving import KINDS, checked, named_tuples, packed, read, unpacked, write_training
from boltzmann_rl.training.vector_loops import VectorLoop

__all__ = ["Episode", "Training"]


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
        ValueError: A policy with parameters for each of other rows than there are environments.
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
        rows = rows_of(agent.policy)
        if rows not in (0, self._loop.environments):
            raise ValueError(
                f"{agent.policy!r} has parameters for {rows} rows, but the number of environments is "
                f"{self._loop.environments}: give one for each environment, or one for all"
            )
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

    def save(self, path: str | Path, *, environment: str = "arrays") -> None:
        """Write what was learned, all clocks and all streams of chance to one file: arrays and JSON, nothing that runs.

        Where the environment is known to be a few numbers and a stream (the toy-text ones of Gymnasium, the grid worlds
        and bandits of this package, also in features and in a ``SyncVectorEnv``), where it stands is in the file, and
        the training goes on byte for byte, also from the middle of an episode. Of any other environment it is not: a
        new episode begins when the file is loaded. The file is whole or not there at all.

        A learner of your own is saved if its state is made of arrays, numbers, strings, None, PCG64 generators, and
        tuples, lists, dicts, deques and named tuples of these. If it remembers something within an episode, give it
        ``forget(state)``, which answers the state without that.

        Args:
            path: Where to.
            environment: ``"arrays"``, or ``"pickle"`` to write environment and agent as they are, so that every
                environment goes on byte for byte. Such a file is only loaded with ``trust=True``: loading runs what it
                says.

        Raises:
            ValueError: Another ``environment``.
            TypeError: A learner's state that holds something else. For a pickle: what holds something that no file can
                hold, such as a window, another process, or a simulator's memory, or would be copied with a loss.
        """
        if environment not in KINDS:
            raise ValueError(f"environment must be 'arrays' or 'pickle', got {environment!r}")
        content = (
            self._pickled() if environment == "pickle" else packed(state_of(self), named_tuples(self.agent.learner))
        )
        write_training(path, environment, content)

    @staticmethod
    def load(path: str | Path, *, env: Any = None, agent: Agent | None = None, trust: bool = False) -> "Training":
        """The training that was saved, in an environment and with an agent like those that it was saved with.

        Nothing in the file is run. Where it says where the environment stands, transitions, decisions and values go on
        as if the training had never been interrupted. Where it does not, a new episode begins (in each environment of a
        vector), seeded from the seed and the step, so that it repeats none before; what the learner remembers of the
        unfinished one is forgotten, and rows of a round that were not yet learned from are learned from first.

        Args:
            path: A file that `save` wrote.
            env: As for `Training`: one of the same name and shape, with as many environments.
            agent: The same learner, policy and clock.
            trust: For files written with ``environment="pickle"``, which hold environment and agent: run what the file
                says. Only load those that you wrote yourself.

        Raises:
            ValueError: A file that is no saved training, was cut off or changed, or holds what no training does;
                another environment or agent than the one that was saved; a pickle without ``trust``.
            TypeError: No environment or no agent.
            RuntimeError: A pickle that the versions installed here can't read.

        Warns:
            UserWarning: It was saved under other versions, so what follows may differ from an uninterrupted run; or a
                new episode begins.

        Example:
            >>> import tempfile
            >>> from boltzmann_rl import Boltzmann, Environment, QLearning
            >>> maze, agent = Environment("FrozenLake-v1"), Agent(QLearning(0.5), Boltzmann(0.1))
            >>> training = Training(maze.make(), agent, seed=0)
            >>> steps = [next(training) for _ in range(10)]
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     training.save(f"{folder}/lake.training")
            ...     again = Training.load(f"{folder}/lake.training", env=maze.make(), agent=agent)
            >>> again.step, next(again) == next(training)
            (10, True)
        """
        kind, content, versions = read(path)
        if kind == "pickle":
            if trust is not True:
                raise ValueError(
                    f"{path} was written with environment='pickle', and loading it runs what it says: if you wrote it "
                    "yourself, say Training.load(path, trust=True)"
                )
            if env is not None or agent is not None:
                raise TypeError(f"{path} holds its environment and its agent: load it without env= and agent=")
            return _unpickled(content, f"{path}, saved under {versions}")
        if env is None or not isinstance(agent, Agent):
            raise TypeError(
                f"{path} holds arrays, and neither environment nor agent: load it with env=, an environment as for "
                f"Training, and agent=, the Agent that was saved, got {env!r:.100} and {agent!r:.100}"
            )
        found = unpacked(path, content, named_tuples(agent.learner))
        training = Training(env, agent, seed=checked(path, seed_of, found, agent))
        if checked(path, restore, training, found, Episode):
            warnings.warn(f"{path}: {begin_anew(training)}", stacklevel=2)
        return training

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
