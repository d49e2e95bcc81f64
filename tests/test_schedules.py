"""Schedules: numbers worked by hand, and the laws that every schedule obeys."""

import copy
import dataclasses
import math
import pickle
import warnings

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp
from schedule_tables import ALL, FALLS, NUMBERS, WAYS

from boltzmann_rl import GLIE, Boltzmann, MaxBoltzmann, schedules
from boltzmann_rl.schedules import (
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
    as_parameter,
    evaluate,
    is_constant,
)
from boltzmann_rl.schedules.evaluation import value_at

INF, NAN = float("inf"), float("nan")
laws = settings(deadline=None, max_examples=25)
steps_taken = st.one_of(st.integers(0, 40), st.integers(0, 10**12))

every_schedule = pytest.mark.parametrize("schedule", ALL.values(), ids=ALL.keys())
all_schedules = in_one_test("schedule", ALL.values(), ids=ALL.keys())


def test_the_table_contains_every_schedule():
    held = {type(schedule).__name__ for schedule in ALL.values()}
    shipped = {name for name in schedules.__all__ if dataclasses.is_dataclass(getattr(schedules, name))}
    assert held == shipped


# --- golden numbers -----------------------------------------------------------------------------------------


@in_one_test(
    ("schedule", "values"),
    [
        (Constant(0.5), {0: 0.5, 10**12: 0.5}),
        (Linear(1.0, 0.1, steps=10), {0: 1.0, 1: 0.91, 3: 0.73, 5: 0.55, 9: 0.19, 10: 0.1, 11: 0.1}),
        (Linear(0.0, 4.0, steps=4), {0: 0.0, 1: 1.0, 2: 2.0, 3: 3.0, 4: 4.0}),
        (Polynomial(1.0, 0.0, steps=10, power=2), {0: 1.0, 1: 0.81, 5: 0.25, 9: 0.01, 10: 0.0}),
        (Polynomial(1.0, 0.0, steps=10, power=1), {3: 0.7}),
        (Polynomial(1.0, 0.0, steps=10), {1: 0.81, 5: 0.25}),
        (Polynomial(3.0, 1.0, steps=4, power=0.5), {0: 3.0, 3: 2.0, 4: 1.0}),
        (Cosine(1.0, 0.0, steps=12), {0: 1.0, 4: 0.75, 6: 0.5, 8: 0.25, 12: 0.0}),
        (Cosine(3.0, 1.0, steps=4), {1: 2 + math.sqrt(0.5), 2: 2.0, 3: 2 - math.sqrt(0.5)}),
        (Exponential(1.0, 0.01, steps=100), {0: 1.0, 50: 0.1, 25: 10**-0.5, 100: 0.01, 101: 0.01}),
        (Exponential(8.0, 1.0, steps=3), {0: 8.0, 1: 4.0, 2: 2.0, 3: 1.0}),
        (Exponential(1.0, decay=0.5), {0: 1.0, 3: 0.125, 10: 2.0**-10, 1074: 5e-324, 1076: 0.0}),
        (Exponential(1.0, 0.1, decay=0.5), {3: 0.125, 4: 0.1}),
        (Exponential(1.0, 5.0, decay=2.0), {0: 1.0, 2: 4.0, 3: 5.0, 10**6: 5.0}),
        (Exponential(0.3, 0.3, decay=0.5), {0: 0.3, 1: 0.3, 10**6: 0.3}),
        (InverseTime(1.0, rate=0.1), {0: 1.0, 10: 0.5, 90: 0.1}),
        (Power(1.0, exponent=0.5), {0: 1.0, 3: 0.5, 99: 0.1}),
        (Power(1.0, exponent=-0.5), {0: 1.0, 3: 2.0, 99: 10.0}),
        (Power(0.0, exponent=-2.0), {0: 0.0, 10**12: 0.0}),
        (Power(6.0, exponent=1.0), {1: 3.0, 5: 1.0}),
        (Power(6.0), {0: 6.0, 1: 3.0, 2: 2.0, 5: 1.0}),
        (Logarithmic(2.0), {0: 2.0}),
        (Logarithmic(1.0, offset=2.0), {0: 1 / math.log(2), 6: 1 / math.log(8), 6 * 3: 1 / math.log(20)}),
        (Piecewise((1.0, 0.1, 0.0), (100, 500)), {0: 1.0, 99: 1.0, 100: 0.1, 499: 0.1, 500: 0.0}),
        (Piecewise((1.0, 0.5), (1,)), {0: 1.0, 1: 0.5}),
        (Joined((1.0, Linear(1.0, 0.0, steps=10)), (100,)), {0: 1.0, 99: 1.0, 100: 1.0, 105: 0.5, 110: 0.0}),
        (Joined((Power(1.0), Power(1.0)), (3,)), {0: 1.0, 1: 0.5, 2: 1 / 3, 3: 1.0, 4: 0.5}),
        (WarmUp(Linear(1.0, 0.0, steps=10), steps=4), {0: 0.0, 1: 0.25, 2: 0.5, 4: 1.0, 9: 0.5, 14: 0.0}),
        (WarmUp(2.0, steps=2, start=4.0), {0: 4.0, 1: 3.0, 2: 2.0, 3: 2.0}),
        (Restarts(Linear(1.0, 0.0, steps=10), period=10), {0: 1.0, 9: 0.1, 10: 1.0, 15: 0.5, 20: 1.0, 10**6 + 5: 0.5}),
        (Restarts(Power(1.0), period=2, growth=2), {0: 1, 1: 0.5, 2: 1, 5: 0.25, 6: 1, 13: 1 / 8, 14: 1, 15: 0.5}),
        (Floor(InverseTime(1.0, rate=1.0), minimum=0.1), {0: 1.0, 1: 0.5, 9: 0.1, 99: 0.1}),
        (Scaled(Cosine(1.0, 0.0, steps=10), factor=100.0), {0: 100.0, 5: 50.0, 10: 0.0}),
        (Scaled(0.5, factor=0.0), {3: 0.0}),
    ],
    ids=repr,
)
def test_schedules_by_hand(schedule, values):
    for step, value in values.items():
        np.testing.assert_allclose(schedule(step), value, rtol=1e-14, atol=1e-16)


