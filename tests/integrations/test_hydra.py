"""Hydra makes declarations of configurations, without ``_convert_``, that are those written in Python."""

import numpy as np
import pytest
from pages import blocks
from test_configuration import COOLING, actions_of

import boltzmann_rl as brl
from boltzmann_rl import bandit_environments, schedules

pytest.importorskip("hydra")

from hydra.utils import instantiate
from omegaconf import OmegaConf


def target(kind, **fields):
    """A part of a configuration."""
    return {"_target_": f"boltzmann_rl.{kind}", **fields}


EXPONENTIAL = target("schedules.Exponential", start=1, end=0.1, steps=20)
ONE = schedules.Exponential(1.0, 0.1, steps=20)

PARTS = {
    "numbers per row": (target("Boltzmann", temperature=[0.1, 0.5]), brl.Boltzmann([0.1, 0.5])),
    "schedules per row": (target("Boltzmann", temperature=[0.1, EXPONENTIAL]), brl.Boltzmann([0.1, ONE])),
    "a schedule with rows": (
        target("schedules.Linear", start=[1, 2], end=0.1, steps=5),
        schedules.Linear([1, 2], 0.1, steps=5),
    ),
    "pieces": (
        target("schedules.Piecewise", values=[1, 0.1], boundaries=[9]),
        schedules.Piecewise((1, 0.1), boundaries=(9,)),
    ),
    "joined schedules": (
        target("schedules.Joined", schedules=[1, EXPONENTIAL], boundaries=[9]),
        schedules.Joined((1, ONE), boundaries=(9,)),
    ),
    "means": (target("GaussianBandit", means=[0.1, 0.2]), brl.GaussianBandit((0.1, 0.2))),
    "a law of means": (
        target("GaussianBandit", means=target("UniformMeans", low=0, high=2)),
        brl.GaussianBandit(brl.UniformMeans(0, 2)),
    ),
    "a table of rewards": (
        target("AdversarialBandit", rewards=[[0, 1], [1, 0]]),
        brl.AdversarialBandit([[0, 1], [1, 0]]),
    ),
    "weights": (
        target("bandit_environments.ContextualLinearBandit", weights=[[0, 1], [1, 0]]),
        bandit_environments.ContextualLinearBandit([[0, 1], [1, 0]]),
    ),
    "preferences": (
        target("ActorCritic", learning_rate=0.1, critic_rate=0.2, initial=[0, 1]),
        brl.ActorCritic(0.1, 0.2, initial=[0, 1]),
    ),
    "options": (
        target("Environment", id="FrozenLake-v1", options={"desc": ["SF", "FG"], "is_slippery": False}),
        brl.Environment("FrozenLake-v1", options={"desc": ["SF", "FG"], "is_slippery": False}),
    ),
    "tiles": (
        target("Environment", id="CartPole-v1", wrap=target("TileCoded", tilings=2, tiles=[2, 3], low=[0, 0])),
        brl.Environment("CartPole-v1", wrap=brl.TileCoded(2, (2, 3), low=(0, 0))),
    ),
    "wrapped learners": (
        target("EveryActionFirst", learner=target("NoiseEstimate", learner=target("SampleAverage"))),
        brl.EveryActionFirst(brl.NoiseEstimate(brl.SampleAverage())),
    ),
}


@pytest.mark.parametrize(("configuration", "declaration"), PARTS.values(), ids=PARTS)
def test_parts_with_lists_and_mappings_are_those_of_python(configuration, declaration):
    found = instantiate(OmegaConf.create(configuration))
    assert found == declaration
    assert repr(found) == repr(declaration)  # no container of OmegaConf is left in it
    assert hash(found) == hash(declaration)


def test_an_agent_plays_the_same_actions_as_that_of_python():
    policy = target("Boltzmann", temperature=EXPONENTIAL)
    agent = instantiate(OmegaConf.create(target("Agent", learner=target("SampleAverage"), policy=policy)))
    assert len(set(actions_of(agent))) > 1
    assert actions_of(agent) == actions_of(COOLING)


def test_a_policy_with_lists_decides_as_that_of_python():
    values = np.random.default_rng(0).normal(size=(2, 5))
    policy = instantiate(OmegaConf.create(target("Boltzmann", temperature=[0.1, EXPONENTIAL])))
    assert np.array_equal(policy(values, 7), brl.Boltzmann([0.1, ONE])(values, 7))


def test_a_list_of_a_wrong_length_is_refused_as_in_python():
    with pytest.raises(Exception, match="boundaries must be one fewer than values, got 2 for 2"):
        instantiate(OmegaConf.create(target("schedules.Piecewise", values=[1, 2], boundaries=[3, 4])))


def configurations():
    """The configurations of Hydra on the page."""
    return [OmegaConf.create(text) for language, text in blocks("configuration.md") if "_target_" in text]


def test_the_agent_of_the_page_is_that_of_python():
    policy = brl.Boltzmann(schedules.Exponential(1.0, 0.05, steps=5000))
    assert instantiate(configurations()[0].agent) == brl.Agent(brl.QLearning(0.5), policy)


def test_the_experiment_of_the_page_can_be_overridden():
    written = OmegaConf.merge(configurations()[1], OmegaConf.from_dotlist(["experiment.declaration.runs=50"]))
    agents = {
        "greedy": brl.Agent(brl.SampleAverage(initial=5.0), brl.Greedy()),
        "UCB": brl.Agent(brl.UCB1(), brl.Greedy()),
    }
    expected = brl.BanditExperiment("warm", brl.GaussianBandit(arms=5), agents, runs=50)
    assert instantiate(written.experiment) == expected


def test_an_experiment_of_targets_needs_convert():
    agent = target("Agent", learner=target("UCB1"), policy=target("Greedy"))
    written = target("BanditExperiment", name="x", problem=target("GaussianBandit"), agents={"ucb": agent})
    expected = brl.BanditExperiment("x", brl.GaussianBandit(), {"ucb": brl.Agent(brl.UCB1(), brl.Greedy())})
    assert instantiate(OmegaConf.create(written | {"_convert_": "all"})) == expected
    with pytest.raises(Exception, match=r"runtime_checkable|Unions of containers"):
        instantiate(OmegaConf.create(written))
