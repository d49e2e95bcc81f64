"""The reference engine beside the loop that a user would write: the ten-armed testbed, one Boltzmann agent.

2000 runs × 1000 steps × 10 arms, both in one process, in turn. The loop measures two curves; the engine measures nine,
checks every probability, and keeps its memory. Run: ``python benchmarks/testbed.py``.
"""

import statistics
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

from boltzmann_rl import Agent, BanditExperiment, Boltzmann, GaussianBandit, SampleAverage
from boltzmann_rl.runner import measure

RUNS, STEPS, ARMS, TEMPERATURE = 2000, 1000, 10, 0.25
ROUNDS = 5


def straightforward() -> None:
    """Vectorised over runs, as one writes it for this one case."""
    rng = np.random.default_rng(0)
    means = rng.normal(size=(RUNS, ARMS))
    q, n, rows, best = np.zeros((RUNS, ARMS)), np.zeros((RUNS, ARMS)), np.arange(RUNS), means.argmax(axis=1)
    reward_curve, best_curve = np.zeros(STEPS), np.zeros(STEPS)
    for step in range(STEPS):
        weights = np.exp((q - q.max(axis=1, keepdims=True)) / TEMPERATURE)
        p = weights / weights.sum(axis=1, keepdims=True)
        action = np.minimum((p.cumsum(axis=1) < rng.random((RUNS, 1))).sum(axis=1), ARMS - 1)
        reward = rng.normal(means[rows, action], 1.0)
        n[rows, action] += 1
        q[rows, action] += (reward - q[rows, action]) / n[rows, action]
        reward_curve[step], best_curve[step] = reward.mean(), (action == best).mean()


def engine(steps: int = STEPS) -> None:
    """The same with this package's reference engine, in one process."""
    experiment = BanditExperiment(
        name="benchmark",
        problem=GaussianBandit(arms=ARMS),
        agents={"Boltzmann": Agent(SampleAverage(), Boltzmann(TEMPERATURE))},
        runs=RUNS,
        steps=steps,
    )
    for _ in measure(experiment):
        pass


def seconds(function: Callable[[], None]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def peak_megabytes(steps: int) -> float:
    tracemalloc.start()
    engine(steps)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    pairs = [(seconds(straightforward), seconds(engine)) for _ in range(ROUNDS)]
    work = RUNS * STEPS / 1e9
    for name, times in zip(("straightforward NumPy", "reference engine"), zip(*pairs, strict=True), strict=True):
        print(f"{name:<24} {statistics.median(times) / work:6.0f} ns per run and step (median of {ROUNDS})")
    ratios = [ours / theirs for theirs, ours in pairs]
    print(f"{'ratio, pair by pair':<24} {statistics.median(ratios):6.2f} (from {min(ratios):.2f} to {max(ratios):.2f})")
    short, long = peak_megabytes(500), peak_megabytes(4000)
    print(f"{'peak memory':<24} {short:6.1f} MB for 500 steps, {long:.1f} MB for 4000; one array of all rewards would")
    print(f"{'':<24} take {RUNS * 4000 * 8 / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
