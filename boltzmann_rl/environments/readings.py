"""Results of an environment's ``reset`` and ``step``, checked, with observations as indices or features."""

import sys
from typing import Any, NamedTuple

import numpy as np
from gymnasium.spaces import Discrete
from numpy.typing import NDArray

from boltzmann_rl.arguments import as_integer, as_reward
from boltzmann_rl.environments.copies import check_copies
from boltzmann_rl.environments.interface import as_flag, explain_refusal, explain_reset, explain_step, name_of
from boltzmann_rl.environments.linear_features import RealFeatures
from boltzmann_rl.environments.masks import Masks, mask_method
from boltzmann_rl.environments.tile_coding import ActiveFeatures
from boltzmann_rl.protocols import Observation

_LARGEST = sys.float_info.max
_PLAIN = (int, float)
_new = tuple.__new__


class Reading(NamedTuple):
    """The result of a reset or a step, with the observation as a table or linear values take it."""

    observation: Observation
    available: NDArray[np.bool_] | None
    reward: float = 0.0
    terminated: bool = False
    truncated: bool = False


class Spaces:
    """The spaces of an environment, which turn its results into checked `Reading`s.

    Args:
        name: The environment's name, for the errors.
        observation_space: `Discrete`, whose ``start`` is subtracted from observations; or `ActiveFeatures` or
            `RealFeatures`, as of `TileCoding` and `LinearFeatures`.
        action_space: `Discrete`; callers add its ``start``, here ``first_action``, to actions.

    Raises:
        TypeError: Another kind of space, such as a plain `Box` of observations.
    """

    def __init__(self, name: str, observation_space: Any, action_space: Any) -> None:
        features = isinstance(observation_space, ActiveFeatures | RealFeatures)
        if not features and not isinstance(observation_space, Discrete):
            raise TypeError(
                f"a table needs a Discrete observation space, but {name} has {observation_space}: wrap the environment "
                "so that its observations are numbered, or are features: Numbered()(env) is for a Tuple, Dict, "
                "MultiDiscrete or MultiBinary of discrete parts (in an experiment Environment(id, wrap=Numbered()), in "
                "a vector gymnasium.make_vec(id, wrappers=[Numbered()])), TileCoding(env) is for a Box of shape (n,), "
                "and LinearFeatures(env) for values that are linear in it"
            )
        if not isinstance(action_space, Discrete):
            raise TypeError(
                f"a table needs a Discrete action space, but {name} has {action_space}: wrap the environment so that "
                "its actions are numbered"
            )
        self.observation_space, self.features = observation_space, features
        self.observations = int(observation_space.features if features else observation_space.n)
        self.first_observation = 0 if features else int(observation_space.start)
        self.actions, self.first_action = int(action_space.n), int(action_space.start)

    def reading(
        self, observation: Any, available: Any, reward: Any = 0.0, terminated: bool = False, truncated: bool = False
    ) -> Reading:
        """A whole result; ``available`` is the mask that `Masks` found in it."""
        seen = self.observation(observation)
        if not (type(reward) in _PLAIN and -_LARGEST <= reward <= _LARGEST):
            reward = as_reward(reward)
        # Half the time of Reading(...).
        return _new(Reading, (seen, available, float(reward), terminated, truncated))

    def observation(self, observation: Any) -> Observation:
        """An observation as an index from 0, or as a copied array of features."""
        if self.features:
            if not self.observation_space.contains(observation):
                raise ValueError(f"observation {observation} lies outside its space {self.observation_space}")
            return np.array(observation)
        plain = observation if type(observation) is int else as_integer(observation, "observation", minimum=-(2**63))
        index = plain - self.first_observation
        if not 0 <= index < self.observations:
            raise ValueError(f"observation {observation} lies outside its space {self.observation_space}")
        return index


class TabularEnvironment:
    """An environment for a table: observations are indices from 0, or features; actions are indices from 0.

    ``observations``, the number of rows of the table, is the size of the `Discrete` space, or the number of features of
    `TileCoding` and `LinearFeatures`. ``Discrete.start`` is subtracted from observations and added to actions, which
    are passed as plain ints; masks are those of ``info["action_mask"]``. Every result is checked: an error names the
    environment, the seed, the episode and the step.

    Args:
        env: A ``gymnasium.Env``.
        seed: Passed to the first ``reset``; later ones continue the environment's random stream.

    Attributes:
        spaces: The `Spaces` of the environment.

    Raises:
        TypeError: Another kind of space, such as a plain `Box` of observations.

    Example:
        >>> from boltzmann_rl import Environment
        >>> table = TabularEnvironment(Environment("FrozenLake-v1").make(), seed=0)
        >>> table.observations, table.actions, table.reset().observation
        (16, 4, 0)
    """

    def __init__(self, env: Any, seed: int) -> None:
        self.env, self.seed = env, seed
        self.episode, self.step_in_episode = -1, 0
        self.spaces = Spaces(name_of(env), env.observation_space, env.action_space)
        self.observations, self.actions = self.spaces.observations, self.spaces.actions
        self._masks = Masks(self.actions, mask_method(env))

    def reset(self) -> Reading:
        """Begin an episode."""
        self.episode, self.step_in_episode = self.episode + 1, 0
        try:
            result = self.env.reset(seed=self.seed) if self.episode == 0 else self.env.reset()
        except Exception as error:
            raise self._raised("reset", error) from error
        try:
            observation, info = result
            return self.spaces.reading(observation, self._masks.of(info))
        except (TypeError, ValueError) as error:
            raise self._wrong(error, explain_reset(result, error)) from None

    def step(self, action: int) -> Reading:
        """Take an action, given as its index."""
        spaces = self.spaces
        try:
            result = self.env.step(action + spaces.first_action)
        except Exception as error:
            raise self._raised("step", error) from error
        try:
            observation, reward, terminated, truncated, info = result
            if type(terminated) is not bool or type(truncated) is not bool:
                terminated, truncated = as_flag(terminated, "terminated"), as_flag(truncated, "truncated")
            available = self._masks.of(info, terminated)
            reading = spaces.reading(observation, available, reward, terminated, truncated)
        except (TypeError, ValueError) as error:
            raise self._wrong(error, explain_step(result, error)) from None
        self.step_in_episode += 1
        return reading

    def __getstate__(self) -> dict[str, Any]:
        check_copies(self.env)
        return dict(vars(self))

    def _raised(self, call: str, error: Exception) -> Exception:
        mistake = explain_refusal(error) if call == "reset" else ""
        if mistake:
            return TypeError(f"{self._where()}: {mistake}")
        return RuntimeError(f"{self._where()}, {call} raised {type(error).__name__}: {error}")

    def _wrong(self, error: Exception, mistake: str) -> Exception:
        """The error for a result: a TypeError if its form is wrong, else of the type that its part raised."""
        kind = type(error) if mistake == str(error) else TypeError
        return kind(f"{self._where()}: {mistake}")

    def _where(self) -> str:
        return f"{name_of(self.env)} with seed {self.seed}, episode {self.episode}, step {self.step_in_episode}"
