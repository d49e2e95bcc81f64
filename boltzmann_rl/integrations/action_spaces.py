"""Checks for action spaces that other libraries can't handle."""

from typing import Any

__all__ = ["check_begins_at_0"]


def check_begins_at_0(space: Any, library: str) -> None:
    """Refuse a `Discrete` action space with a start other than 0, which the library would ignore."""
    if space.start != 0:
        raise ValueError(
            f"the action space is {space}, but {library}'s DQN only sends actions from 0: wrap the environment in "
            f"gymnasium.wrappers.TransformAction(env, lambda action: action + {space.start}, "
            f"gymnasium.spaces.Discrete({space.n}))"
        )
