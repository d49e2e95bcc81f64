"""Segments: append-only files of records, each file written by one process alone.

A record is a header and a content::

    magic 8 | length 8 | key 32 | SHA-256 of length, key and content 32 | content

A record counts once all of it is on the disk and its hash is right. A process writes only to segments that it began, so
nothing waits for a lock, and nothing that a dead process left can block a living one. Damage costs the records that it
touches: a reader goes on at the next magic.
"""

import hashlib
import os
import secrets
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

from boltzmann_rl.storage.atomic import sync_folder, temporary_of

_MAGIC = b"\x89cell\r\n\x1a"  # as in PNG: a transfer that changes line ends is noticed
_HEADER = struct.Struct("<8sQ32s32s")
_SUFFIX = ".cells"

# Damaged segments are moved to this folder.
ASIDE = "damaged"

# Bytes after which a process begins its next segment: a reader holds one segment in memory.
_LARGEST = 16 * 2**20

# Seconds after which nobody completes a record: it takes milliseconds to write one.
_SETTLED = 60.0


class Record(NamedTuple):
    """Where a content is.

    Attributes:
        path: Of the segment.
        offset: Of the first byte of the content.
        length: In bytes.
        digest: SHA-256 of length, key and content.
    """

    path: Path
    offset: int
    length: int
    digest: bytes


class Writer:
    """The segments of one process.

    Args:
        folder: Of the segments; made with the first of them.

    Example:
        >>> from tempfile import mkdtemp
        >>> folder, key = Path(mkdtemp()), bytes(32)
        >>> with Writer(folder) as writer:
        ...     record = writer.append(key, b"what was measured")
        >>> read(key, Reader(folder).records[key])
        b'what was measured'
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder
        self._file: BinaryIO | None = None
        self._size = 0
        self._durable = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, key: bytes, content: bytes) -> Record:
        """Write a record. It is durable after the next `sync`.

        Args:
            key: 32 bytes.
            content: Of any length.

        Raises:
            OSError: What the disk refused; the error names the segment. Earlier records are not touched, and the next
                record begins a new segment.
        """
        if self._size + len(content) > _LARGEST:
            self.close()
        if self._file is None:
            self._path = self._folder / f"{secrets.token_hex(8)}{_SUFFIX}"
            self._file, self._size = _begun(self._path), 0
        digest = _digest(key, content)
        record = Record(self._path, self._size + _HEADER.size, len(content), digest)
        rest = memoryview(_HEADER.pack(_MAGIC, len(content), key, digest) + content)
        try:
            while rest:  # a disk that is nearly full takes a part
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._size)  # which also makes room
            broken, self._file = self._file, None  # what follows an incomplete record would not be found
            broken.close()
            raise OSError(error.errno, error.strerror, str(self._path)) from error
        self._size += _HEADER.size + len(content)
        self._durable = False
        return record

    def sync(self) -> None:
        """Make durable what was appended.

        Raises:
            OSError: What the disk refused; the error names the segment.
        """
        if self._file is None or self._durable:
            return
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error
        self._durable = True

    def close(self) -> None:
        """Make everything durable, and end the segment."""
        if self._file is not None:
            try:
                with self._file:
                    self.sync()
            finally:  # also where a signal ends the wait for the disk
                self._file = None


def _begun(path: Path) -> BinaryIO:
    """A new segment, unbuffered, in a folder that is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if os.name == "nt":  # Windows can't rename an open file
        return path.open("xb", buffering=0)
    file = temporary_of(path).open("xb", buffering=0)
    _is_free(file)  # from now on it is not, and only then do others see it
    os.replace(file.name, path)
    sync_folder(path.parent)
    return file


def remove(path: Path) -> None:
    """Remove a segment that no living process writes; Windows refuses the others."""
    with suppress(FileNotFoundError, PermissionError):
        if os.name != "nt":
            with path.open("rb") as file:
                if not _is_free(file):
                    return
        path.unlink()


def _is_free(file: BinaryIO) -> bool:
    """Whether no living process writes this segment; if so, this process is the one that does until it closes the file.

    The operating system forgets the mark when a process ends, however it ends. Where there are no such marks (Windows,
    some network file systems) every segment counts as being written. In a browser, where this process is alone, every
    segment is free or counts as being written, according to the version of Pyodide.
    """
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


