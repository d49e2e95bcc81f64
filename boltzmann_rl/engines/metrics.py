"""What is measured, declared once: engines record it, tables average it, figures and the command line show it."""

from dataclasses import dataclass

__all__ = ["BANDITS", "EPISODES", "POINTS", "WINDOW", "Measures", "Metric", "measures_of"]

# Episodes over which the smoothed return of a run is averaged.
WINDOW = 10

# A curve on disk has at most this many points; in memory it has them all.
POINTS = 200


@dataclass(frozen=True)
class Metric:
    """One quantity, measured at every step or episode of every run.

    Attributes:
        name: In the columns ``metric`` of curves, and as a column of runs and summaries.
        title: Above the panel of its curve.
        unit: Of its axis.
        scale: Of its axis: ``"linear"``, ``"log"``, ``"share"`` (0 to 100 %), or ``"late"`` (framed without its start).
        of_run: Above the panel of its mean over whole runs, for what is kept of every run.
        summed: Whether the run's figure is the sum over the run rather than the mean.
    """

    name: str
    title: str
    unit: str
    scale: str = "linear"
    of_run: str = ""
    summed: bool = False


@dataclass(frozen=True)
class Measures:
    """What is measured along one axis.

    Attributes:
        axis: What a curve runs along, ``"step"`` or ``"episode"``.
        metrics: In the order in which engines record them; policies without a temperature lack that one.
        kept: Names of the metrics whose totals are kept of every run; the first ranks the agents.
        panels: Names of the metrics that a figure of curves shows; with several problems only the first two.
        study: Names of the metrics that a figure of a parameter study shows.
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
        Metric("best_action", "Best action chosen", "share of runs", "share", of_run="Best action chosen"),
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
        Metric("terminated", "Episodes that terminated", "share of runs", "share", of_run="Episodes that terminated"),
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
