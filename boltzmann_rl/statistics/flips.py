"""Tests of many pairs at once by flipping signs: what the largest difference would be if no two agents differed.

If two agents do not differ, the sign of their difference in a run is as likely to be the other one (exactly so if the
differences are symmetric). Flipping the signs of whole runs keeps the correlations between pairs.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.statistics.differences import Bools, Pairs
from boltzmann_rl.statistics.intervals import Spread, guarded_t, unit_of

# Statistics of two flips that differ by less are ties, and count against a difference.
_TIE = 1e-9

# Differences smaller than this part of the samples are flipped themselves, since sums of samples would round them.
_SMALL = 2.0**-20

_FLIPS_AT_A_TIME, _PAIRS_AT_A_TIME = 1024, 64
_SIGNS = np.array([1.0, -1.0])


class Flips(NamedTuple):
    """What the flips of signs say of P pairs.

    Attributes:
        step_down: ``(P,)`` p-values of Westfall & Young's step-down procedure.
        maxima: ``(flips,)``, sorted: the largest t statistic, in size, of every flip of the centred differences.
    """

    step_down: Floats
    maxima: Floats

    def single_step(self, t: Floats) -> Floats:
        """P-values of the t statistics of the pairs, each compared with the largest of all pairs."""
        flips = len(self.maxima)
        below = np.searchsorted(self.maxima, np.abs(t) * (1.0 - _TIE), side="left")
        return np.asarray((1 + flips - below) / (1 + flips), dtype=np.float64)

    def quantile(self, confidence: float) -> float:
        """The half-width of the simultaneous intervals in standard errors: they exclude 0 if `single_step` says so."""
        reached = int(np.floor((1.0 - confidence) * (1 + len(self.maxima)) * (1.0 + 1e-12)))
        return float(self.maxima[-reached] / (1.0 - _TIE)) if reached else float("inf")


def flip_signs(runs: int, flips: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Signs ``(runs, ·)``, chunk by chunk: all different flips but the identity if there are no more than ``flips``.

    Otherwise random flips, which take one bit a run and flip from ``rng``, in whole bytes for every 1024 flips.
    """
    whole = 2 ** (runs - 1) - 1 if runs < 64 else flips + 1  # a flip and its opposite are the same
    for start in range(0, min(whole, flips), _FLIPS_AT_A_TIME):
        width = min(_FLIPS_AT_A_TIME, min(whole, flips) - start)
        if whole <= flips:
            yield _SIGNS[(np.arange(start + 1, start + 1 + width) >> np.arange(runs)[:, np.newaxis]) & 1]
        else:
            drawn = np.frombuffer(rng.bytes(runs * _FLIPS_AT_A_TIME // 8), dtype=np.uint8)
            yield _SIGNS[np.unpackbits(drawn).reshape(runs, _FLIPS_AT_A_TIME)[:, :width]]


@np.errstate(all="ignore")
def flipped(
    samples: Floats, pairs: Pairs, spread: Spread, guard: Bools, rng: np.random.Generator, flips: int = 10_000
) -> Flips:
    """Flip the signs of the differences of all pairs together.

    The sum of squares of a pair's differences does not change under flips, so that the flipped t statistic rises with
    the size of the flipped sum, and the flipped sum is a difference of two agents' sums.

    Args:
        samples: ``(agents, runs)``, finite.
        pairs: ``(P, 2)``.
        spread: Of the pairs' differences: `differences_of`.
        guard: ``(P,)``, whether the smaller of Student's and Hall's statistic is compared with the flipped ones.
        rng: Draws the flips, unless all of them are enumerated: see `flip_signs`.
        flips: At most so many.

    Source: Westfall & Young (1993), *Resampling-Based Multiple Testing*, algorithm 2.8, with sign flips.
    """
    runs, unit = samples.shape[-1], float(unit_of(np.abs(samples).max()))
    samples, mean, sd = samples / unit, spread.mean / unit, np.where(spread.vary, spread.sd / unit, 0.0)
    samples = samples - np.median(samples, axis=0)  # differences stay, sums get small
    norm = np.sqrt(runs) * np.hypot(np.sqrt(runs - 1.0) * sd, np.sqrt(runs) * mean)
    t = guarded_t(spread, guard)
    clear = np.where(spread.vary, np.abs(t) / np.sqrt(t**2 + runs - 1.0), np.where(spread.zero, 0.0, 1.0))
    whole = np.where(spread.zero, 0.0, 1.0 / norm)
    centred = np.where(sd > 0.0, 1.0 / (np.sqrt(runs * (runs - 1.0)) * sd), 0.0)
    order = np.argsort(clear, kind="stable")
    work = _Work(samples, pairs[order], mean[order], whole[order], centred[order], clear[order] * (1.0 - _TIE))
    counts, maxima = np.zeros(len(pairs)), []
    for signs in flip_signs(runs, flips, rng):
        largest = np.zeros(signs.shape[1])
        _count(work, signs, counts, largest)
        maxima.append(largest)
    all_maxima = np.sort(np.concatenate(maxima))
    p_values = np.empty(len(pairs))
    p_values[order] = (1.0 + counts) / (1.0 + len(all_maxima))
    down = order[::-1]
    p_values[down] = np.maximum.accumulate(p_values[down])
    maximal_t = np.sqrt(runs - 1.0) * all_maxima / np.sqrt(np.maximum(1.0 - all_maxima**2, 0.0))
    return Flips(p_values, np.where(all_maxima >= 1.0 - _TIE, np.inf, maximal_t))


class _Work(NamedTuple):
    """Pairs, the least clear first: their means, what sums of flips are multiplied with, and what they must reach."""

    samples: Floats
    pairs: Pairs
    mean: Floats
    whole: Floats
    centred: Floats
    reached: Floats


def _count(work: _Work, signs: Floats, counts: Floats, largest: Floats) -> None:
    """Add to ``counts`` the flips in which a pair or a less clear one reaches it; set the ``largest`` centred ones."""
    sums, total = work.samples @ signs, signs.sum(axis=0)
    so_far = np.zeros(signs.shape[1])
    for start in range(0, len(work.pairs), _PAIRS_AT_A_TIME):
        some = slice(start, start + _PAIRS_AT_A_TIME)
        first, second = work.pairs[some].T
        plain = sums[first] - sums[second]
        small = work.whole[some] * _SMALL > 1.0
        if small.any():
            plain[small] = (work.samples[first[small]] - work.samples[second[small]]) @ signs
        without_mean = plain - work.mean[some, np.newaxis] * total
        np.abs(without_mean, out=without_mean)
        without_mean *= work.centred[some, np.newaxis]
        np.maximum(largest, without_mean.max(axis=0), out=largest)
        np.abs(plain, out=plain)
        plain *= work.whole[some, np.newaxis]
        for row in plain:
            np.maximum(row, so_far, out=row)
            so_far = row
        counts[some] += (plain >= work.reached[some, np.newaxis]).sum(axis=1)
