"""Runs made elsewhere get the tables, the judgement, the sentence and the folder of our own experiments."""

import json

import numpy as np
import pandas as pd
import pytest
from cases import in_one_test
from scipy import stats
from test_hostile_folders import everything_in, rewrite

from boltzmann_rl import (
    Agent,
    BanditExperiment,
    Boltzmann,
    EpsilonGreedy,
    GaussianBandit,
    Metric,
    Results,
    SampleAverage,
    load,
)
from boltzmann_rl.cli import main
from boltzmann_rl.results.measures import measures_in


def table(agents=3, seeds=10, steps=(100, 200, 300), **more):
    """Runs of agents whose means differ by one, with noise that the agents of a seed share in part."""
    rng = np.random.default_rng(0)
    luck = rng.normal(size=seeds)
    rows = []
    for agent in range(agents):
        for seed in range(seeds):
            noise = luck[seed] + 0.3 * rng.normal()
            rows += [
                {"agent": f"agent {agent}", "seed": seed, "step": step, "return": agent + noise + step / 100, **more}
                for step in steps
            ]
    return pd.DataFrame(rows)


def test_the_runs_of_our_own_experiment_are_judged_as_it_judges_them():
    """Its rewards at each step, given as a table, have its curves, means, intervals, p-values and verdicts."""
    agents = {
        "cool": Agent(SampleAverage(), Boltzmann(0.1)),
        "hot": Agent(SampleAverage(), Boltzmann(5.0)),
        "ε-greedy": Agent(SampleAverage(), EpsilonGreedy(0.1)),
    }
    problem = {"three arms": GaussianBandit((0.0, 0.5, 1.0)), "two arms": GaussianBandit((0.0, 0.2))}
    own = BanditExperiment("own", problem, agents, runs=24, steps=40).run(progress=False)
    given = own.run_curves.rename(columns={"begin": "step", "run": "seed"})
    given = given[["problem", "agent", "seed", "step", "reward"]]
    other = Results.of_runs(given.sample(frac=1.0, random_state=0), "own", metrics=["reward"])
    labels = ["problem", "agent", "step", "metric"]
    mine, theirs = own.curves[own.curves["metric"] == "reward"], other.curves
    pd.testing.assert_frame_equal(*(part.sort_values(labels, ignore_index=True) for part in (mine, theirs)))
    columns = ["problem", "agent", "runs", "reward", "reward_low", "reward_high", "behind", "behind_low", "p_value"]
    mine, theirs = (part.sort_values(["problem", "agent"], ignore_index=True) for part in (own.summary, other.summary))
    pd.testing.assert_frame_equal(mine[columns], theirs[columns])
    keys = ["problem", "first", "second"]
    in_order = Results.of_runs(given, "own", metrics=["reward"])
    mine, theirs = (part.comparisons.sort_values(keys, ignore_index=True) for part in (own, in_order))
    pd.testing.assert_frame_equal(mine, theirs)
    assert in_order.sentence.replace("over the run", "per step") == own.sentence
    for method, arguments in {
        "estimates": ("reward",),
        "first_passage": (0.5, "reward"),
        "performance_profile": ([0.2, 0.5], "reward"),
        "difference_curve": ("cool", "hot", "reward"),
    }.items():
        pd.testing.assert_frame_equal(*(getattr(part, method)(*arguments) for part in (own, in_order)))
    assert in_order.averaging.empty


@pytest.mark.parametrize("unit", [2.0**600, 2.0**-600])
def test_curves_do_not_depend_on_the_unit(unit):
    given = table()
    curves = Results.of_runs(given).curves
    other = Results.of_runs(given.assign(**{"return": given["return"] * unit})).curves
    for column in ("mean", "standard_error", "low", "high"):
        assert (curves[column] * unit).tolist() == other[column].tolist(), column
    assert (other["low"] < other["high"]).all()
    one = given[(given["agent"] == "agent 2") & (given["step"] == 200)]["return"]
    row = curves[(curves["agent"] == "agent 2") & (curves["step"] == 200)].iloc[0]
    assert (row["low"], row["high"]) == pytest.approx(stats.t.interval(0.95, 9, one.mean(), stats.sem(one)))


