"""The plan of an experiment: self-contained cells, each a block of runs of one agent on one problem."""

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.metrics import Measures, measures_of
from boltzmann_rl.engines.selection import room
from boltzmann_rl.runs.code import code_of

# The version of a cell's results: it increases when the numbers or their meaning change.
FORMAT = 1


@dataclass(frozen=True)
class Cell:
    """One block of runs of one agent on one problem, self-contained: it can be stored, sent and repeated.

    Evaluating its ``repr`` gives an equal cell where the names in it are defined.

    Args:
        problem: A bandit, or an `Environment`.
        agent: An `Agent`.
        axis: The axis of curves: ``"step"`` for a bandit, ``"episode"`` for an environment.
        metrics: Names of the metrics whose curves are kept, if the policy has them.
        engine: ``"reference"`` or ``"compiled"``.
        block: Its number, from 0, by which its random streams are keyed.
        runs: Number of runs, at most a block.
        length: Steps or episodes of each run.
        seed: Of the experiment, in [0, 2⁶³).
        uncounted: Steps at the beginning that totals leave out.

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
    block: int
    runs: int
    length: int
    seed: int
    uncounted: int = 0

    def simulate(self) -> Block:
        """Simulate the runs, and measure them."""
        lengths = {"episodes": self.length}
        if self.axis == "step":
            lengths = {"steps": self.length, "uncounted_steps": self.uncounted}
        simulate = room(self.axis, self.engine).simulate
        block: Block = simulate(self.problem, self.agent, block=self.block, runs=self.runs, seed=self.seed, **lengths)
        return block._replace(curves={name: block.curves[name] for name in self.metrics if name in block.curves})

    @property
    def key(self) -> str:
        """A hash of everything that determines the results: declaration, engine, format and code."""
        return hashlib.sha256(repr((FORMAT, self, code_of(self.problem, self.agent))).encode()).hexdigest()


class Series(NamedTuple):
    """All runs of one agent on one problem.

    Attributes:
        problem: Label of the problem.
        agent: Label of the agent.
        family: In a parameter study, the label of its family, which is drawn as one line.
        parameter: In a parameter study, the agent's value of the parameter.
        cell: All its runs in one cell; each cell of the plan has one block of them.
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
        width: Number of runs in a block.
    """

    name: str
    kind: str
    series: tuple[Series, ...]
    width: int

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
        return len(self.series) * -(-self.runs // self.width)

    def cells(self) -> Iterator[tuple[Series, Cell]]:
        """The cells, each with its series."""
        for series in self.series:
            for block, first in enumerate(range(0, self.runs, self.width)):
                runs = min(self.width, self.runs - first)
                yield series, dataclasses.replace(series.cell, block=block, runs=runs)
