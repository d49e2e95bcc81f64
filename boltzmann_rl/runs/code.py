"""The code behind a declaration, so that results of changed code are not taken for results of the present code."""

import ast
import contextlib
import dataclasses
import functools
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any


def code_of(*parts: Any) -> tuple[str, ...]:
    """For each class in a declaration, the name and version of its distribution, or else its source.

    The same for the classes that they inherit from. The source, without comments, is used for editable installs as
    well. Functions and values outside of a class that its methods use are not followed: make them fields.

    Example:
        >>> import boltzmann_rl as brl
        >>> any("numpy" in line for line in code_of(brl.Boltzmann(0.5)))
        False
    """
    return tuple(sorted({_of_class(kind) for part in parts for kind in _classes(part)}))


def _classes(part: Any) -> Iterator[Any]:
    """The classes of a value and of its parts, their bases, and an environment's entry point."""
    if isinstance(part, tuple | list | Mapping):
        for item in (*part, *(part.values() if isinstance(part, Mapping) else ())):
            yield from _classes(item)
        return
    given = part if isinstance(part, type) else type(part)  # a class may be given as such, as `wrap` of an environment
    yield from (kind for kind in given.__mro__ if _package_of(kind) not in sys.stdlib_module_names)
    if given is part:
        return
    if callable(getattr(part, "make", None)):
        yield from _entry_point(part.id)
    if dataclasses.is_dataclass(part):
        for field in dataclasses.fields(part):
            yield from _classes(getattr(part, field.name))


def _entry_point(name: str) -> Iterator[Any]:
    """The creator of the environment with this id, if it is registered."""
    import gymnasium  # imported here: bandits don't need it
    from gymnasium.envs.registration import load_env_creator

    with contextlib.suppress(gymnasium.error.Error):
        entry = gymnasium.spec(name).entry_point
        yield load_env_creator(entry) if isinstance(entry, str) else entry


@functools.cache
def _of_class(kind: Any) -> str:
    owner = _owners().get(_package_of(kind))
    if owner is not None:
        return f"{kind.__module__}.{kind.__qualname__} of {owner}"
    source = "unknown"  # if it was defined in an interactive session
    with contextlib.suppress(OSError, TypeError, SyntaxError):
        source = inspect.getsource(kind)
        source = ast.unparse(ast.parse(textwrap.dedent(source)))
    return f"{kind.__qualname__}: {source}"


def _package_of(kind: Any) -> str:
    package: str = kind.__module__.partition(".")[0]
    return package


@functools.cache
def _owners() -> dict[str, str]:
    """The name and version of the distribution of each top-level package, without editable installs."""
    owners = {}
    for package, names in metadata.packages_distributions().items():
        found = metadata.distribution(names[0])
        origin = json.loads(found.read_text("direct_url.json") or "{}")
        if not origin.get("dir_info", {}).get("editable", False):
            owners[package] = f"{names[0]} {found.version}"
    return owners
