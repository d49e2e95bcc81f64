"""Published numbers, our measurements of them, and whether the two agree.

A paper is a Python file that declares ``TARGETS``. The experiment of a target is a *study*: a frozen dataclass of its
parameters with ``measure(jobs=None) -> Measurement``. Another cell of the same table is then
``with_parameters(study, {"agent.policy.temperature": 0.02})``: see `boltzmann_rl.arguments.parameters`.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, set_fields
from boltzmann_rl.arguments.near_names import dataclass

# Number of standard errors by which equal numbers may differ: one false alarm in 2000 comparisons.
SIGMAS = 3.5

# For one of several numbers that a paper does not give exactly, such as "below 91 %".
NOT_GIVEN = float("nan")


class Measurement(NamedTuple):
    """Our numbers, their standard errors, the standard deviation of a run (NaN if unknown), and the number of runs."""

    values: Floats
    standard_errors: Floats
    sd: Floats
    runs: int

    @classmethod
    def of_runs(cls, samples: Any) -> "Measurement":
        """From one sample per run, ``(runs,)``, or several, ``(numbers, runs)``."""
        samples = np.atleast_2d(np.asarray(samples, dtype=np.float64))
        sd = samples.std(axis=1, ddof=1)
        return cls(samples.mean(axis=1), sd / np.sqrt(samples.shape[1]), sd, samples.shape[1])

    @classmethod
    def exact(cls, values: Any) -> "Measurement":
        """From numbers that are computed, not sampled."""
        values = np.atleast_1d(np.asarray(values, dtype=np.float64))
        return cls(values, np.zeros_like(values), np.zeros_like(values), 1)


@dataclass(frozen=True)
class Target:
    """Published numbers and how far ours may lie from them.

    Our numbers agree with the paper if |ours − published| ≤ within + 3.5·√(se² + sd²/published_runs), and with an
    independent simulation if |ours − independent| ≤ independent_within + 3.5·√(se² + independent_se²). If both are
    given, all numbers of a target must agree with both.

    Args:
        id: Its name on the command line.
        study: The study that measures it.
        published: The paper's numbers, one or several.
        source: Paper, and table or figure.
        published_runs: Number of runs that the paper averaged; None if ``within`` includes its sampling error.
        within: Absolute error of reading the paper's figure.
        relative: The same relative to the published number.
        mean_within: Largest allowed mean of |ours − published|, for curves.
        independent: The numbers of an independent simulation or an exact solution.
        independent_se: Their standard error.
        independent_within: Their rounding error.
        offset_group: A name for targets that may have a common offset, since the paper drew one set of problems for all
            of them. It is subtracted before ``offset_within`` is tested.
        offset_within: Largest allowed distance after that.
        panel: Title of the panel in which the figure shows this target.
        series: Label of its line in the panel.
        x: Positions of its numbers on the horizontal axis.
        axis: Label of the horizontal axis.
        unit: Label of the axis of its numbers; one for each if they have different units.
    """

    id: str
    study: Any
    published: tuple[float, ...]
    source: str
    published_runs: int | None = None
    within: float = 0.0
    relative: float = 0.0
    mean_within: float | None = None
    independent: tuple[float, ...] | None = None
    independent_se: float = 0.0
    independent_within: float = 0.0
    offset_group: str | None = None
    offset_within: float = 0.0
    panel: str = ""
    series: str = ""
    x: tuple[Any, ...] = ()
    axis: str = ""
    unit: str | tuple[str, ...] = ""

    def __post_init__(self) -> None:
        for name in ("published", "independent", "x"):
            numbers = getattr(self, name)
            if numbers is not None and not isinstance(numbers, tuple):
                set_fields(self, **{name: (numbers,)})

    @property
    def units(self) -> tuple[str, ...]:
        """The unit of each number."""
        return self.unit if isinstance(self.unit, tuple) else (self.unit,) * len(self.published)


@dataclass(frozen=True)
class Row:
    """A target with our measurement, the tolerances and the verdict."""

    target: Target
    ours: Measurement
    allowed: Floats
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every comparison agrees."""
        return not self.failures

    @property
    def independent(self) -> Floats:
        """The independent values, or NaN."""
        given = self.target.independent
        return np.full(self.allowed.shape, np.nan) if given is None else np.asarray(given)

    @property
    def independent_allowed(self) -> Floats:
        """How far our numbers may lie from the independent values."""
        return _from_independent(self.target, self.ours)


