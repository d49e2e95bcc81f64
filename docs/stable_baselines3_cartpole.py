"""Draw ``stable_baselines3.png``: DQN on CartPole-v1, with ε-greedy exploration and with two temperatures.

Settings: ``hyperparams/dqn.yml`` of RL Baselines3 Zoo, with a smaller network and fewer steps. Needs ``pip install
'boltzmann-rl[sb3]'`` and about five minutes on one core. Run: ``python docs/stable_baselines3_cartpole.py``.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import gymnasium
import matplotlib as mpl
import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from scipy import stats
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.logger import configure
from stable_baselines3.common.monitor import Monitor

import boltzmann_rl as brl
from boltzmann_rl.integrations.stable_baselines3 import ExploringDQN
from boltzmann_rl.schedules import Exponential, Linear

SEEDS, STEPS, EVERY = 5, 20_000, 1_000
EXPLORATIONS = {
    "ε-greedy, ε from 1 to 0.04": brl.EpsilonGreedy(Linear(1.0, 0.04, steps=4_000)),
    "relative temperature, 10 to 0.5 spreads": brl.Boltzmann(brl.RelativeToSpread(Exponential(10.0, 0.5, steps=4_000))),
    "temperature from 1 to 0.05": brl.Boltzmann(Exponential(1.0, 0.05, steps=4_000)),
}
COLOURS = ("#0072B2", "#D55E00", "#009E73")
SETTINGS = {
    "learning_rate": 2.3e-3,
    "batch_size": 64,
    "buffer_size": 100_000,
    "learning_starts": 1_000,
    "target_update_interval": 10,
    "train_freq": 256,
    "gradient_steps": 128,
    "policy_kwargs": {"net_arch": [64, 64]},
    "device": "cpu",
}
PANELS = {
    "eval/mean_reward": "Return of the greedy policy",
    "rollout/effective_actions": "Effective actions, exp(entropy), in training",
}


def trained(exploration: object, seed: int) -> pd.DataFrame:
    """The log of one training: a row for each evaluation, with means over the decisions since the last one."""
    evaluation = EvalCallback(Monitor(gymnasium.make("CartPole-v1")), eval_freq=EVERY, n_eval_episodes=5, verbose=0)
    evaluation.eval_env.seed(1_000 + seed)
    model = ExploringDQN("MlpPolicy", "CartPole-v1", exploration=exploration, seed=seed, **SETTINGS)
    with TemporaryDirectory() as folder:
        model.set_logger(configure(folder, ["csv"]))
        model.learn(STEPS, callback=evaluation, log_interval=None)
        model.logger.close()
        return pd.read_csv(Path(folder) / "progress.csv").set_index("time/total_timesteps")[list(PANELS)]


def draw(runs: dict[str, list[pd.DataFrame]]) -> None:
    """Draw the means with confidence bands, beside this file."""
    with mpl.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(7.2, 2.8), layout="constrained")
        axes = figure.subplots(1, 2)
        for ax, (column, title) in zip(axes, PANELS.items(), strict=True):
            for (name, frames), colour in zip(runs.items(), COLOURS, strict=True):
                curves = np.array([frame[column] for frame in frames])
                mean = curves.mean(axis=0)
                half = stats.t.ppf(0.975, SEEDS - 1) * curves.std(axis=0, ddof=1) / np.sqrt(SEEDS)
                step = frames[0].index / 1_000
                ax.plot(step, mean, color=colour, label=name)
                ax.fill_between(step, mean - half, mean + half, color=colour, alpha=0.2, linewidth=0)
            ax.set_title(title, loc="left", fontsize=8)
            ax.set_xlabel("step (thousands)")
            ax.set(xlim=(0, STEPS / 1_000), xticks=range(0, STEPS // 1_000 + 1, 5))
        axes[0].set_ylim(0, 500)
        axes[1].set_ylim(1, 2)
        axes[1].legend(frameon=False, labelcolor="linecolor", handlelength=0, loc="upper right")
        figure.supxlabel(f"CartPole-v1, {SEEDS} seeds; bands: 95 % confidence intervals of the mean", fontsize=7)
        figure.savefig(Path(__file__).with_name("stable_baselines3.png"), dpi=200, metadata={"Software": None})


if __name__ == "__main__":
    torch.set_num_threads(1)
    draw({name: [trained(policy, seed) for seed in range(SEEDS)] for name, policy in EXPLORATIONS.items()})
