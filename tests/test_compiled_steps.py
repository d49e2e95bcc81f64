"""`Training.run`: compiled or not, everything is as after as many steps of the iterator, to the last bit."""

import math
import subprocess
import sys
from itertools import islice, pairwise

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import TimeLimit, TransformReward
from installed import TAXI

import boltzmann_rl as brl
from boltzmann_rl import Agent, Boltzmann, Environment, EpsilonGreedy
from boltzmann_rl.engines import selection
from boltzmann_rl.gridworlds import TabularEnv
from boltzmann_rl.policies.mixture import mixtures
from boltzmann_rl.schedules import Cosine, Exponential, Linear, Power
from boltzmann_rl.tables import rules
from boltzmann_rl.training import compiled_steps, training as module
from boltzmann_rl.training.resuming import packed
from boltzmann_rl.training.training import Training

pytest.importorskip("numba")

from agreeing import named
from test_compiled_tabular import Masked, Numbered, lottery

LAKE, CLIFF = Environment("FrozenLake-v1"), Environment("CliffWalking-v1", max_episode_steps=40)
GRIDWORLDS = "boltzmann_rl.gridworlds:boltzmann_rl"
ENVIRONMENTS = (
    LAKE,
    Environment("FrozenLake8x8-v1", options={"is_slippery": False}, max_episode_steps=9),
    CLIFF,
    Environment("CliffWalking-v1", options={"is_slippery": True}),
    Environment(TAXI, max_episode_steps=13),
    Environment(TAXI, options={"is_rainy": True}, wrap=brl.RescaledRewards(0.1, 0.3)),
    Environment(f"{GRIDWORLDS}/WindyGridworld-v0", max_episode_steps=25),
    Environment(f"{GRIDWORLDS}/DeepSea-v0", options={"size": 4, "stochastic": True}),
    Environment(f"{GRIDWORLDS}/Garnet-v0", 25, {"states": 7, "branching": 3, "instance": 5}),
    Environment("FrozenLake-v1", 1),
)
LEARNERS = (
    brl.QLearning(0.5, discount=0.95),
    brl.QLearning(Power(1.0, 0.6), discount=0.9, initial=1.0),
    brl.SARSA(0.4, discount=0.9),
    brl.ExpectedSARSA(Linear(0.7, 0.1, steps=400), discount=0.97, initial=-1.0),
    brl.DoubleQLearning(0.5, discount=0.9),
    brl.NoiseEstimate(brl.SARSA(0.5)),
    brl.NoiseEstimate(brl.DoubleQLearning(0.3)),
)
POLICIES = (
    Boltzmann(0.3),
    Boltzmann(Exponential(2.0, 0.05, steps=301)),
    Boltzmann(math.inf),
    EpsilonGreedy(Linear(1.0, 0.0, steps=350)),
    brl.Greedy(),
    brl.MaxBoltzmann(0.3, temperature=Cosine(1.0, 0.0, steps=333)),
    brl.EpsilonBoltzmann(0.05, temperature=brl.RelativeToRange(Linear(1.0, 0.0, steps=300))),
    Boltzmann(brl.TargetEntropy(0.5)),
    Boltzmann(brl.GLIE()),
    Boltzmann(brl.RelativeToNoise(0.7)),
)


@pytest.fixture
def parts(monkeypatch):
    """The number of steps of each compiled part, which is short, so that a run has several."""
    taken = []

    def spy(training, world, steps):
        before = training.step
        found = compiled_steps.skip(training, world, steps)
        taken.append(training.step - before)
        return found

    monkeypatch.setattr(module, "skip", spy)
    monkeypatch.setattr(compiled_steps, "PAYS", 0)
    monkeypatch.setattr(compiled_steps, "_FEWEST", 4)
    monkeypatch.setattr(compiled_steps, "_ENTRIES", 10**6)
    monkeypatch.setattr(compiled_steps, "PART", 150)
    return taken


def episodes_of(training, steps):
    """The episodes that finish within a number of steps, one by one."""
    finished = []
    for transition in islice(training, steps):
        if transition.terminated or transition.truncated:
            finished.append(training.last)
    return finished


def told(episodes):
    return [(*episode[:4], episode.values.tobytes(), episode.environment) for episode in episodes]


def assert_same(one, other):
    """Both trainings are at the same place, and continue with the same transitions."""
    assert packed(one) == packed(other)
    assert repr(list(islice(one, 7))) == repr(list(islice(other, 7)))
    assert packed(one) == packed(other)


