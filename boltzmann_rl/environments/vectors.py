"""Vectors of Gymnasium environments for a table: every row is checked, and no transition crosses an autoreset."""

import sys
import traceback
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv, VectorEnv

from boltzmann_rl.environments.copies import check_copies
from boltzmann_rl.environments.interface import as_flag, as_info, explain_refusal, explain_reset, explain_step, name_of
from boltzmann_rl.environments.masks import Masks, has_row, mask_methods, row_info, row_of, shows_masks
from boltzmann_rl.environments.readings import Reading, Spaces
from boltzmann_rl.streams import child_seed

# The key of the last observation of a row that was reset in the same step: today's, and the one before Gymnasium 1.1.
_FINAL = ("final_obs", "final_observation")

_new = tuple.__new__

# The dtypes of the usual observations, rewards, terminations and truncations.
_DTYPES = tuple(map(np.dtype, (np.int64, np.float64, np.bool_, np.bool_)))

# With a dtype instead of np.int64, making a short array takes half the time.
_INT64 = _DTYPES[0]

_LARGEST = sys.float_info.max


def is_vector(env: Any) -> bool:
    """Whether ``env`` is a vector of environments."""
    return isinstance(env, VectorEnv)


def autoreset_of(env: Any) -> Any:
    """The autoreset mode of a vector: its attribute, else that of its metadata, as its author gave it.

    Before Gymnasium 1.4 all vectors of one class of environments share a metadata, which has the mode of the latest.
    """
    return getattr(env.unwrapped, "autoreset_mode", None) or env.metadata.get("autoreset_mode")


