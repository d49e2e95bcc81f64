"""Plain data as JSON and bytes: arrays, numbers, strings, None, generators, and containers of these.

Reading runs no code from the file: named tuples are of classes that the caller lists, generators are PCG64, and
everything else is data. An array that is referenced twice is one array again.
"""

import json
import math
import re
import reprlib
from collections import deque
from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

_KINDS = "biufcUS"
_DTYPE = re.compile(rf"[<>|=]?[{_KINDS}]\d+")
_MOST_AXES = 32


def key_of(named: type) -> str:
    """The text that identifies a class of named tuples: its name and its fields.

    Example:
        >>> from typing import NamedTuple
        >>> class Pair(NamedTuple):
        ...     first: int
        ...     second: int
        >>> key_of(Pair)
        'Pair(first, second)'
    """
    return f"{named.__name__}({', '.join(getattr(named, '_fields', ()))})"


def encoded(value: Any, name: str, named: Iterable[type] = ()) -> bytes:
    """Data as one line of JSON, which refers to arrays by number, followed by the bytes of the arrays.

    Args:
        value: Arrays, numbers, strings, None, PCG64 generators, and tuples, lists, dicts, deques and named tuples of
            these.
        name: What errors call it; if empty, the entries of a dict are called by their keys.
        named: The classes of named tuples that may occur.

    Raises:
        TypeError: It contains something else; the message says where.

    Example:
        >>> decoded(encoded({"q": np.eye(2), 3: (1.5, None)}, "state"))
        {'q': array([[1., 0.],
               [0., 1.]]), 3: (1.5, None)}
    """
    writer = _Writer(named)
    structure = writer.written(value, name)
    arrays = [[array.dtype.str, list(array.shape), order] for array, order in writer.arrays]
    line = json.dumps({"arrays": arrays, "data": structure}, allow_nan=False)
    return line.encode() + b"\n" + b"".join(array.tobytes(order) for array, order in writer.arrays)  # type: ignore[arg-type]


class _Writer:
    def __init__(self, named: Iterable[type]) -> None:
        self._named = {key_of(kind): kind for kind in named}
        self.arrays: list[tuple[NDArray[Any], str]] = []
        self._numbers: dict[int, int] = {}
        self._memory: dict[int, list[NDArray[Any]]] = {}
        self._held: dict[int, str] = {}

    def written(self, value: Any, name: str) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": repr(value)}
        if kind is np.ndarray:
            return {"array": self._number(value, name)}
        if isinstance(value, np.generic):
            return {"scalar": self._number(np.asarray(value), name)}
        if kind is np.random.Generator:
            return {"generator": self._generator(value, name)}
        return self._container(value, name)

    def _number(self, array: NDArray[Any], name: str) -> int:
        if array.dtype.kind not in _KINDS or array.ndim > _MOST_AXES:
            raise TypeError(f"{name} is an array of {array.dtype}, which is not one of numbers or strings")
        if id(array) not in self._numbers:
            beside = self._memory.setdefault(_memory(array), [])
            if any(np.may_share_memory(array, other) for other in beside):
                raise TypeError(f"{name} shares its memory with another array, which a file can't record")
            beside.append(array)
            self._numbers[id(array)] = len(self.arrays)
            flags = array.flags
            self.arrays.append((array, "F" if flags.f_contiguous and not flags.c_contiguous else "C"))
        return self._numbers[id(array)]

    def _generator(self, rng: np.random.Generator, name: str) -> Any:
        bits, seeds = rng.bit_generator, getattr(rng.bit_generator, "seed_seq", None)
        if type(bits) is not np.random.PCG64 or type(seeds) is not np.random.SeedSequence:
            raise TypeError(f"{name} is a generator of {type(bits).__name__}, not of PCG64 with a seed sequence")
        state: Any = bits.state
        entropy = seeds.entropy
        return {
            "entropy": entropy if entropy is None or isinstance(entropy, int) else [int(word) for word in entropy],
            "spawn_key": [int(word) for word in seeds.spawn_key],
            "pool_size": seeds.pool_size,
            "spawned": seeds.n_children_spawned,
            "state": int(state["state"]["state"]),
            "inc": int(state["state"]["inc"]),
            "has_uint32": int(state["has_uint32"]),
            "uinteger": int(state["uinteger"]),
        }

    def _container(self, value: Any, name: str) -> Any:
        kind = type(value)
        if kind in (list, dict, deque):
            if id(value) in self._held:
                raise TypeError(f"{name} is held twice, also as {self._held[id(value)]}, which a file can't record")
            self._held[id(value)] = name
        if kind is list:
            return self._items(value, name)
        if kind is tuple:
            return {"tuple": self._items(value, name)}
        if kind is deque:
            return {"deque": self._items(value, name), "maxlen": value.maxlen}
        if kind is dict:
            called = [f"{name}[{key!r}]" if name else str(key) for key in value]
            keys = [self.written(key, f"a key of {name}") for key in value]
            parts = [self.written(part, call) for part, call in zip(value.values(), called, strict=True)]
            return {"dict": [list(pair) for pair in zip(keys, parts, strict=True)]}
        if self._named.get(key_of(kind)) is kind:
            fields = zip(value._fields, value, strict=True)
            return {"named": key_of(kind), "fields": [self.written(part, f"{name}.{field}") for field, part in fields]}
        raise TypeError(f"{name} is a {kind.__module__}.{kind.__qualname__}")

    def _items(self, values: Iterable[Any], name: str) -> list[Any]:
        return [self.written(value, f"{name}[{number}]") for number, value in enumerate(values)]


