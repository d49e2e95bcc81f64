"""DQN in one file, to read and to modify. The three lines marked with ◀ are its exploration.

Needs ``pip install boltzmann-rl torch``. Run ``python docs/dqn.py --help``.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from torch import nn

import boltzmann_rl as brl

Decide = Callable[[np.ndarray, np.ndarray], np.ndarray]
POLICIES = {  # the steps are decisions of each environment
    "boltzmann": brl.Boltzmann(brl.schedules.Exponential(1.0, 0.05, steps=2_500)),
    "effective-actions": brl.Boltzmann(brl.EffectiveActions(brl.schedules.Linear(2.0, 1.1, steps=2_500))),
    "epsilon-greedy": brl.EpsilonGreedy(brl.schedules.Linear(1.0, 0.05, steps=2_500)),
}


@dataclass(frozen=True)
class Settings:
    """All settings of a training except the exploration. Steps are transitions, of all environments together."""

    environment: str = "CartPole-v1"
    environments: int = 4
    steps: int = 30_000
    learning_starts: int = 1_000
    steps_per_update: int = 2
    steps_per_target: int = 50
    evaluate_every: int = 2_000
    evaluations: int = 10
    memory: int = 50_000
    batch: int = 64
    discount: float = 0.99
    learning_rate: float = 2.3e-3
    hidden: int = 64


class Memory:
    """A replay buffer of the last transitions."""

    def __init__(self, size: int, observation: tuple[int, ...]) -> None:
        self.before, self.after = np.zeros((2, size, *observation), np.float32)
        self.action = np.zeros(size, np.int64)
        self.reward, self.terminated = np.zeros((2, size), np.float32)
        self.added = 0

    def add(self, *transition: Any) -> None:
        """Add a transition: observation, action, reward, next observation, whether that one is terminal."""
        place = self.added % len(self.action)
        arrays = self.before, self.action, self.reward, self.after, self.terminated
        for array, value in zip(arrays, transition, strict=True):
            array[place] = value
        self.added += 1

    def batch(self, size: int, rng: np.random.Generator) -> list[torch.Tensor]:
        """Transitions drawn with replacement; the arrays are in the order of the arguments of ``add``."""
        drawn = rng.integers(min(self.added, len(self.action)), size=size)
        arrays = self.before, self.action, self.reward, self.after, self.terminated
        return [torch.from_numpy(array[drawn]) for array in arrays]


def network(observations: int, actions: int, hidden: int) -> nn.Module:
    """A network of action values with two hidden layers."""
    return nn.Sequential(
        nn.Linear(observations, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, actions)
    )


def exploring(policy: Any, online: nn.Module, seed: int) -> Decide:
    """Actions for observations ``(environments, ...)``, each with the number of its decisions so far."""
    explorer = brl.Explorer(policy, np.random.default_rng([seed, 1]))  # ◀ 1

    def decide(observation: np.ndarray, decisions: np.ndarray) -> np.ndarray:
        q_values = online(torch.from_numpy(observation))  # ◀ 2
        return explorer(q_values, step=decisions)  # ◀ 3

    return decide


def compiled(policy: Any, online: nn.Module, seed: int) -> Decide:
    """The same, with network and exploration in one compiled call, which draws other random numbers."""
    from boltzmann_rl.backends.torch import act

    generator = torch.Generator().manual_seed(seed)

    @torch.compile(fullgraph=True)
    def actions(observation: torch.Tensor, uniforms: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
        return act(policy, uniforms, online(observation), step)

    def decide(observation: np.ndarray, decisions: np.ndarray) -> np.ndarray:
        uniforms = torch.rand(len(observation), generator=generator)
        return actions(torch.from_numpy(observation), uniforms, torch.from_numpy(decisions)).numpy()

    return decide


def train(policy: Any, settings: Settings, seed: int, deciding: Any = exploring) -> Iterator[tuple[int, float]]:
    """Train one agent; at each evaluation, yield the steps so far and the mean return of the greedy policy.

    ``policy`` is any callable ``(values, step) -> probabilities``; its step counts the decisions of an environment.
    ``deciding`` is `exploring` or `compiled`; the latter takes the policies of ``boltzmann_rl.backends``.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    envs = gymnasium.make_vec(settings.environment, settings.environments, vectorization_mode="sync")
    (size,), actions = envs.single_observation_space.shape, envs.single_action_space.n
    online, target = (network(size, actions, settings.hidden) for _ in range(2))
    target.load_state_dict(online.state_dict())
    decide = deciding(policy, online, seed)
    optimiser = torch.optim.Adam(online.parameters(), lr=settings.learning_rate)
    memory = Memory(settings.memory, (size,))
    observation, _ = envs.reset(seed=rng.integers(2**31, size=settings.environments).tolist())
    over, decisions = np.zeros(settings.environments, bool), np.zeros(settings.environments, np.int64)
    while memory.added < settings.steps:
        with torch.no_grad():
            action = decide(observation, decisions)
        following, reward, terminated, truncated, _ = envs.step(action)
        # Gymnasium resets an environment in the step after its last: that transition belongs to no episode.
        for row in np.flatnonzero(~over):
            memory.add(observation[row], action[row], reward[row], following[row], terminated[row])
            if memory.added > settings.learning_starts and memory.added % settings.steps_per_update == 0:
                learn(online, target, optimiser, memory.batch(settings.batch, rng), settings.discount)
            if memory.added % settings.steps_per_target == 0:
                target.load_state_dict(online.state_dict())
            if memory.added % settings.evaluate_every == 0:
                yield memory.added, evaluate(online, settings, seed)
        decisions += ~over
        observation, over = following, terminated | truncated
    envs.close()


