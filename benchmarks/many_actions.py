"""A step among very many arms: draw by Boltzmann, pull, average; beside the same step at ten arms, and a softmax scan.

The cost of the first arrangement is left out. Medians of several rounds in turn, ratios pair by pair. Needs Numba.
Run: ``python benchmarks/many_actions.py``.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

from boltzmann_rl.many_actions.draws import Run, play

STEPS, ROUNDS, SCANS = 200_000, 7, 20
SIZES = (10, 1000, 100_000, 1_000_000)


def sampler(arms: int, temperatures: np.ndarray) -> Callable[[], float]:
    """Nanoseconds a step of the compiled sampler."""
    rng = np.random.default_rng(0)
    means, noise = rng.normal(size=arms), rng.normal(size=len(temperatures))

    def seconds(steps: int) -> float:
        actions, rewards = np.empty(steps, dtype=np.int64), np.empty(steps)
        run = Run(temperatures[:steps], noise[:steps], actions, rewards, means, np.zeros(arms))
        began = time.perf_counter()
        play(run, np.random.default_rng(1))
        return time.perf_counter() - began

    return lambda: (seconds(len(temperatures)) - seconds(1)) / len(temperatures) * 1e9


def scan(arms: int) -> float:
    """Nanoseconds a step with NumPy's softmax of all values."""
    rng = np.random.default_rng(0)
    means, values, pulls = rng.normal(size=arms), np.zeros(arms), np.zeros(arms)
    began = time.perf_counter()
    for step in range(SCANS):
        cdf = np.exp((values - values.max()) * np.log(step + 2.0)).cumsum()
        action = int(cdf.searchsorted(rng.random() * cdf[-1], side="right"))
        pulls[action] += 1.0
        values[action] += (rng.normal(means[action]) - values[action]) / pulls[action]
    return (time.perf_counter() - began) / SCANS * 1e9


def rounds(ways: dict[str, Callable[[], float]], base: str) -> None:
    """Each way once a round; medians, and ratios to the base of the same round."""
    for way in ways.values():
        way()  # compiled, and the memory is there
    times = [{name: way() for name, way in ways.items()} for _ in range(ROUNDS)]
    for name in ways:
        ratio = statistics.median(one[name] / one[base] for one in times)
        print(f"  {name:<36} {statistics.median(one[name] for one in times):12,.0f} ns, {ratio:9.2f} times")


def schedules(arms: int, steps: int) -> dict[str, np.ndarray]:
    """Temperatures that change by at most a factor of 2 in as many steps as there are arms."""
    step = np.arange(steps)
    swing = abs(step / arms % 8.0 - 4.0)
    return {
        "constant": np.full(steps, 0.2),
        "falling as 1/ln t": 1.0 / np.log(step + 2.0),
        "falling from 1 to 0.05": 0.05 ** (step / steps),
        "rising from 0.05 to 1": 0.05 ** (1.0 - step / steps),
        "oscillating between 0.05 and 0.8": 0.05 * 2.0**swing,
    }


def main() -> None:
    logarithmic = 1.0 / np.log(np.arange(STEPS) + 2.0)
    print("a step with temperature 1/ln t, beside ten arms")
    rounds({f"{arms:,} arms": sampler(arms, logarithmic) for arms in SIZES}, base="10 arms")
    print("a step with temperature 1/ln t, beside the sampler")
    for arms in SIZES:
        name = f"sampler, {arms:,} arms"
        rounds({name: sampler(arms, logarithmic), "softmax scan": lambda arms=arms: scan(arms)}, base=name)
    for arms in (1000, 100_000):
        print(f"a step at {arms:,} arms, beside a constant temperature")
        steps = max(STEPS, 10 * arms)
        rounds({name: sampler(arms, values) for name, values in schedules(arms, steps).items()}, base="constant")


if __name__ == "__main__":
    main()