def _memory(array: NDArray[Any]) -> int:
    """The identity of the object that owns an array's memory."""
    owner: Any = array
    while isinstance(owner, np.ndarray) and owner.base is not None:
        owner = owner.base
    return id(owner)


def decoded(content: bytes, named: Iterable[type] = ()) -> Any:
    r"""The data that `encoded` wrote; named tuples must be of the classes given, whose code is not run.

    Raises:
        ValueError: Content that `encoded` did not write.

    Example:
        >>> decoded(b'{"arrays": [["<f8", [1000000], "C"]], "data": null}\n' + bytes(16))
        Traceback (most recent call last):
        ...
        ValueError: an array of <f8 and shape [1000000] needs more bytes than the file has left
    """
    line, _, rest = content.partition(b"\n")
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its structure is not JSON, {error}") from None
    if type(found) is not dict or found.keys() != {"arrays", "data"} or type(found["arrays"]) is not list:
        _refuse(found, "structure")
    reader = _Reader(_arrays(found["arrays"], rest), named)
    try:
        return reader.read(found["data"])
    except RecursionError:
        raise ValueError("its structure is nested too deeply") from None


def _refuse(found: Any, what: str) -> NoReturn:
    raise ValueError(f"{reprlib.repr(found)} is not the {what} of anything")


def _whole(number: Any, maximum: int) -> bool:
    return type(number) is int and 0 <= number <= maximum


def _arrays(described: list[Any], rest: bytes) -> list[NDArray[Any]]:
    arrays, at = [], 0
    for description in described:
        match description:
            case [str(kind), [*shape], "C" | "F" as order] if len(shape) <= _MOST_AXES:
                pass
            case _:
                _refuse(description, "description of an array")
        if not _DTYPE.fullmatch(kind) or not all(_whole(length, 2**48) for length in shape):
            _refuse(description, "dtype and shape")
        try:
            dtype = np.dtype(kind)
        except (TypeError, ValueError):
            _refuse(kind, "dtype")
        count = math.prod(shape)
        size = count * dtype.itemsize
        if size > len(rest) - at or (count and not size):
            raise ValueError(f"an array of {kind} and shape {shape} needs more bytes than the file has left")
        flat = np.frombuffer(rest, dtype, count, at) if size else np.empty(0, dtype)
        if dtype.kind == "b" and flat.view(np.uint8).max(initial=0) > 1:
            raise ValueError("an array of bool holds something else")
        arrays.append(flat.reshape(shape, order=order).copy(order))
        at += size
    if at != len(rest):
        raise ValueError(f"there are {len(rest) - at} bytes behind the arrays")
    return arrays


