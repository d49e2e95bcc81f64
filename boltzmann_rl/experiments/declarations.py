"""Experiments: frozen, seeded declarations of problems × agents, without logic of their own.

Running one (`boltzmann_rl.runs.runner`) measures it, and `boltzmann_rl.results` makes tables, a folder and a figure of it.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from boltzmann_rl.arguments import as_integer, as_seed, set_fields, shown
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.engines.blocks import Block
from boltzmann_rl.engines.reference import bandits, episodes
from boltzmann_rl.engines.selection import COMPILED, engine_of, reason_of, twin
from boltzmann_rl.environments.declaration import Environment
from boltzmann_rl.experiments.checks import _canonicalise
from boltzmann_rl.runs.plan import Entrant, Unit, _entrants, _units

if TYPE_CHECKING:
    from boltzmann_rl.results.results import Results

__all__ = ["BanditExperiment", "Experiment", "GymnasiumExperiment"]

# A guess, to tell whether compiling pays: how long the episodes will be shows only when they are played.
_STEPS_PER_EPISODE = 20


# What a bandit and an environment are told by.
_BANDIT = ("arms", "start", "noise", "reward", "move")
_ENVIRONMENT = ("reset", "step")


@dataclass(frozen=True)
class BanditExperiment:
    """Agents on a bandit, all meeting the same problems and the same luck.

    Args:
        name: Of the results folder: letters, digits, dot, dash and underscore.
        problem: A bandit, or a mapping of labels to bandits.
        agents: A mapping of labels to `Agent`; or, for a parameter study, of families to mappings of a number to
            the agent with that parameter: ``{"Boltzmann, τ": {0.1: Agent(...), 0.2: Agent(...)}}``. Everything in
            it prints as it was written: dataclasses, numbers, strings, tuples.
        runs: Independent repetitions, ≥ 1. Not part of what the experiment is: more runs extend it.
        steps: Pulls per run, ≥ 1.
        seed: In [0, 2⁶³); None draws one, which is kept in the declaration.
        uncounted_steps: Pulls at the beginning that the runs' totals, and so the summary, leave out: papers on UCB
            often do not count the round in which every arm is pulled once.

    Raises:
        ValueError, TypeError: A name that cannot be a folder, no agents, parts whose ``repr`` does not say all.

    Example:
        >>> from boltzmann_rl import Boltzmann, GaussianBandit, SampleAverage
        >>> experiment = BanditExperiment(
        ...     name="example",
        ...     problem=GaussianBandit(),
        ...     agents={"τ = 0.2": Agent(SampleAverage(), Boltzmann(0.2))},
        ...     runs=100,
        ...     steps=200,
        ... )
        >>> results = experiment.run(progress=False)
        >>> results.summary[["agent", "runs"]]
             agent  runs
        0  τ = 0.2   100
    """

    name: str
    problem: Any
    agents: Any
    runs: int = 2000
    steps: int = 1000
    seed: int | None = 0
    uncounted_steps: int = 0

    kind: ClassVar = "bandits"
    axis: ClassVar = "step"
    primary: ClassVar = "reward"

    def __post_init__(self) -> None:
        _canonicalise(self, "steps", _BANDIT, "a bandit", 5)
        uncounted = as_integer(self.uncounted_steps, "uncounted_steps", maximum=self.steps - 1)
        set_fields(self, uncounted_steps=uncounted)

    @property
    def counted(self) -> int:
        """Points on the axis that the runs' totals are sums of."""
        return self.length - self.uncounted_steps

    @property
    def entrants(self) -> dict[str, "Entrant"]:
        """Every agent by its own label, those of a parameter study with family and parameter."""
        return _entrants(self.agents)

    @property
    def length(self) -> int:
        """Points on the axis of a curve."""
        return self.steps

    @property
    def work(self) -> int:
        """Steps of all runs, agents and problems."""
        return self.steps * self.runs * len(self.problem) * len(self.entrants)

    def units(self) -> Iterator[Unit]:
        """The work, in the order in which its results are put together."""
        return _units(self, bandits.BLOCK)

    def engine(self, unit: Unit) -> str:
        """Which engine does a unit of the work: "reference" or "compiled"."""
        return engine_of(self.kind, self.problem[unit.problem], self.entrants[unit.agent].agent, self.work)

    def reason(self, unit: Unit) -> str:
        """Why the reference engine does a unit that is worth compiling for, in a line; empty of other units."""
        return reason_of(self.kind, self.problem[unit.problem], self.entrants[unit.agent].agent, self.work)

    def simulate(self, unit: Unit) -> Block:
        """Do one unit of the work."""
        room = twin(self.kind) if self.engine(unit) == COMPILED else bandits
        return room.simulate(
            self.problem[unit.problem],
            self.entrants[unit.agent].agent,
            block=unit.block,
            runs=unit.runs,
            steps=self.steps,
            seed=as_seed(self.seed),
            uncounted_steps=self.uncounted_steps,
        )

    def quick(self) -> Self:
        """The same with at most 200 runs, to see in a moment what it will look like."""
        return dataclasses.replace(self, runs=min(self.runs, 200))

    def with_length(self, length: int) -> Self:
        """The same with another number of steps."""
        return dataclasses.replace(self, steps=length)

    def run(self, jobs: int | None = None, progress: bool = True) -> "Results":
        """Run it: `boltzmann_rl.results.run`."""
        from boltzmann_rl.results.results import run  # a method may look up a floor, lazily

        return run(self, jobs=jobs, progress=progress)


