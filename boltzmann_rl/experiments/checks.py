"""The checks of a declaration."""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import as_finite, as_integer, as_seed, set_fields, shown
from boltzmann_rl.arguments.labels import check_label, check_name
from boltzmann_rl.arguments.rows import rows_of
from boltzmann_rl.environments.declaration import Environment
from boltzmann_rl.protocols import learns_from

__all__ = ["BANDIT", "Entrant", "canonicalise", "entrants_of"]

# What a bandit and an environment are told by.
BANDIT = ("arms", "start", "noise", "reward", "move")
ENVIRONMENT = ("reset", "step")


def canonicalise(experiment: Any, length: str, parts: tuple[str, ...], kind: str, update: int) -> None:
    """Check a declaration, and put its parts into the one form in which they print and compare."""
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
    entrants = entrants_of(agents)
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


class Entrant(NamedTuple):
    """An agent as it takes part: in a parameter study it has a family and its value of the parameter."""

    agent: Agent
    family: str | None = None
    parameter: float | None = None


def entrants_of(agents: Mapping[str, Any]) -> dict[str, Entrant]:
    """Every agent by its own label, those of a parameter study with family and parameter."""
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


def _mistaken_problem(problem: Any, missing: list[str]) -> str:
    """What was given as a problem, and what to give instead."""
    if all(hasattr(problem, part) for part in ENVIRONMENT):
        return _mistaken_environment(problem)
    if isinstance(problem, type):
        return f"the class {problem.__name__}: give an instance, {problem.__name__}(...)"
    if isinstance(problem, str | Environment):
        return f"{shown(problem)}: environments are for GymnasiumExperiment"
    if all(hasattr(problem, part) for part in BANDIT):
        return f"{shown(problem)}: bandits are for BanditExperiment"
    return f"{shown(problem)} without {', '.join(missing)}"


def _mistaken_environment(env: Any) -> str:
    """An environment or a class of one: each run of a `GymnasiumExperiment` makes one of its own, by its id."""
    spec = None if isinstance(env, type) else getattr(env, "spec", None)
    name = env.__name__ if isinstance(env, type) else type(getattr(env, "unwrapped", env)).__name__
    given = f"the class {name}" if isinstance(env, type) else f"an environment of the class {name}"
    if spec is not None:
        return f"{given}: each run makes its own, so GymnasiumExperiment takes the id, problem={spec.id!r}"
    return (
        f"{given}: each run makes its own, so GymnasiumExperiment takes an id: say "
        f"gymnasium.register('{name}-v0', entry_point={name}), and problem='{name}-v0'"
    )
