"""Levels: probabilities that a caller chooses."""

from boltzmann_rl.arguments import as_finite


def as_level(level: float, name: str, usual: float) -> float:
    """A probability strictly between 0 and 1.

    Args:
        level: What the caller gave.
        name: Name of the argument.
        usual: An example for the error.

    Raises:
        TypeError: It is not a number.
        ValueError: It is not between 0 and 1.

    Example:
        >>> as_level(95, "confidence", 0.95)
        Traceback (most recent call last):
        ValueError: confidence must lie between 0 and 1, got 95: 0.95 is usual
    """
    if not 0.0 < (found := as_finite(level, name)) < 1.0:
        raise ValueError(f"{name} must lie between 0 and 1, got {level}: {usual} is usual")
    return found
