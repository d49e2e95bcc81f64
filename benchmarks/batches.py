"""A decision for each of 65,536 rows of 18 actions: `act` beside NumPy, and PyTorch and JAX if they are installed.

Run: ``python benchmarks/batches.py``.
"""

import time
from collections.abc import Callable, Iterator

import numpy as np
from rounds import Table, seconds, show, take_turns

from boltzmann_rl import Boltzmann, act
from boltzmann_rl.decisions import machine

ROWS, ACTIONS, TEMPERATURE, ROUNDS, BLOCK = 65_536, 18, 0.5, 21, 4096


def contestants() -> dict[str, Callable[[], object]]:
    """The ways to make these decisions, by name."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(ROWS, ACTIONS))
    narrow, policy = values.astype(np.float32), Boltzmann(TEMPERATURE)

    def straightforward() -> object:
        weights = np.exp((values - values.max(axis=1, keepdims=True)) / TEMPERATURE)
        cdf = weights.cumsum(axis=1)
        return (cdf <= rng.random((ROWS, 1)) * cdf[:, -1:]).sum(axis=1)

    actions_first = np.ascontiguousarray(values.T)  # so that every operation below reads contiguous rows

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


def rested(way: Callable[[], object]) -> float:
    """Seconds, after a pause: PyTorch's threads spin for a while after their work."""
    time.sleep(0.01)
    return seconds(way)


def tables() -> Iterator[Table]:
    """One table, with the compiled decisions if Numba is installed."""
    machine.prepare()
    ways = contestants()
    title = f"A batch of {ROWS:,} × {ACTIONS}{'' if machine.ready else ', without Numba'}"
    yield Table(title, "act", take_turns(ways, ROUNDS, rested), drawn=tuple(ways))


if __name__ == "__main__":
    show(tables())
