"""A policy's parameters at a step: their values, their clock, and whether rows differ."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from cases import in_one_test

import boltzmann_rl as brl
from boltzmann_rl import GLIE, Boltzmann, BoltzmannGumbel, EpsilonBoltzmann, EpsilonGreedy, Greedy, MaxBoltzmann, act
from boltzmann_rl.policies.feedback import Exp3PlusPlus
from boltzmann_rl.policies.parameters import (
    as_row_parameter,
    as_temperature_parameter,
    check_counts_steps,
    clock_of,
    differs_by_row,
    example_values,
    number_at,
    rate_at,
    same_for_many,
    temperature_at,
)
from boltzmann_rl.policies.temperatures import RelativeToRange
from boltzmann_rl.schedules import Constant, Floor, Joined, Linear

VALUES = np.array([[0.0, 1.0], [2.0, 3.0], [5.0, 4.0]])
FALLING = Linear(1.0, 0.0, steps=10)


class Half:
    """A user's schedule, which is not hashable."""

    __hash__ = None
    temperature = None

    def __init__(self, clock=None):
        self.clock = clock

    def __call__(self, step):
        return 0.5


class Fallen(Linear):
    """A user's subclass of one of our schedules."""


@dataclass(frozen=True)
class Wrapped:
    """A user's policy with one parameter."""

    inner: Any

    def __call__(self, values, step):
        return Greedy()(values, step)


@in_one_test(
    "policy",
    [
        *(brl.Greedy(), brl.Uniform(), EpsilonGreedy(0.1), Boltzmann(0.5), MaxBoltzmann(0.1, 0.5)),
        *(EpsilonBoltzmann(0.1, 0.5), brl.Mellowmax(1.0), brl.Sparsemax(1.0), brl.Tsallis(1.0, 0.5)),
        brl.InverseGapWeighting(2.0),
        *map(Boltzmann, (brl.Odds(1.0, 9.0), brl.TargetEntropy(0.5), brl.EffectiveActions(1.5))),
        *map(Boltzmann, (brl.GreedyProbability(0.9), RelativeToRange(0.5), brl.RelativeToSpread(0.5))),
    ],
    ids=repr,
)
def test_a_policy_without_schedules_needs_no_step(policy):
    actions = act(policy, VALUES, np.random.default_rng(0))
    np.testing.assert_array_equal(actions, act(policy, VALUES, np.random.default_rng(0), step=10**6))
    with pytest.raises(TypeError, match="step"):
        act(Boltzmann(FALLING), VALUES, np.random.default_rng(0))


@pytest.mark.parametrize("policy", [brl.AdaptiveEpsilonGreedy(), brl.AdaptiveMaxBoltzmann()], ids=repr)
def test_a_policy_tuned_by_feedback_needs_the_memory_and_no_step(policy):
    memory = np.array([0.0, 0.5, 1.0])
    actions = act(policy, VALUES, np.random.default_rng(0), memory=memory)
    np.testing.assert_array_equal(actions, act(policy, VALUES, np.random.default_rng(0), step=9, memory=memory))
    for wrong in ([0.5, 1.5, 0.1], [0.5, -0.1, 0.1], [0.5, np.nan, 0.1]):
        with pytest.raises(ValueError, match=r"memory must hold an ε in \[0, 1\] for each row"):
            policy(VALUES, 0, wrong)


def test_published_settings_are_the_defaults():
    assert brl.AdaptiveMaxBoltzmann() == brl.AdaptiveMaxBoltzmann(RelativeToRange(0.5))
    assert Exp3PlusPlus() == Exp3PlusPlus(exploration=256.0)
    assert brl.Mellowmax(2.0) == brl.Mellowmax(2.0, alpha=0.0)


@in_one_test("answer", [0, 0.0, -0.0, 1, 1.0, 0.25, np.float32(0.25)])
def test_a_learning_rate_at_one_step_is_a_float_and_never_minus_0(answer):
    rate = rate_at(lambda step: answer, "epsilon", 3)
    assert type(rate) is float
    assert rate == answer
    assert math.copysign(1.0, rate) == 1.0


