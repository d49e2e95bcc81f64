"""The parser of the command line; each command declares its options in its own module."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import boltzmann_rl
from boltzmann_rl.cli import animating, checking, folders, playing, reproducing, running, tuning
from boltzmann_rl.cli.sources import meant
from boltzmann_rl.cli.terminal import write


class Parser(argparse.ArgumentParser):
    """A parser whose messages escape control characters and suggest similar words."""

    def options_of(self, arguments: Sequence[str] | None) -> argparse.Namespace:
        """Parse all arguments, or exit with an error that names unknown commands or options."""
        given = sys.argv[1:] if arguments is None else list(arguments)
        commands = next(action.choices for action in self._actions if isinstance(action.choices, dict))
        first = given[0] if given else "--help"
        if first.startswith("-") and first not in ("-h", "--help", "--version"):
            self.error(f"the command comes first, then its options, got {first!r}")
        if not first.startswith("-") and first not in commands:
            self.error(f"there is no command {first!r}{meant(first, commands)} The commands are {', '.join(commands)}")
        options, unknown = self.parse_known_args(given)
        if unknown:
            known = [text for action in options.parser._actions for text in action.option_strings]
            wrong = next((text for text in unknown if text.startswith("-")), "")
            hint = meant(wrong.partition("=")[0], known) if wrong else "."
            self.error(f"unrecognized arguments: {' '.join(unknown)}{hint} See {options.parser.prog} --help")
        return options

    def _print_message(self, message: str, file: Any = None) -> None:
        write(message or "", file)


def parser() -> Parser:
    """The parser of the whole command line; each command sets the function to call as ``command``."""
    everything = Parser(
        prog="boltzmann-rl",
        description="Boltzmann exploration and its rivals: run experiments, plot and compare them, check a policy.",
        epilog="boltzmann-rl COMMAND --help describes a command. "
        "Exit status: 0 for success, 1 if a run or a check failed, 2 if the arguments were wrong, "
        "130 after Ctrl+C, 143 after SIGTERM.",
        allow_abbrev=False,
    )
    everything.add_argument("--version", action="version", version=f"boltzmann_rl {boltzmann_rl.__version__}")
    common = Parser(add_help=False, allow_abbrev=False)
    common.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = everything.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, function: Any, summary: str, example: str) -> argparse.ArgumentParser:
        epilog, sentence = f"Example: {example}", f"{summary[0].upper()}{summary[1:]}."
        sub = commands.add_parser(
            name, help=summary, description=sentence, epilog=epilog, parents=[common], allow_abbrev=False
        )
        sub.set_defaults(command=function, parser=sub)
        return sub

    for room in (running, folders, tuning, reproducing, checking, animating, playing):
        room.declare(command)
    return everything
