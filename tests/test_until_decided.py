"""Runs until all pairs are decided: compared with `decide` on a fixed number of runs, and as cells that are kept."""

import dataclasses
import itertools
import json
import re
import shutil
from concurrent import futures
from dataclasses import dataclass

import numpy as np
import pytest

import boltzmann_rl as brl
from boltzmann_rl.cli import main
from boltzmann_rl.results.running import from_cells
from boltzmann_rl.statistics.stopping import SAME_DIFFERENCE, Decision, decide, looks

LAKE = brl.Environment("FrozenLake-v1")


def bandit_agent(policy):
    return brl.Agent(brl.SampleAverage(), policy)


AGENTS = {
    "τ = 0.1": bandit_agent(brl.Boltzmann(0.1)),
    "τ = 0.6": bandit_agent(brl.Boltzmann(0.6)),
    "τ = 1": bandit_agent(brl.Boltzmann(1.0)),
}
STUDY = brl.BanditExperiment("study", brl.GaussianBandit(), AGENTS, runs=40, steps=50)
PAIRS = list(itertools.combinations(AGENTS, 2))


def fixed(experiment, runs):
    """The means over whole runs of a fixed number of runs, by agent."""
    table = dataclasses.replace(experiment, runs=runs).run(progress=False).runs
    return {agent: of["reward"].to_numpy() / experiment.length for agent, of in table.groupby("agent", sort=False)}


def tables_in(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}


