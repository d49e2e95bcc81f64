"""Adaptive exploration (VDBE, RBED): the laws of its policies, scalar versions of its learners, and a falling ε."""

import math
from dataclasses import dataclass, field

import gymnasium
import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st

from boltzmann_rl import (
    SARSA,
    UCB1,
    Agent,
    BernoulliBandit,
    Boltzmann,
    ChoiceKernel,
    ConstantStep,
    DoubleQLearning,
    EligibilityTraces,
    EpsilonGreedy,
    MaxBoltzmann,
    NStep,
    QLearning,
    SampleAverage,
    check_policy,
    play,
    train,
)
from boltzmann_rl.engines.reference.bandits import simulate
from boltzmann_rl.learners.feedback import RewardBasedDecay, ValueDifference
from boltzmann_rl.policies.feedback import AdaptiveEpsilonGreedy, AdaptiveMaxBoltzmann
from boltzmann_rl.protocols import Transition, memory_of
from boltzmann_rl.schedules import InverseTime

RNG = np.random.default_rng(0)
POLICIES = [
    AdaptiveEpsilonGreedy(),
    AdaptiveMaxBoltzmann(),
    AdaptiveMaxBoltzmann(0.0),
    AdaptiveMaxBoltzmann(0.3),
    AdaptiveMaxBoltzmann(InverseTime(1.0, 0.1)),
]


@pytest.mark.parametrize(
    ("policy", "epsilon"),
    [(POLICIES[0], 0.0), *((policy, 0.3) for policy in POLICIES[1:]), (POLICIES[0], 1.0), (POLICIES[3], 1.0)],
    ids=repr,
)
def test_policies_obey_the_laws(policy, epsilon):
    laws = check_policy(policy, memory=lambda values: np.full(values.shape[:-1], epsilon))
    assert "only differences count" in laws


VALUES = np.array([[0.0, 1.0, -3.0], [2.0, 2.0, -np.inf], [5.0, -np.inf, -np.inf]])
EPSILON = np.array([0.1, 0.5, 1.0])


def test_adaptive_epsilon_greedy_is_epsilon_greedy_row_by_row():
    p = AdaptiveEpsilonGreedy()(VALUES, 0, EPSILON)
    assert p == pytest.approx(np.array([EpsilonGreedy(e)(v, 0) for v, e in zip(VALUES, EPSILON, strict=True)]))


@pytest.mark.parametrize("temperature", [0.0, 0.2, 5.0, math.inf])
def test_adaptive_max_boltzmann_is_max_boltzmann_row_by_row(temperature):
    p = AdaptiveMaxBoltzmann(temperature)(VALUES, 0, EPSILON)
    expected = [MaxBoltzmann(e, temperature)(v, 0) for v, e in zip(VALUES, EPSILON, strict=True)]
    assert p == pytest.approx(np.array(expected), rel=1e-14)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
def test_the_default_temperature_is_1_on_values_rescaled_to_plus_and_minus_one(scale):
    rescaled = np.array([[0.5, 1.0, -1.0], [0.0, 0.0, -np.inf], [0.0, -np.inf, -np.inf]])
    p = AdaptiveMaxBoltzmann()(VALUES * scale, 0, EPSILON)
    expected = [MaxBoltzmann(e, 1.0)(v, 0) for v, e in zip(rescaled, EPSILON, strict=True)]
    assert p == pytest.approx(np.array(expected), rel=1e-14)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(-10, 10)), max_size=30),
    st.floats(0.01, 10),
    st.none() | st.floats(0.01, 1),
)
@settings(deadline=None, max_examples=100)
def test_vdbe_on_a_bandit_agrees_with_a_scalar_loop(history, sigma, rate):
    q, epsilon, delta = [0.5] * 3, 1.0, rate or 1 / 3
    learner = ValueDifference(ConstantStep(0.4, 0.5), sigma, rate)
    state = learner.start((2, 3), RNG)
    for action, reward in history:
        change = 0.4 * (reward - q[action])
        q[action] += change
        f = (1 - math.exp(-abs(change) / sigma)) / (1 + math.exp(-abs(change) / sigma))
        epsilon = delta * f + (1 - delta) * epsilon
        state = learner.update(state, np.array([action, 0]), np.array([reward, 0.0]), None, RNG)
    assert learner.values(state)[0] == pytest.approx(q, rel=1e-12, abs=1e-12)
    assert learner.memory(state)[0] == pytest.approx(epsilon, rel=1e-11)


