"""Experiments: declarations, tables, and folders of results."""

import csv
import itertools
import json
import math
import os
import pickle
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import gymnasium
import numpy as np
import pandas as pd
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st

from boltzmann_rl import (
    UCB1,
    Agent,
    BanditExperiment,
    BernoulliBandit,
    Boltzmann,
    Environment,
    EpsilonGreedy,
    GaussianBandit,
    Greedy,
    GymnasiumExperiment,
    NormalMeans,
    QLearning,
    SampleAverage,
    Uniform,
    load,
)
from boltzmann_rl.engines.blocks import BLOCK
from boltzmann_rl.engines.reference.bandits import simulate as simulate_bandit
from boltzmann_rl.figures.style import figure_bytes
from boltzmann_rl.results import spreadsheets as files
from boltzmann_rl.storage.atomic import write

AGENTS = {
    "cool": Agent(SampleAverage(), Boltzmann(0.1)),
    "hot": Agent(SampleAverage(), Boltzmann(2.0)),
    "ucb": Agent(UCB1(), Greedy()),
}


BANDIT = GaussianBandit(arms=3)


def declared(name="x", problem=BANDIT, agents=AGENTS, runs=20, steps=30, **others):
    return BanditExperiment(name=name, problem=problem, agents=agents, runs=runs, steps=steps, **others)


def results_of(**declaration):
    return declared(**declaration).run(progress=False)


@in_one_test("name", ["a", "ten_armed-testbed.2", "0", "console", "com10", "x" * 100, "CONfig"])
def test_names_that_can_be_folders_anywhere_are_accepted(name):
    assert declared(name).name == name


@in_one_test(
    "name",
    ["", ".", "..", "../../etc", "/etc/x", "a/b", "a\\b", ".a", "-rf", "_a", "a\x1b[31mb", "a\0b", "a\n", "x.", " x ",
     "a b", "a:b", "CON", "nul", "aux.txt", "LPT1", "com1.csv", "🙂" * 70, "\uff0e\uff0e", "é", "\u017f", "x" * 101],
    ids=ascii,
)  # fmt: skip
def test_names_that_would_escape_or_break_the_results_folder_are_refused(name):
    with pytest.raises(ValueError, match="name must be"):
        declared(name)


@pytest.mark.parametrize("name", [None, 7, Path("x"), b"x"])
def test_names_must_be_strings(name):
    with pytest.raises(TypeError, match="name must be a string"):
        declared(name)


@in_one_test(
    ("seed", "kind"),
    [
        (-1, ValueError),
        (2**63, ValueError),
        (True, TypeError),
        (1.0, TypeError),
        ("7", TypeError),
        (math.nan, TypeError),
        ([], TypeError),
        (np.float64(1), TypeError),
        (np.bool_(1), TypeError),
    ],
    ids=repr,
)
def test_invalid_seeds_are_refused(seed, kind):
    with pytest.raises(kind, match="seed"):
        declared(seed=seed)


@pytest.mark.parametrize("seed", [0, 2**63 - 1, np.int64(3), np.uint8(3)], ids=repr)
def test_a_seed_may_be_any_kind_of_integer_and_is_kept_as_an_int(seed):
    assert declared(seed=seed) == declared(seed=int(seed))
    assert type(declared(seed=seed).seed) is int


def test_without_a_seed_one_is_drawn_and_recorded():
    one, other = declared(seed=None), declared(seed=None)
    assert one.seed != other.seed
    assert 0 <= one.seed < 2**63
    results = one.run(progress=False)
    assert results.manifest["declaration"]["seed"] == one.seed
    assert declared(seed=one.seed).run(progress=False).runs.equals(results.runs)


@pytest.mark.parametrize(
    "agent",
    [
        Agent(SampleAverage(), lambda values, step: Uniform()(values, step)),
        Agent(SampleAverage(), Boltzmann(lambda step: 1 / (step + 1))),
    ],
    ids=["policy", "schedule"],
)
def test_a_lambda_is_refused_in_an_experiment_with_the_remedy(agent):
    with pytest.raises(TypeError, match=r"lambda.*classes with __call__ under @dataclass"):
        declared(agents={"a": agent})


