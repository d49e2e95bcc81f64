"""Propensities of perturbed values in closed forms, exact fractions and limits, to the stated digits."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from cases import in_one_test
from scipy import integrate, special, stats

from boltzmann_rl.numerics.perturbation import beta_propensities, gaussian_propensities, gumbel_propensities

INF = math.inf


@in_one_test("shift", [0.0, 1e6])
@in_one_test(
    ("values", "wide"),
    [
        ([0.0, 0.0], [1, 0]),
        ([-2.0, 1.0], [1, 0]),
        ([3.0, -1.0], [1, 0]),
        ([0.5, 0.25, 0.0, -1.0], [1, 0, 1, 0]),
        ([0.0, -0.5, 2.0, 1.0, 0.125], [0, 1, 0, 1, 0]),
        ([0.0, 40.0], [0, 1]),
        ([40.0, 0.0], [0, 1]),
        ([0.0] * 9, [1] + 8 * [0]),
        ([0.0] * 300, [1] + 299 * [0]),
        ([0.0] * 300, 299 * [1] + [0]),
    ],
)
def test_gumbels_of_two_scales_of_which_one_is_twice_the_other_have_a_closed_form(values, wide, shift):
    """With u = exp(−x/2) the product of the distribution functions is exp(−b·u − c·u²), a Gaussian integral in u."""
    values, wide = np.array(values), np.array(wide, dtype=bool)
    b, c = np.where(wide, np.exp(values / 2.0), 0.0), np.where(wide, 0.0, np.exp(values))
    root = math.sqrt(c.sum())
    integral = special.erfcx(b.sum() / (2.0 * root)) * math.sqrt(math.pi) / (2.0 * root)
    expected = np.where(wide, b * integral, c / c.sum() * (1.0 - b.sum() * integral))
    found = gumbel_propensities(values + shift, np.where(wide, 2.0, 1.0))
    assert found == pytest.approx(expected, rel=0, abs=1e-12)


@in_one_test("scales", [(1.0, 1.0, 1.0), (1.0, 2.0, 0.5), (1e-3, 1.0, 1.0), (1e-8, 1e-4, 1.0), (3.0, 0.1, 0.2)])
def test_three_gaussians_of_one_mean_have_a_closed_form(scales):
    """Sheppard's formula: both differences are positive with probability 1/4 + arcsin(correlation) / 2π."""
    expected = []
    for i in range(3):
        own, (one, two) = scales[i] ** 2, (scales[j] ** 2 for j in range(3) if j != i)
        expected.append(0.25 + math.asin(own / math.sqrt((own + one) * (own + two))) / (2.0 * math.pi))
    for mean in (0.0, -7.0):
        assert gaussian_propensities([mean] * 3, scales) == pytest.approx(expected, rel=0, abs=1e-12)
    with_one_far_below = gaussian_propensities([0.0, 0.0, -90.0, 0.0], [*scales[:2], 1.0, scales[2]])
    assert np.delete(with_one_far_below, 2) == pytest.approx(expected, rel=0, abs=1e-12)


@in_one_test("gap", [0.0, 0.5, -3.0, 8.0])
@in_one_test("sds", [(1.0, 1.0), (1.0, 0.1), (1e-4, 1.0), (1e-12, 1.0), (0.3, 0.4), (20.0, 0.0)])
def test_two_gaussians_side_by_side_have_their_closed_form(gap, sds):
    expected = special.ndtr(gap / math.hypot(*sds))
    assert gaussian_propensities([gap, 0.0], sds) == pytest.approx([expected, 1.0 - expected], rel=0, abs=1e-12)


@in_one_test("actions", [2, 3, 10, 100, 1000])
def test_equal_indices_are_equally_often_the_largest(actions):
    ones = np.ones(actions)
    for found in (
        gaussian_propensities(ones, 0.3 * ones),
        beta_propensities(0.1 * ones, 0.1 * ones),
        beta_propensities(ones, 50.0 * ones),
        beta_propensities(1e6 * ones, 1e3 * ones),
    ):
        np.testing.assert_allclose(found, 1.0 / actions, rtol=1e-13)


