"""Temperatures in units that are easier to choose: odds, effective actions, probabilities, the range of the values.

Each has a method ``temperature(values, step)`` and can be given wherever a policy takes a temperature. Rows whose
values are all equal are uniform at any temperature; no target is an error for them.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_steps, as_values, check_best, check_fields, place, unwrap
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.numerics.maxima import boltzmann_temperature, log_gaps_below_the_best, moments
from boltzmann_rl.policies.parameters import as_row_parameter, checked, row_parameter
from boltzmann_rl.protocols import Parameter

# How far above ln(available) a target entropy may lie, as after rounding; also the promised accuracy of the solution.
_TOLERANCE = 1e-9

_above_one = partial(checked, rule="above 1", holds=lambda odds: odds > 1.0)
_one_or_more = partial(checked, rule="1 or more", holds=lambda actions: actions >= 1.0)
_probability = partial(checked, rule="above 0 and at most 1", holds=lambda p: (p > 0.0) & (p <= 1.0))


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
        check_fields(self, gap=as_row_parameter, odds=as_row_parameter)
        _above_one(self.odds, "odds")

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        gap = row_parameter(self.gap, "gap", values, step)
        odds = _above_one(row_parameter(self.odds, "odds", values, step), "odds")
        with np.errstate(all="ignore"):
            return _answer(np.where(np.isinf(odds), 0.0, gap / np.log(odds)), values)


@dataclass(frozen=True)
class TargetEntropy:
    """The temperature at which the Boltzmann distribution of each row has a given entropy.

    H(softmax(values / temperature)) = target, exact to 1e-9 for gaps of any scale. Limits: ln(available) is
    temperature ∞; a target below the entropy of the tied maxima, out of reach, is temperature 0.

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
        check_fields(self, nats=as_row_parameter)

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        nats = row_parameter(self.nats, "nats", values, step)
        rule = "the entropy is at most ln(available) nats"
        return _answer(_entropy_temperature(values, nats, nats, rule), values)


@dataclass(frozen=True)
class EffectiveActions:
    """The temperature at which the effective number of actions, exp(entropy), is the target.

    2 effective actions explore as much as a fair choice between two. Limits and accuracy as in `TargetEntropy`: all
    available actions is uniform, 1 is greedy.

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
        check_fields(self, target=as_row_parameter)
        _one_or_more(self.target, "target")

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        target = _one_or_more(row_parameter(self.target, "target", values, step), "target")
        rule = "there are at most as many effective actions"
        return _answer(_entropy_temperature(values, np.log(target), target, rule), values)


@dataclass(frozen=True)
class GreedyProbability:
    """The temperature at which the maxima together have a given probability, like 1 − ε of ε-greedy.

    Limits: 1 is temperature 0. A target that tied maxima exceed even under the uniform distribution is temperature ∞.

    Args:
        target: In (1/available, 1]: a number or a schedule.

    Raises:
        ValueError: A target below 1/available in a row whose values are not all equal: the best action is never the
            least likely.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> Boltzmann(GreedyProbability(0.9))([0.0, 1.0, 2.0], step=0).round(4)
        array([0.0092, 0.0908, 0.9   ])
    """

    target: Parameter
    constant = True

    def __post_init__(self) -> None:
        check_fields(self, target=as_row_parameter)
        _probability(self.target, "target")

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        target = _probability(row_parameter(self.target, "target", values, step), "target")
        rule = "the best action has a probability of at least 1/available"
        return _answer(_greedy_temperature(values, target, 1.0 - target, rule), values)


@dataclass(frozen=True)
class GreedyByVisits:
    """`GreedyProbability` 1 − (A − 1)/n: the others together get (A − 1)/n, about (A − 1)·ln n tries in n visits.

    A is the number of available actions and n the number of visits of the state, this one included, on the clock
    ``"visits"``, as in `GLIE`; the first A visits are uniform. It needs neither the scale of the rewards nor the length
    of the run. In a bandit, visits are decisions.

    Example:
        >>> from boltzmann_rl.policies import Boltzmann
        >>> Boltzmann(GreedyByVisits())([[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]], step=[2, 19]).round(4)
        array([[0.3333, 0.3333, 0.3333],
               [0.0092, 0.0908, 0.9   ]])
    """

    clock = "visits"

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        visit = row_parameter(lambda visits: as_steps(visits) + 1.0, "visits", values, step)
        available = _available(values)
        others = (available - 1.0) / np.maximum(visit, available)
        cooled = _greedy_temperature(values, 1.0 - others, others, "the best action is never the least likely")
        return _answer(np.where(visit <= available, np.inf, cooled), values)


@dataclass(frozen=True)
class RelativeToRange:
    """A temperature in units of the range of each row's values: scale · (max − min) over the available.

    The best action has the odds exp(1/scale) : 1 against the worst, whatever the unit of the rewards: neither a shift
    nor a change of scale of the values changes the policy.

    Args:
        scale: Without unit, 0 to ∞: a number or a schedule.

    Example:
        >>> RelativeToRange(0.5).temperature([[1.0, 2.0], [100.0, 300.0]], step=0)
        array([  0.5, 100. ])
    """

    scale: Parameter
    constant = True

    def __post_init__(self) -> None:
        check_fields(self, scale=as_row_parameter)

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
        check_fields(self, scale=as_row_parameter)

    def temperature(self, values: Any, step: Any) -> Any:
        values = as_values(values)
        return _relative(row_parameter(self.scale, "scale", values, step), _spread, values)


@dataclass(frozen=True)
class GLIE:
    """Greedy in the limit with infinite exploration: temperature C / ln n, on the clock ``"visits"``.

    C = max_a (Q(s, a*) − Q(s, a)) is the range of the state's values and n the number of its visits, this one
    included. Every action then has a probability of at least 1 / (n · available), whose sum over the visits diverges,
    so that each is taken infinitely often; and for bounded values the temperature tends to 0. The first visit is
    uniform.

    An `Agent` in `Training` counts the visits. For `act`, ``step`` is their number before this one: of the one state,
    or one for each row. Where only decisions are counted (an agent with ``clock="step"``, the integrations) it is
    refused.

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


def _greedy_temperature(values: Floats, target: Any, others: Any, rule: str) -> Any:
    """The temperature at which the maxima have a probability and all others the rest, ``(..., 1)``."""
    with np.errstate(all="ignore"):
        log_gaps = log_gaps_below_the_best(values)
        best = np.isneginf(log_gaps)
        ties, available = best.sum(axis=-1, keepdims=True), _available(values)
        _refuse((ties < available) & (target * available < 1.0 - _TOLERANCE), target, available, rule)

        def log_odds_against(log_temperature: Floats, energy: Floats, weight: Floats) -> tuple[Floats, Floats]:
            losing = np.where(best, 0.0, weight)
            total = losing.sum(axis=-1, keepdims=True)
            return np.log(total / ties), (losing * energy).sum(axis=-1, keepdims=True) / total

        # The odds of all others against the maxima keep the digits of a target near 1.
        goal, cold, hot = np.log(others / target), np.asarray(others) == 0.0, target * available <= ties
        return boltzmann_temperature(log_gaps, log_odds_against, goal, cold=cold, hot=hot)


def _entropy_temperature(values: Floats, nats: Any, target: Any, rule: str) -> Any:
    """The temperature of a given entropy, ``(..., 1)``; ``target`` and ``rule`` are for the error."""
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
    """The temperature scale · fraction · range of each row; ``fraction`` is given the gaps in units of the range."""
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
