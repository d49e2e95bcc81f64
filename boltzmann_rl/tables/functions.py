"""Which functions the methods of a class reach by name, and whether they are the ones that were read.

Python lets anyone replace a function: in a subclass, on an instance, in the class itself or in its module. What a
method does is therefore known only if everything that it reaches by name is.
"""

import ast
import functools
import hashlib
import inspect
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from types import CellType, CodeType, FunctionType, NoneType
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Reached", "all_at_home", "digest", "is_at_home", "is_plain", "overridden", "reached"]

_ATOMS = {NoneType, bool, int, float, str, bytes, np.bool_, np.float16, np.float32, np.float64}
_ATOMS |= {np.dtype(f"{sign}{size}").type for sign in "iu" for size in (1, 2, 4, 8)}

# Where the search stops: drawing, which is asked about apart, and Gymnasium's checks, which at most warn or raise.
_STOPS = {
    "env_data_reuse_passive_checker",
    "env_reset_passive_checker",
    "env_step_passive_checker",
    "render",
}

# What decides how an attribute is found.
_ACCESS = {"__delattr__", "__getattr__", "__getattribute__", "__setattr__"}


@dataclass(frozen=True, eq=False)
class Reached:
    """What methods of a class reach, directly or through the functions that they call.

    Attributes:
        names: Of attributes and globals.
        functions: Found under such a name in the class, its bases or a module: ``(qualified name, function)``.
        data: Plain data found in a module.
        strange: Attributes of the classes that run code which is no function's, and so can't be followed.
    """

    names: set[str]
    functions: list[tuple[str, FunctionType]]
    data: dict[str, Any]
    strange: list[str]


class _Known(NamedTuple):
    """What was reached, and all that was looked up on the way: where, under which name, and what was there."""

    found: Reached
    bases: tuple[type, ...]
    looked_up: list[tuple[Any, str, Any]]
    codes: list[tuple[FunctionType, CodeType]]

    def still_holds(self, cls: type) -> bool:
        """Whether everything is as it was; asking this takes a fraction of the time of the search."""
        if cls.__mro__ is not self.bases:
            return False
        for place, name, value in self.looked_up:
            if place.get(name, _NOTHING) is not value:
                return False
        return all(function.__code__ is code for function, code in self.codes)


_NOTHING = object()
_known: dict[tuple[type, tuple[str, ...]], _Known] = {}


def reached(cls: type, *methods: str) -> Reached:
    """Everything that methods of a class reach by name.

    Example:
        >>> class Die:
        ...     def throw(self):
        ...         return self.face() + 1
        ...
        ...     def face(self):
        ...         return self.at
        >>> sorted(reached(Die, "throw").names)
        ['at', 'face', 'throw']
    """
    known = _known.get((cls, methods))
    if known is None or not known.still_holds(cls):
        known = _known[cls, methods] = _remembered(_search(cls, methods), cls)
    return known.found


def _remembered(found: Reached, cls: type) -> _Known:
    places: dict[tuple[int, str], Any] = {}
    for owner in cls.__mro__[:-1]:
        places |= {(id(owner), name): vars(owner) for name in found.names}
    for _, function in found.functions:
        places |= {(id(function.__globals__), name): function.__globals__ for name in _names(function.__code__)}
    looked_up = [(place, name, place.get(name, _NOTHING)) for (_, name), place in places.items()]
    return _Known(found, cls.__mro__, looked_up, [(function, function.__code__) for _, function in found.functions])


def _search(cls: type, methods: tuple[str, ...]) -> Reached:
    found, waiting = Reached(set(), [], {}, []), list(methods)
    while waiting:
        name = waiting.pop()
        if name in found.names or name in _STOPS:
            continue
        found.names.add(name)
        for owner in cls.__mro__[:-1]:
            if name not in vars(owner):
                continue
            value, qualified = vars(owner)[name], f"{owner.__qualname__}.{name}"
            functions = _functions(value)
            if not functions and _is_called(value):
                found.strange.append(qualified)
            for function in functions:
                found.functions.append((qualified, function))
                waiting += _follow(function, found)
    return found