def assert_runs_as_stepped(make, agent, seed=0, runs=(0, 1, 3, 60, 2, 411)):
    running, stepping = (Training(make(), agent, seed=seed) for _ in range(2))
    for steps in runs:
        found, expected = running.run(steps), episodes_of(stepping, steps)
        assert told(found) == told(expected)
        assert repr(list(islice(running, 2))) == repr(list(islice(stepping, 2)))
        assert running.values.tobytes() == stepping.values.tobytes()
    assert_same(running, stepping)


def agents(learner):
    """An agent for each policy, on the clock of steps or of visits in turn."""
    noisy = isinstance(learner, brl.NoiseEstimate)
    policies = [policy for policy in POLICIES if noisy or "RelativeToNoise" not in repr(policy)]
    clocks = ["visits" if "GLIE" in repr(policy) or number % 2 else "step" for number, policy in enumerate(policies)]
    return [Agent(learner, policy, clock) for policy, clock in zip(policies, clocks, strict=True)]


@pytest.mark.parametrize("learner", LEARNERS, ids=named)
def test_a_compiled_run_leaves_everything_as_the_iterator_does(learner, parts):
    for number, agent in enumerate(agents(learner)):
        for environment in ENVIRONMENTS[number % 3 :: 3]:
            parts.clear()
            assert_runs_as_stepped(environment.make, agent, number)
            assert sum(parts) > 400, "it was not compiled"


@pytest.mark.parametrize("agent", [agents(learner)[number] for number, learner in enumerate(LEARNERS)], ids=named)
def test_a_part_also_ends_where_enough_episodes_ended(agent, parts, monkeypatch):
    monkeypatch.setattr(compiled_steps, "_EPISODES", 3)
    for environment in ENVIRONMENTS:
        assert_runs_as_stepped(environment.make, agent, runs=(500,))
    assert min(parts) < 10


@pytest.mark.parametrize("learner", LEARNERS[:5], ids=named)
def test_a_run_continues_a_saved_training_and_is_saved(learner, parts, tmp_path):
    agent = Agent(learner, Boltzmann(0.2))
    running, stepping = (Training(CLIFF.make(), agent, seed=4) for _ in range(2))
    for number in (130, 77, 200):
        running.run(number)
        list(islice(stepping, number))
        running.save(tmp_path / "run")
        stepping.save(tmp_path / "stepped")
        assert (tmp_path / "run").read_bytes() == (tmp_path / "stepped").read_bytes()
        running = Training.load(tmp_path / "run", env=CLIFF.make(), agent=agent)
    assert sum(parts) > 350


def test_arrays_that_are_held_stay_live_and_generators_keep_their_half_used_numbers(parts):
    running, stepping = (Training(CLIFF.make(), Agent(brl.QLearning(), Boltzmann(0.1)), seed=0) for _ in range(2))
    values = running.values
    for training in (running, stepping):
        training.env.unwrapped.np_random.integers(5, dtype=np.uint32)
    running.run(300)
    list(islice(stepping, 300))
    assert parts
    assert values is running.values
    assert values.any()
    assert_same(running, stepping)


def table(reward=1.0):
    """Two states in a ring, of which the second pays."""
    return {s: {a: [(1.0, (s + a) % 2, reward * s, False)] for a in (0, 1)} for s in (0, 1)}


def test_a_table_that_is_changed_between_runs_is_read_again(parts):
    trainings = [
        Training(TabularEnv(table(), [1.0, 0.0]), Agent(brl.QLearning(), Boltzmann(1.0)), seed=0) for _ in "ab"
    ]
    for reward in (1.0, 5.0):
        for training in trainings:
            training.env.P[1][0][0] = (1.0, 1, reward, False)
        trainings[0].run(100)
        list(islice(trainings[1], 100))
        assert_same(*trainings)
    assert parts == [98, 98]


def test_an_environment_that_was_moved_by_hand_is_stepped(parts):
    running, stepping = (Training(LAKE.make(), Agent(brl.QLearning(), Boltzmann(1.0)), seed=0) for _ in range(2))
    for training in (running, stepping):
        list(islice(training, 3))
        training.env.unwrapped.s = 10
    running.run(50)
    list(islice(stepping, 50))
    assert parts == [0]
    assert_same(running, stepping)


@pytest.mark.parametrize("clock", ["step", "visits"])
def test_where_values_overflow_a_run_raises_the_error_of_the_iterator_at_the_same_step(parts, clock):
    agent = Agent(brl.QLearning(1.0, discount=1.0), brl.Uniform(), clock)
    running, stepping = (Training(TabularEnv(table(1e305), [1.0, 0.0]), agent, seed=0) for _ in range(2))
    errors = []
    for go_on in (lambda: running.run(10_000), lambda: list(islice(stepping, 10_000))):
        with pytest.raises((ValueError, FloatingPointError, OverflowError)) as error:
            go_on()
        errors.append((type(error.value), str(error.value)))
    assert errors[0] == errors[1]
    assert running.step == stepping.step > 100
    assert running.values.tobytes() == stepping.values.tobytes()


