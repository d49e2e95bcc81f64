"""Draw ``torchrl.png``: TorchRL's DQN on CartPole-v1, exploring with its own module and with that of boltzmann_rl.

The runs are in ``torchrl.csv``. Needs ``pip install 'boltzmann-rl[torchrl]'``. Run ``python docs/torchrl_cartpole.py``;
with ``--train`` it trains all anew, which takes about eight minutes on one core.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
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

SEEDS, FRAMES, EVERY = 5, 12_000, 1_000
EXPLORATIONS = {
    "ε-greedy, ε from 1 to 0.05": lambda spec, seed: EGreedyModule(spec, 1.0, 0.05, annealing_num_steps=4_000),
    "Boltzmann, τ from 1 to 0.05": lambda spec, seed: ExplorationModule(
        brl.Boltzmann(Exponential(1.0, 0.05, steps=4_000)), spec, np.random.default_rng(seed)
    ),
}
RUNS = Path(__file__).with_name("torchrl.csv")


def train(make_exploration: Any, seed: int, frames: int = FRAMES) -> Iterator[tuple[float, ...]]:
    """Every thousand frames: their number, the greedy policy's return, and the share of decisions not greedy since."""
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
    explored = []
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
            yield number * 50, evaluate(actor, 1_000 + seed), np.mean(explored[-EVERY // 50 :])
    collector.shutdown()


def evaluate(actor: Any, seed: int, episodes: int = 5) -> float:
    """The mean return of the greedy policy, from the same initial states each time."""
    env = GymEnv("CartPole-v1")
    env.set_seed(seed)
    with torch.no_grad(), set_exploration_type(ExplorationType.DETERMINISTIC):
        return sum(len(env.rollout(500, actor)) for _ in range(episodes)) / episodes  # a reward of 1 a step


def judged() -> brl.Results:
    """The results of the runs that are kept."""
    metrics = [
        brl.Metric("return", "Return of the greedy policy", "reward per episode"),
        brl.Metric("explored", "Decisions that were not greedy", "share", "percent"),
    ]
    return brl.Results.of_runs(
        pd.read_csv(RUNS).assign(problem="CartPole-v1"), "TorchRL_on_CartPole-v1", metrics=metrics
    )


def main() -> None:
    """Draw the figure of the runs that are there or, with ``--train``, of new ones."""
    parser = argparse.ArgumentParser(description="Compare two explorations of TorchRL's DQN.")
    parser.add_argument("--train", action="store_true", help="train all agents anew")
    if parser.parse_args().train:
        torch.set_num_threads(1)
        rows = [
            (label, seed, *point)
            for label in EXPLORATIONS
            for seed in range(SEEDS)
            for point in train(EXPLORATIONS[label], seed)
        ]
        columns = ["agent", "seed", "step", "return", "explored"]
        pd.DataFrame(rows, columns=columns).to_csv(RUNS, index=False)
    results = judged()
    results.plot(["return", "explored"]).savefig(RUNS.with_suffix(".png"), dpi=200, metadata={"Software": None})
    print(results.sentence)


if __name__ == "__main__":
    main()