@in_one_test(
    ("a", "c"),
    [([1.0, 2.0], 1.0), ([0.1, 0.2, 0.4], 1.0), ([5.0, 300.0], 1.0), ([0.5, 1e6, 3.0], 1.0), ([7.0] * 40, 1.0)],
)
def test_betas_that_are_powers_of_uniforms_win_in_proportion_to_their_exponents(a, c):
    """Beta(a, 1) has the distribution function x^a, so that Beta(a_i, 1) is the largest with chance a_i / Σa."""
    a = np.array(a)
    assert beta_propensities(a, np.ones(len(a))) == pytest.approx(a / a.sum(), rel=0, abs=1e-11)


@in_one_test("b", [[1.0, 2.0], [0.1, 0.3], [40.0, 3.0], [1e6, 2.0], [0.1, 1e6]])
def test_the_smaller_of_two_betas_wins_in_proportion_to_the_others_exponent(b):
    """1 − Beta(1, b) is Beta(b, 1): of two, the one that is not the smallest is the largest."""
    assert beta_propensities([1.0, 1.0], b) == pytest.approx(np.array(b)[::-1] / sum(b), rel=0, abs=1e-11)


@in_one_test(("a", "b"), [((3, 4), (2, 9)), ((50, 7), (30, 5)), ((1, 200), (2, 300))])
@in_one_test("hidden", [0, 1, 2])
def test_an_action_that_is_not_available_takes_no_part(a, b, hidden):
    expected = np.insert(beta_propensities(a, b), hidden, 0.0)
    found = beta_propensities(np.insert(np.array(a, dtype=float), hidden, -INF), np.insert(np.array(b), hidden, 3))
    assert found == pytest.approx(expected, rel=0, abs=1e-13)
    assert found[hidden] == 0.0


@pytest.mark.parametrize(
    ("law", "propensities", "scales"),
    [
        (stats.gumbel_r, gumbel_propensities, [1.0] + 9 * [0.101]),
        (stats.gumbel_r, gumbel_propensities, [1.0] + 99 * [0.03]),
        (stats.gumbel_r, gumbel_propensities, [1.0] + 999 * [0.01]),
        (stats.norm, gaussian_propensities, 2 * [1.0] + 28 * [0.3194]),
        (stats.norm, gaussian_propensities, [1.0] + 99 * [0.03]),
        (stats.norm, gaussian_propensities, [1.0] + 999 * [0.01]),
        (stats.norm, gaussian_propensities, 10.0 ** np.linspace(-0.2, 0.0, 300)),
    ],
)
def test_propensities_are_accurate_where_the_maximum_is_narrower_than_each_index(law, propensities, scales):
    """For example the maximum of many equal indices, or a wide index beside narrow ones."""
    values, scales = np.zeros(len(scales)), np.asarray(scales)

    def winners(x):
        z = x / scales
        return np.exp(law.logpdf(z) - law.logcdf(z) + law.logcdf(z).sum()) / scales

    low, high = max(law.ppf(1e-17, values, scales)), max(law.isf(1e-16, values, scales))
    cuts = [
        low + c * k for c in np.unique(scales)[[0, -1]] for k in np.linspace(0.0, 60.0, 60) if k and low + c * k < high
    ]
    expected = integrate.quad_vec(winners, low, high, points=cuts, epsabs=1e-14, epsrel=0, limit=4000)[0]
    assert propensities(values, scales) == pytest.approx(expected, rel=0, abs=5e-13)


@pytest.mark.parametrize(("others", "a", "b"), [(9, 50, 950), (29, 50, 950), (999, 50, 950), (99, 500, 500)])
def test_beta_propensities_are_accurate_beside_many_narrow_indices(others, a, b):
    """A uniform index is the largest with probability ∫ Π F_j(x) dx over [0, 1]; the others divide the rest equally."""
    found = beta_propensities([1] + others * [a], [1] + others * [b])
    cuts = np.linspace(0.0, 1.0, 41)[1:-1]
    expected = integrate.quad(lambda x: special.betainc(a, b, x) ** others, 0.0, 1.0, points=cuts, epsabs=1e-14)[0]
    assert found[0] == pytest.approx(expected, rel=0, abs=1e-12)
    assert found[1:] == pytest.approx((1.0 - expected) / others, rel=0, abs=1e-12)


