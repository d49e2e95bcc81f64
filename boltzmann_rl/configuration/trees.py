"""Trees of mappings, lists, numbers and text: how large they may be, and where in them something is."""

from collections.abc import Iterator, Mapping
from typing import Any

from boltzmann_rl.arguments import shown

# A declaration of a large experiment is some ten deep.
DEEPEST = 64

# Parts of a tree, so that one with repeated references, as YAML's, is refused before it takes memory or time.
MOST = 1_000_000

# Characters of a text; labels have half of that.
LONGEST = 10_000

_LONGEST_PATH = 200


def check_tree(tree: Any) -> None:
    """Refuse anything but mappings, lists, text, numbers, truth values and None, and trees that are too deep or large.

    Raises:
        TypeError: A part of another type.
        ValueError: More than `DEEPEST` levels, as of a part that contains itself, more than `MOST` parts, or a text of
            more than `LONGEST` characters.
    """
    waiting, found = [(tree, "", 1)] if not is_scalar(tree) else [], 0
    while waiting:
        part, path, depth = waiting.pop()
        if not isinstance(part, Mapping | list | tuple):
            raise TypeError(
                f"{told(path)} must be a mapping, a list, text, a number, true, false or null, {_got(part)}"
            )
        found += len(part)
        if found > MOST:
            raise ValueError(f"{told(path)} has too many parts: a declaration has at most {MOST:,}")
        if depth > DEEPEST:
            raise ValueError(f"{told(path)} is nested more than {DEEPEST} deep: does a part contain itself?")
        waiting += [(inner, there, depth + 1) for there, inner in _parts(part, path)]


def is_scalar(part: Any) -> bool:
    """Whether a part of a tree is text, a number, a truth value or None."""
    if isinstance(part, str) and len(part) > LONGEST:
        raise ValueError(f"a text has {len(part):,} characters, {shown(part)}: a declaration has at most {LONGEST:,}")
    return part is None or isinstance(part, str | int | float)


def of_field(path: str, name: Any) -> str:
    """The path of a field of a declaration."""
    if not isinstance(name, str) or not name.isidentifier():
        return of_item(path, name)
    return f"{path}.{name}" if path else name


def of_item(path: str, key: Any) -> str:
    """The path of an item of a mapping or a list."""
    return f"{path}[{shown(key)}]"


def told(path: str) -> str:
    """A path as an error shows it."""
    if not path:
        return "the declaration"
    return path if len(path) <= _LONGEST_PATH else f"…{path[-_LONGEST_PATH:]}"


def _parts(part: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The parts of a mapping or a list that are not scalars, each with its path."""
    if not isinstance(part, Mapping):
        yield from ((of_item(path, index), inner) for index, inner in enumerate(part) if not is_scalar(inner))
        return
    for key, inner in part.items():
        if not is_scalar(key):
            raise TypeError(f"{told(path)} must have text or numbers as keys, {_got(key)}")
        if not is_scalar(inner):
            yield (of_field(path, key) if "class" in part else of_item(path, key)), inner


def _got(part: Any) -> str:
    return f"got {shown(part)} of the type {type(part).__name__}"
