"""Vectors of Gymnasium environments as a table sees them: every row read and checked, no step across an autoreset."""

import traceback
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv

from boltzmann_rl.environments.copies import check_copies
from boltzmann_rl.environments.interface import (
    as_flag,
    as_info,
    mistaken_arguments,
    mistaken_reset,
    mistaken_step,
    name_of,
)
from boltzmann_rl.environments.masks import Masks, mask_methods, row_info, row_of, speaks_of
from boltzmann_rl.environments.readings import Reading, Spaces
from boltzmann_rl.streams import child_seed

__all__ = ["TabularVectorEnvironment", "is_vector"]

# Where the last observation of a row stands that was reset at once: today's name, and the one before Gymnasium 1.1.
_FINAL = ("final_obs", "final_observation")


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
    Infos may be a dict of arrays, or a list of one dict a row.

    Each row has a seed of its own where the vector takes a list of them (`SyncVectorEnv`, `AsyncVectorEnv`), the first
    row that of a single environment; other vectors get one seed, and have one stream.

    Args:
        env: The vector.
        seed: In [0, 2⁶³).
        purpose: What the seeds of the rows are for, beside the environment: of a training that is loaded, since when.

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

    def __init__(self, env: Any, seed: int, *purpose: str | int) -> None:
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
        first, *others = (
            child_seed(seed, "environment", *purpose, *([row] if row else [])) for row in range(self.rows)
        )
        takes_list = isinstance(env.unwrapped, SyncVectorEnv | AsyncVectorEnv)
        self.seeds: Any = [first, *others] if takes_list else first
        self.standing: list[Reading | None] = [None] * self.rows
        self._episodes, self._steps = [-1] * self.rows, [0] * self.rows
        methods, self._forget = mask_methods(env, self.rows)
        self._masks = [Masks(self.actions, method) for method in methods]

    def begin(self) -> None:
        """Reset what has to be reset from outside: at first all rows, later those over in the mode ``DISABLED``."""
        over = np.array([reading is None for reading in self.standing])
        first = self._episodes[0] < 0
        if not over.any() or not (first or self._mode is AutoresetMode.DISABLED):
            return
        options = {} if first else {"options": {"reset_mask": over}}
        try:
            answer = self.env.reset(seed=self.seeds if first else None, **options)
        except Exception as error:
            mistake = mistaken_arguments(error)
            if mistake:
                raise TypeError(f"{self._name}: {mistake}") from None
            raise RuntimeError(self._raised("reset", error)) from error
        try:
            observations, infos = answer
        except (TypeError, ValueError) as error:
            raise TypeError(f"{self._name}: {mistaken_reset(answer, error)}") from None
        self._go_on()
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
            answer = self.env.step(sent.astype(np.int64))
        except Exception as error:
            raise RuntimeError(self._raised("step", error)) from error
        try:
            observations, rewards, terminated, truncated, infos = answer
        except (TypeError, ValueError) as error:
            raise TypeError(f"{self._name}, steps {self._steps}: {mistaken_step(answer, error)}") from None
        self._go_on()
        self._check_rows(rewards=rewards, terminations=terminated, truncations=truncated)
        rewards = np.asarray(rewards).tolist()
        terminated, truncated = self._flags(terminated, "terminated"), self._flags(truncated, "truncated")
        readings: list[Reading | None] = [None] * self.rows
        self.standing = list(before)
        for row in range(self.rows):
            if before[row] is None:
                self._stand(row, observations, infos)
                continue
            ends = terminated[row], truncated[row]
            apart = any(ends) and self._mode is AutoresetMode.SAME_STEP
            read = self._last_reading if apart else self._reading
            reading = read(row, observations, infos, rewards[row], *ends)
            self._steps[row] += 1
            readings[row], self.standing[row] = reading, None if any(ends) else reading
            if apart:
                self._stand(row, observations, infos)
        return readings

    @property
    def spaces(self) -> Spaces:
        """What the answers of a row mean."""
        return self._spaces

    @property
    def counts(self) -> tuple[list[int], list[int]]:
        """Of each row the number of its episode, and of its steps in that."""
        return self._episodes, self._steps

    def stand(self, standing: list[Reading | None], episodes: list[int], steps: list[int]) -> None:
        """Stand where a saved training stood, which the vector itself already does."""
        self.standing, self._episodes, self._steps = standing, episodes, steps

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

    def _flags(self, part: Any, name: str) -> list[bool]:
        """Which rows are over."""
        if isinstance(part, np.ndarray) and part.dtype == bool:
            return part.tolist()
        try:
            return [as_flag(flag, name) for flag in part]
        except TypeError as error:
            raise TypeError(f"{self._name}, steps {self._steps}: {error}") from None

    def _go_on(self) -> None:
        """What methods answered about masks is past."""
        if self._forget is not None:
            self._forget()

    def _stand(self, row: int, observations: Any, infos: Any) -> None:
        """A new episode begins where a row now stands."""
        self._episodes[row] += 1
        self._steps[row] = 0
        self.standing[row] = self._reading(row, observations, infos, 0.0, False, False)

    def _reading(
        self, row: int, observations: Any, infos: Any, reward: Any, terminated: bool, truncated: bool
    ) -> Reading:
        try:
            available = self._masks[row].of(row_info(infos, row, self.rows), terminated)
            return self._spaces.reading(observations[row], available, reward, terminated, truncated)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self._where(row)}: {error}") from None

    def _last_reading(
        self, row: int, observations: Any, infos: Any, reward: Any, terminated: bool, truncated: bool
    ) -> Reading:
        """Of a row that was reset at once: what was last seen in it, and said of it."""
        try:
            seen, info = _final(infos, row, self.rows)
            available = self._masks[row].of(info, terminated, ask=False)
            return self._spaces.reading(seen, available, reward, terminated, truncated)
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


def _final(infos: Any, row: int, rows: int) -> tuple[Any, Mapping[Any, Any]]:
    """The last observation and info of a row that was reset at once."""
    batched = isinstance(infos, Mapping)
    own: Any = infos if batched else as_info(row_of(infos, row, rows, "infos"))
    said = [name for name in (*_FINAL, "final_info") if name in own and not (batched and not speaks_of(own, name, row))]
    name = next((name for name in said if name in _FINAL), None)
    if name is None:
        raise ValueError(
            "the episode is over and the mode is SAME_STEP, but there is no info['final_obs'] to learn from"
        )
    seen, last = own[name], own["final_info"] if "final_info" in said else {}
    if not batched:
        return seen, as_info(last or {})
    if isinstance(last, Mapping):
        return seen[row], row_info(last, row, rows)
    return seen[row], as_info(row_of(last, row, rows, "infos['final_info']") or {})
