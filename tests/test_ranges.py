"""Ranges of runs: more runs add ranges and change none, and ranges simulated together give the bytes of each alone."""

import dataclasses
import itertools
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest
from cases import in_one_test
from hypothesis import given, strategies as st
from recording import windows_of
from test_conformance_table import TABLE
from test_plan import bits

import boltzmann_rl as brl
from boltzmann_rl.engines.blocks import BLOCK
from boltzmann_rl.engines.metrics import window_means
from boltzmann_rl.kernels.jit import available
from boltzmann_rl.runs.plan import Cell, count_ranges, ranges, simulate_together
from boltzmann_rl.statistics.stopping import looks
from boltzmann_rl.streams import child_seed

NUMBA = pytest.mark.skipif(not available(), reason="needs Numba")

SOFT = brl.Boltzmann(0.3)
METRICS = ("reward", "regret", "temperature", "return", "length")


def cells_of(problem, agent, places, engine="reference", **changes):
    axis = "episode" if isinstance(problem, brl.Environment) else "step"
    work = {"length": 40, "seed": 3, "windows": 7} | changes
    return [Cell(problem, agent, axis, METRICS, engine, *place, **work) for place in places]


def assert_together_as_alone(cells):
    found = [bits(block) for block in simulate_together(cells)]
    assert found == [bits(cell.simulate()) for cell in cells]
    assert found != [found[0]] * len(found)
    assert found[::-1] == [bits(block) for block in simulate_together(cells[::-1])]


# --- the ranges ---------------------------------------------------------------------------------------------


@given(st.sampled_from(["step", "episode"]), st.integers(1, 5000))
def test_ranges_cover_every_run_once_and_are_counted_without_making_them(axis, runs):
    found = list(ranges(axis, runs))
    assert [run for first, number in found for run in range(first, first + number)] == list(range(runs))
    assert count_ranges(axis, runs) == len(found)


