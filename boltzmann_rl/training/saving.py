"""The file of a saved training: a line with the kind and a checksum, a line with the versions, and the content.

The default kind, ``arrays``, is a line of JSON and the bytes of arrays, none of which is run. ``pickle`` is a pickle,
which can run any code when it is read, so it is read only on request.
"""

import hashlib
import json
import platform
import re
import sys
import warnings
from importlib import metadata
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from boltzmann_rl.environments.copies import objects_within
from boltzmann_rl.environments.readings import Reading
from boltzmann_rl.protocols import Transition, layers_of
from boltzmann_rl.storage.atomic import write

KINDS = ("arrays", "pickle")
_ADDRESS = r" at 0x[0-9a-fA-F]+"
_FORMAT = "boltzmann_rl training, format "
_FIRST_LINE = re.compile(rb"boltzmann_rl training, format 2, (arrays|pickle), SHA-256 ([0-9a-f]{64})")


def write_training(path: str | Path, kind: str, content: bytes) -> None:
    """Write the whole file, or none of it."""
    content = json.dumps(_versions(kind)).encode() + b"\n" + content
    first = f"{_FORMAT}2, {kind}, SHA-256 {hashlib.sha256(content).hexdigest()}\n"
    write(Path(path), first.encode() + content)


def read(path: str | Path) -> tuple[str, bytes, str]:
    """The kind of a file, its content, and the versions that wrote it; warns if versions here are others.

    Raises:
        ValueError: Not a saved training, one of another format, or one that was cut off or changed.
    """
    first, _, content = Path(path).read_bytes().partition(b"\n")
    found = _FIRST_LINE.fullmatch(first)
    if found is None:
        if first.startswith(f"{_FORMAT}1,".encode()):
            raise ValueError(
                f"{path} is of format 1, a pickle, which this version does not read: load it with the version of "
                "boltzmann_rl that wrote it, and keep its training.values"
            )
        raise ValueError(f"{path} is not a saved training of format 2: Training.save writes one")
    if found[2].decode() != hashlib.sha256(content).hexdigest():
        raise ValueError(f"{path} was cut off or changed since it was saved: take another copy")
    line, _, content = content.partition(b"\n")
    try:
        saved = json.loads(line)
    except (ValueError, RecursionError):
        saved = None
    if not isinstance(saved, dict):
        raise ValueError(f"{path} does not say under which versions it was saved")
    _warn_of_versions(path, saved, _versions(found[1].decode()))
    return found[1].decode(), content, line.decode(errors="replace")


def _warn_of_versions(path: str | Path, saved: dict[str, Any], here: dict[str, str]) -> None:
    changed = [f"{name} {then} (here {here.get(name)})" for name, then in saved.items() if then != here.get(name)]
    if changed:
        warnings.warn(
            f"{path} was saved under {', '.join(changed)}: what follows may differ from an uninterrupted run",
            stacklevel=4,
        )


def _versions(kind: str) -> dict[str, str]:
    """Of everything that can change the numbers or the meaning of the file."""
    libraries = ["boltzmann_rl", "numpy", "gymnasium", *(["cloudpickle"] if kind == "pickle" else [])]
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in libraries}}


def named_tuples(learner: Any) -> list[type]:
    """The classes of named tuples that a learner's state may contain: those in its module and its wrapped learners'."""
    found: dict[type, None] = {Reading: None, Transition: None}
    for layer in layers_of(learner):
        for kind in type(layer).__mro__:
            known: list[Any] = list(vars(sys.modules.get(kind.__module__, object)).values())
            found |= {x: None for x in known if isinstance(x, type) and issubclass(x, tuple) and hasattr(x, "_fields")}
    return list(found)


def agent_of(agent: Any) -> dict[str, str]:
    """The ``repr`` of each part of an agent, with a hash of its code where that contains an address (a function)."""
    return {name: _told(getattr(agent, name)) for name in ("learner", "policy", "clock")}


def _told(part: Any) -> str:
    text, found = re.subn(_ADDRESS, "", repr(part))
    if not found:
        return text
    held = [_contents(thing) for thing in objects_within(part)]
    said = re.sub(_ADDRESS, "", repr([contents for contents in held if contents]))
    return f"{text} with the contents {hashlib.sha256(said.encode()).hexdigest()[:16]}"


def _contents(thing: Any) -> Any:
    """The names, constants and captured values of a function, or the attributes of an object without a ``repr``."""
    if isinstance(thing, FunctionType):
        code, cells = thing.__code__, [cell.cell_contents for cell in thing.__closure__ or ()]
        constants = [constant for constant in code.co_consts[1:] if not isinstance(constant, CodeType)]
        return code.co_names, constants, cells, thing.__defaults__, thing.__kwdefaults__
    prints: Any = type(thing).__repr__
    return sorted(vars(thing).items()) if prints is object.__repr__ else None


def check_agent(agent: Any, saved: Any) -> None:
    """Refuse another agent than the one that was saved.

    Raises:
        ValueError: It says which part differs, and how.
    """
    mine = agent_of(agent)
    if not isinstance(saved, dict) or saved.keys() != mine.keys():
        raise ValueError("the file does not say which agent was saved")
    for name, text in mine.items():
        if saved[name] != text:
            raise ValueError(f"the agent's {name} must be the one that was saved, {saved[name]!s:.400}, but is {text}")


def checked(path: str | Path, function: Any, *arguments: Any) -> Any:
    """Call a function on what a file contains; any error becomes one that names the file."""
    try:
        return function(*arguments)
    except Exception as error:
        why = str(error) if isinstance(error, TypeError | ValueError) else f"{type(error).__name__}: {error}"
        raise ValueError(f"{path} can't be loaded: {why}") from error
