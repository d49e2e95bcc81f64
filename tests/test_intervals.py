"""Intervals of skewed samples and of shares: against SciPy, brute force, exact enumeration and simulation."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from scipy import optimize, stats

from boltzmann_rl.statistics.intervals import halls_t, mean_interval, mean_intervals, p_values_of, spread_of
from boltzmann_rl.statistics.shares import share_difference_interval, share_difference_p_values, share_interval

SKEWED = st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=30).map(np.array)


def statistic(samples, mean):
    """Hall's statistic, from its formula."""
    n, skewness = len(samples), stats.skew(samples, bias=False)
    w = (samples.mean() - mean) / samples.std(ddof=1)
    return math.sqrt(n) * (w + skewness * w**2 / 3 + skewness**2 * w**3 / 27 + skewness / (6 * n))


def is_skewed(samples):
    return samples.std() > 1e-6 and abs(stats.skew(samples, bias=False)) > 1.001 and not set(samples) <= {0.0, 1.0}


@given(SKEWED, st.floats(0.5, 0.999))
@settings(deadline=None, max_examples=100)
def test_the_interval_of_skewed_samples_is_the_hull_of_students_and_halls(samples, confidence):
    assume(is_skewed(samples))
    t = stats.t.ppf((1 + confidence) / 2, len(samples) - 1)
    far = 100 * t * samples.std() + 1
    ends = [
        optimize.brentq(lambda mean, at=at: statistic(samples, mean) - at, samples.mean() - far, samples.mean() + far)
        for at in (t, -t)
    ]
    ends += [samples.mean() + sign * t * stats.sem(samples) for sign in (1, -1)]
    _, low, high = mean_interval(samples, confidence)
    assert (low, high) == pytest.approx((min(ends), max(ends)), rel=1e-7, abs=1e-7)


@given(SKEWED, st.floats(-1.0, 1.0))
@settings(deadline=None, max_examples=200)
def test_an_interval_excludes_0_if_the_p_value_is_below_its_level(samples, shift):
    samples = samples + shift * samples.std()
    assume(samples.std() > 1e-6 and not set(samples) <= {0.0, 1.0})
    spread = spread_of(samples)
    p_value = float(p_values_of(spread))
    for confidence in (0.5, 0.8, 0.95, 0.999):
        _, low, high = mean_interval(samples, confidence)
        if abs(p_value - (1 - confidence)) > 1e-9:
            assert (low > 0 or high < 0) == (p_value < 1 - confidence)


def test_halls_statistic_is_students_where_nothing_is_skewed():
    samples = np.array([-2.0, -1.0, 0.0, 1.0, 2.0]) + 0.7
    assert float(halls_t(spread_of(samples))) == pytest.approx(stats.ttest_1samp(samples, 0.0).statistic)


@pytest.mark.parametrize(("runs", "least"), [(10, 0.88), (30, 0.93), (200, 0.94)])
def test_intervals_of_lognormal_samples_cover(runs, least):
    """10,000 samples estimate the coverage with a standard error of 0.003; t alone covers .84, .89 and .935."""
    samples = np.exp(np.random.default_rng(0).normal(size=(10_000, runs)))
    _, low, high = mean_intervals(samples)
    assert ((low <= math.exp(0.5)) & (math.exp(0.5) <= high)).mean() >= least


