"""From a declaration to a dictionary."""

import dataclasses
import inspect
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from boltzmann_rl.arguments import shown
from boltzmann_rl.arguments.rows import PerRow
from boltzmann_rl.configuration.classes import Classes, handed_in, is_declaration, name_of
from boltzmann_rl.configuration.reading import MARK, VERSION, from_dict
from boltzmann_rl.configuration.trees import DEEPEST, of_field, of_item, told


def to_dict(declaration: Any, *, classes: Iterable[type] = ()) -> dict[str, Any]:
    """A declaration as a dictionary of plain parts, of which `from_dict` makes an equal one.

    ``json.dumps(…, allow_nan=False)`` and ``yaml.safe_dump`` take it. All fields are written, also those with default
    values: the dictionary means the same if a default changes.

    Args:
        declaration: A policy, schedule, learner, bandit, agent, environment, metric or experiment: any public frozen
            dataclass of this package, or one of ``classes``.
        classes: Your own classes that may occur in it: frozen dataclasses, whose fields hold numbers, text, tuples,
            lists, dicts and declarations.

    Raises:
        TypeError: A part that no dictionary can hold, such as a function, an array, or a class of your own that is not
            in ``classes``. The message names the field.
        ValueError: A declaration that would not come back equal, or that is too deep or large: see `from_dict`.

    Example:
        >>> from boltzmann_rl import Boltzmann
        >>> to_dict(Boltzmann(float("inf")))
        {'boltzmann_rl': 1, 'class': 'Boltzmann', 'temperature': {'class': 'float', 'value': 'inf'}}
        >>> from_dict(to_dict(Boltzmann(0.5))) == Boltzmann(0.5)
        True
    """
    own = handed_in(classes)
    if not is_declaration(type(declaration)):
        raise TypeError(f"declaration {_refused(declaration)}")
    written = {MARK: VERSION, **_written(declaration, "", own, 1)}
    found = from_dict(written, classes=own.values())
    if found != declaration and repr(found) != repr(declaration):  # NaN is not equal to itself
        raise ValueError(f"{shown(declaration)} would come back as {shown(found)}: its class changes what it is given")
    return written


def _written(part: Any, path: str, own: Classes, depth: int) -> Any:
    """A part of a declaration as mappings, lists, numbers and text."""
    if depth > DEEPEST:
        raise ValueError(f"{told(path)} is nested more than {DEEPEST} deep")
    if isinstance(part, np.generic) and not isinstance(plainer := part.item(), np.generic):
        part = plainer
    if part is None or type(part) in (bool, int, str):
        return part
    if type(part) is float:
        return part if math.isfinite(part) else {"class": "float", "value": str(part)}
    if type(part) in (tuple, PerRow):
        return [_written(inner, of_item(path, index), own, depth + 1) for index, inner in enumerate(part)]
    if type(part) is list:
        return {"class": "list", "items": _written(tuple(part), path, own, depth + 1)}
    if type(part) is dict:
        return _mapping(part, path, own, depth + 1)
    if (name := name_of(type(part), own)) is None:
        raise TypeError(f"{told(path)} {_refused(part)}")
    fields = {field.name: getattr(part, field.name) for field in dataclasses.fields(part) if field.init}
    written = {key: _written(inner, of_field(path, key), own, depth + 1) for key, inner in fields.items()}
    return {"class": name, **written}


def _mapping(part: dict[Any, Any], path: str, own: Classes, depth: int) -> dict[str, Any]:
    """A mapping, as a list of pairs where it has keys that JSON lacks or that would be read otherwise."""
    if all(type(key) is str for key in part) and "class" not in part:
        return {key: _written(inner, of_item(path, key), own, depth) for key, inner in part.items()}
    pairs = [
        [_written(key, path, own, depth + 2), _written(inner, of_item(path, key), own, depth + 2)]
        for key, inner in part.items()
    ]
    return {"class": "dict", "items": pairs}


def _refused(part: Any) -> str:
    """Why a part can't be written, and what to do."""
    if isinstance(part, type):
        return f"is the class {part.__name__}: give an instance"
    if is_declaration(type(part)):
        name = type(part).__name__
        return f"is {shown(part)}, of a class that is not public here: hand it in, to_dict(…, classes=[{name}])"
    if inspect.isroutine(part):
        remedy = "write it as a class with __call__ under @dataclass(frozen=True), and hand that in, classes=[…]"
        return f"is the function {part.__name__}: {remedy}"
    if isinstance(part, np.ndarray):
        return f"is an array: give a tuple, {shown(part)}"
    return (
        f"is {shown(part)} of the type {type(part).__name__}: a dictionary holds frozen dataclasses, numbers, text, "
        "truth values, None, tuples, lists and dicts"
    )
