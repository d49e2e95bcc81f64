"""Schedules at steps that are known or traced, per-row and mapped parameters, and policies of one's own."""

from dataclasses import dataclass

import numpy as np
import pytest
from libraries import EPS

import boltzmann_rl as brl
from boltzmann_rl import schedules as s

STEPS = [0, 1, 7, 50, 99, 100, 101, 12_345, 10_000_019]
SCHEDULES = [
    0.25,
    s.Constant(0.5),
    s.Linear(1.0, 0.0, steps=100),
    s.Polynomial(1.0, 0.1, steps=100),
    s.Cosine(1.0, 0.0, steps=100),
    s.Exponential(1.0, 0.01, steps=100),
    s.Exponential(1.0, decay=0.5),
    s.InverseTime(1.0, rate=0.1),
    s.Power(1.0, exponent=0.5),
    s.Logarithmic(1.0),
    s.Piecewise((1.0, 0.1, 0.0), boundaries=(50, 100)),
    s.Joined((1.0, s.Linear(1.0, 0.0, steps=10)), boundaries=(99,)),
    s.WarmUp(s.Linear(1.0, 0.0, steps=100), steps=50),
    s.Restarts(s.Linear(1.0, 0.0, steps=10), period=10),
    s.Floor(s.InverseTime(1.0, rate=1.0), minimum=0.1),
    s.Ceiling(s.Power(5.0), maximum=1.0),
    s.Scaled(s.Cosine(1.0, 0.0, steps=100), factor=7.0),
    s.Complement(s.Power(0.5)),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_schedules_have_numpys_values_at_traced_integer_steps(library, schedule):
    found = library.numbers(
        lambda steps: library.backend.evaluate(schedule, steps) + 0.0 * steps, np.array(STEPS), dtype="int32"
    )
    assert found == pytest.approx(s.evaluate(schedule, np.array(STEPS)), rel=64.0 * EPS["float32"], abs=2e-6)


def test_any_callable_is_called_with_the_step_as_it_is(library):
    seen = []

    def halving(step):
        seen.append(step)
        return 0.5 ** (step / 10)

    step = library.array(20, "int32")
    assert np.asarray(library.backend.evaluate(halving, step)) == pytest.approx(0.25)
    assert seen[0] is step


@pytest.mark.parametrize("step", [0, 500, 1000])
def test_scheduled_policies_are_numpys(library, step):
    policies = [
        brl.Boltzmann(s.Exponential(1.0, 0.01, steps=1000)),
        brl.EpsilonGreedy(s.Linear(1.0, 0.0, steps=1000)),
        brl.MaxBoltzmann(s.Linear(1.0, 0.0, steps=1000), s.Cosine(2.0, 0.1, steps=1000)),
        brl.Boltzmann(brl.RelativeToRange(s.Linear(1.0, 0.0, steps=1000))),
        brl.Boltzmann(brl.EffectiveActions(s.Linear(3.0, 1.1, steps=1000))),
        brl.Sparsemax(s.Linear(1.0, 0.0, steps=1000)),
    ]
    values = np.array([[0.0, 1.0, 0.25], [2.0, -1.0, 2.0]])

    def all_of(step):
        q = library.array(values, "float32")
        return tuple(library.backend.probabilities(policy, q, step) for policy in policies)

    for policy, p in zip(policies, library.numbers(all_of, step, dtype="int32"), strict=True):
        assert np.abs(p - policy(values, step)).max() < 2e-5, policy


def test_each_row_has_its_own_clock_and_its_own_schedule(library):
    values = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    cooled = brl.Boltzmann(s.Linear(1.0, 0.0, steps=100))
    several = brl.Boltzmann([0.1, s.Linear(1.0, 0.0, steps=100), 2.0])
    bundled = brl.Boltzmann(s.Linear([1.0, 2.0, 3.0], 0.0, steps=100))
    by_visits = brl.Boltzmann(brl.GLIE())
    counted = brl.Boltzmann(brl.GreedyByVisits())

    def all_of(steps):
        q = library.array(values, "float32")
        return tuple(library.backend.probabilities(p, q, steps) for p in (cooled, several, bundled, by_visits, counted))

    steps = np.array([0, 50, 99])
    for policy, p in zip(
        (cooled, several, bundled, by_visits, counted), library.numbers(all_of, steps, dtype="int32"), strict=True
    ):
        assert np.abs(p - policy(values, steps)).max() < 2e-6, policy


def test_the_clock_of_boltzmann_gumbel_is_one_number_for_each_action(library):
    with pytest.raises(ValueError, match="counts the pulls of each action"):
        library.backend.act(brl.BoltzmannGumbel(1.0), library.generator(0), library.array([0.0, 1.0], "float32"), 3)


@dataclass(frozen=True)
class Thirds:
    """A policy of one's own: a third of each part, with a temperature that is an ordinary number."""

    temperature: float

    def mixture(self, step, memory=None):
        return brl.Mixture(1 / 3, 1 / 3, 1 / 3, self.temperature)

    def __call__(self, values, step):
        return self.mixture(step).probabilities(values)


@dataclass(frozen=True)
class HalfOfTheBest:
    """A unit of one's own, whose formula takes arrays of any library."""

    def temperature(self, values, step):
        return 0.5 * values[..., 0]


def test_policies_and_units_of_ones_own_need_only_a_formula_that_takes_arrays(library):
    values = np.array([[1.0, 2.0], [3.0, 1.0]])
    for policy in (Thirds(0.3), brl.Boltzmann(HalfOfTheBest())):
        found = library.numbers(lambda q, p=policy: library.backend.probabilities(p, q), values, dtype="float32")
        assert np.abs(found - policy(values, 0)).max() < 1e-6


def test_parameters_that_are_arrays_are_copied_without_what_the_policy_kept(library):
    policy = brl.Boltzmann(0.5)
    hotter = library.backend.with_parameters(policy, temperature=library.array(5.0, "float32"))
    assert (policy.temperature, policy.kept_mixture.temperature) == (0.5, 0.5)
    assert not hasattr(hotter, "kept_mixture")
    found = library.backend.probabilities(hotter, library.array([0.0, 1.0], "float32"))
    assert np.abs(np.asarray(found) - brl.softmax([0.0, 1.0], 5.0)).max() < 1e-6


@pytest.mark.parametrize("numbers", [[0.1, 0.2, 0.0], (0.1, 0.2, 0.0), np.array([0.1, 0.2, 0.0])], ids=type)
def test_other_numbers_per_row_are_those_of_a_new_schedule_in_numpy_and_in_the_library(library, numbers):
    schedule, steps = s.Linear([1.0, 2.0, 3.0], 0.0, steps=100), np.array([0, 50, 100])
    change, evaluate = library.backend.with_parameters, library.backend.evaluate
    expected = s.Linear([1.0, 2.0, 3.0], numbers, steps=100)(steps)
    for changed in (change(schedule, end=numbers), change(s.Linear([1.0, 2.0, 3.0], 7.0, steps=100), end=numbers)):
        assert changed(steps).tolist() == expected.tolist()
        assert np.asarray(evaluate(changed, library.array(steps, "int32"))) == pytest.approx(expected, rel=1e-6)
    assert change(schedule, end=0.5)(steps).tolist() == s.Linear([1.0, 2.0, 3.0], 0.5, steps=100)(steps).tolist()
    assert change(s.Linear(1.0, 0.0, steps=100), end=numbers)(100).tolist() == [0.1, 0.2, 0.0]
    assert change(schedule, start=4.0)(steps).tolist() == s.Linear(4.0, 0.0, steps=100)(steps).tolist()


def test_an_array_of_the_library_beside_numbers_per_row_gives_each_row_its_own_entry(library):
    schedule = s.Linear([1.0, 2.0, 3.0], 0.0, steps=100)
    changed = library.backend.with_parameters(schedule, end=library.array([0.25, 0.5, 0.0], "float32"))
    assert changed(100).tolist() == [0.25, 0.5, 0.0]


def test_pieces_are_no_numbers_per_row(library):
    changed = library.backend.with_parameters(s.Piecewise((1.0, 0.1), boundaries=(50,)), values=(2.0, 0.5))
    assert changed([0, 50]).tolist() == [2.0, 0.5]


def test_numbers_per_row_for_other_rows_are_refused(library):
    with pytest.raises(ValueError, match="2 and 3 rows"):
        library.backend.with_parameters(s.Linear([1.0, 2.0, 3.0], 0.0, steps=100), end=[0.1, 0.2])
