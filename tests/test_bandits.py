"""Bandits: their means, rewards and reward noise, against closed forms.

Every statistical test has a false-alarm rate of one in a million and a fixed seed.
"""

import math

import numpy as np
import pytest
from cases import in_one_test
from scipy import stats

import boltzmann_rl as brl
from boltzmann_rl import BernoulliBandit, BetaMeans, GaussianBandit, NormalMeans, UniformMeans
from boltzmann_rl.streams import stream

FALSE_ALARM = 1e-6
N = 100_000

# Every bandit, with the distribution of the reward of an arm with a given mean, by SciPy; None: the mean itself.
# A new bandit adds its row here; one that is missing fails a test below.
TABLE = [
    (GaussianBandit((0.2, -1.5), sd=2.0), lambda mean: stats.norm(mean, 2.0)),
    (BernoulliBandit((0.2, 0.9)), stats.bernoulli),
    (brl.HeavyTailedBandit((0.0, 1.0), tail_index=2.5, scale=0.5), lambda mean: stats.t(2.5, mean, 0.5)),
    (
        brl.HeavyTailedBandit((0.0, 1.0), tail="pareto", tail_index=1.5, scale=0.1),
        lambda mean: stats.lomax(1.5, mean - 0.2, 0.1),
    ),
    (brl.SwitchingBandit(GaussianBandit((3.0, 1.0), sd=0.5), permute=True), lambda mean: stats.norm(mean, 0.5)),
    (brl.RescaledBandit(GaussianBandit((0.2, -1.5), sd=2.0), 0.1, 3.0), lambda mean: stats.norm(mean, 0.2)),
    (brl.AdversarialBandit(((0.9, 0.5), (0.1, 0.7))), None),
]


def test_no_bandit_is_missing_from_the_table():
    parts = ("start", "noise", "reward", "move")
    public = {part for part in map(brl.__getattr__, brl.__all__) if all(hasattr(part, name) for name in parts)}
    assert {part for part in public if isinstance(part, type)} == {type(bandit) for bandit, _ in TABLE}


@in_one_test(("bandit", "law"), TABLE, ids=lambda part: "" if callable(part) else repr(part))
def test_rewards_have_their_distribution_and_the_means_of_the_arms(bandit, law):
    for mean in bandit.start(1, stream(0, "problem"))[0]:
        rewards = bandit.reward(np.full(N, mean), bandit.noise(N, stream(1, "reward")))
        if law is None:
            assert (rewards == mean).all()
            continue
        expected = law(mean)
        assert expected.mean() == pytest.approx(mean, abs=1e-12)
        if hasattr(expected, "pmf"):
            paid, counts = np.unique(rewards, return_counts=True)
            assert expected.pmf(paid).sum() == pytest.approx(1.0)
            assert stats.chisquare(counts, N * expected.pmf(paid)).pvalue > FALSE_ALARM
        else:
            assert stats.kstest(rewards, expected.cdf).pvalue > FALSE_ALARM


def agrees_with_mean(samples: np.ndarray, mean: float, sd: float) -> bool:
    """A two-sided z-test of the mean of independent samples with known standard deviation."""
    z = (samples.mean() - mean) / (sd / math.sqrt(samples.size))
    return abs(z) < stats.norm.isf(FALSE_ALARM / 2)


def agrees_with_variance(samples: np.ndarray, variance: float) -> bool:
    """A two-sided χ²-test of the variance of independent normal samples."""
    chi2 = samples.var(ddof=1) * (samples.size - 1) / variance
    law = stats.chi2(samples.size - 1)
    return law.ppf(FALSE_ALARM / 2) < chi2 < law.isf(FALSE_ALARM / 2)


@pytest.mark.parametrize(
    ("bandit", "means"), [(GaussianBandit((0.2, -1.5, 3.0)), (0.2, -1.5, 3.0)), (BernoulliBandit((0, 1)), (0.0, 1.0))]
)
def test_fixed_means_are_the_same_in_every_run_and_draw_nothing(bandit, means):
    rng = stream(1, "problem")
    before = rng.bit_generator.state
    assert bandit.start(4, rng).tolist() == [list(means)] * 4
    assert rng.bit_generator.state == before
    assert bandit.arms == len(means)
    assert bandit.means == means


