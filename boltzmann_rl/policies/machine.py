"""Compiled decisions for whoever makes many: prepared beside the work, and never another action.

With Numba installed, a process that has made some ten thousand decisions by `boltzmann_rl.act` compiles them in a
thread of its own (or reads them from the disk), and goes on in plain Python until they are ready. To have them from the
first decision on call `prepare` before.
"""

import threading
from typing import Any

import numpy as np

from boltzmann_rl.kernels.jit import available
from boltzmann_rl.policies.greedy import EpsilonGreedy, Greedy, Uniform
from boltzmann_rl.policies.parameters import rate_at, temperature_at
from boltzmann_rl.policies.softmax import Boltzmann, EpsilonBoltzmann, MaxBoltzmann

__all__ = ["LARGEST", "actions_of_rows", "count", "prepare", "ready", "temperature_of"]

# The module of the compiled decisions, once there is one.
ready: Any = None

# Decisions from which on compiling pays; one among the rows of a batch costs a twentieth of one by itself.
_PAYS, _SHARE_OF_A_ROW = 20_000, 0.05

# Rows of a batch from which on threads and lanes pay.
_MANY_ROWS = 4096

# Beyond, the difference of two values may overflow although its quotient is moderate, or 1/temperature may.
LARGEST, _SMALLEST = 1e305, 1e-290

_made = 0.0


def prepare() -> None:
    """Compile the decisions now; without Numba nothing happens, and all goes on in plain Python and NumPy.

    Example:
        >>> prepare()
    """
    global ready
    if ready is None and available():
        from boltzmann_rl.kernels import decision

        decision.prepare()
        ready = decision


def count(decisions: float) -> None:
    """Count decisions made otherwise; the one that makes them many enough starts the compilation."""
    global _made
    before, _made = _made, _made + decisions
    if before < _PAYS <= _made and available():
        threading.Thread(target=prepare, name="boltzmann_rl compiles").start()


def temperature_of(policy: Any, step: int | None) -> float:
    """Of a Boltzmann policy whose temperature is a schedule, at the step; 0 where it reads the values."""
    if step is None or hasattr(policy.temperature, "temperature"):
        return 0.0
    return float(temperature_at(policy.temperature, _ROW, step))


_ROW = np.zeros(1)


def actions_of_rows(policy: Any, values: Any, step: Any, rng: np.random.Generator) -> Any:
    """Actions for many rows, or None for what only the policy's own arrays can answer; draws in the first case only."""
    if values.ndim != 2 or len(values) < _MANY_ROWS or values.dtype not in (np.float64, np.float32):
        return None
    if ready is None:
        count(_SHARE_OF_A_ROW * len(values))
        return None
    shares = _shares(policy, step) if values.flags.carray else None
    if shares is None:
        return None
    before = rng.bit_generator.state
    actions = ready.decide_rows(values, *shares, rng.random(len(values)))
    if actions.min() >= 0:
        return actions
    rng.bit_generator.state = before  # something is no value: the arrays will say which, and draw nothing
    return None


def _shares(policy: Any, step: Any) -> tuple[float, float, float, float] | None:
    """Temperature, and shares of the uniform, the soft and the greedy part; None where rows have their own."""
    if type(policy) not in _PARTS or hasattr(getattr(policy, "temperature", None), "temperature") or np.ndim(step):
        return None
    temperature = temperature_at(getattr(policy, "temperature", 1.0), _ROW, 0 if step is None else step)
    rate = rate_at(getattr(policy, "epsilon", 0.0), "epsilon", _ROW, 0 if step is None else step)
    if not _SMALLEST <= temperature <= LARGEST:
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
