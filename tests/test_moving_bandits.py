"""Switching, heavy-tailed, nearly tied and adversarial bandits, each against its closed form.

Every statistical test has a false-alarm rate of one in a million and a fixed seed.
"""

import itertools
import math

import numpy as np
import pytest
from cases import in_one_test
from scipy import stats

from boltzmann_rl import (
    Agent,
    BanditExperiment,
    BernoulliBandit,
    Boltzmann,
    GaussianBandit,
    RescaledBandit,
    SampleAverage,
    UniformMeans,
)
from boltzmann_rl.bandits.means import NearTies
from boltzmann_rl.bandits.moving import AdversarialBandit, HeavyTailedBandit, SwitchingBandit
from boltzmann_rl.streams import stream

FALSE_ALARM = 1e-6
N = 100_000

BANDITS = (
    GaussianBandit(NearTies(0.5, 0.05), arms=20),
    BernoulliBandit(NearTies(0.5, 0.05)),
    SwitchingBandit(),
    SwitchingBandit(BernoulliBandit((0.2, 0.8)), 0.1, permute=True),
    SwitchingBandit(HeavyTailedBandit(NearTies())),
    HeavyTailedBandit(),
    HeavyTailedBandit((0.0, 1.0), tail="pareto", tail_index=1.5, scale=0.1),
    RescaledBandit(BernoulliBandit((0.2, 0.8)), 10.0, -1.0),
    RescaledBandit(SwitchingBandit(GaussianBandit(drift=0.1), 0.1), 0.01, 5.0),
    AdversarialBandit(),
    AdversarialBandit([[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
)


def is_uniform(counts):
    """A χ² test of equal frequencies."""
    return stats.chisquare(counts).pvalue > FALSE_ALARM


@in_one_test("bandit", BANDITS, ids=repr)
def test_the_repr_of_a_bandit_is_its_code(bandit):
    again = eval(repr(bandit), {**globals(), "NormalMeans": type(GaussianBandit().means)})
    assert again == bandit
    assert hash(again) == hash(bandit)


@pytest.mark.parametrize("bandit", BANDITS, ids=repr)
def test_every_bandit_can_be_played_in_an_experiment(bandit):
    agents = {"a": Agent(SampleAverage(), Boltzmann(0.1))}
    results = BanditExperiment(name="x", problem=bandit, agents=agents, runs=20, steps=30).run(progress=False)
    regret = results.curves.query("metric == 'regret'")["mean"]
    assert len(regret) == 30
    assert (regret >= 0.0).all()


@in_one_test("bandit", BANDITS, ids=repr)
def test_a_drift_returns_new_means_of_the_same_shape(bandit):
    means = bandit.start(50, stream(0, "problem"))
    kept, rng = means.copy(), stream(0, "drift")
    for _ in range(3):
        moved = bandit.move(means, rng)
        assert moved.shape == (50, bandit.arms)
        assert moved.dtype == np.float64
    assert (means == kept).all()


def test_each_arm_of_near_ties_is_best_equally_often():
    means = NearTies(0.5, 0.25)((N, 7), stream(1, "problem"))
    assert set(means.ravel()) == {0.5, 0.75}
    assert ((means == 0.75).sum(axis=1) == 1).all()
    assert is_uniform((means == 0.75).sum(axis=0))


def test_near_ties_with_a_gap_of_0_are_ties():
    assert (NearTies(0.5, 0.0)((4, 3), stream(1, "problem")) == 0.5).all()


@pytest.mark.parametrize("probability", [0.0, 0.01, 0.3, 1.0])
def test_a_switching_bandit_changes_all_arms_at_once_with_its_probability(probability):
    bandit = SwitchingBandit(GaussianBandit(arms=3), probability)
    means = bandit.start(N, stream(2, "problem"))
    changed = bandit.move(means, stream(2, "drift")) != means
    assert (changed.all(axis=1) == changed.any(axis=1)).all()
    if probability in (0.0, 1.0):
        assert changed.mean() == probability
    else:
        assert stats.binomtest(int(changed[:, 0].sum()), N, probability).pvalue > FALSE_ALARM


def test_the_times_between_changes_are_geometric():
    bandit, rng, times = SwitchingBandit(GaussianBandit(arms=1), 0.25), stream(3, "drift"), []
    means, since = bandit.start(2000, stream(3, "problem")), np.zeros(2000, dtype=int)
    for _ in range(100):
        moved = bandit.move(means, rng)
        since += 1
        times += since[moved[:, 0] != means[:, 0]].tolist()
        since[moved[:, 0] != means[:, 0]] = 0
        means = moved
    seen = np.bincount(np.minimum(times, 21))[1:]  # of 100 steps, so few are left over that the ends do not matter
    law = stats.geom(0.25)
    expected = np.append(law.pmf(np.arange(1, 21)), law.sf(20)) * len(times)
    assert stats.chisquare(seen, expected).pvalue > FALSE_ALARM


def test_redrawn_means_have_their_distribution_and_are_independent_of_the_old_ones():
    bandit = SwitchingBandit(GaussianBandit(UniformMeans(2.0, 5.0), arms=2), 1.0)
    means = bandit.start(N, stream(4, "problem"))
    moved = bandit.move(means, stream(4, "drift"))
    assert stats.kstest(moved.ravel(), stats.uniform(2.0, 3.0).cdf).pvalue > FALSE_ALARM
    assert stats.pearsonr(means.ravel(), moved.ravel()).pvalue > FALSE_ALARM


def test_permuted_means_take_all_orders_equally_often():
    bandit = SwitchingBandit(GaussianBandit((0.0, 1.0, 2.0)), 1.0, permute=True)
    means = bandit.start(N, stream(5, "problem"))
    assert (means == (0.0, 1.0, 2.0)).all()
    orders = [tuple(row) for row in bandit.move(means, stream(5, "drift")).tolist()]
    assert is_uniform([orders.count(order) for order in itertools.permutations((0.0, 1.0, 2.0))])
    assert len(set(orders)) == 6


def test_between_changes_a_switching_bandit_behaves_as_the_bandit_inside():
    inside = BernoulliBandit((0.2, 0.8), drift=0.1)
    bandit = SwitchingBandit(inside, 0.0, permute=True)
    means = bandit.start(9, stream(6, "problem"))
    assert (bandit.move(means, stream(6, "drift")) == inside.move(means, stream(6, "drift"))).all()
    noise = bandit.noise(9, stream(6, "reward"))
    assert (noise == inside.noise(9, stream(6, "reward"))).all()
    assert (bandit.reward(means[:, 1], noise) == inside.reward(means[:, 1], noise)).all()


@in_one_test("index", [1.1, 2.0, 5.0])
@in_one_test("tail", ["student", "pareto"])
def test_heavy_tailed_noise_has_its_distribution_with_mean_0(tail, index):
    law = stats.t(index) if tail == "student" else stats.lomax(index, loc=-1.0 / (index - 1.0))
    bandit = HeavyTailedBandit((3.0,), tail=tail, tail_index=index, scale=2.0)
    rewards = bandit.reward(np.full(N, 3.0), bandit.noise(N, stream(7, tail)))
    assert stats.kstest((rewards - 3.0) / 2.0, law.cdf).pvalue > FALSE_ALARM
    assert law.mean() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("tail", ["student", "pareto"])
def test_the_tail_of_heavy_tailed_noise_falls_with_its_index(tail):
    """Hill's estimator of the index from the k largest of n is normal around it with sd index/√k, for large n."""
    bandit, k = HeavyTailedBandit(tail=tail, tail_index=1.5), 1000
    largest = np.sort(bandit.noise(10 * N, stream(8, tail)))[-k - 1 :]
    hill = k / np.log(largest[1:] / largest[0]).sum()
    assert abs(hill - 1.5) < 1.5 / math.sqrt(k) * stats.norm.isf(FALSE_ALARM / 2) + 0.05


def played(bandit, steps):
    means, rng = bandit.start(1, stream(9, "problem")), stream(9, "drift")
    for _ in range(steps):
        yield tuple(means[0])
        means = bandit.move(means, rng)


def test_the_worst_case_of_follow_the_leader_is_the_published_sequence():
    losses = [(0.5, 0.0), *itertools.islice(itertools.cycle([(0.0, 1.0), (1.0, 0.0)]), 99)]
    assert [tuple(1.0 - reward for reward in row) for row in played(AdversarialBandit(), 100)] == losses


def test_follow_the_leader_earns_nothing_while_every_arm_pays_one_half():
    rewards = np.array(list(played(AdversarialBandit(), 1001)))
    leaders = rewards.cumsum(axis=0)[:-1].argmax(axis=1)
    assert rewards[1:][np.arange(1000), leaders].sum() == 0.0
    assert rewards[1:].sum(axis=0).tolist() == [500.0, 500.0]


@pytest.mark.parametrize(
    ("repeat_from", "order"), [(None, "012012012"), (0, "012012012"), (1, "012121212"), (2, "012222222")]
)
def test_after_its_last_row_an_adversary_repeats_from_the_given_row(repeat_from, order):
    rows = ((0.0, 9.0), (1.0, 5.0), (2.0, 7.0))
    assert list(played(AdversarialBandit(rows, repeat_from), 9)) == [rows[int(row)] for row in order]


def test_every_run_has_its_own_place_in_the_sequence_of_an_adversary():
    moved = AdversarialBandit().move(np.array([[0.0, 1.0], [0.5, 1.0], [1.0, 0.0]]), stream(10, "drift"))
    assert moved.tolist() == [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]


def test_an_adversary_draws_no_random_numbers():
    bandit, rng = AdversarialBandit(), stream(11, "reward")
    before = rng.bit_generator.state
    means = bandit.move(bandit.start(5, rng), rng)
    assert (bandit.reward(means[:, 0], bandit.noise(5, rng)) == means[:, 0]).all()
    assert rng.bit_generator.state == before


@in_one_test(
    ("make", "kind", "message"),
    [
        (lambda: NearTies(gap=-0.1), ValueError, "gap must be .*got -0.1"),
        (lambda: NearTies(math.nan), ValueError, "mean must be .*got nan"),
        (
            lambda: SwitchingBandit(change_probability=1.5),
            ValueError,
            r"change_probability must be in \[0, 1\], got 1.5",
        ),
        (lambda: SwitchingBandit(GaussianBandit((0, 1))), ValueError, "fixed means only change if they are permuted"),
        (lambda: SwitchingBandit(permute=1), TypeError, "permute must be True or False, got 1"),
        (lambda: SwitchingBandit("GaussianBandit"), TypeError, "bandit must be a bandit, got 'GaussianBandit'"),
        (lambda: HeavyTailedBandit(tail="cauchy"), ValueError, "tail must be 'student' or 'pareto', got 'cauchy'"),
        (lambda: HeavyTailedBandit(tail_index=1), ValueError, "tail_index must be above 1.*got 1"),
        (lambda: HeavyTailedBandit(scale=-1.0), ValueError, "scale must be .*got -1"),
        (lambda: HeavyTailedBandit((0.0, 1.0), arms=3), ValueError, "arms must be the number of means, 2"),
        (lambda: AdversarialBandit([1.0, 2.0]), TypeError, "rewards must be rows of numbers"),
        (lambda: AdversarialBandit([[1.0], [1.0, 2.0]]), TypeError, "all of one length"),
        (lambda: AdversarialBandit([]), TypeError, "rewards must be rows of numbers"),
        (lambda: AdversarialBandit("01"), TypeError, r"rewards\[0\]\[0\] must be a number, got '0'"),
        (lambda: AdversarialBandit([[0.0, math.inf]]), ValueError, r"rewards\[0\]\[1\] must be finite, got inf"),
        (
            lambda: AdversarialBandit([[0, 1], [1, 0], [0, 1]]),
            ValueError,
            r"rewards\[2\] must differ from rewards\[0\]",
        ),
        (lambda: AdversarialBandit(repeat_from=3), ValueError, r"repeat_from must be in \[0, 2\], got 3"),
    ],
)
def test_invalid_bandits_are_refused_by_name(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_switches_without_a_defined_effect_are_refused():
    with pytest.raises(ValueError, match="permuted rewards do not say which row is next"):
        SwitchingBandit(AdversarialBandit(), permute=True)
    with pytest.raises(ValueError, match="fixed means only change if they are permuted"):
        SwitchingBandit(SwitchingBandit(BernoulliBandit((0.0, 1.0)), permute=True))
