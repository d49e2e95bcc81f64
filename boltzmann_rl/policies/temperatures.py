"""Temperatures in units that a person can choose: odds, effective actions, a greedy share, the range of the values.

Each has a method ``temperature(values, step)`` and stands where a policy takes a temperature. Rows whose values are
all equal are uniform at any temperature, so that none of them is an error.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_steps, as_values, check_best, place, set_fields, unwrap
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.arguments.rows import PerRow
from boltzmann_rl.numerics.maxima import boltzmann_temperature, log_gaps_below_the_best, moments, per_row
from boltzmann_rl.policies.parameters import as_row_parameter, temperature_at
from boltzmann_rl.protocols import Parameter

__all__ = [
    "GLIE",
    "EffectiveActions",
    "GreedyProbability",
    "Odds",
    "RelativeToRange",
    "RelativeToSpread",
    "TargetEntropy",
    "row_parameter",
]

# How far above ln(available) a target entropy may be rounded; the accuracy that is promised of the solution.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Odds:
    """The temperature at which a gap of Δ gives the better of two actions the odds r : 1, Δ / ln r.

    Args:
        gap: Δ in units of the values, 0 to ∞: a number or a schedule. 0 is greedy.
        odds: r > 1: a number or a schedule.

    Raises:
        ValueError: Odds of 1 or less, for which no temperature is finite.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> Boltzmann(Odds(gap=0.1, odds=9.0))([0.5, 0.6], step=0).round(4)
        array([0.1, 0.9])
    """

    gap: Parameter
    odds: Parameter
    constant = True

    def __post_init__(self) -> None:
        set_fields(
            self, gap=as_row_parameter(self.gap, "gap"), odds=_checked(as_row_parameter(self.odds, "odds"), *_ODDS)
        )

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        gap = row_parameter(self.gap, "gap", values, step)
        odds = _checked(row_parameter(self.odds, "odds", values, step), *_ODDS)
        with np.errstate(all="ignore"):
            return _answer(np.where(np.isinf(odds), 0.0, gap / np.log(odds)), values)


@dataclass(frozen=True)
class TargetEntropy:
    """The temperature at which the Boltzmann distribution of each row has a given entropy.

    H(softmax(values / temperature)) = target, exact to 1e-9 for gaps of any scale. Limits: ln(available) is
    temperature ∞; a target that the ties alone exceed is approached at temperature 0.

    Args:
        nats: The entropy in nats, from 0 to the logarithm of the number of available actions: a number or a schedule.

    Raises:
        ValueError: A target above ln(available) in a row whose values are not all equal.

    Example:
        >>> import math
        >>> from boltzmann_rl.numerics import entropy, softmax
        >>> t = TargetEntropy(math.log(2.0)).temperature([[3.0, 1.0, 0.0], [300.0, 100.0, 0.0]], step=0)
        >>> t.round(4)
        array([  1.287 , 128.7015])
        >>> round(entropy(softmax([3.0, 1.0, 0.0], t[0])), 9) == round(math.log(2.0), 9)
        True

    Source: the constraint of Haarnoja et al. (2018), *Soft Actor-Critic Algorithms and Applications*, §5, for one row.
    """

    nats: Parameter
    constant = True

    def __post_init__(self) -> None:
        set_fields(self, nats=as_row_parameter(self.nats, "nats"))

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        nats = row_parameter(self.nats, "nats", values, step)
        rule = "the entropy is at most ln(available) nats"
        return _answer(_entropy_temperature(values, nats, nats, rule), values)


@dataclass(frozen=True)
class EffectiveActions:
    """The temperature at which as many actions as wanted are effectively in play: exp(entropy) = target.

    2 effective actions explore as much as a fair coin between two. Limits and accuracy as in `TargetEntropy`: as many
    as there are is uniform, 1 is greedy.

    Args:
        target: From 1 to the number of available actions: a number or a schedule.

    Raises:
        ValueError: More effective actions than are available, in a row whose values are not all equal.

    Example:
        >>> from boltzmann_rl.numerics import effective_actions
        >>> from boltzmann_rl.policies import Boltzmann
        >>> from boltzmann_rl.schedules import Linear
        >>> policy = Boltzmann(EffectiveActions(Linear(10.0, 1.1, steps=500)))
        >>> [round(effective_actions(policy(range(10), step)), 6) for step in (0, 250, 500)]
        [10.0, 5.55, 1.1]

    Source: Hill (1973), *Diversity and Evenness*, Ecology 54, the number N₁.
    """

    target: Parameter
    constant = True

    def __post_init__(self) -> None:
        set_fields(self, target=_checked(as_row_parameter(self.target, "target"), *_TARGET_ACTIONS))

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        target = _checked(row_parameter(self.target, "target", values, step), *_TARGET_ACTIONS)
        rule = "there are at most as many effective actions"
        return _answer(_entropy_temperature(values, np.log(target), target, rule), values)


@dataclass(frozen=True)
class GreedyProbability:
    """The temperature at which the maxima together have a given probability, like 1 − ε of ε-greedy.

    Limits: 1 is temperature 0. Where the maxima are so many that even the uniform distribution gives them more than
    the target, it is approached at temperature ∞.

    Args:
        target: In (1/available, 1]: a number or a schedule.

    Raises:
        ValueError: A target below 1/available in a row whose values are not all equal: the best cannot be the rarest.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> Boltzmann(GreedyProbability(0.9))([0.0, 1.0, 2.0], step=0).round(4)
        array([0.0092, 0.0908, 0.9   ])
    """

    target: Parameter
    constant = True

    def __post_init__(self) -> None:
        set_fields(self, target=_checked(as_row_parameter(self.target, "target"), *_TARGET_SHARE))

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        target = _checked(row_parameter(self.target, "target", values, step), *_TARGET_SHARE)
        with np.errstate(all="ignore"):
            log_gaps = log_gaps_below_the_best(values)
            best = np.isneginf(log_gaps)
            ties, available = best.sum(axis=-1, keepdims=True), _available(values)
            rule = "the maxima are never rarer than 1/available"
            _refuse((ties < available) & (target * available < 1.0 - _TOLERANCE), target, available, rule)

            def log_odds_against(log_temperature: Floats, energy: Floats, weight: Floats) -> tuple[Floats, Floats]:
                others = np.where(best, 0.0, weight)
                total = others.sum(axis=-1, keepdims=True)
                return np.log(total / ties), (others * energy).sum(axis=-1, keepdims=True) / total

            # The odds of all others against the maxima keep the digits of a target near 1.
            goal, cold, hot = np.log((1.0 - target) / target), np.asarray(target) == 1.0, target * available <= ties
            return _answer(boltzmann_temperature(log_gaps, log_odds_against, goal, cold=cold, hot=hot), values)


@dataclass(frozen=True)
class RelativeToRange:
    """A temperature in units of the range of each row's values: scale · (max − min) over the available.

    The best action has the odds exp(1/scale) : 1 against the worst, whatever the rewards are counted in: neither a
    shift nor a change of scale of the values changes the policy.

    Args:
        scale: Without unit, 0 to ∞: a number or a schedule.

    Example:
        >>> RelativeToRange(0.5).temperature([[1.0, 2.0], [100.0, 300.0]], step=0)
        array([  0.5, 100. ])
    """

    scale: Parameter
    constant = True

    def __post_init__(self) -> None:
        set_fields(self, scale=as_row_parameter(self.scale, "scale"))

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        return _relative(row_parameter(self.scale, "scale", values, step), lambda gaps: 1.0, values)


@dataclass(frozen=True)
class RelativeToSpread:
    """A temperature in units of the spread of each row's values: scale · standard deviation over the available.

    The deviation is that of the population (``ddof`` 0). Neither a shift nor a change of scale of the values changes
    the policy, and one outlier among many actions changes it less than it does with `RelativeToRange`.

    Args:
        scale: Without unit, 0 to ∞: a number or a schedule.

    Example:
        >>> RelativeToSpread(2.0).temperature([1.0, 3.0], step=0)
        2.0
    """

    scale: Parameter
    constant = True

    def __post_init__(self) -> None:
        set_fields(self, scale=as_row_parameter(self.scale, "scale"))

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        return _relative(row_parameter(self.scale, "scale", values, step), _spread, values)


@dataclass(frozen=True)
class GLIE:
    """Greedy in the limit with infinite exploration: temperature C / ln n, on the clock ``"visits"``.

    C = max_a (Q(s, a*) − Q(s, a)) is the range of the state's values and n the number of its visits, this one
    included. No action is then rarer than 1 / (n · available), whose sum over the visits diverges, so that each is
    taken infinitely often; and for bounded values the temperature tends to 0. The first visit is uniform.

    An `Agent` in `Training` counts the visits. `act` takes ``step`` for them: the count of the one state, or one for
    each row. Where only decisions are known (an agent with ``clock="step"``, the integrations) it is refused.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> Boltzmann(GLIE())([[0.0, 1.0], [0.0, 1.0]], step=[0, 8])
        array([[0.5, 0.5],
               [0.1, 0.9]])

    Source: Singh, Jaakkola, Littman & Szepesvári (2000), *Convergence Results for Single-Step On-Policy
    Reinforcement-Learning Algorithms*, appendix B: β_t(s) = ln n_t(s) / C_t(s).
    """

    clock = "visits"

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        visit = row_parameter(lambda visits: as_steps(visits) + 1.0, "visits", values, step)
        with np.errstate(divide="ignore"):
            return _relative(1.0 / np.log(visit), lambda gaps: 1.0, values)


def row_parameter(parameter: Any, name: str, values: Floats, step: Any) -> float | Floats:
    """A policy's parameter in [0, ∞] at a step, aligned with the action axis: a float, or ``(..., 1)``.

    Raises:
        ValueError: A value that is negative or NaN, a clock per action, or a shape that does not fit the rows.
    """
    return per_row(temperature_at(parameter, values, step, name), name, values.shape)


def _checked(parameter: Any, name: str, rule: str, holds: Callable[[Any], Any]) -> Any:
    """The parameter as it is, unless it has values already and one of them breaks the rule."""
    if isinstance(parameter, PerRow):
        return PerRow(_checked(each, f"{name}[{row}]", rule, holds) for row, each in enumerate(parameter))
    if isinstance(parameter, float | np.ndarray) and not np.all(held := holds(parameter)):
        raise ValueError(f"{name} must be {rule}, got {np.extract(np.logical_not(held), parameter)[0]}")
    return parameter


_ODDS = ("odds", "above 1", lambda odds: odds > 1.0)
_TARGET_ACTIONS = ("target", "1 or more", lambda target: target >= 1.0)
_TARGET_SHARE = ("target", "above 0 and at most 1", lambda target: (target > 0.0) & (target <= 1.0))


def _entropy_temperature(values: Floats, nats: Any, target: Any, rule: str) -> Any:
    """The temperature of a given entropy, ``(..., 1)``; ``target`` and ``rule`` are for the refusal."""
    with np.errstate(all="ignore"):
        log_gaps = log_gaps_below_the_best(values)
        ties, available = np.isneginf(log_gaps).sum(axis=-1, keepdims=True), _available(values)
        most = np.log(available)
        _refuse((ties < available) & (nats > most + _TOLERANCE), target, available, rule)

        def entropy(log_temperature: Floats, energy: Floats, weight: Floats) -> tuple[Floats, Floats]:
            first, second = moments(energy, weight)
            return np.log(weight.sum(axis=-1, keepdims=True)) + first, second - first**2

        return boltzmann_temperature(log_gaps, entropy, nats, cold=nats <= np.log(ties), hot=nats >= most)


def _relative(scale: Any, fraction: Callable[[Floats], Any], values: Floats) -> Any:
    """Scale · fraction · range of each row, the fraction being one of its gaps in units of the range."""
    best = values.max(axis=-1, keepdims=True)
    check_best(values, best)
    with np.errstate(all="ignore"):
        lowest = np.where(np.isneginf(values), np.inf, values).min(axis=-1, keepdims=True)
        unit = np.where(np.isinf(best - lowest), 0.5, 1.0)  # where the range overflows, half of it does not
        extent = best * unit - lowest * unit
        gaps = np.where(np.isneginf(values), np.nan, (best * unit - values * unit) / extent)
        return _answer(np.where(extent == 0.0, np.inf, scale * fraction(gaps) * extent / unit), values)


def _spread(gaps: Floats) -> Any:
    """The population's standard deviation over the entries that are not NaN."""
    held = ~np.isnan(gaps)
    count = held.sum(axis=-1, keepdims=True)
    centred = gaps - np.where(held, gaps, 0.0).sum(axis=-1, keepdims=True) / count
    return np.sqrt(np.where(held, centred**2, 0.0).sum(axis=-1, keepdims=True) / count)


def _available(values: Floats) -> Any:
    return (~np.isneginf(values)).sum(axis=-1, keepdims=True)


def _refuse(wrong: Any, target: Any, available: Any, rule: str) -> None:
    """Refuse the first row whose target no temperature reaches."""
    if not wrong.any():
        return
    asked, where = np.broadcast_to(target, wrong.shape)[wrong][0], place("values", wrong[..., 0])
    raise ValueError(
        f"a target of {asked:g} is infeasible for {where} with {available[wrong][0]} available actions: {rule}"
    )


def _answer(temperature: Any, values: Floats) -> Any:
    """A float for one row, one temperature for each row ``(...,)`` otherwise."""
    return unwrap(np.broadcast_to(temperature, (*values.shape[:-1], 1))[..., 0])
