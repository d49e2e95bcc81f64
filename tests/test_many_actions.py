"""Draws among very many actions: against the softmax by χ² tests, and the invariants of the cells behind them."""

import copy
import math
import os
import pickle
import subprocess
import sys
from itertools import pairwise, product

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, settings, strategies as st
from scipy import stats

from boltzmann_rl import GaussianBandit, entropy, softmax
from boltzmann_rl.many_actions import BoltzmannSampler, play_many_arms
from boltzmann_rl.many_actions.cells import cell_of

INF = math.inf

# False alarms of each χ² test. With the seeds fixed, a test that passes once keeps passing.
ALPHA = 1e-6


def chi_squared(drawn, p):
    """Pearson's statistic and its degrees of freedom, actions pooled to cells of expectation 10 or more."""
    expected = p * len(drawn)
    assert expected[drawn].min() > 0.0
    rare = np.flatnonzero(expected < 10.0)
    rare = rare[expected[rare].argsort()]
    labels = np.empty(len(p), dtype=np.int64)
    labels[rare] = expected[rare].cumsum() // 20.0
    labels[rare] = np.minimum(labels[rare], max(labels[rare].max(initial=0) - 1, 0))  # the last one may be small
    common = np.flatnonzero(expected >= 10.0)
    labels[common] = labels[rare].max(initial=-1) + 1 + np.arange(len(common))
    cells, found = np.bincount(labels, expected), np.bincount(labels[drawn], minlength=labels.max() + 1)
    if cells[0] < 10.0 and len(cells) > 1:  # all rare actions together are still few
        cells, found = np.append(cells[0] + cells[1], cells[2:]), np.append(found[0] + found[1], found[2:])
    return ((found - cells) ** 2 / cells).sum(), len(cells) - 1


def p_value(statistic, freedom):
    """If only one action is ever drawn, the assertions before have checked that it is the right one."""
    return stats.chi2.sf(statistic, freedom) if freedom else 1.0


