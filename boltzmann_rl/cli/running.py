"""The commands ``run``, ``plot`` and ``list``."""

import argparse
import dataclasses
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boltzmann_rl
from boltzmann_rl.cli.numbers import plus_minus, seed, whole
from boltzmann_rl.cli.sources import WrongCall, existing, experiments_in, module_name, no_experiment
from boltzmann_rl.cli.terminal import say
from boltzmann_rl.engines.metrics import POINTS, measures_of
from boltzmann_rl.kernels.jit import available

# Runs with --quick, by the axis of the experiment.
_QUICK_RUNS = {"step": 200, "episode": 10}


def declare(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands and their options."""
    summary = "run the experiments declared in Python files, and write tables and figures"
    example = "boltzmann-rl run experiments/ten_armed_testbed.py --quick --results tried"
    option = command("run", run, summary, example).add_argument
    option("files", nargs="+", metavar="FILE", help="a Python file with a module-level EXPERIMENT (or several)")
    option("--runs", type=whole, metavar="N", help="independent repetitions, instead of the declared number")
    option("--steps", type=whole, metavar="N", help="steps per run (of a Gymnasium experiment: episodes)")
    option("--seed", type=seed, metavar="N", help="seed, 0 to 2**63 - 1, instead of the declared one")
    option("--jobs", type=whole, metavar="N", help="processes, at most one per core (default: 1)")
    option("--results", default="results", metavar="DIR", help="folder of all results (default: results)")
    points = f"points per curve in the table (default: {POINTS})"
    option("--points", type=whole, default=POINTS, metavar="N", help=points)
    option("--quick", action="store_true", help="few runs, for a first look")
    option("--overwrite", action="store_true", help="replace results of another declaration or of more runs")
    option("--quiet", action="store_true", help="no progress, only the summary")

    summary = "draw the figures of saved results again"
    option = command("plot", plot, summary, "boltzmann-rl plot results/ten_armed_testbed").add_argument
    option("folder", metavar="DIR", help="the folder of one experiment's results")
    option("--output", metavar="FILE", help="draw to this file instead (.png, .svg or .pdf)")

    summary = "list the experiments in a folder, each with its question; runs every Python file in it"
    option = command("list", list_experiments, summary, "boltzmann-rl list experiments").add_argument
    option("folder", nargs="?", default="experiments", metavar="DIR", help="default: experiments")


def run(options: argparse.Namespace) -> int:
    """Run experiments, and write their tables and figures."""
    from boltzmann_rl.results.results import check_place, run_plan

    experiments = []
    for file in map(Path, options.files):
        found = experiments_in(file)
        if not found:
            raise no_experiment(file)
        experiments += [_as_asked(experiment, options) for experiment in found]
    names = [experiment.name for experiment in experiments]
    if len(set(names)) < len(names):
        raise WrongCall(f"experiments in one folder of results need different names, got {', '.join(names)}")
    plans = [experiment.plan() for experiment in experiments]
    for plan in plans:
        check_place(plan, options.results, overwrite=options.overwrite)
    for plan in plans:
        results = run_plan(plan, jobs=options.jobs, progress=not options.quiet)
        folder = results.save(options.results, points=options.points, overwrite=options.overwrite)
        _print_summary(results)
        figure = next((folder / "figures").glob("*.png"))
        say(f"\n{textwrap.fill(results.sentence, 100)}\n\nTables and manifest: {folder}\nFigure: {figure}\n")
        _print_reasons(results.manifest.get("reasons", {}))
    return 0


def _print_reasons(reasons: dict[str, list[str]]) -> None:
    """Say why the reference engine ran, if the compiled one would have been faster."""
    if reasons and not available():
        say("With Numba (pip install numba) this takes less time from the second run on.\n")
        return
    for reason, agents in reasons.items():
        say(textwrap.fill(f"Run by the reference engine: {', '.join(agents)}, as {reason}.", 100) + "\n")


def _as_asked(experiment: Any, options: argparse.Namespace) -> Any:
    """The experiment as changed by the options."""
    quick_runs = min(experiment.runs, _QUICK_RUNS[experiment.axis]) if options.quick else None
    asked = {"runs": options.runs or quick_runs, "seed": options.seed, f"{experiment.axis}s": options.steps}
    return dataclasses.replace(experiment, **{name: value for name, value in asked.items() if value is not None})


def _print_summary(results: Any) -> None:
    shown = list(measures_of(results.manifest["axis"]).kept)
    for problem, table in results.summary.groupby("problem", sort=False):
        say(f"\n{results.name} on {problem}: mean over the whole run ± half the 95 % interval, best first\n")
        width = max(len("agent"), *(len(agent) for agent in table["agent"]))
        say("  ".join([f"{'agent':<{width}}", *[f"{metric:>18}" for metric in shown], f"{'behind the best':>18}"]))
        shown_rows = _best_of_families(table, results.manifest["study"])
        for _, row in shown_rows.iterrows():
            cells = [plus_minus(row[m], row[f"{m}_high"]) for m in shown]
            behind = plus_minus(row["behind"], row["behind_high"]) if row["behind"] else "–"
            say("  ".join([f"{row['agent']:<{width}}", *[f"{cell:>18}" for cell in (*cells, behind)]]))
        if len(shown_rows) < len(table):
            say(f"(the best of each family; all {len(table)} agents are in summary.csv)")


def _best_of_families(table: Any, study: dict[str, Any]) -> Any:
    """The rows of the best agent of each family in a parameter study; all rows of other experiments."""
    families = [study[agent][0] if agent in study else agent for agent in table["agent"]]
    return table[[family not in families[:row] for row, family in enumerate(families)]]


def plot(options: argparse.Namespace) -> int:
    """Draw the figures of saved results again."""
    try:
        results = boltzmann_rl.load(existing(Path(options.folder), "results"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise WrongCall(str(error)) from error
    if options.output is not None:
        output = Path(options.output)
        if output.suffix not in (".png", ".svg", ".pdf"):
            raise WrongCall(f"--output must end in .png, .svg or .pdf, got {options.output!r}")
        results.plot().savefig(output, dpi=200)
        say(output)
        return 0
    from boltzmann_rl.figures.style import figure_bytes
    from boltzmann_rl.results.checks import refuse_links
    from boltzmann_rl.storage.atomic import write

    figures = Path(options.folder) / "figures"
    refuse_links(figures)
    drawn = figure_bytes(results.plot())
    figures.mkdir(exist_ok=True)
    for kind, image in drawn.items():
        path = figures / f"{results.name}.{kind}"
        write(path, image)
        say(path)
    return 0


def list_experiments(options: argparse.Namespace) -> int:
    """List experiments, each with its question."""
    from boltzmann_rl.experiments.checks import entrants_of  # imported here, since it imports Gymnasium

    folder = existing(Path(options.folder), "experiments")
    files = sorted(folder.glob("*.py"))
    if not files:
        raise WrongCall(f"there are no Python files in {folder}")
    wrong: list[str] = []
    declared = 0
    for file in files:
        try:
            experiments = experiments_in(file)
        except RuntimeError as error:  # list the other files first
            wrong.append(str(error))
            continue
        declared += len(experiments)
        if not experiments:
            say(f"{file}\n    declares no experiment")
        for experiment in experiments:
            question = (sys.modules[module_name(file)].__doc__ or "no question stated").strip().splitlines()[0]
            agents, lengths = len(entrants_of(experiment.agents)), f"{experiment.axis}s"
            size = f"{agents} agents, {experiment.runs} runs, {getattr(experiment, lengths)} {lengths}"
            say(f"{file}\n    {experiment.name}: {question}\n    {size}")
    if wrong:
        raise RuntimeError("; ".join(wrong))
    if not declared:
        raise no_experiment(folder)
    return 0