def test_learning_rates_at_many_steps_are_an_array_without_minus_0():
    rates = rate_at(lambda step: np.array([-0.0, 0.5, 1.0]), "epsilon", np.arange(3))
    assert rates.tolist() == [0.0, 0.5, 1.0]
    assert not np.signbit(rates).any()


@pytest.mark.parametrize("wrong", [[0.5, 1.5, 0.1], [0.5, -0.1, 0.1], [0.5, 0.1, np.nan]])
def test_one_learning_rate_out_of_range_among_many_is_refused_with_its_value(wrong):
    bad = next(rate for rate in wrong if not 0.0 <= rate <= 1.0)
    with pytest.raises(ValueError, match=rf"epsilon must be in \[0, 1\], got {bad}"):
        rate_at(lambda step: np.array(wrong), "epsilon", np.arange(3))


def test_a_learning_rate_that_depends_on_the_step_requires_one():
    assert rate_at(0.3, "epsilon", None) == 0.3
    with pytest.raises(TypeError, match="step= is missing: epsilon=Linear"):
        rate_at(FALLING, "epsilon", None)


@in_one_test(
    ("parameter", "step", "number"),
    [
        (0.5, None, 0.5),
        (0.5, 3, 0.5),
        (2, None, 2.0),
        (2, 3, 2.0),
        (FALLING, 5, 0.5),
        (lambda step: 1, 0, 1.0),
        (FALLING, None, None),
        (RelativeToRange(1.0), 3, None),
        (lambda step: "no number", 3, None),
        (Linear([1.0, 0.5], 0.0, steps=10), 3, None),
    ],
)
def test_a_number_at_a_step_is_a_float_or_left_to_the_arrays(parameter, step, number):
    found = number_at(parameter, step)
    assert found == number
    assert type(found) is type(number)


def test_a_temperature_may_be_a_number_a_schedule_or_a_temperature_unit():
    assert temperature_at(0.5, VALUES, [[0, 0]] * 3) == 0.5  # a number needs no clock at all
    assert temperature_at(FALLING, VALUES, 5) == 0.5
    assert temperature_at(FALLING, VALUES, np.array([0, 5, 10])).tolist() == [1.0, 0.5, 0.0]
    assert temperature_at(RelativeToRange(2.0), VALUES, 5).tolist() == [2.0, 2.0, 2.0]
    assert temperature_at(as_row_parameter([0.1, 0.2, 0.3], "temperature"), VALUES, 5).tolist() == [0.1, 0.2, 0.3]
    assert temperature_at(as_row_parameter([0.1], "temperature"), VALUES[0], 5) == 0.1


@in_one_test(
    ("parameter", "values", "step"),
    [
        (as_row_parameter([0.1, 0.2], "temperature"), VALUES, 5),
        (as_row_parameter([0.1], "temperature"), VALUES, 5),
        (as_row_parameter([0.1, 0.2], "temperature"), VALUES[0], 5),
        (lambda step: np.array([0.1, 0.2]), VALUES, 5),
        (lambda step: np.array([0.1, 0.2]), VALUES[0], 5),
        (np.array([0.1, 0.2]), VALUES, 5),
    ],
)
def test_temperatures_for_another_number_of_rows_are_refused(parameter, values, step):
    held = "are a single row" if values.ndim == 1 else r"are rows of shape \(3,\)"
    with pytest.raises(ValueError, match=rf"temperature has a value for each row, of shape \([12],\), .* {held}"):
        temperature_at(parameter, values, step)


@pytest.mark.parametrize("step", [[0, 1], np.zeros((3, 2), dtype=int), np.zeros((1, 3, 2), dtype=int)])
def test_a_temperature_of_the_row_refuses_a_clock_per_action(step):
    with pytest.raises(ValueError, match="one temperature per row: give one step per row"):
        temperature_at(FALLING, VALUES[0] if np.ndim(step) == 1 else VALUES, step)


