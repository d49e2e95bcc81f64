"""Trainings saved as arrays and JSON: they continue byte for byte, and no code in their files is run."""

import hashlib
import json
import pickle
import subprocess
import sys
import warnings
from collections import deque
from dataclasses import dataclass, field
from importlib import metadata
from itertools import islice
from typing import Any, NamedTuple

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from installed import TAXI

import boltzmann_rl.gridworlds  # noqa: F401 - which registers its worlds
from boltzmann_rl import (
    SARSA,
    ActorCritic,
    Agent,
    Boltzmann,
    BoltzmannGumbel,
    DoubleQLearning,
    EligibilityTraces,
    Environment,
    EpsilonGreedy,
    EveryActionFirst,
    ExpectedSARSA,
    NoiseEstimate,
    NStep,
    QLearning,
    Reinforce,
    RelativeToNoise,
    RescaledRewards,
    RewardBasedDecay,
    Training,
    ValueDifference,
    schedules,
)
from boltzmann_rl.environments.linear_features import LinearFeatures
from boltzmann_rl.environments.tile_coding import TileCoding
from boltzmann_rl.policies.feedback import AdaptiveEpsilonGreedy
from boltzmann_rl.streams import child_seed
from boltzmann_rl.training.encoding import decoded, encoded

COOLING = Boltzmann(schedules.Exponential(2.0, 0.1, steps=200))
AGENTS = {
    "Q": Agent(QLearning(schedules.Linear(0.9, 0.1, steps=60)), COOLING, clock="visits"),
    "SARSA": Agent(SARSA(0.3), COOLING),
    "expected SARSA": Agent(ExpectedSARSA(0.3), EpsilonGreedy(0.2)),
    "double Q": Agent(DoubleQLearning(0.4), COOLING),
    "n-step": Agent(NStep(SARSA(0.3), steps=4), COOLING),
    "n-step expected": Agent(NStep(ExpectedSARSA(0.3), steps=3), COOLING),
    "traces": Agent(EligibilityTraces(QLearning(0.3), decay=0.8), COOLING),
    "reinforce": Agent(Reinforce(0.1, baseline_rate=0.2, discount=0.9), Boltzmann(1.0)),
    "actor-critic": Agent(ActorCritic(0.1, critic_rate=0.2, discount=0.9), Boltzmann(1.0)),
    "differences": Agent(ValueDifference(NStep(QLearning(0.5), 2), inverse_sensitivity=1.0), AdaptiveEpsilonGreedy()),
    "decay": Agent(RewardBasedDecay(SARSA(0.5), threshold=-9.0, increment=0.5, steps=4), AdaptiveEpsilonGreedy()),
    "noise": Agent(EveryActionFirst(NoiseEstimate(QLearning(0.5))), Boltzmann(RelativeToNoise(0.3))),
    "perturbed": Agent(SARSA(0.3), BoltzmannGumbel(1.0)),
}
BANDITS = "boltzmann_rl.environments:boltzmann_rl/"


def vector(mode):
    def make():
        envs = [Environment("FrozenLake-v1", 7).make, Environment("FrozenLake-v1", 4).make]
        return SyncVectorEnv(envs, autoreset_mode=mode)

    return make


def batch(mode):
    return lambda: gymnasium.make_vec(
        f"{BANDITS}SwitchingBandit-v0",
        num_envs=3,
        vectorization_mode="vector_entry_point",
        steps=3,
        autoreset_mode=mode,
    )


KNOWN = {
    "lake": Environment("FrozenLake-v1", 9).make,
    "cliff": Environment("CliffWalking-v1", 12).make,
    "taxi": Environment(TAXI, 11, options={"fickle_passenger": True}).make,
    "windy": Environment("boltzmann_rl/WindyGridworld-v0", 10).make,
    "sea": Environment("boltzmann_rl/DeepSea-v0", options={"stochastic": True, "instance": 3}).make,
    "garnet": Environment("boltzmann_rl/Garnet-v0", 10).make,
    "rescaled": Environment("FrozenLake-v1", 9, wrap=RescaledRewards(0.5, 0.25)).make,
    "corridor": Environment("boltzmann_rl/ShortCorridor-v0").make,
    "blackjack": Environment("Blackjack-v1").make,
    "bandit": Environment(f"{BANDITS}SwitchingBandit-v0", options={"steps": 4}).make,
    **{f"lakes, {mode.name}": vector(mode) for mode in AutoresetMode},
    **{f"bandits, {mode.name}": batch(mode) for mode in AutoresetMode},
}
POINTS = (0, 1, 4, 8, 5)  # before the first step, in the middle and at the end of episodes, and within a round


