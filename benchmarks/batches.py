"""A decision for each of 65,536 rows of 18 actions: `act` beside NumPy, PyTorch and JAX where they are installed.

Medians of several rounds, in turn, with the ratio of each to `act` pair by pair. Run: ``python benchmarks/batches.py``.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

from boltzmann_rl import Boltzmann, act
from boltzmann_rl.policies import machine

ROWS, ACTIONS, TEMPERATURE, ROUNDS, BLOCK = 65_536, 18, 0.5, 21, 4096


def contestants() -> dict[str, Callable[[], object]]:
    """The same decisions, in as many ways as there are libraries."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(ROWS, ACTIONS))
    narrow, policy = values.astype(np.float32), Boltzmann(TEMPERATURE)

    def straightforward() -> object:
        weights = np.exp((values - values.max(axis=1, keepdims=True)) / TEMPERATURE)
        cdf = weights.cumsum(axis=1)
        return (cdf <= rng.random((ROWS, 1)) * cdf[:, -1:]).sum(axis=1)

    actions_first = np.ascontiguousarray(values.T)  # every line below is then over rows side by side

    def leanest() -> object:
        u, w = rng.random(ROWS), np.empty((ACTIONS, BLOCK))
        actions = np.zeros(ROWS, dtype=np.int64)
        for first in range(0, ROWS, BLOCK):
            some = slice(first, first + BLOCK)
            np.subtract(actions_first[:, some], actions_first[:, some].max(axis=0), out=w)
            np.multiply(w, 1.0 / TEMPERATURE, out=w)
            np.exp(w, out=w)
            for a in range(1, ACTIONS):
                w[a] += w[a - 1]
            goal = u[some] * w[-1]
            for a in range(ACTIONS - 1):
                actions[some] += w[a] <= goal
        return actions

    ways = {
        "act": lambda: act(policy, values, rng),
        "act, float32 values": lambda: act(policy, narrow, rng),
        "straightforward NumPy": straightforward,
        "leanest NumPy (blocks, handed A × N)": leanest,
    }
    return {**ways, **_torch(values), **_jax(values)}


def _torch(values: np.ndarray) -> dict[str, Callable[[], object]]:
    try:
        import torch
    except ImportError:
        return {}
    q, generator = torch.from_numpy(values), torch.Generator().manual_seed(0)

    def cdf() -> object:
        sums = torch.softmax(q / TEMPERATURE, dim=1).cumsum(dim=1)
        u = torch.rand((ROWS, 1), dtype=torch.float64, generator=generator)
        return torch.searchsorted(sums, u * sums[:, -1:], right=True)

    def gumbel() -> object:
        noise = torch.empty_like(q).exponential_(generator=generator)
        return (torch.softmax(q / TEMPERATURE, dim=1) / noise).argmax(dim=1)

    return {
        "PyTorch, softmax and searchsorted": cdf,
        "PyTorch, exponential race": gumbel,
        "PyTorch, multinomial": lambda: torch.multinomial(torch.softmax(q / TEMPERATURE, dim=1), 1),
    }


def _jax(values: np.ndarray) -> dict[str, Callable[[], object]]:
    try:
        import jax
    except ImportError:
        return {}
    q, keys = jax.numpy.asarray(values, dtype="float32"), iter(jax.random.split(jax.random.key(0), 10_000))
    draw = jax.jit(lambda key: jax.random.categorical(key, q / TEMPERATURE))
    return {"JAX, categorical (float32)": lambda: draw(next(keys)).block_until_ready()}


def main() -> None:
    machine.prepare()
    ways = contestants()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS + 1):
        for name, way in ways.items():
            time.sleep(0.01)  # PyTorch's threads go on turning for a while after their work
            began = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - began)
    print(f"{ROWS:,} rows of {ACTIONS} actions, median of {ROUNDS} rounds; compiled: {machine.ready is not None}")
    for name, taken in seconds.items():
        ratio = statistics.median(way / ours for way, ours in zip(taken[1:], seconds["act"][1:], strict=True))
        print(f"  {name:<40} {statistics.median(taken[1:]) * 1e3:7.2f} ms, {ratio:5.2f} times act")


if __name__ == "__main__":
    main()
