"""What the processes that work in a folder of results are doing, for people and for each other."""

import json
import os
import secrets
import socket
import time
from pathlib import Path
from typing import Any, NamedTuple

from boltzmann_rl.runs.progress import State
from boltzmann_rl.storage.atomic import write

# Name of the folder of these files in a folder of results.
RUNNING = "running"

# After this, a process on another machine that wrote no news counts as dead.
_SILENT = 30.0


class Process(NamedTuple):
    """A process that works in a folder of results, or that died there.

    Attributes:
        path: Of its file.
        pid: Its process id.
        host: Its machine.
        state: Its latest `State`, as a dict.
        seen: Seconds since it wrote that, by this machine's clock.
        alive: Whether it is alive, as far as this machine can tell.
    """

    path: Path
    pid: int
    host: str
    state: dict[str, Any]
    seen: float
    alive: bool


class Status:
    """The file in which this process says what it is doing.

    Args:
        folder: Of an experiment's results; None writes nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / RUNNING / f"{secrets.token_hex(8)}.json"
        if self._path is not None:
            self._path.parent.mkdir(exist_ok=True)

    def write(self, state: State) -> None:
        """Replace what the file says."""
        if self._path is not None:
            said = {"pid": os.getpid(), "begun": _begun(os.getpid()), "host": socket.gethostname(), "time": time.time()}
            write(self._path, json.dumps({**said, "state": state._asdict()}, ensure_ascii=False).encode())

    def has_company(self) -> bool:
        """Whether another process works in the same folder."""
        if self._path is None:
            return False
        return any(other.alive for other in processes(self._path.parent.parent) if other.path != self._path)

    def remove(self) -> None:
        """Remove the file: this process stops in an orderly way."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


def processes(folder: Path) -> list[Process]:
    """The processes that left such a file; what is not one is left out."""
    found = []
    for path in filter(Path.is_file, sorted((folder / RUNNING).glob("*.json"))):  # to read a pipe would wait
        try:
            said = json.loads(path.read_text("utf-8"))
            pid, host, seen, state = int(said["pid"]), str(said["host"]), float(said["time"]), dict(said["state"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            continue
        ago = max(0.0, time.time() - seen)
        alive = _is_alive(pid, said.get("begun")) if host == socket.gethostname() else ago < _SILENT
        found.append(Process(path, pid, host, state, ago, alive))
    return found


def _begun(pid: int) -> str | None:
    """When a process of this machine began, since its start and in its own units; None where that is not known.

    Source: proc(5), /proc/pid/stat, field 22.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]


def _is_alive(pid: int, begun: str | None) -> bool:
    """Whether a process of this machine is alive, also one of another user, and began then: ids are used again."""
    if pid <= 0 or os.name == "nt":  # on Windows signal 0 would end the process
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return begun is None or _begun(pid) == begun
