"""Draw ``torchrl.png``: TorchRL's DQN on CartPole-v1, exploring with its own module and with that of boltzmann_rl.

Needs ``pip install 'boltzmann-rl[torchrl]'`` and about eight minutes on one core. Run: ``python
docs/torchrl_cartpole.py``.
"""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure
from tensordict.nn import TensorDictSequential
from torchrl.collectors import Collector
from torchrl.data import LazyTensorStorage, ReplayBuffer
from torchrl.envs import GymEnv
from torchrl.envs.utils import ExplorationType, set_exploration_type
from torchrl.modules import MLP, EGreedyModule, QValueActor
from torchrl.objectives import DQNLoss, HardUpdate

import boltzmann_rl as brl
from boltzmann_rl.integrations.torchrl import ExplorationModule
from boltzmann_rl.schedules import Exponential
from boltzmann_rl.statistics.intervals import mean_interval

SEEDS, FRAMES, EVERY = 5, 12_000, 1_000
EXPLORATIONS = {
    "EGreedyModule, ε from 1 to 0.05": lambda spec, seed: EGreedyModule(spec, 1.0, 0.05, annealing_num_steps=4_000),
    "Boltzmann, temperature from 1 to 0.05": lambda spec, seed: ExplorationModule(
        brl.Boltzmann(Exponential(1.0, 0.05, steps=4_000)), spec, np.random.default_rng(seed)
    ),
}
COLOURS = ("#0072B2", "#D55E00")
PANELS = ("Return of the greedy policy", "Share of decisions that were not greedy")


def train(make_exploration: Any, seed: int, frames: int = FRAMES) -> Any:
    """For every thousand frames: the return of the greedy policy after them, and the fraction that explored in them."""
    torch.manual_seed(seed)
    env = GymEnv("CartPole-v1")
    env.set_seed(seed)
    actor = QValueActor(MLP(4, 2, num_cells=[64, 64]), spec=env.action_spec, in_keys=["observation"])
    explore = make_exploration(env.action_spec, seed)
    collector = Collector(
        env,
        TensorDictSequential(actor, explore),
        frames_per_batch=50,
        total_frames=frames,
        auto_register_policy_transforms=False,
    )
    memory = ReplayBuffer(storage=LazyTensorStorage(50_000), batch_size=64)
    loss = DQNLoss(actor, action_space=env.action_spec, delay_value=True)
    loss.make_value_estimator(gamma=0.99)
    target, optimiser = HardUpdate(loss, value_network_update_interval=50), torch.optim.Adam(actor.parameters(), 1e-3)
    rows, explored = [], []
    for number, data in enumerate(collector, start=1):
        explore.step(data.numel())
        memory.extend(data)
        explored.append(float((data["action"].argmax(-1) != data["action_value"].argmax(-1)).float().mean()))
        for _ in range(25 if len(memory) >= 1_000 else 0):
            optimiser.zero_grad()
            loss(memory.sample())["loss"].backward()
            optimiser.step()
            target.step()
        if number * 50 % EVERY == 0:
            rows.append((evaluate(actor, 1_000 + seed), np.mean(explored[-EVERY // 50 :])))
    collector.shutdown()
    return np.array(rows)


def evaluate(actor: Any, seed: int, episodes: int = 5) -> float:
    """The mean return of the greedy policy, from the same initial states each time."""
    env = GymEnv("CartPole-v1")
    env.set_seed(seed)
    with torch.no_grad(), set_exploration_type(ExplorationType.DETERMINISTIC):
        return sum(len(env.rollout(500, actor)) for _ in range(episodes)) / episodes  # a reward of 1 a step


def draw(curves: dict[str, Any]) -> Figure:
    """The curve of each seed, and their means with confidence bands."""
    with mpl.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(7.2, 2.8), layout="constrained")
        for panel, (ax, title) in enumerate(zip(figure.subplots(1, 2), PANELS, strict=True)):
            for (name, runs), colour in zip(curves.items(), COLOURS, strict=True):
                steps = np.arange(1, runs.shape[1] + 1) * EVERY / 1_000
                mean, low, high = np.array([mean_interval(column) for column in runs[:, :, panel].T]).T
                ax.plot(steps, runs[:, :, panel].T, color=colour, linewidth=0.4, alpha=0.4)
                ax.plot(steps, mean, color=colour, linewidth=1.6, label=name)
                ax.fill_between(steps, low, high, color=colour, alpha=0.2, linewidth=0)
            ax.set_title(title, loc="left", fontsize=8)
            ax.set(xlabel="frames (thousands)", xlim=(0, steps[-1]), ylim=((0, 500), (0, 0.5))[panel])
        ax.legend(frameon=False, labelcolor="linecolor", handlelength=0, loc="upper right")
        figure.supxlabel(f"CartPole-v1, {len(runs)} seeds; bands: 95 % confidence intervals of the mean", fontsize=7)
    return figure


if __name__ == "__main__":
    torch.set_num_threads(1)
    found = {name: np.array([train(make, seed) for seed in range(SEEDS)]) for name, make in EXPLORATIONS.items()}
    draw(found).savefig(Path(__file__).with_name("torchrl.png"), dpi=200, metadata={"Software": None})
    egreedy, boltzmann = (runs[:, :, 0].mean(axis=1) for runs in found.values())
    print("mean return over the training, of the seeds:", egreedy.round(), boltzmann.round())
    print("Boltzmann less ε-greedy, mean and 95 % interval:", np.round(mean_interval(boltzmann - egreedy), 1))