@dataclass(frozen=True)
class GymnasiumExperiment:
    """Tabular agents on a Gymnasium environment, each run with seeds that all agents share.

    Args:
        name: Of the results folder: letters, digits, dot, dash and underscore.
        problem: An `Environment` or its id, or a mapping of labels to these.
        agents: A mapping of labels to `Agent` with a tabular learner, or a parameter study as there.
        runs: Independent repetitions, ≥ 1.
        episodes: Per run, ≥ 1: the axis of the curves.
        seed: In [0, 2⁶³); None draws one, which is kept in the declaration.

    Raises:
        ValueError, TypeError: As `BanditExperiment`.

    Example:
        >>> from boltzmann_rl import Boltzmann, QLearning
        >>> experiment = GymnasiumExperiment(
        ...     name="example",
        ...     problem=Environment("CliffWalking-v1", max_episode_steps=500),
        ...     agents={"τ = 0.1": Agent(QLearning(0.5), Boltzmann(0.1))},
        ...     runs=2,
        ...     episodes=50,
        ... )
        >>> results = experiment.run(progress=False)
        >>> int(results.curves["step"].max())
        49
    """

    name: str
    problem: Any
    agents: Any
    runs: int = 30
    episodes: int = 500
    seed: int | None = 0

    kind: ClassVar = "tabular"
    axis: ClassVar = "episode"
    primary: ClassVar = "return"

    def __post_init__(self) -> None:
        problem = self.problem
        if isinstance(problem, str):
            problem = Environment(problem)
        elif isinstance(problem, Mapping):
            problem = {label: Environment(env) if isinstance(env, str) else env for label, env in problem.items()}
        set_fields(self, problem=problem)
        _canonicalise(self, "episodes", ("make",), "an Environment or its id", 3)

    @property
    def counted(self) -> int:
        """Points on the axis that the runs' totals are sums of."""
        return self.length

    @property
    def entrants(self) -> dict[str, "Entrant"]:
        """Every agent by its own label, those of a parameter study with family and parameter."""
        return _entrants(self.agents)

    @property
    def length(self) -> int:
        """Points on the axis of a curve."""
        return self.episodes

    @property
    def work(self) -> int:
        """Steps of all runs, agents and problems, as far as they can be told beforehand."""
        return _STEPS_PER_EPISODE * self.episodes * self.runs * len(self.problem) * len(self.entrants)

    def units(self) -> Iterator[Unit]:
        """The work, in the order in which its results are put together."""
        return _units(self, episodes.BLOCK)

    def engine(self, unit: Unit) -> str:
        """Which engine does a unit of the work: "reference" or "compiled"."""
        return engine_of(self.kind, self.problem[unit.problem], self.entrants[unit.agent].agent, self.work)

    def reason(self, unit: Unit) -> str:
        """Why the reference engine does a unit that is worth compiling for, in a line; empty of other units."""
        return reason_of(self.kind, self.problem[unit.problem], self.entrants[unit.agent].agent, self.work)

    def simulate(self, unit: Unit) -> Block:
        """Do one unit of the work."""
        room = twin(self.kind) if self.engine(unit) == COMPILED else episodes
        return room.simulate(
            self.problem[unit.problem],
            self.entrants[unit.agent].agent,
            block=unit.block,
            runs=unit.runs,
            episodes=self.episodes,
            seed=as_seed(self.seed),
        )

    def quick(self) -> Self:
        """The same with at most 10 runs, to see in a moment what it will look like."""
        return dataclasses.replace(self, runs=min(self.runs, 10))

    def with_length(self, length: int) -> Self:
        """The same with another number of episodes."""
        return dataclasses.replace(self, episodes=length)

    def run(self, jobs: int | None = None, progress: bool = True) -> "Results":
        """Run it: `boltzmann_rl.results.run`."""
        from boltzmann_rl.results.results import run  # a method may look up a floor, lazily

        return run(self, jobs=jobs, progress=progress)


Experiment = BanditExperiment | GymnasiumExperiment


def _mistaken_problem(problem: Any, missing: list[str]) -> str:
    """What was given as a problem, and what to give instead."""
    if all(hasattr(problem, part) for part in _ENVIRONMENT):
        return _mistaken_environment(problem)
    if isinstance(problem, type):
        return f"the class {problem.__name__}: give an instance, {problem.__name__}(...)"
    if isinstance(problem, str | Environment):
        return f"{shown(problem)}: environments are for GymnasiumExperiment"
    if all(hasattr(problem, part) for part in _BANDIT):
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
