"""Twelve rows for every function of the numerics: each as it is alone, and as it is by 60 digits."""

import math

import mpmath as mp
import numpy as np
import pytest
from cases import in_one_test

import boltzmann_rl as brl
from boltzmann_rl.numerics.untried import UntriedFirst
from boltzmann_rl.statistics.intervals import mean_of

INF = math.inf
EVERYDAY = [
    [0.0, 1.0, 2.0],
    [-1.0, 0.5, -0.25],
    [3.0, 3.0, 1.0],
    [2.0, 2.0, 2.0],
    [100.0, 101.0, 99.5],
    [-7.0, -INF, -6.0],
    [-INF, -INF, 5.0],
    [0.0, -800.0, -30.0],
]
HUGE = [[1.7e308, -1.7e308, 0.0], [1e300, 1e300, -INF]]
TINY = [[5e-324, -INF, 1e-323], [1e-300, -1e-300, 2e-300]]
VALUES = np.array(EVERYDAY + HUGE + TINY)
FINITE = np.where(np.isneginf(VALUES), 4.0, VALUES)
TEMPERATURES = np.array([0.0, 1.0, INF, 0.3, 2.0, 0.0, 1.0, 20.0, 1e308, 1e299, 5e-324, 1e-300])
ALL_ZERO = np.zeros(12)
INVERSE = np.array([1.0, 0.5, INF, 0.3, 2.0, 0.0, 1.0, 0.01, 1e-308, 1e-300, 1e300, 1e-320])
MODERATE = np.array([1.0, 0.0, INF, 0.3, 2.0, 0.5, 0.0, 0.01, 5.0, 20.0, 0.0, 3.0])
INDICES = np.array([0.5, 1.0, 1.5, 2.0, 3.0, 0.7, 1.2, 5.0, 1.5, 0.5, 2.0, 1.0])
PER_ACTION = np.array(
    [[1.0, 2.0, 0.5]] * 3 + [[0.0, 1.0, INF]] * 3 + [[0.0, 0.0, 3.0]] * 3 + [[1e300, 1.0, 1e-300]] * 3
)
MODEST = np.array([*EVERYDAY, [1e6, 1e6 + 1.0, 0.0], [0.1, -INF, 0.1], [-3.0, 4.0, 4.5], [9.0, 8.0, -INF]])
SPREADS = np.array(
    [[1.0, 2.0, 0.5], [1e-3, 0.0, 1.0], [0.0, 0.0, 0.0], [INF, INF, INF], [3.0, 3.0, 3.0], [0.1, 1.0, 9.0]]
)
SPREADS = np.concatenate([SPREADS, SPREADS[::-1]])
A = np.where(np.isneginf(MODEST), -INF, np.clip(np.abs(MODEST), 0.5, 300.0))
B = np.clip(np.abs(MODEST[:, ::-1]), 0.5, 300.0)
P = brl.softmax(VALUES, np.where(TEMPERATURES == 0.0, 1.0, TEMPERATURES))
Q = brl.softmax(VALUES[:, ::-1], 1.0)[::-1] / 2.0 + 1.0 / 6.0
U = np.array([0.0, 0.5, 0.999, 0.2, 0.3, 0.7, 0.1, 1.0 - 2.0**-53, 0.25, 0.5, 0.6, 0.9])
MASKS = np.array([[1, 0, 1], [1, 1, 0], [0, 0, 1], [1, 1, 1]] * 3)

QUANTITIES = (
    "probabilities",
    "ground_energy",
    "mean_energy",
    "free_energy",
    "entropy",
    "heat_capacity",
    "log_partition",
)


def ensemble(name):
    return lambda energies, temperature: getattr(brl.BoltzmannDistribution(energies, temperature, [1, 2, 3]), name)


def untried_first(indices, untried, available):
    values = UntriedFirst(indices, untried.astype(bool))
    return np.stack([np.asarray(values), brl.mask(values, available), brl.mask(values.shifted(2.0), available) - 2.0])


