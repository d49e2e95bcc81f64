"""What a public function accepts: every conversion and every refusal of an argument, in one place.

No argument is repaired silently. One that NumPy would misread (a bool where a number belongs, a masked array whose mask
it drops) raises ``TypeError``; a number out of range raises ``ValueError`` with the argument, the value and what is
allowed.
"""

import math
import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments.arrays import is_masked, to_numpy, untraced
from boltzmann_rl.arguments.rows import rows_of, rows_of_parameter

Floats = NDArray[np.float64]
LEARNER_METHODS = ("start", "values", "update")
_FLOAT64 = np.dtype(np.float64)


@untraced
def real_array(array: Any, name: str) -> Floats:
    """``array`` as C-ordered float64, copied only if it is not that already; anything but real numbers is refused."""
    if type(array) is np.ndarray and array.dtype is _FLOAT64 and array.flags.c_contiguous:
        return array
    _refuse_masked(array, name)
    found = to_numpy(array, name)
    if found.dtype.kind == "b":
        raise TypeError(f"{name} must be real numbers, got booleans: is this a mask? Masks go to available=")
    if found.dtype.kind not in "iuf":
        held = "complex numbers" if found.dtype.kind == "c" else f"{type(array).__name__} of {found.dtype}"
        raise TypeError(f"{name} must be real numbers, got {held}: {shown(array)}")
    if found.dtype.kind == "f" and found.dtype.itemsize > _FLOAT64.itemsize:
        return _narrowed(found, name)
    return np.ascontiguousarray(found, dtype=np.float64).reshape(found.shape)


def _narrowed(found: Any, name: str) -> Floats:
    """Numbers of a wider format, rounded to float64; a finite number that would overflow is refused."""
    with np.errstate(over="ignore", under="ignore"):
        narrow = np.ascontiguousarray(found, dtype=np.float64).reshape(found.shape)
    lost = np.isinf(narrow) & np.isfinite(found)
    if lost.any():
        raise ValueError(f"{name} must be numbers that a float64 can hold, got {found[lost][0]}")
    return narrow


def as_values(values: Any) -> Floats:
    """Action values ``(..., A)`` with at least one action, as float64."""
    values = real_array(values, "values")
    if values.ndim == 0:
        raise ValueError(f"values need an action axis, got the single number {values}")
    if values.shape[-1] == 0:
        raise ValueError(f"values are empty: shape {values.shape} holds no action")
    return values


def check_best(values: Floats, best: Floats) -> None:
    """Refuse rows whose maximum ``best`` is not finite: NaN, +inf, or −inf for a row without an available action.

    The maximum propagates NaN and +inf, so that checking it is enough; the position is searched for only on failure.
    """
    if np.isfinite(best).all():
        return
    wrong = np.isnan(values) | (values == np.inf)
    if wrong.any():
        raise ValueError(
            f"{place('values', wrong)} is {values[wrong][0]}: "
            "values must be finite, or -inf for an action that is not available"
        )
    where = place("values", np.max(values, axis=-1) == -np.inf)
    raise ValueError(f"{where} leave no action available: all are -inf")


def as_temperature(temperature: Any, shape: tuple[int, ...], name: str = "temperature") -> float | Floats:
    """A temperature in [0, ∞], aligned with values of ``shape``: a float, or an array with an action axis.

    The number of axes decides: with as many as ``values`` there is one per action, with fewer one per row.
    """
    if type(temperature) is float and temperature >= 0.0:
        return temperature + 0.0  # turns −0 into 0
    if to_numpy(temperature, name).ndim == 0:
        return as_number(temperature, name, minimum=0.0)
    found = real_array(temperature, name)
    if not (found >= 0.0).all():
        raise ValueError(f"{name} must be 0 or more, got {found[~(found >= 0.0)][0]}")
    found = found + 0.0  # turns −0 into 0
    aligned = found if found.ndim >= len(shape) else found[..., np.newaxis]
    try:
        fits = np.broadcast_shapes(aligned.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"{name} of shape {found.shape} fits neither the rows {shape[:-1]} nor the actions {shape} of values"
        )
    return aligned


def as_available(available: Any, shape: tuple[int, ...], name: str = "available=") -> NDArray[np.bool_]:
    """An action mask of exactly ``shape``, bool or integers all 0 or 1, with an action left in every row."""
    _refuse_masked(available, f"the mask {name}")
    mask = to_numpy(available, f"the mask {name}")
    if mask.dtype.kind not in "biu":
        remedy = ": mask > 0.5 makes one of numbers 0.0 and 1.0" if mask.dtype.kind == "f" else ""
        raise TypeError(f"the mask {name} must be bool, or integers all 0 or 1, got {shown(available)}{remedy}")
    if mask.shape != shape:
        raise ValueError(
            f"the mask {name} has shape {mask.shape}, values have {shape}: masks are not broadcast, give one "
            "entry for each action of each row"
        )
    if mask.dtype.kind != "b":
        if ((mask != 0) & (mask != 1)).any():
            raise ValueError(f"the mask {name} must hold only 0 and 1, got {shown(available)}")
        mask = mask.astype(bool)
    empty = ~mask.any(axis=-1)
    if empty.any():
        raise ValueError(f"the mask {place(name.rstrip('='), empty)} leaves no action")
    return mask


