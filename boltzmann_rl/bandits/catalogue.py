"""Bandits by name, as ``gymnasium.make`` passes them: a name and JSON-compatible parameters."""

import inspect
from typing import Any

from boltzmann_rl.bandits.contextual import ClassificationBandit, ContextualLinearBandit
from boltzmann_rl.bandits.means import NearTies, NormalMeans
from boltzmann_rl.bandits.moving import AdversarialBandit, HeavyTailedBandit, SwitchingBandit
from boltzmann_rl.bandits.stationary import BernoulliBandit, GaussianBandit

_NORMAL, _EQUAL = NormalMeans(), NormalMeans(0.0, 0.0)


def _drifting(means: Any = _EQUAL, arms: int = 0, sd: float = 1.0, drift: float = 0.01) -> GaussianBandit:
    """The random walk of Sutton & Barto (2018), Exercise 2.5: all arms start out equal."""
    return GaussianBandit(means, arms, sd, drift)


def _switching(
    means: Any = _NORMAL, arms: int = 0, sd: float = 1.0, change_probability: float = 0.01, permute: bool = False
) -> SwitchingBandit:
    return SwitchingBandit(GaussianBandit(means, arms, sd), change_probability, permute)


def _near_ties(arms: int = 0, mean: float = 0.0, gap: float = 0.1, sd: float = 1.0) -> GaussianBandit:
    return GaussianBandit(NearTies(mean, gap), arms, sd)


PROBLEMS: dict[str, Any] = {
    "AdversarialBandit": AdversarialBandit,
    "BernoulliBandit": BernoulliBandit,
    "ClassificationBandit": ClassificationBandit,
    "ContextualLinearBandit": ContextualLinearBandit,
    "DriftingBandit": _drifting,
    "GaussianBandit": GaussianBandit,
    "HeavyTailedBandit": HeavyTailedBandit,
    "NearTiesBandit": _near_ties,
    "SwitchingBandit": _switching,
}


def as_bandit(bandit: Any, parameters: dict[str, Any]) -> Any:
    """A bandit, contextual or not, from an instance, or from a name in `PROBLEMS` with parameters.

    Raises:
        TypeError: Neither a bandit nor a name, or parameters that the bandit does not have.
        ValueError: An unknown bandit name.

    Example:
        >>> as_bandit("NearTiesBandit", {"arms": 3, "gap": 0.2})
        GaussianBandit(means=NearTies(mean=0.0, gap=0.2), arms=3, sd=1.0, drift=0.0)
    """
    if isinstance(bandit, str):
        if bandit not in PROBLEMS:
            raise ValueError(f"bandit must be a bandit or one of {', '.join(PROBLEMS)}, got {bandit!r}")
        known = inspect.signature(PROBLEMS[bandit]).parameters
        _refuse(
            bandit, set(parameters) - set(known), f"it takes {', '.join(known)} and the environment's own arguments"
        )
        return PROBLEMS[bandit](**parameters)
    _refuse(type(bandit).__name__, set(parameters), "a bandit instance has its parameters already")
    for name in ("arms", "start", "noise", "reward"):
        if not hasattr(bandit, name):
            raise TypeError(f"bandit must be a bandit or the name of one, got {bandit!r} without {name}")
    return bandit


def _refuse(name: str, unknown: set[str], why: str) -> None:
    """Refuse unknown parameters with Python's usual message, which libraries built on Gymnasium look for."""
    if unknown:
        raise TypeError(f"{name} got an unexpected keyword argument {min(unknown)!r}: {why}")
