"""Work on its way to another process, with all that it needs there.

The other process can import this package and its dependencies. What a script, a notebook or an experiment file defines
travels by value, as do the modules beside it, environments that are registered there, and entries of ``sys.path``.
"""

import dataclasses
import functools
import os
import pickle
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.machinery import PathFinder
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from boltzmann_rl.runs.code import modules_of, registered
from boltzmann_rl.runs.reach import entry_point, reads
from boltzmann_rl.runs.sources import is_standard, owner_of
from boltzmann_rl.runs.values import attributes_of

# The module in which wrappers that travelled are found, since Gymnasium takes their names only.
_WRAPPERS = "boltzmann_rl_wrappers"


def packed(work: Any, problems: Iterable[Any] = ()) -> bytes:
    """Work as bytes for `unpacked` in another process.

    A cell of this package's classes takes about 1 kB and 0.2 ms; a class that travels by value about 5 kB and 1 ms.
    Files that are open for reading are pickled with their content, as cloudpickle does. A module that defines something
    that cannot be pickled is found by its name instead, as is one that a function imports: on other machines it must be
    installed or stand in the same folder, and a process imports it once.

    Args:
        work: Anything that cloudpickle takes.
        problems: The problems in it. Those that are environments (with ``id`` and ``make``) are registered there, too.

    Raises:
        TypeError, ValueError, pickle.PicklingError: A part cannot be pickled; see `check_travels`.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> unpacked(packed(Boltzmann(0.5)))
        Boltzmann(temperature=0.5)
    """
    found = {problem.id: problem for problem in problems if _is_environment(problem)}
    modules = modules_of(work, *found.values())
    sent = [one for problem in found.values() if (one := _sent(problem, modules)) is not None]
    before, after = _paths(tuple(sys.path), os.getcwd())
    environments = _pickled(sent, modules) if sent else b""
    return pickle.dumps((before, after, environments, _pickled(work, modules)))


def unpacked(content: bytes) -> Any:
    """The work in the bytes that `packed` made; adds what it needs to ``sys.path`` and to Gymnasium's registry."""
    before, after, environments, work = pickle.loads(content)  # strings and bytes: nothing is imported yet
    sys.path[:0] = [path for path in before if path not in sys.path]
    sys.path += [path for path in after if path not in sys.path]
    if environments:
        _register(pickle.loads(environments))
    return pickle.loads(work)


def check_travels(problems: Mapping[str, Any], agents: Mapping[str, Any]) -> None:
    """Check that problems and agents can be sent to another process.

    Args:
        problems: The problems by their labels.
        agents: The agents by their labels.

    Raises:
        TypeError: An agent or a problem that cannot be pickled: which part of it, why, and what to do.
        ValueError: An environment whose registered class or options cannot be pickled.
    """
    for label, problem in problems.items():
        _check_spec(label, problem)
    everything = dict(problems), dict(agents)
    if _error(everything, modules_of(everything)) is None:
        return
    named = {f"problem[{label!r}]": problem for label, problem in problems.items()}
    for name, part in (named | {f"agents[{label!r}]": agent for label, agent in agents.items()}).items():
        modules = modules_of(part)
        if error := _error(part, modules):
            raise TypeError(
                f"{name} cannot be sent to another process: {_culprit(part, modules)}{error}. Make that part where it "
                "is used, in a method, instead of keeping it; or run in this process alone"
            ) from error


# --- environments ----------------------------------------------------------------------------------------------


def _is_environment(problem: Any) -> bool:
    return callable(getattr(problem, "make", None)) and isinstance(getattr(problem, "id", None), str)


class _Sent(NamedTuple):
    """Gymnasium's spec of an environment without wrappers, and the name, class and options of each wrapper.

    Classes stand in place of names that another process can't import.
    """

    spec: Any
    wrappers: tuple[tuple[str, Any, Any], ...]


def _sent(problem: Any, modules: frozenset[str]) -> _Sent | None:
    """The spec of an environment; None if it is not registered, or if its id names the module that registers it."""
    spec = None if ":" in problem.id else registered(problem.id)
    if spec is None:
        return None
    found = _resolved(spec)
    if found.spec.vector_entry_point and _error(found.spec.vector_entry_point, modules):
        return found._replace(spec=dataclasses.replace(found.spec, vector_entry_point=None))  # runs do without
    return found


def _resolved(spec: Any) -> _Sent:
    entries = {name: entry_point(getattr(spec, name)) for name in ("entry_point", "vector_entry_point")}
    wrappers = tuple((one.name, entry_point(one.entry_point), one.kwargs) for one in spec.additional_wrappers)
    return _Sent(dataclasses.replace(spec, additional_wrappers=(), **entries), wrappers)


