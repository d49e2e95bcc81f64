"""Rows side by side: every function answers each row as it answers that row alone, whatever stands in the others."""

import math

import numpy as np
import pytest

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
TINY = [[5e-324, 0.0, 1e-323], [1e-300, -1e-300, 2e-300]]
VALUES = np.array(EVERYDAY + HUGE + TINY)
FINITE = np.where(np.isneginf(VALUES), 4.0, VALUES)
TEMPERATURES = np.array([0.0, 1.0, INF, 0.3, 2.0, 0.0, 1.0, 20.0, 1e308, 1e299, 5e-324, 1e-300])
ALL_ZERO = np.zeros(12)
INVERSE = np.array([1.0, 0.0, INF, 0.3, 2.0, 0.5, 1.0, 0.01, 1e-308, 1e-300, 1e300, 1e-320])
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
    "mellowmax_temperature": (brl.mellowmax_temperature, VALUES, INVERSE, INVERSE[::-1]),
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
    **{
        f"the ensemble's {name}": (ensemble(name), -VALUES, TEMPERATURES)
        for name in (
            "probabilities",
            "ground_energy",
            "mean_energy",
            "free_energy",
            "entropy",
            "heat_capacity",
            "log_partition",
        )
    },
}


@pytest.mark.parametrize("shape", [(12,), (3, 1, 4)], ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_row_is_answered_alike_alone_and_among_any_others(name, shape):
    function, *arguments = FUNCTIONS[name]
    with np.errstate(all="ignore"):
        together = function(*(argument.reshape(*shape, *argument.shape[1:]) for argument in arguments))
        for row, index in enumerate(np.ndindex(shape)):
            alone = function(*(argument[row] for argument in arguments))
            found = together[(slice(None), *index)] if name == "a mask over untried arms" else together[index]
            np.testing.assert_array_equal(found, alone, err_msg=f"row {row}")