class Corridor(gymnasium.Env):
    """An environment that is not registered."""


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (GaussianBandit, r"problem must be a bandit, got the class GaussianBandit: give an instance, GaussianBandit\("),
        ("CliffWalking-v1", "got 'CliffWalking-v1': environments are for GymnasiumExperiment"),
        (Environment("CliffWalking-v1"), r"got Environment\(id='CliffWalking-v1'.*: environments are for Gymnasium"),
        ({"easy": 3}, r"problem\['easy'\] must be a bandit, got 3 without arms, start, noise, reward, move"),
        (None, "problem must be a bandit, got None without arms, start"),
    ],
)
def test_a_problem_that_is_not_a_bandit_is_refused_with_the_remedy(problem, message):
    with pytest.raises(TypeError, match=message):
        declared(problem=problem)


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (
            GaussianBandit(),
            r"Environment or its id, got GaussianBandit\(.*: bandits are for BanditExperiment",
        ),
        (Environment, r"got the class Environment: give an instance, Environment\("),
        (
            Corridor,
            r"class Corridor: .*register\('Corridor-v0', entry_point=Corridor\), and problem='Corridor-v0'",
        ),
        (Corridor(), "got an environment of the class Corridor: .* and problem='Corridor-v0'"),
        (
            gymnasium.make("CliffWalking-v1"),
            "of the class CliffWalkingEnv: .* problem='CliffWalking-v1'",
        ),
    ],
)
def test_an_environment_without_an_id_is_refused_with_the_remedy(problem, message):
    with pytest.raises(TypeError, match=message):
        GymnasiumExperiment("e", problem, {"q": Agent(QLearning(), Greedy())})


def test_the_remedy_for_an_unregistered_environment_works():
    gymnasium.register("Corridor-v0", entry_point=Corridor)
    try:
        GymnasiumExperiment("e", "Corridor-v0", {"q": Agent(QLearning(), Greedy())})
    finally:
        del gymnasium.registry["Corridor-v0"]


def test_figures_show_themselves_in_notebooks_and_mention_a_single_run():
    results = declared(agents={"a": Agent(SampleAverage(), Boltzmann(1.0))}, runs=1).run(progress=False)
    assert results.plot()._repr_png_().startswith(b"\x89PNG")
    assert results.sentence.endswith("one run says nothing about how sure that is.")
    assert ": 1 run, " in results.plot().get_suptitle()


def test_a_bandit_without_an_informative_repr_is_refused():
    with pytest.raises(TypeError, match="has no repr that says what it is"):
        declared(problem=GaussianBandit(lambda shape, rng: rng.random(shape)))


@in_one_test(
    ("change", "kind", "message"),
    [
        ({"agents": {}}, TypeError, "agents must be a mapping with at least one entry"),
        ({"agents": Agent(SampleAverage(), Greedy())}, TypeError, "agents must be a mapping"),
        ({"agents": {"a": Greedy()}}, TypeError, r"agents\['a'\] must be an Agent"),
        ({"agents": {1: AGENTS["hot"]}}, TypeError, "labels of agents must be readable strings, got 1"),
        ({"agents": {" ": AGENTS["hot"]}}, TypeError, "labels of agents must be readable strings"),
        ({"problem": {}}, TypeError, "problem must be a mapping"),
        ({"runs": 0}, ValueError, "runs must be 1 or more, got 0"),
        ({"runs": 2.0}, TypeError, "runs must be an integer, got 2.0"),
        ({"steps": -3}, ValueError, "steps must be 1 or more, got -3"),
        ({"steps": True}, TypeError, "steps must be an integer, got True"),
    ],
)
def test_invalid_declarations_are_refused_by_name(change, kind, message):
    with pytest.raises(kind, match=message):
        declared(**change)


@pytest.mark.parametrize("jobs", [0, -1])
def test_fewer_than_one_process_is_refused(jobs):
    with pytest.raises(ValueError, match="jobs must be 1 or more"):
        declared().run(jobs=jobs, progress=False)


def test_the_repr_of_a_declaration_is_its_code_and_it_pickles():
    experiment = declared()
    assert eval(repr(experiment), {**globals(), "NormalMeans": NormalMeans}) == experiment
    assert pickle.loads(pickle.dumps(experiment)) == experiment


