"""Trainings saved with environment="pickle": every environment continues byte for byte, if the file is trusted."""

import subprocess
import sys
from itertools import islice

import gymnasium
import numpy as np
import pytest
from gymnasium.utils import EzPickle
from gymnasium.vector import SyncVectorEnv
from installed import vectors_are_sound
from test_training import AGENTS, Corridor, make_single, make_vector, same

from boltzmann_rl import Agent, QLearning, Training


def make_batch():
    return gymnasium.make_vec("boltzmann_rl.environments:boltzmann_rl/GaussianBandit-v0", num_envs=3, steps=3)


def saved(path, training):
    training.save(path, environment="pickle")
    return Training.load(path, trust=True)


@pytest.mark.parametrize("make", [make_single, pytest.param(make_vector, marks=vectors_are_sound), make_batch])
@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: f"{type(agent.learner).__name__}-{agent.clock}")
def test_a_training_continues_as_without_the_interruption(tmp_path, make, agent):
    whole = Training(make(), agent, seed=4)
    expected, episodes = list(islice(whole, 150)), whole.last[:4]
    training = Training(make(), agent, seed=4)
    found = []
    for number in (1, 36, 40, 73):  # also between the rows of one round
        found += islice(training, number)
        training = saved(tmp_path / "training", training)
    assert same(found, expected)
    assert training.values.tobytes() == whole.values.tobytes()
    assert training.last[:4] == episodes
    assert (training.seed, training.step) == (4, 150)


def test_an_environment_without_tables_continues_in_the_middle_of_its_episode(tmp_path):
    def make():
        from boltzmann_rl.environments.tile_coding import TileCoding

        return TileCoding(gymnasium.make("MountainCar-v0"))

    whole, training = (Training(make(), AGENTS[4], seed=0) for _ in range(2))
    list(islice(training, 33))
    found = list(islice(saved(tmp_path / "training", training), 30))
    assert same(found, list(islice(whole, 63))[33:])


@vectors_are_sound
def test_a_training_continues_in_another_process(tmp_path):
    training = Training(make_vector(), AGENTS[1], seed=0)
    list(islice(training, 50))
    training.save(tmp_path / "training", environment="pickle")
    list(islice(training, 100))
    code = (
        "from itertools import islice; from boltzmann_rl.training.training import Training; import sys\n"
        "training = Training.load(sys.argv[1], trust=True)\n"
        "list(islice(training, 100)); print(training.values.tobytes().hex())"
    )
    command = [sys.executable, "-W", "error", "-c", code, str(tmp_path / "training")]
    found = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert found.strip() == training.values.tobytes().hex()


@pytest.mark.parametrize("trust", [False, None, 1, "yes"])
def test_no_code_of_the_file_is_run_without_trust(tmp_path, trust):
    env = Corridor()
    training = Training(env, AGENTS[0], seed=0)
    training.save(tmp_path / "training", environment="pickle")
    for gift in ({}, {"env": Corridor(), "agent": AGENTS[0]}):
        with pytest.raises(ValueError, match=r"loading it runs code from the file.*trust=True"):
            Training.load(tmp_path / "training", trust=trust, **gift)


def test_environment_and_agent_come_from_the_file(tmp_path):
    Training(Corridor(), AGENTS[0], seed=0).save(tmp_path / "training", environment="pickle")
    with pytest.raises(TypeError, match="contains its environment and its agent: load it without env= and agent="):
        Training.load(tmp_path / "training", env=Corridor(), agent=AGENTS[0], trust=True)


def test_a_file_that_cannot_be_unpickled_names_the_versions_it_was_saved_with(tmp_path, monkeypatch):
    path = tmp_path / "training"
    Training(Corridor(), AGENTS[0], seed=0).save(path, environment="pickle")
    monkeypatch.delattr("test_training.Corridor")
    with pytest.raises(RuntimeError, match=r"saved under .*numpy.*, can't be read here, AttributeError: .*Corridor"):
        Training.load(path, trust=True)


class Remade(Corridor, EzPickle):
    def __init__(self):
        Corridor.__init__(self)
        EzPickle.__init__(self)


@pytest.mark.parametrize(
    "wrap", [lambda env: env, gymnasium.wrappers.OrderEnforcing, lambda env: SyncVectorEnv([lambda: env])]
)
def test_an_environment_whose_pickle_loses_its_state_is_refused(tmp_path, wrap):
    with pytest.raises(TypeError, match=r"Remade.*can't be saved or copied.*how it was made, not its state"):
        Training(wrap(Remade()), AGENTS[0], seed=0).save(tmp_path / "training", environment="pickle")
    assert not list(tmp_path.iterdir())


def test_an_environment_with_a_window_or_a_file_is_refused_with_the_remedy(tmp_path):
    env = Corridor()
    training = Training(env, AGENTS[0], seed=0)
    remedy = r"can't be saved or copied, TypeError: .*make the environment without render_mode"
    with open(tmp_path / "film", "wb") as env.window, pytest.raises(TypeError, match=remedy):
        training.save(tmp_path / "training", environment="pickle")
    assert [path.name for path in tmp_path.iterdir()] == ["film"]


def test_a_policy_defined_in_a_notebook_is_saved_with_its_training(tmp_path):
    training = Training(make_single(), Agent(QLearning(), lambda values, step: np.full(4, 0.25)), seed=0)
    assert same(islice(saved(tmp_path / "training", training), 20), list(islice(training, 20)))
