"""Stopping: the e-value against mpmath and its expectation, decisions at all looks, and false alarms by simulation.

``BOLTZMANN_RL_LONG=1`` simulates 10,000 nulls of up to 10,000 runs each instead of 1,000 of up to 1,000.
"""

import math
import os

import mpmath
import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from scipy import integrate, stats

from boltzmann_rl.statistics.forecasts import forecast, of_sums
from boltzmann_rl.statistics.intervals import guarded_t, hull, spread_of
from boltzmann_rl.statistics.stopping import (
    SAME_DIFFERENCE,
    VARIANCES,
    Decision,
    decide,
    decisions,
    log_e_value,
    look_at,
    looks,
    next_look,
    t_threshold,
)

LONG = "BOLTZMANN_RL_LONG" in os.environ
EVERYWHERE = np.True_
NULLS, AT_MOST = (10_000, 10_000) if LONG else (1_000, 1_000)


@in_one_test(("t", "runs"), [(0.0, 30), (2.5, 30), (-4.0, 30), (3.3, 90), (1.0, 40)])
def test_the_e_value_is_a_ratio_of_likelihoods_averaged_over_effect_sizes(t, runs):
    """SciPy's noncentral t, integrated over normal effect sizes, over its central t."""

    def density(variance):
        middle, width = t / math.sqrt(runs), 7 / math.sqrt(runs)
        effects = np.linspace(middle - width, middle + width, 2001)
        likelihoods = stats.nct.pdf(t, runs - 1, math.sqrt(runs) * effects)
        return np.trapezoid(likelihoods * stats.norm.pdf(effects, 0, math.sqrt(variance)), effects)

    expected = math.log(sum(density(variance) for variance in VARIANCES) / 3 / stats.t.pdf(t, runs - 1))
    assert float(log_e_value(t, runs)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("t", "runs"), [(0.0, 30), (50.0, 30), (-4.0, 75), (3.3, 9000)])