def test_the_f_of_vdbe_is_the_difference_of_two_boltzmann_probabilities():
    """Tokic (2010), eq. 4: |softmax of (Q before, Q after)/σ|, the first less the second."""
    learner = ValueDifference(ConstantStep(1.0), inverse_sensitivity=0.7, rate=1.0)
    state = learner.update(learner.start((1, 2), RNG), np.array([0]), np.array([0.9]), None, RNG)
    p = Boltzmann(0.7)([0.0, 0.9], 0)
    assert learner.memory(state)[0] == pytest.approx(abs(p[0] - p[1]), rel=1e-14)


def transition(step, observation, action, reward, to, terminated=False, truncated=False):
    return Transition(step, observation, action, reward, to, terminated, truncated, None)


def test_vdbe_on_a_table_updates_the_epsilon_of_the_state_that_was_left():
    """Tokic & Palm (2011): two states, α = ½, δ = ½ by default, σ = 1."""
    learner = ValueDifference(QLearning(0.5, discount=0.9), inverse_sensitivity=1.0)
    state = learner.start((2, 2), RNG)
    state = learner.update(state, transition(0, 0, 1, 1.0, 1), RNG)
    assert learner.memory(state).tolist() == [pytest.approx(0.5 * math.tanh(0.25) + 0.5, rel=1e-15), 1.0]
    state = learner.update(state, transition(1, 1, 0, 0.0, 0), RNG)  # target 0.9·0.5, change 0.225
    assert learner.memory(state)[1] == pytest.approx(0.5 * math.tanh(0.1125) + 0.5, rel=1e-15)
    assert learner.values(state) == pytest.approx(np.array([[0.0, 0.5], [0.225, 0.0]]), rel=1e-15)


def f(change, sigma=1.0):
    """Equation 5 of Tokic (2010), as it is printed."""
    x = abs(change) / sigma
    return (1.0 - math.exp(-x)) / (1.0 + math.exp(-x))


def seen(here, action, reward, there, over="", environment=0, **more):
    ends = {"terminated": over == "terminated", "truncated": over == "truncated"}
    return Transition(0, here, action, reward, there, environment=environment, **ends, **more)


def epsilons_after(learner, shape, transitions):
    state = learner.start(shape, RNG)
    for transition in transitions:
        state = learner.update(state, transition, RNG)
    return learner.memory(state).tolist()


def test_vdbe_with_n_step_returns_updates_the_epsilon_of_the_state_whose_value_changed():
    learner = ValueDifference(NStep(QLearning(1.0), 2), inverse_sensitivity=1.0, rate=0.5)
    walk = [seen(0, 0, 5.0, 1), seen(1, 1, 0.0, 2)]
    assert epsilons_after(learner, (3, 2), walk[:1]) == [1.0, 1.0, 1.0]  # no value has moved yet
    assert epsilons_after(learner, (3, 2), walk) == pytest.approx([0.5 + 0.5 * f(5.0), 1.0, 1.0], rel=1e-14)


@pytest.mark.parametrize("over", ["terminated", "truncated"])
def test_vdbe_with_n_step_returns_updates_all_waiting_epsilons_at_the_end_of_an_episode(over):
    learner = ValueDifference(NStep(QLearning(0.5), 3), inverse_sensitivity=2.0, rate=0.25)
    changes = {0: 0.5 * 7.0, 1: 0.5 * 6.0, 2: 0.5 * 4.0}  # returns 1 + 2 + 4, 2 + 4 and 4; what follows is worth 0
    walk = [seen(0, 0, 1.0, 1), seen(1, 0, 2.0, 2), seen(2, 1, 4.0, 3, over)]
    expected = [0.75 + 0.25 * f(changes[row], 2.0) for row in range(3)]
    assert epsilons_after(learner, (4, 2), walk) == pytest.approx([*expected, 1.0], rel=1e-14)


