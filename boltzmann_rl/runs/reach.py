"""What code reaches: the classes, functions and modules that are read from some roots on."""

import dataclasses
import dis
import enum
import functools
import hashlib
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from types import CodeType, EllipsisType, FunctionType, MappingProxyType, MethodType, ModuleType, NoneType
from typing import Any, NamedTuple

from boltzmann_rl.runs.sources import changed_in, digest, module_text, owner_of, text_of

# Values that their repr determines.
ATOMS = {NoneType, EllipsisType, bool, int, float, complex, str, bytes, range, slice}
ATOMS |= {Decimal, Fraction, timedelta, re.Pattern}

# Attributes of a class that say nothing about what it does, or that come from others.
_IGNORED = {"__annotate__", "__annotate_func__", "__annotations__", "__annotations_cache__", "__dataclass_fields__"}
_IGNORED |= {"__dataclass_params__", "__dict__", "__doc__", "__firstlineno__", "__match_args__", "__module__"}
_IGNORED |= {"__orig_bases__", "__parameters__", "__slotnames__", "__static_attributes__", "__type_params__"}
_IGNORED |= {"__weakref__", "_abc_impl"}

_LOADS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}

# How the items of a container are written: those of a set not in the order of their hashes.
_CONTAINERS: dict[Any, Callable[..., Any]] = {
    tuple | list: lambda text, value: [*map(text, value)],
    set | frozenset: lambda text, value: sorted(map(text, value)),
    dict | MappingProxyType: lambda text, value: [(text(key), text(item)) for key, item in value.items()],
}

# Modules whose functions wrap methods that Python wrote.
_WRITERS = ("dataclasses", "reprlib", "boltzmann_rl.arguments.near_names")


class _Module(NamedTuple):
    """A module that is taken as a whole."""

    name: str


class Graph:
    """The classes, functions, modules and specs in the order in which they are first mentioned, each with a name.

    Args:
        by_identity: Whether names tell objects of this process apart, instead of being the same in every process.
    """

    def __init__(self, *, by_identity: bool = False) -> None:
        self.by_identity = by_identity
        self.waiting: list[Any] = []
        self.owners: set[str] = set()
        self._names: dict[Any, str] = {}
        self._counts: dict[str, int] = {}
        self._open: set[int] = set()

    def __iter__(self) -> Iterator[Any]:
        yield from self.waiting  # which grows meanwhile

    def line(self, node: Any) -> str:
        """A node's name, with a hash of its own code and of the names and values that it reads."""
        texts = [f"{label} = {self.text(value)}" for label, value in reads(node)]
        return f"{self._names[_identity(node)]} {digest(own_text(node), *texts)}"

    def text(self, value: Any) -> str:
        """A value as text: nodes by their names."""
        kind = type(value)
        if kind in ATOMS:
            return repr(value)
        if id(value) in self._open:
            return "…"
        self._open.add(id(value))
        try:
            return self._text(value, kind)
        finally:
            self._open.remove(id(value))

    def _text(self, value: Any, kind: type) -> str:
        if isinstance(value, _Module | ModuleType):
            return self._owned(module_of(value), "", value)
        if isinstance(value, enum.Enum):
            return f"{self.text(kind)}.{value.name}"
        for base, written in _CONTAINERS.items():
            if isinstance(value, base):
                return f"{self.text(kind)}{written(self.text, value)}"
        if isinstance(value, FunctionType):
            return self._owned(module_of(value), value.__qualname__, value, _cells(value).values())
        if isinstance(value, type):
            return self._owned(value.__module__, value.__qualname__, value)
        if _is_spec(kind):
            return self._named(value, value.id)
        if (parts := _wrapped(value)) is not None:
            return f"{kind.__name__}({', '.join(map(self.text, parts))})"
        return self._instance(value, kind)

    def _instance(self, value: Any, kind: type) -> str:
        """An object with its attributes; of an installed class only those that may be somebody else's code."""
        shown = self.text(kind)
        if kind.__module__.partition(".")[0] == "numpy" and hasattr(kind, "dtype"):
            if value.dtype.hasobject:
                return f"{shown}({self.text(value.tolist())})"
            return f"{shown}({value.dtype.descr} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()})"
        for base in (int, float, complex, str, bytes):
            if isinstance(value, base):
                return f"{shown}({base.__repr__(value)})"
        if kind.__module__ == "builtins":  # a built-in function or method
            module = getattr(value, "__module__", None) or ""
            return f"{shown} {self._owned(module or 'builtins', getattr(value, '__qualname__', ''), None)}"
        attributes = attributes_of(value)
        if owner_of(kind.__module__) is not None:
            named = getattr(value, "__name__", "") if not attributes else ""  # such as of a NumPy ufunc
            shown = f"{shown} {named if isinstance(named, str) else ''}"
            attributes = {name: part for name, part in attributes.items() if _is_code(part)}
        return f"{shown}({', '.join(f'{name}={self.text(part)}' for name, part in attributes.items())})"

    def _owned(self, module: str, name: str, node: Any, parts: Any = ()) -> str:
        """The name of an installed thing, with the code that it holds; anything else becomes a node."""
        owner = owner_of(module)
        if owner is None and node is not None and (not isinstance(node, _Module) or _module(module)[0]):
            return self._named(node, name or module)
        self.owners |= {owner} if owner else set()
        return f"{module}.{name}({', '.join(self.text(part) for part in parts if _is_code(part))})"

    def _named(self, node: Any, name: str) -> str:
        """The name of a node; nodes with the same name are numbered in the order in which they are mentioned."""
        if self.by_identity:
            return str(id(node))
        if _identity(node) not in self._names:
            count = self._counts[name] = self._counts.get(name, 0) + 1
            self._names[_identity(node)] = name if count == 1 else f"{name} ({count})"
            self.waiting.append(node)
        return self._names[_identity(node)]