def same(first, second):
    return repr(first) == repr(second)


@pytest.mark.parametrize("make", KNOWN.values(), ids=KNOWN)
@pytest.mark.parametrize("agent", AGENTS.values(), ids=AGENTS)
def test_a_training_in_a_known_environment_continues_byte_for_byte_from_any_step(tmp_path, make, agent):
    whole, training, told = Training(make(), agent, seed=4), Training(make(), agent, seed=4), []
    for number in POINTS:
        told += islice(training, number)
        training.save(tmp_path / "training")
        training = Training.load(tmp_path / "training", env=make(), agent=agent)
    told += islice(training, 40)
    assert same(told, list(islice(whole, len(told))))
    assert training.values.tobytes() == whole.values.tobytes()
    assert same(training.last, whole.last)
    assert same(training.look(), whole.look())
    assert (training.seed, training.step) == (4, whole.step)


@pytest.mark.parametrize("point", range(26))
@pytest.mark.parametrize("name", ["n-step", "reinforce"])
def test_a_training_continues_from_every_point_of_an_episode(tmp_path, point, name):
    whole, training = (Training(KNOWN["lake"](), AGENTS[name], seed=1) for _ in range(2))
    list(islice(training, point))
    training.save(tmp_path / "training")
    training = Training.load(tmp_path / "training", env=KNOWN["lake"](), agent=AGENTS[name])
    assert same(list(islice(training, 20)), list(islice(whole, point + 20))[point:])


@pytest.mark.parametrize(
    "make",
    [
        lambda: LinearFeatures(gymnasium.make(f"{BANDITS}ContextualLinearBandit-v0", arms=3, features=2, steps=4)),
        lambda: TileCoding(gymnasium.make("boltzmann_rl/ContextualLinearBandit-v0", arms=2, features=1, steps=4)),
    ],
)
@pytest.mark.parametrize("name", ["n-step", "traces", "reinforce", "expected SARSA"])
def test_a_training_with_features_of_a_known_environment_continues_byte_for_byte(tmp_path, make, name):
    whole, training, told = (Training(make(), AGENTS[name], seed=4) for _ in range(2)), None, []
    whole, training = whole
    for number in POINTS:
        told += islice(training, number)
        training.save(tmp_path / "training")
        training = Training.load(tmp_path / "training", env=make(), agent=AGENTS[name])
    told += islice(training, 30)
    assert same(told, list(islice(whole, len(told))))
    assert training.values.tobytes() == whole.values.tobytes()


@pytest.mark.parametrize("name", ["n-step", "decay"])
def test_a_training_continues_in_another_process_that_makes_environment_and_agent_itself(tmp_path, name):
    training = Training(KNOWN["cliff"](), AGENTS["SARSA"], seed=0)
    list(islice(training, 50))
    training.save(tmp_path / "training")
    list(islice(training, 100))
    code = (
        "import sys, gymnasium, boltzmann_rl as brl; from itertools import islice\n"
        "policy = brl.Boltzmann(brl.schedules.Exponential(2.0, 0.1, steps=200))\n"
        "env, agent = gymnasium.make('CliffWalking-v1', max_episode_steps=12), brl.Agent(brl.SARSA(0.3), policy)\n"
        "training = brl.Training.load(sys.argv[1], env=env, agent=agent)\n"
        "list(islice(training, 100)); print(training.values.tobytes().hex())"
    )
    command = [sys.executable, "-W", "error", "-O", "-c", code, str(tmp_path / "training")]
    told = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert told.strip() == training.values.tobytes().hex()


# --- environments that are not known -------------------------------------------------------------------------------


class Walk(gymnasium.Env):
    """Observes its position, records the seeds of its resets, and terminates after five steps."""

    observation_space, action_space = gymnasium.spaces.Discrete(6), gymnasium.spaces.Discrete(2)

    def __init__(self):
        self.seeds, self.at = [], 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.seeds.append(seed)
        self.at = 0
        return 0, {}

    def step(self, action):
        self.at += 1
        return self.at, float(self.at), self.at == 5, False, {}


def resumed(path, training, env):
    training.save(path)
    with pytest.warns(UserWarning, match=r"does not contain the state of .* new episode.* begin") as told:
        training = Training.load(path, env=env, agent=training.agent)
    return training, str(told[0].message)