class _Reader:
    def __init__(self, arrays: list[NDArray[Any]], named: Iterable[type]) -> None:
        self._arrays, self._named = arrays, {key_of(kind): kind for kind in named}

    def read(self, found: Any) -> Any:
        """The data that a piece of JSON stands for."""
        if type(found) is not dict:
            return self._items(found) if type(found) is list else found
        if len(found) > 1 + (found.keys() <= {"deque", "maxlen"} or found.keys() <= {"named", "fields"}):
            _refuse(found, "JSON")  # a pattern would overlook further keys
        match found:
            case {"float": "nan" | "inf" | "-inf" as text}:
                return float(text)
            case {"array": number} if _whole(number, len(self._arrays) - 1):
                return self._arrays[number]
            case {"scalar": number} if _whole(number, len(self._arrays) - 1) and self._arrays[number].ndim == 0:
                return self._arrays[number][()]
            case {"generator": dict(parts)}:
                return _generator(parts)
            case {"tuple": [*items]}:
                return tuple(self._items(items))
            case {"deque": [*items], "maxlen": most} if most is None or (_whole(most, 2**62) and len(items) <= most):
                return deque(self._items(items), most)
            case {"dict": [*pairs]} if all(type(pair) is list and len(pair) == 2 for pair in pairs):
                return self._dict(pairs)
            case {"named": str(key), "fields": [*items]}:
                return self._named_tuple(key, items)
        _refuse(found, "JSON")

    def _items(self, items: list[Any]) -> list[Any]:
        return [self.read(item) for item in items]

    def _dict(self, pairs: list[Any]) -> dict[Any, Any]:
        try:
            read = {self.read(key): self.read(value) for key, value in pairs}
        except TypeError:
            raise ValueError("a key of a dict can't be hashed") from None
        if len(read) != len(pairs):
            _refuse(pairs, "dict")
        return read

    def _named_tuple(self, key: str, items: list[Any]) -> Any:
        kind: Any = self._named.get(key)
        if kind is None:
            raise ValueError(f"the learner has no named tuple {key!r:.60}")
        if len(items) != len(kind._fields):
            _refuse(items, "named tuple")
        return tuple.__new__(kind, self._items(items))  # without calling the class, whose code is not trusted


def _generator(found: dict[str, Any]) -> np.random.Generator:
    word, double = 2**32 - 1, 2**128 - 1
    limits = {"state": double, "inc": double, "has_uint32": 1, "uinteger": word, "spawned": word, "pool_size": 64}
    right = found.keys() == {"entropy", "spawn_key", *limits}
    right = right and all(_whole(found[name], most) for name, most in limits.items())
    if not right or found["inc"] % 2 == 0 or found["pool_size"] < 4:
        _refuse(found, "generator")
    entropy, key = found["entropy"], found["spawn_key"]
    several = [key, entropy if type(entropy) is list else [entropy or 0]]
    if not all(type(words) is list and all(_whole(number, 2**4096) for number in words) for words in several):
        _refuse(found, "seed sequence")
    bits = np.random.PCG64(
        np.random.SeedSequence(
            entropy, spawn_key=tuple(key), pool_size=found["pool_size"], n_children_spawned=found["spawned"]
        )
    )
    state: Any = {
        "bit_generator": "PCG64",
        "state": {"state": found["state"], "inc": found["inc"]},
        "has_uint32": found["has_uint32"],
        "uinteger": found["uinteger"],
    }
    bits.state = state
    return np.random.Generator(bits)
