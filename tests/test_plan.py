"""A cell of a plan is self-contained: its key covers everything that determines its numbers, and nothing else."""

import dataclasses
import importlib.util
import itertools
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest

import boltzmann_rl as brl
from boltzmann_rl import schedules
from boltzmann_rl.runs.code import code_of
from boltzmann_rl.runs.plan import Cell
from boltzmann_rl.runs.runner import measure

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


@dataclasses.dataclass
class Needs:
    """A wrapper that is given as a class: it has no fields yet."""

    env: object


# --- the key ------------------------------------------------------------------------------------------------


def test_a_wrapper_may_be_a_dataclass_that_is_given_as_a_class():
    wrapped = dataclasses.replace(next(LAKE.plan().cells())[1], problem=brl.Environment("FrozenLake-v1", wrap=Needs))
    assert wrapped.key != next(LAKE.plan().cells())[1].key
    assert any("class Needs" in line for line in code_of(wrapped.problem))


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


OWN = '''
from dataclasses import dataclass

import numpy as np


class Base:
    def __call__(self, values, step):
        return self.weigh(np.ones(np.shape(values)))


@dataclass(frozen=True)
class Slope:
    """Rises."""

    def __call__(self, step):
        return 1.0 + step


@dataclass(frozen=True)
class Own(Base):
    """Of somebody else."""

    slope: Slope = Slope()

    def weigh(self, ones):
        # all alike
        return ones / ones.shape[-1]
'''


@pytest.fixture
def key_of(tmp_path, monkeypatch):
    """The key of a cell whose policy is defined in a file, each time in another folder."""
    folders = (tmp_path / str(number) for number in itertools.count())

    def key(text):
        (folder := next(folders)).mkdir()
        (folder / "own.py").write_text(text, "utf-8")
        spec = importlib.util.spec_from_file_location("own", folder / "own.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "own", module)
        spec.loader.exec_module(module)
        return dataclasses.replace(CELL, agent=brl.Agent(brl.SampleAverage(), module.Own())).key

    return key


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("# all alike", "# each action as often as the others"),
        ("        # all alike\n", "\n\n"),
        ("from dataclasses", "# of a file\nA_CONSTANT = 3\nfrom dataclasses"),
    ],
    ids=["another folder", "a comment", "blank lines", "the rest of the file"],
)
def test_irrelevant_changes_to_a_users_file_do_not_change_the_key(key_of, old, new):
    assert key_of(OWN) == key_of(OWN.replace(old, new, 1) if old else OWN)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ones / ones.shape[-1]", "ones / ones.sum(axis=-1, keepdims=True)"),
        ("np.ones(np.shape(values))", "np.ones_like(values)"),
        ("1.0 + step", "2.0 + step"),
    ],
    ids=["its method", "its base class", "the class of a field"],
)
def test_changed_code_of_a_users_class_changes_the_key(key_of, old, new):
    assert key_of(OWN) != key_of(OWN.replace(old, new, 1))


def test_a_class_of_an_installed_distribution_is_identified_by_its_version():
    assert f"numpy.float64 of numpy {np.__version__}" in code_of(np.float64(0.5))
    assert not code_of(0.5, "text", (1, 2), {"of": [None]})


# --- the cell -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("experiment", [BANDITS, LAKE], ids=["bandits", "environments"])
def test_the_repr_of_a_cell_repeats_it(experiment):
    for cell in cells(experiment):
        again = eval(repr(cell), dict(KNOWN))
        assert again == cell
        assert again.key == cell.key


@pytest.mark.parametrize("experiment", [BANDITS, LAKE], ids=["bandits", "environments"])
def test_a_cell_gives_the_same_numbers_alone_and_in_its_plan(experiment):
    among_others = {cell: bits(block) for _, cell, block in measure(experiment.plan())}
    assert len(among_others) == len(cells(experiment))
    for cell in reversed(cells(experiment)):
        assert bits(cell.simulate()) == among_others[cell]


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
