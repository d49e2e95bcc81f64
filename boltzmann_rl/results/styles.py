"""Styles of a report: the agents as they appear in figures, as CSS for a light and a dark page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boltzmann_rl.results.families import families_in

if TYPE_CHECKING:
    from boltzmann_rl.figures.looks import Look

# The width of a line in pixels; dashes of figures are in units of it.
_WIDTH = 2.0


def looks_in(manifest: Mapping[str, Any]) -> dict[str, Look]:
    """The look of each agent in figures of results with this manifest."""
    from boltzmann_rl.figures.looks import looks_of  # imported here: it imports Matplotlib

    return looks_of(families_in(manifest))


def css_of(looks: Mapping[str, Look], number: int) -> str:
    """The rules of the classes ``style-{number}-{place}`` of agents, in their order.

    Example:
        >>> from boltzmann_rl.figures.families import Family
        >>> from boltzmann_rl.figures.looks import looks_of
        >>> print(css_of(looks_of({"τ = 1": Family("Boltzmann", "Boltzmann")}), 0))
        .style-0-0 { --series: light-dark(#d55e00, #e56600); --ink: light-dark(#c05500, #e56600); }
    """
    return "\n".join(rule for place, look in enumerate(looks.values()) for rule in _rules(look, f"{number}-{place}"))


def _rules(look: Look, name: str) -> list[str]:
    from boltzmann_rl.figures.dark import on_dark  # imported here: it imports Matplotlib

    dark = on_dark(look.colour)
    colours = f"--series: light-dark({look.colour}, {dark}); --ink: light-dark({look.ink}, {dark});"
    dashes = () if look.dashes == "-" else look.dashes[1]
    lengths = " ".join(f"{_WIDTH * length:g}" for length in dashes)
    rule = f".line.style-{name} {{ stroke-dasharray: {lengths}; }}"
    return [f".style-{name} {{ {colours} }}", *([rule] if dashes else [])]
