"""One decision: `act` with all its checks beside minimal NumPy without checks, and beside ``rng.choice``.

First in plain Python and NumPy, then with Numba: at many numbers of actions beside NumPy, for every kind of policy
beside a constant temperature, and the slowest thousandth of a million decisions beside the median. Steps are
consecutive, so that the time includes that of the schedules. Run: ``python benchmarks/decision.py``.
"""

import time
import timeit
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

import numpy as np
from rounds import Table, show, take_turns

from boltzmann_rl import (
    Agent,
    Boltzmann,
    Environment,
    EpsilonBoltzmann,
    EpsilonGreedy,
    GaussianBandit,
    Greedy,
    MaxBoltzmann,
    QLearning,
    RelativeToRange,
    RelativeToSpread,
    SampleAverage,
    Uniform,
    act,
    schedules,
)
from boltzmann_rl.decisions import machine
from boltzmann_rl.policies import GLIE, Mixture, Odds
from boltzmann_rl.policies.blocks import SIZE

TEMPERATURE, ACTIONS, SIZES, ROUNDS, LONG = 0.25, 10, (4, 10, 18, 32, 128), 15, 10**6
CALLS = SIZE  # in each round as many schedules are evaluated ahead as are used
BASE, LEAN, CHOICE = "Boltzmann(0.25)", "leanest NumPy, no checks", "rng.choice(p=softmax)"

COOLED, RATE = schedules.Exponential(1.0, 0.01, steps=LONG), schedules.Linear(1.0, 0.05, steps=LONG)


@dataclass(frozen=True)
class Own:
    """A user's policy: uniform, softmax, and greedy with the rest."""

    uniform: float
    soft: float
    temperature: float
    constant = True

    def __call__(self, values, step):
        """As the protocol of policies says."""
        return self.mixture(step).probabilities(values, step)

    def mixture(self, step, memory=None) -> Mixture:
        """The same at every step."""
        return Mixture(self.uniform, self.soft, 1.0 - self.uniform - self.soft, self.temperature)


CONSTANT = {
    BASE: Boltzmann(TEMPERATURE),
    "EpsilonGreedy": EpsilonGreedy(0.1),
    "EpsilonBoltzmann": EpsilonBoltzmann(0.1, TEMPERATURE),
    "MaxBoltzmann": MaxBoltzmann(0.1, TEMPERATURE),
    "Greedy": Greedy(),
    "Uniform": Uniform(),
}
SCHEDULED = {
    f"Boltzmann, {type(each).__name__}": Boltzmann(each)
    for each in (
        COOLED,
        RATE,
        schedules.Cosine(1.0, 0.1, steps=LONG),
        schedules.Power(1.0, 0.5),
        schedules.InverseTime(1.0, 1e-3),
        schedules.Logarithmic(1.0),
        schedules.WarmUp(COOLED, steps=1000),
    )
}
SCHEDULED |= {
    "EpsilonGreedy, schedule": EpsilonGreedy(RATE),
    "EpsilonBoltzmann, two schedules": EpsilonBoltzmann(RATE, COOLED),
    "MaxBoltzmann, two schedules": MaxBoltzmann(RATE, COOLED),
}
UNITS = {
    "Boltzmann, RelativeToRange": Boltzmann(RelativeToRange(0.3)),
    "Boltzmann, RelativeToRange, schedule": Boltzmann(RelativeToRange(COOLED)),
    "Boltzmann, RelativeToSpread": Boltzmann(RelativeToSpread(0.3)),
    "Boltzmann, GLIE": Boltzmann(GLIE()),
    "Boltzmann, Odds": Boltzmann(Odds(0.5, 9.0)),
}
OWN = {"a user's policy with `mixture`": Own(0.1, 0.5, TEMPERATURE)}


def deciding(policy, actions: int) -> Callable[[], object]:
    """One decision after another, at consecutive steps."""
    rng, step = np.random.default_rng(0), count()
    values = np.random.default_rng(1).normal(size=actions)
    return lambda: act(policy, values, rng, step=next(step))


def with_more(policy, actions: int) -> dict[str, Callable[[], object]]:
    """The same with a mask, and with its propensity."""
    rng, step = np.random.default_rng(0), count()
    values, mask = np.random.default_rng(1).normal(size=actions), np.ones(actions, dtype=np.int8)
    return {
        f"{BASE} with a mask": lambda: act(policy, values, rng, step=next(step), available=mask),
        f"{BASE} with its propensity": lambda: act(policy, values, rng, step=next(step), with_probability=True),
    }


def others(actions: int) -> dict[str, Callable[[], object]]:
    """The softmax decision without this package."""
    rng, values = np.random.default_rng(0), np.random.default_rng(1).normal(size=actions)

    def lean() -> int:
        cdf = np.exp((values - values.max()) / TEMPERATURE).cumsum()
        return int(cdf.searchsorted(rng.random() * cdf[-1], side="right"))

    def choice() -> int:
        weights = np.exp((values - values.max()) / TEMPERATURE)
        return int(rng.choice(actions, p=weights / weights.sum()))

    return {LEAN: lean, CHOICE: choice}


