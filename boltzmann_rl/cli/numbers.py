"""Numbers on the command line: those that are read, and means with their uncertainty as they are shown."""

import argparse
import math

__all__ = ["plus_minus", "seed", "whole"]


def whole(text: str) -> int:
    """A whole number from 1 on."""
    return _integer(text, 1, "a whole number, 1 or more")


def seed(text: str) -> int:
    """A seed."""
    return _integer(text, 0, "a whole number from 0 to 2**63 - 1", 2**63 - 1)


def _integer(text: str, minimum: int, allowed: str, maximum: int | None = None) -> int:
    try:
        number = int(text)
    except ValueError:
        number = minimum - 1
    if number < minimum or (maximum is not None and number > maximum):
        raise argparse.ArgumentTypeError(f"must be {allowed}, got {text!r}")
    return number


def plus_minus(mean: float, high: float) -> str:
    """A mean ± half its interval, which ends at ``high``, with two digits of the latter."""
    half = high - mean
    if not half > 0.0:  # one run, or no spread at all
        return f"{mean:.4g}"
    decimals = max(0, 1 - math.floor(math.log10(half)))
    return f"{mean:.{decimals}f} ± {half:.{decimals}f}"
