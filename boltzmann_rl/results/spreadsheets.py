"""CSV whose text cells no spreadsheet takes for formulas."""

from __future__ import annotations

import re
from pathlib import Path

from boltzmann_rl.lazy import pandas as pd

# A spreadsheet takes a text cell that begins with one of these for a formula (some also the full-width forms, and some
# skip invisible characters before it); a quote mark at the start makes it text.
_UNSEEN = r"'\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_FORMULA = re.compile(rf"[{_UNSEEN}]*[=+\-@＝＋－＠]|'*[\t\r\n]")

# Replaces a carriage return until the table is written: Python's csv does not quote it, so that it would end the row.
_RETURN = "\n\0return\0"

TEXT = {"experiment", "problem", "agent", "metric", "family"}
TEXT |= {"first", "second", "first_agent", "second_agent", "verdict", "method", "warning"}
WHOLE = ("step", "run", "runs", "window", "begin", "end")


def csv_bytes(table: pd.DataFrame) -> bytes:
    """The table as UTF-8; numbers have as many digits as identify them, up to 17."""
    table = table.copy()
    for column in [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]:
        table[column] = [_guarded(cell) if isinstance(cell, str) else cell for cell in table[column]]
    text = table.to_csv(index=False, lineterminator="\n")
    return text.replace(_RETURN, "\r").encode("utf-8")


def _guarded(text: str) -> str:
    return (f"'{text}" if is_formula(text) else text).replace("\r", _RETURN)


def read_csv(path: Path) -> pd.DataFrame:
    """The table as written; Python parses the numbers, since it always rounds correctly."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in table.columns:
        if column in TEXT:
            table[column] = [text[1:] if text.startswith("'") and is_formula(text) else text for text in table[column]]
        else:
            kind = int if column in WHOLE else float
            table[column] = [kind(text or "nan") for text in table[column]]
    return table


def is_formula(text: str) -> bool:
    """Whether a formula begins here, after any quote marks, so that a label's own quote marks are kept."""
    return _FORMULA.match(text) is not None
