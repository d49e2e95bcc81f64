"""Transitions for environment learners: none is lost or changes another state, and malformed ones change nothing."""

import copy
import math
import pickle

import numpy as np
import pytest
from cases import in_one_test

import boltzmann_rl as brl
from boltzmann_rl.protocols import Transition

ROWS, ACTIONS = 4, 3
NEITHER = {"terminated": False, "truncated": False}

TABLE = [
    brl.QLearning(0.5, 0.9),
    brl.SARSA(0.5, 0.9),
    brl.ExpectedSARSA(0.5, 0.9),
    brl.DoubleQLearning(0.5, 0.9),
    brl.NStep(brl.SARSA(0.5, 0.9), 3),
    brl.NStep(brl.ExpectedSARSA(0.5, 0.9), 1),
    brl.EligibilityTraces(brl.QLearning(0.5, 0.9), 0.5),
    brl.EligibilityTraces(brl.SARSA(0.5, 0.9), 0.5, kind="replacing"),
    brl.Reinforce(0.5, 0.5, 0.9),
    brl.ActorCritic(0.5, 0.5, 0.9),
    brl.ValueDifference(brl.NStep(brl.SARSA(0.5, 0.9), 2), 1.0),
    brl.RewardBasedDecay(brl.DoubleQLearning(0.5, 0.9), 0.0, 0.5, 5),
    brl.NoiseEstimate(brl.SARSA(0.5, 0.9)),
    brl.EveryActionFirst(brl.NoiseEstimate(brl.NStep(brl.QLearning(0.5, 0.9), 2))),
]
INDEXED = brl.ValueDifference | brl.NoiseEstimate | brl.EveryActionFirst  # these refuse features
every_learner = pytest.mark.parametrize("learner", TABLE, ids=repr)


def trajectory(rng, steps, rows=ROWS, environment=0):
    """The transitions of one environment, in episodes of random lengths."""
    here = int(rng.integers(rows))
    for step in range(steps):
        there, ends = int(rng.integers(rows)), rng.random() < 0.2
        p = rng.dirichlet(np.ones(ACTIONS), size=2)
        mask = rng.random(ACTIONS) < 0.7
        mask[rng.integers(ACTIONS)] = True
        action, then = (int(a) for a in rng.integers(ACTIONS, size=2))
        ending = {"terminated": bool(ends), "truncated": bool(not ends and rng.random() < 0.1)}
        follows = {"next_action": then, "next_probabilities": p[0], "probabilities": p[1], "environment": environment}
        yield Transition(step, here, action, float(rng.normal()), there, **ending, next_available=mask, **follows)
        here = int(rng.integers(rows)) if any(ending.values()) else there


def learned(learner, transitions, rows=ROWS):
    rng = np.random.default_rng(0)
    state = learner.start((rows, ACTIONS), rng)
    for transition in transitions:
        state = learner.update(state, transition, rng)
    return state


A_STEP = Transition(
    3,
    1,
    2,
    0.5,
    2,
    **NEITHER,
    next_available=np.array([True, False, True]),
    next_action=0,
    next_probabilities=np.array([0.5, 0.0, 0.5]),
    probabilities=np.array([0.2, 0.3, 0.5]),
)
WRONG = {
    "observation": [
        -1,
        ROWS,
        1.0,
        True,
        None,
        "1",
        [1],
        np.array([0, 0]),
        np.array([0, ROWS]),
        np.array([-1]),
        np.ones(2),
    ],
    "action": [-1, ACTIONS, 1.0, True, None, np.array([1, 2])],
    "reward": [math.nan, -math.inf, None, "1", 1j, np.ones(2)],
    "next_observation": [-1, ROWS, None, 1.0],
    "next_action": [-1, ACTIONS, 1.0, True],
    "next_available": [[1, 1], [0, 0, 0], [0, 1, 2], [0.5, 1.0, 1.0]],
    "next_probabilities": [[0.5, 0.5], [0.5, 0.6, 0.5], [math.nan] * 3, [1.5, -0.5, 0.0]],
    "probabilities": [[0.5, 0.5], [0.5, 0.6, 0.5], [math.nan] * 3, [1.5, -0.5, 0.0]],
}


@every_learner
@in_one_test("part", WRONG)
def test_a_malformed_transition_is_refused_by_name_and_changes_nothing(learner, part):
    state = learned(learner, trajectory(np.random.default_rng(1), 7))
    for wrong in WRONG[part]:
        seen, rng = A_STEP._replace(**{part: wrong}), np.random.default_rng(2)
        before = pickle.dumps((state, seen, rng))
        with pytest.raises(
            (TypeError, ValueError), match=part.removeprefix("next_").replace("probabilities", "probab")
        ):
            learner.update(state, seen, rng)
        assert pickle.dumps((state, seen, rng)) == before


@in_one_test("learner", [learner for learner in TABLE if "QLearning" not in repr(learner)], ids=repr)
def test_a_transition_without_a_required_part_changes_nothing(learner):
    before = pickle.dumps(state := learned(learner, trajectory(np.random.default_rng(1), 7)))
    seen = A_STEP._replace(next_action=None, next_probabilities=None, probabilities=None, truncated=True)
    with pytest.raises(ValueError, match="has no"):
        learner.update(state, seen, np.random.default_rng(2))
    assert pickle.dumps(state) == before


