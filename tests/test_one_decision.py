"""One decision, however it is made: compiled, on plain floats, by arrays, with schedules alone or in blocks.

The same action, propensity, generator and error as from the policy's own probabilities, over generated policies,
values, masks and steps.
"""

import sys
import threading
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import example, given, settings, strategies as st

import boltzmann_rl as brl
from boltzmann_rl import act, schedules
from boltzmann_rl.decisions import machine
from boltzmann_rl.numerics import plain_temperatures
from boltzmann_rl.numerics.plain import FEW
from boltzmann_rl.policies import blocks, units as units_module
from boltzmann_rl.policies.blocks import PATIENCE, SIZE, numbers_at
from boltzmann_rl.policies.mixture import Mixture, mixture_of, numbers_of


@pytest.fixture(scope="module", autouse=True)
def _prepared():
    machine.prepare()


@pytest.fixture(autouse=True)
def _no_blocks():
    forget()
    yield
    forget()


def forget():
    for kept in (blocks._BLOCKS, blocks._LATEST, blocks._MISSES):
        kept.clear()


def outcome(policy, values, *, compiled, seed=0, **given):
    """What `act` returns, raises or warns of, and the next uniform of the generator."""
    rng, ready = np.random.default_rng(seed), machine.ready
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            machine.ready = ready if compiled else None
            answer: Any = act(policy, values, rng, **given)
        except Exception as error:
            answer = type(error), str(error)
        finally:
            machine.ready = ready
    return answer, [str(each.message) for each in caught], rng.random()


def agree(policy, values, **given):
    """Assert that the compiled and the plain decision are the same; propensities but for rounding."""
    one, other = (outcome(policy, values, compiled=compiled, **given) for compiled in (True, False))
    assert one[1:] == other[1:]
    if given.get("with_probability") and not isinstance(one[0][0], type):
        assert one[0][0] == other[0][0]
        assert one[0][1] == pytest.approx(other[0][1], rel=4e-15, abs=0.0)
        assert (type(one[0][0]), type(one[0][1])) == (int, float)
    else:
        assert one[0] == other[0]
        assert type(one[0]) is type(other[0])


numbers = st.floats(-10.0, 10.0) | st.floats(-1e3, 1e3).map(round).map(float)
strange = st.sampled_from([-np.inf, np.inf, np.nan, 0.0, -0.0, 1.7e308, -1.7e308, 5e-324, -65504.0, -1e9, -5e7, 1e-290])
positive = st.floats(0.01, 3.0)
shapes = st.one_of(
    st.builds(schedules.Linear, positive, positive | st.just(0.0), st.integers(1, 50)),
    st.builds(schedules.Exponential, positive, positive, steps=st.integers(1, 50)),
    st.builds(schedules.Exponential, positive, decay=st.floats(0.5, 0.99)),
    st.builds(schedules.Cosine, positive, positive, st.integers(1, 50)),
    st.builds(schedules.Power, positive, st.sampled_from([-0.5, 0.5, 1.0, 2.0, 0.3])),
    st.builds(schedules.InverseTime, positive, positive),
    st.builds(schedules.Logarithmic, positive),
    st.builds(schedules.Polynomial, positive, positive, st.integers(1, 50), st.sampled_from([0.5, 2.0, 1.7])),
)
schedule = st.one_of(
    shapes,
    st.builds(schedules.WarmUp, shapes, st.integers(1, 20), positive),
    st.builds(schedules.Restarts, shapes, st.integers(1, 20), st.integers(1, 2)),
    st.builds(lambda one, other, at: schedules.Joined((one, other), (at,)), shapes, shapes, st.integers(1, 40)),
    st.builds(schedules.Scaled, shapes, positive),
)
temperatures = positive | st.sampled_from([0.0, 5e-324, 1e-300, 1e305, 1e308, np.inf]) | schedule
rates = st.sampled_from([0.0, 1.0]) | st.floats(0.0, 1.0) | schedule.map(lambda rate: schedules.Ceiling(rate, 1.0))
units = st.one_of(
    st.builds(brl.RelativeToRange, temperatures),
    st.builds(brl.RelativeToSpread, temperatures),
    st.builds(brl.policies.Odds, positive, st.floats(1.1, 20.0)),
    st.builds(brl.GreedyProbability, st.floats(0.3, 1.0)),
    st.builds(brl.TargetEntropy, st.floats(0.0, 1.2)),
    st.builds(brl.EffectiveActions, st.floats(1.0, 4.0)),
    st.sampled_from([brl.GLIE(), brl.GreedyByVisits(), brl.RelativeToNoise(0.5)]),
)


