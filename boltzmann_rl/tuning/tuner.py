"""`tune`: choose the parameters of each family on some seeds, and report on others."""

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments import as_integer, shown
from boltzmann_rl.arguments.labels import check_name
from boltzmann_rl.arguments.near_names import suggesting
from boltzmann_rl.experiments.declarations import LOADED, BanditExperiment, GymnasiumExperiment
from boltzmann_rl.results import folders
from boltzmann_rl.results.results import Results
from boltzmann_rl.results.running import Place, Tell, run_in_folder, run_plan
from boltzmann_rl.runs.plan import Plan
from boltzmann_rl.runs.runner import Manner
from boltzmann_rl.runs.store import Memory
from boltzmann_rl.statistics.judgement import Compare, Judgement
from boltzmann_rl.tuning.choosing import Chooser, Found, check_budget, objective_of, usual_budget
from boltzmann_rl.tuning.labels import check_labels, compared_of, kept_of, label_of
from boltzmann_rl.tuning.outcome import Tuning, own_folder
from boltzmann_rl.tuning.space import Family, families_of
from boltzmann_rl.tuning.tables import WITHIN, tables_of

# The end of the name of the report.
_ENDING = "-tuned"


@suggesting
def tune(
    experiment: BanditExperiment | GymnasiumExperiment,
    over: Mapping[str, Any],
    *,
    budget: int | None = None,
    jobs: int | None = None,
    progress: bool = True,
    results: str | Path | None = None,
    executor: Any = None,
) -> Tuning:
    """Tune the agents of an experiment.

    Each agent with one of the parameters is a family. Each family has the same budget on each problem. The others take
    part in the report as they are. Candidates have the same seeds, which are not those of the report: the report is the
    experiment itself, with its own seed and runs, and the chosen agents.

    One parameter: halving of 16 of the 121 values of a range, or of a list; then more runs of the leader and its
    neighbours, and a curve that is fitted to all losses. Several parameters of one agent: Optuna's sampler, an extra,
    and halving. Bandits are tuned to the least regret, environments to the highest mean return.

    Args:
        experiment: Its problems, length, seed, and for the report its runs.
        over: By parameter, such as ``"policy.temperature"`` or short ``"temperature"``, a range ``(low, high)``, evenly
            spaced on a logarithmic scale if low > 0, or a list of values.
        budget: Runs for each family on each problem, with which it is chosen; by default six times the experiment's.
        jobs: Number of processes: see `boltzmann_rl.run`. The results are the same bytes for any number.
        progress: Whether to show progress on standard error.
        results: The folder of all results. Finished cells are kept in ``results/<name>-tuned``, and tuning again goes
            on from there. None keeps everything in memory.
        executor: Where the work is done: see `boltzmann_rl.run`.

    Raises:
        TypeError, ValueError: A parameter that no agent has, values that it can't have, a budget that is too small, or
            the label of an agent that is not tuned, which a tuned one could have, too.
        ModuleNotFoundError: Several parameters of one agent, and Optuna is not installed.

    Example:
        >>> import boltzmann_rl as brl
        >>> agents = {
        ...     "Boltzmann": brl.Agent(brl.SampleAverage(), brl.Boltzmann(1.0)),
        ...     "greedy": brl.Agent(brl.SampleAverage(), brl.Greedy()),
        ... }
        >>> experiment = brl.BanditExperiment("example", brl.GaussianBandit(arms=5), agents, runs=100, steps=200)
        >>> tuning = brl.tune(experiment, over={"temperature": (0.01, 10.0)}, progress=False)
        >>> bool(tuning.recommended["value"].between(0.1, 0.5).all()), [*tuning.agents]
        (True, ['Boltzmann, temperature = ...'])
    """
    manner = Manner(jobs=jobs, executor=executor, progress=progress)
    return tuned(experiment, over, budget, manner, None if results is None else Place(results))


