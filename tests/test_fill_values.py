"""Finite fill values over masked actions: refused, or a warning, wherever they would change a decision."""

import re
import warnings

import numpy as np
import pytest
from cases import in_one_test

import boltzmann_rl as brl
from boltzmann_rl.decisions import machine
from boltzmann_rl.decisions.act import probabilities
from boltzmann_rl.decisions.fill_values import fill_values, holds_fill_values
from boltzmann_rl.policies.mixture import mixture_of, weights_of

FILLS = [-1e8, -1e9, -1e10, -1e12, -1e30, -1e38, -1e300]
LOWEST = [float(np.finfo(kind).min) for kind in (np.float16, np.float32, np.float64)] + [-3.3895313892515355e38]

# Policies that a fill value would mislead, and policies that give it probability 0, as they do to −inf.
MISLED = [
    brl.EpsilonGreedy(0.3),
    brl.Uniform(),
    brl.EpsilonBoltzmann(0.1, 1.0),
    brl.MaxBoltzmann(0.5, float("inf")),
    brl.Boltzmann(float("inf")),
    brl.Boltzmann(brl.RelativeToSpread(0.5)),
    brl.Boltzmann(brl.RelativeToSpread(0.001)),
    brl.Boltzmann(brl.RelativeToRange(0.3)),
    brl.Boltzmann(brl.EffectiveActions(2.5)),
    brl.Boltzmann(brl.TargetEntropy(1.0)),
    brl.Mellowmax(2.0),
    brl.InverseGapWeighting(2.0),
    lambda values, step: np.full(np.shape(values), 1.0 / np.shape(values)[-1]),
]
RIGHT = [
    brl.Boltzmann(1.0),
    brl.Boltzmann(0.0),
    brl.Boltzmann(brl.schedules.Exponential(5.0, 0.1, steps=10)),
    brl.Boltzmann(brl.EffectiveActions(1.5)),
    brl.Greedy(),
    brl.EpsilonGreedy(0.0),
    brl.MaxBoltzmann(0.5, 2.0),
    brl.Sparsemax(1.0),
]


def acts(policy, values, **more):
    return brl.act(policy, values, np.random.default_rng(0), step=3, **more)


def name(part):
    return re.sub(r" at 0x\w+", "", str(part))


def forms(fill):
    """Values of every dtype that a decision accepts, single rows and batches."""
    row = np.array([0.0, 1.0, fill])
    yield from (row, row.tolist(), np.stack([row, row[::-1], [3.0, 2.0, 1.0]]))
    if fill >= LOWEST[1]:
        yield row.astype(np.float32)


@in_one_test("policy", MISLED, ids=name)
@in_one_test("fill", FILLS)
def test_a_fill_value_that_would_count_as_a_value_warns_with_the_remedy(policy, fill):
    says = (
        rf"values\[(0, )?2\] is {re.escape(f'{fill:g}')}, far below the others, and .* pass available=.* learned=True"
    )
    for values in forms(fill):
        with pytest.warns(UserWarning, match=says) as caught:
            acts(policy, values)
        assert len(caught) == 1
        assert caught[0].filename == __file__  # so that a filter can distinguish the callers


@in_one_test("policy", MISLED, ids=name)
@in_one_test("fill", LOWEST[1:])
def test_the_lowest_number_of_a_float_type_is_refused_where_it_would_count_as_a_value(policy, fill):
    for values in forms(fill):
        with pytest.raises(ValueError, match=r"values\[(0, )?2\] is .*far below the others.*pass available="):
            acts(policy, values)


def test_the_lowest_float16_is_refused_in_a_float16_array():
    values = np.array([0.0, 1.0, np.finfo(np.float16).min], dtype=np.float16)
    for policy in (brl.EpsilonGreedy(0.3), brl.Boltzmann(brl.RelativeToSpread(0.5))):
        with pytest.raises(ValueError, match=r"values\[2\] is -65504, far below the others"):
            acts(policy, values)


@in_one_test("policy", RIGHT, ids=name)
@in_one_test("fill", FILLS + LOWEST[1:])
def test_a_fill_value_without_effect_gives_no_warning(policy, fill):
    for values in forms(fill):
        masked = np.where(np.asarray(values) < -1e7, -np.inf, values)
        assert np.array_equal(acts(policy, values), acts(policy, masked))


VALUES = [
    [-1e9, -2e9, -1.5e9],
    [-1e9, 1e8, 5e7],
    [-1e300, 1e300, 0.0],
    [-1.7e308, -1e308, -1e307],
    [-99_999_999.0, 0.0, 1.0],
    [-65504.0, -700.0, 0.0],
    [-65503.0, 0.0, 1.0],
    [-1e5, 0.0, 1.0],
    [-9e7, -1e3, 0.0],
    [1e9, 0.0, 1.0],
    [-1e9],
    [-1e9, -1e9],
    [-np.inf, -1e9, -2e9],
]


@in_one_test("values", VALUES, ids=str)
def test_plausible_values_give_no_warning(values):
    values = np.array(values)
    assert not fill_values(values).any()
    for policy in (brl.EpsilonGreedy(0.3), brl.Boltzmann(brl.RelativeToSpread(0.5))):
        for rows in (values, np.stack([values, values])):
            acts(policy, rows)


def test_rows_are_checked_separately():
    values = np.array([[0.0, 1.0, -1e9], [-1e9, -3e9, -2e9], [5.0, -np.inf, -1e9], [0.0, 1.0, 2.0]])
    expected = [[False, False, True], [False] * 3, [False, False, True], [False] * 3]
    assert fill_values(values).tolist() == expected


