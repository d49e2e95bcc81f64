"""Compiled decisions for whoever makes many: prepared beside the work, and never another action.

With Numba installed, a process that has made some hundred thousand decisions by `boltzmann_rl.act` compiles them in a
thread of its own (or reads them from the disk), and goes on in plain Python until they are ready. To have them from the
first decision on call `prepare` before. Whichever way a decision is made, it is the same action, and the generator is
left in the same state.
"""

import threading
from typing import Any

import numpy as np

from boltzmann_rl.kernels.jit import available
from boltzmann_rl.policies.few import LARGEST_TEMPERATURE, number_at
from boltzmann_rl.policies.greedy import EpsilonGreedy, Greedy, Uniform
from boltzmann_rl.policies.parameters import clock_of, rate_at, temperature_at
from boltzmann_rl.policies.softmax import Boltzmann, EpsilonBoltzmann, MaxBoltzmann

__all__ = ["action", "actions_of_rows", "count", "prepare", "ready"]

# The module of the compiled decisions, once there is one.
ready: Any = None

# Decisions from which on compiling pays: it saves some 2 µs of each and takes 0.7 s from the disk (4 s the first time).
# One among the rows of a batch costs a twentieth of one by itself.
_PAYS, _SHARE_OF_A_ROW = 300_000, 0.05

# Rows of a batch from which on threads and lanes pay.
_MANY_ROWS = 4096

# Below, 1/temperature may overflow.
_SMALLEST = 1e-290

_FLOAT64, _MASKS = np.dtype(np.float64), (np.dtype(bool), np.dtype(np.int8))

_made = 0.0


def prepare() -> None:
    """Compile the decisions now; without Numba nothing happens, and all goes on in plain Python and NumPy.

    Example:
        >>> prepare()
    """
    global ready
    if ready is None and available():
        from boltzmann_rl.kernels import decision

        for _ in decision.prepare():
            if not threading.main_thread().is_alive():
                return  # a process that has come to its end does not wait for the rest
        ready = decision


def count(decisions: float) -> None:
    """Count decisions made otherwise; the one that makes them many enough starts the compilation."""
    global _made
    before, _made = _made, _made + decisions
    if before < _PAYS <= _made and available():
        threading.Thread(target=prepare, name="boltzmann_rl compiles").start()


def action(policy: Boltzmann, values: Any, available: Any, step: int | None, u: float) -> int:
    """A decision on values ``(A,)``; −1 for what `boltzmann_rl.policies.few` or the arrays have to answer."""
    temperature = policy.temperature
    if type(temperature) is not float:
        temperature = number_at(temperature, step) or 0.0
    if not 0.0 < temperature <= LARGEST_TEMPERATURE or values.dtype is not _FLOAT64 or not values.flags.carray:
        return -1
    if available is None:
        return ready.decide_few(values, temperature, u)
    if type(available) is np.ndarray and available.dtype in _MASKS and available.flags.carray and available.ndim == 1:
        return ready.decide_masked(values, available, temperature, u)
    return -1


_ROW = np.zeros(1)


def actions_of_rows(policy: Any, values: Any, step: Any, rng: np.random.Generator) -> Any:
    """Actions for many rows, or None for what only the policy's own arrays can answer; draws in the first case only."""
    if values.ndim != 2 or len(values) < _MANY_ROWS or not values.size or values.dtype not in (np.float64, np.float32):
        return None
    if ready is None:
        count(_SHARE_OF_A_ROW * len(values))
        return None
    shares = _shares(policy, step) if values.flags.carray else None
    if shares is None:
        return None
    before = rng.bit_generator.state
    actions = ready.decide_rows(values, *shares, rng.random)
    if actions is None:
        rng.bit_generator.state = before  # something is no value: the arrays will say which, and draw nothing
    return actions


def _shares(policy: Any, step: Any) -> tuple[float, float, float, float] | None:
    """Temperature, and shares of the uniform, the soft and the greedy part; None where rows have their own."""
    if type(policy) not in _PARTS or hasattr(getattr(policy, "temperature", None), "temperature") or np.ndim(step):
        return None
    if clock_of(policy) != "step":
        return None  # the arrays' checks refuse one step for all rows
    temperature = temperature_at(getattr(policy, "temperature", 1.0), _ROW, 0 if step is None else step)
    rate = rate_at(getattr(policy, "epsilon", 0.0), "epsilon", _ROW, 0 if step is None else step)
    if not _SMALLEST <= temperature <= LARGEST_TEMPERATURE:
        return None
    return (temperature, *_PARTS[type(policy)](float(np.max(rate))))


_PARTS: dict[Any, Any] = {
    Boltzmann: lambda rate: (0.0, 1.0, 0.0),
    EpsilonBoltzmann: lambda rate: (rate, 1.0 - rate, 0.0),
    EpsilonGreedy: lambda rate: (rate, 0.0, 1.0 - rate),
    Greedy: lambda rate: (0.0, 0.0, 1.0),
    MaxBoltzmann: lambda rate: (0.0, rate, 1.0 - rate),
    Uniform: lambda rate: (1.0, 0.0, 0.0),
}
