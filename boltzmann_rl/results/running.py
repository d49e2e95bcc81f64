"""Running a plan: simulate what is missing, and make the tables."""

import dataclasses
import shutil
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boltzmann_rl.engines.metrics import POINTS
from boltzmann_rl.results import folders
from boltzmann_rl.results.decisions import Deciding, judged
from boltzmann_rl.results.manifest import manifest_of, outline_in, read_manifest, study_of
from boltzmann_rl.results.results import Results
from boltzmann_rl.runs import failures
from boltzmann_rl.runs.failures import Failure
from boltzmann_rl.runs.outline import Outline, bytes_missing, outline_of, runs_in
from boltzmann_rl.runs.plan import Plan
from boltzmann_rl.runs.runner import Manner, simulate
from boltzmann_rl.runs.store import Memory, Store

Tell = Callable[[str], object]


class NothingComplete(RuntimeError):
    """There is nothing to make tables of: no run is complete for all agents, or other parts are not done yet.

    Attributes:
        failed: The cells that failed.
    """

    def __init__(self, why: str, failed: Sequence[Failure] = ()) -> None:
        super().__init__(why)
        self.failed = failed


def run_plan(plan: Plan, manner: Manner, tell: Tell = warnings.warn) -> Results:
    """Run a plan in memory.

    Args:
        plan: The plan.
        manner: How it is run.
        tell: Called with a sentence for each failure, and for what is not done as it was asked for.

    Raises:
        Exception: All agents failed: what the first raised.
    """
    began, outline, store = time.monotonic(), outline_of(plan), Memory()
    growth = Deciding(outline, store) if plan.stopping is not None else None
    for sentence in manner.remarks:
        tell(sentence)
    failed = simulate(plan, outline, store, manner, None, growth)
    outline = growth.outline if growth is not None else outline
    results = results_of(outline, store, failed, seconds=time.monotonic() - began)
    for sentence in failures.told(failed) + results.made.disagreements():
        tell(sentence)
    return results


@dataclass(frozen=True)
class Place:
    """Where results are kept.

    Args:
        results: The folder of all results.
        fresh: Whether to begin anew, and move what is there aside.
        points: Points to keep of each curve.
        source: The file that declares the experiment.
    """

    results: str | Path
    fresh: bool = False
    points: int = POINTS
    source: Path | None = None


def run_in_folder(plan: Plan, manner: Manner, place: Place, tell: Tell = warnings.warn) -> Results:
    """Run what is missing of a plan in ``results/<name>``, and make tables and figure of all of it.

    Args:
        plan: The plan.
        manner: How it is run.
        place: Where results are kept.
        tell: Called with a sentence for each thing that was found, and for each failure.

    Raises:
        OSError: What the disk refused. Finished cells are kept.
        NothingComplete: There are no runs of which to make tables.
    """
    began, outline = time.monotonic(), outline_of(plan)
    folder = folders.opened(place.results, plan.name)
    manifest = manifest_of(outline, place.source)
    for sentence in manner.remarks + folders.make_room(folder, manifest, fresh=place.fresh):
        tell(sentence)
    with folders.store_in(folder) as store:
        growth = _deciding(outline, store, folder, place.source)
        if growth is not None:
            outline = growth.outline
            plan, manifest = plan.with_runs(outline.runs), manifest_of(outline, place.source)
        _refuse_full_disk(folder, outline, store)
        folders.announce(folder, manifest)
        for sentence in store.set_aside():
            tell(f"{sentence}; the cells in it are computed again.")
        try:
            failed = simulate(plan, outline, store, manner, folder, growth)
        except BaseException as error:
            if len(store):
                error.add_note(f"finished cells are kept in {folder}: the same command goes on from there.")
            raise
        for sentence in failures.told(failed):
            tell(sentence)
        outline = growth.outline if growth is not None else outline
        if manner.shard.of > 1 and not failed and runs_in(outline, store) < outline.runs:
            raise NothingComplete(_progress_of(outline, store))  # the part that ends last makes the tables
        results = results_of(outline, store, failed, source=place.source, seconds=time.monotonic() - began)
    for sentence in results.made.disagreements():
        tell(sentence)
    results.write(folder, place.points, tell)
    return results