@in_one_test(
    ("means", "law"),
    [
        (NormalMeans(), stats.norm(0, 1)),
        (NormalMeans(-3.0, 0.25), stats.norm(-3, 0.25)),
        (UniformMeans(), stats.uniform(0, 1)),
        (UniformMeans(-2.0, 5.0), stats.uniform(-2, 7)),
        (BetaMeans(), stats.uniform(0, 1)),
        (BetaMeans(1.0, 8.0), stats.beta(1, 8)),
    ],
    ids=lambda part: repr(part) if callable(part) else "",
)
def test_drawn_means_have_their_distribution(means, law):
    drawn = GaussianBandit(means, arms=10).start(N // 10, stream(2, "problem"))
    assert drawn.shape == (N // 10, 10)
    assert stats.kstest(drawn.ravel(), law.cdf).pvalue > FALSE_ALARM
    assert agrees_with_mean(drawn, law.mean(), law.std())


def test_drawn_means_are_independent_between_runs_and_between_arms():
    drawn = NormalMeans()((2000, 2000), stream(3, "problem"))
    for shifted in (drawn[1:] * drawn[:-1], drawn[:, 1:] * drawn[:, :-1]):
        assert agrees_with_mean(shifted, 0.0, 1.0)  # the product of two standard normals: mean 0, variance 1


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (-4.0, 0.1), (1e6, 3.0)])
def test_gaussian_rewards_have_their_mean_and_variance(mean, sd):
    bandit = GaussianBandit((mean,), sd=sd)
    rewards = bandit.reward(np.full(N, mean), bandit.noise(N, stream(4, "reward")))
    assert agrees_with_mean(rewards, mean, sd)
    assert agrees_with_variance(rewards, sd**2)


def test_gaussian_rewards_without_spread_are_their_means():
    bandit, means = GaussianBandit((0.25, 0.5), sd=0.0), np.array([0.25, 0.5])
    assert (bandit.reward(means, bandit.noise(2, stream(5, "reward"))) == means).all()


@pytest.mark.parametrize("mean", [0.01, 0.5, 0.9])
def test_bernoulli_arms_pay_1_with_probability_equal_to_their_mean_and_else_0(mean):
    bandit = BernoulliBandit((mean,))
    rewards = bandit.reward(np.full(N, mean), bandit.noise(N, stream(6, "reward")))
    assert set(rewards) == {0.0, 1.0}
    assert agrees_with_mean(rewards, mean, math.sqrt(mean * (1 - mean)))


@pytest.mark.parametrize(("mean", "paid"), [(0.0, 0.0), (1.0, 1.0)])
def test_bernoulli_arms_with_means_0_and_1_are_deterministic(mean, paid):
    bandit = BernoulliBandit((mean,))
    assert (bandit.reward(np.full(N, mean), bandit.noise(N, stream(7, "reward"))) == paid).all()


@pytest.mark.parametrize(
    ("bandit", "draw"),
    [(GaussianBandit(), lambda rng, n: rng.standard_normal(n)), (BernoulliBandit(), lambda rng, n: rng.random(n))],
)
def test_reward_noise_is_one_variate_per_run_whichever_arm_is_pulled(bandit, draw):
    ours, theirs = stream(8, "reward"), stream(8, "reward")
    assert (bandit.noise(33, ours) == draw(theirs, 33)).all()
    assert ours.bit_generator.state == theirs.bit_generator.state


def test_all_arms_share_the_reward_noise_so_that_agents_are_paired():
    variates = GaussianBandit().noise(1000, stream(9, "reward"))
    low, high = (GaussianBandit(sd=0.5).reward(np.full(1000, mean), variates) for mean in (0.0, 2.0))
    np.testing.assert_allclose(high - low, 2.0, rtol=1e-12)
    variates = BernoulliBandit().noise(1000, stream(9, "reward"))
    low, high = (BernoulliBandit().reward(np.full(1000, mean), variates) for mean in (0.3, 0.4))
    assert (low <= high).all()


