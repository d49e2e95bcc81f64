"""Decisions of the ε-mixed softmax family as machine code: one among a few actions, and one for each of many rows.

`boltzmann_rl.act` turns to these once they are compiled: see `boltzmann_rl.policies.machine`.
"""

import math
import os
from collections.abc import Iterator
from threading import Thread
from typing import Any

import numpy as np

from boltzmann_rl.kernels.exponential import exp_nonpositive
from boltzmann_rl.kernels.jit import compiled, inner
from boltzmann_rl.kernels.vectors import WIDTH, eight, flat, load, load_apart, store, where

__all__ = ["decide_few", "decide_masked", "decide_rows", "prepare"]

# Rows from which on a second thread pays.
_ROWS_PER_THREAD = 8192

# Rows that a thread takes at a time.
_ROWS_AT_ONCE = 4096


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
        values: ``(rows, A)``, A ≥ 1, float64 or float32, C-contiguous.
        temperature: Above 0 and finite.
        uniform: Share of the uniform part,
        soft: that of the softmax, and
        greedy: that of the best actions; their sum is 1.
        u: Uniforms ``(rows,)``, float64, C-contiguous.

    Returns:
        Actions ``(rows,)``, −1 in rows with a NaN or +inf, or where nothing is available.
    """
    rows = len(values)
    if u.shape != (rows,):
        raise ValueError(f"u must have shape ({rows},), a uniform a row, got {u.shape}")
    if 0 < rows < WIDTH:
        several = np.repeat(values, WIDTH, axis=0), np.repeat(u, WIDTH)
        return decide_rows(several[0], temperature, uniform, soft, greedy, several[1])[::WIDTH]
    actions = np.empty(rows, dtype=np.int64)
    starts = iter(range(0, rows, _ROWS_AT_ONCE))  # whoever is ready takes the next ones
    errors = []

    def decide() -> None:
        try:
            room = np.empty((values.shape[1], WIDTH))
            for first in starts:
                some = slice(min(first, rows - WIDTH), first + _ROWS_AT_ONCE)
                _decide_rows(values[some], 1.0 / temperature, uniform, soft, greedy, u[some], actions[some], room)
        except BaseException as error:  # of another thread it would be lost
            errors.append(error)

    # Threads of Numba's own may not be started from several threads at once, and a pool would not survive a fork.
    others = [Thread(target=decide) for _ in range(min(_cores(), rows // _ROWS_PER_THREAD) - 1)]
    for thread in others:
        thread.start()
    decide()
    for thread in others:
        thread.join()
    if errors:
        raise errors[0]
    return actions


def prepare() -> Iterator[None]:
    """Compile what is here, or read it from the disk, with a pause after each piece."""
    yield decide_few(np.zeros(2), 1.0, 0.5)
    for mask in (np.bool_, np.int8):
        yield decide_masked(np.zeros(2), np.ones(2, dtype=mask), 1.0, 0.5)
    for kind in (np.float64, np.float32):
        yield decide_rows(np.zeros((2, 2), dtype=kind), 1.0, 0.0, 1.0, 0.0, np.zeros(2))


@compiled(fastmath={"contract"})
def _decide_rows(values, inverse, uniform, soft, greedy, u, actions, w):  # type: ignore[no-untyped-def]
    """Eight rows at a time as the lanes of vectors; ``w`` is room for their values, ``(A, lanes)``."""
    rows, count = values.shape
    values, u, actions, w = flat(values), flat(u), flat(actions), flat(w)
    for i in range(0, rows, WIDTH):
        first = min(i, rows - WIDTH)  # the last rows once more where they are fewer than eight
        best = _load(values, first * count, count, w)
        if soft == 1.0:
            total = _sum_softmax(w, count, best, inverse)
        else:
            total = _sum_mixture(w, count, best, inverse, uniform, soft, greedy)
        store(actions, first, _pick(w, count, total, load(u, first)))


@inner(forceinline=True)
def _load(values, first, count, w):  # type: ignore[no-untyped-def]
    """Rows side by side, and the best of each (where the first is NaN, that)."""
    best = load_apart(values, first, count)
    for a in range(count):
        q = load_apart(values, first + a, count)
        store(w, a * WIDTH, q)
        best = where(q > best, q, best)
    return best


@inner(forceinline=True, fastmath={"contract"})
def _sum_softmax(w, count, best, inverse):  # type: ignore[no-untyped-def]
    """Running sums of the weights, NaN where the differences are: of NaN, of +inf, and of nothing but −inf."""
    total = eight(0.0)
    for at in range(0, count * WIDTH, WIDTH):
        total += exp_nonpositive((load(w, at) - best) * inverse)
        store(w, at, total)
    return total


@inner(forceinline=True, fastmath={"contract"})
def _sum_mixture(w, count, best, inverse, uniform, soft, greedy):  # type: ignore[no-untyped-def]
    """Running sums of the probabilities, NaN as above."""
    free, ties, weight = eight(0.0), eight(0.0), eight(0.0)
    for at in range(0, count * WIDTH, WIDTH):
        q = load(w, at)
        free += where(q == -np.inf, 0.0, 1.0 + 0.0 * q)  # NaN, of NaN and of +inf
        ties += where(q == best, eight(1.0), 0.0)
        if soft > 0.0:
            weight += exp_nonpositive((q - best) * inverse)
    free, ties, weight = uniform / free, greedy / ties, soft / weight
    total = 0.0 * free
    for at in range(0, count * WIDTH, WIDTH):
        q = load(w, at)
        total += where(q == -np.inf, 0.0, free) + where(q == best, ties, 0.0)
        if soft > 0.0:
            total += weight * exp_nonpositive((q - best) * inverse)
        store(w, at, total)
    return total


@inner(forceinline=True)
def _pick(cdf, count, total, u):  # type: ignore[no-untyped-def]
    """Where the running sum passes u · total, as `boltzmann_rl.invert`; −1 where the total is no number."""
    actions, goal = eight(0), u * total
    for at in range(0, count * WIDTH, WIDTH):
        actions = where(load(cdf, at) <= goal, actions + 1, actions)
    return where(total < np.inf, actions, -1)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