def exact_beta(parameters):
    """For integers in fractions: 1 − I_x(a, b) is a sum of binomial probabilities, so integrands are polynomials."""

    def choose(n, k):
        return Fraction(math.comb(n, k))

    def chance(i):
        total = Fraction(0)
        a, b = parameters[i]
        others = [p for j, p in enumerate(parameters) if j != i]
        for successes in product(*(range(p, p + q) for p, q in others)):
            weight = math.prod(choose(p + q - 1, k) for (p, q), k in zip(others, successes, strict=True))
            x = a + sum(successes)
            n = a + b + sum(p + q - 1 for p, q in others)
            total += weight * Fraction(math.factorial(x - 1) * math.factorial(n - x - 1), math.factorial(n - 1))
        return float(total * Fraction(math.factorial(a + b - 1), math.factorial(a - 1) * math.factorial(b - 1)))

    return [chance(i) for i in range(len(parameters))]


@in_one_test(
    "parameters",
    [
        [(1, 1), (2, 1)],
        [(1, 200), (2, 300)],
        [(90, 12), (1, 1)],
        [(3, 4), (10, 12), (1, 1)],
        [(1, 30), (2, 60), (5, 20)],
        [(1, 1), (1, 1), (1, 1), (1, 1), (2, 1)],
    ],
)
def test_beta_propensities_of_integers_are_exact_sums(parameters):
    a, b = np.array(parameters).T
    assert beta_propensities(a, b) == pytest.approx(exact_beta(parameters), rel=0, abs=1e-12)


def test_beta_propensities_of_two_halves_have_closed_forms():
    """P(X > Y) for X ~ Beta(a, 1): E[1 − Yᵃ], a ratio of gamma functions."""
    for a, c, d in ((0.5, 0.5, 0.5), (0.5, 2.5, 0.7), (3.3, 0.5, 40.0), (1e4, 5e4, 3.0)):
        loses = math.exp(math.lgamma(c + a) - math.lgamma(c) + math.lgamma(c + d) - math.lgamma(c + d + a))
        p = beta_propensities([a, c], [1.0, d])
        assert p == pytest.approx([1.0 - loses, loses], rel=0, abs=1e-10)  # most of the error is that of lgamma


@pytest.mark.parametrize("propensities", [gumbel_propensities, gaussian_propensities])
def test_an_index_with_scale_zero_is_deterministic(propensities):
    law = stats.gumbel_r if propensities is gumbel_propensities else stats.norm
    above = law.sf(0.4)
    assert propensities([0.0, 0.4], [1.0, 0.0]) == pytest.approx([above, 1.0 - above], rel=0, abs=1e-12)
    tied = propensities([0.0, 0.4, 0.4, 0.3], [1.0, 0.0, 0.0, 0.0])
    assert tied == pytest.approx([above, (1.0 - above) / 2, (1.0 - above) / 2, 0.0], rel=0, abs=1e-12)
    assert propensities([0.0, 1.0, 1.0], 0.0).tolist() == [0.0, 0.5, 0.5]
    assert propensities([0.0, 1.0, -INF], INF).tolist() == [0.5, 0.5, 0.0]


@in_one_test("propensities", [gumbel_propensities, gaussian_propensities])
@in_one_test("scale", [1e-300, 1.0, 1e300])
def test_propensities_do_not_depend_on_the_unit_and_nothing_overflows(propensities, scale):
    values, scales = np.array([0.0, 1.0, -2.0]), np.array([1.0, 0.3, 4.0])
    with np.errstate(all="raise"):
        assert propensities(values * scale, scales * scale) == pytest.approx(propensities(values, scales), abs=1e-13)
        assert propensities([1e308, -1e308], [1e308, 0.5e308])[0] > 0.5
        assert propensities([1e308, -1e308], [1.0, 2.0]).tolist() == [1.0, 0.0]


