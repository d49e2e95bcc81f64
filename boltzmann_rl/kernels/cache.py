"""A cache of machine code on disk that treats any damaged file as a miss.

Numba's own cache trusts its files: an empty file after a power cut crashes the process that loads it, a full disk
crashes the one that compiles, and a flipped bit in machine code is executed. Here each compiled signature is one file
with a checksum over its content, its sources and the compiler's versions. A file that cannot be read or does not match
is compiled again, and replaced if possible.

This relies on private parts of Numba (as of 0.61 to 0.68). If they differ, nothing is cached on disk: Numba's own cache
would also miss changes of sources in other files.
"""

import hashlib
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core.caching import FunctionCache
from numba.core.serialize import dumps

from boltzmann_rl.kernels.sources import fingerprint
from boltzmann_rl.storage.atomic import write


class _Files:
    """One file per signature, in place of Numba's index and data files: the checksum, the key, the machine code."""

    def __init__(self, folder: Path, name: str, origin: str) -> None:
        self.folder, self.name, self.origin = folder, name, origin

    def load(self, key: Any) -> Any:
        """The machine code saved under a key; None if the checksum or the key does not match."""
        content = self._path(key).read_bytes()
        if content[:32] != self._checksum(content[32:]):
            return None
        saved_key, machine_code = pickle.loads(content[32:])
        return machine_code if saved_key == key else None

    def save(self, key: Any, machine_code: Any) -> None:
        """Write one file atomically."""
        self.folder.mkdir(parents=True, exist_ok=True)
        data = dumps((key, machine_code))
        write(self._path(key), self._checksum(data) + data)

    def flush(self) -> None:
        """Delete all files of this function; Numba calls it on ``recompile()``."""
        for path in self.folder.glob(f"{self.name}.*.nbc"):
            path.unlink(missing_ok=True)

    def _path(self, key: Any) -> Path:
        return self.folder / f"{self.name}.{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc"

    def _checksum(self, data: bytes) -> bytes:
        return hashlib.sha256(self.origin.encode() + data).digest()


class CheckedCache(FunctionCache):
    """Numba's cache of a function, with `_Files` as its files; every failure is a miss."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        source = fingerprint(Path(function.__code__.co_filename))
        origin = f"{source} {numba.__version__} {llvmlite.__version__}"
        self._cache_file: Any = _Files(Path(self._cache_path), self._impl.filename_base, origin)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function; None after any error, so that it is compiled again."""
        with suppress(Exception):
            return super().load_overload(sig, target_context)
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save a compiled function if possible; otherwise the next process compiles again."""
        with suppress(Exception):
            super().save_overload(sig, data)
