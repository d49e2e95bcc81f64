"""Values for the key of a cell: the parts of an object that may matter to numbers, and how its content is written."""

import copyreg
import enum
import functools
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from types import EllipsisType, FunctionType, MappingProxyType, MemberDescriptorType, MethodType, ModuleType, NoneType
from typing import Any

import numpy as np

from boltzmann_rl.runs.sources import owner_of

# Values that their repr determines.
ATOMS = {NoneType, EllipsisType, bool, int, float, complex, str, bytes, range, slice}
ATOMS |= {Decimal, Fraction, timedelta, re.Pattern}

# Attributes of a class that say nothing about what it does, or that come from others.
IGNORED = {"__annotate__", "__annotate_func__", "__annotations__", "__annotations_cache__", "__dataclass_fields__"}
IGNORED |= {"__dataclass_params__", "__dict__", "__doc__", "__firstlineno__", "__match_args__", "__module__"}
IGNORED |= {"__orig_bases__", "__parameters__", "__slotnames__", "__static_attributes__", "__type_params__"}
IGNORED |= {"__weakref__", "_abc_impl"}

# How the content of a value is written: the items of a set not in the order of their hashes.
CONTENTS: dict[Any, Callable[..., Any]] = {
    enum.Enum: lambda text, value: [value.name, text(value._value_)],
    np.ndarray | np.generic: lambda text, value: _array(text, value),
    tuple | list: lambda text, value: [*map(text, value)],
    set | frozenset: lambda text, value: sorted(map(text, sorted(value, key=_place))),
    dict | MappingProxyType: lambda text, value: [(text(key), text(item)) for key, item in value.items()],
}
CONTENTS |= {base: lambda _, value, base=base: base.__repr__(value) for base in (int, float, complex, str, bytes)}
CONTENTS |= {bytearray: lambda _, value: bytes(value)}


def _place(item: Any) -> tuple[str, ...]:
    """Where an item of a set is mentioned, which must not depend on its hash: nodes are named in that order."""
    names = (getattr(of, name, "") for of in (item, type(item)) for name in ("__module__", "__qualname__"))
    return *map(str, names), repr(item) if type(item) in ATOMS else ""


def attributes_of(value: Any) -> dict[str, Any]:
    """The attributes of an object itself, in `__dict__` and in slots."""
    held = dict(getattr(value, "__dict__", None) or {})
    kind: Any = type(value)
    return held | {name: getattr(value, name) for name in _slots(kind) if hasattr(value, name)}


@functools.lru_cache(maxsize=1000)
def _slots(kind: Any) -> list[str]:
    """The names of slots; those of private ones with the name of the class."""
    spaces = [vars(base) for base in kind.__mro__ if "__slots__" in vars(base)]
    return [name for space in spaces for name, one in space.items() if isinstance(one, MemberDescriptorType)]


def values_of(value: Any) -> dict[str, Any]:
    """The attributes of an object that count, by name.

    They are those of objects of the user and of the standard library, and the fields of dataclasses. Of other
    installed classes only those count that may be somebody else's code. What a ``cached_property`` keeps follows from
    the rest.
    """
    kind = type(value)
    if kind.__module__ == "builtins" or isinstance(value, enum.Enum):
        return {}
    held = attributes_of(value) | ({"of others": value.default_factory} if isinstance(value, defaultdict) else {})
    if owner_of(kind.__module__):
        fields = set(getattr(kind, "__dataclass_fields__", ()))
        held = {name: part for name, part in held.items() if name in fields or is_code(part)}
    spaces = [vars(base) for base in kind.__mro__]
    kept = {name for name in held if any(isinstance(one.get(name), functools.cached_property) for one in spaces)}
    return {name: held[name] for name in sorted(held.keys() - kept - IGNORED)}


def reduced_of(value: Any, kind: type) -> Any:
    """What pickle keeps of a value, if a class of the standard library says so; not of those that change with use."""
    if isinstance(value, Iterator) or any(base.__module__ == "_random" for base in kind.__mro__):
        return None
    for base in kind.__mro__:
        space = vars(base) if base is not object and owner_of(base.__module__) == "" else {}
        with suppress(Exception):  # it can't be pickled
            if base in copyreg.dispatch_table:
                return _listed(copyreg.dispatch_table[base](value))
            if "__reduce_ex__" in space:
                return _listed(space["__reduce_ex__"](value, 4))
            if "__reduce__" in space:
                return _listed(space["__reduce__"](value))
    return None


def _listed(reduced: Any) -> Any:
    return reduced if isinstance(reduced, str) else [[*x] if isinstance(x, Iterator) else x for x in reduced]


def _array(text: Callable[[Any], str], value: Any) -> str:
    if value.dtype.hasobject:
        return text(value.tolist())
    return f"({value.dtype.descr} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()})"


def is_code(part: Any) -> bool:
    """Whether something may hold code that is no installed distribution's."""
    if type(part) in (tuple, list, dict):
        return any(map(is_code, part.values() if type(part) is dict else part))
    if isinstance(part, FunctionType | MethodType | type | functools.partial | staticmethod | classmethod | property):
        return True
    return not isinstance(part, ModuleType) and owner_of(type(part).__module__) is None