def test_vdbe_applies_the_updates_of_one_state_one_after_the_other():
    learner = ValueDifference(NStep(QLearning(0.5), 9), inverse_sensitivity=1.0, rate=0.5)
    # The returns are 4 and 3: the value goes from 0 to 2, and from there to 2.5.
    found = epsilons_after(learner, (1, 1), [seen(0, 0, 1.0, 0), seen(0, 0, 3.0, 0, "terminated")])
    once = 0.5 + 0.5 * f(2.0)
    assert found == pytest.approx([0.5 * once + 0.5 * f(0.5)], rel=1e-14)


def test_vdbe_keeps_the_environments_apart():
    learner = ValueDifference(NStep(QLearning(1.0), 2), inverse_sensitivity=1.0, rate=0.5)
    mixed = [
        seen(0, 0, 5.0, 1, environment=0),
        seen(2, 0, 1.0, 3, environment=1),
        seen(3, 0, 1.0, 0, environment=1),
    ]
    assert epsilons_after(learner, (4, 1), mixed) == pytest.approx([1.0, 1.0, 0.5 + 0.5 * f(2.0), 1.0], rel=1e-14)


@pytest.mark.parametrize("inner", [QLearning(0.3, 0.9), SARSA(0.3, 0.9)], ids=repr)
@pytest.mark.parametrize(
    "around", [lambda learner: NStep(learner, 1), lambda learner: EligibilityTraces(learner, 0.0)], ids=["n=1", "λ=0"]
)
def test_vdbe_with_a_one_step_return_equals_vdbe_with_the_plain_learner(inner, around):
    rng = np.random.default_rng(3)
    walk, here = [], 0
    for _ in range(200):
        action, reward, there, after = *rng.integers(3, size=2).tolist(), *rng.integers(4, size=2).tolist()
        over = ("", "", "", "terminated", "truncated")[rng.integers(5)]
        walk.append(seen(here, action, reward * 0.7, there, over, next_action=after % 3))
        here = there
    plain, wrapped = (ValueDifference(learner, inverse_sensitivity=0.5) for learner in (inner, around(inner)))
    assert epsilons_after(wrapped, (4, 3), walk) == pytest.approx(epsilons_after(plain, (4, 3), walk), rel=1e-12)


def test_vdbe_with_traces_updates_only_the_visited_state():
    learner = ValueDifference(EligibilityTraces(SARSA(0.5), decay=0.5), inverse_sensitivity=1.0, rate=0.5)
    walk = [seen(0, 0, 0.0, 1, next_action=0), seen(1, 0, 4.0, 2, "terminated")]  # the second also moves state 0, by 1
    assert epsilons_after(learner, (3, 1), walk) == pytest.approx([0.5, 0.5 + 0.5 * f(2.0), 1.0], rel=1e-14)


def test_vdbe_with_double_q_learning_measures_the_mean_of_the_tables():
    learner = ValueDifference(DoubleQLearning(1.0), inverse_sensitivity=1.0, rate=0.5)
    assert epsilons_after(learner, (2, 1), [seen(0, 0, 4.0, 1)])[0] == pytest.approx(0.5 + 0.5 * f(2.0), rel=1e-14)


@pytest.mark.parametrize("stacked", [lambda learner: learner, lambda x: RewardBasedDecay(x, 0.0, 1.0, 4)])
def test_vdbe_works_at_any_depth_of_wrapped_learners(stacked):
    learner = ValueDifference(stacked(NStep(QLearning(1.0), 2)), inverse_sensitivity=1.0, rate=0.5)
    walk = [seen(0, 0, 5.0, 1), seen(1, 1, 0.0, 2)]
    assert epsilons_after(learner, (3, 2), walk) == pytest.approx([0.5 + 0.5 * f(5.0), 1.0, 1.0], rel=1e-14)