def measure_targets(
    targets: Sequence[Target],
    *,
    quick: bool = False,
    seed: int | None = None,
    jobs: int | None = None,
    advance: Callable[[int], None] = lambda studies: None,
) -> list[Row]:
    """Measure each study once, and judge every target.

    Args:
        targets: The targets to reproduce.
        quick: Whether to do a tenth of the runs only; the tolerances widen with the standard errors.
        seed: The seed of all studies that draw, instead of their own, since agreement must not depend on one seed.
        jobs: Number of processes for each experiment.
        advance: Called with 1 after each study.

    Returns:
        One row per target, in the given order.
    """
    measured: dict[str, Measurement] = {}
    for target in targets:
        key = repr(target.study)
        if key not in measured:
            measured[key] = as_asked(target.study, quick, seed).measure(jobs=jobs)
            advance(1)
    offsets = _common_offsets((target, measured[repr(target.study)]) for target in targets)
    slack = SIGMAS if quick else 0.0
    return [_judge(target, measured[repr(target.study)], offsets.get(target.offset_group), slack) for target in targets]


def as_asked(study: Any, quick: bool, seed: int | None) -> Any:
    """The study with a tenth of its runs if ``quick``, and with another seed if one is given."""
    if quick and hasattr(study, "runs"):
        study = dataclasses.replace(study, runs=max(study.runs // 10, 20))
    return study if seed is None or not hasattr(study, "seed") else dataclasses.replace(study, seed=seed)


def _common_offsets(pairs: Iterable[tuple[Target, Measurement]]) -> dict[str | None, float]:
    """The mean of ours − published in each group of at least two targets."""
    differences: dict[str | None, list[float]] = {}
    for target, ours in pairs:
        if target.offset_group is not None:
            differences.setdefault(target.offset_group, []).extend(ours.values - np.asarray(target.published))
    return {group: float(np.mean(found)) for group, found in differences.items() if len(found) > 1}


def _judge(target: Target, ours: Measurement, offset: float | None, slack: float) -> Row:
    published = np.asarray(target.published, dtype=np.float64)
    if published.shape != ours.values.shape:
        raise ValueError(f"{target.id} has {published.size} published numbers, and its study gave {ours.values.size}")
    theirs = ours.sd / np.sqrt(target.published_runs) if target.published_runs else np.zeros_like(published)
    sampling = SIGMAS * np.sqrt(ours.standard_errors**2 + theirs**2)
    allowed = target.within + target.relative * np.abs(published) + sampling
    return Row(target, ours, allowed, tuple(_failures(target, ours, published, allowed, offset, slack)))


def _failures(
    target: Target, ours: Measurement, published: Floats, allowed: Floats, offset: float | None, slack: float
) -> Iterator[str]:
    quick = slack * ours.standard_errors.max()  # added to tolerances that assume many runs
    distance = np.abs(ours.values - published)
    if (distance > allowed).any():
        worst = int(np.nanargmax(distance - allowed))
        yield f"{distance[worst]:.3g} from the paper, {allowed[worst]:.3g} allowed"
    if target.mean_within is not None and distance.mean() > target.mean_within + quick:
        yield f"on average {distance.mean():.3g} from the paper, {target.mean_within:.3g} allowed"
    if offset is not None and (rest := np.abs(ours.values - published - offset).max()) > target.offset_within + quick:
        yield f"{rest:.3g} from the paper after the common offset, {target.offset_within:.3g} allowed"
    if target.independent is not None:
        away = np.abs(ours.values - np.asarray(target.independent))
        limit = _from_independent(target, ours)
        if (away > limit).any():
            worst = int((away - limit).argmax())
            yield f"{away[worst]:.3g} from the independent value, {limit[worst]:.3g} allowed"


def _from_independent(target: Target, ours: Measurement) -> Floats:
    return target.independent_within + SIGMAS * np.sqrt(ours.standard_errors**2 + target.independent_se**2)
