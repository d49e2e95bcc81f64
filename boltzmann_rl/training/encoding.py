"""Plain data as JSON and bytes: arrays, numbers, strings, None, generators, and containers of these.

Nothing in what is read is run, imported or called by name: a named tuple is one of the classes that the reader knows,
a generator is a PCG64, everything else is data. An array that is held twice is one array again.
"""

import json
import math
import re
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["decoded", "encoded", "key_of"]

_KINDS = "biufcUS"
_DTYPE = re.compile(rf"[<>|=]?[{_KINDS}]\d+")
_MOST_AXES = 32
_STATE = ("state", "inc")

Named = Mapping[str, type]


def key_of(named: type) -> str:
    """What a class of named tuples is known by: its name and its fields.

    Example:
        >>> from typing import NamedTuple
        >>> class Pair(NamedTuple):
        ...     first: int
        ...     second: int
        >>> key_of(Pair)
        'Pair(first, second)'
    """
    fields: Any = getattr(named, "_fields", ())
    return f"{named.__name__}({', '.join(fields)})"


def encoded(value: Any, name: str, named: Iterable[type] = ()) -> bytes:
    """Data as one line of JSON, in which arrays are numbered, and the bytes of the arrays behind it.

    Args:
        value: Arrays, numbers, strings, None, PCG64 generators, and tuples, lists, dicts, deques and named tuples of
            these.
        name: What the errors call it; may be empty, and the entries of a dict are then called by their keys.
        named: The classes of named tuples that may occur.

    Raises:
        TypeError: Something else is held; the message says where.

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
                raise TypeError(f"{name} shares its memory with another array, and a file can't say so")
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
            **{part: int(state["state"][part]) for part in _STATE},
            "has_uint32": int(state["has_uint32"]),
            "uinteger": int(state["uinteger"]),
        }

    def _container(self, value: Any, name: str) -> Any:
        kind = type(value)
        if kind in (list, dict, deque):
            if id(value) in self._held:
                raise TypeError(f"{name} is held twice, also as {self._held[id(value)]}, which a file can't say")
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
    """Whose memory an array looks at."""
    owner: Any = array
    while isinstance(owner, np.ndarray) and owner.base is not None:
        owner = owner.base
    return id(owner)


def decoded(content: bytes, named: Iterable[type] = ()) -> Any:
    r"""What `encoded` wrote; of the classes named there only those given here are made, and their code is not run.

    Raises:
        ValueError: Content that `encoded` did not write.

    Example:
        >>> decoded(b'{"arrays": [["<f8", [1000000], "C"]], "data": null}\n' + bytes(16))
        Traceback (most recent call last):
        ...
        ValueError: an array of <f8 and shape [1000000] is larger than what there is of it
    """
    line, _, rest = content.partition(b"\n")
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its structure is no JSON, {error}") from None
    _expect(_is(found, dict, "arrays", "data") and isinstance(found["arrays"], list), "structure", found)
    reader = _Reader(_arrays(found["arrays"], rest), {key_of(kind): kind for kind in named})
    try:
        return reader.read(found["data"])
    except RecursionError:
        raise ValueError("its structure is nested too deeply") from None


def _expect(right: bool, what: str, found: Any) -> None:
    if not right:
        text = repr(found)
        raise ValueError(f"{text if len(text) <= 60 else text[:57] + '...'} is not the {what} of anything")


def _is(found: Any, kind: Any, *keys: str) -> bool:
    return type(found) is kind and (not keys or set(found) == set(keys))


def _whole(number: Any, maximum: int) -> bool:
    return type(number) is int and 0 <= number <= maximum


def _arrays(described: list[Any], rest: bytes) -> list[NDArray[Any]]:
    arrays, at = [], 0
    for description in described:
        right = type(description) is list and len(description) == 3 and description[2] in ("C", "F")
        _expect(right, "description of an array", description)
        kind, shape, order = description
        right = type(kind) is str and bool(_DTYPE.fullmatch(kind)) and type(shape) is list and len(shape) <= _MOST_AXES
        _expect(right and all(_whole(length, 2**48) for length in shape), "dtype and shape", description)
        try:
            dtype = np.dtype(kind)
        except (TypeError, ValueError):
            raise ValueError(f"{kind!r} is not the dtype of an array") from None
        count = math.prod(shape)
        size = count * dtype.itemsize
        if size > len(rest) - at or (count and not size):
            raise ValueError(f"an array of {kind} and shape {shape} is larger than what there is of it")
        flat = np.frombuffer(rest, dtype, count, at) if size else np.empty(0, dtype)
        if dtype.kind == "b" and flat.view(np.uint8).max(initial=0) > 1:
            raise ValueError("an array of bool holds something else")
        arrays.append(flat.reshape(shape, order=order).copy(order))
        at += size
    if at != len(rest):
        raise ValueError(f"there are {len(rest) - at} bytes behind the arrays")
    return arrays


class _Reader:
    def __init__(self, arrays: list[NDArray[Any]], named: Named) -> None:
        self._arrays, self._named = arrays, named
        self._ways = {
            ("float",): self._float,
            ("array",): self._array,
            ("scalar",): self._scalar,
            ("generator",): self._generator,
            ("tuple",): self._tuple,
            ("deque", "maxlen"): self._deque,
            ("dict",): self._dict,
            ("fields", "named"): self._named_tuple,
        }

    def read(self, found: Any) -> Any:
        """The data that a piece of JSON stands for."""
        if type(found) is list:
            return [self.read(part) for part in found]
        if type(found) is not dict:
            return found
        way = self._ways.get(tuple(sorted(found)))
        _expect(way is not None, "JSON", found)
        return way(found)  # type: ignore[misc]

    def _float(self, found: Any) -> float:
        _expect(found["float"] in ("nan", "inf", "-inf"), "float", found)
        return float(found["float"])

    def _array(self, found: Any) -> NDArray[Any]:
        number = next(iter(found.values()))
        _expect(_whole(number, len(self._arrays) - 1), "number of an array", found)
        return self._arrays[number]

    def _scalar(self, found: Any) -> Any:
        array = self._array(found)
        _expect(array.ndim == 0, "scalar", found)
        return array[()]

    def _tuple(self, found: Any) -> tuple[Any, ...]:
        _expect(type(found["tuple"]) is list, "tuple", found)
        return tuple(self.read(part) for part in found["tuple"])

    def _deque(self, found: Any) -> deque[Any]:
        items, most = found["deque"], found["maxlen"]
        right = type(items) is list and (most is None or (_whole(most, 2**62) and len(items) <= most))
        _expect(right, "deque", found)
        return deque((self.read(part) for part in items), most)

    def _dict(self, found: Any) -> dict[Any, Any]:
        pairs = found["dict"]
        right = type(pairs) is list and all(type(pair) is list and len(pair) == 2 for pair in pairs)
        _expect(right, "dict", found)
        try:
            read = {self.read(key): self.read(value) for key, value in pairs}
        except TypeError:
            raise ValueError("a key of a dict is no key") from None
        _expect(len(read) == len(pairs), "dict", found)
        return read

    def _named_tuple(self, found: Any) -> Any:
        kind = self._named.get(found["named"]) if type(found["named"]) is str else None
        if kind is None:
            raise ValueError(f"the learner has no named tuple {found['named']!r:.60}")
        fields: Any = found["fields"]
        _expect(type(fields) is list and len(fields) == len(getattr(kind, "_fields", ())), "named tuple", found)
        return tuple.__new__(kind, (self.read(part) for part in fields))  # as it was, without what the class may do

    def _generator(self, found: Any) -> np.random.Generator:
        found, words = found["generator"], 2**128 - 1
        limits = {"state": words, "inc": words, "has_uint32": 1, "uinteger": 2**32 - 1, "spawned": 2**32 - 1}
        right = _is(found, dict, "entropy", "spawn_key", "pool_size", *limits)
        right = right and all(_whole(found[name], most) for name, most in limits.items())
        right = right and type(found["pool_size"]) is int and 4 <= found["pool_size"] <= 64
        _expect(right and found["inc"] % 2 == 1, "generator", found)
        several = found["spawn_key"], found["entropy"] if type(found["entropy"]) is list else [found["entropy"] or 0]
        right = all(type(some) is list and all(_whole(word, 2**4096) for word in some) for some in several)
        _expect(right, "seed sequence", found)
        seeds = np.random.SeedSequence(
            found["entropy"],
            spawn_key=tuple(found["spawn_key"]),
            pool_size=found["pool_size"],
            n_children_spawned=found["spawned"],
        )
        bits = np.random.PCG64(seeds)
        state: Any = {
            "bit_generator": "PCG64",
            "state": {part: found[part] for part in _STATE},
            "has_uint32": found["has_uint32"],
            "uinteger": found["uinteger"],
        }
        bits.state = state
        return np.random.Generator(bits)