def as_steps(step: Any, name: str = "step") -> Floats:
    """Decisions made so far: integers ≥ 0 of any shape, as float64."""
    if type(step) is int and 0 <= step < 2**53:  # the common case, ten times faster than the checks below
        return np.array(step, dtype=np.float64)
    _refuse_masked(step, name)
    found = to_numpy(step, name)
    if isinstance(step, bool | str) or (found.dtype.kind not in "iu" and not isinstance(step, int)):
        raise TypeError(f"{name} must be an integer, or an array of integers, got {shown(step)}")
    try:
        steps = found.astype(np.float64)
    except OverflowError:  # an int beyond the largest float: every schedule has reached its end
        steps = np.asarray(np.inf if step > 0 else -np.inf)
    if (steps < 0).any():
        raise ValueError(f"{name} must be 0 or more, got {shown(found[steps < 0][0] if found.ndim else step)}")
    return steps


def as_number(number: Any, name: str, *, minimum: float = -np.inf, maximum: float = np.inf) -> float:
    """A real number in [minimum, maximum], infinite if the bounds are."""
    found = to_numpy(number, name)
    if found.ndim != 0 or found.dtype.kind not in "iufO" or isinstance(number, str | bytes | bytearray):
        raise TypeError(f"{name} must be a number, got {shown(number)}")
    try:
        value = float(found)
    except OverflowError:
        raise ValueError(f"{name} must be a number that a float can hold, got {shown(number)}") from None
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {shown(number)}") from None
    if not minimum <= value <= maximum:
        said = {(0.0, np.inf): "0 or more", (-np.inf, np.inf): "a number"}
        allowed = said.get((minimum, maximum), f"in [{minimum:g}, {maximum:g}]")
        raise ValueError(f"{name} must be {allowed}, got {shown(number)}")
    return value


def as_finite(number: Any, name: str, *, minimum: float = -np.inf, maximum: float = np.inf) -> float:
    """A finite real number in [minimum, maximum]."""
    if type(number) is float and minimum <= number <= maximum and math.isfinite(number):
        return number
    value = as_number(number, name)
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    return as_number(value, name, minimum=minimum, maximum=maximum)


def as_positive(number: Any, name: str, *, maximum: float = np.inf, why: str = "") -> float:
    """A finite number in (0, maximum]; ``why`` says what 0 would do."""
    value = as_finite(number, name)
    if value <= 0.0:
        raise ValueError(f"{name} must be above 0, got {number}{': ' if why else ''}{why}")
    return as_finite(value, name, minimum=0.0, maximum=maximum)


as_nonnegative = partial(as_finite, minimum=0.0)
as_fraction = partial(as_finite, minimum=0.0, maximum=1.0)
as_rate = partial(as_positive, maximum=1.0)


def as_reward(reward: Any, name: str = "reward") -> float:
    """One finite reward; a bool counts as 0 or 1, as it does in the arrays of vector environments."""
    found = to_numpy(reward, name)
    if found.ndim == 0 and found.dtype.kind == "b":
        return float(found)
    return as_finite(reward, name)


def as_rewards(rewards: Any, name: str = "rewards") -> Floats:
    """Rewards of any shape as float64, each checked as by `as_reward`."""
    given = to_numpy(rewards, name)
    if given.dtype.kind == "O":
        given = np.array([as_reward(reward, name) for reward in given.flat]).reshape(given.shape)
    found = real_array(given.astype(np.float64) if given.dtype.kind == "b" else given, name)
    wrong = ~np.isfinite(found)
    if wrong.any():
        raise ValueError(f"{place(name, wrong)} must be finite, got {found[wrong][0]}")
    return found


def as_integer(number: Any, name: str, *, minimum: int = 0, maximum: int | None = None) -> int:
    """An integer (Python's or NumPy's, not a bool or float) in [minimum, maximum]."""
    if isinstance(number, bool | np.bool_):
        raise TypeError(f"{name} must be an integer, got {number!r}")
    try:
        value = operator.index(number)
    except TypeError:
        whole = isinstance(number, float) and number.is_integer()
        hint = f": write {int(number):_}" if whole else ""
        raise TypeError(f"{name} must be an integer, got {shown(number)}{hint}") from None
    if value < minimum or (maximum is not None and value > maximum):
        allowed = f"{minimum} or more" if maximum is None else f"in [{minimum}, {maximum}]"
        raise ValueError(f"{name} must be {allowed}, got {shown(value)}")
    return value


as_count = partial(as_integer, minimum=1)


def as_choice(choice: Any, name: str, choices: tuple[Any, ...]) -> Any:
    """The one of the ``choices`` that is given; 1 is not taken for True."""
    for one in choices:
        if isinstance(choice, type(one)) and choice == one:
            return one
    allowed = f"{', '.join(map(repr, choices[:-1]))} or {choices[-1]!r}"
    raise (ValueError if isinstance(choice, type(choices[0])) else TypeError)(
        f"{name} must be {allowed}, got {shown(choice)}"
    )


