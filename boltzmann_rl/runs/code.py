"""The code behind a declaration, so that results of changed code are not taken for results of the present code."""

import dataclasses
import functools
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from boltzmann_rl.runs.reach import Graph, module_of, own_text, reads
from boltzmann_rl.runs.sources import owner_of
from boltzmann_rl.runs.values import ATOMS

_FIXED = FunctionType, type, ModuleType, CodeType

_PACKAGE = __name__.partition(".")[0]

# Libraries whose version matters to numbers. Where this package is installed, its code is not followed to them.
_COMPUTING = ("numpy", "scipy")


def code_of(*parts: Any) -> tuple[str, ...]:
    """The code that a declaration reaches: a line for each class, function and module, and for each distribution.

    A class reaches its bases, methods and attributes; a function its defaults, what it encloses, and the globals and
    attributes of modules that it loads; an environment its registered options and entry point; and so on from there.
    What belongs to an installed distribution is identified by its name, and by the name and version of the
    distribution; everything else, editable installs as well, by its source without comments, docstrings and
    annotations, or by its bytecode if there is no source. A module that a function imports, or uses otherwise than as
    ``module.name``, counts as a whole, with those that it imports.

    Constants count by their values: numbers, strings, arrays; containers and objects of these, of the standard library
    too; dataclasses of any library. Names and attributes that functions of the same file assign to are variables, as
    are arrays and containers whose items they change. Of variables only the class counts, and the code they hold.

    Not seen are: data files; environment variables; code in strings (``eval``, ``exec``); modules and attributes that
    are looked up by a string (``import_module``, ``getattr``); the values of other objects of other libraries, such as
    tensors; generators of random numbers and other iterators; and changes to this package within a process.

    Args:
        parts: Declarations, with the classes, functions or modules that will simulate them.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> any(line.startswith("softmax ") for line in code_of(Boltzmann(0.5)))  # False if this package is installed
        True
    """
    return _found(parts).lines


def shown(part: Any) -> tuple[str, list[Any]]:
    """The values of the user's objects in a declaration as text, and the classes and functions that it names.

    The repr of a dataclass of this package says all of it. Others may leave out fields or attributes.

    Args:
        part: A problem, an agent, or a tuple of declarations.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> shown(Boltzmann(0.5)), shown((Boltzmann(0.5), [0.1]))
        (('', []), ("builtins.list()['0.1']", []))
    """
    graph = Graph()
    return "\n".join(map(graph.text, _foreign(part))), graph.waiting


def _foreign(part: Any) -> Iterator[Any]:
    """The outermost parts of a value that are neither built in nor dataclasses of this package."""
    kind = type(part)
    if kind in ATOMS:
        return
    if (names := _fields_of_own(kind)) is not None:  # type: ignore[arg-type]  # a class is hashable
        for name in names:
            yield from _foreign(getattr(part, name))
    elif kind is tuple:
        for item in part:
            yield from _foreign(item)
    else:
        yield part


@functools.cache
def _fields_of_own(kind: type) -> tuple[str, ...] | None:
    if kind.__module__.partition(".")[0] == _PACKAGE and dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    return None


def modules_of(*parts: Any) -> frozenset[str]:
    """The modules that define the classes and functions that are reached, except for this package and installed ones.

    Args:
        parts: As in `code_of`.

    Example:
        >>> import boltzmann_rl as brl
        >>> modules_of(brl.Boltzmann(0.5))
        frozenset()
    """
    return _found(parts).modules


class _Found(NamedTuple):
    """What was found from some roots on, which stay alive.

    Attributes:
        lines: See `code_of`.
        modules: See `modules_of`.
        roots: The roots.
        seen: What each node outside of this package was seen to read.
    """

    lines: tuple[str, ...]
    modules: frozenset[str]
    roots: list[Any]
    seen: list[tuple[Any, list[Any]]]


_memory: dict[tuple[int, ...], _Found] = {}


