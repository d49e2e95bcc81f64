"""Entropy, sampling, the maxima, the sigmoid and the canonical ensemble, against independent sources."""

import math
import pickle

import mpmath
import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

import boltzmann_rl as brl

EPS = np.finfo(float).eps
INF = float("inf")
NINF = -INF
FALSE_ALARM = 1e-6  # of each χ² test: a right sampler fails one in a million, were the seeds not fixed

mpmath.mp.dps = 60
laws = settings(deadline=None, max_examples=60)

numbers = st.floats(-100, 100)
rows = st.lists(numbers, min_size=1, max_size=6)
temperatures = st.one_of(st.floats(0.1, 9), st.sampled_from([0.0, INF]))
masked_rows = st.lists(st.one_of(numbers, st.just(NINF)), min_size=1, max_size=6).filter(lambda r: max(r) > NINF)
batches = hnp.arrays(float, hnp.array_shapes(min_dims=1, max_dims=4, max_side=4), elements=numbers)


one_row = hnp.array_shapes(min_dims=1, max_dims=1, max_side=8)


@st.composite
def distributions(draw, shapes=one_row):
    weights = draw(hnp.arrays(float, shapes, elements=st.one_of(st.just(0.0), st.floats(1e-12, 1.0))))
    weights[..., 0] = np.where(weights.sum(axis=-1) == 0.0, 1.0, weights[..., 0])
    return weights / weights.sum(axis=-1, keepdims=True)


# --- entropy and divergence ---------------------------------------------------------------------------------


@laws
@given(distributions())
def test_entropy_agrees_with_60_digit_arithmetic(p):
    exact = -mpmath.fsum(x * mpmath.log(x) for x in map(mpmath.mpf, p.tolist()) if x)
    assert abs(brl.entropy(p) - exact) <= 4 * EPS * (1 + exact)
    assert abs(brl.effective_actions(p) / mpmath.exp(exact) - 1) <= 8 * EPS * (1 + exact)


@laws
@given(distributions(), distributions())
def test_kl_divergence_agrees_with_60_digit_arithmetic_and_is_never_negative(p, q):
    size = min(len(p), len(q))
    p, q = (np.append(x[:size], 1e-3) for x in (p, q))
    p, q = p / p.sum(), q / q.sum()
    pairs = [(mpmath.mpf(a), mpmath.mpf(b)) for a, b in zip(p.tolist(), q.tolist(), strict=True)]
    found = brl.kl_divergence(p, q)
    assert found >= 0.0
    if any(a and not b for a, b in pairs):
        assert found == INF
    else:
        exact = mpmath.fsum(a * mpmath.log(a / b) for a, b in pairs if a)
        assert abs(found - exact) <= 64 * EPS * (1 + exact)


def test_kl_divergence_is_accurate_between_close_distributions():
    p, q = np.array([0.5, 0.5]), np.array([0.5 + 2.0**-30, 0.5 - 2.0**-30])
    exact = mpmath.fsum(mpmath.mpf(a) * mpmath.log(mpmath.mpf(a) / mpmath.mpf(b)) for a, b in zip(p, q, strict=True))
    np.testing.assert_allclose(brl.kl_divergence(p, q), float(exact), rtol=1e-6)
    assert brl.kl_divergence(p, p) == 0.0


@in_one_test("q", [0.4, 1e-9, 1e-17, 1e-300, 5e-324])
def test_kl_divergence_is_accurate_if_an_action_is_very_unlikely(q):
    exact = mpmath.log(mpmath.mpf("0.5") / (1 - mpmath.mpf(q))) / 2 + mpmath.log(mpmath.mpf("0.5") / mpmath.mpf(q)) / 2
    np.testing.assert_allclose(brl.kl_divergence([0.5, 0.5], [1 - q, q]), float(exact), rtol=1e-14)


@pytest.mark.parametrize("actions", [1, 2, 7, 1000])
def test_entropy_lies_between_0_and_the_logarithm_of_the_number_of_actions(actions):
    certain = np.eye(actions)[0]
    assert brl.entropy(certain) == 0.0
    assert math.copysign(1, brl.entropy(certain)) == 1.0
    assert brl.effective_actions(certain) == 1.0
    np.testing.assert_allclose(brl.entropy(np.full(actions, 1 / actions)), math.log(actions), rtol=1e-14)
    np.testing.assert_allclose(brl.effective_actions(np.full(actions, 1 / actions)), actions, rtol=1e-13)


def test_entropy_and_divergence_of_two_rows_worked_by_hand():
    p = [[0.5, 0.25, 0.25, 0.0], [1.0, 0.0, 0.0, 0.0]]
    np.testing.assert_allclose(brl.entropy(p), [1.5 * math.log(2), 0.0], rtol=1e-15)
    np.testing.assert_allclose(brl.effective_actions(p), [2**1.5, 1.0], rtol=1e-15)
    np.testing.assert_allclose(brl.kl_divergence(p, np.full((2, 4), 0.25)), [0.5 * math.log(2), math.log(4)])
    assert brl.kl_divergence([0.5, 0.5], [1.0, 0.0]) == INF
    assert type(brl.entropy([1.0])) is type(brl.effective_actions([1.0])) is float


