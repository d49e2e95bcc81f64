"""Atomic writes."""

import os
import tempfile
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a file completely or not at all: to a temporary file, flushed to the disk, then renamed."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)  # a failed write, as on a full disk, names no file
        raise
    if os.name == "nt":  # Windows can't open folders
        return
    folder = os.open(path.parent, os.O_RDONLY)  # flushed, so that the rename survives a power failure as well
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
