"""The noise of experience, and what is measured in its units: against NumPy over the whole history."""

import math
import statistics

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st

import boltzmann_rl as brl
from boltzmann_rl.decisions.act import probabilities
from boltzmann_rl.numerics import softmax
from boltzmann_rl.protocols import Transition, memory_of, traits_of
from boltzmann_rl.schedules import Exponential

INF = math.inf
RNG = np.random.default_rng(0)
histories = st.lists(st.tuples(st.integers(0, 3), st.floats(-1e6, 1e6, allow_subnormal=False)), min_size=1, max_size=30)


def pooled(history):
    """The pooled standard deviation within arms, from all rewards; ∞ without a degree of freedom."""
    arms = [[reward for arm, reward in history if arm == one] for one in range(4)]
    degrees = sum(len(rewards) - 1 for rewards in arms if rewards)
    squares = math.fsum((x - statistics.fmean(rewards)) ** 2 for rewards in arms for x in rewards)
    return math.sqrt(squares / degrees) if degrees else INF


def after(learner, history):
    state = learner.start((1, 4), RNG)
    arms, rewards = zip(*history, strict=True)
    return brl.learn_from_log(learner, state, arms, rewards)


@settings(deadline=None)
@given(histories)
def test_the_noise_of_rewards_is_their_pooled_deviation_within_arms(history):
    learner = brl.NoiseEstimate(brl.SampleAverage())
    largest = max(abs(reward) for _, reward in history)
    assert learner.memory(after(learner, history)) == pytest.approx([pooled(history)], rel=1e-9, abs=1e-9 * largest)


@pytest.mark.parametrize("inner", [brl.ConstantStep(0.1), brl.UCB1(), brl.SampleAverage(5.0, count_initial=True)])
def test_the_noise_does_not_depend_on_what_is_learned_beside_it(inner):
    history = [(int(RNG.integers(4)), float(RNG.normal())) for _ in range(50)]
    learner = brl.NoiseEstimate(inner)
    state = after(learner, history)
    assert learner.memory(state) == pytest.approx([pooled(history)], rel=1e-12)
    assert learner.values(state).tobytes() == inner.values(after(inner, history)).tobytes()


def test_indices_and_posteriors_are_in_units_of_the_noise():
    history = [(arm, float(RNG.normal(scale=3.0))) for arm in [0, 1, 2, 3, 0, 1, 2, 0]]
    noise = pooled(history)
    scaled, plain = (brl.UCB1(c) for c in (brl.RelativeToNoise(0.7), 0.7 * noise))
    assert scaled.values(after(scaled, history)) == pytest.approx(plain.values(after(plain, history)), rel=1e-12)
    scaled, plain = (brl.GaussianPosterior(sd) for sd in (brl.RelativeToNoise(0.7), 0.7 * noise))
    for read in ("values", "memory"):
        found, expected = (getattr(x, read)(after(x, history)) for x in (scaled, plain))
        assert found == pytest.approx(expected, rel=1e-12)
    values, pulls = np.array([0.0, 1.0, 2.0, 1.5]), np.array([3, 2, 2, 1])
    found = brl.BoltzmannGumbel(brl.RelativeToNoise(0.35))(values, pulls, noise)
    assert found == pytest.approx(brl.BoltzmannGumbel(0.35 * noise)(values, pulls), rel=1e-12)


@pytest.mark.parametrize(
    ("learner", "policy"),
    [
        (brl.UCB1(brl.RelativeToNoise(0.7)), brl.Greedy()),
        (brl.GaussianPosterior(brl.RelativeToNoise(0.7)), brl.GaussianThompson()),
        (brl.NoiseEstimate(brl.SampleAverage()), brl.BoltzmannGumbel(brl.RelativeToNoise(0.35))),
        (brl.EveryActionFirst(brl.NoiseEstimate(brl.SampleAverage())), brl.Boltzmann(brl.RelativeToNoise(0.4))),
    ],
    ids=repr,
)
def test_before_the_noise_is_known_every_arm_is_equal_and_without_noise_the_best_is_taken(learner, policy):
    agent = brl.Agent(learner, policy)

    def chosen(history):
        state, pulls = after(learner, history), np.bincount([arm for arm, _ in history], minlength=4)
        memory = memory_of(learner, state) if traits_of(policy).takes_memory else None
        step = pulls[np.newaxis] if agent.clock == "pulls" else 4
        return probabilities(policy, learner.values(state), step, memory)

    once = [(0, 1.0), (1, 2.0), (2, 2.0), (3, 0.5)]
    assert chosen(once).tolist() == [[0.25] * 4]
    assert chosen([*once, (1, 2.0)]).tolist() == [[0.0, 0.5, 0.5, 0.0]]


