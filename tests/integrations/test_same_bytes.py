"""The same bytes on clusters of dask and ray as in one process."""

import importlib.util

import numpy as np
import pandas as pd
import pytest

import boltzmann_rl as brl

TABLES = ("curves", "summary", "runs", "run_curves", "ranks")
AGENTS = {
    "cool": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)),
    "ε": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1)),
}
BANDITS = brl.BanditExperiment("bandits", brl.GaussianBandit(), AGENTS, runs=1200, steps=40)
LAKES = {"q": brl.Agent(brl.QLearning(0.3), brl.Boltzmann(0.1)), "s": brl.Agent(brl.SARSA(0.3), brl.Boltzmann(0.1))}
LAKE = brl.GymnasiumExperiment("lake", "FrozenLake-v1", LAKES, runs=12, episodes=10)


@pytest.mark.parametrize("where", ["dask", "ray"])
@pytest.mark.parametrize("experiment", [BANDITS, LAKE], ids=["bandits", "environments"])
def test_a_cluster_gives_the_bytes_of_one_process(tmp_path, where, experiment):
    if importlib.util.find_spec("distributed" if where == "dask" else where) is None:
        pytest.skip(f"{where} is not installed")
    alone = experiment.run(progress=False)
    there = experiment.run(progress=False, results=tmp_path, executor=where, jobs=2)
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(there, table), getattr(alone, table), check_exact=True)
    numbers = alone.run_curves.select_dtypes("number").to_numpy()
    assert np.isfinite(numbers).all()
