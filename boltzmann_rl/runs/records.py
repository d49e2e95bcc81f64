"""Blocks as bytes: a line of JSON that says what there is, and the numbers behind it."""

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.moments import Moments

_NUMBERS = np.dtype("<f8")


def encoded(block: Block) -> bytes:
    """A block as bytes: equal blocks give equal bytes.

    Example:
        >>> block = Block({"reward": Moments.of(np.ones((3, 2)))}, {"reward": np.ones(2)}, {}, np.empty((0, 0)))
        >>> decoded(encoded(block)).curves["reward"].mean
        array([1., 1., 1.])
    """
    parts = [*(part for moments in block.curves.values() for part in (moments.mean, moments.squares))]
    parts += [*block.totals.values(), *block.windows.values(), block.ranks]
    head = {
        "samples": {name: moments.samples for name, moments in block.curves.items()},
        "curves": {name: len(moments.mean) for name, moments in block.curves.items()},
        "totals": {name: len(total) for name, total in block.totals.items()},
        "windows": {name: list(window.shape) for name, window in block.windows.items()},
        "ranks": list(block.ranks.shape),
    }
    numbers: list[Any] = [np.ascontiguousarray(part, _NUMBERS) for part in parts]
    return b"".join([json.dumps(head, separators=(",", ":")).encode(), b"\n", *numbers])


def decoded(content: bytes) -> Block:
    """The block of `encoded` bytes.

    Raises:
        ValueError: They are not those of a block.
    """
    line, _, rest = content.partition(b"\n")
    head = json.loads(line)  # json.JSONDecodeError is a ValueError
    if not _is_head(head):
        raise ValueError("the bytes are not those of a block")
    wanted = _shapes(head)
    sizes = [math.prod(shape) for shape in wanted]
    if len(rest) != _NUMBERS.itemsize * sum(sizes):
        raise ValueError(f"a block of {sum(sizes)} numbers has {len(rest)} bytes")
    flat = np.frombuffer(rest, _NUMBERS).astype(np.float64)  # a copy, in the byte order of this machine
    ends = np.cumsum([0, *sizes])
    parts = iter([flat[begin : begin + size].reshape(s) for begin, size, s in zip(ends, sizes, wanted, strict=False)])
    curves = {name: Moments(head["samples"][name], next(parts), next(parts)) for name in head["curves"]}
    totals: dict[str, Floats] = {name: next(parts) for name in head["totals"]}
    windows: dict[str, Floats] = {name: next(parts) for name in head["windows"]}
    return Block(curves, totals, windows, next(parts))


def _shapes(head: dict[str, Any]) -> list[tuple[int, ...]]:
    curves = [(length,) for length in head["curves"].values() for _ in range(2)]
    totals = [(runs,) for runs in head["totals"].values()]
    return [*curves, *totals, *map(tuple, head["windows"].values()), tuple(head["ranks"])]


def _is_head(head: Any) -> bool:
    """Whether this is what `encoded` writes: mappings of names to sizes ≥ 0."""
    if not isinstance(head, dict) or head.keys() != {"samples", "curves", "totals", "windows", "ranks"}:
        return False
    mappings = [head[part] for part in ("samples", "curves", "totals", "windows")]
    if not all(isinstance(part, dict) for part in mappings) or head["samples"].keys() != head["curves"].keys():
        return False
    pairs = [*head["windows"].values(), head["ranks"]]
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        return False
    return all(type(size) is int and 0 <= size < 2**48 for size in _sizes(mappings[:3], pairs))


def _sizes(mappings: list[dict[str, Any]], pairs: list[list[Any]]) -> Iterator[Any]:
    for mapping in mappings:
        yield from mapping.values()
    for pair in pairs:
        yield from pair
