"""Sweeps: one experiment over a grid or a list of declarations."""

import dataclasses
import itertools
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import as_seed, set_fields, shown
from boltzmann_rl.arguments.labels import check_label, check_name
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.arguments.parameters import (
    dotted_names,
    has_parameter,
    nearest_path,
    parameters_of,
    with_parameters,
)
from boltzmann_rl.experiments.checks import entrants_of
from boltzmann_rl.experiments.declarations import BanditExperiment, Experiment, GymnasiumExperiment, Runnable
from boltzmann_rl.statistics.judgement import Compare, Judgement

if TYPE_CHECKING:  # declaring a sweep needs nothing of what runs it
    from boltzmann_rl.runs.plan import Plan, Series

# Combinations of a sweep. Each is made and labelled when the sweep is declared, in a third of a millisecond.
MOST = 10_000

# What may differ between the experiments of a sweep.
_FREE = ("name", "problem", "agents", "seed")


@dataclass(frozen=True)
class Sweep(Runnable):
    """An experiment over all combinations of values of its parameters, or over several experiments, or both.

    All combinations are run, shown and compared as one experiment. Its agents are those of all combinations, with
    labels such as ``ε-greedy, epsilon = 0.1``. Its problems are those of all combinations, with labels such as
    ``lake, seed = 1``. If one parameter of the agents is swept over two or more numbers, the figure shows the means
    over whole runs against it, as that of a parameter study.

    An agent or a problem without a swept parameter takes part unchanged, once. The cells are those of each combination
    as an experiment of its own: more values add cells and change none.

    Args:
        name: Name of the results folder: letters, digits, dot, dash and underscore.
        experiments: A `BanditExperiment` or `GymnasiumExperiment`, or several of one kind with the same runs and
            length. Their names are not used.
        over: Values by parameter: ``"agents.…"``, a parameter of the agents, such as ``"agents.policy.temperature"`` or
            ``"agents.learner"``; ``"problem.…"``, one of the problems, such as ``"problem.arms"``; or ``"seed"``.
        compare: As in `BanditExperiment`, with the labels of the sweep; its experiments must not declare any.

    Raises:
        TypeError: No experiment, or experiments of two kinds.
        ValueError: A parameter that no agent or problem has, with the names of those that they have; experiments with
            different runs, steps or episodes; values or combinations that would have the same label; more than 10,000
            combinations.

    Example:
        >>> from boltzmann_rl import Boltzmann, EpsilonGreedy, GaussianBandit, SampleAverage
        >>> agents = {
        ...     "Boltzmann": Agent(SampleAverage(), Boltzmann(1.0)),
        ...     "ε-greedy": Agent(SampleAverage(), EpsilonGreedy(0.1)),
        ... }
        >>> experiment = BanditExperiment("one", GaussianBandit(), agents, runs=20, steps=50)
        >>> sweep = Sweep("example", experiment, over={"agents.policy.temperature": (0.1, 0.2), "seed": (0, 1)})
        >>> [*sweep.agents]
        ['Boltzmann, temperature = 0.1', 'Boltzmann, temperature = 0.2', 'ε-greedy']
        >>> results = sweep.run(progress=False)
        >>> [*results.summary["problem"].unique()]
        ['GaussianBandit, seed = 0', 'GaussianBandit, seed = 1']
    """

    name: str
    experiments: Experiment | Sequence[Experiment]
    over: Mapping[str, Sequence[Any]] | None = None
    compare: Compare = None

    def __post_init__(self) -> None:
        check_name(self.name)
        set_fields(self, experiments=_checked(self.experiments))
        set_fields(self, over=_values(self.over or {}, self.parts))
        self._refuse_equal_labels()
        set_fields(self, compare=self._judgement.compare)

    @property
    def parts(self) -> tuple[Any, ...]:
        """The experiments as a tuple."""
        return tuple(self.experiments)  # type: ignore[arg-type]  # __post_init__ made it a tuple

    @property
    def axis(self) -> str:
        """``"step"`` or ``"episode"``."""
        return self.parts[0].axis

    @property
    def runs(self) -> int:
        """Number of runs of each agent on each problem."""
        return self.parts[0].runs

    @property
    def length(self) -> int:
        """Steps or episodes of each run."""
        return self.parts[0].length

    @property
    def agents(self) -> dict[str, Agent]:
        """The agents of all combinations, by their labels; those of one agent follow each other."""
        found: dict[str, dict[str, Agent]] = {}
        for member in self._members:
            for label, agent in member.experiment.agents.items():
                found.setdefault(label, {})[member.agents[label].label] = agent
        return {label: agent for variants in found.values() for label, agent in variants.items()}

    @property
    def problem(self) -> dict[str, Any]:
        """The problems of all combinations, by their labels."""
        members = self._members
        return {one.problems[label]: problem for one in members for label, problem in one.experiment.problem.items()}

    def plan(self) -> "Plan":
        """The work as self-contained cells."""
        from boltzmann_rl.runs.plan import Plan

        series: dict[tuple[str, str], Series] = {}
        for member in self._members:
            for one in member.experiment.plan().series:
                label, family, parameter = member.agents[one.agent]
                placed = one._replace(problem=member.problems[one.problem], agent=label)
                key = placed.problem, placed.agent
                series.setdefault(key, placed._replace(family=family, parameter=parameter))
        pairs = itertools.product(self.problem, self.agents)
        found = tuple(series[pair] for pair in pairs if pair in series)
        return Plan(self.name, type(self.parts[0]).__name__, found, self._judgement, declared=self)

    def changed(self, *, runs: int | None = None, length: int | None = None, seed: int | None = None) -> Self:
        """The same with other runs, steps (or episodes) or one seed, where these are given."""
        over = dict(self.over or {})
        if seed is not None and "seed" in over:
            over["seed"] = (seed,)
        parts = [part.changed(runs=runs, length=length, seed=seed) for part in self.parts]
        return type(self)(self.name, parts, over, self.compare)

    def judged(self, compare: Compare = None, alpha: float | None = None, confidence: float | None = None) -> Self:
        """The same with other comparisons or levels, where these are given."""
        parts = [part.judged(alpha=alpha, confidence=confidence) for part in self.parts]
        return type(self)(self.name, parts, self.over, self.compare if compare is None else compare)

    @cached_property
    def _judgement(self) -> Judgement:
        """What the sweep compares, checked against its agents and families."""
        places = {place.label: place for member in self._members for place in member.agents.values()}
        families = {label: place.family for label, place in places.items() if place.family is not None}
        judgement = Judgement(self.compare, self.parts[0].alpha, self.parts[0].confidence)
        judgement.check([*places], families)
        return judgement

    @cached_property
    def _members(self) -> tuple["_Member", ...]:
        """All combinations."""
        over = self.over or {}
        several = "seed" in over or len({part.seed for part in self.parts}) > 1
        combinations = [dict(zip(over, values, strict=True)) for values in itertools.product(*over.values())]
        axis = _axis(over)
        return tuple(_member(part, settings, axis, several) for part in self.parts for settings in combinations)

    def _refuse_equal_labels(self) -> None:
        found: dict[tuple[str, str], str] = {}
        for member in self._members:
            experiment = member.experiment
            named = [("problem", member.problems[n], (p, experiment.seed)) for n, p in experiment.problem.items()]
            named += [("agents", member.agents[label].label, agent) for label, agent in experiment.agents.items()]
            for of, label, part in named:
                check_label(label, of)
                if found.setdefault((of, label), repr(part)) != repr(part):
                    what = "problems" if of == "problem" else "agents"
                    raise ValueError(
                        f"two {what} of the sweep would have the label {label!r}: {found[of, label]} and {part!r}"
                    )


