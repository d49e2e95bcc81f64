"""Names of folders, labels of tables and figures, and any other text: what is allowed, and how it is shown.

The same rules hold for a declaration and for a folder of results that is loaded.
"""

import re
import unicodedata
from typing import Any

from boltzmann_rl.arguments import shown

# Letters, digits, dot, dash and underscore; not a hidden file, a command-line option or a Windows device.
_NAME = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9_-])?", re.I | re.A)

_LONGEST = 5000

# Unicode categories: control and format characters (also those that reverse the direction of writing), surrogates, and
# line and paragraph separators.
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))

# Zero-width (non-)joiners, which Persian, Hindi and many emoji need.
_JOINERS = "\u200c\u200d"


def check_name(name: Any) -> None:
    """Refuse an invalid name of an experiment, which is also that of its folder.

    Raises:
        TypeError: Not a string.
        ValueError: Anything but 1 to 100 letters, digits, dots, dashes and underscores that begin with a letter or
            digit, or the name of a Windows device.
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a string, got {shown(name)}")
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"name must be up to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit, "
            f"so that it can be a folder anywhere; got {shown(name)}"
        )


def check_label(label: Any, of: str) -> None:
    """Refuse an invalid label of a problem or an agent.

    Args:
        label: The label.
        of: What it labels, for the message.

    Raises:
        TypeError: Not a string, or a blank one.
        ValueError: Control or invisible characters, line breaks, or more than 5,000 characters.
    """
    # A lone surrogate, as Python reads from undecodable file names, can stand in no text file.
    if not isinstance(label, str) or not label.strip() or any("\ud800" <= character <= "\udfff" for character in label):
        raise TypeError(f"the labels of {of} must be readable strings, got {shown(label)}")
    if len(label) > _LONGEST:
        raise ValueError(f"the labels of {of} must have at most {_LONGEST} characters, got {len(label)}")
    hidden = next((character for character in label if _is_hidden(character) and character not in _JOINERS), None)
    if hidden is not None:
        raise ValueError(
            f"the labels of {of} must be one line without control or invisible characters, "
            f"got {hidden!a} in {shown(label)}"
        )


def visible(text: str, keep: str = "") -> str:
    r"""The text with every control or invisible character replaced by its escape sequence.

    Args:
        text: Text for a terminal or a figure.
        keep: Characters to leave as they are, such as line breaks.

    Example:
        >>> visible("red: \x1b[31m")
        'red: \\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(ascii(c)[1:-1] if _is_hidden(c) and c not in keep else c for c in text)


def columns(text: str) -> int:
    r"""The number of columns that a terminal needs: 2 for a wide character, 0 for a combining mark.

    Example:
        >>> columns("ab"), columns("日本"), columns("e\N{COMBINING ACUTE ACCENT}")
        (2, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def cut(text: str, most: int) -> str:
    """The beginning of a text that fits into ``most`` columns, with an ellipsis if something is missing.

    Example:
        >>> cut("optimistic", 10), cut("optimistic", 6), cut("日本語", 4)
        ('optimistic', 'optim…', '日…')
    """
    if columns(text) <= most:
        return text
    used, kept = 1, 0  # the ellipsis
    while kept < len(text) and used + _columns_of(text[kept]) <= most:
        used += _columns_of(text[kept])
        kept += 1
    return f"{text[:kept]}…" if most >= 1 else ""


def _columns_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_hidden(character: str) -> bool:
    code = ord(character)  # the last two code points of every plane, and 32 more, are noncharacters
    return unicodedata.category(character) in _HIDDEN or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
