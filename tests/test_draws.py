"""Draws of the policies that perturb values: the best of SciPy's quantiles at the uniform of each action."""

import numpy as np
import pytest
from scipy import stats

from boltzmann_rl import act
from boltzmann_rl.policies.perturbation import BetaThompson, BoltzmannGumbel, GaussianThompson

INF = float("inf")
# Each policy with what it takes besides values and uniforms: a function of the shape of the values.
POLICIES = {
    "gumbel": (BoltzmannGumbel(1.0), lambda shape: np.ones(shape, dtype=int), lambda shape: None),
    "gaussian": (GaussianThompson(), lambda shape: None, np.ones),
    "beta": (BetaThompson(), lambda shape: None, lambda shape: np.ones((*shape, 2))),
}
every_policy = pytest.mark.parametrize(("policy", "steps", "memories"), POLICIES.values(), ids=POLICIES.keys())


def drawn(policy, values, step, uniforms, memory):
    return policy.draw(values, step, uniforms, *([] if memory is None else [memory]))


def rows_that_are_partly_masked():
    rng = np.random.default_rng(7)
    values = rng.normal(size=(400, 4))
    values[rng.random(values.shape) < 0.2] = -INF
    values[:, 1] = rng.normal(size=400)
    return values, rng.random(values.shape), rng


def test_boltzmann_gumbel_draws_the_best_of_the_values_perturbed_by_scipy_s_gumbel():
    values, uniforms, rng = rows_that_are_partly_masked()
    pulls = rng.integers(1, 30, size=values.shape)
    expected = (values + 1.5 / np.sqrt(pulls) * stats.gumbel_r.ppf(uniforms)).argmax(axis=-1)
    np.testing.assert_array_equal(BoltzmannGumbel(1.5).draw(values, pulls, uniforms), expected)
    np.testing.assert_array_equal(BoltzmannGumbel(1.5).draw(values + 8.0, pulls, uniforms), expected)


def test_boltzmann_gumbel_draws_among_the_arms_without_pulls_in_rows_that_have_any():
    values, uniforms, rng = rows_that_are_partly_masked()
    pulls = rng.integers(0, 3, size=values.shape)
    new = (pulls == 0) & np.isfinite(values)
    started = ~new.any(axis=-1)
    assert 40 < started.sum() < 360
    noise = stats.gumbel_r.ppf(uniforms)
    indices = np.where(new, noise, -INF)
    indices[started] = (values + noise / np.sqrt(np.maximum(pulls, 1)))[started]
    policy = BoltzmannGumbel(1.0)
    np.testing.assert_array_equal(policy.draw(values, pulls, uniforms), indices.argmax(axis=-1))
    np.testing.assert_allclose(
        policy(values, pulls)[~started], (new / new.sum(axis=-1, keepdims=True).clip(1))[~started]
    )


def test_gaussian_thompson_draws_the_best_of_scipy_s_normal_quantiles():
    values, uniforms, rng = rows_that_are_partly_masked()
    sds = rng.uniform(0.1, 2.0, size=values.shape)
    sds[np.isinf(values)] = rng.choice([0.0, -1.0, np.nan, INF], size=np.isinf(values).sum())  # nobody asks for these
    known = np.where(np.isfinite(values), sds, 1.0)
    expected = values + known * stats.norm.ppf(uniforms)
    np.testing.assert_array_equal(GaussianThompson().draw(values, 0, uniforms, sds), expected.argmax(axis=-1))


def test_gaussian_thompson_draws_the_largest_uniform_in_rows_of_which_it_knows_nothing():
    values, uniforms, rng = rows_that_are_partly_masked()
    available, ignorant = np.isfinite(values), rng.random((400, 1)) < 0.5
    sds = np.where(ignorant, INF, rng.uniform(0.1, 2.0, size=values.shape))
    known = np.where(available & ~ignorant, values + np.where(ignorant, 1.0, sds) * stats.norm.ppf(uniforms), -INF)
    expected = np.where(ignorant & available, uniforms, known).argmax(axis=-1)
    np.testing.assert_array_equal(GaussianThompson().draw(values, 0, uniforms, sds), expected)


def test_beta_thompson_draws_the_best_of_scipy_s_beta_quantiles():
    values, uniforms, rng = rows_that_are_partly_masked()
    memory = rng.uniform(0.5, 9.0, size=(*values.shape, 2))
    memory[np.isinf(values)] = np.nan
    quantiles = stats.beta.ppf(uniforms, memory[..., 0], memory[..., 1])
    expected = np.where(np.isfinite(values), quantiles, -INF).argmax(axis=-1)
    np.testing.assert_array_equal(BetaThompson().draw(values, 0, uniforms, memory), expected)


def test_a_uniform_of_0_stands_for_half_of_the_least_above_it():
    """Beside another index that is a hundredth more or less than this."""
    least, pulls = 2.0**-54, [1, 1]
    for less in (-0.01, 0.01):
        gumbel, normal = stats.gumbel_r.ppf(least) + less, stats.norm.ppf(least) + less
        chosen = int(less > 0)
        assert BoltzmannGumbel(1.0).draw([0.0, gumbel], pulls, [0.0, np.exp(-1.0)]) == chosen
        assert GaussianThompson().draw([0.0, normal], 0, [0.0, 0.5], [1.0, 1.0]) == chosen
        # The quantile of Beta(1, 1) is u, that of Beta(1, 2) next to 0 is u/2.
        uniforms = [0.0, 2.0 * least * (1.0 + less)]
        assert BetaThompson().draw([0.0, 0.0], 0, uniforms, [[1.0, 1.0], [1.0, 2.0]]) == chosen


@every_policy
def test_a_decision_takes_one_uniform_per_action_and_needs_no_step_unless_it_counts_pulls(policy, steps, memories):
    values = np.random.default_rng(3).normal(size=(50, 3))
    step, memory = steps(values.shape), memories(values.shape)
    rng, twin = np.random.default_rng(4), np.random.default_rng(4)
    actions = act(policy, values, rng, step=step, memory=memory)
    np.testing.assert_array_equal(actions, drawn(policy, values, step, twin.random(values.shape), memory))
    assert rng.random() == twin.random()


@every_policy
@pytest.mark.parametrize(
    ("row", "message"), [([-INF, -INF], "no action available"), ([0.0, np.nan], "nan"), ([INF, 0.0], "inf")]
)
def test_a_row_without_a_finite_best_is_refused_wherever_it_stands_in_a_batch(policy, steps, memories, row, message):
    for values in ([row, [0.0, 1.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0], row], row):
        shape = np.shape(values)
        with pytest.raises(ValueError, match=message):
            drawn(policy, values, steps(shape), np.full(shape, 0.5), memories(shape))


@pytest.mark.parametrize("offset", [2.0**60, -(2.0**60)])
def test_an_offset_of_the_values_of_a_row_costs_no_digits(offset):
    values, uniforms = np.zeros((2, 3)), np.array([[0.3, 0.6, 0.5]] * 2)
    values[1] += offset
    assert BoltzmannGumbel(1.0).draw(values, np.ones((2, 3), dtype=int), uniforms).tolist() == [1, 1]
    assert GaussianThompson().draw(values, 0, uniforms, np.ones((2, 3))).tolist() == [1, 1]
