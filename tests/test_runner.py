"""The runner: what is missing is simulated, what fails is named, and everything else is kept."""

import dataclasses
import importlib.util
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import boltzmann_rl as brl
from boltzmann_rl.results import folders
from boltzmann_rl.results.manifest import manifest_of
from boltzmann_rl.results.running import from_cells
from boltzmann_rl.runs.batches import Shard
from boltzmann_rl.runs.outline import outline_of
from boltzmann_rl.runs.records import encoded
from boltzmann_rl.runs.runner import Manner, simulate
from boltzmann_rl.runs.status import processes
from boltzmann_rl.runs.store import Store

TABLES = ("curves", "summary", "runs", "run_curves", "ranks")
AGENTS = {
    "cool": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)),
    "greedy": brl.Agent(brl.UCB1(), brl.Greedy()),
}


def bandits(runs=25, agents=AGENTS, **others):
    return brl.BanditExperiment("x", brl.GaussianBandit(arms=3), agents, runs=runs, steps=20, **others)


def lake(runs=7, episodes=6):
    agents = {"cool": brl.Agent(brl.QLearning(0.3), brl.Boltzmann(0.1))}
    return brl.GymnasiumExperiment("x", "FrozenLake-v1", agents, runs=runs, episodes=episodes)


EXPERIMENTS = {"bandits": bandits, "environments": lake}


def same(one, other):
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(one, table), getattr(other, table), check_exact=True)
    return True


# --- resume and extend ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EXPERIMENTS)
def test_the_results_in_a_folder_are_those_in_memory(tmp_path, kind):
    experiment = EXPERIMENTS[kind]()
    kept = experiment.run(progress=False, results=tmp_path)
    assert same(kept, experiment.run(progress=False))
    assert same(experiment.run(progress=False, results=tmp_path), kept)


@pytest.mark.parametrize("kind", EXPERIMENTS)
def test_an_identical_run_simulates_nothing(tmp_path, simulated, kind):
    first = EXPERIMENTS[kind]().run(progress=False, results=tmp_path)
    simulated.clear()
    again = EXPERIMENTS[kind]().run(progress=False, results=tmp_path)
    assert simulated == []
    assert same(first, again)


@pytest.mark.parametrize(("few", "many", "new"), [(10, 30, 2), (30, 100, 2), (12, 25, 2), (1000, 2000, 2)])
def test_more_runs_simulate_only_the_rest(tmp_path, simulated, few, many, new):
    bandits(few).run(progress=False, results=tmp_path)
    simulated.clear()
    extended = bandits(many).run(progress=False, results=tmp_path)
    assert len(simulated) == new
    assert same(extended, bandits(many).run(progress=False))


def test_more_runs_in_an_environment_simulate_no_run_twice(tmp_path, simulated):
    lake(3).run(progress=False, results=tmp_path)
    lake(11).run(progress=False, results=tmp_path)
    assert len(simulated) == len(set(simulated)) == 11


def test_one_more_agent_and_problem_simulate_only_these(tmp_path, simulated):
    bandits(10).run(progress=False, results=tmp_path)
    simulated.clear()
    more = {**AGENTS, "hot": brl.Agent(brl.SampleAverage(), brl.Boltzmann(2.0))}
    with warnings.catch_warnings(action="error"):
        results = bandits(10, more).run(progress=False, results=tmp_path)
    assert len(simulated) == 1
    assert same(results, bandits(10, more).run(progress=False))


def test_fewer_runs_and_agents_are_made_of_the_same_cells(tmp_path, simulated):
    bandits(30).run(progress=False, results=tmp_path)
    simulated.clear()
    few = bandits(10, {"cool": AGENTS["cool"]})
    with pytest.warns(UserWarning, match=r"agents\[greedy\] is gone"):
        results = few.run(progress=False, results=tmp_path)
    assert simulated == []
    assert same(results, few.run(progress=False))


@dataclass(frozen=True)
class Fails:
    """A policy that fails in chosen runs: at a step, by a chosen error."""

    error: type = ValueError
    fails: bool = True

    def __call__(self, values, step):
        if self.fails and step == 3:
            raise self.error("on purpose")
        return np.full(np.shape(values), 1 / 3)


# --- where the work is done ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EXPERIMENTS)
@pytest.mark.parametrize("jobs", [1, 2])
def test_any_number_of_processes_gives_the_same_bytes(tmp_path, kind, jobs):
    experiment = EXPERIMENTS[kind]()
    assert same(experiment.run(progress=False, results=tmp_path, jobs=jobs), experiment.run(progress=False))


def test_an_executor_of_the_caller_gives_the_same_bytes_and_is_left_open():
    with ThreadPoolExecutor(2) as threads:
        assert same(bandits().run(progress=False, executor=threads), bandits().run(progress=False))
        assert threads.submit(int, "3").result() == 3


