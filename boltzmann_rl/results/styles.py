"""Styles of a report: the agents as they appear in figures, as CSS for a light and a dark page."""

from collections.abc import Mapping
from typing import Any

from matplotlib.colors import to_hex, to_rgb

from boltzmann_rl.figures.looks import Look, contrast_of, looks_of, with_contrast
from boltzmann_rl.results.families import families_in

# The ground of a dark page, as in theme.css.
_DARK_GROUND = "#14171c"

# The contrast with the dark ground of a line whose contrast with white is 3, the least in figures. Labels have the same
# colour, and text needs 4.5 (WCAG 2.2, success criterion 1.4.3).
_LEAST = 4.6

# From that on, contrasts grow more slowly than with white, since pale colours have little hue.
_POWER = 0.6

# The width of a line in pixels; dashes of figures are in units of it.
_WIDTH = 2.0


def looks_in(manifest: Mapping[str, Any]) -> dict[str, Look]:
    """The look of each agent in figures of results with this manifest."""
    return looks_of(families_in(manifest))


def css_of(looks: Mapping[str, Look], number: int) -> str:
    """The rules of the classes ``style-{number}-{place}`` of agents, in their order.

    Example:
        >>> from boltzmann_rl.figures.families import Family
        >>> print(css_of(looks_of({"τ = 1": Family("Boltzmann", "Boltzmann")}), 0))
        .style-0-0 { --series: light-dark(#d55e00, #e56600); --ink: light-dark(#c05500, #e56600); }
    """
    return "\n".join(rule for place, look in enumerate(looks.values()) for rule in _rules(look, f"{number}-{place}"))


def _rules(look: Look, name: str) -> list[str]:
    dark = on_dark(look.colour)
    colours = f"--series: light-dark({look.colour}, {dark}); --ink: light-dark({look.ink}, {dark});"
    dashes = () if look.dashes == "-" else look.dashes[1]
    lengths = " ".join(f"{_WIDTH * length:g}" for length in dashes)
    rule = f".line.style-{name} {{ stroke-dasharray: {lengths}; }}"
    return [f".style-{name} {{ {colours} }}", *([rule] if dashes else [])]


def on_dark(colour: str) -> str:
    """The colour on a dark page: what stands out from white by more also stands out from the dark ground by more.

    Example:
        >>> on_dark("#000000"), contrast_of(on_dark("#0072B2")) < contrast_of("#0072B2")
        ('#e8e8e8', True)
    """
    (red, green, blue), contrast = to_rgb(colour), _LEAST * max(contrast_of(colour) / 3.0, 1.0) ** _POWER
    most = max(red, green, blue)
    bright = to_hex((red / most, green / most, blue / most)) if most > 0.0 else colour  # dark shades would turn grey
    return with_contrast(bright, contrast_of(_DARK_GROUND) / contrast)
