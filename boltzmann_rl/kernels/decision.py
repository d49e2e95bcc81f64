"""Decisions of the ε-mixed softmax family as machine code: one among a few actions, and one for each of many rows.

`boltzmann_rl.act` turns to these once they are compiled: see `boltzmann_rl.policies.machine`.
"""

import math
import os
from collections.abc import Iterator
from threading import Thread
from typing import Any

import numpy as np

from boltzmann_rl.kernels.exponential import exp_fused
from boltzmann_rl.kernels.jit import compiled

__all__ = ["decide_few", "decide_masked", "decide_rows", "prepare"]

# Rows that are decided together, as lanes of vector registers.
_LANES = 64

# Rows from which on a second thread pays.
_ROWS_PER_THREAD = 8192


@compiled(nogil=False)  # handing the interpreter over would cost a fifth of the whole
def decide_few(values, temperature, u):  # type: ignore[no-untyped-def]
    """A Boltzmann decision with the sums of `boltzmann_rl.policies.few`; −1 where its check does not hold.

    Args:
        values: ``(A,)`` of float64.
        temperature: Above 0 and finite.
        u: Uniform on [0, 1).
    """
    if values.shape[0] == 0:
        return -1
    best = values[0]
    for a in range(1, values.shape[0]):
        if values[a] > best:
            best = values[a]
    total = 0.0
    for a in range(values.shape[0]):
        total += math.exp((values[a] - best) / temperature)
    if not 1.0 <= total < np.inf:
        return -1
    goal, passed, a = u * total, 0.0, -1
    while passed <= goal:
        a += 1
        passed += math.exp((values[a] - best) / temperature)
    return a


@compiled(nogil=False)
def decide_masked(values, available, temperature, u):  # type: ignore[no-untyped-def]
    """`decide_few` among the actions where ``available`` is 1 or True; −1 also for a mask that is none."""
    if available.shape != values.shape:
        return -1
    masked = np.empty_like(values)
    for a in range(values.shape[0]):
        if not 0 <= available[a] <= 1:
            return -1
        masked[a] = values[a] if available[a] else -np.inf
    return decide_few(masked, temperature, u)


def decide_rows(values: Any, temperature: float, uniform: float, soft: float, greedy: float, u: Any) -> Any:
    """Actions for the rows of ``values``, from π = uniform·1/n + soft·softmax(values / temperature) + greedy·1[best].

    Rows are shared out to the cores, and the interpreter is free meanwhile.

    Args:
        values: ``(rows, A)``, float64 or float32, the last axis contiguous.
        temperature: Above 0 and finite.
        uniform: Share of the uniform part,
        soft: that of the softmax, and
        greedy: that of the best actions; their sum is 1.
        u: Uniforms ``(rows,)``.

    Returns:
        Actions ``(rows,)``, −1 in rows with a NaN or +inf, or where nothing is available.
    """
    rows = len(values)
    actions = np.empty(rows, dtype=np.int64)
    parts = max(1, min(_cores(), rows // _ROWS_PER_THREAD))
    ends = np.linspace(0, rows, parts + 1).astype(np.int64)

    def decide(part: int) -> None:
        some = slice(ends[part], ends[part + 1])
        _decide_rows(values[some], 1.0 / temperature, uniform, soft, greedy, u[some], actions[some])

    # Threads of Numba's own may not be started from several threads at once, and a pool would not survive a fork.
    others = [Thread(target=decide, args=(part,)) for part in range(1, parts)]
    for thread in others:
        thread.start()
    decide(0)
    for thread in others:
        thread.join()
    return actions


def prepare() -> Iterator[None]:
    """Compile what is here, or read it from the disk, with a pause after each piece."""
    yield decide_few(np.zeros(2), 1.0, 0.5)
    for mask in (np.bool_, np.int8):
        yield decide_masked(np.zeros(2), np.ones(2, dtype=mask), 1.0, 0.5)
    for kind in (np.float64, np.float32):
        yield decide_rows(np.zeros((2, 2), dtype=kind), 1.0, 0.0, 1.0, 0.0, np.zeros(2))


@compiled(fastmath={"contract"})
def _decide_rows(values, inverse, uniform, soft, greedy, u, actions):  # type: ignore[no-untyped-def]
    rows, count = values.shape
    w = np.empty((count, _LANES))
    best, total = np.empty(_LANES), np.empty(_LANES)
    for first in range(0, rows, _LANES):
        width = min(_LANES, rows - first)
        _load(values, first, width, w, best)
        if soft == 1.0:
            _sum_softmax(w, width, best, inverse, total)
        else:
            _sum_mixture(w, width, best, inverse, uniform, soft, greedy, total)
        _pick(w, width, total, u[first : first + width], actions[first : first + width])


@compiled(forceinline=True)
def _load(values, first, width, w, best):  # type: ignore[no-untyped-def]
    """Rows side by side, and the best of each (where the first is NaN, that)."""
    for r in range(width):
        for a in range(w.shape[0]):
            w[a, r] = values[first + r, a]
    for r in range(width):
        best[r] = w[0, r]
    for a in range(1, w.shape[0]):
        for r in range(width):
            best[r] = w[a, r] if w[a, r] > best[r] else best[r]


@compiled(forceinline=True, fastmath={"contract"})
def _sum_softmax(w, width, best, inverse, total):  # type: ignore[no-untyped-def]
    """Running sums of the weights, NaN where the differences are: of NaN, of +inf, and of nothing but −inf."""
    for r in range(width):
        total[r] = 0.0
    for a in range(w.shape[0]):
        for r in range(width):
            total[r] += exp_fused((w[a, r] - best[r]) * inverse)
            w[a, r] = total[r]


@compiled(forceinline=True, fastmath={"contract"})
def _sum_mixture(w, width, best, inverse, uniform, soft, greedy, total):  # type: ignore[no-untyped-def]
    """Running sums of the probabilities, NaN as above."""
    free, ties, weight = np.zeros(_LANES), np.zeros(_LANES), np.zeros(_LANES)
    for a in range(w.shape[0]):
        for r in range(width):
            free[r] += 0.0 if w[a, r] == -np.inf else 1.0 + 0.0 * w[a, r]  # NaN, of NaN and of +inf
            ties[r] += 1.0 if w[a, r] == best[r] else 0.0
            if soft > 0.0:
                weight[r] += exp_fused((w[a, r] - best[r]) * inverse)
    for r in range(width):
        free[r], ties[r] = uniform / free[r], greedy / ties[r]
        total[r] = 0.0 * free[r]
        weight[r] = soft / weight[r] if soft > 0.0 else 0.0
    for a in range(w.shape[0]):
        for r in range(width):
            total[r] += 0.0 if w[a, r] == -np.inf else free[r]
            total[r] += ties[r] if w[a, r] == best[r] else 0.0
            if soft > 0.0:
                total[r] += weight[r] * exp_fused((w[a, r] - best[r]) * inverse)
            w[a, r] = total[r]


@compiled(forceinline=True)
def _pick(cdf, width, total, u, actions):  # type: ignore[no-untyped-def]
    """Where the running sum passes u · total, as `boltzmann_rl.invert`; −1 where the total is no number."""
    for r in range(width):
        actions[r] = 0
    for a in range(cdf.shape[0]):
        for r in range(width):
            actions[r] += 1 if cdf[a, r] <= u[r] * total[r] else 0
    for r in range(width):
        if not total[r] < np.inf:
            actions[r] = -1


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
