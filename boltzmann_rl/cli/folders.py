"""The commands on folders of results: ``plot``, ``report``, ``status``, ``store`` and ``plan-runs``."""

import argparse
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boltzmann_rl
from boltzmann_rl.cli.numbers import level, whole
from boltzmann_rl.cli.running import declare_deciding, declare_judgement, judgement_of
from boltzmann_rl.cli.sources import WrongCall, existing
from boltzmann_rl.cli.terminal import say
from boltzmann_rl.engines.metrics import POINTS


def declare(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands and their options."""
    summary = "make tables and figures of saved results again, also while the run goes on or after it was stopped"
    parser = command("plot", plot, summary, "boltzmann-rl plot results/ten_armed_testbed")
    option = parser.add_argument
    option("folder", metavar="DIR", help="the folder of one experiment's results, such as results/NAME")
    points = f"points per curve in the table (default: {POINTS})"
    option("--points", type=whole, default=POINTS, metavar="N", help=points)
    option("--output", metavar="FILE", help="only draw the figure, to this file (.png, .svg or .pdf)")
    windows = "also write the means over the windows of each run, to this file (.csv, or .parquet with pyarrow)"
    option("--run-curves", metavar="FILE", help=windows)
    declare_judgement(parser)

    summary = "say how far a run is, also while it goes on: its processes, the time left, and cells that failed"
    option = command("status", status, summary, "boltzmann-rl status results/ten_armed_testbed").add_argument
    option("folder", metavar="DIR", help="the folder of one experiment's results, such as results/NAME")

    summary = "make one page of saved results, which can be handed on: curves to read and zoom, tables, the declaration"
    option = command("report", report, summary, "boltzmann-rl report results/ten_armed_testbed").add_argument
    option("folders", nargs="+", metavar="DIR", help="the folder of one experiment's results, such as results/NAME")
    option("--output", type=Path, metavar="FILE", help="ends in .html (default: report.html in the first DIR)")

    summary = "list, remove or compact the cells of which tables are made"
    option = command("store", store, summary, "boltzmann-rl store ls results/ten_armed_testbed").add_argument
    option(
        "action",
        choices=("ls", "rm", "compact"),
        help="ls: count the cells of each agent; rm: remove cells that the latest run did not need, such as those of "
        "an earlier declaration; compact: write all cells to one file, and set damaged bytes aside",
    )
    option("folder", metavar="DIR", help="the folder of one experiment's results, such as results/NAME")

    summary = "say how many more runs would decide each declared pair of agents, and with what chance"
    option = command("plan-runs", plan_runs, summary, "boltzmann-rl plan-runs results/ten_armed_testbed").add_argument
    option("folder", metavar="DIR", help="the folder of one experiment's results, such as results/NAME")
    chance = "the chance with which a pair is to be decided (default: 0.8)"
    option("--chance", type=level, default=0.8, metavar="P", help=chance)
    declare_deciding(option)
    option("--compare", metavar="WHAT", help="all, or the label of a baseline for all others (default: as declared)")
    alpha = "probability of any false decision, over all pairs and looks (default: as declared)"
    option("--alpha", type=level, metavar="P", help=alpha)


def _folder(options: argparse.Namespace) -> Path:
    folder = existing(Path(options.folder), "results")
    if not folder.is_dir():
        raise WrongCall(f"{folder} is a file: give the folder of one experiment's results")
    return folder


def report(options: argparse.Namespace) -> int:
    """Make one page of saved results."""
    from boltzmann_rl.results.report import page_of_results
    from boltzmann_rl.storage.atomic import write

    folders = [existing(Path(folder), "results") for folder in options.folders]
    output = folders[0] / "report.html" if options.output is None else options.output
    if output.suffix != ".html":
        raise WrongCall(f"--output must end in .html, got {str(output)!r}")
    try:
        results = [boltzmann_rl.load(folder) for folder in folders]
    except FileNotFoundError as error:
        raise WrongCall(str(error)) from error
    for folder, one in zip(folders, results, strict=True):
        _refuse_incomplete(folder, one)
    write(output, page_of_results(results).encode())
    say(f"Wrote {output}")
    return 0


def _refuse_incomplete(folder: Path, results: Any) -> None:
    """Refuse a folder without a table that a report needs."""
    for name in ("curves", "summary"):
        if getattr(results, name).empty:
            raise WrongCall(
                f"{folder} has no {name}.csv, which a report needs: run the experiment again, and report on the folder "
                "that it writes"
            )


def plot(options: argparse.Namespace) -> int:
    """Make tables and figures of saved results again."""
    from boltzmann_rl.results import folders
    from boltzmann_rl.results.figures import drawn
    from boltzmann_rl.runs.failures import told
    from boltzmann_rl.storage.atomic import write_together

    folder = _folder(options)
    if options.output is not None and Path(options.output).suffix not in (".png", ".svg", ".pdf"):
        raise WrongCall(f"--output must end in .png, .svg or .pdf, got {options.output!r}")
    made = None if options.output is not None else _made_again(folder, options)
    try:
        results = made or boltzmann_rl.load(folder)
    except FileNotFoundError as error:
        raise WrongCall(str(error)) from error
    if options.run_curves is not None:
        _write_run_curves(results, Path(options.run_curves))
    if options.output is not None:
        drawn(results).savefig(options.output, dpi=200)
        say(options.output)
        return 0
    if "planned_runs" in results.manifest:
        say(f"{results.manifest['runs']} of {results.manifest['planned_runs']} runs are complete for all agents.")
    for failure in told(results.failures):
        say(f"Left out: {failure}")
    if made is None:
        write_together(folder, folders.draw(folder, results.name, drawn(results)))
    for path in sorted((folder / "figures").glob(f"{results.name}.*")):
        say(path)
    if made is not None:
        say(f"\n{textwrap.fill(made.sentence, 100)}")
    if made is not None and (asked := judgement_of(options)):
        say(f"\nThis is by --{' and --'.join(asked)}, not as declared: boltzmann-rl plot {folder} makes that again.")
    return 0


def _made_again(folder: Path, options: argparse.Namespace) -> Any:
    """The results of the cells in a folder, whose tables are written again; None if there are no cells, or too few."""
    from boltzmann_rl.results import folders
    from boltzmann_rl.results.running import NothingComplete, from_cells
    from boltzmann_rl.runs.store import CELLS

    judgement = judgement_of(options)
    if not (folder / CELLS).is_dir():
        if judgement:
            raise WrongCall(f"--{next(iter(judgement))} makes the tables again, and the cells are not in {folder}")
        return None
    try:
        return from_cells(folder, options.points, judgement)
    except NothingComplete as error:
        if not (folder / folders.MANIFEST).exists():  # no earlier tables either
            raise
        say(f"These are earlier results: {error}.")
        return None


def _write_run_curves(results: Any, path: Path) -> None:
    from boltzmann_rl.results.spreadsheets import csv_bytes
    from boltzmann_rl.storage.atomic import write

    if path.suffix == ".parquet":
        results.run_curves.to_parquet(path, index=False)
    elif path.suffix == ".csv":
        write(path, csv_bytes(results.run_curves))
    else:
        raise WrongCall(f"--run-curves must end in .csv or .parquet, got {str(path)!r}")
    say(path)


def _planned(folder: Path) -> tuple[dict[str, Any], Any]:
    """The manifest of the latest plan in a folder, and its outline."""
    from boltzmann_rl.results.folders import PLAN
    from boltzmann_rl.results.manifest import outline_in, read_manifest

    manifest = read_manifest(folder, PLAN) or read_manifest(folder)
    outline = outline_in(manifest) if manifest is not None else None
    if manifest is None or outline is None:
        raise WrongCall(f"{folder} is not the folder of an experiment's results: there is no {PLAN} in it")
    return manifest, outline


def status(options: argparse.Namespace) -> int:
    """Say how far a run is."""
    from boltzmann_rl.results.running import failed_in
    from boltzmann_rl.runs.outline import runs_in
    from boltzmann_rl.runs.status import processes
    from boltzmann_rl.runs.store import Store

    folder = _folder(options)
    manifest, outline = _planned(folder)
    cells = Store(folder)
    there = sum(key in cells for entry in outline.entries for _, _, key in outline.keys(entry))
    failed = failed_in(folder, outline, cells)
    named = {(failure.problem, failure.agent) for failure in failed}
    complete = runs_in(outline, cells, [entry for entry in outline.entries if (entry.problem, entry.agent) in named])
    which = "agents that did not fail" if failed else "agents"
    say(f"{outline.name}: {there} of {outline.cells} cells, {complete} of {outline.runs} runs complete for all {which}")
    if outline.stopping is not None:
        say(f"this is the look at {outline.runs:,} runs, of at most {outline.stopping.at_most:,} until decided")
    for process in processes(folder):
        state, news = process.state, f"{process.seen:.0f} s ago"
        where = f"process {process.pid} on {process.host}"
        if process.alive:
            left = state.get("left")
            ends = "" if not isinstance(left, float | int) else f", about {_span(left)} left"
            say(f"{where}: {state.get('running') or 'begins'}{ends} (news {news})")
        else:
            say(f"{where} was killed; it was at {state.get('running') or 'its beginning'} (news {news})")
    file = manifest.get("file", {}).get("path", "FILE")
    until = " --until decided" * (outline.stopping is not None)
    for failure in failed:
        say(f"failed: {failure}\n    boltzmann-rl run {file}{until} --cell {failure.key[:12]} --pdb")
    return 0


def _span(seconds: float) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(seconds)) if seconds < 86400 else f"{seconds / 86400:.1f} days"


def store(options: argparse.Namespace) -> int:
    """List, remove or tidy up cells."""
    from boltzmann_rl.runs.status import processes
    from boltzmann_rl.runs.store import Store

    folder = _folder(options)
    _, outline = _planned(folder)
    cells = Store(folder)
    if options.action == "ls":
        needed = 0
        for entry in outline.entries:
            keys = [key for _, _, key in outline.keys(entry)]
            there = sum(key in cells for key in keys)
            needed += there
            say(f"{entry.agent} on {entry.problem}: {there} of {len(keys)} cells")
        others = f", {len(cells) - needed} of them from earlier declarations or code" if len(cells) > needed else ""
        say(f"{len(cells)} cells in all, {cells.size / 1e6:.1f} MB{others}")
        for line in cells.damaged:
            say(line)
        return 0
    if alive := [process.pid for process in processes(folder) if process.alive]:
        raise RuntimeError(f"process {alive[0]} works on {folder}: end it first, or wait for it")
    wanted = {key for entry in outline.entries for _, _, key in outline.keys(entry)} if options.action == "rm" else None
    before = len(cells), cells.size
    for line in cells.compact(wanted):
        say(line)
    say(f"before: {before[0]} cells, {before[1] / 1e6:.1f} MB; now: {len(cells)} cells, {cells.size / 1e6:.1f} MB")
    return 0


def plan_runs(options: argparse.Namespace) -> int:
    """Say how many more runs would decide each declared pair of agents."""
    folder = _folder(options)
    try:
        results = boltzmann_rl.load(folder)
    except FileNotFoundError as error:
        raise WrongCall(f"{error}; boltzmann-rl plot {folder} makes tables of a run that was stopped") from error
    asked = {name: getattr(options, name) for name in ("chance", "compare", "alpha", "matters", "at_most")}
    try:
        found = results.plan_runs(**asked)
    except ValueError as error:
        raise WrongCall(str(error)) from error
    for labels, table in found.table.groupby(["problem", "first", "second"], sort=False):
        problem, first, second = map(str, labels)
        so_far = results.manifest["runs"]
        say(f"\n{first} and {second} on {problem}: chance of a decision after more runs than {so_far}\n")
        names = [f"{first} ahead", f"{second} ahead", "no difference", "any decision"]
        say("  ".join([f"{'runs in all':>11}", f"{'more runs':>9}", *[f"{name:>13}" for name in names]]))
        for row in table.to_dict("records"):
            chances = [row[name] for name in ("first_ahead", "second_ahead", "same", "chance")]
            cells = [f"{share:>{max(len(name), 13)}.2f}" for share, name in zip(chances, names, strict=True)]
            say("  ".join([f"{row['runs']:>11,}", f"{row['more_runs']:>9,}", *cells]))
    say()
    for sentence in found.sentences:
        say(textwrap.fill(sentence, 100))
    return 0
