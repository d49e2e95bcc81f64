"""Output to a terminal, with escapes for control characters that files or labels may contain."""

import sys
from typing import TextIO

from boltzmann_rl.arguments.labels import visible


def say(text: object = "", file: TextIO | None = None) -> None:
    """Print text to standard output or to a file, with control and invisible characters escaped."""
    print(visible(str(text), keep="\n"), file=sys.stdout if file is None else file)
