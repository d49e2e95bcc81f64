"""How often tuning finds a parameter within 2 % of the best, with a part of the runs of a full comparison.

The pools are simulated once: the testbed at 121 temperatures, FrozenLake at 30. Then every way chooses from resampled
runs, the same for all candidates. Budgets are parts of a full comparison of 30 candidates with 2,000 runs each. The
tables are those of ``docs/tuning.md``. Run: ``python benchmarks/tuning.py``, or with ``--quick`` for a tenth of it.
"""

import time
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir
from typing import NamedTuple

import numpy as np
from judgement import measured

from boltzmann_rl import (
    Agent,
    BanditExperiment,
    Boltzmann,
    Environment,
    GaussianBandit,
    GymnasiumExperiment,
    QLearning,
    SampleAverage,
)
from boltzmann_rl.statistics.halving import LEAST, Ask, Search, halved, refined, searched
from boltzmann_rl.statistics.kriging import fitted_curve
from boltzmann_rl.tuning.space import coarse_of
from boltzmann_rl.tuning.tables import WITHIN, within

FULL = 30 * 2_000
TOLERANCE = 0.02


class Pool(NamedTuple):
    """Losses ``(temperatures, runs)`` that stand for the truth."""

    temperatures: np.ndarray
    losses: np.ndarray

    @property
    def spacing(self) -> int:
        """The stride of the temperatures that begin, but for rounding."""
        return coarse_of(len(self.temperatures))[1]

    @property
    def excess(self) -> np.ndarray:
        """The excess of the mean loss over the least one, as a fraction of the least."""
        means = self.losses.mean(axis=1)
        return (means - means.min()) / abs(means.min())


def testbed(runs: int) -> tuple[np.ndarray, BanditExperiment]:
    """The shipped testbed, from 0.01 to 10."""
    grid = np.geomspace(0.01, 10.0, 121)
    agents = {f"{t:.4g}": Agent(SampleAverage(), Boltzmann(float(t))) for t in grid}
    return grid, BanditExperiment("testbed", GaussianBandit(arms=10), agents, runs=runs, steps=1000)


