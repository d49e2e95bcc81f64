"""The plan of an experiment: self-contained cells, each a range of runs of one agent on one problem."""

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.engines.blocks import BLOCK, Block
from boltzmann_rl.engines.metrics import WINDOWS, Measures, measures_of
from boltzmann_rl.engines.selection import room, simulating
from boltzmann_rl.runs.code import code_of, shown
from boltzmann_rl.statistics.judgement import Judgement
from boltzmann_rl.statistics.stopping import Stopping, looks, next_look

# The version of a cell's results: it increases when the numbers or their meaning change.
FORMAT = 2

# Where the ranges of runs end in the first block of a bandit's runs; every later block is one range. More runs add
# ranges, and change none but the last one if it was not complete.
_ENDS = (10, 30, 100, 300, BLOCK)


def ranges(axis: str, runs: int, *, first: int = 0, at_looks: bool = False) -> Iterator[tuple[int, int]]:
    """The ranges of runs of which each is a cell: number of the first run, and number of runs.

    In an environment each run is one. Those of a bandit end at run 10, 30, 100, 300, 1000, 2000, 3000, …; those of runs
    that stop when they decide also end at each look instead.

    Args:
        axis: ``"step"`` for a bandit, ``"episode"`` for an environment.
        runs: Number of all runs, ≥ 1.
        first: The run to begin with, at which a range begins.
        at_looks: Whether the ranges of a bandit end at the looks of `boltzmann_rl.statistics.stopping.looks` and at
            every 1,000 runs.

    Example:
        >>> list(ranges("step", 2007))
        [(0, 10), (10, 20), (30, 70), (100, 200), (300, 700), (1000, 1000), (2000, 7)]
        >>> list(ranges("step", 60, at_looks=True)), list(ranges("step", 1110, first=888, at_looks=True))
        ([(0, 30), (30, 8), (38, 10), (48, 12)], [(888, 112), (1000, 110)])
    """
    while first < runs:
        end = min(_end_of(axis, first, at_looks), runs)
        yield first, end - first
        first = end


