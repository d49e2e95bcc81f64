"""Compiled decisions for those who make many: never another action.

`prepare` compiles them, with Numba installed; until then, and without it, decisions are made in plain Python and NumPy.
Whichever way a decision is made, it is the same action, and the generator is left in the same state.
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

__all__ = ["MANY_ROWS", "action", "actions_of_rows", "prepare", "ready"]

# The module of the compiled decisions, once there is one.
ready: Any = None

# Rows of a batch from which on threads and lanes pay.
MANY_ROWS = 4096

_FLOAT64, _MASKS = np.dtype(np.float64), (np.dtype(bool), np.dtype(np.int8))


def prepare() -> None:
    """Compile the decisions of `boltzmann_rl.act`, so that each takes about a third of the time from then on.

    It takes some four seconds the first time on a machine, and under one when the machine code is on the disk: call it
    where a program starts. Nothing else compiles them: no decision, however large its batch, is held up by a compiler,
    and no thread is started. Actions and uniforms are the same before and after.

    Without Numba nothing happens. Threads may call it at the same time: one compiles, and the others wait. A process
    that is forked meanwhile begins when it is done.

    Example:
        >>> import boltzmann_rl as brl
        >>> brl.prepare()
    """
    global ready
    if ready is not None:
        return
    with no_fork():
        if ready is None and available():
            from boltzmann_rl.decisions import kernel as decision

            decision.prepare()
            ready = decision


def action(temperature: Any, values: Any, available: Any, step: int | None, u: float) -> int:
    """A softmax decision on values ``(A,)``; −1 for what plain floats or the arrays have to decide."""
    if type(temperature) is not float:
        temperature = number_at(temperature, step) or 0.0
    if not 0.0 < temperature <= LARGEST_TEMPERATURE or values.dtype is not _FLOAT64 or not values.flags.carray:
        return -1
    if available is None:
        return ready.decide_few(values, temperature, u)
    if type(available) is np.ndarray and available.dtype in _MASKS and available.flags.carray and available.ndim == 1:
        return ready.decide_masked(values, available, temperature, u)
    return -1


def actions_of_rows(
    policy: Any, mixture: Mixture, values: Any, step: Any, rng: np.random.Generator, *, learned: bool = True
) -> Any:
    """Actions for many rows, or None for what only the policy's own arrays can answer; draws in the first case only."""
    if values.ndim != 2 or len(values) < MANY_ROWS or not values.size or values.dtype not in (np.float64, np.float32):
        return None
    if ready is None or not values.flags.carray:
        return None
    numbers = _numbers(policy, mixture, step)
    if numbers is None or not _meaningful(values):
        return None
    if mixture.uniform > 0.0 and not learned and holds_fill_values(values):
        return None
    return ready.decide_rows(values, *numbers, rng.random)


def _meaningful(values: Any) -> bool:
    """Whether no value is NaN or +inf, and each row has an action: told before anything is drawn."""
    with np.errstate(invalid="ignore"):
        if not values.max() < np.inf:
            return False
    if values.min() > -np.inf:
        return True
    without = np.arange(len(values))  # rows in which no action was found so far
    for column in values.T:
        without = without[column[without] == -np.inf]
        if not without.size:
            return True
    return False


def _numbers(policy: Any, mixture: Mixture, step: Any) -> tuple[float, float, float, float] | None:
    """Temperature and weights; None where rows have their own."""
    if clock_of(policy) != "step" or rows_of(policy):
        return None
    uniform, soft, greedy, temperature = mixture
    found = number_at(temperature, step) if soft else 1.0
    if found is None or not LEAST_TEMPERATURE <= found <= LARGEST_TEMPERATURE:
        return None
    return found, float(uniform), float(soft), float(greedy)
