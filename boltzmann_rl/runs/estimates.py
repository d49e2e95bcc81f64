"""Estimates of the time that cells take, from those that are finished or were tried."""

from boltzmann_rl.runs.batches import Group

# Drawing random numbers for a block, and the steps of a Python loop, cost about as much as this number of runs.
_OVERHEAD = 500.0

# Seconds of a group before anything is known: more than a batch, so that it is sent alone.
_UNKNOWN = 0.2


class Estimates:
    """Seconds of groups of cells, by series.

    Args:
        series: Number of series.
    """

    def __init__(self, series: int) -> None:
        self._left = [0.0] * series
        self._rates: list[float | None] = [None] * series
        self._known, self._count = 0.0, 0  # sum and number of the rates that are known

    def add(self, group: Group) -> None:
        """Add a group to the work that is left."""
        self._left[group.series] += _weight(group)

    def done(self, group: Group, seconds: float) -> None:
        """Take a group from the work that is left."""
        weight = _weight(group)
        self._left[group.series] = max(0.0, self._left[group.series] - weight)
        self._set(group.series, seconds / weight)

    def tried(self, group: Group, seconds: float) -> None:
        """Take note of an estimate for a group."""
        self._set(group.series, seconds / _weight(group))

    def knows(self, series: int) -> bool:
        """Whether the rate of a series is known."""
        return self._rates[series] is not None

    def shared(self, fraction: float) -> None:
        """Take a fraction of what is left from the work, since other processes did it."""
        self._left = [left * (1.0 - fraction) for left in self._left]

    def drop(self, series: int) -> None:
        """Take all that is left of a series from the work."""
        self._left[series] = 0.0

    def seconds_of(self, group: Group) -> float:
        """An estimate of the seconds that a group takes; that of the other series on average, if its own is unknown."""
        rate = self._rates[group.series] or self._usual
        return _UNKNOWN if rate is None else rate * _weight(group)

    @property
    def left(self) -> float | None:
        """An estimate of the seconds that the rest of the work takes one process; None if nothing is known."""
        usual = self._usual
        if usual is None:
            return None
        return sum(left * (usual if rate is None else rate) for left, rate in zip(self._left, self._rates, strict=True))

    @property
    def _usual(self) -> float | None:
        """The mean rate of the series whose rate is known."""
        return self._known / self._count if self._count else None

    def _set(self, series: int, rate: float) -> None:
        before = self._rates[series]
        self._known += rate - (before or 0.0)
        self._count += before is None
        self._rates[series] = rate


def _weight(group: Group) -> float:
    """The time that a group takes, in the time of a run."""
    cells = group.cells
    if cells[0][1].axis == "episode":
        return float(len(cells))
    return _OVERHEAD + sum(cell.runs for _, cell in cells)
