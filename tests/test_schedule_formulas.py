"""The one formula of each schedule, over NumPy and over another namespace, which has NumPy's functions and no more."""

from types import SimpleNamespace

import numpy as np
import pytest
from schedule_tables import ALL, STEPS, tolerance

from boltzmann_rl.arguments.rows import PerRow
from boltzmann_rl.schedules import Complement, Exponential, Floor, Joined, Linear, Power, Restarts, WarmUp, evaluate
from boltzmann_rl.schedules.evaluation import value

NAMES = ("asarray", "cos", "exp", "log", "power", "stack", "where", "zeros_like")
OTHER = SimpleNamespace(**{name: getattr(np, name) for name in NAMES})

every_schedule = pytest.mark.parametrize("schedule", ALL.values(), ids=ALL.keys())
namespaces = pytest.mark.parametrize("xp", [np, OTHER], ids=["numpy", "other"])


@every_schedule
def test_the_formula_over_numpy_is_the_schedule(schedule):
    steps = np.arange(60)
    assert (schedule.at(steps.astype(float), np) == schedule(steps)).all()
    assert (value(schedule, steps, np) == schedule(steps)).all()


@pytest.mark.parametrize("name", ALL)
def test_the_formula_over_another_namespace_has_the_values_of_numpy(name):
    steps = np.array(STEPS)
    with np.errstate(all="ignore"):
        found, expected = value(ALL[name], steps, OTHER), ALL[name](steps)
    assert (abs(found - expected) <= tolerance(name, expected, np.finfo(float).eps)).all()
    assert np.shape(value(ALL[name], 0, OTHER)) == ()


@namespaces
def test_a_number_is_its_own_value_and_other_callables_get_the_step_as_it_is_given(xp):
    given = []
    assert value(0.25, 3, xp) == 0.25
    assert value(lambda step: given.append(step) or 0.5, 3, xp) == 0.5
    assert given == [3]


@namespaces
def test_a_callable_inside_a_formula_gets_integers(xp):
    table = np.array([1.0, 0.5, 0.25])
    found = value(Restarts(Joined((lambda step: table[step], 0.1), boundaries=(3,)), period=5), np.arange(7), xp)
    assert found.tolist() == [1.0, 0.5, 0.25, 0.1, 0.1, 1.0, 0.5]


@pytest.mark.parametrize(
    "schedule",
    [
        Linear([1.0, 2.0], 0.0, steps=4),
        Floor(Exponential([1.0, 0.5], decay=0.8), [0.2, 0.1]),
        Joined((1.0, Linear([1.0, 0.5], 0.0, steps=5)), boundaries=(4,)),
        WarmUp([Power(1.0), 0.5], steps=2),
        PerRow([0.1, 0.5]),
        PerRow([0.1, Linear(1.0, 0.0, steps=7)]),
    ],
    ids=repr,
)
@namespaces
def test_values_per_row_are_on_the_last_axis(schedule, xp):
    for step in (0, 5, np.array([0, 5])):
        np.testing.assert_allclose(value(schedule, step, xp), evaluate(schedule, step), rtol=1e-15)
    with pytest.raises(ValueError, match=r"2 rows, but step has shape \(3,\)"):
        value(schedule, np.arange(3), xp)


@every_schedule
def test_a_negative_step_is_nan_over_another_namespace(schedule):
    with np.errstate(all="ignore"):
        assert np.isnan(value(schedule, np.array([-1, -1000]), OTHER)).all()


def test_a_complement_of_more_than_1_is_nan_over_another_namespace_and_an_error_over_numpy():
    schedule = Complement(Linear(0.5, 1.5, steps=2))
    np.testing.assert_array_equal(value(schedule, np.arange(3), OTHER), [0.5, 0.0, np.nan])
    for step in (2, np.arange(3)):
        with pytest.raises(ValueError, match=r"schedule must be at most 1, got 1.5"):
            schedule(step)
