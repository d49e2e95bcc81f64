"""Decisions of the ε-mixed softmax family as machine code: one among a few actions, and one for each of many rows.

`boltzmann_rl.act` turns to these once they are compiled: see `boltzmann_rl.policies.compiled`.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np

from boltzmann_rl.kernels.exponential import exp_nonpositive
from boltzmann_rl.kernels.jit import compiled

__all__ = ["decide_few", "decide_rows", "prepare"]

# Rows that are decided together, as lanes of vector registers.
_LANES = 128

# Rows from which on a second thread pays.
_ROWS_PER_THREAD = 8192


@compiled
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
    goal, passed, last = u * total, 0.0, 0
    for a in range(values.shape[0]):
        weight = math.exp((values[a] - best) / temperature)
        if weight > 0.0:
            passed += weight
            last = a
            if passed > goal:
                break
    return last


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

    list(_pool().map(decide, range(parts))) if parts > 1 else decide(0)
    return actions


def prepare() -> None:
    """Compile what is here, or read it from the disk."""
    decide_few(np.zeros(2), 1.0, 0.5)
    for kind in (np.float64, np.float32):
        decide_rows(np.zeros((2, 2), dtype=kind), 1.0, 0.0, 1.0, 0.0, np.zeros(2))


@compiled
def _decide_rows(values, inverse, uniform, soft, greedy, u, actions):  # type: ignore[no-untyped-def]
    rows, count = values.shape
    w = np.empty((count, _LANES))
    best, total, target, passed = np.empty(_LANES), np.empty(_LANES), np.empty(_LANES), np.empty(_LANES)
    free, ties = np.empty(_LANES), np.empty(_LANES)
    chosen, faulty = np.empty(_LANES, dtype=np.int64), np.empty(_LANES, dtype=np.int64)
    for first in range(0, rows, _LANES):
        width = min(_LANES, rows - first)
        for r in range(width):
            for a in range(count):
                w[a, r] = values[first + r, a]
        for r in range(width):
            best[r], total[r], passed[r] = w[0, r], 0.0, 0.0
        for a in range(count):
            for r in range(width):
                best[r] = max(best[r], w[a, r])
                passed[r] += w[a, r] - w[a, r]  # NaN as soon as there is one that is no number or is infinite
        for r in range(width):
            chosen[r] = 0 if passed[r] == 0.0 else 1
        strange = 0
        for r in range(width):
            strange += chosen[r]
        if strange > 0:  # −inf is allowed, unless there is nothing else
            for r in range(width):
                bad = not -np.inf < best[r] < np.inf
                for a in range(count):
                    bad |= np.isnan(w[a, r])
                chosen[r] = 1 if bad else 0
        for r in range(width):
            faulty[r] = chosen[r]
        if uniform > 0.0 or greedy > 0.0:
            for r in range(width):
                free[r], ties[r] = 0.0, 0.0
            for a in range(count):
                for r in range(width):
                    free[r] += 1.0 if w[a, r] > -np.inf else 0.0
                    ties[r] += 1.0 if w[a, r] == best[r] else 0.0
            for r in range(width):
                passed[r] = 0.0
            if soft > 0.0:
                for a in range(count):
                    for r in range(width):
                        passed[r] += exp_nonpositive((w[a, r] - best[r]) * inverse)
            for a in range(count):
                for r in range(width):
                    x = w[a, r]
                    p = uniform / free[r] if x > -np.inf else 0.0
                    p += greedy / ties[r] if x == best[r] else 0.0
                    if soft > 0.0:
                        p += soft * (exp_nonpositive((x - best[r]) * inverse) / passed[r])
                    w[a, r] = p
                    total[r] += p
        else:
            for a in range(count):
                for r in range(width):
                    w[a, r] = exp_nonpositive((w[a, r] - best[r]) * inverse)
                    total[r] += w[a, r]
        for r in range(width):
            chosen[r] = 0
            target[r] = u[first + r] * total[r]
            passed[r] = 0.0
        for a in range(count):
            for r in range(width):
                passed[r] += w[a, r]
                chosen[r] += 1 if passed[r] <= target[r] else 0
        for r in range(width):
            action = chosen[r]
            if action >= count:  # u·total was rounded to total
                action = count - 1
                while action > 0 and w[action, r] == 0.0:
                    action -= 1
            actions[first + r] = -1 if faulty[r] else action
    return 0


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_cores(), "boltzmann_rl")
