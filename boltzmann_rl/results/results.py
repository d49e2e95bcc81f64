"""Results: the tables and the manifest of an experiment, from running it or from its folder."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.engines.metrics import POINTS
from boltzmann_rl.results.checks import check_manifest, check_table, refuse_links, refuse_missing
from boltzmann_rl.results.manifest import differences, manifest_of, read_manifest
from boltzmann_rl.results.sentences import sentence
from boltzmann_rl.results.spreadsheets import csv_bytes, read_csv
from boltzmann_rl.results.tables import curves_table, runs_table, summary_table, thinned
from boltzmann_rl.runs.plan import Plan
from boltzmann_rl.runs.progress import Progress
from boltzmann_rl.runs.runner import measure
from boltzmann_rl.storage.atomic import write

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

    Results that are loaded from a folder have ten significant digits and only the saved points of curves, and a missing
    table is empty.
    """

    curves: pd.DataFrame
    summary: pd.DataFrame
    runs: pd.DataFrame
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """The name of the experiment."""
        return str(self.manifest["name"])

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

    def save(self, results: str | Path = "results", *, points: int = POINTS, overwrite: bool = False) -> Path:
        """Write manifest, curves, summary, runs and the figure to ``results/<name>/``, each file whole or not at all.

        Args:
            results: The folder of all results.
            points: Points to keep of each curve, evenly spaced, with the first and the last.
            overwrite: Whether results of another declaration, or of more runs, may be replaced.

        Returns:
            The folder of this experiment.

        Raises:
            FileExistsError: The folder contains results of another declaration or of more runs, and ``overwrite`` is
                not set; or it is a link or a file.
            FileNotFoundError: These results were loaded from a folder without the curves or the summary.
        """
        check_manifest(self.manifest)
        refuse_missing(self.summary, "summary")
        if not self.manifest.get("study"):  # a study's figure is drawn from the summary
            refuse_missing(self.curves, "curves")
        folder = Path(results) / self.name
        _check_folder(folder, self.manifest, overwrite)
        (folder / "figures").mkdir(parents=True, exist_ok=True)
        if len(self.curves):
            write(folder / "curves.csv", csv_bytes(thinned(self.curves, points)))
        write(folder / "summary.csv", csv_bytes(self.summary))
        if len(self.runs):
            write(folder / "runs.csv", csv_bytes(self.runs))
        from boltzmann_rl.figures.style import figure_bytes

        for kind, image in figure_bytes(self.plot()).items():
            write(folder / "figures" / f"{self.name}.{kind}", image)
        write(folder / "manifest.json", (json.dumps(self.manifest, indent=2, ensure_ascii=False) + "\n").encode())
        return folder


def run_plan(plan: Plan, *, jobs: int | None = None, progress: bool = True) -> Results:
    """Run a plan and make its tables; see `boltzmann_rl.run`."""
    began, clock, measured = time.time(), time.monotonic(), []
    with Progress(plan.name, len(plan), plan.runs * len(plan.series), shown=progress) as shown:
        for part in measure(plan, jobs):
            measured.append(part)
            shown.advance(work=part[1].runs)
    runs = runs_table(plan, measured)
    return Results(
        curves=curves_table(plan, measured),
        summary=summary_table(plan, runs),
        runs=runs,
        manifest=manifest_of(plan, began, time.monotonic() - clock),
    )


def load(folder: str | Path) -> Results:
    """Load the results that were saved in ``folder``. Nothing in the folder is executed.

    Args:
        folder: ``results/<name>``.

    Raises:
        FileNotFoundError: It contains no results.
        ValueError: Its results were written by a later version, or can't have been written by a run: invalid names or
            labels, or tables of other agents.

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
    tables = {name: _table(folder, name, manifest) for name in ("curves", "summary", "runs")}
    return Results(**tables, manifest=manifest)


def _table(folder: Path, name: str, manifest: dict[str, Any]) -> pd.DataFrame:
    path = folder / f"{name}.csv"
    if not path.exists():
        return pd.DataFrame()
    try:
        if not path.is_file():
            raise ValueError("it is not a file")
        table = read_csv(path)
        check_table(table, name, manifest)
    except ValueError as error:
        raise ValueError(f"{path} is damaged, or does not belong to these results: {visible(str(error))}") from error
    return table


def check_place(plan: Plan, results: str | Path, *, overwrite: bool = False) -> None:
    """Refuse, before a plan is run, a folder that `Results.save` would refuse afterwards.

    Raises:
        FileExistsError: As `Results.save`.
    """
    _check_folder(Path(results) / plan.name, manifest_of(plan, 0.0, 0.0), overwrite)


def _check_folder(folder: Path, manifest: dict[str, Any], overwrite: bool) -> None:
    refuse_links(folder, folder / "figures")
    for place in (folder / "figures", folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise FileExistsError(f"{place} is a file where results need a folder: choose another --results folder")
    there = None if overwrite else read_manifest(folder)
    if there is None:
        return
    remedy = "give the experiment another name, choose another --results folder, or pass --overwrite"
    if there["identity"] != manifest["identity"]:
        changed = differences(there, manifest)
        raise FileExistsError(
            f"{folder} holds results of another declaration ({changed}): nothing was written; {remedy}"
        )
    if there["runs"] > manifest["runs"]:
        raise FileExistsError(
            f"{folder} holds {there['runs']} runs of this experiment, and {manifest['runs']} would replace them: "
            f"nothing was written; {remedy}"
        )
