"""Intervals, paired comparisons and Holm's correction, against SciPy's own tests and worked examples."""

import math
from fractions import Fraction

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import assume, example, given, settings, strategies as st
from scipy import stats

from boltzmann_rl.statistics.comparison import compare, holm, paired_difference
from boltzmann_rl.statistics.intervals import mean_interval, mean_of, t_quantile

SAMPLES = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=30)
P_VALUES = st.lists(st.floats(0, 1), max_size=8)


def judged_by_student(samples):
    """Whether the rule for these samples is Student's t: they vary, are not skewed, and are not zeros and ones."""
    if samples.std() < 1e-6 or set(samples.tolist()) <= {0.0, 1.0}:
        return False
    return len(samples) < 3 or abs(stats.skew(samples / samples.std(), bias=False)) < 0.999


@in_one_test(
    ("samples", "quantile"),
    # Two-sided 95 % points of Student's t, from any printed table.
    [(2, 12.706), (3, 4.303), (6, 2.571), (11, 2.228), (31, 2.042), (121, 1.980), (10**9, 1.960)],
)
def test_quantiles_are_those_of_the_printed_table(samples, quantile):
    assert t_quantile(samples) == pytest.approx(quantile, abs=5e-4)


@given(SAMPLES)
@settings(deadline=None, max_examples=100)
def test_an_interval_is_that_of_students_t(samples):
    samples = np.array(samples)
    assume(samples.std() > 1e-6 * np.abs(samples).max() and judged_by_student(samples))
    mean, low, high = mean_interval(samples)
    expected = stats.t.interval(0.95, len(samples) - 1, loc=samples.mean(), scale=stats.sem(samples))
    assert (low, high) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert mean == pytest.approx(math.fsum(samples) / len(samples), rel=1e-12, abs=1e-12)


def test_an_interval_worked_by_hand():
    """1, 2, 3: mean 2, standard error 1/√3; Student's t with two degrees of freedom is c·√(2/(1 − c²)) at c = 0.95."""
    reach = 0.95 * math.sqrt(2 / (1 - 0.95**2)) / math.sqrt(3)
    assert mean_interval(np.array([1.0, 2.0, 3.0])) == pytest.approx((2.0, 2.0 - reach, 2.0 + reach), rel=1e-9)


@pytest.mark.parametrize("samples", [5, 30])
def test_the_interval_covers_the_true_mean_19_times_in_20(samples):
    """10,000 intervals of normal samples: binomial with p = 0.95, false-alarm rate 1e-6."""
    rng, repetitions = np.random.default_rng(0), 10_000
    held = 0
    for _ in range(repetitions):
        _, low, high = mean_interval(rng.normal(7.0, 3.0, samples))
        held += low <= 7.0 <= high
    assert stats.binomtest(held, repetitions, 0.95).pvalue > 1e-6


def test_one_sample_has_a_mean_and_no_interval():
    mean, low, high = mean_interval(np.array([3.0]))
    assert mean == 3.0
    assert math.isnan(low)
    assert math.isnan(high)
    assert math.isnan(t_quantile(1))
    alone = paired_difference(np.array([3.0]), np.array([1.0]))
    assert (alone.difference, alone.superiority) == (2.0, 1.0)
    assert all(math.isnan(number) for number in (alone.low, alone.high, alone.p_value, alone.effect_size))


@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=2, max_size=30))
@example([(0.0, 1.0), (0.0, 5e-324)])
@settings(deadline=None, max_examples=100)
def test_a_comparison_is_the_paired_t_test(pairs):
    a, b = np.array(pairs).T
    assume((a - b).std() > 1e-6 * np.abs(a).max() and judged_by_student(a - b))
    assume(not set(np.r_[a, b].tolist()) <= {0.0, 1.0})
    found, expected = paired_difference(a, b), stats.ttest_rel(a, b)
    low, high = expected.confidence_interval(0.95)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9, abs=1e-9)
    assert found.difference == pytest.approx((a - b).mean(), rel=1e-12, abs=1e-12)
    assert found.effect_size == pytest.approx((a - b).mean() / (a - b).std(ddof=1), rel=1e-9, abs=1e-12)
    assert found.superiority == pytest.approx(sum((x > y) + (x == y) / 2 for x, y in pairs) / len(pairs))


def test_swapping_the_samples_of_a_comparison_only_changes_signs():
    a, b = np.array([1.0, 4.0, 2.0, 2.0]), np.array([0.0, 5.0, 2.0, -1.0])
    one, other = paired_difference(a, b), paired_difference(b, a)
    assert (one.difference, one.low, one.high) == pytest.approx((-other.difference, -other.high, -other.low))
    assert (one.p_value, one.effect_size) == pytest.approx((other.p_value, -other.effect_size))
    assert (one.superiority, other.superiority) == (0.625, 0.375)  # two wins, one tie, one loss


def test_students_sleep_data_have_his_p_value():
    """Student (1908), hours of sleep gained with two drugs: t = 4.0621, p = 0.002833 (as in R's ``?sleep``)."""
    first = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
    second = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])
    found = paired_difference(second, first)
    assert found.difference == pytest.approx(1.58)
    assert found.p_value == pytest.approx(0.002833, abs=5e-7)
    assert found.low == pytest.approx(0.7001142, abs=5e-8)
    assert found.high > 2.4598858  # the t interval's end: skewness 1.75 moves it
    assert found.superiority == pytest.approx(0.95)


