"""Experiments: frozen, seeded declarations of problems × agents.

An experiment has a plan (`boltzmann_rl.runs.plan`); running the plan gives measurements, of which
`boltzmann_rl.results` makes tables, a folder and a figure.
"""

import dataclasses
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import as_choice, as_integer, set_fields
from boltzmann_rl.arguments.near_names import dataclass, suggesting
from boltzmann_rl.declared_environments.environment import Environment
from boltzmann_rl.engines.metrics import WINDOWS, Moment, measures_of
from boltzmann_rl.experiments.checks import BANDITS, ENVIRONMENTS, canonicalise, entrants_of
from boltzmann_rl.protocols import Bandit, Transition
from boltzmann_rl.statistics.intervals import CONFIDENCE
from boltzmann_rl.statistics.judgement import ALPHA, Compare, Judgement

if TYPE_CHECKING:  # declaring an experiment needs nothing of what runs it
    from boltzmann_rl.results.results import Results
    from boltzmann_rl.runs.plan import Plan
    from boltzmann_rl.runs.progress import Done

# Agents by label, or in a parameter study by a family's label and a parameter.
Agents = Mapping[str, Agent] | Mapping[str, Mapping[float, Agent]] | Mapping[str, Agent | Mapping[float, Agent]]

# The experiment file that the command line is loading, whose experiments are not to be run yet.
LOADED: ContextVar[Path | None] = ContextVar("LOADED", default=None)

# An estimate for the choice of an engine, since the length of episodes is not known beforehand.
_STEPS_PER_EPISODE = 20


class Runnable:
    """What can be run: it has a plan."""

    def plan(self) -> "Plan":
        """The work as self-contained cells."""
        raise NotImplementedError

    @property
    def parts(self) -> tuple[Any, ...]:
        """The experiments that it consists of, if it is a sweep."""
        return ()

    @property
    def length(self) -> int:
        """Steps or episodes of each run."""
        experiment: Any = self
        return int(getattr(experiment, f"{experiment.axis}s"))

    def changed(self, *, runs: int | None = None, length: int | None = None, seed: int | None = None) -> Self:
        """The same with other runs, steps (or episodes) or seed, where these are given."""
        experiment: Any = self
        asked = {"runs": runs, f"{experiment.axis}s": length, "seed": seed}
        found: Self = dataclasses.replace(experiment, **{name: n for name, n in asked.items() if n is not None})
        return found

    def judged(self, compare: Compare = None, alpha: float | None = None, confidence: float | None = None) -> Self:
        """The same with other comparisons or levels, where these are given."""
        experiment: Any = self
        asked: dict[str, Any] = {"compare": compare, "alpha": alpha, "confidence": confidence}
        return dataclasses.replace(experiment, **{name: given for name, given in asked.items() if given is not None})

    def run(
        self,
        jobs: int | None = None,
        progress: bool = True,
        *,
        results: str | Path | None = None,
        fresh: bool = False,
        executor: Any = None,
        on_cell: "Callable[[Done], object] | None" = None,
        until: str | None = None,
        alpha: float | None = None,
        at_most: int | None = None,
        matters: float | None = None,
    ) -> "Results":
        """Run it: `boltzmann_rl.run`."""
        where: dict[str, Any] = {"results": results, "fresh": fresh, "executor": executor, "on_cell": on_cell}
        when: dict[str, Any] = {"until": until, "alpha": alpha, "at_most": at_most, "matters": matters}
        return run(self, jobs=jobs, progress=progress, **where, **when)