def test_shards_in_any_order_leave_nothing_to_merge_but_tables(tmp_path):
    experiment = bandits(3200)
    plan = experiment.plan()
    outline = outline_of(plan)
    for number in (3, 1, 4, 2):
        store = Store(tmp_path / "x")
        assert simulate(plan, outline, store, Manner(shard=Shard(number, 4), progress=False), None) == []
        store.close()
        folders.announce(tmp_path / "x", manifest_of(outline))
    assert same(from_cells(tmp_path / "x"), experiment.run(progress=False))


def test_shards_that_are_missing_leave_the_first_runs_that_all_agents_have(tmp_path):
    experiment, shorter = bandits(3200), bandits(1000)
    plan = experiment.plan()
    outline = outline_of(plan)
    store = Store(tmp_path / "x")
    first = [
        (key, cell) for series, cell in plan.cells() for key in [cell.key] if cell.first < 1000 or cell.first == 2000
    ]
    for key, cell in first:
        store.add(key, encoded(cell.simulate()))
    store.close()
    folders.announce(tmp_path / "x", manifest_of(outline))
    some = from_cells(tmp_path / "x")
    assert (some.manifest["runs"], some.manifest["planned_runs"]) == (1000, 3200)
    assert same(some, shorter.run(progress=False))


# --- failures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt, MemoryError, RecursionError])
@pytest.mark.parametrize("jobs", [None, 2])
def test_a_failing_agent_does_not_take_the_others_with_it(tmp_path, error, jobs):
    agents = {**AGENTS, "fails": brl.Agent(brl.SampleAverage(), Fails(error))}
    with pytest.warns(UserWarning, match=f"fails .*, runs 0 to 9: {error.__name__}: on purpose .*1 more"):
        results = bandits(agents=agents).run(progress=False, results=tmp_path, jobs=jobs)
    assert [failure.agent for failure in results.failures] == ["fails"] * 2
    assert "on purpose" in results.failures[0].trace
    assert set(results.summary["agent"]) == set(AGENTS)
    assert same(brl.load(tmp_path / "x"), bandits().run(progress=False))


def test_failed_cells_are_tried_again_by_the_next_run(tmp_path, simulated):
    agents = {**AGENTS, "fails": brl.Agent(brl.SampleAverage(), Fails())}
    for _ in range(2):
        simulated.clear()
        with pytest.warns(UserWarning, match="on purpose"):
            bandits(10, agents).run(progress=False, results=tmp_path)
    assert len(simulated) == 1
    assert len(list((tmp_path / "x" / "failures").iterdir())) == 1


def test_in_memory_the_error_of_a_single_agent_is_raised():
    agents = {"fails": brl.Agent(brl.SampleAverage(), Fails())}
    with pytest.raises(RuntimeError, match="fails on GaussianBandit, runs 0 to 9: ValueError: on purpose"):
        bandits(agents=agents).run(progress=False)


# --- damage ---------------------------------------------------------------------------------------------------


def test_what_is_there_already_is_counted_from_the_first_line_on(tmp_path, capsys):
    bandits(30).run(progress=False, results=tmp_path)
    bandits(100).run(results=tmp_path)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("x: 4 of 6 cells")  # runs 0 to 9, 10 to 29 and 30 to 99 of two agents
    assert lines[-1].startswith("x: 6 of 6 cells")


def test_damaged_cells_are_reported_set_aside_and_simulated_again(tmp_path, simulated):
    whole = bandits(100).run(progress=False, results=tmp_path)
    (segment,) = (tmp_path / "x" / "cells").iterdir()
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    (tmp_path / "x" / "cells" / "foreign.cells").write_text("something else")
    simulated.clear()
    with pytest.warns(UserWarning, match=r"are damaged: set aside in .*; the cells in it are computed again"):
        again = bandits(100).run(progress=False, results=tmp_path)
    assert len(simulated) == 1
    assert same(again, whole)
    assert (tmp_path / "x" / "cells" / "damaged" / segment.name).read_bytes() == content
    with warnings.catch_warnings(action="error"):
        assert same(bandits(100).run(progress=False, results=tmp_path), whole)


def test_a_changed_table_is_noticed_and_made_again_by_plot(tmp_path, capsys):
    from boltzmann_rl.cli import main

    whole = bandits().run(progress=False, results=tmp_path)
    for table in ("curves", "summary", "runs"):
        path = tmp_path / "x" / f"{table}.csv"
        content = path.read_bytes()
        path.write_bytes(content.replace(b"1", b"2", 1))
        with pytest.raises(ValueError, match=f"{table}.csv .*its content is not what was written with manifest.json"):
            brl.load(tmp_path / "x")
        assert main(["plot", str(tmp_path / "x")]) == 0
        assert path.read_bytes() == content
    assert same(brl.load(tmp_path / "x"), whole)


