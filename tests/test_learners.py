"""Learners: numbers worked by hand, and slow scalar versions on any history of actions and rewards."""

import math
import statistics

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st

from boltzmann_rl import UCB1, ConstantStep, GradientPreferences, Greedy, QLearning, SampleAverage
from boltzmann_rl.protocols import Transition
from boltzmann_rl.schedules import InverseTime, Linear

RNG = np.random.default_rng(0)
ARMS = 3
REWARDS = st.floats(-10, 10)
# A history: the actions of a run and their rewards.
TAPES = st.lists(st.tuples(st.integers(0, ARMS - 1), REWARDS), max_size=30)


def learn(learner, history, probabilities=None):
    """The values after a history in the first of two rows; the other row pulls arm 2 without rewards."""
    state = learner.start((2, ARMS), RNG)
    for action, reward in history:
        p = None if probabilities is None else np.array([probabilities, np.full(ARMS, 1 / ARMS)])
        state = learner.update(state, np.array([action, 2]), np.array([reward, 0.0]), p, RNG)
    return learner.values(state)[0].tolist()


@in_one_test(
    ("learner", "rewards", "value"),
    [
        (SampleAverage(), [1.0], 1.0),
        (SampleAverage(), [1.0, 2.0, 6.0], 3.0),
        (SampleAverage(initial=5.0), [], 5.0),
        (SampleAverage(initial=5.0), [1.0, 2.0], 1.5),  # the first reward overwrites the 5
        (SampleAverage(initial=5.0, count_initial=True), [1.0], 3.0),
        (SampleAverage(initial=5.0, count_initial=True), [1.0, 2.0, 6.0], 3.5),
        (ConstantStep(0.1, initial=5.0), [0.0, 0.0], 4.05),
        (ConstantStep(0.5), [4.0, 8.0], 5.0),
        (ConstantStep(1.0, initial=9.0), [4.0, 8.0], 8.0),
    ],
    ids=repr,
)
def test_estimates_worked_by_hand(learner, rewards, value):
    initial = learner.initial
    assert learn(learner, [(1, reward) for reward in rewards]) == pytest.approx([initial, value, initial], rel=1e-15)


def test_the_first_reward_overwrites_an_initial_estimate_to_the_last_bit():
    assert learn(SampleAverage(initial=1e300), [(0, 0.1)])[0] == 0.1


@given(TAPES, st.floats(-5, 5), st.booleans())
@settings(deadline=None, max_examples=100)
def test_sample_averages_are_the_mean_rewards_of_each_arm(history, initial, counted):
    expected = []
    for arm in range(ARMS):
        paid = [initial] * counted + [reward for action, reward in history if action == arm]
        expected.append(statistics.fmean(paid) if paid else initial)
    assert learn(SampleAverage(initial, counted), history) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(TAPES, st.floats(0.01, 1), st.floats(-5, 5))
@settings(deadline=None, max_examples=100)
def test_a_constant_step_size_weighs_rewards_exponentially_by_recency(history, rate, initial):
    expected = []
    for arm in range(ARMS):
        paid = [reward for action, reward in history if action == arm]
        weights = [rate * (1 - rate) ** age for age in range(len(paid))]  # eq. 2.6 of Sutton & Barto (2018)
        recent = sum(weight * reward for weight, reward in zip(weights, reversed(paid), strict=True))
        expected.append((1 - rate) ** len(paid) * initial + recent)
    assert learn(ConstantStep(rate, initial), history) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("baseline", "preferences"), [("previous", [-0.1, 0.1]), ("current", [-0.05, 0.05]), (0.0, [-0.1, 0.1])]
)
def test_two_steps_of_gradient_ascent_worked_by_hand(baseline, preferences):
    """Rewards 1 and 3, baselines (1, 1), (1, 2) and (0, 0): the first two learn nothing from the first reward."""
    learner, half = GradientPreferences(0.1, baseline), np.array([[0.5, 0.5]])
    state = learner.start((1, 2), RNG)
    state = learner.update(state, np.array([0]), np.array([1.0]), half, RNG)
    first = [0.05, -0.05] if baseline == 0.0 else [0.0, 0.0]
    assert learner.values(state)[0].tolist() == pytest.approx(first, abs=1e-15)
    state = learner.update(state, np.array([1]), np.array([3.0]), half, RNG)
    assert learner.values(state)[0].tolist() == pytest.approx(preferences, abs=1e-15)


