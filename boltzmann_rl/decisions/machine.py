"""Compiled decisions: faster, with the same actions.

`prepare` compiles them if Numba is installed; before, and without Numba, decisions are made in plain Python and NumPy.
All ways give the same action, and leave the generator in the same state.
"""

from typing import Any

import numpy as np

from boltzmann_rl.arguments.rows import rows_of
from boltzmann_rl.decisions.fill_values import holds_fill_values
from boltzmann_rl.kernels.forks import no_fork
from boltzmann_rl.kernels.jit import available
from boltzmann_rl.numerics.softmax import LARGEST_TEMPERATURE, LEAST_TEMPERATURE
from boltzmann_rl.policies.mixture import Mixture
from boltzmann_rl.policies.parameters import clock_of, number_at

# The module of the compiled decisions, once they are compiled.
ready: Any = None

# The fewest rows of a batch for which threads and lanes are worth their cost.
MANY_ROWS = 4096

# `boltzmann_rl.decisions.single.decide`, once it is compiled: it does not check the types of its arguments.
decide: Any = None

# The only type of values that `decide` takes.
FLOAT64 = np.dtype(np.float64)


def prepare() -> None:
    """Compile the decisions of `boltzmann_rl.act`: from then on each takes a fifth to a third of the time.

    Compiling takes about four seconds the first time on a machine, and less than one when the machine code is on the
    disk: call it at the start of a program. Nothing else compiles them, so that no decision waits for the compiler. No
    thread is started. Actions and uniforms are the same before and after.

    Without Numba it does nothing. Threads may call it at the same time: one compiles, and the others wait. A fork
    also waits.

    Example:
        >>> import boltzmann_rl as brl
        >>> brl.prepare()
    """
    global ready, decide
    if ready is not None:
        return
    with no_fork():
        if ready is None and available():
            from boltzmann_rl.decisions import kernel as decision, single

            decision.prepare()
            decide = single.entry()
            ready = decision


def is_mask(available: Any) -> bool:
    """Whether compiled code takes it for a mask: an array ``(A,)`` of bytes."""
    return type(available) is np.ndarray and available.dtype.char in "?b" and available.ndim == 1


def actions_of_rows(
    policy: Any, mixture: Mixture, values: Any, step: Any, rng: np.random.Generator, *, learned: bool = True
) -> Any:
    """Actions for many rows; None, before any draw, if the array code must decide."""
    if values.ndim != 2 or len(values) < MANY_ROWS or not values.size or values.dtype not in (np.float64, np.float32):
        return None
    if ready is None or not values.flags.carray:
        return None
    numbers = _numbers(policy, mixture, step)
    if numbers is None or not _are_valid(values):
        return None
    if mixture.uniform > 0.0 and not learned and holds_fill_values(values):
        return None
    return ready.decide_rows(values, *numbers, rng.random)


def _are_valid(values: Any) -> bool:
    """Whether no value is NaN or +inf, and each row has an available action."""
    with np.errstate(invalid="ignore"):
        if not values.max() < np.inf:
            return False
    if values.min() > -np.inf:
        return True
    without = np.arange(len(values))  # rows in which no available action was found yet
    for column in values.T:
        without = without[column[without] == -np.inf]
        if not without.size:
            return True
    return False


def _numbers(policy: Any, mixture: Mixture, step: Any) -> tuple[float, float, float, float] | None:
    """Temperature and weights; None if rows have their own."""
    if clock_of(policy) != "step" or rows_of(policy):
        return None
    uniform, soft, greedy, temperature = mixture
    found = number_at(temperature, step) if soft else 1.0
    if found is None or not LEAST_TEMPERATURE <= found <= LARGEST_TEMPERATURE:
        return None
    return found, float(uniform), float(soft), float(greedy)