SCHEDULES = {
    "constant": lambda k: 0.3,
    "falling": lambda k: 2.0 * 0.7**k,
    "rising": lambda k: 0.02 * 1.4**k,
    "oscillating": lambda k: 0.4 * 2.0 ** math.sin(k),
    "jumping": lambda k: (0.01, 5.0, 0.3, INF, 0.1)[k % 5],
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("actions", [10, 1000, 100_000])
def test_draws_follow_the_softmax_while_values_and_temperature_change(actions, schedule):
    rng = np.random.default_rng(17)
    sampler, total, freedom = BoltzmannSampler(rng.normal(size=actions)), 0.0, 0
    for round_ in range(15):
        temperature = SCHEDULES[schedule](round_)
        for action in rng.integers(actions, size=200):
            sampler.update(action, rng.normal() + (rng.random() < 0.01) * 3.0)
        for _ in range(20):  # the estimate of the drawn action changes, as in learning
            action = sampler.sample(rng, temperature)
            sampler.update(action, 0.9 * sampler.values[action] - 0.1)
        statistic, cells = chi_squared(sampler.sample(rng, temperature, 10_000), softmax(sampler.values, temperature))
        total, freedom = total + statistic, freedom + cells
    assert p_value(total, freedom) > ALPHA


@pytest.mark.parametrize("actions", [3, 300])
def test_single_draws_follow_the_softmax_when_everything_changes_at_each_step(actions):
    """F(a−) + U·p(a), which is uniform for every distribution, in 100 cells."""
    rng, n = np.random.default_rng(5), 10_000
    sampler, uniforms = BoltzmannSampler(np.zeros(actions)), []
    for step in range(n):
        temperature = 0.3 + 0.29 * math.sin(step / 50.0)
        p = softmax(sampler.values, temperature)
        action = sampler.sample(rng, temperature)
        uniforms.append(p[:action].sum() + rng.random() * p[action])
        sampler.update(action, sampler.values[action] + 0.2 * (rng.normal() - sampler.values[action]))
    found = np.bincount((np.array(uniforms) * 100.0).astype(int), minlength=100)
    assert stats.chisquare(found).pvalue > ALPHA


def test_the_chi_squared_test_detects_a_temperature_that_is_five_percent_off():
    values = np.random.default_rng(0).normal(size=1000)
    drawn = BoltzmannSampler(values).sample(np.random.default_rng(1), 0.3 * 1.05, 150_000)
    assert p_value(*chi_squared(drawn, softmax(values, 0.3))) < ALPHA


BIG = 1.7e308

# Values, and a temperature at which more than one of them is drawn, or which is a limit.
EXTREMES = [
    ([0.0, 1.0, 1.0, -INF], 0.0),
    ([-0.0, 0.0, -1e-300], 0.0),
    ([1.0, 2.0, -INF, -1e300], INF),
    ([BIG, -BIG, 0.0], 1e308),
    ([BIG, -BIG, BIG, -INF], 1e-300),
    ([1e300, -1e300, 0.0], 1e300),
    ([1e16, 1e16 + 2.0, 1e16 + 4.0, -5.0], 3.0),
    ([1e16, 1e16 - 4.0, 1e16 + 4.0, 0.0], 2.0),
    ([-1e15, -1e15 - 0.25, 0.125 - 1e15], 0.5),
    ([0.0, 5e-324, 1e-323, -1.0], 5e-324),
    ([0.0, 1e-310, -1e-310, -1e300], 2e-310),
    ([-1e10, 1e-300, 2e-300], 1e-300),
    ([-1e10, -1e10, -2e10], 1e-320),
    ([0.0] * 50 + [1.0] * 3, 0.25),
    ([-40.0] * 2000 + [-28.0] * 2000 + [0.0], 4.0),
    ([0.95, 0.0, 0.5], 1.0),
    ([7.0], 1.0),
]


@in_one_test(("values", "temperature"), EXTREMES)
def test_draws_follow_the_softmax_with_ties_gaps_subnormals_and_in_the_limits(values, temperature):
    drawn = BoltzmannSampler(values).sample(np.random.default_rng(3), temperature, 200_000)
    assert p_value(*chi_squared(drawn, softmax(values, temperature))) > ALPHA


@in_one_test(("values", "temperature"), EXTREMES)
def test_draws_follow_the_softmax_after_updates_at_another_temperature(values, temperature):
    rng = np.random.default_rng(4)
    sampler = BoltzmannSampler(np.zeros(len(values)))
    sampler.sample(rng, 1.0)
    for action, value in enumerate(values):
        sampler.update(action, value)
    drawn = sampler.sample(rng, temperature, 200_000)
    assert p_value(*chi_squared(drawn, softmax(values, temperature))) > ALPHA


def test_values_may_leave_the_range_of_the_cells_and_come_back():
    rng, temperature = np.random.default_rng(7), 1e-300
    sampler = BoltzmannSampler(np.zeros(3))
    near, high, low = [0.0, 1e-300, -1e10], [1e10, 2e10, 0.0], [-1e10, -2e10, -3e10]
    for values in (near, high, low, near, low, high, near):
        for action, value in enumerate(values):
            sampler.update(action, value)
        drawn = sampler.sample(rng, temperature, 20_000)
        assert p_value(*chi_squared(drawn, softmax(values, temperature))) > ALPHA


def check_cells(cells):
    """The invariants after any sequence of updates and draws."""
    used = np.flatnonzero(cells.keys != INF)
    assert len(used) == cells.sizes[0] <= len(cells.queue)
    assert len(set(cells.keys[used])) == len(used)
    held = []
    for slot in used:
        key, start, count, room = cells.keys[slot], cells.starts[slot], cells.counts[slot], cells.rooms[slot]
        inside = cells.pool[start : start + count]
        assert count <= room
        assert start + room <= cells.sizes[2] <= len(cells.pool)
        assert all(cell_of(float(value), cells.width) == key for value in cells.values[inside])
        np.testing.assert_array_equal(cells.places[inside], np.arange(count))
        held.extend(inside.tolist())
    assert sorted(held) == np.flatnonzero(cells.values > -INF).tolist()
    rooms = sorted((start, start + room) for start, room in zip(cells.starts[used], cells.rooms[used], strict=True))
    assert all(end <= start for (_, end), (start, _) in pairwise(rooms))
    queue = cells.queue[: cells.sizes[1]]
    assert sorted(queue) == sorted(cells.keys[used][cells.queued[used]])
    assert all(queue[(i - 1) // 2] >= queue[i] for i in range(1, len(queue)))
    full = cells.keys[used][cells.counts[used] > 0]
    assert set(full) <= set(queue)
    if len(full):
        assert queue[0] == full.max()


values_of = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-3.0, 3.0),
    st.sampled_from([0.0, -0.0, 1.0, -INF, 5e-324, 1e16, 1e16 + 2.0]),
)
temperatures_of = st.one_of(st.floats(0.05, 5.0), st.floats(min_value=0.0, allow_nan=False), st.just(0.0))


@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(values_of, min_size=1, max_size=8),
    changes=st.lists(st.tuples(st.integers(0, 7), values_of, temperatures_of), max_size=40),
    seed=st.integers(0, 2**32),
)
def test_the_invariants_of_the_cells_hold_after_any_updates_and_draws(values, changes, seed):
    rng = np.random.default_rng(seed)
    sampler, kept = BoltzmannSampler([*values, 0.0]), np.array([*values, 0.0])
    for action, value, temperature in changes:
        if action < len(values):
            sampler.update(action, value)
            kept[action] = value
        p = softmax(kept, temperature)
        drawn = sampler.sample(rng, temperature)
        assert p[drawn] > 0.0
        check_cells(sampler._cells)
        np.testing.assert_array_equal(sampler.values, kept)
        assert [sampler.probability(a, temperature) for a in range(len(p))] == p.tolist()
        assert sampler.entropy(temperature) == entropy(p)


