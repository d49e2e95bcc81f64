"""The formulas of the schedules over `jax.numpy`: eager, compiled, vectorised, scanned and differentiated."""

import copy
import dataclasses
import functools

import numpy as np
import pytest
from schedule_tables import ALL, STEPS, WIDE, tolerance

from boltzmann_rl.arguments.rows import PerRow
from boltzmann_rl.schedules import (
    Ceiling,
    Complement,
    Constant,
    Cosine,
    Exponential,
    Floor,
    InverseTime,
    Joined,
    Linear,
    Logarithmic,
    Piecewise,
    Polynomial,
    Power,
    Restarts,
    Scaled,
    WarmUp,
)
from boltzmann_rl.schedules.evaluation import value

jax = pytest.importorskip("jax")
jnp = jax.numpy
enable_x64 = jax.enable_x64

DTYPES = {"float32": False, "float64": True}
INTEGER = {False: jnp.int32, True: jnp.int64}


def in_jax(schedule, step):
    return value(schedule, step, jnp)


def with_numbers(schedule, **numbers):
    """The schedule with other numbers, which may be traced: they are not checked."""
    found = object.__new__(type(schedule))
    for field in dataclasses.fields(schedule):
        object.__setattr__(found, field.name, numbers.get(field.name, getattr(schedule, field.name)))
    return found


# --- every schedule, in every transformation -----------------------------------------------------------------


def scanned(of_all, steps):
    """The values at steps one after another, as a training sees them: the step is the carry."""

    def body(step, following):
        return following, of_all(step)

    return jax.lax.scan(body, steps[0], jnp.roll(steps, -1))[1]


WAYS = {
    "eager": lambda of_all, steps: of_all(steps),
    "jit": lambda of_all, steps: jax.jit(of_all)(steps),
    "jit of unsigned steps": lambda of_all, steps: jax.jit(of_all)(steps.astype(jnp.uint32)),
    "vmap": lambda of_all, steps: jax.vmap(of_all)(steps),
    "vmap of jit": lambda of_all, steps: jax.vmap(jax.jit(of_all))(steps),
    "scan": scanned,
}


@functools.cache
def values_of_all(way, dtype):
    """The values of all schedules, from one compilation."""
    schedules = {name: schedule for name, schedule in ALL.items() if dtype == "float64" or name not in WIDE}
    with enable_x64(DTYPES[dtype]):
        steps = jnp.asarray(np.array(STEPS), dtype=INTEGER[DTYPES[dtype]])
        values = WAYS[way](lambda step: {name: in_jax(schedule, step) for name, schedule in schedules.items()}, steps)
    return {name: np.asarray(each) for name, each in values.items()}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ALL)
def test_every_schedule_has_the_values_of_numpy(name, way, dtype):
    if dtype == "float32" and name in WIDE:
        pytest.skip("it has a number beyond the range of float32")
    found, expected = values_of_all(way, dtype)[name], ALL[name](np.array(STEPS))
    assert found.dtype == dtype
    assert (abs(found - expected) <= tolerance(name, expected, np.finfo(dtype).eps)).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("steps", [1, 3, 7, 49, 107, 1000, 12345])
def test_the_end_is_exact_and_a_zero_is_0(steps, dtype):
    with enable_x64(DTYPES[dtype]):
        for schedule in (Linear, Cosine, functools.partial(Polynomial, power=3.0)):
            last = jax.jit(functools.partial(in_jax, schedule(0.7, 0.0, steps=steps)))
            assert [float(last(steps + more)) for more in (0, 1, 1000)] == [0.0] * 3
        assert float(jax.jit(functools.partial(in_jax, Exponential(0.7, 0.25, steps=steps)))(steps)) == 0.25


@pytest.mark.parametrize("growth", [1, 2, 3, 10])
@pytest.mark.parametrize("period", [1, 7, 1000])
def test_restarts_are_endless(period, growth):
    schedule = Restarts(Power(1.0, exponent=0.5), period=period, growth=growth)
    near = np.array([2**k + more for k in range(3, 52) for more in (-1, 0, 1)])
    for steps in (near, near[near < 2**31]):
        with enable_x64(True):
            found = jax.jit(functools.partial(in_jax, schedule))(jnp.asarray(steps))
        np.testing.assert_allclose(found, schedule(steps), rtol=1e-14)
    with enable_x64(False):
        exact = near[near < 2**24]
        found = jax.jit(functools.partial(in_jax, schedule))(jnp.asarray(exact, dtype=jnp.int32))
    np.testing.assert_allclose(found, schedule(exact), rtol=1e-6)


def test_a_step_that_numpy_refuses_gives_nan():
    for schedule in (schedule for name, schedule in ALL.items() if name not in WIDE):
        assert np.isnan(jax.jit(functools.partial(in_jax, schedule))(jnp.array([-1, -1000]))).all()
        assert np.isnan(in_jax(schedule, jnp.nan))


