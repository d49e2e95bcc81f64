"""Learners that put untried arms first: if the mask leaves any, only those are chosen; otherwise the indices decide."""

import copy
import math

import numpy as np
import pytest

import boltzmann_rl as brl
from boltzmann_rl.numerics.untried import UntriedFirst
from boltzmann_rl.protocols import values_of

RNG = np.random.default_rng(0)
ARMS = 4
INF = math.inf
POLICIES = [
    brl.Greedy(),
    brl.Uniform(),
    brl.EpsilonGreedy(0.2),
    brl.Boltzmann(0.3),
    brl.Boltzmann(INF),
    brl.Boltzmann(brl.RelativeToRange(0.3)),
    brl.MaxBoltzmann(0.4, 0.5),
    brl.EpsilonBoltzmann(0.1, 0.5),
    brl.Sparsemax(1.0),
    brl.Mellowmax(5.0),
]


def ucb1(rewards, t):
    return np.mean(rewards) + math.sqrt(2.0 * math.log(t) / len(rewards))


def tuned(rewards, t):
    confidence = math.log(t) / len(rewards)
    return np.mean(rewards) + math.sqrt(confidence * min(0.25, np.var(rewards) + math.sqrt(2.0 * confidence)))


# Each learner that puts untried arms first, and the textbook index of an arm from its rewards and the number of pulls.
LEARNERS = [
    (brl.UCB1(), ucb1),
    (brl.UCB1Tuned(), tuned),
    (brl.GaussianPosterior(), lambda rewards, t: np.mean(rewards)),
    (brl.EveryActionFirst(brl.SampleAverage()), lambda rewards, t: np.mean(rewards)),
    (brl.EveryActionFirst(brl.UCB1()), ucb1),
    (brl.NoiseEstimate(brl.EveryActionFirst(brl.SampleAverage())), lambda rewards, t: np.mean(rewards)),
    (brl.RewardBasedDecay(brl.UCB1(), 0.0, 1.0, 5), ucb1),
    (brl.ValueDifference(brl.UCB1Tuned(), 1.0), tuned),
]
every_learner = pytest.mark.parametrize(("learner", "index"), LEARNERS, ids=[repr(learner) for learner, _ in LEARNERS])
every_policy = pytest.mark.parametrize("policy", POLICIES, ids=repr)


def masks():
    return [np.array([bits >> arm & 1 for arm in range(ARMS)], dtype=bool) for bits in range(1, 2**ARMS)]


def played(learner, tried, seed):
    """The state of one row whose arms ``tried`` were pulled a few times, and the rewards of each arm."""
    rng = np.random.default_rng(seed)
    actions = rng.permutation(np.repeat(np.flatnonzero(tried), 3))
    rewards = rng.random(len(actions))
    state = learner.start((1, ARMS), rng)
    if len(actions):
        state = brl.learn_from_log(learner, state, actions, rewards)
    return state, [rewards[actions == arm] for arm in range(ARMS)]


def by_hand(index, rewards, available):
    """One row: 0 for the untried available arms and −inf for the rest; if none, the indices of the available arms."""
    pulls = sum(map(len, rewards))
    untried = [arm for arm in range(ARMS) if available[arm] and not len(rewards[arm])]
    if untried:
        return [0.0 if arm in untried else -INF for arm in range(ARMS)]
    return [index(rewards[arm], pulls) if available[arm] else -INF for arm in range(ARMS)]


@every_learner
def test_untried_arms_come_first_among_the_available_ones(learner, index):
    for seed, tried in enumerate([np.zeros(ARMS, dtype=bool), *masks()]):
        state, rewards = played(learner, tried, seed)
        values = learner.values(state)
        assert values[0].tolist() == pytest.approx(by_hand(index, rewards, np.ones(ARMS, dtype=bool)), rel=1e-12)
        for available in masks():
            expected = by_hand(index, rewards, available)
            assert brl.mask(values, available[np.newaxis])[0].tolist() == pytest.approx(expected, rel=1e-12)
            assert brl.mask(values[0], available).tolist() == pytest.approx(expected, rel=1e-12)


