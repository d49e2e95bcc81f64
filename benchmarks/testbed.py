"""The ten-armed testbed, 2000 runs × 1000 steps × 10 arms, by this package's engines and by all that one might write.

Everything runs in one process, in turn, several rounds; printed are medians per run and step, and ratios pair by pair.
The engines measure nine curves with their spread and check what they are given; all others keep two curves of means.
What can use several cores is marked with their number; all else is on one. The C file is compiled on the spot where
there is a compiler; JAX and PyTorch take part where they are installed. Run: ``python benchmarks/testbed.py``.
"""

import ctypes
import importlib.util
import math
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
import tracemalloc
from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from boltzmann_rl import Agent, Boltzmann, EpsilonGreedy, GaussianBandit, SampleAverage
from boltzmann_rl.kernels.jit import available
from boltzmann_rl.schedules import Exponential
from boltzmann_rl.simulation import bandits as reference

RUNS, STEPS, ARMS, TEMPERATURE, EPSILON = 2000, 1000, 10, 0.25, 0.1
COOLING = Exponential(1.0, 0.05, steps=STEPS)
ROUNDS, CORES = 7, os.cpu_count() or 1


def straightforward(epsilon: float | None = None) -> None:
    """NumPy, vectorised over runs, as one writes it for this one case."""
    rng = np.random.default_rng(0)
    means = rng.normal(size=(RUNS, ARMS))
    q, n, rows, best = np.zeros((RUNS, ARMS)), np.zeros((RUNS, ARMS)), np.arange(RUNS), means.argmax(axis=1)
    reward_curve, best_curve = np.zeros(STEPS), np.zeros(STEPS)
    for step in range(STEPS):
        if epsilon is None:
            weights = np.exp((q - q.max(axis=1, keepdims=True)) / TEMPERATURE)
            p = weights / weights.sum(axis=1, keepdims=True)
            action = np.minimum((p.cumsum(axis=1) < rng.random((RUNS, 1))).sum(axis=1), ARMS - 1)
        else:
            explore = rng.random(RUNS) < epsilon
            action = np.where(explore, rng.integers(ARMS, size=RUNS), q.argmax(axis=1))
        reward = rng.normal(means[rows, action], 1.0)
        n[rows, action] += 1
        q[rows, action] += (reward - q[rows, action]) / n[rows, action]
        reward_curve[step], best_curve[step] = reward.mean(), (action == best).mean()


