"""Looks: how an agent appears in all figures, with a hue for its family and a shade for its parameter."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from matplotlib.colors import to_hex, to_rgb

from boltzmann_rl.figures.families import Family
from boltzmann_rl.figures.labels import shortened

# Okabe & Ito (2008), *Color Universal Design*, without the yellow, which is too light for a line.
HUES = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#888888")

# The rules that most figures compare keep their hue from one experiment to the next.
_USUAL = {
    "Boltzmann": "#D55E00",
    "EpsilonGreedy": "#0072B2",
    "UCB1": "#009E73",
    "BoltzmannGumbel": "#CC79A7",
    "GaussianThompson": "#56B4E9",
    "BetaThompson": "#56B4E9",
    "Greedy": "#000000",
}
_FREE = ("#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#888888", "#0072B2", "#D55E00", "#000000")

DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)), (0, (9, 2)))
_BEHIND = "#d4d4d4"
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

# Contrast with white that text needs, and that lines need (WCAG 2.2, success criteria 1.4.3 and 1.4.11); the darkest
# shade of a family.
_TEXT, _LINE, _DARKEST = 4.6, 3.0, 11.0


class Look(NamedTuple):
    """How a line appears: its label, and whether that is typeset as mathematics; colour, dashes and marker.

    A line that stands behind others is light grey, thin and without a band.
    """

    label: str
    math: bool
    colour: str
    dashes: Any
    marker: str
    behind: bool = False

    def faded(self) -> "Look":
        """The look of a line that stands behind others."""
        return self._replace(colour=_BEHIND, dashes="-", marker="None", behind=True)

    @property
    def line(self) -> dict[str, Any]:
        """Keywords of a line."""
        return {"color": self.colour, "linestyle": self.dashes, "marker": self.marker, "markersize": 4.0,
                "markeredgewidth": 0.4, "markeredgecolor": "white"}  # fmt: skip

    @property
    def ink(self) -> str:
        """The colour of text beside the line, dark enough to be read on white."""
        return at_least(self.colour, _TEXT)


def looks_of(families: Mapping[str, Family], labels: Mapping[str, str] | None = None) -> dict[str, Look]:
    r"""The look of each agent: a hue and a marker for its family, a shade and dashes for its place in the family.

    If all agents are of one family, each has a hue of its own.

    Args:
        families: The family of each agent, by its label.
        labels: What to write instead of some labels, typeset by Matplotlib: ``$τ$`` is mathematics. Other labels are
            written as they are, on one line, and shortened where they are too long.

    Example:
        >>> greedy, tau = Family("ε-greedy", "EpsilonGreedy"), Family("Boltzmann", "Boltzmann")
        >>> looks = looks_of({"ε = 0.1": greedy, "τ = 0.1": tau, "τ = 1": tau}, {"τ = 1": "$\\tau=1$"})
        >>> looks["ε = 0.1"].colour, looks["τ = 1"].label, looks["τ = 0.1"].marker == looks["τ = 1"].marker
        ('#0072b2', '$\\tau=1$', True)
    """
    if len(families) > 1 and len(set(families.values())) == 1:
        families = {label: Family(label, family.rule) for label, family in families.items()}
    members: dict[Family, list[str]] = {}
    for label, family in families.items():
        members.setdefault(family, []).append(label)
    given, short = labels or {}, shortened(families)
    looks = {}
    for place, ((_, group), hue) in enumerate(zip(members.items(), _hues(members), strict=True)):
        for number, label in enumerate(group):
            written = given.get(label, short[label])
            colour, dashes = _shade(hue, number, len(group)), DASHES[number % len(DASHES)]
            if len(members) > len(HUES):  # hues are used twice, and differ by their dashes
                dashes = DASHES[(number + place // len(HUES)) % len(DASHES)]
            looks[label] = Look(written, label in given, colour, dashes, _MARKERS[place % len(_MARKERS)])
    return {label: looks[label] for label in families}


def _hues(families: Iterable[Family]) -> list[str]:
    """A hue for each family: the usual one of its rule, unless another family has it already."""
    families, found = list(families), dict[Family, str]()
    for family in families:
        words = family.rule.split(", ")
        usual = next((_USUAL[word] for word in words if word in _USUAL), None)
        if usual is not None and usual not in found.values():
            found[family] = usual
    free = [hue for hue in _FREE if hue not in found.values()] or [*_FREE]
    others = (family for family in families if family not in found)
    found |= {family: free[number % len(free)] for number, family in enumerate(others)}
    return [found[family] for family in families]


def _shade(hue: str, number: int, count: int) -> str:
    """The shade of a member of a family: the last is the darkest."""
    if count == 1:
        return at_least(hue, _LINE)
    return with_contrast(hue, float(_LINE * (_DARKEST / _LINE) ** (number / (count - 1))))


def at_least(colour: str, contrast: float) -> str:
    """The colour, darkened if its contrast with white is lower.

    Example:
        >>> at_least("#000000", 4.5), contrast_of(at_least("#E69F00", 4.5)) >= 4.5
        ('#000000', True)
    """
    return to_hex(to_rgb(colour)) if contrast_of(colour) >= contrast else with_contrast(colour, contrast)


def contrast_of(colour: str) -> float:
    """The contrast of a colour with white, from 1 to 21.

    Example:
        >>> contrast_of("white"), round(contrast_of("black")), round(contrast_of("#E69F00"), 1)
        (1.0, 21, 2.3)

    Source: WCAG 2.2, definition of contrast ratio.
    """
    parts = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour))
    return 1.05 / (sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)) + 0.05)


def with_contrast(colour: str, contrast: float) -> str:
    """The colour, mixed with black or white until it has this contrast with white."""
    rgb, low, high = to_rgb(colour), -1.0, 1.0  # −1: white, 0: the colour, 1: black
    for _ in range(20):
        middle = (low + high) / 2.0
        low, high = (low, middle) if contrast_of(_mixed(rgb, middle)) >= contrast else (middle, high)
    return _mixed(rgb, high)


def _mixed(rgb: tuple[float, float, float], black: float) -> str:
    """A colour with a part of black, or of white if that is negative."""
    red, green, blue = (part * (1.0 - black) if black > 0.0 else part * (1.0 + black) - black for part in rgb)
    return to_hex((red, green, blue))