def test_means_of_runs_are_those_of_numpy():
    given = table()
    whole, late = Results.of_runs(given), Results.of_runs(given, last=0.34)
    by_run = given.groupby(["agent", "seed"])["return"]
    assert whole.runs["return"].to_numpy() == pytest.approx(by_run.mean().to_numpy())
    assert late.runs["return"].to_numpy() == pytest.approx(by_run.apply(lambda run: run.iloc[1:].mean()).to_numpy())
    assert Results.of_runs(given, last=1e-9).runs["return"].to_numpy() == pytest.approx(by_run.last().to_numpy())
    assert "over the last 34 % of the run" in late.sentence


def test_a_lower_mean_is_best_where_that_is_declared():
    given = table().rename(columns={"return": "loss"})
    lower = Results.of_runs(given, metrics=[Metric("loss", higher_is_better=False)])
    higher = Results.of_runs(given.assign(loss=-given["loss"]))
    assert lower.summary["agent"].tolist() == higher.summary["agent"].tolist() == ["agent 0", "agent 1", "agent 2"]
    columns = ["behind", "behind_low", "behind_high", "p_value", "superiority"]
    pd.testing.assert_frame_equal(lower.summary[columns], higher.summary[columns])
    assert "agent 0 had the lowest mean loss over the run of 3 agents" in lower.sentence
    told, expected = lower.sentence.split(".) ")[0].split(" ahead of ", 1), higher.sentence.split(" ahead of ", 1)
    assert "agent 0 was" in told[0]
    assert lower.sentence.split("agent 0 was")[1] == higher.sentence.split("agent 0 was")[1], expected
    assert (lower.comparisons["difference"] < 0).all(), "the first of each pair has the lower mean"


def test_intervals_of_shares_lie_between_0_and_1_also_for_runs_of_several_episodes():
    given = table(agents=2, seeds=3, steps=range(10))
    given["success"] = (given["agent"] == "agent 1") & ((given["seed"] > 0) | (given["step"] < 2))
    results = Results.of_runs(given, metrics=[Metric("success", scale="percent")])
    row = results.summary.iloc[0]
    assert row["success"] == pytest.approx(22 / 30)
    assert (row["success_low"], row["success_high"]) == (0.0, 1.0), "three runs that differ as much say nothing"
    assert results.curves[["low", "high"]].stack().between(0.0, 1.0).all()


def test_what_is_compared_may_be_declared():
    results = Results.of_runs(table(), compare="agent 0", alpha=0.01, confidence=0.9)
    assert results.comparisons[["first", "second"]].to_numpy().tolist() == [
        ["agent 1", "agent 0"],
        ["agent 2", "agent 0"],
    ]
    assert results.manifest["judgement"] == {"compare": "agent 0", "alpha": 0.01, "confidence": 0.9}
    assert "90 % CI" in results.sentence
    with pytest.raises(ValueError, match="compare names 'agent 9'"):
        Results.of_runs(table(), compare="agent 9")


def test_the_sentence_counts_the_seeds_that_are_left_out():
    unlike = table()[lambda t: ~((t["agent"] == "agent 1") & (t["seed"] > 7))]
    with pytest.raises(ValueError, match=r"agent 1 on the problem lacks seed 8, 9: give .*shared_seeds=True"):
        Results.of_runs(unlike)
    results = Results.of_runs(unlike, shared_seeds=True)
    assert set(results.summary["runs"]) == {8}
    assert "left out are 2 of agent 0 and 2 of agent 2" in results.sentence
    assert results.manifest["left_out"] == {"agent 0": [8, 9], "agent 2": [8, 9]}


