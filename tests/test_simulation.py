"""The reference engine for bandits: every run equals one simulated alone by a loop over plain numbers."""

import math
import tracemalloc
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from recording import Recorded, windows_of

from boltzmann_rl import (
    UCB1,
    Agent,
    BernoulliBandit,
    Boltzmann,
    ConstantStep,
    EffectiveActions,
    EpsilonGreedy,
    GaussianBandit,
    GradientPreferences,
    Greedy,
    GreedyProbability,
    RelativeToRange,
    RelativeToSpread,
    SampleAverage,
    TargetEntropy,
    UniformMeans,
)
from boltzmann_rl.engines.blocks import BLOCK
from boltzmann_rl.engines.metrics import points_of
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.engines.reference.bandits import simulate
from boltzmann_rl.schedules import Exponential, Linear
from boltzmann_rl.streams import stream

PER_STEP = (
    "reward",
    "best_action",
    "regret",
    "expected_reward",
    "expected_regret",
    "cumulative_regret",
    "entropy",
    "effective_actions",
)


# The same learners and policies for one run, on lists of plain numbers.


class Average:
    def __init__(self, arms):
        self.paid = [[] for _ in range(arms)]

    def values(self):
        return [sum(paid) / len(paid) if paid else 0.0 for paid in self.paid]

    def learn(self, action, reward, p):
        self.paid[action].append(reward)


class Fading:
    def __init__(self, arms):
        self.q = [1.0] * arms

    def values(self):
        return self.q

    def learn(self, action, reward, p):
        self.q[action] = 0.9 * self.q[action] + 0.1 * reward


class Climber:
    def __init__(self, arms):
        self.h, self.seen = [0.0] * arms, []

    def values(self):
        return self.h

    def learn(self, action, reward, p):
        baseline = sum(self.seen) / len(self.seen) if self.seen else reward
        self.seen.append(reward)
        self.h = [h + 0.2 * (reward - baseline) * ((a == action) - p[a]) for a, h in enumerate(self.h)]


class Index(Average):
    def values(self):
        if not all(self.paid):
            return [-math.inf if paid else 0.0 for paid in self.paid]
        t = sum(map(len, self.paid))
        return [sum(paid) / len(paid) + math.sqrt(2.0) * math.sqrt(math.log(t) / len(paid)) for paid in self.paid]


def soft(temperature):
    def probabilities(values, step):
        weights = [math.exp((value - max(values)) / temperature(step)) for value in values]
        return [weight / sum(weights) for weight in weights]

    return probabilities


def nearly_greedy(epsilon):
    def probabilities(values, step):
        best = [value == max(values) for value in values]
        return [epsilon(step) / len(values) + (1 - epsilon(step)) * b / sum(best) for b in best]

    return probabilities


AGENTS = {
    "cooled Boltzmann": (
        SampleAverage(),
        Boltzmann(Exponential(1.0, 0.05, steps=40)),
        Average,
        soft(lambda t: 0.05 ** min(t / 40, 1)),
    ),
    "fading ε-greedy": (
        ConstantStep(0.1, initial=1.0),
        EpsilonGreedy(Linear(0.5, 0.1, steps=20)),
        Fading,
        nearly_greedy(lambda t: 0.5 - 0.4 * min(t / 20, 1)),
    ),
    "gradient bandit": (GradientPreferences(0.2), Boltzmann(1.0), Climber, soft(lambda t: 1.0)),
    "UCB1": (UCB1(), Greedy(), Index, nearly_greedy(lambda t: 0.0)),
}
BANDITS = {
    "testbed": (GaussianBandit(arms=4), lambda mean, variate: mean + variate),
    "walk": (GaussianBandit((0.0, 0.5, 0.2), sd=0.5, drift=0.1), lambda mean, variate: mean + 0.5 * variate),
    "Bernoulli": (BernoulliBandit(arms=3), lambda mean, variate: float(variate < mean)),
}
RUNS, STEPS, SEED, UNCOUNTED = 6, 70, 11, 13


