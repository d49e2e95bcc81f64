"""Which functions the methods of a class reach by name, and whether these are the original ones.

Python allows a function to be replaced: in a subclass, on an instance, in the class itself or in its module. So the
behaviour of a method is known only if every function that it reaches by name is known.
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
from typing import Any

import numpy as np

_ATOMS = {NoneType, bool, int, float, str, bytes, np.bool_, np.float16, np.float32, np.float64}
_ATOMS |= {np.dtype(f"{sign}{size}").type for sign in "iu" for size in (1, 2, 4, 8)}

# Where the search stops: rendering, which is checked separately, and Gymnasium's checks, which only warn or raise.
_STOPS = {
    "env_data_reuse_passive_checker",
    "env_reset_passive_checker",
    "env_step_passive_checker",
    "render",
}

# Methods that change how attributes are found.
_ACCESS = {"__delattr__", "__getattr__", "__getattribute__", "__setattr__"}


@dataclass(frozen=True, eq=False)
class Reached:
    """What methods of a class reach, directly or through the functions that they call.

    Attributes:
        names: Names of attributes and globals.
        functions: ``(qualified name, function)`` found under such a name in the class, its bases or a module.
        data: Plain data found in a module.
        opaque: Attributes of the classes that run code other than a Python function, which can't be followed.
    """

    names: set[str]
    functions: list[tuple[str, FunctionType]]
    data: dict[str, Any]
    opaque: list[str]


_MISSING = object()

# Results of searches with all that they depend on: bases, the (namespace, name, value) looked up, and functions' code.
_Lookups = list[tuple[Any, str, Any]]
_cache: dict[tuple[type, tuple[str, ...]], tuple[Reached, tuple[type, ...], _Lookups, list[Any]]] = {}


def reached(cls: type, *methods: str) -> Reached:
    """Everything that methods of a class reach by name; cached until something on the way is replaced.

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
    if (cls, methods) in _cache:
        found, bases, lookups, codes = _cache[cls, methods]
        unchanged = all(place.get(name, _MISSING) is value for place, name, value in lookups)
        if unchanged and cls.__mro__ is bases and all(function.__code__ is code for function, code in codes):
            return found
    found, places = _search(cls, methods), dict[tuple[int, str], Any]()
    functions = [function for _, function in found.functions]
    for owner in cls.__mro__[:-1]:
        places |= {(id(owner), name): vars(owner) for name in found.names}
    for function in functions:
        places |= {(id(function.__globals__), name): function.__globals__ for name in _names(function.__code__)}
    lookups = [(place, name, place.get(name, _MISSING)) for (_, name), place in places.items()]
    codes = [(function, function.__code__) for function in functions]
    _cache[cls, methods] = found, cls.__mro__, lookups, codes
    return found


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
            parts = (value.fget, value.fset, value.fdel) if type(value) is property else (value,)
            unbound: list[Any] = [getattr(part, "__func__", part) for part in parts]
            functions = [part for part in unbound if isinstance(part, FunctionType)]
            runs_code = not isinstance(value, type) and (callable(value) or hasattr(type(value), "__get__"))
            if runs_code and not functions:
                found.opaque.append(qualified)
            for function in functions:
                found.functions.append((qualified, function))
                waiting += _follow(function, found)
    return found


def _follow(function: FunctionType, found: Reached) -> list[str]:
    """The names in a function; functions in its closure and its module are followed, plain data is recorded."""
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


def overridden(env: Any, owner: type, names: set[str]) -> str:
    """Which of the names an environment redefines, in its class or on the instance; empty if it redefines none.

    Plain data does not count.

    Args:
        env: An instance of ``owner``.
        owner: The class whose definitions, and whose bases' definitions, are expected.
        names: The names to check; methods that change how attributes are found are always checked.
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
    """Whether a value is plain data: numbers, strings, None, arrays of these, and lists, tuples and dicts of them.

    Instances of subclasses do not count, since they may behave differently.

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


def is_original(qualified: str, function: FunctionType) -> bool:
    """Whether a function was defined in the file of its module under this qualified name."""
    module, code = sys.modules.get(function.__module__), function.__code__
    expected = qualified, getattr(module, "__file__", None)
    return (code.co_qualname, code.co_filename) == expected and function.__globals__ is vars(module)


@functools.lru_cache(maxsize=256)
def all_original(found: Reached) -> bool:
    """Whether all functions that were reached are the original ones."""
    return not found.opaque and all(is_original(*function) for function in found.functions)


def digest(function: FunctionType) -> str:
    """A hash of a function's source without comments, docstring and annotations: eight digits, empty without source."""
    code = function.__code__
    if function.__closure__ and code.co_freevars != ("__class__",):  # super() encloses __class__
        return ""
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(code))).body
    except (OSError, SyntaxError, TypeError, ValueError):
        return ""
    if not isinstance(tree, ast.FunctionDef):
        return ""
    tree.body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    return hashlib.sha256(repr(_shape(tree)).encode()).hexdigest()[:8]


def _shape(node: Any) -> Any:
    """A syntax tree as tuples, without annotations and without fields that differ between versions of Python."""
    if isinstance(node, list):
        return [_shape(part) for part in node]
    if not isinstance(node, ast.AST):
        return node
    fields = [(name, value) for name, value in ast.iter_fields(node) if value is not None and value != []]
    meant = [(name, _shape(value)) for name, value in fields if name not in ("annotation", "returns", "ctx")]
    return type(node).__name__, meant
