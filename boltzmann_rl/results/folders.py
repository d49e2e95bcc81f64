"""Folders of results: what may be written where, and how tables are replaced together."""

import hashlib
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from boltzmann_rl.arguments.labels import visible
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
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def make_room(folder: Path, manifest: dict[str, Any], *, fresh: bool = False) -> list[str]:
    """Make sure that tables in a folder may be replaced by those of a manifest, without a loss.

    What could not be made again from the cells in the folder is moved aside: all of it to a folder beside, or a damaged
    manifest to ``damaged/``.

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
        said.append(f"{folder} held results {why} without their cells: they are now in {_move_aside(folder)}.")
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


def _move_aside(folder: Path) -> Path:
    """Rename a folder to the first free name, and begin it anew."""
    number = 1
    while (place := folder.with_name(f"{folder.name}.{number}")).exists():
        number += 1
    os.rename(folder, place)
    folder.mkdir()
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


def replace_tables(folder: Path, tables: Mapping[str, pd.DataFrame], manifest: dict[str, Any]) -> None:
    """Replace all tables, and then the manifest, which gets their hashes; empty tables are not written.

    Raises:
        OSError: What the disk refused; unless it broke off between two renames, the old tables are all there.
    """
    contents = {f"{name}.csv": csv_bytes(table) for name, table in tables.items() if len(table)}
    manifest["tables"] = {name: _hash(content) for name, content in contents.items()}
    write_together(folder, {**contents, MANIFEST: _json(manifest)})


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
        digest = manifest.get("tables", {}).get(path.name)
        if digest is not None and digest != _hash(path.read_bytes()):
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


def draw(folder: Path, name: str, figure: "Figure") -> list[Path]:
    """Write a figure in each format to a folder of results."""
    from boltzmann_rl.figures.style import figure_bytes  # imported here: it imports Matplotlib

    figures = folder / "figures"
    refuse_links(figures)
    drawn = {figures / f"{name}.{kind}": image for kind, image in figure_bytes(figure).items()}
    figures.mkdir(exist_ok=True)
    for path, image in drawn.items():
        write(path, image)
    return list(drawn)


def _hash(content: bytes) -> str:
    """SHA-256 of a table, the same if its line ends were changed to those of Windows."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def _json(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()