def learn(online: nn.Module, target: nn.Module, optimiser: Any, batch: list[torch.Tensor], discount: float) -> None:
    """One gradient step. The targets bootstrap from all next observations that are not terminal, truncated ones too."""
    before, action, reward, after, terminated = batch
    with torch.no_grad():
        goal = reward + discount * (1.0 - terminated) * target(after).amax(dim=1)
    value = online(before).gather(1, action[:, None])[:, 0]
    optimiser.zero_grad()
    nn.functional.mse_loss(value, goal).backward()
    optimiser.step()


def evaluate(online: nn.Module, settings: Settings, seed: int) -> float:
    """The mean return of the greedy policy, from the same initial states each time."""
    envs = gymnasium.make_vec(settings.environment, settings.evaluations, vectorization_mode="sync")
    observation, _ = envs.reset(seed=10_000 + 1_000 * seed)
    returns, over = np.zeros(settings.evaluations), np.zeros(settings.evaluations, bool)
    while not over.all():
        with torch.no_grad():
            action = online(torch.from_numpy(observation)).argmax(dim=1).numpy()
        observation, reward, terminated, truncated, _ = envs.step(action)
        returns += np.where(over, 0.0, reward)
        over |= terminated | truncated
    envs.close()
    return float(returns.mean())


def main() -> None:
    """Train one agent from the command line."""
    parser = argparse.ArgumentParser(
        description="Train a small DQN that explores with boltzmann_rl, and print the returns of its greedy policy.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--policy", choices=POLICIES, default="boltzmann", help="how to explore")
    parser.add_argument("--environment", default="CartPole-v1", metavar="ID", help="one with vector observations")
    parser.add_argument("--steps", type=int, default=30_000, metavar="N", help="transitions to learn from")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of network, environments and exploration")
    parser.add_argument("--compile", action="store_true", help="compile network and exploration together")
    options = parser.parse_args()
    print(f"exploring with {POLICIES[options.policy]}")
    settings = Settings(environment=options.environment, steps=options.steps)
    deciding = compiled if options.compile else exploring
    for step, value in train(POLICIES[options.policy], settings, options.seed, deciding):
        print(f"{step:>8} steps: mean return {value:.1f} over {settings.evaluations} greedy episodes")


if __name__ == "__main__":
    main()
