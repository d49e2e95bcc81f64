"""Training: an agent in an environment or a vector of environments, as an iterator that can be inspected and saved."""

import copy
import warnings
from collections.abc import Iterator, Sequence
from itertools import count, repeat
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import Floats, as_integer, as_seed, as_sequence
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.arguments.rows import rows_of
from boltzmann_rl.environments.copies import check_copies
from boltzmann_rl.environments.interface import as_environment
from boltzmann_rl.environments.readings import Reading
from boltzmann_rl.environments.vectors import is_vector
from boltzmann_rl.protocols import AnyEnvironment, Transition, learns_from
from boltzmann_rl.training.compiled_steps import OWN, PART, skip, world_for
from boltzmann_rl.training.encoding import decoded
from boltzmann_rl.training.loops import Loop
from boltzmann_rl.training.players import Look
from boltzmann_rl.training.resuming import begin_anew, packed, restore, seed_of
from boltzmann_rl.training.saving import KINDS, checked, named_tuples, read, write_training
from boltzmann_rl.training.vector_loops import VectorLoop


class Episode(NamedTuple):
    """A finished episode.

    Attributes:
        episode: Its number, from 0, in the order in which episodes finish.
        total_reward: The undiscounted sum of its rewards.
        length: In steps.
        terminated: Whether it terminated rather than being truncated by a time limit.
        values: The learner's values ``(observations, actions)``, live: copy them to keep them.
        environment: The index of its environment in a vector of them.
    """

    episode: int
    total_reward: float
    length: int
    terminated: bool
    values: Floats
    environment: int = 0