def test_rbed_wrapping_vdbe_counts_the_same_returns_as_rbed_alone():
    for inner in (QLearning(1.0), NStep(QLearning(1.0), 2)):
        learner = RewardBasedDecay(inner, threshold=3.0, increment=1.0, steps=4)
        moved = learner.start((2, 1), RNG)
        for transition in (seen(0, 0, 2.0, 1), seen(1, 0, 2.0, 0, "truncated")):
            moved, _ = learner.update_with_changes(moved, transition, RNG)
        assert learner.memory(moved).tolist() == [0.75, 0.75]


@pytest.mark.parametrize("inner", [QLearning(0.5), NStep(QLearning(0.5), 2)], ids=repr)
@pytest.mark.parametrize("features", [np.array([0, 2]), np.array([0.5, 0.0, 1.0])], ids=["active", "real"])
def test_vdbe_refuses_features_because_they_have_no_row_for_an_epsilon(inner, features):
    learner = ValueDifference(inner, inverse_sensitivity=1.0)
    with pytest.raises(TypeError, match=r"ε needs observations that are indices, got the features"):
        learner.update(learner.start((3, 2), RNG), seen(features, 0, 1.0, features), RNG)


def test_vdbe_with_ucb_handles_untried_arms_without_warnings():
    learner = ValueDifference(UCB1(1.0), inverse_sensitivity=1.0, rate=0.5)
    state = learner.start((1, 3), RNG)
    with np.errstate(all="raise"):
        for arm in (0, 0, 1, 2, 1):  # the second time arm 0 is hidden before and after
            state = learner.update(state, np.array([arm]), np.array([1.0]), None, RNG)
    assert 0.0 < learner.memory(state)[0] <= 1.0


def test_rbed_lowers_epsilon_as_the_authors_code_does_on_cart_pole_rewards():
    """REWARD_TARGET 195 in as many steps, threshold 0, increment 1, ε from 1 to 0."""
    learner = RewardBasedDecay(QLearning(), threshold=0.0, increment=1.0, steps=195)
    state = learner.start((2, 2), RNG)
    epsilon, threshold, delta = 1.0, 0.0, 1.0 / 195
    for episode, length in enumerate(np.random.default_rng(1).integers(0, 220, size=1000)):
        for _ in range(length % 4):  # only the sum of an episode's rewards counts
            state = learner.update(state, transition(0, 0, 0, 10.0, 1), RNG)
        last = float(length - 10 * (length % 4))
        ends = {"terminated": episode % 2 == 0, "truncated": episode % 2 == 1}
        state = learner.update(state, transition(0, 1, 0, last, 0, **ends), RNG)
        if epsilon > 1e-9 and length >= threshold:
            epsilon, threshold = epsilon - delta, threshold + 1
        assert learner.memory(state) == pytest.approx([epsilon, epsilon], abs=1e-12)
    assert 0.0 <= epsilon < 0.5


def test_rbed_sums_the_rewards_of_each_environment_separately():
    learner = RewardBasedDecay(QLearning(), threshold=5.0, increment=0.0, steps=10)
    state = learner.start((2, 2), RNG)
    for _ in range(4):  # one environment alone is at 4 in the end, two together would be at 8
        for environment in (0, 1):
            seen = transition(0, 0, 0, 1.0, 1)._replace(environment=environment)
            state = learner.update(state, seen, RNG)
    state = learner.update(state, transition(0, 0, 0, 0.0, 1, truncated=True)._replace(environment=0), RNG)
    assert learner.memory(state).tolist() == [1.0, 1.0]
    state = learner.update(state, transition(0, 0, 0, 1.0, 1, terminated=True)._replace(environment=1), RNG)
    assert learner.memory(state).tolist() == [0.9, 0.9]