@pytest.mark.parametrize("point", [0, 1, 4, 5, 7])
@pytest.mark.parametrize("agent", AGENTS.values(), ids=AGENTS)
def test_an_unknown_environment_begins_a_new_episode_and_the_unfinished_one_is_not_learned_from(tmp_path, agent, point):
    training = Training(Walk(), agent, seed=2)
    list(islice(training, point))
    before, learned = training.last, training.values.copy()
    training, told = resumed(tmp_path / "training", training, Walk())
    steps = "1 step" if point % 5 == 1 else f"{point % 5} steps"
    assert f"a new seed; {steps} of unfinished episodes will not be continued. save" in told
    assert training.values.tobytes() == learned.tobytes()
    assert (training.step, same(training.last, before)) == (point, True)
    steps = list(islice(training, 5))
    assert [step.observation for step in steps] == [0, 1, 2, 3, 4]
    assert [step.step for step in steps] == list(range(point, point + 5))
    assert training.last[1:4] == (15.0, 5, True)
    assert training.last.episode == (0 if before is None else before.episode + 1)


@pytest.mark.parametrize("name", ["n-step", "traces", "reinforce", "actor-critic", "differences", "decay"])
def test_a_learner_forgets_the_unfinished_episode(tmp_path, name):
    agent = AGENTS[name]
    training = Training(Walk(), agent, seed=2)
    list(islice(training, 8))
    training, _ = resumed(tmp_path / "training", training, Walk())
    fresh, kept = agent.learner.start((6, 2), np.random.default_rng(0)), training._loop.player.state

    def empty(state):
        return [part if isinstance(part, dict) else empty(part) for part in state if isinstance(part, dict | tuple)]

    assert empty(kept) == empty(fresh)


def test_an_n_step_return_never_spans_two_episodes(tmp_path):
    """The window of four steps holds three on saving; the return of a step must not reach into another episode."""
    agent = Agent(NStep(QLearning(1.0, discount=1.0), steps=4), EpsilonGreedy(0.0))
    training = Training(Walk(), agent, seed=0)
    list(islice(training, 3))
    training, _ = resumed(tmp_path / "training", training, Walk())
    list(islice(training, 3))
    assert not training.values.any()
    next(training)
    assert training.values[0].max() == 1.0 + 2.0 + 3.0 + 4.0


def test_the_seed_of_a_new_episode_depends_on_the_seed_and_the_step(tmp_path):
    seeds = []
    for point in (0, 3, 4):
        training = Training(Walk(), AGENTS["SARSA"], seed=7)
        list(islice(training, point))
        env = Walk()
        training, _ = resumed(tmp_path / "training", training, env)
        list(islice(training, 12))
        assert env.seeds[-3:] == [child_seed(7, "environment", "after", point), None, None]
        seeds += env.seeds[-3:-2]
    assert len({*seeds, child_seed(7, "environment"), child_seed(7, "environment", 1)}) == 5


def test_transitions_of_rows_that_waited_are_learned_from_and_each_row_begins_a_new_episode(tmp_path):
    def make():
        return SyncVectorEnv([Walk, Walk, Walk])

    agent = AGENTS["SARSA"]
    training, whole = Training(make(), agent, seed=5), Training(make(), agent, seed=5)
    list(islice(training, 7))  # the second row and the third of this round wait
    list(islice(whole, 9))
    training, told = resumed(tmp_path / "training", training, env := make())
    assert "9 steps of unfinished episodes" in told
    assert "and 2 steps that waited to be learned from came first" in told
    assert training.step == 9
    assert training.values.tobytes() == whole.values.tobytes()
    words = (5, "environment", "after", 9)
    assert [inner.seeds[-1] for inner in env.envs] == [child_seed(*words), child_seed(*words, 1), child_seed(*words, 2)]
    assert [step.observation for step in islice(training, 6)] == [0, 0, 0, 1, 1, 1]


def test_a_tile_coded_simulator_begins_a_new_episode(tmp_path):
    def make():
        return TileCoding(gymnasium.make("MountainCar-v0"))

    training = Training(make(), AGENTS["n-step"], seed=0)
    list(islice(training, 30))
    resumed_, told = resumed(tmp_path / "training", training, make())
    assert "MountainCar-v0" in told
    assert len(list(islice(resumed_, 30))) == 30


class Mapped(type(KNOWN["lake"]().unwrapped)):
    """A subclass that only makes another table."""

    def __init__(self):
        super().__init__(desc=["SFF", "FFF", "FFG"])


class Fickle(Mapped):
    """A subclass with more state than its parent."""

    def step(self, action):
        self.steps = getattr(self, "steps", 0) + 1
        return super().step(action)


class Declared(gymnasium.Env):
    """An environment that its author declares to follow its tables."""

    steps_by_tables = True
    P = {0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 0, 0.0, True)]}}  # noqa: RUF012 - the name of Gymnasium
    initial_state_distrib = np.array([1.0, 0.0])
    observation_space, action_space = gymnasium.spaces.Discrete(2), gymnasium.spaces.Discrete(1)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = int(self.np_random.random() < 0.0)
        return self.place, {}

    def step(self, action):
        self.np_random.random()
        ((_, self.place, reward, over),) = self.P[self.place][0]
        return self.place, reward, over, False, {}