def test_nothing_is_left_running_after_a_run(tmp_path):
    bandits().run(progress=False, results=tmp_path)
    assert processes(tmp_path / "x") == []
    assert {path.name for path in (tmp_path / "x").iterdir()} == {
        "cells",
        "comparisons.csv",
        "curves.csv",
        "figures",
        "manifest.json",
        "plan.json",
        "running",
        "runs.csv",
        "summary.csv",
    }


CODE = """
from dataclasses import dataclass
import numpy as np
import boltzmann_rl as brl


@dataclass(frozen=True)
class Mine:
    def __call__(self, values, step):
        return brl.softmax(values, TEMPERATURE)


def experiment():
    agents = {"mine": brl.Agent(brl.SampleAverage(), Mine()), "ours": brl.Agent(brl.SampleAverage(), brl.Greedy())}
    return brl.BanditExperiment("x", brl.GaussianBandit(), agents, runs=10, steps=5)
"""


def test_cells_of_changed_code_are_computed_again_and_the_agent_is_named(tmp_path, simulated, monkeypatch):
    results = []
    for temperature in (0.5, 2.0):
        file = tmp_path / f"mine{temperature}" / "mine.py"
        file.parent.mkdir()
        file.write_text(f"TEMPERATURE = {temperature}\n{CODE}")
        spec = importlib.util.spec_from_file_location("mine", file)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "mine", module)
        spec.loader.exec_module(module)
        simulated.clear()
        with pytest.warns(UserWarning, match="behind mine have changed") if results else nullcontext():
            results.append(module.experiment().run(progress=False, results=tmp_path / "results"))
        assert len(simulated) == (1 if results[1:] else 2)
    assert not results[0].curves.equals(results[1].curves)


@dataclass(frozen=True)
class First:
    """Whether the first arm is chosen."""

    def __call__(self, moment):
        return moment.action == 0


def test_metrics_of_ones_own_and_evaluations_stand_in_the_tables_and_the_manifest(tmp_path):
    results = bandits(12, metrics={"first": First()}).run(progress=False, results=tmp_path)
    assert results.manifest["declaration"]["metrics"] == {"first": "First()"}
    share = results.run_curves.groupby(["agent", "run"])["first"].mean()  # windows of one step each
    whole = results.runs.set_index(["agent", "run"])["first"] / 20
    pd.testing.assert_series_equal(share.loc[whole.index], whole, check_names=False)
    means = results.summary.set_index("agent")["first"]
    pd.testing.assert_series_equal(whole.groupby("agent").mean().loc[means.index], means, check_names=False)
    lakes = dataclasses.replace(lake(2), name="y", evaluate_every=3, evaluation_episodes=2)
    declared = lakes.run(progress=False, results=tmp_path).manifest["declaration"]
    assert (declared["evaluate_every"], declared["evaluation_episodes"]) == (3, 2)
    with pytest.warns(UserWarning, match="evaluation_episodes: 2 → 1"):
        dataclasses.replace(lakes, evaluation_episodes=1).run(progress=False, results=tmp_path)


def test_sending_a_class_to_workers_does_not_change_its_cells(tmp_path, simulated):
    agents = {"mine": brl.Agent(brl.SampleAverage(), Fails(fails=False))}
    before = Fails.__call__
    for jobs in (1, 2, 1):
        bandits(10, agents).run(progress=False, results=tmp_path, jobs=jobs)
    assert Fails.__call__ is before
    assert len(simulated) == 1


def test_tables_that_two_write_at_a_time_are_those_of_one_of_them(tmp_path):
    several = [bandits(runs).run(progress=False) for runs in (30, 10)]
    (tmp_path / "x").mkdir()
    for _ in range(10):
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda results: results.write(tmp_path / "x"), several))
        there = brl.load(tmp_path / "x")
        assert there.summary.equals(several[there.manifest["runs"] == 10].summary)


@dataclass(frozen=True)
class Hidden:
    """A policy whose repr does not say all."""

    greed: float = dataclasses.field(repr=False)

    def __call__(self, values, step):
        return brl.softmax(values, self.greed)


def test_a_parameter_that_no_repr_shows_makes_other_cells(tmp_path):
    for greed in (0.05, 5.0):
        agents = {"hidden": brl.Agent(brl.SampleAverage(), Hidden(greed))}
        with warnings.catch_warnings(action="ignore"):
            there = bandits(10, agents).run(progress=False, results=tmp_path)
        assert same(there, bandits(10, agents).run(progress=False))
