"""Restoring the state of a loop from a file: wrong parts are refused, right ones are restored."""

import numpy as np
import pytest
from cases import in_one_test
from gymnasium.spaces import Discrete

from boltzmann_rl.environments.linear_features import RealFeatures
from boltzmann_rl.environments.readings import Reading, Spaces
from boltzmann_rl.environments.tile_coding import ActiveFeatures
from boltzmann_rl.learners.remembered import check_remembered
from boltzmann_rl.protocols import Transition
from boltzmann_rl.training.restoring import as_counts, as_decision, as_list, as_parts, as_reading, as_transition

TABLE = Spaces("a table", Discrete(5, start=3), Discrete(2, start=1))
TILES = Spaces("tiles", ActiveFeatures(groups=2, size=3), Discrete(2))
REALS = Spaces("reals", RealFeatures(np.array([-1.0, 0.0]), np.array([1.0, 1.0])), Discrete(2))
P, MASK = np.array([0.25, 0.75]), np.array([True, False])
STEP = Transition(7, 0, 1, -1.5, 4, False, True, MASK, 0, P, P, 2)
WRONG = {
    "step": [-1, 0.5, None, "7"],
    "observation": [5, -1, 0.0, None, np.array([0, 3]), np.zeros(2)],
    "action": [2, -1, 0.0, True, None],
    "reward": [float("nan"), float("inf"), "1", None, [1.0]],
    "next_observation": [5, -1, None],
    "terminated": [0, None, np.True_],
    "truncated": [1, "yes"],
    "next_available": [[True], np.array([False, False]), np.array([True, False, True]), "11"],
    "next_action": [2, -1, 0.5],
    "next_probabilities": [0.5, [0.25, 0.75], np.ones(3) / 3, np.array([1, 0]), np.array([-0.5, 1.5])],
    "probabilities": [np.array([[0.25, 0.75]]), np.array([np.nan, 1.0])],
    "environment": [3, -1, None],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]], ids=str)
def test_a_saved_step_with_a_wrong_part_is_refused(name, value):
    with pytest.raises((TypeError, ValueError)):
        as_transition(STEP._replace(**{name: value}), TABLE, environments=3)


def test_a_saved_step_reading_and_decision_are_restored():
    assert repr(as_transition(STEP, TABLE, environments=3)) == repr(STEP)
    for spaces, seen in ((TABLE, 4), (TILES, np.array([1, 5])), (REALS, np.array([-0.5, 1.0]))):
        for reading in (Reading(seen, None), Reading(seen, MASK, -2.0, False, True), Reading(seen, None, 1.0, True)):
            assert repr(as_reading(reading, spaces)) == repr(reading)
    assert as_decision((1, None), 2) == (1, None)
    assert as_decision((1, P), 2)[1] is P


@in_one_test("found", [STEP, (4, None), None, Reading(4, None, 0.0, 0, False), Reading(5, None)])
def test_an_invalid_reading_is_refused(found):
    with pytest.raises((TypeError, ValueError)):
        as_reading(found, TABLE)


@in_one_test("seen", [np.array([1, 2]), np.array([1.0, 5.0]), np.array([1]), 1, None, np.array(["a", "b"])])
def test_features_outside_their_space_are_refused(seen):
    with pytest.raises((TypeError, ValueError)):
        as_reading(Reading(seen, None), TILES)


@in_one_test("found", [1, (1,), (2, None), (-1, None), (1, [0.5, 0.5]), (1, np.ones(3)), (1.0, None), [1, None]])
def test_an_invalid_decision_is_refused(found):
    with pytest.raises((TypeError, ValueError)):
        as_decision(found, 2)


@in_one_test(
    "found", [None, 3, [0, 0], np.zeros(2), np.zeros(3, dtype=np.int64), np.array([0, -1]), np.zeros(2, dtype=np.int32)]
)
def test_an_invalid_count_of_decisions_is_refused(found):
    with pytest.raises(ValueError, match="must be integers from 0 of shape"):
        as_counts(found, (2,), "steps")


def test_lists_and_dicts_must_have_the_expected_parts():
    assert as_parts({"a": 1, "b": 2}, "b", "a") == [2, 1]
    for found in (None, [1, 2], {"a": 1}, {"a": 1, "b": 2, "c": 3}):
        with pytest.raises(ValueError, match="a, b are expected"):
            as_parts(found, "a", "b")
    assert as_list([1, 2], 2, "rows") == [1, 2]
    for found in (None, (1, 2), [1]):
        with pytest.raises(ValueError, match="rows must be a list of 2"):
            as_list(found, 2, "rows")


def test_the_state_of_a_users_learner_is_not_checked():
    for state in (None, np.zeros(3), (1, {5: "x"})):
        check_remembered(state, environments=1)
