"""Feedback for bandit learners: none is lost or assigned to another arm, and malformed feedback changes nothing."""

import copy
import math
import pickle

import numpy as np
import pytest
from cases import in_one_test

import boltzmann_rl as brl
from boltzmann_rl import learners

ARMS = 3
RNG = np.random.default_rng(0)
REFUSED = (TypeError, ValueError)

# Every bandit learner, and which probabilities it reads: none, that of the chosen action, or those of all actions.
TABLE = [
    (brl.SampleAverage(1.0), "nothing"),
    (brl.SampleAverage(2.0, count_initial=True), "nothing"),
    (brl.ConstantStep(0.3), "nothing"),
    (brl.UCB1(), "nothing"),
    (brl.UCB1(brl.RelativeToNoise(0.7)), "nothing"),
    (brl.UCB1Tuned(), "nothing"),
    (brl.ReinforcementComparison(0.2, 0.1), "nothing"),
    (brl.Pursuit(0.1), "nothing"),
    (brl.BetaPosterior(), "nothing"),
    (brl.GaussianPosterior(), "nothing"),
    (brl.GaussianPosterior(1.0, prior_sd=2.0), "nothing"),
    (brl.GaussianPosterior(brl.RelativeToNoise(0.7)), "nothing"),
    (brl.NoiseEstimate(brl.SampleAverage()), "nothing"),
    (brl.EveryActionFirst(brl.ConstantStep(0.3)), "nothing"),
    (brl.EveryActionFirst(brl.NoiseEstimate(brl.ImportanceWeightedRewards())), "chosen"),
    (brl.GradientPreferences(0.1), "all"),
    (brl.GradientPreferences(0.1, "current"), "all"),
    (brl.GradientPreferences(0.1, 0.5), "all"),
    (brl.ImportanceWeightedRewards(), "chosen"),
    (brl.exp3(ARMS, 0.1).learner, "chosen"),
    (brl.ImportanceWeightedLosses(0.1), "chosen"),
    (brl.GapEstimates(), "chosen"),
    (brl.ChoiceKernel(brl.SampleAverage(), 0.1, 1.0), "nothing"),
    (brl.ChoiceKernel(brl.GradientPreferences(0.1), 0.1, 1.0), "all"),
    (brl.ValueDifference(brl.SampleAverage(), 1.0), "nothing"),
    (brl.ValueDifference(brl.ChoiceKernel(brl.GapEstimates(), 0.1, 1.0), 1.0), "chosen"),
    (brl.RewardBasedDecay(brl.ConstantStep(0.3), 0.0, 0.5, 5), "nothing"),
    (brl.RewardBasedDecay(brl.ImportanceWeightedRewards(), 0.0, 0.5, 5), "chosen"),
]
every_learner = in_one_test(("learner", "reads"), TABLE, ids=[repr(learner) for learner, _ in TABLE])


def test_no_learner_is_missing_from_the_table():
    listed = {type(learner) for learner, _ in TABLE}
    for_environments = {brl.NStep, brl.EligibilityTraces, brl.Reinforce, brl.ActorCritic, brl.DoubleQLearning}
    for_environments |= {brl.QLearning, brl.SARSA, brl.ExpectedSARSA}
    with_contexts = {brl.LinearPreferences}
    classes = {getattr(learners, name) for name in learners.__all__ if name[0].isupper()}
    assert {kind for kind in classes if hasattr(kind, "update")} == listed | for_environments | with_contexts


def arrays_of(state):
    """All arrays of a nested state."""
    if isinstance(state, tuple):
        return [array for part in state for array in arrays_of(part)]
    return [] if isinstance(state, dict) else [state]


def feedback(rng, steps, rows):
    """Actions, rewards of 0 and 1, and the probabilities of all actions, for several steps and rows."""
    p = rng.dirichlet(np.ones(ARMS), size=(steps, rows))
    return rng.integers(ARMS, size=(steps, rows)), (rng.random((steps, rows)) < 0.5) * 1.0, p


