"""Results: the tables and the manifest of an experiment, from running it or from its folder."""

import warnings
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from boltzmann_rl.arguments import as_integer
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.engines.metrics import POINTS
from boltzmann_rl.results import folders
from boltzmann_rl.results.checks import check_manifest, refuse_missing
from boltzmann_rl.results.manifest import outline_in, read_manifest
from boltzmann_rl.results.sentences import sentence
from boltzmann_rl.results.tables import ranks_table, run_curves_table, thinned
from boltzmann_rl.runs.failures import Failure
from boltzmann_rl.runs.store import Memory, Store, copy_blocks

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Results:
    """The results of an experiment.

    Attributes:
        curves: One row per experiment, problem, agent, step (or episode) and metric: ``mean``, ``standard_error``,
            the 95 % interval ``low`` to ``high``, and the number of ``runs``.
        summary: One row per problem and agent, best first: the mean of each metric over the whole run with its
            interval, and the distance to the best agent, paired by run: ``behind`` with the interval of this pair
            alone, the p-value after Holm's correction for all pairs of agents, Cohen's d, and the fraction of runs in
            which the best agent was ahead.
        runs: One row per problem, agent and run with each metric's total.
        manifest: The declaration, and seed, versions, engine, platform and duration of the run.
        cells: The blocks of which the tables are made; None where they are not at hand.

    Results that are loaded from a folder have only the saved points of curves, and a missing table is empty.
    """

    curves: pd.DataFrame
    summary: pd.DataFrame
    runs: pd.DataFrame
    manifest: dict[str, Any]
    cells: Memory | Store | None = None

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
        """The course of every run: one row per experiment, problem, agent, run and window.

        A run is divided into equal windows, 100 unless declared otherwise. The row of a window has its number, its
        steps (or episodes) from ``begin`` up to, not including, ``end``, and the mean of each metric over these.

        Raises:
            FileNotFoundError: The cells are not at hand.
        """
        return run_curves_table(*self._cells())

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """How a bandit's agents divide their probability: one row per problem, agent, step and rank of an arm.

        ``probability`` is the mean over all runs of the probability of the arm with this rank; the arm with the highest
        mean has rank 1. There are at most 200 steps. The table of an experiment with environments is empty.

        Raises:
            FileNotFoundError: The cells are not at hand.
        """
        return ranks_table(*self._cells())

    def _cells(self) -> tuple[Any, Memory | Store]:
        outline = outline_in(self.manifest)
        if outline is None or self.cells is None or len(self.cells) == 0:
            raise FileNotFoundError(
                f"the cells of {self.name}, which keep each run, are not at hand: they stay in the folder in which the "
                "experiment was run, and running it there again makes them again"
            )
        return outline, self.cells

    @property
    def sentence(self) -> str:
        """Which agent was best, by how much, and how certain that is: one sentence per problem.

        Raises:
            FileNotFoundError: These results were loaded from a folder without the summary.
        """
        refuse_missing(self.summary, "summary")
        return " ".join(
            sentence(table, self.manifest) for _, table in self.summary.groupby("problem", sort=False, observed=True)
        )

    def plot(self) -> "Figure":
        """The figure of this experiment."""
        from boltzmann_rl.figures.curves import plot_curves  # imported here: it imports Matplotlib
        from boltzmann_rl.figures.studies import plot_study

        axis, study = self.manifest["axis"], self.manifest.get("study")
        if study:
            refuse_missing(self.summary, "summary")
            return plot_study(self.summary, axis, study)
        refuse_missing(self.curves, "curves")
        return plot_curves(self.curves, axis, list(self.manifest["declaration"]["agents"]))

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
            images = folders.draw(folder, self.name, self.plot())
        except Exception as error:
            tell(f"The figure could not be drawn ({type(error).__name__}: {error}); the tables are complete.")
        tables = {"curves": thinned(self.curves, points), "summary": self.summary, "runs": self.runs}
        self.manifest["points"] = points
        folders.replace_tables(folder, tables, images, self.manifest)


def load(folder: str | Path) -> Results:
    """Load the results that were saved in ``folder``. Nothing in the folder is executed.

    Args:
        folder: ``results/<name>``.

    Raises:
        FileNotFoundError: It contains no results.
        ValueError: Its results were written by a later version, or can't have been written by a run: invalid names or
            labels, tables of other agents, or tables that changed since.

    Example:
        >>> load("nowhere")
        Traceback (most recent call last):
        ...
        FileNotFoundError: nowhere contains no results: there is no manifest.json in it
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest is None:
        raise FileNotFoundError(f"{folder} contains no results: there is no manifest.json in it")
    tables = {name: folders.read_table(folder, name, manifest) for name in ("curves", "summary", "runs")}
    return Results(**tables, manifest=manifest, cells=Store(folder) if outline_in(manifest) else None)
