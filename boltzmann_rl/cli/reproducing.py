"""The command about the literature: reproduce."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from boltzmann_rl.cli.files import WrongCall, existing, meant, module_in
from boltzmann_rl.cli.numbers import plus_minus
from boltzmann_rl.cli.terminal import say

__all__ = ["reproduce"]


def reproduce(options: argparse.Namespace) -> int:
    """Run published experiments, and hold our numbers against the papers'."""
    from boltzmann_rl.progress import Progress
    from boltzmann_rl.records.reproductions import lines_of, save_reproductions
    from boltzmann_rl.reproduction import measure_targets

    papers = _targets(Path(options.experiments) / "reproductions", options.ids)
    targets = [target for members in papers.values() for target in members]
    if options.list:
        for target in targets:
            say(f"{target.id:<28} {target.study!r}")
        return 0
    if options.set:
        return _vary(targets, options)
    studies = len({repr(target.study) for target in targets})
    with Progress(studies, "reproduce", not options.quiet, unit="experiments") as bar:
        rows = measure_targets(targets, quick=options.quick, seed=options.seed, jobs=options.jobs, advance=bar.advance)
    lines = [line for row in rows for line in lines_of(row)]
    widths = {key: max(len(key), *(len(line[key]) for line in lines)) for key in lines[0]}
    for line in ({key: key for key in widths}, *lines):
        say("  ".join(f"{line[key]:<{width}}" for key, width in widths.items()).rstrip())
    by_id = {row.target.id: row for row in rows}
    judged = {paper: [by_id[target.id] for target in members] for paper, members in papers.items()}
    passed = sum(row.passed for row in rows)
    say(f"\n{passed} of {len(rows)} targets agree.")
    if not options.ids and not options.quick and options.seed is None:  # the page is of everything, in full
        from boltzmann_rl.plots import figure_bytes, plot_reproduction

        figures = {paper: figure_bytes(plot_reproduction(members)) for paper, members in judged.items()}
        say(f"Page: {save_reproductions(judged, Path(options.results) / 'reproductions', figures)}")
    return 0 if passed == len(rows) else 1


def _targets(folder: Path, ids: Sequence[str]) -> dict[str, list[Any]]:
    """The targets of each paper whose names begin with one of ``ids``; all where there are none."""
    files = sorted(existing(folder, "folder of reproductions").glob("*.py"))
    declared = {file.stem: list(module_in(file).TARGETS) for file in files}
    names = {target.id for targets in declared.values() for target in targets}
    for wanted in ids:
        if not any(target.id.startswith(wanted) for targets in declared.values() for target in targets):
            raise WrongCall(
                f"no target is called {wanted!r} or begins so{meant(wanted, names)} "
                "boltzmann-rl reproduce --list names them all"
            )
    begins = tuple(wanted for wanted in ids if wanted not in names)  # SB26-ucb-1 is itself, SB26 all that begin so
    chosen = {
        paper: [target for target in targets if not ids or target.id in ids or target.id.startswith(begins)]
        for paper, targets in declared.items()
    }
    return {paper: targets for paper, targets in chosen.items() if targets}


def _vary(targets: Sequence[Any], options: argparse.Namespace) -> int:
    import ast

    from boltzmann_rl.reproduction import with_parameters

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
        if options.seed is not None and hasattr(study, "seed"):
            study = with_parameters(study, {"seed": options.seed})
        if options.quick and "runs" not in settings and hasattr(study, "runs"):
            study = with_parameters(study, {"runs": max(study.runs // 10, 20)})
        ours = study.measure(jobs=options.jobs)
        numbers = ", ".join(plus_minus(v, v + se) for v, se in zip(ours.values, ours.standard_errors, strict=True))
        say(f"{target.id}, varied: {study!r}\n    {numbers} (mean ± standard error, {ours.runs} runs)")
    return 0