@pytest.mark.parametrize("bandit", [GaussianBandit(), BernoulliBandit()])
def test_without_drift_the_means_stay_and_nothing_is_drawn(bandit):
    rng = stream(10, "drift")
    means, before = bandit.start(3, stream(10, "problem")), rng.bit_generator.state
    assert bandit.move(means, rng) is means
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("steps", [1, 10, 100])
def test_the_variance_of_a_random_walk_grows_with_the_number_of_its_steps(steps):
    bandit, rng = GaussianBandit((5.0, 5.0), drift=0.3), stream(11, "drift")
    means = bandit.start(N // 2, rng)
    for _ in range(steps):
        means = bandit.move(means, rng)
    assert agrees_with_mean(means, 5.0, 0.3 * math.sqrt(steps))
    assert agrees_with_variance(means, steps * 0.3**2)


def test_a_drift_does_not_change_the_means_of_the_step_before():
    bandit, rng = GaussianBandit(drift=1.0), stream(12, "drift")
    means = bandit.start(2, rng)
    kept = means.copy()
    assert (bandit.move(means, rng) != kept).all()
    assert (means == kept).all()


@pytest.mark.parametrize("drift", [0.1, 3.0])
def test_bernoulli_means_are_reflected_at_both_ends(drift):
    bandit = BernoulliBandit((0.0, 0.1, 0.5, 1.0), drift=drift)
    means = bandit.start(500, stream(13, "problem"))
    moved = bandit.move(means, stream(13, "drift"))
    unreflected = means + drift * stream(13, "drift").standard_normal(means.shape)

    def mirror(mean: float) -> float:
        while not 0.0 <= mean <= 1.0:
            mean = -mean if mean < 0.0 else 2.0 - mean
        return mean

    np.testing.assert_allclose(moved, np.vectorize(mirror)(unreflected), atol=1e-12)


def test_a_reflected_walk_has_a_uniform_stationary_distribution():
    bandit, rng = BernoulliBandit((0.9,), drift=0.5), stream(14, "drift")
    means = bandit.start(N, rng)
    for _ in range(60):  # the slowest mode dies as exp(−π² drift² t / 2)
        means = bandit.move(means, rng)
    assert stats.kstest(means.ravel(), stats.uniform.cdf).pvalue > FALSE_ALARM


def test_there_are_ten_arms_by_default():
    assert GaussianBandit().arms == BernoulliBandit().arms == GaussianBandit(UniformMeans()).arms == 10
    assert GaussianBandit((0.0, 1.0), arms=2).arms == 2


@pytest.mark.parametrize(
    ("bandit", "text"),
    [
        (GaussianBandit([0, 1], sd=1), "GaussianBandit(means=(0.0, 1.0), arms=2, sd=1.0, drift=0.0)"),
        (BernoulliBandit(np.array([0.5])), "BernoulliBandit(means=(0.5,), arms=1, drift=0.0)"),
    ],
)
def test_the_repr_of_a_bandit_is_its_code_and_equal_bandits_are_equal(bandit, text):
    assert repr(bandit) == text
    assert eval(text) == bandit
    assert hash(eval(text)) == hash(bandit)


@in_one_test(
    ("make", "kind", "message"),
    [
        (lambda: GaussianBandit((0.0, math.nan)), ValueError, r"means\[1\] must be .*got nan"),
        (lambda: GaussianBandit((math.inf,)), ValueError, r"means\[0\] must be finite"),
        (lambda: GaussianBandit(()), TypeError, "means must be numbers, one per arm"),
        (lambda: GaussianBandit("012"), TypeError, "means must be numbers, one per arm"),
        (lambda: GaussianBandit(1.0), TypeError, "means must be numbers, one per arm"),
        (lambda: GaussianBandit(("0",)), TypeError, r"means\[0\] must be a number, got '0'"),
        (lambda: GaussianBandit((True,)), TypeError, r"means\[0\] must be a number, got True"),
        (lambda: GaussianBandit((0.0, 1.0), arms=3), ValueError, "arms must be the number of means, 2.*got 3"),
        (lambda: GaussianBandit(arms=-1), ValueError, "arms must be 0 or more, got -1"),
        (lambda: GaussianBandit(arms=2.0), TypeError, "arms must be an integer, got 2.0"),
        (lambda: GaussianBandit(arms=True), TypeError, "arms must be an integer, got True"),
        (lambda: GaussianBandit(sd=-1.0), ValueError, "sd must be .*got -1"),
        (lambda: GaussianBandit(sd=math.nan), ValueError, "sd must be .*got nan"),
        (lambda: GaussianBandit(drift=math.inf), ValueError, "drift must be finite, got inf"),
        (lambda: GaussianBandit(drift="0"), TypeError, "drift must be a number, got '0'"),
        (lambda: BernoulliBandit((0.5, 1.5)), ValueError, r"means\[1\] must be in \[0, 1\], got 1.5"),
        (lambda: BernoulliBandit((-0.1,)), ValueError, r"means\[0\] must be in \[0, 1\], got -0.1"),
        (lambda: NormalMeans(sd=-1.0), ValueError, "sd must be .*got -1"),
        (lambda: NormalMeans(mean=None), TypeError, "mean must be a number, got None"),
        (lambda: UniformMeans(1.0, 0.0), ValueError, "high must be .*got 0"),
        (lambda: BetaMeans(0.0, 1.0), ValueError, "a must be above 0, got 0"),
        (lambda: BetaMeans(1.0, -2.0), ValueError, "b must be .*got -2"),
    ],
)
def test_invalid_bandits_are_refused_by_name(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_bernoulli_means_drawn_outside_the_unit_interval_are_refused_when_drawn():
    with pytest.raises(ValueError, match=r"in \[0, 1\], got -0\.51\d* from NormalMeans"):
        BernoulliBandit(NormalMeans()).start(1000, stream(15, "problem"))
