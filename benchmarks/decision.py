"""One decision: `act` with all its checks beside minimal NumPy without checks, and beside ``rng.choice``.

First in plain Python and NumPy, then with Numba. Run: ``python benchmarks/decision.py``.
"""

import timeit
from collections.abc import Callable, Iterator

import numpy as np
from rounds import Table, show, take_turns

from boltzmann_rl import Boltzmann, EpsilonGreedy, act, schedules
from boltzmann_rl.decisions import machine

TEMPERATURE, CALLS, ROUNDS = 0.5, 200, 51


def contestants(actions: int) -> dict[str, Callable[[], object]]:
    """Six ways to make the same decision, by name."""
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
        "act": lambda: act(policy, values, rng, step=7),
        "act with a mask": lambda: act(policy, values, rng, step=7, available=mask),
        "act with a schedule": lambda: act(cooled, values, rng, step=7),
        "act, ε-greedy": lambda: act(greedy, values, rng, step=7),
        "leanest NumPy, no checks": lean,
        "rng.choice(p=softmax)": choice,
    }


def each(way: Callable[[], object]) -> float:
    """Seconds per call."""
    return timeit.timeit(way, number=CALLS) / CALLS


def tables() -> Iterator[Table]:
    """A table without Numba and one with it; `act` is the baseline for each number of actions."""
    sizes = {actions: contestants(actions) for actions in (4, 10, 18, 100)}
    ways = {f"{name}, {actions} actions": way for actions, some in sizes.items() for name, way in some.items()}
    bases = {way: f"act, {way.split(', ')[-1]}" for way in ways}
    yield Table("One decision, in plain Python and NumPy", bases, take_turns(ways, ROUNDS, each))
    machine.prepare()
    if machine.ready is not None:
        drawn = tuple(way for way in ways if way.endswith(" 10 actions"))
        yield Table("One decision, with Numba", bases, take_turns(ways, ROUNDS, each), drawn=drawn)


if __name__ == "__main__":
    show(tables())