# A function, and arguments of twelve rows each.
FUNCTIONS = {
    "softmax": (brl.softmax, VALUES, TEMPERATURES),
    "softmax, one temperature per action": (brl.softmax, VALUES, PER_ACTION),
    "log_softmax": (brl.log_softmax, VALUES, TEMPERATURES),
    "log_softmax, one temperature per action": (brl.log_softmax, VALUES, PER_ACTION),
    "logsumexp": (brl.logsumexp, VALUES, TEMPERATURES),
    "logsumexp, one temperature per action": (brl.logsumexp, VALUES, PER_ACTION),
    "softmax_jacobian": (brl.softmax_jacobian, VALUES, TEMPERATURES),
    "softmax_jacobian, one temperature per action": (brl.softmax_jacobian, VALUES, PER_ACTION),
    "argmax": (brl.argmax, VALUES),
    "greedy": (brl.greedy, VALUES),
    "uniform": (brl.uniform, VALUES),
    "mellowmax, ω > 0": (lambda values: brl.mellowmax(values, 0.7), VALUES),
    "mellowmax, ω < 0": (lambda values: brl.mellowmax(values, -0.7), VALUES),
    "soft_mellowmax": (brl.soft_mellowmax, VALUES, INVERSE, INVERSE[::-1]),
    "mellowmax_temperature": (brl.mellowmax_temperature, MODEST, MODERATE, MODERATE[::-1]),
    "sparsemax": (brl.sparsemax, VALUES, TEMPERATURES),
    "entmax": (brl.entmax, VALUES, TEMPERATURES, INDICES),
    "gumbel_propensities": (brl.gumbel_propensities, MODEST, SPREADS),
    "gaussian_propensities": (brl.gaussian_propensities, MODEST, SPREADS),
    "beta_propensities": (brl.beta_propensities, A, B),
    "entropy": (brl.entropy, P),
    "effective_actions": (brl.effective_actions, P),
    "kl_divergence": (brl.kl_divergence, P, Q),
    "invert": (brl.invert, P, U),
    "mask": (brl.mask, VALUES, MASKS),
    "a mask over untried arms": (untried_first, FINITE, MASKS[::-1], MASKS),
    "logistic": (brl.logistic, FINITE),
    "logistic_normalize": (brl.logistic_normalize, FINITE),
    "tanh_normalize": (brl.tanh_normalize, FINITE),
    "mean_of": (mean_of, FINITE),
    **{f"the ensemble's {name}": (ensemble(name), -VALUES, TEMPERATURES) for name in QUANTITIES},
}


@in_one_test("shape", [(12,), (3, 1, 4)], ids=str)
@in_one_test("name", FUNCTIONS)
def test_a_row_is_answered_alike_alone_and_among_any_others(name, shape):
    function, *arguments = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        together = function(*(argument.reshape(*shape, *argument.shape[1:]) for argument in arguments))
        for row, index in enumerate(np.ndindex(shape)):
            alone = function(*(argument[row] for argument in arguments))
            found = together[(slice(None), *index)] if name == "a mask over untried arms" else together[index]
            np.testing.assert_array_equal(found, alone, err_msg=f"row {row}")


# --- the same rows by 60 digits ---------------------------------------------------------------------------------------


def gibbs(values, temperature):
    """The softmax of one row: a list of mpf."""
    best = max(values)
    if temperature == 0.0:
        return [mp.mpf(value == best) / values.count(best) for value in values]
    if temperature == INF:
        return [mp.mpf(value > -INF) / sum(other > -INF for other in values) for value in values]
    weights = [mp.exp((mp.mpf(value) - best) / mp.mpf(temperature)) if value > -INF else mp.mpf(0) for value in values]
    return [weight / mp.fsum(weights) for weight in weights]


def log_gibbs(values, temperature):
    return [mp.log(p) if p else -mp.inf for p in gibbs(values, temperature)]


