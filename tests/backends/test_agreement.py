"""The backends' probabilities are those of NumPy in float64, on a thousand random declarations and rows."""

import numpy as np
import pytest
from examples import FAMILY, ROOTS, logits, some_values, temperature_of
from libraries import EPS, TINY

import boltzmann_rl as brl

MANY = 48  # of each of 21 kinds


def excess(p, right, z, dtype, more=0.0):
    """How far probabilities are from the right ones, in units of what is promised: 4 ulps·(4 + |z|)."""
    return (np.abs(p - right) / (4.0 * EPS[dtype] * (4.0 + np.abs(z)) * right + more + 4.0 * TINY[dtype])).max()


def declared(make, dtype, seed=3):
    """Policies, values and the scales of the values."""
    rng = np.random.default_rng(seed)
    scales = 10.0 ** rng.uniform(-5.0, 5.0, size=MANY)
    return [make(rng, scale) for scale in scales], np.stack([some_values(rng, scale, dtype) for scale in scales])


@pytest.mark.parametrize("kind", FAMILY)
def test_closed_forms_are_within_four_ulps_of_float32(library, kind):
    policies, values = declared(FAMILY[kind], "float32")
    found = library.of_each(library.backend.probabilities, policies, values, "float32")
    assert found.dtype == np.float32
    for policy, rows, p in zip(policies, values.astype(np.float64), found, strict=True):
        assert excess(p, policy(rows, 0), logits(rows, temperature_of(policy, rows)), "float32") < 1.0, policy


@pytest.mark.parametrize("kind", ["boltzmann", "max boltzmann", "range"])
def test_closed_forms_are_within_four_ulps_of_float64(library, kind):
    policies, values = declared(FAMILY[kind], "float64")
    found = library.of_each(library.backend.probabilities, policies, values, "float64")
    assert found.dtype == np.float64
    for policy, rows, p in zip(policies, values, found, strict=True):
        assert excess(p, policy(rows, 0), logits(rows, temperature_of(policy, rows)), "float64") < 1.0, policy


@pytest.mark.parametrize("kind", ROOTS)
def test_roots_are_right_for_a_target_that_is_off_by_rounding(library, kind):
    """What a relative change of 16 ulps of the parameter changes is allowed on top: of nearly equal rows, much."""
    make, change = ROOTS[kind], 16.0 * EPS["float32"]
    rng = np.random.default_rng(4)
    numbers, scales = rng.uniform(0.01, 0.99, size=MANY), 10.0 ** rng.uniform(-5.0, 5.0, size=MANY)
    values = np.stack([some_values(rng, scale)[[0, 1, 2, 4, 5]] for scale in scales])
    policies = [make(u, scale) for u, scale in zip(numbers, scales, strict=True)]
    found = library.of_each(library.backend.probabilities, policies, values, "float32")
    for u, scale, policy, rows, p in zip(numbers, scales, policies, values.astype(np.float64), found, strict=True):
        above, below = (make(u * (1.0 + sign * change), scale)(rows, 0) for sign in (1.0, -1.0))
        right = policy(rows, 0)
        assert excess(p, right, np.log(np.maximum(right, TINY["float32"])), "float32", abs(above - below)) < 1.0, policy


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_is_the_rounded_answer_of_float32(library, dtype):
    values = library.array([[0.0, 1.0, 0.5], [2.0, -np.inf, 2.0]], "float32")
    exact = library.backend.probabilities(brl.Boltzmann(0.25), values)
    half = library.array([[0.0]], dtype).dtype
    found = library.backend.probabilities(
        brl.Boltzmann(0.25), library.array([[0.0, 1.0, 0.5], [2.0, -np.inf, 2.0]], dtype)
    )
    assert found.dtype == half
    rounded = library.array(np.asarray(exact), dtype)
    assert (np.asarray(library.array(found, "float32")) == np.asarray(library.array(rounded, "float32"))).all()


def test_integers_are_the_default_float(library):
    found = library.backend.softmax(library.array([[1, 2, 3]], "int32"))
    assert np.asarray(found).dtype == np.float32
    assert excess(np.asarray(found), brl.softmax([[1, 2, 3]]), 2.0, "float32") < 1.0


@pytest.mark.parametrize("temperature", [1e-30, 1e-3, 1.0, 1e30])
def test_gaps_of_1e30_and_values_near_overflow_are_right_in_float32(library, temperature):
    rows = np.array([[1e30, 0.0, -1e30], [3e38, -3e38, 3e38], [2e38, 2.5e38, -1e38]], dtype=np.float32)
    found = library.numbers(lambda q: library.backend.softmax(q, temperature), rows, dtype="float32")
    rows = rows.astype(np.float64)
    assert excess(found, brl.softmax(rows, temperature), logits(rows, temperature), "float32") < 1.0
    huge = library.numbers(lambda q: library.backend.softmax(q, 3e38), rows[1:2], dtype="float32")
    assert excess(huge, brl.softmax(rows[1:2], 3e38), 2.0, "float32") < 1.0