class _Place(NamedTuple):
    """The label of an agent in a sweep; in a parameter study also its family and the value of the parameter."""

    label: str
    family: str | None
    parameter: float | None


class _Member(NamedTuple):
    """A combination: an experiment, and what its problems and agents are called in the sweep."""

    experiment: Any
    problems: dict[str, str]
    agents: dict[str, _Place]


def _member(experiment: Any, settings: Mapping[str, Any], axis: str | None, seeds: bool) -> _Member:
    """The experiment with these values of the swept parameters."""
    of_agents, of_problems = _below("agents.", settings), _below("problem.", settings)
    seed = settings.get("seed", experiment.seed)
    entrants = entrants_of(experiment.agents)
    agents = {label: _changed(entrant.agent, of_agents) for label, entrant in entrants.items()}
    problem = {label: _changed(part, of_problems) for label, part in experiment.problem.items()}
    ending = f", seed = {seed}" if seeds else ""
    problems = {n: f"{n}{_told(part, of_problems)}{ending}" for n, part in experiment.problem.items()}
    places = {}
    for label, (agent, family, parameter) in entrants.items():
        told = _told(agent, of_agents)
        if family is not None:
            family = f"{family}{told}"
        elif axis is not None and has_parameter(agent, axis):
            family, parameter = f"{label}, {axis.rpartition('.')[2]}", float(of_agents[axis])
        places[label] = _Place(f"{label}{told}", family, parameter)
    return _Member(dataclasses.replace(experiment, problem=problem, agents=agents, seed=seed), problems, places)