def _identity(node: Any) -> Any:
    return node.__name__ if isinstance(node, ModuleType) else node.name if isinstance(node, _Module) else id(node)


def module_of(node: Any) -> str:
    """The name of the module to which a node belongs."""
    if isinstance(node, ModuleType | _Module):
        return str(_identity(node))
    found = node.__globals__.get("__name__") if isinstance(node, FunctionType) else getattr(node, "__module__", None)
    return found or "__main__"


def _is_spec(kind: type) -> bool:
    return kind.__name__ == "EnvSpec" and kind.__module__.startswith("gymnasium.")


def _is_code(part: Any) -> bool:
    """Whether something may hold code that is no installed distribution's."""
    if type(part) in (tuple, list, dict):
        return any(map(_is_code, part.values() if type(part) is dict else part))
    if isinstance(part, FunctionType | MethodType | type | functools.partial | staticmethod | classmethod | property):
        return True
    return not isinstance(part, ModuleType) and owner_of(type(part).__module__) is None


def _wrapped(value: Any) -> list[Any] | None:
    """What a value stands for that is a function with something around it."""
    if isinstance(value, staticmethod | classmethod):
        return [value.__func__]
    if isinstance(value, MethodType):
        return [value.__func__, value.__self__]
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    if isinstance(value, functools.partial | functools.partialmethod):
        return [value.func, value.args, value.keywords]
    held = attributes_of(value)
    if "py_func" in held:  # compiled by Numba
        return [type(value), held["py_func"]]
    return [type(value), held["__wrapped__"]] if "__wrapped__" in held else None


def attributes_of(value: Any) -> dict[str, Any]:
    """The attributes of an object itself, in `__dict__` and in slots."""
    held = dict(getattr(value, "__dict__", None) or {})
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else tuple(slots):
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                held[name] = getattr(value, name)
    return held


# --- what a node reads -----------------------------------------------------------------------------------------


def own_text(node: Any) -> str:
    """The source of a function or module; classes and specs are what they read."""
    if isinstance(node, FunctionType):
        return text_of(node.__code__)
    if isinstance(node, ModuleType | _Module):
        return _module(module_of(node))[0]
    return ""


def reads(node: Any) -> Iterator[tuple[str, Any]]:
    """Everything that a node refers to, each with a label."""
    if isinstance(node, FunctionType):
        yield from _of_function(node)
    elif isinstance(node, type):
        yield from _of_class(node)
    elif isinstance(node, ModuleType | _Module):
        if module_of(node).partition(".")[0] != "boltzmann_rl":  # whose functions import for speed, not for results
            yield from ((name, _Module(name)) for name in _module(module_of(node))[1])
    else:
        yield from _of_spec(node)


def _of_function(function: FunctionType) -> Iterator[tuple[str, Any]]:
    code, names = function.__code__, _names(function.__code__, function.__globals__.get("__package__") or "")
    yield "defaults", function.__defaults__
    yield "keyword defaults", function.__kwdefaults__
    held = [(f"enclosed {name}", f"enclosed {name}", value) for name, value in _cells(function).items()]
    for name, *attributes in names.globals:
        if name in function.__globals__ and not name.startswith("__"):
            held.append(_followed(function.__globals__[name], name, attributes))
    for label, name, value in held:
        is_state = not isinstance(value, FunctionType | type | ModuleType) and name in changed_in(code)
        yield label, "a variable" if is_state else value
    for name in names.modules:
        yield f"import {name}", _Module(name)


