"""The command line: ``boltzmann-rl run | list | plot | status | store | plan-runs | tune | reproduce | check | play``.

The exit status is 0 for success, 1 if a run or a check failed, 2 if the arguments were wrong, 130 after Ctrl+C, 143
after SIGTERM. Errors are one paragraph on standard error; ``--debug`` shows the traceback.
"""

import argparse
import sys
import textwrap
import traceback
from collections.abc import Sequence
from contextlib import suppress

from boltzmann_rl.cli import terminal
from boltzmann_rl.cli.parser import parser
from boltzmann_rl.cli.sources import WrongCall
from boltzmann_rl.cli.terminal import complain
from boltzmann_rl.runs.signals import Terminated, stopping

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:  # also if a stream is wrapped
            with suppress(OSError, ValueError):  # it is closed
                reconfigure(errors="replace")  # a terminal that can't show ε shows a question mark
    with stopping():
        try:
            return _status_of(parser().options_of(arguments))
        except (KeyboardInterrupt, Terminated) as stop:
            terminated = isinstance(stop, Terminated)
            said = "terminated" if terminated else "interrupted"
            complain("; ".join([f"boltzmann-rl: {said}", *getattr(stop, "__notes__", [])]))
            return 143 if terminated else 130


def _status_of(options: argparse.Namespace) -> int:
    """Run the command of the options; returns the exit status."""
    terminal.lost.clear()
    try:
        status: int = options.command(options)
    except (Exception, SystemExit) as error:  # SystemExit in a policy or an agent would end this process with status 0
        said = "; ".join([f"boltzmann-rl: {_text_of(error)}", *getattr(error, "__notes__", [])])
        text = textwrap.fill(said, 100, break_long_words=False, break_on_hyphens=False)
        complain(traceback.format_exc() if options.debug else text)
        return 2 if isinstance(error, WrongCall) else 1
    if terminal.lost:
        complain(f"boltzmann-rl: standard output was lost: {terminal.lost[0]}")
    return status or int(bool(terminal.lost))


def _text_of(error: BaseException) -> str:
    """What an error says; its kind and a remedy if it says nothing."""
    kind, text = type(error).__name__, str(error).strip()
    if isinstance(error, MemoryError):
        return f"out of memory{text and f' ({text})'}: fewer --jobs, --runs or --steps need less"
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, KeyError | SystemExit) or not text:
        return f"{kind}{text and f': {text}'}; --debug shows where it was raised"
    return text
