"""What is written to a terminal: text that can only be read, whatever files and labels it comes from."""

import sys
from typing import TextIO

from boltzmann_rl.arguments.labels import visible

__all__ = ["say"]


def say(text: object = "", file: TextIO | None = None) -> None:
    """Print lines with control and invisible characters as their escapes, on standard output or to a file."""
    print(visible(str(text), keep="\n"), file=sys.stdout if file is None else file)
