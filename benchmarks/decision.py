"""One decision: `act` with all its checks beside the leanest NumPy without any, and beside ``rng.choice``.

Several rounds in turn, first without the compiled decisions and then with them: the best time of each way, and the
median of its ratios to the leanest NumPy of the same round. Run: ``python benchmarks/decision.py``.
"""

import statistics
import timeit
from collections.abc import Callable

import numpy as np

from boltzmann_rl import Boltzmann, EpsilonGreedy, act, schedules
from boltzmann_rl.policies import machine

TEMPERATURE, CALLS, ROUNDS = 0.5, 200, 51  # few enough for the first table to be over before many decisions were made


def contestants(actions: int) -> dict[str, Callable[[], object]]:
    """The same decision, in six ways."""
    rng = np.random.default_rng(0)
    values, mask = rng.normal(size=actions), np.ones(actions, dtype=np.int8)
    policy = Boltzmann(TEMPERATURE)
    greedy, cooled = EpsilonGreedy(0.1), Boltzmann(schedules.Exponential(1.0, 0.01, steps=1000))

    def lean() -> int:
        cdf = np.exp((values - values.max()) / TEMPERATURE).cumsum()
        return int(cdf.searchsorted(rng.random() * cdf[-1], side="right"))

    def choice() -> int:
        weights = np.exp((values - values.max()) / TEMPERATURE)
        return int(rng.choice(actions, p=weights / weights.sum()))

    return {
        "leanest NumPy, no checks": lean,
        "rng.choice(p=softmax)": choice,
        "act": lambda: act(policy, values, rng, step=7),
        "act with a mask": lambda: act(policy, values, rng, step=7, available=mask),
        "act with a schedule": lambda: act(cooled, values, rng, step=7),
        "act, ε-greedy": lambda: act(greedy, values, rng, step=7),
    }


def main() -> None:
    for compiled in (False, True):
        if compiled:
            machine.prepare()
            if machine.ready is None:
                return
        print("with Numba" if compiled else "in plain Python and NumPy")
        compare()


def compare() -> None:
    """One table: each way at several numbers of actions."""
    for actions in (4, 10, 18, 100):
        ways = contestants(actions)
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                times[name].append(timeit.timeit(way, number=CALLS) / CALLS)
        base = times["leanest NumPy, no checks"]
        print(f" {actions} actions")
        for name, seconds in times.items():
            ratio = statistics.median(ours / lean for ours, lean in zip(seconds, base, strict=True))
            print(f"  {name:<26} {min(seconds) * 1e6:6.2f} µs, {ratio:5.2f} times the leanest NumPy")


if __name__ == "__main__":
    main()