def with_a_step_of_its_own():
    env = KNOWN["lake"]()
    env.unwrapped.step = env.unwrapped.step
    return env


@pytest.mark.parametrize("make", [Fickle, Declared, with_a_step_of_its_own])
def test_an_environment_with_possible_state_outside_its_table_begins_a_new_episode(tmp_path, make):
    training = Training(make(), AGENTS["SARSA"], seed=0)
    list(islice(training, 3))
    resumed(tmp_path / "training", training, make())


def test_an_environment_that_draws_from_another_kind_of_generator_begins_a_new_episode(tmp_path):
    env = KNOWN["lake"]()
    training = Training(env, AGENTS["SARSA"], seed=0)
    env.unwrapped.np_random = np.random.Generator(np.random.MT19937(0))
    list(islice(training, 3))
    resumed(tmp_path / "training", training, KNOWN["lake"]())


def test_a_class_whose_step_was_replaced_begins_a_new_episode(tmp_path, monkeypatch):
    step = Mapped.__base__.step
    training = Training(Mapped(), AGENTS["SARSA"], seed=0)
    monkeypatch.setattr(Mapped.__base__, "step", lambda env, action: step(env, action))
    list(islice(training, 3))
    resumed(tmp_path / "training", training, Mapped())


def test_a_subclass_that_only_makes_another_table_continues_byte_for_byte(tmp_path):
    whole, training = (Training(Mapped(), AGENTS["n-step"], seed=1) for _ in range(2))
    list(islice(training, 11))
    training.save(tmp_path / "training")
    training = Training.load(tmp_path / "training", env=Mapped(), agent=AGENTS["n-step"])
    assert same(list(islice(training, 30)), list(islice(whole, 41))[11:])
    with pytest.raises(ValueError, match=r"the one that was saved, Mapped with 9 .*but is FrozenLakeEnv with 9"):
        Training.load(tmp_path / "training", env=Mapped.__base__(desc=["SFF", "FFF", "FFG"]), agent=AGENTS["n-step"])


# --- users' learners -----------------------------------------------------------------------------------------------


class Mixed(NamedTuple):
    values: Any
    seen: dict
    recent: deque
    notes: tuple
    best: Any
    rng: Any


@dataclass(frozen=True)
class Notebook:
    """A user's learner, whose state has a part of every kind that a file can hold."""

    rate: float = 0.5

    def start(self, shape, rng):
        values = np.zeros(shape, order="F")
        return Mixed(values, {"count": 0}, deque(maxlen=5), ("a", True, 1.5), None, np.random.default_rng(3))

    def values(self, state):
        return state.values

    def forget(self, state):
        state.recent.clear()
        return state

    def update(self, state, transition, rng):
        state.seen["count"] += 1
        state.seen[transition.observation, transition.action] = np.float32(transition.reward)
        state.recent.append([transition.observation, {"r": transition.reward, 3: None}])
        cell = transition.observation, transition.action
        state.values[cell] += self.rate * (transition.reward + state.rng.normal() - state.values[cell])
        return state._replace(best=float("-inf") if state.best is None else int(np.argmax(state.values)))


@pytest.mark.parametrize("make", [KNOWN["lake"], vector("SameStep")])
def test_a_users_learner_is_saved_if_its_state_is_arrays_numbers_strings_and_containers(tmp_path, make):
    agent = Agent(Notebook(), EpsilonGreedy(0.3))
    whole, training = (Training(make(), agent, seed=4) for _ in range(2))
    told = list(islice(training, 11))
    training.save(tmp_path / "training")
    training = Training.load(tmp_path / "training", env=make(), agent=agent)
    told += islice(training, 20)
    assert same(told, list(islice(whole, 31)))
    ours, theirs = training._loop.player.state, whole._loop.player.state
    assert same([part for part in ours if not isinstance(part, np.random.Generator)], list(theirs[:-1]))
    assert ours.values.flags.f_contiguous
    assert ours.rng.random() == theirs.rng.random()


@dataclass(frozen=True)
class Holding(Notebook):
    """A learner whose state has an additional part."""

    something: Any = field(default=None, repr=False)

    def start(self, shape, rng):
        return [np.zeros(shape), self.something]

    def values(self, state):
        return state[0]

    def update(self, state, transition, rng):
        return state


def overlapping():
    array = np.zeros(4)
    return {"one": array[:3], "other": array[1:]}


