"""The judged tables, made of the tables of both stages."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from atlas import judging
from atlas.candidates import Rule
from atlas.choosing import AGAINST, Choice, Split
from atlas.paying import ERROR, LOSS
from atlas.problems import SEED, Problem
from atlas.rules import CONSTANT, UNIFORM
from boltzmann_rl.streams import stream

# Sets of problems that judge; all of such a set, or those that tell rules apart; constants as chosen, or as stated.
JUDGED, KEPT_OUT, ONE_OUT = "judged", "families kept out", "one family left out"
ALL, TELLING = "all", "those that tell rules apart"
CHOSEN, STATED = "chosen", "stated"

# The reference of the tables by group, and of the figures.
BEST = "constant or schedule"

# How tables are turned so that rows are candidates, and columns problems.
_PLACES = {"index": judging.CANDIDATE, "columns": "problem"}

# A problem tells rules apart if the lowest regret is less than this share of the regret of uniform choices.
TELLS = 0.95


class Answer(NamedTuple):
    """Losses of rules (rows) on problems (columns), and one line of their quantiles for each rule."""

    losses: pd.DataFrame
    lines: pd.DataFrame


class Report:
    """What is known of some problems, all bandits or all environments.

    Args:
        first: Of `atlas.rounds.measured`.
        second: Of `atlas.paying.paid`.
        choice: What the first table chose.
        problems: The problems.
        rules: The rules that are judged.
    """

    def __init__(
        self,
        first: pd.DataFrame,
        second: pd.DataFrame,
        choice: Choice,
        problems: Sequence[Problem],
        rules: Sequence[Rule],
    ) -> None:
        self.problems = {problem.name: problem for problem in problems}
        self.rules = {rule.name: rule for rule in rules}
        self.first, self.second, self.choice, self.split = first, second, choice, Split(problems)
        self.losses = {name: second.pivot(**_PLACES, values=column) for name, column in LOSS.items()}
        self.errors = {name: second.pivot(**_PLACES, values=column) for name, column in ERROR.items()}
        self.relative = second.assign(error=second["error"] / second["regret"]).pivot(**_PLACES, values="error")
        uniform = second[second["rule"] == UNIFORM.name].set_index("problem")["regret"]
        lowest = second.groupby("problem")["regret"].min()
        self.telling = [name for name in self.split.judging if lowest[name] < TELLS * uniform[name]]

    @property
    def sets(self) -> dict[str, list[str]]:
        """The sets of problems that judge constants which others chose."""
        return {JUDGED: self.split.judged, KEPT_OUT: self.split.kept_out, ONE_OUT: self.split.judging}

    def rule_losses(self, against: str, of: str, by: str = CHOSEN) -> pd.DataFrame:
        """The losses of rules (rows) on the problems of a set (columns)."""
        return self._rule_losses(self.losses[against], of, by)

    def _rule_losses(self, found: pd.DataFrame, of: str, by: str) -> pd.DataFrame:
        if of == ONE_OUT:
            return judging.leave_one_out(found[self.split.judging], self.split.families, self.choice.left_out)
        return judging.rule_losses(found, self._constants(by), self.sets[of])

    def _constants(self, by: str) -> Mapping[str, str]:
        return self.choice.constants if by == CHOSEN else self.choice.stated

    def summary(self) -> pd.DataFrame:
        """Quantiles of each rule's losses, against both references, on each set of problems."""
        parts = []
        for of, by in ((JUDGED, CHOSEN), (JUDGED, STATED), (KEPT_OUT, CHOSEN), (KEPT_OUT, STATED), (ONE_OUT, CHOSEN)):
            for against in AGAINST:
                losses = self.rule_losses(against, of, by)
                errors = self._rule_losses(self.errors[against], of, by)
                for among, problems in ((ALL, list(losses.columns)), (TELLING, self._telling(losses))):
                    if problems:
                        found = judging.summary(losses[problems], _resampling(), errors[problems])
                        texts = ["" if of == ONE_OUT else self._constants(by)[rule] for rule in found.index]
                        found.insert(0, "constants", texts)
                        found.insert(0, "knows", [self.rules[rule].knows for rule in found.index])
                        part = found.rename_axis("rule").reset_index()
                        parts.append(part.assign(of=of, among=among, against=against, by=by))
        return _first(pd.concat(parts, ignore_index=True), ["of", "among", "against", "by", "rule"])

    def _telling(self, losses: pd.DataFrame) -> list[str]:
        return [problem for problem in losses.columns if problem in self.telling]

    def everywhere(self) -> pd.DataFrame:
        """The losses with chosen constants on all problems that judge, against the tuned constant or schedule."""
        return judging.rule_losses(self.losses[BEST], self.choice.constants, self.split.judging)

    def constant(self) -> pd.Series:
        """The loss of each problem's own tuned constant against its tuned constant or schedule."""
        chosen = self.choice.references["constant"]
        return pd.Series({name: self.losses[BEST].loc[chosen[name], name] for name in self.split.judging})

    def answer(self, meant: Callable[[Problem], bool], rules: Sequence[str]) -> Answer:
        """The losses of rules, and of the tuned constant, on the problems that are meant and judge."""
        losses = self.everywhere()
        losses.loc[CONSTANT.name] = self.constant()
        among = [rule for rule in dict.fromkeys((*rules, CONSTANT.name)) if rule in losses.index]
        values = losses.loc[among, [name for name in losses if meant(self.problems[name])]]
        lines = judging.summary(values, _resampling())
        knows = {rule.name: rule.knows for rule in (*self.rules.values(), CONSTANT)}
        return Answer(values, lines.assign(knows=[knows[rule] for rule in among]))

    def groups(self) -> pd.DataFrame:
        """Quantiles of each rule's losses against the tuned constant or schedule in groups of problems that judge."""
        losses = self.everywhere()
        ones = {name: self.problems[name] for name in losses.columns}
        sorts = {
            "horizon": {name: one.horizon for name, one in ones.items()},
            "actions": {name: bracket(one.actions, (2, 5, 20, 100)) for name, one in ones.items()},
            "scale": {name: bracket(one.scale, (0.01, 0.1, 1.0, 10.0, 100.0)) for name, one in ones.items()},
            "family": {name: one.family for name, one in ones.items()},
        }
        parts = [judging.by_group(losses, groups, _resampling()).assign(by=by) for by, groups in sorts.items()]
        return _first(pd.concat(parts, ignore_index=True), ["by", "group", "rule"])

    def rivals(self) -> pd.DataFrame:
        """Where softmax and Boltzmann–Gumbel rules lose to others, on problems that judge."""
        losses = self.everywhere()
        errors = judging.rule_losses(self.relative, self.choice.constants, self.split.judging)
        others = [rule for rule in losses.index if not self.rules[rule].boltzmann]
        ours = [rule for rule in losses.index if self.rules[rule].boltzmann]
        parts = [judging.rivals(losses, errors, rule, others).assign(rule=rule) for rule in ours]
        return _first(pd.concat(parts, ignore_index=True), ["rule"])

    def best(self) -> pd.DataFrame:
        """The tuned constant of each problem in units of the noise, beside what it may depend on.

        A problem that judges either tells rules apart or not; of those that choose this is not known.
        """
        chosen = self.choice.references["constant"]
        regrets = self.first.set_index(["problem", "rule", "constants"])["regret"]
        ones = [self.problems[name] for name in chosen]
        tells = {name: name in self.telling for name in self.split.judging}
        return pd.DataFrame(
            {
                "problem": list(chosen),
                "constants": [constants for _, constants in chosen.values()],
                "regret": [regrets[name, *key] for name, key in chosen.items()],
                "family": [one.family for one in ones],
                "horizon": [one.horizon for one in ones],
                "length": [one.length for one in ones],
                "actions": [one.actions for one in ones],
                "gap": [one.gap / one.noise for one in ones],
                "temperature": [float(constants) for _, constants in chosen.values()],
                "tells": [{True: "yes", False: "no", None: ""}[tells.get(name)] for name in chosen],
            }
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
