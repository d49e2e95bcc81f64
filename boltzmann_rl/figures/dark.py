"""Colours of figures on a dark page."""

from matplotlib.colors import to_hex, to_rgb

from boltzmann_rl.figures.looks import contrast_of, with_contrast

# The ground of a dark page, as in theme.css.
_DARK_GROUND = "#14171c"

# The contrast with the dark ground of a line whose contrast with white is 3, the least in figures. Labels have the same
# colour, and text needs 4.5 (WCAG 2.2, success criterion 1.4.3).
_LEAST = 4.6

# From that on, contrasts grow more slowly than with white, since pale colours have little hue.
_POWER = 0.6


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
