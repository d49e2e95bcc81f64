"""Bugs that were found in other packages, one test each: the input that breaks them gives the right result here.

Each test is named after the bug. The expected numbers are computed here, from the formulas that the packages document.
"""

import math

import numpy as np
import pytest
from scipy import integrate

import boltzmann_rl as brl


def test_keras_rl_is_uniform_at_low_temperatures_because_it_clips_the_exponent_at_500():
    np.testing.assert_allclose(brl.Boltzmann(0.001)([1.0, 2.0], step=0), [0.0, 1.0], atol=1e-300)
    np.testing.assert_allclose(brl.Boltzmann(0.01)([10.0, 9.0, 0.0], step=0), [1.0, math.exp(-100), 0.0], rtol=1e-12)
    np.testing.assert_array_equal(brl.MaxBoltzmann(0.5, 0.001)([1.0, 2.0], step=0), [0.0, 1.0])


def test_smpybandits_softmax_drops_the_best_arm_when_its_weight_overflows():
    np.testing.assert_array_equal(brl.Boltzmann(0.001)([0.9, 0.5, 0.1], step=0).argmax(), 0)
    assert brl.Boltzmann(0.001)([0.9, 0.5, 0.1], step=0)[0] == pytest.approx(1.0, abs=1e-15)


def test_smpybandits_epsilon_greedy_never_explores_the_last_arm():
    actions = brl.act(brl.EpsilonGreedy(1.0), np.zeros((50_000, 5)), np.random.default_rng(0))
    frequencies = np.bincount(actions, minlength=5) / 50_000
    np.testing.assert_allclose(frequencies, 0.2, atol=0.009)  # five standard deviations


def test_mabwiser_takes_the_argmax_of_a_dirichlet_draw_instead_of_a_softmax_draw():
    stated = 1.0 / (1.0 + math.exp(-1.0))  # .7311; the Dirichlet gives .7584
    actions = brl.act(brl.Boltzmann(1.0), np.tile([1.0, 0.0], (200_000, 1)), np.random.default_rng(0))
    assert (actions == 0).mean() == pytest.approx(stated, abs=5 * math.sqrt(stated * (1 - stated) / 200_000))


def test_catalysts_temperature_has_no_effect():
    values = [0.0, 1.0]
    assert brl.Boltzmann(100.0)(values, step=0)[1] == pytest.approx(1 / (1 + math.exp(-0.01)))
    assert brl.Boltzmann(0.01)(values, step=0)[1] == pytest.approx(1.0)


def test_mushroom_rls_mellowmax_is_uniform_where_the_root_lies_outside_its_bracket():
    p = brl.Mellowmax(omega=50.0)([0.0, 0.1], step=0)
    expected_value = math.log((1.0 + math.exp(5.0)) / 2.0) / 50.0  # mellowmax, of one policy only
    np.testing.assert_allclose(p, [1 - expected_value / 0.1, expected_value / 0.1], rtol=1e-10)


def test_open_spiels_softmax_takes_illegal_actions_and_overflows():
    p = brl.Boltzmann(0.5)(brl.mask([-1.0, 0.0, -2.0], [1, 0, 1]), step=0)
    np.testing.assert_allclose(p, [1 / (1 + math.exp(-2.0)), 0.0, 1 / (1 + math.exp(2.0))], rtol=1e-14)
    np.testing.assert_array_equal(brl.Boltzmann(0.01)([10.0, 0.0], step=0), [1.0, 0.0])


def test_coachs_last_probability_is_one_minus_the_others_and_may_be_negative():
    rng = np.random.default_rng(0)
    for _ in range(1000):
        values = rng.normal(size=18)
        values[-1] = values.min() - 5.0
        p = brl.Boltzmann(0.1)(values, step=0)
        assert (p >= 0.0).all()
        assert p[-1] == pytest.approx(math.exp((values[-1] - values.max()) / 0.1) * p.max(), rel=1e-12)


def test_tf_agents_gives_an_untried_arm_no_noise():
    p = brl.BoltzmannGumbel(scale=1.0)([0.0, 0.0, 0.0], step=np.array([50, 50, 0]))
    np.testing.assert_array_equal(p, [0.0, 0.0, 1.0])
    p = brl.BoltzmannGumbel(scale=1.0)([0.0, 0.0, 0.0], step=np.array([0, 0, 0]))
    np.testing.assert_allclose(p, 1 / 3)


