"""Summaries of runs other than the mean, each with an interval: medians, interquartile means, profiles, first passages.

``windows`` are means over equal windows of a run, ``(runs, windows)``; ``scores`` of several tasks are
``(tasks, runs)``, in units that can be compared.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.lazy import special
from boltzmann_rl.statistics.intervals import CONFIDENCE, Estimate, mean_intervals, spread_of, t_quantile
from boltzmann_rl.statistics.levels import as_level
from boltzmann_rl.statistics.shares import share_interval

# Scores in all, and runs of each task, from which on the stratified bootstrap is used: see ``docs/statistics.md``.
LEAST_SCORES, LEAST_RUNS = 50, 5

_RESAMPLES_AT_A_TIME = 2**20  # scores


class FirstPassage(NamedTuple):
    """When runs first reached a threshold.

    Attributes:
        steps: ``(runs,)``, the end of the first window at or above the threshold; infinite for runs that never were.
        share: The share of runs that reached it, with Clopper & Pearson's interval.
        median: The median of ``steps`` with the interval of order statistics. An infinite end lies beyond the runs.
    """

    steps: Floats
    share: Estimate
    median: Estimate


@np.errstate(all="ignore")
def interquartile_mean(samples: Floats, confidence: float = CONFIDENCE) -> Estimate:
    """The mean of the middle half over the last axis, with Tukey & McLaughlin's interval.

    A quarter of the runs, rounded down, is left out at either end. The standard error comes from the winsorised
    deviations, and t has one degree of freedom less than runs are kept. NaN ends for one sample, or if nothing varies.

    Example:
        >>> float(interquartile_mean(np.array([0.0, 1.0, 3.0, 100.0])).value)
        2.0

    Source: Tukey & McLaughlin (1963), *Sankhyā* A 25; Agarwal et al. (2021), *Deep Reinforcement Learning at the Edge
    of the Statistical Precipice*, for its use.
    """
    runs = samples.shape[-1]
    cut = runs // 4
    kept = np.sort(samples, axis=-1)[..., cut : runs - cut]
    middle, winsorised = kept.mean(axis=-1), np.clip(samples, kept[..., :1], kept[..., -1:])
    spread = spread_of(winsorised)
    reach = t_quantile(runs - 2 * cut, confidence) * spread.sd * np.sqrt(runs) / (runs - 2 * cut)
    reach = np.where(spread.vary, reach, np.nan)
    return Estimate(middle, middle - reach, middle + reach)


@np.errstate(all="ignore")
def median(samples: Floats, confidence: float = CONFIDENCE) -> Estimate:
    """The median over the last axis, with an interval between two of the samples that holds for every law.

    NaN ends if there are too few samples: at 95 %, fewer than six. Infinite samples are allowed.

    Example:
        >>> [float(x) for x in median(np.array([3.0, 1.0, 2.0, 5.0, 4.0, 6.0]))]
        [3.5, 1.0, 6.0]

    Source: Thompson (1936), *Annals of Mathematical Statistics* 7.
    """
    confidence = as_level(confidence, "confidence", CONFIDENCE)
    runs, ordered = samples.shape[-1], np.sort(samples, axis=-1)
    outside = np.flatnonzero(special.bdtr(np.arange(runs // 2), runs, 0.5) <= (1.0 - confidence) / 2.0)
    low, high = ordered[..., (runs - 1) // 2], ordered[..., runs // 2]
    value = np.where(low == high, low, (low + high) / 2.0)
    if not len(outside):
        return Estimate(value, np.full_like(value, np.nan), np.full_like(value, np.nan))
    rank = int(outside[-1])
    return Estimate(value, ordered[..., rank], ordered[..., runs - 1 - rank])


@np.errstate(all="ignore")
def area_under_curve(windows: Floats, confidence: float = CONFIDENCE) -> Estimate:
    """The mean over all windows of a run: the area under its curve, per step.

    Example:
        >>> float(area_under_curve(np.array([[0.0, 1.0], [0.5, 1.5]])).value)
        0.75
    """
    return mean_intervals(windows.mean(axis=-1), confidence)


@np.errstate(all="ignore")
def final_performance(windows: Floats, last: int = 1, confidence: float = CONFIDENCE) -> Estimate:
    """The mean over the last windows of a run.

    Example:
        >>> float(final_performance(np.array([[0.0, 1.0], [0.5, 2.0]])).value)
        1.5
    """
    if not 1 <= last <= windows.shape[-1]:
        raise ValueError(f"last must be a number of windows in 1 to {windows.shape[-1]}, got {last}")
    return mean_intervals(windows[..., -last:].mean(axis=-1), confidence)


@np.errstate(all="ignore")
def first_passage(windows: Floats, threshold: float, width: int = 1, confidence: float = CONFIDENCE) -> FirstPassage:
    """Steps until a window's mean is at least the threshold; runs that never get there are censored, not left out.

    All runs are equally long, so that a censored run is later than every other one, and the median and its interval
    need nothing else.

    Args:
        windows: ``(runs, windows)``.
        threshold: In the unit of the windows.
        width: Steps in a window.
        confidence: Of both intervals.

    Example:
        >>> found = first_passage(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]), 0.5, width=10)
        >>> found.steps, float(found.share.value)
        (array([20., inf]), 0.5)
    """
    there = windows >= threshold
    reached = there.any(axis=-1)
    steps = np.where(reached, (there.argmax(axis=-1) + 1.0) * width, np.inf)
    ends = share_interval(np.asarray(float(reached.sum())), len(windows), confidence)
    return FirstPassage(steps, Estimate(np.asarray(reached.mean()), *ends), median(steps, confidence))


@np.errstate(all="ignore")
def interquartile_mean_of_tasks(scores: Floats) -> Floats:
    """The mean of the middle half of all scores ``(..., tasks, runs)``, as rliable defines it.

    Source: Agarwal et al. (2021), *Deep Reinforcement Learning at the Edge of the Statistical Precipice*.
    """
    together = np.sort(scores.reshape(*scores.shape[:-2], -1), axis=-1)
    cut = together.shape[-1] // 4
    return np.asarray(together[..., cut : together.shape[-1] - cut].mean(axis=-1))


@np.errstate(all="ignore")
def median_of_tasks(scores: Floats) -> Floats:
    """The median over tasks of the mean over runs of ``(..., tasks, runs)``, as rliable defines it.

    Its bootstrap interval is far too short for skewed scores: see ``docs/statistics.md``.
    """
    return np.asarray(np.median(scores.mean(axis=-1), axis=-1))


@np.errstate(all="ignore")
def performance_profile(
    scores: Floats, thresholds: Floats, rng: np.random.Generator, confidence: float = CONFIDENCE
) -> Estimate:
    """The share of all scores above each threshold, as rliable defines it.

    The interval of one task is Clopper & Pearson's, of several the stratified bootstrap's: each holds at its threshold,
    not at all of them together.

    Args:
        scores: ``(tasks, runs)``.
        thresholds: ``(thresholds,)``.
        rng: Draws the resamples; one task needs none.
        confidence: In (0, 1).

    Example:
        >>> scores = np.array([[0.1, 0.4, 0.7, 0.9]])
        >>> performance_profile(scores, np.array([0.0, 0.5]), np.random.default_rng(0)).value
        array([1. , 0.5])

    Source: Agarwal et al. (2021), *Deep Reinforcement Learning at the Edge of the Statistical Precipice*.
    """

    def profile(some: Floats) -> Floats:
        return np.stack([(some > threshold).mean(axis=(-2, -1)) for threshold in thresholds], axis=-1)

    if len(scores) > 1:
        return stratified_bootstrap(scores, profile, rng, confidence)
    above = profile(scores)
    return Estimate(above, *share_interval(np.round(above * scores.shape[1]), scores.shape[1], confidence))


@np.errstate(all="ignore")
def stratified_bootstrap(
    scores: Floats,
    statistic: Callable[[Floats], Floats],
    rng: np.random.Generator,
    confidence: float = CONFIDENCE,
    resamples: int = 2000,
) -> Estimate:
    """The percentile interval of a statistic of several tasks, whose runs are resampled task by task.

    Args:
        scores: ``(tasks, runs)``.
        statistic: Of ``(resamples, tasks, runs)``, for each resample: `interquartile_mean_of_tasks`, for example.
        rng: Draws ``resamples · tasks · runs`` integers.
        confidence: In (0, 1).
        resamples: How many.

    Raises:
        ValueError: There are too few scores for it to hold.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> found = stratified_bootstrap(rng.normal(size=(10, 10)), interquartile_mean_of_tasks, rng)
        >>> bool(found.low < found.value < found.high)
        True

    Source: Agarwal et al. (2021), *Deep Reinforcement Learning at the Edge of the Statistical Precipice*.
    """
    confidence = as_level(confidence, "confidence", CONFIDENCE)
    tasks, runs = scores.shape
    if runs < LEAST_RUNS or tasks * runs < LEAST_SCORES:
        raise ValueError(
            f"the stratified bootstrap needs {LEAST_RUNS} runs of each task and {LEAST_SCORES} scores in all, got "
            f"{tasks} tasks of {runs} runs: with fewer its interval is too short. Give more runs, or take the mean"
        )
    found, at_a_time = [], max(_RESAMPLES_AT_A_TIME // scores.size, 1)
    for start in range(0, resamples, at_a_time):
        some = min(at_a_time, resamples - start)
        found.append(statistic(scores[np.arange(tasks)[:, np.newaxis], rng.integers(runs, size=(some, tasks, runs))]))
    ends = np.quantile(np.concatenate(found), [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0], axis=0)
    return Estimate(statistic(scores[np.newaxis])[0], *ends)
