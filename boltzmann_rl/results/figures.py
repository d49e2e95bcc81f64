"""Figures of results."""

from typing import TYPE_CHECKING, Protocol

import pandas as pd

from boltzmann_rl.results.averaging import factor_note
from boltzmann_rl.results.checks import refuse_missing
from boltzmann_rl.results.manifest import judgement_in
from boltzmann_rl.results.measures import measures_in
from boltzmann_rl.results.samples import Sampled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Tabled(Sampled, Protocol):
    """What figures are drawn from: `boltzmann_rl.results.results.Results`."""

    @property
    def curves(self) -> pd.DataFrame:
        """Means at each step, with intervals."""

    @property
    def summary(self) -> pd.DataFrame:
        """Means over whole runs, with intervals."""


def drawn(results: Tabled) -> "Figure":
    """The figure of an experiment, unknown to pyplot: for files."""
    from boltzmann_rl.figures.curves import plot_curves  # imported here: it imports Matplotlib
    from boltzmann_rl.figures.studies import plot_study

    manifest = results.manifest
    measures, study, confidence = measures_in(manifest), manifest.get("study"), judgement_in(manifest).confidence
    if study:
        refuse_missing(results.summary, "summary")
        return plot_study(results.summary, measures, study, confidence)
    refuse_missing(results.curves, "curves")
    agents = list(manifest["declaration"]["agents"])
    return plot_curves(results.curves, measures, agents, confidence, factor_note(results.curves))
