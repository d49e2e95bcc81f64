"""The command ``reproduce``."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from boltzmann_rl.arguments.parameters import with_parameters
from boltzmann_rl.cli.numbers import plus_minus, seed, whole
from boltzmann_rl.cli.sources import WrongCall, existing, meant, module_in, module_name
from boltzmann_rl.cli.terminal import say


def declare(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    summary = "run published experiments, and compare our numbers with the papers'"
    option = command("reproduce", reproduce, summary, "boltzmann-rl reproduce KP-T1 SB26 --quick").add_argument
    option("ids", nargs="*", metavar="ID", help="targets, or beginnings of their names (default: all)")
    option("--quick", action="store_true", help="a tenth of the runs, with wider tolerances")
    parameter = "change a parameter of the study, such as sd=0.5 or agent.policy.temperature=0.02, without a comparison"
    option("--set", action="append", default=[], metavar="NAME=VALUE", help=parameter)
    option("--list", action="store_true", help="only list the targets")
    option("--seed", type=seed, metavar="N", help="another seed for all studies")
    option("--jobs", type=whole, metavar="N", help="processes (default: 1)")
    option("--experiments", default="experiments", metavar="DIR", help="the folder that contains reproductions/")
    option("--results", default="results", metavar="DIR", help="folder of all results")
    option("--quiet", action="store_true", help="no progress, only the table")


def reproduce(options: argparse.Namespace) -> int:
    """Run published experiments, and compare our numbers with the papers'."""
    from boltzmann_rl.reproduction.page import lines_of
    from boltzmann_rl.reproduction.targets import measure_targets
    from boltzmann_rl.runs.progress import Progress

    papers = _targets(Path(options.experiments) / "reproductions", options.ids)
    targets = [target for members in papers.values() for target in members]
    if options.list:
        for target in targets:
            say(f"{target.id:<28} {target.study!r}")
        return 0
    if options.set:
        return _vary(targets, options)
    studies = len({repr(target.study) for target in targets})
    with Progress("reproduce", studies, shown=not options.quiet, unit="experiments") as shown:
        asked = {"quick": options.quick, "seed": options.seed, "jobs": options.jobs}
        rows = measure_targets(targets, advance=shown.advance, **asked)
    lines = [line for row in rows for line in lines_of(row)]
    widths = {key: max(len(key), *(len(line[key]) for line in lines)) for key in lines[0]}
    for line in ({key: key for key in widths}, *lines):
        say("  ".join(f"{line[key]:<{width}}" for key, width in widths.items()).rstrip())
    by_id = {row.target.id: row for row in rows}
    judged = {paper: [by_id[target.id] for target in members] for paper, members in papers.items()}
    passed = sum(row.passed for row in rows)
    say(f"\n{passed} of {len(rows)} targets agree.")
    if not options.ids and not options.quick and options.seed is None:  # the page shows all targets with all runs
        say(f"Page: {_save(judged, Path(options.results) / 'reproductions')}")
    return 0 if passed == len(rows) else 1


def _save(judged: dict[str, list[Any]], folder: Path) -> Path:
    """Write the page with its figures; the title of a paper is the first line of its file."""
    from boltzmann_rl.figures.style import figure_bytes
    from boltzmann_rl.reproduction.figure import plot_reproduction
    from boltzmann_rl.reproduction.page import save_reproductions

    told = {paper: sys.modules[module_name(Path(paper))].__doc__ or paper for paper in judged}
    titles = {paper: text.strip().splitlines()[0].rstrip(".") for paper, text in told.items()}
    figures = {paper: figure_bytes(plot_reproduction(rows, titles[paper])) for paper, rows in judged.items()}
    return save_reproductions(judged, folder, figures, titles)


def _targets(folder: Path, ids: Sequence[str]) -> dict[str, list[Any]]:
    """The targets of each paper whose names begin with one of ``ids``, or all targets if there are no ids."""
    files = sorted(existing(folder, "folder of reproductions").glob("*.py"))
    declared = {file.stem: list(module_in(file).TARGETS) for file in files}
    names = {target.id for targets in declared.values() for target in targets}
    for wanted in ids:
        if not any(target.id.startswith(wanted) for targets in declared.values() for target in targets):
            raise WrongCall(
                f"no target is called {wanted!r} or begins with it{meant(wanted, names)} "
                "boltzmann-rl reproduce --list names them all"
            )
    begins = tuple(wanted for wanted in ids if wanted not in names)  # a full name selects that target only
    chosen = {
        paper: [target for target in targets if not ids or target.id in ids or target.id.startswith(begins)]
        for paper, targets in declared.items()
    }
    return {paper: targets for paper, targets in chosen.items() if targets}


def _vary(targets: Sequence[Any], options: argparse.Namespace) -> int:
    import ast

    from boltzmann_rl.reproduction.targets import as_asked

    settings: dict[str, Any] = {}
    for setting in options.set:
        name, equals, text = setting.partition("=")
        if name in settings:
            raise WrongCall(f"--set gives {name} twice: {settings[name]!r}, and {text}")
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
        study = as_asked(study, options.quick and "runs" not in settings, options.seed)
        ours = study.measure(jobs=options.jobs)
        numbers = ", ".join(plus_minus(v, se) for v, se in zip(ours.values, ours.standard_errors, strict=True))
        say(f"{target.id}, varied: {study!r}\n    {numbers} (mean ± standard error, {ours.runs} runs)")
    return 0