def test_rbed_on_a_bandit_keeps_a_threshold_per_row_and_stops_at_the_minimum():
    learner = RewardBasedDecay(SampleAverage(), threshold=1.0, increment=0.5, steps=2, minimum=0.2)
    state = learner.start((2, 2), RNG)
    seen = []
    for rewards in ((1.0, 0.9), (1.4, 1.0), (1.5, 1.4), (9.0, 1.5)):
        state = learner.update(state, np.array([0, 1]), np.array(rewards), None, RNG)
        seen.append(learner.memory(state).tolist())
    assert np.array(seen) == pytest.approx(np.array([[0.6, 1.0], [0.6, 0.6], [0.2, 0.6], [0.2, 0.2]]), rel=1e-15)


BY_RETURN = {"threshold": 0.5, "increment": 0.0, "steps": 50}
ORDERS = {
    "RBED, a habit of any weight": (
        ChoiceKernel(RewardBasedDecay(SampleAverage(), **BY_RETURN), learning_rate=0.1, weight=1.0),
        RewardBasedDecay(ChoiceKernel(SampleAverage(), learning_rate=0.1, weight=1.0), **BY_RETURN),
    ),
    "VDBE, a habit without weight": (
        ChoiceKernel(ValueDifference(SampleAverage(), 1.0), learning_rate=0.1, weight=0.0),
        ValueDifference(ChoiceKernel(SampleAverage(), learning_rate=0.1, weight=0.0), 1.0),
    ),
}


@pytest.mark.parametrize("order", ORDERS)
def test_learners_wrap_each_other_in_either_order(order):
    one, other = (
        simulate(
            BernoulliBandit((0.2, 0.8, 0.4)), Agent(x, AdaptiveMaxBoltzmann()), block=0, runs=20, steps=200, seed=0
        )
        for x in ORDERS[order]
    )
    assert all((one.totals[metric] == other.totals[metric]).all() for metric in one.totals)
    entropy = one.curves["entropy"].mean
    assert (entropy == other.curves["entropy"].mean).all()
    assert entropy[0] == pytest.approx(math.log(3))
    assert entropy[-1] < entropy[0]


def test_vdbe_inside_a_choice_kernel_follows_only_the_changes_of_the_values():
    alone = ValueDifference(SampleAverage(), 1.0)
    habit = ChoiceKernel(alone, learning_rate=0.1, weight=5.0)
    assert Agent(habit, AdaptiveEpsilonGreedy()).learner == habit
    state, wrapped = alone.start((1, 2), RNG), habit.start((1, 2), RNG)
    for arm, reward in ((0, 1.0), (1, 0.0), (0, 0.5)):
        state = alone.update(state, np.array([arm]), np.array([reward]), None, RNG)
        wrapped = habit.update(wrapped, np.array([arm]), np.array([reward]), None, RNG)
        assert memory_of(habit, wrapped).tolist() == alone.memory(state).tolist()


def test_a_learner_without_memory_at_any_depth_is_refused_by_policies_that_need_one():
    with pytest.raises(TypeError, match="needs a learner with memory"):
        Agent(ChoiceKernel(SampleAverage(), 0.1, 1.0), AdaptiveEpsilonGreedy())


@pytest.mark.parametrize("policy", [AdaptiveEpsilonGreedy(), AdaptiveMaxBoltzmann()], ids=repr)
def test_vdbe_on_a_bandit_explores_at_first_and_hardly_at_the_end(policy):
    agent = Agent(ValueDifference(SampleAverage(), inverse_sensitivity=1.0), policy)
    curves = simulate(BernoulliBandit((0.2, 0.8, 0.4)), agent, block=0, runs=200, steps=400, seed=0).curves
    assert curves["effective_actions"].mean[0] == pytest.approx(3.0)
    assert curves["effective_actions"].mean[-1] < 1.1
    assert curves["best_action"].mean[-50:].mean() > 0.7


@dataclass(frozen=True)
class Noted:
    """A policy that records the ε that it gets."""

    policy: object
    seen: list = field(default_factory=list)
    takes_memory = True

    def __call__(self, values, step, epsilon):
        self.seen.append(float(epsilon))
        return self.policy(values, step, epsilon)


