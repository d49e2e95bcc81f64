"""The plan of an experiment: its units of work."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from boltzmann_rl.agents.agent import Agent

if TYPE_CHECKING:
    pass

__all__ = ["Unit"]


class Unit(NamedTuple):
    """A unit of work: one block of runs of one agent on one problem."""

    problem: str
    agent: str
    block: int
    runs: int


class Entrant(NamedTuple):
    """An agent as it takes part: in a parameter study it has a family and its value of the parameter."""

    agent: Agent
    family: str | None = None
    parameter: float | None = None


def _entrants(agents: Mapping[str, Any]) -> dict[str, Entrant]:
    entrants = []
    for label, part in agents.items():
        if isinstance(part, Mapping):
            entrants += [(f"{label} = {number:.4g}", Entrant(agent, label, number)) for number, agent in part.items()]
        else:
            entrants.append((label, Entrant(part)))
    by_label = dict(entrants)
    if len(by_label) < len(entrants):
        raise ValueError(f"two agents would have the same label: {[label for label, _ in entrants]}")
    return by_label


def _units(experiment: Any, width: int) -> Iterator[Unit]:
    for problem in experiment.problem:
        for agent in experiment.entrants:
            for block, first in enumerate(range(0, experiment.runs, width)):
                yield Unit(problem, agent, block, min(width, experiment.runs - first))
