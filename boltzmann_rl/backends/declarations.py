"""What a policy declares, at a step, as numbers of a backend: its mixture, or the probabilities of another policy."""

import dataclasses
from typing import Any

from boltzmann_rl.backends.family import Parts, Rows, log_mixed, logarithm, mixed
from boltzmann_rl.backends.regularised import DISTRIBUTIONS, TEMPERATURES
from boltzmann_rl.backends.units import UNITS
from boltzmann_rl.policies.mixture import offers_mixture
from boltzmann_rl.policies.perturbation import BoltzmannGumbel
from boltzmann_rl.protocols import is_unit, traits_of
from boltzmann_rl.schedules.evaluation import value


def with_parameters(policy: Any, **numbers: Any) -> Any:
    """The same policy, schedule or unit with other numbers in the named fields, unchecked.

    Its own checks need numbers that are known, which those inside compiled code are not.

    Raises:
        TypeError: A name that is no field, or a policy that is no dataclass.
    """
    if not dataclasses.is_dataclass(policy) or isinstance(policy, type):
        raise TypeError(f"policy must be a declaration with fields, got {policy!r}")
    names = [field.name for field in dataclasses.fields(policy)]
    if unknown := numbers.keys() - set(names):
        raise TypeError(f"{type(policy).__name__} has the fields {', '.join(names)}, not {', '.join(sorted(unknown))}")
    copy = object.__new__(type(policy))
    for name in names:
        object.__setattr__(copy, name, numbers.get(name, getattr(policy, name)))
    return copy


def number(xp: Any, parameter: Any, step: Any, values: Any) -> Any:
    """A number, schedule or callable at a step, or one of these for each row, in the dtype of values."""
    return xp.like(value(parameter, step, xp), values)


def in_rows(xp: Any, parameter: Any, name: str, rows: Rows, step: Any) -> Any:
    """A parameter at a step, aligned with the actions: ``()`` or ``(..., 1)``.

    Raises:
        ValueError: A parameter of another shape than that of the rows.
    """
    found = number(xp, parameter, step, rows.values)
    if found.ndim == 0:
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
        fields = {
            field.name: in_rows(xp, getattr(parameter, field.name), field.name, rows, step)
            for field in dataclasses.fields(parameter)
        }
        return UNITS[type(parameter)](xp, rows, step, **fields)
    if is_unit(parameter):
        return in_rows(xp, parameter.temperature(rows.values, step), "temperature", rows, step)
    return in_rows(xp, parameter, "temperature", rows, step)


def soft_at(xp: Any, number: Any, rows: Rows) -> Parts:
    """The softmax at a temperature that is a number, or one for each row."""
    return Parts(0.0, 1.0, 0.0, in_rows(xp, number, "temperature", rows, 0))


def _check_known(policy: Any) -> None:
    """Refuse a policy that is not a function of values and step, or whose formula is not known here."""
    kind = type(policy)
    if kind is BoltzmannGumbel:
        raise TypeError(
            f"{policy!r} has probabilities that are integrals, which only NumPy's policy computes: act draws from it"
        )
    if traits_of(policy).takes_memory:
        raise TypeError(
            f"{policy!r} needs its learner's memory, which functions of values do not have: give the remembered number "
            "itself with with_parameters, as the epsilon of EpsilonGreedy or as the temperature of Boltzmann"
        )
    # PyTorch's compiler warns of caches.
    if kind not in DISTRIBUTIONS and kind not in TEMPERATURES and not offers_mixture.__wrapped__(kind):
        raise TypeError(
            f"{policy!r} is not known here: give it a method mixture(step, memory=None), see boltzmann_rl.Mixture, or "
            "write its formula on arrays of this backend"
        )


def parts_of(xp: Any, policy: Any, rows: Rows, step: Any) -> Parts | None:
    """The mixture of a policy at a step; None for one whose probabilities have another form."""
    kind = type(policy)
    _check_known(policy)
    if kind in DISTRIBUTIONS:
        return None
    if kind in TEMPERATURES:
        fields = {
            field.name: in_rows(xp, getattr(policy, field.name), field.name, rows, step)
            for field in dataclasses.fields(policy)
        }
        return Parts(0.0, 1.0, 0.0, TEMPERATURES[kind](xp, rows, **fields))
    if kind.mixture.__module__.startswith("boltzmann_rl.policies.") and hasattr(policy, "epsilon"):
        policy = with_parameters(policy, epsilon=_rate(xp, policy.epsilon, rows, step))
    *weights, warmth = policy.mixture(step)
    if all(type(x) is float for x in weights) and not 1.0 - 1e-12 <= sum(weights) <= 1.0 + 1e-12:
        raise ValueError(f"the weights of a mixture must add up to 1, got {weights}")
    uniform, soft, greedy = (
        x if type(x) is float else in_rows(xp, x, "a weight of the mixture", rows, step) for x in weights
    )
    known = type(soft) is float and soft == 0.0
    return Parts(uniform, soft, greedy, xp.like(1.0, rows.values) if known else temperature(xp, warmth, rows, step))


def _rate(xp: Any, epsilon: Any, rows: Rows, step: Any) -> Any:
    return epsilon if type(epsilon) is float else number(xp, epsilon, step, rows.values)


def weights_of(xp: Any, policy: Any, rows: Rows, step: Any) -> Any:
    """Weights ``(..., A)`` in proportion to the probabilities of a policy, NaN in invalid rows."""
    parts = parts_of(xp, policy, rows, step)
    return mixed(xp, rows, parts) if parts is not None else _distribution(xp, policy, rows, step)


def log_probabilities_of(xp: Any, policy: Any, rows: Rows, step: Any) -> Any:
    """The logarithms of the probabilities of a policy."""
    parts = parts_of(xp, policy, rows, step)
    if parts is not None:
        return log_mixed(xp, rows, parts)
    return logarithm(xp, _distribution(xp, policy, rows, step))


def _distribution(xp: Any, policy: Any, rows: Rows, step: Any) -> Any:
    fields = {
        field.name: temperature(xp, getattr(policy, field.name), rows, step) for field in dataclasses.fields(policy)
    }
    return DISTRIBUTIONS[type(policy)](xp, rows, **fields)
