"""The metrics, declared once: engines record them, tables average them, figures and the command line show them."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boltzmann_rl.arguments import Floats, shown
from boltzmann_rl.arguments.near_names import dataclass

# Number of episodes over which the smoothed return of a run is averaged.
WINDOW = 10

# Points that are written to disk of each curve, at most; in memory it has all of them.
POINTS = 200

# Equal windows of each run, over which means are kept.
WINDOWS = 100


@dataclass(frozen=True)
class Metric:
    """One quantity, measured along every run.

    Attributes:
        name: Its name in the column ``metric`` of curves, and of its own column in runs and summaries.
        title: Title of the panel with its curve; by default its name.
        unit: Label of the panel's axis.
        scale: ``"linear"``, ``"log"``, ``"percent"`` (shares, shown as 0 to 100 %), ``"late"`` (the axis may leave out
            the start), or ``"signed"`` (it may show bands below 0, also if no mean is negative).
        of_run: Title of the panel with its mean over whole runs, if its totals are kept.
        summed: Whether a run is summarised by its number in the table of runs, rather than by that number over the
            steps.
        averaged: Name of the metric that averages it over the policy's probabilities, where that is recorded.
        higher_is_better: Whether the best agent is the one with the highest mean.

    Example:
        >>> Metric("loss", unit="squared error", scale="log", higher_is_better=False).scale
        'log'
    """

    name: str
    title: str = ""
    unit: str = ""
    scale: str = "linear"
    of_run: str = ""
    summed: bool = False
    averaged: str = ""
    higher_is_better: bool = True


@dataclass(frozen=True)
class Measures:
    """The metrics along one axis.

    Attributes:
        axis: The horizontal axis of curves, ``"step"`` or ``"episode"``.
        metrics: In the order in which engines record them; a policy without a temperature lacks that metric.
        kept: Names of the metrics whose totals are kept for every run; the first ranks the agents.
        windowed: Names of the metrics whose means over windows are kept for every run.
        panels: Names of the metrics in a figure of curves, if they are measured; with several problems only the first
            two of them.
        study: Names of the metrics in a figure of a parameter study.
    """

    axis: str
    metrics: tuple[Metric, ...]
    kept: tuple[str, ...]
    windowed: tuple[str, ...]
    panels: tuple[str, ...]
    study: tuple[str, ...]

    @property
    def primary(self) -> str:
        """The metric that ranks the agents."""
        return self.kept[0]

    @property
    def averaged(self) -> dict[str, str]:
        """The metrics that are also averaged over the policy's probabilities, each with its average."""
        return {metric.name: metric.averaged for metric in self.metrics if metric.averaged}

    def __getitem__(self, name: str) -> Metric:
        return next(metric for metric in self.metrics if metric.name == name)


BANDITS = Measures(
    axis="step",
    metrics=(
        Metric("reward", "Reward per step", "reward", of_run="Mean reward per step", averaged="expected_reward"),
        Metric("best_action", "Best action chosen", "share of runs", "percent", of_run="Best action chosen"),
        Metric(
            "regret",
            "Regret per step",
            "reward",
            of_run="Regret over the run",
            summed=True,
            averaged="expected_regret",
            higher_is_better=False,
        ),
        Metric("expected_reward", "Expected reward per step", "reward"),
        Metric("expected_regret", "Expected regret per step", "reward", higher_is_better=False),
        Metric("cumulative_regret", "Regret so far", "reward", higher_is_better=False),
        Metric("entropy", "Entropy of the policy", "nats"),
        Metric("effective_actions", "Effective actions, exp(entropy)", "actions"),
        Metric("temperature", "Temperature", "reward"),
    ),
    kept=("reward", "best_action", "regret"),
    windowed=("reward", "best_action", "regret", "expected_reward", "expected_regret"),
    panels=("expected_reward", "best_action", "cumulative_regret", "effective_actions"),
    study=("reward", "best_action"),
)

EPISODES = Measures(
    axis="episode",
    metrics=(
        Metric("return", "Return of an episode", "reward", of_run="Mean return of an episode"),
        Metric("length", "Length of an episode", "steps", "log", of_run="Mean length of an episode"),
        Metric("terminated", "Episodes that terminated", "share of runs", "percent", of_run="Episodes that terminated"),
        Metric("smoothed_return", f"Return, mean of the last {WINDOW} episodes", "reward", "late"),
        Metric("regret", "Regret of an episode", "reward", of_run="Mean regret of an episode", higher_is_better=False),
        Metric("greedy_return", "Return of the greedy policy", "reward", of_run="Mean greedy return"),
    ),
    kept=("return", "length", "terminated"),
    windowed=("return", "length", "terminated"),
    panels=("smoothed_return", "length", "regret"),
    study=("return", "length"),
)


def measures_of(axis: str) -> Measures:
    """The measures along an axis.

    Example:
        >>> measures_of("episode").primary
        'return'
    """
    return {measures.axis: measures for measures in (BANDITS, EPISODES)}[axis]


# The user's metrics with their labels: a function of a `Moment`, or of a `Transition`.
Own = Sequence[tuple[str, Callable[[Any], Any]]]