def test_a_special_case_is_the_general_one():
    steps = np.arange(30)
    np.testing.assert_allclose(Polynomial(1.0, 0.1, steps=20, power=1)(steps), Linear(1.0, 0.1, steps=20)(steps))
    np.testing.assert_allclose(
        Exponential(1.0, 2.0**-20, steps=20)(steps), Exponential(1.0, 2.0**-20, decay=0.5)(steps), rtol=1e-13
    )
    np.testing.assert_allclose(InverseTime(1.0, rate=1.0)(steps), Power(1.0)(steps))
    np.testing.assert_allclose(Joined((3.0,), boundaries=())(steps), Constant(3.0)(steps))


# --- laws over all schedules --------------------------------------------------------------------------------


@every_schedule
@laws
@given(steps=hnp.arrays(np.int64, hnp.array_shapes(min_dims=0, max_dims=3, max_side=4), elements=steps_taken))
def test_an_array_of_steps_gives_the_value_of_each_step(schedule, steps):
    values = np.asarray(schedule(steps))
    assert values.shape == steps.shape
    assert values.dtype == np.float64
    assert values.ravel().tolist() == [schedule(int(step)) for step in steps.flat]  # to the bit


BASES = np.random.default_rng(11).uniform(0.001, 10.0, size=(300, 2)).tolist()


