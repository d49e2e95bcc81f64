"""Draw ``tianshou.png``: Tianshou's DQN on CartPole-v1, exploring with its own ε and with a Boltzmann policy.

The runs are in ``tianshou.csv``. Needs ``pip install boltzmann-rl 'tianshou>=2'``, in a separate environment. Run:
``python docs/tianshou_cartpole.py``; with ``--train`` it trains all anew, which takes about eight minutes on one core.
"""

import argparse
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pandas as pd
import torch
from tianshou.algorithm.modelfree.dqn import DQN, DiscreteQLearningPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OffPolicyTrainerParams
from tianshou.utils.net.common import Net

import boltzmann_rl as brl
from boltzmann_rl.integrations.tianshou import ExploringPolicy
from boltzmann_rl.schedules import Exponential

SEEDS, STEPS, EVERY = 5, 12_000, 1_000
BOLTZMANN = brl.Boltzmann(Exponential(1.0, 0.05, steps=4_000))
EXPLORATIONS = {"ε-greedy, ε from 1 to 0.05": False, "Boltzmann, τ from 1 to 0.05": True}
RUNS = Path(__file__).with_name("tianshou.csv")


def vector(seed: int) -> Any:
    """A vector of one environment, since Tianshou's collectors take vectors."""
    env = DummyVectorEnv([lambda: gymnasium.make("CartPole-v1")])
    env.seed(seed)
    return env


def train(boltzmann: bool, seed: int, steps: int = STEPS) -> list[tuple[int, float]]:
    """Every thousand steps: their number, and the return of the greedy policy."""
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
    points = range(EVERY, steps + 1, EVERY)
    return [*zip(points, returns[-len(points) :], strict=True)]  # without the evaluation before the training


def judged() -> brl.Results:
    """The results of the runs that are kept."""
    metrics = [brl.Metric("return", "Return of the greedy policy", "reward per episode")]
    return brl.Results.of_runs(
        pd.read_csv(RUNS).assign(problem="CartPole-v1"), "Tianshou_on_CartPole-v1", metrics=metrics
    )


def main() -> None:
    """Draw the figure of the runs that are there or, with ``--train``, of new ones."""
    parser = argparse.ArgumentParser(description="Compare two explorations of Tianshou's DQN.")
    parser.add_argument("--train", action="store_true", help="train all agents anew")
    if parser.parse_args().train:
        torch.set_num_threads(1)
        rows = [
            (label, seed, *point)
            for label in EXPLORATIONS
            for seed in range(SEEDS)
            for point in train(EXPLORATIONS[label], seed)
        ]
        columns = ["agent", "seed", "step", "return"]
        pd.DataFrame(rows, columns=columns).to_csv(RUNS, index=False)
    results = judged()
    results.plot().savefig(RUNS.with_suffix(".png"), dpi=200, metadata={"Software": None})
    print(results.sentence)


if __name__ == "__main__":
    main()