def of_chosen(p, action):
    return np.take_along_axis(p, action[..., np.newaxis], axis=-1)[..., 0]


@every_learner
@in_one_test("rows", [1, 2, 5])
def test_rows_learn_as_if_each_was_updated_alone(learner, reads, rows):
    rng = np.random.default_rng(rows)
    actions, rewards, p = feedback(rng, 30, rows)
    together = learner.start((rows, ARMS), rng)
    alone = [learner.start((1, ARMS), rng) for _ in range(rows)]
    for action, reward, weights in zip(actions, rewards, p, strict=True):
        together = learner.update(together, action, reward, weights, rng)
        for row in range(rows):
            told = weights[row] if reads == "all" else float(weights[row, action[row]])
            alone[row] = learner.update(alone[row], int(action[row]), float(reward[row]), told, rng)
    for many, *ones in zip(arrays_of(together), *map(arrays_of, alone), strict=True):
        assert many.tobytes() == np.concatenate(ones).tobytes()


@every_learner
@in_one_test("seed", range(3))
def test_a_log_is_learned_like_single_updates_in_order(learner, reads, seed):
    rng = np.random.default_rng(seed)
    actions, rewards, p = (part[:, 0] for part in feedback(rng, 50, 1))
    one = learner.start((1, ARMS), rng)
    for action, reward, weights in zip(actions, rewards, p, strict=True):
        one = learner.update(one, np.array([action]), np.array([reward]), weights[np.newaxis], rng)
    expected = pickle.dumps(arrays_of(one))
    given = {"nothing": [None, p, of_chosen(p, actions)], "chosen": [p, of_chosen(p, actions).tolist()], "all": [p]}
    for propensities in given[reads]:
        many = brl.learn_from_log(learner, learner.start((1, ARMS), rng), actions, rewards.tolist(), propensities)
        assert pickle.dumps(arrays_of(many)) == expected


@every_learner
def test_every_pull_of_a_log_is_counted_for_its_arm(learner, reads):
    rng = np.random.default_rng(4)
    actions, rewards, p = (part[:, 0] for part in feedback(rng, 200, 1))
    state = brl.learn_from_log(learner, learner.start((1, ARMS), rng), actions, rewards, p)
    while hasattr(state, "learner"):
        state = state.learner
    for counts in (getattr(state, "pulls", None), getattr(getattr(state, "estimates", None), "pulls", None)):
        if counts is not None:
            prior = float(getattr(learner, "count_initial", False))
            assert (counts[0] - prior).tolist() == np.bincount(actions, minlength=ARMS).tolist()
    if hasattr(state, "seen"):
        assert state.seen.tolist() == [200.0]
    if isinstance(learner, brl.BetaPosterior):
        assert (state.a + state.b).tolist() == (2.0 + np.bincount(actions, minlength=ARMS))[np.newaxis].tolist()


WRONG_ACTIONS = {
    "before the first": -1,
    "after the last": ARMS,
    "far beyond": 2**40,
    "unsigned and beyond every integer": np.array([2**64 - 1], dtype=np.uint64),
    "float": 1.0,
    "bool": True,
    "string": "1",
    "none": None,
    "none at all": [],
    "two": [0, 1],
    "a column": [[0]],
    "masked": np.ma.masked_array([1], mask=[True]),
}
WRONG_REWARDS = {
    "nan": math.nan,
    "infinite": -math.inf,
    "complex": 1j,
    "string": "1",
    "none": None,
    "none at all": [],
    "two": [0.0, 1.0],
    "a column": [[1.0]],
    "masked": np.ma.masked_array([1.0], mask=[True]),
    "an object among objects": np.array([None], dtype=object),
}
WRONG_PROBABILITIES = {
    "missing": None,
    "bools": [[True, False, False]],
    "nan": [[math.nan] * ARMS],
    "too few": [[0.5, 0.5]],
    "of two rows": np.full((2, ARMS), 1 / ARMS),
    "of more than 1": [[0.0, 2.0, 0.0]],
    "negative": [[0.5, -0.5, 1.0]],
}


