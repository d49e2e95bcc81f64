"""How often intervals cover and equal agents are told apart, on laws and on drawn agents, beside Student's t.

Called ``judgement`` because a file ``statistics.py`` would hide Python's module from the other benchmarks. The tables
are those of ``docs/statistics.md``. Run: ``python benchmarks/judgement.py``, or with ``--quick`` for a tenth of it.
"""

import functools
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import special, stats

from boltzmann_rl import (
    Agent,
    BanditExperiment,
    BernoulliBandit,
    Boltzmann,
    Environment,
    EpsilonGreedy,
    GaussianBandit,
    GymnasiumExperiment,
    Moment,
    QLearning,
    SampleAverage,
    UniformMeans,
    invert,
    schedules,
    softmax,
)
from boltzmann_rl.engines.metrics import BANDITS, WINDOWS
from boltzmann_rl.engines.moments import Moments
from boltzmann_rl.results.averaging import FALSE_ALARM, averaging_rows
from boltzmann_rl.runs.plan import simulate_together
from boltzmann_rl.statistics.bands import can_be_drawn, simultaneous_band
from boltzmann_rl.statistics.comparison import all_pairs, compare, holm
from boltzmann_rl.statistics.differences import differences_of
from boltzmann_rl.statistics.estimates import (
    interquartile_mean,
    interquartile_mean_of_tasks,
    median,
    median_of_tasks,
    stratified_bootstrap,
)
from boltzmann_rl.statistics.forecasts import of_sums
from boltzmann_rl.statistics.intervals import mean_intervals, t_quantile
from boltzmann_rl.statistics.judgement import runs_that_choose
from boltzmann_rl.statistics.stopping import decisions, looks

Law = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
RUNS = (5, 10, 30, 200)
HALVES = (slice(None), slice(500, None))


class Drawn(NamedTuple):
    """A pair of simulated agents: differences of totals ``(runs,)`` and of windows ``(runs, windows)``."""

    totals: np.ndarray
    windows: dict[str, np.ndarray]


