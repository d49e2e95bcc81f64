"""The whole command line: each command declares itself and its options beside its work."""

import argparse
from typing import Any

import boltzmann_rl
from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.cli import checking, reproducing, running

__all__ = ["parser"]


class _Parser(argparse.ArgumentParser):
    """One whose messages, which repeat what was typed, can only be read; so are those of its commands."""

    def _print_message(self, message: str, file: Any = None) -> None:
        super()._print_message(visible(message or "", keep="\n"), file)


def parser() -> argparse.ArgumentParser:
    """Of the whole command line; each command sets the function that it calls."""
    everything = _Parser(
        prog="boltzmann-rl",
        description="Boltzmann exploration and its rivals: run experiments, plot and compare them, check a policy.",
        epilog="Exit status: 0 it worked, 1 a run or a check failed, 2 the call was wrong.",
        allow_abbrev=False,
    )
    everything.add_argument("--version", action="version", version=f"boltzmann_rl {boltzmann_rl.__version__}")
    common = _Parser(add_help=False, allow_abbrev=False)
    common.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = everything.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, function: Any, summary: str, example: str) -> argparse.ArgumentParser:
        epilog, sentence = f"Example: {example}", f"{summary[0].upper()}{summary[1:]}."
        sub = commands.add_parser(
            name, help=summary, description=sentence, epilog=epilog, parents=[common], allow_abbrev=False
        )
        sub.set_defaults(command=function)
        return sub

    for room in (running, reproducing, checking):
        room.declare(command)
    return everything