def _deciding(outline: Outline, store: Store, folder: Path, source: Path | None) -> Deciding | None:
    """What judges after each look, and announces the next one in the folder; None if the number of runs is given.

    It begins at the first look whose cells are not all there.
    """
    if outline.stopping is None:
        return None

    def announce(following: Outline) -> None:
        _refuse_full_disk(folder, following, store)
        folders.announce(folder, manifest_of(following, source))

    deciding = Deciding(outline, store)
    deciding.announce = announce
    return deciding


def from_cells(folder: Path, points: int = POINTS, judgement: Mapping[str, Any] | None = None) -> Results:
    """Make tables and figure of the cells that are in a folder, whether all of them are there or not.

    Args:
        folder: Of the experiment.
        points: Points to keep of each curve.
        judgement: Fields of `Judgement` to change.

    Raises:
        FileNotFoundError: There is no plan in the folder, or none of its cells.
        NothingComplete: There are no runs of which to make tables.
    """
    planned = read_manifest(folder, folders.PLAN) or read_manifest(folder)
    outline = outline_in(planned) if planned is not None else None
    if planned is None or outline is None:
        raise FileNotFoundError(f"{folder} contains no plan of cells: there is no {folders.PLAN} in it")
    outline = judged(outline, dataclasses.replace(outline.judgement, **(judgement or {})))
    store = Store(folder)
    results = results_of(outline, store, failed_in(folder, outline, store), manifest=planned)
    results.write(folder, points)
    return results


def failed_in(folder: Path, outline: Outline, store: Store) -> list[Failure]:
    """The failures of cells that belong to a plan and are not in the store; others are of earlier declarations."""
    kept = {failure.key: failure for failure in failures.kept(folder) if failure.key not in store}
    planned = (key for entry in outline.entries for _, _, key in outline.keys(entry)) if kept else ()
    return [kept[key] for key in planned if key in kept]


def results_of(
    outline: Outline,
    store: Memory | Store,
    failed: Sequence[Failure],
    *,
    source: Path | None = None,
    seconds: float | None = None,
    manifest: dict[str, Any] | None = None,
) -> Results:
    """The tables of the runs that are complete for all agents that did not fail.

    Args:
        outline: Of the plan.
        store: Of its cells.
        failed: Cells that failed; their agents are left out.
        source: The file that declares the experiment.
        seconds: How long the run took.
        manifest: The manifest to begin with; default: one of this machine and moment.

    Raises:
        NothingComplete: There are no such runs.
    """
    named = {(failure.problem, failure.agent) for failure in failed}
    broken = {e.identity for e in outline.entries if (e.problem, e.agent) in named}
    without = [e for e in outline.entries if e.identity in broken]  # equal agents have the same cells
    runs = runs_in(outline, store, without)
    left = tuple(entry for entry in outline.entries if entry not in without)
    if not left or not runs:
        raise NothingComplete(_why_nothing(outline, store, failed), failed)
    there = dataclasses.replace(outline, runs=runs, entries=left)
    made = manifest_of(there, source, failed) | {"study": study_of(outline)}
    if manifest is not None:  # keep what it says of the machine, the file and the time of the run
        made = {**made, **{part: manifest[part] for part in _OF_THE_RUN if part in manifest}}
    if runs < outline.runs:
        made["planned_runs"] = outline.runs
    if seconds is not None:
        made["seconds"] = round(seconds, 3)
    return Results.of_cells(there, store, made)


_OF_THE_RUN = ("versions", "platform", "file", "command", "began", "seconds", "reasons")


def _why_nothing(outline: Outline, store: Memory | Store, failed: Sequence[Failure]) -> str:
    if failed:
        return f"no agent could be simulated to the end: {'; '.join(failures.told(failed))}"
    return f"no run is complete for all agents yet: {_progress_of(outline, store)}"


def _progress_of(outline: Outline, store: Memory | Store) -> str:
    there = sum(key in store for entry in outline.entries for _, _, key in outline.keys(entry))
    return f"{there} of {outline.cells} cells of {outline.name} are there"


def _refuse_full_disk(folder: Path, outline: Outline, store: Store) -> None:
    needed, free = bytes_missing(outline, store), shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(
            f"{folder}: the cells that are missing take about {needed / 1e6:,.1f} MB, and {free / 1e6:,.1f} MB are "
            "free: choose another --results folder, fewer steps or runs, or fewer windows"
        )
