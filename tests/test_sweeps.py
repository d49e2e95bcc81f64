"""Sweeps: many declarations as one experiment, with the cells of each of them."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from cases import in_one_test

import boltzmann_rl as brl
from boltzmann_rl.cli import main
from boltzmann_rl.results.manifest import read_manifest
from boltzmann_rl.runs import work

AGENTS = {
    "Boltzmann": brl.Agent(brl.SampleAverage(), brl.Boltzmann(1.0)),
    "ε-greedy": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1)),
}


def bandits(name="x", agents=AGENTS, problem=brl.GaussianBandit(arms=3), runs=12, steps=20, seed=0):  # noqa: B008
    return brl.BanditExperiment(name, problem, agents, runs=runs, steps=steps, seed=seed)


def lake(**others):
    agents = {"cool": brl.Agent(brl.QLearning(0.3), brl.Boltzmann(0.1))}
    return brl.GymnasiumExperiment("x", {"lake": "FrozenLake-v1"}, agents, runs=2, episodes=4, **others)


GRID = {"agents.policy.temperature": (0.1, 0.2), "problem.arms": (3, 5), "seed": (0, 7)}


def keys_of(experiment):
    return {cell.key for _, cell in experiment.plan().cells()}


# --- what a sweep declares ------------------------------------------------------------------------------------


def test_a_grid_has_every_combination_once():
    series = brl.Sweep("x", bandits(), GRID).plan().series
    problems = [f"GaussianBandit, arms = {arms}, seed = {seed}" for arms in (3, 5) for seed in (0, 7)]
    agents = ["Boltzmann, temperature = 0.1", "Boltzmann, temperature = 0.2", "ε-greedy"]
    assert [(one.problem, one.agent) for one in series] == [(p, a) for p in problems for a in agents]
    for one in series:
        assert f"arms = {one.cell.problem.arms}, seed = {one.cell.seed}" in one.problem
        temperature = getattr(one.cell.agent.policy, "temperature", None)
        assert one.agent == (f"Boltzmann, temperature = {temperature}" if temperature else "ε-greedy")


def test_the_cells_are_those_of_each_combination_as_an_experiment_of_its_own():
    plain = set()
    for temperature in (0.1, 0.2):
        agents = {**AGENTS, "Boltzmann": brl.Agent(brl.SampleAverage(), brl.Boltzmann(temperature))}
        for arms in (3, 5):
            for seed in (0, 7):
                plain |= keys_of(bandits("other", agents, brl.GaussianBandit(arms=arms), seed=seed))
    assert keys_of(brl.Sweep("x", bandits(), GRID)) == plain


def test_a_sweep_in_the_folder_of_a_plain_experiment_simulates_only_the_rest(tmp_path, monkeypatch):
    simulated, original = [], work.simulate_groups
    monkeypatch.setattr(
        "boltzmann_rl.runs.runner.simulate_groups",
        lambda groups: simulated.extend(key for group in groups for key, _ in group) or original(groups),
    )
    plain = bandits()
    plain.run(progress=False, results=tmp_path)
    simulated.clear()
    sweep = brl.Sweep("x", plain, {"agents.policy.temperature": (1.0, 2.0)})
    with pytest.warns(UserWarning, match=r"agents\[Boltzmann\] is gone"):
        kept = sweep.run(progress=False, results=tmp_path)
    assert len(simulated) == 2, "the ranges 0 to 9 and 10 to 11 of the runs at temperature 2"
    pd.testing.assert_frame_equal(kept.runs, sweep.run(progress=False).runs, check_exact=True)


def test_the_numbers_are_those_of_plain_experiments():
    swept = brl.Sweep("x", lake(), {"seed": (3, 4)}).run(progress=False).runs
    for seed in (3, 4):
        plain = lake(seed=seed).run(progress=False).runs
        here = swept[swept["problem"] == f"lake, seed = {seed}"].reset_index(drop=True)
        pd.testing.assert_frame_equal(here.drop(columns="problem"), plain.drop(columns="problem"), check_exact=True)


def test_one_swept_number_of_the_agents_makes_a_parameter_study():
    sweep = brl.Sweep("x", bandits(), {"agents.policy.epsilon": (0.0, 0.1, 0.5)})
    study = {one.agent: (one.family, one.parameter) for one in sweep.plan().series}
    assert study == {
        "Boltzmann": (None, None),
        "ε-greedy, epsilon = 0": ("ε-greedy, epsilon", 0.0),
        "ε-greedy, epsilon = 0.1": ("ε-greedy, epsilon", 0.1),
        "ε-greedy, epsilon = 0.5": ("ε-greedy, epsilon", 0.5),
    }
    figure = sweep.run(progress=False).plot()
    for ax in figure.axes:
        drawn = {line.get_label(): list(line.get_xdata()) for line in ax.get_lines()}
        assert drawn["ε-greedy, epsilon"] == [0.0, 0.1, 0.5]
        assert drawn["Boltzmann"] == [*ax.get_xlim()], "an agent without the parameter is the same everywhere"
        assert len(set(next(line for line in ax.get_lines() if line.get_label() == "Boltzmann").get_ydata())) == 1


def test_the_same_agents_as_a_study_and_as_a_sweep_give_the_same_summary():
    values = (0.1, 0.5)
    policies = {value: brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(value)) for value in values}
    study = bandits(agents={"ε-greedy, epsilon": policies}).run(progress=False)
    sweep = bandits(agents={"ε-greedy": AGENTS["ε-greedy"]})
    swept = brl.Sweep("x", sweep, {"agents.policy.epsilon": values}).run(progress=False)
    pd.testing.assert_frame_equal(swept.summary, study.summary, check_exact=True)
    assert swept.manifest["study"] == study.manifest["study"]


def test_two_swept_parameters_of_the_agents_or_other_values_make_no_study():
    for over in (
        {"agents.policy.epsilon": (0.1, 0.2), "agents.learner.initial": (0.0, 5.0)},
        {"agents.policy": (brl.Boltzmann(0.1), brl.EpsilonGreedy(0.1))},
        {"agents.learner.count_initial": (True, False)},
        {"agents.policy.epsilon": (0.1,)},
    ):
        assert {one.family for one in brl.Sweep("x", bandits(), over).plan().series} == {None}


def test_a_family_of_a_study_is_kept_for_each_value_of_another_parameter():
    agents = {"Boltzmann, τ": {t: brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 0.2)}}
    series = brl.Sweep("x", bandits(agents=agents), {"agents.learner.initial": (0.0, 5.0)}).plan().series
    assert {(one.family, one.parameter) for one in series} == {
        (f"Boltzmann, τ, initial = {initial}", t) for initial in (0, 5) for t in (0.1, 0.2)
    }


def test_whole_policies_and_numpy_arrays_are_swept():
    over = {"agents.policy": [brl.Greedy(), brl.Uniform()], "problem.sd": np.array([1.0, 2.0])}
    sweep = brl.Sweep("x", bandits(agents={"mean": AGENTS["ε-greedy"]}), over)
    assert list(sweep.agents) == ["mean, policy = Greedy()", "mean, policy = Uniform()"]
    assert list(sweep.problem) == ["GaussianBandit, sd = 1", "GaussianBandit, sd = 2"]
    assert sweep.over["problem.sd"] == (1.0, 2.0)


def test_parameters_with_the_same_last_name_are_told_apart():
    sweep = brl.Sweep("x", bandits(), {"problem.sd": (1.0, 2.0), "problem.means.sd": (1.0,)})
    assert list(sweep.problem) == [f"GaussianBandit, sd = {sd}, means.sd = 1" for sd in (1, 2)]


def test_a_list_of_experiments_may_have_other_agents_problems_and_seeds():
    one = bandits("one", {"Boltzmann": AGENTS["Boltzmann"]})
    two = bandits("two", {"ε-greedy": AGENTS["ε-greedy"]}, {"more arms": brl.GaussianBandit(arms=5)}, seed=1)
    sweep = brl.Sweep("x", [one, two])
    assert [(s.problem, s.agent) for s in sweep.plan().series] == [
        ("GaussianBandit, seed = 0", "Boltzmann"),
        ("more arms, seed = 1", "ε-greedy"),
    ]
    assert keys_of(sweep) == keys_of(one) | keys_of(two)
    results = sweep.run(progress=False)
    assert len(results.summary) == 2
    results.plot()


def test_a_sweep_of_a_list_with_a_study_draws_each_agent_where_it_is(tmp_path):
    one = bandits("one", {"Boltzmann": AGENTS["Boltzmann"]})
    two = bandits("two", {"ε-greedy": AGENTS["ε-greedy"]}, {"more arms": brl.GaussianBandit(arms=5)})
    sweep = brl.Sweep("x", [one, two], {"agents.policy.epsilon": (0.1, 0.2)})
    sweep.run(progress=False, results=tmp_path)
    assert len(brl.load(tmp_path / "x").summary) == 3


@dataclasses.dataclass(frozen=True)
class First:
    """A metric that has a long name."""

    name: str

    def __call__(self, transition):
        return transition.reward


LONG = "a" * 100


def test_metrics_and_evaluations_of_the_experiments_are_those_of_the_sweep():
    sweep = brl.Sweep("x", lake(metrics={"r": First("r")}, evaluate_every=2), {"seed": (0, 1)})
    results = sweep.run(progress=False)
    assert {"r", "greedy_return"} <= set(results.curves["metric"])
    assert results.manifest["declaration"]["metrics"] == {"r": "First(name='r')"}


# --- what is refused ------------------------------------------------------------------------------------------


@in_one_test(
    ("over", "error", "message"),
    [
        ({"agents.policy.tau": (1,)}, ValueError, "'agents.policy.tau': did you mean agents.policy.temperature"),
        ({"problem.n_arms": (1,)}, ValueError, r"did you mean problem\.arms\?"),
        ({"agent.policy.epsilon": (1,)}, ValueError, r"did you mean agents\.policy\.epsilon\?"),
        ({"temperature": (1,)}, ValueError, r"did you mean agents\.policy\.temperature\?"),
        ({"zzz": (1,)}, ValueError, r"'zzz': there are agents\.learner, .*, problem\.arms, .*, seed"),
        ({"agents.policy.epsilon": (0.1, 0.10001)}, ValueError, "two values that a label shows as 0.1"),
        ({"seed": (1, 1)}, ValueError, "two values that a label shows as 1"),
        ({"seed": (-1,)}, ValueError, "seed must be"),
        ({"agents.policy.epsilon": ()}, TypeError, "a list of one or more values"),
        ({"agents.policy.epsilon": 0.1}, TypeError, "a list of one or more values"),
        ({"agents.policy.epsilon": (2.0,)}, ValueError, "epsilon"),
        (["seed"], TypeError, "over must be a mapping"),
    ],
)
def test_wrong_parameters_and_values_are_refused(over, error, message):
    with pytest.raises(error, match=message):
        brl.Sweep("x", bandits(), over)


@in_one_test(
    ("experiments", "error", "message"),
    [
        ([bandits(runs=5), bandits(runs=6)], ValueError, "the same runs, got 5 and 6"),
        ([bandits(steps=5), bandits(steps=6)], ValueError, "the same steps, got 5 and 6"),
        ([lake(), lake(evaluate_every=2)], ValueError, "the same evaluate_every, got 0 and 2"),
        ([lake(metrics={"r": First(LONG)}), lake(metrics={"r": First(f"{LONG}!")})], ValueError, "the same metrics"),
        ([bandits(), lake()], TypeError, "of one kind"),
        ([], TypeError, "got none"),
        (["x"], TypeError, "got 'x'"),
        (
            [bandits(agents={"a": AGENTS["Boltzmann"]}), bandits(agents={"a": AGENTS["ε-greedy"]})],
            ValueError,
            "two agents of the sweep would have the label 'a': .*Boltzmann.* and .*EpsilonGreedy",
        ),
        (
            [bandits(), bandits(problem=brl.GaussianBandit(arms=5))],
            ValueError,
            "two problems of the sweep would have the label 'GaussianBandit'",
        ),
    ],
)
def test_experiments_that_do_not_fit_together_are_refused(experiments, error, message):
    with pytest.raises(error, match=message):
        brl.Sweep("x", experiments)


def test_a_wrong_keyword_is_corrected():
    with pytest.raises(TypeError, match="did you mean experiments="):
        brl.Sweep("x", experiment=bandits())


# --- folders and the command line -----------------------------------------------------------------------------


def test_the_manifest_declares_every_problem_agent_and_seed(tmp_path):
    sweep = brl.Sweep("x", bandits(), GRID)
    sweep.run(progress=False, results=tmp_path)
    declaration = read_manifest(tmp_path / "x")["declaration"]
    assert declaration["agents"] == {label: repr(agent) for label, agent in sweep.agents.items()}
    assert declaration["problem"] == {label: repr(problem) for label, problem in sweep.problem.items()}
    assert {seed for label, seed in declaration["seeds"].items() if label.endswith("seed = 7")} == {7}
    assert set(declaration["seeds"].values()) == {0, 7}
    assert declaration["steps"] == 20


@pytest.mark.parametrize("seeds", [{"elsewhere": 1}, {"GaussianBandit, seed = 0": -1}, ["x"]])
def test_a_manifest_with_impossible_seeds_is_refused(tmp_path, seeds):
    brl.Sweep("x", bandits(), {"seed": (0, 1)}).run(progress=False, results=tmp_path)
    path = tmp_path / "x" / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["declaration"]["seeds"] = seeds
    path.write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(ValueError, match="seeds"):
        brl.load(tmp_path / "x")


def test_other_sizes_and_one_seed_are_applied_to_every_combination():
    changed = brl.Sweep("x", bandits(), GRID).changed(runs=5, length=9, seed=3)
    assert {(one.cell.runs, one.cell.length, one.cell.seed) for one in changed.plan().series} == {(5, 9, 3)}
    assert (changed.runs, changed.length, changed.axis) == (5, 9, "step")
    plain = brl.Sweep("x", lake()).changed(length=3)
    assert {(one.cell.runs, one.cell.length, one.cell.seed) for one in plain.plan().series} == {(2, 3, 0)}


FILE = '''"""Which temperature?"""
import boltzmann_rl as brl

BASE = brl.BanditExperiment(
    "swept", brl.GaussianBandit(), {"τ": brl.Agent(brl.SampleAverage(), brl.Boltzmann(1.0))}, runs=12, steps=20
)
EXPERIMENT = brl.Sweep("swept", BASE, {"agents.policy.temperature": (0.1, 0.2), "seed": (0, 1)})
'''


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "swept.py").write_text(FILE, "utf-8")
    return tmp_path / "swept.py"


def test_the_command_line_runs_lists_and_repeats_a_sweep(file, capsys):
    (file.parent / "results/swept/figures").mkdir(parents=True)
    (file.parent / "results/swept/figures/swept.png").touch()  # which the summary names
    assert main(["run", "swept.py", "--runs", "4", "--steps", "9", "--quiet"]) == 0
    assert "swept on GaussianBandit, seed = 1" in capsys.readouterr().out
    manifest = read_manifest(file.parent / "results/swept")
    assert (manifest["runs"], manifest["declaration"]["steps"]) == (4, 9)
    assert main(["run", "--again", "results/swept", "--quiet"]) == 0
    assert "runs.csv: the same bytes" in capsys.readouterr().out
    assert main(["list", "."]) == 0
    assert "swept: Which temperature?\n    2 agents on 2 problems, 12 runs, 20 steps" in capsys.readouterr().out
    assert main(["run", "swept.py", "--quick", "--seed", "5", "--steps", "9", "--quiet"]) == 0
    declaration = read_manifest(file.parent / "results/swept")["declaration"]
    assert (declaration["seed"], "seeds" in declaration) == (5, False)
    assert list(declaration["problem"]) == ["GaussianBandit, seed = 5"]


def test_the_parts_of_a_sweep_are_done_by_shards(file, capsys):
    status = [main(["run", "swept.py", "--shard", f"{part}/2", "--quiet"]) for part in (1, 2)]
    assert status == [0, 0]
    kept = brl.load(file.parent / "results/swept")
    whole = main(["run", "swept.py", "--results", "whole", "--quiet"])
    assert whole == 0
    pd.testing.assert_frame_equal(kept.runs, brl.load(file.parent / "whole/swept").runs, check_exact=True)


def test_a_sweep_is_a_declaration_that_prints_and_compares():
    one, other = (brl.Sweep("x", bandits(), dict(GRID)) for _ in range(2))
    assert one == other
    assert one != dataclasses.replace(one, over={"seed": (0,)})
    assert "over={'agents.policy.temperature': (0.1, 0.2)" in repr(one)


def test_titles_do_not_run_into_those_of_the_next_panel():
    sweep = brl.Sweep("x", bandits(), {"agents.policy.epsilon": (0.1, 0.2), "problem.arms": (3, 5), "seed": (0, 1)})
    results = sweep.run(progress=False)
    figure = results.plot()
    figure.draw_without_rendering()
    titles = [ax.title for ax in figure.axes]
    boxes = [title.get_window_extent() for title in titles]
    for left, right in zip(boxes[::2], boxes[1::2], strict=True):
        assert left.x1 < right.x0