def rearrangements(sampler, steps):
    """The number of rebuilds during draws, each with a temperature and perhaps an update."""
    rng, found, last = np.random.default_rng(2), 0, None
    for temperature, update in steps:
        if update:
            sampler.update(*update)
        sampler.sample(rng, temperature)
        found += sampler._cells is not last
        last = sampler._cells
    return found - 1  # the first build does not count


def test_the_invariants_of_the_cells_hold_in_long_sequences_that_fill_table_and_pool():
    rng = np.random.default_rng(8)
    sampler = BoltzmannSampler(np.zeros(300))
    for scale in (1e-6, 1.0, 1e9):
        changes = [(0.01, (action, scale * rng.normal())) for action in rng.integers(300, size=1500)]
        found = rearrangements(sampler, changes)
        assert (found > 0) == (scale > 1e-6)  # a few cells are never rebuilt
        check_cells(sampler._cells)


def uniforms_taken(sampler, temperature, draws):
    rng, stream = np.random.default_rng(9), np.random.default_rng(9).random(8 * draws).tolist()
    sampler.sample(rng, temperature, draws)
    return stream.index(rng.random())


@in_one_test("temperature", [1e-9, 0.01, 0.1, 0.3, 1.0, 30.0, 1e9])
@in_one_test("actions", [1, 10, 10_000])
def test_a_draw_takes_less_than_three_uniforms_on_average(actions, temperature):
    sampler = BoltzmannSampler(np.random.default_rng(0).normal(size=actions))
    assert 5000 <= uniforms_taken(sampler, temperature, 5000) < 15_000


@pytest.mark.parametrize("temperature", [0.0, INF])
def test_at_the_limits_a_draw_takes_exactly_one_uniform(temperature):
    assert uniforms_taken(BoltzmannSampler([0.0, 1.0, 1.0, -INF]), temperature, 100) == 100


def test_a_temperature_change_within_a_factor_of_two_rebuilds_nothing():
    sampler = BoltzmannSampler(np.random.default_rng(0).normal(size=100))
    assert rearrangements(sampler, [(0.25 * 2.0 ** math.sin(k), None) for k in range(2000)]) <= 1