def log_sum(values, temperature):
    best = max(values)
    if temperature == 0.0:
        return mp.log(values.count(best)) if best == 0.0 else mp.sign(best) * mp.inf
    if temperature == INF:
        return mp.log(sum(value > -INF for value in values))
    return mp.mpf(best) / temperature - log_gibbs(values, temperature)[values.index(best)]


def soft_mellow(values, omega, alpha):
    """ln(Σ p_i exp(ω (values_i − best))) / ω + best, and its limits."""
    best, p = max(values), gibbs(values, INF if alpha == 0.0 else 1 / mp.mpf(alpha) if alpha < INF else 0.0)
    gaps = [mp.mpf(value) - best if value > -INF else mp.mpf(0) for value in values]
    if omega == INF:
        return mp.mpf(best)
    if omega == 0.0:
        return best + mp.fsum(x * gap for x, gap in zip(p, gaps, strict=True))
    return best + mp.log1p(mp.fsum(x * mp.expm1(omega * g) for x, g in zip(p, gaps, strict=True))) / mp.mpf(omega)


def mellow_below(values, omega):
    """For ω < 0: the mellowmax of the values with the other sign."""
    return -soft_mellow([-value if value > -INF else value for value in values], -omega, 0.0)


def mellow_temperature(values, omega, alpha):
    """By bisection of the published equation, whose root β lies between α and α + ω; 0 where all else has weight 0."""
    held = [mp.mpf(value) for value in values if value > -INF]
    if min(held) == max(held) or omega == alpha == 0.0:
        return mp.inf
    if INF in (omega, alpha):
        return mp.mpf(0)
    goal, low, high = soft_mellow(values, omega, alpha), mp.mpf(alpha), mp.mpf(alpha) + mp.mpf(omega)
    for _ in range(200):
        beta = (low + high) / 2
        excess = mp.fsum(mp.exp(beta * (value - max(held))) * (value - goal) for value in held)
        low, high = (beta, high) if excess < 0 else (low, beta)
    second = max(value for value in held if value < max(held))
    return 1 / beta if beta * (max(held) - second) < 745 else mp.mpf(0)


def tsallis(values, temperature, alpha):
    """The α-entmax by bisection of its threshold."""
    if temperature in (0.0, INF) or alpha == 1.0:
        return gibbs(values, temperature)
    power, best = mp.mpf(alpha) - 1, max(values)
    z = [power * (mp.mpf(value) - best) / mp.mpf(temperature) if value > -INF else None for value in values]

    def p(tau):
        return [(x - tau) ** (1 / power) if x is not None and x > tau else mp.mpf(0) for x in z]

    low, high = sorted((-mp.mpf(1), -(mp.mpf(len(z)) ** -power)))
    for _ in range(mp.mp.prec):
        tau = (low + high) / 2
        low, high = (tau, high) if (mp.fsum(p(tau)) > 1) == (power > 0) else (low, tau)
    return p(tau)


def shannon(p):
    return -mp.fsum(x * mp.log(x) for x in map(mp.mpf, p) if x)


def divergence(p, q):
    return mp.fsum(x * mp.log(x / y) for x, y in zip(map(mp.mpf, p), map(mp.mpf, q), strict=True) if x)


def scores(x):
    x = [mp.mpf(value) for value in x]
    mean = mp.fsum(x) / len(x)
    sd = mp.sqrt(mp.fsum((value - mean) ** 2 for value in x) / len(x))
    return [(value - mean) / sd if sd else mp.mpf(0) for value in x]


