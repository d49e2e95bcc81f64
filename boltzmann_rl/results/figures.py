"""Figures of results: each method chooses what is shown, and hands tables to a function of `boltzmann_rl.figures`."""

from typing import TYPE_CHECKING, Literal, Protocol, Unpack

import pandas as pd

from boltzmann_rl.arguments import as_choice
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.engines.metrics import Metric
from boltzmann_rl.figures.families import Family, parameter_of, parameters_in
from boltzmann_rl.results.averaging import factor_note
from boltzmann_rl.results.checks import refuse_missing
from boltzmann_rl.results.choices import Asked, metrics_of, view_of
from boltzmann_rl.results.differences import plot_difference
from boltzmann_rl.results.families import families_in, points_in
from boltzmann_rl.results.levels import curves_at, summary_at
from boltzmann_rl.results.lower_bounds import slopes_in
from boltzmann_rl.results.manifest import judgement_in
from boltzmann_rl.results.measures import measures_in
from boltzmann_rl.results.samples import Sampled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from boltzmann_rl.figures.view import View

Runs = Literal["band", "lines"]

_REGRET = "cumulative_regret"


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


@dataclass(frozen=True)
class Figures:
    """The figures of results, each a method: ``results.figures.curves()``.

    All take the arguments of `boltzmann_rl.results.results.Results.plot`, as far as they apply. All figures are known
    to pyplot.
    """

    results: Tabled

    def curves(self, *, runs: Runs = "band", **asked: Unpack[Asked]) -> "Figure":
        """Each metric along the axis of the experiment, also for a parameter study."""
        return known(curves_drawn(self.results, runs, asked))

    def study(self, **asked: Unpack[Asked]) -> "Figure":
        """The means over whole runs of a parameter study against its parameters.

        Agents without the parameter are horizontal lines. ``metrics`` are those of the summary, and ``agents`` are
        families, or agents without the parameter.

        Raises:
            ValueError: The experiment is no parameter study.
        """
        return known(study_drawn(self.results, asked))

    def regret(self, **asked: Unpack[Asked]) -> "Figure":
        """The regret so far of a bandit's agents, on a linear and on a logarithmic axis of steps.

        On the logarithmic axis a dotted line has the slope of Lai & Robbins' lower bound, where the arms have fixed
        normal or Bernoulli laws: `boltzmann_rl.statistics.lower_bounds.lai_robbins`. ``metrics``, ``ax`` and ``log``
        do not apply.

        Raises:
            ValueError: The experiment has no regret so far.
        """
        return known(_regret_drawn(self.results, asked))

    def difference(
        self, first: str, second: str, metric: str | None = None, *, confidence: float | None = None
    ) -> "Figure":
        """The difference of two agents, paired by run: `boltzmann_rl.results.results.Results.plot_difference`."""
        return plot_difference(self.results, first, second, metric, confidence=confidence)


def drawn(results: Tabled, runs: Runs = "band", **asked: Unpack[Asked]) -> "Figure":
    """The figure of an experiment, unknown to pyplot: for files."""
    if results.manifest.get("study") and runs == "band":
        return study_drawn(results, asked)
    return curves_drawn(results, runs, asked)


def curves_drawn(results: Tabled, runs: Runs, asked: Asked) -> "Figure":
    """The curves, unknown to pyplot."""
    from boltzmann_rl.figures.curves import plot_curves  # imported here: it imports Matplotlib

    as_choice(runs, "runs", ("band", "lines"))
    refuse_missing(results.curves, "curves")
    single = results.run_curves if runs == "lines" else None
    view, curves = _view_of_curves(results, results.curves, asked, [*single] if single is not None else None)
    shown = {metric.name for metric in view.metrics}
    averaged = {*measures_in(results.manifest).averaged.values()}
    return plot_curves(view, curves, factor_note(curves) if shown & averaged else "", single)


def _view_of_curves(
    results: Tabled, curves: pd.DataFrame, asked: Asked, names: list[str] | None = None
) -> "tuple[View, pd.DataFrame]":
    """What is asked for, of all metrics or those with these names, and curves with the intervals asked for."""
    manifest, there = results.manifest, set(curves["agent"].unique())
    measures = measures_in(manifest)
    metrics = {name: metric for name, metric in metrics_of(curves, measures).items() if names is None or name in names}
    families = {label: family for label, family in families_in(manifest).items() if label in there}
    view = view_of(manifest, metrics, measures.panels, [*curves["problem"].unique()], families, asked)
    if view.confidence == judgement_in(manifest).confidence:
        return view, curves
    return view, curves_at(curves, measures, view.confidence)


def study_drawn(results: Tabled, asked: Asked) -> "Figure":
    """The parameter study, unknown to pyplot."""
    from boltzmann_rl.figures.studies import plot_study  # imported here: it imports Matplotlib

    manifest, summary = results.manifest, results.summary
    if not manifest.get("study"):
        raise ValueError(
            f"{results.name} is no parameter study, whose agents are families: see results.figures.curves()"
        )
    refuse_missing(summary, "summary")
    measures, points = measures_in(manifest), points_in(manifest)
    by_agent = families_in(manifest)
    families = {
        label: Family(label, by_agent[members[0].label if members else label].rule) for label, members in points.items()
    }
    kept: dict[str, Metric] = {name: measures[name] for name in measures.kept if name in summary}
    view = view_of(manifest, kept, measures.study, [*summary["problem"].unique()], families, asked)
    if view.confidence != judgement_in(manifest).confidence:
        refuse_missing(results.runs, "runs")
        summary = summary_at(summary, results.runs, manifest, view.confidence)
    shown = {label: points[label] for label in view.looks}
    if view.ax is not None and len(names := parameters_in(shown)) > 1:
        some = next(label for label in shown if parameter_of(label) == names[0])
        raise ValueError(
            f"ax takes one panel, and there are {len(names)} parameters: choose one of them by agents={some!r}"
        )
    return plot_study(view, summary, shown)


def _regret_drawn(results: Tabled, asked: Asked) -> "Figure":
    from boltzmann_rl.figures.regret import plot_regret  # imported here: it imports Matplotlib

    for name in ("metrics", "ax", "log"):
        if asked.get(name):
            raise TypeError(f"regret() does not take {name}: results.plot('{_REGRET}', {name}=…) does")
    refuse_missing(results.curves, "curves")
    view, curves = _view_of_curves(results, results.curves, {**asked, "metrics": _REGRET})
    slopes = {label: slope for label, slope in slopes_in(results.manifest).items() if label in view.problems}
    return plot_regret(view, curves, slopes)


def known(figure: "Figure") -> "Figure":
    """The figure, handed to pyplot unless it is that of the user's axes."""
    from boltzmann_rl.figures.style import Drawing, known_to_pyplot  # imported here: it imports Matplotlib

    return known_to_pyplot(figure) if isinstance(figure, Drawing) else figure  # else it holds the user's axes
