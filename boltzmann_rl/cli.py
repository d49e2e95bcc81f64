"""The command line: ``boltzmann-rl run | plot | list | reproduce | check``.

Exit status 0 when it worked, 1 when a run or a check failed, 2 when the call was wrong, 130 after Ctrl+C. An error is
one paragraph on standard error; ``--debug`` shows the traceback.
"""

import argparse
import importlib
import importlib.util
import math
import os
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import boltzmann_rl

if TYPE_CHECKING:
    from boltzmann_rl.experiments import Experiment

__all__ = ["main"]


class WrongCall(Exception):
    """What was asked for cannot be meant: exit status 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("boltzmann-rl: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone: there is nobody left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if options.debug:
            raise
        print(_paragraph(f"boltzmann-rl: {error or type(error).__name__}"), file=sys.stderr)
        return 2 if isinstance(error, WrongCall) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="boltzmann-rl",
        description="Boltzmann exploration and its rivals: run experiments, plot and compare them, check a policy.",
        epilog="Exit status: 0 it worked, 1 a run or a check failed, 2 the call was wrong.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"boltzmann_rl {boltzmann_rl.__version__}")
    common = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    common.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, function: Any, summary: str, example: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=f"Example: {example}",
            parents=[common],
            allow_abbrev=False,
        )
        sub.set_defaults(command=function)
        return sub

    run = command(
        "run",
        _run,
        "run the experiments declared in Python files, and write tables and figures",
        "boltzmann-rl run experiments/ten_armed_testbed.py --quick",
    )
    run.add_argument(
        "files", nargs="+", metavar="FILE", help="a Python file with a module-level EXPERIMENT (or several)"
    )
    run.add_argument("--runs", type=_whole, metavar="N", help="independent repetitions, instead of the declared number")
    run.add_argument("--steps", type=_whole, metavar="N", help="steps per run (of a Gymnasium experiment: episodes)")
    run.add_argument("--seed", type=_seed, metavar="N", help="seed, 0 to 2**63 - 1, instead of the declared one")
    run.add_argument("--jobs", type=_whole, metavar="N", help="processes, at most one a core is used (default: 1)")
    run.add_argument("--results", default="results", metavar="DIR", help="folder of all results (default: results)")
    run.add_argument(
        "--points", type=_whole, default=200, metavar="N", help="points per curve in the table (default: 200)"
    )
    run.add_argument("--quick", action="store_true", help="few runs, to see in a moment what it will look like")
    run.add_argument("--overwrite", action="store_true", help="replace results of another declaration or of more runs")
    run.add_argument("--quiet", action="store_true", help="no progress, only the summary")

    plot = command(
        "plot",
        _plot,
        "draw the figures of results again, from their tables",
        "boltzmann-rl plot results/ten_armed_testbed",
    )
    plot.add_argument("folder", metavar="DIR", help="the folder of one experiment's results")
    plot.add_argument("--output", metavar="FILE", help="where to draw instead (.png, .svg or .pdf)")

    listing = command(
        "list",
        _list,
        "list the experiments in a folder, each with its question",
        "boltzmann-rl list experiments",
    )
    listing.add_argument("folder", nargs="?", default="experiments", metavar="DIR", help="default: experiments")

    reproduce = command(
        "reproduce",
        _reproduce,
        "run published experiments, and hold our numbers against the papers'",
        "boltzmann-rl reproduce KP-T1 SB26 --quick",
    )
    reproduce.add_argument(
        "ids", nargs="*", metavar="ID", help="targets, or what their names begin with (default: all)"
    )
    reproduce.add_argument(
        "--quick", action="store_true", help="a tenth of the runs, and the tolerances that go with it"
    )
    reproduce.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another parameter of the study, such as sd=0.5 or agent.policy.temperature=0.02; judges nothing",
    )
    reproduce.add_argument("--list", action="store_true", help="only list the targets")
    reproduce.add_argument("--jobs", type=_whole, metavar="N", help="processes (default: 1)")
    reproduce.add_argument("--experiments", default="experiments", metavar="DIR", help="where reproductions/ is")
    reproduce.add_argument("--results", default="results", metavar="DIR", help="folder of all results")
    reproduce.add_argument("--quiet", action="store_true", help="no progress, only the table")

    check = command(
        "check",
        _check,
        "test a policy, yours or ours, against the laws of action selection",
        "boltzmann-rl check my_policies.py:POLICY",
    )
    check.add_argument(
        "policy", metavar="MODULE:NAME", help="an importable module or a Python file, and the policy in it"
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    experiments = [experiment for file in options.files for experiment in _experiments(Path(file))]
    for experiment in experiments:
        changes = {name: getattr(options, name) for name in ("runs", "seed") if getattr(options, name) is not None}
        if options.quick:
            experiment = experiment.quick()
        if options.steps is not None:
            experiment = experiment.with_length(options.steps)
        if changes:
            import dataclasses

            experiment = dataclasses.replace(experiment, **changes)
        results = experiment.run(jobs=options.jobs, progress=not options.quiet)
        folder = results.save(options.results, points=options.points, overwrite=options.overwrite)
        _print_summary(results)
        figure = next((folder / "figures").glob("*.png"))
        print(f"\n{textwrap.fill(results.sentence, 100)}\n\nTables and manifest: {folder}\nFigure: {figure}\n")
    return 0


def _print_summary(results: Any) -> None:
    primary = results.manifest["primary"]
    shown = [primary, *[m for m in ("best_action", "regret", "length", "terminated") if m in results.summary]]
    for problem, table in results.summary.groupby("problem", sort=False):
        print(f"\n{results.name} on {problem}: mean over the whole run ± half the 95 % interval, best first\n")
        width = max(len("agent"), *(len(agent) for agent in table["agent"]))
        print("  ".join([f"{'agent':<{width}}", *[f"{metric:>18}" for metric in shown], f"{'behind the best':>18}"]))
        shown_rows = _best_of_families(table, results.manifest["study"])
        for _, row in shown_rows.iterrows():
            cells = [_plus_minus(row[m], row[f"{m}_high"]) for m in shown]
            behind = _plus_minus(row["behind"], row["behind_high"]) if row["behind"] else "–"
            print("  ".join([f"{row['agent']:<{width}}", *[f"{cell:>18}" for cell in (*cells, behind)]]))
        if len(shown_rows) < len(table):
            print(f"(the best of each family; all {len(table)} agents are in summary.csv)")


def _best_of_families(table: Any, study: dict[str, Any]) -> Any:
    """Of a parameter study the best of each family, of other experiments all."""
    families = [study[agent][0] if agent in study else agent for agent in table["agent"]]
    return table[[family not in families[:row] for row, family in enumerate(families)]]


def _plus_minus(mean: float, high: float) -> str:
    half = high - mean
    if not half > 0.0:  # one run, or no spread at all
        return f"{mean:.4g}"
    decimals = max(0, 1 - math.floor(math.log10(half)))
    return f"{mean:.{decimals}f} ± {half:.{decimals}f}"


def _plot(options: argparse.Namespace) -> int:
    try:
        results = boltzmann_rl.load(_existing(Path(options.folder), "results"))
    except FileNotFoundError as error:
        raise WrongCall(str(error)) from error
    if options.output is not None:
        output = Path(options.output)
        if output.suffix not in (".png", ".svg", ".pdf"):
            raise WrongCall(f"--output must end in .png, .svg or .pdf, got {options.output!r}")
        results.plot().savefig(output, dpi=200)
        print(output)
        return 0
    from boltzmann_rl.plots import figure_bytes
    from boltzmann_rl.records import write

    for kind, image in figure_bytes(results.plot()).items():
        path = Path(options.folder) / "figures" / f"{results.name}.{kind}"
        write(path, image)
        print(path)
    return 0


def _list(options: argparse.Namespace) -> int:
    folder = _existing(Path(options.folder), "experiments")
    files = sorted(folder.glob("*.py"))
    if not files:
        raise WrongCall(f"there are no Python files in {folder}")
    for file in files:
        for experiment in _experiments(file):
            question = (sys.modules[_module_name(file)].__doc__ or "no question stated").strip().splitlines()[0]
            size = f"{len(experiment.entrants)} agents, {experiment.runs} runs, {experiment.length} {experiment.axis}s"
            print(f"{file}\n    {experiment.name}: {question}\n    {size}")
    return 0


def _reproduce(options: argparse.Namespace) -> int:
    from boltzmann_rl.progress import Progress
    from boltzmann_rl.records.reproductions import lines_of, save_reproductions
    from boltzmann_rl.reproduction import measure_targets

    papers = _targets(Path(options.experiments) / "reproductions", options.ids)
    targets = [target for members in papers.values() for target in members]
    if options.list:
        for target in targets:
            print(f"{target.id:<28} {target.study!r}")
        return 0
    if options.set:
        return _vary(targets, options)
    studies = len({repr(target.study) for target in targets})
    with Progress(studies, "reproduce", not options.quiet, unit="experiments") as bar:
        rows = measure_targets(targets, quick=options.quick, jobs=options.jobs, advance=bar.advance)
    lines = [line for row in rows for line in lines_of(row)]
    widths = {key: max(len(key), *(len(line[key]) for line in lines)) for key in lines[0]}
    for line in ({key: key for key in widths}, *lines):
        print("  ".join(f"{line[key]:<{width}}" for key, width in widths.items()).rstrip())
    by_id = {row.target.id: row for row in rows}
    judged = {paper: [by_id[target.id] for target in members] for paper, members in papers.items()}
    passed = sum(row.passed for row in rows)
    print(f"\n{passed} of {len(rows)} targets agree.")
    if not options.ids and not options.quick:  # the page is of everything, in full
        from boltzmann_rl.plots import figure_bytes, plot_reproduction

        figures = {paper: figure_bytes(plot_reproduction(members)) for paper, members in judged.items()}
        print(f"Page: {save_reproductions(judged, Path(options.results) / 'reproductions', figures)}")
    return 0 if passed == len(rows) else 1


def _targets(folder: Path, ids: Sequence[str]) -> dict[str, list[Any]]:
    """The targets of each paper whose names begin with one of ``ids``; all where there are none."""
    files = sorted(_existing(folder, "folder of reproductions").glob("*.py"))
    declared = {file.stem: list(_load(file).TARGETS) for file in files}
    for wanted in ids:
        if not any(target.id.startswith(wanted) for targets in declared.values() for target in targets):
            raise WrongCall(
                f"no target is called {wanted!r} or begins so; boltzmann-rl reproduce --list names them all"
            )
    names = {target.id for targets in declared.values() for target in targets}
    begins = tuple(wanted for wanted in ids if wanted not in names)  # SB26-ucb-1 is itself, SB26 all that begin so
    chosen = {
        paper: [target for target in targets if not ids or target.id in ids or target.id.startswith(begins)]
        for paper, targets in declared.items()
    }
    return {paper: targets for paper, targets in chosen.items() if targets}


def _vary(targets: Sequence[Any], options: argparse.Namespace) -> int:
    import ast

    from boltzmann_rl.reproduction import with_parameters

    settings = {}
    for setting in options.set:
        name, equals, text = setting.partition("=")
        try:
            settings[name] = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            equals = ""
        if not equals:
            raise WrongCall(f"--set takes NAME=VALUE with a number, a string in quotes or a tuple, got {setting!r}")
    for target in targets:
        try:
            study = with_parameters(target.study, settings)
        except ValueError as error:
            raise WrongCall(f"{error} (--set, {target.id})") from error
        if options.quick and "runs" not in settings and hasattr(study, "runs"):
            study = with_parameters(study, {"runs": max(study.runs // 10, 20)})
        ours = study.measure(jobs=options.jobs)
        numbers = ", ".join(_plus_minus(v, v + se) for v, se in zip(ours.values, ours.standard_errors, strict=True))
        print(f"{study!r}\n    {numbers} (mean ± standard error, {ours.runs} runs)")
    return 0


def _check(options: argparse.Namespace) -> int:
    place, colon, name = options.policy.rpartition(":")
    if not colon or not place or not name:
        raise WrongCall(f"the policy must be given as MODULE:NAME, got {options.policy!r}")
    module = _load(Path(place)) if place.endswith(".py") else _import(place)
    if not hasattr(module, name):
        raise WrongCall(f"there is no {name} in {place}")
    policy = getattr(module, name)
    if isinstance(policy, type):
        raise WrongCall(f"{name} is a class: name an instance, such as POLICY = {name}(...) in a file of your own")
    laws = boltzmann_rl.check_policy(policy)
    print(f"{policy!r} obeys all {len(laws)} laws:")
    for law in laws:
        print(f"  {law}")
    return 0


def _experiments(file: Path) -> list["Experiment"]:
    from boltzmann_rl.experiments import BanditExperiment, GymnasiumExperiment

    module = _load(_existing(file, "experiment file"))
    found = [part for part in vars(module).values() if isinstance(part, BanditExperiment | GymnasiumExperiment)]
    if not found:
        raise WrongCall(f"{file} declares no experiment: it needs a module-level EXPERIMENT = BanditExperiment(...)")
    return found


def _existing(path: Path, what: str) -> Path:
    if not path.exists():
        raise WrongCall(f"no {what} there: {path} does not exist (seen from {Path.cwd()})")
    return path


def _module_name(file: Path) -> str:
    return f"experiment_{file.stem}"


def _load(file: Path) -> ModuleType:
    """The module in a file; what it defines travels to worker processes by value."""
    import cloudpickle

    spec = importlib.util.spec_from_file_location(_module_name(file), _existing(file, "Python file"))
    if spec is None or spec.loader is None:
        raise WrongCall(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a file that ends the process would end ours as if all were done
        raise RuntimeError(f"{file} could not be loaded: {type(error).__name__}: {error}") from error
    cloudpickle.register_pickle_by_value(module)
    return module


def _import(name: str) -> ModuleType:
    sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise WrongCall(f"{name} cannot be imported: {error}") from error
    finally:
        sys.path.pop(0)


def _whole(text: str) -> int:
    return _integer(text, 1, "a whole number, 1 or more")


def _seed(text: str) -> int:
    return _integer(text, 0, "a whole number from 0 to 2**63 - 1", 2**63 - 1)


def _integer(text: str, minimum: int, allowed: str, maximum: int | None = None) -> int:
    try:
        number = int(text)
    except ValueError:
        number = minimum - 1
    if number < minimum or (maximum is not None and number > maximum):
        raise argparse.ArgumentTypeError(f"must be {allowed}, got {text!r}")
    return number


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    sys.exit(main())
