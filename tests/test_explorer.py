"""The explorer against SciPy and a plain loop, with stand-ins for the arrays of other libraries."""

import copy
import json
import pickle

import numpy as np
import pytest
from scipy import special, stats

import boltzmann_rl as brl
from boltzmann_rl.arguments.arrays import to_numpy
from boltzmann_rl.schedules import Exponential

FALSE_ALARM = 1e-6
Q = np.array([[0.0, 1.0, 0.5], [2.0, -1.0, 2.0], [0.3, 0.3, -4.0]])


class Tensor:
    """A tensor on an accelerator and in a graph: NumPy can read it only after ``detach`` and ``cpu``, as in torch."""

    def __init__(self, array, dtype="float64", inside=("graph", "device")):
        self.array, self.dtype, self.inside = array, f"torch.{dtype}", set(inside)

    def detach(self):
        return Tensor(self.array, self.dtype[6:], self.inside - {"graph"})

    def cpu(self):
        return Tensor(self.array, self.dtype[6:], self.inside - {"device"})

    def double(self):
        return Tensor(self.array, "float64", self.inside)

    def __array__(self, dtype=None, copy=None):
        if self.inside or "bfloat16" in self.dtype:
            raise TypeError(f"no NumPy array: {self.inside or self.dtype}")
        return self.array if dtype is None else self.array.astype(dtype)


def drawn(p, uniforms):
    """The inverse CDF, row by row."""
    return [next(i for i in range(len(row)) if row[: i + 1].sum() > u) for row, u in zip(p, uniforms, strict=True)]


def test_acts_with_one_uniform_per_row_on_the_softmax_at_the_step_of_the_row():
    schedule = Exponential(1.0, 0.01, steps=100)
    explorer, expected_rng = brl.Explorer(brl.Boltzmann(schedule), np.random.default_rng(3)), np.random.default_rng(3)
    for step in range(0, 200, 10):
        steps = np.array([step, step // 2, 0])
        temperature = np.maximum(0.01, 0.01 ** (steps / 100))[:, np.newaxis]
        expected = drawn(special.softmax(Q / temperature, axis=-1), expected_rng.random(3))
        assert explorer(Q, step=steps).tolist() == expected


def test_the_frequencies_of_the_actions_are_the_softmax_of_the_available_values():
    rows = np.tile(Q[0], (100_000, 1))
    mask = np.tile([1, 1, 0], (100_000, 1)).astype(np.int8)
    actions = brl.Explorer(brl.Boltzmann(0.5), np.random.default_rng(0))(rows, mask)
    counts = np.bincount(actions, minlength=3)
    assert counts[2] == 0
    assert stats.chisquare(counts[:2], special.softmax(Q[0, :2] / 0.5) * 100_000).pvalue > FALSE_ALARM


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
@pytest.mark.parametrize("as_given", [np.asarray, Tensor, np.ndarray.tolist])
def test_values_masks_and_steps_of_any_array_library_act_as_those_of_numpy(as_given, dtype):
    policy, mask, steps = brl.Boltzmann(Exponential(1.0, 0.1, steps=9)), Q < 2.0, np.arange(3)
    ours, theirs = (brl.Explorer(policy, np.random.default_rng(5)) for _ in range(2))
    values = Tensor(Q, dtype) if as_given is Tensor else as_given(Q)
    for _ in range(20):
        assert (theirs(values, as_given(mask), as_given(steps)) == ours(Q, mask, steps)).all()


def test_one_row_gives_one_action_as_an_int():
    action = brl.Explorer(brl.Greedy(), np.random.default_rng(0))(Tensor(Q[1, :2]))
    assert type(action) is int
    assert action == 0


def test_float64_on_the_cpu_reaches_the_policy_without_a_copy():
    seen = []

    def policy(values, step):
        seen.append(values)
        return np.full(values.shape, 1 / 3)

    brl.Explorer(policy, np.random.default_rng(0))(Tensor(Q), step=0)
    assert np.shares_memory(seen[0], Q)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, np.uint8, np.int64])
def test_small_dtypes_are_converted_before_anything_is_subtracted(dtype):
    values = np.array([200, 100, 90]).astype(dtype)  # as int8 these are -56, 100, 90
    seen = []

    def policy(values, step):
        seen.append(values)
        return np.full(3, 1 / 3)

    brl.Explorer(policy, np.random.default_rng(0))(values, step=0)
    assert seen[0].dtype == np.float64
    assert seen[0].tolist() == values.tolist()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda explorer: pickle.loads(pickle.dumps(explorer))])
