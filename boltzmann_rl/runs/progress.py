"""Progress: a bar with the remaining time on a terminal, an occasional line in a log."""

import shutil
import sys
from types import TracebackType
from typing import Any, Self, TextIO

from tqdm import tqdm

_SECONDS_BETWEEN_LINES = 10.0


class ProgressBar:
    """A context manager that shows progress on standard error.

    Args:
        total: Number of units to do.
        name: Label of the bar.
        shown: Whether anything is written.
        unit: What is counted.
    """

    def __init__(self, total: int, name: str, shown: bool = True, unit: str = "runs") -> None:
        # 80 × 24 if a terminal does not know its size, where tqdm would show nothing.
        terminal, size = sys.stderr.isatty(), shutil.get_terminal_size()
        in_log = f"{{desc}}: {{n_fmt}} of {{total_fmt}} {unit}, {{elapsed}} gone, {{remaining}} left"
        self._bar = tqdm(
            total=total,
            desc=name,
            unit=f" {unit}",
            disable=not shown,
            file=sys.stderr if terminal else _Lines(sys.stderr),
            mininterval=0.1 if terminal else _SECONDS_BETWEEN_LINES,
            ncols=size.columns if terminal else None,
            nrows=size.lines if terminal else None,
            bar_format=None if terminal else in_log,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.close()

    def advance(self, done: int) -> None:
        """Count ``done`` more units."""
        self._bar.update(done)


class _Lines:
    """A stream for logs, where each update of the bar becomes a line of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        if line := text.strip():
            self._stream.write(line + "\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