def each(way: Callable[[], object]) -> float:
    """Seconds per call."""
    return timeit.timeit(way, number=CALLS) / CALLS


def beside_numpy(title: str, numba: bool) -> Table:
    """The leanest NumPy is the baseline at each number of actions."""
    ways, limits = {}, {}
    for actions in SIZES:
        at = f", {actions} actions"
        ways |= {f"{name}{at}": way for name, way in others(actions).items()}
        few = 1 / 3 if actions <= 32 else 1 / 2
        for label, policy, compiled, plain in (
            ("act", CONSTANT[BASE], few, 1.15),
            ("act, cooled", SCHEDULED["Boltzmann, Exponential"], max(few, 1 / 2.5), 1.15),
            ("act, mixture", CONSTANT["EpsilonBoltzmann"], few, 2.2),
        ):
            ways[f"{label}{at}"], limits[f"{label}{at}"] = deciding(policy, actions), compiled if numba else plain
    bases = {way: f"{LEAN}, {way.split(', ')[-1]}" for way in ways}
    drawn = tuple(way for way in ways if way.endswith(f" {ACTIONS} actions"))
    return Table(title, bases, take_turns(ways, ROUNDS, each), drawn=drawn if numba else (), limits=limits)


def beside_constant(title: str, limit: float, numba: bool) -> Table:
    """Each kind of policy beside a constant temperature."""
    ways = {name: deciding(policy, ACTIONS) for name, policy in (CONSTANT | SCHEDULED | UNITS | OWN).items()}
    ways |= with_more(CONSTANT[BASE], ACTIONS)
    limits = dict.fromkeys(set(ways) - {BASE, *OWN}, limit)
    if numba:
        limits |= dict.fromkeys(OWN, limit)
    return Table(title, BASE, take_turns(ways, ROUNDS, each), limits=limits)


def tails(title: str) -> Table:
    """The time that one in a thousand of a million decisions takes, beside the median; other processes prolong it."""
    names = BASE, "EpsilonGreedy", "Boltzmann, Exponential", "MaxBoltzmann, two schedules"
    some = {name: policy for name, policy in (CONSTANT | SCHEDULED).items() if name in names}
    bases, limits, taken = {}, {}, defaultdict(list)
    for name, policy in list(some.items()) * 3:
        way, times = deciding(policy, ACTIONS), np.empty(LONG)
        for i in range(LONG):
            began = time.perf_counter()
            way()
            times[i] = time.perf_counter() - began
        middle, slow = f"{name}, median", f"{name}, p99.9"
        taken[middle].append(float(np.median(times)))
        taken[slow].append(float(np.quantile(times, 0.999)))
        bases |= {middle: middle, slow: middle}
        limits[slow] = 10.0
    return Table(title, bases, taken, limits=limits)


def in_engines() -> Iterator[Table]:
    """A user's policy in the compiled engines, beside the policy of this package with the same weights."""
    from boltzmann_rl.engines.compiled import bandits, tabular

    policies = {"EpsilonBoltzmann": CONSTANT["EpsilonBoltzmann"], "a user's policy": Own(0.1, 0.9, TEMPERATURE)}
    bandit, cliff = GaussianBandit(), Environment("CliffWalking-v1")
    some = {name: partial(bandits.simulate, bandit, Agent(SampleAverage(), each)) for name, each in policies.items()}
    ways = {name: partial(way, block=0, runs=500, steps=1000, seed=0) for name, way in some.items()}
    limits = {"a user's policy": 1.2}
    yield Table("A user's policy in the compiled engine for bandits", *_beside(ways), limits=limits)
    some = {name: partial(tabular.train, cliff, Agent(QLearning(), each)) for name, each in policies.items()}
    ways = {name: partial(way, episodes=2000, seed=0) for name, way in some.items()}
    yield Table("A user's policy in the compiled engine for environments", *_beside(ways), limits=limits)


def _beside(ways: dict[str, Callable[[], object]]) -> tuple[str, dict[str, list[float]]]:
    return next(iter(ways)), take_turns(ways, ROUNDS)


def tables() -> Iterator[Table]:
    """Two tables without Numba, and five with it."""
    yield beside_numpy("One decision, in plain Python and NumPy", numba=False)
    yield beside_constant(f"One decision among {ACTIONS}, in plain Python and NumPy", 1.45, numba=False)
    machine.prepare()
    if machine.ready is not None:
        yield beside_numpy("One decision, with Numba", numba=True)
        yield beside_constant(f"One decision among {ACTIONS}, with Numba", 1.3, numba=True)
        yield tails("A million decisions, with Numba")
        yield from in_engines()


if __name__ == "__main__":
    show(tables())
