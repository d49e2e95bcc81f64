"""Parameters of a declaration by their dotted names, such as ``agent.policy.temperature``."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from boltzmann_rl.arguments.near_names import nearest


def parameters_of(part: Any) -> dict[str, Any]:
    """The parameters of a dataclass by their names; other objects have none."""
    if not dataclasses.is_dataclass(part) or isinstance(part, type):
        return {}
    return {field.name: getattr(part, field.name) for field in dataclasses.fields(part) if field.init}


def dotted_names(part: Any) -> Iterator[str]:
    """The names of all parameters of a declaration and of its parts.

    Example:
        >>> import boltzmann_rl as brl
        >>> [*dotted_names(brl.Agent(brl.UCB1(), brl.Greedy()))]
        ['learner', 'learner.exploration', 'policy', 'clock']
    """
    for name, value in parameters_of(part).items():
        yield name
        yield from (f"{name}.{inner}" for inner in dotted_names(value))


def has_parameter(part: Any, path: str) -> bool:
    """Whether a declaration has a parameter with this dotted name."""
    name, dot, rest = path.partition(".")
    known = parameters_of(part)
    return name in known and (not dot or has_parameter(known[name], rest))


def with_parameters(part: Any, settings: Mapping[str, Any]) -> Any:
    """The declaration with other parameters; dots separate nested names.

    Raises:
        ValueError: A parameter that it does not have; the message names those that it has.

    Example:
        >>> import boltzmann_rl as brl
        >>> with_parameters(brl.Agent(brl.UCB1(), brl.Boltzmann(1.0)), {"policy.temperature": 0.5}).policy
        Boltzmann(temperature=0.5)
    """
    for path, value in settings.items():
        name, dot, rest = path.partition(".")
        known = parameters_of(part)
        if name not in known:
            near = nearest(name, known)
            hint = f"; did you mean {near}?" if near else ""
            raise ValueError(
                f"{type(part).__name__} has no parameter {name!r}, only {', '.join(known) or 'none'}{hint}"
            )
        inner = with_parameters(known[name], {rest: value}) if dot else value
        part = dataclasses.replace(part, **{name: inner})
    return part


def nearest_path(path: str, known: Iterable[str]) -> str | None:
    """The dotted name that was probably meant: of the same part if possible.

    Example:
        >>> nearest_path("policy.tau", ["learner.step", "policy.temperature"])
        'policy.temperature'
    """
    (start, _, last), paths = path.rpartition("."), list(known)
    for some in ([one for one in paths if one.rpartition(".")[0] == start], paths):
        ends = {one.rpartition(".")[2]: one for one in reversed(some)}
        if near := nearest(last, ends):
            return ends[near]
    return None