def test_the_tables_have_the_documented_columns_and_rows():
    results = results_of(problem={"gauss": GaussianBandit(arms=3), "coins": BernoulliBandit(arms=2)})
    metrics = ["reward", "best_action", "regret", "expected_reward", "expected_regret", "cumulative_regret", "entropy",
               "effective_actions", "temperature"]  # fmt: skip
    curves, summary, runs = results.curves, results.summary, results.runs
    assert list(curves.columns) == ["experiment", "problem", "agent", "step", "metric", "mean", "standard_error", "low",
                                    "high", "runs"]  # fmt: skip
    key = ["problem", "agent", "metric", "step"]
    assert not curves.duplicated(key).any()
    assert len(curves) == 2 * (3 * len(metrics) - 1) * 30  # the agent with UCB1 has no temperature
    assert sorted(curves["step"].unique()) == list(range(30))
    assert curves["metric"].unique().tolist() == metrics
    assert set(curves["runs"]) == {20}
    assert set(curves["experiment"]) == set(summary["experiment"]) == set(runs["experiment"]) == {"x"}
    assert len(summary) == 2 * 3
    assert sorted(zip(summary["problem"], summary["agent"], strict=True)) == sorted(
        (problem, agent) for problem in ("gauss", "coins") for agent in AGENTS
    )
    assert len(runs) == 2 * 3 * 20
    for _, table in runs.groupby(["problem", "agent"]):
        assert table["run"].tolist() == list(range(20))
    for _, table in summary.groupby("problem"):
        assert table["reward"].is_monotonic_decreasing
    assert len(results.plot().axes) == 2 * 2  # the first two metrics of each problem


def test_curves_summary_and_runs_agree():
    results = results_of(runs=BLOCK + 7, steps=12, agents={name: AGENTS[name] for name in ("cool", "hot")})
    summary = results.summary.set_index("agent")
    for agent in ("cool", "hot"):
        totals = results.runs[results.runs["agent"] == agent]
        of_agent = results.curves[results.curves["agent"] == agent].set_index(["metric", "step"])
        assert of_agent.loc["reward", "mean"].mean() == pytest.approx(totals["reward"].mean() / 12, rel=1e-12)
        assert of_agent.loc["regret", "mean"].sum() == pytest.approx(summary.loc[agent, "regret"], rel=1e-12)
        assert of_agent.loc[("cumulative_regret", 11), "mean"] == pytest.approx(totals["regret"].mean(), rel=1e-12)
        assert summary.loc[agent, "reward"] == pytest.approx(totals["reward"].mean() / 12, rel=1e-12)
        last = of_agent.loc[("cumulative_regret", 11)]
        assert last["standard_error"] == pytest.approx(totals["regret"].sem(), rel=1e-9)
        # Student's t with 1006 degrees of freedom reaches 1.96232 standard errors.
        assert last["high"] - last["mean"] == pytest.approx(1.96232 * totals["regret"].sem(), rel=1e-5)
        assert last["mean"] - last["low"] == pytest.approx(last["high"] - last["mean"], rel=1e-9)
    best, other = (results.runs[results.runs["agent"] == agent]["reward"].to_numpy() for agent in summary.index)
    assert summary["behind"].tolist() == pytest.approx([0.0, (best - other).mean() / 12], rel=1e-9)


def test_blocks_are_merged_as_if_they_were_one():
    """The tables of BLOCK + 3 runs equal two blocks of the engine, merged by hand."""
    results = results_of(
        runs=BLOCK + 3, steps=5, agents={"cool": AGENTS["cool"]}, problem=GaussianBandit(arms=4), seed=9
    )
    blocks = [
        simulate_bandit(GaussianBandit(arms=4), AGENTS["cool"], block=block, runs=runs, steps=5, seed=9)
        for block, runs in ((0, BLOCK), (1, 3))
    ]
    rewards = np.concatenate([block.totals["reward"] for block in blocks])
    assert results.runs["reward"].tolist() == rewards.tolist()


def test_a_single_run_has_no_intervals_and_its_figure_says_so():
    results = results_of(runs=1)
    assert results.curves[["standard_error", "low", "high"]].isna().all(axis=None)
    assert results.curves["mean"].notna().all()
    assert results.summary[["reward_low", "reward_high", "p_value"]].isna().all(axis=None)
    assert "one run says nothing" in results.sentence
    assert "no intervals" in results.plot().get_suptitle()