def refused(learner, state, *experience):
    """The error of a refused update; asserts that the state did not change."""
    before, given = pickle.dumps(state), copy.deepcopy(experience)
    with pytest.raises(REFUSED) as caught:
        learner.update(state, *experience, RNG)
    assert pickle.dumps(state) == before
    assert pickle.dumps(experience) == pickle.dumps(given)
    return str(caught.value)


@every_learner
def test_malformed_feedback_is_refused_by_name_and_leaves_the_state_unchanged(learner, reads):
    p = np.full((1, ARMS), 1 / ARMS)
    state = learner.update(learner.start((1, ARMS), RNG), [0], [1.0], p, RNG)
    for wrong in WRONG_ACTIONS.values():
        assert "action" in refused(learner, state, wrong, 1.0, p)
    for wrong in WRONG_REWARDS.values():
        assert "reward" in refused(learner, state, 1, wrong, p)
    for name, wrong in WRONG_PROBABILITIES.items() if reads != "nothing" else ():
        assert "probabilit" in refused(learner, state, 1, 1.0, wrong), name


@every_learner
def test_many_rows_require_exactly_one_action_and_one_reward_each(learner, reads):
    p = np.full((4, ARMS), 1 / ARMS)
    state = learner.update(learner.start((4, ARMS), RNG), [0, 1, 2, 0], [1.0, 0.0, 1.0, 1.0], p, RNG)
    for action in (0, [0], [0, 1, 2], [0, 1, 2, 0, 1], [0, 1, 2, 3], [0, -1, 0, 0], np.zeros((4, 1), int)):
        assert "action" in refused(learner, state, action, np.ones(4), p)
    for reward in (1.0, [1.0], np.ones(3), np.ones((1, 4)), [1.0, 0.0, math.nan, 1.0]):
        assert "reward" in refused(learner, state, [0, 0, 0, 0], reward, p)
    if reads != "nothing":
        assert "probabilities" in refused(learner, state, [0, 0, 0, 0], np.ones(4), p[:1])


@every_learner
def test_a_batch_for_one_row_is_refused_with_the_remedy(learner, reads):
    state, p = learner.start((1, ARMS), RNG), np.full((1, ARMS), 1 / ARMS)
    assert "learn_from_log(learner, state, actions, rewards" in refused(learner, state, [0, 0, 1], [1.0, 0.0, 1.0], p)


@every_learner
def test_a_log_with_a_wrong_decision_is_refused_as_a_whole_by_its_index(learner, reads):
    actions, rewards = np.array([0, 1, 2, 1]), np.array([1.0, 0.0, 1.0, 1.0])
    p = np.full((4, ARMS), 1 / ARMS)
    state = learner.start((1, ARMS), RNG)
    before = pickle.dumps(state)
    wrong_action, wrong_reward, wrong_p = actions.copy(), rewards.copy(), p.copy()
    wrong_action[2], wrong_reward[2], wrong_p[2] = 3, math.nan, [0.5, 0.5, 0.0]
    logs = [(wrong_action, rewards, p), (actions, wrong_reward, p)]
    logs += [(actions, rewards, wrong_p)] if reads == "chosen" else []
    for log in logs:
        with pytest.raises(ValueError, match=r"at index 2|rewards\[2\]"):
            brl.learn_from_log(learner, state, *log)
        assert pickle.dumps(state) == before


