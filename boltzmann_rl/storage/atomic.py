"""Atomic writes."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a file completely or not at all: to a temporary file, flushed to the disk, then renamed.

    Raises:
        OSError: What the disk refused; the error names the file.
    """
    write_together(path.parent, {path.name: content})


def _staged(path: Path, content: bytes) -> Path:
    """A temporary file beside a path, with a content that is flushed to the disk."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
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
