"""Temperatures in units that are easier to choose, and their roots in a fixed number of rounds.

Roots are found in the inverse temperature in units of the range, b = range / temperature. The rounds have no
gradient; the last step is one of Newton's method, whose derivative is that of the root (implicit function theorem).
Where no temperature meets a target, and NumPy raises, the temperature is NaN.
"""

from collections.abc import Callable
from math import inf, log, nan
from typing import Any, NamedTuple

from boltzmann_rl.backends.family import Rows
from boltzmann_rl.policies.temperatures import (
    GLIE,
    EffectiveActions,
    GreedyByVisits,
    GreedyProbability,
    Odds,
    RelativeToRange,
    RelativeToSpread,
    TargetEntropy,
)


class Spread(NamedTuple):
    """Of each row: gaps below the best in units of the range, that range times ``unit``, and numbers of actions."""

    gaps: Any
    extent: Any
    unit: Any
    tied: Any
    ties: Any
    count: Any


def spread_of(xp: Any, rows: Rows) -> Spread:
    """The relative gaps of rows; where all values are equal, the range is taken as 1."""
    unit = xp.where(xp.lowest(rows.unit) < 1.0, 0.5, 1.0)
    unit = xp.like(unit, rows.values)
    below = -rows.gaps * xp.where(rows.available, unit / rows.unit, 1.0)
    found = xp.highest(below)
    tied = found == 0.0
    extent = xp.where(tied, 1.0, found)
    ties, count = (xp.total(xp.like(held, rows.values)) for held in (rows.top, rows.available))
    return Spread(below / extent, extent, unit, tied, ties, xp.maximum(count, 1.0))


def _visits(xp: Any, rows: Rows, step: Any, unit: str) -> Any:
    visits = xp.like(step, rows.values) + 1.0
    if visits.shape != rows.values.shape[:-1]:
        raise ValueError(
            f"{unit} counts visits: step must have one number for each row of values {tuple(rows.values.shape)}, got "
            f"shape {tuple(visits.shape)}"
        )
    return visits[..., None]


def _relative(xp: Any, spread: Spread, scale: Any, fraction: Any = 1.0) -> Any:
    plain = xp.where(scale < inf, scale, 1.0)
    found = xp.where(spread.tied | (scale == inf), inf, plain * fraction * spread.extent / spread.unit)
    return xp.where(scale >= 0.0, found, nan)


def _range(xp: Any, rows: Rows, step: Any, scale: Any) -> Any:
    return _relative(xp, spread_of(xp, rows), scale)


def _deviation(xp: Any, rows: Rows, step: Any, scale: Any) -> Any:
    spread = spread_of(xp, rows)
    mean = xp.total(spread.gaps) / spread.count
    square = xp.total(xp.where(rows.available, spread.gaps - mean, 0.0) ** 2) / spread.count
    return _relative(xp, spread, scale, xp.sqrt(xp.where(spread.tied, 1.0, square)))


def _glie(xp: Any, rows: Rows, step: Any) -> Any:
    visits = _visits(xp, rows, step, "GLIE")
    later = visits > 1.0
    found = _relative(xp, spread_of(xp, rows), xp.where(later, 1.0 / xp.log(xp.where(later, visits, 2.0)), inf))
    return xp.where(visits >= 1.0, found, nan)


def _odds(xp: Any, rows: Rows, step: Any, gap: Any, odds: Any) -> Any:
    plain = (odds > 1.0) & (odds < inf)
    found = gap / xp.log(xp.where(plain, odds, 2.0))
    return xp.where(plain, found, xp.where(odds == inf, 0.0, nan))


def _nats(xp: Any, rows: Rows, step: Any, nats: Any) -> Any:
    return entropy_temperature(xp, rows, nats)


def _effective(xp: Any, rows: Rows, step: Any, target: Any) -> Any:
    one_or_more = target >= 1.0
    return entropy_temperature(xp, rows, xp.where(one_or_more, xp.log(xp.where(one_or_more, target, 1.0)), nan))


def _greedy(xp: Any, rows: Rows, step: Any, target: Any) -> Any:
    return greedy_temperature(xp, rows, target, 1.0 - target)


def _greedy_by_visits(xp: Any, rows: Rows, step: Any) -> Any:
    visits = _visits(xp, rows, step, "GreedyByVisits")
    count = spread_of(xp, rows).count
    others = (count - 1.0) / xp.maximum(visits, count)
    found = greedy_temperature(xp, rows, 1.0 - others, others)
    return xp.where(visits >= 1.0, xp.where(visits <= count, inf, found), nan)


def entropy_temperature(xp: Any, rows: Rows, nats: Any) -> Any:
    """The temperature ``(..., 1)`` at which the softmax has an entropy of ``nats``."""
    spread = spread_of(xp, rows)
    most = xp.log(spread.count)
    slack = max(1e-9, 8.0 * xp.limits(rows.values)[1])
    cold, hot = nats <= xp.log(xp.maximum(spread.ties, 1.0)), nats >= most

    def quantity(b: Any, gaps: Any) -> tuple[Any, Any]:
        energy, weight, total = boltzmann(xp, rows, b, gaps)
        mean = xp.total(weight * energy) / total
        others = xp.total(xp.where(rows.first, 0.0, weight))
        return xp.log1p(others) + mean, -xp.total(weight * (energy - mean) ** 2) / total

    feasible = (nats >= 0.0) & (nats <= most + slack)
    return _temperature(xp, spread, quantity, nats, (cold, hot, feasible))


