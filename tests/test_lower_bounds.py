"""The slope of Lai & Robbins' lower bound, against divergences by numerical integration."""

import math

import pytest
from scipy import integrate, stats

import boltzmann_rl as brl
from boltzmann_rl.results.lower_bounds import slopes_in
from boltzmann_rl.statistics.lower_bounds import lai_robbins


@pytest.mark.parametrize(("means", "sd"), [((0.0, 0.5, 1.0), 1.0), ((-3.0, 2.0, 2.0, 1.9), 0.3)])
def test_the_slope_on_normal_arms_is_that_of_the_integrated_divergence(means, sd):
    best, expected = stats.norm(max(means), sd), 0.0
    for mean in means:
        arm = stats.norm(mean, sd)
        divergence = integrate.quad(
            lambda x, arm=arm: arm.pdf(x) * (arm.logpdf(x) - best.logpdf(x)), mean - 12 * sd, mean + 12 * sd
        )[0]
        expected += (max(means) - mean) / divergence if mean < max(means) else 0.0
    assert lai_robbins(means, sd) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("means", [(0.2, 0.5), (0.0, 0.3, 0.9), (0.45, 0.5, 0.5)])
def test_the_slope_on_bernoulli_arms_is_that_of_the_relative_entropy(means):
    best = max(means)
    pairs = [((1 - mean, mean), (1 - best, best), best - mean) for mean in means if mean < best]
    expected = sum(gap / stats.entropy(arm, of_best) for arm, of_best, gap in pairs)
    assert lai_robbins(means) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("means", "sd"), [((0.5, 0.5), None), ((2.0,), 1.0), ((0.3, 1.0), None)])
def test_equal_arms_and_arms_told_by_one_pull_have_slope_0(means, sd):
    assert lai_robbins(means, sd) == 0.0


@pytest.mark.parametrize(
    ("means", "sd", "message"),
    [((), 1.0, "at least one arm"), ((0.0, 1.0), 0.0, "sd must be positive"), ((0.0, 2.0), None, "probabilities")],
)
def test_impossible_arms_are_refused(means, sd, message):
    with pytest.raises(ValueError, match=message):
        lai_robbins(means, sd)


def of(**problems):
    return slopes_in({"declaration": {"problem": {name: repr(bandit) for name, bandit in problems.items()}}})


def test_the_slope_is_known_of_bandits_with_fixed_normal_or_bernoulli_arms_only():
    known = of(
        normal=brl.GaussianBandit(means=(0.0, 1.0), sd=2.0),
        coins=brl.BernoulliBandit(means=(0.2, 0.5)),
        drawn=brl.GaussianBandit(arms=3),
        drifting=brl.GaussianBandit(means=(0.0, 1.0), drift=0.1),
        noiseless=brl.GaussianBandit(means=(0.0, 1.0), sd=0.0),
        heavy=brl.HeavyTailedBandit(arms=2),
    )
    assert known == {"normal": 8.0, "coins": pytest.approx(lai_robbins((0.2, 0.5)))}


def test_nothing_in_a_manifest_is_evaluated(tmp_path):
    said = f"GaussianBandit(means=open({str(tmp_path / 'x')!r}, 'w'), sd=1.0, drift=0.0)"
    for hostile in (said, "(" * 10_000, "GaussianBandit(means=1, sd='', drift=0.0)", "", "x" * 5, "1 +"):
        assert slopes_in({"declaration": {"problem": {"x": hostile}}}) == {}
    assert not (tmp_path / "x").exists()


def test_the_regret_of_a_bandit_is_drawn_on_both_axes_with_the_slope():
    agents = {"τ": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1))}
    experiment = brl.BanditExperiment("x", brl.GaussianBandit(means=(0.0, 1.0)), agents, runs=5, steps=100)
    figure = experiment.run(progress=False).figures.regret()
    assert [ax.get_xscale() for ax in figure.axes] == ["linear", "log"]
    bound = figure.axes[1].get_lines()[-1]
    assert bound.get_ydata().tolist() == pytest.approx([2.0 * math.log(step) for step in bound.get_xdata()])