def test_the_cost_of_a_rebuild_is_amortised_over_as_many_draws_as_actions():
    sampler = BoltzmannSampler(np.random.default_rng(0).normal(size=200))
    swinging = [(0.3 * 32.0 ** math.sin(2.0 * math.pi * k / 2000), None) for k in range(10_000)]
    assert rearrangements(sampler, swinging) <= 5 * 10  # ten factors of 2 in each of the five swings


def test_an_outlier_that_comes_and_goes_above_many_ties_rebuilds_nothing():
    sampler = BoltzmannSampler(np.zeros(1000))
    flips = [(0.01, (k % 3, 1e6 if k % 2 else -5.0)) for k in range(2000)]
    assert rearrangements(sampler, flips) == 0


SCRIPT = """
import sys
if {hidden}: sys.modules["numba"] = None
import numpy as np
from boltzmann_rl import GaussianBandit
from boltzmann_rl.many_actions import BoltzmannSampler, play_many_arms
rng = np.random.default_rng(0)
sampler, drawn = BoltzmannSampler(rng.normal(size=60)), []
for temperature in (0.3, 1e-3, 20.0, 0.0, 1e-300, float("inf"), 0.05):
    for _ in range(30):
        drawn.append(sampler.sample(rng, temperature))
        sampler.update(drawn[-1], rng.normal() if len(drawn) % 7 else float("-inf"))
    drawn += sampler.sample(rng, temperature, 20).tolist()
drawn += play_many_arms(GaussianBandit(arms=30), lambda step: 2.0 * 0.98**step, steps=400, seed=1).actions.tolist()
print(drawn)
"""


@pytest.mark.parametrize("without", ["the compiler", "Numba"])
def test_without_numba_the_same_generator_draws_the_same_actions(without):
    def run(hidden, **environment):
        command = [sys.executable, "-W", "error", "-c", SCRIPT.format(hidden=hidden)]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    pytest.importorskip("numba")
    plain = run(True) if without == "Numba" else run(False, NUMBA_DISABLE_JIT="1")
    assert plain == run(False)


@in_one_test("values", [[0.0, math.nan], [0.0, INF], [-INF, -INF], [], [[0.0, 1.0]]])
def test_impossible_values_are_refused(values):
    with pytest.raises(ValueError, match="values"):
        BoltzmannSampler(values)


@in_one_test(
    ("action", "value", "error", "message"),
    [
        (2, 0.0, ValueError, r"action must be in \[0, 1\], got 2"),
        (-1, 0.0, ValueError, "action"),
        (0.0, 0.0, TypeError, "action"),
        (0, math.nan, ValueError, "value must be a number, got nan"),
        (0, INF, ValueError, "value must be finite, or -inf"),
        (0, "1", TypeError, "value"),
    ],
)
def test_an_impossible_update_is_refused_and_changes_nothing(action, value, error, message):
    sampler = BoltzmannSampler([0.0, 1.0])
    with pytest.raises(error, match=message):
        sampler.update(action, value)
    assert sampler.values.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(("temperature", "error"), [(-1.0, ValueError), (math.nan, ValueError), ("1", TypeError)])
def test_an_impossible_temperature_is_refused(temperature, error):
    sampler = BoltzmannSampler([0.0, 1.0])
    for call in (
        lambda: sampler.sample(np.random.default_rng(0), temperature),
        lambda: sampler.probability(0, temperature),
        lambda: sampler.entropy(temperature),
    ):
        with pytest.raises(error, match="temperature"):
            call()


def test_a_generator_is_required():
    with pytest.raises(TypeError, match="rng must be a numpy"):
        BoltzmannSampler([0.0]).sample(0, 1.0)