@in_one_test(
    ("attempt", "kind", "message"),
    [
        (lambda: log(brl.SampleAverage(), [0, 1], [1.0]), ValueError, r"shape \(n,\).*\(2,\) and \(1,\)"),
        (lambda: log(brl.SampleAverage(), 0, 1.0), ValueError, r"shape \(n,\).*got \(\) and \(\)"),
        (lambda: log(brl.SampleAverage(), [0, 1.0], [1.0, 1.0]), TypeError, "actions must be an integer"),
        (lambda: log(brl.SampleAverage(), [0, 1], [1, 1], [0.5]), ValueError, "propensities must have one entry"),
        (lambda: log(brl.GapEstimates(), [0, 1], [1, 1]), TypeError, "propensities is missing: GapEstimates"),
        (lambda: log(brl.GapEstimates(), [0, 1], [1, 3], [0.5] * 2), ValueError, r"in \[0, 1\].*got 3.0 at index 1"),
        (lambda: log(brl.GapEstimates(), [0, 1], [1, 1], [0.5] * 3), ValueError, r"propensities must .*got \(3,\)"),
        (lambda: log(brl.GapEstimates(), [0, 1], [1, 1], [0.5, 0.0]), ValueError, "probability is 0.0 at index 1"),
        (
            lambda: log(brl.GradientPreferences(0.1), [0, 1], [1, 1], [0.5, 0.5]),
            ValueError,
            r"shape \(2, 3\): GradientPreferences learns from the probabilities of all actions.*got \(2,\)",
        ),
        (lambda: log(brl.QLearning(), [0], [1.0]), TypeError, "must learn from actions and rewards alone, got QLearn"),
        (lambda: log(brl.ValueDifference(brl.SARSA(), 1.0), [0], [1.0]), TypeError, "actions and rewards alone"),
        (lambda: log(brl.LinearPreferences(0.1), [0], [1.0]), TypeError, "actions and rewards alone, got LinearPref"),
        (lambda: brl.learn_from_log(brl.UCB1, None, [0], [1.0]), TypeError, "must be a learner .*got <class"),
        (lambda: brl.learn_from_log(brl.exp3(3, 0.1), None, [0], [1.0]), TypeError, "must be a learner .*got Agent"),
        (
            lambda: brl.learn_from_log(brl.UCB1(), brl.UCB1().start((2, 3), RNG), [0], [1.0]),
            ValueError,
            r"state must have one row.*\(2, 3\)",
        ),
    ],
)
def test_an_invalid_log_is_refused_by_name(attempt, kind, message):
    with pytest.raises(kind, match=message):
        attempt()


def log(learner, *parts):
    return brl.learn_from_log(learner, learner.start((1, ARMS), RNG), *parts)


def test_an_empty_log_changes_nothing():
    learner = brl.SampleAverage(2.0)
    state = learner.start((1, ARMS), RNG)
    assert learner.values(brl.learn_from_log(learner, state, [], [])).tolist() == [[2.0, 2.0, 2.0]]


def test_a_users_learner_draws_from_the_generator_and_reads_the_propensities_of_a_log():
    class Noisy:
        def start(self, shape, rng):
            return np.zeros(shape)

        def values(self, state):
            return state

        def update(self, state, action, reward, probabilities, rng):
            state[0, action[0]] += reward[0] / probabilities[0] + rng.random()
            return state

    noisy = Noisy()
    drawn = np.random.default_rng(5).random(2)
    state = noisy.start((1, 2), RNG)
    brl.learn_from_log(noisy, state, [0, 1], [1.0, 0.0], [0.5, 0.25], rng=np.random.default_rng(5))
    assert state[0].tolist() == [2.0 + drawn[0], drawn[1]]


FORMS = {
    "floats": lambda reward: reward,
    "list": lambda reward: reward.tolist(),
    "float32": lambda reward: reward.astype(np.float32),
    "float16": lambda reward: reward.astype(np.float16),
    "integers": lambda reward: reward.astype(np.int8),
    "bools": lambda reward: reward.astype(bool),
    "objects": lambda reward: reward.astype(object),
    "big-endian": lambda reward: reward.astype(">f8"),
    "every second": lambda reward: np.repeat(reward, 2)[::2],
}


@every_learner
@in_one_test("form", FORMS)
def test_a_reward_is_the_same_number_in_every_form(learner, reads, form):
    actions, rewards, p = feedback(np.random.default_rng(6), 20, 4)
    plain, other = (learner.start((4, ARMS), RNG) for _ in range(2))
    for action, reward, weights in zip(actions, rewards, p, strict=True):
        plain = learner.update(plain, action, reward, weights, RNG)
        other = learner.update(other, action.astype(np.uint8), FORMS[form](reward), weights.tolist(), RNG)
    assert pickle.dumps(arrays_of(other)) == pickle.dumps(arrays_of(plain))


