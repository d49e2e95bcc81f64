"""Whether a copy of an environment has its full state, which custom pickling may lose.

``gymnasium.utils.EzPickle`` saves only the arguments of the constructor: the copy has no episode and another random
stream. Other classes leave out attributes. A training continued from an incomplete copy would silently differ, so
copies are compared with their originals.
"""

import copy
import copyreg
import types
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

# Methods that customise pickling and copying.
_PICKLING = (
    "__getstate__",
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
    "__getnewargs__",
    "__getnewargs_ex__",
    "__deepcopy__",
)
_CLOSED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, str, bytes, int, float, np.ndarray)
_PLAIN = (int, float, complex, str, bytes, bool, type(None), type, types.ModuleType, types.BuiltinFunctionType)


def check_copies(env: Any) -> None:
    """Refuse an environment whose pickle or deep copy would lose state.

    Compares every inner environment (wrapped, or in a vector), and every object of their packages, that customises its
    pickling. Other objects are copied attribute by attribute anyway.

    Args:
        env: An environment or a vector of them.

    Raises:
        TypeError: A copy loses state; the message names the environment and the attribute.

    Example:
        >>> import gymnasium
        >>> check_copies(gymnasium.make("FrozenLake-v1"))
    """
    for thing in _custom_pickled(env):
        state = thing.__getstate__()
        if isinstance(state, dict) and {"_ezpickle_args"} <= set(state) <= {"_ezpickle_args", "_ezpickle_kwargs"}:
            _refuse(thing, "its pickle (gymnasium.utils.EzPickle) would hold how it was made, not its state")
        for twin, how in _twins(thing):
            if type(twin) is not type(thing):
                _refuse(thing, f"its {how} is a {type(twin).__name__}")
            for name, value in vars(thing).items():
                if name not in vars(twin) or not _alike(value, vars(twin)[name], set()):
                    _refuse(thing, f"its {how}, which {type(thing).__name__} customises, loses {name!r}")


def _refuse(thing: Any, why: str) -> None:
    raise TypeError(
        f"{thing} can't be saved or copied in its current state: {why}. Training.save(path) without "
        "environment='pickle' keeps what was learned, and begins a new episode when it is loaded"
    )


def _custom_pickled(env: Any) -> list[Any]:
    """Environments, and objects of their packages, that customise their pickling."""

    def package(thing: Any) -> str:
        return type(thing).__module__.partition(".")[0]

    def is_environment(thing: Any) -> bool:
        return all(callable(getattr(type(thing), name, None)) for name in ("reset", "step"))

    def is_custom(kind: type) -> bool:
        own = any(getattr(kind, method, None) is not getattr(object, method, None) for method in _PICKLING)
        return own or kind in copyreg.dispatch_table

    things = [thing for thing in objects_within(env) if hasattr(thing, "__dict__")]
    packages = {package(thing) for thing in things if is_environment(thing)} - {"gymnasium"}
    ours = [thing for thing in things if package(thing) in packages or is_environment(thing)]
    return [thing for thing in ours if is_custom(type(thing))]


def objects_within(env: Any) -> Iterator[Any]:
    """All objects reachable through attributes, containers and bound methods, each once, starting with ``env``."""
    seen: set[int] = set()
    waiting = [env]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        yield thing
        if isinstance(thing, dict):
            waiting += thing.values()
        elif isinstance(thing, list | tuple | set | frozenset | deque):
            waiting += thing
        elif isinstance(thing, types.MethodType):
            waiting.append(thing.__self__)
        if not isinstance(thing, _CLOSED):
            waiting += getattr(thing, "__dict__", {}).values()


def _twins(thing: Any) -> Iterator[tuple[Any, str]]:
    """Copies made in every way in which a training is copied, each with the name of the way."""
    import cloudpickle

    try:
        yield cloudpickle.loads(cloudpickle.dumps(thing)), "pickle"
        if hasattr(type(thing), "__deepcopy__"):
            yield copy.deepcopy(thing), "deep copy"
    except Exception as error:
        raise TypeError(f"{thing} can't be saved or copied, {type(error).__name__}: {error}") from error


def _alike(one: Any, other: Any, seen: set[tuple[int, int]]) -> bool:
    if one is other or (id(one), id(other)) in seen:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, _PLAIN):
        return bool(one == other or (one != one and other != other))
    seen.add((id(one), id(other)))
    parts = _parts(one), _parts(other)
    if isinstance(parts[0], bytes):
        return bool(parts[0] == parts[1])
    return len(parts[0]) == len(parts[1]) and all(map(_alike, *parts, [seen] * len(parts[0])))


def _parts(thing: Any) -> Any:
    """The parts of an object, for comparison one by one; the bytes of an array."""
    if isinstance(thing, np.ndarray) and thing.dtype != object:
        return f"{thing.dtype} {thing.shape}".encode() + thing.tobytes()
    if isinstance(thing, dict):
        return [*thing, *thing.values(), *_attributes(thing)]
    if isinstance(thing, list | tuple | deque):
        return [*thing, *_attributes(thing)]
    if isinstance(thing, set | frozenset):
        return [len(thing), *sorted(thing, key=repr)]
    if isinstance(thing, types.FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or ()]
        return [thing.__code__.co_code, *thing.__code__.co_names, *cells, thing.__defaults__, thing.__kwdefaults__]
    if hasattr(thing, "__dict__"):
        return _attributes(thing)
    made = thing.__reduce_ex__(4)
    return made.encode() if isinstance(made, str) else [list(x) if isinstance(x, Iterator) else x for x in made]


def _attributes(thing: Any) -> list[Any]:
    attributes = getattr(thing, "__dict__", {})
    return [*attributes, *attributes.values()]
