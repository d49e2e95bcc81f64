"""Bandits in other units: the same runs, with rewards and regret multiplied and shifted, in both engines."""

import math

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st

import boltzmann_rl as brl
from boltzmann_rl import BernoulliBandit, GaussianBandit, HeavyTailedBandit, RescaledBandit, SwitchingBandit
from boltzmann_rl.engines.reference import bandits as reference

PLAIN = (
    GaussianBandit(),
    GaussianBandit(brl.NormalMeans(2.0, 0.0), arms=4, drift=0.2),
    BernoulliBandit((0.2, 0.7, 0.0, 1.0)),
    BernoulliBandit(brl.BetaMeans(1.0, 8.0), arms=3, drift=0.3),
    HeavyTailedBandit(arms=3),
    SwitchingBandit(BernoulliBandit(arms=5), change_probability=0.1),
    SwitchingBandit(GaussianBandit((0.0, 1.0), drift=0.1), change_probability=0.1, permute=True),
)
POWERS = st.integers(-30, 30).map(lambda exponent: 2.0**exponent)


def played(simulate, bandit, agent, steps=60, **work):
    return simulate(bandit, agent, block=0, runs=20, steps=steps, seed=3, **work)


@pytest.mark.parametrize("bandit", PLAIN, ids=repr)
@given(POWERS)
@settings(deadline=None, max_examples=5)
def test_a_rule_rescaled_with_a_power_of_two_has_the_same_runs_bit_by_bit(bandit, factor):
    plain = played(reference.simulate, bandit, brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.3)), steps=30)
    moved = RescaledBandit(bandit, factor)
    found = played(reference.simulate, moved, brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.3 * factor)), steps=30)
    for metric in ("reward", "regret"):
        assert (found.totals[metric] == factor * plain.totals[metric]).all()
    assert (found.totals["best_action"] == plain.totals["best_action"]).all()


@in_one_test("bandit", PLAIN, ids=repr)
@in_one_test(("factor", "offset"), [(0.01, 3.0), (100.0, -3.0), (7.0, 0.1)])
def test_rewards_and_regret_are_those_of_the_other_bandit_multiplied_and_shifted(bandit, factor, offset):
    """Uniform choice takes the same actions whatever the rewards."""
    agent = brl.Agent(brl.SampleAverage(), brl.Uniform())
    plain, found = (played(reference.simulate, one, agent) for one in (bandit, RescaledBandit(bandit, factor, offset)))
    size = factor + 60 * abs(offset)
    expected = factor * plain.totals["reward"] + 60 * offset
    assert found.totals["reward"] == pytest.approx(expected, rel=1e-11, abs=1e-11 * size)
    assert found.totals["regret"] == pytest.approx(factor * plain.totals["regret"], rel=1e-9, abs=1e-11 * size)
    assert (found.totals["best_action"] == plain.totals["best_action"]).all()


def test_the_rewards_of_rescaled_coins_are_their_two_levels():
    bandit, rng = RescaledBandit(BernoulliBandit((0.25, 0.5)), 10.0, -1.0), np.random.default_rng(0)
    means = bandit.start(40_000, rng)
    assert means[0].tolist() == [1.5, 4.0]
    for arm, high in enumerate((0.25, 0.5)):
        rewards = bandit.reward(means[:, arm], bandit.noise(40_000, rng))
        assert set(rewards.tolist()) == {-1.0, 9.0}
        # 4.9 standard errors: false alarms 1e-6
        assert abs((rewards == 9.0).mean() - high) < 4.9 * math.sqrt(high * (1 - high) / 40_000)


def test_a_bandit_that_does_not_move_keeps_the_very_array():
    bandit = RescaledBandit(GaussianBandit(), 3.0, 1.0)
    means = bandit.start(5, np.random.default_rng(0))
    assert bandit.move(means, np.random.default_rng(0)) is means


