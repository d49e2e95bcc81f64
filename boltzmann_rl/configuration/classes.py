"""The classes that a dictionary may name: public declarations of the package, and classes handed in."""

import dataclasses
import importlib
from collections.abc import Iterable, Mapping
from typing import Any

from boltzmann_rl.arguments import shown
from boltzmann_rl.arguments.near_names import nearest
from boltzmann_rl.lazy import sources

# What JSON lacks, under names that no declaration has.
PLAIN = ("float", "list", "dict")

# Classes by the names that dictionaries have for them.
Classes = Mapping[str, type]


def is_declaration(kind: Any) -> bool:
    """Whether a class declares something: a frozen dataclass that compares by its fields."""
    if not isinstance(kind, type) or not dataclasses.is_dataclass(kind):
        return False
    options: Any = kind.__dataclass_params__  # type: ignore[attr-defined]  # of every dataclass
    return bool(options.frozen and options.eq)


def handed_in(classes: Iterable[type]) -> Classes:
    """The caller's own classes by their names.

    Raises:
        TypeError: Anything but frozen dataclasses that compare by their fields.
        ValueError: Two classes of the same name, or the name of a class of this package.
    """
    if isinstance(classes, type) or not isinstance(classes, Iterable):
        raise TypeError(f"classes must be a list of classes, got {shown(classes)}")
    own: dict[str, type] = {}
    for kind in classes:
        if not is_declaration(kind):
            raise TypeError(f"classes must be frozen dataclasses that compare by their fields, got {shown(kind)}")
        name = kind.__name__
        if public(name) is kind:
            continue
        if name in sources() or name in PLAIN:
            raise ValueError(
                f"classes contains {shown(kind)}, but {name!r} is a name of boltzmann_rl: rename your class"
            )
        if own.setdefault(name, kind) is not kind:
            raise ValueError(f"classes contains two classes named {name!r}: rename one of them")
    return own


def public(name: str) -> Any:
    """What has a public name in the package; None if nothing has."""
    module = sources().get(name)
    return None if module is None else getattr(importlib.import_module(module), name)


def class_named(name: Any, own: Classes) -> type:
    """The class that a dictionary names.

    Raises:
        TypeError: The name is no text.
        ValueError: The name of no class, or of something that is not a declaration.
    """
    if not isinstance(name, str):
        raise TypeError(f"class must be the name of a class as text, got {shown(name)}")
    if name in own:
        return own[name]
    found = public(name)
    if is_declaration(found):
        kind: type = found
        return kind
    if found is not None:
        what = "a class that declares nothing" if isinstance(found, type) else "not a class"
        raise ValueError(f"class {name!r} is {what}: only frozen dataclasses are made of dictionaries")
    near = nearest(name.rpartition(".")[2], [*own, *(one for one in sources() if one[0].isupper())])
    hint = f": did you mean {near!r}?" if near else ""
    remedy = "" if near else ": a class of your own must be handed in, from_dict(…, classes=[…])"
    raise ValueError(f"there is no class {shown(name)} in boltzmann_rl{hint}{remedy}")


def name_of(kind: type, own: Classes) -> str | None:
    """The name of a class in dictionaries; None for one that is neither public nor handed in."""
    name = kind.__name__
    return name if own.get(name) is kind or (is_declaration(kind) and public(name) is kind) else None
