"""One decision among few actions uses plain floats: the same distribution, actions and errors as with arrays."""

import math

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from boltzmann_rl import Boltzmann, EpsilonBoltzmann, EpsilonGreedy, Greedy, MaxBoltzmann, Uniform, act, schedules
from boltzmann_rl.numerics.plain import FEW, few_values, pick
from boltzmann_rl.policies.mixture import Mixture, mixture_of, weights_of

POLICIES = [
    Greedy(),
    Uniform(),
    EpsilonGreedy(0.1),
    EpsilonGreedy(schedules.Linear(1.0, 0.0, steps=10)),
    Boltzmann(0.5),
    Boltzmann(1e-3),
    Boltzmann(schedules.Exponential(1.0, decay=0.5)),
    MaxBoltzmann(0.3, 0.5),
    EpsilonBoltzmann(0.2, schedules.Cosine(1.0, 0.1, steps=5)),
]
every_policy = pytest.mark.parametrize("policy", POLICIES, ids=repr)
values_of_few = hnp.arrays(
    np.float64, st.integers(1, FEW), elements=st.one_of(st.floats(-1e3, 1e3), st.sampled_from([0.0, -np.inf, 1e300]))
).filter(lambda values: not np.isneginf(values).all())


@every_policy
@settings(deadline=None)
@given(values=values_of_few, step=st.integers(0, 2000))
def test_the_weights_are_the_policys_probabilities(policy, values, step):
    weights = weights_of(mixture_of(policy, step), values.tolist(), step)
    if weights is not None:  # otherwise the array path decides
        np.testing.assert_allclose(
            np.array(weights) / math.fsum(weights), policy(values, step), rtol=1e-11, atol=1e-300
        )


@every_policy
def test_the_actions_are_those_of_the_arrays_for_the_same_generator(policy):
    plain, arrays, chance = np.random.default_rng(1), np.random.default_rng(1), np.random.default_rng(2)
    for step in range(500):
        values = np.round(chance.normal(size=int(chance.integers(1, 19))), 1)
        available = chance.random(len(values)) < 0.7
        available[chance.integers(len(values))] = True
        call = {"step": step, "available": available, "with_probability": True}
        few, many = act(policy, values, plain, **call), act(policy, values.tolist(), arrays, **call)
        assert few[0] == many[0]
        assert few[1] == pytest.approx(many[1], rel=1e-11)
        assert type(few[0]) is int


@in_one_test(
    ("values", "message"),
    [
        ([0.0, math.nan], r"values\[1\] is nan"),
        ([math.nan, 0.0], r"values\[0\] is nan"),
        ([math.inf, 0.0], r"values\[0\] is inf"),
        ([-math.inf, -math.inf], "no action available"),
        ([], "empty"),
    ],
)
@every_policy
def test_errors_are_those_of_the_array_path(policy, values, message):
    with pytest.raises(ValueError, match=message):
        act(policy, np.array(values), np.random.default_rng(0), step=0)


@in_one_test(
    ("mask", "error"),
    [
        (np.array([1, 2], dtype=np.int8), ValueError),
        (np.array([0, 0], dtype=np.int8), ValueError),
        (np.array([True]), ValueError),
        (np.array([1.0, 0.0]), TypeError),
        ([True, True, True], ValueError),
    ],
)
def test_a_wrong_mask_is_refused(mask, error):
    with pytest.raises(error, match="mask"):
        act(Boltzmann(1.0), np.array([0.0, 1.0]), np.random.default_rng(0), available=mask)


def test_a_schedule_without_a_step_is_refused_on_plain_floats():
    with pytest.raises(TypeError, match="step= is missing"):
        act(Boltzmann(schedules.Linear(1.0, 0.0, steps=5)), np.array([0.0, 1.0]), np.random.default_rng(0))


def test_an_invalid_value_of_a_schedule_is_refused():
    with pytest.raises(ValueError, match="temperature must be 0 or more, got -1"):
        act(Boltzmann(lambda step: -1.0), np.array([0.0, 1.0]), np.random.default_rng(0), step=0)
    with pytest.raises(ValueError, match=r"epsilon must be in \[0, 1\], got 2"):
        act(EpsilonGreedy(lambda step: 2.0), np.array([0.0, 1.0]), np.random.default_rng(0), step=0)


def test_a_decision_takes_exactly_one_uniform():
    taken, left = np.random.default_rng(3), np.random.default_rng(3)
    act(Boltzmann(1.0), np.array([0.0, 1.0]), taken)
    left.random()
    assert taken.random() == left.random()


def test_values_are_never_written_to():
    values = np.array([1.0, 2.0, 3.0])
    assert few_values(values, np.array([True, False, True])) == [1.0, -math.inf, 3.0]
    np.testing.assert_array_equal(values, [1.0, 2.0, 3.0])


def test_a_number_written_over_a_masked_value_is_left_to_the_arrays_where_a_policy_explores_uniformly():
    row = [-1e8, *100 * [1e4]]
    assert weights_of(Mixture(0.1, 0.0, 0.9), row) is None
    assert weights_of(Mixture(0.0, 0.0, 1.0), row) == [0.0, *100 * [1.0]]
    assert weights_of(Mixture(0.5, 0.0, 0.5), [-1e7, 0.0]) == [0.25, 0.75]


def test_plain_floats_are_for_one_row_of_one_to_few_actions():
    for actions in (1, 2, FEW):
        assert few_values(np.arange(actions) / 2.0, None) == [action / 2.0 for action in range(actions)]
    for values in (np.zeros(0), np.zeros(FEW + 1), np.zeros((1, 2)), np.zeros(()), [0.0], np.zeros(2, np.float32)):
        assert few_values(values, None) is None
    own_dtype = np.array([1.0, 2.0], dtype=np.dtype(np.float64, metadata={"unit": "reward"}))
    assert few_values(own_dtype, None) == [1.0, 2.0]  # another object that describes the same numbers


@in_one_test(
    "mask", [[1, 1], np.ones(3, bool), np.ones((1, 2), bool), np.ones(2), np.array([1, 2]), np.array([2, 2])], ids=str
)
def test_masks_that_need_the_checks_of_arrays_are_left_to_them(mask):
    assert few_values(np.zeros(2), mask) is None
    for kind in (bool, np.int8, np.int64):
        assert few_values(np.array([1.0, 2.0]), np.array([0, 1], kind)) == [-math.inf, 2.0]
        assert few_values(np.array([1.0, 2.0]), np.array([1, 1], kind)) == [1.0, 2.0]


@pytest.mark.parametrize("actions", [1, 6, 10, FEW])
def test_the_largest_uniform_never_picks_beyond_the_last_possible_action(actions):
    weights = [1.0 / actions] * actions + [0.0]
    assert pick(weights, 1.0 - 2.0**-53) == actions - 1
    assert pick([0.0, *weights], 0.0) == 1


def test_a_subclass_with_its_own_call_is_called():
    class Contrary(Boltzmann):
        def __call__(self, values, step):
            return super().__call__(-np.asarray(values), step)

    actions = [act(Contrary(0.01), np.array([0.0, 1.0]), np.random.default_rng(k), step=0) for k in range(20)]
    assert actions == [0] * 20


def test_attributes_of_a_users_policy_are_ignored():
    class Linear:
        weights = (0.5, 0.5)

        def __call__(self, values, step):
            return np.full(np.shape(values), 0.5)

    rng, uniforms = np.random.default_rng(0), np.random.default_rng(0).random(20)
    actions = [act(Linear(), np.array([0.0, 1.0]), rng, step=0) for _ in uniforms]
    assert actions == [int(u >= 0.5) for u in uniforms]
