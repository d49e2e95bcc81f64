"""What the command line says, with escapes for control characters that files or labels may contain.

Standard output and standard error may be None, closed, an object of a logger, or a pipe whose reader has ended. What
they do not take is lost, and the work goes on.
"""

import os
import sys
from contextlib import suppress
from typing import Any

from boltzmann_rl.arguments.labels import visible

# The errors by which output was lost that somebody may need, as on a full disk.
lost: list[OSError] = []


def say(text: object = "") -> None:
    """Write a text and a line break to standard output."""
    write(f"{text}\n", sys.stdout)


def complain(text: object) -> None:
    """Write a text and a line break to standard error."""
    write(f"{text}\n", sys.stderr)


def write(text: str, stream: Any) -> None:
    """Write a text to a stream, with control and invisible characters escaped."""
    try:
        if stream is not None:
            stream.write(visible(text, keep="\n"))
            getattr(stream, "flush", lambda: None)()
    except Exception as error:  # whatever a logger raises
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError) and stream is sys.stdout:
            lost.append(error)
        with suppress(Exception):  # the interpreter writes the rest at its end: to nowhere
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
