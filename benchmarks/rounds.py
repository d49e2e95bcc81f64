"""Several ways to the same end, timed in turn: how every benchmark here measures, and what its tables look like."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from matplotlib.ticker import EngFormatter

__all__ = ["Table", "answered", "plain", "seconds", "show", "take_turns"]


class Table(NamedTuple):
    """What each way took in every round, set against one of them, or each against one of its own.

    ``drawn`` are the ways that belong in the figure of the docs.
    """

    title: str
    base: str | Mapping[str, str]
    taken: Mapping[str, list[float]]
    unit: str = "s"
    drawn: tuple[str, ...] = ()

    def base_of(self, way: str) -> str:
        """What this way is set against."""
        return self.base if isinstance(self.base, str) else self.base[way]

    def median(self, way: str) -> float:
        """Of all rounds."""
        return statistics.median(self.taken[way])

    def ratios(self, way: str) -> list[float]:
        """To the base in the same round."""
        return [one / other for one, other in zip(self.taken[way], self.taken[self.base_of(way)], strict=True)]

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Name, median, median ratio, and its range over the rounds."""
        amount = EngFormatter(unit=self.unit, places=2)
        return [
            (
                way,
                amount(self.median(way)),
                plain(statistics.median(self.ratios(way))),
                f"{plain(min(self.ratios(way)))} to {plain(max(self.ratios(way)))}"
                if way != self.base_of(way) and len(self.taken[way]) > 1
                else "",
            )
            for way in self.taken
        ]


def plain(ratio: float) -> str:
    """Three digits, and no powers of ten."""
    return f"{ratio:,.0f}" if ratio >= 100.0 else f"{ratio:.3g}"


def seconds(way: Callable[[], object]) -> float:
    """What one call takes."""
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


def answered(way: Callable[[], float]) -> float:
    """What a way that times itself says."""
    return way()


def take_turns(
    ways: Mapping[str, Callable[[], Any]], rounds: int, timed: Callable[[Callable[[], Any]], float] = seconds
) -> dict[str, list[float]]:
    """Each way once a round, after a first round that does not count: it compiles, and warms the caches."""
    taken = [{name: timed(way) for name, way in ways.items()} for _ in range(rounds + 1)][1:]
    return {name: [one[name] for one in taken] for name in ways}


def show(tables: Iterable[Table]) -> None:
    """Print tables as they come."""
    for table in tables:
        print(f"\n{table.title}\n  {'':<46}{'median':>12}{'ratio':>10}   of rounds", flush=True)
        for way, median, ratio, between in table.rows():
            print(f"  {way:<46}{median:>12}{ratio:>10}   {between}")