@dataclass(frozen=True)
class BanditExperiment(Runnable):
    """Agents on a bandit, all with the same problems and the same reward noise.

    Args:
        name: Name of the results folder: letters, digits, dot, dash and underscore.
        problem: A bandit, or a mapping of labels to bandits.
        agents: A mapping of labels to `Agent`; or, for a parameter study, of families to mappings of a number to
            the agent with that parameter: ``{"Boltzmann, τ": {0.1: Agent(...), 0.2: Agent(...)}}``. The ``repr`` of
            every part must determine it: dataclasses, numbers, strings, tuples.
        runs: Independent repetitions, ≥ 1. They don't change the identity of the experiment: more runs extend it.
        steps: Pulls per run, ≥ 1.
        seed: In [0, 2⁶³); None draws one, which is kept in the declaration.
        uncounted_steps: Pulls at the beginning that the runs' totals, and so the summary, leave out: papers on UCB
            often do not count the round in which every arm is pulled once.
        metrics: Metrics of your own by their labels: each a frozen dataclass with ``__call__(moment)``, which returns
            a finite float for each run of a `Moment`. Runs are measured together in any number, so the float of a run
            must not depend on the others. The reference engine measures them, like its own, in curves and in runs.
        windows: Equal parts of each run, ≥ 1, over which means are kept: see `Results.run_curves`.
        compare: What is compared: ``"all"``, every agent with every other; ``"families"``, every family of a parameter
            study with every other; the label of a baseline, with which all others are compared; or pairs of labels. By
            default ``"families"`` in a study of several, else ``"all"``. It changes no cell.
        alpha: The probability of any false difference among the comparisons on a problem, in (0, 1).
        confidence: The probability that intervals cover, in (0, 1): each interval of a mean by itself, the intervals of
            differences on a problem all together.

    Raises:
        ValueError, TypeError: A name that cannot be a folder, no agents, a part with an ambiguous ``repr``, or a label
            in ``compare`` that no agent has.

    Example:
        >>> from boltzmann_rl import Agent, Boltzmann, GaussianBandit, SampleAverage
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
    problem: Bandit | Mapping[str, Bandit]
    agents: Agents
    runs: int = 2000
    steps: int = 1000
    seed: int | None = 0
    uncounted_steps: int = 0
    metrics: Mapping[str, Callable[[Moment], Any]] | None = None
    windows: int = WINDOWS
    compare: Compare = None
    alpha: float = ALPHA
    confidence: float = CONFIDENCE

    axis: ClassVar = "step"

    def __post_init__(self) -> None:
        canonicalise(self, BANDITS)
        uncounted = as_integer(self.uncounted_steps, "uncounted_steps", maximum=self.steps - 1)
        set_fields(self, uncounted_steps=uncounted)

    def plan(self) -> "Plan":
        """The work as self-contained cells."""
        settings = {"uncounted": self.uncounted_steps, "windows": self.windows}
        return _plan(self, self.steps, settings, "metrics of your own" * bool(self.metrics))


@dataclass(frozen=True)
class GymnasiumExperiment(Runnable):
    """Agents in a Gymnasium environment; the seeds of the runs are the same for all agents.

    Args:
        name: Name of the results folder: letters, digits, dot, dash and underscore.
        problem: An `Environment` or its id, or a mapping of labels to these.
        agents: A mapping of labels to `Agent` with a learner for environments, or a parameter study as in
            `BanditExperiment`.
        runs: Independent repetitions, ≥ 1.
        episodes: Episodes per run, ≥ 1: the axis of the curves.
        seed: In [0, 2⁶³); None draws one, which is kept in the declaration.
        metrics: Metrics of your own by their labels: each a frozen dataclass with ``__call__(transition)``, which
            returns a finite float for a `Transition`. It is averaged over the steps of each episode.
        evaluate_every: Episodes between evaluations of the greedy policy, or 0 for none. Before episode 0, n, 2n, … the
            learner's values are played greedily, without learning, in an environment and with seeds of its own. The
            metric ``greedy_return`` is the mean return of the latest evaluation; the training is the same as without.
        evaluation_episodes: Episodes of each evaluation, ≥ 1.
        regret: Whether the exact regret of each episode is measured, in either engine: the metric ``regret`` is the sum
            over its steps of V*_n(s) − Q*_n(s, a), what the action loses with n steps left. Its expectation is the
            optimal return minus the expected return. Each problem needs known tables (``help(boltzmann_rl.tables)``)
            and a time limit.
        windows: As in `BanditExperiment`.
        compare: As in `BanditExperiment`.
        alpha: As in `BanditExperiment`.
        confidence: As in `BanditExperiment`.

    Raises:
        ValueError, TypeError: As `BanditExperiment`; when it is run: regret in an environment without known tables
            or without a time limit.

    Example:
        >>> from boltzmann_rl import Agent, Boltzmann, Environment, QLearning
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
    problem: str | Environment | Mapping[str, str | Environment]
    agents: Agents
    runs: int = 30
    episodes: int = 500
    seed: int | None = 0
    metrics: Mapping[str, Callable[[Transition], Any]] | None = None
    evaluate_every: int = 0
    evaluation_episodes: int = 1
    windows: int = WINDOWS
    compare: Compare = None
    alpha: float = ALPHA
    confidence: float = CONFIDENCE
    regret: bool = False

    axis: ClassVar = "episode"

    def __post_init__(self) -> None:
        problem = self.problem
        if isinstance(problem, str):
            problem = Environment(problem)
        elif isinstance(problem, Mapping):
            problem = {label: Environment(env) if isinstance(env, str) else env for label, env in problem.items()}
        every = as_integer(self.evaluate_every, "evaluate_every")
        evaluated = as_integer(self.evaluation_episodes, "evaluation_episodes", minimum=1)
        regret = as_choice(self.regret, "regret", (True, False))
        set_fields(self, problem=problem, evaluate_every=every, evaluation_episodes=evaluated, regret=regret)
        canonicalise(self, ENVIRONMENTS)

    def plan(self) -> "Plan":
        """The work as self-contained cells."""
        from boltzmann_rl.environments.making import time_limited
        from boltzmann_rl.planning.time_limits import gaps_in

        problems: Any = self.problem
        for environment in problems.values() if self.evaluate_every else ():
            with closing(environment.make()) as env:
                time_limited(env)
        for environment in problems.values() if self.regret else ():
            gaps_in(environment)  # raises an error if there are none
        evaluation = {"evaluate_every": self.evaluate_every, "evaluation_episodes": self.evaluation_episodes}
        settings = evaluation | {"windows": self.windows}
        added = ["metrics of your own"] * bool(self.metrics) + ["the greedy policy"] * bool(self.evaluate_every)
        return _plan(self, self.episodes, settings, " and ".join(added), ("regret",) * (not self.regret))


