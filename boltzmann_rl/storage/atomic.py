"""Atomic writes."""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}")

# A temporary file exists for milliseconds, unless its process was killed.
_SECONDS = 60.0


def write(path: Path, content: bytes) -> None:
    """Write a file completely or not at all: to a temporary file, flushed to the disk, then renamed.

    Raises:
        OSError: What the disk refused; the error names the file.
    """
    write_together(path.parent, {path.name: content})


def temporary_of(path: Path) -> Path:
    """A name for a temporary file beside a path."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def clear(folder: Path, now: float) -> None:
    """Remove the temporary files in a folder that processes left when they were killed.

    Args:
        folder: Which may be missing.
        now: The time by the clock of its disk, such as that of a file that was just written.
    """
    for path in folder.glob(".*") if folder.is_dir() else ():
        if _TEMPORARY.fullmatch(path.name) and abs(now - path.lstat().st_mtime) > _SECONDS:
            path.unlink(missing_ok=True)


def _staged(path: Path, content: bytes) -> Path:
    """A temporary file beside a path, with a content that is flushed to the disk."""
    temporary = temporary_of(path)
    try:
        with open(temporary, "xb") as file:  # with the permissions of the umask, as any new file
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)  # a failed write, as on a full disk, names no file
        raise
    return temporary


def sync_folder(folder: Path) -> None:
    """Flush a folder to the disk, so that the names in it survive a power failure."""
    if os.name == "nt":  # Windows can't open folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_together(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write several files of a folder: all to temporary files first, which are then renamed in order.

    Raises:
        OSError: What the disk refused; the error names the file. Unless it broke off between two renames, none of the
            files has changed.
    """
    staged: list[tuple[Path, Path]] = []
    try:
        for name, content in contents.items():
            staged.append((_staged(folder / name, content), folder / name))
        for temporary, path in staged:
            os.replace(temporary, path)
    finally:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)
    sync_folder(folder)
