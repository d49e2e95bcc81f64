"""A DQN on CartPole: ``docs/dqn.py`` with Boltzmann exploration, or as the first argument says, for 10,000 transitions.

``explorer``: by `boltzmann_rl.Explorer`; ``by_hand``: ε-greedy in NumPy; ``sb3``: the DQN of Stable-Baselines3.
"""

import sys
from pathlib import Path

import numpy as np
import torch

STEPS = 10_000


def by_hand(_policy, online, seed):
    """ε-greedy as one writes it, ε from 1 to 0.05 over 2,500 decisions of each environment."""
    rng = np.random.default_rng(seed)

    def decide(observation, decisions):
        q = online(torch.from_numpy(observation)).numpy()
        epsilon = np.maximum(0.05, 1.0 - 0.95 * decisions / 2_500)
        explores = rng.random(len(q)) < epsilon
        return np.where(explores, rng.integers(q.shape[1], size=len(q)), q.argmax(axis=1))

    return decide


torch.set_num_threads(1)
if sys.argv[1] == "sb3":
    from stable_baselines3 import DQN
    from stable_baselines3.common.env_util import make_vec_env

    settings = {"learning_starts": 1_000, "batch_size": 64, "buffer_size": 50_000, "learning_rate": 2.3e-3}
    settings |= {"train_freq": 1, "gradient_steps": 2, "target_update_interval": 50}  # for 4 environments: 2 in 4 steps
    model = DQN("MlpPolicy", make_vec_env("CartPole-v1", 4), seed=0, policy_kwargs={"net_arch": [64, 64]}, **settings)
    model.learn(STEPS)
else:
    sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
    import dqn

    deciding = dqn.exploring if sys.argv[1] == "explorer" else by_hand
    settings = dqn.Settings(steps=STEPS, evaluate_every=STEPS + 1)  # as SB3, without evaluations
    for _ in dqn.train(dqn.POLICIES["boltzmann"], settings, 0, deciding):
        pass