def _register(environments: list[_Sent]) -> None:
    """Register environments, unless they are registered in the same way."""
    from gymnasium.envs.registration import WrapperSpec, registry

    for sent in environments:
        known = registry.get(sent.spec.id)
        if known is None or not _equal(_resolved(known), sent):
            wrappers = tuple(WrapperSpec(name, _findable(found), options) for name, found, options in sent.wrappers)
            registry[sent.spec.id] = dataclasses.replace(sent.spec, additional_wrappers=wrappers)


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except ValueError:  # arrays among the options
        return False


def _findable(wrapper: Any) -> str:
    """The name of a wrapper for Gymnasium, which takes no class; one that travelled is given a name."""
    if isinstance(wrapper, str):
        return wrapper
    name = f"{wrapper.__qualname__}_{id(wrapper)}".replace(".", "_")
    setattr(sys.modules.setdefault(_WRAPPERS, ModuleType(_WRAPPERS)), name, wrapper)
    return f"{_WRAPPERS}:{name}"


def _check_spec(label: str, problem: Any) -> None:
    if not _is_environment(problem):
        return
    modules = modules_of(problem)
    sent = _sent(problem, modules)
    if error := _error(sent, modules):
        raise ValueError(
            f"problem[{label!r}]: the environment {problem.id!r} cannot be sent to another process: "
            f"{_culprit(sent, modules)}{error}. Register it in a module that can be imported, and give the id as "
            f"'module:{problem.id}'; or run in this process alone"
        ) from error


# --- pickling --------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=1)
def _paths(entries: tuple[str, ...], here: str) -> tuple[list[str], list[str]]:
    """The entries of ``sys.path`` before and after Python's own, seen from a folder."""
    places: tuple[list[str], list[str]] = [], []
    is_after = False
    for path in (os.path.join(here, entry) for entry in entries):  # "" is the current folder
        if is_standard(path):
            is_after = True
        elif os.path.exists(path):
            places[is_after].append(os.path.normpath(path))
    return places


def _pickled(value: Any, modules: frozenset[str]) -> bytes:
    """A value, with what these modules define by value; or by name, if they can be imported but not pickled."""
    import cloudpickle

    try:
        with _by_value(modules):
            return cloudpickle.dumps(value)
    except Exception:
        importable = frozenset(filter(_is_importable, modules))
        if not importable:
            raise
        with _by_value(modules - importable):
            return cloudpickle.dumps(value)


@contextmanager
def _by_value(modules: Iterable[str]) -> Iterator[None]:
    """Let cloudpickle pickle what modules define by value, as it does for ``__main__``."""
    import cloudpickle

    before = cloudpickle.list_registry_pickle_by_value()
    found = [sys.modules[name] for name in modules if name in sys.modules and name not in ("__main__", *before)]
    for module in found:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in found:
            cloudpickle.unregister_pickle_by_value(module)


def _is_importable(name: str) -> bool:
    """Whether another process with the same ``sys.path`` finds a module under its name."""
    top = name.partition(".")[0]
    found = PathFinder.find_spec(top)
    return found is not None and found.origin == getattr(sys.modules.get(top), "__file__", None)


def _error(value: Any, modules: frozenset[str]) -> Exception | None:
    """The error of pickling a value; unpickling it here would replace the methods of the user's classes."""
    try:
        _pickled(value, modules)
    except Exception as error:
        return error
    return None


def _culprit(value: Any, modules: frozenset[str]) -> str:
    """The way to the innermost part that can't be pickled."""
    seen, way = set[int](), ""
    while True:
        seen.add(id(value))
        parts = ((name, part) for name, part in _parts(value) if id(part) not in seen)
        broken = next(((name, part) for name, part in parts if _error(part, modules)), None)
        if broken is None:
            return f"{way}: " * bool(way)
        way, value = f"{way} → {broken[0]}" if way else broken[0], broken[1]


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a value by name; those of source are classes and functions, too."""
    if isinstance(value, FunctionType | type):
        yield from reads(value)
    elif isinstance(value, _Sent):
        yield from (*vars(value.spec).items(), *((name, (found, options)) for name, found, options in value.wrappers))
    elif isinstance(value, Mapping):
        yield from ((repr(key), part) for key, part in value.items())
    elif isinstance(value, tuple | list | set | frozenset):
        yield from ((f"[{number}]", part) for number, part in enumerate(value))
    else:
        yield from attributes_of(value).items()
        if owner_of(type(value).__module__) is None:
            yield type(value).__qualname__, type(value)
