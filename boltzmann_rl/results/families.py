"""Families of agents: what differs only in a parameter, read from a manifest without evaluating anything in it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from boltzmann_rl.figures.families import Family, Point, rule_in

# The class of an agent's learner and of its policy, in the repr of an `Agent`.
_PARTS = re.compile(r"\b(learner|policy)=([A-Za-z_]\w*)\(")


def families_in(manifest: Mapping[str, Any], among: Iterable[str] | None = None) -> dict[str, Family]:
    """The family of each agent by its label: that of a parameter study, or the classes of its policy and learner.

    ``among`` are the labels of the agents that are wanted; by default all. Agents of runs that were made
    elsewhere are families of their own, with the rule that begins their label.

    Example:
        >>> agent = "Agent(learner=SampleAverage(initial=0.0), policy=Boltzmann(temperature=0.1), clock='step')"
        >>> families_in({"declaration": {"agents": {"τ = 0.1": agent}}})
        {'τ = 0.1': Family(name='Boltzmann, SampleAverage', rule='Boltzmann, SampleAverage')}
    """
    declared, study = manifest["declaration"]["agents"], manifest.get("study") or {}
    found, wanted = {}, set(declared if among is None else among)
    for label in declared:
        if label not in wanted:
            continue
        said = str(declared[label]) if isinstance(declared, Mapping) else ""
        parts: dict[str, str] = {}
        for part, name in _PARTS.findall(said):
            parts.setdefault(part, name)
        rule = rule_of(parts.get("policy", ""), parts.get("learner", ""))
        found[label] = Family(study[label][0] if label in study else rule or label, rule or rule_in(label))
    return found


def rule_of(policy: str, learner: str) -> str:
    """The names of both classes, first the one that explores: a learner such as UCB1 is followed greedily."""
    greedy = policy == "Greedy" and learner not in ("", "SampleAverage", "ConstantStep", "QLearning", "SARSA")
    return ", ".join(filter(None, (learner, policy) if greedy else (policy, learner)))


def points_in(manifest: Mapping[str, Any]) -> dict[str, list[Point]]:
    """The agents of each family of a parameter study; an agent without the parameter is a family with no points."""
    study, found = manifest["study"], dict[str, list[Point]]()
    for label in manifest["declaration"]["agents"]:
        if label in study:
            family, value = study[label]
            found.setdefault(family, []).append(Point(label, float(value)))
        else:
            found[label] = []
    return found