@given(st.integers(0, 40), st.integers(1, 40), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
@settings(deadline=None, max_examples=200)
def test_shares_have_the_intervals_of_scipy(count, runs, confidence):
    assume(count <= runs)
    for kind in ("exact", "wilson"):
        expected = stats.binomtest(count, runs).proportion_ci(confidence, method=kind)
        found = share_interval(np.array(float(count)), runs, confidence, kind)
        assert [float(end) for end in found] == pytest.approx(list(expected), abs=1e-9)
        assert 0.0 <= found[0] <= found[1] <= 1.0


@pytest.mark.parametrize(("kind", "least"), [("exact", 0.95), ("wilson", 0.82)])
def test_the_coverage_of_shares_by_enumeration(kind, least):
    """Every count, weighted with its binomial probability, for a grid of true shares."""
    for runs in (2, 5, 10, 30, 200):
        low, high = share_interval(np.arange(runs + 1.0), runs, 0.95, kind)
        for share in (0.001, 0.01, 0.02, 0.05, 0.1, 0.25, 0.4, 0.5, 0.77, 0.9, 0.98, 0.999):
            chance = stats.binom.pmf(np.arange(runs + 1), runs, share)
            assert chance[(low <= share) & (share <= high)].sum() >= least - 1e-12


def test_samples_of_zeros_and_ones_are_shares_unless_the_caller_says_no():
    samples = np.array([0.0, 1.0, 0.0, 0.0, 0.0])
    expected = stats.binomtest(1, 5).proportion_ci()
    assert mean_interval(samples) == pytest.approx((0.2, *expected))
    wilson = stats.binomtest(1, 5).proportion_ci(method="wilson")
    assert [float(x) for x in mean_intervals(samples, shares="wilson")] == pytest.approx([0.2, *wilson])
    assert float(mean_intervals(samples, shares=None).low) < 0.0
    assert float(mean_intervals(samples, shares=None, bounds=(0.0, 1.0)).low) == 0.0
    assert math.isnan(mean_interval(np.zeros(5), shares=None)[1])
    rows = np.stack([samples, 2.0 * samples, np.zeros(5), np.full(5, 2.0)])
    low, high = mean_intervals(rows)[1:]
    assert (low[2], high[2]) == pytest.approx((0.0, 1 - 0.025 ** (1 / 5)))
    assert np.isnan(low[3])
    assert low[0] > 0.0 > low[1]
    with pytest.raises(ValueError, match=r'"exact" or "wilson", got \'normal\''):
        share_interval(np.array(1.0), 5, kind="normal")


def test_intervals_of_rows_are_those_of_single_rows_in_every_unit():
    rows = np.exp(np.random.default_rng(0).normal(size=(20, 9)))
    together, alone = mean_intervals(rows), np.array([mean_interval(row) for row in rows])
    np.testing.assert_allclose(np.stack(together).T, alone, rtol=1e-13)
    for unit in (2.0**-600, 2.0**600, 2.0**1000):
        assert [mean_interval(row * unit) for row in rows] == [tuple(row * unit) for row in alone]
    turned = mean_intervals(-rows)
    np.testing.assert_allclose((turned.low, turned.high), (-together.high, -together.low), rtol=1e-12)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_outside_0_to_1_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        mean_intervals(np.array([1.0, 2.0]), confidence)


def trinomial(runs):
    """All counts of pairs in which only the first or only the second is 1."""
    more, less = (counts.astype(float) for counts in np.meshgrid(*[np.arange(runs + 1)] * 2))
    possible = more + less <= runs
    return more[possible], less[possible]


@pytest.mark.parametrize(("runs", "least"), [(5, 0.83), (10, 0.89), (30, 0.917), (200, 0.908)])
def test_the_coverage_and_the_level_of_differences_of_shares_by_enumeration(runs, least):
    """Of equal shares at most 5 % are told apart, exactly; differences are covered less well than shares."""
    more, less = trinomial(runs)
    low, high = share_difference_interval(more, less, runs, 0.95)
    p_values = share_difference_p_values(more, less, runs)
    assert ((low > 0) | (high < 0)).tolist() == (p_values <= 0.05).tolist()
    grid = (0.001, 0.02, 0.1, 0.25, 0.4, 0.5, 0.9)
    for first, second in ((p, q) for p in grid for q in grid if p + q <= 1):
        chance = stats.multinomial.pmf(
            np.stack([more, less, runs - more - less], axis=-1), runs, [first, second, max(1 - first - second, 0.0)]
        )
        true = first - second
        assert chance[(low - 1e-12 <= true) & (true <= high + 1e-12)].sum() >= least
        if first == second:
            assert chance[p_values <= 0.05].sum() <= 0.05


def test_differences_of_shares_are_tested_by_mcnemars_exact_test():
    for more, less, runs in ((9, 1, 30), (0, 0, 10), (6, 0, 6), (15, 5, 200)):
        exact = stats.binomtest(more, more + less).pvalue if more + less else 1.0
        found = float(share_difference_p_values(np.array(float(more)), np.array(float(less)), runs))
        adjusted = (more - less) / (runs + 2)
        error = math.sqrt((more + less + 1) - (more - less) ** 2 / (runs + 2)) / (runs + 2)  # as Agresti prints it
        assert found == pytest.approx(max(exact, 2 * stats.norm.sf(abs(adjusted) / error)))