def test_the_closed_form_with_forty_digits(t, runs):
    with mpmath.workdps(40):
        terms = []
        for variance in VARIANCES:
            a, freedom = 1 + runs * mpmath.mpf(str(variance)), mpmath.mpf(runs - 1)
            ratio = (1 + mpmath.mpf(t) ** 2 / freedom) / (1 + mpmath.mpf(t) ** 2 / (freedom * a))
            terms.append(ratio ** (mpmath.mpf(runs) / 2) / mpmath.sqrt(a))
        expected = mpmath.log(sum(terms) / 3)
    assert float(log_e_value(t, runs)) == pytest.approx(float(expected), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("runs", [2, 30, 400])
def test_the_expected_e_value_of_equal_means_is_one(runs):
    def weighed(t):
        return math.exp(float(log_e_value(t, runs)) + stats.t.logpdf(t, runs - 1))

    upper = integrate.quad(weighed, 0, 30, limit=200)[0] + integrate.quad(weighed, 30, np.inf, limit=200)[0]
    assert 2 * upper == pytest.approx(1.0, abs=1e-6)


def test_the_first_look_is_at_30_runs_and_each_further_one_a_quarter_later():
    assert looks(100) == [30, 38, 48, 60, 75, 94]
    assert looks(29) == []
    assert [next_look(n) for n in (0, 29, 30, 74, 75)] == [30, 30, 38, 75, 94]


@given(st.integers(0, 2**32), st.floats(-1, 1), st.integers(1, 600), st.sampled_from([None, 0.3]))
@settings(deadline=None, max_examples=30)
def test_a_decision_depends_on_the_differences_and_not_on_when_one_asks(seed, shift, first, matters):
    rng = np.random.default_rng(seed)
    differences = rng.standard_t(4, size=600) + shift
    final = decide(differences, matters=matters)
    early = decide(differences[:first], matters=matters)
    if early.decision == Decision.OPEN:
        assert early.next_look == next_look(first)
        assert final.runs >= early.runs
    else:
        assert early == final
        assert early.next_look is None
    opposite = decide(-differences, matters=matters)
    swap = {Decision.FIRST: Decision.SECOND, Decision.SECOND: Decision.FIRST}
    assert opposite.decision == swap.get(final.decision, final.decision)
    assert (opposite.runs, opposite.low) == (final.runs, pytest.approx(-final.high, nan_ok=True))
    for unit in (2.0**-600, 2.0**600):
        other = decide(differences * unit, matters=matters and matters * unit)
        assert (other.decision, other.runs, other.log_e) == (final.decision, final.runs, final.log_e)


def test_an_agent_is_ahead_from_the_first_look_whose_e_value_is_large_enough():
    differences = np.random.default_rng(1).normal(0.25, 1.0, size=2000)
    found = decide(differences, alpha=0.01)
    assert found.decision == Decision.FIRST
    for runs in looks(found.runs):
        t = float(guarded_t(spread_of(differences[:runs]), EVERYWHERE))
        assert (float(log_e_value(t, runs)) >= math.log(100)) == (runs == found.runs)
    assert found.log_e == float(log_e_value(t, found.runs))
    assert found.e_value == pytest.approx(math.exp(found.log_e))
    assert found.low > 0.0


def test_the_guard_takes_the_smaller_of_two_statistics_of_the_same_sign():
    skewed = np.array([0.1] * 20 + [8.0] * 3) + np.linspace(0, 0.1, 23)
    students = stats.ttest_1samp(skewed, 0.0).statistic
    skewness, w = stats.skew(skewed, bias=False), students / math.sqrt(23)
    halls = math.sqrt(23) * (w + skewness * w**2 / 3 + skewness**2 * w**3 / 27 + skewness / (6 * 23))
    assert float(guarded_t(spread_of(skewed), EVERYWHERE)) == pytest.approx(min(students, halls))
    assert float(guarded_t(spread_of(-skewed), EVERYWHERE)) == pytest.approx(-min(students, halls))
    middle = float(skewed.mean()) * 1.01  # the mean is a little below, Hall's statistic above
    assert float(guarded_t(spread_of(skewed), EVERYWHERE, middle)) == 0.0


@pytest.mark.parametrize(
    "differences", [np.full(500, 3.0), np.zeros(500), 0.3 + 2.0**-54 * np.arange(500), [np.inf] * 60]
)
def test_differences_that_do_not_vary_decide_nothing(differences):
    found = decide(np.asarray(differences), matters=10.0)
    assert found.decision == Decision.OPEN
    assert math.isnan(found.low)
    assert found.log_e < 0.0


def test_wrong_settings_are_refused():
    for alpha in (0.0, 1.0, 5.0):
        with pytest.raises(ValueError, match="alpha must lie between 0 and 1"):
            decide(np.zeros(3), alpha=alpha)
    with pytest.raises(ValueError, match="matters must be a difference above 0"):
        decide(np.zeros(3), matters=0.0)
    with pytest.raises(ValueError, match="a forecast needs at least two runs, got 1"):
        forecast(np.zeros(1), np.random.default_rng(0))


def equal_coins(rng, shape, share):
    return (rng.random(shape) < share) * 1.0 - (rng.random(shape) < share)


LAWS = {  # differences of equal agents; the last three were not looked at when the method was chosen
    "normal": lambda rng, shape: rng.normal(size=shape),
    "exponential": lambda rng, shape: rng.exponential(size=shape) - 1.0,
    "lognormal": lambda rng, shape: np.exp(rng.normal(size=shape)) - math.exp(0.5),
    "coins .5": lambda rng, shape: equal_coins(rng, shape, 0.5),
    "coins .02": lambda rng, shape: equal_coins(rng, shape, 0.02),
    "t, 3 degrees of freedom": lambda rng, shape: rng.standard_t(3, size=shape),
    "gamma(¼)": lambda rng, shape: rng.gamma(0.25, size=shape) - 0.25,
    "two normals": lambda rng, shape: np.where(rng.random(shape) < 0.1, -1.8, 0.2) + 0.5 * rng.normal(size=shape),
}


@pytest.mark.parametrize("law", LAWS)
def test_equal_agents_are_rarely_decided_over_all_looks(law):
    """Up to 5 % may be; a law at exactly that level fails with probability 1e-4."""
    rng, false = np.random.default_rng(0), 0
    for _ in range(NULLS // 100):
        differences, decided = LAWS[law](rng, (100, AT_MOST)), np.zeros(100, dtype=bool)
        for runs in looks(AT_MOST):
            decided |= ~np.isnan(decisions(spread_of(differences[:, :runs]), 0.05))
        false += decided.sum()
    assert false <= stats.binom.isf(1e-4, NULLS, 0.05)


@pytest.mark.parametrize("law", ["normal", "exponential"])
def test_intervals_cover_at_all_looks_and_large_differences_are_rarely_said_not_to_matter(law):
    rng, matters = np.random.default_rng(1), 0.4
    differences = LAWS[law](rng, (400, 1000)) + matters
    missed, waved_through = np.zeros(400, dtype=bool), np.zeros(400, dtype=bool)
    for runs in looks(1000):
        spread = spread_of(differences[:, :runs])
        low, high = hull(spread, t_threshold(runs, 0.05))
        missed |= (low > matters) | (high < matters)
        waved_through |= decisions(spread, 0.05, matters) == 0.0
    bound = stats.binom.isf(1e-4, 400, 0.05)
    assert missed.sum() <= bound
    assert waved_through.sum() <= bound


def test_equal_agents_are_soon_said_to_differ_by_nothing_that_matters():
    """0.2 standard deviations: at least 85 of 100 within 800 runs."""
    differences = np.random.default_rng(2).normal(size=(100, 800))
    found = [decide(row, matters=0.2) for row in differences]
    assert sum(look.decision == Decision.SAME for look in found) >= 85
    assert all(-0.2 < look.low < look.high < 0.2 for look in found if look.decision == Decision.SAME)


def test_a_forecast_is_what_further_runs_then_do():
    """2000 runs, d = .06: chances by 500 continuations with normal runs are within 5 standard errors of both."""
    seen = stats.norm.ppf((np.arange(2000) + 0.5) / 2000) + 0.06
    rng = np.random.default_rng(0)
    rng.shuffle(seen)
    found = forecast(seen, rng, at_most=5000, futures=500)
    decided = np.zeros((500, len(found.runs)))
    for future in range(500):
        truth = 0.06 + rng.normal() / math.sqrt(2000)  # what 2000 runs leave open
        runs = np.concatenate([seen, rng.normal(truth, 1.0, size=3000)])
        done = [not np.isnan(decisions(spread_of(runs[:n]), 0.05)) for n in found.runs]
        decided[future] = np.maximum.accumulate(done)
    expected = decided.mean(axis=0)
    assert np.abs(found.chance - expected).max() <= 5 * math.sqrt(2 * 0.25 / 500)
    assert (np.diff(found.chance) >= 0.0).all()
    assert found.runs_for(1.01) is None
    assert found.second.max() < 0.05


def test_sums_of_powers_have_the_moments_of_the_samples():
    samples = np.random.default_rng(0).gamma(0.5, size=(5, 40)) * 3 + 7
    unit = spread_of(samples[0])
    scaled = (samples - unit.mean) / unit.sd
    found = of_sums(np.stack([(scaled**k).sum(axis=1) for k in (1, 2, 3)], axis=-1), 40, unit.mean, unit.sd)
    for name in ("mean", "sd", "skewness"):
        np.testing.assert_allclose(getattr(found, name), getattr(spread_of(samples), name), rtol=1e-9)


def test_runs_that_do_not_vary_promise_no_decision():
    found = forecast(np.full(10, 2.0), np.random.default_rng(0), at_most=100)
    assert found.runs.tolist() == looks(100)
    assert not found.chance.any()


def test_a_difference_that_never_varies_is_warned_of_and_one_that_is_not_finite_is_not_called_so():
    assert look_at(spread_of(np.full(30, 0.5)), 0.05).warning == SAME_DIFFERENCE
    assert look_at(spread_of(np.full(30, 0.5)), 0.05, 1.0).decision == Decision.OPEN
    assert look_at(spread_of(np.array([0.0] * 29 + [1e-3])), 0.05).warning != SAME_DIFFERENCE
    assert look_at(spread_of(np.full(30, np.inf)), 0.05).warning == ""
