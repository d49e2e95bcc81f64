"""The commands ``run`` and ``list``."""

import argparse
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.cli.numbers import level, plus_minus, positive, seed, shard, whole
from boltzmann_rl.cli.sources import WrongCall, existing, experiments_in, is_declaration, module_name, no_experiment
from boltzmann_rl.cli.terminal import complain, say
from boltzmann_rl.engines.metrics import POINTS

FILE = "a Python file with a module-level EXPERIMENT, or a YAML or JSON file as boltzmann_rl.to_dict writes it"

# Runs with --quick, by the axis of the experiment.
_QUICK_RUNS = {"step": 200, "episode": 10}


def declare(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands and their options."""
    summary = "run the experiments declared in Python, YAML or JSON files, and write tables and figures"
    example = "boltzmann-rl run experiments/ten_armed_testbed.py --quick --results tried"
    parser = command("run", run, summary, example)
    parser.add_argument("files", nargs="*", metavar="FILE", help=FILE)

    option = parser.add_argument_group("what is run, if not what FILE declares").add_argument
    option("--runs", type=whole, metavar="N", help="independent repetitions")
    option("--steps", type=whole, metavar="N", help="steps per run, or episodes with Gymnasium environments")
    option("--seed", type=seed, metavar="N", help="seed, 0 to 2**63 - 1; of a sweep over seeds, this one alone")
    option("--quick", action="store_true", help="few runs, for a first look")

    declare_judgement(parser)
    option = parser.add_argument_group("runs that stop by themselves, instead of --runs").add_argument
    until = "go on until every declared pair of agents is decided: looks at 30 runs and after each quarter more"
    option("--until", choices=("decided",), help=until)
    declare_deciding(option)

    option = parser.add_argument_group("where and how").add_argument
    option("--jobs", type=whole, metavar="N", help="processes, at most one per core (default: 1)")
    where = "dask or ray, started on this machine, or the address of a cluster: tcp://HOST:8786, ray://HOST:10001"
    option("--executor", metavar="WHERE", help=where)
    option("--shard", type=shard, metavar="K/N", help="only part K of N; all N may run at once with one results folder")
    option("--quiet", action="store_true", help="no progress, only the summary")

    option = parser.add_argument_group("results, which a second run extends").add_argument
    option("--results", default="results", metavar="DIR", help="folder of all results (default: results)")
    points = f"points per curve in the table (default: {POINTS})"
    option("--points", type=whole, default=POINTS, metavar="N", help=points)
    option("--fresh", action="store_true", help="begin anew, and move what is in the experiment's folder aside")

    option = parser.add_argument_group("instead of running").add_argument
    option("--cell", metavar="KEY", help="repeat in this process the cell whose key begins so, and keep nothing")
    option("--pdb", action="store_true", help="with --cell: stop in the debugger where it fails")
    again = "repeat the run that made the results in DIR, and compare the tables byte by byte; DIR is not changed"
    option("--again", metavar="DIR", help=again)

    summary = "list the experiments in a folder, each with its question; runs every Python file, reads YAML and JSON"
    option = command("list", list_experiments, summary, "boltzmann-rl list experiments").add_argument
    option("folder", nargs="?", default="experiments", metavar="DIR", help="default: experiments")


def declare_judgement(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what is compared."""
    option = parser.add_argument_group("comparisons, if other than declared").add_argument
    pairs = "all: every agent with every other; families: those of a study; or the label of a baseline for all others"
    option("--compare", metavar="WHAT", help=pairs)
    option("--alpha", type=level, metavar="P", help="probability of any false difference (default: 0.05)")
    option("--confidence", type=level, metavar="P", help="probability that intervals cover (default: 0.95)")


def declare_deciding(option: Callable[..., object]) -> None:
    """Add the options that say when the looks end."""
    option(
        "--at-most",
        type=whole,
        metavar="N",
        help="the last look is at N runs or fewer (default: that of the run, or 10,000)",
    )
    matters = "the least difference of mean rewards or returns that matters (default: every one does)"
    option("--matters", type=positive, metavar="D", help=matters)


def judgement_of(options: argparse.Namespace) -> dict[str, Any]:
    """What the options say is compared."""
    given = {name: getattr(options, name) for name in ("compare", "alpha", "confidence")}
    return {name: value for name, value in given.items() if value is not None}


def run(options: argparse.Namespace) -> int:
    """Run experiments, and write their tables and figures."""
    from boltzmann_rl.cli.repeating import again, repeat_cell
    from boltzmann_rl.runs.executors.choice import CHOICES, library_of

    if options.executor is not None and library_of(options.executor) is None:
        raise WrongCall(f"--executor must be {CHOICES.replace(chr(39), '')}, got {options.executor!r}")
    if options.pdb and options.cell is None:
        raise WrongCall("--pdb goes with --cell KEY: boltzmann-rl status DIR shows the keys of cells that failed")
    _check_until(options)
    if options.again is not None:
        return again(options)
    if not options.files:
        raise WrongCall("run needs a FILE with a module-level EXPERIMENT, or --again DIR")
    declared = [(experiment, file) for file in map(Path, options.files) for experiment in _declared(file, options)]
    names = [experiment.name for experiment, _ in declared]
    if len(set(names)) < len(names):
        raise WrongCall(f"experiments in one folder of results need different names, got {', '.join(names)}")
    plans = [(_plan(experiment, options), source) for experiment, source in declared]
    if options.cell is not None:
        return repeat_cell([plan for plan, _ in plans], options.cell, options.pdb)
    return max(_run(plan, source, options) for plan, source in plans)


def _check_until(options: argparse.Namespace) -> None:
    """Refuse options that contradict each other about the number of runs."""
    if options.until is None:
        if named := [name for name in ("at_most", "matters") if getattr(options, name) is not None]:
            raise WrongCall(f"--{named[0].replace('_', '-')} says when runs are decided: give --until decided with it")
        return
    given = [f"--{name}" for name in ("runs", "quick", "shard") if getattr(options, name)]
    if given:
        why = "--at-most bounds the runs" if given[0] != "--shard" else "each look needs the runs of all parts"
        raise WrongCall(f"--until decided can't be combined with {', '.join(given)}: {why}")


def _plan(experiment: Any, options: argparse.Namespace) -> Any:
    """The plan of an experiment, which says when it stops."""
    from boltzmann_rl.results.decisions import planned

    plan = experiment.plan()
    asked = {name: getattr(options, name) for name in ("at_most", "matters")}
    try:
        return planned(plan, options.until, **asked)
    except ValueError as error:
        raise WrongCall(f"{experiment.name}: {error}") from error


def _declared(file: Path, options: argparse.Namespace) -> list[Any]:
    """The experiments of a file, at least one, as changed by the options."""
    found = experiments_in(file)
    if not found:
        raise no_experiment(file)
    return [_as_asked(experiment, options) for experiment in found]


def _run(plan: Any, source: Path, options: argparse.Namespace) -> int:
    """Run one experiment; returns the exit status."""
    from boltzmann_rl.results.running import NothingComplete, Place, run_in_folder
    from boltzmann_rl.runs.batches import Shard
    from boltzmann_rl.runs.runner import Manner

    part = Shard(*options.shard) if options.shard else Shard()
    manner = Manner(options.jobs, options.executor, part, progress=not options.quiet)
    where, folder = options.results, Path(options.results) / plan.name
    try:
        results = run_in_folder(plan, manner, Place(where, options.fresh, options.points, source), warn)
    except NothingComplete as error:
        if error.failed:  # which was told already
            return _hint(error.failed, source, options)
        if part.of == 1:
            warn(str(error))
            return 1
        say(f"Part {part.number} of {part.of} is done: {error}. With all parts together: boltzmann-rl plot {folder}")
        return 0
    _print_summary(results)
    say(f"\n{textwrap.fill(results.sentence, 100)}\n\nTables and manifest: {folder}")
    for figure in (folder / "figures").glob("*.png"):
        say(f"Figure: {figure}")
    say()
    _print_averaging(results)
    if "planned_runs" in results.manifest:
        runs, planned = results.manifest["runs"], results.manifest["planned_runs"]
        say(f"{runs} of {planned} runs are complete. Later: boltzmann-rl plot {folder}")
    _print_reasons(results.manifest.get("reasons", {}))
    return _print_failures(results.failures, source, options)


def warn(sentence: str) -> None:
    """Say a sentence on standard error, in the name of the program."""
    complain(textwrap.fill(f"boltzmann-rl: {sentence}", 100, break_long_words=False, break_on_hyphens=False))


def _print_failures(failed: Sequence[Any], source: Path, options: argparse.Namespace) -> int:
    """Say which cells failed, and how to repeat one of them; returns the exit status."""
    if not failed:
        return 0
    agents = ", ".join(dict.fromkeys(f"{failure.agent} on {failure.problem}" for failure in failed))
    complain(f"{len(failed)} cells failed, so the tables are without {agents}.")
    return _hint(failed, source, options)


def _hint(failed: Sequence[Any], source: Path, options: argparse.Namespace) -> int:
    """Say how to repeat a cell that failed, with the options of this run; returns the exit status."""
    if failed:
        asked = [f"--{name} {getattr(options, name)}" for name in ("runs", "steps", "seed") if getattr(options, name)]
        words = ["boltzmann-rl run", str(source), *asked, *["--quick"] * options.quick]
        words += [*[f"--until {options.until}"] * bool(options.until), f"--cell {failed[0].key[:12]}"]
        complain(f"To see where one of them fails:\n    {' '.join(words)} --pdb")
    return 1


def _print_reasons(reasons: dict[str, list[str]]) -> None:
    """Say why the reference engine ran, if the compiled one would have been faster."""
    from boltzmann_rl.kernels.jit import available  # imported here: `list` compiles nothing

    if reasons and not available():
        say("With Numba (pip install numba) this takes less time from the second run on.\n")
        return
    for reason, agents in reasons.items():
        say(textwrap.fill(f"Run by the reference engine: {', '.join(agents)}, as {reason}.", 100) + "\n")


def _as_asked(experiment: Any, options: argparse.Namespace) -> Any:
    """The experiment as changed by the options."""
    try:
        return resized(experiment, options).judged(**judgement_of(options))
    except ValueError as error:
        raise WrongCall(str(error)) from error


def resized(experiment: Any, options: argparse.Namespace) -> Any:
    """The experiment with the runs, steps and seed of the options."""
    quick_runs = min(experiment.runs, _QUICK_RUNS[experiment.axis]) if options.quick else None
    return experiment.changed(runs=options.runs or quick_runs, length=options.steps, seed=options.seed)


def _print_summary(results: Any) -> None:
    from boltzmann_rl.results.manifest import judgement_in
    from boltzmann_rl.results.measures import measures_in

    shown = list(measures_in(results.manifest).kept)
    percent = f"{100.0 * judgement_in(results.manifest).confidence:.4g} %"
    for problem, table in results.summary.groupby("problem", sort=False):
        say(f"\n{results.name} on {problem}: mean over the whole run ± half the {percent} interval, best first\n")
        width = max(len("agent"), *(len(agent) for agent in table["agent"]))
        say("  ".join([f"{'agent':<{width}}", *[f"{metric:>18}" for metric in shown], f"{'behind the best':>18}"]))
        shown_rows = _best_of_families(table, results.manifest["study"])
        for _, row in shown_rows.iterrows():
            cells = [plus_minus(row[m], _half(row, m)) for m in shown]
            behind = plus_minus(row["behind"], _half(row, "behind")) if row["behind"] else "–"
            say("  ".join([f"{row['agent']:<{width}}", *[f"{cell:>18}" for cell in (*cells, behind)]]))
        if len(shown_rows) < len(table):
            say(f"(the best of each family; all {len(table)} agents are in summary.csv)")


def _print_averaging(results: Any) -> None:
    """Say what curves gain by averaging over the policy's probabilities, where that is possible."""
    from boltzmann_rl.results.averaging import gained  # imported here, since it imports pandas

    if said := gained(results.averaging, results.manifest["primary"]):
        say(textwrap.fill(said, 100) + "\n")


def _half(row: Any, name: str) -> float:
    """Half of an interval."""
    return float(row[f"{name}_high"] - row[f"{name}_low"]) / 2.0


def _best_of_families(table: Any, study: dict[str, Any]) -> Any:
    """The rows of the best agent of each family in a parameter study; all rows of other experiments."""
    families = [study[agent][0] if agent in study else agent for agent in table["agent"]]
    return table[[family not in families[:row] for row, family in enumerate(families)]]


def list_experiments(options: argparse.Namespace) -> int:
    """List experiments, each with its question."""
    folder = existing(Path(options.folder), "experiments")
    files = sorted(file for file in folder.iterdir() if file.suffix == ".py" or is_declaration(file))
    if not files:
        raise WrongCall(f"there are no experiment files in {folder}: Python, or YAML and JSON with 'boltzmann_rl: 1'")
    wrong: list[str] = []
    declared = 0
    for file in files:
        try:
            experiments = experiments_in(file)
        except RuntimeError as error:  # list the other files first
            wrong.append(str(error))
            continue
        except WrongCall:  # YAML or JSON of another class
            experiments = []
        declared += len(experiments)
        if not experiments:
            say(f"{file}\n    declares no experiment")
        for experiment in experiments:
            say(f"{file}\n    {experiment.name}: {_question(file)}\n    {_size(experiment)}")
    if wrong:
        raise RuntimeError("; ".join(wrong))
    if not declared:
        raise no_experiment(folder)
    return 0


def _question(file: Path) -> str:
    """The first line of a file's docstring, or of the comment with which a YAML file begins."""
    if file.suffix == ".py":
        text = sys.modules[module_name(file)].__doc__ or ""
    else:
        text = file.read_text("utf-8").partition("\n")[0]
        text = text.lstrip("# ") if text.startswith("#") else ""
    return visible(text.strip().partition("\n")[0]) or "no question stated"


def _size(experiment: Any) -> str:
    from boltzmann_rl.experiments.checks import entrants_of  # imported here: other commands do not need it

    agents, problems = len(entrants_of(experiment.agents)), len(experiment.problem)
    where = f" on {problems} problems" if problems > 1 else ""
    return f"{agents} agents{where}, {experiment.runs} runs, {experiment.length} {experiment.axis}s"