@in_one_test(
    "made",
    [
        lambda a, b: Exponential(a, b, steps=2),  # halfway the exponents are ½
        lambda a, b: Exponential(a, b, steps=4),
        lambda a, b: Exponential(a, decay=b / 11.0),  # at step 2 the exponent is 2
        lambda a, b: Exponential(a, 1e9, decay=1.0 + b),
        lambda a, b: Polynomial(a, b, steps=7),
        lambda a, b: Polynomial(a, b, steps=7, power=0.5),
        lambda a, b: Polynomial(a, b, steps=7, power=b),
        lambda a, b: Power(a, exponent=2.0),
        lambda a, b: Power(a, exponent=0.5),
        lambda a, b: Power(a, exponent=-1.0),
        lambda a, b: Power(a, exponent=b),
        lambda a, b: Cosine(a, b, steps=7),
        lambda a, b: Linear(a, b, steps=7),
        lambda a, b: InverseTime(a, rate=b),
        lambda a, b: Logarithmic(a, offset=1.0 + b),
        lambda a, b: Floor(Exponential(a, b, steps=2), minimum=0.2),
        lambda a, b: schedules.Ceiling(Exponential(a, b, steps=2), maximum=5.0),
        lambda a, b: Scaled(Exponential(a, b, steps=2), factor=3.7),
        lambda a, b: WarmUp(Exponential(a, decay=b / 11.0), steps=2, start=b),
        lambda a, b: Restarts(Exponential(a, b, steps=2), period=3, growth=2),
        lambda a, b: Joined((Power(b), Exponential(a, b, steps=2)), boundaries=(3,)),
    ],
)
def test_one_step_and_an_array_of_steps_give_the_same_bits(made):
    steps = np.arange(9)
    for a, b in BASES:
        schedule = made(a, b)
        one_by_one = np.array([schedule(step) for step in range(9)])
        assert (schedule(steps) == one_by_one).all()
        assert (schedule(np.broadcast_to(np.int8(2), (9,))) == one_by_one[2]).all()


@all_schedules
def test_memory_layout_and_dtype_of_the_steps_change_no_bit(schedule):
    many = np.arange(3000)
    one_by_one = np.array([schedule(step) for step in range(3000)])
    grid = many.reshape(50, 60)
    for steps in (many, many[::-1], many[1::3], grid.T, np.asfortranarray(grid), many.astype(np.uint16), many[5:12]):
        assert (np.asarray(schedule(steps)) == one_by_one[steps]).all()
    for alone in (np.int64(2), np.array(2, dtype=np.uint8), np.array([2], dtype=np.int32), np.array([[2]])):
        assert np.ravel(schedule(alone)).tolist() == [one_by_one[2]]


@every_schedule
@laws
@given(step=steps_taken)
def test_evaluation_is_pure_and_takes_every_kind_of_integer(schedule, step):
    first = schedule(step)
    assert type(first) is float
    schedule(step + 17)
    assert schedule(step) == first
    assert schedule(np.int64(step)) == schedule(np.uint64(step)) == schedule(np.array(step)) == first
    assert evaluate(schedule, step) == first


@all_schedules
def test_every_value_is_finite_and_not_negative_at_any_step(schedule):
    far = [*range(50), *(10**k for k in range(2, 13)), 2**53 + 1, 2**62, 2**63 - 1]
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        values = schedule(np.array(far))
        alone = [schedule(step) for step in (*far, 2**64, 10**30)]
        assert schedule(10**400) >= 0
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert np.isfinite(alone).all()
    assert min(alone) >= 0


@pytest.mark.parametrize("ends", [(1e-310, 1.0), (1.0, 1e-310), (1e-310, 1e-320)])
def test_schedules_between_subnormal_numbers_give_no_warning(ends):
    steps = np.array([0, 1, 500, 999])
    logs = (1.0 - steps / 1000) * math.log(ends[0]) + steps / 1000 * math.log(ends[1])
    with np.errstate(all="raise"):
        values = [Exponential(*ends, steps=1000)(int(step)) for step in steps]
    np.testing.assert_allclose(values, np.exp(logs), rtol=1e-3)


@in_one_test(
    ("wrapped", "last"),
    [
        (lambda schedule: Floor(schedule, minimum=0.0), 2**62),
        (lambda schedule: schedules.Ceiling(schedule, maximum=1e300), 2**62),
        (lambda schedule: Scaled(schedule, factor=1.0), 2**62),
        (lambda schedule: Restarts(schedule, period=1000), 2**62 % 1000),
        (lambda schedule: Restarts(schedule, period=1024, growth=2), 1024),
    ],
)
def test_a_combinator_passes_its_schedule_integer_steps_up_to_2_to_the_62nd(wrapped, last):
    given = []

    def schedule(step):
        given.append(step)
        return np.asarray(step, dtype=float)

    for step in (2**62, 2**62 + 2**40, 2**63, 10**400):
        assert wrapped(schedule)(step) == last
    assert wrapped(schedule)(np.array([2**62, 2**63], dtype=np.uint64)).tolist() == [last, last]
    assert {np.asarray(step).dtype for step in given} == {np.dtype(np.int64)}


