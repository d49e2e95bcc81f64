"""Vectors of Gymnasium environments as a table sees them: every row read and checked, no step across an autoreset."""

import traceback
from typing import Any

import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv

from boltzmann_rl.copies import check_copies
from boltzmann_rl.environments import Reading, Spaces, name_of
from boltzmann_rl.streams import child_seed

__all__ = ["TabularVectorEnvironment", "is_vector"]


def is_vector(env: Any) -> bool:
    """Whether this is a vector of environments.

    Example:
        >>> import gymnasium
        >>> is_vector(gymnasium.make("FrozenLake-v1"))
        False
        >>> is_vector(gymnasium.make_vec("FrozenLake-v1", num_envs=2))
        True
    """
    return isinstance(env, VectorEnv)


class TabularVectorEnvironment:
    """A ``gymnasium.vector.VectorEnv`` whose rows are read one by one, as a `TabularEnvironment` each.

    What a step led to and where the next decision is taken are kept apart, so that ends of episodes mean the same in
    the three modes of ``metadata["autoreset_mode"]``: in ``NEXT_STEP`` the step after the last one resets, whatever
    action is sent, and its answer is no reading; in ``SAME_STEP`` the last observation and mask are those of
    ``info["final_obs"]`` and ``info["final_info"]``; in ``DISABLED`` the rows that are over are reset by `begin`.

    Each row has a seed of its own where the vector takes a list of them (`SyncVectorEnv`, `AsyncVectorEnv`), the first
    row that of a single environment; other vectors get one seed, and have one stream.

    Args:
        env: The vector.
        seed: In [0, 2⁶³).

    Raises:
        TypeError: Spaces that no table can hold.
        ValueError: No autoreset mode in the metadata.

    Attributes:
        standing: For each row a `Reading` of where its next decision is taken, or None where its episode is over.

    Example:
        >>> import gymnasium
        >>> table = TabularVectorEnvironment(gymnasium.make_vec("FrozenLake-v1", num_envs=2), seed=0)
        >>> table.begin()
        >>> [reading.observation for reading in table.step([0, 2])]
        [4, 4]
    """

    def __init__(self, env: Any, seed: int) -> None:
        self.env, self.rows = env, int(env.num_envs)
        self._name = name_of(env)
        self._spaces = Spaces(self._name, env.single_observation_space, env.single_action_space)
        self.observations, self.actions = self._spaces.observations, self._spaces.actions
        try:
            self._mode = AutoresetMode(env.metadata.get("autoreset_mode"))
        except ValueError:
            modes = ", ".join(f"AutoresetMode.{mode.name}" for mode in AutoresetMode)
            raise ValueError(
                f"{self._name} does not say how its rows are reset, so no one can tell which steps cross episodes: "
                f"set env.metadata['autoreset_mode'] to one of {modes}, got {env.metadata.get('autoreset_mode')!r}"
            ) from None
        first, *others = (child_seed(seed, "environment", *([row] if row else [])) for row in range(self.rows))
        takes_list = isinstance(env.unwrapped, SyncVectorEnv | AsyncVectorEnv)
        self.seeds: Any = [first, *others] if takes_list else first
        self.standing: list[Reading | None] = [None] * self.rows
        self._episodes, self._steps = [-1] * self.rows, [0] * self.rows

    def begin(self) -> None:
        """Reset what has to be reset from outside: at first all rows, later those over in the mode ``DISABLED``."""
        over = np.array([reading is None for reading in self.standing])
        first = self._episodes[0] < 0
        if not over.any() or not (first or self._mode is AutoresetMode.DISABLED):
            return
        options = {} if first else {"options": {"reset_mask": over}}
        try:
            observations, infos = self.env.reset(seed=self.seeds if first else None, **options)
        except Exception as error:
            raise RuntimeError(self._raised("reset", error)) from error
        for row in np.flatnonzero(over).tolist():
            self._stand(row, observations, infos)

    def step(self, actions: Any) -> list[Reading | None]:
        """Take an action in each row, by its index; a row whose episode is over has none, and reads None.

        In rows that are over, whatever ``actions`` say is not sent.
        """
        before = self.standing
        over = np.array([reading is None for reading in before])
        sent = np.where(over, 0, actions) + self._spaces.first_action
        try:
            observations, rewards, terminated, truncated, infos = self.env.step(sent.astype(np.int64))
        except Exception as error:
            raise RuntimeError(self._raised("step", error)) from error
        self._check_rows(rewards=rewards, terminations=terminated, truncations=truncated)
        rewards = np.asarray(rewards).tolist()
        readings: list[Reading | None] = [None] * self.rows
        self.standing = list(before)
        for row in range(self.rows):
            if before[row] is None:
                self._stand(row, observations, infos)
                continue
            ends = bool(terminated[row]), bool(truncated[row])
            apart = any(ends) and self._mode is AutoresetMode.SAME_STEP
            seen, said = self._final(row, infos) if apart else (observations, infos)
            reading = self._reading(row, seen, said, rewards[row], *ends)
            self._steps[row] += 1
            readings[row], self.standing[row] = reading, None if any(ends) else reading
            if apart:
                self._stand(row, observations, infos)
        return readings

    def __getstate__(self) -> dict[str, Any]:
        check_copies(self.env)
        return dict(vars(self))

    def _check_rows(self, **parts: Any) -> None:
        for name, part in parts.items():
            if np.shape(part) != (self.rows,):
                raise ValueError(
                    f"{self._name}, steps {self._steps}: {name} must have one entry for each of the {self.rows} rows, "
                    f"got shape {np.shape(part)}"
                )

    def _final(self, row: int, infos: Any) -> Any:
        """What was last seen in a row that was reset at once, and said of it."""
        if "final_obs" not in infos:
            raise ValueError(
                f"{self._where(row)}: the episode is over and the mode is SAME_STEP, but there is no "
                "info['final_obs'] to learn from"
            )
        return infos["final_obs"], infos.get("final_info", {})

    def _stand(self, row: int, observations: Any, infos: Any) -> None:
        """A new episode begins where a row now stands."""
        self._episodes[row] += 1
        self._steps[row] = 0
        self.standing[row] = self._reading(row, observations, infos, 0.0, False, False)

    def _reading(
        self, row: int, observations: Any, infos: Any, reward: Any, terminated: bool, truncated: bool
    ) -> Reading:
        try:
            mask = _of_row(infos, "action_mask", row)
            return self._spaces.reading(observations[row], mask, reward, terminated, truncated)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self._where(row)}: {error}") from None

    def _where(self, row: int) -> str:
        seed = self.seeds[row] if isinstance(self.seeds, list) else self.seeds
        return f"{self._name}, row {row}, with seed {seed}, episode {self._episodes[row]}, step {self._steps[row]}"

    def _raised(self, call: str, error: Exception) -> str:
        """Where a call failed; of a vector in this process, in which row."""
        raising = [frame.f_locals.get("self") for frame, _ in traceback.walk_tb(error.__traceback__)]
        envs = getattr(self.env.unwrapped, "envs", ())
        rows = [row for row, env in enumerate(envs) if any(env is owner for owner in raising)]
        where = self._where(rows[0]) if rows else f"{self._name} with seeds {self.seeds}, steps {self._steps}"
        return f"{where}, {call} raised {type(error).__name__}: {error}"


def _of_row(infos: Any, key: str, row: int) -> Any:
    """What an info of a vector says of a row, or None: ``_key`` holds of which rows it says something."""
    if key not in infos or not (f"_{key}" not in infos or infos[f"_{key}"][row]):
        return None
    return infos[key][row]
