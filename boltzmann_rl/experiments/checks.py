"""Checks of a declaration."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import as_callable, as_finite, as_integer, as_seed, set_fields, shown
from boltzmann_rl.arguments.labels import check_label, check_name
from boltzmann_rl.arguments.rows import rows_of
from boltzmann_rl.engines.metrics import measures_of
from boltzmann_rl.protocols import learns_from
from boltzmann_rl.statistics.judgement import Judgement

# The attributes by which a bandit and an environment are recognised.
_BANDIT = ("arms", "start", "noise", "reward", "move")
_ENVIRONMENT = ("reset", "step")


class Kind(NamedTuple):
    """What kind of problem an experiment has.

    Attributes:
        noun: What errors call a problem.
        parts: The attributes that a problem must have.
        update: Number of arguments of a learner's ``update``: see `boltzmann_rl.protocols.learns_from`.
        length: The field with the length of a run.
        happening: What a metric is a function of.
        metrics: Names of the metrics that are built in.
        agent: An agent that suits the problem, for errors.
    """

    noun: str
    parts: tuple[str, ...]
    update: int
    length: str
    happening: str
    metrics: frozenset[str]
    agent: str


def _names(axis: str) -> frozenset[str]:
    return frozenset(metric.name for metric in measures_of(axis).metrics)


BANDITS = Kind("a bandit", _BANDIT, 5, "steps", "moment", _names("step"), "recommended(actions)")
_TABULAR = "Agent(EveryActionFirst(QLearning()), recommended(actions, states=True))"
ENVIRONMENTS = Kind("an Environment or its id", ("make",), 3, "episodes", "transition", _names("episode"), _TABULAR)

# Columns of the tables of results, which a user's metric must not be named after.
_COLUMNS = {"experiment", "problem", "agent", "run", "runs", "step", "episode", "metric", "mean", "standard_error"}
_COLUMNS |= {"window", "begin", "end", "rank", "probability", "low", "high"}
_COLUMNS |= {"behind", "p_value", "effect_size", "superiority"}


def canonicalise(experiment: Any, kind: Kind) -> None:
    """Check a declaration, and convert its parts to a canonical form, in which they print and compare."""
    check_name(experiment.name)
    problems, agents = _problems(experiment.problem, kind), _agents(experiment.agents, kind)
    metrics = _metrics(experiment.metrics, kind)
    entrants = (entrant.agent for entrant in entrants_of(agents).values())
    for part in (*problems.values(), *entrants, *metrics.values()):
        if " at 0x" in repr(part) or "array(" in repr(part):
            raise TypeError(
                f"part of {part!r} has no repr that says what it is, so its results could not be told from others: "
                "write functions, also schedules, as small classes with __call__ under @dataclass(frozen=True), and "
                "arrays as tuples"
            )
    judgement = checked_judgement(experiment, agents)
    set_fields(
        experiment,
        compare=judgement.compare,
        alpha=judgement.alpha,
        confidence=judgement.confidence,
        problem=problems,
        agents=agents,
        metrics=metrics,
        runs=as_integer(experiment.runs, "runs", minimum=1),
        windows=as_integer(experiment.windows, "windows", minimum=1),
        seed=as_seed(_drawn_seed() if experiment.seed is None else experiment.seed),
        **{kind.length: as_integer(getattr(experiment, kind.length), kind.length, minimum=1)},
    )


def _drawn_seed() -> int:
    import secrets  # imported here: most experiments declare their seed

    return secrets.randbits(63)


def checked_judgement(experiment: Any, agents: Mapping[str, Any]) -> Judgement:
    """What an experiment compares, checked against its agents and families."""
    judgement = Judgement(experiment.compare, experiment.alpha, experiment.confidence)
    entrants = entrants_of(agents)
    judgement.check([*entrants], {label: part.family for label, part in entrants.items() if part.family is not None})
    return judgement


def _problems(given: Any, kind: Kind) -> dict[str, Any]:
    several = isinstance(given, Mapping)
    problems = _labelled(given if several else {getattr(given, "id", type(given).__name__): given}, "problem")
    for label, problem in problems.items():
        missing = [part for part in kind.parts if not hasattr(problem, part)]
        if missing or isinstance(problem, type):
            where = f"problem[{label!r}]" if several else "problem"
            raise TypeError(f"{where} must be {kind.noun}, got {_mistaken_problem(problem, missing)}")
    return problems


def _agents(given: Any, kind: Kind) -> dict[str, Any]:
    parts = _labelled(given, "agents").items()
    agents = {label: _family(label, part) if isinstance(part, Mapping) else part for label, part in parts}
    for label, (agent, _, _) in entrants_of(agents).items():
        if not isinstance(agent, Agent):
            raise TypeError(f"agents[{label!r}] must be an Agent(learner, policy), such as {kind.agent}, got {agent!r}")
        if not learns_from(agent.learner, kind.update):
            raise TypeError(
                f"agents[{label!r}] has a learner that does not learn from {kind.noun}: {agent.learner!r}; take one "
                f"that does, such as {kind.agent}"
            )
        if rows := rows_of(agent.policy):
            raise ValueError(
                f"agents[{label!r}] has parameters for {rows} rows, but all runs of an experiment have the same "
                f"parameters: make one agent of each, or train in a vector of environments, got {agent.policy!r}"
            )
    return agents


def _metrics(given: Any, kind: Kind) -> dict[str, Any]:
    if given is None or given == {}:
        return {}
    metrics = _labelled(given, "metrics")
    for label, metric in metrics.items():
        if not label[0].isalpha():  # as the head of a column, a spreadsheet could take it for a formula
            raise ValueError(f"metrics[{label!r}] must begin with a letter")
        if label in _COLUMNS or label.endswith(("_low", "_high")):
            raise ValueError(f"metrics[{label!r}] has the name of a column of the tables: give it another label")
        if label in kind.metrics:
            raise ValueError(f"metrics[{label!r}] has the name of a built-in metric: give it another label")
        if isinstance(metric, type):
            raise TypeError(f"metrics[{label!r}] must be an instance, such as {metric.__name__}(), got the class")
        as_callable(metric, f"metrics[{label!r}]", f"metric({kind.happening})")
    return metrics


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
    """An agent of an experiment; in a parameter study it has a family and a value of the parameter."""

    agent: Agent
    family: str | None = None
    parameter: float | None = None


def entrants_of(agents: Mapping[str, Any]) -> dict[str, Entrant]:
    """Every agent by its label; in a parameter study with family and parameter."""
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
    """A description of what was given as a problem, and what to give instead."""
    if all(hasattr(problem, part) for part in _ENVIRONMENT):
        return _mistaken_environment(problem)
    if isinstance(problem, type):
        return f"the class {problem.__name__}: give an instance, {problem.__name__}(...)"
    if isinstance(problem, str) or all(hasattr(problem, part) for part in ENVIRONMENTS.parts):
        return f"{shown(problem)}: environments are for GymnasiumExperiment"
    if all(hasattr(problem, part) for part in _BANDIT):
        return f"{shown(problem)}: bandits are for BanditExperiment"
    return f"{shown(problem)} without {', '.join(missing)}"


def _mistaken_environment(env: Any) -> str:
    """The same for an environment or its class: a `GymnasiumExperiment` needs the id, as each run makes its own."""
    spec = None if isinstance(env, type) else getattr(env, "spec", None)
    name = env.__name__ if isinstance(env, type) else type(getattr(env, "unwrapped", env)).__name__
    given = f"the class {name}" if isinstance(env, type) else f"an environment of the class {name}"
    if spec is not None:
        return f"{given}: each run makes its own, so GymnasiumExperiment takes the id, problem={spec.id!r}"
    return (
        f"{given}: each run makes its own, so GymnasiumExperiment takes an id: say "
        f"gymnasium.register('{name}-v0', entry_point={name}), and problem='{name}-v0'"
    )
