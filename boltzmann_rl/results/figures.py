"""Figures of results: each method chooses what is shown, and hands tables to a function of `boltzmann_rl.figures`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from boltzmann_rl.arguments import as_choice
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.engines.metrics import Metric
from boltzmann_rl.figures.families import Family, parameter_of, parameters_in
from boltzmann_rl.results.checks import refuse_missing
from boltzmann_rl.results.choices import Asked, Runs, taken, view_of
from boltzmann_rl.results.curve_figures import Tabled, curves_drawn, effective_drawn, regret_drawn, shares_drawn
from boltzmann_rl.results.estimate_figures import Which, difference_drawn, final_drawn, profile_drawn
from boltzmann_rl.results.estimates import Between
from boltzmann_rl.results.families import families_in, points_in
from boltzmann_rl.results.levels import summary_at
from boltzmann_rl.results.manifest import judgement_in
from boltzmann_rl.results.measures import measures_in
from boltzmann_rl.results.samples import Sampled

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Figures:
    """The figures of results, each a method: ``results.figures.curves()``.

    They are ``curves``, ``study``, ``regret``, ``shares``, ``effective_actions``, ``final``, ``profile`` and
    ``difference``. All take the arguments of `boltzmann_rl.results.results.Results.plot`, as far as they apply, and are
    known to pyplot.
    """

    results: Tabled

    def curves(self, *, runs: Runs = "band", **asked: Unpack[Asked]) -> "Figure":
        """Each metric along the axis of the experiment, also for a parameter study."""
        taken(asked, "curves", [*Asked.__annotations__])
        return known(curves_drawn(self.results, runs, asked))

    def study(self, **asked: Unpack[Asked]) -> "Figure":
        """The means over whole runs of a parameter study against its parameters.

        Agents without the parameter are horizontal lines. ``metrics`` are those of the summary, and ``agents`` are
        families, or agents without the parameter. ``panels`` does not apply.

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
        return known(regret_drawn(self.results, asked))

    def shares(self, *, ranks: int = 6, **asked: Unpack[Asked]) -> "Figure":
        """How a bandit's agents divide their probability among the arms over time: stacked, one panel for each agent.

        The lowest area is the probability of the arm with the highest mean, which has rank 1, the next one that of
        rank 2. It takes ``agents``, ``problems``, ``labels``, ``log`` (``"x"``) and ``width``.

        Args:
            ranks: Areas of a panel at most, ≥ 2. If there are more arms, the last area is that of all others.
            asked: As in `boltzmann_rl.results.results.Results.plot`.

        Raises:
            FileNotFoundError: The cells are not at hand.
            ValueError: The experiment is no bandit's.
        """
        return known(shares_drawn(self.results, ranks, asked))

    def effective_actions(self, **asked: Unpack[Asked]) -> "Figure":
        """The effective number of actions, exp(entropy), over time, with its limits 1 and the number of arms.

        The vertical axis is logarithmic from 20 arms on, unless ``log`` says otherwise. ``metrics`` does not apply.

        Raises:
            ValueError: The experiment is no bandit's.
        """
        return known(effective_drawn(self.results, asked))

    def final(
        self, estimate: Which = "final", *, metric: str | None = None, last: int | None = None, **asked: Unpack[Asked]
    ) -> "Figure":
        """Estimates with their intervals, one row for each agent, the best first.

        It takes ``agents``, ``problems``, ``labels``, ``ax``, ``log`` (``"x"``), ``confidence`` and ``width``.

        Args:
            estimate: ``"final"`` for the mean over the last windows, or ``"mean"``, ``"interquartile_mean"``,
                ``"median"`` or ``"area_under_curve"``: see `boltzmann_rl.results.results.Results.estimates`.
            metric: One of the metrics in `run_curves`; by default the one that ranks the agents.
            last: Windows of the final performance; by default a tenth of them.
            asked: As in `boltzmann_rl.results.results.Results.plot`.

        Raises:
            FileNotFoundError: The cells are not at hand.
        """
        return known(final_drawn(self.results, estimate, metric, last, asked))

    def profile(
        self,
        thresholds: Sequence[float] | None = None,
        *,
        metric: str | None = None,
        between: Between = None,
        **asked: Unpack[Asked],
    ) -> "Figure":
        """Performance profiles: the share of runs whose mean lies above each threshold, as staircases with bands.

        ``metrics`` does not apply, nor ``problems`` with ``between``.

        Args:
            thresholds: In the unit of the metric; by default the means of all runs.
            metric: One of the metrics in `run_curves`; by default the one that ranks the agents.
            between: If given, scores of all problems are taken together: see
                `boltzmann_rl.results.results.Results.aggregate`.
            asked: As in `boltzmann_rl.results.results.Results.plot`.

        Raises:
            FileNotFoundError: The cells are not at hand.
        """
        return known(profile_drawn(self.results, thresholds, metric, between, asked))

    def difference(self, first: str, second: str, metric: str | None = None, **asked: Unpack[Asked]) -> "Figure":
        """The difference of two agents, paired by run: `boltzmann_rl.results.results.Results.plot_difference`."""
        return plot_difference(self.results, first, second, metric, **asked)


def plot_difference(
    results: Sampled, first: str, second: str, metric: str | None = None, **asked: Unpack[Asked]
) -> "Figure":
    """The figure of `difference_curve`: the band, and circles where only the mean is known.

    It takes ``problems``, ``labels``, ``ax``, ``log`` (``"x"``), ``confidence`` and ``width``, as `plot` does.

    Args:
        results: Of an experiment.
        first: Label of an agent.
        second: Label of the agent that is subtracted.
        metric: As for `difference_curve`.
        asked: The arguments above.

    Raises:
        FileNotFoundError: The cells are not at hand.
        TypeError, ValueError: It names the argument and says what is allowed.
    """
    return known(difference_drawn(results, (first, second), metric, asked))


def drawn(results: Tabled, runs: Runs = "band", **asked: Unpack[Asked]) -> "Figure":
    """The figure of an experiment, unknown to pyplot: for files."""
    if results.manifest.get("study") and runs == "band" and not asked.get("panels"):
        return study_drawn(results, asked)
    return curves_drawn(results, runs, asked)


def study_drawn(results: Tabled, asked: Asked) -> "Figure":
    """The parameter study, unknown to pyplot."""
    from boltzmann_rl.figures.studies import plot_study  # imported here: it imports Matplotlib

    names = [name for name in Asked.__annotations__ if name != "panels"]
    taken(asked, "study", names, "results.figures.curves({name}=…) does")
    as_choice(asked.get("log", ""), "log of a parameter study, whose horizontal axes follow from it,", ("", "y"))
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


def known(figure: "Figure") -> "Figure":
    """The figure, handed to pyplot unless it is that of the user's axes."""
    from boltzmann_rl.figures.style import Drawing, known_to_pyplot  # imported here: it imports Matplotlib

    return known_to_pyplot(figure) if isinstance(figure, Drawing) else figure  # else it holds the user's axes