@dataclass(frozen=True)
class Own:
    """A user's policy of three parts."""

    floor: Any
    temperature: Any
    constant = True

    def __call__(self, values, step):
        return self.mixture(step).probabilities(values, step)

    def mixture(self, step, memory=None):
        floor = 0.5 * (self.floor(step) if callable(self.floor) else self.floor)
        return Mixture(floor, 0.5, 0.5 - floor, self.temperature)


policies = st.one_of(
    st.builds(brl.Boltzmann, temperatures | units),
    st.builds(brl.EpsilonGreedy, rates),
    st.builds(brl.MaxBoltzmann, rates, temperatures | units),
    st.builds(brl.EpsilonBoltzmann, rates, temperatures | units),
    st.builds(Own, rates, temperatures | units),
    st.sampled_from([brl.Greedy(), brl.Uniform()]),
)
rows = st.lists(numbers, min_size=1, max_size=30) | st.lists(numbers | strange, max_size=12)
masks = st.sampled_from([None, bool, np.int8, np.uint8, np.int64, np.float64])


@settings(max_examples=600, deadline=None)
@given(policies, rows, masks, st.integers(0, 60) | st.none(), st.booleans(), st.booleans(), st.data())
def test_every_policy_decides_by_machine_code_as_without_it(policy, values, mask, step, learned, weighed, data):
    given = {"step": step, "learned": learned, "with_probability": weighed, "seed": data.draw(st.integers(0, 2**32))}
    values = np.array(values)
    if mask is not None:
        found = data.draw(st.lists(st.sampled_from([0, 1, 1, 1, 2]), min_size=len(values), max_size=len(values)))
        given["available"] = np.array(found).astype(mask)
    agree(policy, values, **given)


@in_one_test("actions", [1, 2, 24, 25, 100, FEW, FEW + 1, 400])
@in_one_test(
    "policy",
    [
        brl.Boltzmann(0.3),
        brl.Boltzmann(schedules.Linear(1.0, 0.1, steps=9)),
        brl.Boltzmann(brl.RelativeToRange(0.1)),
        brl.Boltzmann(brl.RelativeToSpread(0.3)),
        brl.EpsilonGreedy(0.3),
        brl.MaxBoltzmann(0.3, 0.5),
        brl.EpsilonBoltzmann(0.3, 0.5),
        brl.Greedy(),
        brl.Uniform(),
        Own(0.4, 0.5),
    ],
    ids=repr,
)
def test_a_decision_is_the_inverse_cdf_of_the_policys_probabilities(policy, actions):
    """Whichever code decides, for all numbers of actions."""
    rng = np.random.default_rng(actions)
    for trial in range(30):
        values, available = rng.normal(size=actions), rng.random(actions) < 0.7
        available[rng.integers(actions)] = True
        values[rng.random(actions) < 0.2] = values.max()  # ties
        for mask in (None, available, available.astype(np.int8)):
            seen = values if mask is None else np.where(mask, values, -np.inf)
            p = policy(seen, 3)
            expected = brl.invert(p, np.random.default_rng(trial).random())
            for compiled in (True, False):
                given = {"step": 3, "available": mask, "with_probability": True, "compiled": compiled}
                (action, share), told, _ = outcome(policy, values, seed=trial, **given)
                assert action == expected
                assert not told
                assert share == pytest.approx(p[action], rel=1e-12)


@in_one_test("actions", [10, 200])
def test_any_array_of_floats_is_decided_alike(actions):
    """Strided, read only, unaligned, of the other byte order, and of other formats."""
    policy, values = brl.Boltzmann(0.5), np.random.default_rng(0).normal(size=2 * actions)
    frozen = values[:actions].copy()
    frozen.flags.writeable = False
    packed = np.zeros(actions, dtype=[("flag", "i1"), ("value", "f8")])
    packed["value"] = values[:actions]
    mask = np.arange(2 * actions)[::2] % 3 == 0
    for each in (
        values[::2],
        values[:actions][::-1],
        frozen,
        packed["value"],
        frozen.astype(">f8"),
        frozen.astype("f4"),
    ):
        agree(policy, each, seed=3)
        assert outcome(policy, each, compiled=True, seed=3) == outcome(policy, each.tolist(), compiled=True, seed=3)
        agree(policy, each, available=mask, seed=3)