@all_schedules
def test_an_empty_array_of_steps_gives_an_empty_array(schedule):
    assert schedule(np.zeros((0, 3), int)).shape == (0, 3)


@all_schedules
def test_the_steps_are_not_written_to(schedule):
    steps = np.arange(20)
    steps.setflags(write=False)
    schedule(steps)
    np.testing.assert_array_equal(steps, np.arange(20))


@all_schedules
def test_the_repr_of_a_schedule_is_its_code_and_equal_schedules_hash_equally(schedule):
    twin = eval(repr(schedule), {"inf": INF} | {name: getattr(schedules, name) for name in schedules.__all__})
    for same in (twin, pickle.loads(pickle.dumps(schedule)), copy.deepcopy(schedule), dataclasses.replace(schedule)):
        assert same == schedule
        assert hash(same) == hash(schedule)
        assert repr(same) == repr(schedule)
        assert same(7) == schedule(7)
    assert len({schedule, twin}) == 1


@all_schedules
def test_a_schedule_gains_no_state(schedule):
    before = dict(vars(schedule))
    schedule(3)
    schedule(np.arange(5))
    assert vars(schedule) == before
    for field in dataclasses.fields(schedule):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(schedule, field.name, 1.0)


@all_schedules
def test_different_schedules_are_different(schedule):
    assert sum(schedule == other for other in ALL.values()) == 1


@all_schedules
@in_one_test("step", [-1, [0, -1], np.int64(-1)])
def test_a_negative_step_is_refused(schedule, step):
    with pytest.raises(ValueError, match="step"):
        schedule(step)


@all_schedules
@in_one_test("step", [1.0, [1.0], NAN, INF, "1", None, True, [True], 1j])
def test_a_step_that_is_not_an_integer_is_refused(schedule, step):
    with pytest.raises(TypeError, match="step"):
        schedule(step)


# --- laws over schedules that change ------------------------------------------------------------------------


@in_one_test(("schedule", "start", "end", "steps"), WAYS.values(), ids=WAYS.keys())
def test_both_ends_are_exact_and_the_schedule_stays_at_its_end(schedule, start, end, steps):
    assert schedule(0) == start
    for step in (steps, steps + 1, 2 * steps, 10**12, 2**63 - 1, 10**400):
        assert schedule(step) == end
    assert schedule(np.array([0, steps, steps + 1])).tolist() == [start, end, end]


@in_one_test(("schedule", "start", "end", "steps"), WAYS.values(), ids=WAYS.keys())
def test_values_stay_between_the_ends_and_are_monotone(schedule, start, end, steps):
    values = schedule(np.arange(steps + 2))
    assert values.min() == min(start, end)
    assert values.max() == max(start, end)
    turns = np.diff(values) * np.sign(end - start)
    assert turns.min() >= -4 * np.finfo(float).eps * max(start, end)


@in_one_test(("schedule", "start", "bound"), FALLS.values(), ids=FALLS.keys())
def test_a_decay_begins_at_its_start_never_rises_and_never_passes_its_bound(schedule, start, bound):
    values = schedule(np.append(np.arange(3000), 10 ** np.arange(4, 13)))
    assert values[0] == pytest.approx(start, rel=1e-15)
    assert np.diff(values).max() <= 4 * np.finfo(float).eps * start
    assert values.min() >= bound
    assert values[-1] < 0.5 * start


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([Linear, Cosine, Polynomial, Exponential]),
    st.floats(1e-12, 1e12),
    st.floats(1e-12, 1e12),
    st.integers(1, 10**6),
    st.integers(0, 2 * 10**6),
)
def test_no_parameters_give_values_outside_the_ends(shape, start, end, steps, step):
    schedule = shape(start, end, steps=steps)
    assert (schedule(0), schedule(steps), schedule(2 * steps)) == (start, end, end)
    assert min(start, end) <= schedule(step) <= max(start, end)