def test_an_experiment_may_have_a_single_agent():
    results = results_of(agents={"only": AGENTS["cool"]})
    assert results.summary["behind"].tolist() == [0.0]
    assert "only had the highest mean reward" in results.sentence


def study(**others):
    family = {"τ": {t: Agent(SampleAverage(), Boltzmann(t)) for t in (0.1, 1, 4.0)}}
    return declared(agents={**family, "ucb": {2.0: Agent(UCB1(2.0), Greedy())}, "alone": AGENTS["hot"]}, **others)


def test_a_parameter_study_has_an_agent_for_every_value_of_every_family(tmp_path):
    labels = ["τ = 0.1", "τ = 1", "τ = 4", "ucb = 2", "alone"]
    results = study().run(progress=False)
    assert results.curves["agent"].unique().tolist() == labels
    assert sorted(results.summary["agent"]) == sorted(labels)
    assert results.manifest["study"] == {
        "τ = 0.1": ["τ", 0.1],
        "τ = 1": ["τ", 1.0],
        "τ = 4": ["τ", 4.0],
        "ucb = 2": ["ucb", 2.0],
    }
    plain = results_of(agents={"a": Agent(SampleAverage(), Boltzmann(0.1))}).runs
    assert plain["reward"].tolist() == results.runs.query("agent == 'τ = 0.1'")["reward"].tolist()
    again = load(results.save(tmp_path))
    assert again.sentence == results.sentence
    assert len(again.plot().axes) == 4  # two metrics, and a column for each of the two parameters


@in_one_test(
    ("agents", "kind", "message"),
    [
        ({"τ": {}}, TypeError, r"agents\['τ'\] is a family without members"),
        ({"τ": {"low": AGENTS["hot"]}}, TypeError, "the parameter of 'τ' must be a number, got 'low'"),
        ({"τ": {math.nan: AGENTS["hot"]}}, ValueError, "the parameter of 'τ' must be .*got nan"),
        ({"τ": {0.1: Greedy()}}, TypeError, r"agents\['τ = 0\.1'\] must be an Agent"),
        ({"τ": {0.12341: AGENTS["hot"], 0.12342: AGENTS["cool"]}}, ValueError, "two agents .* the same label"),
        ({"τ": {1: AGENTS["hot"]}, "τ = 1": AGENTS["cool"]}, ValueError, "two agents .* the same label"),
    ],
)
def test_an_invalid_parameter_study_is_refused(agents, kind, message):
    with pytest.raises(kind, match=message):
        declared(agents=agents)


def test_uncounted_steps_are_left_out_of_the_totals_only():
    whole, rest = (results_of(steps=40, uncounted_steps=first) for first in (0, 35))
    assert whole.curves.equals(rest.curves)
    late = whole.curves.query("metric == 'reward' and agent == 'ucb' and step >= 35")["mean"]
    totals = rest.runs[rest.runs["agent"] == "ucb"]["reward"]
    assert totals.mean() == pytest.approx(late.sum(), rel=1e-12)
    summary = rest.summary.set_index("agent")
    assert summary.loc["ucb", "reward"] == pytest.approx(late.mean(), rel=1e-12)
    assert rest.manifest["identity"] != whole.manifest["identity"]
    with pytest.raises(ValueError, match=r"uncounted_steps must be in \[0, 39\], got 40"):
        declared(steps=40, uncounted_steps=40)


def test_adding_an_agent_changes_no_other_agents_numbers():
    few = results_of(agents={name: AGENTS[name] for name in ("cool", "ucb")})
    many = results_of(agents={"hot": AGENTS["hot"], "ucb": AGENTS["ucb"], "cool": AGENTS["cool"]})
    for name in ("cool", "ucb"):
        one, other = (table[table["agent"] == name].reset_index(drop=True) for table in (few.curves, many.curves))
        assert files.csv_bytes(one) == files.csv_bytes(other)
        assert one.equals(other)


