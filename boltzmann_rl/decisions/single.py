"""One decision of the ε-mixed softmax family as machine code, with the sums of `boltzmann_rl.policies.mixture`.

A policy is given by its five numbers: the weights of the uniform, the soft and the greedy part, a temperature, and
which unit of `boltzmann_rl.numerics.plain_temperatures` it is in. Where the code says −1, plain floats or arrays
decide: for invalid values, possible fill values and extremes.
"""

import math
from typing import Any

import numpy as np
from numba import carray, types  # type: ignore[attr-defined]
from numba.core import cgutils
from numba.extending import intrinsic

from boltzmann_rl.decisions.fill_values import HIGHEST
from boltzmann_rl.kernels.jit import compiled, inner, placed
from boltzmann_rl.kernels.sums import add
from boltzmann_rl.numerics import plain_temperatures
from boltzmann_rl.numerics.plain import FAR_BELOW, FEW
from boltzmann_rl.numerics.plain_temperatures import ENTROPY, LARGEST_RATIO, LEAST_GAP, NOISE, PLAIN, RANGE, SPREAD
from boltzmann_rl.numerics.softmax import LARGEST_TEMPERATURE
from boltzmann_rl.policies.units import LOGS

_goal_of, _spread_of = inner(plain_temperatures.goal_of), inner(plain_temperatures.spread_of)
_entropy_root, _greedy_root = inner(plain_temperatures.entropy_root), inner(plain_temperatures.greedy_root)

# What compiled code takes: values of any stride and alignment, a mask of bytes or None, and the five numbers.
_VALUES = types.Array(types.float64, 1, "A", aligned=False)
_MASK = types.Optional(types.Array(types.int8, 1, "A"))  # type: ignore[no-untyped-call]
_NUMBERS = types.Tuple((*(types.float64,) * 4, types.int64))  # type: ignore[no-untyped-call]


def _on_stack(compiler: Any) -> Any:
    """A pointer to room for a few floats on the stack."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return cgutils.alloca_once(builder, context.get_value_type(types.float64), size=FEW)  # type: ignore[no-untyped-call]

    return types.CPointer(types.float64)(), code  # type: ignore[no-untyped-call]


_room: Any = intrinsic(_on_stack)


@compiled(nogil=False)  # releasing the interpreter lock would take a fifth of the time
def decide(values, available, u, careful, numbers):  # type: ignore[no-untyped-def]
    """The action for a uniform, and its probability; action −1 where plain floats or arrays must decide.

    Args:
        values: ``(A,)`` of float64.
        available: A mask ``(A,)`` of bytes, or None.
        u: Uniform on [0, 1).
        careful: Whether fill values may be among the values.
        numbers: The five numbers of the policy.
    """
    count = values.shape[0]
    if count == 0 or (available is not None and len(available) != count):
        return -1, 0.0
    q = carray(_room(), FEW) if count <= FEW else np.empty(count)
    w = carray(_room(), FEW) if count <= FEW else np.empty(count)
    best, size = _read(values, available, q)
    if not (size < np.inf and best > -np.inf):
        return -1, 0.0
    uniform, soft, greedy, temperature, unit = numbers
    if soft > 0.0 and unit != PLAIN and temperature >= 0.0:
        temperature = _temperature(q, w, count, best, temperature, unit, careful)
    if soft > 0.0 and not (0.0 <= temperature <= LARGEST_TEMPERATURE or temperature == np.inf):
        return -1, 0.0
    # At these temperatures plain floats leave every low value to arrays, which warn also if it is not chosen.
    extreme = soft > 0.0 and (temperature == 0.0 or temperature == np.inf)
    if careful and (extreme or (count > FEW and soft != 1.0)) and _are_low(q, count):
        return -1, 0.0
    if careful and uniform > 0.0 and -np.inf < size <= FAR_BELOW:
        return -1, 0.0
    if not _weigh(q, w, count, best, (uniform, soft, greedy, temperature)):
        return -1, 0.0
    chosen, share = _pick(w, count, u)
    if careful and soft != 1.0 and not q[chosen] > HIGHEST:
        return -1, 0.0
    return chosen, share


def entry() -> Any:
    """`decide` compiled, or read from the disk, without the dispatcher's checks of types, which take half its time."""
    return decide.compile((_VALUES, _MASK, types.float64, types.boolean, _NUMBERS))


