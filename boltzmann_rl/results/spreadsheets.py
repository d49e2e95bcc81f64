"""Files: CSV that survives a spreadsheet, written whole or not at all."""

import re
from pathlib import Path

import pandas as pd
from pandas.api.types import is_numeric_dtype

from boltzmann_rl.storage.atomic import write

__all__ = ["csv_bytes", "read_csv", "write"]

# A spreadsheet runs a text cell that begins with one of these (some read the wide forms alike, and some skip what can't
# be seen before them); a quote mark before it makes it text again.
_UNSEEN = r"'\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_FORMULA = re.compile(rf"[{_UNSEEN}]*[=+\-@＝＋－＠]|'*[\t\r\n]")

# Stands for a carriage return until the table is written: Python's csv puts no quotes around a cell for its sake, and
# others would read it as the end of a row.
_RETURN = "\n\0return\0"

_TEXT = ("experiment", "problem", "agent", "metric")
_WHOLE = ("step", "run", "runs")


def csv_bytes(table: pd.DataFrame) -> bytes:
    """The table as UTF-8, one line a row, numbers to ten significant digits, far below their uncertainty."""
    table = table.copy()
    for column in [name for name in table if not is_numeric_dtype(table[name])]:
        table[column] = [_guarded(cell) if isinstance(cell, str) else cell for cell in table[column]]
    text = table.to_csv(index=False, float_format="%.10g", lineterminator="\n")
    return text.replace(_RETURN, "\r").encode("utf-8")


def _guarded(text: str) -> str:
    return (f"'{text}" if _would_run(text) else text).replace("\r", _RETURN)


def read_csv(path: Path) -> pd.DataFrame:
    """As written: numbers are parsed by Python, whose rounding is right in every version of pandas."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in table.columns:
        if column in _TEXT:
            table[column] = [text[1:] if text.startswith("'") and _would_run(text) else text for text in table[column]]
        else:
            kind = int if column in _WHOLE else float
            table[column] = [kind(text or "nan") for text in table[column]]
    return table


def _would_run(text: str) -> bool:
    """Whether a formula begins here, behind any quote marks: a label that has some of its own keeps them."""
    return _FORMULA.match(text) is not None
