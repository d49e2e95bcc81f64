"""The command ``tune``."""

import argparse
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boltzmann_rl.cli.numbers import seed, whole
from boltzmann_rl.cli.running import FILE, resized, warn
from boltzmann_rl.cli.sources import WrongCall, experiments_in, no_experiment
from boltzmann_rl.cli.terminal import say


def declare(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command and its options."""
    summary = "find the best parameters of the agents of an experiment, with the same number of runs for each"
    example = "boltzmann-rl tune experiments/ten_armed_testbed.py --over temperature=0.01:10 --over epsilon=0.001:1"
    parser = command("tune", tune, summary, example)
    parser.add_argument("file", metavar="FILE", help=FILE)
    over = "a parameter of agents, with a range LOW:HIGH or a list of numbers; may be given several times"
    parser.add_argument("--over", action="append", required=True, metavar="NAME=LOW:HIGH|A,B,…", help=over)

    option = parser.add_argument_group("how much, if other than FILE declares").add_argument
    budget = "runs with which each agent is tuned on each problem (default: six times the runs of the report)"
    option("--budget", type=whole, metavar="N", help=budget)
    option("--runs", type=whole, metavar="N", help="runs of the report, apart from the budget")
    option("--steps", type=whole, metavar="N", help="steps per run, or episodes with Gymnasium environments")
    option("--seed", type=seed, metavar="N", help="seed, 0 to 2**63 - 1")
    option("--quick", action="store_true", help="few runs, for a first look")

    option = parser.add_argument_group("where and how").add_argument
    option("--jobs", type=whole, metavar="N", help="processes, at most one per core (default: 1)")
    option("--results", default="results", metavar="DIR", help="folder of all results (default: results)")
    option("--quiet", action="store_true", help="no progress, only the recommendation")


def tune(options: argparse.Namespace) -> int:
    """Tune the experiments of a file, and write what was found."""
    from boltzmann_rl.experiments.sweeps import Sweep
    from boltzmann_rl.results.running import Place
    from boltzmann_rl.runs.runner import Manner
    from boltzmann_rl.tuning.tuner import planned, tuned

    file, over = Path(options.file), dict(map(_parsed, options.over))
    if len(over) < len(options.over):
        raise WrongCall("--over gives a parameter twice")
    declared = experiments_in(file)
    if not declared:
        raise no_experiment(file)
    if any(isinstance(one, Sweep) for one in declared):
        raise WrongCall(f"{file} declares a Sweep: tune takes a BanditExperiment or a GymnasiumExperiment")
    experiments = [resized(one, options) for one in declared]
    try:
        for experiment in experiments:
            planned(experiment, over, options.budget)
    except (TypeError, ValueError) as error:
        raise WrongCall(str(error)) from error
    for experiment in experiments:
        manner = Manner(options.jobs, progress=not options.quiet)
        found = tuned(experiment, over, options.budget, manner, Place(options.results, source=file), warn)
        folder = Path(options.results) / found.name
        figures = sorted((folder / "figures").glob("*-sensitivity.png"))
        say(f"\n{textwrap.fill(found.sentence, 100)}\n\nTables: {folder} and {folder / 'tuning'}")
        say(f"Figure: {figures[0]}\n" if figures else "")
    return 0


def _parsed(text: str) -> tuple[str, Any]:
    """A parameter and its values: ``temperature=0.01:10`` or ``temperature=0.1,0.2``."""
    name, _, values = text.partition("=")
    try:
        if ":" in values:
            low, high = map(_number, values.split(":"))
            return name, (low, high)
        return name, [_number(one) for one in values.split(",")]
    except ValueError:
        raise WrongCall(f"--over takes NAME=LOW:HIGH or NAME=A,B,… with numbers, got {text!r}") from None


def _number(text: str) -> float:
    """An int if it is written as one."""
    try:
        return int(text)
    except ValueError:
        return float(text)
