"""Copies of a training: they continue exactly or are refused, whatever the pickle of the environment does."""

import copy
import copyreg
import pickle
from itertools import islice

import cloudpickle
import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Discrete
from gymnasium.utils import EzPickle
from gymnasium.vector import SyncVectorEnv
from installed import TAXI, vectors_are_sound

from boltzmann_rl import SARSA, Agent, Boltzmann, Training
from boltzmann_rl.environments.copies import check_copies

AGENT = Agent(SARSA(0.5), Boltzmann(1.0))
WAYS = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda training: pickle.loads(pickle.dumps(training)),
    "cloudpickle": lambda training: pickle.loads(cloudpickle.dumps(training)),
    "loop, deepcopy": lambda training: copy.deepcopy(training._loop),
    "loop, pickle": lambda training: pickle.dumps(training._loop),
    "table, pickle": lambda training: pickle.dumps(training._loop._table),
}


class Walk(gymnasium.Env):
    """A random walk on nine fields from the middle, with some chance to slip."""

    observation_space, action_space = Discrete(9), Discrete(2)

    def __init__(self):
        self.at, self.window = 4, None

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at = 4
        return self.at, {}

    def step(self, action):
        self.at += 2 * int(action) - 1 if self.np_random.random() < 0.9 else 0
        return self.at, float(self.at == 8), self.at in (0, 8), False, {}


class Remade(Walk, EzPickle):
    def __init__(self):
        Walk.__init__(self)
        EzPickle.__init__(self)


class Placeless(Walk):
    """Keeps its random generator but not its position."""

    def __getstate__(self):
        return {**vars(self), "at": 4}


class Chanceless(Walk):
    """Keeps its position but not its random generator."""

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "_np_random"}


class Reduced(Walk):
    def __reduce__(self):
        return Reduced, ()


class Awakened(Walk):
    """Pickles completely, but loses state on unpickling."""

    def __setstate__(self, state):
        self.__init__()


class Deepened(Walk):
    def __deepcopy__(self, memo):
        return Deepened()


class Registered(Walk):
    pass


copyreg.pickle(Registered, lambda walk: (Registered, ()))


class Board:
    def __init__(self):
        self.field = 4

    def __reduce__(self):
        return Board, ()


class OnABoard(Walk):
    """Not the environment itself but one of its parts loses its state."""

    def __init__(self):
        Walk.__init__(self)
        self.boards = {"main": [Board()]}

    def step(self, action):
        answer = super().step(action)
        self.boards["main"][0].field = self.at
        return answer


class Counting(gymnasium.Wrapper):
    """A wrapper whose rewards grow with its use, and which loses that count when copied."""

    def __init__(self, env):
        super().__init__(env)
        self.steps = 0

    def step(self, action):
        self.steps += 1
        observation, reward, *rest = self.env.step(action)
        return observation, reward + self.steps, *rest

    def __getstate__(self):
        return {**vars(self), "steps": 0}


class Hiding(Walk):
    """Holds another environment under an unusual attribute."""

    def __init__(self):
        self.parts = ({"inner": Remade()},)

    def reset(self, *, seed=None, options=None):
        return self.parts[0]["inner"].reset(seed=seed)

    def step(self, action):
        return self.parts[0]["inner"].step(action)


class Careful(Walk):
    """Leaves out its window, which is None, and keeps everything else."""

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "window"}

    def __setstate__(self, state):
        vars(self).update(state, window=None)


FORGETFUL = {
    "Remade": Remade,
    "Placeless": Placeless,
    "Chanceless": Chanceless,
    "Reduced": Reduced,
    "Awakened": Awakened,
    "Registered": Registered,
    "Board": OnABoard,
    "Counting": lambda: Counting(Walk()),
    "Remade in a wrapper": lambda: gymnasium.wrappers.TimeLimit(Remade(), 50),
    "Remade in another": Hiding,
    "Remade in a vector": lambda: SyncVectorEnv([Walk, Remade]),
    "Counting in a vector": lambda: SyncVectorEnv([lambda: Counting(Walk())]),
}


def some_way_into_an_episode(env):
    training = Training(env, AGENT, seed=3)
    last = next(training)
    while training.step < 20 or last.terminated or last.next_observation == 4:
        last = next(training)
    return training


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("env", FORGETFUL)
def test_a_copy_of_an_environment_that_loses_its_state_is_refused_by_name(env, way):
    training = some_way_into_an_episode(FORGETFUL[env]())
    with pytest.raises(TypeError, match=rf"{env.split()[0]}.* can't be saved or copied in its current state: "):
        WAYS[way](training)


@pytest.mark.parametrize("way", [way for way in WAYS if "deepcopy" in way])
def test_a_custom_deepcopy_is_compared_too(way):
    with pytest.raises(TypeError, match=r"Deepened.* its deep copy, .* loses '"):
        WAYS[way](some_way_into_an_episode(Deepened()))


@pytest.mark.parametrize("way", list(WAYS)[:4])
@pytest.mark.parametrize(
    "make",
    [
        Walk,
        Careful,
        pytest.param(lambda: SyncVectorEnv([Walk, Careful]), marks=vectors_are_sound),
        lambda: gymnasium.make(TAXI),
    ],
)
def test_a_copy_continues_as_the_original_and_neither_affects_the_other(make, way):
    training = some_way_into_an_episode(make())
    twin = WAYS[way](training)
    ahead = list(islice(twin, 60))
    assert repr(ahead) == repr(list(islice(training, 60)))
    assert twin.values.tobytes() == training.values.tobytes()
    assert not np.shares_memory(twin.values, training.values)


@pytest.mark.parametrize("id_", ["FrozenLake-v1", TAXI, "CartPole-v1", "Blackjack-v1"])
def test_environments_of_gymnasium_in_plain_python_can_be_copied(id_):
    env = gymnasium.make(id_)
    env.reset(seed=0)
    check_copies(env)
    check_copies(SyncVectorEnv([lambda: env]))


def test_an_environment_that_cannot_be_pickled_is_refused_with_the_reason():
    class Windowed(Careful):
        def __getstate__(self):
            return vars(self)

    env = Windowed()
    env.window = (number for number in range(3))
    with pytest.raises(TypeError, match=r"Windowed.* can't be saved or copied, TypeError: cannot pickle 'generator'"):
        check_copies(env)