def _end_of(axis: str, first: int, at_looks: bool) -> int:
    """Where the range ends that begins with a run."""
    if axis == "episode":
        return first + 1
    block = (first // BLOCK + 1) * BLOCK
    if at_looks:
        return min(next_look(first), block)
    return min((end for end in _ENDS if end > first), default=block)


def count_ranges(axis: str, runs: int, *, at_looks: bool = False) -> int:
    """The number of ranges of runs, without making them.

    Example:
        >>> count_ranges("step", 2007), count_ranges("step", 1110, at_looks=True)
        (7, 18)
    """
    if axis == "episode":
        return runs
    blocks = 1 + (runs - 1) // BLOCK
    if at_looks:
        return blocks + sum(look % BLOCK != 0 for look in looks(runs - 1))
    return blocks + sum(end < runs for end in _ENDS[:-1])


@dataclass(frozen=True)
class Cell:
    """A range of runs of one agent on one problem, self-contained: it can be stored, sent and repeated.

    Evaluating its ``repr`` gives an equal cell where the names in it are defined.

    Args:
        problem: A bandit, or an `Environment`.
        agent: An `Agent`.
        axis: The axis of curves: ``"step"`` for a bandit, ``"episode"`` for an environment.
        metrics: Names of the metrics whose curves are kept, if the policy has them; the regret of episodes is only
            measured if it is among them.
        engine: ``"reference"`` or ``"compiled"``.
        first: Number of its first run, from 0.
        runs: Number of runs. Those of a bandit lie within one block of BLOCK runs, by which random streams are keyed.
        length: Steps or episodes of each run.
        seed: Of the experiment, in [0, 2⁶³).
        windows: Number of equal windows of each run whose means are kept; at most ``length`` are.
        uncounted: Steps at the beginning that totals leave out.
        own: The user's metrics with their labels: functions of a `Moment` (bandits) or a `Transition` (environments).
            They, like the evaluations below, need the reference engine.
        evaluate_every: Episodes between greedy evaluations of the learner, or 0 for none.
        evaluation_episodes: Episodes of each evaluation.

    Example:
        >>> from boltzmann_rl import BanditExperiment, Boltzmann, GaussianBandit, SampleAverage
        >>> agents = {"τ = 0.2": Agent(SampleAverage(), Boltzmann(0.2))}
        >>> cell = next(BanditExperiment("example", GaussianBandit(), agents, runs=5, steps=20).plan().cells())[1]
        >>> cell.simulate().totals["reward"].shape
        (5,)
    """

    problem: Any  # to name `Environment` here would import Gymnasium, which a plan of bandits does not need
    agent: Agent
    axis: str
    metrics: tuple[str, ...]
    engine: str
    first: int
    runs: int
    length: int
    seed: int
    windows: int = WINDOWS
    uncounted: int = 0
    own: tuple[tuple[str, Any], ...] = ()
    evaluate_every: int = 0
    evaluation_episodes: int = 1

    def simulate(self) -> Block:
        """Simulate the runs, and measure them."""
        return simulate_together([self])[0]

    @property
    def identity(self) -> str:
        """A hash of everything that determines the results but the runs: declaration, engine, format and code."""
        parts = self.problem, self.agent, self.own
        values, named = shown(parts)
        code = code_of(*named, *parts, simulate_together, *simulating(self.axis, self.engine))
        every = dataclasses.replace(self, first=0, runs=0)
        return hashlib.sha256(repr((FORMAT, every, values, code)).encode()).hexdigest()

    @property
    def key(self) -> str:
        """A hash of everything that determines the results."""
        return key_of(self.identity, self.first, self.runs)


def key_of(identity: str, first: int, runs: int) -> str:
    """The key of a cell by its identity and its runs."""
    return hashlib.sha256(f"{identity} {first} {runs}".encode()).hexdigest()


def simulate_together(cells: Sequence[Cell]) -> list[Block]:
    """Simulate cells of one agent on one problem, which share drawn random numbers, schedules and tables.

    The results are the same bytes as if each cell were simulated alone.

    Args:
        cells: Cells that differ only in their runs; those of a bandit lie in the same block of runs.

    Raises:
        ValueError: Cells of several series or of several blocks.

    Example:
        >>> from boltzmann_rl import BanditExperiment, Boltzmann, GaussianBandit, SampleAverage
        >>> agents = {"τ = 0.2": Agent(SampleAverage(), Boltzmann(0.2))}
        >>> plan = BanditExperiment("example", GaussianBandit(), agents, runs=50, steps=20).plan()
        >>> [len(block.totals["reward"]) for block in simulate_together([cell for _, cell in plan.cells()])]
        [10, 20, 20]
    """
    if not cells:
        return []
    one = cells[0]
    if any(dataclasses.replace(cell, first=one.first, runs=one.runs) != one for cell in cells):
        raise ValueError("cells that are simulated together must belong to one agent and one problem")
    blocks = {run // BLOCK for cell in cells for run in (cell.first, cell.first + cell.runs - 1)}
    if one.axis == "step" and len(blocks) > 1:
        raise ValueError(f"cells that are simulated together must lie within one block of {BLOCK} runs")
    places = [(cell.first, cell.runs) for cell in cells]
    simulate = room(one.axis, one.engine).simulate_ranges
    found = simulate(one.problem, one.agent, places, seed=one.seed, windows=one.windows, **_work(one))
    metrics = *one.metrics, *(label for label, _ in one.own)
    return [
        block._replace(curves={name: block.curves[name] for name in metrics if name in block.curves}) for block in found
    ]


def _work(cell: Cell) -> dict[str, Any]:
    """The arguments of an engine that depend on the axis, and those that only the reference engines take."""
    work = {"steps": cell.length, "uncounted_steps": cell.uncounted}
    if cell.axis == "episode":
        work = {"episodes": cell.length} | ({"regret": True} if "regret" in cell.metrics else {})
    if cell.evaluate_every:
        work |= {"evaluate_every": cell.evaluate_every, "evaluation_episodes": cell.evaluation_episodes}
    return work | ({"own": cell.own} if cell.own else {})


class Series(NamedTuple):
    """All runs of one agent on one problem.

    Attributes:
        problem: Label of the problem.
        agent: Label of the agent.
        family: In a parameter study, the label of its family, which is drawn as one line.
        parameter: In a parameter study, the agent's value of the parameter.
        cell: All its runs in one cell; the cells of the plan have ranges of them.
        reason: Why the reference engine runs it although compiling would pay; else empty.
    """

    problem: str
    agent: str
    family: str | None
    parameter: float | None
    cell: Cell
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """The cells of an experiment, in the order in which their results are merged.

    Args:
        name: Name of the experiment.
        kind: Name of the experiment's class.
        series: One for each problem and agent.
        judgement: What is compared; no cell depends on it.
        stopping: When the runs are enough, if that is decided by looks at them; the ranges of runs then end at looks.
        declared: What declares it, such as a `BanditExperiment`, for the manifest; no cell depends on it.
    """

    name: str
    kind: str
    series: tuple[Series, ...]
    judgement: Judgement = field(default_factory=Judgement)
    stopping: Stopping | None = None
    declared: Any = field(default=None, compare=False, repr=False)

    @property
    def first(self) -> Cell:
        """The first cell, which has the settings that all series share."""
        return self.series[0].cell

    @property
    def measures(self) -> Measures:
        """The metrics of the experiment."""
        return measures_of(self.first.axis)

    @property
    def runs(self) -> int:
        """Number of runs of each agent on each problem."""
        return self.first.runs

    @property
    def problems(self) -> dict[str, Any]:
        """The problems by their labels."""
        return {series.problem: series.cell.problem for series in self.series}

    @property
    def agents(self) -> dict[str, Agent]:
        """The agents by their labels."""
        return {series.agent: series.cell.agent for series in self.series}

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.series) * count_ranges(self.first.axis, self.runs, at_looks=self.stopping is not None)

    def cells(self) -> Iterator[tuple[Series, Cell]]:
        """The cells, each with its series."""
        for series in self.series:
            for first, runs in ranges(self.first.axis, self.runs, at_looks=self.stopping is not None):
                yield series, dataclasses.replace(series.cell, first=first, runs=runs)

    def with_runs(self, runs: int) -> "Plan":
        """The same plan with another number of runs."""
        return dataclasses.replace(
            self, series=tuple(one._replace(cell=dataclasses.replace(one.cell, runs=runs)) for one in self.series)
        )
