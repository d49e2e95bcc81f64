"""How far the work is: a bar with the time left on a terminal, a quiet line now and then in a log."""

import shutil
import sys
from types import TracebackType
from typing import Any, Self, TextIO

from tqdm import tqdm

__all__ = ["ProgressBar"]

_SECONDS_BETWEEN_LINES = 10.0


class ProgressBar:
    """Counts what is done on standard error; a context manager.

    Args:
        total: How much there is to do.
        name: Of the work.
        shown: Whether anything is written.
        unit: What is counted.
    """

    def __init__(self, total: int, name: str, shown: bool = True, unit: str = "runs") -> None:
        terminal = sys.stderr.isatty()
        size = (
            shutil.get_terminal_size()
        )  # 80 × 24 where a terminal claims to have no size, and tqdm would show nothing
        self._bar = tqdm(
            total=total,
            desc=name,
            unit=f" {unit}",
            disable=not shown,
            file=sys.stderr if terminal else _Lines(sys.stderr),
            mininterval=0.1 if terminal else _SECONDS_BETWEEN_LINES,
            ncols=size.columns if terminal else None,
            nrows=size.lines if terminal else None,
            bar_format=None
            if terminal
            else f"{{desc}}: {{n_fmt}} of {{total_fmt}} {unit}, {{elapsed}} gone, {{remaining}} left",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.close()

    def advance(self, done: int) -> None:
        """So many more are done."""
        self._bar.update(done)


class _Lines:
    """A stream for logs: what would overwrite the line becomes a line of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        line = text.strip()
        if line:
            self._stream.write(line + "\n")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
