"""Estimates of results: compared with SciPy and pandas on the table of run curves, and refused with reasons."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import boltzmann_rl as brl

AGENTS = {
    "τ = 0.3": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.3)),
    "greedy": brl.Agent(brl.SampleAverage(), brl.Greedy()),
    "twin": brl.Agent(brl.SampleAverage(), brl.Greedy()),
}
PROBLEMS = {"far": brl.GaussianBandit(), "near": brl.GaussianBandit(brl.NormalMeans(0.0, 0.3))}
# 130 steps in 100 windows: some have one step, some two.
EXPERIMENT = brl.BanditExperiment("example", PROBLEMS, AGENTS, runs=40, steps=130, seed=5)


@pytest.fixture(scope="module")
def results():
    return EXPERIMENT.run(progress=False)


@pytest.fixture(scope="module")
def lake():
    agents = {
        "τ = 0.1": brl.Agent(brl.QLearning(0.3), brl.Boltzmann(0.1)),
        "ε = 0.1": brl.Agent(brl.QLearning(0.3), brl.EpsilonGreedy(0.1)),
    }
    lake = brl.Environment("FrozenLake-v1", options={"is_slippery": False})
    return brl.GymnasiumExperiment("lake", lake, agents, runs=25, episodes=60, confidence=0.9).run(progress=False)


def courses(results, problem, agent, metric):
    """Means over windows ``(runs, windows)``, and the sizes of windows, by the public table."""
    table = results.run_curves
    here = table[(table["problem"] == problem) & (table["agent"] == agent)]
    sizes = here.loc[here["run"] == 0, "end"] - here.loc[here["run"] == 0, "begin"]
    return here.pivot(index="run", columns="window", values=metric).to_numpy(), sizes.to_numpy()


def row(table, problem, agent):
    return table[(table["problem"] == problem) & (table["agent"] == agent)].iloc[0]


def ends(found, name):
    return found[f"{name}_low"], found[f"{name}_high"]


def t_interval(samples, confidence):
    return stats.t.interval(confidence, len(samples) - 1, loc=samples.mean(), scale=stats.sem(samples))


@pytest.mark.parametrize("metric", ["reward", "expected_reward"])
def test_estimates_are_those_of_scipy(results, metric):
    table = results.estimates(metric, last=7, confidence=0.8)
    assert list(table["metric"].unique()) == [metric]
    for problem in PROBLEMS:
        windows, sizes = courses(results, problem, "τ = 0.3", metric)
        found, whole = row(table, problem, "τ = 0.3"), np.average(windows, axis=1, weights=sizes)
        final = np.average(windows[:, -7:], axis=1, weights=sizes[-7:])
        assert abs(stats.skew(whole, bias=False)) < 1.0 > abs(stats.skew(final, bias=False)), "where t is used"
        for name, samples in (("mean", whole), ("area_under_curve", whole), ("final", final)):
            assert found[name] == pytest.approx(samples.mean())
            assert ends(found, name) == pytest.approx(t_interval(samples, 0.8))
        assert found["interquartile_mean"] == pytest.approx(stats.trim_mean(whole, 0.25))
        trimmed = stats.mstats.trimmed_mean_ci(whole, (0.25, 0.25), alpha=0.2)
        assert ends(found, "interquartile_mean") == pytest.approx(tuple(trimmed))
        assert found["median"] == pytest.approx(np.median(whole))
        assert ends(found, "median") == pytest.approx(tuple(stats.quantile_test(whole, p=0.5).confidence_interval(0.8)))


def test_intervals_that_may_not_hold_carry_a_warning(results):
    few = replace(EXPERIMENT, name="few", runs=6).run(progress=False).estimates()
    told = "6 runs cannot show whether they are skewed; if they are, intervals of means may cover less often than they"
    assert few["warning"].str.startswith(told).all()
    rare = brl.BernoulliBandit(brl.BetaMeans(0.02, 0.6), arms=1)
    skewed = replace(EXPERIMENT, name="skewed", problem={"rare": rare}).run(progress=False)
    for agent, found in skewed.estimates().groupby("agent"):
        windows, sizes = courses(skewed, "rare", agent, "reward")
        samples = [
            np.average(windows[:, part], axis=1, weights=sizes[part]) for part in (slice(None), slice(-10, None))
        ]
        most = max(stats.skew(sample, bias=False) for sample in samples)
        assert most > 2.0, "where chance does not explain it"
        enough = math.ceil(25 * most**2)
        told = f"runs are skewed, by up to {most:.1f}: with 40 runs .*; about {enough} runs would be enough"
        assert found["warning"].str.match(told).all()
    assert (results.estimates()["warning"] == "").any()


def test_means_leave_out_uncounted_steps_and_areas_do_not():
    experiment = replace(EXPERIMENT, name="late", uncounted_steps=31, windows=13, runs=5)
    results = experiment.run(progress=False)
    table, summary = results.estimates(), results.summary
    assert row(table, "far", "greedy")["mean"] == pytest.approx(row(summary, "far", "greedy")["reward"])
    windows, sizes = courses(results, "far", "greedy", "reward")
    assert set(sizes) == {10}
    assert row(table, "far", "greedy")["area_under_curve"] == pytest.approx(windows.mean())
    without_totals = row(results.estimates("expected_reward"), "far", "greedy")
    whole, _ = courses(results, "far", "greedy", "expected_reward")
    assert without_totals["mean"] == pytest.approx(whole[:, 4:].mean()), "windows that begin after 31 steps"


def test_intervals_of_shares_never_leave_0_to_1(results):
    table = results.estimates("best_action", confidence=0.9999)
    numbers = table.filter(regex="_(low|high)$")
    assert numbers.min(axis=None) >= 0.0
    assert numbers.max(axis=None) <= 1.0


def test_the_declared_confidence_is_the_default(lake):
    assert lake.estimates().equals(lake.estimates(confidence=0.9))
    assert lake.difference_curve("τ = 0.1", "ε = 0.1").equals(
        lake.difference_curve("τ = 0.1", "ε = 0.1", confidence=0.9)
    )
    assert not lake.estimates().equals(lake.estimates(confidence=0.95))


@pytest.mark.parametrize(("metric", "below", "threshold"), [(None, False, 0.9), ("regret", True, 0.1)])
def test_first_passages_are_at_the_end_of_the_first_window_at_the_threshold(results, metric, below, threshold):
    table = results.first_passage(threshold, metric, below=below)
    for problem in PROBLEMS:
        for agent in AGENTS:
            windows, sizes = courses(results, problem, agent, metric or "expected_reward")
            there = windows <= threshold if below else windows >= threshold
            steps = [np.cumsum(sizes)[run.argmax()] if run.any() else math.inf for run in there]
            found = row(table, problem, agent)
            assert found["reached"] == pytest.approx(np.isfinite(steps).mean())
            exact = stats.binomtest(int(np.isfinite(steps).sum()), 40).proportion_ci(0.95, method="exact")
            assert ends(found, "reached") == pytest.approx(tuple(exact))
            assert found["median"] == np.median(steps)
            order = np.sort(steps)
            assert ends(found, "median") == (order[13], order[26]), "ranks 14 and 27 of 40"


def test_if_lower_is_better_metrics_must_fall_to_the_threshold_and_score_0_when_high(results):
    falling = results.first_passage(0.1, "regret")
    assert falling.equals(results.first_passage(0.1, "regret", below=True))
    assert not falling.equals(results.first_passage(0.1, "regret", below=False))
    regrets = results.runs.groupby(["problem", "agent"])["regret"].mean().unstack()
    scores = results.aggregate("regret").set_index("agent")["mean"]
    for agent in AGENTS:
        worst, best = regrets.max(axis=1), regrets.min(axis=1)
        assert scores[agent] == pytest.approx(((regrets[agent] - worst) / (best - worst)).mean(), abs=1e-12)


def test_runs_made_elsewhere_have_the_same_estimates():
    """The windows of an experiment, of one step each, go out as a table and come back."""
    own = replace(EXPERIMENT, name="own", steps=100).run(progress=False)
    table = own.run_curves.rename(columns={"run": "seed", "begin": "step"})
    others = brl.Results.of_runs(table[["problem", "agent", "seed", "step", "reward"]])
    for found, expected in (
        (others.estimates(last=5), own.estimates(last=5)),
        (others.first_passage(1.0), own.first_passage(1.0, "reward")),
        (others.aggregate(between=GIVEN), own.aggregate(between=GIVEN)),
        (others.difference_curve("τ = 0.3", "greedy"), own.difference_curve("τ = 0.3", "greedy", "reward")),
    ):
        shared = [name for name in expected if not name.endswith(("low", "high")) and name != "experiment"]
        if "difference" not in expected and "normalisation" not in expected:  # these draw no random numbers
            shared += [name for name in expected if name.endswith(("low", "high"))]
        pd.testing.assert_frame_equal(found[shared], expected[shared], check_dtype=False)
    assert others.averaging.empty


def test_estimates_of_runs_until_decided_carry_a_warning():
    results = replace(EXPERIMENT, name="until", problem=PROBLEMS["far"]).run(
        until="decided", at_most=60, progress=False
    )
    for table in (results.estimates(), results.difference_curve("τ = 0.3", "greedy")):
        assert table["warning"].str.startswith("looks decided the number of runs").all()


def test_runs_that_never_reach_a_threshold_are_not_left_out(results):
    table = results.first_passage(1e9)
    assert (table["reached"] == 0.0).all()
    assert np.isinf(table["median"]).all()


def test_a_profile_is_the_share_of_runs_above_each_threshold(results):
    table = results.performance_profile([-1.0, 0.5, 99.0], confidence=0.9)
    whole = results.runs.assign(mean=results.runs["reward"] / 130)
    for (problem, agent), of_agent in whole.groupby(["problem", "agent"]):
        found = table[(table["problem"] == problem) & (table["agent"] == agent)]
        above = [(of_agent["mean"] > at).sum() for at in (-1.0, 0.5, 99.0)]
        assert found["share"].tolist() == pytest.approx([count / 40 for count in above])
        exact = stats.binomtest(int(above[1]), 40).proportion_ci(0.9, method="exact")
        assert tuple(found[["low", "high"]].iloc[1]) == pytest.approx(tuple(exact))


GIVEN = {"far": (0.0, 1.6), "near": (-0.1, 0.5)}


def scores(results, agent, between):
    whole = results.runs[results.runs["agent"] == agent]
    return np.stack(
        [
            (whole.loc[whole["problem"] == problem, "reward"] / 130 - zero) / (one - zero)
            for problem, (zero, one) in between.items()
        ]
    )


def test_scores_of_several_problems_are_aggregated_as_rliable_defines_it(results):
    table = results.aggregate(between=GIVEN).set_index("agent")
    for agent in AGENTS:
        expected = scores(results, agent, GIVEN)
        assert table.loc[agent, "interquartile_mean"] == pytest.approx(stats.trim_mean(expected, 0.25, axis=None))
        assert table.loc[agent, "mean"] == pytest.approx(expected.mean())
        low, high = ends(table.loc[agent], "mean")
        error = np.sqrt(expected.var(axis=1, ddof=1).sum() / 40) / 2
        assert (high - low) / (2 * 1.96 * error) == pytest.approx(1.0, abs=0.1), "runs are resampled within a problem"
    profile = results.performance_profile([0.5], between=GIVEN).set_index("agent")
    assert profile.loc["greedy", "share"] == (scores(results, "greedy", GIVEN) > 0.5).mean()


def test_scores_lie_between_two_agents_or_the_worst_and_the_best(results):
    means = results.runs.groupby(["problem", "agent"])["reward"].mean().unstack() / 130
    between = {problem: (means.loc[problem, "greedy"], means.loc[problem, "τ = 0.3"]) for problem in PROBLEMS}
    named = results.aggregate(between=("greedy", "τ = 0.3")).set_index("agent")
    assert named.loc["greedy", "mean"] == pytest.approx(0.0, abs=1e-12)
    assert named.loc["τ = 0.3", "mean"] == pytest.approx(1.0)
    assert named["normalisation"].iloc[0] == "0 is the mean of greedy on each problem, 1 that of τ = 0.3"
    numbers = ["interquartile_mean", "interquartile_mean_low", "mean_high"]
    given = results.aggregate(between=between).set_index("agent")
    assert given[numbers].to_numpy() == pytest.approx(named[numbers].to_numpy())
    extremes = {problem: (means.loc[problem].min(), means.loc[problem].max()) for problem in PROBLEMS}
    default = results.aggregate().set_index("agent")
    assert default.loc["twin", "mean"] == pytest.approx(scores(results, "twin", extremes).mean())


def test_what_cannot_be_aggregated_is_refused_with_the_reason(results, lake):
    with pytest.raises(ValueError, match="over several problems, and there is one here: estimates"):
        lake.aggregate()
    with pytest.raises(ValueError, match=r"the scores 0 and 1 must be different returns, got .* on far"):
        results.aggregate(between=("greedy", "twin"))
    with pytest.raises(ValueError, match=r"between must have the returns that score 0 and 1 on near"):
        results.aggregate(between={"far": (0.0, 1.0)})
    with pytest.raises(TypeError, match=r"between must be two agents, .*got 'greedy'"):
        results.aggregate(between="greedy")
    with pytest.raises(ValueError, match=r"an agent must be one of τ = 0.3, greedy, twin, got 'none'"):
        results.aggregate(between=("none", "greedy"))
    few = replace(EXPERIMENT, name="few", runs=4).run(progress=False)
    with pytest.raises(ValueError, match="the stratified bootstrap needs 5 runs of each task"):
        few.aggregate()


def test_unknown_metrics_and_invalid_windows_and_levels_are_refused(results):
    with pytest.raises(ValueError, match="metric must be one of reward, best_action, regret, expected_reward"):
        results.estimates("return")
    with pytest.raises(ValueError, match="last must be"):
        results.estimates(last=101)
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1, got 95"):
        results.first_passage(0.0, confidence=95)
    with pytest.raises(ValueError, match="threshold"):
        results.first_passage(math.nan)


def test_a_difference_curve_is_the_mean_difference_of_paired_windows(results):
    table = results.difference_curve("τ = 0.3", "greedy")
    assert list(table["metric"].unique()) == ["expected_reward"], "averaged where it can be"
    for problem in PROBLEMS:
        here = table[table["problem"] == problem]
        first, sizes = courses(results, problem, "τ = 0.3", "expected_reward")
        second, _ = courses(results, problem, "greedy", "expected_reward")
        differences = first - second
        assert (here["end"] - here["begin"]).tolist() == sizes.tolist()
        assert here["difference"].to_numpy() == pytest.approx(differences.mean(axis=0))
        assert here["differing"].tolist() == (differences != 0.0).sum(axis=0).tolist()
        drawn = here["low"].notna().to_numpy()
        assert drawn.tolist() == (here["differing"] >= 10).tolist()
        assert set(here["warning"][~drawn]) <= {"no band: fewer than 10 runs differ"}
        pointwise = stats.t.ppf(0.975, 39) * stats.sem(differences[:, drawn])
        assert (here["high"][drawn] - here["low"][drawn] > 2 * pointwise).all(), "wider than at one point"


def test_bands_of_difference_curves_cover_whole_curves():
    """24 bands of 50 runs each hold the mean of 2,000 runs.

    If bands cover with probability 0.95, this fails for less than one in a thousand seeds;
    with 0.7, for three in four.
    """
    agents = {"τ = 1": brl.Agent(brl.SampleAverage(), brl.Boltzmann(1.0)), "τ = 0.3": AGENTS["τ = 0.3"]}
    problem = brl.GaussianBandit(arms=3)
    experiment = brl.BanditExperiment("bands", problem, agents, runs=2000, steps=20, windows=10, seed=1)
    true = experiment.run(progress=False).difference_curve("τ = 1", "τ = 0.3")["difference"]
    held = 0
    for seed in range(24):
        results = replace(experiment, runs=50, seed=100 + seed).run(progress=False)
        band = results.difference_curve("τ = 1", "τ = 0.3")
        there = band["low"].notna()
        assert there.sum() > 5
        held += bool(((band["low"] <= true) & (true <= band["high"]))[there].all())
    assert stats.binom.cdf(held, 24, 0.95) > 1e-3


def test_metrics_without_averages_are_compared_over_few_wide_windows(results, lake):
    table = results.difference_curve("τ = 0.3", "greedy", "reward")
    here = table[table["problem"] == "far"]
    assert len(here) == 20
    widths = here["end"] - here["begin"]
    assert widths.sum() == 130
    assert widths.min() >= 5
    first, sizes = courses(results, "far", "τ = 0.3", "reward")
    second, _ = courses(results, "far", "greedy", "reward")
    first_window = np.average((first - second)[:, :5], axis=1, weights=sizes[:5])
    assert here["difference"].iloc[0] == pytest.approx(first_window.mean())
    assert len(lake.difference_curve("τ = 0.1", "ε = 0.1")) == 12, "60 episodes, 5 at a time"


def test_a_band_that_would_not_hold_is_refused_with_the_reason(results):
    twins = results.difference_curve("greedy", "twin")
    assert twins[["low", "high"]].isna().all(axis=None)
    assert set(twins["warning"]) == {"no band: fewer than 10 runs differ"}
    few = replace(EXPERIMENT, name="few", runs=19).run(progress=False).difference_curve("τ = 0.3", "greedy")
    assert few["low"].isna().all()
    assert few["difference"].notna().all()
    assert set(few["warning"]) == {"no band: it needs at least 20 runs, and there are 19"}


def test_a_difference_curve_needs_two_different_agents_of_the_experiment(results):
    with pytest.raises(ValueError, match="first and second must be two agents, got greedy for both"):
        results.difference_curve("greedy", "greedy")
    with pytest.raises(ValueError, match=r"an agent must be one of τ = 0.3, greedy, twin, got 'green'"):
        results.difference_curve("greedy", "green")


def test_more_agents_change_no_band(results):
    fewer = {label: AGENTS[label] for label in ("greedy", "τ = 0.3")}
    alone = replace(EXPERIMENT, agents=fewer).run(progress=False)
    pair = "τ = 0.3", "greedy"
    pd.testing.assert_frame_equal(alone.difference_curve(*pair), results.difference_curve(*pair))


def test_the_figure_of_a_difference_has_a_zero_line_a_band_and_circles_where_there_is_no_band(results):
    figure = results.plot_difference("τ = 0.3", "greedy", confidence=0.9)
    table = results.difference_curve("τ = 0.3", "greedy", confidence=0.9)
    for ax, problem in zip(figure.axes, PROBLEMS, strict=True):
        here = table[table["problem"] == problem]
        zero, mean, circles = ax.get_lines()
        assert set(zero.get_ydata()) == {0.0}
        assert mean.get_ydata().tolist() == here["difference"].tolist()
        assert len(circles.get_xdata()) == here["low"].isna().sum()
        assert len(ax.collections) == 1
    told = figure.get_suptitle()
    for part in ("40 runs, paired", "90 %", "simultaneous"):
        assert part in told
    assert all(ax.get_title().endswith("τ = 0.3 − greedy") for ax in figure.axes)
    twins = results.plot_difference("greedy", "twin")
    assert "95 %" not in twins.get_suptitle()
    assert twins.get_suptitle().splitlines()[1:] == ["circles: no band: fewer than 10 runs differ"]
    assert not any("circles" in ax.get_title() for ax in twins.axes)


def test_curves_of_shares_have_exact_intervals_and_others_students(results, lake):
    cases = (results, "best_action", 0.95), (results, "entropy", 0.95), (lake, "terminated", 0.9), (lake, "return", 0.9)
    for some, metric, confidence in cases:
        curves = some.curves[some.curves["metric"] == metric].iloc[::17]
        for _, point in curves.iterrows():
            runs = point["runs"]
            if metric in ("best_action", "terminated"):
                count = round(point["mean"] * runs)
                expected = stats.binomtest(count, runs).proportion_ci(confidence, method="exact")
            else:
                reach = stats.t.ppf((1 + confidence) / 2, runs - 1) * point["standard_error"]
                expected = point["mean"] - reach, point["mean"] + reach
            assert (point["low"], point["high"]) == pytest.approx(tuple(expected), abs=1e-12)


def test_one_run_has_curves_without_intervals():
    curves = replace(EXPERIMENT, runs=1).run(progress=False).curves
    assert curves[["low", "high"]].isna().all(axis=None)


def test_captions_name_the_declared_level_and_what_averaging_gains(results, lake):
    assert "bands: 90 % confidence intervals of the mean, point by point" in lake.plot().get_suptitle()
    assert "variance" not in lake.plot().get_suptitle()
    factors = results.averaging.loc[results.averaging["metric"] == "reward", "factor"]
    told = f"{factors.min():.1f} to {factors.max():.1f} times less variance than the reward of a step"
    assert told in results.plot().get_suptitle()