def lake(runs: int) -> tuple[np.ndarray, GymnasiumExperiment]:
    """FrozenLake, from 0.001 to 1."""
    grid = np.geomspace(0.001, 1.0, 30)
    agents = {f"{t:.4g}": Agent(QLearning(0.1, 0.95), Boltzmann(float(t))) for t in grid}
    return grid, GymnasiumExperiment("lake", Environment("FrozenLake-v1"), agents, runs=runs // 4, episodes=500)


def pools(runs: int) -> dict[str, Pool]:
    """Both pools, read from the folder of temporary files if they were simulated before."""
    found = {}
    for name, declared in (("testbed", testbed), ("FrozenLake", lake)):
        grid, experiment = declared(runs)
        file = Path(gettempdir()) / f"boltzmann_rl tuning {name} {runs}.npy"
        if not file.exists():
            metric, sign = ("regret", 1.0) if experiment.axis == "step" else ("return", -1.0)
            blocks = measured(experiment).values()
            np.save(file, sign * np.stack([np.concatenate([one.totals[metric] for one in each]) for each in blocks]))
        found[name] = Pool(grid, np.load(file))
    return found


class Resampled:
    """The losses of one seed: runs of a pool, drawn with replacement, the same for all candidates."""

    def __init__(self, pool: Pool, seed: int) -> None:
        self.pool, self.rng, self.rounds = pool, np.random.default_rng(seed), []

    def __call__(self, ask: Ask) -> np.ndarray:
        """The losses of candidates in a round."""
        if ask.round == len(self.rounds):
            self.rounds.append(self.rng.integers(self.pool.losses.shape[1], size=ask.runs))
        return self.pool.losses[list(ask.candidates)][:, self.rounds[ask.round]]


def uniform(losses: Resampled, pool: Pool, budget: int, shift: int) -> Search:
    """Equally many runs of each of 30 candidates."""
    some = [*range(0, len(pool.temperatures), max(len(pool.temperatures) // 30, 1))]
    each = losses(Ask(tuple(some), 0, budget // len(some)))
    return Search(some[int(each.mean(axis=1).argmin())], (each.shape[1],), dict(zip(some, each, strict=True)))


def halving(losses: Resampled, pool: Pool, budget: int, shift: int) -> Search:
    """Successive halving alone, of 30 candidates."""
    some = range(0, len(pool.temperatures), max(len(pool.temperatures) // 30, 1))
    return searched(halved(some, budget), losses)


def tuned(losses: Resampled, pool: Pool, budget: int, shift: int) -> Search:
    """What `boltzmann_rl.tune` does; ``shift`` moves the points with which it begins."""
    count = len(pool.temperatures)
    coarse = [point + shift for point in coarse_of(count) if point + shift < count]
    return searched(refined(np.log(pool.temperatures), coarse, budget), losses)


def quadratic(losses: Resampled, pool: Pool, budget: int, shift: int) -> Search:
    """The same runs, but a quadratic through the means of the three points with the most runs."""
    found, x = tuned(losses, pool, budget, shift), np.log(pool.temperatures)
    three = sorted(sorted(found.losses, key=lambda one: -len(found.losses[one]))[:3])
    means = np.array([found.losses[one].mean() for one in three])
    bend, slope, _ = np.polyfit(x[three], means, 2)
    least = np.clip(-slope / (2.0 * bend), x[three[0]], x[three[2]]) if bend > 0.0 else x[three[int(means.argmin())]]
    return found._replace(chosen=int(np.abs(x - least).argmin()))


# What each way is called, and whether it begins elsewhere with every seed.
WAYS: list[tuple[str, Callable[[Resampled, Pool, int, int], Search], bool]] = [
    ("30 or 31 candidates, equally many runs", uniform, False),
    ("successive halving of 30 or 31 candidates", halving, False),
    ("halving, then a quadratic", quadratic, False),
    ("halving, then a fitted curve: `tune`", tuned, False),
    ("the same, begun elsewhere", tuned, True),
]


def choices(known: dict[str, Pool], seeds: int) -> None:
    """How often each way chooses a temperature within 2 % of the best, and by how much it misses the best."""
    print(f"\n### Of {seeds} seeds, those within 2 % of the best (mean excess over the best)\n")
    print("| problem | candidates | way | " + " | ".join(f"{part:g} of the full budget" for part in PARTS) + " |")
    print("|--|--:|--|" + "--:|" * len(PARTS))
    for name, pool in known.items():
        for way, choose, shifts in WAYS:
            cells = []
            for part in PARTS:
                budget = int(part * FULL)
                found = [choose(Resampled(pool, n), pool, budget, n % pool.spacing * shifts) for n in range(seeds)]
                assert max(one.runs for one in found) <= budget
                excess = np.array([pool.excess[one.chosen] for one in found])
                cells.append(f"{(excess <= TOLERANCE).sum()} ({100.0 * excess.mean():.2f} %)")
            print(f"| {name} | {len(pool.temperatures)} | {way} | {' | '.join(cells)} |", flush=True)


PARTS = (0.05, 0.1, 0.2)


def curves(known: dict[str, Pool], seeds: int) -> None:
    """How well the fitted curve, the interval of the best temperature and the range within 5 % hold."""
    print(f"\n### The fitted curve ({seeds} seeds)\n")
    print("| problem | part of the full budget | band covers | within the true 5 % range | best is in its interval | "
          "the range: of the true one found | of the found one true |\n|--|--:|--:|--:|--:|--:|--:|")  # fmt: skip
    for name, pool in known.items():
        x, means, rows = np.log(pool.temperatures), pool.losses.mean(axis=1), []
        best, wide = x[means.argmin()], pool.excess <= WITHIN
        for part in PARTS[1:]:
            rows = []
            for seed in range(seeds):
                found = tuned(Resampled(pool, seed), pool, int(part * FULL), 0)
                curve = fitted_curve(x[list(found.losses)], list(found.losses.values()), x)
                (low, high), ends = curve.band(), curve.best(np.random.default_rng(seed))
                covered = (low <= means) & (means <= high)
                inside = within(curve.mean, found.chosen)
                hit = ends[0] - 1e-9 <= best <= ends[1] + 1e-9
                ranges = (inside & wide).sum() / wide.sum(), (inside & wide).sum() / inside.sum()
                rows.append((covered.mean(), covered[wide].mean(), hit, *ranges))
            numbers = " | ".join(f"{number:.3f}" for number in np.mean(rows, axis=0))
            print(f"| {name} | {part:g} | {numbers} |", flush=True)


def main() -> None:
    """Print tables in Markdown."""
    parser = ArgumentParser(prog="python benchmarks/tuning.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2,000 runs, not 20,000, and 20 seeds, not 200")
    options = parser.parse_args()
    began, seeds = time.perf_counter(), 20 if options.quick else 200
    known = pools(2_000 if options.quick else 20_000)
    print(f"({time.perf_counter() - began:.0f} s for the pools; at least {LEAST} runs a candidate)", flush=True)
    choices(known, seeds)
    curves(known, seeds)
    print(f"\n({time.perf_counter() - began:.0f} s)")


if __name__ == "__main__":
    main()