def _below(start: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of agents or of problems, by their names there."""
    return {path.removeprefix(start): value for path, value in settings.items() if path.startswith(start)}


def _changed(part: Any, settings: Mapping[str, Any]) -> Any:
    """An agent or a problem with those parameters that it has."""
    return with_parameters(part, {path: value for path, value in settings.items() if has_parameter(part, path)})


def _told(part: Any, settings: Mapping[str, Any]) -> str:
    """The values of those parameters that an agent or a problem has, such as ``", epsilon = 0.1"``."""
    ends = [path.rpartition(".")[2] for path in settings]
    names = {path: path if ends.count(end) > 1 else end for path, end in zip(settings, ends, strict=True)}
    return "".join(f", {names[path]} = {_text(settings[path])}" for path in settings if has_parameter(part, path))


def _text(value: Any) -> str:
    """A value in a label."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _axis(over: Mapping[str, Sequence[Any]]) -> str | None:
    """The only swept parameter of agents, if its values are several numbers."""
    of_agents = _below("agents.", over)
    path, values = next(iter(of_agents.items()), ("", ()))
    numbers = all(type(one) in (int, float) and abs(one) <= sys.float_info.max for one in values)
    return path if len(of_agents) == 1 and len(values) > 1 and numbers else None


def _checked(experiments: Any) -> tuple[Any, ...]:
    """The experiments of a sweep, which have one kind, and the same runs and length."""
    listed = tuple(experiments) if isinstance(experiments, list | tuple) else (experiments,)
    wrong = [one for one in listed if not isinstance(one, BanditExperiment | GymnasiumExperiment)]
    if wrong or not listed:
        got = shown(wrong[0]) if wrong else "none"
        raise TypeError(f"experiments must be a BanditExperiment, a GymnasiumExperiment, or a list of these, got {got}")
    if len({type(one) for one in listed}) > 1:
        raise TypeError("the experiments of a sweep must be of one kind, got BanditExperiment and GymnasiumExperiment")
    if own := [one.compare for one in listed if one.compare is not None]:
        raise ValueError(f"compare= belongs to the sweep, whose labels differ, got {shown(own[0])} in an experiment")
    for name in parameters_of(listed[0]).keys() - _FREE:
        values = {repr(value): value for value in (getattr(one, name) for one in listed)}
        if len(values) > 1:
            got = " and ".join(map(shown, values.values()))
            raise ValueError(f"the experiments of a sweep must have the same {name}, got {got}")
    return listed


def _values(over: Any, experiments: Sequence[Any]) -> dict[str, tuple[Any, ...]]:
    """The values of each swept parameter, which some agent or problem has."""
    if not isinstance(over, Mapping):
        raise TypeError(f"over must be a mapping of parameters to their values, got {shown(over)}")
    agents = [entrant.agent for one in experiments for entrant in entrants_of(one.agents).values()]
    problems = [problem for one in experiments for problem in one.problem.values()]
    known = dict.fromkeys(f"agents.{path}" for agent in agents for path in dotted_names(agent))
    known |= dict.fromkeys(f"problem.{path}" for problem in problems for path in dotted_names(problem))
    known |= {"seed": None}
    checked, number = {}, len(experiments)
    for path, values in over.items():
        if path not in known:
            near = nearest_path(str(path), known)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
            raise ValueError(f"no agent or problem has the parameter {path!r}: {hint}")
        checked[path] = _listed(path, values)
        number *= len(checked[path])
        if number > MOST:
            raise ValueError(f"over has {number:,} or more combinations: a sweep has at most {MOST:,}")
    return checked


def _listed(path: str, values: Any) -> tuple[Any, ...]:
    """The values of a swept parameter, which labels tell apart."""
    listed = np.asarray(values).tolist() if isinstance(values, np.ndarray | range) else values
    if not isinstance(listed, list | tuple) or not listed:
        raise TypeError(f"over[{path!r}] must be a list of one or more values, got {shown(values)}")
    values = tuple(one.item() if isinstance(one, np.generic) else one for one in listed)
    values = tuple(map(as_seed, values)) if path == "seed" else values
    texts = Counter(map(_text, values))
    if repeated := [text for text, times in texts.items() if times > 1]:
        raise ValueError(f"over[{path!r}] has two values that a label shows as {repeated[0]}: {shown(values)}")
    return values