Experiment = BanditExperiment | GymnasiumExperiment


@suggesting
def run(
    experiment: Runnable,
    *,
    jobs: int | None = None,
    progress: bool = True,
    results: str | Path | None = None,
    fresh: bool = False,
    executor: Any = None,
    on_cell: "Callable[[Done], object] | None" = None,
    until: str | None = None,
    alpha: float | None = None,
    at_most: int | None = None,
    matters: float | None = None,
) -> "Results":
    """Run an experiment.

    With ``results``, each finished part of the work (a cell: some runs of one agent on one problem) is kept in the
    folder ``results/<name>``, also if the process is interrupted or killed. Running the experiment again simulates what
    is missing there and no more: the rest after an interruption, or new runs, agents, problems and changed agents.

    With ``until="decided"`` the number of runs is not given: the looks are at 30 runs and after each quarter more, and
    the runs end at the first look at which every declared pair of agents on every problem is decided. A pair is decided
    once its paired differences show that one agent is ahead or, with ``matters``, that no difference matters. The
    decisions are valid at all looks together: see ``Results.looks`` and `boltzmann_rl.statistics.stopping`. Parameter
    studies need ``compare``, since looks judge pairs of agents, not families. The declared number of runs then only
    decides which engine is used.

    Args:
        experiment: A `BanditExperiment`, a `GymnasiumExperiment` or a `Sweep`.
        jobs: Number of processes, ≥ 1, or None for this process alone. The results are the same bytes for any number.
        progress: Whether to show progress on standard error.
        results: The folder of all results; None keeps the results in memory, and ``results.save()`` writes them.
        fresh: Whether to begin anew, and move what is in the folder aside.
        executor: Where the work is done if not on this machine, such as ``"dask"``, ``"tcp://host:8786"``, ``"ray"`` or
            a ``dask.distributed.Client``: see `boltzmann_rl.runs.executors.choice.executor_of`.
        on_cell: Called in this process with `boltzmann_rl.runs.progress.Done` for each finished cell, once it is kept.
            What it raises ends the run, and running it again goes on from there.
        until: ``"decided"``, or None for the declared number of runs.
        alpha: The probability of any false decision, over all pairs and looks, in (0, 1); default: the declared one.
        at_most: The last look is at this number of runs or fewer, ≥ 30; default: 10,000.
        matters: The least difference that matters, of means over whole runs of the metric that ranks the agents, above
            0. Without it equal agents are never decided.

    Returns:
        The results, without agents that failed, which ``results.failures`` names.

    Raises:
        Exception: All agents failed: what the first raised.
        OSError: What the disk refused. Finished cells are kept.

    Example:
        >>> from boltzmann_rl import Agent, BanditExperiment, Boltzmann, GaussianBandit, SampleAverage
        >>> agents = {"τ = 0.2": Agent(SampleAverage(), Boltzmann(0.2))}
        >>> experiment = BanditExperiment("example", GaussianBandit(), agents, runs=100, steps=200)
        >>> run(experiment, progress=False).summary[["agent", "runs"]]
             agent  runs
        0  τ = 0.2   100
    """
    from boltzmann_rl.results.decisions import planned
    from boltzmann_rl.results.running import Place, run_in_folder, run_plan  # imported here: it imports pandas
    from boltzmann_rl.runs.runner import Manner

    if (file := LOADED.get()) is not None:
        raise RuntimeError(
            f"{file} runs an experiment while boltzmann-rl loads it: move that under if __name__ == '__main__':"
        )
    manner = Manner(jobs=jobs, executor=executor, progress=progress, on_cell=on_cell)
    plan = planned(experiment.plan(), until, alpha=alpha, at_most=at_most, matters=matters)
    if results is None:
        return run_plan(plan, manner)
    return run_in_folder(plan, manner, Place(results, fresh, source=_script()))