def test_the_ranges_of_a_bandit_end_at_fixed_runs_and_lie_within_a_block():
    assert [first + runs for first, runs in ranges("step", 4000)] == [10, 30, 100, 300, 1000, 2000, 3000, 4000]
    assert all(first // BLOCK == (first + runs - 1) // BLOCK for first, runs in ranges("step", 7777))


@given(st.sampled_from(["step", "episode"]), st.integers(1, 3000), st.integers(0, 3000))
def test_more_runs_change_no_complete_range(axis, runs, more):
    few, many = list(ranges(axis, runs)), list(ranges(axis, runs + more))
    assert many[: len(few) - 1] == few[:-1]
    assert many[len(few) - 1][0] == few[-1][0]


@pytest.mark.parametrize(
    "experiment",
    [
        brl.BanditExperiment("x", brl.GaussianBandit(), {"a": brl.Agent(brl.SampleAverage(), SOFT)}, runs=10**12),
        brl.GymnasiumExperiment("x", "FrozenLake-v1", {"a": brl.Agent(brl.QLearning(), SOFT)}, runs=10**12),
    ],
    ids=["bandits", "environments"],
)
def test_a_plan_of_a_trillion_runs_builds_none_of_them(experiment):
    tracemalloc.start()
    plan = experiment.plan()
    some = list(itertools.islice(plan.cells(), 1000))
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(plan) == (10**9 + 4 if experiment.axis == "step" else 10**12)
    assert len({(cell.first, cell.runs) for _, cell in some}) == 1000
    assert used < 10**7


@in_one_test("runs", [1, 29, 30, 31, 60, 999, 1000, 1001, 1110, 2712, 10_000])
def test_ranges_end_at_looks_and_at_blocks_and_cover_every_run_once(runs):
    found = list(ranges("step", runs, at_looks=True))
    ends = [first + size for first, size in found]
    assert [first for first, _ in found] == [0, *ends[:-1]]
    wanted = {look for look in looks(runs) if look < runs} | set(range(1000, runs, 1000)) | {runs}
    assert ends == sorted(wanted)
    assert count_ranges("step", runs, at_looks=True) == len(found)
    assert all(first // 1000 == (first + size - 1) // 1000 for first, size in found), "each lies in a block"
    assert list(ranges("episode", 7, at_looks=True)) == list(ranges("episode", 7))


# --- together -----------------------------------------------------------------------------------------------

PLACES = [(0, 10), (10, 20), (100, 37), (300, 1)]  # with a gap, as if that cell were stored already

# Policies that search for their probabilities in all rows at once are the most likely to mix up rows.
AGENTS = [
    brl.Agent(brl.SampleAverage(), policy)
    for policy, memory in TABLE
    if memory is None and not isinstance(policy, brl.BoltzmannGumbel)
] + [
    brl.Agent(brl.GaussianPosterior(), brl.GaussianThompson()),
    brl.Agent(brl.BetaPosterior(), brl.BetaThompson()),
    brl.Agent(brl.SampleAverage(), brl.BoltzmannGumbel(0.5), clock="pulls"),
    brl.Agent(brl.ValueDifference(brl.SampleAverage(), 1.0), brl.AdaptiveEpsilonGreedy()),
    brl.Agent(brl.GradientPreferences(0.2), brl.Boltzmann(1.0)),
    brl.Agent(brl.ConstantStep(0.1), SOFT),
    brl.Agent(brl.UCB1(), brl.Greedy()),
    brl.Agent(brl.UCB1Tuned(), brl.Greedy()),
    brl.Agent(brl.UCB1(brl.RelativeToNoise(0.7)), brl.Greedy()),
    brl.Agent(brl.EveryActionFirst(brl.NoiseEstimate(brl.SampleAverage())), brl.Boltzmann(brl.RelativeToNoise(0.4))),
    brl.Agent(brl.NoiseEstimate(brl.SampleAverage()), brl.BoltzmannGumbel(brl.RelativeToNoise(0.35))),
    brl.Agent(brl.Pursuit(0.1, 2.0), brl.Boltzmann(1.0)),
    brl.Agent(brl.ReinforcementComparison(0.1, 0.2, 1.0), brl.Boltzmann(1.0)),
    brl.exp3(5, 0.1),
    brl.tsallis_inf(),
    brl.exp3_plus_plus(),
]


@pytest.mark.parametrize("agent", AGENTS, ids=repr)
def test_the_reference_gives_the_same_bytes_together_and_alone(agent):
    assert_together_as_alone(cells_of(brl.BernoulliBandit(arms=5), agent, PLACES))


BANDITS = [
    brl.GaussianBandit(),
    brl.GaussianBandit(arms=3, drift=0.1),
    brl.BernoulliBandit(arms=4),
    brl.SwitchingBandit(brl.GaussianBandit(arms=4), 0.1),
    brl.HeavyTailedBandit(arms=4),
    brl.AdversarialBandit(((0.0, 1.0, 0.5), (1.0, 0.0, 0.25))),
]


@pytest.mark.parametrize("bandit", BANDITS, ids=repr)
def test_the_reference_gives_the_same_bytes_on_every_bandit(bandit):
    assert_together_as_alone(cells_of(bandit, brl.Agent(brl.SampleAverage(), SOFT), PLACES, uncounted=11))


@NUMBA
@pytest.mark.parametrize("bandit", BANDITS, ids=repr)
def test_the_compiled_engine_gives_the_same_bytes_together_and_alone(bandit):
    for number, policy in enumerate((SOFT, brl.EpsilonGreedy(0.1), brl.Greedy(), brl.EpsilonBoltzmann(0.1, 0.3))):
        places = [(number * BLOCK + first, runs) for first, runs in [*PLACES, (993, 7)]]
        agent = brl.Agent(brl.SampleAverage(), policy)
        assert_together_as_alone(cells_of(bandit, agent, places, "compiled", length=150, uncounted=11))


@NUMBA
def test_the_compiled_engine_gives_the_same_bytes_for_perturbed_values():
    agent = brl.Agent(brl.GaussianPosterior(), brl.GaussianThompson())
    assert_together_as_alone(cells_of(brl.GaussianBandit(arms=3), agent, [*PLACES, (997, 3)], "compiled", length=70))


@pytest.mark.parametrize("engine", ["reference", pytest.param("compiled", marks=NUMBA)])
def test_runs_of_an_environment_give_the_same_bytes_together_and_alone(engine):
    agent = brl.Agent(brl.QLearning(0.3), brl.Boltzmann(brl.schedules.Exponential(1.0, 0.1, steps=50)))
    for problem in (brl.Environment("FrozenLake-v1"), brl.Environment("CliffWalking-v1", max_episode_steps=60)):
        assert_together_as_alone(cells_of(problem, agent, [(0, 1), (1, 1), (7, 2), (1004, 1)], engine))


@dataclass(frozen=True)
class Explorer:
    """A learner that draws at random which estimate it believes in, sometimes late in a run."""

    after: int

    def start(self, shape, rng):
        return [np.zeros(shape), 0]

    def values(self, state):
        return state[0]

    def update(self, state, action, reward, probabilities, rng):
        values, step = state
        noise = rng.standard_normal(values.shape) if step >= self.after else 0.0
        return [values + noise, step + 1]


@pytest.mark.parametrize("after", [0, 25, 39])
def test_a_learner_that_draws_gives_each_range_its_own_stream(after):
    cells = cells_of(brl.GaussianBandit(arms=3), brl.Agent(Explorer(after), SOFT), [(0, 10), (10, 10), (30, 10)])
    assert_together_as_alone(cells)
    regrets = [block.windows["expected_regret"][:, -1] for block in simulate_together(cells)]
    assert len({regret.tobytes() for regret in regrets}) == 3


def test_cells_that_share_nothing_are_refused():
    agent = brl.Agent(brl.SampleAverage(), SOFT)
    one, other = cells_of(brl.GaussianBandit(), agent, [(0, 10), (1000, 10)])
    with pytest.raises(ValueError, match="within one block of 1000 runs"):
        simulate_together([one, other])
    with pytest.raises(ValueError, match="within one block of 1000 runs"):
        dataclasses.replace(one, runs=1001).simulate()
    with pytest.raises(ValueError, match="one agent and one problem"):
        simulate_together([one, dataclasses.replace(one, first=10, seed=4)])
    assert simulate_together([]) == []


# --- windows ------------------------------------------------------------------------------------------------


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 2**32))
def test_a_window_is_the_mean_of_its_steps(length, windows, seed):
    samples = np.random.default_rng(seed).standard_normal((3, length))
    found, number = window_means(samples, windows), min(windows, length)
    assert found.shape == (3, number)
    for means, run in zip(found, samples.tolist(), strict=True):
        assert means == pytest.approx(windows_of(run, number), rel=1e-14, abs=1e-15)


def test_the_windows_of_an_environment_are_those_of_its_episodes():
    environment = brl.Environment("CliffWalking-v1", max_episode_steps=60)
    agent = brl.Agent(brl.QLearning(0.5), brl.EpsilonGreedy(0.1))
    [cell] = cells_of(environment, agent, [(3, 2)])
    block = cell.simulate()
    for row, run in enumerate((3, 4)):
        episodes = list(brl.train(environment.make(), agent, episodes=40, seed=child_seed(3, "run", run)))
        for metric, attribute in (("return", "total_reward"), ("length", "length"), ("terminated", "terminated")):
            every = [float(getattr(episode, attribute)) for episode in episodes]
            np.testing.assert_allclose(block.windows[metric][row], windows_of(every, 7), rtol=1e-14)
    assert set(block.windows) == {"return", "length", "terminated", "regret"}  # METRICS names the last one
