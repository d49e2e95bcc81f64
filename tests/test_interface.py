"""The interface of environments: other objects are refused by name, and so are results of the wrong form."""

import contextlib
import functools
import io

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from gymnasium.spaces import Discrete
from gymnasium.vector import SyncVectorEnv, VectorEnv

from boltzmann_rl import Agent, Environment, Greedy, QLearning, Training, play, train
from boltzmann_rl.environments.interface import as_environment, as_flag, name_of

AGENT = Agent(QLearning(), Greedy())
LAKE = "FrozenLake-v1"


def make():
    return gymnasium.make(LAKE)


class Scripted(gymnasium.Env):
    """Returns the given results."""

    observation_space, action_space = Discrete(4), Discrete(2)

    def __init__(self, begin=(0, {}), go=(0, 0.0, False, False, {})):
        self.begin, self.go = begin, go

    def reset(self, *, seed=None, options=None):
        return self.begin

    def step(self, action):
        return self.go


class Maker:
    def __call__(self):
        return make()


class Dry:
    """Has two of the four parts."""

    def reset(self):
        return 0

    observation_space = Discrete(2)


OTHERS = {
    "nothing": (None, "None: a function that makes an environment must return it"),
    "an id": (LAKE, rf"the string '{LAKE}': make the environment, gymnasium.make\('{LAKE}'\)"),
    "a class": (Scripted, r"the class Scripted: make an instance, such as Scripted\(\)"),
    "a function": (make, "the function make: call it"),
    "a lambda": (lambda: make(), "the function <lambda>: call it"),
    "a partial": (functools.partial(gymnasium.make, LAKE), "the function functools.partial.*: call it"),
    "a maker": (Maker(), "the function .*Maker.*: call it"),
    "a list": ([make(), make()], r"a list of 2: .*SyncVectorEnv\(\[make, make\]\)"),
    "a tuple": ((make,), r"a tuple of 1: .*SyncVectorEnv"),
    "a declaration": (Environment(LAKE), rf"the declaration Environment of '{LAKE}': .*env.make\(\)"),
    "a spec": (gymnasium.spec(LAKE), rf"the declaration EnvSpec of '{LAKE}': .*env.make\(\)"),
    "a number": (3, "the int without reset, step, observation_space, action_space: subclass gymnasium.Env"),
    "half of one": (Dry(), "the Dry without step, action_space"),
}


@pytest.mark.parametrize(("given", "message"), OTHERS.values(), ids=OTHERS)
def test_an_object_that_is_not_an_environment_is_refused_with_the_remedy(given, message):
    for door in (
        lambda: Training(given, AGENT, seed=0),
        lambda: play(given, AGENT, seed=0),
        lambda: train(given, AGENT, episodes=1, seed=0),
    ):
        with pytest.raises(TypeError, match=f"^env must be a Gymnasium environment, got {message}"):
            door()


def test_an_environment_of_the_old_gym_package_is_refused_with_the_remedy():
    with contextlib.redirect_stderr(io.StringIO()):
        gym = pytest.importorskip("gym")

    class Old(gym.Env):
        observation_space, action_space = gym.spaces.Discrete(4), gym.spaces.Discrete(2)

    class Mixed(Scripted):
        observation_space = gym.spaces.Discrete(4)

    with pytest.raises(TypeError, match=r"env must be .*got the Old, of the old package gym: .*gymnasium.make\(id\)"):
        Training(Old(), AGENT, seed=0)
    with pytest.raises(TypeError, match=r"observation_space of Mixed, Discrete\(4\), is of the old package gym"):
        Training(Mixed(), AGENT, seed=0)


def test_multi_agent_environments_are_refused():
    classic = pytest.importorskip("pettingzoo.classic.tictactoe.tictactoe")
    with pytest.raises(TypeError, match=r"env must be .*of PettingZoo, for several agents"):
        Training(classic.env(), AGENT, seed=0)


def test_vectors_of_other_packages_are_refused():
    vectors = pytest.importorskip("stable_baselines3.common.vec_env")
    with pytest.raises(TypeError, match=r"env must be .*the DummyVecEnv, of Stable-Baselines3: .*SyncVectorEnv"):
        Training(vectors.DummyVecEnv([make]), AGENT, seed=0)

    class Strange:
        num_envs, observation_space, action_space = 2, Discrete(4), Discrete(2)
        reset = step = None

    with pytest.raises(TypeError, match=r"the Strange with num_envs: .*must be a gymnasium.vector.VectorEnv"):
        Training(Strange(), AGENT, seed=0)


def test_any_object_with_the_four_parts_is_an_environment():
    class Own:
        observation_space, action_space = Discrete(4), Discrete(2)
        reset, step = Scripted.reset, Scripted.step
        begin, go = (0, {}), (1, 2.0, False, False, {})

    own = Own()
    assert as_environment(own) is own
    assert name_of(own) == "Own"
    assert next(Training(own, AGENT, seed=0)).reward == 2.0