def play_alone(bandit, pay, learner, policy, run, *, block):
    """One run alone, from its own column of the streams."""
    problem, variate, draws, drift = (stream(SEED, name, block) for name in ("problem", "reward", "action", "drift"))
    every_mean = bandit.start(BLOCK, problem)
    learner, cumulative, diary = learner(bandit.arms), 0.0, []
    for step in range(STEPS):
        means = every_mean[run].tolist()
        p = policy(learner.values(), step)
        u, action, passed = float(draws.random(BLOCK)[run]), 0, p[0]
        while passed <= u * sum(p):
            action += 1
            passed += p[action]
        reward = pay(means[action], float(bandit.noise(BLOCK, variate)[run]))
        regret = max(means) - means[action]
        cumulative += regret
        expected = sum(share * mean for share, mean in zip(p, means, strict=True))
        entropy = -sum(share * math.log(share) for share in p if share > 0.0)
        measured = (
            reward,
            float(regret == 0.0),
            regret,
            expected,
            max(means) - expected,
            cumulative,
            entropy,
            math.exp(entropy),
        )
        ranked = [p[arm] for arm in sorted(range(bandit.arms), key=lambda arm: (-means[arm], arm))]
        diary.append((action, dict(zip(PER_STEP, measured, strict=True)), ranked))
        learner.learn(action, reward, p)
        every_mean = bandit.move(every_mean, drift)
    return diary


