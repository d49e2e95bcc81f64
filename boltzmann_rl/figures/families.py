"""Families of agents, which differ in a parameter."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from boltzmann_rl.arguments.labels import visible


class Family(NamedTuple):
    """What agents have in common that differ in a parameter: a name, and the rule by which they act."""

    name: str
    rule: str = ""


class Point(NamedTuple):
    """An agent of a parameter study: its label, and the value of the parameter."""

    label: str
    value: float


# The agents of each family by its label; an agent without the parameter is a family with no points.
Families = Mapping[str, Sequence[Point]]


def parameter_of(family: str) -> str:
    """The name of a family's parameter: what follows the last comma in its label, or the label.

    Example:
        >>> parameter_of("ε-greedy, ε"), parameter_of("τ")
        ('ε', 'τ')
    """
    return visible(family.rpartition(",")[2].strip()) or visible(family)


def parameters_in(families: Families) -> list[str]:
    """The names of all parameters."""
    return list(dict.fromkeys(parameter_of(label) for label, points in families.items() if points))


def rule_in(label: str) -> str:
    """The usual rule that a label begins with, or nothing.

    Example:
        >>> rule_in("ε-greedy, ε from 1 to 0.05"), rule_in("Boltzmann, τ = 1"), rule_in("Boltzmann-like")
        ('EpsilonGreedy', 'Boltzmann', '')
    """
    said = re.match(r"(ε-greedy|epsilon-greedy|Boltzmann|UCB1|greedy)(?![\w–-])", label)
    named = {"ε-greedy": "EpsilonGreedy", "epsilon-greedy": "EpsilonGreedy", "greedy": "Greedy"}
    return named.get(said[1], said[1]) if said else ""
