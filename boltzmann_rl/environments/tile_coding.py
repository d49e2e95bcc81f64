"""Tile coding: real observations as the indices of active features, one in each of several shifted grids."""

import math
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, MultiDiscrete
from gymnasium.utils import RecordConstructorArgs
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, as_finite, as_integer, real_array

# The most features: 8 MB of weights an action, and a grid whose tiles are rarely visited twice.
MOST_FEATURES = 1_000_000

# Gymnasium writes "no bound" as ±inf or as the largest float32.
UNBOUNDED = float(np.finfo(np.float32).max)


class ActiveFeatures(MultiDiscrete):
    """The space of observations that are the indices of active features: one in each of several groups.

    Args:
        groups: Number of groups, and so of active features.
        size: Features in a group; those of the first are 0 to size − 1, and so on.

    Attributes:
        features: The number of features, groups·size.

    Example:
        >>> space = ActiveFeatures(groups=2, size=10)
        >>> space, space.features, space.contains(np.array([3, 14])), space.contains(np.array([3, 4]))
        (ActiveFeatures(groups=2, size=10), 20, True, False)
    """

    def __init__(self, groups: int, size: int) -> None:
        super().__init__([size] * groups, start=[size * group for group in range(groups)])
        self.features = groups * size

    def __repr__(self) -> str:
        return f"ActiveFeatures(groups={len(self.nvec)}, size={self.nvec[0]})"


class TileCoding(gymnasium.ObservationWrapper[Any, Any, Any], RecordConstructorArgs):
    """A wrapper that turns observations of a `Box` into the indices of their active tiles, one in each tiling.

    Each dimension is divided into ``tiles`` equal intervals from ``low`` to ``high``; observations outside are clipped.
    Tiling i is the same grid, shifted by (i·(2j + 1) mod tilings)/tilings of an interval in dimension j: the
    displacement vector (1, 3, 5, …), which spreads the tilings evenly. A shifted grid needs one more tile in each
    dimension, so there are tilings·Π(tiles + 1) features. They are numbered, not hashed.

    Args:
        env: A ``gymnasium.Env`` whose observations are a `Box` of one axis.
        tilings: Number of grids, ≥ 1; a power of two, at least four times the number of dimensions, is recommended.
        tiles: Intervals of each dimension, ≥ 1: one number, or one for each dimension.
        low: Lower bounds of the tiles: one number, or one for each dimension; default: the bounds of the space.
        high: Upper bounds, likewise.

    Raises:
        TypeError: Observations that are not a `Box` of one axis.
        ValueError: Bounds that are infinite, or in the wrong order; more than a million features; in ``observation``:
            NaN.

    Example:
        >>> env = TileCoding(gymnasium.make("MountainCar-v0"), tilings=8, tiles=8)
        >>> observation, _ = env.reset(seed=0)
        >>> observation, env.observation_space.features
        (array([ 31, 112, 193, 274, 355, 436, 517, 607]), 648)

    Source: Sutton & Barto (2018), §9.5.4; Miller & Glanz (1996), *UNH_CMAC Version 2.1*, for the displacements.
    """

    def __init__(self, env: Any, tilings: int = 8, tiles: Any = 8, low: Any = None, high: Any = None) -> None:
        RecordConstructorArgs.__init__(self, tilings=tilings, tiles=tiles, low=low, high=high)
        gymnasium.ObservationWrapper.__init__(self, env)
        space = env.observation_space
        if not isinstance(space, Box) or len(space.shape) != 1:
            raise TypeError(f"tile coding needs observations that are a Box of one axis, got {space}")
        tilings, dimensions = as_integer(tilings, "tilings", minimum=1), space.shape[0]
        counts = _tiles(tiles, dimensions)
        size = math.prod(int(count) + 1 for count in counts)
        if tilings * size > MOST_FEATURES:
            raise ValueError(
                f"{tilings} tilings of {' × '.join(str(count) for count in counts + 1)} tiles are {tilings * size:,} "
                f"features, more than {MOST_FEATURES:,}: take fewer tiles (one number for each dimension), or fewer "
                "tilings"
            )
        self._low = _bound(low, space.low, "low")
        high_ = _bound(high, space.high, "high")
        if not (self._low < high_).all():
            raise ValueError(f"low must be below high, got {self._low.tolist()} and {high_.tolist()}")
        self._counts, self._per_unit = counts.astype(np.float64), counts / (high_ - self._low)
        displacement = 2 * np.arange(dimensions) + 1
        self._shifts = (np.arange(tilings)[:, np.newaxis] * displacement % tilings) / tilings
        self._strides = np.append(np.cumprod((counts + 1)[:0:-1])[::-1], 1).astype(np.int64)
        self._first = np.arange(tilings) * size
        self.observation_space = ActiveFeatures(tilings, size)

    def observation(self, observation: Any) -> NDArray[np.int64]:
        """The indices of the active tiles ``(tilings,)``."""
        place = (np.asarray(observation, dtype=np.float64) - self._low) * self._per_unit
        place = np.minimum(np.maximum(place, 0.0), self._counts)
        if np.isnan(place).any():
            raise ValueError(f"observation must be numbers, got {np.asarray(observation).tolist()}")
        tile = (place + self._shifts).astype(np.int64)
        active: NDArray[np.int64] = tile @ self._strides + self._first
        return active


def _tiles(tiles: Any, dimensions: int) -> NDArray[np.int64]:
    given = [tiles] * dimensions if np.ndim(tiles) == 0 else list(tiles)
    if len(given) != dimensions:
        raise ValueError(f"tiles must be one number, or one for each of {dimensions} dimensions, got {tiles!r}")
    return np.array([as_integer(count, "tiles", minimum=1) for count in given], dtype=np.int64)


def _bound(given: Any, own: Any, name: str) -> Floats:
    """A bound of each dimension: as given, or the space's own."""
    if given is None:
        endless = np.flatnonzero(np.abs(own.astype(np.float64)) >= UNBOUNDED)
        if len(endless):
            raise ValueError(
                f"dimension {endless[0]} of the observations has no bound, so tiles would have no width: give {name}= "
                f"for all {len(own)} dimensions"
            )
        return own.astype(np.float64)
    bounds = real_array(given, name)
    if bounds.ndim and bounds.shape != own.shape:
        raise ValueError(f"{name} must be one number, or one for each of {len(own)} dimensions, got {given!r}")
    return np.array([as_finite(float(bound), name) for bound in np.broadcast_to(bounds, own.shape)])
