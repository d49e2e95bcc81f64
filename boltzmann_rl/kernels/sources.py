"""The source files that machine code depends on: a function's own, and those of the package that it imports."""

import functools
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).parents[2]

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


def files_below(file: Path) -> set[Path]:
    """The file and those of this package that it imports, directly or through others."""
    found, waiting = {file}, [file]
    while waiting:
        new = set(_imported(waiting.pop())) - found
        found |= new
        waiting += new
    return found


def _imported(file: Path) -> Iterator[Path]:
    for source, names, module in _IMPORT.findall(file.read_text("utf-8")):
        inner = [f"{source}.{name}" for name in re.findall(r"\w+", names)]  # a module, or a name in one
        for place in (_ROOT.joinpath(*name.split(".")) for name in (source or module, *inner)):
            yield from (path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file())
