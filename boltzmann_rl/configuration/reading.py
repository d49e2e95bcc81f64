"""From a dictionary to the declaration."""

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from boltzmann_rl.arguments import shown
from boltzmann_rl.arguments.containers import plain
from boltzmann_rl.arguments.near_names import nearest
from boltzmann_rl.configuration.classes import PLAIN, Classes, class_named, handed_in
from boltzmann_rl.configuration.trees import check_tree, is_scalar, of_field, of_item, told

# The version of the form, and the key under which it stands.
VERSION, MARK = 1, "boltzmann_rl"


def from_dict(declaration: Mapping[str, Any], *, classes: Iterable[type] = ()) -> Any:
    """The declaration that `to_dict` wrote as a dictionary.

    Nothing in it is imported, evaluated or unpickled. Only public frozen dataclasses of this package can be made, and
    those in ``classes``; their constructors check the fields.

    Args:
        declaration: A mapping as `to_dict` returns, ``json.load`` or ``yaml.safe_load``; see
            ``help(boltzmann_rl.configuration)`` for the form. It may be a configuration of Hydra.
        classes: Your own classes that may occur in it, frozen dataclasses.

    Raises:
        TypeError, ValueError: An unknown class or field, a missing field, another version, a part that is too deep or
            too large, or what a constructor refuses. The message names the field.

    Example:
        >>> from_dict({"boltzmann_rl": 1, "class": "Boltzmann", "temperature": 0.5})
        Boltzmann(temperature=0.5)
        >>> from_dict({"boltzmann_rl": 1, "class": "Boltzmann", "tau": 0.5})
        Traceback (most recent call last):
        ...
        ValueError: Boltzmann has no field 'tau': did you mean 'temperature'? It has temperature
    """
    own, declaration = handed_in(classes), plain(declaration)
    if not isinstance(declaration, Mapping):
        raise TypeError(f"declaration must be a mapping, as to_dict returns, got {shown(declaration)}")
    _check_version(declaration)
    tree = {key: part for key, part in declaration.items() if key != MARK}
    check_tree(tree)
    if tree.get("class", PLAIN[0]) in PLAIN:
        raise ValueError("the declaration must name its class at the top, such as 'class': 'Boltzmann'")
    return _made(tree, "", own)


def _check_version(declaration: Mapping[str, Any]) -> None:
    if MARK not in declaration:
        raise ValueError(f"the declaration must say its version at the top: {MARK!r}: {VERSION}")
    version = declaration[MARK]
    if type(version) is not int or version < 1:
        raise ValueError(f"{MARK!r} must be the version of the declaration, {VERSION}, got {shown(version)}")
    if version > VERSION:
        raise ValueError(
            f"the declaration has version {shown(version)}, but this boltzmann_rl reads up to {VERSION}: "
            "it was written by a newer one, which reads it"
        )


def _read(part: Any, path: str, own: Classes) -> Any:
    """A part of a tree as what it declares."""
    if is_scalar(part):
        return part
    if isinstance(part, Mapping):
        if "class" in part:
            return _made(part, path, own)
        return {key: _read(inner, of_item(path, key), own) for key, inner in part.items()}
    return tuple(
        inner if is_scalar(inner) else _read(inner, of_item(path, index), own) for index, inner in enumerate(part)
    )


def _made(part: Mapping[str, Any], path: str, own: Classes) -> Any:
    """An instance of the class that a mapping names."""
    name = part["class"]
    if isinstance(name, str) and name in PLAIN:
        return _PLAIN[name](part, path, own)
    kind = _located(path, lambda: class_named(name, own))
    given = {key: inner for key, inner in part.items() if key != "class"}
    _located(path, lambda: _check_fields(kind, given))
    arguments = {key: _read(inner, of_field(path, key), own) for key, inner in given.items()}
    return _located(path, lambda: kind(**arguments), arguments)


def _check_fields(kind: type, given: Mapping[Any, Any]) -> None:
    """Refuse fields that a class does not have, and missing ones."""
    fields = inspect.signature(kind).parameters
    for name in given:
        if name not in fields:
            near = nearest(name, fields) if isinstance(name, str) else None
            hint = f"did you mean {near!r}? " if near else ""
            raise ValueError(
                f"{kind.__name__} has no field {shown(name)}: {hint}It has {', '.join(fields) or 'no fields'}"
            )
    for name, field in fields.items():
        if name not in given and field.default is field.empty:
            raise ValueError(f"{kind.__name__} needs the field {name!r}")


def _located(path: str, make: Callable[[], Any], arguments: Iterable[str] = ()) -> Any:
    """What ``make`` returns; its errors say where they are, which may be an argument that their first word names."""
    try:
        return make()
    except Exception as error:  # a constructor may raise anything; each is raised again
        text = str(error) or type(error).__name__
        first = re.match(r"\w*", text)
        inside = first is not None and first.group() in arguments
        said = text if not path else f"{told(path)}{'.' if inside else ': '}{text}"
        raise (TypeError if isinstance(error, TypeError) else ValueError)(said) from error


def _check_keys(part: Mapping[str, Any], key: str, path: str) -> Any:
    """The only entry beside the class."""
    if part.keys() != {"class", key}:
        got = ", ".join(shown(one) for one in part if one != "class")
        raise ValueError(
            f"{told(path)}: the class {part['class']!r} needs {key!r} and nothing else, got {got or 'none'}"
        )
    return part[key]


def _float(part: Mapping[str, Any], path: str, own: Classes) -> float:
    value = _check_keys(part, "value", path)
    if value not in ("inf", "-inf", "nan"):
        raise ValueError(f"{told(path)}: value must be 'inf', '-inf' or 'nan', got {shown(value)}")
    return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[value]


def _items(part: Mapping[str, Any], path: str) -> Any:
    items = _check_keys(part, "items", path)
    if not isinstance(items, list | tuple):
        raise TypeError(f"{told(path)}: items must be a list, got {shown(items)}")
    return items


def _list(part: Mapping[str, Any], path: str, own: Classes) -> list[Any]:
    return list(_read(_items(part, path), path, own))


def _dict(part: Mapping[str, Any], path: str, own: Classes) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for pair in _items(part, path):
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(f"{told(path)}: items must be pairs of a key and a value, got {shown(pair)}")
        key = _read(pair[0], path, own)
        if _located(path, lambda key=key: key in found):  # type: ignore[misc]  # a key may have no hash
            raise ValueError(f"{told(path)} has the key {shown(key)} twice")
        found[key] = _read(pair[1], of_item(path, key), own)
    return found


_PLAIN: dict[str, Callable[[Mapping[str, Any], str, Classes], Any]] = {"float": _float, "list": _list, "dict": _dict}