class Reader:
    """What the segments in a folder hold, every record verified.

    A record at the end of a segment that is not complete is left out without a word: a process may be writing it, or
    was killed while it did.

    Args:
        folder: Of the segments; it may be missing, and then holds no records.

    Attributes:
        records: By key. Of two records with one key, the one found first counts.
        damaged: For each segment with bytes that are no record, or that can't be read: where and why.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records: dict[bytes, Record] = {}
        self.damaged: dict[Path, str] = {}
        self._ends: dict[Path, int] = {}  # of what is read of each segment
        self.refresh()

    def segments(self) -> list[Path]:
        """The segments, by name."""
        return sorted(self.folder.glob(f"*{_SUFFIX}"))

    def refresh(self) -> None:
        """Read what was written since the last time."""
        for path in self.segments():
            end = self._ends.get(path, 0)
            try:
                if path.is_file() and path.stat().st_size == end:
                    continue
                if path.exists() and not path.is_file():  # to read a pipe would wait for its writer
                    self.damaged[path] = f"{path} is not a file"
                    continue
                with path.open("rb") as file:
                    file.seek(end)
                    content = file.read()
            except FileNotFoundError:  # it was set aside a moment ago
                continue
            except OSError as error:
                self.damaged[path] = f"{path}: {error.strerror}"
                continue
            self._ends[path] = end + self._take(path, content, end)

    def end_of(self, path: Path) -> int:
        """Where the last good record of a segment ends."""
        return self._ends.get(path, 0)

    def is_torn(self, path: Path) -> bool:
        """Whether a segment is empty, or ends in an incomplete record."""
        size = path.stat().st_size
        return not size or size > self.end_of(path)

    def add(self, key: bytes, record: Record) -> None:
        """Take note of a record that this process wrote."""
        self.records[key] = record
        self._ends[record.path] = record.offset + record.length

    def _take(self, path: Path, content: bytes, begin: int) -> int:
        """Keep the records in a part of a segment that begins at ``begin``; returns where the last of them ends."""
        good = 0
        for key, at, length, digest in _records(content):
            if at - _HEADER.size > good:
                self._report(path, begin + good, begin + at - _HEADER.size)
            good = at + length
            self.records.setdefault(key, Record(path, begin + at, length, digest))
        if not _cut_off(content, good):
            self._report(path, begin + good, begin + len(content))
        return good

    def _report(self, path: Path, begin: int, end: int) -> None:
        self.damaged.setdefault(path, f"{path}: bytes {begin:,} to {end:,} are damaged")

    def forget(self, path: Path) -> None:
        """Forget a segment."""
        self.records = {key: record for key, record in self.records.items() if record.path != path}
        self.damaged.pop(path, None)
        self._ends.pop(path, None)


def set_aside(reader: Reader, writer: Writer) -> list[str]:
    """Move what is damaged in segments that nobody writes to a folder beside them.

    An incomplete record at the end is cut off; of a segment with other damage, the good records are copied.

    Returns:
        A line for each segment: what was damaged, and where it is now.
    """
    said = []
    for path in reader.segments():
        with suppress(FileNotFoundError):  # another process did it
            if line := _set_aside(path, reader, writer):
                said.append(line)
    return said


def _set_aside(path: Path, reader: Reader, writer: Writer) -> str | None:
    if not path.is_file():
        return _moved(path, reader.damaged[path], reader) if path in reader.damaged else None
    if path not in reader.damaged and not reader.is_torn(path):
        return None
    with path.open("rb") as file:
        if not _is_free(file):
            return None
        reader.refresh()  # the process that wrote it may have ended after the last look
        if path not in reader.damaged and (end := reader.end_of(path)):
            return _cut(path, end) if reader.is_torn(path) else None
        why = reader.damaged.get(path, f"{path} is empty, or its first record is incomplete")
        copied = copy((key for key, record in reader.records.items() if record.path == path), reader, writer)
        said = _moved(path, why, reader)
    reader.records |= copied
    return said


def _moved(path: Path, why: str, reader: Reader) -> str:
    place = path.parent / ASIDE
    place.mkdir(exist_ok=True)
    os.replace(path, place / path.name)
    reader.forget(path)
    return f"{why}: set aside in {place}"


def _cut(path: Path, end: int) -> str | None:
    """Move the incomplete record at the end of a segment to a file of its own, unless it is so young that it may grow.

    A network file system may know nothing of a process that writes it on another machine.
    """
    if abs(time.time() - path.stat().st_mtime) < _SETTLED or not os.access(path, os.W_OK):
        return None
    place = path.parent / ASIDE
    place.mkdir(exist_ok=True)
    with path.open("r+b") as file:
        file.seek(end)
        (place / f"{path.stem}-{end}").write_bytes(file.read())
        file.truncate(end)
    return f"{path}: the record at byte {end:,} is incomplete: set aside in {place}"


def copy(keys: Iterable[bytes], reader: Reader, writer: Writer) -> dict[bytes, Record]:
    """Copy records to the writer's segment, durably; returns where they are now."""
    copied = {key: writer.append(key, read(key, reader.records[key])) for key in list(keys)}
    writer.sync()
    return copied


def _records(content: bytes) -> Iterator[tuple[bytes, int, int, bytes]]:
    """Key, offset, length and digest of the records whose hash is right, in order."""
    at = content.find(_MAGIC)
    while 0 <= at <= len(content) - _HEADER.size:
        _, length, key, digest = _HEADER.unpack_from(content, at)
        begin = at + _HEADER.size
        whole = begin + length <= len(content)
        if whole and _digest(key, memoryview(content)[begin : begin + length]) == digest:
            yield key, begin, length, digest
            at = content.find(_MAGIC, begin + length)
        else:
            at = content.find(_MAGIC, at + 1)


def _cut_off(content: bytes, at: int) -> bool:
    """Whether what follows is nothing, or the beginning of a record that may still be written."""
    rest = len(content) - at
    if rest < _HEADER.size:
        return _MAGIC.startswith(content[at : at + len(_MAGIC)])
    magic, length, _, _ = _HEADER.unpack_from(content, at)
    return bool(magic == _MAGIC and _HEADER.size + length > rest)


def read(key: bytes, record: Record) -> bytes:
    """The content of a record, verified again.

    Raises:
        OSError: The segment can't be read, or its bytes changed since they were found.
    """
    with open(record.path, "rb") as file:
        file.seek(record.offset)
        content = file.read(record.length)
    if _digest(key, content) != record.digest:
        raise OSError(f"{record.path} changed while it was read: the record at byte {record.offset:,} is damaged")
    return content


def _digest(key: bytes, content: bytes | memoryview) -> bytes:
    """SHA-256 of length, key and content."""
    digest = hashlib.sha256(struct.pack("<Q32s", len(content), key))
    digest.update(content)
    return digest.digest()