def test_a_complement_of_more_than_1_is_nan_in_compiled_code_and_an_error_in_numpy():
    schedule = Complement(Linear(0.5, 1.5, steps=10))
    found = jax.jit(functools.partial(in_jax, schedule))(jnp.arange(8))
    np.testing.assert_allclose(found, [0.5, 0.4, 0.3, 0.2, 0.1, 0.0, np.nan, np.nan], atol=1e-6)
    with pytest.raises(ValueError, match="schedule must be at most 1"):
        schedule(7)


# --- numbers, callables and values per row -------------------------------------------------------------------


def test_numbers_are_their_own_value():
    assert in_jax(0.5, jnp.arange(3)) == 0.5
    traced = jnp.asarray(0.5)
    assert in_jax(traced, jnp.arange(3)) is traced


def test_other_callables_are_called_with_integer_steps():
    kinds = []

    def table(step):
        kinds.append(step.dtype.kind)
        return jnp.array([1.0, 0.5, 0.25])[step]

    steps = jnp.arange(3)
    assert jax.jit(functools.partial(in_jax, table))(steps).tolist() == [1.0, 0.5, 0.25]
    assert jax.jit(functools.partial(in_jax, Scaled(table, 2.0)))(steps).tolist() == [2.0, 1.0, 0.5]
    assert jax.jit(functools.partial(in_jax, Restarts(table, period=2)))(steps).tolist() == [1.0, 0.5, 1.0]
    assert in_jax(Joined((4.0, table, 0.1), boundaries=(2, 4)), jnp.arange(5)).tolist()[:4] == [4.0, 4.0, 1.0, 0.5]
    assert set(kinds) == {"i"}


def test_schedules_of_optax_are_callables():
    optax = pytest.importorskip("optax")
    linear = optax.linear_schedule(1.0, 0.0, transition_steps=10)
    steps = jnp.arange(12)
    np.testing.assert_allclose(jax.jit(functools.partial(in_jax, linear))(steps), linear(steps), atol=1e-6)
    found = jax.jit(functools.partial(in_jax, WarmUp(linear, steps=4)))(steps)
    np.testing.assert_allclose(found, WarmUp(Linear(1.0, 0.0, steps=10), steps=4)(np.arange(12)), atol=1e-6)


PER_ROW = [
    Linear([1.0, 0.5, 2.0], 0.1, steps=10),
    Exponential([1.0, 0.5, 2.0], [0.1, 0.2, 0.3], steps=10),
    Floor(Scaled(Power([1.0, 0.5, 2.0]), [1.0, 2.0, 3.0]), 0.2),
    WarmUp(Cosine(1.0, [0.1, 0.2, 0.3], steps=5), steps=3),
    Joined((1.0, Linear([1.0, 0.5, 2.0], 0.0, steps=5)), boundaries=(4,)),
    Restarts(Logarithmic([1.0, 0.5, 2.0]), period=7, growth=2),
    WarmUp([Power(1.0), 0.5, Linear(1.0, 0.0, steps=3)], steps=2),
    PerRow([0.1, 0.5, 2.0]),
    PerRow([0.1, Linear(1.0, 0.0, steps=7), Power(2.0)]),
]


@pytest.mark.parametrize("schedule", PER_ROW, ids=repr)
def test_values_per_row_are_those_of_numpy(schedule):
    from boltzmann_rl.schedules import evaluate

    of = functools.partial(in_jax, schedule)
    for step in (0, 5, 50):
        np.testing.assert_allclose(jax.jit(of)(step), evaluate(schedule, step), rtol=1e-6)
    each = np.array([0, 5, 50])
    np.testing.assert_allclose(jax.jit(of)(jnp.asarray(each)), evaluate(schedule, each), rtol=1e-6)
    rolled = jax.vmap(of)(jnp.arange(8))
    np.testing.assert_allclose(rolled, [evaluate(schedule, step) for step in range(8)], rtol=1e-6)


@pytest.mark.parametrize("schedule", PER_ROW[:-2], ids=repr)
def test_steps_for_another_number_of_rows_are_refused(schedule):
    with pytest.raises(ValueError, match=r"is for 3 rows, but step has shape \(2,\)"):
        in_jax(schedule, jnp.arange(2))


def test_a_schedule_of_ones_own_may_have_a_formula():
    @dataclasses.dataclass(frozen=True)
    class Triangle:
        period: int

        def at(self, step, xp):
            phase = step % self.period / self.period
            return xp.where(phase < 0.5, 2.0 * phase, 2.0 - 2.0 * phase)

        def __call__(self, step):
            return self.at(np.asarray(step, dtype=float), np)

    for schedule in (Triangle(8), Floor(Triangle(8), minimum=0.3)):
        found = jax.jit(functools.partial(in_jax, schedule))(jnp.arange(20))
        np.testing.assert_allclose(found, schedule(np.arange(20)), rtol=1e-6)


# --- derivatives ---------------------------------------------------------------------------------------------

