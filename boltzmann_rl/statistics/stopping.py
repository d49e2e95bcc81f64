"""When to stop adding runs: a test of paired differences that may be looked at again and again.

After every look the evidence against equal means is an e-value: under equality it exceeds 1/α, at any look whatever,
with probability at most α. This is exact for normal differences, whatever their variance. For skewed ones the smaller
of Student's and Hall's statistic is used, which keeps the level on the laws in ``docs/statistics.md``, not on all: a
rare, large loss that no run has shown yet deceives every such test.
"""

import functools
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_integer, as_positive, set_fields
from boltzmann_rl.statistics.intervals import Spread, guarded_t, hull, skewness_warning, spread_of
from boltzmann_rl.statistics.levels import as_level

# Variances of the effect size in the mixture, in which each has the same weight.
VARIANCES = (0.01, 0.1, 1.0)

FIRST_LOOK, GROWTH = 30, 1.25

SAME_DIFFERENCE = "every run so far has the same difference, which decides nothing"

# Runs after which to stop undecided, unless another number is given.
AT_MOST = 10_000


@dataclass(frozen=True)
class Stopping:
    """When the runs of agents are enough: once all pairs of them are decided.

    Args:
        alpha: The probability of any false decision, over all pairs and looks.
        at_most: The runs stop in any case at the last look up to this number.
        matters: The least difference that matters, in the unit of the differences; None if every one does.
        pairs: The number of pairs on all problems: each is judged at alpha / pairs.
    """

    alpha: float = 0.05
    at_most: int = AT_MOST
    matters: float | None = None
    pairs: int = 1

    def __post_init__(self) -> None:
        alpha, at_most = as_level(self.alpha, "alpha", 0.05), as_integer(self.at_most, "at_most", minimum=1)
        if at_most < FIRST_LOOK:
            raise ValueError(f"at_most must be {FIRST_LOOK} or more, the runs of the first look, got {at_most}")
        matters = None if self.matters is None else as_positive(self.matters, "matters")
        pairs = as_integer(self.pairs, "pairs", minimum=1)
        set_fields(self, alpha=alpha, at_most=at_most, matters=matters, pairs=pairs)

    @property
    def declared(self) -> dict[str, Any]:
        """All but ``alpha``, which belongs to the judgement, for a manifest."""
        return {"at_most": self.at_most, "matters": self.matters, "pairs": self.pairs}

    @property
    def level(self) -> float:
        """The level of each pair."""
        return self.alpha / self.pairs

    def next_look(self, runs: int) -> int | None:
        """Runs at the next look; None if there is none up to ``at_most``."""
        look = next_look(runs)
        return look if look <= self.at_most else None


class Decision(StrEnum):
    """What the runs so far say of the first and the second agent."""

    FIRST = "the first is ahead"
    SECOND = "the second is ahead"
    SAME = "no difference that matters"
    OPEN = "not decided yet"


class Look(NamedTuple):
    """What is known after some runs.

    Attributes:
        runs: Runs that it rests on.
        decision: The decision.
        log_e: Natural logarithm of the e-value against equal means; at ln(1/α) or more one agent is ahead.
        mean: The mean difference, first − second.
        low: The lower end of an interval that covers at all looks together with probability 1 − α, or NaN.
        high: Its upper end.
        next_look: Runs at the next look; None if decided.
        warning: Why the level may not hold, or `SAME_DIFFERENCE`; else empty.
    """

    runs: int
    decision: Decision
    log_e: float
    mean: float
    low: float
    high: float
    next_look: int | None
    warning: str

    @property
    def e_value(self) -> float:
        """The e-value; infinite if it is beyond the floats."""
        return math.exp(self.log_e) if self.log_e < 700.0 else math.inf


def next_look(runs: int) -> int:
    """The least number of runs above ``runs`` at which to look: 30, 38, 48, 60, and so on, each 1.25 times the last.

    Example:
        >>> next_look(0), next_look(30), next_look(40)
        (30, 38, 48)
    """
    look = FIRST_LOOK
    while look <= runs:
        look = math.ceil(GROWTH * look)
    return look


def looks(at_most: int) -> list[int]:
    """All looks up to a number of runs.

    Example:
        >>> looks(75)
        [30, 38, 48, 60, 75]
    """
    found = [FIRST_LOOK]
    while found[-1] <= at_most:
        found.append(next_look(found[-1]))
    return found[:-1]


