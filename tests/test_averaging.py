"""Averages over the policy's probabilities: what they gain, and a warning for policies that play others."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import stats

import boltzmann_rl as brl
from boltzmann_rl.cli import main
from boltzmann_rl.results.averaging import FALSE_ALARM, gained
from boltzmann_rl.statistics.averaging import may_differ, same_mean, variance_factor

AGENTS = {
    "τ = 0.3": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.3)),
    "ε = 0.1": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1)),
}


def run(agents, bandit=None, **settings):
    settings = {"runs": 60, "steps": 80, "seed": 3, **settings}
    return brl.BanditExperiment("example", bandit or brl.GaussianBandit(), agents, **settings).run(progress=False)


@dataclass(frozen=True)
class Pretender:
    """States a softmax, but plays the best action for this share of the uniforms."""

    share: float

    def __call__(self, values, step):
        return brl.softmax(values, 1.0)

    def draw(self, values, step, uniforms):
        honest = brl.invert(self(values, step), np.maximum(uniforms - self.share, 0.0) / (1.0 - self.share))
        return np.where(uniforms < self.share, values.argmax(axis=-1), honest)


@dataclass(frozen=True)
class Generous(brl.GaussianBandit):
    """Pays more than the means that it states."""

    def reward(self, means, noise):
        return means + noise + 0.5


def test_the_factor_is_the_variance_of_outcomes_over_that_of_averages():
    """Windows of one step have the samples themselves."""
    results = run(AGENTS)
    for (agent, metric), row in results.averaging.set_index(["agent", "metric"]).iterrows():
        here = results.run_curves[results.run_curves["agent"] == agent]
        raw, averaged = (
            here.pivot(index="run", columns="window", values=name).var() for name in (metric, f"expected_{metric}")
        )
        assert row["factor"] == pytest.approx(raw.sum() / averaged.sum(), rel=1e-9)
        assert row["factor_last_half"] == pytest.approx(raw[40:].sum() / averaged[40:].sum(), rel=1e-9)


@pytest.mark.parametrize("unit", [2.0**-600, 1.0, 2.0**600])
def test_the_factor_does_not_depend_on_the_unit(unit):
    rng = np.random.default_rng(0)
    raw, averaged = rng.random(50), rng.random(50)
    assert variance_factor(raw * unit, averaged * unit) == pytest.approx((raw**2).sum() / (averaged**2).sum())


def test_the_factor_is_1_if_nothing_varies_and_unknown_for_one_run():
    zero = np.zeros(3)
    assert variance_factor(zero, zero) == 1.0
    assert variance_factor(np.ones(3), zero) == math.inf
    assert math.isnan(variance_factor(zero * np.nan, zero * np.nan))


def test_the_p_value_is_that_of_a_paired_t_test():
    rng = np.random.default_rng(0)
    averaged = rng.normal(size=100)
    outcomes = averaged + rng.normal(0.02, 0.1, size=100)
    z, p_value = same_mean(outcomes, averaged, 100, 1.0)
    expected = stats.ttest_rel(outcomes, averaged)
    assert (z, p_value) == pytest.approx((expected.statistic, expected.pvalue))


def test_means_that_differ_only_by_rounding_agree_and_one_run_says_nothing():
    averaged = np.random.default_rng(0).normal(size=50)
    assert same_mean(averaged * (1.0 + 2.0**-52), averaged, 1000, 1.0) == (0.0, 1.0)
    assert all(math.isnan(number) for number in same_mean(averaged[:1], averaged[:1], 1000, 1.0))
    assert all(math.isnan(number) for number in same_mean(averaged[:1] + 1, averaged[:1], 1000, 1.0))


def test_rare_outcomes_that_have_not_happened_yet_prove_nothing():
    """A reward of 1 with probability p: none happens in any step with probability (1 − p)^steps ≈ exp(−p·steps)."""
    stated = 0.001 * (1.0 + 0.01 * np.random.default_rng(0).random(20))
    for steps in (100, 1000):
        z, p_value = same_mean(np.zeros(20), stated, steps, 1.0)
        assert z < -100
        assert p_value == pytest.approx(np.prod((1.0 - stated) ** steps), rel=0.02)
    assert same_mean(np.zeros(20), stated, 10**6, 0.0)[1] == 1.0, "outcomes that never varied"


def test_without_scipy_no_disagreement_is_missed():
    """Normal, skewed and constant differences of all sizes, of which some are 0."""
    rng = np.random.default_rng(0)
    certain = 0
    for runs in [*range(1, 60)] * 20:
        averaged, normal = rng.normal(size=(2, runs))
        noise = rng.choice([normal, rng.exponential(size=runs) ** 3, np.ones(runs), np.zeros(runs)])
        outcomes = averaged + 10.0 ** rng.uniform(-8.0, 1.0) * (noise + rng.normal() * rng.integers(2))
        compared = outcomes, averaged, 100, rng.choice([0.0, 0.1, 1.0, 50.0])
        p_value = same_mean(*compared)[1]
        for alpha in (0.5, 0.05, FALSE_ALARM, FALSE_ALARM / 1000):
            certain += not may_differ(*compared, alpha)
            assert may_differ(*compared, alpha) or not p_value <= alpha
    assert certain > 1000


def test_equal_means_are_told_without_scipy():
    rng = np.random.default_rng(0)
    averaged = rng.normal(size=(100, 30))
    outcomes = averaged + rng.normal(0.0, 0.1, size=averaged.shape)
    assert not any(may_differ(*pair, 100, 1.0, FALSE_ALARM) for pair in zip(outcomes, averaged, strict=True))


BANDITS = {
    "normal": brl.GaussianBandit(),
    "without noise": brl.GaussianBandit(sd=1e-9),
    "rare rewards": brl.BernoulliBandit(brl.UniformMeans(0.0, 0.02)),
}


@pytest.mark.parametrize("bandit", BANDITS)
def test_policies_that_play_what_they_state_cause_no_warning(bandit):
    """240 p-values of 60 experiments: at most 1 % are below 0.01, with 4.3 standard errors to spare."""
    agents = {
        "cold": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.02)),
        "rarely": brl.Agent(brl.SampleAverage(initial=1.0), brl.EpsilonGreedy(0.001)),
    }
    p_values = [
        run(agents, BANDITS[bandit], runs=10, steps=30, seed=seed, windows=1).averaging["p_value"] for seed in range(60)
    ]
    found = np.concatenate(p_values)
    assert len(found) == 240
    assert (found < 0.01).mean() < 0.01 + 4.3 * math.sqrt(0.01 * 0.99 / 240)
    assert found.min() > FALSE_ALARM / 240


@pytest.mark.parametrize("bandit", BANDITS)
def test_averages_of_many_runs_have_the_mean_of_what_happened(bandit):
    averaging = run(AGENTS, BANDITS[bandit], runs=400).averaging
    assert (averaging["p_value"] > FALSE_ALARM / len(averaging)).all()
    assert not averaging["warning"].any()


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_a_policy_that_does_not_play_what_it_states_causes_a_warning(share):
    with pytest.warns(UserWarning, match="pretender on GaussianBandit: .*does not play the probabilities"):
        results = run({**AGENTS, "pretender": brl.Agent(brl.SampleAverage(), Pretender(share))}, runs=200)
    warned = results.averaging[results.averaging["warning"] != ""]
    assert set(warned["agent"]) == {"pretender"}
    assert "regret" in set(warned["metric"])
    assert "same mean" not in gained(results.averaging, "reward")


def test_a_bandit_that_pays_other_means_causes_a_warning():
    with pytest.warns(UserWarning, match="or the bandit does not pay the means that it states: judge by reward"):
        averaging = run(AGENTS, Generous()).averaging
    assert set(averaging.loc[averaging["warning"] != "", "metric"]) == {"reward"}
    difference = averaging["mean"] - averaging["averaged_mean"]
    assert difference[averaging["metric"] == "reward"].to_numpy() == pytest.approx(0.5, abs=0.1)


def test_one_run_has_no_factor_and_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        averaging = run(AGENTS, Generous(), runs=1).averaging
    assert averaging[["factor", "z", "p_value"]].isna().all(axis=None)
    assert not averaging["warning"].any()
    assert gained(averaging, "reward") == ""


def test_environments_have_no_averages():
    agents = {"τ = 1": brl.Agent(brl.QLearning(), brl.Boltzmann(1.0))}
    experiment = brl.GymnasiumExperiment("lake", brl.Environment("FrozenLake-v1"), agents, runs=2, episodes=5)
    results = experiment.run(progress=False)
    assert results.averaging.empty
    assert gained(results.averaging, "return") == ""


def test_loaded_results_have_the_same_table(tmp_path):
    results = run(AGENTS, runs=150)
    loaded = brl.load(results.save(tmp_path))
    assert loaded.averaging.equals(results.averaging)


def test_the_command_line_says_what_averaging_gains(tmp_path, capsys):
    file = tmp_path / "study.py"
    file.write_text(
        "import boltzmann_rl as brl\n"
        "AGENTS = {'hot': brl.Agent(brl.SampleAverage(), brl.Boltzmann(1.0))}\n"
        "EXPERIMENT = brl.BanditExperiment('study', brl.GaussianBandit(), AGENTS, runs=50, steps=20)\n"
    )
    assert main(["run", str(file), "--quiet", "--results", str(tmp_path)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    row = brl.load(tmp_path / "study").averaging.iloc[0]
    assert f"the reward of a step has {row['factor']:.1f} times less variance if it is averaged over" in said
    assert f"with the same mean (largest |z| {abs(row['z']):.1f})" in said