def test_a_saved_explorer_continues_with_the_same_uniforms(again):
    explorer = brl.Explorer(brl.Uniform(), np.random.default_rng(0))
    explorer(Q)
    saved = again(explorer)
    rows = np.zeros((50, 10))
    assert (saved(rows) == explorer(rows)).all()
    assert (saved(rows) == explorer(rows)).all()


KINDS = (np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64)


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_of_every_generator_is_text_and_continues_with_the_same_uniforms(kind):
    explorer, other = (brl.Explorer(brl.Uniform(), np.random.Generator(kind(seed))) for seed in (0, 1))
    explorer(Q)
    saved = json.loads(json.dumps(explorer.state_dict()))
    rows = np.zeros((50, 10))
    following = [explorer(rows).tolist() for _ in range(3)]
    other.load_state_dict(saved)
    assert [other(rows).tolist() for _ in range(3)] == following


def test_a_state_does_not_change_with_the_explorer_it_was_taken_from():
    explorer = brl.Explorer(brl.Uniform(), np.random.Generator(np.random.MT19937(0)))
    saved = explorer.state_dict()
    kept = copy.deepcopy(saved)
    first = explorer(np.zeros((500, 10))).tolist()
    assert saved == kept
    explorer.load_state_dict(saved)
    assert explorer(np.zeros((500, 10))).tolist() == first


@pytest.mark.parametrize(
    ("state", "error", "words"),
    [
        (None, TypeError, "state must be what Explorer.state_dict"),
        ({}, TypeError, "state must be what Explorer.state_dict"),
        ({"rng": {"bit_generator": "PCG64"}}, TypeError, "state must be what Explorer.state_dict"),
        ({"rng": {"bit_generator": "MT19937"}}, ValueError, r"MT19937, but this explorer's is PCG64.*random\.MT19937"),
    ],
)
def test_a_state_of_something_else_is_refused(state, error, words):
    explorer = brl.Explorer(brl.Uniform(), np.random.default_rng(0))
    before = explorer.state_dict()
    with pytest.raises(error, match=words):
        explorer.load_state_dict(state)
    assert explorer.state_dict() == before


DAMAGES = [
    (np.random.PCG64, ("state", "state"), 2**130, ValueError),
    (np.random.PCG64, ("state", "state"), -1, ValueError),
    (np.random.PCG64, ("state", "state"), 1.5, TypeError),
    (np.random.PCG64, ("state", "state"), True, TypeError),
    (np.random.PCG64, ("state", "inc"), 2**200, ValueError),
    (np.random.PCG64, ("state", "inc"), None, TypeError),
    (np.random.PCG64, ("uinteger",), -5, ValueError),
    (np.random.PCG64, ("uinteger",), 2**40, ValueError),
    (np.random.PCG64, ("has_uint32",), 2, ValueError),
    (np.random.PCG64, ("state",), [1, 2], TypeError),
    (np.random.PCG64DXSM, ("state", "state"), 2**2000, ValueError),
    (np.random.MT19937, ("state", "key"), [1, 2, 3], ValueError),
    (np.random.MT19937, ("state", "key"), [2**32] * 624, ValueError),
    (np.random.MT19937, ("state", "key"), [0.5] * 624, TypeError),
    (np.random.MT19937, ("state", "key"), [[1, 2], [3]], ValueError),
    (np.random.MT19937, ("state", "pos"), 10**6, ValueError),
    (np.random.MT19937, ("state", "pos"), -1, ValueError),
    (np.random.Philox, ("state", "counter"), [0, 0, 0, 2**64], ValueError),
    (np.random.Philox, ("buffer",), [0, 0, 0], ValueError),
    (np.random.Philox, ("buffer_pos",), 5, ValueError),
    (np.random.SFC64, ("state", "state"), "1234", ValueError),
    (np.random.SFC64, ("state", "state"), [-1, 0, 0, 0], ValueError),
]


