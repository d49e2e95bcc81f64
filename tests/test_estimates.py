"""Medians, interquartile means, profiles and first passages: against SciPy, enumeration, and simulation."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import stats

from boltzmann_rl.statistics.estimates import (
    area_under_curve,
    final_performance,
    first_passage,
    interquartile_mean,
    interquartile_mean_of_tasks,
    median,
    median_of_tasks,
    performance_profile,
    stratified_bootstrap,
)
from boltzmann_rl.statistics.intervals import mean_interval

SAMPLES = st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=40).map(np.array)


@given(SAMPLES, st.sampled_from([0.8, 0.95]))
@settings(deadline=None, max_examples=100)
def test_interquartile_means_have_scipys_trimmed_mean_and_its_interval(samples, confidence):
    found = interquartile_mean(samples, confidence)
    assert float(found.value) == pytest.approx(stats.trim_mean(samples, 0.25), rel=1e-9, abs=1e-9)
    assume(stats.mstats.winsorize(samples, (0.25, 0.25)).std() > 1e-6)
    share = len(samples) // 4 / len(samples) + 1e-12  # SciPy cuts whole samples, but divides by the share itself
    expected = stats.mstats.trimmed_mean_ci(samples, (share, share), alpha=1 - confidence)
    assert (float(found.low), float(found.high)) == pytest.approx(tuple(map(float, expected)), rel=1e-6, abs=1e-6)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60, unique=True).map(np.array), st.sampled_from([0.8, 0.95]))
@settings(deadline=None, max_examples=100)
def test_the_interval_of_a_median_is_that_of_order_statistics(samples, confidence):
    found = median(samples, confidence)
    assert float(found.value) == np.median(samples)
    expected = stats.quantile_test(samples, p=0.5).confidence_interval(confidence)
    if math.isnan(float(found.low)):
        assert 2 * 0.5 ** len(samples) > 1 - confidence
    else:
        assert (float(found.low), float(found.high)) == tuple(expected)


def test_the_interval_of_a_median_covers_by_enumeration():
    """Between ranks k and n + 1 − k lies the median unless fewer than k samples are on one side of it."""
    for runs in range(6, 60):
        low = int(median(np.arange(1.0, runs + 1)).low)
        outside = 2 * stats.binom.cdf(low - 1, runs, 0.5)
        assert outside <= 0.05
        assert 2 * stats.binom.cdf(low, runs, 0.5) > 0.05


def test_intervals_of_middles_cover():
    """2000 samples of 12: at least 95 % with 4.3 standard errors to spare; interquartile means cover a little less."""
    rng, exponential = np.random.default_rng(0), stats.expon()
    samples = rng.exponential(size=(2000, 12))
    middle = 2 * stats.expon.expect(lambda x: x, lb=exponential.ppf(0.25), ub=exponential.ppf(0.75))
    for found, true, least in ((median(samples), math.log(2), 0.929), (interquartile_mean(samples), middle, 0.90)):
        assert ((found.low <= true) & (true <= found.high)).mean() >= least


def test_samples_that_do_not_vary_in_the_middle_have_no_interval():
    found = interquartile_mean(np.array([[0.0, 1.0, 1.0, 1.0, 9.0], [1.0, 2.0, 3.0, 4.0, 5.0]]))
    assert np.isnan(found.low).tolist() == [True, False]
    assert found.value.tolist() == [1.0, 3.0]
    assert math.isnan(float(interquartile_mean(np.array([2.0])).low))


def test_areas_and_final_windows_are_means_of_runs():
    windows = np.random.default_rng(0).normal(size=(12, 5))
    assert [float(x) for x in area_under_curve(windows)] == pytest.approx(mean_interval(windows.mean(axis=1)))
    assert [float(x) for x in final_performance(windows, 2, 0.9)] == pytest.approx(
        mean_interval(windows[:, 3:].mean(axis=1), 0.9)
    )
    for last in (0, 6):
        with pytest.raises(ValueError, match=f"last must be a number of windows in 1 to 5, got {last}"):
            final_performance(windows, last)


def test_runs_that_never_reach_a_threshold_are_later_than_all_others():
    windows = np.zeros((9, 4))
    for run, window in enumerate((3, 0, 1, 2, 1, 3)):
        windows[run, window] = 1.0
    found = first_passage(windows, 1.0, width=10)
    assert found.steps.tolist() == [40.0, 10.0, 20.0, 30.0, 20.0, 40.0, math.inf, math.inf, math.inf]
    assert [float(x) for x in found.share] == pytest.approx([6 / 9, *stats.binomtest(6, 9).proportion_ci()])
    assert [float(x) for x in found.median] == [40.0, 20.0, math.inf]
    never = first_passage(windows, 2.0)
    assert [float(x) for x in never.median] == [math.inf] * 3
    assert float(never.share.low) == 0.0


def test_summaries_of_tasks_are_those_of_rliable():
    """Its definitions: SciPy's 25 % trimmed mean of all scores, and NumPy's median of the tasks' means."""
    scores = np.random.default_rng(0).normal(size=(3, 4, 7))
    for some, middle, half in zip(scores, interquartile_mean_of_tasks(scores), median_of_tasks(scores), strict=True):
        assert middle == pytest.approx(stats.trim_mean(some, 0.25, axis=None))
        assert half == pytest.approx(np.median(some.mean(axis=1)))


def test_the_stratified_bootstrap_is_scipys_percentile_interval_of_the_mean_of_strata():
    """SciPy resamples each of several samples by itself; the ends are within 5 Monte Carlo standard errors."""
    scores = np.random.default_rng(1).exponential(size=(5, 10)) + np.arange(5.0)[:, np.newaxis]
    found = stratified_bootstrap(
        scores, lambda some: some.mean(axis=(-2, -1)), np.random.default_rng(0), resamples=9999
    )
    expected = stats.bootstrap(
        tuple(scores),
        lambda *rows, axis: sum(row.mean(axis=axis) for row in rows) / 5,
        method="percentile",
        random_state=np.random.default_rng(0),
    )
    assert (found.low, found.high) == pytest.approx(
        tuple(expected.confidence_interval), abs=5 * 3 * expected.standard_error / 100
    )
    assert found.value == pytest.approx(scores.mean())


@pytest.mark.parametrize("shape", [(1, 30), (20, 3), (4, 12)])
def test_a_bootstrap_that_would_not_hold_is_refused(shape):
    with pytest.raises(
        ValueError, match="the stratified bootstrap needs 5 runs of each task and 50 scores in all, got"
    ):
        stratified_bootstrap(np.zeros(shape), median_of_tasks, np.random.default_rng(0))


def test_profiles_are_shares_of_scores_above_a_threshold():
    rng, thresholds = np.random.default_rng(0), np.array([-1.0, 0.0, 0.5, 9.0])
    one = rng.normal(size=(1, 20))
    found = performance_profile(one, thresholds, rng)
    for k, threshold in enumerate(thresholds):
        count = int((one > threshold).sum())
        ends = stats.binomtest(count, 20).proportion_ci()
        assert (found.value[k], found.low[k], found.high[k]) == pytest.approx((count / 20, *ends))
    several = rng.normal(size=(6, 10))
    found = performance_profile(several, thresholds, rng)
    assert found.value.tolist() == pytest.approx([(several > threshold).mean() for threshold in thresholds])
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