def tuned(
    experiment: Any,
    over: Any,
    budget: int | None,
    manner: Manner,
    place: Place | None,
    tell: Tell = warnings.warn,
) -> Tuning:
    """What `tune` returns; sentences on what was found in the folder, and on failures, go to ``tell``."""
    if (file := LOADED.get()) is not None:
        raise RuntimeError(
            f"{file} tunes an experiment while boltzmann-rl loads it: move that under if __name__ == '__main__':"
        )
    families, others, budget = planned(experiment, over, budget)
    name = f"{experiment.name}{_ENDING}"
    check_name(name)
    compare = kept_of(experiment, families, others, tell)
    if place is None:
        memory = Memory()
        chooser = Chooser(experiment, families, budget, (memory, None), manner, tell)
        found = chooser.choose()
        report = run_plan(_report_of(experiment, others, found, compare), manner, tell)
        return _outcome(experiment, found, _with_cells(report, memory), budget, chooser.seeds)
    folder = folders.opened(place.results, name)
    own_folder(folder)
    with folders.store_in(folder) as store:
        for sentence in store.set_aside():
            tell(f"{sentence}; the cells in it are computed again.")
        chooser = Chooser(experiment, families, budget, (store, folder), manner, tell)
        found = chooser.choose()
    report = run_in_folder(_report_of(experiment, others, found, compare), manner, place, tell)
    tuning = _outcome(experiment, found, report, budget, chooser.seeds)
    tuning.write(folder)
    return tuning


def planned(experiment: Any, over: Any, budget: int | None) -> tuple[list[Family], dict[str, Agent], int]:
    """The families, the other agents, and the budget of each family, all checked."""
    if not isinstance(experiment, BanditExperiment | GymnasiumExperiment):
        raise TypeError(f"experiment must be a BanditExperiment or a GymnasiumExperiment, got {shown(experiment)}")
    families, others = families_of(experiment.agents, over)
    budget = usual_budget(families, experiment.runs) if budget is None else as_integer(budget, "budget", minimum=1)
    check_budget(families, budget)
    check_labels(families, others)
    return families, others, budget


def _with_cells(report: Results, memory: Memory) -> Results:
    """The report with the cells of choosing, too, so that saving keeps them."""
    for key in report.cells or ():
        memory.add(key, report.cells.content(key))  # type: ignore[union-attr]  # None is not iterated over
    return dataclasses.replace(report, cells=memory)


def _report_of(experiment: Any, others: Mapping[str, Agent], found: Sequence[Found], compare: Compare) -> Plan:
    """The experiment with the chosen agents, and those that were not tuned."""
    series = []
    for label, problem in experiment.problem.items():
        agents = {label_of(one): one.family.member(one.chosen) for one in found if one.problem == label}
        here = dataclasses.replace(experiment, problem={label: problem}, agents=agents | dict(others), compare=None)
        series += here.plan().series
    judgement = Judgement(compared_of(compare, found, others), experiment.alpha, experiment.confidence)
    return Plan(f"{experiment.name}{_ENDING}", type(experiment).__name__, tuple(series), judgement)


def _outcome(experiment: Any, found: Sequence[Found], report: Results, budget: int, seeds: list[int]) -> Tuning:
    objective = objective_of(experiment)
    tables = tables_of(found, objective, experiment.seed, experiment.confidence)
    labels = {(one.problem, one.family.label): label_of(one) for one in found}
    recommended = tables.recommended
    pairs = zip(recommended["problem"], recommended["family"], strict=True)
    recommended.insert(2, "agent", [labels[pair] for pair in pairs])
    grids = {grid.path: grid for one in found for grid in one.family.grids}
    settings = {
        "over": {path: list(grid.ends or map(_plain, grid.values)) for path, grid in grids.items()},
        "values": {path: len(grid.values) for path, grid in grids.items()},
        "logarithmic": {path: grid.logarithmic for path, grid in grids.items()},
        "metric": objective.metric,
        "objective": objective.told,
        "budget": budget,
        "within": WITHIN,
        "confidence": experiment.confidence,
        "seeds": {"choosing": seeds, "reporting": experiment.seed},
    }
    agents = {label_of(one): one.family.member(one.chosen) for one in found}
    return Tuning(recommended, tables.candidates, tables.sensitivity, agents, report, settings)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else repr(value)