FOUR = (0, 0.0, False, {})

ANSWERS = {
    "no info": (Scripted(0), r"reset must return \(observation, info\), where info is a dict, got 0"),
    "an array": (Scripted(np.zeros(2)), r"reset must return \(observation, info\)"),
    "three at reset": (Scripted((0, {}, {})), r"reset must return \(observation, info\)"),
    "info None at reset": (Scripted((0, None)), r"reset must return .*info is a dict, got \(0, None\)"),
    "info a list at reset": (Scripted((0, [])), r"reset must return .*info is a dict, got \(0, \[\]\)"),
    "four values": (Scripted(go=FOUR), r"step must return \(observation, .*, truncated, info\), got four"),
    "six values": (Scripted(go=(*FOUR, 0, 0)), "step must return .*got 6 values"),
    "one value": (Scripted(go=3), "step must return .*, got 3"),
    "none": (Scripted(go=None), "step must return .*, got None"),
    "info None": (Scripted(go=(0, 0.0, False, False, None)), "info must be a dict, got None"),
    "info a tuple": (Scripted(go=(0, 0.0, False, False, ())), r"info must be a dict, got \(\)"),
    "info a string": (Scripted(go=(0, 0.0, False, False, "x")), "info must be a dict, got 'x'"),
    "done and info": (Scripted(go=(0, 0.0, True, {}, {})), "truncated must be True or False, got {}"),
    "terminated None": (Scripted(go=(0, 0.0, None, False, {})), "terminated must be True or False, got None"),
    "terminated two": (Scripted(go=(0, 0.0, np.ones(2, bool), False, {})), "terminated must be True or False"),
    "truncated 2": (Scripted(go=(0, 0.0, False, 2, {})), "truncated must be True or False, got 2"),
}  # fmt: skip


@pytest.mark.parametrize(("env", "message"), ANSWERS.values(), ids=ANSWERS)
def test_invalid_results_of_an_environment_are_type_errors_that_name_it(env, message):
    with pytest.raises(TypeError, match=rf"^Scripted with seed \d+, episode 0, step 0: {message}"):
        next(Training(env, AGENT, seed=0))


def test_a_reset_without_gymnasiums_parameters_is_a_type_error_that_names_the_environment():
    class Unseeded(Scripted):
        def reset(self):
            return 0, {}

    with pytest.raises(TypeError, match=r"^Unseeded with seed .*reset must take .*reset\(self, \*, seed=None, opt"):
        Training(Unseeded(), AGENT, seed=0)


class Rows(VectorEnv):
    """A vector that returns the given results."""

    metadata = {"autoreset_mode": "NextStep"}  # noqa: RUF012 - Gymnasium's name and type
    num_envs = 2
    single_observation_space, single_action_space = Discrete(4), Discrete(2)
    observation_space = action_space = gymnasium.spaces.MultiDiscrete([2, 2])

    def __init__(self, begin=None, go=None):
        begin = (np.zeros(2, int), {}) if begin is None else begin
        self.begin, self.go = begin, go

    def reset(self, *, seed=None, options=None):
        return self.begin

    def step(self, actions):
        return self.go


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (Rows(np.zeros(3, int)), r"reset must return \(observation, info\)"),
        (Rows(go=(np.zeros(2, int), np.zeros(2), np.zeros(2, bool), {})), "step must return .*got four values"),
        (Rows(go=None), "step must return .*got None"),
        (
            Rows(go=(np.zeros(2, int), np.zeros(2), np.array([0, 2]), np.zeros(2, bool), {})),
            r"steps \[0, 0\]: terminated must be True or False",
        ),
    ],
)
def test_invalid_results_of_a_vector_are_type_errors_that_name_it(env, message):
    with pytest.raises(TypeError, match=f"^Rows.*{message}"):
        next(Training(env, AGENT, seed=0))


def test_a_vector_whose_reset_takes_no_seed_is_a_type_error():
    class Unseeded(Rows):
        def reset(self):
            return self.begin

    with pytest.raises(TypeError, match=r"^Unseeded.*reset must take Gymnasium's arguments"):
        Training(Unseeded(), AGENT, seed=0)


@in_one_test("over", [True, np.True_, 1, 1.0, np.int8(1), np.array(True), np.array([1])], ids=repr)
def test_terminated_and_truncated_may_be_any_single_zero_or_one(over):
    assert as_flag(over, "terminated") is True
    assert as_flag(over - over if type(over) in (int, float) else np.zeros_like(over), "terminated") is False
    assert next(Training(Scripted(go=(0, 1.0, over, False, {})), AGENT, seed=0)).terminated is True


def test_a_vector_of_environments_is_accepted():
    vector = SyncVectorEnv([make])
    assert as_environment(vector) is vector
    assert name_of(vector) == "SyncVectorEnv" or name_of(vector) == LAKE
