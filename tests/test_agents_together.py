"""Agents that are simulated together share random numbers, and have the bytes that each of them has alone."""

import numpy as np
import pytest

import boltzmann_rl as brl
from boltzmann_rl.engines.compiled.bandits import simulate_agents, simulate_ranges
from boltzmann_rl.runs.records import encoded
from boltzmann_rl.schedules import Exponential

RANGES = [(1010, 20), (1300, 17)]

BANDITS = [
    brl.GaussianBandit(arms=3),
    brl.BernoulliBandit(arms=2),
    brl.HeavyTailedBandit(arms=2),
    brl.GaussianBandit(arms=3, drift=0.1),
    brl.RescaledBandit(brl.SwitchingBandit(brl.GaussianBandit(arms=2), 0.1), 10.0, -1.0),
]

ALIKE = [
    brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)),
    brl.Agent(brl.SampleAverage(), brl.Boltzmann(Exponential(1.0, 0.01, steps=50))),
    brl.Agent(brl.UCB1(), brl.Greedy()),
    brl.Agent(brl.SampleAverage(), brl.Boltzmann(1e-320)),  # left to the reference
    brl.Agent(brl.EveryActionFirst(brl.NoiseEstimate(brl.SampleAverage())), brl.Boltzmann(brl.RelativeToNoise(0.3))),
]

PERTURBING = [
    brl.Agent(brl.SampleAverage(), brl.BoltzmannGumbel(1.0)),
    brl.Agent(brl.NoiseEstimate(brl.SampleAverage()), brl.BoltzmannGumbel(brl.RelativeToNoise(0.35))),
    brl.Agent(brl.GaussianPosterior(), brl.GaussianThompson()),
]


@pytest.mark.parametrize("bandit", BANDITS, ids=repr)
@pytest.mark.parametrize("agents", [ALIKE, PERTURBING], ids=["one uniform", "one for each arm"])
def test_agents_together_have_the_bytes_that_each_has_alone(bandit, agents):
    work = {"steps": 70, "seed": 3, "windows": 7, "uncounted_steps": 5}
    together = simulate_agents(bandit, agents, RANGES, **work)
    for agent, blocks in zip(agents, together, strict=True):
        alone = simulate_ranges(bandit, agent, RANGES, **work)
        assert list(map(encoded, blocks)) == list(map(encoded, alone))


@pytest.mark.parametrize(
    ("agents", "ranges", "actions", "message"),
    [
        ([ALIKE[0], PERTURBING[0]], RANGES, (), "simulate them separately"),
        (ALIKE[:2], [(1010, 20), (20, 20)], (), "in the same block of"),
        (ALIKE[:2], RANGES[:1], [np.empty((70, 20), dtype=np.int64)], "of a single agent, got 2"),
    ],
)
def test_what_does_not_share_random_numbers_is_refused(agents, ranges, actions, message):
    with pytest.raises(ValueError, match=message):
        simulate_agents(BANDITS[0], agents, ranges, actions=actions, steps=70, seed=3)
