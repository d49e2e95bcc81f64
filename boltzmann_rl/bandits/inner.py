"""Bandits within bandits: what changes or rescales another one."""

from typing import Any


def check_bandit(bandit: Any, remedy: str = "") -> None:
    """Refuse anything but a bandit.

    Args:
        bandit: What is given.
        remedy: The end of the message.

    Raises:
        TypeError: A class, or something that lacks a part of a bandit.
    """
    if isinstance(bandit, type):
        raise TypeError(f"bandit must be an instance, such as {bandit.__name__}(...), got the class")
    for name in ("arms", "start", "noise", "reward", "move"):
        if not hasattr(bandit, name):
            raise TypeError(f"bandit must be a bandit, got {bandit!r} without {name}{remedy}")


def innermost(bandit: Any) -> Any:
    """The bandit that contains no other.

    Example:
        >>> from boltzmann_rl.bandits import GaussianBandit, RescaledBandit
        >>> innermost(RescaledBandit(RescaledBandit(GaussianBandit(arms=3)))).arms
        3
    """
    while hasattr(bandit, "bandit"):
        bandit = bandit.bandit
    return bandit