def _follow(function: FunctionType, found: Reached) -> list[str]:
    """The names in a function; functions that it encloses, and those and data of its module, are followed at once."""
    names = list(_names(function.__code__))
    known = {name: function.__globals__[name] for name in names if name in function.__globals__}
    enclosed = (cell.cell_contents for cell in function.__closure__ or () if cell != CellType())
    found.data.update((name, value) for name, value in known.items() if is_plain(value) and value is not None)
    for name, value in (*known.items(), *((function.__name__, value) for value in enclosed)):
        is_new = isinstance(value, FunctionType) and all(value is not other for _, other in found.functions)
        if is_new and name not in _STOPS:
            found.functions.append((name, value))
            names += _follow(value, found)
    return names


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_called(value: Any) -> bool:
    """Whether code may run where an attribute is read or called, which is not a function's."""
    return not isinstance(value, type) and (callable(value) or hasattr(type(value), "__get__"))


def _functions(value: Any) -> list[FunctionType]:
    parts = (value.fget, value.fset, value.fdel) if type(value) is property else (getattr(value, "__func__", value),)
    return [part for part in parts if isinstance(part, FunctionType)]


def overridden(env: Any, owner: type, names: set[str]) -> str:
    """The first of the names that an environment defines anew, in its class or on itself; empty if it defines none.

    Plain data is no definition: it is read where it is.

    Args:
        env: An instance of ``owner``.
        owner: Its names, and those of its bases, are the ones that are defined.
        names: Those that matter, to which those are added that decide how attributes are found.
    """
    mine = [cls for cls in type(env).__mro__ if cls not in owner.__mro__]
    for cls in mine:
        for name in (names | _ACCESS) & vars(cls).keys():
            if not is_plain(vars(cls)[name]):
                return f"{cls.__qualname__} overrides {name} of {owner.__qualname__}"
    for name in names & vars(env).keys():
        if not all(is_plain(vars(cls).get(name)) for cls in owner.__mro__):
            return f"{name} of {owner.__qualname__} is replaced on the environment itself"
    return ""


def is_plain(value: Any) -> bool:
    """Whether a value is data alone: numbers, strings, None, arrays of these, and lists, tuples and dicts of them.

    Types are taken exactly, as a subclass may have a behaviour of its own.

    Example:
        >>> is_plain({0: [(1.0, 0, 0.0, True)]}), is_plain([print])
        (True, False)
    """
    kind = type(value)
    if kind in _ATOMS:
        return True
    if kind is list or kind is tuple:
        return all(map(is_plain, value))
    if kind is dict:
        return all(map(is_plain, value)) and all(map(is_plain, value.values()))
    return kind is np.ndarray and value.dtype.kind in "biufSU"


def is_at_home(qualified: str, function: FunctionType) -> bool:
    """Whether a function was written in the file of its module under the name under which it is found."""
    module = sys.modules.get(function.__module__)
    written = function.__code__.co_qualname, function.__code__.co_filename
    return written == (qualified, getattr(module, "__file__", None)) and function.__globals__ is vars(module)


@functools.lru_cache(maxsize=256)
def all_at_home(found: Reached) -> bool:
    """Whether all functions that were reached were written where they are found."""
    return not found.strange and all(is_at_home(*function) for function in found.functions)


def digest(function: FunctionType) -> str:
    """A function's source without comments, docstring and annotations, in eight digits; empty where there is no source.

    Example:
        >>> digest(is_plain) == digest(digest)
        False
    """
    return _digest(function.__code__) if not function.__closure__ or _is_method(function) else ""


def _is_method(function: FunctionType) -> bool:
    """Whether nothing is enclosed but the class, as by ``super()``."""
    return function.__code__.co_freevars == ("__class__",)


def _digest(code: CodeType) -> str:
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(code))).body
    except (OSError, SyntaxError, TypeError, ValueError):
        return ""
    if not isinstance(tree, ast.FunctionDef):
        return ""
    tree.body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    return hashlib.sha256(repr(_shape(tree)).encode()).hexdigest()[:8]


def _shape(node: Any) -> Any:
    """A syntax tree as tuples, without what differs between versions of Python and means nothing here."""
    if isinstance(node, list):
        return [_shape(part) for part in node]
    if not isinstance(node, ast.AST):
        return node
    fields = [(name, value) for name, value in ast.iter_fields(node) if value is not None and value != []]
    meant = [(name, _shape(value)) for name, value in fields if name not in ("annotation", "returns", "ctx")]
    return type(node).__name__, meant