def leanest(epsilon: float | None = None, runs: int = 500) -> None:
    """NumPy with all that helps: arms first, blocks that stay in the cache, and one weight a step computed anew."""
    rng = np.random.default_rng(0)
    reward_curve, best_curve = np.zeros(STEPS), np.zeros(STEPS)
    w, q, n, passed = (np.empty((ARMS, runs)) for _ in range(4))
    rows, best_value = np.arange(runs), np.empty(runs)
    u, luck, below = np.empty(runs), np.empty(runs), np.empty((ARMS, runs), dtype=bool)
    for _ in range(RUNS // runs):
        means = rng.normal(size=(ARMS, runs))
        best = means.argmax(axis=0)
        w[:], q[:], n[:] = 1.0, 0.0, 0.0
        flat_means, flat_q, flat_n, flat_w = means.ravel(), q.ravel(), n.ravel(), w.ravel()
        for step in range(STEPS):
            rng.random(out=u)
            if epsilon is None:
                np.add.accumulate(w, axis=0, out=passed)
                u *= passed[-1]
                np.less_equal(passed, u, out=below)
                action = np.add.reduce(below, axis=0)
            else:
                np.maximum.reduce(q, axis=0, out=best_value)
                np.equal(q, best_value, out=below)
                action = below.argmax(axis=0)
                explore = np.flatnonzero(u < epsilon)
                action[explore] = u[explore] * (ARMS / epsilon)
            cell = action * runs + rows
            rng.standard_normal(out=luck)
            reward = flat_means[cell] + luck
            count, old = flat_n[cell] + 1.0, flat_q[cell]
            new = old + (reward - old) / count
            flat_n[cell], flat_q[cell] = count, new
            if epsilon is None:
                flat_w[cell] = np.exp(new / TEMPERATURE)
            reward_curve[step] += reward.sum()
            best_curve[step] += np.count_nonzero(action == best)


def python(runs: int = 20) -> None:
    """No library: one run after the other, on lists."""
    rng = random.Random(0)
    for _ in range(runs):
        means = [rng.gauss(0.0, 1.0) for _ in range(ARMS)]
        q, n, w, best = [0.0] * ARMS, [0] * ARMS, [1.0] * ARMS, max(range(ARMS), key=means.__getitem__)
        reward_curve, best_curve = [0.0] * STEPS, [0] * STEPS
        for step in range(STEPS):
            passed = list(accumulate(w))
            action = min(bisect_right(passed, rng.random() * passed[-1]), ARMS - 1)
            reward = rng.gauss(means[action], 1.0)
            n[action] += 1
            q[action] += (reward - q[action]) / n[action]
            w[action] = math.exp(q[action] / TEMPERATURE)
            reward_curve[step] += reward
            best_curve[step] += action == best


def numbers() -> None:
    """Nothing but the random numbers that a run takes: a uniform and a normal a step."""
    coins, luck = np.random.default_rng(0), np.random.default_rng(1)
    u, x = np.empty(reference.BLOCK), np.empty(reference.BLOCK)
    for _ in range(RUNS // reference.BLOCK * STEPS):
        coins.random(out=u)
        luck.standard_normal(out=x)


def compiled_c(folder: Path) -> Callable[[], None] | None:
    """The limit: C with the compiler's best options, on one core."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    source, library = Path(__file__).parent / "c" / "testbed.c", folder / "testbed.so"
    options = ["-O3", "-march=native", "-shared", "-fPIC", "-lm"]
    subprocess.run([compiler, str(source), "-o", str(library), *options], check=True)
    testbed = ctypes.CDLL(str(library)).testbed
    testbed.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_double, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p]

    def run() -> None:
        curves = np.zeros((2, STEPS))
        testbed(RUNS, STEPS, TEMPERATURE, 1, curves[0].ctypes.data, curves[1].ctypes.data)
        if not 0.9 < curves[0, -1] / RUNS < 1.5:
            raise RuntimeError(f"the C testbed learns nothing: mean reward {curves[0, -1] / RUNS}")

    return run


def pytorch() -> None:
    """The straightforward loop in PyTorch, on the processor."""
    import torch

    generator = torch.Generator().manual_seed(0)
    means = torch.randn((RUNS, ARMS), generator=generator, dtype=torch.float64)
    q, n, best = torch.zeros_like(means), torch.zeros_like(means), means.argmax(dim=1)
    reward_curve, best_curve = torch.zeros(STEPS), torch.zeros(STEPS)
    for step in range(STEPS):
        p = torch.softmax(q / TEMPERATURE, dim=1)
        action = torch.multinomial(p, 1, generator=generator)
        reward = means.gather(1, action) + torch.randn((RUNS, 1), generator=generator, dtype=torch.float64)
        n.scatter_add_(1, action, torch.ones_like(reward))
        old = q.gather(1, action)
        q.scatter_(1, action, old + (reward - old) / n.gather(1, action))
        reward_curve[step], best_curve[step] = reward.mean(), (action[:, 0] == best).double().mean()


def jax_testbed() -> Callable[[], None]:
    """One compiled scan over the steps, vectorised over runs, on the processor."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    @jax.jit
    def simulate(key: Any) -> Any:
        problem, play = jax.random.split(key)
        means = jax.random.normal(problem, (RUNS, ARMS))
        rows, best = jnp.arange(RUNS), means.argmax(axis=1)

        def step(state: Any, key: Any) -> Any:
            q, n = state
            coin, luck = jax.random.split(key)
            action = jax.random.categorical(coin, q / TEMPERATURE)
            reward = means[rows, action] + jax.random.normal(luck, (RUNS,))
            n = n.at[rows, action].add(1.0)
            q = q.at[rows, action].add((reward - q[rows, action]) / n[rows, action])
            return (q, n), (reward.mean(), (action == best).mean())

        zero = jnp.zeros((RUNS, ARMS))
        return jax.lax.scan(step, (zero, zero), jax.random.split(play, STEPS))[1]

    return lambda: jax.block_until_ready(simulate(jax.random.key(0)))


def engine(simulate: Any, policy: Any, cores: int = 1, steps: int = STEPS) -> Callable[[], None]:
    """One of this package's engines, its blocks in threads."""
    agent, width = Agent(SampleAverage(), policy), reference.BLOCK

    def block(number: int) -> None:
        simulate(GaussianBandit(arms=ARMS), agent, block=number, runs=width, steps=steps, seed=0)

    def run() -> None:
        with ThreadPoolExecutor(cores) as pool:
            for _ in pool.map(block, range(RUNS // width)):
                pass

    return run


def contenders(folder: Path) -> dict[str, tuple[Callable[[], None], int]]:
    """What takes part by name, with the number of runs that it plays."""
    boltzmann, greedy = Boltzmann(TEMPERATURE), EpsilonGreedy(EPSILON)
    parts: dict[str, tuple[Callable[[], None] | None, int]] = {
        "plain Python": (python, 20),
        "straightforward NumPy": (straightforward, RUNS),
        "straightforward NumPy, ε-greedy": (lambda: straightforward(EPSILON), RUNS),
        "leanest NumPy": (leanest, RUNS),
        "leanest NumPy, ε-greedy": (lambda: leanest(EPSILON), RUNS),
        "PyTorch": (pytorch if importlib.util.find_spec("torch") else None, RUNS),
        "JAX": (jax_testbed() if importlib.util.find_spec("jax") else None, RUNS),
        "random numbers alone, NumPy": (numbers, RUNS),
        "C": (compiled_c(folder), RUNS),
        "reference engine": (engine(reference.simulate, boltzmann), RUNS),
        "reference engine, ε-greedy": (engine(reference.simulate, greedy), RUNS),
    }
    if available():
        from boltzmann_rl.compiled import bandits as compiled

        for policy, name in ((boltzmann, ""), (greedy, ", ε-greedy"), (Boltzmann(COOLING), ", cooled")):
            parts[f"compiled engine{name}"] = engine(compiled.simulate, policy), RUNS
            parts[f"compiled engine{name}, {CORES} cores"] = engine(compiled.simulate, policy, CORES), RUNS
    return {name: (function, runs) for name, (function, runs) in parts.items() if function is not None}


# What is set against what.
RATIOS = (
    ("straightforward NumPy", f"compiled engine, {CORES} cores"),
    ("straightforward NumPy, ε-greedy", f"compiled engine, ε-greedy, {CORES} cores"),
    ("leanest NumPy", f"compiled engine, {CORES} cores"),
    ("leanest NumPy, ε-greedy", f"compiled engine, ε-greedy, {CORES} cores"),
    ("straightforward NumPy", "compiled engine"),
    ("leanest NumPy", "compiled engine"),
    ("plain Python", "compiled engine"),
    ("PyTorch", "compiled engine"),
    ("JAX", "compiled engine"),
    ("reference engine", "compiled engine"),
    ("compiled engine", "random numbers alone, NumPy"),
    ("compiled engine, ε-greedy", "random numbers alone, NumPy"),
    ("compiled engine", "C"),
    ("compiled engine, cooled", "compiled engine"),
    ("reference engine", "straightforward NumPy"),
)


def seconds(function: Callable[[], None]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def peak_megabytes(simulate: Any, steps: int) -> float:
    tracemalloc.start()
    engine(simulate, Boltzmann(TEMPERATURE), steps=steps)()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        parts = contenders(Path(folder))
        for function, _ in parts.values():
            function()  # compile, and warm the caches
        rounds = [
            {name: seconds(function) / (runs * STEPS) * 1e9 for name, (function, runs) in parts.items()}
            for _ in range(ROUNDS)
        ]
    print(f"ns per run and step, median of {ROUNDS} rounds (least, most)")
    for name in parts:
        times = [times[name] for times in rounds]
        print(f"  {name:<42} {statistics.median(times):8.1f}   ({min(times):.1f}, {max(times):.1f})")
    print("time of the first over that of the second, in the same round")
    for slow, fast in RATIOS:
        if slow in parts and fast in parts:
            ratios = [times[slow] / times[fast] for times in rounds]
            print(
                f"  {slow + ' / ' + fast:<66} {statistics.median(ratios):6.2f}   ({min(ratios):.2f}, {max(ratios):.2f})"
            )
    short, long = (peak_megabytes(reference.simulate, steps) for steps in (500, 4000))
    print(
        f"peak memory of the reference: {short:.1f} MB for 500 steps, {long:.1f} MB for 4000; one array of all rewards"
    )
    print(f"would take {RUNS * 4000 * 8 / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
