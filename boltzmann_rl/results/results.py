"""Results: the tables and the manifest of an experiment, from running it or from its folder."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from boltzmann_rl.arguments import as_integer
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.engines.metrics import POINTS, Metric
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results import (
    comparisons as comparing,
    differences,
    estimates as estimating,
    folders,
    forecasts,
    notebooks,
    overview as overviews,
    report as reporting,
)
from boltzmann_rl.results.checks import check_manifest, refuse_missing
from boltzmann_rl.results.choices import Asked, Log, Panels, Runs, Some
from boltzmann_rl.results.decision_sentences import decisions_told
from boltzmann_rl.results.decisions import looks_table
from boltzmann_rl.results.figures import Figures, drawn, known, plot_difference
from boltzmann_rl.results.foreign import Reading, read_runs
from boltzmann_rl.results.manifest import judgement_in, outline_in
from boltzmann_rl.results.measures import measures_in
from boltzmann_rl.results.sentences import sentences
from boltzmann_rl.results.tables import (
    TABLES,
    Tables,
    ranks_table,
    run_curves_table,
    summary_table,
    thinned,
    when_asked,
)
from boltzmann_rl.runs.failures import Failure
from boltzmann_rl.runs.outline import Outline
from boltzmann_rl.runs.store import Memory, Store, copy_blocks
from boltzmann_rl.statistics.intervals import CONFIDENCE
from boltzmann_rl.statistics.judgement import ALPHA, Compare, Judgement

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Results:
    """The results of an experiment.

    Attributes:
        curves: One row per experiment, problem, agent, step (or episode) and metric: ``mean``, ``standard_error``,
            the interval ``low`` to ``high``, and the number of ``runs``. The interval of a share is Clopper &
            Pearson's, of other metrics Student's t: curves keep two moments of the samples, which do not show skewness.
            Each interval covers at its step, not all of them at once.
        summary: One row per problem and agent, best first: the mean of each metric over the whole run with its
            interval, and the distance to the best agent, paired by run: ``behind``, Cohen's d, and the fraction of runs
            in which the best agent was ahead. Where this pair is declared, the interval and the p-value are those of
            ``comparisons``, else they are missing.
        runs: One row per problem, agent and run with each metric's total.
        manifest: The declaration, and seed, versions, engine, platform and duration of the run.
        cells: The blocks of which the tables are made; None where they are not at hand.
        comparisons: One row per problem and declared pair: the mean of the paired difference ``first`` − ``second``,
            its interval ``low`` to ``high`` and the ``p_value`` that agrees with it, both for all pairs of the problem
            together; ``p_step_down``, mostly smaller, that the verdict follows; Cohen's d, the fraction of ``runs`` in
            which the first was ahead, the method, and a warning where the level may not hold. A family is represented
            by the agent that had the highest mean in the runs that choose, every third one; the other runs compare.
        windows: The table `run_curves` of runs that were made elsewhere; for other results it is made from the cells.

    Results that are loaded from a folder have only the saved points of curves, and a missing table is empty.
    """

    curves: pd.DataFrame
    summary: pd.DataFrame
    runs: pd.DataFrame
    manifest: dict[str, Any]
    cells: Memory | Store | None = None
    comparisons: pd.DataFrame = field(default_factory=lambda: pd.DataFrame())
    windows: pd.DataFrame = field(default_factory=lambda: pd.DataFrame())

    if not TYPE_CHECKING:  # for which tables are fields
        __getattr__ = when_asked

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *TABLES} - {"made"})

    @classmethod
    def of_cells(cls, outline: Outline, cells: Memory | Store, manifest: dict[str, Any]) -> Self:
        """Results of the cells of an outline, which are read at once; a table is made when it is first asked for."""
        results = cls.__new__(cls)
        vars(results).update(manifest=manifest, cells=cells, made=Tables(outline, cells))
        return results

    @cached_property
    def made(self) -> Tables:
        """The tables of the cells.

        Raises:
            FileNotFoundError: The cells are not at hand.
        """
        return Tables(*self.at_hand())

    @classmethod
    def of_runs(
        cls,
        table: Any,
        name: str = "runs",
        *,
        metrics: Sequence[str | Metric] | None = None,
        columns: Mapping[str, str] | None = None,
        last: float = 1.0,
        windows: int | None = None,
        shared_seeds: bool = False,
        compare: Compare = None,
        alpha: float = ALPHA,
        confidence: float = CONFIDENCE,
    ) -> Self:
        """Results of runs that were made anywhere: the same tables, comparisons, sentence, figure and folder.

        Runs of different agents with the same seed are paired. If all runs have the same steps, curves keep them.
        Otherwise every run is divided into equal windows, from step 0 to the last step of the longest run, and a point
        of a curve is the mean over the rows in a window, such as the episodes that ended in it. A window without a row
        takes the value of the window before, over at most a tenth of the run; windows before the first in which every
        run has a value are left out. A run is summarised by the mean over its points.

        Args:
            table: A data frame, what ``pd.DataFrame`` takes, or the path of a CSV or Parquet file, with one row per run
                and step: ``agent``, ``seed``, ``step`` (or ``episode``), if there are several ``problem``, and a column
                for each metric. Or one row per number, with the columns ``metric`` and ``value``. `boltzmann_rl.logs`
                makes such tables of other libraries' logs.
            name: Of the results and of their folder.
            metrics: The metrics by name, or as `Metric` with title, unit, scale and whether a higher mean is better.
                The first ranks the agents. By default all columns that are left, or all metrics.
            columns: The table's own names of these columns, such as ``{"agent": "algo", "step": "global_step"}``.
            last: The last part of each run that summarises it, in (0, 1]; by default the whole.
            windows: Number of equal windows, ≥ 1, also if all runs have the same steps. By default, if these differ,
                100, or as many as the fewest rows of a metric in a run.
            shared_seeds: Whether to leave out seeds that not every agent has on every problem. By default these are an
                error; the sentence says what was left out.
            compare: As in `BanditExperiment`.
            alpha: As in `BanditExperiment`.
            confidence: As in `BanditExperiment`.

        Raises:
            TypeError, ValueError: A value is missing, infinite or text, a row stands twice, a run lacks a metric, seeds
                differ, or a run has no value over more than a tenth. The error names row, run and value. Nothing is
                repaired.

        Example:
            >>> rows = [("DQN", seed, step, 10 + seed + step / 1e3) for seed in range(3) for step in (1000, 2000)]
            >>> rows += [("PPO", seed, step, 9 + seed + step / 1e3) for seed in range(3) for step in (1000, 2000)]
            >>> table = pd.DataFrame(rows, columns=["agent", "seed", "step", "return"])
            >>> Results.of_runs(table).summary[["agent", "return"]]
              agent  return
            0   DQN    12.5
            1   PPO    11.5
        """
        reading = Reading(metrics, columns, last, windows, shared_seeds)
        read = read_runs(table, name, reading, Judgement(compare, alpha, confidence))
        comparisons = comparing.comparisons_table(read.runs, read.manifest)
        summary = summary_table(read.runs, read.manifest, comparisons)
        return cls(read.curves, summary, read.runs, read.manifest, None, comparisons, read.run_curves)

    @property
    def name(self) -> str:
        """The name of the experiment."""
        return str(self.manifest["name"])

    @property
    def failures(self) -> list[Failure]:
        """The cells that failed; their agents are not in the tables."""
        return [Failure(**parts) for parts in self.manifest.get("failed", [])]

    @cached_property
    def run_curves(self) -> pd.DataFrame:
        """The course of every run, one row per experiment, problem, agent, run and window.

        A run is divided into equal windows, 100 unless declared otherwise. The row of a window has its number, its
        steps (or episodes) from ``begin`` up to, not including, ``end``, and the mean of each metric over these.

        Raises:
            FileNotFoundError: The cells are not at hand.
        """
        return self.windows if len(self.windows) else run_curves_table(*self.at_hand())

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """How a bandit's agents divide their probability, one row per problem, agent, step and rank of an arm.

        ``probability`` is the mean over all runs of the probability of the arm with this rank; the arm with the highest
        mean has rank 1. There are at most 200 steps. The table of an experiment with environments is empty.

        Raises:
            FileNotFoundError: The cells are not at hand.
        """
        return ranks_table(*self.at_hand())

    @cached_property
    def averaging(self) -> pd.DataFrame:
        """What averaging over the policy's probabilities gains, one row per problem, agent and metric of a bandit.

        ``factor`` is the variance of a step's reward (or regret) over that of its average Σ_a π(a) μ(a), both added up
        over all steps, and ``factor_last_half`` the same over the last half. Both have the same mean if the policy
        plays the probabilities that it states, and the bandit pays the means that it states: ``mean`` and
        ``averaged_mean`` are those over all steps, ``z`` is their difference in standard errors, paired by run, and
        ``p_value`` its p-value. A ``warning`` stands where it is at most 1e-4 over the number of rows. The table of an
        experiment with environments is empty: the mean reward of their actions is not known.

        Raises:
            FileNotFoundError: The cells are not at hand.
        """
        if not measures_in(self.manifest).averaged:
            return pd.DataFrame()
        return self.made.averaging

    @cached_property
    def looks(self) -> pd.DataFrame:
        """What each look, at 30 runs and after each quarter more, says of each declared pair of agents.

        One row per problem, pair and look. Later looks do not change a ``decision``. The ``e_value`` against equal
        means decides at the number of pairs / alpha; ``low`` to ``high``, around the mean ``difference`` first −
        second, hold at all looks and for all pairs together. A ``warning`` stands where the level may not hold.

        Raises:
            FileNotFoundError: These results were loaded from a folder without the runs.
            ValueError: Families are compared: declare pairs of agents, or all.
        """
        refuse_missing(self.runs, "runs")
        return looks_table(self.runs, self.manifest)

    estimates, first_passage = estimating.estimates, estimating.first_passage
    performance_profile, aggregate = estimating.performance_profile, estimating.aggregate
    compare, difference_curve = comparing.compare, differences.difference_curve
    plot_difference = plot_difference
    plan_runs = forecasts.plan_runs
    report = reporting.report
    table = overviews.table
    to_html = overviews.to_html
    to_latex = overviews.to_latex
    to_markdown = overviews.to_markdown
    __str__, _repr_html_ = notebooks.printed, notebooks.shown

    def _level(self) -> float:
        """The confidence that was declared."""
        return judgement_in(self.manifest).confidence

    def at_hand(self) -> tuple[Outline, Memory | Store]:
        """The outline of the plan, and the cells.

        Raises:
            FileNotFoundError: The cells are not at hand.
        """
        outline = outline_in(self.manifest)
        if outline is None or self.cells is None or len(self.cells) == 0:
            raise FileNotFoundError(
                f"the cells of {self.name}, which keep each run, are not at hand: they stay in the folder in which the "
                "experiment was run, and running it there again makes them again"
            )
        return outline, self.cells

    @property
    def sentence(self) -> str:
        """Which agent was best, what the declared comparisons say, how sure that is, and what would change it.

        Raises:
            FileNotFoundError: These results were loaded from a folder without the summary or the comparisons.
        """
        if "stopping" in self.manifest:
            return decisions_told(self.looks, self.manifest)
        refuse_missing(self.summary, "summary")
        old = "judgement" not in self.manifest and len(self.manifest["declaration"]["agents"]) > 1
        if old or "comparisons.csv" in self.manifest.get("tables", {}):
            refuse_missing(self.comparisons, "comparisons")
        return sentences(self.summary, self.comparisons, self.manifest)

    def __repr__(self) -> str:
        declared, agents = self.manifest["declaration"], len(self.manifest["declaration"]["agents"])
        problems = ", ".join(declared.get("problem", {})) or "runs"
        return f"<Results {self.name!r}: {agents} agents, {problems}, {self.manifest['runs']} runs>"

    def plot(
        self,
        metrics: Some = None,
        agents: Some = None,
        *,
        problems: Some = None,
        labels: Mapping[str, str] | None = None,
        ax: Axes | None = None,
        log: Log = "",
        confidence: float | None = None,
        runs: Runs = "band",
        panels: Panels = "",
        width: float | None = None,
        legend: bool = True,
    ) -> Figure:
        r"""Curves, or the means of a parameter study: the figure, known to pyplot; with ``ax``, that of these axes.

        Args:
            metrics: One panel each, of those in ``curves``, or in the ``summary`` of a study; by default usual ones.
            agents: Labels of agents in this order; in a parameter study of families and agents without the parameter.
            problems: Labels of the problems to draw.
            labels: What to write instead of labels of agents, families or problems, typeset by Matplotlib:
                ``{"cold": r"$\tau=0.1$"}`` is mathematics. Labels that a figure does not show are ignored.
            ax: Axes of your own to draw into: one metric on one problem, and one parameter of a study.
            log: Axes that are logarithmic: ``"x"``, ``"y"`` or ``"xy"``.
            confidence: Confidence of the bands, in (0, 1); by default as declared.
            runs: ``"band"`` for the intervals of the means, or ``"lines"`` for single runs instead.
            panels: ``"agents"`` for small multiples of the curves: a panel for each agent, the others in grey behind.
            width: Width of the figure in inches, 2 to 40: 3.3 for a column of a page with two. Text keeps its size.
            legend: Whether the lines are labelled: False if another panel beside ``ax`` has a legend already.

        Raises:
            FileNotFoundError: Curves or summary are missing, or single runs are asked for without the cells at hand.
            TypeError, ValueError: It names the argument and says what is allowed.

        Example:
            >>> import boltzmann_rl as brl
            >>> agents = {f"τ = {t}": brl.Agent(brl.SampleAverage(), brl.Boltzmann(t)) for t in (0.1, 1.0)}
            >>> results = brl.BanditExperiment("x", brl.GaussianBandit(), agents, runs=30, steps=99).run(progress=False)
            >>> figure = results.plot("cumulative_regret", labels={"τ = 0.1": r"$\tau=0.1$"}, log="x")
            >>> [ax.get_xscale() for ax in figure.axes]
            ['log']
        """
        asked: Asked = {"metrics": metrics, "agents": agents, "problems": problems, "labels": labels}
        asked |= {"ax": ax, "log": log, "confidence": confidence, "panels": panels, "width": width, "legend": legend}
        return known(drawn(self, runs, **asked))

    @property
    def figures(self) -> Figures:
        """All figures of these results, as methods such as ``results.figures.curves()``.

        They are ``curves``, ``study``, ``regret``, ``shares``, ``effective_actions``, ``final``, ``profile`` and
        ``difference``: ``help(boltzmann_rl.results.figures.Figures)`` says what each one draws.
        """
        return Figures(self)

    def save(self, results: str | Path = "results", *, points: int = POINTS, fresh: bool = False) -> Path:
        """Write tables, manifest, cells and the figure to ``results/<name>/``.

        Tables are replaced together, and the manifest, which holds their hashes, last. Results of another declaration
        or of more runs are replaced only if they can be made again from the cells in the folder; otherwise they are
        moved to a folder beside it, and a warning says so.

        Args:
            results: The folder of all results.
            points: Points to keep of each curve, ≥ 1: half of them evenly spaced, half evenly on a logarithmic scale.
            fresh: Whether to move what is in the folder aside in any case.

        Returns:
            The folder of this experiment.

        Raises:
            FileExistsError: The folder is a link or a file.
            FileNotFoundError: These results were loaded from a folder without the curves or the summary.
            ValueError: The folder holds results of a later version of this package.
        """
        points = as_integer(points, "points", minimum=1)
        check_manifest(self.manifest)
        refuse_missing(self.summary, "summary")
        if not self.manifest.get("study"):  # a study's figure is drawn from the summary
            refuse_missing(self.curves, "curves")
        folder = folders.opened(results, self.name)
        for said in folders.make_room(folder, self.manifest, fresh=fresh):
            warnings.warn(said, stacklevel=2)
        if self.cells is not None:
            with folders.store_in(folder) as store:
                copy_blocks(self.cells, store)
        self.write(folder, points)
        return folder

    def write(self, folder: Path, points: int = POINTS, tell: Callable[[str], object] = warnings.warn) -> None:
        """Replace the tables, the figure and the manifest in a folder; cells are there already.

        Args:
            folder: Of the experiment.
            points: Points to keep of each curve.
            tell: Called with a sentence if the figure can't be drawn, which costs no table.
        """
        images: dict[str, bytes] = {}
        try:
            images = folders.draw(folder, self.name, drawn(self))
        except Exception as error:
            tell(f"The figure could not be drawn ({type(error).__name__}: {error}); the tables are complete.")
        tables = {"curves": thinned(self.curves, points), "summary": self.summary, "runs": self.runs}
        tables |= {"comparisons": self.comparisons}
        tables["looks"] = self.looks if "stopping" in self.manifest else pd.DataFrame()  # empty: removes an old one
        if "cells" not in self.manifest:
            tables["run_curves"] = self.windows
        self.manifest["points"] = points
        folders.replace_tables(folder, tables, images, self.manifest)