def test_adding_a_problem_or_runs_changes_no_other_numbers():
    one = results_of(problem={"a": GaussianBandit(arms=3)}).runs
    two = results_of(problem={"b": BernoulliBandit(), "a": GaussianBandit(arms=3)}, runs=33).runs
    same = two[(two["problem"] == "a") & (two["run"] < 20)].reset_index(drop=True)
    assert one.equals(same)


@dataclass(frozen=True)
class Mine:
    """A policy that is defined where it is used."""

    share: float

    def __call__(self, values, step):
        return EpsilonGreedy(self.share)(values, step)


def test_the_results_are_the_same_bytes_for_any_number_of_processes():
    agents = {"cool": AGENTS["cool"], "mine": Agent(SampleAverage(), Mine(0.2))}
    experiment = declared(agents=agents, runs=2 * BLOCK + 1, steps=3)
    one, two = (experiment.run(jobs=jobs, progress=False) for jobs in (1, 2))
    for table in ("curves", "summary", "runs"):
        pd.testing.assert_frame_equal(getattr(one, table), getattr(two, table), check_exact=True)


def test_the_results_are_the_same_bytes_for_any_hash_seed():
    code = (
        "from boltzmann_rl import UCB1, Agent, BanditExperiment, BernoulliBandit, Boltzmann, GaussianBandit, Greedy\n"
        "from boltzmann_rl import SampleAverage; import hashlib\n"
        "from boltzmann_rl.results.spreadsheets import csv_bytes\n"
        "agents = {'z': Agent(SampleAverage(), Boltzmann(0.1)), 'y': Agent(UCB1(), Greedy())}\n"
        "r = BanditExperiment('x', {'b': BernoulliBandit(), 'a': GaussianBandit()}, agents, runs=9, steps=9).run("
        "progress=False); "
        "print([hashlib.sha256(csv_bytes(t)).hexdigest() for t in (r.curves, r.summary, r.runs)])"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in "01"
    }
    assert len(printed) == 1


def test_a_gymnasium_experiment_has_the_same_tables_by_episode():
    results = GymnasiumExperiment(
        name="ice",
        problem="FrozenLake-v1",
        agents={"a": Agent(QLearning(0.3), Boltzmann(0.1)), "b": Agent(QLearning(0.3), EpsilonGreedy(0.2))},
        runs=3,
        episodes=15,
    ).run(progress=False)
    assert set(results.curves["metric"]) == {"return", "smoothed_return", "length", "terminated"}
    assert set(results.curves["problem"]) == {"FrozenLake-v1"}
    assert results.curves["step"].max() == 14
    assert len(results.summary) == 2
    assert results.manifest["declaration"]["episodes"] == 15
    assert len(results.plot().axes) == 2


@pytest.mark.pdf
def test_saved_results_can_be_loaded(tmp_path):
    results = results_of()
    folder = results.save(tmp_path)
    assert folder == tmp_path / "x"
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        "manifest.json",
        "curves.csv",
        "summary.csv",
        "runs.csv",
        "comparisons.csv",
        "figures/x.pdf",
        "figures/x.png",
        "figures/x.svg",
        f"cells/{next((folder / 'cells').iterdir()).name}",
    }
    again = load(folder)
    saved = {"points": 200, "tables": again.manifest["tables"]}
    assert again.manifest == {**results.manifest, **saved}
    assert again.sentence == results.sentence
    for table in ("curves", "summary", "runs"):
        pd.testing.assert_frame_equal(getattr(again, table), getattr(results, table), check_exact=True)
    copy = again.save(tmp_path / "copy")
    for table in ("curves.csv", "summary.csv", "runs.csv", "manifest.json"):
        assert (copy / table).read_bytes() == (folder / table).read_bytes()


def test_the_manifest_records_what_was_run_and_where(tmp_path):
    manifest = json.loads((results_of().save(tmp_path) / "manifest.json").read_text("utf-8"))
    assert manifest["declaration"]["agents"]["hot"] == repr(AGENTS["hot"])
    assert manifest["declaration"]["seed"] == 0
    assert manifest["runs"] == 20
    assert manifest["versions"]["numpy"] == np.__version__
    assert {"name", "engine", "platform", "began", "seconds", "identity", "format"} <= manifest.keys()


