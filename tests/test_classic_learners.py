"""Classical learners: scalar versions on any history of actions and rewards, and the published regret of two."""

import math
import statistics

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st

from boltzmann_rl import (
    UCB1,
    Agent,
    BanditExperiment,
    Boltzmann,
    ConstantStep,
    GaussianBandit,
    Greedy,
    SampleAverage,
    UniformMeans,
)
from boltzmann_rl.learners.classic import ChoiceKernel, Pursuit, ReinforcementComparison, UCB1Tuned

RNG = np.random.default_rng(0)
ARMS = 3
TAPES = st.lists(st.tuples(st.integers(0, ARMS - 1), st.floats(-10, 10)), max_size=30)
RATES = st.floats(0.01, 1.0)
close = {"rel": 1e-11, "abs": 1e-11}


def learn(learner, history):
    """The values after a history in the first of two rows; the other row pulls arm 2 without rewards."""
    state = learner.start((2, ARMS), RNG)
    for action, reward in history:
        state = learner.update(state, np.array([action, 2]), np.array([reward, 0.0]), None, RNG)
    return learner.values(state)[0].tolist()


@given(TAPES, st.floats(0.01, 3.0), RATES, st.floats(-2, 2))
@settings(deadline=None, max_examples=100)
def test_reinforcement_comparison_uses_the_reference_before_it_is_updated(history, beta, alpha, reference):
    preferences, r_bar = [0.0] * ARMS, reference
    for action, reward in history:
        preferences[action] += beta * (reward - r_bar)
        r_bar += alpha * (reward - r_bar)
    assert learn(ReinforcementComparison(beta, alpha, reference), history) == pytest.approx(preferences, **close)


@given(TAPES, st.floats(0.01, 0.99), st.floats(-2, 2))
@settings(deadline=None, max_examples=100)
def test_pursuit_moves_its_probabilities_towards_the_greedy_arm(history, beta, initial):
    p, paid = [1 / ARMS] * ARMS, [[] for _ in range(ARMS)]
    averages = SampleAverage(initial)
    state = averages.start((1, ARMS), RNG)
    for action, reward in history:
        paid[action].append(reward)
        state = averages.update(state, np.array([action]), np.array([reward]), None, RNG)
        q = averages.values(state)[0].tolist()  # the same arithmetic, so that ties are the same
        assert q == pytest.approx([statistics.fmean(rewards) if rewards else initial for rewards in paid], **close)
        best = [arm for arm in range(ARMS) if q[arm] == max(q)]
        p = [x + beta * ((arm in best) / len(best) - x) for arm, x in enumerate(p)]
    assert np.exp(learn(Pursuit(beta, initial), history)) == pytest.approx(p, **close)


def test_pursuit_never_loses_an_arm_to_underflow_unless_it_is_greedy_at_once():
    learner = Pursuit(0.5)
    state = learner.start((1, 2), RNG)
    for _ in range(5000):
        state = learner.update(state, np.array([0]), np.array([1.0]), None, RNG)
    assert learner.values(state)[0, 1] == pytest.approx(5000 * math.log(0.5) - math.log(2), rel=1e-12)
    at_once = Pursuit(1.0)
    state = at_once.update(at_once.start((1, 2), RNG), np.array([0]), np.array([1.0]), None, RNG)
    assert at_once.values(state).tolist() == [[0.0, -math.inf]]


def ucb1_tuned_of_the_paper(history):
    paid = [[reward for action, reward in history if action == arm] for arm in range(ARMS)]
    if not all(paid):
        return [-math.inf if rewards else 0.0 for rewards in paid]
    indices = []
    for rewards in paid:
        confidence = math.log(len(history)) / len(rewards)
        variance = statistics.pvariance(rewards) + math.sqrt(2 * confidence)
        indices.append(statistics.fmean(rewards) + math.sqrt(confidence * min(0.25, variance)))
    return indices


