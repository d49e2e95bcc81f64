"""The commands, their options, and what ``--help`` says of them."""

import argparse
import sys
from typing import Any

import boltzmann_rl
from boltzmann_rl.cli.checking import check
from boltzmann_rl.cli.files import meant
from boltzmann_rl.cli.numbers import seed, whole
from boltzmann_rl.cli.reproducing import reproduce
from boltzmann_rl.cli.running import list_experiments, plot, run
from boltzmann_rl.labels import visible

__all__ = ["parser"]


class Parser(argparse.ArgumentParser):
    """One whose messages, which repeat what was typed, can only be read, and say which word was probably meant."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """All arguments, or the error that names those that are nothing: a command, or options of one."""
        given = sys.argv[1:] if args is None else list(args)
        commands = next(action.choices for action in self._actions if isinstance(action.choices, dict))
        first = given[0] if given else "--help"
        if first.startswith("-") and first not in ("-h", "--help", "--version"):
            self.error(f"the command comes first, then its options, got {first!r}")
        if not first.startswith("-") and first not in commands:
            self.error(f"there is no command {first!r}{meant(first, commands)} The commands are {', '.join(commands)}")
        options, unknown = self.parse_known_args(args, namespace)
        if unknown:
            known = [text for action in options.parser._actions for text in action.option_strings]
            wrong = next((text for text in unknown if text.startswith("-")), "")
            hint = meant(wrong.partition("=")[0], known) if wrong else "."
            self.error(f"unrecognized arguments: {' '.join(unknown)}{hint} See {options.parser.prog} --help")
        return options

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(visible(message or "", keep="\n"), file)


def parser() -> argparse.ArgumentParser:
    """Of the whole command line; each command sets the function that it calls."""
    everything = Parser(
        prog="boltzmann-rl",
        description="Boltzmann exploration and its rivals: run experiments, plot and compare them, check a policy.",
        epilog="Exit status: 0 it worked, 1 a run or a check failed, 2 the call was wrong.",
        allow_abbrev=False,
    )
    everything.add_argument("--version", action="version", version=f"boltzmann_rl {boltzmann_rl.__version__}")
    common = Parser(add_help=False, allow_abbrev=False)
    common.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = everything.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, function: Any, summary: str, example: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=f"Example: {example}",
            parents=[common],
            allow_abbrev=False,
        )
        sub.set_defaults(command=function, parser=sub)
        return sub

    running = command(
        "run",
        run,
        "run the experiments declared in Python files, and write tables and figures",
        "boltzmann-rl run experiments/ten_armed_testbed.py --quick --results tried",
    )
    running.add_argument(
        "files", nargs="+", metavar="FILE", help="a Python file with a module-level EXPERIMENT (or several)"
    )
    running.add_argument(
        "--runs", type=whole, metavar="N", help="independent repetitions, instead of the declared number"
    )
    running.add_argument("--steps", type=whole, metavar="N", help="steps per run (of a Gymnasium experiment: episodes)")
    running.add_argument("--seed", type=seed, metavar="N", help="seed, 0 to 2**63 - 1, instead of the declared one")
    running.add_argument("--jobs", type=whole, metavar="N", help="processes, at most one a core is used (default: 1)")
    running.add_argument("--results", default="results", metavar="DIR", help="folder of all results (default: results)")
    running.add_argument(
        "--points", type=whole, default=200, metavar="N", help="points per curve in the table (default: 200)"
    )
    running.add_argument("--quick", action="store_true", help="few runs, to see in a moment what it will look like")
    running.add_argument(
        "--overwrite", action="store_true", help="replace results of another declaration or of more runs"
    )
    running.add_argument("--quiet", action="store_true", help="no progress, only the summary")

    plotting = command(
        "plot",
        plot,
        "draw the figures of results again, from their tables",
        "boltzmann-rl plot results/ten_armed_testbed",
    )
    plotting.add_argument("folder", metavar="DIR", help="the folder of one experiment's results")
    plotting.add_argument("--output", metavar="FILE", help="where to draw instead (.png, .svg or .pdf)")

    listing = command(
        "list",
        list_experiments,
        "list the experiments in a folder, each with its question",
        "boltzmann-rl list experiments",
    )
    listing.add_argument("folder", nargs="?", default="experiments", metavar="DIR", help="default: experiments")

    reproducing = command(
        "reproduce",
        reproduce,
        "run published experiments, and hold our numbers against the papers'",
        "boltzmann-rl reproduce KP-T1 SB26 --quick",
    )
    reproducing.add_argument(
        "ids", nargs="*", metavar="ID", help="targets, or what their names begin with (default: all)"
    )
    reproducing.add_argument(
        "--quick", action="store_true", help="a tenth of the runs, and the tolerances that go with it"
    )
    reproducing.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another parameter of the study, such as sd=0.5 or agent.policy.temperature=0.02; judges nothing",
    )
    reproducing.add_argument("--list", action="store_true", help="only list the targets")
    reproducing.add_argument("--seed", type=seed, metavar="N", help="another seed for all that is drawn")
    reproducing.add_argument("--jobs", type=whole, metavar="N", help="processes (default: 1)")
    reproducing.add_argument("--experiments", default="experiments", metavar="DIR", help="where reproductions/ is")
    reproducing.add_argument("--results", default="results", metavar="DIR", help="folder of all results")
    reproducing.add_argument("--quiet", action="store_true", help="no progress, only the table")

    checking = command(
        "check",
        check,
        "test a policy, yours or ours, against the laws of action selection",
        "boltzmann-rl check my_policies.py:POLICY",
    )
    checking.add_argument(
        "policy", metavar="MODULE:NAME", help="an importable module or a Python file, and the policy in it"
    )
    return everything