def test_one_agent_or_one_run_has_a_sentence_without_a_verdict():
    assert "one run says nothing" in Results.of_runs(table(agents=2, seeds=1)).sentence
    assert "had the highest mean return over the run" in Results.of_runs(table(agents=1)).sentence


def ragged(agents=2, seeds=6):
    """Runs whose episodes end at different steps."""
    rng = np.random.default_rng(1)
    rows = []
    for agent in range(agents):
        for seed in range(seeds):
            ends = np.cumsum(rng.integers(20, 60, size=260))
            ends = ends[ends <= 10_000]
            rows.append(
                pd.DataFrame({"agent": f"agent {agent}", "seed": seed, "step": ends, "return": agent + ends / 1e4})
            )
    return pd.concat(rows)


def test_episodes_that_end_at_different_steps_have_a_hundred_windows():
    results = Results.of_runs(ragged())
    assert len(results.run_curves) == 2 * 6 * 100
    curve = results.curves[results.curves["agent"] == "agent 0"]
    assert np.abs(curve["mean"] - curve["step"] / 1e4).max() < 0.01
    assert results.summary["behind"].iloc[1] == pytest.approx(1.0, abs=0.01)
    assert "means over 100 windows, steps 0 to" in results.manifest["declaration"]["problem"]["the problem"]


@pytest.mark.parametrize(("every", "windows"), [(2000, 4), (10_000, 1)])
def test_metrics_of_the_long_form_may_be_measured_at_different_steps(every, windows):
    """Returns every 1,000 steps, evaluations every 2,000 (the first lies in the second of five windows) or one."""
    returns = table(steps=range(1000, 10_001, 1000)).rename(columns={"return": "value"}).assign(metric="return")
    evaluations = returns[returns["step"] % every == 0].assign(metric="evaluation")
    results = Results.of_runs(pd.concat([returns, evaluations]), metrics=["evaluation", "return"])
    assert results.run_curves["window"].nunique() == windows
    assert results.summary["agent"].tolist() == ["agent 2", "agent 1", "agent 0"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    given = pd.concat([table(problem="near", length=2.0), table(problem="far", length=3.0, steps=range(0, 5000, 10))])
    metrics = [Metric("return", "Return", "reward per episode"), Metric("length", unit="steps", scale="log")]
    results = Results.of_runs(given, "theirs", metrics=metrics)
    return results, results.save(tmp_path_factory.mktemp("results"))


def test_a_folder_says_the_same_as_the_results(saved):
    results, folder = saved
    again = load(folder)
    for part in ("summary", "runs", "comparisons", "run_curves"):
        pd.testing.assert_frame_equal(getattr(again, part), getattr(results, part), check_dtype=False)
    assert again.sentence == results.sentence
    assert measures_in(again.manifest) == measures_in(results.manifest)
    assert again.curves.groupby(["problem", "metric", "agent"]).size().max() <= 200
    with pytest.raises(FileNotFoundError, match="are not at hand"):
        _ = again.ranks


def test_long_grids_have_run_curves_of_a_hundred_windows(saved):
    results, _ = saved
    far = results.run_curves[lambda t: (t["problem"] == "far") & (t["agent"] == "agent 0") & (t["run"] == 0)]
    assert far["begin"].tolist() == [0, *range(41, 4991, 50)]
    assert far["end"].tolist() == list(range(41, 5000, 50))
    one = table(steps=range(0, 5000, 10))
    one = one[(one["agent"] == "agent 0") & (one["seed"] == 0)]["return"].to_numpy()
    assert far["return"].to_numpy() == pytest.approx(one.reshape(100, 5).mean(axis=1))


def test_the_command_line_draws_a_folder_and_writes_its_run_curves(saved, tmp_path, capsys):
    _, folder = saved
    assert main(["plot", str(folder), "--run-curves", str(tmp_path / "windows.csv")]) == 0
    assert f"{folder}/figures/theirs.svg" in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "windows.csv")) == len(load(folder).run_curves)
    assert main(["plot", str(folder), "--output", str(tmp_path / "theirs.pdf")]) == 0


