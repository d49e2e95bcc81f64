"""Comparison of agents over paired runs: one pair, or as many as are declared, corrected for their number."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.statistics.differences import Bools, Differences, Pairs, differences_of
from boltzmann_rl.statistics.flips import flipped
from boltzmann_rl.statistics.intervals import CONFIDENCE, SHOW_SKEWNESS, guarded_t, interval_at, skewness_warning
from boltzmann_rl.statistics.levels import as_level

# From so many runs on, flips of signs can show a difference among many pairs; below, Holm's correction is used.
FLIPS_FROM = 8


class PairedDifference(NamedTuple):
    """The mean of a − b over paired samples, its confidence interval, the two-sided p-value and two effect sizes.

    ``effect_size`` is Cohen's d of the differences, mean / sd; ``superiority`` is the fraction of pairs in which a is
    higher, with ties counted half.
    """

    difference: float
    low: float
    high: float
    p_value: float
    effect_size: float
    superiority: float


class Verdict(StrEnum):
    """What a comparison says of the first and the second agent of a pair."""

    FIRST = "the first is higher"
    SECOND = "the second is higher"
    UNDECIDED = "no difference is shown"
    IDENTICAL = "both are the same in every run"
    CONSTANT = "the difference is the same in every run, so nothing says how much it varies"
    ONE_RUN = "one run does not say how sure a difference is"
    UNDEFINED = "a value is infinite or missing"


class Comparison(NamedTuple):
    """P comparisons of agents, as declared.

    Attributes:
        pairs: ``(P, 2)``, the indices of the first and the second agent.
        difference: ``(P,)``, the mean of first − second.
        low: ``(P,)``, lower end. All intervals together cover all true differences with probability ``confidence``.
        high: ``(P,)``, upper end.
        single_step: ``(P,)``, corrected p-values that agree with the intervals: ≤ 1 − confidence if they exclude 0.
        p_value: ``(P,)``, corrected p-values of a step-down procedure, which shows more differences at the same
            probability of any false one. The verdicts follow these.
        effect_size: ``(P,)``, mean / sd of the differences.
        superiority: ``(P,)``, the fraction of runs in which the first is higher, with ties counted half.
        verdicts: What is said of each pair at level ``alpha``.
        method: How the p-values were corrected.
        warning: Where the level may not hold, and why; else empty.
    """

    pairs: Pairs
    difference: Floats
    low: Floats
    high: Floats
    single_step: Floats
    p_value: Floats
    effect_size: Floats
    superiority: Floats
    verdicts: tuple[Verdict, ...]
    method: str
    warning: str


@np.errstate(all="ignore")
def paired_difference(a: Floats, b: Floats, confidence: float = CONFIDENCE) -> PairedDifference:
    """The comparison of two agents that faced the same problems and the same reward noise, run by run.

    The interval follows the rule of `boltzmann_rl.statistics.intervals.mean_intervals`, and the p-value agrees with it:
    Student's paired t, where the differences are skewed also Hall's, McNemar's exact test for zeros and ones. If the
    difference is the same in every run there is no interval, and the p-value is that of the sign test.

    Example:
        >>> paired_difference(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.5, 1.5])).superiority
        1.0

    Source: Student (1908); Cohen (1988), *Statistical Power Analysis*, §2.3.5; Vargha & Delaney (2000).
    """
    found = differences_of(np.stack([a, b]), all_pairs(2))
    low, high = found.intervals(confidence)
    numbers = found.spread.mean, low, high, found.p_values, found.effect_size, found.superiority
    return PairedDifference(*(float(number[0]) for number in numbers))


def all_pairs(agents: int) -> Pairs:
    """Every agent with every later one: ``(agents · (agents − 1) / 2, 2)``.

    Example:
        >>> all_pairs(3).tolist()
        [[0, 1], [0, 2], [1, 2]]
    """
    return np.column_stack(np.triu_indices(agents, k=1))


def against(baseline: int, agents: int) -> Pairs:
    """Every other agent with the baseline, which comes second, so that a positive difference favours the other.

    Example:
        >>> against(1, agents=3).tolist()
        [[0, 1], [2, 1]]
    """
    others = np.delete(np.arange(agents), baseline)
    return np.column_stack([others, np.full(agents - 1, baseline)])


@np.errstate(all="ignore")
def compare(
    samples: Floats,
    pairs: Pairs | Sequence[tuple[int, int]],
    rng: np.random.Generator,
    *,
    alpha: float = 0.05,
    confidence: float = CONFIDENCE,
    flips: int = 10_000,
) -> Comparison:
    """Compare agents over paired runs, corrected for the number of comparisons.

    - Fewer than eight runs: Holm's correction of the p-values of `paired_difference`, and Bonferroni's intervals.
    - From eight runs on: step-down max-T over flips of signs, and single-step intervals of the same flips around the
      means. All flips are enumerated if they are at most ``flips``. The intervals of shares are Bonferroni's.
    - Where differences are skewed, the smaller of Student's and Hall's statistic takes the place of Student's: below
      eight runs from a skewness of 1 on; from eight runs on if a normal sample is as skewed in one case of a thousand,
      so that flips keep their power.

    No verdict depends on the unit of the samples, and none follows from samples that vary by rounding only.

    Args:
        samples: ``(agents, runs)``. Run r of all agents had the same problem and the same noise.
        pairs: ``(P, 2)`` indices of agents: `all_pairs`, `against`, or any list of pairs.
        rng: Draws the flips: one bit a run and flip.
        alpha: The probability of any false difference, in (0, 1).
        confidence: The probability that all intervals cover, in (0, 1).
        flips: At most so many.

    Raises:
        ValueError: A pair is not two different agents, or a level is not between 0 and 1.

    Example:
        >>> samples = np.array([[1.0, 2.0, 3.0, 2.5], [0.1, 1.0, 1.9, 1.6], [1.5, 2.0, 1.0, 2.1]])
        >>> found = compare(samples, against(2, agents=3), np.random.default_rng(0))
        >>> [str(verdict) for verdict in found.verdicts]
        ['no difference is shown', 'no difference is shown']

    Source: Holm (1979), *Scandinavian Journal of Statistics* 6; Westfall & Young (1993), *Resampling-Based Multiple
    Testing*.
    """
    alpha, confidence = as_level(alpha, "alpha", 0.05), as_level(confidence, "confidence", CONFIDENCE)
    pairs = np.asarray(pairs, dtype=np.intp).reshape(-1, 2)
    wrong = (pairs < 0) | (pairs >= len(samples)) | (pairs[:, :1] == pairs[:, 1:])
    if wrong.any():
        shown = tuple(pairs[wrong.any(axis=1)][0].tolist())
        raise ValueError(f"a pair must be two different agents in 0 to {len(samples) - 1}, got {shown}")
    found = differences_of(samples, pairs)
    valid = np.isfinite(found.spread.mean) & np.isfinite(found.spread.sd)
    if valid.any() and found.spread.runs >= FLIPS_FROM:
        method = "step-down max-T over flips of signs"
        low, high, single_step, p_values = _by_flips(samples, pairs, found, valid, rng, (confidence, flips))
    else:
        method = "Holm's correction of paired t-tests"
        number = max(len(pairs), 1)
        low, high = found.intervals(1.0 - (1.0 - confidence) / number)
        single_step, p_values = np.minimum(found.p_values * number, 1.0), holm(found.p_values)
    verdicts = tuple(_verdicts(found, valid, p_values, alpha))
    measures = found.effect_size, found.superiority
    ends = low, high, single_step, p_values
    return Comparison(pairs, found.spread.mean, *ends, *measures, verdicts, method, _warning(found, valid))


def _by_flips(
    samples: Floats,
    pairs: Pairs,
    found: Differences,
    valid: Bools,
    rng: np.random.Generator,
    settings: tuple[float, int],
) -> tuple[Floats, Floats, Floats, Floats]:
    """Ends of the intervals, single-step and step-down p-values; NaN for pairs that are not valid."""
    confidence, flips = settings
    spread, each = found.spread, 1.0 - (1.0 - confidence) / len(pairs)
    kept = spread._replace(**{f: getattr(spread, f)[valid] for f in ("mean", "sd", "skewness", "vary", "zero")})
    finite = np.where(np.isfinite(samples).all(axis=1, keepdims=True), samples, 0.0)
    guard = kept.clearly_skewed & ~found.shares[valid]  # equal shares lose and win alike, however skewed that looks
    flip = flipped(finite, pairs[valid], kept, guard, rng, flips)
    low, high, single_step, p_values = (np.full(len(pairs), np.nan) for _ in range(4))
    p_values[valid] = flip.step_down
    single_step[valid] = flip.single_step(guarded_t(kept, guard))
    low[valid], high[valid] = interval_at(kept, flip.quantile(confidence), guard)
    apart = valid & (found.shares | ~spread.vary)
    single_step[apart] = np.minimum(found.p_values[apart] * len(pairs), 1.0)
    low[apart], high[apart] = (ends[apart] for ends in found.intervals(each))
    return low, high, single_step, p_values


def _verdicts(found: Differences, valid: Bools, p_values: Floats, alpha: float) -> list[Verdict]:
    """What is said of each pair."""
    spread = found.spread
    higher = np.where(spread.mean > 0.0, Verdict.FIRST, Verdict.SECOND)
    said = np.where(p_values <= alpha, higher, Verdict.UNDECIDED)
    said = np.where(~spread.vary & ~(found.shares & ~spread.zero), Verdict.CONSTANT, said)
    said = np.where(spread.zero & (found.wins + found.losses == 0), Verdict.IDENTICAL, said)
    said = np.where(valid | (spread.runs < 2), said, Verdict.UNDEFINED)
    return [Verdict.ONE_RUN if spread.runs < 2 else Verdict(verdict) for verdict in said]


def _warning(found: Differences, valid: Bools) -> str:
    """Where the level may not hold: few runs, or much skewness. McNemar's exact test holds it for shares."""
    runs, judged = found.spread.runs, valid & found.spread.vary & ~found.shares
    if 2 <= runs < SHOW_SKEWNESS and judged.any():
        return f"{runs} runs cannot show whether the differences are skewed; if they are, more than alpha go wrong"
    return skewness_warning(found.spread.skewness[judged], runs)


def holm(p_values: Floats) -> Floats:
    """Holm-adjusted p-values: if those ≤ α are rejected, the probability of any false rejection is at most α.

    Example:
        >>> holm(np.array([0.01, 0.04, 0.03]))
        array([0.03, 0.06, 0.06])

    Source: Holm (1979), *Scandinavian Journal of Statistics* 6.
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(np.asarray(p_values)[order] * factors), 1.0)
    return corrected
