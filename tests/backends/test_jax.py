"""JAX's own doors: jit with static policies, vmap and grad over declarations, scan, optax, checkify."""

from functools import partial

import numpy as np
import pytest
from schedule_tables import ROW_NUMBERS

import boltzmann_rl as brl

jax = pytest.importorskip("jax")
from boltzmann_rl.backends import jax as backend  # noqa: E402 - JAX first

Q = np.array([[0.0, 1.0, 2.0], [5.0, 5.0, 0.0]], dtype=np.float32)


def test_equal_declarations_share_one_compilation():
    traced = []

    @partial(jax.jit, static_argnums=0)
    def probabilities(policy, q):
        traced.append(policy)
        return backend.probabilities(policy, q)

    for temperature in (0.5, 0.5, 0.25):
        assert np.abs(probabilities(brl.Boltzmann(temperature), Q) - brl.softmax(Q, temperature)).max() < 1e-6
    assert len(traced) == 2


def test_declarations_are_pytrees_whose_numbers_are_leaves():
    policy = brl.MaxBoltzmann(0.1, brl.RelativeToRange(brl.schedules.Exponential(1.0, 0.01, steps=100)))
    assert jax.tree.leaves(policy) == [0.1, 1.0, 0.01]
    doubled = jax.tree.map(lambda x: 2.0 * x, policy)
    assert doubled == brl.MaxBoltzmann(0.2, brl.RelativeToRange(brl.schedules.Exponential(2.0, 0.02, steps=100)))
    assert jax.tree.leaves(brl.Boltzmann([0.1, 0.2])) == [0.1, 0.2]
    own = brl.Boltzmann(lambda step: 0.5)
    assert jax.tree.leaves(own) == []
    assert jax.tree.map(lambda x: x, own).temperature is own.temperature


@pytest.mark.parametrize("make", [make for make, _ in ROW_NUMBERS])
def test_a_tree_map_of_a_schedule_with_a_number_per_row_has_the_values_of_each_rows_own_schedule(make):
    numbers, steps = (0.9, 0.5, 0.25), (0, 5, 50)
    alone = [brl.schedules.evaluate(make(number), step) for number, step in zip(numbers, steps, strict=True)]
    copy = jax.tree.map(lambda x: x, make(numbers))
    assert copy(np.array(steps)).tolist() == alone
    assert copy(5).tolist() == [brl.schedules.evaluate(make(number), 5) for number in numbers]
    values = np.arange(12.0).reshape(3, 4)
    assert (brl.Boltzmann(copy)(values, 5) == brl.Boltzmann(make(numbers))(values, 5)).all()
    assert (jax.tree.map(lambda x: x, brl.Boltzmann(make(numbers)))(values, 5) == brl.Boltzmann(copy)(values, 5)).all()


def test_temperatures_are_mapped_over_and_differentiated_inside_a_declaration():
    temperatures = np.array([0.1, 1.0, 10.0], dtype=np.float32)
    several = jax.tree.map(lambda _: temperatures, brl.Boltzmann(1.0))
    found = jax.jit(jax.vmap(backend.probabilities, in_axes=(0, None)))(several, Q)
    assert np.abs(found - np.stack([brl.softmax(Q, t) for t in temperatures])).max() < 1e-6
    cooling = brl.Boltzmann(brl.schedules.Exponential(1.0, 0.01, steps=100))
    slopes = jax.grad(lambda policy: backend.entropy(policy, Q, 50).sum())(cooling)
    assert slopes.temperature.steps == 100
    change = 1e-3
    ends = [
        brl.entropy(brl.Boltzmann(brl.schedules.Exponential(x, 0.01, steps=100))(Q, 50)).sum()
        for x in (1 + change, 1 - change)
    ]
    assert slopes.temperature.start == pytest.approx((ends[0] - ends[1]) / (2 * change), rel=1e-3)


def test_a_scan_over_steps_anneals_inside_one_program():
    policy = brl.EpsilonGreedy(brl.schedules.Linear(1.0, 0.0, steps=1000))

    def step(key, now):
        key, drawing = jax.random.split(key)
        action = backend.act(policy, drawing, Q[:1] * np.ones((64, 1), np.float32), now)
        return key, (action == 2).mean()

    _, shares = jax.jit(lambda key: jax.lax.scan(step, key, jax.numpy.arange(2000)))(jax.random.key(0))
    assert shares[:50].mean() == pytest.approx(1 / 3, abs=0.05)
    assert shares[1000:].min() == 1.0


def test_schedules_of_optax_and_plain_functions_work_inside():
    optax = pytest.importorskip("optax")
    policy = brl.Boltzmann(optax.exponential_decay(1.0, 100, 0.5))
    found = jax.jit(lambda step: backend.probabilities(policy, Q, step))(100)
    assert np.abs(found - brl.softmax(Q, 0.5)).max() < 1e-6
    plain = brl.Boltzmann(lambda step: 1.0 / (1.0 + step))
    assert np.abs(jax.jit(lambda step: backend.probabilities(plain, Q, step))(3) - brl.softmax(Q, 0.25)).max() < 1e-6


def test_keys_may_be_mapped_over_too():
    keys = jax.random.split(jax.random.key(0), 5)
    found = jax.vmap(lambda key, q: backend.act(brl.Boltzmann(0.0), key, q), in_axes=(0, None))(keys, Q[0])
    assert found.tolist() == [2] * 5


def test_second_derivatives_are_those_of_the_softmax():
    """The Hessian of log Σ exp(q/T) is (diag p − p pᵀ)/T²."""
    q = np.array([0.3, -0.2, 0.9], dtype=np.float32)
    p = brl.softmax(q, 0.5)
    found = jax.hessian(lambda q: backend.logsumexp(q, 0.5))(q)
    assert np.abs(found - (np.diag(p) - np.outer(p, p)) / 0.25).max() < 1e-5


def test_checkify_makes_errors_of_what_would_be_nan():
    checkify = pytest.importorskip("jax.experimental.checkify")

    def decided(q, temperature):
        policy = backend.with_parameters(brl.Boltzmann(1.0), temperature=temperature)
        backend.check(policy, q)
        return backend.probabilities(policy, q)

    checked = checkify.checkify(jax.jit(decided))
    error, p = checked(Q, 0.5)
    assert error.get() is None
    assert np.abs(p - brl.softmax(Q, 0.5)).max() < 1e-6
    assert "no NaN or +inf and an available action" in checked(Q * np.float32(np.nan), 0.5)[0].get()
    assert "out of range" in checked(Q, -1.0)[0].get()