class Training:
    """An agent that acts and learns in an environment: an endless iterator over the transitions.

    Each `Transition` is yielded after the learner has learned from it. A log, a progress bar or a stopping rule
    consumes the transitions and changes nothing. In a vector of environments one call of the policy decides for all
    rows, each with its own clock and its own uniform, and the learner then learns from one row after the other. The
    step that spans an autoreset is not a transition, in any of Gymnasium's modes. Without a time limit (CliffWalking
    has none) an episode may never end: make the environment with ``max_episode_steps``.

    Args:
        env: A ``gymnasium.Env`` or ``gymnasium.vector.VectorEnv`` with discrete actions and observations that a table
            or linear values can hold. It is reset, and must not be stepped by anything else afterwards.
        agent: A learner for environments (`QLearning`, `SARSA`, …) and any policy.
        seed: In [0, 2⁶³). It seeds the environment, the decisions and the learner, each with a stream of its own:
            agents with the same seed decide by the same uniforms.

    Attributes:
        step: Number of transitions so far.
        last: The `Episode` that finished last, or None.

    Raises:
        ValueError: A policy with a parameter for each row, where there are more or fewer environments.
        TypeError, ValueError, RuntimeError: Spaces that no table can hold; an environment that raises, or returns a
            reward that is not finite or an observation outside its space. The message says where.

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
    def __init__(self, env: AnyEnvironment, agent: Agent, *, seed: int) -> None:
        if not isinstance(agent, Agent):
            raise TypeError(f"agent must be Agent(learner, policy), got {agent!r}")
        env = as_environment(env)
        if not learns_from(agent.learner, 3):
            raise TypeError(
                f"{agent.learner!r} learns from a bandit's pulls, not from transitions: in an environment, even if it "
                "is a bandit, use a learner such as QLearning(discount=0.0)"
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
            total, length = self._rewards[row], self._lengths[row]
            self.last = Episode(self._number, total, length, transition.terminated, self.values, row)
            self._rewards[row], self._lengths[row] = 0.0, 0
        return transition

    @property
    def _number(self) -> int:
        """The number of the episode that finishes next."""
        return 0 if self.last is None else self.last.episode + 1

    def run(self, steps: int) -> list[Episode]:
        """Continue by a number of steps at once; returns the episodes that finished.

        Everything is as after as many steps of the iterator, to the last bit: values, episodes, environment, and all
        random streams. So a training may go on step by step, be saved, and run again.

        One environment that is known to follow its transition tables (FrozenLake, CliffWalking, Taxi, those of
        `boltzmann_rl.gridworlds`), with or without a time limit, is not stepped but simulated by compiled code, if
        Numba is installed, the learner is `QLearning`, `SARSA`, `ExpectedSARSA` or `DoubleQLearning`, the policy is
        one of this package that mixes uniform, softmax and greedy, and so are its schedules, and the clock is
        ``"step"`` or ``"visits"``. Everything else, also a vector of environments or a policy of your own, is stepped
        as usual.

        Compiling takes some four seconds once per machine, and less than one second in later programs. So compiled
        code is used if the training reaches 250,000 steps in all, or if it was compiled earlier in the same program
        for a policy of the same kind. There are two kinds: policies whose temperature depends on what was learned, as
        `RelativeToRange` does, and all others.
        Runs that are shorter than it takes to read the tables (about 800 steps for Taxi) are stepped.

        Args:
            steps: Number of transitions, ≥ 0.

        Returns:
            The episodes. All share one ``values``, the learner's values now, not those at the end of each episode. Use
            `episodes` for those.

        Raises:
            TypeError, ValueError: ``steps`` is not an integer, or is negative.

        Example:
            >>> from boltzmann_rl import Boltzmann, Environment, QLearning
            >>> env = Environment("CliffWalking-v1", max_episode_steps=500).make()
            >>> training = Training(env, Agent(QLearning(learning_rate=0.5), Boltzmann(temperature=0.1)), seed=0)
            >>> training.run(20_000)[-1].total_reward
            -13.0
            >>> next(training).step
            20000
        """
        end, finished = self.step + as_integer(steps, "steps"), list[Episode]()
        world = world_for(self, end - self.step) if type(self) is Training else None
        while self.step < end:
            samples = None if world is None else skip(self, world, end - self.step)
            if samples is not None and samples.size:
                finished += self._finished(samples)
            for _ in range(min(PART, end - self.step) if samples is None else OWN):
                before = self.last
                next(self)
                if self.last is not before:
                    finished.append(self.last)  # type: ignore[arg-type]
        return finished

    def _finished(self, samples: Floats) -> Iterator[Episode]:
        """The episodes with these returns, lengths and terminations ``(3, episodes)``; `last` is the last one at once.

        So Ctrl+C while the others are made leaves the numbers of episodes right.
        """
        totals, lengths, terminated = samples[0], samples[1].astype(np.int64), samples[2] == 1.0
        columns = [part.tolist() for part in (totals, lengths, terminated)]
        number, (total, length, over) = self._number, (column[-1] for column in columns)
        self.last = Episode(number + len(totals) - 1, total, length, over, self.values)
        return map(Episode._make, zip(count(number), *columns, repeat(self.values), repeat(0), strict=False))

    def episodes(self, number: int) -> Iterator[Episode]:
        """Continue until ``number`` more episodes have finished; yields each when it ends."""
        return (self._next_episode() for _ in range(as_integer(number, "number")))

    @property
    def values(self) -> Floats:
        """The learner's values ``(observations, actions)``, which change as it learns; a copy keeps them."""
        return self._loop.player.values

    def look(self, observations: Sequence[int] | NDArray[np.int64] | None = None) -> Look:
        """What the policy would do now in each environment; it draws nothing and changes nothing.

        After an episode has ended, this is for the observation of its last decision.

        Args:
            observations: Indices ``(n,)``; then it is what the policy would do now in each of these, ``(n, A)``, if all
                actions are available there.

        Example:
            >>> from boltzmann_rl import Boltzmann, Environment, QLearning
            >>> training = Training(Environment("CliffWalking-v1").make(), Agent(QLearning(), Boltzmann(0.1)), seed=0)
            >>> training.look([0, 47]).probabilities
            array([[0.25, 0.25, 0.25, 0.25],
                   [0.25, 0.25, 0.25, 0.25]])
        """
        if observations is None:
            return self._loop.look()
        most = len(self.values) - 1
        indices = [
            as_integer(one, "observation", maximum=most) for one in as_sequence(observations, "observations", "indices")
        ]
        readings = [Reading(index, None, 0.0, terminated=False, truncated=False) for index in indices]
        return self._loop.player.look(readings, np.full(len(indices), self.step))

    def save(self, path: str | Path, *, environment: str = "arrays") -> None:
        """Write the learner's state, all clocks and all random streams to one file of arrays and JSON, without code.

        If the whole state of the environment is known (Gymnasium's toy-text environments, this package's grid worlds
        and bandits, also with features and in a ``SyncVectorEnv``), the file contains it, and the training continues
        byte for byte, even from the middle of an episode. In any other environment a new episode begins when the file
        is loaded. The file is written whole or not at all.

        A learner of your own can be saved if its state consists of arrays, numbers, strings, None, PCG64 generators,
        and tuples, lists, dicts, deques and named tuples of these. If it remembers something within an episode, give it
        ``forget(state)``, which returns the state without that.

        Args:
            path: The file to write.
            environment: ``"arrays"``, or ``"pickle"`` to pickle environment and agent, so that every environment
                continues byte for byte. Such a file is only loaded with ``trust=True``, since loading runs its code.

        Raises:
            ValueError: Another ``environment``.
            TypeError: A learner's state that contains something else. For a pickle: something that can't be pickled or
                copied without loss, such as a window, another process, or a simulator's memory.
        """
        if environment not in KINDS:
            raise ValueError(f"environment must be 'arrays' or 'pickle', got {environment!r}")
        write_training(path, environment, self._pickled() if environment == "pickle" else packed(self))

    @staticmethod
    def load(
        path: str | Path, *, env: AnyEnvironment | None = None, agent: Agent | None = None, trust: bool = False
    ) -> "Training":
        """Load a saved training, with an environment and an agent equal to those that were saved.

        No code in the file is run. If the file contains the environment's state, transitions, decisions and values
        continue as if the training had never been interrupted. If not, a new episode begins in each environment, with
        a seed derived from the training's seed and step, so that it repeats no earlier episode; the learner first
        learns from rows of the round that still wait, and then forgets what it remembers of unfinished episodes.

        Args:
            path: A file that `Training.save` wrote.
            env: An environment as for `Training`, of the same name and shape and with the same number of rows.
            agent: The same learner, policy and clock.
            trust: Whether to load a file written with ``environment="pickle"``, which contains environment and agent
                and runs code when loaded. Load only such files that you wrote yourself.

        Raises:
            ValueError: A file that is not a saved training, was cut off or changed, or contains a state that no
                training has; another environment or agent than the one that was saved; a pickle without ``trust``.
            TypeError: No environment or no agent.
            RuntimeError: A pickle that the versions installed here can't read.

        Warns:
            UserWarning: The file was saved under other versions, so the results may differ from an uninterrupted run;
                or a new episode begins.

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
                    f"{path} was written with environment='pickle', and loading it runs code from the file: if you "
                    "wrote it yourself, use Training.load(path, trust=True)"
                )
            if env is not None or agent is not None:
                raise TypeError(f"{path} contains its environment and its agent: load it without env= and agent=")
            return _unpickled(content, f"{path}, saved under {versions}")
        if env is None or not isinstance(agent, Agent):
            raise TypeError(
                f"{path} contains neither environment nor agent: load it with env=, an environment as for Training, "
                f"and agent=, the Agent that was saved, got {env!r:.100} and {agent!r:.100}"
            )
        found = checked(path, decoded, content, named_tuples(agent.learner))
        training = Training(env, agent, seed=checked(path, seed_of, found, agent))
        if checked(path, restore, training, found, Episode):
            warnings.warn(f"{path}: {begin_anew(training)}", stacklevel=2)
        return training

    def __getstate__(self) -> dict[str, Any]:
        check_copies(self.env)
        return dict(vars(self))

    def __copy__(self) -> "Training":
        """As `copy.deepcopy`, since a shallow copy would step the same environment."""
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: Any) -> "Training":
        """By a pickle, so that what can't be saved is not copied either."""
        import cloudpickle

        training: Training = cloudpickle.loads(self._pickled())
        return training

    def _pickled(self) -> bytes:
        import cloudpickle

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
