"""What code reaches: the classes, functions and modules that are read from some roots on."""

import dataclasses
import dis
import functools
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping, MutableMapping, MutableSequence, MutableSet, Set
from contextlib import suppress
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.runs.sources import changed_by, changed_in, digest, module_text, owner_of, text_of
from boltzmann_rl.runs.values import ATOMS, CONTENTS, IGNORED, attributes_of, is_code, reduced_of, values_of

# Containers: their methods such as ``update`` change them. An object of the user may have other ones of that name.
_MUTABLE = MutableMapping, MutableSequence, MutableSet, np.ndarray

# Begins the labels of code in variables.
_CODE_IN = "code in "

# In place of the value of a variable that functions change, which does not count.
_VARIABLE = "a variable"

_LOADS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}

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
        for base, written in CONTENTS.items():
            if isinstance(value, base):
                return f"{self.text(kind)}{written(self.text, value)}{self._attributes(value)}"
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
        """An object with its values; of an installed class see `values_of`."""
        shown = self.text(kind)
        if kind.__module__ == "builtins" and callable(value):  # a built-in function or method
            module, bound = getattr(value, "__module__", None) or "builtins", getattr(value, "__self__", None)
            name = self._owned(module, getattr(value, "__qualname__", ""), None)
            return f"{shown} {name}" if isinstance(bound, ModuleType) else f"{shown} {name} of {self.text(bound)}"
        if (reduced := reduced_of(value, kind)) is not None:
            more = self._attributes(value) if owner_of(kind.__module__) is None else ""
            return f"{shown}({self.text(reduced)}){more}"
        attributes = self._attributes(value)
        named = "" if attributes or not owner_of(kind.__module__) else getattr(value, "__name__", "")
        return f"{shown} {named if isinstance(named, str) else ''}({attributes})"  # named: such as a NumPy ufunc

    def _attributes(self, value: Any) -> str:
        return ", ".join(f"{name}={self.text(part)}" for name, part in values_of(value).items())

    def _owned(self, module: str, name: str, node: Any, parts: Any = ()) -> str:
        """The name of an installed thing, with the code that it holds; anything else becomes a node."""
        owner = owner_of(module)
        if owner is None and node is not None and (not isinstance(node, _Module) or _module(module)[0]):
            return self._named(node, name or module)
        self.owners |= {owner} if owner else set()
        return f"{module}.{name}({', '.join(self.text(part) for part in parts if is_code(part))})"

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


def _is_ours(node: Any) -> bool:
    """Whether a node belongs to this package."""
    return module_of(node).partition(".")[0] == "boltzmann_rl"


def _is_spec(kind: type) -> bool:
    return kind.__name__ == "EnvSpec" and kind.__module__.startswith("gymnasium.")


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
    held = attributes_of(value) if owner_of(type(value).__module__) is not None else {}
    if "py_func" in held:  # compiled by Numba
        return [type(value), held["py_func"]]
    return [type(value), held["__wrapped__"]] if "__wrapped__" in held else None


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
        if not _is_ours(node):  # modules of this package import for speed, not for results
            yield from ((name, _Module(name)) for name in _module(module_of(node))[1])
    else:
        yield from _of_spec(node)


def _of_function(function: FunctionType) -> Iterator[tuple[str, Any]]:
    code, names = function.__code__, _names(function.__code__, function.__globals__.get("__package__") or "")
    changed, ours = changed_in(code), _is_ours(function)
    yield "defaults", function.__defaults__
    yield "keyword defaults", function.__kwdefaults__
    held = [(f"enclosed {name}", value) for name, value in _cells(function).items()]
    for name, *attributes in names.globals:
        if ours and name in changed:
            held.append((name, _VARIABLE))
        elif name in function.__globals__ and not name.startswith("__"):
            held.append(_followed(function.__globals__[name], name, attributes))
    held += [(f"{function.__name__}.{name}", vars(function)[name]) for name in sorted(vars(function))]
    for path, value in held:
        parts = _unchanged(path, value, changed)
        # What this package keeps in its variables are caches, of the user's environments, too, and machine code.
        yield from ((label, part) for label, part in parts if not (ours and label.startswith(_CODE_IN)))
    for name in names.modules:
        yield f"import {name}", _Module(name)


def _unchanged(path: str, value: Any, changed: frozenset[str]) -> Iterator[tuple[str, Any]]:
    """A value, without what functions of the same file change in it; its class and code in it count even then."""
    if isinstance(value, FunctionType | type | ModuleType):
        yield path, value
    elif path in changed or _changes(path, value, changed):
        yield path, _VARIABLE
        yield f"{_CODE_IN}{path}", _code_in(value)
    elif any(one.startswith(f"{path}.") for one in changed) and (values := values_of(value)):
        yield f"class of {path}", type(value)
        for name, part in values.items():
            yield from _unchanged(f"{path}.{name}", part, changed)
    else:
        yield path, value


def _changes(path: str, value: Any, changed: frozenset[str]) -> bool:
    """Whether items of a container are changed, or added to, or those of containers in it."""
    if not _is_container(value):
        return False
    items = value.values() if isinstance(value, Mapping) else value
    return f"{path}()" in changed or (f"{path}[]()" in changed and all(map(_is_container, items)))


def _is_container(value: Any) -> bool:
    """Whether it is an array or a container that no class of the user extends."""
    return isinstance(value, _MUTABLE) and owner_of(type(value).__module__) is not None


def _code_in(value: Any) -> Any:
    """The user's class of a variable, or the items of a container that are code, as in a register of functions.

    Of other items only the class counts, since a cache of results grows.
    """
    if not _is_container(value) or isinstance(value, np.ndarray):
        return type(value) if owner_of(type(value).__module__) is None else None
    found: dict[int, Any] = {}
    for part in filter(is_code, value.values() if isinstance(value, Mapping) else value):
        one = part if callable(part) or type(part) in (tuple, list, dict) else type(part)
        if not (isinstance(one, type) and one.__module__.startswith("boltzmann_rl.")):
            found[id(one)] = one
    return frozenset(found.values()) if isinstance(value, Set) else list(found.values())


def _followed(value: Any, name: str, attributes: list[str]) -> tuple[str, Any]:
    """``module.name`` as far as it leads through modules."""
    label = name
    for attribute in attributes:
        if not isinstance(value, ModuleType):
            break
        label = f"{label}.{attribute}"
        if owner_of(value.__name__) is not None:  # the version says what it is
            continue
        if _is_ours(value) and attribute in changed_by(str(value.__file__)):
            return label, _VARIABLE
        try:
            value = getattr(value, attribute)
        except Exception:  # absent, or a module that is imported at its first use, and fails
            value = "absent"
    return label, value


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
        if name not in IGNORED and not _is_generated(value):
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
