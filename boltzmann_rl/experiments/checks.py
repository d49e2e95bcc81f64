"""The checks of a declaration."""

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import as_finite, as_integer, as_seed, set_fields, shown
from boltzmann_rl.arguments.labels import check_label, check_name
from boltzmann_rl.arguments.rows import rows_of
from boltzmann_rl.experiments.declarations import _mistaken_problem
from boltzmann_rl.protocols import learns_from
from boltzmann_rl.runs.plan import _entrants

if TYPE_CHECKING:
    pass

__all__ = []


def _canonicalise(experiment: Any, length: str, parts: tuple[str, ...], kind: str, update: int) -> None:
    name, seed = experiment.name, experiment.seed
    check_name(name)
    problem = experiment.problem
    if not isinstance(problem, Mapping):
        problem = {getattr(problem, "id", type(problem).__name__): problem}
    problems = _labelled(problem, "problem")
    for label, one in problems.items():
        missing = [part for part in parts if not hasattr(one, part)]
        if missing or isinstance(one, type):
            where = f"problem[{label!r}]" if isinstance(experiment.problem, Mapping) else "problem"
            raise TypeError(f"{where} must be {kind}, got {_mistaken_problem(one, missing)}")
    agents = {
        label: _family(label, part) if isinstance(part, Mapping) else part
        for label, part in _labelled(experiment.agents, "agents").items()
    }
    entrants = _entrants(agents)
    for label, entrant in entrants.items():
        if not isinstance(entrant.agent, Agent):
            raise TypeError(f"agents[{label!r}] must be an Agent(learner, policy), got {entrant.agent!r}")
        if not learns_from(entrant.agent.learner, update):
            raise TypeError(
                f"agents[{label!r}] has a learner that does not learn from {kind}: {entrant.agent.learner!r}"
            )
        if rows := rows_of(entrant.agent.policy):
            raise ValueError(
                f"agents[{label!r}] has parameters for {rows} rows, but the runs of an experiment are alike: make an "
                f"agent of each, or train in a vector of environments, got {entrant.agent.policy!r}"
            )
    for part in (*problems.values(), *(entrant.agent for entrant in entrants.values())):
        if " at 0x" in repr(part) or "array(" in repr(part):
            raise TypeError(
                f"{part!r} does not say in print what it is, so its results could not be told from others': write "
                "functions, also schedules, as small classes with __call__ under @dataclass(frozen=True), and arrays "
                "as tuples"
            )
    set_fields(
        experiment,
        problem=problems,
        agents=agents,
        runs=as_integer(experiment.runs, "runs", minimum=1),
        seed=as_seed(secrets.randbits(63) if seed is None else seed),
        **{length: as_integer(getattr(experiment, length), length, minimum=1)},
    )


def _labelled(parts: Any, name: str) -> dict[str, Any]:
    if not isinstance(parts, Mapping) or not parts:
        raise TypeError(f"{name} must be a mapping with at least one entry, from labels to {name}, got {shown(parts)}")
    for label in parts:
        check_label(label, name)
    return dict(parts)


def _family(label: str, agents: Mapping[Any, Any]) -> dict[float, Any]:
    if not agents:
        raise TypeError(f"agents[{label!r}] is a family without members: map a number to each Agent")
    return {as_finite(parameter, f"the parameter of {label!r}"): agent for parameter, agent in agents.items()}