CHANGES = [
    ({"seed": 1}, r"seed: 0 → 1"),
    ({"steps": 31}, r"steps: 30 → 31"),
    ({"problem": GaussianBandit(arms=4)}, r"problem\[GaussianBandit\]: .*arms=3.* → .*arms=4"),
    ({"agents": {**AGENTS, "hot": Agent(SampleAverage(), Boltzmann(3.0))}}, r"agents\[hot\]: .*2\.0.* → .*3\.0"),
    ({"agents": {"cool": AGENTS["cool"]}}, r"agents\[hot\] is gone"),
]


@pytest.mark.parametrize(("change", "named"), CHANGES)
def test_results_of_another_declaration_can_be_made_again_after_they_are_replaced(tmp_path, change, named):
    first, others = results_of(), results_of(**change)
    folder = first.save(tmp_path)
    with pytest.warns(UserWarning, match=f"The declaration has changed .*{named}"):
        others.save(tmp_path)
    assert load(folder).manifest["declaration"] == others.manifest["declaration"]
    with warnings.catch_warnings(action="ignore"):
        again = declared().run(progress=False, results=tmp_path)
    assert again.curves.equals(first.curves)


@pytest.mark.parametrize(("change", "named"), [*CHANGES, ({"runs": 19}, "of 20 runs")])
def test_results_that_could_not_be_made_again_are_moved_and_not_replaced(tmp_path, change, named):
    folder = results_of().save(tmp_path)
    shutil.rmtree(folder / "cells")
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    moved = "without all of their cells: their tables are now in .*x\\.1"
    with pytest.warns(UserWarning, match=f"held results .*{named}.* {moved}"):
        results_of(**change).save(tmp_path)
    assert {path.name: path.read_bytes() for path in (tmp_path / "x.1").rglob("*") if path.is_file()} == before
    with warnings.catch_warnings(action="ignore"):
        declared().run(progress=False, results=tmp_path)  # the cells of the others are there
    assert not (tmp_path / "x.2").exists()


def test_more_runs_of_the_same_declaration_replace_fewer(tmp_path):
    results_of().save(tmp_path)
    results_of(runs=21).save(tmp_path)
    assert load(tmp_path / "x").manifest["runs"] == 21


