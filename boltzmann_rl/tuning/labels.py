"""The labels of tuned agents, and what was declared to be compared, by these labels."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from boltzmann_rl.experiments.checks import entrants_of
from boltzmann_rl.results.running import Tell
from boltzmann_rl.statistics.judgement import ALL, FAMILIES, Compare
from boltzmann_rl.tuning.choosing import Found
from boltzmann_rl.tuning.space import Family, Grid, text_of


def label_of(found: Found) -> str:
    """The label of a tuned agent."""
    return f"{found.family.label}, {found.family.told(found.chosen)}"


def check_labels(families: Sequence[Family], others: Iterable[str]) -> None:
    """Refuse labels of agents that are not tuned, if a tuned one could have them.

    Raises:
        ValueError: There is such a label, or two families have the same.
    """
    others, labels = list(others), [family.label for family in families]
    for family in families:
        values = ", ".join(f"{re.escape(grid.name)} = (?:{_pattern(grid, family)})" for grid in family.grids)
        for label in others:
            if re.fullmatch(f"{re.escape(family.label)}, {values}", label):
                raise ValueError(
                    f"agents: {family.label!r} may be called {label!r} when it is tuned, which is the label of an "
                    "agent that is not tuned: give one of them another label"
                )
        if labels.count(family.label) > 1:
            raise ValueError(f"agents: two families would be called {family.label!r}: give their agents other labels")


def _pattern(grid: Grid, family: Family) -> str:
    """A regular expression for the values of a parameter in labels."""
    if len(family.grids) > 1 and grid.ends is not None:
        return r"[-+.\de]+"  # a sampler may choose any
    return "|".join(re.escape(text_of(value)) for value in grid.values)


def kept_of(experiment: Any, families: Sequence[Family], others: Iterable[str], tell: Tell) -> Compare:
    """What an experiment compares, by the labels of its families and of those that are not tuned.

    What can't be said by these labels is left out, and told.
    """
    compare: Compare = experiment.compare
    others = list(others)
    if compare is None or compare == ALL:
        return compare
    now = _labels_now(experiment.agents, families, others)
    if compare == FAMILIES:
        apart = [label for label, labels in now.items() if len(labels) > 1]
        if apart:
            tell(f"Tuning leaves {_listed(apart)} more than one agent: each is compared by itself, not as a family.")
        return None
    if isinstance(compare, str):
        if len(now[compare]) == 1:
            return now[compare][0]
        tell(
            f"compare={compare!r} is no single agent after tuning, but {_listed(now[compare])}: "
            "all agents are compared with each other."
        )
        return None
    kept = []
    for first, second in compare:
        if len(now[first]) == len(now[second]) == 1 and now[first] != now[second]:
            kept.append((now[first][0], now[second][0]))
        else:
            tell(
                f"compare has ({first!r}, {second!r}), which is no pair of agents after tuning, as these are "
                f"{_listed([*now[first], *now[second]])}: it is left out."
            )
    if not kept:
        tell("No pair of compare= is left after tuning: all agents are compared with each other.")
    return tuple(dict.fromkeys(kept)) or None


def _labels_now(agents: Mapping[str, Any], families: Sequence[Family], others: Sequence[str]) -> dict[str, list[str]]:
    """For each declared label, of an agent or a family, the labels that its agents have when they are tuned."""
    tuned = {label: family.label for family in families for label in family.declared}
    now: dict[str, list[str]] = {}
    for label, entrant in entrants_of(agents).items():
        for declared in filter(None, (label, entrant.family)):
            now.setdefault(declared, []).append(label if label in others else tuned[label])
    return {declared: list(dict.fromkeys(labels)) for declared, labels in now.items()}


def compared_of(kept: Compare, found: Sequence[Found], others: Iterable[str]) -> Compare:
    """What the report compares: `kept_of` by the labels of the tuned agents, which differ from problem to problem."""
    others = list(others)
    if kept is None or kept == ALL or kept in others:
        return kept
    pairs: list[tuple[str, str]] = []
    for problem in dict.fromkeys(one.problem for one in found):
        labels = {one.family.label: label_of(one) for one in found if one.problem == problem}
        named = labels | {label: label for label in others}
        if isinstance(kept, str):
            pairs += [(label, named[kept]) for label in named.values() if label != named[kept]]
        else:
            pairs += [(named[first], named[second]) for first, second in kept]
    return tuple(dict.fromkeys(pairs))


def _listed(labels: Iterable[str]) -> str:
    return " and ".join(map(repr, dict.fromkeys(labels)))