@in_one_test("problem", BANDITS)
@in_one_test("name", AGENTS)
def test_runs_simulated_together_equal_each_run_simulated_alone(problem, name):
    bandit, pay = BANDITS[problem]
    learner, policy, scalar_learner, scalar_policy = AGENTS[name]
    recorded, block, work = Recorded(learner), 3, {"runs": RUNS, "steps": STEPS, "seed": SEED}
    result = simulate(bandit, Agent(recorded, policy), block=block, **work, windows=9, uncounted_steps=UNCOUNTED)
    diaries = [play_alone(bandit, pay, scalar_learner, scalar_policy, run, block=block) for run in range(RUNS)]

    actions = np.array([action for action, _ in recorded.history])
    assert actions.T.tolist() == [[action for action, *_ in diary] for diary in diaries]
    ranked = np.array([[ranked for *_, ranked in diary] for diary in diaries]).mean(axis=0)
    np.testing.assert_allclose(result.ranks, ranked, rtol=1e-12, atol=1e-14)  # all steps, since they are few
    for metric in PER_STEP:
        alone = np.array([[measured[metric] for _, measured, _ in diary] for diary in diaries])
        curve = result.curves[metric]
        assert curve.samples == RUNS
        np.testing.assert_allclose(curve.mean, alone.mean(axis=0), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(curve.standard_error**2 * RUNS, alone.var(axis=0, ddof=1), rtol=1e-11, atol=1e-12)
        if metric in result.totals:
            np.testing.assert_allclose(result.totals[metric], alone[:, UNCOUNTED:].sum(axis=1), rtol=1e-12, atol=1e-12)
        if metric in result.windows:
            windows = [windows_of(run, 9) for run in alone.tolist()]
            np.testing.assert_allclose(result.windows[metric], windows, rtol=1e-12, atol=1e-12)
    assert set(result.totals) == {"reward", "best_action", "regret"}
    assert set(result.windows) == {"reward", "best_action", "regret", "expected_reward", "expected_regret"}


def test_probabilities_are_ranked_at_some_steps_of_long_runs_and_equal_means_by_the_number_of_the_arm():
    @dataclass(frozen=True)
    class Ramp:
        def __call__(self, values, step):
            return np.broadcast_to([0.1, 0.2, 0.3, 0.4 - step * 1e-4], values.shape) + np.array([step * 1e-4, 0, 0, 0])

    agent, bandit = Agent(SampleAverage(), Ramp()), GaussianBandit((0.5, 2.0, 0.5, 2.0))
    ranks = simulate(bandit, agent, block=0, runs=3, steps=900, seed=0).ranks
    steps = points_of(900)
    assert 100 < len(steps) <= 200
    expected = [[0.2, 0.4 - step * 1e-4, 0.1 + step * 1e-4, 0.3] for step in steps.tolist()]
    np.testing.assert_allclose(ranks, expected, rtol=1e-12)


def test_the_temperature_is_recorded_for_policies_that_have_one():
    bandit, schedule = GaussianBandit(arms=2), Exponential(1.0, 0.05, steps=40)
    cooled = simulate(bandit, Agent(SampleAverage(), Boltzmann(schedule)), block=0, runs=3, steps=50, seed=0)
    np.testing.assert_allclose(cooled.curves["temperature"].mean, [schedule(t) for t in range(50)], rtol=1e-12)
    assert cooled.curves["temperature"].squares == pytest.approx(0.0, abs=1e-30)
    greedy = simulate(bandit, Agent(SampleAverage(), Greedy()), block=0, runs=3, steps=50, seed=0)
    assert set(greedy.curves) == set(PER_STEP)


def test_an_infinite_temperature_is_recorded_without_warnings_and_is_uniform():
    hot = short(agent=Agent(SampleAverage(), Boltzmann(math.inf)))
    merged = hot.curves["temperature"].merge(
        short(block=1, agent=Agent(SampleAverage(), Boltzmann(math.inf))).curves["temperature"]
    )
    assert (hot.curves["temperature"].mean == math.inf).all()
    assert (merged.mean == math.inf).all()
    assert hot.curves["effective_actions"].mean == pytest.approx(5.0)


def test_all_tied_best_arms_count_as_best():
    agent = Agent(SampleAverage(), EpsilonGreedy(1.0))
    result = simulate(GaussianBandit((1.0, 1.0, 0.0)), agent, block=0, runs=BLOCK, steps=100, seed=0)
    share = result.totals["best_action"].sum() / (BLOCK * 100)
    assert abs(share - 2 / 3) < 4.9 * math.sqrt(2 / 9 / (BLOCK * 100))  # false-alarm rate 1e-6
    assert result.curves["expected_regret"].mean == pytest.approx(1 / 3)


GAP = 2.0**-20  # representable also beside 10⁹
LARGEST = np.finfo(np.float64).max


@pytest.mark.parametrize("epsilon", [0.25, 1.0])
def test_expected_regret_is_accurate_with_rewards_of_a_billion(epsilon):
    agent = Agent(SampleAverage(), EpsilonGreedy(epsilon))
    result = simulate(GaussianBandit((1e9, 1e9 + GAP, 1e9 - GAP), sd=0.0), agent, block=0, runs=1, steps=3, seed=0)
    # First all arms tie; then the arm pulled first is best if its reward is positive, else the other arms are.
    first = {1e9: 1, 1e9 + GAP: 0, 1e9 - GAP: 2}[float(result.curves["reward"].mean[0])]
    expected = [GAP, (1.0 - epsilon) * first * GAP + epsilon * GAP]
    np.testing.assert_allclose(result.curves["expected_regret"].mean[:2], expected, rtol=1e-14)


def test_expected_reward_is_accurate_beside_an_arm_of_a_billion():
    agent = Agent(SampleAverage(), lambda values, step: np.broadcast_to([0.0, 0.5, 0.5], values.shape))
    result = simulate(GaussianBandit((1e9, 0.1, 0.2)), agent, block=0, runs=2, steps=2, seed=0)
    np.testing.assert_allclose(result.curves["expected_reward"].mean, 0.15, rtol=1e-15)


def test_rewards_whose_sum_overflows_are_refused():
    bandit = GaussianBandit((1e307, 2e307), sd=0.0)
    with np.errstate(all="raise"):
        simulate(bandit, Agent(SampleAverage(), Greedy()), block=0, runs=5, steps=8, seed=0)
        with pytest.raises(ValueError, match=r"the sum of the rewards of a run must be finite.*inf.*larger units"):
            simulate(bandit, Agent(SampleAverage(), Greedy()), block=0, runs=5, steps=40, seed=0)


def test_the_mean_over_a_window_is_finite_where_its_sum_overflows():
    bandit, agent = GaussianBandit((1.5e308, 1.5e308), sd=0.0), Agent(SampleAverage(), Greedy())
    with np.errstate(all="raise"):
        block = simulate(bandit, agent, block=0, runs=2, steps=6, seed=0, windows=2, uncounted_steps=5)
    np.testing.assert_allclose(block.windows["reward"], 1.5e308, rtol=1e-15)
    assert block.windows["best_action"].tolist() == [[1.0, 1.0]] * 2


def test_a_regret_that_overflows_is_the_largest_float():
    agent = Agent(SampleAverage(), Greedy())
    with np.errstate(all="raise"):
        result = simulate(GaussianBandit((LARGEST, -LARGEST), sd=0.0), agent, block=0, runs=50, steps=1, seed=0)
    share = 1.0 - result.curves["best_action"].mean[0]
    assert result.curves["regret"].mean[0] == pytest.approx(share * LARGEST)
    assert result.curves["expected_regret"].mean[0] == pytest.approx(LARGEST / 2)


def test_the_largest_temperatures_have_a_mean_and_an_interval():
    with np.errstate(all="raise"):
        hot = short(agent=Agent(SampleAverage(), Boltzmann(LARGEST)))
        merged = hot.curves["temperature"].merge(hot.curves["temperature"])
    for found in (hot.curves["temperature"], merged):
        np.testing.assert_allclose(found.mean, LARGEST, rtol=1e-12)
        assert np.isfinite(found.mean).all()
        np.testing.assert_allclose(found.interval(), [found.mean, found.mean], rtol=1e-12)


@in_one_test(
    "temperature",
    [
        RelativeToRange(0.3),
        RelativeToSpread(0.3),
        EffectiveActions(1.5),
        TargetEntropy(0.5),
        GreedyProbability(0.8),
        Boltzmann(math.inf).temperature,
    ],
    ids=repr,
)
def test_a_temperature_that_is_infinite_in_some_runs_has_an_infinite_mean_and_ends(temperature):
    agent = Agent(SampleAverage(), Boltzmann(temperature))
    with np.errstate(all="raise"):
        parts = [
            simulate(BernoulliBandit((0.3, 0.6)), agent, block=block, runs=30, steps=12, seed=0).curves["temperature"]
            for block in range(3)
        ]
        merged = parts[0].merge(parts[1]).merge(parts[2])
        for moments in (*parts, merged):
            low, high = moments.interval()
            infinite = np.isinf(moments.mean)
            assert infinite[0]  # before the first reward all estimates tie
            assert (low[infinite] == math.inf).all()
            assert (high[infinite] == math.inf).all()
            assert not np.isnan(moments.standard_error).any()
            assert np.isfinite([low[~infinite], high[~infinite]]).all()


def bytes_of(result):
    curves = {metric: (m.mean.tobytes(), m.squares.tobytes()) for metric, m in result.curves.items()}
    return curves, {metric: total.tobytes() for metric, total in result.totals.items()}


def short(seed=0, block=0, runs=20, steps=40, agent=None):
    agent = agent or Agent(SampleAverage(), Boltzmann(0.3))
    return simulate(GaussianBandit(arms=5), agent, block=block, runs=runs, steps=steps, seed=seed)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_or_block_does_not():
    assert bytes_of(short()) == bytes_of(short())
    rewards = [short(seed=s, block=b).curves["reward"].mean.tobytes() for s, b in ((0, 0), (1, 0), (0, 1), (1, 1))]
    assert len(set(rewards)) == 4


@pytest.mark.parametrize("learner", [SampleAverage(), GradientPreferences(0.1), UCB1()], ids=repr)
def test_the_numbers_of_a_run_do_not_depend_on_the_runs_beside_it(learner):
    agent = Agent(learner, Boltzmann(0.3))
    many = short(runs=BLOCK, agent=agent).totals
    for runs in (1, 2, 7, 333):
        few = short(runs=runs, agent=agent).totals
        assert {metric: total[:runs].tobytes() for metric, total in many.items()} == {
            metric: total.tobytes() for metric, total in few.items()
        }


def test_a_longer_run_begins_as_a_shorter_one_does():
    longer, shorter = short(steps=75), short(steps=33)
    for metric, curve in shorter.curves.items():
        assert longer.curves[metric].mean[:33].tobytes() == curve.mean.tobytes()


def test_all_agents_face_the_same_problems_and_the_same_reward_noise():
    """Two learners that choose the same arms in different ways get the same rewards, to the last bit."""
    one, other = (
        simulate(BernoulliBandit(UniformMeans(), arms=3), agent, block=0, runs=50, steps=60, seed=5)
        for agent in (Agent(SampleAverage(), Boltzmann(math.inf)), Agent(ConstantStep(0.7, 9.0), EpsilonGreedy(1.0)))
    )
    assert one.totals["reward"].tobytes() == other.totals["reward"].tobytes()
    assert one.totals["regret"].tobytes() == other.totals["regret"].tobytes()


def test_a_policy_on_the_clock_of_pulls_gets_the_pulls_of_every_arm():
    @dataclass(frozen=True)
    class LeastPulled:
        clock = "pulls"

        def __call__(self, values, step):
            assert np.shape(step) == np.shape(values)
            least = step == step.min(axis=-1, keepdims=True)
            return least / least.sum(axis=-1, keepdims=True)

    recorded = Recorded(SampleAverage())
    simulate(GaussianBandit(arms=4), Agent(recorded, LeastPulled()), block=0, runs=9, steps=20, seed=0)
    actions = np.array([action for action, _ in recorded.history])
    assert all((np.bincount(run, minlength=4) == 5).all() for run in actions.T)
    assert all(sorted(run[:4]) == [0, 1, 2, 3] for run in actions.T)


def test_a_policy_that_perturbs_values_gets_one_uniform_per_action():
    @dataclass(frozen=True)
    class GumbelMax:
        temperature: float
        uniforms_per_action = True

        def __call__(self, values, step):
            return Boltzmann(self.temperature)(values, step)

        def draw(self, values, step, uniforms):
            assert uniforms.shape == values.shape
            return np.argmax(values - self.temperature * np.log(-np.log(uniforms)), axis=-1)

    gumbel, inverse = (
        short(runs=BLOCK, steps=30, agent=Agent(SampleAverage(), policy)) for policy in (GumbelMax(0.5), Boltzmann(0.5))
    )
    one, other = gumbel.curves["reward"], inverse.curves["reward"]
    z = (one.mean.mean() - other.mean.mean()) / math.hypot(*(np.mean(c.standard_error) for c in (one, other)))
    assert abs(z) < 4.9  # the same distribution, drawn in another way; steps of a run are correlated, hence no √30


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (lambda values, step: np.full(values.shape, 0.3), "<lambda> .*did not return a distribution: .*must sum to 1"),
        (lambda values, step: np.full(values.shape, math.nan), "probabilities"),
        (lambda values, step: np.array([0.5, 0.5]), "shape"),
    ],
)
def test_a_policy_that_does_not_return_a_distribution_is_refused(policy, message):
    with pytest.raises(ValueError, match=message):
        short(agent=Agent(SampleAverage(), policy))


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20), st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20))
@settings(deadline=None, max_examples=200)
def test_merged_moments_are_the_moments_of_all_samples(one, other):
    merged = Moments.of(np.array(one)).merge(Moments.of(np.array(other)))
    together = np.array(one + other)
    assert merged.samples == len(together)
    assert merged.mean == pytest.approx(math.fsum(together) / len(together), rel=1e-12, abs=1e-12)
    assert merged.squares == pytest.approx(together.var() * len(together), rel=1e-9, abs=1e-9)
    if len(together) > 1:
        error = math.sqrt(together.var(ddof=1) / len(together))
        assert merged.standard_error == pytest.approx(error, rel=1e-9, abs=1e-9)


