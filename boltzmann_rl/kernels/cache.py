"""A cache of machine code on disk that treats any damaged file as a miss.

Numba's own cache trusts its files: an empty file after a power cut crashes the process that loads it, a full disk
crashes the one that compiles, and a flipped bit in machine code is executed. It also compiles again for each folder
that has a copy of the sources. Here each compiled signature is one file, named after a hash of the sources that the
function imports and of the compiler's versions, with a checksum over its content. All copies of the package of a user
share these files. One that cannot be read or does not match is compiled again, and replaced if possible. A process
neither reads nor saves the machine code of sources that changed after it began to import the package: what it has in
memory may differ from them.

This relies on private parts of Numba (as of 0.61 to 0.68). If they differ, nothing is cached on disk: Numba's own cache
would also miss changes of sources in other files.
"""

import hashlib
import os
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.caching import FunctionCache
from numba.core.serialize import dumps
from numba.misc.appdirs import AppDirs

from boltzmann_rl.kernels.sources import changed, fingerprint
from boltzmann_rl.storage.atomic import clear, write

# Files that are kept; the least recently used are deleted. One version of the package has some hundred, of 0.1 MB each.
KEPT = 500


class _Files:
    """One file per signature, in place of Numba's index and data files: the checksum, the key, the machine code."""

    def __init__(self, folder: Path, name: str, origin: str) -> None:
        self.folder, self.name, self.origin = folder, name, origin

    def load(self, key: Any) -> Any:
        """The machine code saved under a key; None if the checksum or the key does not match."""
        path = self._path(key)
        content = path.read_bytes()
        if content[:32] != self._checksum(content[32:]):
            return None
        with suppress(OSError):
            os.utime(path)  # for the next `save`
        saved_key, machine_code = pickle.loads(content[32:])
        return machine_code if saved_key == key else None

    def save(self, key: Any, machine_code: Any) -> None:
        """Write one file atomically, and delete those of the folder that were not used for long."""
        self.folder.mkdir(parents=True, exist_ok=True)
        data, path = dumps((key, machine_code)), self._path(key)
        write(path, self._checksum(data) + data)
        for old in sorted(self.folder.glob("*.nbc"), key=lambda saved: saved.lstat().st_mtime)[:-KEPT]:
            with suppress(OSError):  # such as a folder of this name
                old.unlink()
        clear(self.folder, path.stat().st_mtime)

    def flush(self) -> None:
        """Delete all files of this function and its sources; Numba calls it on ``recompile()``."""
        for path in self.folder.glob(f"{self.name}.*.{_hashed(self.origin)}.nbc"):
            path.unlink(missing_ok=True)

    def _path(self, key: Any) -> Path:
        return self.folder / f"{self.name}.{_hashed(repr(key))}.{_hashed(self.origin)}.nbc"

    def _checksum(self, data: bytes) -> bytes:
        return hashlib.sha256(self.origin.encode() + data).digest()


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class CheckedCache(FunctionCache):
    """Numba's cache of a function, with `_Files` as its files; every failure is a miss."""

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        self._source = Path(function.__code__.co_filename)
        origin = f"{fingerprint(self._source)} {numba.__version__} {llvmlite.__version__} {np.__version__}"
        self._cache_file: Any = _Files(self._folder(), self._impl.filename_base, origin)

    def _folder(self) -> Path:
        """The same for all copies of the package, in ``NUMBA_CACHE_DIR`` or the user's caches; else in that of Numba.

        Relative folders, as with an empty ``XDG_CACHE_HOME``, are passed over: files that anyone may have put into the
        working directory would be executed.

        Raises:
            RuntimeError: No folder is absolute and writable.
        """
        root = getattr(numba.config, "CACHE_DIR", "") or AppDirs(appname="numba", appauthor=False).user_cache_dir
        for folder in (Path(root) / "boltzmann_rl", Path(self._cache_path) / "boltzmann_rl"):
            if folder.is_absolute():
                with suppress(OSError):
                    folder.mkdir(parents=True, exist_ok=True)
                if os.access(folder, os.W_OK):
                    return folder
        raise RuntimeError("no folder for machine code")

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The compiled function; None after any error, so that it is compiled again."""
        with suppress(Exception):
            if not changed(self._source):
                return super().load_overload(sig, target_context)
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Save a compiled function if possible; otherwise the next process compiles again."""
        with suppress(Exception):
            if not changed(self._source):
                super().save_overload(sig, data)