def circle():
    held = []
    held.append(held)
    return held


@pytest.mark.parametrize(
    ("something", "where"),
    [
        (object(), r"state\[1\] is a builtins.object"),
        ({3: {"x": {1, 2}}}, r"state\[1\]\[3\]\['x'\] is a builtins.set"),
        (np.array([None]), r"state\[1\] is an array of object"),
        (np.ma.zeros(3), r"state\[1\] is a numpy.*MaskedArray"),
        (lambda: None, r"state\[1\] is a builtins.function"),
        (AGENTS["Q"], r"state\[1\] is a boltzmann_rl.agents.agent.Agent"),
        (np.random.Generator(np.random.MT19937(0)), r"state\[1\] is a generator of MT19937, not of PCG64"),
        (overlapping(), r"state\[1\]\['other'\] shares its memory with another array"),
        (circle(), r"state\[1\]\[0\] is held twice, also as state\[1\],"),
        (NamedTuple("Hidden", [("x", int)])(3), r"state\[1\] is a .*Hidden"),
        (b"bytes", r"state\[1\] is a builtins.bytes"),
    ],
)
def test_a_state_with_other_parts_is_refused_with_the_place_and_the_remedy(tmp_path, something, where):
    training = Training(Walk(), Agent(Holding(something=something), EpsilonGreedy(0.1)), seed=0)
    with pytest.raises(TypeError, match=rf"{where}.*save\(path, environment='pickle'\) and load\(path, trust=True\)"):
        training.save(tmp_path / "training")
    assert not list(tmp_path.iterdir())


@dataclass(frozen=True)
class Growing(Holding):
    def update(self, state, transition, rng):
        return [state[0], np.append(state[1], 1.0)]


def test_a_state_whose_structure_changed_since_the_start_is_refused_on_saving(tmp_path):
    training = Training(Walk(), Agent(Growing(something=np.zeros(2)), EpsilonGreedy(0.1)), seed=0)
    training.save(tmp_path / "training")
    next(training)
    training._loop.player.state = (training._loop.player.state[0],)
    with pytest.raises(TypeError, match=r"state is a tuple, but must be a list.*environment='pickle'"):
        training.save(tmp_path / "training")


@dataclass(frozen=True)
class Remembering(Notebook):
    """Keeps the steps of the episode, and has no working way to forget them."""

    forget = None

    def start(self, shape, rng):
        return np.zeros(shape), []

    def values(self, state):
        return state[0]

    def update(self, state, transition, rng):
        state[1].append(transition)
        return state


del Remembering.forget


class Silent:
    """Keeps the steps of the episode, and has no ``forget``."""

    start, values, update = Remembering.start, Remembering.values, Remembering.update

    def __repr__(self):
        return "Silent()"


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: ValueDifference(x, inverse_sensitivity=1.0)])
def test_a_learner_that_keeps_an_episode_and_cannot_forget_it_is_refused_if_a_new_episode_would_begin(tmp_path, wrap):
    agent = Agent(wrap(Silent()), EpsilonGreedy(0.1))
    training = Training(KNOWN["lake"](), agent, seed=0)
    next(training)
    training.save(tmp_path / "training")  # the episode continues, so nothing must be forgotten
    assert next(Training.load(tmp_path / "training", env=KNOWN["lake"](), agent=agent)).step == 1
    training = Training(Walk(), agent, seed=0)
    training.save(tmp_path / "training")
    next(training)
    with pytest.raises(TypeError, match=r"remembers what was empty at the start.* no forget\(state\).*'pickle'"):
        training.save(tmp_path / "training")


# --- arguments of load ---------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path):
    training = Training(KNOWN["lake"](), AGENTS["n-step"], seed=3)
    list(islice(training, 15))
    training.save(tmp_path / "training")
    return tmp_path / "training"


@pytest.mark.parametrize(
    ("agent", "says"),
    [
        (Agent(NStep(SARSA(0.3), steps=5), COOLING), r"learner must be .*steps=4\), but is NStep.*steps=5\)"),
        (Agent(NStep(SARSA(0.4), steps=4), COOLING), r"learner must be .*learning_rate=0.3.*but is .*0.4"),
        (Agent(NStep(SARSA(0.3), steps=4), EpsilonGreedy(0.1)), r"policy must be .*Boltzmann.*but is EpsilonGreedy"),
        (Agent(NStep(SARSA(0.3), steps=4), COOLING, clock="visits"), "clock must be .*'step', but is 'visits'"),
    ],
)
def test_another_agent_is_refused_with_the_difference(path, agent, says):
    with pytest.raises(ValueError, match=f"agent's {says}"):
        Training.load(path, env=KNOWN["lake"](), agent=agent)