@in_one_test("function", [brl.entropy, brl.effective_actions, lambda p: brl.kl_divergence(p, p)])
@in_one_test("wrong", [[0.5, 0.6], [1.5, -0.5], [float("nan"), 1.0], [], 1.0, [INF, 0.0]])
def test_entropy_and_divergence_refuse_an_invalid_distribution(function, wrong):
    with pytest.raises(ValueError, match=r"probabilities|p"):
        function(wrong)


def test_kl_divergence_refuses_rows_of_different_length():
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        brl.kl_divergence([0.5, 0.5], [0.5, 0.25, 0.25])


# --- masks and samples --------------------------------------------------------------------------------------


@laws
@given(batches, st.data())
def test_a_mask_gives_unavailable_actions_the_value_minus_infinity(values, data):
    available = data.draw(hnp.arrays(bool, values.shape))
    available[..., 0] |= ~available.any(axis=-1)
    hidden = np.where(available, values, np.nan)
    expected = [v if a else NINF for v, a in zip(values.flat, available.flat, strict=True)]
    for kind in (bool, np.int8, np.uint8, np.int64):
        masked = brl.mask(hidden, available.astype(kind))
        assert masked.ravel().tolist() == expected
        assert masked.shape == values.shape


def exact_inverse(p, u):
    """The first action whose cumulative weight exceeds u times the sum, in rational arithmetic on exact inputs."""
    weights = [mpmath.mpf(x) for x in p]
    level, total = mpmath.mpf(u) * mpmath.fsum(weights), mpmath.mpf(0)
    for action, weight in enumerate(weights):
        total += weight
        if total > level:
            return action
    return None


@laws
@given(st.lists(st.integers(0, 16), min_size=1, max_size=9), st.integers(0, 2**20 - 1))
def test_inversion_is_exact_if_nothing_is_rounded(weights, u):
    weights[-1] += 2 ** math.ceil(math.log2(sum(weights) + 1)) - sum(weights)
    p = np.array(weights) / sum(weights)
    assert brl.invert(p, u / 2**20) == exact_inverse(p, u / 2**20)


@laws
@given(distributions(), st.floats(0, 1, exclude_max=True))
def test_inversion_never_gives_an_impossible_action_or_one_out_of_range(p, u):
    action = brl.invert(p, u)
    assert type(action) is int
    assert p[action] > 0.0


@in_one_test("actions", [3, 6, 10, 49, 100, 998, 2000])
def test_the_largest_uniform_gives_the_last_action(actions):
    largest = np.nextafter(1.0, 0.0)
    p = np.full(actions, 1 / actions)
    assert brl.invert(p, largest) == actions - 1
    assert brl.invert(np.tile(p, (2, 1)), [0.0, largest]).tolist() == [0, actions - 1]
    last_impossible = np.append(p, [0.0, 0.0])
    assert brl.invert(last_impossible, largest) == actions - 1
    assert brl.invert(np.tile(last_impossible, (2, 1)), [0.0, largest]).tolist() == [0, actions - 1]


@in_one_test(
    ("p", "u", "action"),
    [
        ([0.5, 0.0, 0.0, 0.5], 0.5, 3),
        ([0.5, 0.0, 0.0, 0.5], 0.0, 0),
        ([0.0, 0.5, 0.5], 0.0, 1),
        ([5e-324, 1.0], 0.0, 0),
        ([5e-324, 1.0], 5e-324, 1),
        ([0.0, 0.0, 1.0, 0.0], 0.3, 2),
        ([1.0], 0.999, 0),
        ([0.25, 0.25, 0.25, 0.25], 0.75, 3),
        (np.array([0.1, 0.2, 0.7], np.float32), 0.9999999, 2),
    ],
)
def test_inversion_by_hand(p, u, action):
    assert brl.invert(p, u) == action
    assert brl.invert([p, p], [u, u]).tolist() == [action, action]


@laws
@given(distributions(hnp.array_shapes(min_dims=2, max_dims=4, max_side=4)), st.integers(0, 2**32))
def test_rows_are_sampled_like_single_rows_with_one_uniform_each(p, seed):
    rng, twin = np.random.default_rng(seed), np.random.default_rng(seed)
    together = brl.sample(p, rng)
    u = twin.random(p.shape[:-1])
    assert together.dtype == np.int64
    alone = [brl.invert(row, float(x)) for row, x in zip(p.reshape(-1, p.shape[-1]), u.flat, strict=True)]
    assert together.ravel().tolist() == alone
    assert rng.bit_generator.state == twin.bit_generator.state, "exactly one uniform per row"


def chi_squared_chance(counts, p):
    """The p-value of counts; cells with expectation below 10 are pooled, and impossible actions must not occur."""
    assert counts[p == 0].sum() == 0
    expected = p * counts.sum()
    common = expected >= 10
    observed = np.append(counts[common], counts[~common].sum())
    expected = np.append(expected[common], expected[~common].sum())
    kept = expected > 0
    return scipy.stats.chisquare(observed[kept], expected[kept] * (observed[kept].sum() / expected.sum())).pvalue


