"""The command line: ``boltzmann-rl run | plot | list | reproduce | check``.

The exit status is 0 for success, 1 if a run or a check failed, 2 if the arguments were wrong, 130 after Ctrl+C. Errors
are one paragraph on standard error; ``--debug`` shows the traceback.
"""

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
        if (reconfigure := getattr(out, "reconfigure", None)) is not None:  # also if a stream is wrapped
            reconfigure(errors="replace")  # a terminal that can't show ε shows a question mark
    options = parser().options_of(arguments)
    try:
        status: int = options.command(options)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        say("boltzmann-rl: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output, such as head, has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        text = f"boltzmann-rl: {error or type(error).__name__}"
        paragraph = textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)
        say(traceback.format_exc() if options.debug else paragraph, file=sys.stderr)
        return 2 if isinstance(error, WrongCall) else 1