@pytest.mark.parametrize("form", ["integers", "bools", "zero axes"])
def test_one_row_learns_from_plain_numbers_of_any_kind(form):
    action, reward = {"integers": (1, 1), "bools": (1, True), "zero axes": (np.array(1), np.array(1.0))}[form]
    for learner, _ in TABLE:
        p = np.full((1, ARMS), 1 / ARMS)
        told = learner.update(learner.start((1, ARMS), RNG), action, reward, p, RNG)
        expected = learner.update(learner.start((1, ARMS), RNG), np.array([1]), np.array([1.0]), p, RNG)
        assert pickle.dumps(arrays_of(told)) == pickle.dumps(arrays_of(expected))


@every_learner
def test_a_learner_keeps_no_reference_to_its_inputs(learner, reads):
    action, reward, p = np.array([1, 2]), np.array([1.0, 0.0]), np.full((2, ARMS), 1 / ARMS)
    state = learner.update(learner.start((2, ARMS), RNG), action, reward, p, RNG)
    for array in arrays_of(state):
        assert not any(np.shares_memory(array, given) for given in (action, reward, p))


@in_one_test(
    "agent", [brl.exp3(2, 0.1), brl.exp3_ix(2, 30), brl.tsallis_inf(), brl.exp3_plus_plus()], ids=lambda a: repr(a)[:40]
)
@in_one_test(
    "bandit", [brl.GaussianBandit(means=(100.0, 500.0)), brl.AdversarialBandit(((0.5, 1.0), (0.5, 7.0)))], ids=repr
)
def test_adversarial_agents_refuse_rewards_outside_their_range(agent, bandit):
    experiment = brl.BanditExperiment("euros", bandit, {"agent": agent}, runs=400, steps=300)
    with pytest.raises(Exception, match=r"rewards must be in \[0, 1\]"):
        experiment.run(progress=False)


def test_importance_weighted_rewards_alone_are_unbiased_whatever_the_rewards():
    learner = brl.ImportanceWeightedRewards()
    state = learner.update(learner.start((1, 2), RNG), 1, -300.0, 0.5, RNG)
    assert learner.values(state).tolist() == [[0.0, -600.0]]
    with pytest.raises(TypeError, match="bounded must be True or False, got 1"):
        brl.ImportanceWeightedRewards(bounded=1)


def test_a_contextual_learner_takes_one_action_and_one_reward_for_each_context():
    learner, x = brl.LinearPreferences(0.5), np.array([[1.0, 0.0], [0.0, 2.0]])
    p = np.full((2, ARMS), 1 / ARMS)
    state = learner.update(learner.start((2, ARMS), RNG), x, [0, 1], [1.0, 0.0], p, RNG)
    for wrong, name in (
        ((x, [0, 3], [1.0, 0.0], p), "action"),
        ((x, [0, -1], [1.0, 0.0], p), "action"),
        ((x, [0], [1.0, 0.0], p), "action"),
        ((x, [0, 1], [1.0], p), "reward"),
        ((x, [0, 1], [1.0, math.nan], p), "reward"),
        ((x, [0, 1], [1.0, 0.0], p[:1]), "probabilities"),
        ((x, [0, 1], [1.0, 0.0], None), "probabilities"),
        ((x[:1], [0, 1], [1.0, 0.0], p), "action"),
        ((x[:0], [], [], p[:0]), "contexts"),
        ((x[:, :1], [0, 1], [1.0, 0.0], p), "contexts"),
        ((x * math.nan, [0, 1], [1.0, 0.0], p), "contexts"),
    ):
        assert name in refused(learner, state, *wrong)
    plain = learner.update(copy.deepcopy(state), x[0], 2, 1.0, 1 / 3, RNG)
    whole = learner.update(copy.deepcopy(state), x[:1], np.array([2]), np.array([1.0]), p[:1], RNG)
    assert pickle.dumps(arrays_of(plain)) == pickle.dumps(arrays_of(whole))
