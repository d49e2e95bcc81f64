"""Labels of figures: on one line, shortened where they differ, and never typeset unless the user asks for it."""

import itertools
from collections.abc import Iterable
from typing import Any

from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import TextToPath

from boltzmann_rl.arguments import shown
from boltzmann_rl.arguments.labels import columns, visible

_WIDTHS = TextToPath()

# Characters of a label in a figure, at most.
MOST = 36


def as_written(text: Text, math: bool = False) -> Text:
    """The text, in which a dollar sign is a dollar sign unless it is to be typeset as mathematics.

    What the user writes over a text without dollar signs is typeset.
    """
    if not math and "$" in text.get_text():
        text.set_parse_math(False)
    return text


def joined(*parts: tuple[str, bool]) -> tuple[str, bool]:
    r"""Texts one after the other, each with whether it is typeset as mathematics, and whether the whole is.

    Example:
        >>> joined(("$5", False), (" − ", False), (r"$\tau$", True))
        ('\\$5 − $\\tau$', True)
        >>> joined(("$5", False), (" − ", False), ("$6", False))
        ('$5 − $6', False)
    """
    math = any(own for _, own in parts)
    return "".join(text if own or not math else text.replace("$", r"\$") for text, own in parts), math


def printed(text: str, math: bool) -> int:
    r"""The number of characters of usual width that a text takes when it is printed.

    Example:
        >>> printed("ε-greedy", False), printed(r"$\varepsilon$-greedy", True)
        (8, 7)
    """
    if not math:
        return columns(text)
    wide, character = (
        _WIDTHS.get_text_width_height_descent(one, FontProperties(), ismath=True)[0] for one in (text, "n")
    )
    return round(wide / character)


def one_line(label: str) -> str:
    """A label on one line, with invisible characters as escape sequences."""
    return visible(" ".join(label.split()))


def shortened(labels: Iterable[str], most: int = MOST) -> dict[str, str]:
    """Labels of at most ``most`` characters, which stay different.

    Of long labels that begin alike, the beginning is replaced by an ellipsis, and of those that end alike, the end.

    Example:
        >>> long = "Boltzmann exploration with sample averages, temperature "
        >>> list(shortened([f"{long}0.1, cooled", f"{long}0.2, cooled", "greedy"], 12).values())
        ['…0.1, cooled', '…0.2, cooled', 'greedy']
    """
    lines = {label: one_line(label) for label in dict.fromkeys(labels)}
    short = {label: cut(line, most) for label, line in lines.items()}
    alike: dict[str, list[str]] = {}
    for label, line in lines.items():
        if line not in alike.get(short[label], []):
            alike.setdefault(short[label], []).append(line)
    apart = {line: text for group in alike.values() if len(group) > 1 for line, text in _apart(group, most).items()}
    return {label: apart.get(line, short[label]) for label, line in lines.items()}


def cut(line: str, most: int = MOST) -> str:
    """The beginning of a line, with an ellipsis if something is missing."""
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _apart(lines: list[str], most: int) -> dict[str, str]:
    """The parts of different lines in which they differ; numbered if these are too long as well."""
    begin = len(_common(lines))
    end = len(_common([line[begin:][::-1] for line in lines]))
    parts = [f"…{line[begin:]}" if begin else line for line in lines]
    if max(map(len, parts)) > most and end:
        parts = [f"{part[: len(part) - end]}…" for part in parts]
    parts = [cut(part, most) for part in parts]
    if len(set(parts)) < len(lines):
        parts = [cut(f"({number}) {part}", most) for number, part in enumerate(parts, 1)]
    return dict(zip(lines, parts, strict=True))


def _common(lines: list[str]) -> str:
    """What all lines begin with, up to the end of a word."""
    same = itertools.takewhile(lambda characters: len(set(characters)) == 1, zip(*lines, strict=False))
    begin = "".join(characters[0] for characters in same)
    return begin[: begin.rfind(" ") + 1]


def as_text(label: Any, name: str) -> str:
    """A label of an axis, which may have several lines, with what is not printable as its escape."""
    if not isinstance(label, str):
        raise TypeError(f"{name} must be a string, got {shown(label)}")
    return visible(label, "\n")