def test_keras_rls_gumbel_counts_are_shared_by_all_states():
    pulls = np.array([[1, 1], [1, 100]])
    p = brl.BoltzmannGumbel(scale=1.0)(np.zeros((2, 2)), step=pulls)
    np.testing.assert_allclose(p[0], 0.5)
    scale = np.array([1.0, 0.1])  # C/√N

    def first_wins_at(x):
        density = math.exp(-x - math.exp(-x))
        return density * math.exp(-math.exp(-x / scale[1])) if x > -60 * scale[1] else 0.0

    assert p[1, 0] == pytest.approx(integrate.quad(first_wins_at, -6.0, 40.0, epsabs=1e-13, limit=500)[0], abs=1e-10)


def test_reagents_greedy_log_probability_is_inverted():
    p = brl.Greedy()([0.0, 3.0, 1.0], step=0)
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(np.log(p), [-np.inf, 0.0, -np.inf])
    np.testing.assert_allclose(brl.EpsilonGreedy(0.3)(np.tile([0.0, 1.0, 0.0], (7, 1)), step=0)[3], [0.1, 0.8, 0.1])


def test_reinforcement_learning_jls_masked_explorers_overwrite_the_callers_values():
    values = np.array([1.0, 2.0, 3.0])
    brl.act(brl.Boltzmann(1.0), values, np.random.default_rng(0), available=[1, 0, 1])
    np.testing.assert_array_equal(values, [1.0, 2.0, 3.0])


def test_slm_labs_schedule_to_exactly_zero_means_no_decay():
    assert brl.schedules.Linear(1.0, 0.0, steps=10)(10) == 0.0
    np.testing.assert_array_equal(brl.Boltzmann(brl.schedules.Linear(1.0, 0.0, steps=10))([0.0, 1.0], 10), [0.0, 1.0])


def test_rllibs_soft_q_never_evaluates_its_schedule_and_divides_the_values_in_place():
    policy, values = brl.Boltzmann(brl.schedules.Linear(2.0, 1.0, steps=10)), np.array([0.0, 1.0])
    assert policy(values, 0)[1] == pytest.approx(1 / (1 + math.exp(-0.5)))
    assert policy(values, 10)[1] == pytest.approx(1 / (1 + math.exp(-1.0)))
    np.testing.assert_array_equal(values, [0.0, 1.0])


def test_rl_agents_ignores_the_temperature_that_its_maintainer_recommends_to_set():
    with pytest.raises(TypeError, match="final_temperature"):
        brl.Boltzmann(1.0, final_temperature=0.1)  # an unknown setting is refused, not ignored


def test_contextualbandits_multiplier_grows_with_each_prediction_and_without_bound():
    policy = brl.Boltzmann(brl.schedules.Exponential(1.0, decay=1 / 1.0004))
    first = policy([0.0, 1.0], step=100)
    for _ in range(1000):
        policy([0.0, 1.0], step=100)
    np.testing.assert_array_equal(policy([0.0, 1.0], step=100), first)
    np.testing.assert_array_equal(policy([0.0, 1.0], step=10_000_000), [0.0, 1.0])


def test_simple_rl_multiplies_values_by_the_temperature():
    warm, cold = (brl.Boltzmann(t)([0.0, 1.0], step=0)[1] for t in (2.0, 0.2))
    assert warm < cold


def test_distrax_returns_minus_one_at_temperature_zero_and_cannot_broadcast_one_per_row():
    action = brl.act(brl.Boltzmann(0.0), [1.0, 3.0, 2.0], np.random.default_rng(0))
    assert action == 1
    p = brl.softmax(np.tile([0.0, 1.0, 2.0], (2, 1)), temperature=[1.0, 0.0])
    np.testing.assert_array_equal(p[1], [0.0, 0.0, 1.0])
    np.testing.assert_allclose(p[0], np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum())


def test_gradient_bandits_of_textbook_scripts_overflow():
    learner, rng = brl.GradientPreferences(learning_rate=4.0), np.random.default_rng(0)
    policy, state = brl.Boltzmann(1.0), learner.start((1, 2), rng)
    for step in range(2000):
        p = policy(learner.values(state), step)
        action = brl.act(policy, learner.values(state), rng)
        state = learner.update(state, action, np.array([1000.0 * action[0]]), p, rng)
    assert np.isfinite(policy(learner.values(state), 2000)).all()
