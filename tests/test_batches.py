"""The order in which the cells of a plan are simulated, and how they are divided."""

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings, strategies as st

import boltzmann_rl as brl
from boltzmann_rl.runs.batches import Order, Shard, batches
from boltzmann_rl.runs.outline import outline_of

TWO = {label: brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for label, t in (("cool", 0.1), ("warm", 0.5))}
LAKE = {label: brl.Agent(brl.QLearning(), brl.Boltzmann(t)) for label, t in (("cool", 0.1), ("warm", 0.5))}


def order_of(kind, runs, shard=Shard()):  # noqa: B008
    if kind == "step":
        experiment = brl.BanditExperiment("x", {"a": brl.GaussianBandit(), "b": brl.BernoulliBandit()}, TWO, runs, 10)
    else:
        experiment = brl.GymnasiumExperiment("x", "FrozenLake-v1", LAKE, runs, 10)
    plan = experiment.plan()
    return Order(plan, [entry.identity for entry in outline_of(plan).entries], shard=shard), plan


def keys_of(groups):
    return [key for group in groups for key, _ in group.cells]


kinds, runs = st.sampled_from(["step", "episode"]), st.integers(1, 2300)


@pytest.mark.parametrize("most", [0, 10**5])
@given(kinds, runs)
@settings(deadline=None, max_examples=20)
def test_every_cell_of_a_plan_comes_once_in_any_order(most, kind, number):
    order, plan = order_of(kind, number)
    expected = Counter(cell.key for _, cell in plan.cells())
    assert Counter(keys_of(order.groups())) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("boltzmann_rl.runs.batches._SHUFFLED", most)
        assert Counter(keys_of(order.groups(shuffled=True))) == expected
    assert set(expected.values()) == {1}
    assert sum(expected.values()) == len(plan)


@given(kinds, runs, st.integers(1, 6))
@settings(deadline=None, max_examples=20)
def test_shards_divide_the_cells(kind, number, of):
    whole = keys_of(order_of(kind, number)[0].groups())
    parts = [keys_of(order_of(kind, number, Shard(k, of))[0].groups()) for k in range(1, of + 1)]
    assert sorted(itertools.chain(*parts)) == sorted(whole)


def test_shards_of_many_cells_have_about_as_many_each():
    """Each of 400 groups is in one of 4 shards: a binomial of sd 8.7, 6 of which are 52 (false-alarm rate 1e-8)."""
    sizes = [len(list(order_of("step", 100_000, Shard(k, 4))[0].groups())) for k in range(1, 5)]
    assert sum(sizes) == 400
    assert all(abs(size - 100) < 52 for size in sizes)


@pytest.mark.parametrize("kind", ["step", "episode"])
def test_all_agents_advance_together(kind):
    order, plan = order_of(kind, 2500)
    ahead = Counter()
    for group in order.groups():
        ahead[group.series] += sum(cell.runs for _, cell in group.cells)
        least = min(ahead[number] for number in range(len(plan.series)))
        assert max(ahead.values()) - least <= (1000 if kind == "step" else 5)


def test_the_first_cells_of_a_plan_of_any_size_come_at_once():
    order, plan = order_of("step", 10**12)
    first = next(order.groups())
    assert [(cell.first, cell.runs) for _, cell in first.cells] == [(0, 10), (10, 20), (30, 70), (100, 200), (300, 700)]
    assert order.count == 4 * 10**9
    assert len(plan) == 4 * (5 + 10**9 - 1)


def test_batches_take_about_the_time_that_is_aimed_at():
    groups = list(order_of("episode", 1000)[0].groups())
    small = list(batches(groups, lambda group: 0.001 * len(group.cells)))
    assert keys_of(itertools.chain(*small)) == keys_of(groups)
    assert all(50 <= sum(len(group.cells) for group in batch) <= 55 for batch in small[:-1])
    large = list(batches(groups, lambda group: 1.0 * len(group.cells)))
    assert {(len(batch), len(batch[0].cells)) for batch in large} == {(1, 1)}