def _found(parts: Any) -> _Found:
    """What is reached from parts on; remembered as long as nothing on the way changes."""
    roots: dict[int, Any] = {}
    for part in parts:
        _collect(part, roots, set())
    found = _memory.get(tuple(roots))
    if found is None or not all(_same(_seen(node), seen) for node, seen in found.seen):
        if len(_memory) >= 1000:
            _memory.clear()
        found = _memory[tuple(roots)] = _search(list(roots.values()))
    return found


def _search(roots: list[Any]) -> _Found:
    graph = Graph()
    start = " ".join(map(graph.text, roots))
    lines = [graph.line(node) for node in graph]
    if owner_of(_PACKAGE) in graph.owners:
        graph.owners |= {owner for library in _COMPUTING if (owner := owner_of(library))}
    lines = [f"roots {start}", *lines, *sorted(graph.owners)] if roots else []
    others = [node for node in graph.waiting if not _is_own(node)]
    modules = frozenset(module_of(node) for node in others if isinstance(node, FunctionType | type | ModuleType))
    return _Found(tuple(lines), modules, roots, [(node, _seen(node)) for node in others])


def _is_own(node: Any) -> bool:
    """Whether a node belongs to this package, whose code does not change within a process."""
    return module_of(node).partition(".")[0] == _PACKAGE


def _seen(node: Any) -> list[Any]:
    """What a node reads now: what can't change as it is, everything else as text."""
    values = [value for _, value in reads(node)]
    values += [node.__code__ if isinstance(node, FunctionType) else own_text(node)]
    return [value if _is_fixed(value) else Graph(by_identity=True).text(value) for value in values]


def _is_fixed(value: Any) -> bool:
    """Whether a value is the same as long as it is the same object; nodes are looked at for themselves."""
    if type(value) is tuple:
        return all(map(_is_fixed, value))
    return type(value) in ATOMS or isinstance(value, _FIXED)


def _same(now: list[Any], before: list[Any]) -> bool:
    pairs = zip(now, before, strict=False)
    return len(now) == len(before) and all(a is b or (type(a) is type(b) is str and a == b) for a, b in pairs)


def _collect(part: Any, roots: dict[int, Any], visited: set[int]) -> None:
    """Add the classes and functions of a value and of its parts, and the registered environments."""
    kind = type(part)
    if kind in ATOMS:
        return
    is_leaf, is_container, names = _structure(kind)  # type: ignore[arg-type]  # a class is hashable
    if is_leaf:
        roots[id(part)] = part
        return
    if id(part) in visited:
        return
    visited.add(id(part))
    if kind.__module__ != "builtins":
        roots[id(kind)] = kind
    if is_container:
        for item in (*part, *(part.values() if isinstance(part, Mapping) else ())):
            _collect(item, roots, visited)
    for name in vars(part) if names is None else names:
        _collect(getattr(part, name), roots, visited)
    if names and "id" in names and callable(getattr(kind, "make", None)):
        spec = registered(part.id)
        roots |= {} if spec is None else {id(spec): spec}


class _Structure(NamedTuple):
    """Where the parts of values of a class are; ``names`` are attributes, None for all."""

    is_leaf: bool = False
    is_container: bool = False
    names: tuple[str, ...] | None = ()


@functools.cache
def _structure(kind: type) -> _Structure:
    if issubclass(kind, type | FunctionType | MethodType | functools.partial | ModuleType):
        return _Structure(is_leaf=True)
    if dataclasses.is_dataclass(kind):
        return _Structure(names=tuple(field.name for field in dataclasses.fields(kind)))
    if issubclass(kind, tuple | list | set | frozenset | Mapping):
        return _Structure(is_container=True)
    is_source = owner_of(kind.__module__) is None and hasattr(kind, "__dict__")
    return _Structure(names=None if is_source and kind.__dictoffset__ else ())


def registered(name: str) -> Any:
    """Gymnasium's spec of an environment; None if it is not registered."""
    import gymnasium  # imported here: bandits don't need it

    module, _, short = name.rpartition(":")
    if short in gymnasium.registry and (not module or module in sys.modules):
        return gymnasium.registry[short]
    with suppress(gymnasium.error.Error, ImportError):
        return gymnasium.spec(name)
    return None