@pytest.mark.parametrize(("kind", "path", "damage", "error"), DAMAGES)
def test_a_damaged_state_is_refused_by_the_name_of_its_entry_and_changes_nothing(kind, path, damage, error):
    explorer, other = (brl.Explorer(brl.Uniform(), np.random.Generator(kind(seed))) for seed in (0, 1))
    state, before = other.state_dict(), explorer.state_dict()
    holder = state["rng"]
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = damage
    with pytest.raises(error, match=rf"'{path[-1]}'\]"):
        explorer.load_state_dict(state)
    assert explorer.state_dict() == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_that_lacks_an_entry_is_refused_and_changes_nothing(kind):
    explorer, other = (brl.Explorer(brl.Uniform(), np.random.Generator(kind(seed))) for seed in (0, 1))
    before = explorer.state_dict()
    for name in before["rng"]:
        state = other.state_dict()
        del state["rng"][name]
        with pytest.raises(TypeError, match=r"state must be what Explorer\.state_dict"):
            explorer.load_state_dict(state)
        assert explorer.state_dict() == before


@pytest.mark.parametrize("kind", KINDS)
def test_every_state_on_the_way_through_a_generators_buffer_is_accepted(kind):
    explorer, other = (brl.Explorer(brl.Uniform(), np.random.Generator(kind(seed))) for seed in (0, 1))
    for _ in range(630):
        explorer.rng.integers(2**20, dtype=np.uint32)
        other.load_state_dict(explorer.state_dict())
        assert other.state_dict() == explorer.state_dict()


def test_the_probability_of_each_action_is_returned_on_request():
    policy, mask = brl.EpsilonBoltzmann([0.1, 0.5, 1.0], [0.2, 1.0, 3.0]), Q < 2.0
    ours, theirs = (brl.Explorer(policy, np.random.default_rng(2)) for _ in range(2))
    actions, found = ours(Tensor(Q, "bfloat16"), mask, with_probability=True)
    assert actions.tolist() == theirs(Q, mask).tolist()
    temperatures, epsilons = np.array([[0.2], [1.0], [3.0]]), np.array([[0.1], [0.5], [1.0]])
    soft = special.softmax(np.where(mask, Q, -np.inf) / temperatures, axis=-1)
    expected = (1 - epsilons) * soft + epsilons / mask.sum(axis=-1, keepdims=True)
    assert found == pytest.approx(expected[np.arange(3), actions], rel=1e-12)
    action, p = brl.Explorer(brl.EpsilonGreedy(0.5), np.random.default_rng(0))(Q[1, :2], with_probability=True)
    assert (type(action), type(p)) == (int, float)
    assert p == (0.75 if action == 0 else 0.25)


def test_each_environment_explores_at_its_own_rate():
    rates, times = (0.0, 0.3, 1.0), 20_000
    explorer = brl.Explorer(brl.EpsilonGreedy(np.repeat(rates, times)), np.random.default_rng(0))
    actions = explorer(Tensor(np.tile([1.0, 0.0, 0.0, 0.0], (3 * times, 1)))).reshape(3, times)
    assert (actions[0] == 0).all()
    for epsilon, found in zip(rates[1:], actions[1:], strict=True):
        p = epsilon / 4 + (1 - epsilon) * np.eye(4)[0]
        assert stats.chisquare(np.bincount(found, minlength=4), p * times).pvalue > FALSE_ALARM


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"q_values": np.ma.masked_array(Q, Q > 1)}, TypeError, "masked array"),
        ({"q_values": Q > 0}, TypeError, "booleans"),
        ({"q_values": np.array([0.0, np.nan])}, ValueError, r"values\[1\] is nan"),
        ({"q_values": Q, "mask": Q[0] > 0}, ValueError, "mask"),
        ({"q_values": Q, "mask": Q * 0.0}, TypeError, "mask"),
        ({"q_values": Q, "step": -1}, ValueError, "step"),
        ({"q_values": Q, "step": True}, TypeError, "step"),
        ({"q_values": Q, "step": np.array([0.5, 1.0, 1.5])}, TypeError, "step"),
    ],
)
def test_the_explorer_refuses_what_act_refuses(given, error, words):
    with pytest.raises(error, match=words):
        brl.Explorer(brl.Boltzmann(1.0), np.random.default_rng(0))(**given)


def test_a_schedule_without_a_step_and_a_seed_for_a_generator_are_refused():
    with pytest.raises(TypeError, match="step= is missing"):
        brl.Explorer(brl.Boltzmann(Exponential(1.0, 0.1, steps=9)), np.random.default_rng(0))(Q)
    with pytest.raises(TypeError, match="rng must be"):
        brl.Explorer(brl.Uniform(), 0)
    with pytest.raises(TypeError, match="policy must be callable"):
        brl.Explorer(0.5, np.random.default_rng(0))


def test_dtypes_other_than_bfloat16_are_not_converted():
    array = np.arange(3, dtype=np.float32)
    assert to_numpy(array) is array
