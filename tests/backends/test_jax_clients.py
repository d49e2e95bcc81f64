"""The programs in JAX of the manual: their parts agree with Gymnasium and closed forms, and they learn."""

from pathlib import Path

import gymnasium
import numpy as np
import pytest

jax = pytest.importorskip("jax")
pytest.importorskip("optax")
jnp = jax.numpy

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def q_learning(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    import jax_q_learning

    return jax_q_learning


@pytest.fixture
def fit_choices(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    import fit_choices

    return fit_choices


def test_the_compiled_cart_pole_moves_as_that_of_gymnasium(q_learning):
    rng = np.random.default_rng(0)
    env = gymnasium.make("CartPole-v1").unwrapped
    env.reset(seed=0)
    for _ in range(200):
        state, action = rng.uniform(-1.0, 1.0, 4) * (2.5, 3.0, 0.22, 3.0), int(rng.integers(2))
        env.state, env.steps_beyond_terminated = tuple(state), None
        expected, _, terminated, _, _ = env.step(action)
        found, fell = q_learning.dynamics(jnp.array(state[None]), jnp.array([action]))
        np.testing.assert_allclose(found[0], expected, rtol=1e-5, atol=1e-6)
        assert bool(fell[0]) == terminated


def test_returns_without_decay_bootstrap_at_once_and_with_decay_1_never(q_learning):
    """Three steps of one environment with rewards 1: the values of the next states are 10, 20 and 30."""
    following, no = jnp.array([[10.0], [20.0], [30.0]]), jnp.zeros((3, 1), bool)
    seen = q_learning.Transition(no, no, jnp.ones((3, 1)), no, no, following)
    settings = q_learning.Settings(discount=0.5, decay=0.0)
    at_once = q_learning.lambda_returns(seen, settings)[:, 0]
    np.testing.assert_allclose(at_once, [1 + 5, 1 + 10, 1 + 15])
    never = q_learning.lambda_returns(seen, settings._replace(decay=1.0))[:, 0]
    np.testing.assert_allclose(never, [1 + 0.5 * (1 + 0.5 * 16), 1 + 0.5 * 16, 16])


def test_a_terminated_episode_has_no_future_and_a_truncated_one_that_of_its_last_state(q_learning):
    following = jnp.array([[10.0, 10.0], [20.0, 20.0]])
    terminated = jnp.array([[True, False], [False, False]])
    ended = jnp.array([[True, True], [False, False]])
    seen = q_learning.Transition(ended, ended, jnp.ones((2, 2)), terminated, ended, following)
    returns = q_learning.lambda_returns(seen, q_learning.Settings(discount=0.5, decay=0.5))
    np.testing.assert_allclose(returns, [[1.0, 1 + 5.0], [1 + 10.0, 1 + 10.0]])


def test_a_thousand_environments_learn_in_one_scan(q_learning):
    settings = q_learning.Settings(updates=40)
    policy = q_learning.policies(settings)["Boltzmann, τ from 1 to 0.05"]
    returns = np.asarray(q_learning.train(policy, settings, jax.random.key(0)))
    assert returns.shape == (40,)
    assert np.nanmean(returns[:2]) < 40.0  # a random policy balances for about 22 steps
    assert np.nanmean(returns[-5:]) > 100.0


def test_the_slope_of_the_surprise_is_that_of_finite_differences(fit_choices):
    person = fit_choices.simulated(0.4, 0.3, np.random.default_rng(1))
    with jax.enable_x64(True):
        at, h = np.array([0.3, -0.8]), 1e-5
        slope = jax.grad(fit_choices.surprise)(jnp.array(at), person)
        for k in range(2):
            up, down = (
                float(fit_choices.surprise(jnp.array(at + sign * h * np.eye(2)[k]), person)) for sign in (1, -1)
            )
            assert float(slope[k]) == pytest.approx((up - down) / (2 * h), rel=1e-6)


def test_people_are_fitted_within_their_intervals(fit_choices):
    """Of 80 numbers 76 are expected inside; fewer than 64 have a probability below 1e-6."""
    true, people = fit_choices.population(40, seed=1)
    estimates, errors = map(np.asarray, fit_choices.fitted(people))
    assert (np.abs(estimates - true) <= 1.96 * errors).sum() >= 64
    rates = 1.0 / (1.0 + np.exp(-np.stack([true[:, 0], estimates[:, 0]])))
    assert np.corrcoef(rates)[0, 1] > 0.8
    assert np.corrcoef(true[:, 1], estimates[:, 1])[0, 1] > 0.9