@pytest.mark.parametrize(
    ("env", "says"),
    [
        (Environment("CliffWalking-v1").make, "FrozenLake-v1 with 16 .*but is CliffWalking-v1 with 48 observations"),
        (Environment("FrozenLake-v1", 9, options={"is_slippery": False}).make, "env is .*table .* was saved"),
        (Environment("FrozenLake-v1", 10).make, "env is TimeLimit of 10 steps.*, and TimeLimit of 9 steps.* was saved"),
        (lambda: gymnasium.make_vec("FrozenLake-v1", num_envs=1), "but is a vector of 1 "),
    ],
)
def test_another_environment_is_refused_with_the_difference(path, env, says):
    with pytest.raises(ValueError, match=says):
        Training.load(path, env=env(), agent=AGENTS["n-step"])


def test_a_vector_of_another_number_of_rows_or_another_mode_is_refused(tmp_path):
    Training(vector("SameStep")(), AGENTS["Q"], seed=0).save(tmp_path / "training")
    for other, says in (
        (SyncVectorEnv([KNOWN["lake"]] * 3, autoreset_mode="SameStep"), "a vector of 2 .*but is a vector of 3"),
        (vector("NextStep")(), "resetting as .*NEXT_STEP.* and .*SAME_STEP was saved"),
    ):
        with pytest.raises(ValueError, match=says):
            Training.load(tmp_path / "training", env=other, agent=AGENTS["Q"])


def test_a_bandit_with_other_means_is_refused(tmp_path):
    def make(mean):
        return gymnasium.make(f"{BANDITS}BernoulliBandit-v0", means=[0.5, mean])

    Training(make(0.1), AGENTS["Q"], seed=0).save(tmp_path / "training")
    with pytest.raises(ValueError, match=r"env is .*means=\(0.5, 0.2\).* was saved"):
        Training.load(tmp_path / "training", env=make(0.2), agent=AGENTS["Q"])


@pytest.mark.parametrize("given", [{}, {"env": None, "agent": AGENTS["n-step"]}, {"env": Walk(), "agent": QLearning()}])
def test_load_requires_environment_and_agent(path, given):
    with pytest.raises(TypeError, match="contains neither environment nor agent: load it with env="):
        Training.load(path, **given)


class Counting:
    """A policy that changes with each call, as no policy should, and prints its address."""

    def __init__(self):
        self.asked = 0

    def __call__(self, values, step):
        self.asked += 1
        return np.full(np.shape(values), 0.25)


def cooling(by):
    return Agent(QLearning(), Boltzmann(lambda step: 1.0 / (1.0 + by * step)))


@pytest.mark.parametrize("make", [lambda: cooling(0.5), lambda: Agent(QLearning(), lambda values, step: values * 0.25)])
def test_a_function_is_compared_by_its_code_and_closure(tmp_path, make):
    agents = [make(), make()]
    training = Training(KNOWN["lake"](), agents[0], seed=0)
    training.save(tmp_path / "training")
    assert Training.load(tmp_path / "training", env=KNOWN["lake"](), agent=agents[1]).agent is agents[1]
    for other in (cooling(0.6), Agent(QLearning(), lambda values, step: values * 0.2)):
        with pytest.raises(
            ValueError, match=r"policy must be the one that was saved, .* with the contents [0-9a-f]{16}"
        ):
            Training.load(tmp_path / "training", env=KNOWN["lake"](), agent=other)


def test_a_policy_that_changed_since_it_was_made_is_refused(tmp_path):
    training = Training(KNOWN["lake"](), Agent(QLearning(), Counting()), seed=0)
    training.save(tmp_path / "training")
    Training.load(tmp_path / "training", env=KNOWN["lake"](), agent=Agent(QLearning(), Counting()))
    next(training)
    training.save(tmp_path / "training")
    with pytest.raises(ValueError, match="policy must be the one that was saved"):
        Training.load(tmp_path / "training", env=KNOWN["lake"](), agent=Agent(QLearning(), Counting()))


def test_an_unknown_option_of_save_is_refused(tmp_path):
    with pytest.raises(ValueError, match="environment must be 'arrays' or 'pickle', got 'Pickle'"):
        Training(Walk(), AGENTS["Q"], seed=0).save(tmp_path / "training", environment="Pickle")


# --- files ---------------------------------------------------------------------------------------------------------


def load(path):
    return Training.load(path, env=KNOWN["lake"](), agent=AGENTS["n-step"])