def test_the_temperature_is_the_schedule_times_the_noise():
    unit = brl.RelativeToNoise(Exponential(0.4, 0.004, steps=100))
    values, memory = RNG.normal(size=(3, 4)), np.array([0.5, 2.0, 30.0])
    assert brl.Boltzmann(unit)(values, 50, memory) == pytest.approx(softmax(values, 0.04 * memory), rel=1e-12)
    assert unit.temperature(values, [0, 50, 100], [1.0, 1.0, INF]).tolist() == [0.4, pytest.approx(0.04), INF]
    assert brl.RelativeToNoise(0.0).temperature(values, 0, [1.0, 0.0, INF]).tolist() == [0.0, 0.0, 0.0]


@in_one_test("memory", [None, [1.0], [[1.0, 1.0, 1.0]], [1.0, -1.0, 1.0], [1.0, math.nan, 1.0]], ids=str)
def test_a_memory_that_is_no_noise_of_the_rows_is_refused(memory):
    with pytest.raises((TypeError, ValueError), match="memory"):
        brl.Boltzmann(brl.RelativeToNoise(0.4))(np.zeros((3, 2)), 0, memory)


@in_one_test(
    ("attempt", "message"),
    [
        (lambda: brl.RelativeToNoise(-1.0), "scale must be 0 or more"),
        (lambda: brl.UCB1(brl.RelativeToNoise(Exponential(1.0, decay=0.5))), "exploration must be a number"),
        (lambda: brl.BoltzmannGumbel(brl.RelativeToNoise(0.0)), "scale must be above 0"),
        (lambda: brl.GaussianPosterior(brl.RelativeToNoise(1.0), prior_sd=1.0), "prior_sd must be ∞"),
        (lambda: brl.AdaptiveMaxBoltzmann(brl.RelativeToNoise(1.0)), "must not need a memory"),
        (lambda: brl.Agent(brl.SampleAverage(), brl.Boltzmann(brl.RelativeToNoise(1.0))), "NoiseEstimate"),
        (lambda: brl.act(brl.Boltzmann(brl.RelativeToNoise(1.0)), [0.0, 1.0], RNG), "memory_of"),
        (lambda: brl.Boltzmann(brl.RelativeToNoise(1.0))([0.0, 1.0], 0), "memory_of"),
        (lambda: brl.check_policy(brl.Boltzmann(brl.RelativeToNoise(1.0))), "memory= is missing"),
        (lambda: brl.Explorer(brl.Boltzmann(brl.RelativeToNoise(1.0)), RNG), "which a network does not have"),
        (lambda: brl.act(brl.Boltzmann(1.0), [0.0, 1.0], RNG, memory=1.0), "leave memory= out"),
    ],
)
def test_mistakes_are_refused_by_name(attempt, message):
    with pytest.raises((TypeError, ValueError), match=message):
        attempt()


@pytest.mark.parametrize(
    ("learner", "policy"),
    [
        (brl.NoiseEstimate(brl.GaussianPosterior()), brl.GaussianThompson()),
        (brl.NoiseEstimate(brl.ValueDifference(brl.QLearning(), 1.0)), brl.AdaptiveEpsilonGreedy()),
        (brl.ValueDifference(brl.NoiseEstimate(brl.QLearning()), 1.0), brl.Boltzmann(brl.RelativeToNoise(1.0))),
    ],
    ids=repr,
)
def test_a_policy_that_takes_a_memory_is_refused_where_one_hides_another(learner, policy):
    outer, inner = type(learner).__name__, type(learner.learner).__name__
    with pytest.raises(TypeError, match=rf"that of {outer} would hide that of {inner}.*leave the one out"):
        brl.Agent(learner, policy)
    brl.Agent(learner, brl.Boltzmann(0.1))


def test_the_memory_is_read_as_the_error_says_also_of_a_learner_that_wraps_it():
    learner, policy = (
        brl.EveryActionFirst(brl.NoiseEstimate(brl.SampleAverage())),
        brl.Boltzmann(brl.RelativeToNoise(1)),
    )
    state = learner.start((1, 2), RNG)
    memory = brl.protocols.memory_of(learner, state)
    assert brl.act(policy, learner.values(state), RNG, step=0, memory=memory) in ([0], [1])