def log_e_value(t: Floats | float, runs: int) -> Floats:
    """The logarithm of the e-value of a t statistic: a mixture over normal effect sizes, free of the unit.

    Its parts are −½ ln A + (n/2) [ln(1 + t²/ν) − ln(1 + t²/(νA))], with n runs, A = 1 + nρ² and ν = n − 1, averaged
    over ρ² in `VARIANCES`.

    Example:
        >>> float(log_e_value(0.0, 30).round(4)), float(log_e_value(4.0, 30).round(4))
        (-0.6561, 3.951)

    Source: Wang & Ramdas (2023), *Anytime-valid t-tests and confidence sequences for Gaussian means with unknown
    variance*, arXiv 2310.03722: the right Haar measure over σ and a Gaussian mixture over the effect size.
    """
    square, freedom = np.square(t)[..., np.newaxis], runs - 1.0
    a = 1.0 + runs * np.array(VARIANCES)
    parts = -np.log(a) / 2.0 + runs / 2.0 * (np.log1p(square / freedom) - np.log1p(square / (freedom * a)))
    largest = parts.max(axis=-1, keepdims=True)
    return np.asarray(largest[..., 0] + np.log(np.exp(parts - largest).mean(axis=-1)))


@functools.lru_cache(maxsize=256)
def t_threshold(runs: int, alpha: float) -> float:
    """The t statistic whose e-value is 1/α, by bisection; infinite if no t reaches it."""
    goal, low, high = -math.log(alpha), 0.0, 1.0
    while log_e_value(high, runs) < goal:
        high *= 2.0
        if high > 1e6:
            return math.inf
    for _ in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if log_e_value(middle, runs) < goal else (low, middle)
    return high


@np.errstate(all="ignore")
def decide(differences: Floats, *, alpha: float = 0.05, matters: float | None = None) -> Look:
    """The first look at which the differences decide, or the last look there was.

    The answer depends on the differences alone, in their order, not on when or how often one asks.

    Args:
        differences: ``(runs,)``, first − second, in the order of the runs.
        alpha: The probability of calling an agent ahead, at any look, though the means are equal; and of calling
            a difference of at least ``matters`` none that matters. In (0, 1). With k declared pairs give α/k.
        matters: The least difference that matters, in the unit of the differences, above 0. Without it equal agents
            are never decided.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> found = decide(rng.normal(1.0, 2.0, size=500))
        >>> str(found.decision), found.runs
        ('the first is ahead', 48)

    Source: `log_e_value`.
    """
    alpha = as_level(alpha, "alpha", 0.05)
    if matters is not None and not matters > 0.0:
        raise ValueError(f"matters must be a difference above 0, or None, got {matters}")
    found = Look(len(differences), Decision.OPEN, 0.0, math.nan, math.nan, math.nan, FIRST_LOOK, "")
    for runs in looks(len(differences)):
        found = look_at(spread_of(differences[:runs]), alpha, matters)
        if found.decision != Decision.OPEN:
            break
    return found


@np.errstate(all="ignore")
def decisions(spread: Spread, alpha: float, matters: float | None = None) -> Floats:
    """At one look at many samples: 1 if the first is ahead, −1 if the second is, 0 for no difference that matters.

    NaN if it is not decided.
    """
    t, threshold = guarded_t(spread, spread.vary), t_threshold(spread.runs, alpha)
    found = np.where(np.abs(t) >= threshold, np.sign(t), np.nan)
    if matters is None:
        return found
    low, high = hull(spread, threshold)
    return np.where(spread.vary & (-matters < low) & (high < matters), 0.0, found)


@np.errstate(all="ignore")
def look_at(spread: Spread, alpha: float, matters: float | None = None) -> Look:
    """One look at one sample, whatever earlier looks decided."""
    decision = float(decisions(spread, alpha, matters))
    said = {1.0: Decision.FIRST, -1.0: Decision.SECOND, 0.0: Decision.SAME}.get(decision, Decision.OPEN)
    low, high = hull(spread, t_threshold(spread.runs, alpha)) if spread.vary else (math.nan, math.nan)
    log_e = float(log_e_value(guarded_t(spread, spread.vary), spread.runs))
    following = next_look(spread.runs) if said is Decision.OPEN else None
    warning = skewness_warning(np.atleast_1d(spread.skewness), spread.runs)
    if not spread.vary and np.isfinite(spread.mean):
        warning = SAME_DIFFERENCE
    return Look(spread.runs, said, log_e, float(spread.mean), float(low), float(high), following, warning)
