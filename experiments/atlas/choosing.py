"""What stage one chooses: a reference for each problem, and the constants of each rule. Pure functions of its table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from atlas import judging
from atlas.candidates import Candidate, Rule
from atlas.problems import Problem, kept_out
from atlas.rounds import Effort
from atlas.rules import CONSTANTS, REFERENCES

# What losses are multiples of, and the rules among which each reference is chosen.
AGAINST = {"constant": CONSTANTS, "constant or schedule": REFERENCES}

# A rule, and its constants as they stand in tables.
Key = tuple[str, str]


class Split:
    """Which problems choose, and which judge what the others chose.

    Args:
        problems: All bandits, or all environments.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.out = kept_out(dict.fromkeys(one.family for one in problems))
        ours = [one for one in problems if one.family not in self.out]
        self.choosing = [one.name for one in ours if one.chooses]
        self.judged = [one.name for one in ours if not one.chooses]
        self.kept_out = [one.name for one in problems if one.family in self.out]
        self.families = {one.name: one.family for one in problems}

    @property
    def judging(self) -> list[str]:
        """The problems that choose nothing."""
        return [*self.judged, *self.kept_out]


@dataclass(frozen=True)
class Choice:
    """What is chosen.

    Attributes:
        references: For each entry of AGAINST, the best candidate of each problem.
        constants: The constants of each rule that the choosing problems chose.
        left_out: Those that they chose without a family, by that family; the families that are kept out choose nothing.
        stated: The constants of each rule that were stated beforehand.
    """

    references: Mapping[str, Mapping[str, Key]]
    constants: Mapping[str, str]
    left_out: Mapping[str, Mapping[str, str]]
    stated: Mapping[str, str]

    def on(self, problem: str, family: str) -> list[Key]:
        """The candidates that stage two pays on a problem: its references, and every rule with its constants."""
        references = [found[problem] for found in self.references.values() if problem in found]
        rules = [item for texts in (self.constants, self.left_out[family], self.stated) for item in texts.items()]
        return list(dict.fromkeys([*references, *rules]))


def choice(table: pd.DataFrame, problems: Sequence[Problem], rules: Sequence[Rule], effort: Effort) -> Choice:
    """What stage one chooses by its table.

    A reference is chosen among the cells with enough runs: the others were never near the lowest regret. Constants are
    chosen by all cells of the choosing problems, since to leave one out would forgive what went badly.

    Args:
        table: Of `atlas.rounds.measured`.
        problems: Those in the table.
        rules: The rules that are judged.
        effort: How much was simulated.
    """
    split = Split(problems)
    least = table["problem"].map({one.name: effort.least(one) for one in problems})
    known = table[table["runs"] >= least]
    regrets = table[table["rule"].isin([rule.name for rule in rules])].pivot(
        index=judging.CANDIDATE, columns="problem", values="regret"
    )
    others = {
        family: [name for name in split.choosing if split.families[name] != family] for family in _families(problems)
    }
    return Choice(
        references={name: judging.best(known, [rule.name for rule in among]) for name, among in AGAINST.items()},
        constants=judging.chosen(regrets, split.choosing),
        left_out={family: judging.chosen(regrets, names) for family, names in others.items()},
        stated={rule.name: Candidate(rule, rule.grid[0]).text for rule in rules},
    )


def _families(problems: Iterable[Problem]) -> list[str]:
    return list(dict.fromkeys(one.family for one in problems))
