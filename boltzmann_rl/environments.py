"""Gymnasium environments as a table sees them: observations and actions as indices, every answer checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete
from numpy.typing import NDArray

from boltzmann_rl.arguments import as_available, as_finite, as_integer
from boltzmann_rl.schedules.evaluation import set_fields

__all__ = ["BANDITS", "Environment", "TabularEnvironment"]

# Registered here under "boltzmann_rl/<name>-v0", so that an id which imports this module first finds them, and found in
# `boltzmann_rl.bandit_environments`, which is only imported when one is made.
BANDITS = (
    "AdversarialBandit",
    "BernoulliBandit",
    "ClassificationBandit",
    "ContextualLinearBandit",
    "DriftingBandit",
    "GaussianBandit",
    "HeavyTailedBandit",
    "NearTiesBandit",
    "SwitchingBandit",
)
for _bandit in BANDITS:
    gymnasium.register(
        f"boltzmann_rl/{_bandit}-v0",
        entry_point="boltzmann_rl.bandit_environments:BanditEnv",
        vector_entry_point="boltzmann_rl.bandit_environments:BanditVectorEnv",
        kwargs={"bandit": _bandit},
    )


@dataclass(frozen=True)
class Environment:
    """A Gymnasium environment by its id, to be made where it is run.

    Args:
        id: As for ``gymnasium.make``.
        max_episode_steps: Where an episode is truncated; default: what the id is registered with, maybe never.
        options: Keyword arguments of the environment, a mapping (kept as sorted pairs, so that it prints).

    Example:
        >>> Environment("FrozenLake-v1", options={"is_slippery": False})
        Environment(id='FrozenLake-v1', max_episode_steps=None, options=(('is_slippery', False),))
    """

    id: str
    max_episode_steps: int | None = None
    options: Any = ()

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id:
            raise TypeError(f"id must be the id of a Gymnasium environment, got {self.id!r}")
        limit = self.max_episode_steps
        if limit is not None:
            limit = as_integer(limit, "max_episode_steps", minimum=1)
        options = dict(self.options) if isinstance(self.options, Mapping) else dict(tuple(self.options))
        set_fields(self, max_episode_steps=limit, options=tuple(sorted(options.items())))

    def make(self) -> Any:
        """The environment itself."""
        try:
            return gymnasium.make(self.id, max_episode_steps=self.max_episode_steps, **dict(self.options))
        except gymnasium.error.Error as error:
            raise ValueError(f"there is no environment {self.id!r} to be made: {error}") from error


class Reading(NamedTuple):
    """What an environment answered, as a table understands it."""

    observation: int
    available: NDArray[np.bool_] | None
    reward: float = 0.0
    terminated: bool = False
    truncated: bool = False


class TabularEnvironment:
    """An environment with `Discrete` observations and actions, read as indices from 0.

    ``Discrete.start`` is taken off observations and put onto actions, which are sent as plain ints; masks are taken
    from ``info["action_mask"]``. Every answer is checked when it comes, and a wrong one is an error that names the
    environment, the seed, the episode and the step.

    Args:
        env: A ``gymnasium.Env``.
        seed: Given to the first ``reset``; the later ones go on with the environment's own stream.

    Raises:
        TypeError: Another kind of space, such as a `Box` of observations.

    Example:
        >>> table = TabularEnvironment(Environment("FrozenLake-v1").make(), seed=0)
        >>> table.observations, table.actions, table.reset().observation
        (16, 4, 0)
    """

    def __init__(self, env: Any, seed: int) -> None:
        self.env, self.seed = env, seed
        self.episode, self.step_in_episode = -1, 0
        for kind, space in (("observation", env.observation_space), ("action", env.action_space)):
            if not isinstance(space, Discrete):
                raise TypeError(
                    f"a table needs a Discrete {kind} space, but {_name(env)} has {space}: wrap the environment so "
                    f"that its {kind}s are numbered"
                )
        self.observations, self.actions = int(env.observation_space.n), int(env.action_space.n)
        self._first_observation, self._first_action = (
            int(env.observation_space.start),
            int(env.action_space.start),
        )

    def reset(self) -> Reading:
        """Begin an episode."""
        self.episode, self.step_in_episode = self.episode + 1, 0
        try:
            observation, info = self.env.reset(seed=self.seed) if self.episode == 0 else self.env.reset()
        except Exception as error:
            raise RuntimeError(f"{self._where()}, reset raised {type(error).__name__}: {error}") from error
        return Reading(self._observation(observation), self._available(info))

    def step(self, action: int) -> Reading:
        """Take an action, by its index."""
        try:
            observation, reward, terminated, truncated, info = self.env.step(int(action) + self._first_action)
        except Exception as error:
            raise RuntimeError(f"{self._where()}, step raised {type(error).__name__}: {error}") from error
        try:
            paid = as_finite(reward, "reward")
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self._where()}: {error}") from None
        reading = Reading(
            self._observation(observation),
            None if terminated else self._available(info),  # where a task ended there may be nothing left to do
            paid,
            bool(terminated),
            bool(truncated),
        )
        self.step_in_episode += 1
        return reading

    def _observation(self, observation: Any) -> int:
        try:
            index = as_integer(observation, "observation", minimum=-(2**63)) - self._first_observation
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self._where()}: {error}") from None
        if not 0 <= index < self.observations:
            raise ValueError(
                f"{self._where()}: observation {observation} lies outside its space {self.env.observation_space}"
            )
        return index

    def _available(self, info: Any) -> NDArray[np.bool_] | None:
        mask = info.get("action_mask")
        try:
            return None if mask is None else as_available(mask, (self.actions,))
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self._where()}: {error}") from None

    def _where(self) -> str:
        return f"{_name(self.env)} with seed {self.seed}, episode {self.episode}, step {self.step_in_episode}"


def _name(env: Any) -> str:
    return env.spec.id if getattr(env, "spec", None) is not None else type(env.unwrapped).__name__
