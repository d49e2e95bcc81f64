"""Failures of cells: what was raised, and where, so that it can be read and repeated."""

import json
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from boltzmann_rl.arguments.labels import cut, visible
from boltzmann_rl.storage.atomic import write

# Name of the folder of failures in a folder of results.
FAILURES = "failures"

# Columns of a message in a sentence; all of it is in the file.
_LONGEST = 500


class Failure(NamedTuple):
    """A cell that could not be simulated.

    Attributes:
        key: Of the cell.
        problem: Label of the problem.
        agent: Label of the agent.
        first: Number of the cell's first run.
        runs: Number of its runs.
        seed: Of the experiment.
        declaration: The cell's ``repr``.
        kind: Name of the exception's class.
        message: Of the exception.
        trace: The traceback, as text.
    """

    key: str
    problem: str
    agent: str
    first: int
    runs: int
    seed: int
    declaration: str
    kind: str
    message: str
    trace: str

    def __str__(self) -> str:
        last = self.first + self.runs - 1
        runs = f"run {self.first}" if self.runs == 1 else f"runs {self.first} to {last}"
        message = cut(visible(self.message), _LONGEST) or "no message"
        return f"{self.agent} on {self.problem}, {runs}: {self.kind}: {message}"


def told(failures: Sequence[Failure]) -> list[str]:
    """A sentence for each agent on each problem that failed."""
    by_agent: dict[tuple[str, str], list[Failure]] = {}
    for failure in failures:
        by_agent.setdefault((failure.agent, failure.problem), []).append(failure)
    return [
        f"{first}" + (f" (and {len(others)} more cells of this agent)" if others else "")
        for first, *others in (sorted(found, key=lambda failure: failure.first) for found in by_agent.values())
    ]


def trace_of(error: BaseException) -> str:
    """The traceback of an exception, as text."""
    return "".join(traceback.format_exception(error))


def keep(folder: Path, failure: Failure) -> None:
    """Write a failure to a folder of results; a later one of the same cell replaces it."""
    place = folder / FAILURES
    place.mkdir(exist_ok=True)
    write(place / f"{failure.key}.json", (json.dumps(failure._asdict(), indent=2, ensure_ascii=False) + "\n").encode())


def forget(folder: Path, key: str) -> None:
    """Remove the failure of a cell that is simulated now."""
    (folder / FAILURES / f"{key}.json").unlink(missing_ok=True)


def failed_before(folder: Path) -> set[str]:
    """The keys of the cells whose failures are in a folder of results."""
    return {path.stem for path in (folder / FAILURES).glob("*.json")}


def kept(folder: Path) -> list[Failure]:
    """The failures in a folder of results, in the order of their keys; files that are none are left out."""
    found = []
    for path in filter(Path.is_file, sorted((folder / FAILURES).glob("*.json"))):  # to read a pipe would wait
        try:
            parts: Any = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(parts, dict) and is_failure(parts):
            found.append(Failure(**parts))
    return found


def is_failure(parts: dict[str, Any]) -> bool:
    """Whether these are the fields of a failure."""
    kinds = dict(zip(Failure._fields, (str, str, str, int, int, int, str, str, str, str), strict=True))
    return parts.keys() == kinds.keys() and all(type(parts[name]) is kind for name, kind in kinds.items())