def rising(step):
    """A learning rate that is out of range from the eighth step on."""
    return 0.5 if step < 7 else 2.0


@in_one_test(
    "learner",
    [
        brl.QLearning(rising),
        brl.DoubleQLearning(rising),
        brl.NStep(brl.SARSA(rising), 3),
        brl.EligibilityTraces(brl.QLearning(rising), 0.5),
        brl.Reinforce(0.5, rising),
        brl.ActorCritic(0.5, rising),
        brl.ActorCritic(lambda step: 0.5 - rising(step), 0.5),
        brl.ValueDifference(brl.QLearning(rising), 1.0),
    ],
    ids=lambda learner: type(learner).__name__,
)
def test_a_refused_learning_rate_changes_nothing(learner):
    state = learned(learner, [seen._replace(step=0) for seen in trajectory(np.random.default_rng(1), 7)])
    rng = np.random.default_rng(2)
    before = pickle.dumps((state, rng))
    with pytest.raises(ValueError, match=r"_rate.* at step 7"):
        learner.update(state, A_STEP._replace(step=7, truncated=True), rng)
    assert pickle.dumps((state, rng)) == before


@every_learner
def test_what_follows_a_terminated_step_is_ignored(learner):
    plain = A_STEP._replace(terminated=True)
    odd = plain._replace(next_observation=None, next_available=np.zeros(ACTIONS, dtype=bool), next_action=-7)
    again = A_STEP._replace(next_available=None)
    one, other = (learned(learner, [step, again]) for step in (plain, odd._replace(next_probabilities=[])))
    assert learner.values(one).tobytes() == learner.values(other).tobytes()


@every_learner
def test_a_transition_teaches_the_same_in_every_form(learner):
    given = list(trajectory(np.random.default_rng(3), 40))
    forms = [
        seen._replace(
            observation=np.int64(seen.observation),
            action=np.uint8(seen.action),
            reward=np.float64(seen.reward),
            next_observation=np.array(seen.next_observation),
            next_available=seen.next_available.astype(np.int8),
            next_action=np.int32(seen.next_action),
            next_probabilities=seen.next_probabilities.tolist(),
            probabilities=seen.probabilities.tolist(),
        )
        for seen in given
    ]
    assert pickle.dumps(learner.values(learned(learner, forms))) == pickle.dumps(
        learner.values(learned(learner, given))
    )
    paid = [given[0]._replace(reward=reward) for reward in (True, 1, 1.0, np.float32(1.0))]
    assert len({learner.values(learned(learner, [seen])).tobytes() for seen in paid}) == 1


@every_learner
def test_interleaved_environments_give_the_updates_of_each_alone(learner):
    if learner == TABLE[3] or isinstance(learner, brl.RewardBasedDecay):
        pytest.skip("which table is updated is drawn from one stream")
    first, second = (list(trajectory(np.random.default_rng(seed), 30, 2, seed)) for seed in (0, 1))
    second = [seen._replace(observation=seen.observation + 2) for seen in second]
    second = [seen._replace(next_observation=seen.next_observation + 2) for seen in second]
    turns = [seen for pair in zip(first, second, strict=True) for seen in pair]
    together = learner.values(learned(learner, turns))
    assert together[:2].tobytes() == learner.values(learned(learner, first))[:2].tobytes()
    assert together[2:].tobytes() == learner.values(learned(learner, second))[2:].tobytes()


@pytest.mark.parametrize("features", ["active", "real"])
@pytest.mark.parametrize("learner", [one for one in TABLE if not isinstance(one, INDEXED)], ids=repr)
def test_a_caller_may_overwrite_its_arrays_after_an_update(learner, features):
    if features == "real" and getattr(learner, "kind", "") == "replacing":
        pytest.skip("real features have no replacing traces")
    rng = np.random.default_rng(5)

    def seen_as(index):
        return np.array([index, (index + 1) % ROWS]) if features == "active" else np.eye(ROWS)[index] * 0.5

    given = [
        seen._replace(observation=seen_as(seen.observation), next_observation=seen_as(seen.next_observation))
        for seen in trajectory(rng, 30)
    ]
    expected = learner.values(learned(learner, given)).tobytes()

    def overwritten():
        for seen in copy.deepcopy(given):
            yield seen
            for part in (seen.observation, seen.next_observation, seen.next_available, seen.probabilities):
                part[...] = 0

    assert learner.values(learned(learner, overwritten())).tobytes() == expected


def test_invalid_features_are_refused_by_name():
    for learner in TABLE[:3]:
        state = learned(learner, [])
        for wrong in (np.ones(ROWS - 1), np.array([math.nan, 0, 0, 0]), np.zeros((1, ROWS)), np.array([], dtype=int)):
            with pytest.raises(ValueError, match="observation must"):
                learner.update(state, A_STEP._replace(observation=wrong), np.random.default_rng(0))
        assert (state == 0.0).all()