@pytest.mark.parametrize(("gap", "p", "effect"), [(0.0, 1.0, 0.0), (2.0, 1 / 4, math.inf), (-2.0, 1 / 4, -math.inf)])
def test_a_constant_difference_has_no_interval_and_the_p_value_of_the_sign_test(gap, p, effect):
    """Three fair coins fall alike in 2 of 8 cases."""
    a = np.array([1.0, 5.0, 2.0])
    found = paired_difference(a + gap, a)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert (found.difference, found.p_value, found.effect_size) == (gap, p, effect)
    assert found.superiority == 0.5 + np.sign(gap) / 2


def test_nothing_is_certain_because_it_varies_by_rounding_only():
    a = np.array([0.1, 0.2, 0.3, 0.7, 1.1])
    for gap, p in ((0.1, 2.0**-4), (1e-18, 1.0)):
        assert len(set((a + gap - a).tolist())) > 1 or gap < 1e-9
        assert paired_difference(a + gap, a).p_value == p
    noise = np.array([0.0, 1.0, -1.0, 1.0, 1.0]) * 2.0**-52
    assert paired_difference(1.0 + noise, np.ones(5)).p_value == 1.0
    assert np.isnan(mean_interval(0.3 + noise)[1:]).all()


def rejected_by_holm(p_values, level):
    """Holm's own sequentially rejective procedure: the smallest against α/n, the next against α/(n−1), and so on."""
    rejected = set()
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] > level / (len(p_values) - rank):
            break
        rejected.add(index)
    return rejected


@given(P_VALUES, st.floats(0.001, 0.999))
@settings(deadline=None, max_examples=300)
def test_corrected_p_values_reject_what_holms_procedure_rejects(p_values, level):
    corrected = holm(np.array(p_values))
    assume(all(abs(p - level) > 1e-9 for p in corrected))
    assert {index for index, p in enumerate(corrected) if p <= level} == rejected_by_holm(p_values, level)


@given(P_VALUES)
@settings(deadline=None, max_examples=100)
def test_corrected_p_values_are_no_smaller_in_the_same_order_and_at_most_one(p_values):
    corrected = holm(np.array(p_values))
    assert (corrected >= np.array(p_values)).all()
    assert (corrected <= 1.0).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(corrected[order]) >= 0.0).all()


@in_one_test(
    ("p_values", "corrected"),
    [
        ([], []),
        ([0.03], [0.03]),
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # 4·.005, 3·.01, 2·.03, then max(.06, 1·.04)
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.02, 0.02], [0.04, 0.04]),
    ],
)
def test_holms_correction_worked_by_hand(p_values, corrected):
    assert holm(np.array(p_values)).tolist() == pytest.approx(corrected, rel=1e-12)


def test_comparing_all_pairs_is_holms_correction_of_all_paired_t_tests():
    """Of seven runs. SciPy's paired t-tests and Holm's procedure by hand."""
    samples = np.random.default_rng(0).normal(size=(4, 7)) + np.array([[0.0], [0.3], [1.2], [2.5]])
    pairs = [(a, b) for a in range(4) for b in range(a + 1, 4)]
    assert all(judged_by_student(samples[a] - samples[b]) for a, b in pairs)
    p_values = {pair: stats.ttest_rel(samples[pair[0]], samples[pair[1]]).pvalue for pair in pairs}
    expected, floor = {}, 0.0
    for rank, pair in enumerate(sorted(pairs, key=p_values.__getitem__)):
        floor = expected[pair] = max(floor, min((6 - rank) * p_values[pair], 1.0))
    found = compare(samples, pairs, np.random.default_rng(0)).p_value
    np.testing.assert_allclose(found, [expected[pair] for pair in pairs], rtol=1e-9)
    assert len({*expected.values()}) > 3  # or the order of the pairs would not show


def test_means_of_rows_are_those_of_single_rows_and_accurate_even_if_sums_overflow():
    rng = np.random.default_rng(0)
    samples = np.stack([rng.normal(size=40), 1.7e308 * rng.random(40), np.full(40, 1.7e308), -1.7e308 * rng.random(40)])
    with np.errstate(over="ignore"):
        means = mean_of(samples)
        assert [mean_of(row) for row in samples] == means.tolist()
    for mean, row in zip(means.tolist(), samples.tolist(), strict=True):
        assert mean == pytest.approx(float(sum(map(Fraction, row)) / 40), rel=1e-14)
    assert means[2] == 1.7e308  # never beyond the greatest, not by a rounding either


def test_means_whose_sums_overflow_are_exact_where_floats_hold_them_and_within_their_own_row():
    unit = 2.0**1023
    rows = np.array([[1.0, 1.5, 1.25, 1.75], [-1.0, -1.5, -1.25, -1.75], [1.0, 2.0, 3.0, 4.0]])
    rows[:2] *= unit
    with np.errstate(over="ignore"):
        assert mean_of(rows).tolist() == [1.375 * unit, -1.375 * unit, 2.5]
        for size in (1.7e308, 1.1e308, 1.3333e308):
            constant = np.full((4, 41), size) * [[1.0], [-1.0], [1.05], [-1.05]]
            assert mean_of(constant).tolist() == constant[:, 0].tolist()
            assert mean_of(np.column_stack([constant, constant])).tolist() == constant[:, 0].tolist()