def test_a_draw_is_refused_while_no_action_is_available():
    sampler, rng = BoltzmannSampler([0.0, 1.0]), np.random.default_rng(0)
    for action in (0, 1):
        sampler.update(0, -INF)
        sampler.update(1, -INF)
        with pytest.raises(ValueError, match="no action available"):
            sampler.sample(rng, 1.0)
        sampler.update(action, 3.0)
        assert sampler.sample(rng, 1.0) == action


def test_the_given_values_are_copied_and_never_written_to():
    values = np.array([0.0, 1.0])
    sampler = BoltzmannSampler(values)
    values[0] = 5.0
    assert len(sampler) == 2
    with pytest.raises(ValueError, match="read-only"):
        sampler.values[0] = 5.0
    assert sampler.values.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda sampler: pickle.loads(pickle.dumps(sampler))])
def test_a_copy_draws_as_the_original_would(copied):
    def go_on(sampler):
        rng, drawn = np.random.default_rng(6), []
        for _ in range(100):
            drawn.append(sampler.sample(rng, 0.5))
            sampler.update(drawn[-1], rng.normal())
        return drawn, sampler.values.tolist()

    original = BoltzmannSampler(np.zeros(20))
    original.sample(np.random.default_rng(0), 1.0)
    assert go_on(copied(original)) == go_on(original)


def test_a_run_has_the_probabilities_worked_by_hand_at_each_step():
    """The probability of every sequence of arms, by hand: sample averages from 0 of rewards without noise."""
    means, temperatures, runs = (1.0, -0.5, 0.2), (0.7, INF, 0.3, 0.9), 3000
    sequences = list(product(range(3), repeat=4))
    expected = np.ones(len(sequences))
    for i, sequence in enumerate(sequences):
        values = [0.0, 0.0, 0.0]
        for arm, temperature in zip(sequence, temperatures, strict=True):
            weights = [math.exp(value / temperature) for value in values]
            expected[i] *= weights[arm] / sum(weights)
            values[arm] = means[arm]
    bandit = GaussianBandit(means, sd=0.0)
    found = [play_many_arms(bandit, lambda t: temperatures[t], steps=4, seed=seed).actions for seed in range(runs)]
    drawn = np.array(found) @ [27, 9, 3, 1]
    assert p_value(*chi_squared(drawn, expected)) > ALPHA


def test_a_run_averages_the_rewards_that_it_reports():
    bandit = GaussianBandit((0.3, 0.1, 0.2), sd=0.5)
    run = play_many_arms(bandit, 0.0, steps=500, seed=4)
    values, pulls = np.zeros(3), np.zeros(3)
    for action, reward in zip(run.actions, run.rewards, strict=True):
        assert values[action] == values.max()
        pulls[action] += 1
        values[action] += (reward - values[action]) / pulls[action]
    np.testing.assert_allclose(run.regret, 0.3 - np.array(bandit.means)[run.actions], atol=1e-15)
    noise = run.rewards - np.array(bandit.means)[run.actions]
    assert stats.kstest(noise, "norm", args=(0.0, 0.5)).pvalue > ALPHA


def test_the_same_seed_gives_the_same_run():
    runs = [play_many_arms(GaussianBandit(arms=50), 0.5, steps=200, seed=seed).actions.tolist() for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


@in_one_test(
    ("bandit", "temperature", "steps", "error", "message"),
    [
        (GaussianBandit(drift=0.1), 1.0, 5, ValueError, "drift=0"),
        (GaussianBandit(sd=1e308), 1.0, 5, ValueError, "rewards must be below"),
        (GaussianBandit, 1.0, 5, TypeError, "must be a GaussianBandit"),
        (GaussianBandit(), -1.0, 5, ValueError, "temperature must be 0 or more"),
        (GaussianBandit(), lambda step: 1.0 - step, 5, ValueError, "got -1.0 at step 2"),
        (GaussianBandit(), 1.0, 0, ValueError, "steps must be 1 or more"),
    ],
)
def test_invalid_runs_are_refused(bandit, temperature, steps, error, message):
    with pytest.raises(error, match=message):
        play_many_arms(bandit, temperature, steps=steps, seed=0)
