"""Loading results from the folder in which they were saved."""

from pathlib import Path

from boltzmann_rl.results import folders
from boltzmann_rl.results.comparisons import comparisons_table
from boltzmann_rl.results.manifest import outline_in, read_manifest
from boltzmann_rl.results.results import Results
from boltzmann_rl.runs.store import Store


def load(folder: str | Path) -> Results:
    """Load the results that were saved in ``folder``. Nothing in the folder is executed.

    Args:
        folder: ``results/<name>``.

    Raises:
        FileNotFoundError: It contains no results.
        ValueError: Its results were written by a later version, or can't have been written by a run: invalid names or
            labels, tables of other agents, or tables that changed since.

    Example:
        >>> load("nowhere")
        Traceback (most recent call last):
        ...
        FileNotFoundError: nowhere contains no results: there is no manifest.json in it
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest is None:
        raise FileNotFoundError(f"{folder} contains no results: there is no manifest.json in it")
    names = {"curves": "curves", "summary": "summary", "runs": "runs", "comparisons": "comparisons"}
    if "cells" not in manifest:
        names["windows"] = "run_curves"
    tables = {part: folders.read_table(folder, name, manifest) for part, name in names.items()}
    if tables["comparisons"].empty and not tables["runs"].empty:  # written before there were comparisons
        tables["comparisons"] = comparisons_table(tables["runs"], manifest)
    return Results(**tables, manifest=manifest, cells=Store(folder) if outline_in(manifest) else None)
