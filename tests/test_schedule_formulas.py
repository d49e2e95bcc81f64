"""The one formula of each schedule, over NumPy, plain floats and other namespaces."""

import numpy as np
import pytest
from schedule_tables import ALL

from boltzmann_rl.schedules import Linear
from boltzmann_rl.schedules.evaluation import value

every_schedule = pytest.mark.parametrize("schedule", ALL.values(), ids=ALL.keys())


@every_schedule
def test_the_formula_over_numpy_is_the_schedule(schedule):
    steps = np.arange(60)
    assert (schedule.at(steps.astype(float), np) == schedule(steps)).all()
    assert (value(schedule, steps, np) == schedule(steps)).all()


def test_a_number_is_its_own_value_and_other_callables_get_the_step_as_it_is_given():
    given = []
    assert value(0.25, 3, np) == 0.25
    assert value(lambda step: given.append(step) or 0.5, 3, np) == 0.5
    assert given == [3]


def test_values_per_row_are_on_the_last_axis():
    assert value(Linear([1.0, 2.0], 0.0, steps=4), 2, np).tolist() == [0.5, 1.0]