class Moment(NamedTuple):
    """What happened at a step in all runs of a bandit that are simulated together, for a metric of your own.

    Arrays can't be written to, and are only valid during the call.

    Attributes:
        step: Number of the step, from 0.
        values: The learner's values before the decision ``(runs, arms)``.
        probabilities: Of the policy ``(runs, arms)``.
        action: The arm that was pulled ``(runs,)``.
        reward: Its reward ``(runs,)``.
        means: The true means of the arms ``(runs, arms)``.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Error:
        ...     def __call__(self, moment):
        ...         return np.abs(moment.values - moment.means).max(axis=1)
        >>> from boltzmann_rl import Agent, BanditExperiment, Boltzmann, GaussianBandit, SampleAverage
        >>> agents = {"τ = 0.2": Agent(SampleAverage(), Boltzmann(0.2))}
        >>> metrics = {"largest error": Error()}
        >>> experiment = BanditExperiment("example", GaussianBandit(), agents, runs=5, steps=20, metrics=metrics)
        >>> "largest error" in set(experiment.run(progress=False).curves["metric"])
        True
    """

    step: int
    values: Floats
    probabilities: Floats
    action: NDArray[np.int64]
    reward: Floats
    means: Floats


def own_samples(label: str, metric: Callable[[Any], Any], happened: Any, shape: tuple[int, ...]) -> Floats:
    """The finite floats that a user's metric returns for a `Moment` or a `Transition`.

    Raises:
        ValueError: Anything else; it names the metric, the value and the step.
    """
    given: Any = metric(happened)
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.full(shape, np.nan)
    if found.shape == shape and np.isfinite(found).all():
        return found
    got = shown(given)
    if isinstance(given, np.ndarray) and found.shape != shape:
        got = f"an array of shape {found.shape}"
    elif isinstance(given, np.ndarray) and given.dtype.kind == "f":
        got = str(found[~np.isfinite(found)].flat[0])
    form = f"finite floats of shape {shape}, one for each run" if shape else "a finite float"
    raise ValueError(f"the metric {label!r} must return {form}, got {got} at step {happened.step}")


@functools.lru_cache(maxsize=64)
def points_of(length: int, points: int = POINTS) -> NDArray[np.int64]:
    """The steps that represent a curve of ``length`` steps: in ascending order, with the first and the last.

    Half of them are evenly spaced on a logarithmic scale, so that early steps are well covered. As many as fit beside
    them are evenly spaced. They are at most ``points``; all steps if these are no more.

    Example:
        >>> points_of(1000, points=10)
        array([  0,   5,  31, 166, 177, 333, 500, 666, 832, 999])
    """
    if points >= length:
        return _constant(np.arange(length))
    logarithmic = np.geomspace(1, length, points // 2) - 1
    for count in range(points, 0, -1):
        steps = np.concatenate([logarithmic, np.linspace(0, length - 1, count)])
        found = np.unique(steps.round().astype(np.int64))
        if len(found) <= points:
            break
    return _constant(found)


def _constant(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    steps.setflags(write=False)  # it is shared
    return steps


def bounds_of(length: int, windows: int) -> NDArray[np.int64]:
    """The first step of each window, and ``length``; there are at most as many windows as steps.

    Example:
        >>> bounds_of(10, 4), bounds_of(2, 4)
        (array([ 0,  2,  5,  7, 10]), array([0, 1, 2]))
    """
    windows = min(windows, length)
    return np.arange(windows + 1) * length // windows


def segments_of(bounds: NDArray[np.int64], uncounted: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The bounds of segments, and the number of the first segment of each window.

    A segment is a window, or one of the two parts of the window in which totals begin, after ``uncounted`` steps. Both
    engines add up the samples of each segment, and then segments: in order to totals, and the parts to a window.

    Example:
        >>> segments_of(bounds_of(9, 3), 0), segments_of(bounds_of(9, 3), 5)
        ((array([0, 3, 6, 9]), array([0, 1, 2])), (array([0, 3, 5, 6, 9]), array([0, 1, 3])))
    """
    segments = np.union1d(bounds, uncounted)
    return segments, np.searchsorted(segments, bounds[:-1])


def over_windows(parts: Floats, starts: NDArray[np.int64]) -> Floats:
    """Sums over segments ``(segments, ...)``, added up over windows, whose first segments are ``starts``."""
    return parts if len(parts) == len(starts) else np.add.reduceat(parts, starts, axis=0)


def window_means(samples: Floats, windows: int) -> Floats:
    """Means of samples ``(runs, steps)`` over windows ``(runs, windows)``; finite if the samples are.

    Example:
        >>> window_means(np.array([[1.0, 3.0, 5.0, 5.0]]), 2)
        array([[2., 5.]])
    """
    bounds = bounds_of(samples.shape[1], windows)
    sizes, unit = np.diff(bounds), unit_of(bounds)
    return np.add.reduceat(samples * unit, bounds[:-1], axis=1) / (sizes * unit)


def unit_of(bounds: NDArray[np.int64]) -> float:
    """A power of 2, so that the sum over a window of samples times that never overflows."""
    return 2.0 ** -int(np.diff(bounds).max()).bit_length()