def transitions(steps=40):
    for step in range(steps):
        here, there = RNG.integers(3, size=2).tolist()
        p = RNG.dirichlet(np.ones(2))
        ends = {"terminated": step % 7 == 6, "truncated": step % 7 == 3}
        yield Transition(step, here, step % 2, float(RNG.normal()), there, **ends, next_action=1, next_probabilities=p)


TARGETS = {
    brl.QLearning: lambda q, seen: q[seen.next_observation].max(),
    brl.DoubleQLearning: lambda q, seen: q[seen.next_observation].max(),
    brl.SARSA: lambda q, seen: q[seen.next_observation, seen.next_action],
    brl.ExpectedSARSA: lambda q, seen: q[seen.next_observation] @ seen.next_probabilities,
}


@in_one_test("kind", TARGETS)
@in_one_test("wrap", [lambda x: x, brl.EveryActionFirst, lambda x: brl.RewardBasedDecay(x, 0.0, 1.0, 2)])
def test_the_noise_of_transitions_is_the_rms_of_the_errors_before_each_update(kind, wrap):
    plain, learner = kind(0.3, 0.9), brl.NoiseEstimate(wrap(kind(0.3, 0.9)))
    mine, state, errors = plain.start((3, 2), RNG), learner.start((3, 2), RNG), []
    assert learner.memory(state).tolist() == [INF] * 3
    draws, again = np.random.default_rng(1), np.random.default_rng(1)
    for seen in transitions():
        q = plain.values(mine)
        ahead = 0.0 if seen.terminated else 0.9 * TARGETS[kind](q, seen)
        errors.append(seen.reward + ahead - q[seen.observation, seen.action])
        mine, state = plain.update(mine, seen, draws), learner.update(state, seen, again)
        assert learner.memory(state) == pytest.approx([np.sqrt(np.mean(np.square(errors)))] * 3, rel=1e-12)


def test_a_learner_without_a_discount_has_no_errors():
    learner = brl.NoiseEstimate(brl.SampleAverage())
    with pytest.raises(TypeError, match="a learner with a discount"):
        learner.update(learner.start((3, 2), RNG), next(transitions()), RNG)


def test_the_rule_for_a_known_horizon_explores_less_where_the_noise_is_small():
    agent = brl.Agent(
        brl.EveryActionFirst(brl.NoiseEstimate(brl.SampleAverage())),
        brl.Boltzmann(brl.RelativeToNoise(Exponential(0.4, 0.0004, steps=300))),
    )
    bandits = [brl.GaussianBandit(arms=5, sd=scale, means=brl.NormalMeans(sd=scale)) for scale in (1.0, 1000.0)]
    regrets = [
        brl.BanditExperiment(name="scale", problem=bandit, agents={"rule": agent}, runs=50, steps=300, seed=0)
        .run(progress=False)
        .runs["regret"]
        .to_numpy()
        for bandit in bandits
    ]
    np.testing.assert_allclose(regrets[1], 1000.0 * regrets[0], rtol=1e-9)  # the rule has no unit


def test_every_action_of_every_state_is_tried_before_any_again():
    env = brl.Environment("FrozenLake-v1", max_episode_steps=30)
    agent = brl.Agent(brl.EveryActionFirst(brl.QLearning(0.5)), brl.Greedy())
    counts = np.zeros((16, 4), dtype=int)
    for seen, _ in zip((one for one, _ in brl.play(env.make(), agent, seed=3)), range(600), strict=False):
        row = counts[seen.observation]
        assert row[seen.action] == 0 or row.all()
        row[seen.action] += 1
    assert (counts.sum(axis=1) > 4).sum() >= 3


@in_one_test("visit", [0, 1, 2, 3, 4, 9, 99, 10**6])
def test_the_greedy_probability_by_visits_is_one_less_the_other_actions_over_the_visits(visit):
    values = np.array([0.3, -1.0, 0.5, -INF, 0.1])
    p = brl.Boltzmann(brl.GreedyByVisits())(values, visit)
    assert p[2] == pytest.approx(max(1 / 4, 1 - 3 / (visit + 1)), rel=1e-9)
    assert p[3] == 0.0


def test_the_greedy_probability_by_visits_keeps_the_digits_of_the_rest():
    p = brl.Boltzmann(brl.GreedyByVisits())([0.0, 1.0], 10**15 - 1)
    assert p[0] == pytest.approx(1e-15, rel=1e-9)
