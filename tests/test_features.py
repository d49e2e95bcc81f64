"""Features: the same numbers as with dense vectors, however an observation is written."""

import numpy as np
import pytest
from cases import in_one_test

from boltzmann_rl import SARSA, DoubleQLearning, ExpectedSARSA, QLearning
from boltzmann_rl.learners.features import add, add_row, cells, row, value
from boltzmann_rl.learners.policy_gradient import ActorCritic, Reinforce
from boltzmann_rl.learners.temporal_returns import EligibilityTraces, NStep
from boltzmann_rl.protocols import Transition

FEATURES, ACTIONS = 6, 3
LEARNERS = (
    QLearning(0.5, 0.9, 1.0),
    SARSA(0.5, 0.9, 1.0),
    ExpectedSARSA(0.5, 0.9, 1.0),
    DoubleQLearning(0.5, 0.9, 1.0),
    NStep(SARSA(0.5, 0.9), 3),
    EligibilityTraces(QLearning(0.5, 0.9), 0.7),
    EligibilityTraces(SARSA(0.5, 0.9), 0.7),
    Reinforce(0.3, 0.5, 0.9),
    ActorCritic(0.3, 0.5, 0.9),
)


def dense(observation):
    """The feature vector of an observation, however it is written."""
    if isinstance(observation, np.ndarray) and observation.dtype.kind == "f":
        return observation
    x = np.zeros(FEATURES)
    x[observation] = 1.0
    return x


def trajectory(seed, steps=200, write=lambda s: s, ends=0.1):
    """Random transitions from index to index, with observations written by ``write``."""
    rng = np.random.default_rng(seed)
    here = 0
    for step in range(steps):
        p, there = rng.dirichlet(np.ones(ACTIONS)), int(rng.integers(FEATURES))
        action, then = (int(a) for a in rng.choice(ACTIONS, size=2))
        terminated, truncated = rng.random(2) < ends
        q = rng.dirichlet(np.ones(ACTIONS))
        reward = float(rng.normal())
        yield Transition(step, write(here), action, reward, write(there), terminated, truncated, None, then, q, p)
        here = there


def learned(learner, transitions, features=FEATURES, actions=ACTIONS, weights=None):
    rng = np.random.default_rng(0)
    state = learner.start((features, actions), rng)
    if weights is not None:
        learner.values(state)[...] = weights
    for transition in transitions:
        state = learner.update(state, transition, rng)
    return learner.values(state)


OBSERVATIONS = (4, np.int64(4), np.array([0, 2, 5]), np.array([3]), np.array([0.5, -1.0, 0.0, 2.0, 0.25, 1.0]))


@in_one_test("observation", OBSERVATIONS, ids=repr)
def test_values_and_updates_are_those_of_a_dense_vector(observation):
    weights, x = np.random.default_rng(0).normal(size=(FEATURES, ACTIONS)), dense(observation)
    assert row(weights, observation) == pytest.approx(x @ weights, rel=1e-14)
    assert value(weights, observation, 1) == pytest.approx(x @ weights[:, 1], rel=1e-14)
    moved, along = weights.copy(), weights.copy()
    add(moved, observation, 1, 0.3)
    assert moved - weights == pytest.approx(np.outer(x, [0.0, 0.3, 0.0]) / (x @ x), rel=1e-13, abs=1e-15)
    assert value(moved, observation, 1) - value(weights, observation, 1) == pytest.approx(0.3, rel=1e-13)
    add_row(along, observation, np.array([1.0, -2.0, 0.5]))
    assert along - weights == pytest.approx(np.outer(x, [1.0, -2.0, 0.5]), rel=1e-13, abs=1e-15)
    touched = np.zeros_like(weights)
    touched[cells(observation, 1)] = 1.0
    assert (touched[x != 0.0, 1] == 1.0).all()
    assert not touched[:, [0, 2]].any()


def test_without_active_features_nothing_is_learned():
    weights = np.ones((FEATURES, ACTIONS))
    add(weights, np.zeros(FEATURES), 1, 0.3)
    assert (weights == 1.0).all()


