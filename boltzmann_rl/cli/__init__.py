"""The command line: ``boltzmann-rl run | plot | list | reproduce | check``.

Exit status 0 when it worked, 1 when a run or a check failed, 2 when the call was wrong, 130 after Ctrl+C. An error is
one paragraph on standard error; ``--debug`` shows the traceback.
"""

import io
import os
import sys
import textwrap
import traceback
from collections.abc import Sequence

from boltzmann_rl.cli.parser import parser
from boltzmann_rl.cli.sources import WrongCall
from boltzmann_rl.cli.terminal import say

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    for out in (sys.stdout, sys.stderr):
        if isinstance(out, io.TextIOWrapper):
            out.reconfigure(errors="replace")  # where a terminal knows no ε, a question mark will do
    options = parser().options_of(arguments)
    try:
        status: int = options.command(options)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        say("boltzmann-rl: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has gone: there is nobody left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if options.debug:
            say(traceback.format_exc(), file=sys.stderr)
            return 2 if isinstance(error, WrongCall) else 1
        say(_paragraph(f"boltzmann-rl: {error or type(error).__name__}"), file=sys.stderr)
        return 2 if isinstance(error, WrongCall) else 1


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)
