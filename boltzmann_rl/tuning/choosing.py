"""Choosing: the losses of candidates, simulated in rounds with common seeds, and the search among them."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats
from boltzmann_rl.engines.blocks import BLOCK
from boltzmann_rl.results.running import Tell
from boltzmann_rl.runs.failures import told
from boltzmann_rl.runs.outline import outline_of
from boltzmann_rl.runs.plan import Plan
from boltzmann_rl.runs.progress import Done, Progress
from boltzmann_rl.runs.runner import Manner, simulate
from boltzmann_rl.runs.store import Memory, Store
from boltzmann_rl.statistics.halving import LEAST, Ask, Search, Steps, halved, refined
from boltzmann_rl.streams import child_seed
from boltzmann_rl.tuning.several import TRIALS, sampled
from boltzmann_rl.tuning.space import COARSE, Family

# In each round a bandit's candidate takes a fixed time besides its runs: about that of this number of runs.
_FEW = 300

# The default budget: runs for each run of the experiment, but at least for each candidate of the first round.
_TIMES, _USUAL = 6, 40


class Objective(NamedTuple):
    """What is minimised: a metric's total over a run, times a factor.

    Attributes:
        metric: Its name.
        factor: −1/episodes for a return, so that losses are means per episode; 1 for regret.
        told: In words, with its unit.
    """

    metric: str
    factor: float
    told: str


class Found(NamedTuple):
    """What was found for a family on a problem.

    Attributes:
        problem: Its label.
        family: The family.
        values: Of each candidate by its number.
        search: Losses and choice.
    """

    problem: str
    family: Family
    values: list[tuple[Any, ...]]
    search: Search

    @property
    def chosen(self) -> tuple[Any, ...]:
        """The values that were chosen."""
        return self.values[self.search.chosen]


def objective_of(experiment: Any) -> Objective:
    """Least regret of a bandit, highest return of an environment."""
    if experiment.axis == "step":
        return Objective("regret", 1.0, f"regret over {experiment.length - experiment.uncounted_steps:,} steps")
    return Objective("return", -1.0 / experiment.length, "mean return per episode")


def usual_budget(families: Sequence[Family], runs: int) -> int:
    """Six times the runs of an agent in the experiment, or 40 for each candidate of the largest first round."""
    return max(_TIMES * runs, *(_USUAL * _begun(family) for family in families))


def _begun(family: Family) -> int:
    """The number of candidates of the first round."""
    return TRIALS if len(family.grids) > 1 else len(family.grids[0].coarse)


def check_budget(families: Sequence[Family], budget: int) -> None:
    """Refuse a budget that is too small for the first round of some family."""
    for family in families:
        if budget < (least := LEAST * _begun(family)):
            raise ValueError(
                f"budget must be at least {least:,} runs for {family.label}, {LEAST} for each of its {_begun(family)} "
                f"first candidates, got {budget:,}"
            )


class Chooser:
    """Chooses among candidates by runs that nothing else uses.

    Args:
        experiment: Whose problems, length and seed are used.
        families: Of its agents.
        budget: Runs for each family on each problem.
        place: Where the cells are kept, and the folder of that store; None in memory.
        manner: How cells are simulated.
        tell: Called with a sentence for each failure.
    """

    def __init__(
        self,
        experiment: Any,
        families: Sequence[Family],
        budget: int,
        place: tuple[Memory | Store, Path | None],
        manner: Manner,
        tell: Tell,
    ) -> None:
        self._pairs = [(problem, family) for problem in experiment.problem for family in families]
        # Whether compiling pays is decided by all runs together, so that each has the same engine in every round.
        # Streams are drawn for whole blocks of a bandit's runs, and steps of few runs take as long as those of many.
        each = budget if experiment.axis == "episode" else max(budget, 2 * COARSE * BLOCK)
        work = {"runs": each * len(self._pairs), "metrics": None, "compare": None}
        others: dict[str, Any] = {"evaluate_every": 0, "regret": False} if experiment.axis == "episode" else {}
        self._experiment = dataclasses.replace(experiment, **work, **others)
        (self._store, self._folder), self._manner, self._budget, self._tell = place, manner, budget, tell
        self._objective = objective_of(experiment)
        self._few = _FEW if experiment.axis == "step" else 0
        self.seeds: list[int] = []

    def choose(self) -> list[Found]:
        """The best member of each family on each problem; all of them are searched together, round by round."""
        values = [[(one,) for one in family.grids[0].values] * (len(family.grids) == 1) for _, family in self._pairs]
        steps = [self._steps(family, known) for (_, family), known in zip(self._pairs, values, strict=True)]
        asks = {number: next(one) for number, one in enumerate(steps)}
        searches: dict[int, Search] = {}
        total, name = len(self._pairs) * self._budget, f"{self._experiment.name}, choosing"
        work = total + self._few * sum(2 * _begun(family) for _, family in self._pairs)
        with Progress(name, total, work, shown=self._manner.progress, unit="runs") as progress:
            while asks:
                least = min(asks.values(), key=lambda ask: (ask.round, ask.runs))
                together = {n: ask for n, ask in asks.items() if (ask.round, ask.runs) == (least.round, least.runs)}
                progress.running(f"round {least.round + 1}")
                answers = self._losses(self._plan(together, values), progress)
                for number, ask in together.items():
                    answer, answers = np.split(answers, [len(ask.candidates)])
                    try:
                        asks[number] = steps[number].send(answer)
                    except StopIteration as stop:
                        searches[number] = stop.value
                        del asks[number]
        return [Found(*pair, values[number], searches[number]) for number, pair in enumerate(self._pairs)]

    def _steps(self, family: Family, values: list[tuple[Any, ...]]) -> Steps:
        """The search for the best of a family."""
        grid = family.grids[0]
        if len(family.grids) > 1:
            seed = child_seed(self._experiment.seed, "tuning", "sampler")
            return sampled(family.grids, values, self._budget, seed)
        return halved(grid.coarse, self._budget) if grid.x is None else refined(grid.x, grid.coarse, self._budget)

    def _seed(self, number: int) -> int:
        """The seed of a round: the same for all families, and not that of the experiment."""
        while len(self.seeds) <= number:
            seed, tries = self._experiment.seed, 0
            while seed in (self._experiment.seed, *self.seeds):
                seed = child_seed(self._experiment.seed, "tuning", "round", len(self.seeds), tries)
                tries += 1
            self.seeds.append(seed)
        return self.seeds[number]

    def _plan(self, asks: dict[int, Ask], values: list[list[tuple[Any, ...]]]) -> Plan:
        """The cells of candidates in a round: those of a plain experiment with the seed of the round."""
        series = []
        for number, ask in asks.items():
            problem, family = self._pairs[number]
            here = {"problem": {problem: self._experiment.problem[problem]}, "seed": self._seed(ask.round)}
            for one in ask.candidates:
                member = values[number][one]
                label = f"{family.label}, {family.told(member)}, candidate {one}"
                alone = dataclasses.replace(self._experiment, agents={label: family.member(member)}, **here)
                (found,) = alone.plan().series
                series.append(found._replace(cell=dataclasses.replace(found.cell, runs=ask.runs)))
        return Plan(self._experiment.name, type(self._experiment).__name__, tuple(series))

    def _losses(self, plan: Plan, progress: Progress) -> Floats:
        """The losses of all series of a plan ``(series, runs)``; those that failed have NaN."""
        outline = outline_of(plan)
        for entry in outline.entries:
            for first, runs, key in outline.keys(entry):
                if key in self._store:
                    progress.found(runs, self._work(first, runs))

        def count(done: Done) -> None:
            if done.cell is not None:
                runs, work = done.cell.runs, self._work(done.cell.first, done.cell.runs)
                progress.advance(runs, work, failed=0 if done.block is not None else runs)

        manner = dataclasses.replace(self._manner, progress=False, on_cell=count)
        failed = simulate(plan, outline, self._store, manner, self._folder)
        for sentence in told(failed):
            self._tell(sentence)
        broken = {(failure.problem, failure.agent) for failure in failed}
        found = np.full((len(outline.entries), outline.runs), np.nan)
        for row, entry in enumerate(outline.entries):
            if (entry.problem, entry.agent) not in broken:
                blocks = [self._store[key] for _, _, key in outline.keys(entry)]
                totals = [block.totals[self._objective.metric] for block in blocks]
                found[row] = self._objective.factor * np.concatenate(totals)
        return found

    def _work(self, first: int, runs: int) -> float:
        """The work of a cell, in runs."""
        return runs + self._few * (first == 0)
