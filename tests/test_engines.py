"""Which engine runs is a matter of the declaration and of what is installed, and shows in nothing but the time."""

import subprocess
import sys
from dataclasses import dataclass

import gymnasium
import numpy as np
import pytest

from boltzmann_rl import (
    SARSA,
    Agent,
    BanditExperiment,
    Boltzmann,
    Environment,
    GaussianBandit,
    GaussianPosterior,
    GaussianThompson,
    GymnasiumExperiment,
    NStep,
    QLearning,
    RelativeToSpread,
    SampleAverage,
)
from boltzmann_rl.engines import selection as engines


def bandits(**changes):
    agents = {
        "known": Agent(SampleAverage(), Boltzmann(0.3)),
        "not known": Agent(SampleAverage(), Boltzmann(RelativeToSpread(0.3))),
    }
    declared = {"name": "x", "problem": GaussianBandit(), "agents": agents, "runs": 30, "steps": 40}
    return BanditExperiment(**declared | changes)


def episodes(**changes):
    policy = Boltzmann(0.3)
    agents = {"known": Agent(QLearning(), policy), "not known": Agent(NStep(SARSA(), 2), policy)}
    declared = {"name": "y", "problem": Environment("FrozenLake-v1"), "agents": agents, "runs": 3, "episodes": 20}
    return GymnasiumExperiment(**declared | changes)


@pytest.mark.parametrize("experiment", [bandits(), episodes()], ids=["bandits", "tabular"])
def test_little_work_is_done_by_the_reference_at_once(experiment):
    assert {series.cell.engine for series in experiment.plan().series} == {"reference"}


@pytest.mark.parametrize(
    "experiment", [bandits(runs=3000, steps=5000), episodes(runs=1000, episodes=1000)], ids=["bandits", "tabular"]
)
def test_much_work_is_done_by_the_compiled_engine_where_it_knows_how(experiment):
    ran = {series.agent: series.cell.engine for series in experiment.plan().series}
    assert ran == {"known": "compiled", "not known": "reference"}


def test_what_integrates_for_every_action_is_compiled_for_sooner():
    agents = {"drawn": Agent(GaussianPosterior(), GaussianThompson()), "plain": Agent(SampleAverage(), Boltzmann(0.3))}
    experiment = bandits(agents=agents, runs=1500, steps=1000)
    assert {series.agent: series.cell.engine for series in experiment.plan().series} == {
        "drawn": "compiled",
        "plain": "reference",
    }


@pytest.mark.usefixtures("everything_pays")
def test_without_compilation_the_reference_does_it(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert {series.cell.engine for series in bandits().plan().series} == {"reference"}


@pytest.mark.usefixtures("everything_pays")
def test_without_numba_the_reference_does_it(monkeypatch):
    monkeypatch.setattr(engines, "available", lambda: False)
    assert {series.cell.engine for series in bandits().plan().series} == {"reference"}


@pytest.mark.parametrize("make", [bandits, episodes])
def test_both_engines_answer_alike_and_the_manifest_says_which_did(monkeypatch, make):
    plain = make().run(progress=False)
    monkeypatch.setattr(engines, "PAYS", {"step": 0, "episode": 0})
    quick = make().run(progress=False)
    assert plain.manifest["engine"] == {"reference": list(make().agents)}
    assert quick.manifest["engine"] == {"compiled": ["known"], "reference": ["not known"]}
    numbers = ["mean", "standard_error", "low", "high"]
    np.testing.assert_allclose(quick.curves[numbers], plain.curves[numbers], rtol=1e-10, atol=1e-12)
    assert quick.curves.drop(columns=numbers).equals(plain.curves.drop(columns=numbers))
    assert quick.manifest["identity"] == plain.manifest["identity"]


@pytest.mark.usefixtures("everything_pays")
@pytest.mark.parametrize("experiment", [bandits(runs=2100, steps=10), episodes(runs=12)], ids=["bandits", "tabular"])
def test_blocks_in_threads_give_the_same_bytes(experiment):
    alone, together = experiment.run(progress=False), experiment.run(jobs=2, progress=False)
    assert together.curves.equals(alone.curves)
    assert together.runs.equals(alone.runs)


class Dry(Environment):
    """Somebody's own class, which makes another environment than its id says."""

    def make(self):
        return gymnasium.make(self.id, is_slippery=False)


@dataclass(frozen=True)
class Mine:
    """Somebody's own class without an id."""

    slippery: bool = False

    def make(self):
        return gymnasium.make("FrozenLake-v1", is_slippery=self.slippery)


@pytest.mark.usefixtures("everything_pays")
def test_an_environment_of_somebodys_own_class_is_played_by_the_reference():
    experiment = episodes(problem={"wet": Environment("FrozenLake-v1"), "dry": Dry("FrozenLake-v1"), "mine": Mine()})
    ran = {(series.problem, series.agent): series.cell.engine for series in experiment.plan().series}
    assert {key for key, engine in ran.items() if engine == "compiled"} == {("wet", "known")}
    assert repr(experiment.problem["dry"]).startswith("Dry(")


def test_what_needs_numba_is_imported_only_when_it_runs():
    code = """if True:
        import sys
        from boltzmann_rl import Agent, BanditExperiment, Boltzmann, GaussianBandit, SampleAverage
        agents = {"a": Agent(SampleAverage(), Boltzmann(0.3))}
        BanditExperiment(name="x", problem=GaussianBandit(), agents=agents, runs=3, steps=5).run(progress=False)
        print("numba" in sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