@in_one_test("actions", [10, 40, 200])
@in_one_test("kind", [bool, np.int8, np.int64])
def test_a_fill_value_beside_a_mask_is_warned_of_whichever_code_decides(actions, kind):
    """Among at most 128 actions where it would be taken, among more wherever it changes the probabilities."""
    values, mask = np.linspace(0.0, 1.0, actions), np.ones(actions, dtype=kind)
    values[3], mask[4] = -1e9, 0
    for policy in (brl.EpsilonGreedy(0.9), brl.Uniform(), brl.EpsilonBoltzmann(0.5, 0.3)):
        for seed in range(40):
            found = [outcome(policy, values, compiled=each, available=mask, seed=seed) for each in (True, False)]
            assert found[0] == found[1]
            assert bool(found[0][1]) == (actions > FEW or found[0][0] == 3)


@in_one_test("actions", [4, 10, 40, 200])
@in_one_test("masked", [False, True])
def test_at_temperature_0_a_fill_value_is_found_whichever_code_decides(actions, masked):
    """Also where it is not taken, since only the code with all checks decides there."""
    values, mask = np.linspace(0.0, 1.0, actions), np.ones(actions, dtype=bool)
    mask[2] = not masked
    for policy in (brl.EpsilonBoltzmann(0.5, 0.0), brl.EpsilonBoltzmann(0.5, brl.RelativeToRange(0.0))):
        for values[1] in (-1e9, -65504.0):
            for seed in range(10):
                found = [outcome(policy, values, compiled=each, available=mask, seed=seed) for each in (True, False)]
                assert found[0] == found[1]
                assert found[0][1] or found[0][0][0] is ValueError


# Blocks of steps


@settings(max_examples=60, deadline=None)
@given(policies, st.sampled_from([0, 1, SIZE - 3, 5 * SIZE + 11, 2**40]))
def test_a_policy_has_the_same_numbers_in_a_block_as_alone(policy, first):
    forget()
    for step in range(first, first + PATIENCE + 40):
        mixture = mixture_of(policy, step)
        expected, found = None if mixture is None else numbers_of(mixture, step), numbers_at(policy, step)
        if found is not None and found[1] == 0.0:  # no temperature counts
            expected, found = expected[:3], found[:3]
        assert repr(found) == repr(expected)


def test_a_million_steps_in_any_order_have_the_numbers_of_each_step():
    policy = brl.MaxBoltzmann(schedules.Cosine(1.0, 0.1, steps=9000), schedules.Exponential(1.0, 0.01, steps=9000))
    rng = np.random.default_rng(0)
    orders = (range(9000), rng.integers(0, 10_000, 3000), rng.integers(0, 2**50, 300), [7] * 40)
    for step in (int(step) for order in orders for step in order):
        assert numbers_at(policy, step) == numbers_of(policy.mixture(step), step)
    assert len(blocks._BLOCKS) <= blocks.MOST


def consecutive(policy, steps):
    rng, values = np.random.default_rng(1), np.random.default_rng(2).normal(size=(len(steps), 5))
    return [act(policy, row, rng, step=step) for row, step in zip(values, steps, strict=True)]


def test_a_block_is_evaluated_once_its_steps_come_one_after_another(monkeypatch):
    evaluated, mixtures = [], blocks.mixtures
    monkeypatch.setattr(blocks, "mixtures", lambda *given: evaluated.append(given[1]) or mixtures(*given))
    policy = brl.Boltzmann(schedules.Linear(1.0, 0.1, steps=100))
    consecutive(policy, range(PATIENCE - 1))
    assert evaluated == []
    consecutive(policy, range(PATIENCE, 2 * SIZE + 10))
    assert evaluated == [0, SIZE, 2 * SIZE]
    assert len(blocks._BLOCKS) == 1


@in_one_test("stride", [2, 32, 100, SIZE])
def test_steps_far_apart_evaluate_no_block(stride):
    policy = brl.Boltzmann(schedules.Linear(1.0, 0.1, steps=10**6))
    consecutive(policy, range(0, 400 * stride, stride))
    assert not blocks._BLOCKS


def test_agents_that_share_a_policy_and_count_their_own_steps_get_its_block():
    policy = brl.Boltzmann(schedules.Linear(1.0, 0.1, steps=100))
    consecutive(policy, [step + start for step in range(300) for start in (0, 2000)])
    assert len(blocks._BLOCKS) == 1


def test_the_oldest_of_many_policies_gives_way():
    policies = [brl.Boltzmann(schedules.Linear(1.0, 0.1, steps=100 + i)) for i in range(blocks.MOST + 3)]
    for policy in policies:
        consecutive(policy, range(PATIENCE))
    assert len(blocks._BLOCKS) == len(blocks._LATEST) == blocks.MOST
    assert {id(policy) for policy in policies[3:]} == blocks._LATEST.keys()