def test_a_small_variance_under_a_large_mean_is_accurate():
    samples = 1e9 + np.array([0.0, 1.0, 2.0])
    assert Moments.of(samples).squares == pytest.approx(2.0, rel=1e-9)
    assert Moments.of(samples[:1]).merge(Moments.of(samples[1:])).squares == pytest.approx(2.0, rel=1e-9)


@given(st.lists(st.floats(-LARGEST, LARGEST), min_size=1, max_size=9), st.integers(1, 8))
@settings(deadline=None, max_examples=300)
def test_the_mean_of_floats_never_overflows(samples, cut):
    """Against exact fractions; deviations are rounded at the size of the largest sample."""
    with np.errstate(all="raise"):
        whole = Moments.of(np.array(samples))
        parts = [Moments.of(np.array(part)) for part in (samples[:cut], samples[cut:]) if part]
        merged = parts[0].merge(parts[1]) if len(parts) == 2 else parts[0]
    exact = float(sum(map(Fraction, samples)) / len(samples))
    size = max(map(abs, samples))
    for found in (whole, merged):
        assert abs(float(found.mean) / 4 - exact / 4) <= 1e-15 * 16 * (size / 4)
        assert found.squares >= 0.0


def test_samples_of_which_some_are_infinite_have_an_infinite_mean_wherever_they_are_merged():
    with np.errstate(all="raise"):
        some, none, all_ = (Moments.of(np.array(x)) for x in ([1.0, math.inf], [1.0, 2.0], [math.inf, math.inf]))
        for one, other in ((some, none), (none, some), (all_, none), (none, all_), (some, all_), (all_, some)):
            merged = one.merge(other)
            assert (merged.mean, merged.squares) == (math.inf, math.inf)
            assert merged.interval() == (math.inf, math.inf)
        assert all_.merge(all_).squares == 0.0