@settings(deadline=None, max_examples=60)
@given(st.floats(1e-6, 1e6), st.floats(1e-3, 0.999), st.integers(0, 3000))
def test_decay_is_the_closed_form(start, decay, step):
    log = math.log(start) + step * math.log(decay)
    expected = math.exp(log) if log > -745 else 0.0
    np.testing.assert_allclose(Exponential(start, decay=decay)(step), expected, rtol=1e-10, atol=1e-300)


# --- invalid parameters -------------------------------------------------------------------------------------


@in_one_test(("make", "name"), NUMBERS)
@in_one_test("wrong", [-1.0, -5e-324, NAN, INF, -INF, 10**400])
def test_a_number_out_of_range_is_refused_by_name(make, name, wrong):
    with pytest.raises(ValueError, match=name):
        make(wrong)


@in_one_test("make", [make for make, _ in NUMBERS] + [lambda x: Exponential(1.0, 4.0, decay=x)])
def test_an_integer_parameter_is_kept_as_a_float(make):
    assert repr(make(2)) == repr(make(np.float32(2))) == repr(make(2.0))


def test_omitted_settings_are_those_of_the_documentation():
    assert Polynomial(1.0, 0.1, steps=9) == Polynomial(1.0, 0.1, steps=9, power=2.0)
    assert Power(1.0) == Power(1.0, exponent=1.0)
    assert Logarithmic(1.0) == Logarithmic(1.0, offset=math.e)
    assert Exponential(1.0, decay=0.5) == Exponential(1.0, end=0.0, decay=0.5)
    assert WarmUp(1.0, steps=9) == WarmUp(1.0, steps=9, start=0.0)
    assert Restarts(1.0, period=9) == Restarts(1.0, period=9, growth=1)


@pytest.mark.parametrize("wrong", [0.0, NAN, INF, -INF])
def test_an_exponent_of_0_or_not_finite_is_refused(wrong):
    with pytest.raises(ValueError, match="exponent"):
        Power(1.0, exponent=wrong)


@in_one_test(("make", "name"), NUMBERS)
@in_one_test("wrong", ["1", None, True, 1j, [None], [[1.0]], np.array([True]), {}], ids=repr)
def test_a_parameter_that_is_not_a_number_is_refused_by_name(make, name, wrong):
    with pytest.raises(TypeError, match=name):
        make(wrong)


INTEGERS = [
    (lambda n: Linear(1.0, 0.1, steps=n), "steps"),
    (lambda n: Polynomial(1.0, 0.1, steps=n), "steps"),
    (lambda n: Cosine(1.0, 0.1, steps=n), "steps"),
    (lambda n: Exponential(1.0, 0.1, steps=n), "steps"),
    (lambda n: Piecewise((1.0, 0.5), boundaries=(n,)), "boundaries"),
    (lambda n: Joined((1.0, 0.5), boundaries=(n,)), "boundaries"),
    (lambda n: WarmUp(1.0, steps=n), "steps"),
    (lambda n: Restarts(Power(1.0), period=n), "period"),
    (lambda n: Restarts(Power(1.0), period=2, growth=n), "growth"),
]


@in_one_test(("make", "name"), INTEGERS)
@in_one_test(
    ("wrong", "error"),
    [(0, ValueError), (-5, ValueError), (2.0, TypeError), (NAN, TypeError), ("2", TypeError), (True, TypeError)],
)
def test_a_length_is_1_or_more_and_anything_else_is_refused_by_name(make, name, wrong, error):
    with pytest.raises(error, match=name):
        make(wrong)
    make(1)


