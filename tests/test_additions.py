"""A new policy, schedule, bandit or learner is a module, a line in the list of names, and a row in a table of laws.

All four are added to a copy of the package, which then decides, simulates, trains and compiles with them.
"""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import boltzmann_rl

PACKAGE, TESTS = Path(boltzmann_rl.__file__).parent, Path(__file__).parent

POLICY = '''
"""Halves."""

from boltzmann_rl.arguments import set_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.policies.mixture import Mixture
from boltzmann_rl.policies.parameters import as_temperature_parameter


@dataclass(frozen=True)
class HalfGreedy:
    """Half a softmax, half the greedy policy."""

    temperature: float
    constant = True

    def __post_init__(self):
        set_fields(self, temperature=as_temperature_parameter(self.temperature))

    def __call__(self, values, step):
        return self.mixture(step).probabilities(values, step)

    def mixture(self, step, memory=None):
        return Mixture(0.0, 0.5, 0.5, self.temperature)
'''
SCHEDULE = '''
"""Teeth."""

from boltzmann_rl.arguments.near_names import dataclass


@dataclass(frozen=True)
class Saw:
    """start + step % period, one step at a time."""

    start: float
    period: int

    def __call__(self, step):
        return self.start + int(step) % self.period
'''
BANDIT = '''
"""Rungs."""

import numpy as np

from boltzmann_rl.arguments.near_names import dataclass


@dataclass(frozen=True)
class Ladder:
    """Arm k pays k ± 1."""

    arms: int

    def start(self, runs, rng):
        return np.tile(np.arange(float(self.arms)), (runs, 1))

    def noise(self, runs, rng):
        return rng.random(runs)

    def reward(self, means, noise):
        return means + np.where(noise < 0.5, -1.0, 1.0)

    def move(self, means, rng):
        return means
'''
LEARNER = '''
"""Memory of one."""

import numpy as np

from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.learners.bandit_feedback import feedback_of


@dataclass(frozen=True)
class LastReward:
    """The value of an action is what it paid last; it learns from bandits and from environments."""

    def start(self, shape, rng):
        return np.zeros(shape)

    def values(self, state):
        return state.copy()

    def update(self, state, *experience):
        if len(experience) == 2:
            here, action, reward = experience[0].observation, experience[0].action, experience[0].reward
            state[here, action] = reward
        else:
            cells, reward, _ = feedback_of(self, state.shape, *experience[:3])
            state.reshape(-1)[cells] = reward
        return state
'''

# Each module, by its place in the package.
ADDED = {
    "policies/halves.py": POLICY,
    "schedules/teeth.py": SCHEDULE,
    "bandits/rungs.py": BANDIT,
    "learners/memory_of_one.py": LEARNER,
}
# The lines that are added to a file, and the line after which they stand.
LINES = [
    (
        "boltzmann_rl/__init__.pyi",
        "from boltzmann_rl.agents.agent import Agent as Agent\n",
        "from boltzmann_rl.bandits.rungs import Ladder as Ladder\n"
        "from boltzmann_rl.learners.memory_of_one import LastReward as LastReward\n"
        "from boltzmann_rl.policies.halves import HalfGreedy as HalfGreedy\n",
    ),
    (
        "boltzmann_rl/schedules/__init__.pyi",
        "from boltzmann_rl.protocols import Schedule as Schedule\n",
        "from boltzmann_rl.schedules.teeth import Saw as Saw\n",
    ),
    ("tests/schedule_tables.py", "from boltzmann_rl.schedules import (\n", "    Saw,\n"),
    ("tests/schedule_tables.py", "OTHERS = {\n", '    "saw": Saw(0.25, 4),\n'),
    ("tests/test_conformance_table.py", "TABLE = [\n", "    (brl.HalfGreedy(0.5), None),\n"),
    ("tests/test_bandit_feedback.py", "TABLE = [\n", '    (brl.LastReward(), "nothing"),\n'),
    (
        "tests/test_bandits.py",
        "TABLE = [\n",
        "    (brl.Ladder(3), lambda mean: stats.rv_discrete(values=([mean - 1, mean + 1], [0.5, 0.5]))),\n",
    ),
]