@given(
    TAPES,
    st.floats(0.01, 2),
    st.sampled_from(["previous", "current", 0.0, 0.5]),
    st.lists(st.floats(0.1, 1), min_size=ARMS, max_size=ARMS),
)
@settings(deadline=None, max_examples=150)
def test_gradient_preferences_agree_with_a_scalar_loop(history, rate, baseline, weights):
    pi = [weight / sum(weights) for weight in weights]
    preferences, seen = [0.0] * ARMS, []
    for action, reward in history:
        before = statistics.fmean(seen) if seen else reward
        seen.append(reward)
        reference = {"previous": before, "current": statistics.fmean(seen)}.get(baseline, baseline)
        for arm in range(ARMS):
            preferences[arm] += rate * (reward - reference) * ((arm == action) - pi[arm])
    learned = learn(GradientPreferences(rate, baseline), history, pi)
    assert learned == pytest.approx(preferences, rel=1e-10, abs=1e-11)
    assert sum(learned) == pytest.approx(0.0, abs=1e-10)  # the preferences always sum to 0


def test_gradient_ascent_with_a_baseline_is_invariant_to_an_offset_of_all_rewards():
    history, pi = [(0, 1.0), (1, 3.0), (2, -2.0), (1, 0.5)], [0.2, 0.3, 0.5]
    lifted = [(action, reward + 100.0) for action, reward in history]
    for baseline in ("previous", "current"):
        learner = GradientPreferences(0.1, baseline)
        assert learn(learner, lifted, pi) == pytest.approx(learn(learner, history, pi), abs=1e-11)


def test_ucb1_pulls_every_arm_once_before_it_prefers_any():
    learner, rng = UCB1(), np.random.default_rng(1)
    state, policy = learner.start((50, 7), rng), Greedy()
    pulled = np.zeros((50, 7), dtype=int)
    for step in range(7):
        p = policy(learner.values(state), step)
        assert (p[pulled > 0] == 0.0).all()
        action = (p.cumsum(axis=1) > rng.random((50, 1))).argmax(axis=1)
        pulled[np.arange(50), action] += 1
        state = learner.update(state, action, rng.standard_normal(50), p, rng)
    assert (pulled == 1).all()
    assert len({tuple(row) for row in np.argsort(learner.values(state))}) > 1
    assert np.isfinite(learner.values(state)).all()


def test_the_first_pull_of_an_arm_of_value_0_counts_as_a_pull():
    learner = UCB1()
    state = learner.update(learner.start((1, 2), RNG), np.array([0]), np.array([0.0]), None, RNG)
    assert learner.values(state).tolist() == [[-math.inf, 0.0]]


@given(TAPES, st.floats(0, 3))
@settings(deadline=None, max_examples=100)
def test_ucb1_indices_are_the_formula_after_every_arm_was_pulled(history, exploration):
    paid = {arm: [reward for action, reward in history if action == arm] for arm in range(ARMS)}
    if all(paid.values()):
        expected = [
            statistics.fmean(paid[arm]) + exploration * math.sqrt(math.log(len(history)) / len(paid[arm]))
            for arm in range(ARMS)
        ]
    else:
        expected = [-math.inf if paid[arm] else 0.0 for arm in range(ARMS)]
    assert learn(UCB1(exploration), history) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    "learner", [SampleAverage(2.0), ConstantStep(0.3, 2.0), GradientPreferences(0.2), UCB1()], ids=repr
)
def test_each_row_learns_from_its_own_experience(learner):
    rng, rows, steps = np.random.default_rng(2), 5, 40
    actions, rewards = rng.integers(ARMS, size=(steps, rows)), rng.standard_normal((steps, rows))
    p = np.full((rows, ARMS), 1 / ARMS)
    together = learner.start((rows, ARMS), rng)
    alone = [learner.start((1, ARMS), rng) for _ in range(rows)]
    for action, reward in zip(actions, rewards, strict=True):
        together = learner.update(together, action, reward, p, rng)
        alone = [learner.update(alone[r], action[r : r + 1], reward[r : r + 1], p[:1], rng) for r in range(rows)]
    assert (learner.values(together) == np.concatenate([learner.values(state) for state in alone])).all()


def transition(step=0, observation=0, action=0, reward=0.0, to=1, terminated=False, truncated=False, mask=None):
    return Transition(step, observation, action, reward, to, terminated, truncated, mask)


@in_one_test(
    ("seen", "value"),
    [
        (transition(reward=-1.0), 0.5 * (-1 + 0.9 * 3)),
        (transition(reward=-1.0, terminated=True), 0.5 * -1),
        (transition(reward=-1.0, truncated=True), 0.5 * (-1 + 0.9 * 3)),
        (transition(reward=-1.0, terminated=True, truncated=True), 0.5 * -1),
        (transition(reward=-1.0, mask=np.array([True, False, True])), 0.5 * (-1 + 0.9 * 2)),
        (transition(reward=-1.0, terminated=True, mask=np.array([False, False, False])), 0.5 * -1),
    ],
    ids=["goes on", "terminated", "truncated", "both", "masked", "nothing left"],
)
def test_one_update_of_q_learning_worked_by_hand(seen, value):
    learner = QLearning(learning_rate=0.5, discount=0.9)
    table = learner.start((2, 3), RNG)
    table[1] = 1.0, 3.0, 2.0
    table = learner.update(table, seen, RNG)
    assert learner.values(table).tolist() == [[pytest.approx(value, rel=1e-15), 0.0, 0.0], [1.0, 3.0, 2.0]]