def test_a_temperature_unit_is_refused_for_other_parameters():
    unit = RelativeToRange(1.0)
    assert as_temperature_parameter(unit) is unit
    assert as_temperature_parameter(1) == 1.0
    with pytest.raises(TypeError, match="epsilon must be a number or a schedule of the step"):
        as_row_parameter(unit, "epsilon")
    with pytest.raises(ValueError, match=r"epsilon\[1\] must be in \[0, 0.5\], got 0.75"):
        as_row_parameter([0.5, 0.75], "epsilon", maximum=0.5)


@in_one_test(
    ("policy", "clock"),
    [
        (Boltzmann(0.1), "step"),
        (Boltzmann(Half("visits")), "visits"),  # a part that does not hash
        (MaxBoltzmann(Half("visits"), GLIE()), "visits"),
        (Wrapped(Half("pulls")), "pulls"),
        (Wrapped(Half()), "step"),
        (BoltzmannGumbel(1.0), "pulls"),
    ],
)
def test_a_policy_has_the_clock_of_its_parts(policy, clock):
    assert clock_of(policy) == clock
    if clock == "step":
        check_counts_steps(policy, "policy", "frames")
    else:
        with pytest.raises(ValueError, match=f"policy=.* counts {clock}, but only frames are known here"):
            check_counts_steps(policy, "policy", "frames")


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (Boltzmann(Half("days")), "must be one of step, pulls, visits, got 'days'"),
        (MaxBoltzmann(Half("pulls"), GLIE()), "count different things: pulls and visits"),
    ],
)
def test_an_unknown_clock_and_two_clocks_at_once_are_refused(policy, message):
    with pytest.raises(ValueError, match=message):
        clock_of(policy)


@in_one_test(
    ("policy", "differs"),
    [
        (Boltzmann(0.1), False),
        (EpsilonGreedy(FALLING), False),
        (MaxBoltzmann(0.1, RelativeToRange(FALLING)), False),
        (Boltzmann(Joined((1.0, FALLING), boundaries=(5,))), False),
        (Boltzmann([0.1, 0.2]), True),
        (EpsilonGreedy(Linear([1.0, 0.5], 0.0, steps=10)), True),
        (Boltzmann(lambda step: 0.5), True),
        (MaxBoltzmann(0.1, RelativeToRange(Half())), True),
        (Boltzmann(Joined((1.0, Half()), boundaries=(5,))), True),
        (Wrapped(0.1), True),
        (lambda values, step: values, True),
    ],
)
def test_rows_may_differ_if_a_policy_has_parameters_per_row_or_a_users_part(policy, differs):
    assert differs_by_row(policy) is differs


@pytest.mark.parametrize(
    ("policy", "shape", "expected"),
    [
        (Boltzmann(0.1), (), (3,)),
        (Boltzmann([0.1, 0.2]), (), (2, 3)),
        (Boltzmann(0.1), (4, 5), (4, 5, 3)),
        (Boltzmann([0.1, 0.2]), (2,), (2, 3)),
    ],
)
def test_example_values_have_the_number_of_rows_of_the_policy(policy, shape, expected):
    values = example_values(policy, 3, shape)
    assert values.shape == expected
    assert (values == [0.0, 1.0, 2.0]).all()


@in_one_test(
    ("part", "same"),
    [
        (0.5, True),
        (FALLING, True),
        (Constant(0.5), True),
        (EpsilonBoltzmann(FALLING, Floor(FALLING, 0.1)), True),
        ((0.5, FALLING), True),
        ((FALLING, Half()), False),
        (lambda step: 0.5, False),
        (Half(), False),
        (Fallen(1.0, 0.0, steps=10), False),
        (Floor(Half(), 0.1), False),
        (Wrapped(0.5), False),
    ],
)
def test_only_our_formulas_are_known_to_give_the_same_bits_for_many_steps(part, same):
    assert same_for_many(part) is same
