"""Training with Q-learning on CliffWalking: how much of its time is spent in ``env.step`` alone, over the same actions.

No profiler: the whole loop, and the environment by itself fed with the actions that the loop took, best of several
rounds in turn. Run: ``python benchmarks/training.py``.
"""

import time
from itertools import islice
from typing import Any

import gymnasium

from boltzmann_rl import Agent, Boltzmann, Environment, EpsilonGreedy, QLearning, schedules
from boltzmann_rl.simulation.training import Training

STEPS, ROUNDS = 10_000, 9
POLICIES = {
    "Boltzmann": Boltzmann(0.1),
    "Boltzmann with a schedule": Boltzmann(schedules.Exponential(1.0, 0.1, steps=5000)),
    "ε-greedy": EpsilonGreedy(0.1),
}


def make() -> Any:
    return Environment("CliffWalking-v1", max_episode_steps=500).make()


def whole(agent: Agent) -> float:
    """Seconds for the loop."""
    steps = islice(Training(make(), agent, seed=0), STEPS)
    start = time.perf_counter()
    for _ in steps:
        pass
    return time.perf_counter() - start


def environment(actions: list[int]) -> float:
    """Seconds for the environment by itself."""
    env = make()
    env.reset(seed=0)
    start = time.perf_counter()
    for action in actions:
        _, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.reset()
    return time.perf_counter() - start


def vector(agent: Agent, rows: int) -> float:
    """Seconds for as many transitions of so many environments at once."""
    vector = gymnasium.make_vec("CliffWalking-v1", rows, vectorization_mode="sync", max_episode_steps=500)
    steps = islice(Training(vector, agent, seed=0), STEPS)
    start = time.perf_counter()
    for _ in steps:
        pass
    return time.perf_counter() - start


def main() -> None:
    for name, policy in POLICIES.items():
        agent, best, bare = Agent(QLearning(0.5), policy), float("inf"), float("inf")
        actions = [transition.action for transition in islice(Training(make(), agent, seed=0), STEPS)]
        for _ in range(ROUNDS):
            best, bare = min(best, whole(agent)), min(bare, environment(actions))
        ours = (best - bare) / bare
        print(f"{name:<26} {best / STEPS * 1e6:6.2f} µs a step, {bare / STEPS * 1e6:5.2f} of them env.step: ", end="")
        print(f"ours takes {ours:4.2f} times its time")
    for rows in (1, 4, 16):
        seconds = min(vector(agent, rows) for _ in range(3))
        print(f"{rows:>2} environments at once    {seconds / STEPS * 1e6:6.2f} µs a transition")


if __name__ == "__main__":
    main()