@every_learner
@every_policy
def test_a_row_and_a_batch_of_one_row_get_the_same_decision_under_any_mask(learner, index, policy):
    states = [played(learner, tried, seed)[0] for seed, tried in enumerate(masks())]
    for available in masks():
        for state in states:
            values = learner.values(state)
            expected = policy(brl.mask(values[0], available), 3)
            one = brl.act(policy, values[0], np.random.default_rng(1), step=3, available=available)
            assert expected[one] > 0.0
            batch = brl.act(
                policy, values, np.random.default_rng(1), step=3, available=available[np.newaxis], with_probability=True
            )
            assert (int(batch[0][0]), float(batch[1][0])) == (one, pytest.approx(expected[one]))


@pytest.mark.parametrize("tried", [[1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]])
def test_thompson_sampling_under_a_mask_draws_from_the_posteriors_of_the_available_arms(tried):
    learner, policy = brl.GaussianPosterior(), brl.GaussianThompson()
    state, _ = played(learner, np.array(tried, dtype=bool), 3)
    values, memory, available = learner.values(state), learner.memory(state), np.array([[1, 1, 0, 0]])
    found = policy(brl.mask(values, available), 3, memory)
    expected = policy(np.where(available, state.values, -INF), 3, np.where(available, memory, 1.0))
    assert found.tolist() == expected.tolist()
    assert 0.0 < found[0, 0] < 1.0
    rng = np.random.default_rng(0)
    drawn = [brl.act(policy, values, rng, available=available, memory=memory)[0] for _ in range(400)]
    assert abs(np.mean(np.array(drawn) == 0) - found[0, 0]) < 0.1
    assert set(drawn) == {0, 1}


def test_rows_of_a_batch_are_masked_separately():
    learner = brl.UCB1()
    state = learner.update(learner.start((3, 3), RNG), [0, 0, 1], [0.5, 0.25, 1.0], None, RNG)
    values = brl.mask(learner.values(state), [[1, 0, 0], [1, 1, 0], [1, 1, 1]])
    assert values.tolist() == [[0.5, -INF, -INF], [-INF, 0.0, -INF], [0.0, -INF, 0.0]]


def test_a_choice_kernel_adds_to_the_values_with_and_without_a_mask():
    learner = brl.ChoiceKernel(brl.UCB1(), learning_rate=0.5, weight=2.0)
    state = brl.learn_from_log(learner, learner.start((1, 3), RNG), [0, 1], [0.5, 0.25])
    values = learner.values(state)
    assert values.tolist() == [[-INF, -INF, 0.0]]
    bonus = math.sqrt(2.0 * math.log(2.0))
    expected = [0.5 + bonus + 2.0 * 0.25, 0.25 + bonus + 2.0 * 0.5, -INF]  # the choice kernel is (¼, ½, 0)
    assert brl.mask(values, [[1, 1, 0]])[0].tolist() == pytest.approx(expected, rel=1e-15)


def test_an_untried_arm_that_is_always_masked_changes_no_decision():
    learner, rng = brl.UCB1(), np.random.default_rng(2)
    means, sequences = np.array([0.2, 0.8, 0.5]), []
    # with a third arm that is always masked, then without it: the same uniforms must give the same actions
    for arms in (3, 2):
        draws, state, chosen = np.random.default_rng(7), learner.start((1, arms), rng), []
        for step in range(200):
            available = None if arms == 2 else np.array([[1, 1, 0]])
            action = brl.act(brl.Greedy(), learner.values(state), draws, step=step, available=available)
            state = learner.update(state, action, means[action], None, rng)
            chosen.append(int(action[0]))
        sequences.append(chosen)
    assert sequences[0] == sequences[1]
    assert set(sequences[0]) == {0, 1}