def greedy_temperature(xp: Any, rows: Rows, target: Any, others: Any) -> Any:
    """The temperature ``(..., 1)`` at which the maxima have the probability ``target``, and all others the rest."""
    spread = spread_of(xp, rows)
    slack = max(1e-9, 8.0 * xp.limits(rows.values)[1])
    ties = xp.maximum(spread.ties, 1.0)
    losing = rows.available & ~rows.top

    def quantity(b: Any, gaps: Any) -> tuple[Any, Any]:
        lowest = xp.lowest(xp.where(losing, gaps, inf))
        lowest = xp.where(lowest < inf, lowest, 0.0)
        above = gaps - lowest  # compilers may round the gaps differently here and there: it can be just below 0
        energy, weight, _ = boltzmann(xp, rows, b, xp.where(losing & (above >= 0.0), above, 0.0))
        weight = xp.where(losing, weight, 0.0)
        total = xp.total(weight)
        total = xp.where(total > 0.0, total, 1.0)
        return xp.log(total / ties) - b * lowest, -xp.total(weight * energy) / total - b * lowest

    inside = (target > 0.0) & (others > 0.0)
    goal = xp.log(xp.where(inside, others, 1.0) / xp.where(inside, target, 1.0))
    cold, hot = others == 0.0, target * spread.count <= ties
    feasible = (target > 0.0) & (target <= 1.0) & (target * spread.count >= 1.0 - slack)
    return _temperature(xp, spread, quantity, goal, (cold, hot, feasible))


def boltzmann(xp: Any, rows: Rows, b: Any, gaps: Any) -> tuple[Any, Any, Any]:
    """Energies b·gap, capped where their weights are 0 in rounding; the weights exp(−energy); and their sum."""
    tiny, eps, _ = xp.limits(rows.values)
    energy = xp.minimum(b * gaps, 1.0 - log(tiny) - log(eps))
    weight = xp.where(rows.available, xp.exp(-energy), 0.0)
    return energy, weight, xp.total(weight)


def _temperature(xp: Any, spread: Spread, quantity: Callable[..., Any], goal: Any, limits: tuple[Any, Any, Any]) -> Any:
    """The temperature, range / b, at the root of a falling ``quantity``; ``limits`` are cold, hot and feasible rows."""
    cold, hot, feasible = limits
    known = cold | hot | ~feasible | spread.tied
    found = root(xp, quantity, spread.gaps, goal, known)
    answer = xp.where(known, 1.0, spread.extent / found / spread.unit)
    answer = xp.where(hot, inf, xp.where(cold, 0.0, answer))
    return xp.where(spread.tied, inf, xp.where(feasible, answer, nan))


def root(xp: Any, quantity: Callable[..., Any], gaps: Any, goal: Any, known: Any) -> Any:
    """The b with ``quantity(b, gaps)[0] == goal``, ``(..., 1)``; 1 where ``known``.

    ``quantity(b, gaps) -> (value, slope)`` falls with b; the slope is the derivative in ln b.
    """
    _, eps, most = xp.limits(gaps)
    fixed, aim = xp.constant(gaps), xp.constant(xp.where(known, 0.0, goal))
    start = xp.zeros_like(xp.lowest(fixed)) + 0.0 * aim

    # From where all weights are 1 in rounding to where b nearly overflows; the rest is left to Newton's method.
    ends = start + log(eps) - 4.0, start + log(most) - 1.0
    x = crossing(xp, lambda x: quantity(xp.exp(x), fixed)[0] > aim, ends, rounds=8 if eps > 1e-10 else 15)
    b = xp.constant(xp.exp(x))
    for _ in range(2):
        b = xp.constant(b * xp.exp(_newton(xp, quantity(b, fixed), aim, known)))
    return b * xp.exp(_newton(xp, quantity(b, gaps), xp.where(known, 0.0, goal), known))


def crossing(xp: Any, before: Callable[[Any], Any], ends: tuple[Any, Any], rounds: int) -> Any:
    """Where ``before`` turns false between two ends; each round divides the bracket by 8.

    Seven points are tried at once, along a new first axis: fewer, larger operations than with bisections.
    """

    def narrower(bracket: tuple[Any, Any]) -> tuple[Any, Any]:
        low, high = bracket
        step = (high - low) / 8.0
        passed = xp.like(before(xp.stack([low + k * step for k in range(1, 8)])).sum(0), low)
        return low + passed * step, low + (passed + 1.0) * step

    low, high = xp.repeat(rounds, narrower, ends)
    return low + (high - low) / 2.0


def _newton(xp: Any, found: tuple[Any, Any], goal: Any, known: Any) -> Any:
    """Newton's step in ln b, at most 0.01, with the slope as a constant."""
    value, slope = found
    steep = (slope < 0.0) & ~known
    step = xp.where(steep, goal - value, 0.0) / xp.constant(xp.where(steep, slope, -1.0))
    return xp.minimum(xp.maximum(step, -0.01), 0.01)


# The formula of each unit, ``(xp, rows, step, **fields) -> temperature``.
UNITS: dict[type, Callable[..., Any]] = {
    Odds: _odds,
    TargetEntropy: _nats,
    EffectiveActions: _effective,
    GreedyProbability: _greedy,
    GreedyByVisits: _greedy_by_visits,
    RelativeToRange: _range,
    RelativeToSpread: _deviation,
    GLIE: _glie,
}
