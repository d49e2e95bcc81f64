"""The metrics, declared once: engines record them, tables average them, figures and the command line show them."""

from dataclasses import dataclass

# Number of episodes over which the smoothed return of a run is averaged.
WINDOW = 10

# Points that are written to disk of each curve, at most; in memory it has all of them.
POINTS = 200


@dataclass(frozen=True)
class Metric:
    """One quantity, measured at every step or episode of every run.

    Attributes:
        name: Its name in the column ``metric`` of curves, and of its own column in runs and summaries.
        title: Title of the panel with its curve.
        unit: Label of the panel's axis.
        scale: ``"linear"``, ``"log"``, ``"percent"`` (0 to 100 %), or ``"late"`` (the axis need not show the start).
        of_run: Title of the panel with its mean over whole runs, if its totals are kept.
        summed: Whether a run is summarised by the sum rather than the mean.
    """

    name: str
    title: str
    unit: str
    scale: str = "linear"
    of_run: str = ""
    summed: bool = False


@dataclass(frozen=True)
class Measures:
    """The metrics along one axis.

    Attributes:
        axis: The horizontal axis of curves, ``"step"`` or ``"episode"``.
        metrics: In the order in which engines record them; a policy without a temperature lacks that metric.
        kept: Names of the metrics whose totals are kept for every run; the first ranks the agents.
        panels: Names of the metrics in a figure of curves; with several problems only the first two.
        study: Names of the metrics in a figure of a parameter study.
    """

    axis: str
    metrics: tuple[Metric, ...]
    kept: tuple[str, ...]
    panels: tuple[str, ...]
    study: tuple[str, ...]

    @property
    def primary(self) -> str:
        """The metric that ranks the agents."""
        return self.kept[0]

    def __getitem__(self, name: str) -> Metric:
        return next(metric for metric in self.metrics if metric.name == name)


BANDITS = Measures(
    axis="step",
    metrics=(
        Metric("reward", "Reward", "reward per step", of_run="Mean reward over the run"),
        Metric("best_action", "Best action chosen", "share of runs", "percent", of_run="Best action chosen"),
        Metric("regret", "Regret", "reward per step", of_run="Regret over the run", summed=True),
        Metric("expected_reward", "Expected reward", "reward per step"),
        Metric("expected_regret", "Expected regret", "reward per step"),
        Metric("cumulative_regret", "Regret so far", "reward"),
        Metric("entropy", "Entropy of the policy", "nats"),
        Metric("effective_actions", "Effective actions, exp(entropy)", "actions"),
        Metric("temperature", "Temperature", "reward"),
    ),
    kept=("reward", "best_action", "regret"),
    panels=("expected_reward", "best_action", "cumulative_regret", "effective_actions"),
    study=("reward", "best_action"),
)

EPISODES = Measures(
    axis="episode",
    metrics=(
        Metric("return", "Return", "reward per episode", of_run="Mean return over the run"),
        Metric("length", "Length of the episode", "steps", "log", of_run="Mean length of an episode"),
        Metric("terminated", "Episodes that terminated", "share of runs", "percent", of_run="Episodes that terminated"),
        Metric("smoothed_return", f"Return, mean of last {WINDOW} episodes", "reward per episode", "late"),
    ),
    kept=("return", "length", "terminated"),
    panels=("smoothed_return", "length"),
    study=("return", "length"),
)


def measures_of(axis: str) -> Measures:
    """The measures along an axis.

    Example:
        >>> measures_of("episode").primary
        'return'
    """
    return {measures.axis: measures for measures in (BANDITS, EPISODES)}[axis]
