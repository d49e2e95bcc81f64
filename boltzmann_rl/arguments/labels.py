"""Names and labels: what may be a folder, what may stand in a table or a figure, and how anything else is shown.

The same rules hold for a declaration and for a folder of results that is read, wherever it came from.
"""

import re
import unicodedata
from typing import Any

from boltzmann_rl.arguments import shown

__all__ = ["check_label", "check_name", "visible"]

# Letters, digits, dot, dash and underscore, neither hidden nor read as an option, nor a device on Windows.
_NAME = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9_-])?", re.I | re.A)

_LONGEST = 1000

# Control characters, invisible ones (also those that turn the direction of writing), half characters, and what ends a
# line or a paragraph: general categories of Unicode.
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))

# Scripts such as Persian and Hindi, and many emoji, join and part letters by these.
_JOINERS = "\u200c\u200d"


def check_name(name: Any) -> None:
    """Refuse what can't be the name of an experiment, and so of its folder.

    Raises:
        TypeError: Not a string.
        ValueError: Another string than 1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter
            or digit, or one that is a device on Windows.
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a string, got {shown(name)}")
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"name must be up to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit, "
            f"so that it can be a folder anywhere; got {shown(name)}"
        )


def check_label(label: Any, of: str) -> None:
    """Refuse what can't be the label of a problem or an agent.

    Args:
        label: What is to be one.
        of: What it labels, for the message.

    Raises:
        TypeError: Not a string, or one without anything to read.
        ValueError: One with control or invisible characters or line breaks, or of more than 1,000 characters.
    """
    if not isinstance(label, str) or not label.strip() or any(map(_is_half, label)):
        raise TypeError(f"the labels of {of} must be strings that can be read, got {shown(label)}")
    if len(label) > _LONGEST:
        raise ValueError(f"the labels of {of} must have at most {_LONGEST} characters, got {len(label)}")
    hidden = next((character for character in label if _is_hidden(character) and character not in _JOINERS), None)
    if hidden is not None:
        raise ValueError(
            f"the labels of {of} must be of one line and without control or invisible characters, "
            f"got {hidden!a} in {shown(label)}"
        )


def visible(text: str, keep: str = "") -> str:
    r"""The text with every control or invisible character written as its escape, so that none has an effect.

    Args:
        text: For a terminal or a figure.
        keep: Characters that stay, such as line breaks.

    Example:
        >>> visible("red: \x1b[31m")
        'red: \\x1b[31m'
    """
    if text.isprintable():
        return text
    return "".join(ascii(c)[1:-1] if _is_hidden(c) and c not in keep else c for c in text)


def _is_hidden(character: str) -> bool:
    code = ord(character)  # the last two of every plane, and 32 more, are promised never to be characters
    return unicodedata.category(character) in _HIDDEN or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _is_half(character: str) -> bool:
    """Half a character, as from a file name in no encoding: no file can hold it."""
    return "\ud800" <= character <= "\udfff"
