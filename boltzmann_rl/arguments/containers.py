"""Containers of OmegaConf, in which Hydra hands lists and mappings to constructors."""

import functools
from collections.abc import Callable
from typing import Any


def plain(argument: Any) -> Any:
    """OmegaConf's lists and mappings as Python's, with interpolations resolved; anything else unchanged.

    OmegaConf keeps a dataclass within its lists as a mapping that remembers the class: it becomes the dataclass again.
    """
    if type(argument).__module__.partition(".")[0] != "omegaconf":
        return argument
    from omegaconf import OmegaConf  # imported already, since it made the argument

    return OmegaConf.to_object(argument)


def taking_containers(make: Callable[..., None]) -> Callable[..., None]:
    """An ``__init__`` that takes OmegaConf's lists and mappings wherever it takes Python's."""

    @functools.wraps(make)
    def made(*args: Any, **kwargs: Any) -> None:
        make(*map(plain, args), **{name: plain(argument) for name, argument in kwargs.items()})

    return made