class TabularVectorEnvironment:
    """A ``gymnasium.vector.VectorEnv`` whose rows are read one by one, each like a `TabularEnvironment`.

    The result of a step and the observation of the next decision are kept apart, so that ends of episodes mean the
    same in the three modes of ``metadata["autoreset_mode"]``. In ``NEXT_STEP`` the step after an episode's last one
    resets, whatever the action, and is not a transition. In ``SAME_STEP`` the last observation and mask are those of
    ``info["final_obs"]`` and ``info["final_info"]``. In ``DISABLED`` `begin` resets the rows that are over. Infos may
    be a dict of arrays, or a list of one dict a row.

    If the vector takes a list of seeds (`SyncVectorEnv`, `AsyncVectorEnv`), each row has a seed, the first row that of
    a single environment; other vectors get one seed.

    Args:
        env: The vector.
        seed: In [0, 2⁶³).
        purpose: Added to the key of the rows' seeds; for a loaded training, the step since when.

    Raises:
        TypeError: Spaces that no table can hold.
        ValueError: No autoreset mode in the metadata.

    Attributes:
        spaces: The `Spaces` of a row.
        current: For each row the `Reading` at which its next decision is taken, or None if its episode is over.

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
        self.spaces = Spaces(self._name, env.single_observation_space, env.single_action_space)
        self.observations, self.actions = self.spaces.observations, self.spaces.actions
        try:
            self._mode = AutoresetMode(autoreset_of(env))
        except ValueError:
            modes = ", ".join(f"AutoresetMode.{mode.name}" for mode in AutoresetMode)
            raise ValueError(
                f"{self._name} does not say how its rows are reset, so steps across episodes can't be recognised: "
                f"set env.metadata['autoreset_mode'] to one of {modes}, got {autoreset_of(env)!r}"
            ) from None
        first, *others = (
            child_seed(seed, "environment", *purpose, *([row] if row else [])) for row in range(self.rows)
        )
        takes_list = isinstance(env.unwrapped, SyncVectorEnv | AsyncVectorEnv)
        self.seeds: Any = [first, *others] if takes_list else first
        self.current: list[Reading | None] = [None] * self.rows
        self._episodes, self._steps = [-1] * self.rows, [0] * self.rows
        methods, self._masks_of_step = mask_methods(env, self.rows)
        self._masks = [Masks(self.actions, method) for method in methods]
        self._shape = (self.rows,)
        self._unmasked, self._harmless = False, set[Any]()

    def begin(self) -> None:
        """Reset all rows the first time; later, in the mode ``DISABLED``, the rows whose episodes are over."""
        first = self._episodes[0] < 0
        if None not in self.current or not (first or self._mode is AutoresetMode.DISABLED):
            return
        over = np.array([reading is None for reading in self.current])
        options = {} if first else {"options": {"reset_mask": over}}
        try:
            result = self.env.reset(seed=self.seeds if first else None, **options)
        except Exception as error:
            mistake = explain_refusal(error)
            if mistake:
                raise TypeError(f"{self._name}: {mistake}") from None
            raise RuntimeError(self._raised("reset", error)) from error
        try:
            observations, infos = result
        except (TypeError, ValueError) as error:
            raise TypeError(f"{self._name}: {explain_reset(result, error)}") from None
        self._masks_of_step.clear()
        for row in np.flatnonzero(over).tolist():
            self._begin_row(row, observations, infos)

    def step(self, actions: Any) -> list[Reading | None]:
        """Take an action in each row, given as its index; rows whose episode is over ignore theirs and read None."""
        before, first = self.current, self.spaces.first_action
        in_episodes = all(before)
        if not in_episodes:
            actions = [0 if reading is None else action for reading, action in zip(before, actions, strict=True)]
        if first:
            actions = [first + action for action in actions]
        try:
            result = self.env.step(np.array(actions, _INT64))
        except Exception as error:
            raise RuntimeError(self._raised("step", error)) from error
        try:
            observations, rewards, terminated, truncated, infos = result
        except (TypeError, ValueError) as error:
            raise TypeError(f"{self._name}, steps {self._steps}: {explain_step(result, error)}") from None
        self._masks_of_step.clear()
        usual: Any
        usual, ended = self._usual(observations, rewards, terminated, truncated, infos) or (None, True)
        if not ended and in_episodes:
            self._steps, self.current = [steps + 1 for steps in self._steps], usual
            return usual
        outcomes = self._outcomes(rewards, terminated, truncated) if usual is None else usual
        readings: list[Reading | None] = [None] * self.rows
        steps, current = self._steps, list(before)
        self.current = current
        for row, reading in enumerate(outcomes):
            if before[row] is None:
                self._begin_row(row, observations, infos, usual)
                continue
            ended = reading[3] or reading[4]
            was_reset = ended and self._mode is AutoresetMode.SAME_STEP
            if usual is None or was_reset:
                reading = self._reading(row, observations, infos, reading[2:], was_reset=was_reset)
            steps[row] += 1
            readings[row], current[row] = reading, None if ended else reading
            if was_reset:
                self._begin_row(row, observations, infos, usual)
        return readings

    def _usual(self, observations: Any, rewards: Any, terminated: Any, truncated: Any, infos: Any) -> Any:
        """The readings of all rows and whether an episode ended.

        None if the results are not in the usual form, are not valid, or have a mask.
        """
        if not type(observations) is type(rewards) is type(terminated) is type(truncated) is np.ndarray:
            return None
        if not observations.shape == rewards.shape == terminated.shape == truncated.shape == self._shape:
            return None
        if (observations.dtype, rewards.dtype, terminated.dtype, truncated.dtype) != _DTYPES:
            return None
        known = self._unmasked and type(infos) is dict and infos.keys() <= self._harmless
        if not known and not self._are_harmless(infos):
            return None
        readings, first, size = [], self.spaces.first_observation, self.observations
        paid, ends, cuts = rewards.tolist(), terminated.tolist(), truncated.tolist()
        for row, observation in enumerate(observations.tolist()):
            index, reward = observation - first, paid[row]
            if not (0 <= index < size and -_LARGEST <= reward <= _LARGEST):
                return None
            readings.append(_new(Reading, (index, None, reward, ends[row], cuts[row])))  # a third of Reading(...)
        return readings, True in ends or True in cuts

    def _are_harmless(self, infos: Any) -> bool:
        """Whether there is no mask in the infos, nor anywhere else; then the same is true of infos with these keys."""
        if self.spaces.features or type(infos) is not dict or shows_masks(infos):
            return False
        self._unmasked = all(masks.never for masks in self._masks)
        self._harmless |= infos.keys()
        return self._unmasked

    def _outcomes(self, *parts: Any) -> list[tuple[Any, ...]]:
        """Reward, terminated and truncated of each row, as in a `Reading` whose observation and mask are not known."""
        for name, part in zip(("rewards", "terminations", "truncations"), parts, strict=True):
            if np.shape(part) != (self.rows,):
                raise ValueError(
                    f"{self._name}, steps {self._steps}: {name} must have one entry for each of the {self.rows} rows, "
                    f"got shape {np.shape(part)}"
                )
        rewards, terminated, truncated = parts
        rewards = np.asarray(rewards).tolist()
        flags = self._flags(terminated, "terminated"), self._flags(truncated, "truncated")
        unknown = [None] * self.rows
        return list(zip(unknown, unknown, rewards, *flags, strict=True))

    @property
    def counts(self) -> tuple[list[int], list[int]]:
        """The index of the episode in each row, and its steps so far."""
        return self._episodes, self._steps

    def restore(self, current: list[Reading | None], episodes: list[int], steps: list[int]) -> None:
        """Continue from the readings and counts of a saved training, whose vector was restored already."""
        self.current, self._episodes, self._steps = current, episodes, steps

    def __getstate__(self) -> dict[str, Any]:
        check_copies(self.env)
        return dict(vars(self))

    def _flags(self, part: Any, name: str) -> list[bool]:
        if isinstance(part, np.ndarray) and part.dtype == bool:
            return part.tolist()
        try:
            return [as_flag(flag, name) for flag in part]
        except TypeError as error:
            raise TypeError(f"{self._name}, steps {self._steps}: {error}") from None

    def _begin_row(self, row: int, observations: Any, infos: Any, usual: Any = None) -> None:
        """Begin an episode in a row, with the observation of its usual reading if there is one."""
        self._episodes[row] += 1
        self._steps[row] = 0
        if usual is None:
            self.current[row] = self._reading(row, observations, infos, (0.0, False, False))
        else:
            self.current[row] = Reading(usual[row].observation, None)

    def _reading(
        self, row: int, observations: Any, infos: Any, outcome: tuple[Any, bool, bool], *, was_reset: bool = False
    ) -> Reading:
        """The reading of a row, given its reward, terminated and truncated; the final one if it was reset already."""
        try:
            if was_reset:
                seen, info = _final(infos, row, self.rows)
            else:
                seen, info = observations[row], row_info(infos, row, self.rows)
            available = self._masks[row].of(info, outcome[1], ask=not was_reset)
            return self.spaces.reading(seen, available, *outcome)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self._where(row)}: {error}") from None

    def _where(self, row: int) -> str:
        seed = self.seeds[row] if isinstance(self.seeds, list) else self.seeds
        return f"{self._name}, row {row}, with seed {seed}, episode {self._episodes[row]}, step {self._steps[row]}"

    def _raised(self, call: str, error: Exception) -> str:
        """The message for a call that raised; it names the row if the vector is in this process."""
        raising = [frame.f_locals.get("self") for frame, _ in traceback.walk_tb(error.__traceback__)]
        envs = getattr(self.env.unwrapped, "envs", ())
        rows = [row for row, env in enumerate(envs) if any(env is owner for owner in raising)]
        where = self._where(rows[0]) if rows else f"{self._name} with seeds {self.seeds}, steps {self._steps}"
        return f"{where}, {call} raised {type(error).__name__}: {error}"


def _final(infos: Any, row: int, rows: int) -> tuple[Any, Mapping[Any, Any]]:
    """The last observation and info of a row that was reset in the same step."""
    batched = isinstance(infos, Mapping)
    own: Any = infos if batched else as_info(row_of(infos, row, rows, "infos"))
    given = [name for name in (*_FINAL, "final_info") if name in own and (not batched or has_row(own, name, row))]
    name = next((name for name in given if name in _FINAL), None)
    if name is None:
        raise ValueError(
            "the episode is over and the mode is SAME_STEP, but there is no info['final_obs'] to learn from"
        )
    seen, last = own[name], own["final_info"] if "final_info" in given else {}
    if not batched:
        return seen, as_info(last or {})
    if isinstance(last, Mapping):
        return seen[row], row_info(last, row, rows)
    return seen[row], as_info(row_of(last, row, rows, "infos['final_info']") or {})