class Seen:
    """Records the cells that are simulated, and can stop the run after some of them."""

    def __init__(self, stop_after=None):
        self.keys, self.stages, self.stop_after = [], [], stop_after

    def __call__(self, done):
        self.keys.append(done.cell.key)
        self.stages.append(done.state.stage)
        if len(self.keys) == self.stop_after:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The study until it was decided: results, their folder, of which tests that write take a copy, and seen cells."""
    folder, seen = tmp_path_factory.mktemp("stopped"), Seen()
    return STUDY.run(progress=False, results=folder, until="decided", on_cell=seen), folder, seen


@pytest.fixture(scope="module")
def known():
    """The means of the study over whole runs, for more runs than it takes to decide."""
    return fixed(STUDY, 1000)


# --- when it stops ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "alpha", "matters"),
    [({}, 0.05, None), ({"alpha": 0.2}, 0.2, None), ({"alpha": 0.2, "matters": 0.1}, 0.2, 0.1)],
    ids=["declared", "alpha", "matters"],
)
def test_it_stops_at_the_first_look_at_which_every_pair_is_decided_at_alpha_over_their_number(
    known, settings, alpha, matters
):
    results = STUDY.run(progress=False, until="decided", at_most=1000, **settings)
    found = {
        (first, second): decide(known[first] - known[second], alpha=alpha / 3, matters=matters)
        for first, second in PAIRS
    }
    assert all(look.decision != Decision.OPEN for look in found.values())
    last = max(look.runs for look in found.values())
    assert results.manifest["runs"] == last
    assert len({look.runs for look in found.values()}) > 1, "decided at different looks"
    for pair, look in found.items():
        rows = results.looks[(results.looks["first"] == pair[0]) & (results.looks["second"] == pair[1])]
        assert list(rows["runs"]) == looks(last)
        decided = rows[rows["decision"] != Decision.OPEN]
        assert set(decided["decision"]) == {look.decision}, "a decision stays"
        assert decided["runs"].iloc[0] == look.runs
        assert decided["e_value"].iloc[0] == pytest.approx(look.e_value)
        assert tuple(decided[["low", "high"]].iloc[0]) == pytest.approx((look.low, look.high))
    assert results.comparisons["warning"].str.startswith("looks decided the number of runs").all()
    for agent, of_agent in results.runs.groupby("agent", sort=False):
        assert np.array_equal(of_agent["reward"].to_numpy() / 50, known[agent][:last]), "the same runs as of any run"


def test_a_difference_that_does_not_matter_is_a_decision_too():
    agents = {"one": bandit_agent(brl.Boltzmann(0.3)), "other": bandit_agent(brl.Boltzmann(0.301))}
    results = dataclasses.replace(STUDY, agents=agents).run(progress=False, until="decided", matters=0.5)
    last = results.looks.iloc[-1]
    assert last["decision"] == Decision.SAME
    assert -0.5 < last["low"] < last["high"] < 0.5
    assert "one and other do not differ by 0.5 or more in mean reward per step" in results.sentence


def test_runs_that_decide_nothing_end_at_the_last_look_and_say_so():
    agents = {"one": bandit_agent(brl.Boltzmann(0.3)), "other": bandit_agent(brl.Boltzmann(0.301))}
    results = dataclasses.replace(STUDY, agents=agents).run(progress=False, until="decided", at_most=70)
    assert list(results.looks["runs"]) == [30, 38, 48, 60]
    assert set(results.looks["decision"]) == {Decision.OPEN}
    assert results.manifest["runs"] == 60
    assert results.manifest["stopping"] == {"at_most": 70, "matters": None, "pairs": 1}
    assert "is not decided, and there is no further look up to 70 runs" in results.sentence
    assert "plan-runs" in results.sentence


def test_agents_whose_difference_never_varies_decide_nothing():
    agents = {"τ = 1": bandit_agent(brl.Boltzmann(1.0)), "τ = 2": bandit_agent(brl.Boltzmann(2.0))}
    sure = dataclasses.replace(STUDY, problem=brl.BernoulliBandit((1.0, 1.0)), agents=agents)
    results = sure.run(progress=False, until="decided", at_most=40, matters=0.5)
    assert list(results.looks["decision"]) == [Decision.OPEN, Decision.OPEN]
    assert results.looks[["low", "high"]].isna().all(axis=None)
    assert all(np.isnan(chance) or chance == 0.0 for chance in results.plan_runs(at_most=60).table["chance"])
    assert "same difference in each of 38 runs" in results.plan_runs(at_most=60).sentences[0]
    assert set(results.looks["warning"]) == {SAME_DIFFERENCE}
    assert f"Warning for τ = 1 and τ = 2 on BernoulliBandit: {SAME_DIFFERENCE}." in results.sentence
    assert "More runs may decide" not in results.sentence


def test_equal_agents_under_two_labels_are_not_waited_for():
    agents = {"one": AGENTS["τ = 0.1"], "again": AGENTS["τ = 0.1"], "τ = 1": AGENTS["τ = 1"]}
    results = dataclasses.replace(STUDY, agents=agents).run(progress=False, until="decided", at_most=1000)
    equal = results.looks[results.looks["second"] == "again"]
    assert set(equal["decision"]) == {Decision.OPEN}
    assert equal["warning"].str.contains("the same cells").all()
    assert results.manifest["runs"] < 100
    assert "one and again: both agents have the same cells" in results.sentence
    assert "the same cells" in results.plan_runs().sentences[0]


def test_a_baseline_on_several_problems_has_all_its_pairs_judged_together():
    problems = {"ten": brl.GaussianBandit(), "two": brl.GaussianBandit(arms=2)}
    experiment = dataclasses.replace(STUDY, problem=problems, compare="τ = 1")
    results = experiment.run(progress=False, until="decided", at_most=1000)
    assert results.manifest["stopping"]["pairs"] == 4
    judged = results.looks[["problem", "first", "second"]].drop_duplicates()
    assert len(judged) == 4
    assert set(judged["second"]) == {"τ = 1"}
    last = results.looks[results.looks["runs"] == results.manifest["runs"]]
    before = results.looks[results.looks["runs"] < results.manifest["runs"]]
    assert (last["decision"] != Decision.OPEN).all()
    ends = before[before["runs"] == before["runs"].max()]
    assert (ends["decision"] == Decision.OPEN).any()


def test_a_sweep_stops_like_an_experiment():
    over = {"agents.policy.temperature": (0.1, 3.0)}
    one = dataclasses.replace(STUDY, agents={"Boltzmann": bandit_agent(brl.Boltzmann(1.0))})
    pair = ("Boltzmann, temperature = 0.1", "Boltzmann, temperature = 3")
    sweep = brl.Sweep("sweep", one, over=over, compare=[pair])
    results = brl.run(sweep, until="decided", progress=False)
    assert results.looks["decision"].iloc[-1] == Decision.FIRST
    assert results.manifest["runs"] == results.looks["runs"].max() < 100


# --- cells -----------------------------------------------------------------------------------------------------------


def test_no_run_is_simulated_twice_and_none_beyond_the_look_that_decides(stopped, tmp_path):
    results, folder, seen = stopped
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    assert len(seen.keys) == len(set(seen.keys)) == 3 * len(looks(results.manifest["runs"]))
    assert seen.stages[:3] == ["look at 30 runs, 3 of 3 pairs open"] * 3
    assert re.fullmatch(r"look at \d+ runs, 1 of 3 pairs open", seen.stages[-1])
    again = Seen()
    STUDY.run(progress=False, results=tmp_path, until="decided", on_cell=again)
    assert again.keys == [], "all of it is kept"
    more = Seen()
    STUDY.run(progress=False, results=tmp_path, until="decided", alpha=1e-9, on_cell=more)
    assert more.keys
    assert not set(more.keys) & set(seen.keys), "a smaller alpha goes on from there"


@pytest.mark.parametrize(("jobs", "stop_after"), [(1, 1), (1, 8), (2, 4)])
def test_an_interrupted_run_goes_on_where_it_stopped_and_gives_the_same_bytes(stopped, tmp_path, jobs, stop_after):
    _, whole, count = stopped
    first, second = Seen(stop_after), Seen()
    with pytest.raises(KeyboardInterrupt):
        STUDY.run(jobs, progress=False, results=tmp_path, until="decided", on_cell=first)
    STUDY.run(jobs, progress=False, results=tmp_path, until="decided", on_cell=second)
    assert len(first.keys) == stop_after
    assert not set(first.keys) & set(second.keys)
    assert len({*first.keys, *second.keys}) <= len(count.keys)  # kept, but not told before the interruption
    assert tables_in(whole / "study") == tables_in(tmp_path / "study")
    assert {"looks.csv", "runs.csv", "curves.csv"} <= tables_in(whole / "study").keys()


def test_any_executor_gives_the_same_tables(stopped):
    alone, _, _ = stopped
    with futures.ThreadPoolExecutor(2) as threads:
        there = STUDY.run(progress=False, until="decided", executor=threads)
    for table in ("curves", "summary", "runs", "looks"):
        assert getattr(there, table).equals(getattr(alone, table)), table


def test_tables_can_be_made_of_a_run_that_was_stopped_between_looks(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        STUDY.run(progress=False, results=tmp_path, until="decided", on_cell=Seen(8))
    results = from_cells(tmp_path / "study")
    assert results.manifest["runs"] in looks(60)
    assert results.looks["runs"].max() == results.manifest["runs"]
    assert "the next look is at" in results.sentence
    planned = json.loads((tmp_path / "study" / "plan.json").read_text("utf-8"))
    assert planned["runs"] >= results.manifest["runs"]


def test_a_folder_says_the_same_as_the_results(stopped):
    results, folder, _ = stopped
    kept = tables_in(folder / "study")
    assert from_cells(folder / "study").looks.equals(results.looks)
    assert tables_in(folder / "study") == kept
    assert brl.load(folder / "study").looks.equals(results.looks)
    assert brl.load(folder / "study").sentence == results.sentence


def test_results_in_memory_can_be_saved_and_loaded(tmp_path):
    results = STUDY.run(progress=False, until="decided")
    folder = results.save(tmp_path)
    assert brl.load(folder).looks.equals(results.looks)
    seen = Seen()
    STUDY.run(progress=False, results=tmp_path, until="decided", on_cell=seen)
    assert seen.keys == []


def test_a_run_of_a_fixed_number_leaves_no_looks_of_an_earlier_run_and_a_users_own_table(stopped, tmp_path):
    shutil.copytree(stopped[1], tmp_path, dirs_exist_ok=True)
    assert (tmp_path / "study" / "looks.csv").exists()
    own = tmp_path / "study" / "run_curves.csv"
    own.write_text("my own\n", "utf-8")
    results = dataclasses.replace(STUDY, runs=3).run(progress=False, results=tmp_path)
    assert tables_in(tmp_path / "study").keys() == {*results.manifest["tables"], "run_curves.csv"}
    assert "looks.csv" not in results.manifest["tables"]
    assert own.read_text("utf-8") == "my own\n"
    assert brl.load(tmp_path / "study").windows.empty


def test_runs_in_environments_share_their_cells_with_runs_of_a_fixed_number(tmp_path):
    agents = {f"τ = {t:g}": brl.Agent(brl.QLearning(0.3), brl.Boltzmann(t)) for t in (0.02, 5.0)}
    experiment = brl.GymnasiumExperiment("lake", LAKE, agents, runs=35, episodes=30)
    experiment.run(progress=False, results=tmp_path)
    seen = Seen()
    results = experiment.run(progress=False, results=tmp_path, until="decided", at_most=60, on_cell=seen)
    assert len(seen.keys) == 2 * max(results.manifest["runs"] - 35, 0)
    assert results.looks["runs"].max() == results.manifest["runs"]
    assert results.manifest["engine"] == experiment.run(progress=False).manifest["engine"]


# --- failures --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FailsAtTheSecondLook:
    """Fails where eight runs are simulated together: those between the first look and the second."""

    def __call__(self, values, step):
        if values.shape[0] == 8:
            raise ArithmeticError("eight runs")
        return np.full(values.shape, 1.0 / values.shape[-1])


def test_an_agent_that_fails_is_left_out_and_gets_no_more_runs(known, tmp_path):
    agents = {**AGENTS, "failing": bandit_agent(FailsAtTheSecondLook())}
    experiment, seen = dataclasses.replace(STUDY, agents=agents), Seen()
    with pytest.warns(UserWarning, match="eight runs"):
        results = experiment.run(progress=False, results=tmp_path, until="decided", on_cell=seen)
    assert [failure.agent for failure in results.failures] == ["failing"]
    assert "failing" not in {*results.looks["first"], *results.looks["second"]}
    assert results.manifest["stopping"]["pairs"] == 6, "alpha is divided among the declared pairs"
    number = len(looks(results.manifest["runs"]))
    assert number > 2
    assert len(seen.keys) == 3 * number + 2
    decided = [decide(known[first] - known[second], alpha=0.05 / 6).runs for first, second in PAIRS]
    assert results.manifest["runs"] == max(decided)
    assert from_cells(tmp_path / "study").looks.equals(results.looks)


def test_runs_stop_if_all_agents_but_one_fail():
    agents = {"τ = 0.1": AGENTS["τ = 0.1"], "failing": bandit_agent(FailsAtTheSecondLook())}
    experiment = dataclasses.replace(STUDY, agents=agents)
    known = fixed(dataclasses.replace(STUDY, agents={**AGENTS, "failing": AGENTS["τ = 1"]}), 30)
    assert decide(known["τ = 0.1"] - known["failing"], alpha=1e-9).decision == Decision.OPEN
    with pytest.warns(UserWarning, match="eight runs"):
        results = experiment.run(progress=False, until="decided", alpha=1e-9)
    assert results.manifest["runs"] == 38
    assert results.looks.empty
    assert results.sentence.startswith("No pair is judged")


# --- what is asked ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"until": "certain"}, ValueError, "until must be 'decided' or None, got 'certain'"),
        ({"alpha": 0.1}, ValueError, "alpha says when runs are decided: give until='decided' with it"),
        ({"at_most": 100}, ValueError, "at_most says when runs are decided"),
        ({"matters": 0.1}, ValueError, "matters says when runs are decided"),
        ({"until": "decided", "alpha": 5}, ValueError, "alpha must lie between 0 and 1, got 5"),
        ({"until": "decided", "at_most": 29}, ValueError, "at_most must be 30 or more, the runs of the first look"),
        ({"until": "decided", "at_most": 1e3}, TypeError, "at_most must be an integer"),
        ({"until": "decided", "matters": 0}, ValueError, "matters must be above 0, got 0"),
        ({"until": "decided", "matters": float("nan")}, ValueError, "matters must be a number, got nan"),
    ],
)
def test_wrong_settings_are_refused_before_anything_runs(tmp_path, asked, error, message):
    with pytest.raises(error, match=re.escape(message)):
        STUDY.run(progress=False, results=tmp_path, **asked)
    assert not list(tmp_path.iterdir())


def test_one_agent_alone_is_refused():
    alone = dataclasses.replace(STUDY, agents={"τ = 0.1": AGENTS["τ = 0.1"]})
    with pytest.raises(ValueError, match="needs two agents to compare on a problem, got 1"):
        alone.run(until="decided")


def test_a_study_of_families_needs_declared_pairs_of_agents():
    families = {"τ": {0.1: AGENTS["τ = 0.1"], 0.6: AGENTS["τ = 0.6"]}, "τ = 1": AGENTS["τ = 1"]}
    study = dataclasses.replace(STUDY, agents=families)
    with pytest.raises(
        ValueError, match=r"'τ' is a family, of which no agent is chosen yet: give compare= a list of pairs"
    ):
        study.run(until="decided")
    with pytest.raises(ValueError, match="'τ' is a family"):
        _ = dataclasses.replace(study, runs=30).run(progress=False).looks
    first = next(iter(study.plan().agents))
    pairs = dataclasses.replace(study, compare=[(first, "τ = 1")])
    assert pairs.run(progress=False, until="decided").looks["decision"].iloc[-1] == Decision.FIRST


@pytest.mark.parametrize(
    ("stopping", "message"),
    [
        ([], "stopping must be a mapping"),
        ({"at_most": 100}, "stopping must have at_most, matters and pairs"),
        ({"at_most": 10, "matters": None, "pairs": 1}, "at_most must be 30 or more"),
        ({"at_most": 100, "matters": -1, "pairs": 1}, "matters must be"),
        ({"at_most": 100, "matters": None, "pairs": 0}, "pairs must be 1 or more"),
    ],
)
def test_a_manifest_with_an_invalid_stopping_rule_is_refused(stopped, tmp_path, stopping, message):
    folder = shutil.copytree(stopped[1] / "study", tmp_path / "study")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "stopping": stopping}), "utf-8")
    with pytest.raises(ValueError, match=message):
        brl.load(folder)


# --- how many more runs ----------------------------------------------------------------------------------------------


def test_a_forecast_has_every_coming_look_of_every_open_pair():
    results = dataclasses.replace(STUDY, runs=40).run(progress=False)
    open_ = [
        (first, second)
        for (first, second), rows in results.looks.groupby(["first", "second"], sort=False)
        if rows["decision"].iloc[-1] == Decision.OPEN
    ]
    assert open_ == PAIRS[:2]
    ahead = results.plan_runs(at_most=1000)
    assert list(ahead.table["second"].unique()) == [second for _, second in open_]
    assert ahead.table.equals(results.plan_runs(at_most=1000).table), "the same numbers each time"
    parts = ahead.table[["first_ahead", "second_ahead", "same"]].sum(axis=1)
    assert np.allclose(parts, ahead.table["chance"])
    *said, last = results.plan_runs(0.5, at_most=1000).sentences
    assert last == "τ = 0.6 and τ = 1 on GaussianBandit: decided at 30 runs: τ = 0.6 is ahead."
    for (_, second), sentence in zip(open_, said, strict=True):
        rows = ahead.table[ahead.table["second"] == second]
        assert list(rows["runs"]) == [look for look in looks(1000) if look > 40]
        assert list(rows["more_runs"]) == list(rows["runs"] - 40)
        assert rows["chance"].is_monotonic_increasing
        needed = rows[rows["chance"] >= 0.5].iloc[0]
        assert f"{needed['more_runs']:,} more runs, {needed['runs']:,} in all, decide with a chance of" in sentence


def test_a_forecast_says_if_no_number_of_runs_up_to_the_last_look_is_enough():
    agents = {"one": bandit_agent(brl.Boltzmann(0.3)), "other": bandit_agent(brl.Boltzmann(0.301))}
    results = dataclasses.replace(STUDY, agents=agents).run(progress=False)
    assert "no number of runs up to 94 decides with a chance of 0.8" in results.plan_runs(at_most=100).sentences[0]
    assert "there is no further look up to 45" in results.plan_runs(at_most=45).sentences[0]
    matters = results.plan_runs(matters=10.0, at_most=100)
    assert "no difference that matters" in matters.sentences[0]
    one = dataclasses.replace(STUDY, agents=agents, runs=1).run(progress=False)
    assert "one run says nothing" in one.plan_runs().sentences[0]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"chance": 80}, "chance must lie between 0 and 1"),
        ({"at_most": 3}, "at_most must be 30"),
        ({"alpha": 0}, "alpha"),
    ],
)
def test_a_forecast_refuses_wrong_settings(asked, message):
    with pytest.raises(ValueError, match=message):
        STUDY.run(progress=False).plan_runs(**asked)


def test_decisions_come_about_as_often_as_forecast():
    """Forecasts after 38 runs of 40 experiments, against what those runs decide by the look at 94."""
    chances, decided = [], []
    for seed in range(40):
        known = fixed(dataclasses.replace(STUDY, agents=dict(list(AGENTS.items())[:2]), seed=seed, steps=20), 94)
        differences = known["τ = 0.1"] - known["τ = 0.6"]
        if decide(differences[:38]).decision == Decision.OPEN:
            results = dataclasses.replace(
                STUDY, agents=dict(list(AGENTS.items())[:2]), seed=seed, steps=20, runs=38
            ).run(progress=False)
            table = results.plan_runs(at_most=94).table
            chances.append(table["chance"].iloc[-1])
            decided.append(decide(differences).decision != Decision.OPEN)
    spread = np.sqrt(sum(p * (1 - p) for p in chances))
    assert abs(sum(decided) - sum(chances)) < 4.0 * spread + 1.0


def test_runs_made_elsewhere_have_looks_and_forecasts_also_if_lower_is_better():
    noise = np.random.default_rng(0).normal(size=(2, 60))
    rows = [
        {"agent": agent, "seed": seed, "step": step, "loss": 5.0 + 2.0 * number + noise[number, seed]}
        for number, agent in enumerate(("less", "more")) for seed in range(60) for step in (1, 2)
    ]  # fmt: skip
    results = brl.Results.of_runs(rows, metrics=[brl.Metric("loss", higher_is_better=False)])
    last = results.looks.iloc[-1]
    assert (last["runs"], last["decision"]) == (60, Decision.FIRST)
    assert last["low"] < last["difference"] < last["high"] < 0.0
    assert "less is ahead" in results.plan_runs().sentences[0]


# --- the command line ------------------------------------------------------------------------------------------------

FILE = '''
"""Which exploration is better?"""

import boltzmann_rl as brl

AGENTS = {f"τ = {t:g}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 5.0)}
EXPERIMENT = brl.BanditExperiment("study", brl.GaussianBandit(), AGENTS, runs=40, steps=50)
'''


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.py").write_text(FILE, "utf-8")
    return "study.py"


def test_the_command_line_runs_until_decided_and_repeats_it(file, tmp_path, capsys):
    assert main(["run", file, "--until", "decided", "--alpha", "0.01", "--at-most", "500", "--quiet"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "The pair of agents is decided at the look at" in said
    assert "τ = 0.1 is ahead of τ = 5 by" in said
    assert "99 % confidence (alpha = 0.01)" in said
    manifest = json.loads((tmp_path / "results/study/manifest.json").read_text("utf-8"))
    assert manifest["stopping"] == {"at_most": 500, "matters": None, "pairs": 1}
    assert manifest["judgement"]["alpha"] == 0.01
    kept = tables_in(tmp_path / "results/study")
    assert main(["status", "results/study"]) == 0
    assert f"this is the look at {manifest['runs']} runs, of at most 500" in capsys.readouterr().out
    assert main(["store", "rm", "results/study"]) == 0
    assert main(["plot", "results/study"]) == 0
    assert tables_in(tmp_path / "results/study") == kept
    assert main(["run", "--again", "results/study", file, "--quiet"]) == 0
    assert "looks.csv: the same bytes" in capsys.readouterr().out


def test_the_command_line_repeats_runs_that_were_stopped_undecided(file, tmp_path, capsys):
    (tmp_path / file).write_text(FILE.replace("(0.1, 5.0)", "(0.3, 0.301)"), "utf-8")
    assert main(["run", file, "--until", "decided", "--at-most", "50", "--matters", "0.001", "--quiet"]) == 0
    assert "The pair" not in capsys.readouterr().out
    assert main(["run", "--again", "results/study", file, "--quiet"]) == 0
    assert "looks.csv: the same bytes" in capsys.readouterr().out


def test_the_command_line_says_how_many_more_runs_would_decide(file, tmp_path, capsys):
    assert main(["run", file, "--runs", "10", "--steps", "5", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["plan-runs", "results/study", "--at-most", "100", "--chance", "0.5", "--matters", "1"]) == 0
    said = capsys.readouterr().out
    assert "τ = 0.1 and τ = 5 on GaussianBandit: chance of a decision after more runs than 10" in said
    rows = re.findall(r"^ +(\d+) +(\d+) +[01]\.\d\d +[01]\.\d\d +[01]\.\d\d +[01]\.\d\d$", said, re.MULTILINE)
    assert [int(runs) for runs, _ in rows] == looks(100)
    assert [int(runs) - int(more) for runs, more in rows] == [10] * len(rows)
    assert main(["plan-runs", "results/study", "--compare", "nobody"]) == 2
    assert main(["plan-runs", "results/study", "--at-most", "20"]) == 2
    assert main(["plan-runs", "results/study", "--compare", "τ = 5", "--alpha", "0.5"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--until", "decided", "--runs", "50"],
            "--until decided can't be combined with --runs: --at-most bounds",
        ),
        (["--until", "decided", "--quick"], "--until decided can't be combined with --quick"),
        (["--until", "decided", "--shard", "1/2"], "each look needs the runs of all parts"),
        (["--at-most", "50"], "--at-most says when runs are decided: give --until decided with it"),
        (["--matters", "0.5"], "--matters says when runs are decided"),
        (["--until", "decided", "--at-most", "5"], "study: at_most must be 30 or more"),
    ],
)
def test_options_that_contradict_each_other_are_wrong_calls(file, capsys, arguments, message):
    assert main(["run", file, *arguments]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("option", ["--alpha=2", "--matters=0", "--matters=x", "--at-most=0", "--until=sure"])
def test_options_that_are_not_numbers_in_their_range_are_wrong_calls(file, option):
    with pytest.raises(SystemExit) as stop:
        main(["run", file, "--until", "decided", option])
    assert stop.value.code == 2


def test_a_failed_cell_of_runs_until_decided_can_be_repeated(file, tmp_path, capsys):
    failing = FILE.replace("import boltzmann_rl as brl", "import dataclasses, numpy as np, boltzmann_rl as brl")
    failing += """