@given(TAPES)
@settings(deadline=None, max_examples=150)
def test_ucb1_tuned_indices_are_the_formula_after_every_arm_was_pulled(history):
    assert learn(UCB1Tuned(), history) == pytest.approx(ucb1_tuned_of_the_paper(history), **close)


def test_ucb1_tuned_uses_an_observed_variance_below_a_quarter():
    """Only many rewards with a small variance bring its upper bound below ¼."""
    rng = np.random.default_rng(1)
    history = [(step % ARMS, rng.uniform(0.4, 0.6 + 0.1 * (step % ARMS))) for step in range(400 * ARMS)]
    indices = learn(UCB1Tuned(), history)
    assert indices == pytest.approx(ucb1_tuned_of_the_paper(history), **close)
    assert indices[0] - 0.5 < math.sqrt(math.log(1200) / 400 * 0.25)


@given(TAPES, RATES, st.floats(-5, 5))
@settings(deadline=None, max_examples=100)
def test_a_choice_kernel_adds_a_fading_trace_of_choices(history, rate, weight):
    values = learn(ConstantStep(0.3, 0.5), history)
    for arm in range(ARMS):
        chosen = [action == arm for action, _ in history]
        kernel = sum(rate * (1 - rate) ** age * hit for age, hit in enumerate(reversed(chosen)))
        values[arm] += weight * kernel
    assert learn(ChoiceKernel(ConstantStep(0.3, 0.5), rate, weight), history) == pytest.approx(values, **close)


def test_a_choice_kernel_alone_repeats_choices_as_in_wilson_and_collins():
    """Eq. 6 of their paper: p ∝ exp(β_c·CK), here with β_c = 3 and a kernel rate of 0.2 after one choice."""
    learner = ChoiceKernel(ConstantStep(1.0, 0.0), 0.2, weight=3.0)
    state = learner.update(learner.start((1, 2), RNG), np.array([1]), np.array([0.0]), None, RNG)
    assert Boltzmann(1.0)(learner.values(state), 0)[0, 1] == pytest.approx(1 / (1 + math.exp(-0.6)), rel=1e-15)


@pytest.mark.parametrize("learner", [UCB1(), UCB1Tuned()], ids=repr)
def test_a_softmax_of_indices_tries_every_arm_once_and_then_follows_the_indices(learner):
    rng, policy = np.random.default_rng(1), Boltzmann(0.5)
    state, pulled = learner.start((50, 6), rng), np.zeros((50, 6), dtype=int)
    for step in range(40):
        p = policy(learner.values(state), step)
        if step < 6:
            assert p == pytest.approx((pulled == 0) / (6 - step), abs=1e-15)
        action = (p.cumsum(axis=1) > rng.random((50, 1))).argmax(axis=1)
        pulled[np.arange(50), action] += 1
        state = learner.update(state, action, rng.random(50), p, rng)
    assert pulled.min() >= 1
    assert (p > 0.0).all()


# Kuleshov & Precup, arXiv:1402.6028v1, Figs 1 and 2 (K = 2 and 5): total regret after 1000 turns, mean of 1000 runs.
# (K, σ, α of the reference, β of the preferences): (published, independent simulation, its standard error, sd of a run)
COMPARISON = {
    (2, 0.01, 0.4, 0.98): (3.64, 3.667, 0.014, 0.77),
    (2, 0.1, 0.4, 0.98): (3.82, 3.807, 0.018, 0.99),
    (2, 1.0, 0.4, 0.98): (28.1, 30.129, 0.937, 51.32),
    (5, 0.01, 0.1, 0.95): (10.1, 10.035, 0.052, 2.85),
    (5, 0.1, 0.1, 0.95): (10.3, 10.509, 0.079, 4.33),
    (5, 1.0, 0.01, 0.9): (46.9, 48.702, 0.68, 37.25),
}
TUNED = {
    (2, 0.01): (5.26, 5.345, 0.056, 3.07),
    (2, 0.1): (5.17, 5.33, 0.058, 3.18),
    (2, 1.0): (34.3, 35.846, 1.688, 92.46),
    (5, 0.01): (17.3, 17.16, 0.101, 5.53),
    (5, 0.1): (17.5, 17.072, 0.104, 5.7),
    (5, 1.0): (50.7, 49.03, 1.453, 79.58),
}


