"""Decisions of the ε-mixed softmax family as machine code, one for each of many rows.

`boltzmann_rl.act` turns to this once it is compiled: see `boltzmann_rl.decisions.machine`.
"""

import os
from _thread import start_new_thread
from contextlib import suppress
from itertools import pairwise
from threading import Lock
from typing import Any

import numpy as np

from boltzmann_rl.kernels.exponential import exp_nonpositive
from boltzmann_rl.kernels.jit import compiled, fused, placed
from boltzmann_rl.kernels.vectors import WIDTH, any_of, eight, flat, load, load_apart, store, where

# For each thread beyond the first there must be this many rows, or it does not pay.
_ROWS_PER_THREAD = 16_384

# Rows that a thread takes at a time.
_ROWS_AT_ONCE = 4096


def decide_rows(
    values: Any, temperature: float, uniform: float, soft: float, greedy: float, draw: Any, *, threads: int = 0
) -> Any:
    """Actions for the rows of ``values``, from π = uniform·1/n + soft·softmax(values / temperature) + greedy·1[best].

    The rows are divided among the cores, without the interpreter lock: another thread that draws from the same
    generator meanwhile gets some of the uniforms in between. Threads may end a moment after the call.

    Args:
        values: ``(rows, A)``, A ≥ 1, float64 or float32, C-contiguous.
        temperature: Above 0 and finite.
        uniform: Weight of the uniform part,
        soft: of the softmax, and
        greedy: of the best actions; their sum is 1.
        draw: ``draw(size)``, the next uniforms of a generator: one for each row, in their order.
        threads: Number of threads; 0 for as many as pay, given the cores and the rows.

    Returns:
        Actions ``(rows,)``; None if a row has a NaN, a +inf, or no available action.
    """
    rows = len(values)
    if 0 < rows < WIDTH:
        u = np.repeat(draw(rows), WIDTH)
        actions = decide_rows(np.repeat(values, WIDTH, axis=0), temperature, uniform, soft, greedy, lambda size: u)
        return None if actions is None else actions[::WIDTH]
    actions, valid = np.empty(rows, dtype=np.int64), []
    pieces = iter(pairwise([*range(0, rows - WIDTH + 1, _ROWS_AT_ONCE), rows]))
    turn, running = Lock(), []
    errors: list[BaseException] = []

    def decide() -> None:
        mine = Lock()
        try:
            room = np.empty((values.shape[1], WIDTH))
            while True:
                with turn:  # the next free thread takes the next rows and their uniforms
                    piece = None if errors else next(pieces, None)
                    if piece is None:
                        return
                    if not mine.locked():
                        mine.acquire()
                        running.append(mine)
                    u = draw(piece[1] - piece[0])
                some = slice(*piece)
                fine = _decide_rows(values[some], 1.0 / temperature, uniform, soft, greedy, u, actions[some], room)
                valid.append(fine)
        except BaseException as error:  # in another thread it would be lost
            errors.append(error)
        finally:
            if mine.locked():
                mine.release()

    # Numba's own threads must not be started from several threads at once, and a pool would not survive a fork.
    # `threading.Thread` would wait for each thread to begin, which may take longer than the work.
    with suppress(RuntimeError):  # the system has no more threads: fewer do the same work
        for _ in range((threads or min(_cores(), rows // _ROWS_PER_THREAD)) - 1):
            start_new_thread(decide, ())
    try:
        decide()
        for lock in running:
            lock.acquire()
    except BaseException as error:  # an interrupt: each running thread stops after its present piece
        errors.append(error)
        raise
    if errors:
        raise errors[0]
    return actions if all(valid) else None


def prepare() -> None:
    """Compile the functions of this module, or read them from the disk."""
    for kind in (np.float64, np.float32):
        decide_rows(np.zeros((2, 2), dtype=kind), 1.0, 0.0, 1.0, 0.0, np.zeros)


@compiled(fastmath={"contract"})
def _decide_rows(values, inverse, uniform, soft, greedy, u, actions, w):  # type: ignore[no-untyped-def]
    """Decide eight rows at a time, as the lanes of vectors; False if a row has a NaN, a +inf, or no available action.

    ``w`` is room for the values of eight rows, ``(A, lanes)``.
    """
    (rows, count), fine = values.shape, True
    values, u, actions, w = flat(values), flat(u), flat(actions), flat(w)
    for i in range(0, rows, WIDTH):
        first = min(i, rows - WIDTH)  # fewer than eight remaining rows are decided together with some before them
        best = _load(values, first * count, count, w)
        if soft == 1.0:
            total = _sum_softmax(w, count, best, inverse)
        else:
            total = _sum_mixture(w, count, best, inverse, uniform, soft, greedy)
        fine &= not any_of(where(total < np.inf, 0.0, eight(1.0)) > 0.0)
        store(actions, first, _pick(w, count, total * load(u, first)))
    return fine


@placed
def _load(values, first, count, w):  # type: ignore[no-untyped-def]
    """Copy eight rows side by side; the best value of each, or NaN if the first is NaN."""
    best = load_apart(values, first, count)
    store(w, 0, best)
    for a in range(1, count):
        q = load_apart(values, first + a, count)
        store(w, a * WIDTH, q)
        best = where(q > best, q, best)
    return best


@fused
def _sum_softmax(w, count, best, inverse):  # type: ignore[no-untyped-def]
    """Running sums of the weights; NaN in rows with a NaN or +inf, and in rows of −inf only."""
    total = eight(0.0)
    for at in range(0, count * WIDTH, WIDTH):
        total += exp_nonpositive((load(w, at) - best) * inverse)
        store(w, at, total)
    return total


@fused
def _sum_mixture(w, count, best, inverse, uniform, soft, greedy):  # type: ignore[no-untyped-def]
    """Running sums of the probabilities; NaN in the same rows as in `_sum_softmax`."""
    free, ties, weight = eight(0.0), eight(0.0), eight(0.0)
    for at in range(0, count * WIDTH, WIDTH):
        q = load(w, at)
        free += where(q == -np.inf, 0.0, 1.0 + 0.0 * q)  # NaN if q is NaN or +inf
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


@placed
def _pick(cdf, count, goal):  # type: ignore[no-untyped-def]
    """Where the running sum passes the goal, as `boltzmann_rl.invert`."""
    actions = eight(0)
    for at in range(0, count * WIDTH, WIDTH):
        actions = where(load(cdf, at) <= goal, actions + 1, actions)
    return actions


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