@in_one_test(
    ("make", "message"),
    [
        (lambda: Exponential(1.0, 0.1), "exactly one of steps and decay"),
        (lambda: Exponential(1.0, 0.1, steps=10, decay=0.5), "exactly one of steps and decay"),
        (lambda: Exponential(1.0, steps=10), "end must be above 0"),
        (lambda: Exponential(0.0, decay=0.5), "start must be above 0"),
        (lambda: Exponential(0.0, 1.0, steps=10), "start must be above 0"),
        (lambda: Exponential(1.0, decay=0.0), "decay must be above 0"),
        (lambda: Exponential(1.0, decay=1.0), "decay must lead"),
        (lambda: Exponential(1.0, decay=1.01), "decay must lead"),
        (lambda: Exponential(1.0, 2.0, decay=0.5), "decay must lead"),
        (lambda: Exponential(1.0, 1.0, decay=1.5), "decay must lead"),
        (lambda: Exponential(1.0, 2.0, decay=1.0), "decay must lead"),
        (lambda: Polynomial(1.0, 0.0, steps=3, power=0.0), "power must be above 0"),
        (lambda: InverseTime(1.0, rate=0.0), "rate must be above 0"),
        (lambda: Power(1.0, exponent=0), "exponent must not be 0"),
        (lambda: Logarithmic(1.0, offset=1.0), "offset must be above 1"),
        (lambda: Logarithmic(1.0, offset=0.5), "offset"),
        (lambda: Piecewise((1.0, 0.5), boundaries=()), "boundaries must be one fewer"),
        (lambda: Piecewise((1.0,), boundaries=(3,)), "boundaries must be one fewer"),
        (lambda: Piecewise((), boundaries=()), "boundaries must be one fewer"),
        (lambda: Joined((1.0, 2.0, 3.0), boundaries=(5, 5)), "boundaries must rise"),
        (lambda: Joined((1.0, 2.0, 3.0), boundaries=(9, 5)), "boundaries must rise"),
    ],
)
def test_parameters_that_contradict_each_other_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@in_one_test(
    ("make", "name"),
    [
        (lambda s: Joined((1.0, s), boundaries=(3,)), r"schedules\[1\]"),
        (lambda s: WarmUp(s, steps=3), "schedule"),
        (lambda s: Restarts(s, period=3), "schedule"),
        (lambda s: Floor(s, minimum=0.0), "schedule"),
        (lambda s: Scaled(s, factor=2.0), "schedule"),
    ],
)
@in_one_test(("wrong", "error"), [("1", TypeError), (None, TypeError), (-1.0, ValueError), (NAN, ValueError)])
def test_a_parameter_that_is_neither_a_number_nor_a_schedule_is_refused_by_name(make, name, wrong, error):
    with pytest.raises(error, match=name):
        make(wrong)


# --- plain callables and numbers ----------------------------------------------------------------------------


@in_one_test(
    "written_for_one_step",
    [
        lambda step: 1.0 if step < 5 else 0.1,
        lambda step: max(0.1, 1.0 - step / 10),
        lambda step: math.exp(-step / 10),
        lambda step: [1.0, 0.5, 0.25][min(step, 2)],
        lambda step: {0: 1.0}.get(step, 0.5),
        lambda step: 1,
        lambda step: 0.5,
        lambda step: 10 - min(step, 10),
        lambda step: np.float32(0.5),
    ],
)
@in_one_test("shape", [(1,), (1, 1), (7,), (2, 3), (0,), (2, 0)])
def test_a_callable_that_takes_no_arrays_is_evaluated_element_by_element(written_for_one_step, shape):
    steps = np.arange(np.prod(shape)).reshape(shape)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        values = evaluate(written_for_one_step, steps)
    assert not caught
    assert values.shape == shape
    assert values.dtype == np.float64
    assert values.ravel().tolist() == [float(written_for_one_step(int(step))) for step in steps.flat]


def test_a_value_at_one_step_is_a_plain_float():
    for answer in (1, np.float32(0.5), np.array(0.25), np.int64(2)):
        for step in (3, np.int64(3), np.array(3)):
            assert type(evaluate(lambda _: answer, step)) is float  # noqa: B023
            assert evaluate(lambda _: answer, step) == answer  # noqa: B023


def test_a_single_step_in_an_array_is_given_as_a_plain_integer():
    given = []
    evaluate(lambda step: given.append(step) or 0.5, np.array([[3]]))
    assert [type(step) for step in given] == [int]


def test_a_callable_that_takes_arrays_is_called_once_for_each_of_them():
    calls = []

    def schedule(step):
        calls.append(step)
        return 1.0 / (1.0 + step)

    np.testing.assert_allclose(evaluate(schedule, np.arange(2)), [1, 1 / 2])
    np.testing.assert_allclose(evaluate(schedule, np.arange(4)), [1, 1 / 2, 1 / 3, 1 / 4])
    assert len(calls) == 2


