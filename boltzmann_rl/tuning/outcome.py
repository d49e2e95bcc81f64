"""The outcome of tuning: what is recommended, what was tried, and how sensitive the losses are."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boltzmann_rl.agents.agent import Agent
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results import folders
from boltzmann_rl.results.checks import refuse_links
from boltzmann_rl.results.results import Results
from boltzmann_rl.results.spreadsheets import csv_bytes
from boltzmann_rl.storage.atomic import write_together
from boltzmann_rl.tuning.sentences import told

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def own_folder(folder: Path) -> Path:
    """The folder of the tables of tuning in a folder of results, which is made if it is missing.

    Raises:
        FileExistsError: It is a file, or a link to another folder.
    """
    own = folder / "tuning"
    refuse_links(own)
    if own.exists() and not own.is_dir():
        raise FileExistsError(f"{own} is a file where results need a folder: choose another --results folder")
    own.mkdir(exist_ok=True)
    return own


@dataclass(frozen=True, eq=False)
class Tuning:
    """What `tune` found. Losses are a bandit's regret, or minus the mean return per episode of an environment.

    Attributes:
        recommended: One row per problem, family and parameter: the ``value``; the interval ``best_low`` to
            ``best_high`` for the best value; the range ``range_low`` to ``range_high`` around the value within 5 %: the
            fitted loss there is at most L + 5 % of |L|, where L is that of the value; whether the value is ``at_end``
            of the searched values while the parameter could go on; the number of candidates ``tried``, and the runs of
            all of them, ``budget``.
        candidates: One row per problem, family and candidate: its ``runs``, the ``mean`` of the ``metric`` in these,
            and its interval from ``low`` to ``high``.
        sensitivity: One row per problem, family and value of the grid: the fitted ``mean`` of the metric, its band from
            ``low`` to ``high``, and whether it is ``within`` 5 % of the recommended value. It ends
            before candidates that failed. Empty for several parameters.
        agents: The recommended agents by their labels in the report.
        report: The results of these agents, and of those that were not tuned, in runs that had no part in the choice.
        settings: What was searched, the budget of each family, and the seeds of choosing and reporting.

    Candidates that were dropped early have fewer runs than the others. The mean of the chosen candidate is too good,
    since it was chosen by this mean: ``report`` says what to expect.
    """

    recommended: pd.DataFrame
    candidates: pd.DataFrame
    sensitivity: pd.DataFrame
    agents: dict[str, Agent]
    report: Results
    settings: dict[str, Any]

    @property
    def name(self) -> str:
        """The name of the experiment whose agents were tuned, followed by ``-tuned``."""
        return self.report.name

    @cached_property
    def sentence(self) -> str:
        """What is recommended, how sure that is, and how the tuned agents compare."""
        return told(self.recommended, self.sensitivity, self.settings, self.report)

    def plot(self) -> Figure:
        """The fitted curves with their bands, the candidates, the range within 5 % and the recommendation.

        Raises:
            ValueError: Several parameters were tuned at once, or too few values: there is no curve.
        """
        from boltzmann_rl.figures.style import known_to_pyplot  # imported here: it imports Matplotlib

        return known_to_pyplot(self._drawn())

    def _drawn(self) -> Figure:
        """The figure, unknown to pyplot."""
        from boltzmann_rl.figures.sensitivity import plot_sensitivity

        if self.sensitivity.empty:
            raise ValueError(
                "there is no curve to draw: it needs one parameter with five or more numbers; see candidates"
            )
        return plot_sensitivity(self.sensitivity, self.candidates, self.recommended, self.settings)

    def save(self, results: str | Path = "results") -> Path:
        """Write everything to ``results/<name>/``: the report as any results, the rest in ``tuning`` and ``figures``.

        Args:
            results: The folder of all results.

        Returns:
            The folder.
        """
        folder = self.report.save(results)
        self.write(folder)
        return folder

    def write(self, folder: Path) -> None:
        """Write the tables of tuning and the figure beside the report, which is there already.

        Those that an earlier tuning has and this one has not are removed.
        """
        named = {"recommended": self.recommended, "candidates": self.candidates, "sensitivity": self.sensitivity}
        contents = {f"{name}.csv": csv_bytes(table) for name, table in named.items() if len(table)}
        contents["tuning.json"] = (json.dumps(self.settings, indent=2, ensure_ascii=False) + "\n").encode()
        write_together(own_folder(folder), contents)
        images = {}
        if not self.sensitivity.empty:
            images = folders.draw(folder, f"{self.name}-sensitivity", self._drawn())
            write_together(folder, images)
        drawn = (folder / "figures").glob("*")
        old = [
            path for path in drawn if path.stem == f"{self.name}-sensitivity" and f"figures/{path.name}" not in images
        ]
        for path in [*old, *(own_folder(folder) / f"{name}.csv" for name, table in named.items() if table.empty)]:
            path.unlink(missing_ok=True)
