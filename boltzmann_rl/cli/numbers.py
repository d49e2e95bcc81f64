"""Numbers on the command line: parsing of options, and formatting of means with their uncertainty."""

import argparse
import math


def whole(text: str) -> int:
    """A whole number, 1 or more."""
    return _integer(text, 1, math.inf, "a whole number, 1 or more")


def seed(text: str) -> int:
    """A seed, 0 to 2⁶³ − 1."""
    return _integer(text, 0, 2**63 - 1, "a whole number from 0 to 2**63 - 1")


def level(text: str) -> float:
    """A probability between 0 and 1."""
    return _real(text, 1.0, "a number between 0 and 1, such as 0.05")


def positive(text: str) -> float:
    """A number above 0."""
    return _real(text, math.inf, "a number above 0")


def _real(text: str, below: float, allowed: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0.0 < number < below:
        raise argparse.ArgumentTypeError(f"must be {allowed}, got {text!r}")
    return number


def shard(text: str) -> tuple[int, int]:
    """A part of the work, such as 3/16."""
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"must be K/N with 1 ≤ K ≤ N, such as 3/16, got {text!r}")
    return int(number), int(of)


def _integer(text: str, minimum: int, maximum: float, allowed: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = minimum - 1
    if not minimum <= number <= maximum:
        raise argparse.ArgumentTypeError(f"must be {allowed}, got {text!r}")
    return number


def plus_minus(mean: float, half: float) -> str:
    """A mean ± ``half``, with two significant digits of the latter.

    The mean alone if ``half`` is not above 0.
    """
    if not half > 0.0:  # one run, or no spread
        return f"{mean:.4g}"
    decimals = max(0, 1 - math.floor(math.log10(half)))
    return f"{mean:.{decimals}f} ± {half:.{decimals}f}"