LAWS = """
import inspect
import test_bandit_feedback as learners, test_bandits as bandits, test_conformance_table as policies
import test_schedules as schedules
policies.brl.check_policy(policies.TABLE[0][0])
assert "saw" in schedules.ALL and type(learners.TABLE[0][0]).__name__ == "LastReward"
bandits.test_rewards_have_their_distribution_and_the_means_of_the_arms.__wrapped__(*bandits.TABLE[0])
for module in (bandits, learners, policies, schedules):
    (whole,) = [test for name, test in vars(module).items() if name.startswith("test_") and "table" in name
                and not inspect.signature(test).parameters]
    whole()  # no public part is missing
"""
USES = """
import gymnasium
import numpy as np
import boltzmann_rl as brl

policy = brl.HalfGreedy(brl.schedules.Saw(0.25, 4))
assert {"HalfGreedy", "Ladder", "LastReward"} <= set(brl.__all__) and "Saw" in brl.schedules.__all__

# decide: at step 5 the temperature is 1.25
p = brl.act(policy, np.log([1.0, 1.0, 4.0]) * 1.25, np.random.default_rng(0), step=5, with_probability=True)
assert p[0] == 2 and abs(p[1] - (0.5 + 0.5 * 4 / 6)) < 1e-12

# simulate, with an agent of old parts beside the new one
agents = {"new": brl.Agent(brl.LastReward(), policy), "old": brl.Agent(brl.SampleAverage(), brl.Greedy())}
results = brl.BanditExperiment("new", brl.Ladder(3), agents, runs=20, steps=50).run(progress=False)
assert results.summary["agent"].tolist() == ["new", "old"]
paid = results.curves.query("metric == 'reward' and agent == 'new'")["mean"]
assert paid.between(-1.0, 3.0).all() and paid.mean() > 1.0

# train
agent = brl.Agent(brl.LastReward(), policy)
training = brl.Training(gymnasium.make("CliffWalking-v1", max_episode_steps=100), agent, seed=1)
for _ in range(300):
    next(training)
assert set(np.unique(training.values)) <= {-100.0, -1.0, 0.0}
"""
COMPILED = """
from boltzmann_rl.engines.compiled import bandits, tabular
from boltzmann_rl.engines.reference import bandits as plain
work = {"block": 0, "runs": 16, "steps": 60, "seed": 0}
agent = brl.Agent(brl.SampleAverage(), policy)
assert not bandits.reason(brl.GaussianBandit(), agent)
found, expected = (engine.simulate(brl.GaussianBandit(), agent, **work) for engine in (bandits, plain))
np.testing.assert_allclose(found.totals["regret"], expected.totals["regret"], rtol=1e-12)
np.testing.assert_array_equal(found.curves["temperature"].mean, [0.25 + step % 4 for step in range(60)])
agent = brl.Agent(brl.QLearning(), policy)
trained = tabular.train(brl.Environment("FrozenLake-v1"), agent, episodes=40, seed=3)
training = brl.Training(gymnasium.make("FrozenLake-v1"), agent, seed=3)
for _ in range(int(trained.samples[1].sum())):
    next(training)
np.testing.assert_array_equal(trained.values, training.values)
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the package and its tests, to which the four are added."""
    folder = tmp_path_factory.mktemp("copy")
    for source in (PACKAGE, TESTS):
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    for place, text in ADDED.items():
        (folder / "boltzmann_rl" / place).write_text(text.lstrip(), "utf-8")
    for place, after, line in LINES:
        text = (folder / place).read_text("utf-8")
        assert text.count(after) == 1
        (folder / place).write_text(text.replace(after, after + line), "utf-8")
    return folder


def run(folder, code):
    code = f"import sys; sys.path[:0] = {[str(folder), str(folder / 'tests')]!r}\n{code}"
    finished = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=folder, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr


def test_new_parts_are_tested_against_the_laws_by_their_rows(copied):
    run(copied, LAWS)


def test_new_parts_decide_simulate_train_and_are_compiled_without_further_changes(copied):
    run(copied, USES + (COMPILED if find_spec("numba") else ""))
