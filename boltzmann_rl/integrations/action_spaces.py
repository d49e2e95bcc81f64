"""What the other libraries can't do with an action space, refused before it goes wrong."""

from typing import Any

__all__ = ["check_begins_at_0"]


def check_begins_at_0(space: Any, library: str) -> None:
    """Refuse a `Discrete` action space that begins elsewhere, whose actions a library would send as if it did not."""
    if space.start != 0:
        raise ValueError(
            f"the action space is {space}, but {library}'s DQN only sends actions from 0: wrap the environment in "
            f"gymnasium.wrappers.TransformAction(env, lambda action: action + {space.start}, "
            f"gymnasium.spaces.Discrete({space.n}))"
        )