def test_combinators_take_a_callable_written_for_one_step():
    def falls(step):
        return 1.0 if step < 2 else 0.5

    steps = np.arange(6)
    assert Floor(falls, minimum=0.6)(steps).tolist() == [1, 1, 0.6, 0.6, 0.6, 0.6]
    assert Scaled(falls, factor=2.0)(steps).tolist() == [2, 2, 1, 1, 1, 1]
    assert Restarts(falls, period=3)(steps).tolist() == [1, 1, 0.5, 1, 1, 0.5]
    assert Joined((0.0, falls), boundaries=(2,))(steps).tolist() == [0, 0, 1, 1, 0.5, 0.5]
    assert WarmUp(falls, steps=2)(steps).tolist() == [0, 0.5, 1, 1, 0.5, 0.5]


def test_a_number_is_a_constant_schedule():
    assert evaluate(0.5, 3) == 0.5
    assert evaluate(2, np.zeros((2, 3), int)).tolist() == [[2.0] * 3] * 2
    assert as_parameter(1, "temperature") == 1.0
    assert type(as_parameter(np.int64(1), "temperature")) is float
    assert as_parameter(INF, "temperature") == INF
    schedule = Linear(1.0, 0.0, steps=3)
    assert as_parameter(schedule, "temperature") is schedule


@pytest.mark.parametrize("wrong", [-1.0, NAN, 1.5])
def test_a_parameter_out_of_range_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match="epsilon"):
        as_parameter(wrong, "epsilon", maximum=1.0)


@in_one_test("answer", ["1", None, True, 1j, [1.0, 2.0]])
def test_a_schedule_that_does_not_return_a_number_is_refused(answer):
    for step in (3, np.arange(4)):
        with pytest.raises(TypeError, match="value of"):
            evaluate(lambda _: answer, step)


def test_a_schedule_that_returns_nan_at_one_step_is_refused():
    with pytest.raises(ValueError, match=r"the value of .* at step 3 must be a number, got nan"):
        evaluate(lambda _: NAN, 3)


@in_one_test(("answer", "value"), [(0, 0.0), (1, 1.0), (np.float32(0.25), 0.25), (0.0, 0.0), (1.0, 1.0)])
def test_the_value_at_a_step_is_a_float_within_its_bounds(answer, value):
    found = value_at(lambda step: answer, "learning_rate", 3, maximum=1.0)
    assert (type(found), found) == (float, value)
    with pytest.raises(ValueError, match=r"learning_rate = .* at step 3 must be in \[0, 0.5\]|0 or more"):
        value_at(lambda step: answer + 1.0, "learning_rate", 3, maximum=0.5)


def test_an_error_inside_a_schedule_is_passed_on():
    def broken(step):
        raise ZeroDivisionError("inside")

    for step in (3, np.arange(4)):
        with pytest.raises(ZeroDivisionError, match="inside"):
            evaluate(broken, step)


def test_only_schedules_that_are_known_not_to_change_are_constant():
    assert is_constant(0.5)
    assert is_constant(Constant(0.5))
    assert not is_constant(Linear(1.0, 1.0, steps=3))
    assert not is_constant(lambda step: 1.0)
    assert not is_constant(GLIE())
    assert not is_constant(MaxBoltzmann(0.5, Linear(1.0, 0.5, steps=3)))
    assert not is_constant(Boltzmann([0.5, Linear(1.0, 0.5, steps=3)]))
    assert is_constant(Boltzmann([0.5, Constant(0.3)]))
    assert not is_constant(Constant)
    assert not is_constant(Floor(0.5, minimum=0.1))


def test_a_power_schedule_from_0_stays_at_0_even_if_the_power_underflows():
    schedule = Power(0.0, exponent=-1000.0)
    assert (1.0 + 1e6) ** schedule.exponent == 0.0
    assert schedule(10**6) == 0.0
    np.testing.assert_array_equal(schedule([0, 10**6]), [0.0, 0.0])