def test_one_action_is_certain():
    assert gumbel_propensities([3.0], [2.0]).tolist() == [1.0]
    assert gaussian_propensities([3.0, -INF], [2.0, 1.0]).tolist() == [1.0, 0.0]
    assert beta_propensities([0.5], [7.0]).tolist() == [1.0]


@in_one_test("propensities", [gumbel_propensities, gaussian_propensities])
@in_one_test("unit", [2.0**-1070, 2.0**-1030, 2.0**-900, 2.0**900])
def test_propensities_do_not_depend_on_the_unit(propensities, unit):
    values, scales = np.array([[0.0, 2.0, -1.0, -np.inf]]), np.array([[1.0, 2.0, 3.0, 1.0]])
    assert propensities(values * unit, scales * unit) == pytest.approx(propensities(values, scales), rel=0, abs=1e-14)


def test_narrow_indices_beside_a_wide_one_keep_the_digits_of_their_distance():
    """Where they lie the density of the wide one is constant: they share what it leaves as if they were alone."""
    wide, narrow = 2.0**20, 2.0**-33
    values, scales = np.array([-1.5 * wide, 0.5 * wide, 0.5 * wide + narrow]), [wide, narrow, narrow]
    best, first = special.ndtr(2.0), special.ndtr(-math.sqrt(0.5))
    found = gaussian_propensities(values, scales)
    assert found == pytest.approx([1.0 - best, best * first, best * (1.0 - first)], rel=0, abs=1e-12)
    found = gaussian_propensities(-values, scales)
    assert found == pytest.approx([best, (1.0 - best) * (1.0 - first), (1.0 - best) * first], rel=0, abs=1e-12)
    best, first = math.exp(-math.exp(-2.0)), 1.0 / (1.0 + math.e)
    found = gumbel_propensities(values, scales)
    assert found == pytest.approx([1.0 - best, best * first, best * (1.0 - first)], rel=0, abs=1e-12)


def test_many_narrow_indices_share_what_a_wide_one_leaves():
    wide, narrow = 2.0**20, 2.0**-33
    values, scales = np.full(101, 0.5 * wide), np.full(101, narrow)
    values[0], scales[0] = -1.5 * wide, wide
    for propensities, best in (
        (gaussian_propensities, special.ndtr(2.0)),
        (gumbel_propensities, math.exp(-math.exp(-2.0))),
    ):
        found = propensities(values, scales)
        assert found == pytest.approx([1.0 - best, *100 * [best / 100]], rel=0, abs=1e-12)


@pytest.mark.parametrize("propensities", [gumbel_propensities, gaussian_propensities])
def test_scales_below_1e_16_of_the_largest_are_raised_to_that(propensities):
    distance = 2.0**-53
    found = propensities([0.0, 0.0, distance], [1.0, 0.0, 1e-20])
    assert found == pytest.approx(propensities([0.0, 0.0, distance], [1.0, 1e-16, 1e-16]), rel=0, abs=1e-13)
    gap = distance / 1e-16
    law = special.ndtr(gap / math.sqrt(2.0)) if propensities is gaussian_propensities else special.expit(gap)
    assert found[2] / found[1:].sum() == pytest.approx(law, rel=1e-9)


@pytest.mark.parametrize("propensities", [gumbel_propensities, gaussian_propensities])
def test_the_scale_of_an_action_that_is_not_available_does_not_matter(propensities):
    expected = [*propensities([0.0, 1.0], [1.0, 2.0]), 0.0]
    for scale in (0.0, 1e-9, 1e300, INF):
        assert propensities([0.0, 1.0, -INF], [1.0, 2.0, scale]).tolist() == expected


@pytest.mark.parametrize("b", [0.1, 1e9])
def test_betas_take_their_whole_range_and_no_more(b):
    assert beta_propensities([1.0, 1.0], [b, b]).tolist() == [0.5, 0.5]
    assert beta_propensities([b, b], [1.0, 1.0]).tolist() == [0.5, 0.5]
    beyond = np.nextafter(b, b * (b - 1.0))
    for a, other in (([1.0, 2.0], [beyond, 1.0]), ([beyond, 2.0], [1.0, 1.0]), ([1.0, 2.0], [1.0, beyond])):
        with pytest.raises(ValueError, match=r"must be in \[0.1, 1e9\]"):
            beta_propensities(a, other)


