"""A step with very many arms: draw from a Boltzmann policy, pull, average. Beside ten arms, and a softmax of all.

The time to set up the sampler is left out. Needs Numba. Run: ``python benchmarks/many_actions.py``.
"""

import time
from collections.abc import Callable, Iterator

import numpy as np
from rounds import Table, answered, show, take_turns

from boltzmann_rl.many_actions.draws import Run, run_bandit

STEPS, ROUNDS, SCANS = 200_000, 7, 20
SIZES = (10, 1000, 100_000, 1_000_000)


def sampler(arms: int, temperatures: np.ndarray) -> Callable[[], float]:
    """Times a step of the compiled sampler, in seconds."""
    rng = np.random.default_rng(0)
    means, noise = rng.normal(size=arms), rng.normal(size=len(temperatures))

    def seconds(steps: int) -> float:
        actions, rewards = np.empty(steps, dtype=np.int64), np.empty(steps)
        run = Run(temperatures[:steps], noise[:steps], actions, rewards, means, np.zeros(arms))
        began = time.perf_counter()
        run_bandit(run, np.random.default_rng(1))
        return time.perf_counter() - began

    return lambda: (seconds(len(temperatures)) - seconds(1)) / len(temperatures)


def scan(arms: int) -> float:
    """Seconds per step with a softmax of all values in NumPy."""
    rng = np.random.default_rng(0)
    means, values, pulls = rng.normal(size=arms), np.zeros(arms), np.zeros(arms)
    began = time.perf_counter()
    for step in range(SCANS):
        cdf = np.exp((values - values.max()) * np.log(step + 2.0)).cumsum()
        action = int(cdf.searchsorted(rng.random() * cdf[-1], side="right"))
        pulls[action] += 1.0
        values[action] += (rng.normal(means[action]) - values[action]) / pulls[action]
    return (time.perf_counter() - began) / SCANS


def schedules(arms: int, steps: int) -> dict[str, np.ndarray]:
    """Temperatures that change by at most a factor of 2 in ``arms`` steps."""
    step = np.arange(steps)
    swing = abs(step / arms % 8.0 - 4.0)
    return {
        "constant": np.full(steps, 0.2),
        "falling as 1/ln t": 1.0 / np.log(step + 2.0),
        "falling from 1 to 0.05": 0.05 ** (step / steps),
        "rising from 0.05 to 1": 0.05 ** (1.0 - step / steps),
        "oscillating between 0.05 and 0.8": 0.05 * 2.0**swing,
    }


def tables() -> Iterator[Table]:
    """The sampler relative to ten arms, a softmax of all values relative to the sampler, and schedules."""
    logarithmic = 1.0 / np.log(np.arange(STEPS) + 2.0)
    ways = {f"sampler, {arms:,} arms": sampler(arms, logarithmic) for arms in SIZES}
    bases = {f"softmax of all, {arms:,} arms": f"sampler, {arms:,} arms" for arms in SIZES}
    scans = {name: lambda arms=arms: scan(arms) for name, arms in zip(bases, SIZES, strict=True)}
    taken = take_turns({**ways, **scans}, ROUNDS, answered)
    bases |= dict.fromkeys(ways, f"sampler, {SIZES[0]:,} arms")
    yield Table("Very many arms, τ = 1/ln t", bases, taken, drawn=tuple(taken))
    for arms in (1000, 100_000):
        steps = max(STEPS, 10 * arms)
        ways = {name: sampler(arms, values) for name, values in schedules(arms, steps).items()}
        taken = take_turns(ways, ROUNDS, answered)
        yield Table(f"Schedules at {arms:,} arms", "constant", taken)


if __name__ == "__main__":
    show(tables())
