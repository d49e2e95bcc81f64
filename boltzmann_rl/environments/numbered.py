"""Observations with several discrete parts, numbered from 0, so that a table can hold them."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple
from gymnasium.utils import RecordConstructorArgs
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from boltzmann_rl.arguments import as_integer
from boltzmann_rl.environments.interface import as_info, name_of
from boltzmann_rl.environments.masks import KEYS, may_be_mask
from boltzmann_rl.environments.tile_coding import ActiveFeatures

# More states than these are refused: 80 MB of values per action.
MOST_STATES = 10_000_000

_COMPOSITE = (Tuple, Dict, MultiDiscrete, MultiBinary)


class Numbering(gymnasium.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """A wrapper that numbers observations made of discrete parts, from 0.

    The parts are the digits of a number in mixed radix, the most significant first: for parts d₁, …, d_k with n₁, …,
    n_k values, counted from 0, it is (…(d₁·n₂ + d₂)·n₃ + …)·n_k + d_k. The order is that of
    ``gymnasium.spaces.flatten``: tuples from left to right, dicts in the order of their spaces, arrays row by row,
    nested spaces in place. `Discrete` is one part; `MultiDiscrete`, `MultiBinary` and a `Box` of bounded integers have
    one for each entry.

    An entry ``"action_mask"`` of a `Dict`, one 0 or 1 for each action, is a mask and not part of the state (as in
    PettingZoo and RLlib): it is moved from the observation to the info.

    Args:
        env: A ``gymnasium.Env``.

    Raises:
        TypeError: Observations with another kind of part, such as a `Box` of reals; a vector of environments.
        ValueError: More than ten million numbers; in ``reset`` and ``step``: an observation outside its space.

    Example:
        >>> env = Numbering(gymnasium.make("Blackjack-v1"))
        >>> env.observation_space, env.number((14, 10, 0)), env.observation_of(328)
        (Discrete(704), 328, (14, 10, 0))
    """

    def __init__(self, env: Any) -> None:
        if isinstance(env, VectorEnv):
            raise TypeError(
                f"{name_of(env)} is a vector of environments, whose members have to be wrapped: "
                "gymnasium.make_vec(id, wrappers=[Numbered()]), or Numbered()(env) where each is made"
            )
        RecordConstructorArgs.__init__(self)
        gymnasium.Wrapper.__init__(self, env)
        self._mask, self._parts = _without_mask(env.observation_space, env.action_space, name_of(env))
        _check(self._parts, name_of(env))
        self._radices = [radix for part in _leaves(self._parts) for radix in _sizes(part).ravel().tolist()]
        self._states = math.prod(self._radices)
        self.observation_space = Discrete(self._states)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, Any]:
        """The environment's result, with the observation as its number."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self.number(observation), self._info(observation, info)

    def step(self, action: Any) -> tuple[int, Any, bool, bool, Any]:
        """The environment's result, with the observation as its number."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self.number(observation), reward, terminated, truncated, self._info(observation, info)

    def number(self, observation: Any) -> int:
        """The number of an observation."""
        number = 0
        try:
            if self._mask is not None:
                observation = {key: part for key, part in observation.items() if key != self._mask}
            for digit, radix in zip(_digits(self._parts, observation), self._radices, strict=True):
                if not 0 <= digit < radix:
                    raise ValueError(f"{digit} is not in [0, {radix - 1}]")
                number = number * radix + digit
        except (AttributeError, TypeError, ValueError) as error:
            raise ValueError(f"observation {observation} lies outside its space {self._parts}") from error
        return number

    def observation_of(self, number: Any) -> Any:
        """The inverse of `number`: the observation, without its mask."""
        rest, digits = as_integer(number, "number", maximum=self._states - 1), []
        for radix in reversed(self._radices):
            rest, digit = divmod(rest, radix)
            digits.append(digit)
        return _built(self._parts, reversed(digits))

    def _info(self, observation: Any, info: Any) -> Any:
        """The info, with the mask of the observation."""
        if self._mask is None or as_info(info).get("action_mask") is not None:
            return info
        return {**info, "action_mask": np.asarray(observation[self._mask])}


def has_discrete_parts(space: Any) -> bool:
    """Whether a space is composite and all its parts are discrete.

    Example:
        >>> has_discrete_parts(Tuple((Discrete(2), MultiBinary(3)))), has_discrete_parts(Discrete(2))
        (True, False)
    """
    if not isinstance(space, _COMPOSITE) or isinstance(space, ActiveFeatures):
        return False
    return all(_is_countable(part) for part in _leaves(space))


def _without_mask(space: Any, actions: Any, name: str) -> tuple[str | None, Any]:
    """The key of the mask in a `Dict` of observations or None, and the space without it."""
    masks = list(_masks(space, int(actions.n))) if isinstance(actions, Discrete) else []
    own = next((key for key in KEYS if (key,) in masks), None)
    for other in [keys[-1] for keys in masks if keys != (own,)]:
        raise TypeError(
            f"the part {other!r} of the observations of {name} seems to say which actions may be taken, but would be "
            "numbered like the others: name it 'action_mask' in the outermost Dict, or wrap the environment so that it "
            "is in info['action_mask']"
        )
    return own, Dict({key: part for key, part in space.items() if key != own}) if own is not None else space


def _masks(space: Any, actions: int, keys: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The entries of a space whose name and form are a mask's, each as the keys that lead to it."""
    if isinstance(space, Dict):
        for key, part in space.spaces.items():
            if may_be_mask(key) and _is_binary(part, actions):
                yield (*keys, key)
            yield from _masks(part, actions, (*keys, key))
    elif isinstance(space, Tuple):
        for place, part in enumerate(space.spaces):
            yield from _masks(part, actions, (*keys, str(place)))