def test_an_action_that_is_greedy_in_the_row_is_greedy_by_its_single_value():
    """Otherwise the last bit of a sum would cut Watkins's traces."""
    rng = np.random.default_rng(1)
    weights, observation = rng.normal(size=(500, 3)), rng.permutation(500)[:17]
    assert [value(weights, observation, action) for action in range(3)] == row(weights, observation).tolist()


@in_one_test("write", [lambda s: np.array([s]), lambda s: np.eye(FEATURES)[s]], ids=["active", "real"])
@in_one_test("learner", LEARNERS, ids=repr)
def test_one_feature_per_state_equals_a_table(learner, write):
    table = learned(learner, trajectory(seed=3))
    assert learned(learner, trajectory(seed=3, write=write)) == pytest.approx(table, rel=1e-12)


@pytest.mark.parametrize("learner", LEARNERS[:4], ids=repr)
def test_active_features_equal_real_features_of_1(learner):
    groups = np.array([[0, 3], [1, 3], [2, 3], [0, 4], [1, 4], [2, 5]])
    ours = learned(learner, trajectory(seed=4, write=lambda s: groups[s]))
    assert ours == pytest.approx(learned(learner, trajectory(seed=4, write=lambda s: dense(groups[s]))), rel=1e-10)


@pytest.mark.parametrize("kind", ["accumulating", "replacing"])
def test_sarsa_lambda_with_binary_features_follows_the_book(kind):
    """The pseudo-code of §12.7, weight by weight; its step size is ours divided by the number of active features."""
    groups, alpha, discount, decay = [[0, 3], [1, 3], [2, 3], [0, 4], [1, 4], [2, 5]], 0.4, 0.9, 0.8
    pairs = [(i, a) for i in range(FEATURES) for a in range(ACTIONS)]
    w, z = dict.fromkeys(pairs, 0.0), dict.fromkeys(pairs, 0.0)
    for t in trajectory(seed=5):
        delta = t.reward
        for i in groups[t.observation]:
            delta -= w[i, t.action]
            z[i, t.action] = z[i, t.action] + 1.0 if kind == "accumulating" else 1.0
        if not t.terminated:
            delta += discount * sum(w[i, t.next_action] for i in groups[t.next_observation])
        for pair in pairs:
            w[pair] += alpha / 2 * delta * z[pair]
            z[pair] *= 0.0 if t.terminated or t.truncated else discount * decay
    learner = EligibilityTraces(SARSA(alpha, discount), decay, kind)
    ours = learned(learner, trajectory(seed=5, write=lambda s: np.array(groups[s])))
    assert ours.ravel().tolist() == pytest.approx(list(w.values()), rel=1e-10, abs=1e-12)


def test_replacing_traces_are_refused_with_real_features():
    with pytest.raises(ValueError, match="replacing traces need indices of active features"):
        learned(EligibilityTraces(SARSA(), 0.5, "replacing"), trajectory(seed=0, write=lambda s: np.eye(FEATURES)[s]))


@pytest.mark.parametrize("learner", LEARNERS[4:], ids=repr)
def test_traces_of_several_environments_are_kept_apart(learner):
    """Two environments that share no observation learn in turn what each would learn alone."""
    both, alone = [], []
    for environment, shift in enumerate((0, FEATURES)):
        walk = [
            t._replace(observation=t.observation + shift, next_observation=t.next_observation + shift)
            for t in trajectory(seed=environment, ends=0.05)
        ]
        both.append([t._replace(environment=environment) for t in walk])
        alone.append(learned(learner, walk, 2 * FEATURES)[shift : shift + FEATURES])
    in_turn = [t for pair in zip(*both, strict=True) for t in pair]
    assert learned(learner, in_turn, 2 * FEATURES).ravel().tolist() == np.concatenate(alone).ravel().tolist()
    mixed = [t._replace(environment=0) for t in in_turn]  # a learner that mixed them would learn these values
    assert learned(learner, mixed, 2 * FEATURES).ravel().tolist() != np.concatenate(alone).ravel().tolist()


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_the_step_size_does_not_depend_on_the_size_of_the_features(scale):
    weights, observation = np.zeros((2, 1)), np.array([scale, -scale])
    add(weights, observation, 0, 1.0)
    assert value(weights, observation, 0) == pytest.approx(1.0)
