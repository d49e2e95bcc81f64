"""Machine code on the disk, where any damage costs a compilation and nothing else.

Numba's own cache believes what it reads: a file that a power cut left empty ends the process that loads it, a full disk
the one that compiles, and a flipped bit in machine code is executed. Here each compiled signature is one file with a
checksum over its content, the sources behind it and the versions of the compiler. What can't be read or does not match
is compiled again and replaced where that is possible.

This stands on private parts of Numba (0.61 to 0.68 have them). Where they are not as expected, nothing is kept on the
disk: Numba by itself would also take machine code whose sources have changed in another file.
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

__all__ = ["CheckedCache"]


class _Files:
    """A file for each signature: the checksum, then the key and the machine code.

    It stands in the place of Numba's index and data files.
    """

    def __init__(self, folder: Path, name: str, origin: str) -> None:
        self.folder, self.name, self.origin = folder, name, origin

    def load(self, key: Any) -> Any:
        """What was saved under a key; None for nothing, or nothing that can be trusted."""
        content = self._path(key).read_bytes()
        checksum, data = content[:32], content[32:]
        if checksum != self._checksum(data):
            return None
        saved_key, machine_code = pickle.loads(data)
        return machine_code if saved_key == key else None

    def save(self, key: Any, machine_code: Any) -> None:
        """Write one file, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        data = dumps((key, machine_code))
        write(self._path(key), self._checksum(data) + data)

    def flush(self) -> None:
        """Forget everything about this function."""
        for path in self.folder.glob(f"{self.name}.*.nbc"):
            path.unlink(missing_ok=True)

    def _path(self, key: Any) -> Path:
        return self.folder / f"{self.name}.{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.nbc"

    def _checksum(self, data: bytes) -> bytes:
        return hashlib.sha256(self.origin.encode() + data).digest()


class CheckedCache(FunctionCache):
    """Numba's cache of a function with files of our own, in which every failure is a miss."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        source = fingerprint(Path(function.__code__.co_filename))
        origin = f"{source} {numba.__version__} {llvmlite.__version__}"
        files: Any = _Files(Path(self._cache_path), self._impl.filename_base, origin)
        self._cache_file = files

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function, or None; whatever went wrong, compiling is the remedy."""
        with suppress(Exception):
            return super().load_overload(sig, target_context)
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled function; without room for it, the next process compiles again."""
        with suppress(Exception):
            super().save_overload(sig, data)
