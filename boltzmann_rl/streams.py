"""Random streams, keyed by their purpose rather than by the order in which they are created."""

import hashlib
from typing import Any

import numpy as np

from boltzmann_rl.arguments import as_seed


def stream(seed: int, *purpose: str | int) -> np.random.Generator:
    """The random generator for a purpose: the same for the same seed and purpose, independent of all others.

    Args:
        seed: In [0, 2⁶³).
        purpose: What the stream is for, such as ``("reward", 3)``.

    Returns:
        A PCG64 generator whose seed sequence has the SHA-256 of the purpose as its spawn key.

    Example:
        >>> stream(0, "reward", 3).random() == stream(0, "reward", 3).random()
        True
        >>> stream(0, "reward", 3).random() == stream(0, "reward", 4).random()
        False
    """
    return np.random.Generator(np.random.PCG64(_sequence(seed, purpose)))


def child_seed(seed: int, *purpose: str | int) -> int:
    """A seed in [0, 2³¹), derived like `stream`, for a library that takes a small integer."""
    return int(_sequence(seed, purpose).generate_state(1)[0]) >> 1


def back(rng: np.random.Generator, uniforms: int) -> None:
    """Move a PCG64 generator back by a number of uniforms, so that it draws them again.

    Example:
        >>> rng = stream(0, "action")
        >>> first = rng.random(3)
        >>> back(rng, 3)
        >>> bool((rng.random(3) == first).all())
        True
    """
    bits: Any = rng.bit_generator
    buffered = {name: bits.state[name] for name in ("has_uint32", "uinteger")}  # `advance` drops half of a number
    bits.advance(-uniforms)
    bits.state = bits.state | buffered


def _sequence(seed: int, purpose: tuple[str | int, ...]) -> np.random.SeedSequence:
    digest = hashlib.sha256(repr(purpose).encode()).digest()
    return np.random.SeedSequence(as_seed(seed), spawn_key=np.frombuffer(digest, dtype="<u4").tolist())
