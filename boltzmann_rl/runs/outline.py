"""The outline of a plan: its labels and keys without its objects, as a folder of results keeps them.

Tables are made from an outline and a store, so they can be made again where the experiment's classes are not at hand.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from boltzmann_rl.configuration import to_dict
from boltzmann_rl.engines.metrics import WINDOWS, Measures, measures_of
from boltzmann_rl.runs.plan import Plan, count_ranges, key_of, ranges
from boltzmann_rl.runs.store import Memory, Store
from boltzmann_rl.statistics.judgement import Judgement
from boltzmann_rl.statistics.stopping import Stopping

# Of a plan with more cells than this it is not looked up which of them are missing.
_COUNTED = 1_000_000

# Declared if a metric of environments is measured that else is not.
_OPTIONAL = "regret", "evaluate_every"


class Entry(NamedTuple):
    """One agent on one problem.

    Attributes:
        problem: Its label.
        agent: Its label.
        family: In a parameter study, the label of its family.
        parameter: In a parameter study, the agent's value of the parameter.
        engine: Which engine simulates it.
        reason: Why that is the reference engine although compiling would pay; else empty.
        identity: The hash of everything that its cells have in common: see `boltzmann_rl.runs.plan.Cell.identity`.
    """

    problem: str
    agent: str
    family: str | None
    parameter: float | None
    engine: str
    reason: str
    identity: str


@dataclass(frozen=True)
class Outline:
    """What tables, manifest and figures need of a plan.

    Args:
        name: Name of the experiment.
        declaration: Its parts as text and numbers; see `boltzmann_rl.results.manifest`.
        axis: ``"step"`` or ``"episode"``.
        runs: Number of runs of each agent on each problem.
        length: Steps or episodes of each run.
        uncounted: Steps at the beginning that totals leave out.
        windows: Number of equal parts of a run whose means are kept.
        entries: One for each problem and agent.
        judgement: What is compared.
        stopping: As of `boltzmann_rl.runs.plan.Plan`.
        configuration: What declares the plan as `to_dict` writes it; None where no dictionary can hold that.
    """

    name: str
    declaration: dict[str, Any]
    axis: str
    runs: int
    length: int
    uncounted: int
    windows: int
    entries: tuple[Entry, ...]
    judgement: Judgement
    stopping: Stopping | None = None
    configuration: dict[str, Any] | None = None

    @property
    def measures(self) -> Measures:
        """The metrics of the experiment."""
        return measures_of(self.axis)

    @property
    def problems(self) -> list[str]:
        """The labels of the problems."""
        return list(dict.fromkeys(entry.problem for entry in self.entries))

    def keys(self, entry: Entry) -> Iterator[tuple[int, int, str]]:
        """First run, number of runs and key of each cell of an agent on a problem."""
        for first, runs in ranges(self.axis, self.runs, at_looks=self.stopping is not None):
            yield first, runs, key_of(entry.identity, first, runs)

    @property
    def cells(self) -> int:
        """The number of all cells."""
        return len(self.entries) * count_ranges(self.axis, self.runs, at_looks=self.stopping is not None)


def outline_of(plan: Plan) -> Outline:
    """The outline of a plan.

    Example:
        >>> import boltzmann_rl as brl
        >>> agents = {"τ = 0.2": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.2))}
        >>> outline = outline_of(brl.BanditExperiment("example", brl.GaussianBandit(), agents, runs=20).plan())
        >>> [(first, runs) for first, runs, _ in outline.keys(outline.entries[0])]
        [(0, 10), (10, 10)]
    """
    first = plan.first
    declaration: dict[str, Any] = {
        "kind": plan.kind,
        "problem": {label: repr(problem) for label, problem in plan.problems.items()},
        "agents": {label: repr(agent) for label, agent in plan.agents.items()},
        f"{first.axis}s": first.length,
        "seed": first.seed,
    }
    seeds = {series.problem: series.cell.seed for series in plan.series}
    if len(set(seeds.values())) > 1:
        declaration["seeds"] = seeds
    if first.uncounted:
        declaration["uncounted_steps"] = first.uncounted
    if first.windows != WINDOWS:
        declaration["windows"] = first.windows
    if first.own:
        declaration["metrics"] = {label: repr(metric) for label, metric in first.own}
    if first.evaluate_every:
        declaration |= {"evaluate_every": first.evaluate_every, "evaluation_episodes": first.evaluation_episodes}
    if first.axis == "episode" and "regret" in first.metrics:
        declaration["regret"] = True
    entries = tuple(
        Entry(s.problem, s.agent, s.family, s.parameter, s.cell.engine, s.reason, s.cell.identity) for s in plan.series
    )
    sizes = plan.runs, first.length, first.uncounted, first.windows
    rules = plan.judgement, plan.stopping, _written(plan.declared)
    return Outline(plan.name, declaration, first.axis, *sizes, entries, *rules)


def _written(declared: Any) -> dict[str, Any] | None:
    """A declaration as a dictionary; None for one that has parts which no dictionary can hold."""
    try:
        return None if declared is None else to_dict(declared)
    except (TypeError, ValueError):
        return None


def runs_in(outline: Outline, store: Memory | Store, without: Collection[Entry] = ()) -> int:
    """The number of runs, counted from the first, whose cells are all in the store.

    Args:
        outline: Of the plan.
        store: Of the cells.
        without: Entries that are left out, since some of their cells failed.
    """
    there = outline.runs
    for entry in outline.entries:
        if entry not in without:
            missing = (first for first, _, key in outline.keys(entry) if first >= there or key not in store)
            there = min(there, next(missing, there))
    return there


def bytes_missing(outline: Outline, store: Memory | Store) -> int:
    """About as many bytes as the cells take that are missing in the store, at most."""
    measures, declared, total = outline.measures, outline.declaration, 0
    optional = _OPTIONAL if measures.axis == "episode" else ()
    more = len(declared.get("metrics", ())) + sum(name in declared for name in optional)
    of_cell = 16 * (len(measures.metrics) - len(optional) + more) * outline.length
    windows = min(outline.windows, outline.length)
    of_run = 8 * (len(measures.kept) + more + (len(measures.windowed) + more) * windows)
    if outline.cells > _COUNTED:
        return outline.cells * of_cell + len(outline.entries) * outline.runs * of_run
    for entry in outline.entries:
        total += sum(of_cell + runs * of_run for _, runs, key in outline.keys(entry) if key not in store)
    return total