class Result(NamedTuple):
    """A table."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]


def testbed(runs: int) -> BanditExperiment:
    """Three agents of the shipped testbed."""
    agents = {
        "τ = 0.1": Agent(SampleAverage(), Boltzmann(0.1)),
        "τ = 0.25": Agent(SampleAverage(), Boltzmann(0.25)),
        "cooled": Agent(SampleAverage(), Boltzmann(schedules.Exponential(1.0, 0.05, steps=500))),
    }
    return BanditExperiment("testbed", GaussianBandit(arms=10), agents, runs=runs, steps=1000)


def pools(runs: int) -> dict[str, Drawn]:
    """Differences of three pairs of agents, over as many runs as stand for the truth."""
    lake = GymnasiumExperiment(
        "lake",
        Environment("FrozenLake-v1"),
        {
            "τ = 0.01": Agent(QLearning(0.1, 0.95), Boltzmann(0.01)),
            "ε = 0.1": Agent(QLearning(0.1, 0.95), EpsilonGreedy(0.1)),
        },
        runs=runs // 4,
        episodes=500,
    )
    found, agents = {}, measured(testbed(runs))
    for first in ("τ = 0.1", "cooled"):
        found[f"testbed, {first} − τ = 0.25"] = difference(agents[first], agents["τ = 0.25"], "reward")
    agents = measured(lake)
    found["FrozenLake, τ = 0.01 − ε = 0.1"] = difference(agents["τ = 0.01"], agents["ε = 0.1"], "return")
    return found


def measured(experiment: BanditExperiment | GymnasiumExperiment, windows: int = WINDOWS) -> dict[str, list]:
    """The blocks of every agent, in the order of the runs."""
    agents: dict[str, list] = {}
    for series in experiment.plan().series:
        cells = [cell for other, cell in experiment.plan().cells() if other.agent == series.agent]
        cells = [replace(cell, windows=windows) for cell in cells]
        step = 1000 if experiment.axis == "episode" else 1
        for start in range(0, len(cells), step):
            agents.setdefault(series.agent, []).extend(simulate_together(cells[start : start + step]))
    return agents


def difference(first: list, second: list | None, metric: str) -> Drawn:
    """First − second, run by run; the first alone if there is no second."""

    def joined(blocks: list, part: str, name: str) -> np.ndarray:
        return np.concatenate([getattr(block, part)[name] for block in blocks])

    def apart(part: str, name: str) -> np.ndarray:
        return joined(first, part, name) - (0.0 if second is None else joined(second, part, name))

    return Drawn(apart("totals", metric), {name: apart("windows", name) for name in first[0].windows})


def laws(drawn: dict[str, Drawn]) -> dict[str, Law]:
    """Differences of equal agents: laws with mean 0, and drawn agents less their true difference."""
    found: dict[str, Law] = {
        "normal": lambda rng, shape: rng.normal(size=shape),
        "exponential": lambda rng, shape: rng.exponential(size=shape) - 1.0,
        "lognormal": lambda rng, shape: np.exp(rng.normal(size=shape)) - np.exp(0.5),
    }
    for name, pair in drawn.items():
        found[name] = drawing(pair.totals - pair.totals.mean())
    return found


def drawing(totals: np.ndarray) -> Law:
    """Runs drawn from a pool."""
    return lambda rng, shape: totals[rng.integers(len(totals), size=shape)]


def coin(share: float) -> Law:
    """Zeros and ones."""
    return lambda rng, shape: (rng.random(shape) < share) * 1.0


# Not looked at when the stopping rule was chosen; of the last, no test can know before the loss is seen.
NEW: dict[str, Law] = {
    "Student's t, 3 degrees of freedom": lambda rng, shape: rng.standard_t(3, size=shape),
    "gamma(¼)": lambda rng, shape: rng.gamma(0.25, size=shape) - 0.25,
    "Pareto, tail index 2.5": lambda rng, shape: rng.pareto(2.5, size=shape) - 1.0 / 1.5,
    "a loss of 10 in 2 % of runs": lambda rng, shape: (
        np.where(rng.random(shape) < 0.02, -9.8, 0.2) + 0.1 * rng.normal(size=shape)
    ),
}


def intervals(nulls: int, drawn: dict[str, Drawn], rng: np.random.Generator) -> Result:
    """One mean: coverage of Student's t and of the rule."""
    rows = []
    for name, law in laws(drawn).items():
        for runs in RUNS:
            samples = law(rng, (nulls, runs))
            plain, (_, low, high) = student(samples), mean_intervals(samples)
            width = np.nanmean((high - low) / (plain[1] - plain[0]))
            rows.append((name, f"{runs}", covers(*plain, 0.0), covers(low, high, 0.0), f"{width:.2f}"))
    for share in (0.5, 0.02):
        for runs in RUNS:
            samples = coin(share)(rng, (nulls, runs))
            exact, wilson = mean_intervals(samples), mean_intervals(samples, shares="wilson")
            ends = covers(exact.low, exact.high, share), covers(wilson.low, wilson.high, share)
            rows.append((f"share {share:g}", f"{runs}", covers(*student(samples), share), ends[0], f"Wilson {ends[1]}"))
    return Result("Coverage of 95 % intervals of one mean", ("law", "runs", "t", "the rule", "width, in t's"), rows)