def canonical(name):
    """A quantity of the ensemble with degeneracies 1, 2 and 3."""

    def exact(energies, temperature):
        levels = [(mp.mpf(energy), g) for energy, g in zip(energies, (1, 2, 3), strict=True)]
        held, ground = [level for level in levels if level[0] < mp.inf], mp.mpf(min(energies))
        if temperature in (0.0, INF):
            states = [level for level in held if temperature == INF or level[0] == ground]
            z = mp.mpf(sum(g for _, g in states))
            p = [g / z if level in states else mp.mpf(0) for level in levels for g in (level[1],)]
            mean = mp.fsum(energy * g for energy, g in states) / z
            log_z = mp.log(z) + (0 if temperature == INF or ground == 0 else -mp.sign(ground) * mp.inf)
            free = ground if temperature == 0.0 or z == 1 else -mp.inf
            return [p, ground, mean, free, mp.log(z), mp.mpf(0), log_z][QUANTITIES.index(name)]
        t = mp.mpf(temperature)
        weights = [g * mp.exp((ground - energy) / t) if energy < mp.inf else mp.mpf(0) for energy, g in levels]
        p = [weight / mp.fsum(weights) for weight in weights]
        mean = ground + mp.fsum(x * (energy - ground) for x, (energy, _) in zip(p, levels, strict=True) if x)
        square = mp.fsum(x * (energy - mean) ** 2 for x, (energy, _) in zip(p, levels, strict=True) if x)
        states = mp.log(mp.fsum(weights))
        entropy = states + (mean - ground) / t
        return [p, ground, mean, ground - t * states, entropy, square / t**2, states - ground / t][
            QUANTITIES.index(name)
        ]

    return exact


# The exact answer to one row, and the error allowed in units of itself, of the row's largest number, and of 1.
EXACT = {
    "softmax": (gibbs, 3e-13, 0.0, 1e-323),
    "log_softmax": (log_gibbs, 1e-15, 0.0, 1e-14),
    "logsumexp": (log_sum, 1e-15, 0.0, 1e-14),
    "argmax": (lambda values: mp.mpf(values.index(max(values))), 0.0, 0.0, 0.0),
    "greedy": (lambda values: gibbs(values, 0.0), 2e-16, 0.0, 0.0),
    "uniform": (lambda values: gibbs(values, INF), 2e-16, 0.0, 0.0),
    "mellowmax, ω > 0": (lambda values: soft_mellow(values, 0.7, 0.0), 0.0, 2e-15, 5e-324),
    "mellowmax, ω < 0": (lambda values: mellow_below(values, -0.7), 0.0, 2e-15, 5e-324),
    "soft_mellowmax": (soft_mellow, 0.0, 1e-14, 5e-324),
    "mellowmax_temperature": (mellow_temperature, 1e-11, 0.0, 0.0),
    "sparsemax": (lambda values, temperature: tsallis(values, temperature, 2.0), 0.0, 0.0, 1e-14),
    "entmax": (tsallis, 0.0, 0.0, 1e-12),
    "entropy": (shannon, 0.0, 0.0, 1e-15),
    "effective_actions": (lambda p: mp.exp(shannon(p)), 2e-15, 0.0, 0.0),
    "kl_divergence": (divergence, 0.0, 0.0, 1e-14),
    "logistic": (lambda x: [1 / (1 + mp.exp(-mp.mpf(value))) for value in x], 1e-15, 0.0, 5e-324),
    "logistic_normalize": (lambda x: [1 / (1 + mp.exp(-score)) for score in scores(x)], 1e-14, 0.0, 0.0),
    "tanh_normalize": (lambda x: [mp.tanh(score / 2) for score in scores(x)], 0.0, 0.0, 1e-15),
    "mean_of": (lambda x: mp.fsum(map(mp.mpf, x)) / len(x), 0.0, 1e-15, 5e-324),
    **{
        f"the ensemble's {name}": (
            canonical(name),
            relative,
            of_the_row,
            5e-324 if name in ("mean_energy", "ground_energy") else 1e-14,
        )
        for name, relative, of_the_row in zip(
            QUANTITIES, (5e-13, 0, 0, 1e-15, 0, 4e-13, 1e-15), (0, 0, 1e-15, 1e-15, 0, 0, 0), strict=True
        )
    },
}