@in_one_test(
    ("values", "holds"),
    [([0.0, -1e9], True), ([0.0, -65504.0], True), ([-np.inf, 0.0], False), ([-np.inf, -1e9], True), ([], False)],
)
def test_fill_values_are_first_searched_by_size(values, holds):
    assert holds_fill_values(np.array(values)) is holds


def test_a_fill_value_under_a_mask_is_ignored_and_outside_it_is_found():
    values, policy = np.array([0.0, 1.0, 2.0, -1e9]), brl.Boltzmann(brl.RelativeToSpread(0.5))
    acts(policy, values, available=[1, 1, 1, 0])
    acts(brl.EpsilonGreedy(1.0), values, available=np.array([1, 1, 1, 0]))
    with pytest.warns(UserWarning, match=r"values\[3\] is -1e\+09"):
        acts(policy, values, available=[0, 1, 1, 1])
    with pytest.warns(UserWarning, match=r"values\[3\] is -1e\+09"):
        acts(brl.EpsilonGreedy(1.0), values, available=[0, 1, 1, 1])


def test_a_masked_row_of_plain_floats_never_takes_a_fill_value_silently():
    """Here only the chosen action is checked, which costs almost no time."""
    values, available = np.array([0.0, 1.0, -1e9]), np.array([0, 1, 1])
    rng, words = np.random.default_rng(0), 0
    for _ in range(100):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            action = brl.act(brl.EpsilonGreedy(0.5), values, rng, available=available)
        assert action != 2 or caught
        words += len(caught)
    assert words > 10


def test_values_declared_as_learned_give_no_warning():
    for values in (np.array([0.0, 1.0, -1e9]), np.array([[0.0, 1.0, LOWEST[1]]])):
        for policy in MISLED:
            acts(policy, values, learned=True)


def test_the_warning_changes_neither_the_action_nor_the_generator():
    for policy in MISLED[:6]:
        for values in (np.array([0.0, 1.0, -1e9]), np.array([[0.0, 1.0, -1e9], [1.0, 2.0, 3.0]])):
            rng, twin = np.random.default_rng(7), np.random.default_rng(7)
            with pytest.warns(UserWarning, match="far below"):
                action = brl.act(policy, values, rng, step=0)
            expected = brl.invert(probabilities(policy, values, 0), twin.random(values.shape[:-1]))
            assert np.array_equal(action, expected)
            assert rng.random() == twin.random()


def test_an_explorer_warns_too():
    explorer = brl.Explorer(brl.EpsilonGreedy(0.2), np.random.default_rng(0))
    with pytest.warns(UserWarning, match=r"values\[0, 1\] is -1e\+09.*pass available="):
        explorer(np.array([[0.5, -1e9, 0.25]], dtype=np.float32))


def test_many_rows_at_once_are_checked_if_a_policy_explores_uniformly():
    pytest.importorskip("numba")
    machine.prepare()
    values = np.random.default_rng(0).random((5000, 4))
    values[4000, 2] = -1e9
    with pytest.warns(UserWarning, match=r"values\[4000, 2\] is -1e\+09"):
        acts(brl.EpsilonGreedy(0.2), values)
    acts(brl.Boltzmann(1.0), values)
    values[:, 2] = -np.inf
    acts(brl.EpsilonGreedy(0.2), values)


@pytest.mark.parametrize("policy", [brl.Uniform(), brl.EpsilonGreedy(0.5)])
def test_plain_floats_leave_rows_of_a_very_low_sum_to_the_arrays_but_not_masked_ones(policy):
    def weights(values):
        return weights_of(mixture_of(policy, 0), values)

    assert weights([0.0, 1.0, -1e8]) is None
    assert weights([1e6, 1e7, -1e8]) is None
    assert weights([0.0, 1.0, -np.inf]) is not None
    assert weights([-1e6, -1e6, -1e6]) is not None


def test_learned_values_are_never_taken_for_fill_values():
    import gymnasium

    class Cliff(gymnasium.Env):
        observation_space, action_space = gymnasium.spaces.Discrete(1), gymnasium.spaces.Discrete(3)

        def reset(self, *, seed=None, options=None):
            return 0, {}

        def step(self, action):
            return 0, -1e9 if action == 2 else float(action), True, False, {}

    for policy in (brl.EpsilonGreedy(0.5), brl.Boltzmann(brl.RelativeToRange(2.0)), brl.Mellowmax(1.0)):
        for env in (Cliff(), gymnasium.vector.SyncVectorEnv([Cliff, Cliff])):
            training = brl.Training(env, brl.Agent(brl.QLearning(1.0), policy), seed=0)
            for _ in range(60):
                next(training)
            assert training.values[0].tolist()[1:] == [1.0, -1e9]
            training.look()


def test_stable_baselines_warns_too():
    pytest.importorskip("stable_baselines3")
    import torch

    from boltzmann_rl.integrations.stable_baselines3 import ExploringDQN

    model = ExploringDQN(
        "MlpPolicy", "CartPole-v1", exploration=brl.EpsilonGreedy(0.5), buffer_size=100, seed=0, device="cpu"
    )
    model._q_values = lambda observation: torch.tensor([[0.0, -1e9]])
    with pytest.warns(UserWarning, match=r"values\[1\] is -1e\+09"):
        model.predict(np.zeros(4, np.float32))
    model.exploration = brl.Boltzmann(1.0)
    assert model.predict(np.zeros(4, np.float32))[0] == 0
