"""What a policy declares, at a step, as numbers of a backend: its mixture, or the probabilities of another policy."""

import dataclasses
from typing import Any

import numpy as np

from boltzmann_rl.arguments.rows import as_rows, unchecked
from boltzmann_rl.backends.family import WEIGHTS_SLACK, Parts, Rows, log_mixed, logarithm, mixed
from boltzmann_rl.backends.regularised import DISTRIBUTIONS, TEMPERATURES, gumbel_action
from boltzmann_rl.backends.units import UNITS
from boltzmann_rl.policies.mixture import Mixture, offers_mixture
from boltzmann_rl.policies.perturbation import BoltzmannGumbel
from boltzmann_rl.protocols import is_unit, traits_of
from boltzmann_rl.schedules.evaluation import value


def with_parameters(policy: Any, **numbers: Any) -> Any:
    """The same policy, schedule or unit with other numbers in the named fields, unchecked.

    Its own checks need numbers that are known, which those inside compiled code are not. A schedule takes a number for
    each row where its constructor does.

    Args:
        policy: A policy, schedule or unit of temperature: a dataclass.
        **numbers: Numbers or arrays by the names of its fields.

    Raises:
        TypeError: A name that is not a field, or a policy that is not a dataclass.
        ValueError: A schedule with numbers for different numbers of rows.

    Example:
        >>> from boltzmann_rl import Boltzmann
        >>> with_parameters(Boltzmann(1.0), temperature=0.5)
        Boltzmann(temperature=0.5)
    """
    if not dataclasses.is_dataclass(policy) or isinstance(policy, type):
        raise TypeError(f"policy must be a declaration with fields, got {policy!r}")
    names = [field.name for field in dataclasses.fields(policy)]
    if unknown := numbers.keys() - set(names):
        raise TypeError(f"{type(policy).__name__} has the fields {', '.join(names)}, not {', '.join(sorted(unknown))}")
    per_row = getattr(policy, "fields_per_row", ())
    given = {name: as_rows(x) if name in per_row else x for name, x in numbers.items()}
    return unchecked(type(policy), {name: getattr(policy, name) for name in names} | given)


def number(xp: Any, parameter: Any, step: Any, values: Any) -> Any:
    """A number, schedule or callable at a step, or one of these for each row, in the dtype of values."""
    if parameter is None or is_unit(parameter) or isinstance(parameter, str | bytes | type):
        raise TypeError(f"needed is a number, a schedule of the step, or one of these for each row, got {parameter!r}")
    return xp.like(value(parameter, step, xp), values)


def in_rows(xp: Any, parameter: Any, name: str, rows: Rows, step: Any) -> Any:
    """A parameter at a step, aligned with the actions: ``()`` or ``(..., 1)``.

    Raises:
        ValueError: A parameter of another shape than that of the rows.
    """
    found = number(xp, parameter, step, rows.values)
    if found.ndim == 0 or (found.shape == (1,) and rows.values.ndim == 1):
        return found
    if found.shape != rows.values.shape[:-1]:
        raise ValueError(
            f"{name} must be one number, or one for each row of values {tuple(rows.values.shape)}, got shape "
            f"{tuple(found.shape)}"
        )
    return found[..., None]


def temperature(xp: Any, parameter: Any, rows: Rows, step: Any) -> Any:
    """A temperature at a step, aligned with the actions: of a number, a schedule or a unit."""
    if type(parameter) in UNITS:
        return UNITS[type(parameter)](xp, rows, step, **_fields_in_rows(xp, parameter, rows, step))
    if is_unit(parameter):
        return in_rows(xp, parameter.temperature(rows.values, step), "temperature", rows, step)
    return in_rows(xp, parameter, "temperature", rows, step)


def _fields_in_rows(xp: Any, part: Any, rows: Rows, step: Any) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(part)]
    return {name: in_rows(xp, getattr(part, name), name, rows, step) for name in names}


def fixed(xp: Any, number: Any, name: str, rows: Rows) -> Any:
    """A number, or one for each row, aligned with the actions: ``()`` or ``(..., 1)``."""
    if callable(number) or is_unit(number):
        raise TypeError(
            f"{name} must be a number, or one for each row, got {number!r}: schedules and units need a policy, as in "
            "probabilities(Boltzmann(schedule), values, step)"
        )
    return in_rows(xp, number, name, rows, 0)


def soft_at(xp: Any, number: Any, rows: Rows) -> Parts:
    """The softmax at a temperature that is a number, or one for each row."""
    return Parts(0.0, 1.0, 0.0, fixed(xp, number, "temperature", rows))


def steps_of(xp: Any, step: Any) -> Any:
    """A step as it is, or lists of steps as an array; only integers are steps."""
    return step if type(step) is int else xp.whole(step, "step")