def as_sequence(parts: Any, name: str, what: str) -> tuple[Any, ...]:
    """A list, tuple or one-dimensional array as a tuple; ``what`` names its elements, for the error."""
    if type(parts) is np.ndarray and parts.ndim == 1:
        return tuple(parts.tolist())
    if not isinstance(parts, list | tuple | range):
        raise TypeError(f"{name} must be a tuple of {what}, got {shown(parts)}")
    return tuple(parts)


def as_seed(seed: Any) -> int:
    """A seed: an integer in [0, 2⁶³), the range that all libraries' generators accept."""
    return as_integer(seed, "seed", maximum=2**63 - 1)


def as_generator(rng: Any) -> "np.random.Generator":  # imported with the first decision, not with the package
    """A ``numpy.random.Generator``; seeds and NumPy's global state are refused."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng must be a numpy.random.Generator, got {shown(rng)}: np.random.default_rng(seed) makes one"
        )
    return rng


def as_callable(function: Any, name: str, form: str) -> Callable[..., Any]:
    """A callable; ``form`` shows its call, for the error."""
    if not callable(function):
        raise TypeError(f"{name} must be callable as {form}, got {shown(function)}")
    return function


def as_policy(policy: Any, name: str = "policy") -> Callable[..., Any]:
    """A callable ``(values, step) -> probabilities``; a class is refused, since its instance was probably meant."""
    if isinstance(policy, type):
        raise TypeError(f"{name} must be an instance, such as {policy.__name__}(...), got the class")
    if hasattr(policy, "learner") and hasattr(policy, "policy"):
        raise TypeError(
            f"{name} must be callable as {name}(values, step), got an Agent: {shown(policy)}; its policy is the part "
            ".policy, and in an environment boltzmann_rl.recommended(actions, states=True) is a policy"
        )
    if not callable(policy) and callable(getattr(policy, "temperature", None)):
        raise TypeError(
            f"{name} must be callable as {name}(values, step), got a unit of temperature: Boltzmann({policy!r})"
        )
    if not callable(policy) and hasattr(policy, "update"):
        raise TypeError(f"{name} must be callable as {name}(values, step), got a learner: Agent({policy!r}, Greedy())?")
    return as_callable(policy, name, f"{name}(values, step) -> probabilities")


def as_learner(learner: Any, name: str = "learner") -> Any:
    """An object with ``start``, ``values`` and ``update``; a class is refused: its instance was probably meant."""
    if isinstance(learner, type):
        raise TypeError(f"{name} must be an instance, such as {learner.__name__}(...), got the class")
    missing = [method for method in LEARNER_METHODS if not callable(getattr(learner, method, None))]
    if missing:
        raise TypeError(
            f"{name} must have start(), values() and update(), as QLearning() has, got {shown(learner)} without "
            f"{', '.join(missing)}"
        )
    return learner


def unwrap(result: Any) -> Any:
    """The result of a reduction over the actions: a float for a single row, else the array."""
    return float(result) if isinstance(result, float) or np.ndim(result) == 0 else result


def _refuse_masked(array: Any, name: str) -> None:
    if is_masked(array):
        raise TypeError(
            f"{name} is a NumPy masked array, whose mask would be lost: "
            "pass the plain array and the mask as available=~array.mask"
        )


def shown(value: Any) -> str:
    """A value as an error message shows it: its repr, cut after 57 characters."""
    if isinstance(value, int) and value.bit_length() > 1024:  # Python refuses to print integers this long
        return f"an integer of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def place(name: str, wrong: Any) -> str:
    """Where an array is True first, as an error message names it: ``values[0, 2]``, or ``values`` for one number."""
    index = ", ".join(map(str, np.argwhere(wrong)[0].tolist()))
    return f"{name}[{index}]" if index else name


def set_fields(instance: Any, **fields: Any) -> None:
    """Store canonical values on a frozen dataclass in its ``__post_init__``, and check that they agree on the rows."""
    for name, value in fields.items():
        object.__setattr__(instance, name, value)
    if any(map(rows_of_parameter, fields.values())):
        rows_of(instance)


def check_fields(instance: Any, **rules: Callable[[Any, str], Any]) -> None:
    """Replace fields of a frozen dataclass, in its ``__post_init__``, by ``rule(value, name)`` of each."""
    set_fields(instance, **{name: rule(getattr(instance, name), name) for name, rule in rules.items()})


def as_matrix(rows: Any, name: str) -> tuple[tuple[float, ...], ...]:
    """Rows of finite numbers, all of the same length, as tuples."""
    try:
        lengths = {len(row) for row in rows}
    except TypeError:
        lengths = set()
    if len(lengths) != 1 or 0 in lengths:
        raise TypeError(f"{name} must be rows of numbers, all of one length, got {shown(rows)}")
    return tuple(tuple(as_finite(x, f"{name}[{i}][{j}]") for j, x in enumerate(row)) for i, row in enumerate(rows))