AGENTS = (
    brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.3)),
    brl.Agent(brl.ConstantStep(0.1, initial=1.0), brl.EpsilonGreedy(0.1)),
    brl.Agent(brl.UCB1(), brl.Greedy()),
    brl.Agent(brl.GradientPreferences(0.2), brl.Boltzmann(1.0)),
    brl.Agent(brl.GaussianPosterior(), brl.GaussianThompson()),
)
DEEP = RescaledBandit(RescaledBandit(BernoulliBandit((0.2, 0.7)), 0.5, 0.25), 0.1, 0.3)
OUTSIDE = SwitchingBandit(RescaledBandit(GaussianBandit(), 0.1), change_probability=0.1)


@pytest.mark.parametrize(
    "bandit",
    [*(RescaledBandit(one, 0.5, 0.25) for one in PLAIN), RescaledBandit(PLAIN[2], 50.0, 8.0), DEEP, OUTSIDE],
    ids=repr,
)
def test_both_engines_take_the_same_actions_and_measure_the_same(bandit):
    compiled = pytest.importorskip("boltzmann_rl.engines.compiled.bandits")
    for agent in AGENTS:
        assert compiled.reason(bandit, agent) == ""
        actions = np.empty((60, 20), dtype=np.int64)
        found, expected = (
            played(compiled.simulate, bandit, agent, actions=actions),
            played(reference.simulate, bandit, agent),
        )
        for metric, total in expected.totals.items():
            assert found.totals[metric] == pytest.approx(total, rel=1e-11, abs=1e-11), (metric, agent)
        assert (found.totals["best_action"] == expected.totals["best_action"]).all()
        means = np.array([curve.mean for curve in (found.curves["regret"], expected.curves["regret"])])
        assert means[0] == pytest.approx(means[1], rel=1e-11, abs=1e-11)
        assert len(np.unique(actions)) > 1


def test_a_learner_of_rewards_up_to_1_is_compiled_if_both_levels_are():
    compiled = pytest.importorskip("boltzmann_rl.engines.compiled.bandits")
    agent = brl.exp3(arms=2, gamma=0.1)
    for factor, offset, fits in ((0.5, 0.25, True), (0.5, 0.75, False), (0.5, -0.1, False), (1.0, 0.0, True)):
        bandit = RescaledBandit(BernoulliBandit((0.2, 0.7)), factor, offset)
        assert (compiled.reason(bandit, agent) == "") is fits
        if not fits:
            with pytest.raises(ValueError, match=r"reward"):
                played(reference.simulate, bandit, agent)


def test_it_is_an_environment_as_other_bandits_are():
    env = brl.bandit_environments.BanditEnv(DEEP, steps=50)
    env.reset(seed=0)
    assert {round(env.step(k % 2)[1], 12) for k in range(50)} == {0.325, 0.375}


@in_one_test(
    ("make", "error", "message"),
    [
        (lambda: RescaledBandit(GaussianBandit(), 0.0), ValueError, "factor must be above 0, got 0.0"),
        (lambda: RescaledBandit(GaussianBandit(), math.inf), ValueError, "factor must be finite, got inf"),
        (lambda: RescaledBandit(GaussianBandit(), -2.0), ValueError, "factor must be .*got -2"),
        (lambda: RescaledBandit(GaussianBandit(), 1.0, math.nan), ValueError, "offset must be .*nan"),
        (lambda: RescaledBandit(3.0), TypeError, "bandit must be a bandit, got 3.0 without arms"),
        (lambda: RescaledBandit(GaussianBandit), TypeError, "an instance, such as GaussianBandit.*got the class"),
        (lambda: SwitchingBandit(GaussianBandit), TypeError, "an instance, such as GaussianBandit.*got the class"),
        (lambda: RescaledBandit(brl.AdversarialBandit()), ValueError, "must not be adversarial.*rescale those of Adv"),
        (lambda: RescaledBandit(SwitchingBandit(brl.AdversarialBandit())), ValueError, "must not be adversarial"),
        (
            lambda: SwitchingBandit(RescaledBandit(GaussianBandit((0.0, 1.0)))),
            ValueError,
            "fixed means only change if they are permuted",
        ),
    ],
)
def test_what_cannot_be_rescaled_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_means_that_overflow_are_refused():
    with pytest.raises(ValueError, match=r"the means of RescaledBandit.* must be finite, got inf"):
        RescaledBandit(GaussianBandit((1.0, 2.0)), 1.5e308).start(3, np.random.default_rng(0))