@in_one_test("name", EXACT)
def test_every_row_is_that_of_60_digits(name):
    function, *arguments = FUNCTIONS[name]
    exact, relative, of_the_row, absolute = EXACT[name]
    with np.errstate(all="ignore"), mp.workdps(60):
        for row, found in enumerate(function(*arguments)):
            given = [argument[row].tolist() for argument in arguments]
            largest = max(abs(number) for number in np.ravel(given[0]) if abs(number) < INF)
            expected = exact(*given)
            for one, other in zip(np.ravel(found).tolist(), np.ravel(expected).tolist(), strict=True):
                if abs(other) > 1.797e308:
                    assert abs(one) > 1.79e308, (row, one)
                    assert (one > 0) == (other > 0), (row, one)
                else:
                    bound = relative * abs(other) + of_the_row * largest + absolute
                    assert abs(mp.mpf(one) - other) <= bound, (row, one, float(other))


OF_VALUES = [name for name, (_, *arguments) in FUNCTIONS.items() if arguments[0] is VALUES and name != "mask"]


@in_one_test("name", [*OF_VALUES, "mellowmax_temperature", "gumbel_propensities", "gaussian_propensities"])
def test_one_row_without_a_maximum_is_refused_by_its_index(name):
    function, values, *others = FUNCTIONS[name]
    for wrong, said in (
        ([0.0, math.nan, 1.0], r"values\[5, 1\] is nan"),
        ([0.0, 1.0, INF], r"values\[5, 2\] is inf"),
        ([-INF] * 3, r"values\[5\] leave no action available"),
    ):
        row = np.arange(12)[:, np.newaxis] == 5
        with pytest.raises(ValueError, match=said):
            function(np.where(row, wrong, values), *others)


@pytest.mark.parametrize("function", [brl.sparsemax, brl.entmax, brl.soft_mellowmax, brl.mellowmax_temperature])
def test_parameters_per_action_are_refused_where_only_rows_have_them(function):
    ones = (1.0,) * (function in (brl.soft_mellowmax, brl.mellowmax_temperature))
    for actions in (2, 3):
        with pytest.raises(ValueError, match="one per row"):
            function(np.zeros(actions), np.ones(actions), *ones)


def test_entmax_takes_a_positive_finite_index_which_is_three_halves_by_default():
    np.testing.assert_array_equal(brl.entmax(FINITE[:8]), brl.entmax(FINITE[:8], 1.0, 1.5))
    for wrong in (0.0, INF):
        with pytest.raises(ValueError, match="alpha must be positive and finite"):
            brl.entmax([1.0, 0.0], 1.0, wrong)


@pytest.mark.parametrize("alpha", [0.7, 1.2, 3.0, 10.0])
def test_entmax_keeps_the_digits_of_an_action_that_is_about_to_drop_out(alpha):
    values = np.array([[0.0, -(1.0 - distance) / abs(alpha - 1.0), -30.0] for distance in (1e-12, 1e-9, 1e-3)])
    with mp.workdps(200):
        expected = [[float(p) for p in tsallis(row, 1.0, alpha)] for row in values.tolist()]
    np.testing.assert_allclose(brl.entmax(values, 1.0, alpha), expected, rtol=0, atol=1e-12)


def test_the_mellowmax_and_its_temperature_have_the_unit_of_the_values_also_where_differences_overflow():
    rows = np.array([[1.0, 0.0, 0.5, 0.25], [1.9, -1.8, 0.25, -INF], [0.3, 0.1, -1.9, 1.5]])
    omega, alpha, powers = np.array([1.5, 0.8, 2.0]), np.array([0.75, 0.6, 0.0]), np.array([0, 1023, 1023])
    given = np.ldexp(rows, powers[:, np.newaxis]), np.ldexp(omega, -powers), np.ldexp(alpha, -powers)
    for function in (brl.soft_mellowmax, brl.mellowmax_temperature):
        expected = [function(*row) for row in zip(rows, omega, alpha, strict=True)]
        np.testing.assert_allclose(np.ldexp(function(*given), -powers), expected, rtol=1e-11)
        assert function(*(part[1] for part in given)) == pytest.approx(math.ldexp(expected[1], 1023), rel=1e-11)
