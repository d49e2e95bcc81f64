"""The page on parts of one's own: each part does what the page says."""

import numpy as np
import pytest
from pages import run_python

import boltzmann_rl as brl


@pytest.fixture(scope="module")
def page():
    return run_python("your_own.md")


def test_the_code_of_the_page_runs(page, capsys):
    assert {"spikes", "walk", "measured"} <= set(page)


def test_the_best_two_share_as_stated(page):
    np.testing.assert_allclose(page["BestTwo"](0.2)(np.array([3.0, 1.0, 2.0, -np.inf]), 0), [0.8, 0.0, 0.2, 0.0])
    np.testing.assert_allclose(page["BestTwo"](0.2)(np.array([3.0, 3.0, 2.0]), 0), [0.4, 0.4, 0.2])
    np.testing.assert_allclose(page["BestTwo"](0.2)(np.array([3.0, 3.0, -np.inf]), 0), [0.5, 0.5, 0.0])


def test_the_median_is_that_of_the_last_rewards(page):
    learner, rewards = page["Median"](last=5), np.random.default_rng(0).normal(size=9)
    state = learner.start((1, 2), None)
    for reward in rewards:
        state = learner.update(state, np.array([1]), np.array([reward]), None, None)
    np.testing.assert_array_equal(learner.values(state), [[0.0, np.median(rewards[-5:])]])


def test_the_values_are_means_of_the_targets(page):
    """With step sizes 1, 1/2, 1/3, … and ends of episodes only, a value is the mean of its rewards."""
    learner = page["AveragingQLearning"]()
    state = learner.start((2, 2), None)
    for reward in (1.0, 2.0, 6.0):
        end = brl.Transition(0, 1, 0, reward, 0, terminated=True, truncated=False)
        state = learner.update(state, end, None)
    np.testing.assert_allclose(learner.values(state), [[0.0, 0.0], [3.0, 0.0]])
