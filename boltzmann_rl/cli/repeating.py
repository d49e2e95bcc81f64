"""The options ``--cell`` and ``--again`` of the command ``run``: repeat one cell, or a whole run."""

import argparse
import dataclasses
import hashlib
import re
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from boltzmann_rl.cli.sources import WrongCall, existing, experiments_in
from boltzmann_rl.cli.terminal import complain, say

# Options of which --again takes none, as the run had its own.
_AS_IT_WAS = ("runs", "steps", "seed", "quick", "shard", "fresh", "cell", "until", "compare", "alpha", "confidence")


def repeat_cell(plans: Sequence[Any], beginning: str, debug: bool) -> int:
    """Simulate the cell whose key begins so in this process, and show its results."""
    if not re.fullmatch("[0-9a-f]{1,64}", beginning):
        raise WrongCall(
            f"--cell takes the key of a cell, or its beginning, such as 3f9a0c, got {beginning!r}: boltzmann-rl status "
            "DIR shows the keys of cells that failed"
        )
    found = [pair for plan in plans for pair in _cells_with(plan, beginning)]
    if not found:
        raise WrongCall(
            f"no cell has a key that begins with {beginning!r}: the declaration, --runs, --steps, --seed or the code "
            "differ from those of the run that showed it"
        )
    if len(found) > 1:
        raise WrongCall(f"{len(found)} cells have keys that begin with {beginning!r}: give more of the key")
    series, cell = found[0]
    say(f"{series.agent} on {series.problem}, {cell!r}")
    try:
        block = cell.simulate()
    except (Exception, SystemExit):  # an agent may raise SystemExit, too
        complain(traceback.format_exc())
        if debug:
            import pdb

            pdb.post_mortem(sys.exc_info()[2])
        return 1
    for metric, totals in block.totals.items():
        say(f"{metric}: {totals.mean():.4g} in total, mean of {len(totals)} runs")
    return 0


def _cells_with(plan: Any, beginning: str) -> list[Any]:
    """The cells of a plan whose keys begin so, each with its series."""
    from boltzmann_rl.runs.outline import outline_of
    from boltzmann_rl.statistics.stopping import looks

    if plan.stopping is not None:  # the plan begins with the runs of the first look
        plan = plan.with_runs(looks(plan.stopping.at_most)[-1])
    outline = outline_of(plan)
    return [
        (series, dataclasses.replace(series.cell, first=first, runs=runs))
        for series, entry in zip(plan.series, outline.entries, strict=True)
        for first, runs, key in outline.keys(entry)
        if key.startswith(beginning)
    ]


def again(options: argparse.Namespace) -> int:
    """Repeat the run that made the results in a folder elsewhere, and compare the tables byte by byte."""
    from boltzmann_rl.results.folders import read_tables
    from boltzmann_rl.results.manifest import read_manifest
    from boltzmann_rl.results.running import Place, run_in_folder
    from boltzmann_rl.runs.runner import Manner

    given = [f"--{name}" for name in _AS_IT_WAS if getattr(options, name)]
    if given:
        raise WrongCall(f"--again repeats the run as it was: leave out {', '.join(given)}")
    folder = existing(Path(options.again), "results")
    manifest = read_manifest(folder)
    if manifest is None:
        raise WrongCall(f"{folder} contains no results: there is no manifest.json in it")
    theirs = read_tables(folder)
    if missing := manifest.get("tables", {}).keys() - theirs.keys():
        raise WrongCall(f"{folder} lacks {', '.join(sorted(missing))}, so there is nothing to compare with")
    if not theirs:
        raise WrongCall(f"{folder} has no tables to compare with")
    experiment, source = _declared(manifest, folder, [Path(file) for file in options.files])
    manner = Manner(options.jobs, options.executor, progress=not options.quiet)
    with tempfile.TemporaryDirectory() as elsewhere:
        place = Place(elsewhere, points=manifest.get("points", options.points), source=source)
        run_in_folder(_as_it_was(experiment, manifest), manner, place, say)
        ours = read_tables(Path(elsewhere) / experiment.name)
    different = [name for name in theirs if ours.get(name) != theirs[name]]
    for name in theirs:
        say(f"{name}: {'DIFFERS' if name in different else 'the same bytes'}")
    if different:
        say(_changes(manifest))
    return 1 if different else 0


def _as_it_was(experiment: Any, manifest: dict[str, Any]) -> Any:
    """The plan of an experiment with as many runs as it made, also if it stopped when all pairs were decided."""
    from boltzmann_rl.results.manifest import judgement_in, stopping_in
    from boltzmann_rl.statistics.stopping import FIRST_LOOK

    runs, stopping = manifest["runs"], stopping_in(manifest)
    if stopping is None:
        plan = experiment.changed(runs=runs).plan()
    else:
        plan = experiment.plan().with_runs(runs)  # the declared number of runs chose the engine
        stopping = dataclasses.replace(stopping, at_most=runs) if runs >= FIRST_LOOK else None
    return dataclasses.replace(plan, judgement=judgement_in(manifest), stopping=stopping)


def _declared(manifest: dict[str, Any], folder: Path, files: list[Path]) -> tuple[Any, Path]:
    """The experiment of a manifest, from the file that declares it, if that is still the same file.

    A file that came with the results is not run, unless it is named: they may be from someone else.
    """
    recorded = manifest.get("file")
    if not files and recorded is not None and _came_along(Path(recorded["path"]), folder):
        raise WrongCall(
            f"{recorded['path']} lies beside the results: if you trust it, say boltzmann-rl run {recorded['path']} "
            f"--again {folder}"
        )
    if not files and recorded is None:
        raise WrongCall("the manifest names no file: say boltzmann-rl run FILE --again DIR")
    source = files[0] if files or recorded is None else existing(Path(recorded["path"]), "experiment file")
    if recorded is not None and hashlib.sha256(source.read_bytes()).hexdigest() != recorded["sha256"]:
        raise WrongCall(f"{source} has changed since: its text is in the manifest, under file")
    found = [part for part in experiments_in(source) if part.name == manifest["name"]]
    if not found:
        raise WrongCall(f"{source} declares no experiment {manifest['name']!r}")
    declared = manifest["declaration"]
    seed = None if "seeds" in declared else declared["seed"]  # several are those of the file
    length = declared[f"{found[0].axis}s"]
    return found[0].changed(length=length, seed=seed).judged(**manifest.get("judgement", {})), source


def _came_along(source: Path, folder: Path) -> bool:
    return source.resolve().is_relative_to(folder.resolve().parent)


def _changes(manifest: dict[str, Any]) -> str:
    """What may be the reason that bytes differ."""
    import numpy

    versions = manifest.get("versions", {})
    made = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"Made with {made}; NumPy here is {numpy.__version__}."
