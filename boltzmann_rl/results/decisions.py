"""Runs until all pairs are decided: the pairs that are judged, what each look says of them, and when the runs stop."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, shown
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.comparisons import samples_of
from boltzmann_rl.results.manifest import families_in, judgement_in, stopping_in
from boltzmann_rl.results.measures import better_in
from boltzmann_rl.runs.failures import Failure
from boltzmann_rl.runs.outline import Entry, Outline
from boltzmann_rl.runs.plan import Plan, Series
from boltzmann_rl.runs.store import Memory, Store
from boltzmann_rl.statistics.intervals import spread_of
from boltzmann_rl.statistics.judgement import Judgement, Study
from boltzmann_rl.statistics.stopping import AT_MOST, FIRST_LOOK, Decision, Stopping, decisions, look_at, looks

UNTIL = "decided"

SAME_CELLS = "both agents have the same cells, so no number of runs tells them apart"


class Pair(NamedTuple):
    """Two agents on a problem, of which a positive difference favours the first."""

    problem: str
    first: str
    second: str


def planned(
    plan: Plan,
    until: Any,
    *,
    alpha: float | None = None,
    at_most: int | None = None,
    matters: float | None = None,
) -> Plan:
    """A plan as it is, or the plan of runs that go on from look to look until all declared pairs are decided.

    Args:
        plan: The plan of an experiment; its number of runs then only decides which engine is used.
        until: ``"decided"``, or None for the plan as it is.
        alpha: The probability of any false decision, over all pairs, problems and looks; default: the declared one.
        at_most: The last look is at this number of runs or fewer; default: 10,000.
        matters: The least difference of the agents' means that matters.

    Returns:
        The plan, which begins with the runs of the first look.

    Raises:
        TypeError, ValueError: Another word, a setting that is not allowed, or no fixed pairs of agents.
    """
    given = {"alpha": alpha, "at_most": at_most, "matters": matters}
    if until is None:
        if named := [name for name, value in given.items() if value is not None]:
            raise ValueError(f"{named[0]} says when runs are decided: give until={UNTIL!r} with it")
        return plan
    if until != UNTIL:
        raise ValueError(f"until must be {UNTIL!r} or None, got {shown(until)}")
    judgement = plan.judgement if alpha is None else dataclasses.replace(plan.judgement, alpha=alpha)
    pairs = _pairs_of(plan.series, [*plan.agents], judgement)
    if not pairs:
        raise ValueError(f"until={UNTIL!r} needs two agents to compare on a problem, got {len(plan.agents)}")
    stopping = Stopping(judgement.alpha, AT_MOST if at_most is None else at_most, matters, len(pairs))
    return dataclasses.replace(plan.with_runs(FIRST_LOOK), judgement=judgement, stopping=stopping)


def judged(outline: Outline, judgement: Judgement) -> Outline:
    """The outline with another judgement, also for runs until all pairs are decided."""
    outline = dataclasses.replace(outline, judgement=judgement)
    if outline.stopping is None:
        return outline
    pairs = _pairs_of(outline.entries, [*outline.declaration["agents"]], judgement)
    stopping = dataclasses.replace(outline.stopping, alpha=judgement.alpha, pairs=max(len(pairs), 1))
    return dataclasses.replace(outline, stopping=stopping)


def _pairs_of(there: Sequence[Series | Entry], agents: Sequence[str], judgement: Judgement) -> list[Pair]:
    """The declared pairs of what is planned."""
    families = {one.agent: one.family for one in there if one.family is not None}
    return fixed_pairs([(one.problem, one.agent) for one in there], agents, families, judgement)


def fixed_pairs(
    there: Collection[tuple[str, str]], agents: Sequence[str], families: Study, judgement: Judgement
) -> list[Pair]:
    """The declared pairs of agents on each problem.

    Args:
        there: Problem and agent of all that is simulated.
        agents: The labels of all declared agents.
        families: The families of those agents that have one.
        judgement: Which are compared.

    Raises:
        ValueError: Families are compared, whose best agents the runs have to find first.
    """
    declared = judgement.pairs(agents, families)
    if unfixed := [label for pair in declared for label in pair if label not in agents]:
        raise ValueError(
            f"looks judge fixed pairs of agents, and {unfixed[0]!r} is a family, of which no agent is chosen yet: give "
            "compare= a list of pairs of agents, or 'all'; or tune first"
        )
    return [
        Pair(problem, first, second)
        for problem in dict.fromkeys(problem for problem, _ in there)
        for first, second in declared
        if (problem, first) in there and (problem, second) in there
    ]


class Deciding:
    """Judges the open pairs of a plan after each look: a `boltzmann_rl.runs.runner.Growth`.

    Args:
        outline: Of a plan by `planned` with ``until``.
        store: Of its cells. Looks whose cells are all in the store count as past.

    Attributes:
        outline: Of the present look.
        announce: Called with the outline of each further look before it is simulated.
    """

    def __init__(self, outline: Outline, store: Memory | Store) -> None:
        if outline.stopping is None:
            raise ValueError('the outline must be that of a plan with until="decided"')
        self.outline, self._stopping, self._store = outline, outline.stopping, store
        self.announce: Callable[[Outline], object] = lambda outline: None
        self._entries = {(entry.problem, entry.agent): entry for entry in outline.entries}
        pairs = _pairs_of(outline.entries, [*outline.declaration["agents"]], outline.judgement)
        self._open = [(self._entries[p, first], self._entries[p, second]) for p, first, second in pairs]
        self._open = [pair for pair in self._open if pair[0].identity != pair[1].identity]
        self._totals: dict[Entry, Floats] = {}
        if self._complete(set()):  # of an earlier process
            self.more(())

    @property
    def stage(self) -> str:
        """The present look in words."""
        return f"look at {self.outline.runs:,} runs, {len(self._open)} of {self._stopping.pairs} pairs open"

    def more(self, failures: Sequence[Failure]) -> int | None:
        """The runs of the next look whose cells are not all there; None if all pairs are decided, or no look is left.

        A pair with an agent that failed is no longer judged.
        """
        broken = {self._entries[failure.problem, failure.agent].identity for failure in failures}
        while True:
            self._open = [pair for pair in self._open if self._is_open(*pair, broken)]
            runs = self._stopping.next_look(self.outline.runs) if self._open else None
            if runs is None:
                return None
            self.outline = dataclasses.replace(self.outline, runs=runs)
            if not self._complete(broken):
                self.announce(self.outline)
                return runs

    def _is_open(self, first: Entry, second: Entry, broken: set[str]) -> bool:
        if first.identity in broken or second.identity in broken:
            return False
        differences = self._means(first) - self._means(second)
        return bool(np.isnan(decisions(spread_of(differences), self._stopping.level, self._stopping.matters)))

    def _means(self, entry: Entry) -> Floats:
        """The means of an agent over whole runs, as of `samples_of`."""
        known = self._totals.get(entry, np.empty(0))
        if len(known) < self.outline.runs:
            primary = self.outline.measures.primary
            keys = [key for first, _, key in self.outline.keys(entry) if first >= len(known)]
            self._totals[entry] = np.concatenate([known, *(self._store[key].totals[primary] for key in keys)])
        return self._totals[entry] / (self.outline.length - self.outline.uncounted)

    def _complete(self, broken: set[str]) -> bool:
        """Whether all cells of the present look are there, but for those of agents that failed."""
        entries = (entry for entry in self.outline.entries if entry.identity not in broken)
        return all(key in self._store for entry in entries for _, _, key in self.outline.keys(entry))


# --- what the looks say ----------------------------------------------------------------------------------------------


class Judged(NamedTuple):
    """A declared pair with its runs.

    Attributes:
        pair: Its labels.
        differences: ``(runs,)``, first − second, of means over whole runs; their negatives if the best agent is the
            one with the lowest mean.
        better: 1, or −1 if the best agent is the one with the lowest mean.
        alike: Whether both have the same cells, so that no difference can be seen.
    """

    pair: Pair
    differences: Floats
    better: float
    alike: bool


def judged_in(runs: pd.DataFrame, manifest: Mapping[str, Any], judgement: Judgement) -> list[Judged]:
    """The declared pairs of the agents in the tables of results.

    Args:
        runs: The table `Results.runs`.
        manifest: Of the same results.
        judgement: What is compared.

    Raises:
        ValueError: Families are compared.
    """
    there = list(runs[["problem", "agent"]].drop_duplicates().itertuples(index=False, name=None))
    pairs = fixed_pairs(there, [*manifest["declaration"]["agents"]], families_in(manifest), judgement)
    identities = {(cell["problem"], cell["agent"]): cell["identity"] for cell in manifest.get("cells", ())}
    primary, better, found = manifest["primary"], better_in(manifest), []
    for problem in dict.fromkeys(pair.problem for pair in pairs):
        samples = {agent: of[primary] for agent, of in samples_of(runs, manifest, problem).items()}
        for pair in (pair for pair in pairs if pair.problem == problem):
            cells = {identities.get((problem, agent), agent) for agent in pair[1:]}
            differences = better * (samples[pair.first] - samples[pair.second])
            found.append(Judged(pair, differences, better, len(cells) == 1))
    return found


def stopping_of(manifest: Mapping[str, Any], judged: Sequence[Judged]) -> Stopping:
    """When the runs of results are enough: as they were stopped, else by the alpha of the judgement."""
    return stopping_in(manifest) or Stopping(judgement_in(manifest).alpha, pairs=max(len(judged), 1))


_COLUMNS = ["experiment", "problem", "first", "second", "runs", "decision", "e_value"]
_COLUMNS += ["difference", "low", "high", "warning"]


def looks_table(runs: pd.DataFrame, manifest: Mapping[str, Any]) -> pd.DataFrame:
    """What each look says of each declared pair: see `boltzmann_rl.results.results.Results.looks`.

    Args:
        runs: The table `Results.runs`.
        manifest: Of the same results.
    """
    judged = judged_in(runs, manifest, judgement_in(manifest))
    stopping = stopping_of(manifest, judged)
    rows = [row for one in judged for row in _rows(one, stopping)]
    return pd.DataFrame([{"experiment": manifest["name"], **row} for row in rows], columns=_COLUMNS)


def _rows(judged: Judged, stopping: Stopping) -> Iterator[dict[str, Any]]:
    """The looks at a pair; what one of them decided stays."""
    decided = Decision.OPEN
    for runs in looks(len(judged.differences)):
        look = look_at(spread_of(judged.differences[:runs]), stopping.level, stopping.matters)
        decided = look.decision if decided == Decision.OPEN else decided
        yield {
            **judged.pair._asdict(),
            "runs": runs,
            "decision": str(decided),
            "e_value": look.e_value,
            "difference": judged.better * look.mean,
            "low": look.low if judged.better > 0.0 else -look.high,
            "high": look.high if judged.better > 0.0 else -look.low,
            "warning": SAME_CELLS if judged.alike else look.warning,
        }