@pytest.mark.parametrize("policy", [AdaptiveEpsilonGreedy(), AdaptiveMaxBoltzmann()], ids=repr)
@pytest.mark.parametrize("name", ["CliffWalking-v1", "FrozenLake-v1"])
def test_epsilon_of_vdbe_falls_as_values_converge(name, policy):
    options = {"is_slippery": False} if name == "FrozenLake-v1" else {}
    env = gymnasium.make(name, max_episode_steps=200, **options)
    learner = ValueDifference(QLearning(0.5, discount=0.95), inverse_sensitivity=1.0)
    noted = Noted(policy)
    for step, _ in enumerate(play(env, Agent(learner, noted), seed=4)):
        if step == 6000:
            break
    assert noted.seen[0] == 1.0
    assert np.mean(noted.seen[:20]) > 0.5
    assert np.mean(noted.seen[-300:]) < 0.01


@pytest.mark.parametrize(
    "learner",
    [
        ValueDifference(QLearning(0.5), inverse_sensitivity=1.0),
        RewardBasedDecay(QLearning(0.5), threshold=-3500.0, increment=35.0, steps=90),
    ],
    ids=repr,
)
def test_agents_with_adaptive_epsilon_learn_the_shortest_path_along_the_cliff(learner):
    env = gymnasium.make("CliffWalking-v1", max_episode_steps=300)
    noted = Noted(AdaptiveEpsilonGreedy())
    episodes = list(train(env, Agent(learner, noted), episodes=250, seed=5))
    assert [episode.total_reward for episode in episodes[-20:]] == pytest.approx([-13.0] * 20, abs=4.0)
    assert noted.seen[0] == 1.0
    assert noted.seen[-1] < 0.02
    assert episodes[0].total_reward < -100.0


@in_one_test(
    ("attempt", "kind", "message"),
    [
        (lambda: ValueDifference(SampleAverage(), 0.0), ValueError, "inverse_sensitivity must be above 0"),
        (lambda: ValueDifference(SampleAverage(), 1.0, 0.0), ValueError, "rate must be above 0"),
        (lambda: ValueDifference(SampleAverage(), 1.0, 1.5), ValueError, r"rate must be in \[0, 1\], got 1.5"),
        (lambda: RewardBasedDecay(QLearning(), 0.0, -1.0, 10), ValueError, "increment must be .*got -1"),
        (lambda: RewardBasedDecay(QLearning(), 0.0, 1.0, 0), ValueError, "steps must be 1 or more, got 0"),
        (lambda: RewardBasedDecay(QLearning(), 0.0, 1.0, 1, 2.0), ValueError, r"minimum must be in \[0, 1\], got 2"),
        (lambda: AdaptiveMaxBoltzmann(-1.0), ValueError, "temperature must be 0 or more, got -1"),
        (lambda: AdaptiveMaxBoltzmann("1"), TypeError, "temperature must be a number, got '1'"),
        (lambda: AdaptiveEpsilonGreedy()([0.0, 1.0], 0, [0.1, 0.1]), ValueError, "need one ε for each row"),
        (lambda: AdaptiveEpsilonGreedy()([0.0, 1.0], 0, np.array(1.1)), ValueError, r"an ε in \[0, 1\]"),
        (lambda: AdaptiveEpsilonGreedy()([0.0, 1.0], 0, np.array(np.nan)), ValueError, r"an ε in \[0, 1\]"),
        (lambda: Agent(QLearning(), AdaptiveEpsilonGreedy()), TypeError, "needs a learner with memory"),
    ],
)
def test_invalid_arguments_are_refused_by_name(attempt, kind, message):
    with pytest.raises(kind, match=message):
        attempt()


@pytest.mark.parametrize(
    "learner",
    [ValueDifference(SampleAverage(), 1.0), RewardBasedDecay(QLearning(), 0.0, 1.0, 10, 0.1)],
    ids=repr,
)
def test_the_repr_of_a_learner_is_its_code(learner):
    assert eval(repr(learner)) == learner