def test_outside_of_mask_the_values_behave_as_a_plain_array():
    values = UntriedFirst(np.array([[0.2, 0.9], [0.3, 0.4]]), np.array([[False, True], [False, False]]))
    assert repr(values) == repr(np.array([[-INF, 0.0], [0.3, 0.4]]))
    for derived in (values + 1.0, np.exp(values), values == 0.0, np.where(values > 0, 1.0, 2.0), values.max(axis=1)):
        assert type(derived) is np.ndarray
    assert type(values[0, 0]) is np.float64
    assert type(values.max()) is np.float64
    reshaped = values.reshape(4)
    assert brl.mask(reshaped, [1, 0, 1, 1]).tolist() == [-INF, -INF, 0.3, 0.4]  # reshaping drops the indices behind it
    assert brl.Greedy()(values, 0).tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_shifted_adds_to_the_visible_values_and_to_the_indices_behind_them():
    amount = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]])
    values = UntriedFirst(np.array([[0.5, 0.25, 7.0]] * 2), np.array([[False, False, True]] * 2)).shifted(amount)
    assert values.tolist() == [[-INF, -INF, 4.0], [-INF, -INF, 32.0]]
    assert values.behind.tolist() == [[1.5, 2.25, -INF], [8.5, 16.25, -INF]]
    assert brl.mask(values, [[1, 1, 0], [0, 1, 0]]).tolist() == [[1.5, 2.25, -INF], [-INF, 16.25, -INF]]
    assert brl.mask(values, [[1, 1, 0], [0, 1, 1]]).tolist() == [[1.5, 2.25, -INF], [-INF, -INF, 32.0]]
    assert brl.mask(values.reshape(3, 2).shifted(np.ones((3, 2))), np.ones((3, 2), bool))[1].tolist() == [5.0, -INF]


def test_numpy_functions_return_plain_numbers_and_arrays():
    values = UntriedFirst(np.array([0.5, 0.25]), np.array([False, False]))
    zero_dimensional = values[:1].reshape(())
    assert type(np.negative(zero_dimensional)) is np.float64
    assert (np.negative(zero_dimensional), values.sum(), np.add.reduce(values)) == (-0.5, 0.75, 0.75)
    assert type(np.negative(values)) is np.ndarray


def test_slices_and_copies_are_masked_like_the_whole_array():
    values = UntriedFirst(np.array([[0.2, 0.9], [0.3, 0.4]]), np.array([[False, True], [False, False]]))
    for same in (values[:1], values[0][np.newaxis], values[[0, 1]][:1], values.copy()[:1], values[:, ::-1][:1, ::-1]):
        assert brl.mask(same, [[True, False]]).tolist() == [[0.2, -INF]]
    assert copy.copy(values).tolist() == values.tolist()


def test_values_without_any_available_action_are_refused():
    with pytest.raises(ValueError, match="leave no action available"):
        brl.act(brl.Greedy(), np.array([[-INF, 0.0]]), RNG, available=np.array([[1, 0]]))
    with pytest.raises(ValueError, match="leaves no action"):
        brl.mask(brl.UCB1().values(brl.UCB1().start((1, 2), RNG)), [[0, 0]])


def test_the_values_of_one_observation_are_a_row_of_all_values():
    learner, rng = brl.NoiseEstimate(brl.EveryActionFirst(brl.QLearning(0.5))), np.random.default_rng(0)
    state = learner.start((3, 2), rng)
    for action, reward in ((1, 2.0), (0, 1.0)):
        for observation in range(3):
            one, among = values_of(learner, state, observation), np.array([False, True])
            assert one.tolist() == learner.values(state)[observation].tolist()
            assert brl.mask(one, among).tolist() == brl.mask(learner.values(state)[observation], among).tolist()
        seen = brl.Transition(0, 0, action, reward, 1, terminated=False, truncated=False)
        state = learner.update(state, seen, rng)
    assert values_of(learner, state, 0).tolist() == [0.5, 1.0]


def test_a_subclass_that_changes_the_values_changes_those_of_one_observation():
    class Raised(brl.EveryActionFirst):
        def values(self, state):
            return super().values(state) + 7.0

    learner = Raised(brl.QLearning())
    assert values_of(learner, learner.start((3, 2), np.random.default_rng(0)), 1).tolist() == [7.0, 7.0]
