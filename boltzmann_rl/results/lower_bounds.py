"""Arms and lower bounds of the regret of declared bandits, read from a manifest without evaluating anything in it."""

import ast
import re
from collections.abc import Mapping
from typing import Any

from boltzmann_rl.statistics.lower_bounds import lai_robbins

# The number of arms in the repr of a bandit.
_ARMS = re.compile(r"\barms=([1-9]\d{0,8})\b")


def slopes_in(manifest: Mapping[str, Any]) -> dict[str, float]:
    """The slope of Lai & Robbins' bound on each problem whose arms have fixed, known laws.

    Example:
        >>> said = {"three": "GaussianBandit(means=(0.0, 0.5, 1.0), arms=3, sd=1.0, drift=0.0)", "drawn":
        ...         "GaussianBandit(means=NormalMeans(mean=0.0, sd=1.0), arms=10, sd=1.0, drift=0.0)"}
        >>> slopes_in({"declaration": {"problem": said}})
        {'three': 6.0}
    """
    declared = manifest["declaration"].get("problem")
    found = {label: _slope(said) for label, said in declared.items()} if isinstance(declared, Mapping) else {}
    return {label: slope for label, slope in found.items() if slope is not None}


def arms_in(manifest: Mapping[str, Any]) -> dict[str, int]:
    """The number of arms of each declared problem that says it.

    Example:
        >>> arms_in({"declaration": {"problem": {"x": "BernoulliBandit(means=(0.1, 0.9), arms=2, drift=0.0)"}}})
        {'x': 2}
    """
    declared = manifest["declaration"].get("problem")
    found = (
        {label: _ARMS.search(str(said)) for label, said in declared.items()} if isinstance(declared, Mapping) else {}
    )
    return {label: int(match[1]) for label, match in found.items() if match is not None}


def _slope(said: Any) -> float | None:
    """The slope on a bandit with this repr; None if it has no known one."""
    try:
        call = ast.parse(str(said), mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
            return None
        name, given = call.func.id, {str(part.arg): ast.literal_eval(part.value) for part in call.keywords}
        if given.get("drift") != 0.0:
            return None
        if name == "GaussianBandit":
            return lai_robbins(given["means"], given["sd"])
        return lai_robbins(given["means"]) if name == "BernoulliBandit" else None
    except (SyntaxError, ValueError, TypeError, KeyError, RecursionError, MemoryError):  # no law that is written here
        return None