class Own(TabularEnv):
    """An environment of a user's, which counts its steps."""

    def __init__(self):
        super().__init__(table(), [1.0, 0.0])
        self.steps = 0

    def step(self, action):
        self.steps += 1
        return super().step(action)


class Halved(brl.QLearning):
    """A learner of a user's."""

    def following(self, values, transition):
        return 0.5 * super().following(values, transition)


class Counted(Training):
    """A training of a user's, which counts what it yields."""

    yielded = 0

    def __next__(self):
        self.yielded += 1
        return super().__next__()


def vector():
    return gymnasium.make_vec("FrozenLake-v1", 3, vectorization_mode="sync")


COOLED = Agent(brl.QLearning(), Boltzmann(0.1))
STEPPED = {
    "own environment": (Own, COOLED),
    "declared environment": (Masked, COOLED),
    "unknown wrapper": (lambda: TransformReward(LAKE.make(), abs), COOLED),
    "unknown tables": (Environment("Blackjack-v1").make, COOLED),
    "tile coding": (Environment("MountainCar-v0", wrap=brl.TileCoded(tilings=2, tiles=4)).make, COOLED),
    "vector": (vector, COOLED),
    "own learner": (LAKE.make, Agent(Halved(), Boltzmann(0.1))),
    "traces": (LAKE.make, Agent(brl.EligibilityTraces(brl.QLearning(), 0.9), Boltzmann(0.1))),
    "every action first": (LAKE.make, Agent(brl.EveryActionFirst(brl.QLearning()), Boltzmann(0.1))),
    "own schedule": (LAKE.make, Agent(brl.QLearning(), Boltzmann(lambda step: 1.0 / (1 + step)))),
    "own schedule in a unit": (LAKE.make, Agent(brl.QLearning(), Boltzmann(brl.RelativeToRange(lambda step: 0.5)))),
    "own learning rate": (LAKE.make, Agent(brl.QLearning(lambda step: 0.5), Boltzmann(0.1))),
    "own policy": (LAKE.make, Agent(brl.QLearning(), lambda values, step: np.full(np.shape(values), 0.25))),
    "pulls": (LAKE.make, Agent(brl.QLearning(), Boltzmann(0.1), clock="pulls")),
    "perturbed": (LAKE.make, Agent(brl.QLearning(), brl.BoltzmannGumbel(1.0))),
}


@pytest.mark.parametrize("case", STEPPED)
def test_everything_else_is_stepped_with_the_same_result(case, parts):
    make, agent = STEPPED[case]
    running, stepping = (Training(make(), agent, seed=3) for _ in range(2))
    for steps in (100, 57):
        found, expected = running.run(steps), episodes_of(stepping, steps)
        assert told(found) == told(expected)
        assert running.step == stepping.step
        assert running.values.tobytes() == stepping.values.tobytes()
        assert repr(list(islice(running, 20))) == repr(list(islice(stepping, 20)))
    assert not sum(parts)


def test_a_training_of_ones_own_is_stepped(parts):
    training = Counted(LAKE.make(), COOLED, seed=0)
    training.run(100)
    assert training.yielded == 100
    assert not parts


def test_numbered_observations_and_actions_are_compiled(parts):
    assert_runs_as_stepped(lambda: TimeLimit(Numbered(), 7), COOLED)
    assert sum(parts) > 400


def test_two_time_limits_are_compiled(parts):
    assert_runs_as_stepped(lambda: TimeLimit(TimeLimit(lottery(), 9), 5), COOLED)
    assert sum(parts) > 400


def test_a_short_run_is_stepped_until_compiling_pays(parts, monkeypatch):
    monkeypatch.setattr(compiled_steps, "PAYS", selection.PAYS["episode"])
    monkeypatch.setitem(compiled_steps.sys.modules, "boltzmann_rl.tables.kernel", None)
    training = Training(LAKE.make(), COOLED, seed=0)
    training.run(300)
    assert not parts