def _followed(value: Any, name: str, attributes: list[str]) -> tuple[str, str, Any]:
    """``module.name`` as far as it leads through modules."""
    label = name
    for attribute in attributes:
        if not isinstance(value, ModuleType):
            break
        label = f"{label}.{attribute}"
        if owner_of(value.__name__) is not None:  # the version says what it is
            continue
        try:
            value = getattr(value, attribute)
        except Exception:  # absent, or a module that is imported at its first use, and fails
            value = "absent"
    return label, name, value


def _cells(function: FunctionType) -> dict[str, Any]:
    """What a function encloses, by name."""
    held = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # not assigned yet
            held[name] = cell.cell_contents
    return held


def _of_class(kind: type) -> Iterator[tuple[str, Any]]:
    yield "bases", kind.__bases__
    yield "metaclass", type(kind)
    if dataclasses.is_dataclass(kind) and "__dataclass_params__" in vars(kind):
        yield "dataclass", repr(vars(kind)["__dataclass_params__"])
        for field in vars(kind)["__dataclass_fields__"].values():
            yield f"field {field.name}", field.init and ("by name" if field.kw_only else "in order")
            for default in (field.default, field.default_factory):
                if default is not dataclasses.MISSING:
                    yield f"default of {field.name}", default
    for name, value in sorted(vars(kind).items()):
        if name not in _IGNORED and not _is_generated(value):
            yield name, value


def _is_generated(value: Any) -> bool:
    """Whether Python wrote a method, for a dataclass or a named tuple; its source are the fields."""
    value = getattr(value, "__func__", value)
    while isinstance(value, FunctionType):
        module = module_of(value)
        if value.__code__.co_qualname.startswith("__create_fn__") or module.startswith("namedtuple_"):
            return True
        value = value.__dict__.get("__wrapped__") if module in _WRITERS else None
    return False


def _of_spec(spec: Any) -> Iterator[tuple[str, Any]]:
    yield "gymnasium", type(spec)
    for name in ("max_episode_steps", "order_enforce", "disable_env_checker", "kwargs"):
        yield name, getattr(spec, name)
    wrappers = [(wrapper.entry_point, wrapper.kwargs) for wrapper in spec.additional_wrappers]
    for number, (name, options) in enumerate([(spec.entry_point, None), (spec.vector_entry_point, None), *wrappers]):
        found = entry_point(name)
        yield f"entry point {number}", found
        yield f"options {number}", options
        if isinstance(found, str):
            yield f"module {number}", _Module(found.partition(":")[0])


def entry_point(entry: Any) -> Any:
    """The class or function at an entry point ``"module:name"`` of a module that is not installed; else the entry."""
    module, _, name = entry.partition(":") if isinstance(entry, str) else ("", "", "")
    if name and owner_of(module) is None:
        with suppress(ImportError, AttributeError):
            return getattr(importlib.import_module(module), name)
    return entry


def _module(name: str) -> tuple[str, tuple[str, ...]]:
    """The text of a module, and the names of the modules that it imports; nothing if its source can't be found."""
    file = getattr(sys.modules.get(name), "__file__", None)
    with suppress(ImportError, ValueError, AttributeError, SyntaxError):
        if file is None:
            spec = importlib.util.find_spec(name)
            file = spec.origin if spec is not None and spec.has_location else None
        if file is not None and file.endswith(".py"):
            text, imports = module_text(file)
            package = name if file.endswith("__init__.py") else name.rpartition(".")[0]
            return text, tuple(sorted({_absolute(one, package) for one in imports} - {name}))
    return "", ()


def _absolute(name: str, package: str) -> str:
    if not name.startswith("."):
        return name
    with suppress(ImportError):
        return importlib.util.resolve_name(name, package)
    return name


class _Names(NamedTuple):
    """What a function and those within it load: globals with the attributes that are read from them, and modules."""

    globals: tuple[tuple[str, ...], ...]
    modules: tuple[str, ...]


@functools.cache
def _names(code: CodeType, package: str) -> _Names:
    chains: set[tuple[str, ...]] = set()
    modules: set[str] = set()
    chain: tuple[str, ...] = ()
    last: list[Any] = [None, None]  # before an import: its level, and the names that it takes
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_ATTR", "LOAD_METHOD") and chain:
            chain = (*chain, step.argval)
        else:
            chains.add(chain)
            chain = (step.argval,) if step.opname in _LOADS else ()
        if step.opname == "IMPORT_NAME":
            start = _absolute("." * (last[0] or 0) + step.argval, package)
            modules |= {start, *(f"{start}.{name}" for name in last[1] or ())}
        last = [last[1], step.argval]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            inner = _names(constant, package)
            chains, modules = chains.union(inner.globals), modules.union(inner.modules)
    return _Names(tuple(sorted(chains - {()})), tuple(sorted(modules)))
