"""A cell of a plan is self-contained: its key covers everything that determines its numbers, and nothing else."""

import dataclasses
import itertools
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest

import boltzmann_rl as brl
from boltzmann_rl import schedules
from boltzmann_rl.runs.outline import outline_of
from boltzmann_rl.runs.plan import Cell
from boltzmann_rl.runs.runner import Manner, simulate
from boltzmann_rl.runs.store import Memory

COOLED = brl.Boltzmann(schedules.Exponential(1.0, 0.1, steps=50))
AGENTS = {
    "cooled": brl.Agent(brl.ConstantStep(0.2), COOLED),
    "best": brl.Agent(brl.SampleAverage(), brl.Greedy()),
    "thompson": brl.Agent(brl.GaussianPosterior(), brl.GaussianThompson()),
}
LAKES = {"lake": brl.Agent(brl.QLearning(0.3), COOLED), "other": brl.Agent(brl.SARSA(0.3), brl.EpsilonGreedy(0.1))}
BANDITS = brl.BanditExperiment(
    "bandits", {"a": brl.GaussianBandit(), "b": brl.BernoulliBandit()}, AGENTS, 5, 30, seed=7
)
LAKE = brl.GymnasiumExperiment("lake", "FrozenLake-v1", LAKES, runs=3, episodes=4, seed=7)
CELL = next(BANDITS.plan().cells())[1]

KNOWN = {name: getattr(module, name) for module in (brl, schedules) for name in module.__all__}
KNOWN |= {"Cell": Cell, "inf": math.inf}


def cells(experiment):
    return [cell for _, cell in experiment.plan().cells()]


def bits(block):
    """All numbers of a block, for a comparison to the last bit."""
    curves = {name: [np.asarray(part).tobytes() for part in moments] for name, moments in block.curves.items()}
    kept = [{name: (x.shape, x.tobytes()) for name, x in means.items()} for means in (block.totals, block.windows)]
    return curves, kept, block.ranks.shape, block.ranks.tobytes()


# --- the key ------------------------------------------------------------------------------------------------


def test_another_process_that_is_sent_the_cell_finds_the_same_key():
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer).key)"
    sent = subprocess.run([sys.executable, "-c", code], input=pickle.dumps(CELL), capture_output=True, check=True)
    assert sent.stdout.decode().strip() == CELL.key == pickle.loads(pickle.dumps(CELL)).key


def test_the_order_of_keyword_arguments_does_not_matter():
    fields = {field.name: getattr(CELL, field.name) for field in dataclasses.fields(CELL)}
    assert Cell(**dict(reversed(fields.items()))).key == CELL.key
    agent = brl.Agent(policy=COOLED, learner=brl.ConstantStep(initial=0.0, learning_rate=0.2))
    assert dataclasses.replace(CELL, agent=agent).key == CELL.key


CHANGES = {
    "the problem": {"problem": brl.GaussianBandit(arms=11)},
    "the class of the problem": {"problem": brl.BernoulliBandit()},
    "the learner": {"agent": brl.Agent(brl.SampleAverage(), COOLED)},
    "a parameter of the learner": {"agent": brl.Agent(brl.ConstantStep(0.2 + 2**-54), COOLED)},
    "the policy": {"agent": brl.Agent(brl.ConstantStep(0.2), brl.Greedy())},
    "a schedule": {"agent": brl.Agent(brl.ConstantStep(0.2), brl.Boltzmann(schedules.Linear(1.0, 0.1, steps=50)))},
    "a parameter of a schedule": {
        "agent": brl.Agent(brl.ConstantStep(0.2), brl.Boltzmann(schedules.Exponential(1.0, 0.1, steps=51)))
    },
    "the clock": {"agent": brl.Agent(brl.ConstantStep(0.2), COOLED, clock="visits")},
    "the metrics": {"metrics": CELL.metrics[:-1]},
    "the engine": {"engine": "compiled"},
    "the first run": {"first": 1},
    "the runs": {"runs": 4},
    "the windows": {"windows": 99},
    "the length": {"length": 31},
    "the seed": {"seed": 8},
    "the steps that totals leave out": {"uncounted": 1},
}


def test_everything_that_determines_the_numbers_changes_the_key():
    keys = {what: dataclasses.replace(CELL, **change).key for what, change in CHANGES.items()} | {"nothing": CELL.key}
    assert not [both for both in itertools.combinations(keys, 2) if keys[both[0]] == keys[both[1]]]


def test_the_label_of_an_agent_and_other_agents_do_not_change_the_key():
    alone = brl.BanditExperiment("alone", brl.GaussianBandit(), {"another label": AGENTS["best"]}, 5, 30, seed=7)
    assert cells(alone)[0].key in {cell.key for cell in cells(BANDITS)}


# --- the cell -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("experiment", [BANDITS, LAKE], ids=["bandits", "environments"])
def test_the_repr_of_a_cell_repeats_it(experiment):
    for cell in cells(experiment):
        again = eval(repr(cell), dict(KNOWN))
        assert again == cell
        assert again.key == cell.key


@pytest.mark.parametrize("experiment", [BANDITS, LAKE], ids=["bandits", "environments"])
def test_a_cell_gives_the_same_numbers_alone_and_in_its_plan(experiment):
    plan, store = experiment.plan(), Memory()
    assert simulate(plan, outline_of(plan), store, Manner(progress=False), None) == []
    assert len(store) == len(cells(experiment))
    for cell in reversed(cells(experiment)):
        assert bits(cell.simulate()) == bits(store[cell.key])


def test_the_time_of_a_plan_is_linear_in_the_number_of_agents():
    """Counts function calls, which do not depend on the machine."""

    def calls(agents):
        family = {0.1 + number: brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1 + number)) for number in range(agents)}
        experiment, called = brl.BanditExperiment("many", brl.GaussianBandit(), {"τ": family}, 10, 10), []
        sys.setprofile(lambda frame, event, argument: called.append(event) if event.endswith("call") else None)
        try:
            plan = experiment.plan()
            found = list(plan.cells())
        finally:
            sys.setprofile(None)
        assert len(found) == len(plan) == agents
        return len(called)

    few, more, many = calls(20), calls(40), calls(2000)
    assert (many - few) / (more - few) == pytest.approx(99, rel=0.05)  # a collection of garbage may call functions, too
