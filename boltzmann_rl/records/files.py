"""Files: CSV that survives a spreadsheet, written whole or not at all."""

from pathlib import Path

import pandas as pd

from boltzmann_rl.files import write

__all__ = ["csv_bytes", "read_csv", "write"]

# A spreadsheet runs a text cell that begins with one of these; a quote mark before it makes it text again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_TEXT = ("experiment", "problem", "agent", "metric")
_WHOLE = ("step", "run", "runs")


def csv_bytes(table: pd.DataFrame) -> bytes:
    """The table as UTF-8, one line a row, numbers to ten significant digits, far below their uncertainty."""
    table = table.copy()
    for column in [name for name in _TEXT if name in table]:
        table[column] = [f"'{text}" if _would_run(text) else text for text in table[column]]
    return table.to_csv(index=False, float_format="%.10g", lineterminator="\n").encode("utf-8")


def read_csv(path: Path) -> pd.DataFrame:
    """As written: numbers are parsed by Python, whose rounding is right in every version of pandas."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")
    for column in table.columns:
        if column in _TEXT:
            table[column] = [text[1:] if text.startswith("'") and _would_run(text) else text for text in table[column]]
        else:
            kind = int if column in _WHOLE else float
            table[column] = [kind(text or "nan") for text in table[column]]
    return table


def _would_run(text: str) -> bool:
    """Whether a formula begins here, behind any quote marks: a label that has some of its own keeps them."""
    return text.lstrip("'").startswith(_FORMULA)
