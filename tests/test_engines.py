"""Which engine runs depends on the declaration and on what is installed, and changes nothing but the time."""

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
    SampleAverage,
    Sparsemax,
)
from boltzmann_rl.engines import selection as engines


def bandits(**changes):
    agents = {
        "known": Agent(SampleAverage(), Boltzmann(0.3)),
        "not known": Agent(SampleAverage(), Sparsemax(0.3)),
    }
    declared = {"name": "x", "problem": GaussianBandit(), "agents": agents, "runs": 30, "steps": 40}
    return BanditExperiment(**declared | changes)


def episodes(**changes):
    policy = Boltzmann(0.3)
    agents = {"known": Agent(QLearning(), policy), "not known": Agent(NStep(SARSA(), 2), policy)}
    declared = {"name": "y", "problem": Environment("FrozenLake-v1"), "agents": agents, "runs": 3, "episodes": 20}
    return GymnasiumExperiment(**declared | changes)


@pytest.mark.parametrize("experiment", [bandits(), episodes()], ids=["bandits", "tabular"])
def test_little_work_runs_on_the_reference_engine(experiment):
    assert {series.cell.engine for series in experiment.plan().series} == {"reference"}


@pytest.mark.parametrize(
    "experiment", [bandits(runs=3000, steps=5000), episodes(runs=1000, episodes=1000)], ids=["bandits", "tabular"]
)
def test_much_work_runs_on_the_compiled_engine_if_it_covers_it(experiment):
    ran = {series.agent: series.cell.engine for series in experiment.plan().series}
    assert ran == {"known": "compiled", "not known": "reference"}


def test_compiling_pays_off_sooner_for_policies_that_integrate():
    agents = {"drawn": Agent(GaussianPosterior(), GaussianThompson()), "plain": Agent(SampleAverage(), Boltzmann(0.3))}
    experiment = bandits(agents=agents, runs=1500, steps=1000)
    assert {series.agent: series.cell.engine for series in experiment.plan().series} == {
        "drawn": "compiled",
        "plain": "reference",
    }


@pytest.mark.usefixtures("everything_pays")
def test_without_compilation_the_reference_runs(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert {series.cell.engine for series in bandits().plan().series} == {"reference"}


@pytest.mark.usefixtures("everything_pays")
def test_without_numba_the_reference_runs(monkeypatch):
    monkeypatch.setattr(engines, "available", lambda: False)
    assert {series.cell.engine for series in bandits().plan().series} == {"reference"}


@pytest.mark.parametrize("make", [bandits, episodes])
def test_both_engines_give_the_same_results_and_the_manifest_names_the_engine(monkeypatch, make):
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
    """A user's class that makes another environment than its id names."""

    def make(self):
        return gymnasium.make(self.id, is_slippery=False)


@dataclass(frozen=True)
class Mine:
    """A user's class without an id."""

    slippery: bool = False

    def make(self):
        return gymnasium.make("FrozenLake-v1", is_slippery=self.slippery)


@pytest.mark.usefixtures("everything_pays")
def test_a_users_environment_class_runs_on_the_reference_engine():
    experiment = episodes(problem={"wet": Environment("FrozenLake-v1"), "dry": Dry("FrozenLake-v1"), "mine": Mine()})
    ran = {(series.problem, series.agent): series.cell.engine for series in experiment.plan().series}
    assert {key for key, engine in ran.items() if engine == "compiled"} == {("wet", "known")}
    assert repr(experiment.problem["dry"]).startswith("Dry(")


def test_numba_is_imported_only_when_it_runs():
    code = """if True:
        import sys
        from boltzmann_rl import Agent, BanditExperiment, Boltzmann, GaussianBandit, SampleAverage
        agents = {"a": Agent(SampleAverage(), Boltzmann(0.3))}
        BanditExperiment(name="x", problem=GaussianBandit(), agents=agents, runs=3, steps=5).run(progress=False)
        print("numba" in sys.modules)
    """
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
