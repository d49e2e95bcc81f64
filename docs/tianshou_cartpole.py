"""Draw ``tianshou.png``: Tianshou's DQN on CartPole-v1, exploring with its own ε and with a Boltzmann policy.

Needs ``pip install boltzmann-rl 'tianshou>=2'``, in a separate environment, and about eight minutes on one core.
Run: ``python docs/tianshou_cartpole.py``.
"""

from pathlib import Path
from typing import Any

import gymnasium
import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure
from tianshou.algorithm.modelfree.dqn import DQN, DiscreteQLearningPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OffPolicyTrainerParams
from tianshou.utils.net.common import Net

import boltzmann_rl as brl
from boltzmann_rl.integrations.tianshou import ExploringPolicy
from boltzmann_rl.schedules import Exponential
from boltzmann_rl.statistics.intervals import mean_interval

SEEDS, STEPS, EVERY = 5, 12_000, 1_000
BOLTZMANN = brl.Boltzmann(Exponential(1.0, 0.05, steps=4_000))
EXPLORATIONS = {"ε-greedy, ε from 1 to 0.05": "#0072B2", "Boltzmann, temperature from 1 to 0.05": "#D55E00"}


def vector(seed: int) -> Any:
    """A vector of one environment, since Tianshou's collectors take vectors."""
    env = DummyVectorEnv([lambda: gymnasium.make("CartPole-v1")])
    env.seed(seed)
    return env


def train(boltzmann: bool, seed: int, steps: int = STEPS) -> list[float]:
    """The return of the greedy policy after every thousand steps."""
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - the generator of Tianshou's ε and of its buffer
    model = Net(state_shape=4, action_shape=2, hidden_sizes=[64, 64])
    parts = {"model": model, "action_space": gymnasium.spaces.Discrete(2)}
    if boltzmann:
        policy = ExploringPolicy(exploration=BOLTZMANN, rng=np.random.default_rng(seed), **parts)
    else:
        policy = DiscreteQLearningPolicy(**parts)
    algorithm = DQN(policy=policy, optim=AdamOptimizerFactory(lr=1e-3), gamma=0.99, target_update_freq=50)
    training = Collector(policy, vector(seed), VectorReplayBuffer(50_000, 1), exploration_noise=True)
    training.reset()
    training.collect(n_step=1_000, random=True)
    returns: list[float] = []
    algorithm.run_training(
        OffPolicyTrainerParams(
            training_collector=training,
            test_collector=Collector(policy, vector(1_000 + seed)),
            max_epochs=steps // EVERY,
            epoch_num_steps=EVERY,
            collection_step_num_env_steps=10,
            update_step_num_gradient_steps_per_sample=0.5,
            test_step_num_episodes=5,
            training_fn=None
            if boltzmann
            else lambda _, step: policy.set_eps_training(max(0.05, 1 - 0.95 * step / 4e3)),
            compute_score_fn=lambda found: returns.append(float(found.returns.mean())) or returns[-1],
            show_progress=False,
            verbose=False,
        )
    )
    return returns[-(steps // EVERY) :]  # without the evaluation before the training


def draw(curves: dict[str, Any]) -> Figure:
    """The curve of each seed, and their means with confidence bands."""
    with mpl.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(4.4, 2.8), layout="constrained")
        ax = figure.subplots()
        for (name, colour), returns in zip(EXPLORATIONS.items(), curves.values(), strict=True):
            steps = np.arange(1, returns.shape[1] + 1) * EVERY / 1_000
            mean, low, high = np.array([mean_interval(column) for column in returns.T]).T
            ax.plot(steps, returns.T, color=colour, linewidth=0.4, alpha=0.4)
            ax.plot(steps, mean, color=colour, linewidth=1.6, label=name)
            ax.fill_between(steps, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.set_title("Return of the greedy policy", loc="left", fontsize=8)
        ax.set(xlabel="steps (thousands)", xlim=(1, steps[-1]), ylim=(0, 500))
        ax.legend(frameon=False, labelcolor="linecolor", handlelength=0, loc="upper left")
        figure.supxlabel(f"CartPole-v1, {len(returns)} seeds; bands: 95 % confidence intervals of the mean", fontsize=7)
    return figure


if __name__ == "__main__":
    torch.set_num_threads(1)
    curves = {name: np.array([train(name.startswith("Boltzmann"), s) for s in range(SEEDS)]) for name in EXPLORATIONS}
    draw(curves).savefig(Path(__file__).with_name("tianshou.png"), dpi=200, metadata={"Software": None})
    egreedy, boltzmann = (returns.mean(axis=1) for returns in curves.values())
    print("mean return over the training, of the seeds:", egreedy.round(), boltzmann.round())
    print("Boltzmann less ε-greedy, mean and 95 % interval:", np.round(mean_interval(boltzmann - egreedy), 1))
