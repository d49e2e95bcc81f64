"""Figures along the steps or episodes: which table and view each one needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from boltzmann_rl.arguments import as_choice, as_integer
from boltzmann_rl.engines.metrics import Metric
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.averaging import factor_note
from boltzmann_rl.results.checks import refuse_missing
from boltzmann_rl.results.choices import Asked, Runs, metrics_of, taken, view_of
from boltzmann_rl.results.families import families_in
from boltzmann_rl.results.levels import curves_at
from boltzmann_rl.results.lower_bounds import arms_in, slopes_in
from boltzmann_rl.results.manifest import judgement_in
from boltzmann_rl.results.measures import measures_in
from boltzmann_rl.results.samples import Sampled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from boltzmann_rl.figures.view import View

_REGRET, _EFFECTIVE = "cumulative_regret", "effective_actions"

# From this number of arms on, the axis of effective actions is logarithmic.
_MANY = 20


class Tabled(Sampled, Protocol):
    """What figures are drawn from: `boltzmann_rl.results.results.Results`."""

    @property
    def curves(self) -> pd.DataFrame:
        """Means at each step, with intervals."""

    @property
    def summary(self) -> pd.DataFrame:
        """Means over whole runs, with intervals."""

    @property
    def run_curves(self) -> pd.DataFrame:
        """Means over windows of each run."""

    @property
    def ranks(self) -> pd.DataFrame:
        """Mean probabilities by rank of an arm."""


def curves_drawn(results: Tabled, runs: Runs, asked: Asked) -> Figure:
    """The curves, unknown to pyplot."""
    from boltzmann_rl.figures.curves import plot_curves  # imported here: it imports Matplotlib

    as_choice(runs, "runs", ("band", "lines"))
    refuse_missing(results.curves, "curves")
    single = results.run_curves if runs == "lines" else None
    view, curves = view_of_curves(results, results.curves, asked, [*single] if single is not None else None)
    shown = {metric.name for metric in view.metrics}
    averaged = {*measures_in(results.manifest).averaged.values()}
    return plot_curves(view, curves, factor_note(curves) if shown & averaged else "", single)


def view_of_curves(
    results: Tabled, curves: pd.DataFrame, asked: Asked, names: list[str] | None = None
) -> tuple[View, pd.DataFrame]:
    """What is asked for, of all metrics or those with these names, and curves with the intervals asked for."""
    manifest, measures = results.manifest, measures_in(results.manifest)
    metrics = {name: metric for name, metric in metrics_of(curves, measures).items() if names is None or name in names}
    families = families_in(manifest, curves["agent"].unique())
    view = view_of(manifest, metrics, measures.panels, [*curves["problem"].unique()], families, asked)
    if view.confidence == judgement_in(manifest).confidence:
        return view, curves
    return view, curves_at(curves, measures, view.confidence)


def regret_drawn(results: Tabled, asked: Asked) -> Figure:
    """The regret so far, unknown to pyplot."""
    from boltzmann_rl.figures.regret import plot_regret  # imported here: it imports Matplotlib

    instead = f"results.plot('{_REGRET}', {{name}}=…) does"
    taken(asked, "regret", ("agents", "problems", "labels", "confidence", "panels", "width", "legend"), instead)
    refuse_missing(results.curves, "curves")
    view, curves = view_of_curves(results, results.curves, {**asked, "metrics": _REGRET})
    slopes = {label: slope for label, slope in slopes_in(results.manifest).items() if label in view.problems}
    return plot_regret(view, curves, slopes)


def effective_drawn(results: Tabled, asked: Asked) -> Figure:
    """The effective number of actions, unknown to pyplot."""
    from boltzmann_rl.figures.effective import plot_effective_actions  # imported here: it imports Matplotlib

    taken(asked, "effective_actions", [name for name in Asked.__annotations__ if name != "metrics"])
    refuse_missing(results.curves, "curves")
    if _EFFECTIVE not in set(results.curves["metric"]):
        raise ValueError(f"{results.name} has no {_EFFECTIVE}, which only bandits have: see results.figures.curves()")
    arms = arms_in(results.manifest)
    asked = {"log": "y" if max(arms.values(), default=0) >= _MANY else "", **asked, "metrics": _EFFECTIVE}
    view, curves = view_of_curves(results, results.curves, asked)
    return plot_effective_actions(view, curves, {label: arms[label] for label in view.problems if label in arms})


def shares_drawn(results: Tabled, ranks: int, asked: Asked) -> Figure:
    """The action shares, unknown to pyplot."""
    from boltzmann_rl.figures.shares import plot_shares  # imported here: it imports Matplotlib

    taken(asked, "shares", ("agents", "problems", "labels", "log", "width"))
    areas = as_integer(ranks, "ranks", minimum=2)
    as_choice(asked.get("log", ""), "log of shares(), which are stacked from 0 to 1,", ("", "x"))
    if str(results.manifest["axis"]) != "step" or len(results.windows):
        raise ValueError(
            f"{results.name} has no probabilities by rank of an arm, which only bandits have that were run here: see "
            "results.figures.curves()"
        )
    table, manifest = results.ranks, results.manifest
    families = families_in(manifest, table["agent"].unique())
    probability = {"probability": Metric("probability")}
    view = view_of(manifest, probability, ["probability"], [*table["problem"].unique()], families, asked)
    return plot_shares(view, table, int(manifest["runs"]), areas)