def test_a_step_that_fails_spoils_no_other_step():
    """Of the block only the steps up to 1,000 have a rate."""
    policy = brl.EpsilonGreedy(schedules.Scaled(schedules.Linear(0.0, 1.0, steps=1000), 1.5))
    consecutive(policy, range(600))
    for compiled in (True, False):
        found = outcome(policy, np.zeros(3), compiled=compiled, step=900)
        assert found[0][0] is ValueError
        assert "epsilon must be in [0, 1], got 1.35" in found[0][1]


def test_code_of_a_user_is_asked_for_no_other_step():
    asked = []

    def cooling(step):
        asked.append(step)
        return 1.0 / (1.0 + step)

    @dataclass(frozen=True)
    class Fading:
        def __call__(self, values, step):
            return self.mixture(step).probabilities(values, step)

        def mixture(self, step, memory=None):
            asked.append(step)
            return Mixture(0.0, 1.0, 0.0, 1.0 / (1.0 + step))

    for policy in (
        brl.Boltzmann(cooling),
        brl.EpsilonGreedy(cooling),
        brl.Boltzmann(schedules.Floor(cooling, 0.1)),
        brl.Boltzmann(brl.RelativeToRange(cooling)),
        Fading(),
    ):
        asked.clear()
        consecutive(policy, range(PATIENCE + 40))
        assert set(asked) == set(range(PATIENCE + 40))
        assert asked == sorted(asked)


def test_a_subclass_of_ours_is_asked_at_each_step():
    class Late(brl.EpsilonGreedy):
        def __call__(self, values, step):
            return self.mixture(step).probabilities(values, step)

        def mixture(self, step, memory=None):
            return Mixture(1.0, 0.0, 0.0) if step < 50 else Mixture(0.0, 0.0, 1.0)

    policy, values = Late(0.5), np.array([0.0, 1.0, 2.0])
    rng = np.random.default_rng(0)
    taken = [act(policy, values, rng, step=step) for step in range(100)]
    assert set(taken[:50]) == {0, 1, 2}
    assert set(taken[50:]) == {2}


def test_a_policy_that_may_change_is_asked_again():
    @dataclass
    class Changing:
        floor: float
        constant = True

        def __call__(self, values, step):
            return self.mixture(step).probabilities(values, step)

        def mixture(self, step, memory=None):
            return Mixture(self.floor, 0.0, 1.0 - self.floor)

    policy = Changing(1.0)
    assert set(consecutive(policy, range(100))) == set(range(5))
    policy.floor = 0.0
    values, rng = np.arange(5.0), np.random.default_rng(0)
    assert {act(policy, values, rng, step=step) for step in range(100)} == {4}


def test_a_new_policy_in_the_place_of_an_old_one_has_its_own_numbers():
    """Objects that are freed give their identity to new ones; a block keeps its policy, so that none is."""
    for temperature in range(1, 200):
        policy = brl.Boltzmann(schedules.Linear(float(temperature), 0.0, steps=10))
        for step in range(PATIENCE + 2):
            assert numbers_at(policy, step) == numbers_of(policy.mixture(step), step)
    assert len(blocks._BLOCKS) <= blocks.MOST


def test_nothing_of_a_block_is_seen_on_the_policy():
    policy = brl.Boltzmann(schedules.Linear(1.0, 0.0, steps=10))
    before = dict(vars(policy))
    consecutive(policy, range(100))
    assert vars(policy) == before


def test_threads_at_different_steps_get_the_numbers_of_their_own():
    pool = [brl.Boltzmann(schedules.Exponential(1.0, 0.1, steps=50 + n)) for n in range(80)]
    wrong, interval = [], sys.getswitchinterval()

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(150):
            policy, first = pool[rng.integers(len(pool))], int(rng.integers(0, 3)) * SIZE
            for step in range(first, first + PATIENCE + 3):
                if numbers_at(policy, step) != numbers_of(policy.mixture(step), step):
                    wrong.append((policy, step))

    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not wrong


@example(strict="raise")
@given(strict=st.sampled_from(["raise", "warn"]))
@settings(max_examples=2, deadline=None)
def test_a_block_is_evaluated_without_a_warning(strict):
    for cooling in (schedules.Power(1e-300, 8.0), schedules.Exponential(1.0, decay=0.5), schedules.Power(1.0, -300.0)):
        with np.errstate(all=strict):
            consecutive(brl.Boltzmann(cooling), range(100))


@given(st.lists(st.floats(1e-300, 1e300), min_size=1, max_size=30), st.integers(1, 5))
def test_the_spread_on_plain_floats_has_the_bits_of_the_kernels(gaps, ties):
    held = len(gaps), ties
    with np.errstate(all="ignore"):
        assert units_module._spread_of(gaps, held, max(gaps)) == plain_temperatures.spread_of(gaps, held, max(gaps))
