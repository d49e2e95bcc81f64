"""Folders of results: what may be written where, and how tables are replaced together."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.checks import check_table, refuse_links
from boltzmann_rl.results.manifest import LaterFormat, differences, outline_in, read_manifest, renewed
from boltzmann_rl.results.spreadsheets import csv_bytes, read_csv
from boltzmann_rl.runs.failures import FAILURES
from boltzmann_rl.runs.outline import runs_in
from boltzmann_rl.runs.status import RUNNING, processes
from boltzmann_rl.runs.store import CELLS, Store
from boltzmann_rl.storage.atomic import clear, write, write_together
from boltzmann_rl.storage.segments import ASIDE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MANIFEST, PLAN = "manifest.json", "plan.json"

# Times that tables are written, if other processes write their own at the same time.
_ATTEMPTS = 20

# Name of the folder to which damaged files are moved.
_DAMAGED = "damaged"


def opened(results: str | Path, name: str) -> Path:
    """The folder of an experiment, which is made if it is missing.

    Raises:
        FileExistsError: It, or a folder above or in it, is a file or a link to another folder.
        OSError: It can't be made.
    """
    folder = Path(results) / name
    inner = [folder / part for part in ("figures", CELLS, f"{CELLS}/{ASIDE}", RUNNING, FAILURES, _DAMAGED)]
    refuse_links(folder, *inner)
    for place in (*inner, folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise FileExistsError(f"{place} is a file where results need a folder: choose another --results folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = f"{error.strerror}, so results can't be kept there: choose another --results folder"
        raise OSError(error.errno, why, str(folder)) from error
    return folder


def make_room(folder: Path, manifest: dict[str, Any], *, fresh: bool = False) -> list[str]:
    """Make sure that tables in a folder may be replaced by those of a manifest, without a loss.

    Tables that could not be made again from the cells in the folder are moved to a folder beside it, a damaged manifest
    to ``damaged/``. Cells stay where they are.

    Args:
        folder: Of an experiment.
        manifest: Of the new results.
        fresh: Whether to move all of it aside in any case.

    Returns:
        What was found or moved, as sentences.

    Raises:
        ValueError: The results there were written by a later version of this package, or with ``fresh`` a process works
            there.
    """
    if fresh and any(folder.iterdir()):
        if alive := [process.pid for process in processes(folder) if process.alive]:
            raise ValueError(f"process {alive[0]} works on {folder}: end it first, or wait for it")
        return [f"What was in {folder} is now in {_move_aside(folder)}."]
    said = _found_dead(folder)
    found = {name: _read_or_set_aside(folder, name, said) for name in (MANIFEST, PLAN)}
    there = found[MANIFEST]
    if there is None:
        return said
    said += renewed(there, manifest)
    changed = differences(there, manifest)
    if _can_be_made_again(folder, there):
        if changed:
            said.append(f"The declaration has changed ({changed}): cells that are the same are used again.")
        return said
    if changed or there["runs"] > manifest["runs"]:
        why = f"of another declaration ({changed})" if changed else f"of {there['runs']} runs"
        place = _move_aside(folder, ("*.csv", MANIFEST, "figures"))
        said.append(f"{folder} held results {why} without all of their cells: their tables are now in {place}.")
    return said


def _read_or_set_aside(folder: Path, name: str, said: list[str]) -> dict[str, Any] | None:
    try:
        return read_manifest(folder, name)
    except LaterFormat as error:
        raise ValueError(f"{error}, or begin anew in another folder with --fresh (fresh=True)") from None
    except ValueError as error:
        said.append(f"{error}: set aside in {_set_aside(folder / name)}.")
        return None


def _set_aside(path: Path) -> Path:
    """Move a damaged file of a folder of results to its folder for these, which is returned."""
    place = path.parent / _DAMAGED
    place.mkdir(exist_ok=True)
    os.replace(path, place / path.name)
    return place


def _found_dead(folder: Path) -> list[str]:
    """Remove what processes of this machine left when they were killed; a sentence for each says what it was doing."""
    said = []
    for process in processes(folder):
        if not process.alive and process.host == socket.gethostname():
            process.path.unlink(missing_ok=True)
            doing = process.state.get("running") or "its beginning"
            said.append(f"Process {process.pid} on {process.host} was killed in this folder: it was at {doing}.")
    return said


def _can_be_made_again(folder: Path, manifest: dict[str, Any]) -> bool:
    outline = outline_in(manifest)
    return outline is not None and runs_in(outline, Store(folder)) == outline.runs


def _move_aside(folder: Path, patterns: tuple[str, ...] = ("*",)) -> Path:
    """Move what is in a folder to a new one beside it, whose name has the first free number."""
    number = 1
    while (place := folder.with_name(f"{folder.name}.{number}")).exists():
        number += 1
    place.mkdir()
    for path in [path for pattern in patterns for path in folder.glob(pattern)]:
        with suppress(FileNotFoundError):  # another process moved it
            os.replace(path, place / path.name)
    return place


@contextmanager
def store_in(folder: Path) -> Iterator[Store]:
    """The store in a folder; at the end everything in it is durable."""
    store = Store(folder)
    try:
        yield store
    finally:
        store.close()


def announce(folder: Path, manifest: dict[str, Any]) -> None:
    """Write down what is going to be run, so that tables can be made before it is finished.

    Temporary files of processes that were killed are removed.

    Raises:
        OSError: Nothing can be written here.
    """
    write(folder / PLAN, _json(manifest))
    now = (folder / PLAN).stat().st_mtime
    for part in (folder, folder / "figures", folder / CELLS, folder / RUNNING, folder / FAILURES):
        clear(part, now)


def replace_tables(
    folder: Path, tables: Mapping[str, pd.DataFrame], images: Mapping[str, bytes], manifest: dict[str, Any]
) -> None:
    """Replace all tables and the figure, and then the manifest, which gets the tables' hashes.

    If two processes do this at a time, the tables of one of them stay. Empty tables are not written, but removed.

    Args:
        folder: Of an experiment.
        tables: By their names.
        images: Of the figure, by their paths in the folder; none if it could not be drawn.
        manifest: Of the results.

    Raises:
        OSError: What the disk refused; unless it broke off between two renames, the old tables are all there.
    """
    contents = {f"{name}.csv": csv_bytes(table) for name, table in tables.items() if len(table)}
    manifest["tables"] = {name: _hash(content) for name, content in contents.items()}
    contents |= images
    for attempt in range(_ATTEMPTS):
        write_together(folder, {**contents, MANIFEST: _json(manifest)})
        for name in [name for name, table in tables.items() if not len(table)]:
            (folder / f"{name}.csv").unlink(missing_ok=True)
        if _fit(folder):
            return
        time.sleep(secrets.randbelow(100) * 0.002 * (attempt + 1))  # another process wrote at the same time
    raise OSError(f"{folder}: other processes keep replacing its tables; end them, and run boltzmann-rl plot {folder}")


def draw(folder: Path, name: str, figure: Figure) -> dict[str, bytes]:
    """The images of a figure by their paths in a folder of results, which are not written yet."""
    from boltzmann_rl.figures.style import figure_bytes  # imported here: it imports Matplotlib

    refuse_links(folder / "figures")
    images = {f"figures/{name}.{kind}": image for kind, image in figure_bytes(figure).items()}
    (folder / "figures").mkdir(exist_ok=True)
    return images


def _fit(folder: Path) -> bool:
    """Whether the tables in a folder are those of its manifest."""
    try:
        hashes = json.loads((folder / MANIFEST).read_bytes())["tables"]
        return all(_hash((folder / name).read_bytes()) == digest for name, digest in hashes.items())
    except (OSError, ValueError, KeyError):
        return False


def read_table(folder: Path, name: str, manifest: dict[str, Any]) -> pd.DataFrame:
    """A table in a folder, checked; empty if it is missing.

    Raises:
        ValueError: It is damaged, or not the one that was written with the manifest.
    """
    path = folder / f"{name}.csv"
    if not path.exists():
        return pd.DataFrame()
    try:
        if not path.is_file():
            raise ValueError("it is not a file")
        hashes = manifest.get("tables")  # those of format 1 have none
        if hashes and hashes.get(path.name) != _hash(path.read_bytes()):
            raise ValueError(
                "its content is not what was written with manifest.json, so it was changed, or saving was interrupted: "
                f"boltzmann-rl plot {folder} makes the tables again from the cells"
            )
        table = read_csv(path)
        check_table(table, name, manifest)
    except ValueError as error:
        raise ValueError(f"{path} is damaged, or does not belong to these results: {visible(str(error))}") from error
    return table


def read_tables(folder: Path) -> dict[str, bytes]:
    """The content of each table in a folder, by its name."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}


def _hash(content: bytes) -> str:
    """SHA-256 of a table, the same if its line ends were changed to those of Windows."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def _json(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