def test_saving_twice_writes_the_same_bytes_and_other_runs_are_moved_aside(tmp_path):
    folder = Results.of_runs(table(), "theirs").save(tmp_path)
    before = {path: content for path, content in everything_in(folder).items() if path.name != "manifest.json"}
    Results.of_runs(table(), "theirs").save(tmp_path)
    assert {path: path.read_bytes() for path in before} == before
    other = table()
    other["return"] += 1.0
    with pytest.warns(UserWarning, match=r"held results of another declaration \(data: "):
        Results.of_runs(other, "theirs").save(tmp_path)
    assert (tmp_path / "theirs.1" / "runs.csv").exists()


METRICS = {
    "text": ("return", TypeError, r"metrics must be a list of names or of Metric\(name, ...\), got 'return'"),
    "none": ([], TypeError, "metrics must be a list of names"),
    "a number": (["return", 3], TypeError, r"metrics must be names or Metric\(name, ...\), got 3"),
    "scale": ([Metric("return", scale="cubic")], ValueError, "scale must be 'linear', 'log', 'percent' or 'late'"),
    "not shares": ([Metric("return", scale="percent")], ValueError, "values must be shares in .0, 1., got "),
    "direction": ([Metric("return", higher_is_better=1)], TypeError, "higher_is_better must be True or False, got 1"),
    "unit": ([Metric("return", unit="a\nb")], ValueError, "labels of units must be one line"),
    "twice": (["return", "return"], ValueError, "a second time"),
}


@in_one_test("case", METRICS)
def test_invalid_metrics_are_refused(case):
    metrics, error, message = METRICS[case]
    with pytest.raises(error, match=message):
        Results.of_runs(table(), metrics=metrics)


@in_one_test("name", ["runs", "p_value", "mean", "behind", "window", "verdict", "=1+1", "@x", "a\x1b"])
def test_a_metric_named_like_another_column_or_a_formula_is_refused(name):
    with pytest.raises(ValueError, match=r"a metric needs another name|must not begin like a formula|labels of metric"):
        Results.of_runs(table().rename(columns={"return": name}))


OPTIONS = {
    "last": ({"last": 0.0}, ValueError, "last must be above 0"),
    "last beyond": ({"last": 1.5}, ValueError, "last must be in"),
    "windows": ({"windows": 0}, ValueError, "windows must be 1 or more"),
    "name": ({"name": "../x"}, ValueError, "name must be"),
    "alpha": ({"alpha": 5}, ValueError, "alpha must lie between 0 and 1"),
}


@in_one_test("case", OPTIONS)
def test_options_out_of_range_are_refused(case):
    options, error, message = OPTIONS[case]
    with pytest.raises(error, match=message):
        Results.of_runs(table(), **options)