def test_a_truncated_or_changed_file_is_refused(path):
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    start = whole.index(b"\n") + 1
    for at in [len(whole) - 1, len(whole) // 2, start, *rng.integers(start, len(whole), 30).tolist()]:
        flipped = whole[:at] + bytes([whole[at] ^ 1 << int(rng.integers(8))]) + whole[at + 1 :]
        for content in (whole[:at], flipped):
            path.write_bytes(content)
            with pytest.raises(ValueError, match=r"was cut off or changed|is not a saved training of format 2"):
                load(path)
    for content in (b"", b"no training at all\n", whole[1:], whole.replace(b"format 2", b"format 3", 1)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is not a saved training of format 2"):
            load(path)


def test_a_pickle_of_the_first_format_is_refused_with_the_remedy(path):
    content = b'{"numpy": "2.0"}\n' + pickle.dumps(print)
    first = b"boltzmann_rl training, format 1, SHA-256 " + hashlib.sha256(content).hexdigest().encode()
    path.write_bytes(first + b"\n" + content)
    for given in ({}, {"trust": True}):
        with pytest.raises(ValueError, match="of format 1, a pickle, which this version does not read: load it with"):
            Training.load(path, **given)


def test_loading_under_another_version_warns(tmp_path, monkeypatch):
    version = metadata.version
    for kind in ("arrays", "pickle"):
        with monkeypatch.context() as other:
            other.setattr(metadata, "version", lambda name: "1.0.0" if name == "numpy" else version(name))
            Training(KNOWN["lake"](), AGENTS["n-step"], seed=0).save(tmp_path / "training", environment=kind)
        with pytest.warns(UserWarning, match=r"saved under numpy 1.0.0 \(here ") as told:
            load(tmp_path / "training") if kind == "arrays" else Training.load(tmp_path / "training", trust=True)
        assert told[0].filename == __file__


def test_a_failed_save_leaves_the_old_file(path):
    before = path.read_bytes()
    with pytest.raises(TypeError, match=r"state\[1\] is a builtins.object"):
        Training(Walk(), Agent(Holding(something=object()), EpsilonGreedy(0.1)), seed=0).save(path)
    assert path.read_bytes() == before
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def rewritten(path, change):
    """The file with another structure and a valid checksum."""
    _, versions, structure, arrays = path.read_bytes().split(b"\n", 3)
    found = json.loads(structure)
    change(found)
    content = b"\n".join([versions, json.dumps(found).encode(), arrays])
    first = f"boltzmann_rl training, format 2, arrays, SHA-256 {hashlib.sha256(content).hexdigest()}\n"
    path.write_bytes(first.encode() + content)


def places_in(found):
    """Every place of a JSON structure: its container and its key."""
    for key in list(found) if isinstance(found, dict) else range(len(found)):
        yield found, key
        if isinstance(found[key], dict | list):
            yield from places_in(found[key])


REPLACEMENTS = [
    None, True, -1, 0, 3, 2**63, 10**40, 0.5, 1e308, "", "x", [], {}, [[]], {"array": 0}, {"array": 10**9},
    {"scalar": 1}, {"float": "nan"}, {"tuple": [1]}, {"dict": [[{"array": 0}, 1]]}, {"deque": [], "maxlen": -1},
    {"named": "Reading(observation)", "fields": []}, {"generator": {}}, ["<f8", [10**15], "C"], ["|O", [1], "C"],
    {"named": "Window(values, waiting)", "fields": [{"array": 0}, {"dict": []}]},
]  # fmt: skip


@pytest.mark.parametrize("name", ["n-step", "traces", "reinforce", "actor-critic", "Q", "decay", "expected SARSA"])
@pytest.mark.parametrize("make", [KNOWN["lake"], KNOWN["lakes, NEXT_STEP"], KNOWN["bandit"]])
def test_a_changed_file_with_a_valid_checksum_raises_an_error_that_says_what_is_wrong(tmp_path, name, make):
    """A file that is not refused can be trained on, so no fault remains to be found later."""
    path, agent = tmp_path / "training", AGENTS[name]
    training = Training(make(), agent, seed=3)
    list(islice(training, 16))
    training.save(path)
    original, rng, refused = path.read_bytes(), np.random.default_rng(1), []
    count = len(list(places_in(json.loads(original.split(b"\n", 3)[2]))))
    for _ in range(60):
        path.write_bytes(original)

        def change(found):
            holder, key = list(places_in(found))[rng.integers(count)]
            how = rng.integers(8)
            if how == 0:
                del holder[key]
            elif how == 1 and isinstance(holder, list):
                holder.append(holder[key])
            else:
                holder[key] = REPLACEMENTS[rng.integers(len(REPLACEMENTS))]

        rewritten(path, change)
        try:
            with warnings.catch_warnings(action="ignore"):  # a new episode warns
                loaded = Training.load(path, env=make(), agent=agent)
        except ValueError as error:
            refused.append(str(error))
        else:
            list(islice(loaded, 10))
    assert len(refused) > 25
    assert all(str(path) in message for message in refused)


@in_one_test("kind", ["M", "O", "V8", "f8,f8", "(2,)f8", "<f3", "f99999999999", ""])
def test_an_array_of_another_dtype_is_refused(kind):
    content = json.dumps({"arrays": [[kind, [1], "C"]], "data": {"array": 0}}).encode() + b"\n" + bytes(64)
    with pytest.raises(ValueError, match="is not the"):
        decoded(content)


def test_a_bool_that_is_neither_true_nor_false_is_refused():
    with pytest.raises(ValueError, match="an array of bool holds something else"):
        decoded(b'{"arrays": [["|b1", [2], "C"]], "data": {"array": 0}}\n\x01\x02')


def test_arrays_larger_than_the_file_are_refused_before_they_are_made():
    for shape in ([10**6], [2**40, 2**40], [2**48] * 4):
        content = json.dumps({"arrays": [["<f8", shape, "C"]], "data": None}).encode() + b"\n" + bytes(64)
        with pytest.raises(ValueError, match="needs more bytes than the file has left"):
            decoded(content)


@pytest.mark.parametrize(
    "data",
    [
        {"float": "nan", "x": 1},
        {"tuple": [1], "y": 2},
        {"deque": [], "maxlen": None, "z": 1},
        {"dict": [], "deque": []},
    ],
)
def test_keys_that_belong_to_nothing_are_refused(data):
    with pytest.raises(ValueError, match="JSON"):
        decoded(json.dumps({"arrays": [], "data": data}).encode() + b"\n")


def test_too_deep_nesting_is_refused():
    for opening, closing in ((b"[", b"]"), (b'{"tuple": [', b"]}")):
        data = opening * 100_000 + closing * 100_000
        with pytest.raises(ValueError, match=r"not JSON|nested too deeply"):
            decoded(b'{"arrays": [], "data": ' + data + b"}\n")


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, None, True, "é\ud800"], (1, "b"): deque([1, 2], 3), -1: deque()},
        [float("inf"), float("-inf"), -0.0, 5e-324, 10**300, np.float32(0.1), np.int8(-3), np.bool_(True)],
        (np.zeros((0, 3)), np.array(3.5), np.array(["ab", "c"]), np.array([1 + 2j]), np.arange(3, dtype=">i2")),
        (np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array([np.nan, -0.0]), np.float16([1.5])),
    ],
)
def test_decoding_inverts_encoding(value):
    found = decoded(encoded(value, "value"))
    assert repr(found) == repr(value)
    assert [type(part) for part in found] == [type(part) for part in value]
    for mine, theirs in zip(found, value, strict=True):
        if isinstance(theirs, np.ndarray):
            assert (mine.dtype.str, mine.tobytes("A"), mine.flags.f_contiguous) == (
                theirs.dtype.str, theirs.tobytes("A"), theirs.flags.f_contiguous,
            )  # fmt: skip