def test_the_learning_rate_follows_its_schedule_over_all_steps():
    learner = QLearning(learning_rate=Linear(1.0, 0.0, steps=4), discount=0.0)
    table = learner.start((1, 1), RNG)
    seen = []
    for step in range(6):
        table = learner.update(table, transition(step, reward=1.0 + step, to=0), RNG)
        seen.append(float(table[0, 0]))
    # Rates 1, ¾, ½, ¼, 0, 0 on rewards 1 … 6.
    assert seen == pytest.approx([1.0, 1.75, 2.375, 2.78125, 2.78125, 2.78125], rel=1e-15)


@st.composite
def episodes_of_a_small_world(draw):
    size = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    states, actions = st.integers(0, size[0] - 1), st.integers(0, size[1] - 1)
    masks = st.none() | st.lists(st.booleans(), min_size=size[1], max_size=size[1]).filter(any)
    step = st.tuples(states, actions, REWARDS, states, st.booleans(), st.booleans(), masks)
    return size, draw(st.lists(step, max_size=25))


@given(
    episodes_of_a_small_world(),
    st.sampled_from([0.0, 0.3, 1.0, InverseTime(1.0, 0.5)]),
    st.floats(0, 1),
    st.floats(-3, 3),
)
@settings(deadline=None, max_examples=150)
def test_q_learning_agrees_with_a_table_kept_by_hand(world, rate, discount, initial):
    (states, actions), steps = world
    learner = QLearning(rate, discount, initial)
    state = learner.start((states, actions), RNG)
    q = {(s, a): initial for s in range(states) for a in range(actions)}
    for now, (s, a, r, to, terminated, truncated, allowed) in enumerate(steps):
        mask = None if allowed is None else np.array(allowed)
        state = learner.update(state, transition(now, s, a, r, to, terminated, truncated, mask), RNG)
        following = max(q[to, b] for b in range(actions) if allowed is None or allowed[b])
        step_size = rate if isinstance(rate, float) else rate(now)
        q[s, a] += step_size * (r + (0.0 if terminated else discount * following) - q[s, a])
    flat = [q[s, a] for s in range(states) for a in range(actions)]
    assert learner.values(state).ravel().tolist() == pytest.approx(flat, rel=1e-12, abs=1e-12)


@in_one_test(
    ("make", "kind", "message"),
    [
        (lambda: SampleAverage(math.nan), ValueError, "initial must be .*got nan"),
        (lambda: SampleAverage("1"), TypeError, "initial must be a number, got '1'"),
        (lambda: ConstantStep(0.0), ValueError, "learning_rate must be above 0.*got 0"),
        (lambda: ConstantStep(1.5), ValueError, r"learning_rate must be in \[0, 1\], got 1.5"),
        (lambda: ConstantStep(-0.5), ValueError, "learning_rate must be .*got -0.5"),
        (lambda: ConstantStep(True), TypeError, "learning_rate must be a number, got True"),
        (lambda: GradientPreferences(math.inf), ValueError, "learning_rate must be .*finite, got inf"),
        (lambda: GradientPreferences(math.nan), ValueError, "learning_rate must be .*got nan"),
        (lambda: GradientPreferences(0.1, "mean"), ValueError, "baseline must be 'previous', .*got 'mean'"),
        (lambda: UCB1(-1.0), ValueError, "exploration must be .*got -1"),
        (lambda: UCB1(math.inf), ValueError, "exploration must be finite, got inf"),
        (lambda: QLearning(1.1), ValueError, r"learning_rate must be in \[0, 1\], got 1.1"),
        (lambda: QLearning("fast"), TypeError, "learning_rate must be a number, got 'fast'"),
        (lambda: QLearning(discount=1.01), ValueError, r"discount must be in \[0, 1\], got 1.01"),
        (lambda: QLearning(discount=math.nan), ValueError, "discount must be .*got nan"),
        (lambda: QLearning(initial=-math.inf), ValueError, "initial must be finite, got -inf"),
    ],
)
def test_invalid_settings_are_refused_by_name(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


@in_one_test("learner", [SampleAverage(), ConstantStep(1), GradientPreferences(1), UCB1(2), QLearning(1, 1)], ids=repr)
def test_the_repr_of_a_learner_is_its_code_and_each_start_makes_a_new_state(learner):
    assert eval(repr(learner)) == learner
    one, other = learner.start((2, 2), RNG), learner.start((2, 2), RNG)
    assert not np.shares_memory(learner.values(one), learner.values(other))
