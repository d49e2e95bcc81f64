"""The store: the blocks of finished cells by their keys, in memory or in a folder."""

from collections.abc import Collection, Iterator
from pathlib import Path

from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.runs.records import decoded
from boltzmann_rl.storage.segments import Reader, Writer, copy, read, remove, set_aside

# Name of the folder of segments in a folder of results.
CELLS = "cells"


class Memory:
    """Blocks in the memory of this process.

    Example:
        >>> store = Memory()
        >>> "00" in store
        False
    """

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._contents

    def __len__(self) -> int:
        return len(self._contents)

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents)

    def __getitem__(self, key: str) -> Block:
        return decoded(self._contents[key])

    def content(self, key: str) -> bytes:
        """The encoded block of a cell."""
        return self._contents[key]

    def add(self, key: str, content: bytes) -> None:
        """Keep the encoded block of a cell."""
        self._contents[key] = content

    def sync(self) -> None:
        """Nothing to do: memory does not outlive the process."""

    def refresh(self) -> None:
        """Nothing to do: nobody else writes here."""

    def close(self) -> None:
        """Nothing to do."""


class Store:
    """Blocks in a folder, each durable once `sync` was called after it was added.

    Several processes may add to one folder at a time: each writes its own segments and finds those of the others by
    `refresh`. Nothing in the folder is executed.

    Args:
        folder: The folder of an experiment's results; the segments are in ``cells`` in it.
    """

    def __init__(self, folder: Path) -> None:
        if (folder / CELLS).is_symlink():  # a folder from someone else may contain one
            raise FileExistsError(f"{folder / CELLS} is a link to another folder: nothing was read through it")
        self._reader = Reader(folder / CELLS)
        self._writer = Writer(folder / CELLS)

    def __contains__(self, key: str) -> bool:
        return bytes.fromhex(key) in self._reader.records

    def __len__(self) -> int:
        return len(self._reader.records)

    def __iter__(self) -> Iterator[str]:
        return (name.hex() for name in list(self._reader.records))

    def __getitem__(self, key: str) -> Block:
        content = self.content(key)
        try:
            return decoded(content)
        except ValueError as error:
            record = self._reader.records[bytes.fromhex(key)]
            raise OSError(f"{record.path}: the record at byte {record.offset:,} holds no block: {error}") from error

    def content(self, key: str) -> bytes:
        """The encoded block of a cell.

        Raises:
            OSError: It is no longer there, or damaged.
        """
        name = bytes.fromhex(key)
        try:
            return read(name, self._reader.records[name])
        except OSError:  # another process may have set the segment aside, after copying what was good
            self._reader = Reader(self._reader.folder)
        if name not in self._reader.records:
            raise OSError(
                f"the cell {key[:12]} is no longer in {self._reader.folder}, which was moved, cleaned or damaged: run "
                "the experiment again"
            )
        return read(name, self._reader.records[name])

    def add(self, key: str, content: bytes) -> None:
        """Write the encoded block of a cell.

        Raises:
            OSError: What the disk refused; the error names the file.
        """
        name = bytes.fromhex(key)
        self._reader.add(name, self._writer.append(name, content))

    def sync(self) -> None:
        """Make durable what was added.

        Raises:
            OSError: What the disk refused; the error names the file.
        """
        self._writer.sync()

    def refresh(self) -> None:
        """Find what other processes added."""
        self._reader.refresh()

    def close(self) -> None:
        """Make everything durable."""
        self._writer.close()

    @property
    def size(self) -> int:
        """Bytes of all blocks."""
        return sum(record.length for record in self._reader.records.values())

    @property
    def damaged(self) -> list[str]:
        """A line for each damaged segment."""
        return list(self._reader.damaged.values())

    def compact(self, wanted: Collection[str] | None = None) -> list[str]:
        """Write the blocks to new segments without gaps and duplicates, and remove the old ones that nobody writes.

        Args:
            wanted: The keys of the blocks to keep; default: all.

        Returns:
            A line for each damaged segment, which was set aside.
        """
        said = self.set_aside()
        old = {record.path for record in self._reader.records.values()} | set(self._reader.segments())
        keys = [key for key in self._reader.records if wanted is None or key.hex() in wanted]
        self._writer.close()
        kept = copy(keys, self._reader, self._writer)
        self._writer.close()
        for path in old - {record.path for record in kept.values()}:
            remove(path)
        self._reader = Reader(self._reader.folder)
        return said

    def set_aside(self) -> list[str]:
        """Move damaged segments that no process writes out of the way; a line for each says which and where to."""
        return set_aside(self._reader, self._writer)


def copy_blocks(source: Memory | Store, target: Store) -> None:
    """Keep in a folder what another store has."""
    for key in source:
        if key not in target:
            target.add(key, source.content(key))
    target.sync()