@dataclasses.dataclass(frozen=True)
class Fails:
    def __call__(self, values, step):
        if values.shape[0] == 8:
            raise ArithmeticError("eight runs")
        return np.full(values.shape, 0.1)

AGENTS["failing"] = brl.Agent(brl.SampleAverage(), Fails())
EXPERIMENT = brl.BanditExperiment("study", brl.GaussianBandit(), AGENTS, runs=40, steps=50, alpha=1e-9)
"""
    (tmp_path / file).write_text(failing, "utf-8")
    assert main(["run", file, "--until", "decided", "--quiet"]) == 1
    said = capsys.readouterr().err
    words = re.search(r"boltzmann-rl (run .*) --pdb", said)[1].split()
    assert words[:4] == ["run", "study.py", "--until", "decided"]
    assert main(words) == 1
    assert "ArithmeticError: eight runs" in capsys.readouterr().err
    main(["status", "results/study"])
    assert "--until decided --cell" in capsys.readouterr().out


def test_kept_looks_can_be_judged_again_by_other_pairs_and_levels(file, tmp_path, capsys):
    assert main(["run", file, "--until", "decided", "--quiet"]) == 0
    assert main(["plot", "results/study", "--alpha", "0.001"]) == 0
    assert "99.9 % confidence (alpha = 0.001)" in " ".join(capsys.readouterr().out.split())
    loaded = brl.load("results/study")
    level = (loaded.looks["e_value"] >= 1000) == (loaded.looks["decision"] != Decision.OPEN)
    assert level.all()