def student(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends of Student's interval; without width where nothing varies."""
    reach = t_quantile(samples.shape[-1]) * samples.std(axis=-1, ddof=1) / np.sqrt(samples.shape[-1])
    return samples.mean(axis=-1) - reach, samples.mean(axis=-1) + reach


def covers(low: np.ndarray, high: np.ndarray, true: float) -> str:
    """How often intervals cover; a missing one does not exclude anything."""
    return f"{1.0 - ((low > true + 1e-12) | (high < true - 1e-12)).mean():.3f}"


def one_pair(nulls: int, drawn: dict[str, Drawn], rng: np.random.Generator) -> Result:
    """Two equal agents: how often they are told apart at 0.05."""
    everything = {name: (law, None) for name, law in laws(drawn).items()}
    everything |= {f"two shares of {share:g}": (coin(share), coin(share)) for share in (0.5, 0.02)}
    rows = []
    for name, (law, other) in everything.items():
        for runs in RUNS:
            first = law(rng, (nulls, runs))
            second = np.zeros_like(first) if other is None else other(rng, (nulls, runs))
            low, high = student(first - second)
            plain = ((low > 1e-12) | (high < -1e-12)).mean()
            both = np.stack([first, second], axis=1)
            found = [compare(pair, [(0, 1)], rng, flips=999) for pair in both]
            told = np.mean([comparison.p_value[0] <= 0.05 for comparison in found])
            warned = np.mean([comparison.warning != "" for comparison in found])
            pairs = np.arange(2 * nulls).reshape(nulls, 2)
            alone = (differences_of(both.reshape(-1, runs), pairs).p_values <= 0.05).mean()
            rows.append((name, f"{runs}", f"{plain:.3f}", f"{alone:.3f}", f"{told:.3f}", f"{warned:.2f}"))
    head = ("law of the differences", "runs", "t", "paired_difference", "compare", "warned")
    return Result("Two equal agents told apart at level 0.05", head, rows)


def several(nulls: int, drawn: dict[str, Drawn], rng: np.random.Generator) -> Result:
    """Ten agents, all pairs: any false difference, simultaneous coverage, and power."""

    def half(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        found = rng.normal(size=shape)
        found[::2] = np.exp(rng.normal(size=found[::2].shape)) - np.exp(0.5)
        return found

    rows, pairs = [], all_pairs(10)
    true = (pairs[:, 0] < 5) & (pairs[:, 1] >= 5)  # that one agent is shifted and the other is not
    kinds = {"normal": laws({})["normal"], "half of them lognormal": half, "shares of 0.5": coin(0.5)}
    for name, law in kinds.items():
        for runs in (5, 10, 30):
            counts, powers = np.zeros(4), np.zeros(2)
            for _ in range(nulls):
                samples = law(rng, (10, runs))
                found = compare(samples, pairs, rng, flips=999)
                apart = ((found.low > 0.0) | (found.high < 0.0)).any()
                holms = plain_holm(samples, pairs).min() <= 0.05
                counts += (holms, found.p_value.min() <= 0.05, apart, found.warning != "")
                if name == "normal":
                    shifted = samples + np.repeat([0.0, 4.5 / np.sqrt(runs)], 5)[:, np.newaxis]
                    more = compare(shifted, pairs, rng, flips=999)
                    found_by = plain_holm(shifted, pairs), more.p_value
                    powers += [(p_values[true] <= 0.05).mean() for p_values in found_by]
            rate = counts / nulls
            power = [f"{number:.3f}" if name == "normal" else "" for number in powers / nulls]
            row = f"{rate[0]:.3f}", f"{rate[1]:.3f}", f"{1.0 - rate[2]:.3f}", f"{rate[3]:.2f}"
            rows.append((name, f"{runs}", *row, *power))
    head = ("law", "runs", "t with Holm: any false", "compare: any false", "all intervals cover", "warned")
    head = (*head, "power of t with Holm", "power of compare")
    return Result(f"Ten equal agents, all pairs ({nulls:,} experiments)", head, rows)


def plain_holm(samples: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Holm's correction of Student's paired t-tests; equal agents have p = 1."""
    differences = samples[pairs[:, 0]] - samples[pairs[:, 1]]
    with np.errstate(all="ignore"):
        t = differences.mean(axis=1) / differences.std(axis=1, ddof=1) * np.sqrt(samples.shape[1])
    return holm(np.nan_to_num(2.0 * special.stdtr(samples.shape[1] - 1.0, -np.abs(t)), nan=1.0))


def families(nulls: int, drawn: dict[str, Drawn], rng: np.random.Generator) -> Result:
    """False differences between the best agents of equal families, by the runs in which these are chosen."""
    rows = []
    for sizes in ((1, 8), (3, 8), (8, 8)):
        for runs in RUNS[1:]:
            told = np.zeros(3)
            third, half = runs_that_choose(runs), np.arange(runs) % 2 == 0
            for _ in range(nulls // 5):
                one, other = (rng.normal(size=(size, runs)) for size in sizes)
                same = best_of(one, slice(None)) - best_of(other, slice(None))
                chosen = (best_of(one, third) - best_of(other, third))[~third]
                crossed = np.where(
                    half, best_of(one, ~half) - best_of(other, ~half), best_of(one, half) - best_of(other, half)
                )
                told += [stats.ttest_1samp(sample, 0.0).pvalue <= 0.05 for sample in (same, crossed, chosen)]
            rows.append((f"{sizes[0]} and {sizes[1]}", f"{runs}", *(f"{rate:.3f}" for rate in told / (nulls // 5))))
    head = ("agents", "runs", "chosen in the same runs", "cross-fitted halves", "chosen in every third run")
    return Result("Families of equal agents told apart at level 0.05", head, rows)


def best_of(samples: np.ndarray, choosing: np.ndarray | slice) -> np.ndarray:
    """The samples of the agent with the highest mean in the choosing runs."""
    return samples[samples[:, choosing].mean(axis=1).argmax()]


def stopping(nulls: int, drawn: dict[str, Drawn], rng: np.random.Generator) -> Result:
    """False decisions over all looks; at a tenth of the nulls, the runs that true differences take."""
    at_most, rows = nulls, []
    nothing = {**laws(drawn), **{f"two shares of {share:g}": coins(share) for share in (0.5, 0.02)}, **NEW}
    for name, law in nothing.items():
        decided = np.concatenate([played(law(rng, (100, at_most)))[1] for _ in range(nulls // 100)])
        rows.append((name, "equal", f"{(decided != 0.0).mean():.3f}", "", "", ""))
    true: dict[str, tuple[float, Law]] = {
        f"normal, d = {d:g}": (d, lambda rng, shape, d=d: rng.normal(d, 1.0, size=shape))
        for d in (0.1, 0.15, 0.2, 0.3, 0.4)
    }
    for name, pair in drawn.items():
        d = pair.totals.mean() / pair.totals.std()
        true[name] = (d, drawing(pair.totals))
    for name, (d, law) in true.items():
        needed = [played(law(rng, (100, at_most))) for _ in range(max(nulls // 1000, 1))]
        runs, decided = (np.concatenate(part) for part in zip(*needed, strict=True))
        fixed = fixed_size(abs(d))
        wrong = (decided == -np.sign(d)).mean()
        mean = runs.mean()
        rows.append((name, f"d = {d:.2f}", f"{wrong:.3f}", f"{mean:,.0f}", f"{mean / fixed:.2f}", f"{mean / 2000:.0%}"))
    head = ("law of the differences", "truth", "false", "mean runs", "÷ fixed size of 90 % power", "of 2,000 runs")
    return Result(f"Stopping: false decisions at any look up to {at_most:,} runs", head, rows)


def coins(share: float) -> Law:
    """Differences of two separate coins."""
    return lambda rng, shape: coin(share)(rng, shape) - coin(share)(rng, shape)


def played(differences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs at the decision, or all, and which was ahead: 1, −1, or 0 for none."""
    ends = looks(differences.shape[1])
    starts, some = [0, *ends[:-1]], differences[:, : ends[-1]]
    sums = np.stack([np.add.reduceat(some**k, starts, axis=1).cumsum(axis=1) for k in (1, 2, 3)], axis=-1)
    runs, decided = np.full(len(differences), float(differences.shape[1])), np.zeros(len(differences))
    for k, look in enumerate(ends):
        found = np.nan_to_num(decisions(of_sums(sums[:, k], look), 0.05))
        now = (decided == 0.0) & (found != 0.0)
        runs[now], decided[now] = look, found[now]
    return runs, decided


def fixed_size(d: float) -> int:
    """Runs at which a paired t-test finds an effect size of d at 0.05 with probability 0.9."""
    runs = np.arange(3, 100_000)
    power = 1.0 - special.nctdtr(runs - 1.0, d * np.sqrt(runs), special.stdtrit(runs - 1.0, 0.975))
    return int(runs[np.argmax(power >= 0.9)])


def middles(nulls: int, drawn: dict[str, Drawn], rng: np.random.Generator) -> Result:
    """Coverage of interquartile means and medians, of one task and of several."""
    rows = []
    for name, law, quantile in (
        ("normal", laws({})["normal"], stats.norm.ppf),
        ("lognormal", laws({})["lognormal"], lambda p: np.exp(stats.norm.ppf(p)) - np.exp(0.5)),
    ):
        middle = quantile(np.linspace(0.25, 0.75, 100_001)).mean()
        for runs in RUNS:
            samples = law(rng, (nulls, runs))
            one, other = interquartile_mean(samples), median(samples)
            missing = "none" if np.isnan(other.low[0]) else covers(other.low, other.high, float(quantile(0.5)))
            rows.append((name, f"1 × {runs}", covers(one.low, one.high, middle), missing))
        for tasks, runs in ((5, 10), (20, 5), (20, 10), (20, 30)):
            shift = np.linspace(0.0, 1.0, tasks)[:, np.newaxis]
            known = law(rng, (tasks, 100_000)) + shift
            counts = np.zeros(2)
            for _ in range(nulls // 100):
                scores = law(rng, (tasks, runs)) + shift
                for k, statistic in enumerate((interquartile_mean_of_tasks, median_of_tasks)):
                    found = stratified_bootstrap(scores, statistic, rng, resamples=500)
                    counts[k] += found.low <= statistic(known) <= found.high
            rates = counts / (nulls // 20)
            rows.append((name, f"{tasks} × {runs}", f"{rates[0]:.3f}", f"{rates[1]:.3f}"))
    head = ("law", "tasks × runs", "interquartile mean", "median")
    return Result("Coverage of 95 % intervals of interquartile means and medians", head, rows)


def bands(nulls: int, drawn: dict[str, Drawn], rng: np.random.Generator) -> Result:
    """Simultaneous coverage of difference curves, over the points that can be drawn."""
    rows = []
    for name, pair in drawn.items():
        for metric in ("expected_reward", "reward") if "expected_reward" in pair.windows else ("return",):
            pool = pair.windows[metric]
            if metric != "expected_reward":
                pool = pool.reshape(len(pool), 20, -1).mean(axis=-1)
            for runs in (20, 50, 200):
                held, points, warned, drawn_bands = 0, 0.0, 0, 0
                for _ in range(nulls // 100):
                    some = pool[rng.integers(len(pool), size=runs)]
                    where = can_be_drawn(some)
                    points += where.mean()
                    if where.any():
                        band = simultaneous_band(some[:, where], "windows", rng, draws=500)
                        true = pool.mean(axis=0)[where]
                        held += bool(((band.low <= true) & (true <= band.high)).all())
                        warned, drawn_bands = warned + (band.warning != ""), drawn_bands + 1
                shares = (f"{held / drawn_bands:.3f}", f"{warned / drawn_bands:.2f}") if drawn_bands else ("", "")
                rows.append((name, f"{pool.shape[1]} of {metric}", f"{runs}", *shares, f"{points / (nulls // 20):.2f}"))
    return Result(
        f"Simultaneous coverage of bands ({nulls // 20:,} each)",
        ("differences", "windows", "runs", "coverage", "warned", "points drawn"),
        rows,
    )


def averaging(nulls: int, drawn: dict[str, Drawn], rng: np.random.Generator) -> Result:
    """What averaging over the policy's own probabilities gains at single steps, and that it changes no mean."""
    agents, rows = measured(testbed(nulls // 5), windows=1000), []
    curves = {f"testbed, {name}": difference(blocks, None, "reward").windows for name, blocks in agents.items()}
    for name in list(drawn)[:2]:
        first = name.removeprefix("testbed, ").split(" − ")[0]
        curves[name] = difference(agents[first], agents["τ = 0.25"], "reward").windows
    for name, windows in curves.items():
        raw, averaged = windows["reward"], windows["expected_reward"]
        gain = [raw[:, part].var(axis=0).sum() / averaged[:, part].var(axis=0).sum() for part in HALVES]
        whole = raw.mean(axis=1).var() / averaged.mean(axis=1).var()
        error = (raw - averaged).mean(axis=1)
        z = error.mean() / error.std(ddof=1) * np.sqrt(len(error))
        rows.append((name, *(f"{number:.2f}" for number in (*gain, whole, z))))
    head = ("curve", "all steps", "last 500", "totals", "z of the difference of the totals' means")
    return Result("Variance of raw rewards over that of probability-averaged ones", head, rows)


@dataclass(frozen=True)
class ProbabilityOfBest:
    """The policy's probability of the best arms."""

    def __call__(self, moment: Moment) -> np.ndarray:
        """The probability in every run."""
        best = moment.means == moment.means.max(axis=1, keepdims=True)
        return np.where(best, moment.probabilities, 0.0).sum(axis=1)


def not_averaged(nulls: int, drawn: dict[str, Drawn], rng: np.random.Generator) -> Result:
    """What averaging would gain in the two other panels of a figure."""
    experiment, rows = replace(testbed(nulls // 5), metrics={"of_best": ProbabilityOfBest()}), []
    for name, blocks in measured(experiment, windows=1000).items():
        windows = difference(blocks, None, "reward").windows
        chosen, average = windows["best_action"], windows["of_best"]
        gain = [chosen[:, part].var(axis=0).sum() / average[:, part].var(axis=0).sum() for part in HALVES]
        so_far = (windows[metric].cumsum(axis=1).var(axis=0) for metric in ("regret", "expected_regret"))
        regret, expected = so_far
        gain += [regret[part].sum() / expected[part].sum() for part in HALVES]
        rows.append((f"testbed, {name}", *(f"{number:.2f}" for number in gain)))
    head = ("curve", "best action, all steps", "last 500", "regret so far, all steps", "last 500")
    return Result("Variance of a curve as it happened over that of its average", head, rows)


@dataclass(frozen=True)
class Pretender:
    """States a softmax, but plays the best action for this share of the uniforms."""

    share: float

    def __call__(self, values: np.ndarray, step: int) -> np.ndarray:
        """The probabilities that it states."""
        return softmax(values, 0.5)

    def draw(self, values: np.ndarray, step: int, uniforms: np.ndarray) -> np.ndarray:
        """The actions that it plays."""
        honest = invert(self(values, step), np.maximum(uniforms - self.share, 0.0) / (1.0 - self.share))
        return np.where(uniforms < self.share, values.argmax(axis=-1), honest)


def p_values_of(blocks: list) -> list[float]:
    """The p-values of reward and regret of an agent whose runs have one window."""
    curves = {
        metric: functools.reduce(Moments.merge, [b.curves[metric] for b in blocks]) for metric in blocks[0].curves
    }
    means = {metric: np.concatenate([b.windows[metric][:, 0] for b in blocks]) for metric in blocks[0].windows}
    return [row["p_value"] for row in averaging_rows(BANDITS, curves, means)]


def same_means(nulls: int, drawn: dict[str, Drawn], rng: np.random.Generator) -> Result:
    """How often averages and outcomes are told apart: with equal means, and with different means."""
    bandits = {
        "normal rewards": GaussianBandit(),
        "no noise": GaussianBandit(sd=1e-9),
        "rare rewards": BernoulliBandit(UniformMeans(0.0, 0.02)),
    }
    honest = {
        "cold": Agent(SampleAverage(), Boltzmann(0.02)),
        "rarely": Agent(SampleAverage(initial=1.0), EpsilonGreedy(0.001)),
    }
    agents = {**honest, "5 %": Agent(SampleAverage(), Pretender(0.05)), "20 %": Agent(SampleAverage(), Pretender(0.2))}
    rows = []
    for name, bandit in bandits.items():
        for runs in (30, 200):
            p_values: dict[str, list] = {agent: [] for agent in agents}
            for seed in range(nulls // 100):
                experiment = BanditExperiment("same", bandit, agents, runs=runs, steps=100, seed=seed)
                for agent, blocks in measured(experiment, windows=1).items():
                    p_values[agent].append(p_values_of(blocks))
            equal = np.concatenate([p_values[agent] for agent in honest])
            seen = [(np.min(p_values[agent], axis=1) <= FALSE_ALARM / 8).mean() for agent in ("5 %", "20 %")]
            shares = ((equal <= level).mean() for level in (0.01, 0.001))
            rows.append((name, f"{runs}", *(f"{share:.4f}" for share in shares), *(f"{share:.2f}" for share in seen)))
    head = ("bandit", "runs of 100 steps", "p ≤ 0.01", "p ≤ 0.001", "5 % other actions", "20 % other actions")
    return Result("Averages told apart from what happened", head, rows)


def speed(nulls: int, drawn: dict[str, Drawn], rng: np.random.Generator) -> Result:
    """Seconds of processor and clock for all pairs of many agents."""
    rows = []
    for agents in (50, 400):
        samples = rng.normal(size=(agents, 2000)) + rng.normal(size=2000)
        clock, processor = time.perf_counter(), time.process_time()
        compare(samples, all_pairs(agents), rng)
        rows.append((f"{agents}", f"{time.perf_counter() - clock:.2f}", f"{time.process_time() - processor:.2f}"))
    return Result("Seconds to compare all pairs, 2,000 runs, 10,000 flips", ("agents", "clock", "processor"), rows)


TABLES = {
    table.__name__: table
    for table in (
        *(intervals, one_pair, several, stopping, middles, bands, averaging, speed, families),
        *(not_averaged, same_means),
    )
}


def main() -> None:
    """Print tables in Markdown."""
    parser = ArgumentParser(prog="python benchmarks/judgement.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 nulls instead of 10,000")
    parser.add_argument("table", nargs="*", choices=[[], *TABLES], help="those to print; by default all")
    options = parser.parse_args()
    nulls, began = 1_000 if options.quick else 10_000, time.perf_counter()
    drawn = pools(2 * nulls) if {*(options.table or TABLES)} - {"not_averaged", "same_means"} else {}
    for name in options.table or TABLES:
        rng = np.random.default_rng(list(TABLES).index(name))
        title, head, rows = TABLES[name](nulls // 10 if name == "several" else nulls, drawn, rng)
        print(f"\n### {title}\n\n| {' | '.join(head)} |\n|{'--|' + '--:|' * (len(head) - 1)}")
        for row in rows:
            print(f"| {' | '.join(row)} |")
        print(f"\n({time.perf_counter() - began:.0f} s so far)", flush=True)


if __name__ == "__main__":
    main()