def evaluated(xp: Any, schedule: Any, step: Any, like: Any) -> Any:
    """The value of a number or schedule at each step, in the dtype of ``like``."""
    step = steps_of(xp, step)
    found = number(xp, schedule, step, like)
    return found + xp.zeros_like(xp.like(step, like)) if found.ndim == 0 else found


def _check_known(policy: Any) -> None:
    """Refuse a policy that is not a function of values and step, or whose formula is not known here."""
    kind = type(policy)
    if isinstance(policy, type):
        raise TypeError(f"policy must be an object, such as {policy.__name__}(...), got the class")
    if kind is BoltzmannGumbel:
        raise TypeError(
            f"{policy!r} has probabilities that are integrals, which only NumPy's policy computes: act draws from it"
        )
    _check_needs_no_memory(policy)
    # PyTorch's compiler warns of caches.
    if kind not in DISTRIBUTIONS and kind not in TEMPERATURES and not offers_mixture.__wrapped__(kind):
        raise TypeError(
            f"{policy!r} is not known here: give it a method mixture(step, memory=None), see boltzmann_rl.Mixture, or "
            "write its formula on arrays of this backend"
        )


def _check_needs_no_memory(policy: Any) -> None:
    if traits_of(policy).takes_memory:
        raise TypeError(
            f"{policy!r} needs its learner's memory, which functions of values do not have: give the remembered number "
            "itself with with_parameters, as the epsilon of EpsilonGreedy or as the temperature of Boltzmann"
        )


def declared(xp: Any, policy: Any, rows: Rows, step: Any) -> Any:
    """A policy at a step: its mixture as `Parts`, or its probabilities if it has no mixture."""
    kind, step = type(policy), steps_of(xp, step)
    _check_known(policy)
    if kind in DISTRIBUTIONS:
        fields = {
            field.name: temperature(xp, getattr(policy, field.name), rows, step) for field in dataclasses.fields(policy)
        }
        return DISTRIBUTIONS[kind](xp, rows, **fields)
    if kind in TEMPERATURES:
        return Parts(0.0, 1.0, 0.0, TEMPERATURES[kind](xp, rows, **_fields_in_rows(xp, policy, rows, step)))
    if kind.mixture.__module__.startswith("boltzmann_rl.policies.") and hasattr(policy, "epsilon"):
        policy = with_parameters(policy, epsilon=_rate(xp, policy.epsilon, rows, step))
    mixture = policy.mixture(step)
    if not isinstance(mixture, Mixture):
        raise TypeError(f"{kind.__name__}.mixture must return a boltzmann_rl.Mixture, got {mixture!r}")
    uniform, soft, greedy = weights = [_weight(xp, x, rows, step) for x in mixture[:3]]
    known = all(type(x) is float for x in weights)
    if known and not (min(weights) >= 0.0 and abs(sum(weights) - 1.0) <= WEIGHTS_SLACK):
        raise ValueError(f"the weights of a mixture must be 0 or more and add up to 1, got {weights}")
    without = type(soft) is float and soft == 0.0
    warmth = xp.like(1.0, rows.values) if without else temperature(xp, mixture.temperature, rows, step)
    return Parts(uniform, soft, greedy, warmth)


def _weight(xp: Any, weight: Any, rows: Rows, step: Any) -> Any:
    if isinstance(weight, float | int | np.floating):
        return float(weight)
    return in_rows(xp, weight, "a weight of the mixture", rows, step)


def _rate(xp: Any, epsilon: Any, rows: Rows, step: Any) -> Any:
    return epsilon if type(epsilon) is float else number(xp, epsilon, step, rows.values)


def weights_of(xp: Any, policy: Any, rows: Rows, step: Any) -> Any:
    """Weights ``(..., A)`` in proportion to the probabilities of a policy, NaN in invalid rows."""
    found = declared(xp, policy, rows, step)
    return mixed(xp, rows, found) if isinstance(found, Parts) else found


def log_probabilities_of(xp: Any, policy: Any, rows: Rows, step: Any) -> Any:
    """The logarithms of the probabilities of a policy."""
    found = declared(xp, policy, rows, step)
    return log_mixed(xp, rows, found) if isinstance(found, Parts) else logarithm(xp, found)


def perturbed_action(xp: Any, policy: BoltzmannGumbel, rows: Rows, step: Any, uniforms: Any) -> Any:
    """The action of Boltzmann–Gumbel exploration, whose step counts the pulls of each action."""
    _check_needs_no_memory(policy)
    scale = fixed(xp, policy.scale, "scale", rows)
    return gumbel_action(xp, scale, rows, xp.whole(step, "step", rows.values), uniforms)