WITH_AND_WITHOUT_UNITS = """
import boltzmann_rl as brl
from boltzmann_rl.training import compiled_steps
pays, compiled_steps.PAYS = compiled_steps.PAYS, 0
env = brl.Environment("FrozenLake-v1")
plain, by_range = brl.Boltzmann(0.1), brl.Boltzmann(brl.RelativeToRange(0.1))
brl.Training(env.make(), brl.Agent(brl.QLearning(), plain), seed=0).run(1000)
from boltzmann_rl.tables import kernel
compiled_steps.PAYS = pays
for policy in (by_range, plain):
    training = brl.Training(env.make(), brl.Agent(brl.QLearning(), policy), seed=0)
    print(compiled_steps.world_for(training, 1000) is not None)
    training.run(1000)
print(len(kernel.run_episodes.signatures))
"""


def test_a_short_run_is_stepped_if_the_kernel_is_compiled_for_policies_without_units_only():
    done = subprocess.run([sys.executable, "-c", WITH_AND_WITHOUT_UNITS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "1"]


def test_a_run_too_short_to_read_its_tables_is_stepped(parts, monkeypatch):
    monkeypatch.setattr(compiled_steps, "_ENTRIES", 4)
    training = Training(CLIFF.make(), COOLED, seed=0)
    training.run(4 + training.values.size // 4 - 1)
    assert not parts
    training.run(4 + training.values.size // 4)
    assert sum(parts) > 40


def test_schedules_by_visits_are_evaluated_once_for_each_number_of_visits(parts, monkeypatch):
    evaluated = []

    def spy(policy, first, last):
        evaluated.append((first, last))
        return mixtures(policy, first, last)

    monkeypatch.setattr(rules, "mixtures", spy)
    trainings = [
        Training(CLIFF.make(), Agent(brl.QLearning(), Boltzmann(Power(1.0, 0.5)), "visits"), seed=seed)
        for seed in (0, 1)
    ]
    for training in trainings:
        evaluated.clear()
        for _ in range(50):
            training.run(100)
        assert sum(parts) > 4000
        assert evaluated[0][0] == 0
        assert all(one[1] == other[0] for one, other in pairwise(evaluated))
        assert len(evaluated) < 10
        assert evaluated[-1][1] <= 2 * (training._loop.player.counts.max() + 100)


def test_a_policy_that_is_defined_for_fewer_visits_is_compiled_as_far_as_that(parts):
    agent = Agent(brl.QLearning(), EpsilonGreedy(Linear(0.5, 1.5, steps=1700)), "visits")
    running, stepping = (Training(TabularEnv(table(), [1.0, 0.0]), agent, seed=0) for _ in "ab")
    errors = []
    for go_on in (lambda: running.run(10_000), lambda: list(islice(stepping, 10_000))):
        with pytest.raises(ValueError, match="epsilon") as error:
            go_on()
        errors.append(str(error.value))
    assert errors[0] == errors[1]
    assert running.step == stepping.step
    assert running.values.tobytes() == stepping.values.tobytes()
    visits = running._loop.player.counts.max()
    assert visits == 851, "epsilon is above 1 from then on"
    assert sum(parts) > running.step - 2 * 150


def test_ctrl_c_while_episodes_are_listed_leaves_their_numbers_right(parts, monkeypatch):
    running, stepping = (Training(CLIFF.make(), COOLED, seed=0) for _ in range(2))

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module, "repeat", interrupted)
        with pytest.raises(KeyboardInterrupt):
            running.run(400)
    assert running.step == sum(parts) > 100
    expected = episodes_of(stepping, running.step)
    assert told([running.last]) == told(expected[-1:])
    assert told(running.run(200)) == told(episodes_of(stepping, 200))
    assert_same(running, stepping)


class Contended(dict):
    """Where another thread always comes between: its key displaces one just set, and it pops one just before."""

    def __setitem__(self, key, value):
        super().__setitem__(len(self), value)

    def pop(self, key, *default):
        super().pop(key, None)
        return super().pop(key, *default)


def test_tables_that_another_thread_removes_are_read_again(parts, monkeypatch):
    monkeypatch.setattr(compiled_steps, "_KEPT", 3)
    monkeypatch.setattr(compiled_steps, "_read", Contended())
    for environment in ENVIRONMENTS[:4]:
        assert_runs_as_stepped(environment.make, COOLED, runs=(50, 60))
    assert len(parts) == 8
    assert min(parts) > 40


def test_compiling_pays_from_as_many_steps_on_as_in_an_experiment():
    assert selection.PAYS["episode"] == compiled_steps.PAYS


@pytest.mark.parametrize("steps", [-1, 1.5, True])
def test_the_number_of_steps_must_be_a_count(steps):
    with pytest.raises((TypeError, ValueError), match="steps must be"):
        Training(LAKE.make(), COOLED, seed=0).run(steps)