def _is_binary(space: Any, actions: int) -> bool:
    if not _is_countable(space) or isinstance(space, Discrete) or space.shape != (actions,):
        return False
    return bool((_first(space) == 0).all() and (_sizes(space) == 2).all())


def _check(space: Any, name: str) -> None:
    """Refuse parts that cannot be numbered, and too many states."""
    for part in _leaves(space):
        if not _is_countable(part):
            raise TypeError(
                f"the observations of {name}, {space}, can't be numbered: {part} is not Discrete, MultiDiscrete, "
                "MultiBinary or a Box of bounded integers. TileCoding(env) is for a Box of reals"
            )
    digits = sum(float(np.log10(_sizes(part).astype(float)).sum()) for part in _leaves(space))
    if digits > math.log10(MOST_STATES) + 1e-9:
        many = f"{round(10.0**digits):,}" if digits < 15.0 else f"about 10^{digits:.0f}"
        raise ValueError(
            f"the observations of {name}, {space}, are {many} states, more than {MOST_STATES:,}: leave out parts, or "
            "make them coarser, in a wrapper within this one"
        )


def _leaves(space: Any) -> Iterator[Any]:
    """The innermost parts, in order."""
    if isinstance(space, Tuple | Dict):
        for part in space.spaces if isinstance(space, Tuple) else space.spaces.values():
            yield from _leaves(part)
    else:
        yield space


def _is_countable(space: Any) -> bool:
    if isinstance(space, Box):
        return space.dtype is not None and space.dtype.kind in "iu"
    return isinstance(space, Discrete | MultiDiscrete | MultiBinary)


def _first(space: Any) -> NDArray[Any]:
    """The first value of each entry of a part."""
    if isinstance(space, Box):
        return space.low
    return np.zeros(space.shape, dtype=int) if isinstance(space, MultiBinary) else np.asarray(space.start)


def _sizes(space: Any) -> NDArray[Any]:
    """The number of values of each entry of a part."""
    if isinstance(space, Box):
        high, low = (np.asarray(end, dtype=object) for end in (space.high, space.low))
        return np.asarray(high - low + 1, dtype=object)  # Python's integers, which do not overflow
    if isinstance(space, MultiBinary):
        return np.full(space.shape, 2)
    return np.asarray(space.n if isinstance(space, Discrete) else space.nvec)


def _digits(space: Any, observation: Any) -> Iterator[int]:
    """The parts of an observation, each counted from 0; ValueError or TypeError if it has another form."""
    if isinstance(space, Discrete):
        plain = observation if type(observation) is int else _plain(observation)
        yield plain - int(space.start)
    elif isinstance(space, Tuple):
        if not isinstance(observation, tuple | list | np.ndarray):
            raise TypeError("not a tuple")
        for part, seen in zip(space.spaces, observation, strict=True):
            yield from _digits(part, seen)
    elif isinstance(space, Dict):
        if not isinstance(observation, Mapping) or observation.keys() != space.spaces.keys():
            raise ValueError("other keys")
        for key, part in space.spaces.items():
            yield from _digits(part, observation[key])
    else:
        found = np.asarray(observation)
        if found.dtype.kind not in "biu" or found.shape != space.shape:
            raise ValueError("another shape or kind")
        yield from (int(x) - low for x, low in zip(found.ravel().tolist(), _first(space).ravel().tolist(), strict=True))


def _plain(observation: Any) -> int:
    """An integer of any type, or a bool, as older versions of Blackjack return."""
    found = np.asarray(observation)
    if found.ndim or found.dtype.kind not in "biu":
        raise TypeError("not an integer")
    return int(found)


def _built(space: Any, digits: Iterator[int]) -> Any:
    """The observation with these digits, of the types of its space."""
    if isinstance(space, Discrete):
        return int(space.start) + next(digits)
    if isinstance(space, Tuple):
        return tuple(_built(part, digits) for part in space.spaces)
    if isinstance(space, Dict):
        return {key: _built(part, digits) for key, part in space.spaces.items()}
    entries = [low + next(digits) for low in _first(space).ravel().tolist()]
    return np.array(entries, dtype=space.dtype).reshape(space.shape)