@given(st.integers(1, 400), st.integers(1, 400))
@settings(deadline=None, max_examples=60)
def test_thinned_curves_keep_both_ends_and_leave_no_wide_gap_on_either_scale(length, points):
    from boltzmann_rl.results.tables import thinned

    kept = thinned(pd.DataFrame({"step": range(length)}), points)["step"].tolist()
    assert kept[0] == 0
    assert kept[-1] == length - 1 or points == 1
    assert len(kept) <= points
    assert kept == sorted(set(kept))
    if points >= length:
        assert kept == list(range(length))
    elif points > 3:
        even, factor = (length - 1) / (points - points // 2 - 1), length ** (1 / (points // 2 - 1))
        assert max(b - a for a, b in itertools.pairwise(kept)) <= even + 1  # steps are rounded
        assert all(b + 0.5 <= (a + 1.5) * factor for a, b in itertools.pairwise(kept))


def test_tables_on_disk_are_thinned_for_every_curve_alike(tmp_path):
    results = results_of(steps=95)
    curves = load(results.save(tmp_path, points=20)).curves
    [steps] = {tuple(curve["step"]) for _, curve in curves.groupby(["agent", "metric"])}
    assert 10 < len(steps) <= 20
    assert curves["step"].max() == 94
    whole = results.curves[results.curves["step"].isin(curves["step"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(curves, whole, check_exact=True)


LABELS = ["=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-1", "'=1", "''=1", "'", "a,\"b", "a|b", "NA", "nan", "1.0", "null",
          "日本 больцман", "<script>", "a\nb", "\t=1", "a\rb", "\r\n=1", '"', "x" * 300, "$$", "_a", " =1",
          "\u3000@x", "＝1+1", "'＋1", "\u200b=1", "a\r=1+1", "a\n=1"]  # fmt: skip


@pytest.mark.parametrize("label", LABELS, ids=ascii)
def test_any_label_survives_its_csv_and_is_never_a_spreadsheet_formula(tmp_path, label):
    table = pd.DataFrame({"experiment": "x", "agent": [label, "b"], "step": [0, 1], "mean": [-1.5, math.nan]})
    path = tmp_path / "table.csv"
    write(path, files.csv_bytes(table))
    pd.testing.assert_frame_equal(files.read_csv(path), table)
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell.strip(" \u3000\u200b") for row in csv.reader(file) for cell in row[:2]]
    assert len(cells) == 6
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋"))]
    assert ",-1.5" in path.read_text("utf-8")  # a negative number is no formula


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
@settings(deadline=None, max_examples=200)
def test_every_text_survives_its_csv(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "text.csv"
    path.write_bytes(files.csv_bytes(pd.DataFrame({"agent": [text], "mean": [0.1]})))
    assert files.read_csv(path)["agent"].tolist() == [text]


@given(st.lists(st.floats(-1e308, 1e308) | st.sampled_from([math.inf, -math.inf, math.nan]), min_size=1))
@settings(deadline=None, max_examples=50)
def test_numbers_survive_a_csv_to_the_last_bit(tmp_path_factory, numbers):
    path = tmp_path_factory.getbasetemp() / "numbers.csv"
    path.write_bytes(files.csv_bytes(pd.DataFrame({"mean": numbers})))
    np.testing.assert_array_equal(files.read_csv(path)["mean"], numbers)


@pytest.mark.parametrize("link", ["x", "x/figures"])
def test_nothing_is_written_through_a_link_to_another_folder(tmp_path, link):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = tmp_path / "results" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(FileExistsError, match="link to another folder"):
        results_of().save(tmp_path / "results")
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_failed_write_leaves_the_old_file_intact_and_no_temporary_file(tmp_path, monkeypatch, call):
    path = tmp_path / "table.csv"
    write(path, b"old")

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, call, fail)
        with pytest.raises(OSError, match="No space left"):
            write(path, b"new and longer")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    write(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("keep", [0, 1, 100, -3])
def test_a_damaged_manifest_is_named_and_set_aside(tmp_path, keep):
    results = results_of()
    path = results.save(tmp_path) / "manifest.json"
    damaged = path.read_bytes()[:keep]
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match=r"manifest\.json is damaged"):
        load(tmp_path / "x")
    with pytest.warns(UserWarning, match=r"manifest\.json is damaged.*set aside in .*damaged"):
        results.save(tmp_path)
    assert (tmp_path / "x" / "damaged" / "manifest.json").read_bytes() == damaged
    assert load(tmp_path / "x").summary.equals(results.summary)


@pytest.mark.parametrize("content", ["[]", "{}", '"text"', '{"runs": 3}'])
def test_a_manifest_of_something_else_is_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ValueError, match="is not a manifest that boltzmann_rl can read"):
        load(tmp_path)


def test_results_of_a_later_format_are_refused_with_both_versions(tmp_path):
    folder = results_of().save(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest |= {"format": 99, "versions": {"boltzmann_rl": "7.8.9"}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(
        ValueError, match=r"format 99, written by boltzmann_rl 7\.8\.9; .* reads formats up to 2: upgrade it"
    ):
        load(folder)


@pytest.mark.pdf
def test_figures_are_the_same_bytes_each_time_they_are_drawn(tmp_path):
    results = results_of()
    one, other = (figure_bytes(results.plot()) for _ in range(2))
    assert one == other
    assert one["png"].startswith(b"\x89PNG")
    assert b"<svg" in one["svg"]
    assert one["pdf"].startswith(b"%PDF")
    folder = results.save(tmp_path)
    assert (folder / "figures" / "x.svg").read_bytes() == one["svg"]


@pytest.mark.parametrize(
    "label", ["$$", "$x^2", "_a", "x" * 500, "日本 больцман 🙂", "a  b", "100 %", "\\frac", "<b>&amp;"], ids=ascii
)
def test_unusual_labels_appear_in_figures(label):
    results = results_of(agents={label: AGENTS["cool"], "b": AGENTS["hot"]}, problem={label: GaussianBandit(arms=2)})
    figure = results.plot()
    assert all(figure_bytes(figure).values())
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    shown = " ".join(label.split())
    assert any(text == shown or (text.endswith("…") and shown.startswith(text[:-1])) for text in texts)
    assert results.summary["agent"].tolist().count(label) == 1