# A schedule, and the names of its numbers.
DIFFERENTIABLE = [
    (Constant(0.3), ("value",)),
    (Linear(1.0, 0.1, steps=10), ("start", "end")),
    (Linear(0.3, 0.3, steps=7), ("start", "end")),
    (Linear(0.0, 2.0, steps=7), ("end",)),
    (Polynomial(1.0, 0.1, steps=10, power=1.7), ("start", "end", "power")),
    (Polynomial(0.3, 0.3, steps=7), ("start", "end", "power")),
    (Cosine(0.2, 0.9, steps=10), ("start", "end")),
    (Cosine(0.3, 0.3, steps=7), ("start", "end")),
    (Exponential(1.0, 0.01, steps=10), ("start", "end")),
    (Exponential(0.3, 0.3, steps=7), ("start", "end")),
    (Exponential(1.0, decay=0.8), ("start", "decay")),
    (Exponential(1.0, 0.1, decay=0.8), ("start", "end", "decay")),
    (Exponential(0.1, 2.0, decay=1.5), ("start", "end", "decay")),
    (InverseTime(1.0, rate=0.3), ("start", "rate")),
    (Power(1.0, exponent=0.7, per=3.0), ("start", "exponent", "per")),
    (Power(0.5, exponent=-0.7), ("start", "exponent", "per")),
    (Logarithmic(1.0), ("scale", "offset")),
    (Floor(InverseTime(1.0, rate=0.3), minimum=0.27), ("minimum",)),
    (Ceiling(Power(5.0), maximum=1.01), ("maximum",)),
    (Scaled(Cosine(1.0, 0.0, steps=10), factor=3.0), ("factor",)),
    (WarmUp(Linear(1.0, 0.0, steps=10), steps=4, start=0.3), ("start",)),
]


@pytest.mark.parametrize(("schedule", "names"), DIFFERENTIABLE, ids=lambda x: repr(x) if callable(x) else None)
def test_derivatives_are_finite_and_those_of_finite_differences(schedule, names):
    steps = np.array([*range(16), 100, 5000])
    numbers = {name: getattr(schedule, name) for name in names}
    with enable_x64(True):
        jacobian = jax.jacobian(lambda given: in_jax(with_numbers(schedule, **given), jnp.asarray(steps)))(numbers)
    for name, number in numbers.items():
        h = 1e-5 * number
        up, down = (with_numbers(schedule, **{name: number + d})(steps) for d in (h, -h))
        np.testing.assert_allclose(jacobian[name], (up - down) / (2.0 * h), rtol=1e-6, atol=1e-8, err_msg=name)


@pytest.mark.parametrize(
    "schedule",
    [
        Exponential(0.1, 2.0, decay=1.5),
        Exponential(2.0, decay=0.5),
        Power(1.0, exponent=100.0),
        Power(0.5, exponent=-0.5),
        Power(0.0, exponent=2.0),
        InverseTime(1.0, rate=1e30),
        Polynomial(1.0, 0.1, steps=3, power=300.0),
    ],
    ids=repr,
)
def test_derivatives_are_finite_where_powers_over_or_underflow(schedule):
    fields = {field.name: getattr(schedule, field.name) for field in dataclasses.fields(schedule)}
    numbers = {name: number for name, number in fields.items() if type(number) is float}
    steps = jnp.array([0, 1, 2, 3, 50, 10**4, 2**31 - 1])
    jacobian = jax.jacobian(lambda given: in_jax(with_numbers(schedule, **given), steps))(numbers)
    assert all(np.isfinite(each).all() for each in jax.tree.leaves(jacobian))


def test_numbers_can_be_vectorised_over_and_given_per_row():
    starts = jnp.array([1.0, 0.5, 2.0])
    by_vmap = jax.vmap(lambda start: in_jax(with_numbers(Linear(1.0, 0.1, steps=10), start=start), 3))(starts)
    by_array = in_jax(with_numbers(Linear(1.0, 0.1, steps=10), start=starts), 3)
    by_row = in_jax(with_numbers(PER_ROW[0], start=PerRow(starts)), 3)
    for found in (by_vmap, by_array, by_row):
        np.testing.assert_allclose(found, Linear([1.0, 0.5, 2.0], 0.1, steps=10)(3), rtol=1e-6)


def test_a_value_of_pieces_has_a_derivative():
    def at(number, step):
        return in_jax(with_numbers(Piecewise((1.0, 0.5, 0.1), (3, 6)), values=(1.0, number, 0.1)), step)

    assert jax.vmap(jax.grad(at), in_axes=(None, 0))(0.5, jnp.arange(8)).tolist() == [0, 0, 0, 1, 1, 1, 0, 0]


def test_a_formula_leaves_the_schedule_as_it_is():
    for schedule in (*ALL.values(), *PER_ROW[:-2]):
        before = copy.deepcopy(schedule), dict(vars(schedule))
        in_jax(schedule, jnp.arange(3))
        assert (schedule, dict(vars(schedule))) == before