def test_a_common_offset_of_1e9_changes_no_more_than_the_values_themselves_are_rounded(library):
    """XLA turns ``softmax(v / 0.07)`` of these values into NaN."""
    rows = np.array([[1e9, 1e9 + 128.0, 1e9 - 64.0]], dtype=np.float32)
    found = library.numbers(lambda q: library.backend.softmax(q, 70.0), rows, dtype="float32")
    assert excess(found, brl.softmax(rows, 70.0), 4.0, "float32") < 1.0
    cold = library.numbers(lambda q: library.backend.softmax(q, 0.07), rows, dtype="float32")
    assert cold.tolist() == [[0.0, 1.0, 0.0]]


def test_logarithms_entropies_and_soft_maxima_are_those_of_numpy(library):
    rng = np.random.default_rng(8)
    values = some_values(rng, 3.0)
    exact, backend = values.astype(np.float64), library.backend
    for temperature in (0.02, 1.0, 40.0):
        z = logits(exact, temperature)
        found = library.numbers(lambda q, t=temperature: backend.log_softmax(q, t), values, dtype="float32")
        right = brl.log_softmax(exact, temperature)
        held = np.isfinite(right)
        assert (np.isneginf(found) == ~held).all()
        assert (np.abs(found[held] - right[held]) <= 4.0 * EPS["float32"] * (4.0 + np.abs(z[held]))).all()
        top = library.numbers(lambda q, t=temperature: backend.logsumexp(q, t), values, dtype="float32")
        size = np.abs(np.where(np.isfinite(exact), exact, 0.0)).max(axis=-1) / temperature
        assert (np.abs(top - brl.logsumexp(exact, temperature)) <= 4.0 * EPS["float32"] * (4.0 + size)).all()
        nats = library.numbers(lambda q, t=temperature: backend.entropy(brl.Boltzmann(t), q), values, dtype="float32")
        assert np.abs(nats - brl.entropy(brl.softmax(exact, temperature))).max() <= 40.0 * EPS["float32"]
    for omega in (-np.inf, -3.0, -1e-20, 0.0, 1e-20, 0.1, 50.0, np.inf):
        found = library.numbers(lambda q, w=omega: backend.mellowmax(q, w), values, dtype="float32")
        assert np.abs(found - brl.mellowmax(exact, omega)).max() <= 16.0 * EPS["float32"] * 100.0


def test_the_log_probability_of_a_nearly_certain_action_keeps_its_digits(library):
    found = library.numbers(lambda q: library.backend.log_softmax(q), np.array([0.0, -60.0]), dtype="float32")
    assert abs(found[0] / -8.75651076e-27 - 1.0) < 1e-5
    mixed = library.numbers(
        lambda q: library.backend.log_probabilities(brl.MaxBoltzmann(0.5, 1.0), q),
        np.array([0.0, -400.0]),
        dtype="float32",
    )
    assert abs(mixed[1] - (np.log(0.5) - 400.0)) < 1e-3  # the probability itself is 0 in float32


# Defects that others have, as functions of (values, mask, temperature) in float32: each must be noticed.
def _masked_after_the_softmax(q, mask, t):
    e = np.exp((q - q.max(axis=-1, keepdims=True)) / t)
    return np.where(mask, e / e.sum(axis=-1, keepdims=True), 0.0)


def _unshifted(q, mask, t):
    e = np.where(mask, np.exp(q / t), 0.0)
    return e / e.sum(axis=-1, keepdims=True)


def _divided_before_the_shift(q, mask, t):
    z = np.where(mask, q / t, -np.inf)
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("defect", [_masked_after_the_softmax, _unshifted, _divided_before_the_shift])
def test_the_comparison_notices_what_others_get_wrong(defect):
    rng = np.random.default_rng(9)
    noticed = []
    for temperature in (0.0, 0.07, 1.0):
        rows = (1e3 + rng.normal(size=(5, 4))).astype(np.float32)
        mask = rng.uniform(size=rows.shape) < 0.7
        mask[:, 0] = True
        exact = np.where(mask, rows, -np.inf).astype(np.float64)
        with np.errstate(all="ignore"):
            found = defect(rows, mask, np.float32(temperature))
        noticed.append(not excess(found, brl.softmax(exact, temperature), logits(exact, temperature), "float32") < 1.0)
    assert all(noticed[:2])
