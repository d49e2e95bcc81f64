"""The judged tables, made of the table of regrets."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from atlas import judging
from atlas.candidates import Rule
from atlas.problems import SEED, Problem, kept_out
from atlas.rules import CONSTANT, CONSTANTS, REFERENCES
from boltzmann_rl.streams import stream

# What losses are multiples of, and the rules among which each reference is chosen.
AGAINST = {"constant": CONSTANTS, "constant or schedule": REFERENCES}

# Sets of problems that judge.
JUDGED, KEPT_OUT, ONE_OUT = "judged", "families kept out", "one family left out"


class Report:
    """What is known of some problems, all bandits or all environments.

    Args:
        table: Of `atlas.rounds.measured`.
        problems: The problems.
        rules: The rules that are judged.
        criterion: By which the choosing problems choose constants.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        problems: Sequence[Problem],
        rules: Sequence[Rule],
        criterion: judging.Criterion = judging.mean_log,
    ) -> None:
        there = set(table.loc[table["rule"].isin([rule.name for rule in rules]), "problem"])
        self.problems = {problem.name: problem for problem in problems if problem.name in there}
        self.rules = {rule.name: rule for rule in rules}
        self.table = table[table["problem"].isin(list(self.problems))]
        self.out = kept_out(dict.fromkeys(problem.family for problem in problems))
        own = self.table[self.table["rule"].isin(list(self.rules))]
        self.losses = {
            name: judging.losses(own, judging.references(self.table, [rule.name for rule in among]))
            for name, among in AGAINST.items()
        }
        self._criterion = criterion
        self.constants = judging.chosen(self.losses["constant or schedule"], self.choosing, criterion)

    @property
    def choosing(self) -> list[str]:
        """The problems that choose constants."""
        return [name for name, one in self.problems.items() if one.chooses and one.family not in self.out]

    @property
    def sets(self) -> dict[str, list[str]]:
        """The sets of problems that judge constants which others chose."""
        judged = [name for name, one in self.problems.items() if not one.chooses and one.family not in self.out]
        return {JUDGED: judged, KEPT_OUT: [name for name, one in self.problems.items() if one.family in self.out]}

    @property
    def judges(self) -> bool:
        """Whether a rule and its reference were measured on problems that choose and on some that judge."""
        found = judging.rule_losses(self.losses["constant or schedule"], self.constants, self.sets[JUDGED])
        return bool(found.notna().to_numpy().any())

    def rule_losses(self, against: str, of: str) -> pd.DataFrame:
        """The losses of rules (rows) on the problems of a set (columns)."""
        found = self.losses[against]
        if of != ONE_OUT:
            return judging.rule_losses(found, self.constants, self.sets[of])
        families = {name: one.family for name, one in self.problems.items()}
        choosing = [name for name, one in self.problems.items() if one.chooses]
        return judging.leave_one_out(found, families, choosing, self._criterion)

    def summary(self) -> pd.DataFrame:
        """Quantiles of each rule's losses, against both references, on each set of problems."""
        parts = []
        for of in (JUDGED, KEPT_OUT, ONE_OUT):
            for against in AGAINST:
                losses = self.rule_losses(against, of)
                if losses.shape[1]:
                    found = judging.summary(losses, _resampling())
                    found.insert(
                        0, "constants", ["" if of == ONE_OUT else self.constants[rule] for rule in found.index]
                    )
                    found.insert(0, "knows", [self.rules[rule].knows for rule in found.index])
                    parts.append(found.rename_axis("rule").reset_index().assign(of=of, against=against))
        return _first(pd.concat(parts, ignore_index=True), ["of", "against", "rule"])

    def groups(self) -> pd.DataFrame:
        """Quantiles of each rule's losses against the tuned constant or schedule in groups of problems that judge."""
        judged = [name for names in self.sets.values() for name in names]
        losses = judging.rule_losses(self.losses["constant or schedule"], self.constants, judged)
        sorts = {
            "horizon": {name: self.problems[name].horizon for name in judged},
            "actions": {name: bracket(self.problems[name].actions, (2, 5, 20, 100)) for name in judged},
            "scale": {name: bracket(self.problems[name].scale, (0.01, 0.1, 1.0, 10.0, 100.0)) for name in judged},
            "family": {name: self.problems[name].family for name in judged},
        }
        parts = [judging.by_group(losses, groups, _resampling()).assign(by=by) for by, groups in sorts.items()]
        return _first(pd.concat(parts, ignore_index=True), ["by", "group", "rule"])

    def rivals(self) -> pd.DataFrame:
        """Where softmax and Boltzmann–Gumbel rules lose to others, on problems that judge."""
        judged = [name for names in self.sets.values() for name in names]
        losses = judging.rule_losses(self.losses["constant or schedule"], self.constants, judged)
        others = [rule for rule in losses.index if not self.rules[rule].boltzmann]
        ours = [rule for rule in losses.index if self.rules[rule].boltzmann]
        parts = [judging.rivals(losses, rule, others).assign(rule=rule) for rule in ours]
        return _first(pd.concat(parts, ignore_index=True), ["rule"])

    def best(self) -> pd.DataFrame:
        """The tuned constant of each problem in units of the noise, beside what it may depend on."""
        found = judging.tuned(self.table, CONSTANT.name)
        ones = [self.problems[name] for name in found["problem"]]
        return found.assign(
            family=[one.family for one in ones],
            horizon=[one.horizon for one in ones],
            length=[one.length for one in ones],
            actions=[one.actions for one in ones],
            gap=[one.gap / one.noise for one in ones],
            temperature=found["constants"].astype(float),
        )

    def tables(self) -> dict[str, pd.DataFrame]:
        """All judged tables by name."""
        return {"summary": self.summary(), "groups": self.groups(), "rivals": self.rivals(), "best": self.best()}


def bracket(number: float, ends: Sequence[float]) -> str:
    """The range in which a number lies, its lower end included.

    Example:
        >>> bracket(3, (2, 5, 20)), bracket(20, (2, 5, 20))
        ('2–5', '5–20')
    """
    place = int(np.clip(np.searchsorted(ends, number, side="right"), 1, len(ends) - 1))
    return f"{ends[place - 1]:g}–{ends[place]:g}"


def _resampling() -> np.random.Generator:
    return stream(SEED, "atlas", "resamples")


def _first(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """The table with these columns first."""
    return table[columns + [column for column in table.columns if column not in columns]]