@in_one_test(
    ("attempt", "message"),
    [
        (lambda: beta_propensities([[1.0, 2.0, 1.0], [-INF, -INF, -INF]], np.ones((2, 3))), "no action available"),
        (lambda: gaussian_propensities([[0.0, 1.0], [-INF, -INF]], [1.0, 2.0]), "no action available"),
        (lambda: gaussian_propensities([[0.0, 1.0], [-INF, -INF]], [[1.0, 2.0]] * 2), "no action available"),
        (lambda: gaussian_propensities([[0.0, 1.0], [0.0, math.nan]], [[1.0, 2.0]] * 2), r"values\[1, 1\] is nan"),
        (lambda: gumbel_propensities([[0.0, 1.0]] * 2, [[1.0, 2.0], [INF, 1.0]]), "got inf together with finite ones"),
    ],
)
def test_one_wrong_row_of_many_is_refused(attempt, message):
    with pytest.raises(ValueError, match=message):
        attempt()


@in_one_test(
    ("attempt", "kind", "message"),
    [
        (lambda: gumbel_propensities([0.0, 1.0], [1.0, -1.0]), ValueError, "scales must be 0 or more, got -1"),
        (lambda: gaussian_propensities([0.0, 1.0], [1.0, math.nan]), ValueError, "sds must be 0 or more, got nan"),
        (lambda: gumbel_propensities([0.0, 1.0], [1.0, INF]), ValueError, "scales must be finite, or infinite for"),
        (lambda: gumbel_propensities([0.0, math.nan], 1.0), ValueError, r"values\[1\] is nan"),
        (lambda: gaussian_propensities([-INF, -INF], [1.0, 2.0]), ValueError, "no action available"),
        (lambda: gumbel_propensities([0.0, 1.0], [1.0, 1.0, 1.0]), ValueError, "fits neither"),
        (lambda: beta_propensities([0.0, 1.0], [1.0, 1.0]), ValueError, r"a must be in \[0.1, 1e9\], got 0"),
        (lambda: beta_propensities([1.0, 1.0], [1.0, math.nan]), ValueError, r"b must be in .*, got nan"),
        (lambda: beta_propensities([1.0, 1.0], [1.0]), ValueError, "b must have the shape of a"),
        (lambda: beta_propensities([-INF], [1.0]), ValueError, "no action available"),
    ],
)
def test_what_has_no_propensities_is_refused_by_name(attempt, kind, message):
    with pytest.raises(kind, match=message):
        attempt()


@pytest.mark.parametrize(
    ("law", "propensities"), [(stats.gumbel_r, gumbel_propensities), (stats.norm, gaussian_propensities)]
)
@pytest.mark.parametrize("spread", [0.2, 1.0, 2.0])
def test_the_spacing_of_nodes_leaves_an_error_below_1e_12(law, propensities, spread):
    """Of scales as after some hundred pulls, against adaptive quadrature on intervals of the narrowest scale."""
    rng = np.random.default_rng(3)
    for arms in (2, 5, 20):
        scales = 10.0 ** rng.uniform(-spread, 0.0, arms)
        values = rng.normal(size=arms) * scales.max()

        def winners(x, values=values, scales=scales):
            z = (x - values) / scales
            return np.exp(law.logpdf(z) - law.logcdf(z) + law.logcdf(z).sum()) / scales

        low, high = max(law.ppf(1e-17, values, scales)), max(law.isf(1e-16, values, scales))
        cuts = np.unique([x for v, s in zip(values, scales, strict=True) for x in v + s * np.arange(-9.0, 30.0, 3.0)])
        cuts = cuts[(cuts > low) & (cuts < high)]
        expected = integrate.quad_vec(winners, low, high, points=cuts, epsabs=1e-15, epsrel=0, limit=2000)[0]
        assert propensities(values, scales) == pytest.approx(expected, rel=0, abs=5e-13)