@placed
def _read(values, available, q):  # type: ignore[no-untyped-def]
    """Copy the values, −inf where the mask is 0; the best, and their sum, NaN if the mask has other numbers."""
    best, size = -np.inf, 0.0
    for a in range(len(values)):
        x = values[a]
        if available is not None:
            if not 0 <= available[a] <= 1:
                return best, np.nan
            if available[a] == 0:
                x = -np.inf
        q[a] = x
        size += x
        if x > best:
            best = x
    return best, size


@placed
def _are_low(q, count):  # type: ignore[no-untyped-def]
    """Whether a value is low enough to be a fill value; −inf is not."""
    found = 0
    for a in range(count):
        found += -np.inf < q[a] <= HIGHEST
    return found > 0


@placed
def _weigh(q, w, count, best, mixture):  # type: ignore[no-untyped-def]
    """Unnormalised probabilities, as `boltzmann_rl.policies.mixture.weights_of`; False where its check fails."""
    uniform, soft, greedy, temperature = mixture
    free, ties, norm, lost = 0, 0, 0.0, 0.0
    for a in range(count):
        x, weight = q[a], 0.0
        free += x > -np.inf
        ties += x == best
        if soft == 0.0:
            weight = 1.0 if (x > -np.inf if greedy == 0.0 else x == best) else 0.0
        elif temperature == 0.0:
            weight = 1.0 if x == best else 0.0
        elif temperature == np.inf:
            weight = 1.0 if x > -np.inf else 0.0
        else:
            weight = math.exp((x - best) / temperature)
        w[a] = weight
        norm, lost = add(norm, lost, weight)
    if not 1.0 <= norm + lost < np.inf:
        return False
    if (uniform == 0.0) + (soft == 0.0) + (greedy == 0.0) == 2:
        return True
    low, more, high = uniform / free, soft / (norm + lost), greedy / ties
    for a in range(count):
        weight = low + more * w[a] if q[a] > -np.inf else 0.0
        w[a] = weight + high if q[a] == best else weight
    return True


@placed
def _pick(w, count, u):  # type: ignore[no-untyped-def]
    """The action at which the running sum passes u times the total, and its probability by Python's sum."""
    total, norm, lost = 0.0, 0.0, 0.0
    for a in range(count):
        total += w[a]
        norm, lost = add(norm, lost, w[a])
    goal, passed, a = u * total, 0.0, -1
    while passed <= goal:
        a += 1
        passed += w[a]
    return a, w[a] / (norm + lost)


@inner
def _temperature(q, gaps, count, best, number, unit, careful):  # type: ignore[no-untyped-def]
    """As `boltzmann_rl.policies.units.plain_temperature`; NaN where the arrays must say. ``gaps`` is room for them."""
    held, ties, total, least, largest = 0, 0, 0.0, np.inf, 0.0
    for a in range(count):
        if q[a] > -np.inf:
            gap = best - q[a]
            total += gap
            if gap > 0.0:
                gaps[held] = gap
                held, least, largest = held + 1, min(least, gap), max(largest, gap)
            else:
                ties += 1
    if unit == NOISE or not total < np.inf or (careful and not best - largest > HIGHEST):
        return np.nan
    if held == 0:
        return np.inf
    if unit == RANGE:
        return number * largest
    if unit == SPREAD:
        return number * _spread_of(gaps, (held, ties), largest) * largest
    if count > FEW or not largest >= LEAST_GAP or not largest <= LARGEST_RATIO * least:
        return np.nan
    temperature, goal = _goal_of(unit, number, (held, ties), LOGS)
    if not temperature < 0.0:
        return temperature
    if unit == ENTROPY:
        return largest / _entropy_root(gaps, (held, ties), goal, (least, largest), 0.0)
    return largest / _greedy_root(gaps, (held, ties), goal, (least, largest), 0.0)