@pytest.mark.parametrize(
    "p",
    [
        [0.5, 0.5],
        [0.1, 0.2, 0.3, 0.4],
        [0.0, 0.7311, 0.0, 0.2689, 0.0],
        [1e-9, 0.999 - 1e-9, 0.001],
        np.full(50, 0.02),
        np.arange(1, 101) / 5050,
    ],
    ids=len,
)
def test_frequencies_follow_the_probabilities(p):
    """Seed 20, 10⁵ draws: a bias of 2 % in a probability of ½ is always detected."""
    p = np.asarray(p)
    batch = brl.sample(np.tile(p, (100_000, 1)), np.random.default_rng(20))
    assert chi_squared_chance(np.bincount(batch, minlength=len(p)), p) > FALSE_ALARM
    rng = np.random.default_rng(21)
    single = [brl.sample(p, rng) for _ in range(2_000)]
    assert chi_squared_chance(np.bincount(single, minlength=len(p)), p) > FALSE_ALARM


def test_the_chi_squared_test_of_this_file_detects_a_bias_of_two_percent():
    batch = brl.sample(np.tile([0.51, 0.49], (100_000, 1)), np.random.default_rng(22))
    assert chi_squared_chance(np.bincount(batch), np.array([0.5, 0.5])) < FALSE_ALARM


def test_gumbel_perturbation_and_inversion_have_the_same_distribution():
    values = np.array([0.0, 1.0, 2.0, NINF])
    rng = np.random.default_rng(23)
    perturbed = np.argmax(values + rng.gumbel(size=(100_000, 4)), axis=-1)
    inverted = brl.sample(np.tile(brl.softmax(values), (100_000, 1)), rng)
    for drawn in (perturbed, inverted):
        assert chi_squared_chance(np.bincount(drawn, minlength=4), brl.softmax(values)) > FALSE_ALARM


@pytest.mark.parametrize("u", [-0.1, 1.0, 1.5, float("nan")])
def test_a_uniform_outside_the_half_open_unit_interval_is_refused(u):
    with pytest.raises(ValueError, match=r"u must be in \[0, 1\)"):
        brl.invert([0.5, 0.5], u)
    with pytest.raises(ValueError, match=r"u has shape \(3,\)"):
        brl.invert([[0.5, 0.5]], [0.1, 0.2, 0.3])


@in_one_test("wrong", [-0.1, -5e-324, 1.0, 1.5, float("nan")])
@in_one_test("row", [0, 1, 2])
def test_one_uniform_of_many_outside_the_half_open_unit_interval_is_refused(wrong, row):
    u = np.array([0.0, 0.5, np.nextafter(1.0, 0.0)])
    assert brl.invert([[0.5, 0.5]] * 3, u).tolist() == [0, 1, 1]
    u[row] = wrong
    with pytest.raises(ValueError, match=rf"u must be in \[0, 1\), got {wrong}"):
        brl.invert([[0.5, 0.5]] * 3, u)


@pytest.mark.parametrize("off", [-1.5e-5, -0.9e-5, 0.9e-5, 1.5e-5])
def test_rows_may_sum_to_one_within_the_stated_tolerance(off):
    rows = np.array([[0.5, 0.5], [0.25, 0.75 + off], [1.0, 0.0]])
    if abs(off) < 1e-5:
        assert brl.invert(rows, [0.6, 0.2, 0.9]).tolist() == [1, 0, 0]
        return
    with pytest.raises(ValueError, match=rf"sum to 1 in each row, got a sum of {rows[1].sum()}"):
        brl.invert(rows, [0.6, 0.2, 0.9])
    with pytest.raises(ValueError, match="sum to 1"):
        brl.invert(rows[1], 0.2)


def test_rows_in_half_precision_are_normalised_within_the_rounding_of_the_format():
    p = np.full((2, 4), 0.25, np.float16)
    p[1] = [0.25, 0.25, 0.2505, 0.25]  # the last digit of float16 below ½ is 2⁻¹²
    assert brl.invert(p, [0.2, 0.5]).tolist() == [0, 2]
    total = float(p[1].astype(float).sum())
    assert 1.0 + 1e-5 < total < 1.0 + 2.0**-10
    assert brl.entropy(p)[1] == pytest.approx(brl.entropy(p[1].astype(float) / total), rel=1e-15)
    for wrong in (0.2525, 0.2475):
        p[1, 2] = wrong
        with pytest.raises(ValueError, match="sum to 1"):
            brl.invert(p, [0.2, 0.5])


def test_half_precision_may_be_off_by_the_rounding_of_many_small_entries_but_by_no_more_than_a_hundredth():
    many = np.full(100_000, 1e-5, np.float16)  # each is rounded to a multiple of 2⁻²⁴
    total = many.astype(float).sum()
    assert 1e-3 < abs(total - 1.0) < 1e-2
    assert brl.entropy(many) == pytest.approx(math.log(100_000), rel=1e-12)
    assert brl.entropy(many[np.newaxis]).shape == (1,)
    most = np.full(4_132_231, 2.42e-7, np.float16)  # each is rounded to 2⁻²²
    assert 0.011 < abs(most.astype(float).sum() - 1.0) < 0.019 < 4_132_231 * 2.0**-24
    with pytest.raises(ValueError, match="sum to 1"):
        brl.entropy(most)


