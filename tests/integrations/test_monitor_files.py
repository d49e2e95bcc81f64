"""Monitor files that Stable-Baselines3 itself writes are read as it reads them."""

import gymnasium
import pytest

from boltzmann_rl import logs

pytest.importorskip("stable_baselines3")
from stable_baselines3 import DQN
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.monitor import Monitor, load_results
from stable_baselines3.common.results_plotter import X_TIMESTEPS, ts2xy


def train(env, steps=300):
    settings = {"learning_starts": 50, "buffer_size": 300, "seed": 0, "device": "cpu"}
    DQN("MlpPolicy", env, policy_kwargs={"net_arch": [8]}, **settings).learn(steps)


def test_the_episodes_are_those_that_stable_baselines3_reads(tmp_path):
    """Each environment writes a file; Stable-Baselines3's own reader orders the episodes and counts the steps."""
    for envs in (1, 3):
        where = tmp_path / "DQN" / f"seed_{envs}"
        env = make_vec_env("CartPole-v1", n_envs=envs, seed=0, monitor_dir=str(where))
        train(env)
        env.close()
    table = logs.read_monitor(tmp_path)
    assert set(table["problem"]) == {"CartPole-v1"}
    for envs in (1, 3):
        theirs = load_results(str(tmp_path / "DQN" / f"seed_{envs}"))
        ours = table[table["seed"] == envs]
        steps, returns = ts2xy(theirs, X_TIMESTEPS)
        assert len(ours) == len(theirs) > 3
        assert ours["step"].tolist() == steps.tolist()
        assert ours["return"].tolist() == returns.tolist() == ours["length"].tolist()


def test_a_file_for_each_seed_is_a_run_for_each_seed(tmp_path):
    for seed in range(2):
        env = Monitor(gymnasium.make("CartPole-v1"), str(tmp_path / "random" / str(seed)))
        env.action_space.seed(seed)
        for episode in range(5):
            env.reset(seed=10 * seed + episode)
            while not any(env.step(env.action_space.sample())[2:4]):
                pass
        env.close()
    table = logs.read_monitor(tmp_path)
    assert table.groupby("seed").size().to_dict() == {0: 5, 1: 5}
    assert (table.groupby("seed")["length"].cumsum() == table["step"]).all()