def test_one_sample_has_no_standard_error():
    assert np.isnan(Moments.of(np.array([[1.0], [2.0]])).standard_error).all()


def test_memory_does_not_grow_with_the_number_of_steps():
    def peak(steps):
        tracemalloc.start()
        short(runs=BLOCK, steps=steps)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(10)  # imports and caches must not count as memory of the run
    curves = (len(PER_STEP) + 1) * 2 * 8 * 4000  # mean and squares of each metric at each step
    assert peak(4000) < 1.5 * peak(500) + 3 * curves  # the blocks, their merged result, and the metrics


@dataclass(frozen=True)
class Misshapen:
    """A bandit of three arms; one method returns an array of another shape, which NumPy might broadcast."""

    method: str
    answer: tuple[int, ...]
    arms: int = 3

    def start(self, runs, rng):
        return self.shaped("start", np.zeros((runs, 3)))

    def noise(self, runs, rng):
        return self.shaped("noise", rng.random(runs))

    def reward(self, means, noise):
        return self.shaped("reward", means + noise)

    def move(self, means, rng):
        return self.shaped("move", means + 1.0)

    def shaped(self, method, array):
        return np.zeros(self.answer) if method == self.method else array


@in_one_test(
    ("method", "answer", "wanted"),
    [
        ("start", (3,), (BLOCK, 3)),
        ("start", (BLOCK, 2), (BLOCK, 3)),
        ("start", (5, 3), (BLOCK, 3)),
        ("noise", (), (BLOCK,)),
        ("noise", (BLOCK, 3), (BLOCK,)),
        ("noise", (5,), (BLOCK,)),
        ("reward", (), (20,)),
        ("reward", (20, 3), (20,)),
        ("reward", (1,), (20,)),
        ("move", (3,), (BLOCK, 3)),
        ("move", (BLOCK, 1), (BLOCK, 3)),
    ],
)
def test_an_array_of_the_wrong_shape_from_a_bandit_is_refused_with_method_and_shapes(method, answer, wanted):
    bandit, agent = Misshapen(method, answer), Agent(SampleAverage(), Greedy())
    with pytest.raises(ValueError, match="must return an array of shape") as caught:
        simulate(bandit, agent, block=0, runs=20, steps=3, seed=0)
    assert f"{method}() of {bandit!r} must return an array of shape {wanted}, got shape {answer}" in str(caught.value)