def regret(agent, arms, sd, steps):
    experiment = BanditExperiment(
        name="figures",
        problem=GaussianBandit(UniformMeans(0.0, 1.0), arms=arms, sd=sd),
        agents={"agent": agent},
        runs=1000,
        steps=steps,
        seed=7,
    )
    return experiment.run(progress=False).runs["regret"].to_numpy()


def assert_met(total, published, independent, standard_error, sd):
    """|m − o| ≤ 3.5·√(sd²/n + se²) and |m − p| ≤ 3.5·sd·√(1/n + 1/1000)."""
    n = len(total)
    assert abs(total.mean() - independent) <= 3.5 * math.sqrt(sd**2 / n + standard_error**2)
    assert abs(total.mean() - published) <= 3.5 * sd * math.sqrt(1 / n + 1 / 1000)


@pytest.mark.parametrize("setting", COMPARISON)
def test_reinforcement_comparison_has_the_published_regret(setting):
    """The first number of the paper's pair is the rate of the reference, the second that of the preferences."""
    arms, sd, alpha, beta = setting
    agent = Agent(ReinforcementComparison(beta, reference_rate=alpha, reference=1.0), Boltzmann(1.0))
    assert_met(regret(agent, arms, sd, 1000), *COMPARISON[setting])


@pytest.mark.parametrize("setting", TUNED)
def test_ucb1_tuned_has_the_published_regret(setting):
    """The pulls that try each arm once are not charged."""
    arms, sd = setting
    agent = Agent(UCB1Tuned(), Greedy())
    assert_met(regret(agent, arms, sd, 1000 + arms) - regret(agent, arms, sd, arms), *TUNED[setting])


LEARNERS = [
    ReinforcementComparison(0.1, 0.2, 1.0),
    Pursuit(0.1, 2.0),
    UCB1Tuned(),
    ChoiceKernel(SampleAverage(), 0.1, -2.0),
]


@pytest.mark.parametrize("learner", LEARNERS, ids=repr)
def test_each_row_learns_from_its_own_experience_and_the_repr_of_a_learner_is_its_code(learner):
    rng, rows, steps = np.random.default_rng(2), 5, 40
    actions, rewards = rng.integers(ARMS, size=(steps, rows)), rng.standard_normal((steps, rows))
    together = learner.start((rows, ARMS), rng)
    alone = [learner.start((1, ARMS), rng) for _ in range(rows)]
    for action, reward in zip(actions, rewards, strict=True):
        together = learner.update(together, action, reward, None, rng)
        alone = [learner.update(alone[r], action[r : r + 1], reward[r : r + 1], None, rng) for r in range(rows)]
    assert (learner.values(together) == np.concatenate([learner.values(state) for state in alone])).all()
    assert eval(repr(learner)) == learner


@in_one_test(
    ("make", "message"),
    [
        (lambda: ReinforcementComparison(0.0, 0.1), "learning_rate must be above 0"),
        (lambda: ReinforcementComparison(0.1, 1.5), r"must be in \[0, 1\], got 1.5"),
        (lambda: ReinforcementComparison(0.1, 0.1, math.nan), "reference must be .*got nan"),
        (lambda: Pursuit(1.5), r"learning_rate must be in \[0, 1\], got 1.5"),
        (lambda: Pursuit(0.5, math.inf), "initial must be finite, got inf"),
        (lambda: ChoiceKernel(UCB1(), 0.0, 1.0), "learning_rate must be above 0"),
        (lambda: ChoiceKernel(UCB1(), 0.1, math.inf), "weight must be finite, got inf"),
    ],
)
def test_invalid_settings_are_refused_by_name(make, message):
    with pytest.raises(ValueError, match=message):
        make()