def test_the_entry_that_is_no_probability_is_named_by_its_index():
    with pytest.raises(ValueError, match=r"^probabilities\[1, 2\] is -0.25: probabilities are 0 or more"):
        brl.invert([[0.0, 1.0, 0.0], [1.0, 0.5, -0.25], [-1.0, 1.0, 1.0]], [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match=r"^probabilities\[0\] is nan"):
        brl.invert([math.nan, 1.0], 0.1)


def test_the_rows_of_a_float32_network_are_sampled():
    logits = np.random.default_rng(0).normal(size=(100, 1000)).astype(np.float32)
    p = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    assert p.dtype == np.float32
    assert brl.sample(p, np.random.default_rng(0)).shape == (100,)


# --- maxima -------------------------------------------------------------------------------------------------


@laws
@given(masked_rows)
def test_argmax_is_the_first_maximum(values):
    assert brl.argmax(values) == values.index(max(values))
    assert type(brl.argmax(values)) is int
    assert brl.argmax([values, values]).tolist() == [values.index(max(values))] * 2


@laws
@given(batches)
def test_argmax_is_the_most_probable_action_at_any_temperature(values):
    p = brl.softmax(np.round(values), 3.0)
    np.testing.assert_array_equal(brl.argmax(np.round(values)), p.argmax(axis=-1))


def exact_mellowmax(values, omega):
    with mpmath.workdps(120):
        held = [mpmath.mpf(v) for v in values if v > NINF]
        if omega == 0:
            return mpmath.fsum(held) / len(held)
        if abs(omega) == INF:
            return max(held) if omega > 0 else min(held)
        omega, best = mpmath.mpf(omega), max(held) if omega > 0 else min(held)
        return best + mpmath.log1p(mpmath.fsum(mpmath.expm1(omega * (v - best)) for v in held) / len(held)) / omega


@laws
@given(masked_rows, st.one_of(st.floats(-50, 50), st.sampled_from([0.0, 1e-12, -1e-12, 1e6, -1e6, INF, NINF])))
def test_mellowmax_agrees_with_120_digit_arithmetic(values, omega):
    exact = exact_mellowmax(values, omega)
    size = max(abs(v) for v in values if v > NINF)
    assert abs(brl.mellowmax(values, omega) - exact) <= 8 * EPS * size + 1e-300


@in_one_test("omega", [0.0, -0.0, 5e-324, -5e-324, 1e-310, 1e-200])
def test_mellowmax_tends_to_the_mean_without_underflow(omega):
    np.testing.assert_allclose(brl.mellowmax([0.0, 0.3], omega), 0.15, rtol=1e-14)
    np.testing.assert_allclose(brl.mellowmax([[0.0, 0.3], [0.0, 1e30]], omega), [0.15, 5e29], rtol=1e-14)
    if abs(omega) < 1e-320:
        np.testing.assert_allclose(brl.mellowmax([1e308, -1e308, NINF], omega), 0.0, atol=1e293)


@laws
@given(st.lists(numbers, min_size=2, max_size=5), st.floats(0.1, 30), st.integers(0, 2**32))
def test_mellowmax_is_a_non_expansion(values, omega, seed):
    others = np.array(values) + np.random.default_rng(seed).normal(size=len(values))
    apart = abs(brl.mellowmax(values, omega) - brl.mellowmax(others, omega))
    assert apart <= np.abs(others - values).max() + 1e-12


@laws
@given(masked_rows, st.floats(-20, 20))
def test_mellowmax_lies_between_the_extremes_and_shifts_with_the_values(values, omega):
    held = [v for v in values if v > NINF]
    found = brl.mellowmax(values, omega)
    assert min(held) - 1e-12 <= found <= max(held) + 1e-12
    np.testing.assert_allclose(brl.mellowmax(np.array(values) + 8.0, omega), found + 8.0, atol=1e-12)


def test_mellowmax_at_the_overflow_of_a_difference():
    assert brl.mellowmax([1.7e308, -1.7e308], INF) == 1.7e308
    assert brl.mellowmax([1.7e308, -1.7e308], NINF) == -1.7e308
    np.testing.assert_allclose(brl.mellowmax([1.7e308, -1.7e308], 1.0), 1.7e308)


@in_one_test("omega", [float("nan"), True, "1", None, [1.0]])
def test_mellowmax_refuses_an_omega_that_is_not_a_number(omega):
    with pytest.raises((ValueError, TypeError), match="omega"):
        brl.mellowmax([0.0, 1.0], omega)


def bisected_sparsemax(values, temperature):
    """The threshold θ with Σ max(z − θ, 0) = 1, by Brent's method instead of by sorting."""
    z = np.array(values) / temperature
    best = z.max()
    theta = scipy.optimize.brentq(lambda t: np.maximum(z - t, 0).sum() - 1.0, best - 1.5, best, xtol=1e-15)
    return np.maximum(z - theta, 0)


@laws
@given(masked_rows, st.floats(0.1, 50))
def test_sparsemax_has_the_threshold_that_a_root_search_finds(values, temperature):
    np.testing.assert_allclose(
        brl.sparsemax(values, temperature), bisected_sparsemax(values, temperature), atol=1e-11 / temperature + 1e-12
    )


@settings(deadline=None, max_examples=15)
@given(st.lists(st.floats(-2, 2), min_size=2, max_size=4))
def test_sparsemax_is_the_nearest_point_of_the_simplex(values):
    z = np.array(values)
    nearest = scipy.optimize.minimize(
        lambda p: ((p - z) ** 2).sum(),
        np.full(len(z), 1 / len(z)),
        jac=lambda p: 2 * (p - z),
        bounds=[(0, 1)] * len(z),
        constraints={"type": "eq", "fun": lambda p: p.sum() - 1, "jac": lambda p: np.ones_like(p)},
        method="SLSQP",
        options={"ftol": 1e-14},
    )
    np.testing.assert_allclose(brl.sparsemax(values), nearest.x, atol=1e-5)


@laws
@given(batches, st.data())
def test_sparsemax_of_rows_is_each_row_s_with_its_temperature(values, data):
    t = data.draw(
        hnp.arrays(float, values.shape[:-1], elements=st.one_of(st.floats(0.1, 9), st.sampled_from([0, INF])))
    )
    together = brl.sparsemax(values, t if values.ndim > 1 else float(t))
    rows = zip(values.reshape(-1, values.shape[-1]), t.flat, strict=True)
    alone = [brl.sparsemax(row, float(s)) for row, s in rows]
    np.testing.assert_allclose(together, np.reshape(alone, values.shape), rtol=1e-13)
    np.testing.assert_allclose(together.sum(axis=-1), 1.0, rtol=4 * EPS)


@laws
@given(masked_rows)
def test_sparsemax_in_the_limits_is_greedy_and_uniform(values):
    np.testing.assert_allclose(brl.sparsemax(values, 0.0), brl.greedy(values), rtol=4 * EPS)
    np.testing.assert_allclose(brl.sparsemax(values, INF), brl.uniform(values), rtol=4 * EPS)


def test_sparsemax_by_hand():
    np.testing.assert_allclose(brl.sparsemax([1.0, 0.5, -2.0]), [0.75, 0.25, 0.0], rtol=1e-15)
    np.testing.assert_allclose(brl.sparsemax([0.3, 0.3, 0.3]), [1 / 3] * 3, rtol=1e-15)
    assert brl.sparsemax([5.0, 0.0, NINF]).tolist() == [1.0, 0.0, 0.0]
    assert brl.sparsemax([1e300, -1e300]).tolist() == [1.0, 0.0]
    with pytest.raises(ValueError, match="per row"):
        brl.sparsemax([1.0, 2.0], [1.0, 2.0])


@in_one_test(
    "function",
    [brl.argmax, brl.greedy, brl.uniform, brl.sparsemax, lambda values: brl.mellowmax(values, 1.0)],
    ids=["argmax", "greedy", "uniform", "sparsemax", "mellowmax"],
)
@in_one_test(
    ("values", "message"),
    [
        ([1.0, float("nan"), 2.0], r"\[1\].*nan"),
        ([[0.0, 1.0], [INF, 0.0]], r"\[1, 0\].*inf"),
        ([NINF, NINF], "-inf"),
        ([], "empty"),
        (3.0, "action axis"),
    ],
)
def test_every_maximum_refuses_values_without_a_maximum(function, values, message):
    with pytest.raises(ValueError, match=message):
        function(values)


# --- sigmoid ------------------------------------------------------------------------------------------------


@laws
@given(st.floats(-744, 744))
def test_the_logistic_function_agrees_with_60_digit_arithmetic_in_both_tails(x):
    exact = 1 / (1 + mpmath.exp(-mpmath.mpf(x)))
    assert abs(brl.logistic(x) - exact) <= 1.5 * EPS * 4 * exact + 3 * 5e-324


def test_the_logistic_function_at_its_ends():
    assert brl.logistic([INF, NINF, 0.0, 1e308, -1e308]).tolist() == [1.0, 0.0, 0.5, 1.0, 0.0]
    assert type(brl.logistic(0)) is float
    with pytest.raises(ValueError, match="nan"):
        brl.logistic([0.0, float("nan")])


def exact_standardised(x):
    x = [mpmath.mpf(v) for v in x]
    mean = mpmath.fsum(x) / len(x)
    variance = mpmath.fsum((v - mean) ** 2 for v in x) / len(x)
    return [(v - mean) / mpmath.sqrt(variance) for v in x]


@laws
@given(rows.filter(lambda x: len(set(x)) > 1), st.sampled_from([1.0, 1e300, 1e-280]), st.sampled_from([0.0, 1e5]))
def test_normalisations_are_the_sigmoid_of_the_standard_score(x, scale, shift):
    x = (np.array(x) + shift) * scale
    if len(set(x.tolist())) == 1:
        return
    z = exact_standardised(x.tolist())
    np.testing.assert_allclose(brl.logistic_normalize(x), [float(1 / (1 + mpmath.exp(-s))) for s in z], rtol=1e-13)
    np.testing.assert_allclose(brl.tanh_normalize(x), [float(mpmath.tanh(s / 2)) for s in z], atol=1e-13)


@laws
@given(batches)
def test_normalised_rows_lie_inside_their_ranges_and_keep_their_order(x):
    logistic, tanh = brl.logistic_normalize(x), brl.tanh_normalize(x)
    assert ((logistic > 0) & (logistic < 1) & (tanh > -1) & (tanh < 1)).all()
    np.testing.assert_allclose(tanh, 2 * logistic - 1, atol=1e-15)
    order = np.argsort(x, axis=-1, kind="stable")
    assert (np.diff(np.take_along_axis(logistic, order, axis=-1), axis=-1) >= 0).all()


def test_no_rows_are_normalised_to_no_rows():
    assert brl.logistic_normalize(np.zeros((0, 3))).shape == brl.tanh_normalize(np.zeros((0, 3))).shape == (0, 3)
    with pytest.raises(ValueError, match="x is empty"):
        brl.tanh_normalize(np.zeros((3, 0)))


@in_one_test("constant", [0.0, 5.0, 0.1, 1e308, 5e-324, -1e-300])
@in_one_test("size", [1, 2, 3, 10])
def test_a_constant_row_is_at_the_midpoint(constant, size):
    assert brl.logistic_normalize([constant] * size).tolist() == [0.5] * size
    assert brl.tanh_normalize([constant] * size).tolist() == [0.0] * size


def test_normalisation_at_the_ends_of_the_floats():
    np.testing.assert_allclose(brl.tanh_normalize([1.7e308, -1.7e308]), [math.tanh(0.5), -math.tanh(0.5)])
    np.testing.assert_allclose(brl.tanh_normalize([5e-324, 0.0]), [math.tanh(0.5), -math.tanh(0.5)])
    np.testing.assert_allclose(
        brl.tanh_normalize([[1e300, -1e300], [0.0, 1e-300]])[1], [-math.tanh(0.5), math.tanh(0.5)]
    )


@in_one_test("normalise", [brl.logistic_normalize, brl.tanh_normalize])
@in_one_test("wrong", [[1.0, INF], [float("nan")], [], 3.0])
def test_values_without_a_standard_deviation_are_refused(normalise, wrong):
    with pytest.raises(ValueError, match=r"^x "):
        normalise(wrong)


# --- the canonical ensemble ---------------------------------------------------------------------------------


def exact_ensemble(energies, temperature, degeneracies):
    """Every quantity, from sums in 60 digits."""
    levels = [(mpmath.mpf(e), mpmath.mpf(g)) for e, g in zip(energies, degeneracies, strict=True) if e < INF]
    t = mpmath.mpf(temperature)
    z = mpmath.fsum(g * mpmath.exp(-e / t) for e, g in levels)
    mean = mpmath.fsum(e * g * mpmath.exp(-e / t) for e, g in levels) / z
    square = mpmath.fsum((e - mean) ** 2 * g * mpmath.exp(-e / t) for e, g in levels) / z
    return {
        "probabilities": [g * mpmath.exp(-mpmath.mpf(e) / t) / z for e, g in zip(energies, degeneracies, strict=True)],
        "log_partition": mpmath.log(z),
        "mean_energy": mean,
        "free_energy": -t * mpmath.log(z),
        "entropy": mpmath.log(z) + mean / t,
        "heat_capacity": square / t**2,
        "ground_energy": min(e for e, _ in levels),
    }


levels = st.lists(st.tuples(st.one_of(st.floats(-5, 5), st.just(INF)), st.floats(0.5, 6)), min_size=1, max_size=5)
levels = levels.filter(lambda row: min(row)[0] < INF)


@laws
@given(levels, st.floats(0.02, 50))
def test_the_ensemble_agrees_with_60_digit_arithmetic(levels, temperature):
    energies, degeneracies = np.array(levels).T
    ensemble = brl.BoltzmannDistribution(energies, temperature, degeneracies)
    exact = exact_ensemble(energies.tolist(), temperature, degeneracies.tolist())
    size = 1 + np.abs(energies[energies < INF]).max()
    tolerances = {
        "log_partition": 1e-14 * (1 + size / temperature),
        "mean_energy": 1e-14 * size,
        "free_energy": 1e-14 * (size + temperature),
        "entropy": 1e-14 * 8,
        "heat_capacity": 1e-13,
        "ground_energy": 0.0,
    }
    for name, tolerance in tolerances.items():
        assert abs(getattr(ensemble, name) - exact[name]) <= tolerance, name
    expected = [float(p) for p in exact["probabilities"]]
    np.testing.assert_allclose(ensemble.probabilities, expected, rtol=2e-15 * (8 + 2 * size / temperature), atol=5e-324)


@in_one_test("temperature", [1e-3, 0.05, 0.3, 0.4168, 1.0, 30.0, 1e6])
def test_two_levels_show_the_schottky_anomaly(temperature):
    """C = (Δ/T)² e^{Δ/T} / (1 + e^{Δ/T})², including the tail, for any energy of the ground state."""
    for ground, gap in ((0.0, 1.0), (-8.0, 1.0), (0.0, 0.25)):
        x = mpmath.mpf(gap) / mpmath.mpf(temperature)
        exact = x**2 * mpmath.exp(-x) / (1 + mpmath.exp(-x)) ** 2
        found = brl.BoltzmannDistribution([ground, ground + gap], temperature).heat_capacity
        assert abs(found - exact) <= 4e-15 * (4 + x) * exact + 1e-320


def test_the_schottky_peak_is_at_its_published_place():
    """The maximum of C is 0.43923 at T = 0.41678 Δ: the root of (x/2) tanh(x/2) = 1, with x = Δ/T."""
    x = scipy.optimize.brentq(lambda x: (x / 2) * math.tanh(x / 2) - 1, 1, 5)
    temperatures = np.linspace(0.3, 0.6, 3001)
    c = brl.BoltzmannDistribution([0.0, 1.0], temperatures).heat_capacity
    assert abs(temperatures[c.argmax()] - 1 / x) < 1e-4
    assert abs(c.max() - 0.43923) < 1e-5


@laws
@given(levels, st.floats(0.3, 20))
def test_heat_capacity_and_entropy_are_derivatives_of_mean_energy_and_minus_free_energy(levels, temperature):
    energies, degeneracies = np.array(levels).T
    h = 1e-5 * temperature
    at = brl.BoltzmannDistribution(energies, temperature, degeneracies)
    around = brl.BoltzmannDistribution(energies, [temperature - h, temperature + h], degeneracies)
    slopes = [np.diff(values)[0] / (2 * h) for values in (around.mean_energy, -around.free_energy)]
    np.testing.assert_allclose(slopes[0], at.heat_capacity, atol=1e-7 * (1 + at.heat_capacity))
    np.testing.assert_allclose(slopes[1], at.entropy, atol=1e-6)


@laws
@given(rows, st.one_of(st.floats(0.01, 100), st.sampled_from([0.0, INF])))
def test_action_values_are_energies_with_the_sign_changed(values, temperature):
    ensemble = brl.BoltzmannDistribution(-np.array(values), temperature)
    np.testing.assert_allclose(ensemble.probabilities, brl.softmax(values, temperature), rtol=1e-15)
    np.testing.assert_allclose(ensemble.entropy, brl.entropy(ensemble.probabilities), atol=1e-13)
    if 0 < temperature < INF:
        np.testing.assert_allclose(ensemble.log_partition, brl.logsumexp(values, temperature), rtol=1e-14, atol=1e-14)


@laws
@given(
    st.lists(st.tuples(st.floats(-5, 5), st.integers(1, 4)), min_size=1, max_size=4),
    st.one_of(st.floats(0.05, 20), st.sampled_from([0.0, INF])),
)
def test_a_degenerate_level_equals_the_level_repeated(levels, temperature):
    energies, degeneracies = zip(*levels, strict=True)
    degenerate = brl.BoltzmannDistribution(energies, temperature, np.array(degeneracies))
    repeated = brl.BoltzmannDistribution(np.repeat(energies, degeneracies), temperature)
    for name in ("mean_energy", "entropy", "heat_capacity", "log_partition", "free_energy"):
        np.testing.assert_allclose(getattr(degenerate, name), getattr(repeated, name), rtol=1e-12, atol=1e-12)
    summed = np.add.reduceat(repeated.probabilities, np.cumsum((0, *degeneracies))[:-1])
    np.testing.assert_allclose(degenerate.probabilities, summed, rtol=1e-13)


def test_the_ensemble_at_temperature_zero_is_its_ground_state():
    cold = brl.BoltzmannDistribution([2.0, 1.0, 1.0, INF], 0.0, [1, 2, 3, 4])
    np.testing.assert_allclose(cold.probabilities, [0.0, 0.4, 0.6, 0.0])
    assert (cold.mean_energy, cold.free_energy, cold.ground_energy) == (1.0, 1.0, 1.0)
    assert (cold.heat_capacity, cold.log_partition) == (0.0, NINF)
    np.testing.assert_allclose(cold.entropy, math.log(5))
    assert brl.BoltzmannDistribution([-1.0, 0.0], 0.0).log_partition == INF
    assert brl.BoltzmannDistribution([0.0, 1.0], 0.0).log_partition == 0.0
    for energies in ([0.0, 1.0], [1.0, 2.0]):
        negative_zero = brl.BoltzmannDistribution(energies, -0.0)
        assert negative_zero.log_partition == brl.BoltzmannDistribution(energies, 0.0).log_partition


def test_the_ensemble_at_temperature_infinity_is_its_degeneracies():
    hot = brl.BoltzmannDistribution([2.0, 1.0, 4.0, INF], INF, [1, 2, 1, 4])
    np.testing.assert_allclose(hot.probabilities, [0.25, 0.5, 0.25, 0.0])
    assert (hot.mean_energy, hot.free_energy, hot.heat_capacity) == (2.0, NINF, 0.0)
    np.testing.assert_allclose([hot.entropy, hot.log_partition], math.log(4))
    single = brl.BoltzmannDistribution([3.0], INF)
    assert (single.free_energy, single.entropy) == (3.0, 0.0)


def test_the_ensemble_is_right_if_differences_overflow():
    ensemble = brl.BoltzmannDistribution([-1.7e308, 1.7e308], 1e308)
    exact = exact_ensemble([-1.7e308, 1.7e308], 1e308, [1, 1])
    for name in ("mean_energy", "free_energy", "entropy", "heat_capacity", "log_partition"):
        np.testing.assert_allclose(getattr(ensemble, name), float(exact[name]), rtol=1e-13, err_msg=name)


def test_one_row_of_energies_is_broadcast_over_the_temperatures():
    temperatures = np.array([[0.0, 0.5, 1.0], [2.0, 8.0, INF]])
    ensemble = brl.BoltzmannDistribution([0.0, 1.0, 3.0], temperatures)
    assert ensemble.probabilities.shape == (2, 3, 3)
    for index, t in np.ndenumerate(temperatures):
        alone = brl.BoltzmannDistribution([0.0, 1.0, 3.0], float(t))
        for name in ("ground_energy", "mean_energy", "free_energy", "entropy", "heat_capacity", "log_partition"):
            assert getattr(ensemble, name)[index] == getattr(alone, name), name
            assert type(getattr(alone, name)) is float


def test_one_temperature_is_shared_by_all_rows_of_energies():
    energies = np.array([[0.0, 1.0, 3.0], [-5.0, -4.0, -2.0]])
    for rows in (energies, energies[np.newaxis], energies[:0]):
        ensemble = brl.BoltzmannDistribution(rows, 0.5)
        np.testing.assert_array_equal(ensemble.probabilities, brl.softmax(-rows, 0.5))
        assert ensemble.temperature.shape == (*rows.shape[:-1], 1)


def test_an_ensemble_is_immutable_compared_by_identity_and_pickles():
    ensemble = brl.BoltzmannDistribution([0.0, 1.0], 0.5)
    assert len({ensemble, ensemble, brl.BoltzmannDistribution([0.0, 1.0], 0.5)}) == 2  # arrays make no equality
    with pytest.raises(AttributeError):
        ensemble.temperature = 1.0
    with pytest.raises(ValueError, match="read-only"):
        ensemble.energies[0] = 1.0
    assert pickle.loads(pickle.dumps(ensemble)).mean_energy == ensemble.mean_energy


@in_one_test(
    ("arguments", "message"),
    [
        (([float("nan"), 1.0], 1.0), "energies"),
        (([NINF, 1.0], 1.0), "energies"),
        (([INF, INF], 1.0), "no level"),
        (([], 1.0), "empty"),
        ((3.0, 1.0), "energies"),
        (([0.0, 1.0], -1.0), "temperature"),
        (([0.0, 1.0], float("nan")), "temperature"),
        (([0.0, 1.0], [1.0, -1.0]), "temperature"),
        (([0.0, 1.0], 1.0, 0), "degeneracies"),
        (([0.0, 1.0], 1.0, [1, -1]), "degeneracies"),
        (([0.0, 1.0], 1.0, INF), "degeneracies"),
    ],
)
def test_an_invalid_ensemble_is_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        brl.BoltzmannDistribution(*arguments)


@in_one_test("arguments", [([True, False], 1.0), (["a"], 1.0), ([0.0], True), ([0.0], "1"), ([0.0], None)])
def test_an_ensemble_of_other_types_is_refused(arguments):
    with pytest.raises(TypeError, match=r"energies|temperature"):
        brl.BoltzmannDistribution(*arguments)


@pytest.mark.parametrize("gap", [720.0, 744.0, 745.1])
def test_divergence_is_finite_where_a_probability_is_subnormal(gap):
    p = brl.softmax([0.0, -gap])
    assert brl.kl_divergence(p, [0.5, 0.5]) == pytest.approx(math.log(2.0), rel=1e-15)


def test_degeneracies_whose_sum_overflows_are_handled():
    levels = brl.BoltzmannDistribution([0.0, 0.0], temperature=1.0, degeneracies=[1e308, 1e308])
    np.testing.assert_array_equal(levels.probabilities, [0.5, 0.5])
    assert levels.entropy == pytest.approx(math.log(2.0) + 308 * math.log(10.0))
    rare = brl.BoltzmannDistribution([0.0, 740.0], temperature=1.0, degeneracies=[1.0, 1e308])
    odds = math.exp(308 * math.log(10.0) - 740.0)  # e^-30.8: both the degeneracy and the Boltzmann factor are extreme
    np.testing.assert_allclose(rare.probabilities, [1 / (1 + odds), odds / (1 + odds)], rtol=1e-12)


def test_no_rows_of_actions_are_drawn_from_and_rows_of_no_actions_are_refused():
    assert brl.invert(np.zeros((0, 3)), np.zeros(0)).shape == (0,)
    assert brl.sample(np.zeros((0, 3)), np.random.default_rng(0)).shape == (0,)
    for shape in ((3, 0), (0,), (2, 3, 0)):
        with pytest.raises(ValueError, match="probabilities are empty"):
            brl.invert(np.zeros(shape), np.zeros(shape[:-1]))


def test_a_batch_of_ensembles_equals_single_ones():
    energies = np.array([[0.0, 1.0, 2.0], [100.0, 101.0, 105.0], [-7.0, INF, -6.0]])
    together = brl.BoltzmannDistribution(energies, temperature=[0.5, 1.0, 2.0])
    for row, temperature in enumerate((0.5, 1.0, 2.0)):
        weights = [math.exp(-energy / temperature) for energy in energies[row]]
        assert together.free_energy[row] == pytest.approx(-temperature * math.log(math.fsum(weights)), rel=1e-12)
    energies[1] = INF
    with pytest.raises(ValueError, match="energies"):
        brl.BoltzmannDistribution(energies, temperature=1.0)
