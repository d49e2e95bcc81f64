"""Draw ``stable_baselines3.png``: DQN on CartPole-v1, with ε-greedy exploration and with two temperatures.

Settings: ``hyperparams/dqn.yml`` of RL Baselines3 Zoo, with a smaller network and fewer steps. The runs are in
``stable_baselines3.csv``. Needs ``pip install 'boltzmann-rl[sb3]'``. Run ``python docs/stable_baselines3_cartpole.py``;
with ``--train`` it trains all anew, which takes about five minutes on one core.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import gymnasium
import pandas as pd
import torch
from stable_baselines3.common.callbacks import EvalCallback
from stable_baselines3.common.logger import configure
from stable_baselines3.common.monitor import Monitor

import boltzmann_rl as brl
from boltzmann_rl.integrations.stable_baselines3 import ExploringDQN
from boltzmann_rl.schedules import Exponential, Linear

SEEDS, STEPS, EVERY = 5, 20_000, 1_000
EXPLORATIONS = {
    "ε-greedy, ε from 1 to 0.04": brl.EpsilonGreedy(Linear(1.0, 0.04, steps=4_000)),
    "Boltzmann, τ from 10 to 0.5 spreads": brl.Boltzmann(brl.RelativeToSpread(Exponential(10.0, 0.5, steps=4_000))),
    "Boltzmann, τ from 1 to 0.05": brl.Boltzmann(Exponential(1.0, 0.05, steps=4_000)),
}
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
COLUMNS = ["eval/mean_reward", "rollout/effective_actions"]
RUNS = Path(__file__).with_name("stable_baselines3.csv")


def trained(exploration: object, seed: int) -> Iterator[tuple[float, ...]]:
    """At each evaluation: steps, return, and the effective actions of the decisions since the last one."""
    evaluation = EvalCallback(Monitor(gymnasium.make("CartPole-v1")), eval_freq=EVERY, n_eval_episodes=5, verbose=0)
    evaluation.eval_env.seed(1_000 + seed)
    model = ExploringDQN("MlpPolicy", "CartPole-v1", exploration=exploration, seed=seed, **SETTINGS)
    with TemporaryDirectory() as folder:
        model.set_logger(configure(folder, ["csv"]))
        model.learn(STEPS, callback=evaluation, log_interval=None)
        model.logger.close()
        yield from pd.read_csv(Path(folder) / "progress.csv")[["time/total_timesteps", *COLUMNS]].itertuples(
            index=False
        )


def judged() -> brl.Results:
    """The results of the runs that are kept."""
    metrics = [
        brl.Metric("return", "Return of the greedy policy", "reward per episode"),
        brl.Metric("effective_actions", "Effective actions in training", "actions"),
    ]
    runs = pd.read_csv(RUNS).dropna()  # before the first evaluation all decisions are random
    return brl.Results.of_runs(runs.assign(problem="CartPole-v1"), "Stable-Baselines3_on_CartPole-v1", metrics=metrics)


def main() -> None:
    """Draw the figure of the runs that are there or, with ``--train``, of new ones."""
    parser = argparse.ArgumentParser(description="Compare explorations of Stable-Baselines3's DQN.")
    parser.add_argument("--train", action="store_true", help="train all agents anew")
    if parser.parse_args().train:
        torch.set_num_threads(1)
        rows = [
            (label, seed, *point)
            for label in EXPLORATIONS
            for seed in range(SEEDS)
            for point in trained(EXPLORATIONS[label], seed)
        ]
        columns = ["agent", "seed", "step", "return", "effective_actions"]
        pd.DataFrame(rows, columns=columns).to_csv(RUNS, index=False)
    results = judged()
    results.plot(["return", "effective_actions"]).savefig(
        RUNS.with_suffix(".png"), dpi=200, metadata={"Software": None}
    )
    print(results.sentence)


if __name__ == "__main__":
    main()