def _script() -> Path | None:
    """The Python file that is being run, if it is one of the user's."""
    main = sys.modules.get("__main__")
    path, spec = getattr(main, "__file__", None), getattr(main, "__spec__", None)
    if path is None or (spec is not None and spec.name.startswith("boltzmann_rl.")):
        return None
    return Path(path) if path.endswith(".py") and Path(path).is_file() else None


def _plan(
    experiment: Any, length: int, settings: dict[str, int], added: str, unmeasured: tuple[str, ...] = ()
) -> "Plan":
    """The plan of an experiment with ``settings`` of cells; only the reference engine measures what is ``added``."""
    from boltzmann_rl.engines.selection import engine_of
    from boltzmann_rl.runs.plan import Cell, Plan, Series

    entrants, axis = entrants_of(experiment.agents), experiment.axis
    steps = length * (1 if axis == "step" else _STEPS_PER_EPISODE)
    work = steps * experiment.runs * len(experiment.problem) * len(entrants)
    metrics = tuple(metric.name for metric in measures_of(axis).metrics if metric.name not in unmeasured)
    own = tuple(experiment.metrics.items())
    series = []
    for problem, declared in experiment.problem.items():
        for label, (agent, family, parameter) in entrants.items():
            engine, reason = engine_of(axis, declared, agent, work, added)
            sizes = experiment.runs, length, experiment.seed
            cell = Cell(declared, agent, axis, metrics, engine, 0, *sizes, own=own, **settings)
            series.append(Series(problem, label, family, parameter, cell, reason))
    judgement = Judgement(experiment.compare, experiment.alpha, experiment.confidence)
    return Plan(experiment.name, type(experiment).__name__, tuple(series), judgement, declared=experiment)
