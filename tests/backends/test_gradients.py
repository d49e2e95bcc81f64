"""Gradients are finite at every temperature, with masks too, and equal to differences of NumPy's own answers."""

import numpy as np
import pytest
from libraries import EPS

import boltzmann_rl as brl

VALUES = np.array([[0.3, 1.0, -0.5, 0.2], [1.0, 1.0, 0.2, -np.inf], [-np.inf, 2.0, -np.inf, 1.9], [0.5, 0.4, 0.3, 0.2]])
ACTIONS = np.array([1, 0, 3, 2])
TEMPERATURES = [1e-6, 1e-3, 0.05, 1.0, 30.0, 1e6]
LIMITS = [0.0, np.inf]

# Policies as functions of a temperature.
POLICIES = {
    "boltzmann": lambda t: brl.Boltzmann(t),
    "epsilon boltzmann": lambda t: brl.EpsilonBoltzmann(0.2, t),
    "max boltzmann": lambda t: brl.MaxBoltzmann(0.2, t),
    "sparsemax": lambda t: brl.Sparsemax(t),
    "tsallis": lambda t: brl.Tsallis(t, index=0.5),
}


def scored(library, make):
    """The log-probabilities of the actions, and the entropies, as functions of values and the temperature."""
    backend = library.backend

    def with_temperature(t):
        return backend.with_parameters(make(1.0), temperature=t)

    return {
        "log_probability": lambda q, t: backend.log_probability(with_temperature(t), q, ACTIONS),
        "entropy": lambda q, t: backend.entropy(with_temperature(t), q),
    }


def in_numpy(make, what):
    """The same sum in NumPy, in float64."""

    def score(values, temperature):
        if what == "log_probability" and type(make(1.0)) is brl.Boltzmann:
            return np.take_along_axis(brl.log_softmax(values, temperature), ACTIONS[:, np.newaxis], axis=-1).sum()
        p = make(temperature)(values, 0)
        if what == "entropy":
            return brl.entropy(p).sum()
        return np.log(np.take_along_axis(p, ACTIONS[:, np.newaxis], axis=-1)).sum()

    return score


def differences(score, values, temperature, by=1e-4):
    """Central differences of a function of values and a temperature, whose unit the temperature is."""
    slopes = np.zeros_like(values)
    for place in zip(*np.nonzero(np.isfinite(values)), strict=True):
        change = np.zeros_like(values)
        change[place] = by * temperature
        slopes[place] = (score(values + change, temperature) - score(values - change, temperature)) / (2.0 * by)
    slope = (score(values, temperature * (1.0 + by)) - score(values, temperature * (1.0 - by))) / (2.0 * by)
    return slopes / temperature, slope / temperature


@pytest.mark.parametrize("what", ["log_probability", "entropy"])
@pytest.mark.parametrize("kind", ["boltzmann", "epsilon boltzmann"])
def test_gradients_are_differences_of_numpys_answers(library, kind, what):
    make = POLICIES[kind]
    function, score = scored(library, make)[what], in_numpy(make, what)
    values = VALUES.copy()
    for temperature in TEMPERATURES:
        found = library.gradients(function, values, np.array(temperature), dtype="float64")
        right = differences(score, values, temperature)
        size = max(1.0, np.abs(right[1] * temperature).max())
        for slope, difference in zip(found, right, strict=True):
            assert np.abs(slope - difference).max() * temperature < 1e-6 * size, temperature


@pytest.mark.parametrize(
    "make",
    [
        lambda: brl.Boltzmann(brl.RelativeToRange(0.4)),
        lambda: brl.Boltzmann(brl.RelativeToSpread(0.4)),
        lambda: brl.Boltzmann(brl.EffectiveActions(1.7)),
        lambda: brl.Boltzmann(brl.GreedyProbability(0.7)),
        lambda: brl.Mellowmax(3.0),
        lambda: brl.InverseGapWeighting(3.0),
        lambda: brl.Tsallis(0.7, index=0.5),
        lambda: brl.Tsallis(0.7, index=1.5),
        lambda: brl.Sparsemax(0.8),
    ],
    ids=lambda make: repr(make()),
)
def test_gradients_go_through_temperatures_that_are_roots(library, make):
    """By the implicit function theorem: one step of Newton's method at the root."""
    policy = make()
    values = np.array([[0.3, 1.0, -0.5, 0.2], [-np.inf, 2.0, 1.2, 1.9]])
    weight = np.array([0.3, -1.0, 2.0, 0.7])

    def function(q):
        return (library.backend.probabilities(policy, q) * library.array(weight, "float64")).sum(-1)

    (found,) = library.gradients(function, values, dtype="float64")
    right, _ = differences(lambda q, _: (policy(q, 0) * weight).sum(), values, 1.0)
    assert np.abs(found - right).max() < 1e-6


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", POLICIES)
def test_gradients_are_finite_at_every_temperature_and_at_its_limits(library, kind, dtype):
    functions = scored(library, POLICIES[kind])

    def both(q, t):
        found = [function(q, t) for function in functions.values()]
        return sum(x[..., None] if x.ndim == 0 else x for x in found)

    for temperature in (*LIMITS, *TEMPERATURES, 1e-18, 1e18):
        found = library.gradients(both, 1e3 * VALUES, np.array(temperature), dtype=dtype)
        for slopes in found:
            assert np.isfinite(slopes).all(), temperature
        assert (found[0][np.isneginf(VALUES)] == 0.0).all()


def test_at_its_limits_the_temperature_and_the_values_have_no_effect(library):
    for temperature in LIMITS:
        for function in scored(library, POLICIES["boltzmann"]).values():
            by_values, by_temperature = library.gradients(function, VALUES, np.array(temperature), dtype="float64")
            assert (by_values[[0, 3]] == 0.0).all()  # rows without ties
            assert by_temperature == 0.0


def test_small_gradients_are_not_differences_of_large_ones(library):
    """The best action's log-probability at gaps of 40 temperatures: 1/T·exp(−40), which float32 holds."""
    (slopes,) = library.gradients(
        lambda q: library.backend.log_softmax(q, 1e-3)[..., 0], np.array([0.04, 0.0]), dtype="float32"
    )
    right = 1e3 * np.exp(-40.0)
    assert np.abs(slopes / [right, -right] - 1.0).max() < 200.0 * EPS["float32"]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_the_gradient_of_a_softmax_that_is_masked_only_once_is_noticed(library, temperature):
    """What JAX's and PyTorch's users write: it has NaN where ours is finite."""
    where, exp = (getattr(library.jax.numpy if hasattr(library, "jax") else library.torch, n) for n in ("where", "exp"))

    def theirs(q, t):
        w = where(q > -np.inf, exp(q / t), 0.0)
        return (w / w.sum(-1)[..., None])[..., 1]

    rows = VALUES[1:3]
    found = library.gradients(theirs, rows, np.array(temperature), dtype="float32")
    assert not all(np.isfinite(x).all() for x in found)
    ours = library.gradients(
        lambda q, t: library.backend.softmax(q, t)[..., 1], rows, np.array(temperature), dtype="float32"
    )
    assert all(np.isfinite(x).all() for x in ours)
