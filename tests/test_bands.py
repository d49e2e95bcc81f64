"""Simultaneous bands: closed forms for independent and for equal points, coverage by simulation, and refusals."""

import numpy as np
import pytest
from scipy import stats

from boltzmann_rl.statistics.bands import can_be_drawn, simultaneous_band

AVERAGED = "probability-averaged curve"


def test_many_independent_points_need_the_quantile_of_their_maximum():
    """500 runs of 40 points: the 0.95 quantile of the largest of 40 is the 0.95^(1/40) quantile of one."""
    rng = np.random.default_rng(0)
    found = simultaneous_band(rng.normal(size=(500, 40)), AVERAGED, rng, draws=4000)
    expected = stats.t.ppf((1 + 0.95 ** (1 / 40)) / 2, 499)
    assert found.critical == pytest.approx(expected, rel=0.02)


def test_equal_points_need_no_more_than_one():
    rng = np.random.default_rng(0)
    differences = np.repeat(rng.normal(size=(200, 1)), 30, axis=1) * np.arange(1.0, 31.0)
    found = simultaneous_band(differences, "windows", rng, confidence=0.9, draws=8000)
    assert found.critical == pytest.approx(stats.t.ppf(0.95, 199), rel=0.04)
    one = differences[:, 0]
    reach = found.critical * stats.sem(one)
    assert (found.mean[0], found.low[0], found.high[0]) == pytest.approx(
        (one.mean(), one.mean() - reach, one.mean() + reach)
    )


@pytest.mark.parametrize("runs", [20, 60])
def test_bands_cover_whole_random_walks(runs):
    """400 random walks of 60 steps around a true curve: coverage .91 to .98, with 4 standard errors to spare."""
    rng, held = np.random.default_rng(0), 0
    true = np.sin(np.linspace(0, 3, 60))
    for _ in range(400):
        walks = true + np.cumsum(rng.normal(size=(runs, 60)), axis=1)
        band = simultaneous_band(walks, AVERAGED, rng, draws=400)
        held += bool(((band.low <= true) & (true <= band.high)).all())
    assert 0.91 - 4 * 0.0143 <= held / 400 <= 0.98 + 4 * 0.007


def test_bands_do_not_depend_on_the_unit():
    differences = np.random.default_rng(0).normal(size=(25, 10))
    found = simultaneous_band(differences, AVERAGED, np.random.default_rng(1))
    for unit in (2.0**-600, 2.0**600):
        other = simultaneous_band(differences * unit, AVERAGED, np.random.default_rng(1))
        assert other.critical == found.critical
        assert other.low.tolist() == (found.low * unit).tolist()


def test_skewed_points_get_the_hull_of_two_bands_and_a_warning():
    rng = np.random.default_rng(0)
    differences = rng.normal(size=(30, 3))
    differences[:, 1] = np.exp(1.5 * differences[:, 1])
    found = simultaneous_band(differences, AVERAGED, np.random.default_rng(1))
    reach = found.critical * stats.sem(differences)
    ordinary = found.mean - reach, found.mean + reach
    np.testing.assert_allclose(np.stack(ordinary)[:, [0, 2]], np.stack([found.low, found.high])[:, [0, 2]])
    assert found.low[1] == pytest.approx(ordinary[0][1])
    assert found.high[1] > ordinary[1][1] + reach[1] / 2
    assert "the differences are skewed" in found.warning


def test_a_point_where_all_runs_differ_alike_has_no_band_and_does_not_widen_the_others():
    differences = np.random.default_rng(0).normal(size=(25, 10))
    found = simultaneous_band(differences[:, 1:], AVERAGED, np.random.default_rng(1))
    differences[:, 0] = 3.0
    other = simultaneous_band(differences, AVERAGED, np.random.default_rng(1))
    assert np.isnan(other.low[0])
    assert other.critical == found.critical


def test_bands_that_would_not_hold_are_refused_in_words():
    rng = np.random.default_rng(0)
    differences = rng.normal(size=(30, 5))
    with pytest.raises(ValueError, match="no simultaneous band holds for what was received at every single step"):
        simultaneous_band(differences, "raw curve", rng)
    with pytest.raises(ValueError, match="a simultaneous band needs at least 20 runs, got 19"):
        simultaneous_band(differences[:19], AVERAGED, rng)
    with pytest.raises(ValueError, match="kind must be"):
        simultaneous_band(differences, "curve", rng)
    differences[9:, 2] = 0.0
    assert can_be_drawn(differences).tolist() == [True, True, False, True, True]
    with pytest.raises(ValueError, match="in 1 of 5 points, such as point 2, fewer than 10 runs differ"):
        simultaneous_band(differences, "windows", rng)
