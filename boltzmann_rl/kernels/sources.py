"""The source files that machine code depends on: a function's own, and those of the package that it imports."""

import functools
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from boltzmann_rl.kernels.began import FOLDER, MOMENT, PLACE

_ROOT = Path(FOLDER).parent

# How far the clock of a disk may be behind, in nanoseconds: a tick of the system.
_TICK = 10**7

# Both forms of import, anywhere in a file; names may be in parentheses over several lines.
_IMPORT = re.compile(r"^[ \t]*(?:from (boltzmann_rl[\w.]*) import (\([^)]*\)|.*)|import (boltzmann_rl[\w.]*))", re.M)


@functools.cache
def fingerprint(file: Path) -> str:
    """A hash of a file and of all files of this package that it imports, directly or through others.

    Raises:
        OSError: One of them cannot be read.
    """
    digest = hashlib.sha256()
    for path in sorted(files_below(file)):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@functools.cache
def files_below(file: Path) -> frozenset[Path]:
    """The file and those of this package that it imports, directly or through others."""
    found, waiting = {file}, [file]
    while waiting:
        new = set(_imported(waiting.pop())) - found
        found |= new
        waiting += new
    return frozenset(found)


def changed(file: Path) -> bool:
    """Whether one of these files was changed or replaced since this process began to import the package.

    The modules in memory may then be older than `fingerprint`, or newer if they were reloaded. A file that only has new
    times also counts as changed.

    Raises:
        OSError: One of them cannot be read.
    """
    times = (time for path in files_below(file) for time in (path.stat().st_mtime_ns, path.stat().st_ctime_ns))
    return not os.path.samestat(PLACE, os.stat(FOLDER)) or max(times) > MOMENT - _TICK


def _imported(file: Path) -> Iterator[Path]:
    for source, names, module in _IMPORT.findall(file.read_text("utf-8")):
        inner = [f"{source}.{name}" for name in re.findall(r"\w+", names)]  # a module, or a name in one
        for place in (_ROOT.joinpath(*name.split(".")) for name in (source or module, *inner)):
            yield from (path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file())
