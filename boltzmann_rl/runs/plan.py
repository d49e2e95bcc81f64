"""The plan of an experiment: self-contained cells, each one block of runs of one agent on one problem."""

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

__all__ = ["FORMAT", "Cell", "Plan", "Series"]

# Of what a cell answers; a change of the numbers or of their meaning raises it.
FORMAT = 1


@dataclass(frozen=True)
class Cell:
    """One block of runs of one agent on one problem, complete in itself: it can be stored, sent and repeated.

    Its ``repr`` repeats it wherever the names in it are known.

    Args:
        problem: A bandit, or an `Environment`.
        agent: An `Agent`.
        axis: What a curve runs along: ``"step"`` of a bandit, ``"episode"`` of an environment.
        metrics: Names of the metrics whose curves are kept; those that a policy lacks are left out.
        engine: ``"reference"`` or ``"compiled"``.
        block: Its number, from 0; the streams of chance are keyed by it.
        runs: How many of the runs of this block.
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
        """Play the runs, and measure them."""
        lengths = {"episodes": self.length}
        if self.axis == "step":
            lengths = {"steps": self.length, "uncounted_steps": self.uncounted}
        simulate = room(self.axis, self.engine).simulate
        block: Block = simulate(self.problem, self.agent, block=self.block, runs=self.runs, seed=self.seed, **lengths)
        return block._replace(curves={name: block.curves[name] for name in self.metrics if name in block.curves})

    @property
    def key(self) -> str:
        """A hash of what determines the numbers: the declaration, the engine, the format, and the code."""
        return hashlib.sha256(repr((FORMAT, self, code_of(self.problem, self.agent))).encode()).hexdigest()


class Series(NamedTuple):
    """All runs of one agent on one problem.

    Attributes:
        problem: Its label.
        agent: Its label.
        family: In a parameter study, whose line it is a point of.
        parameter: In a parameter study, the value that the agent has.
        cell: With all its runs; each cell of the plan has one block of them.
        reason: Why the reference engine plays what would be worth compiling for; empty of others.
    """

    problem: str
    agent: str
    family: str | None
    parameter: float | None
    cell: Cell
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """What an experiment comes to: its cells, in the order in which their results are put together.

    Args:
        name: Of the experiment.
        kind: Of the experiment: the name of its class.
        series: One for each problem and agent.
        width: Runs in a block.
    """

    name: str
    kind: str
    series: tuple[Series, ...]
    width: int

    @property
    def first(self) -> Cell:
        """What all series have in common can be read off their first cell."""
        return self.series[0].cell

    @property
    def measures(self) -> Measures:
        """What is measured."""
        return measures_of(self.first.axis)

    @property
    def runs(self) -> int:
        """Of each agent on each problem."""
        return self.first.runs

    @property
    def counted(self) -> int:
        """Points on the axis that totals of runs are sums of."""
        return self.first.length - self.first.uncounted

    @property
    def problems(self) -> dict[str, Any]:
        """By their labels."""
        return {series.problem: series.cell.problem for series in self.series}

    @property
    def agents(self) -> dict[str, Agent]:
        """By their labels."""
        return {series.agent: series.cell.agent for series in self.series}

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.series) * -(-self.runs // self.width)

    def cells(self) -> Iterator[tuple[Series, Cell]]:
        """Each cell behind the series that it is a part of."""
        for series in self.series:
            for block, first in enumerate(range(0, self.runs, self.width)):
                runs = min(self.width, self.runs - first)
                yield series, dataclasses.replace(series.cell, block=block, runs=runs)
