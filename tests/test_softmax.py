"""The softmax, its logarithm, its normaliser and its Jacobian against rational and 80-digit arithmetic."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

import boltzmann_rl as brl
from boltzmann_rl.numerics.softmax import _remainder, _upper_half

EPS = np.finfo(float).eps
INF = float("inf")
NINF = -INF
LARGEST = float(np.finfo(float).max)
SMALLEST = 5e-324

mpmath.mp.dps = 80
laws = settings(deadline=None, max_examples=50)

moderate = st.floats(-50, 50)
extreme = st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e300, -1e300, 1.7e308, -1.7e308, LARGEST, SMALLEST, 1e-310, 1e16])
finite = st.one_of(moderate, extreme, st.floats(allow_nan=False, allow_infinity=False))
value = st.one_of(finite, st.just(NINF))
temperature = st.one_of(
    st.floats(1e-3, 1e3),
    st.sampled_from([SMALLEST, 1e-320, 1e-308, 1.0, 1e16, 1e300, 1e305, 1.1e305, 1e308, LARGEST]),
    st.floats(0, LARGEST, exclude_min=True),
)


def rows(element=value, actions=6):
    """Rows of values in which at least one action is available."""
    return st.lists(element, min_size=1, max_size=actions).filter(lambda row: max(row) > NINF)


def exact_exponents(values, temperature):
    """values_i / temperature_i less the largest of them, without rounding: mpf, −inf for unavailable actions."""
    temperatures = np.broadcast_to(temperature, np.shape(values))
    quotients = [
        None if v == NINF else Fraction(float(v)) / Fraction(float(t))
        for v, t in zip(values, temperatures, strict=True)
    ]
    best = max(q for q in quotients if q is not None)
    return [mpmath.mpf("-inf") if q is None else ratio(q - best) for q in quotients]


def ratio(fraction):
    return mpmath.mpf(fraction.numerator) / mpmath.mpf(fraction.denominator)


def exact_softmax(values, temperature):
    z = exact_exponents(values, temperature)
    weights = [mpmath.exp(x) if x > -5000 else mpmath.mpf(0) for x in z]
    total = mpmath.fsum(weights)
    return [w / total for w in weights], z


def exact_log_softmax(values, temperature):
    """With log1p of the other weights, so that a log-probability near 0 keeps its digits."""
    z = exact_exponents(values, temperature)
    winner = z.index(0)
    others = [mpmath.exp(x) for k, x in enumerate(z) if k != winner and x > -100_000]
    normaliser = mpmath.log1p(mpmath.fsum(others))
    others_error = mpmath.fsum(mpmath.exp(x) * (4 + abs(x)) for x in z if -100_000 < x < 0) + 4 * (z.count(0) - 1)
    return [x - normaliser for x in z], 1.5 * EPS * others_error


def assert_softmax_is_exact(values, temperature):
    p = brl.softmax(values, temperature)
    exact, z = exact_softmax(values, temperature)
    assert abs(mpmath.fsum(map(mpmath.mpf, p.tolist())) - 1) <= 4 * EPS
    for found, expected, exponent in zip(p.tolist(), exact, z, strict=True):
        bound = 1.5 * EPS * (4 + abs(exponent)) * expected if expected else 0
        assert abs(mpmath.mpf(found) - expected) <= bound + 3 * SMALLEST, (found, expected)
        if exponent == NINF:
            assert found == 0.0


# --- softmax ------------------------------------------------------------------------------------------------


@in_one_test(
    ("values", "temperature"),
    [
        ([1.0, 2.0, 3.0], 1.0),
        ([10.0, 9.9], 0.01),
        ([1e9 + 1, 1e9], 0.3),
        ([1e15 + 1, 1e15, 1e15 - 3], 1.0),
        ([100.00000000000001, 100.0], 1e-14),
        ([1.7e308, -1.7e308], 1e308),
        ([1.7e308, -1.7e308, 0.0], 1e308),
        ([LARGEST, -LARGEST], LARGEST),
        ([1e300, 0.0], 1e299),
        ([1e300, -1e300, NINF], 1.0),
        ([1e-310, 0.0], 1e-310),
        ([SMALLEST, 0.0], SMALLEST),
        ([3 * SMALLEST, SMALLEST], 2 * SMALLEST),
        ([0.0, -745.0], 1.0),
        ([0.0, -708.3], 1.0),
        ([600.0, 501.0], 1.0),
        ([0.0] * 10_000, 1.0),
        ([5.0], 1e-320),
    ],
)
def test_softmax_is_exact_where_naive_formulas_fail(values, temperature):
    assert_softmax_is_exact(values, temperature)


@laws
@given(rows(), temperature)
def test_softmax_is_within_its_stated_error_of_80_digits(values, temperature):
    assert_softmax_is_exact(values, temperature)


@laws
@given(rows(moderate, actions=40), st.floats(0.05, 20))
def test_softmax_is_within_its_stated_error_at_typical_values(values, temperature):
    assert_softmax_is_exact(values, temperature)


@laws
@given(st.lists(st.tuples(value, temperature), min_size=1, max_size=5).filter(lambda r: max(r)[0] > NINF))
def test_softmax_is_within_its_stated_error_with_one_temperature_per_action(row):
    values, temperatures = np.array(row).T
    assert_softmax_is_exact(values, temperatures)


@laws
@given(st.lists(st.tuples(moderate, st.floats(0.05, 20)), min_size=1, max_size=8))
def test_softmax_is_within_its_stated_error_at_typical_temperatures_per_action(row):
    values, temperatures = np.array(row).T
    assert_softmax_is_exact(values, temperatures)


@laws
@given(hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=4, max_side=3), elements=moderate), st.data())
def test_a_temperature_per_row_applies_to_its_row(values, data):
    t = data.draw(hnp.arrays(float, values.shape[:-1], elements=st.one_of(st.sampled_from([0.0, INF]), temperature)))
    for function in (brl.softmax, brl.log_softmax, brl.softmax_jacobian):
        together = function(values, t)
        alone = [function(row, float(s)) for row, s in zip(values.reshape(-1, values.shape[-1]), t.flat, strict=True)]
        np.testing.assert_array_equal(together, np.reshape(alone, together.shape))
    alone = [brl.logsumexp(row, float(s)) for row, s in zip(values.reshape(-1, values.shape[-1]), t.flat, strict=True)]
    np.testing.assert_array_equal(brl.logsumexp(values, t), np.reshape(alone, t.shape))


@laws
@given(hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=4, max_side=3), elements=moderate))
def test_equal_temperatures_per_action_equal_one_temperature(values):
    for t in (0.3, 1.0, 7.0):
        shared = np.full((1,) * (values.ndim - 1) + values.shape[-1:], t)
        np.testing.assert_allclose(brl.softmax(values, shared), brl.softmax(values, t), rtol=1e-13)
        np.testing.assert_allclose(brl.softmax(values, np.full(values.shape, t)), brl.softmax(values, t), rtol=1e-13)


def test_the_number_of_axes_tells_a_temperature_per_row_from_one_per_action():
    values = np.array([[0.0, 1.0], [0.0, 1.0]])
    per_row, per_action = brl.softmax(values, [1.0, 2.0]), brl.softmax(values, [[1.0, 2.0]])
    np.testing.assert_allclose(per_row[1], brl.softmax([0.0, 1.0], 2.0), rtol=1e-15)
    np.testing.assert_allclose(per_action[1], brl.softmax([0.0, 0.5]), rtol=1e-15)
    np.testing.assert_allclose(brl.softmax(values, [[1.0], [2.0]]), per_row, rtol=1e-15)


@laws
@given(rows(), st.one_of(temperature, st.sampled_from([0.0, INF])))
def test_adding_a_constant_without_rounding_changes_no_bit(values, temperature):
    coarse = np.where(np.isneginf(values), NINF, np.round(np.clip(values, -1e6, 1e6)))
    np.testing.assert_array_equal(brl.softmax(coarse + 2.0**30, temperature), brl.softmax(coarse, temperature))


@laws
@given(rows(moderate), st.floats(0.05, 20), st.integers(-900, 900))
def test_only_the_ratio_of_values_to_temperature_matters(values, temperature, power):
    values = np.round(np.array(values) * 1024) / 1024
    scaled = brl.softmax(np.ldexp(values, power), float(np.ldexp(temperature, power)))
    np.testing.assert_allclose(scaled, brl.softmax(values, temperature), rtol=1e-12, atol=1e-300)


@laws
@given(rows(), st.one_of(temperature, st.sampled_from([0.0, INF])), st.randoms(use_true_random=False))
def test_permuting_the_actions_permutes_the_probabilities(values, temperature, random):
    order = list(range(len(values)))
    random.shuffle(order)
    p = brl.softmax(values, temperature)
    np.testing.assert_allclose(brl.softmax(np.array(values)[order], temperature), p[order], rtol=4 * EPS, atol=1e-323)


@laws
@given(rows(), st.one_of(temperature, st.sampled_from([0.0, INF])))
def test_a_higher_value_never_has_the_lower_probability(values, temperature):
    p = brl.softmax(values, temperature)
    assert (np.diff(p[np.argsort(values, kind="stable")]) >= 0).all()


# --- limits -------------------------------------------------------------------------------------------------


@laws
@given(rows())
def test_temperature_zero_is_uniform_over_the_exactly_equal_maxima(values):
    winners = np.array(values) == max(values)
    for zero in (0.0, -0.0, 0, np.float32(0)):
        np.testing.assert_array_equal(brl.softmax(values, zero), winners / winners.sum())
    np.testing.assert_array_equal(brl.greedy(values), winners / winners.sum())


@laws
@given(rows())
def test_temperature_infinity_is_uniform_over_the_available_actions(values):
    available = np.array(values) > NINF
    np.testing.assert_array_equal(brl.softmax(values, INF), available / available.sum())
    np.testing.assert_array_equal(brl.uniform(values), available / available.sum())


@laws
@given(value.filter(lambda v: v > NINF), st.one_of(temperature, st.sampled_from([0.0, INF])))
def test_a_single_action_is_certain_at_every_temperature(value, temperature):
    assert brl.softmax([value], temperature).tolist() == [1.0]
    assert brl.softmax([NINF, value, NINF], temperature).tolist() == [0.0, 1.0, 0.0]
    assert brl.log_softmax([value], temperature).tolist() == [0.0]
    assert brl.softmax_jacobian([value], temperature).tolist() == [[0.0]]


def test_a_gap_of_one_ulp_is_not_a_tie_at_temperature_zero():
    assert brl.softmax([1.0, np.nextafter(1.0, 0.0)], 0.0).tolist() == [1.0, 0.0]
    assert brl.softmax([0.0, -0.0], 0.0).tolist() == [0.5, 0.5]


@in_one_test("temperature", [0.0, SMALLEST, 1e-308, 1e-3, 1.0, 1e290])
def test_a_gap_of_1e300_makes_the_best_action_certain_without_overflow(temperature):
    assert brl.softmax([-1e300, 1e300, 0.0], temperature).tolist() == [0.0, 1.0, 0.0]


def test_temperatures_per_action_keep_their_limits():
    assert brl.softmax([1.0, 2.0, 3.0], [0.0, 0.0, 1.0]).tolist() == [0.0, 1.0, 0.0], "1/0 and 2/0: the greater value"
    assert brl.softmax([-1.0, -2.0], [0.0, 1.0]).tolist() == [0.0, 1.0], "−1/0 is −inf"
    assert brl.softmax([5.0, 0.0], [INF, 1.0]).tolist() == [0.5, 0.5], "5/∞ is 0"
    assert brl.softmax([NINF, 3.0], [INF, INF]).tolist() == [0.0, 1.0]


def limit_of_a_quotient(value, temperature):
    """Value / temperature as (class, size) in the order of the limits: −inf below finite numbers below +inf."""
    if value == NINF:
        return -2, 0
    if temperature == 0.0 and value != 0.0:
        return (1, Fraction(value)) if value > 0.0 else (-1, Fraction(value))
    return 0, Fraction(value) / Fraction(temperature) if 0.0 < temperature < INF else Fraction(0)


def test_every_pair_of_extreme_values_and_temperatures_per_action_has_its_exact_exponents():
    """Among quotients that are infinite in the limit of temperature 0 the greatest value wins."""
    pairs = [
        (value, temperature)
        for value in (NINF, -1e300, -1.5, -SMALLEST, 0.0, SMALLEST, 1.0, 1e300)
        for temperature in (0.0, SMALLEST, 1e-300, 3e-300, 3.0, INF)
    ]
    rows = np.array([(one, two, (NINF, 1.0)) for one in pairs for two in pairs if max(one[0], two[0]) > NINF])
    z = []
    for row in rows.tolist():
        quotients = [limit_of_a_quotient(*pair) for pair in row]
        best = max(quotients)
        gaps = [float(max(q - best[1], -(10**6))) if same == best[0] == 0 else NINF for same, q in quotients]
        z.append([0.0 if quotient == best else gap for quotient, gap in zip(quotients, gaps, strict=True)])
    z = np.array(z)
    total = np.exp(z).sum(axis=-1, keepdims=True)
    p, log_p = brl.softmax(rows[..., 0], rows[..., 1]), brl.log_softmax(rows[..., 0], rows[..., 1])
    assert (abs(p - np.exp(z) / total) <= 1.5 * EPS * (6 - np.maximum(z, -800.0)) * np.exp(z)).all()
    kept = z > -1e6
    np.testing.assert_allclose(log_p[kept], (z - np.log(total))[kept], rtol=4 * EPS, atol=4 * EPS)
    assert (log_p[~kept] < -9e5).all()


@in_one_test("size", [0, 20, 52, 500, 1500])
def test_quotients_that_nearly_cancel_keep_their_digits_with_one_temperature_per_action(size):
    """Quotients of 2^size whose differences are of order 1 or, beyond 52 bits, of their last bits."""
    rng = np.random.default_rng(size)
    for sign in (-1.0, 1.0):
        temperatures = np.ldexp(rng.uniform(0.5, 1.0, (40, 3)), -(size // 2))
        values = sign * np.ldexp(1.0, size - size // 2) * np.ldexp(temperatures, size // 2)
        values += rng.integers(-2, 3, values.shape) * np.spacing(values)
        for row, temperature in zip(values, temperatures, strict=True):
            assert_softmax_is_exact(row, temperature)


# --- what goes in and what comes out ------------------------------------------------------------------------


@in_one_test("dtype", ["f2", "f4", "f8", ">f8", "g", "i1", "u1", "i2", "i8", "u8", ">i4"])
def test_every_real_dtype_is_converted_to_float64_first(dtype):
    expected = [float(p) for p in exact_softmax([1.0, 2.0, 3.0], 1.0)[0]]
    for function in (brl.softmax, brl.log_softmax):
        assert function(np.array([1, 2, 3], dtype)).dtype == np.float64
    np.testing.assert_allclose(brl.softmax(np.array([1, 2, 3], dtype)), expected, rtol=1e-15)


@in_one_test(
    ("values", "winner"),
    [
        (np.array([200, 0, 10], np.uint8), 0),
        (np.array([100, -100], np.int8), 0),
        (np.array([-(2**63), 2**63 - 1], np.int64), 1),
        (np.array([2**64 - 1, 0], np.uint64), 0),
        (np.array([60000, -60000], np.float16), 0),
        (np.array([3e38, -3e38], np.float32), 0),
    ],
)
def test_differences_of_small_dtypes_do_not_wrap(values, winner):
    p = brl.softmax(values)
    assert p[winner] == 1.0
    assert p.argmax() == winner


def test_float16_values_of_a_hundred_thousand_actions_lose_no_probability():
    p = brl.softmax(np.zeros(100_000, np.float16))
    np.testing.assert_array_equal(p, np.full(100_000, 1 / 100_000))


@pytest.mark.parametrize("function", [brl.softmax, brl.log_softmax, brl.logsumexp, brl.softmax_jacobian])
def test_the_input_is_never_written_to(function):
    values = np.array([[1.0, NINF, 3.0], [0.0, 0.0, 0.0]])
    values.setflags(write=False)
    for t in (0.0, 1.0, INF, np.array([0.5, 2.0]), np.ones((2, 3))):
        function(values, t)
    np.testing.assert_array_equal(function(values[:, ::-1]), function(values[:, ::-1].copy()))


@in_one_test("shape", [(1,), (4,), (2, 3), (1, 1), (0, 3), (2, 1, 4), (2, 0, 4)])
def test_leading_axes_are_free(shape):
    values = np.arange(np.prod(shape), dtype=float).reshape(shape)
    assert brl.softmax(values).shape == brl.log_softmax(values).shape == shape
    assert brl.softmax_jacobian(values).shape == (*shape, shape[-1])
    assert np.shape(brl.logsumexp(values)) == shape[:-1]


def test_one_row_reduces_to_a_float():
    assert type(brl.logsumexp([1.0, 2.0])) is float


# --- log_softmax --------------------------------------------------------------------------------------------


def assert_log_softmax_is_exact(values, temperature):
    """Within a few eps of the result, plus the stated error of the softmax in the other weights."""
    found = brl.log_softmax(values, temperature).tolist()
    exact, weights_error = exact_log_softmax(values, temperature)
    for answer, expected in zip(found, exact, strict=True):
        if expected < -LARGEST:
            assert answer == NINF or answer < -0.999 * LARGEST
        else:
            bound = 4 * EPS * abs(expected) + weights_error + 3 * SMALLEST
            assert abs(mpmath.mpf(answer) - expected) <= bound, (answer, expected)


@laws
@given(rows(), temperature)
def test_log_softmax_has_a_small_relative_error(values, temperature):
    assert_log_softmax_is_exact(values, temperature)


@in_one_test("gap", [1e-9, 1.0, 36.0, 40.0, 100.0, 700.0, 740.0])
def test_the_log_probability_of_the_best_action_keeps_its_digits_near_zero(gap):
    tail = -mpmath.log1p(mpmath.exp(-mpmath.mpf(gap)))
    assert abs(brl.log_softmax([0.0, -gap])[0] / tail - 1) < 1e-14 + 3 * SMALLEST / abs(tail)
    assert brl.log_softmax([0.0, -gap])[0] < 0.0


@in_one_test("temperature", [1.5, 1.95, 2.0, 1e10, 1e300, 1e305])
def test_log_softmax_stays_finite_where_the_probability_underflows_and_the_difference_overflows(temperature):
    assert_log_softmax_is_exact([1.7e308, -1.7e308, 0.0], temperature)
    assert_log_softmax_is_exact([1.7e308, -1.7e308, 0.0], [temperature, temperature, 2.0])


def test_log_softmax_in_the_limits_is_the_logarithm_of_the_limit():
    assert brl.log_softmax([3.0, 1.0, 3.0], 0.0).tolist() == [-np.log(2), NINF, -np.log(2)]
    np.testing.assert_allclose(brl.log_softmax([3.0, 1.0, NINF], INF), [-np.log(2), -np.log(2), NINF], rtol=1e-15)


# --- logsumexp ----------------------------------------------------------------------------------------------


def exact_logsumexp(values, temperature):
    temperatures = np.broadcast_to(temperature, np.shape(values))
    quotients = [
        ratio(Fraction(float(v)) / Fraction(float(t))) for v, t in zip(values, temperatures, strict=True) if v > NINF
    ]
    best = max(quotients)
    return best + mpmath.log(mpmath.fsum(mpmath.exp(q - best) for q in quotients if q - best > -5000)), best


@laws
@given(rows(moderate), st.floats(1e-3, 1e3))
def test_logsumexp_is_exact_to_the_last_bits_of_its_larger_part(values, temperature):
    exact, best = exact_logsumexp(values, temperature)
    assert abs(brl.logsumexp(values, temperature) - exact) <= 4 * EPS * (1 + abs(best))


@laws
@given(st.lists(st.tuples(moderate, st.floats(0.05, 20)), min_size=1, max_size=5))
def test_logsumexp_is_exact_with_one_temperature_per_action(row):
    values, temperatures = np.array(row).T
    exact, best = exact_logsumexp(values, temperatures)
    assert abs(brl.logsumexp(values, temperatures) - exact) <= 4 * EPS * (1 + abs(best))


@pytest.mark.parametrize(
    ("values", "temperature"),
    [([1e300, 1e300], 1e299), ([1.7e308, -1.7e308], 1e308), ([-1e5, -1e5, NINF], 1.0), ([1e-310, 0.0], 1e-310)],
)
def test_logsumexp_neither_overflows_nor_underflows(values, temperature):
    exact, best = exact_logsumexp(values, temperature)
    assert abs(brl.logsumexp(values, temperature) - exact) <= 4 * EPS * (1 + abs(best))


@pytest.mark.parametrize("zero", [0, 0.0, -0.0])
def test_logsumexp_at_temperature_zero_is_infinite_with_the_sign_of_the_maximum(zero):
    assert brl.logsumexp([1.0, 2.0], zero) == INF
    assert brl.logsumexp([-1.0, -2.0], zero) == NINF
    assert brl.logsumexp([0.0, -2.0, 0.0], zero) == np.log(2)


def test_logsumexp_at_temperature_infinity_is_the_logarithm_of_the_number_available():
    assert brl.logsumexp([1e300, NINF, -5.0], INF) == np.log(2)


@laws
@given(rows(st.floats(-5, 5)), st.floats(0.2, 10))
def test_the_gradient_of_logsumexp_times_the_temperature_is_the_softmax(values, temperature):
    values = np.array(values)
    h = 1e-5 * temperature
    steps = h * np.eye(len(values))
    gradient = (brl.logsumexp(values + steps, temperature) - brl.logsumexp(values - steps, temperature)) / (2 * h)
    np.testing.assert_allclose(gradient * temperature, brl.softmax(values, temperature), atol=1e-8)


@laws
@given(rows(moderate), st.floats(1e-3, 1e3))
def test_the_soft_maximum_lies_between_the_maximum_and_t_log_n_above(values, temperature):
    soft = temperature * brl.logsumexp(values, temperature)
    slack = 8 * EPS * (abs(max(values)) + temperature)
    assert max(values) - slack <= soft <= max(values) + temperature * np.log(len(values)) + slack


# --- Jacobian -----------------------------------------------------------------------------------------------


def exact_jacobian(values, temperature):
    p, _ = exact_softmax(values, temperature)
    t = [mpmath.mpf(float(x)) for x in np.broadcast_to(temperature, np.shape(values))]
    n = range(len(p))
    others = [mpmath.fsum(p[k] for k in n if k != i) for i in n]
    return [[p[i] * (others[i] if i == j else -p[j]) / t[j] for j in n] for i in n]


@laws
@given(rows(st.floats(-300, 300)), st.floats(0.05, 20))
def test_the_jacobian_has_a_small_relative_error_even_if_a_probability_is_near_one(values, temperature):
    exact = exact_jacobian(values, temperature)
    spread = (max(values) - min(values)) / temperature
    for i, j in np.ndindex(len(values), len(values)):
        found = mpmath.mpf(float(brl.softmax_jacobian(values, temperature)[i, j]))
        bound = 8 * EPS * (8 + spread) * abs(exact[i][j]) + mpmath.mpf(2) ** -1000
        assert abs(found - exact[i][j]) <= bound, (i, j, found, exact[i][j])


def test_the_jacobian_keeps_the_diagonal_of_the_best_action():
    tail = mpmath.exp(-100)
    exact = tail / (1 + tail) ** 2
    np.testing.assert_allclose(brl.softmax_jacobian([100.0, 0.0])[0, 0], float(exact), rtol=1e-13)


@laws
@given(rows(st.floats(-3, 3)), st.floats(0.3, 5))
def test_the_jacobian_is_the_finite_difference_of_the_softmax(values, temperature):
    values = np.array(values)
    h = 1e-5
    steps = h * np.eye(len(values))
    difference = (brl.softmax(values + steps, temperature) - brl.softmax(values - steps, temperature)) / (2 * h)
    np.testing.assert_allclose(brl.softmax_jacobian(values, temperature), difference.T, atol=1e-7)


@laws
@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(0.3, 5)), min_size=1, max_size=4))
def test_the_jacobian_with_one_temperature_per_action_is_the_finite_difference(row):
    values, temperatures = np.array(row).T
    h = 1e-5
    difference = np.array(
        [
            (brl.softmax(values + step, temperatures) - brl.softmax(values - step, temperatures)) / (2 * h)
            for step in h * np.eye(len(values))
        ]
    )
    np.testing.assert_allclose(brl.softmax_jacobian(values, temperatures), difference.T, atol=1e-7)


@laws
@given(hnp.arrays(float, hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), elements=moderate), st.floats(0.1, 9))
def test_the_jacobian_is_symmetric_and_its_rows_sum_to_zero(values, temperature):
    jacobian = brl.softmax_jacobian(values, temperature)
    np.testing.assert_array_equal(jacobian, np.swapaxes(jacobian, -1, -2))
    np.testing.assert_allclose(jacobian.sum(axis=-1), 0.0, atol=1e-14 / temperature)


@pytest.mark.parametrize("zero", [0, 0.0, -0.0])
def test_the_jacobian_in_the_limits(zero):
    assert not brl.softmax_jacobian([1.0, 2.0, NINF], INF).any()
    assert not brl.softmax_jacobian([1.0, 2.0, NINF], zero).any()
    assert brl.softmax_jacobian([1.0, 1.0], zero).tolist() == [[INF, NINF], [NINF, INF]]


# --- two actions --------------------------------------------------------------------------------------------


@laws
@given(st.floats(-700, 700), st.floats(-700, 700), st.floats(0.5, 1e3))
def test_two_actions_are_the_logistic_sigmoid_of_their_difference(a, b, temperature):
    p = brl.softmax([a, b], temperature)
    z = (a - b) / temperature
    np.testing.assert_allclose(p, [brl.logistic(z), brl.logistic(-z)], rtol=1e-12, atol=1e-320)
    if z > -700:
        exact = 1 / (1 + mpmath.exp(-ratio((Fraction(a) - Fraction(b)) / Fraction(temperature))))
        assert abs(p[0] / exact - 1) <= 1.5 * EPS * (4 + abs(z))


def test_the_remainder_of_a_division_of_two_mantissas_is_exact():
    """Dekker's theorem, in rational arithmetic: the remainder of a quotient of 53-bit numbers has at most 53 bits."""
    rng = np.random.default_rng(0)
    mantissas = np.concatenate([rng.uniform(0.5, 1.0, 300), [0.5, 1.0 - 2.0**-53, 0.5 + 2.0**-53, 0.75, 2.0 / 3.0]])
    dividend, divisor = (part.ravel() for part in np.meshgrid(rng.choice([-1.0, 1.0], 305) * mantissas, mantissas))
    quotient = dividend / divisor
    found = _remainder(dividend, quotient, divisor)
    for v, q, t, left in zip(dividend[::7], quotient[::7], divisor[::7], found[::7], strict=True):
        assert Fraction(left) == Fraction(v) - Fraction(q) * Fraction(t)


def test_a_float_is_split_into_halves_whose_products_are_exact():
    """Each half of 53 bits has 26 bits and a sign, so no product of two halves is rounded."""
    numbers = np.random.default_rng(1).uniform(0.5, 2.0, 2000)
    upper = _upper_half(numbers)
    lower = numbers - upper
    for half in (upper, lower):
        for number in half[half != 0.0].tolist():
            numerator = abs(Fraction(number).numerator)
            assert (numerator // (numerator & -numerator)).bit_length() <= 26
    assert (upper + lower == numbers).all()