def test_an_array_that_is_referred_to_twice_is_one_array_again_and_a_generator_continues():
    array, rng = np.arange(3.0), np.random.default_rng(5)
    rng.random(7), rng.integers(9, dtype=np.uint32), rng.spawn(2)
    first, second, other = decoded(encoded([array, (array,), rng], "value"))
    assert first is second[0]
    assert (
        other.integers(2**32, size=9, dtype=np.uint32).tolist() == rng.integers(2**32, size=9, dtype=np.uint32).tolist()
    )
    assert other.spawn(1)[0].random() == rng.spawn(1)[0].random()


def test_only_known_named_tuples_are_decoded_and_no_code_is_run():
    made = []

    class Pair(NamedTuple("Pair", [("first", int), ("second", int)])):
        def __new__(cls, first, second):
            made.append(first)
            return super().__new__(cls, first, second)

    content = encoded(Pair(1, 2), "value", [Pair])
    assert type(decoded(content, [Pair])) is Pair
    assert made == [1]
    with pytest.raises(ValueError, match=r"the learner has no named tuple 'Pair\(first, second\)'"):
        decoded(content)


def test_an_environment_in_a_wrapper_of_another_package_is_not_known(tmp_path):
    def make():
        return gymnasium.wrappers.RecordEpisodeStatistics(KNOWN["lake"]())

    training = Training(make(), AGENTS["SARSA"], seed=0)
    list(islice(training, 5))
    resumed(tmp_path / "training", training, make())