SAID = {"name": "return", "title": "Return", "unit": "", "scale": "linear", "higher_is_better": True}
FORGED = {
    "no metrics": ({"metrics": []}, "metrics must be a list with at least one"),
    "metrics of another type": ({"metrics": {"return": 1}}, "metrics must be a list"),
    "a metric without a title": ({"metrics": [{"name": "return"}]}, "a metric must have name, title, unit"),
    "a metric with more": ({"metrics": [SAID | {"summed": True}]}, "a metric must have name, title, unit"),
    "a scale": ({"metrics": [SAID | {"scale": ["log"]}]}, "scale must be"),
    "a title": ({"metrics": [SAID | {"title": "a\x1b[31m"}]}, "the labels of metrics must be one line"),
    "an axis": ({"axis": "second"}, "axis must be 'step' or 'episode'"),
    "another primary": ({"primary": "length"}, "axis and primary of Runs must be 'step' and 'return'"),
    "a metric that is not there": ({"metrics": [SAID, SAID | {"name": "gain"}]}, "it has no column gain"),
    "cells": ({"cells": [{}]}, "have no cells"),
    "no last part": ({"declaration__last": None}, "last must be"),
    "a last part as text": ({"declaration__last": "x"}, "last must be"),
    "more than the whole": ({"declaration__last": 1e9}, r"last must be in \[0, 1"),
    "nothing of a run": ({"declaration__last": 0.0}, "last must be above 0"),
    "left out strangers": ({"left_out": {"x": [1]}}, "left_out names an agent that is not declared"),
    "left out text": ({"left_out": {"agent 0": ["1"]}}, r"left_out\['agent 0'\] must be an integer"),
    "left out nothing": ({"left_out": {"agent 0": 3}}, "must be a list of seeds"),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_manifest_is_refused_with_the_reason(tmp_path, capsys, case):
    folder = Results.of_runs(table(seeds=4), "theirs").save(tmp_path)
    change, message = FORGED[case]
    rewrite(folder, tables={}, **change)
    before = everything_in(tmp_path)
    with pytest.raises(ValueError, match=message):
        load(folder)
    assert main(["plot", str(folder)]) == 1
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert all(line.isprintable() for line in err.split("\n"))
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize(
    "change", [lambda lines: lines[:-1], lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]]]
)
def test_runs_that_differ_in_their_windows_are_refused_on_reading(tmp_path, change):
    folder = Results.of_runs(table(seeds=4), "theirs").save(tmp_path)
    rewrite(folder, tables={})
    path = folder / "run_curves.csv"
    path.write_text("".join(change(path.read_text("utf-8").splitlines(keepends=True))), "utf-8")
    with pytest.raises(ValueError, match="all runs of an agent must have the same windows, in their order"):
        load(folder)


@pytest.mark.parametrize("name", ["runs", "run_curves"])
@pytest.mark.parametrize(
    ("order", "message"),
    [
        ([2, 1, 0, 3], "agent 1 on the problem must have its runs in the same order as agent 0"),
        ([0, 1, 3], "agent 1 on the problem lacks run 2, which agent 0 has"),
        ([0, 1, 2, 3, 7], "agent 0 on the problem lacks run 7, which agent 1 has"),
    ],
)
def test_agents_whose_runs_cannot_be_paired_by_their_order_are_refused(tmp_path, name, order, message):
    folder = Results.of_runs(table(seeds=4), "theirs").save(tmp_path)
    rewrite(folder, tables={})
    path = folder / f"{name}.csv"
    given = pd.read_csv(path)
    runs = [given[(given["agent"] == "agent 1") & (given["run"] == run % 4)].assign(run=run) for run in order]
    others = (given[given["agent"] == agent] for agent in ("agent 0", "agent 2"))
    pd.concat([next(others), *runs, next(others)]).to_csv(path, index=False)
    with pytest.raises(ValueError, match=message):
        load(folder)


def test_rows_of_one_run_among_those_of_another_are_refused(tmp_path):
    folder = Results.of_runs(table(seeds=4), "theirs").save(tmp_path)
    rewrite(folder, tables={})
    path = folder / "run_curves.csv"
    pd.read_csv(path).sort_values(["agent", "window", "run"]).to_csv(path, index=False)
    with pytest.raises(ValueError, match="all runs of an agent must have the same windows, in their order"):
        load(folder)


def test_run_curves_that_were_changed_are_noticed(tmp_path):
    folder = Results.of_runs(table(seeds=4), "theirs").save(tmp_path)
    path = folder / "run_curves.csv"
    path.write_bytes(path.read_bytes().replace(b"agent 1", b"agent 2"))
    with pytest.raises(ValueError, match=r"run_curves\.csv is damaged"):
        load(folder)
    assert json.loads((folder / "manifest.json").read_text())["declaration"]["kind"] == "Runs"
