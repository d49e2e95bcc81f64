"""The ten-armed testbed, 2000 runs × 1000 steps × 10 arms, by this package's engines and by code for this one case.

Times are per run and step. The engines measure nine curves with their standard errors and check their arguments; all
others keep two curves of means. Names say how many cores are used if more than one; PyTorch and JAX choose for
themselves. The C file is compiled if there is a compiler; JAX, PyTorch and mabwiser are compared if they are installed
(SMPyBandits 0.9.7 cannot be imported with a current SciPy). Run: ``python benchmarks/testbed.py``.
"""

import ctypes
import importlib.util
import math
import os
import random
import shutil
import subprocess
import tempfile
import tracemalloc
from bisect import bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from rounds import Table, seconds, show, take_turns

from boltzmann_rl import (
    Agent,
    Boltzmann,
    BoltzmannGumbel,
    EpsilonGreedy,
    GaussianBandit,
    GaussianPosterior,
    GaussianThompson,
    SampleAverage,
)
from boltzmann_rl.engines.reference import bandits as reference
from boltzmann_rl.kernels.jit import available
from boltzmann_rl.schedules import Exponential

RUNS, STEPS, ARMS, TEMPERATURE, EPSILON = 2000, 1000, 10, 0.25, 0.1
COOLING = Exponential(1.0, 0.05, steps=STEPS)
ROUNDS, ALONE = 15, 20  # rounds, and runs in plain Python
BRIEF = 100  # steps of policies that take microseconds per step
BY_HAND = "testbed_vectors"
CORES = min(os.cpu_count() or 1, RUNS // reference.BLOCK)  # no more than there are blocks of runs


def straightforward(epsilon: float | None = None) -> None:
    """NumPy, vectorised over runs, in the obvious way."""
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


def leanest(epsilon: float | None = None) -> None:
    """NumPy, optimised: arms first, and only one weight recomputed per step. Smaller blocks of runs are slower."""
    rng = np.random.default_rng(0)
    reward_curve, best_curve = np.zeros(STEPS), np.zeros(STEPS)
    w, q, n, passed = (np.empty((ARMS, RUNS)) for _ in range(4))
    rows, best_value = np.arange(RUNS), np.empty(RUNS)
    u, noise, below = np.empty(RUNS), np.empty(RUNS), np.empty((ARMS, RUNS), dtype=bool)
    means = rng.normal(size=(ARMS, RUNS))
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
        cell = action * RUNS + rows
        rng.standard_normal(out=noise)
        reward = flat_means[cell] + noise
        count, old = flat_n[cell] + 1.0, flat_q[cell]
        new = old + (reward - old) / count
        flat_n[cell], flat_q[cell] = count, new
        if epsilon is None:
            flat_w[cell] = np.exp(new / TEMPERATURE)
        reward_curve[step] += reward.sum()
        best_curve[step] += np.count_nonzero(action == best)


def python() -> None:
    """Plain Python: one run after the other, with lists."""
    rng = random.Random(0)
    for _ in range(ALONE):
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


def mabwiser() -> None:
    """One run by mabwiser, which decides one step at a time (and whose distribution is not the softmax)."""
    from mabwiser.mab import MAB, LearningPolicy

    rng = np.random.default_rng(0)
    means = rng.normal(size=ARMS)
    bandit = MAB(list(range(ARMS)), LearningPolicy.Softmax(tau=TEMPERATURE))
    bandit.fit(list(range(ARMS)), rng.normal(means).tolist())
    for _ in range(STEPS):
        action = bandit.predict()
        bandit.partial_fit([action], [rng.normal(means[action])])


def numbers(cores: int = 1) -> None:
    """Only the random numbers that a run takes: a uniform and a normal per step."""

    def block(number: int) -> None:
        uniforms, noise = np.random.default_rng(0), np.random.default_rng(1)
        u, x = np.empty(reference.BLOCK), np.empty(reference.BLOCK)
        for _ in range(STEPS):
            uniforms.random(out=u)
            noise.standard_normal(out=x)

    in_threads(block, cores)


def in_threads(block: Callable[[int], None], cores: int) -> None:
    """All blocks of runs, ``cores`` of them at a time."""
    with ThreadPoolExecutor(cores) as pool:
        for _ in pool.map(block, range(RUNS // reference.BLOCK)):
            pass


def in_c(folder: Path, name: str, function: str, parameters: Any) -> Callable[[], None] | None:
    """A function of a C file with -O3 for this processor, on one core; None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    source, library = Path(__file__).parent / "c" / f"{name}.c", folder / f"{name}.so"
    options = ["-O3", "-march=native", "-shared", "-fPIC", "-lm"]
    subprocess.run([compiler, str(source), "-o", str(library), *options], check=True)
    testbed = getattr(ctypes.CDLL(str(library)), function)
    pointer = ctypes.c_void_p
    testbed.argtypes = [ctypes.c_int, ctypes.c_int, pointer, ctypes.c_uint64, pointer, pointer]
    numbers = np.array(parameters, dtype=np.float64)

    def run() -> None:
        curves = np.zeros((2, STEPS))
        testbed(RUNS, STEPS, numbers.ctypes.data, 1, curves[0].ctypes.data, curves[1].ctypes.data)
        if not 0.9 < curves[0, -1] / RUNS < 1.7:
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
            choice, noise = jax.random.split(key)
            action = jax.random.categorical(choice, q / TEMPERATURE)
            reward = means[rows, action] + jax.random.normal(noise, (RUNS,))
            n = n.at[rows, action].add(1.0)
            q = q.at[rows, action].add((reward - q[rows, action]) / n[rows, action])
            return (q, n), (reward.mean(), (action == best).mean())

        zero = jnp.zeros((RUNS, ARMS))
        return jax.lax.scan(step, (zero, zero), jax.random.split(play, STEPS))[1]

    return lambda: jax.block_until_ready(simulate(jax.random.key(0)))


def engine(simulate: Any, policy: Any, cores: int = 1, steps: int = STEPS) -> Callable[[], None]:
    """One of this package's engines, its blocks in threads."""
    learner = GaussianPosterior() if isinstance(policy, GaussianThompson) else SampleAverage()
    agent, width = Agent(learner, policy), reference.BLOCK

    def block(number: int) -> None:
        simulate(GaussianBandit(arms=ARMS), agent, block=number, runs=width, steps=steps, seed=0)

    return lambda: in_threads(block, cores)


def per_step(way: Callable[[], None], steps: int = STEPS) -> float:
    """Seconds per run and step."""
    runs = {python: ALONE, mabwiser: 1}.get(way, RUNS)
    return seconds(way) / (runs * steps)


def contenders(folder: Path) -> dict[str, dict[str, Callable[[], None]]]:
    """The ways of each table; the first one is the baseline."""
    boltzmann, greedy, cooled = Boltzmann(TEMPERATURE), EpsilonGreedy(EPSILON), Boltzmann(COOLING)
    cores = _cores()
    drawn: dict[str, Callable[[], None]] = {"random numbers alone, NumPy": numbers}
    if CORES > 1:
        drawn[f"random numbers alone, NumPy, {cores}"] = lambda: numbers(CORES)
    tables: dict[str, dict[str, Callable[[], None] | None]] = {
        f"Boltzmann, τ = {TEMPERATURE}": {
            **_engines(boltzmann, cores),
            **drawn,
            "C": in_c(folder, "testbed", "testbed", [TEMPERATURE]),
            "leanest NumPy": leanest,
            "straightforward NumPy": straightforward,
            "JAX": jax_testbed() if importlib.util.find_spec("jax") else None,
            "PyTorch": pytorch if importlib.util.find_spec("torch") else None,
            "plain Python": python,
            "mabwiser": mabwiser if importlib.util.find_spec("mabwiser") else None,
        },
        f"ε-greedy, ε = {EPSILON}": {
            **_engines(greedy, cores),
            **drawn,
            "leanest NumPy": lambda: leanest(EPSILON),
            "straightforward NumPy": lambda: straightforward(EPSILON),
        },
        "cooled beside constant temperature": {
            **{f"constant, {name}": way for name, way in _engines(boltzmann, cores).items()},
            **{f"cooled, {name}": way for name, way in _engines(cooled, cores).items()},
        },
    }
    return {title: {name: way for name, way in ways.items() if way is not None} for title, ways in tables.items()}


def _cores() -> str:
    return f"{CORES} cores" if CORES > 1 else "1 core"


def _engines(policy: Any, cores: str, steps: int = STEPS) -> dict[str, Callable[[], None]]:
    ways = {}
    if available():
        from boltzmann_rl.engines.compiled import bandits as compiled

        ways = {f"compiled engine, {cores}": engine(compiled.simulate, policy, CORES, steps)}
        if CORES > 1:
            ways["compiled engine, 1 core"] = engine(compiled.simulate, policy, steps=steps)
    return {**ways, "reference engine": engine(reference.simulate, policy, steps=steps)}


def limited(folder: Path) -> Table:
    """The compiled engine beside C vectorised by hand and beside straightforward NumPy, with its limits."""
    cores, numpy = _cores(), "straightforward NumPy, ε-greedy"
    policies = {
        "Boltzmann": (Boltzmann(TEMPERATURE), in_c(folder, BY_HAND, "boltzmann", [TEMPERATURE])),
        "cooled": (Boltzmann(COOLING), in_c(folder, BY_HAND, "cooled", COOLING(np.arange(STEPS)))),
        "ε-greedy": (EpsilonGreedy(EPSILON), in_c(folder, BY_HAND, "greedy", [EPSILON])),
    }
    ways: dict[str, Callable[[], None]] = {}
    bases, limits = {}, {}
    for name, (policy, by_hand) in policies.items():
        ours, theirs = f"compiled engine, {name}", f"C vectorised by hand, {name}"
        ways[ours] = _engines(policy, cores)["compiled engine, 1 core"]
        bases[ours] = ours
        if by_hand is not None:
            ways[theirs] = by_hand
            bases |= {ours: theirs, theirs: theirs}
            limits[ours] = 2.0
    ours = f"compiled engine, {cores}"
    several, one = (f"{name}, beside NumPy" for name in (ours, "compiled engine, 1 core"))
    ways |= {numpy: lambda: straightforward(EPSILON), several: _engines(EpsilonGreedy(EPSILON), cores)[ours]}
    taken = take_turns(ways, ROUNDS, per_step)
    taken[one] = taken["compiled engine, ε-greedy"]
    bases |= dict.fromkeys((numpy, several, one), numpy)
    limits |= {several: 1 / 16, one: 1 / 10}
    return Table("Testbed: limits", bases, taken, limits=limits)


def peak(simulate: Any, steps: int) -> float:
    """Peak memory in bytes."""
    tracemalloc.start()
    engine(simulate, Boltzmann(TEMPERATURE), steps=steps)()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def tables() -> Iterator[Table]:
    """Times per step of a run, and the peak memory of the reference engine."""
    with tempfile.TemporaryDirectory() as folder:
        for title, ways in contenders(Path(folder)).items():
            taken = take_turns(ways, ROUNDS, per_step)
            drawn = () if "cooled" in title else tuple(ways)
            yield Table(f"Testbed: {title}", next(iter(ways)), taken, drawn=drawn)
        if available():
            yield limited(Path(folder))
    for title, policy in (("Boltzmann–Gumbel, C = 1", BoltzmannGumbel(1.0)), ("Thompson, normal", GaussianThompson())):
        ways = _engines(policy, _cores(), BRIEF)
        taken = take_turns(ways, ROUNDS, lambda way: per_step(way, BRIEF))
        yield Table(f"Testbed: {title}, {BRIEF} steps", next(iter(ways)), taken)
    held = {f"{steps} steps": [peak(reference.simulate, steps)] for steps in (500, 4000)}
    rewards = {"8 bytes for each reward of 4000 steps": [8.0 * RUNS * 4000]}
    yield Table("Testbed, memory of the reference engine", "500 steps", held | rewards, unit="B")


if __name__ == "__main__":
    show(tables())
