"""Several ways to do the same work, timed in turn: how every benchmark here measures, and its tables."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from matplotlib.ticker import EngFormatter

__all__ = ["COLUMNS", "Table", "answered", "plain", "seconds", "show", "take_turns"]

# The most rounds of any table: fewer for a quick look.
most = 1000

# The heads of the columns of a table.
COLUMNS = ("way", "median", "ratio", "limit", "range of ratios")


class Table(NamedTuple):
    """The times of each way in every round.

    ``base`` names the baseline: one way for all, or one for each way. ``drawn`` are the ways in the figure of the docs.
    ``limits`` are the largest ratios that are allowed, by way.
    """

    title: str
    base: str | Mapping[str, str]
    taken: Mapping[str, list[float]]
    unit: str = "s"
    drawn: tuple[str, ...] = ()
    limits: Mapping[str, float] = MappingProxyType({})

    def base_of(self, way: str) -> str:
        """The baseline of a way."""
        return self.base if isinstance(self.base, str) else self.base[way]

    def median(self, way: str) -> float:
        """The median over all rounds."""
        return statistics.median(self.taken[way])

    def ratios(self, way: str) -> list[float]:
        """The ratio to the baseline in the same round, for each round."""
        return [one / other for one, other in zip(self.taken[way], self.taken[self.base_of(way)], strict=True)]

    def limit(self, way: str) -> str:
        """The limit of a way's ratio and whether it holds; an empty text for a way without a limit."""
        if way not in self.limits:
            return ""
        held = statistics.median(self.ratios(way)) <= self.limits[way]
        return f"≤ {plain(self.limits[way])} {'holds' if held else 'MISSED'}"

    def rows(self) -> list[tuple[str, ...]]:
        """Name, median, median ratio, its limit, and its range over the rounds: see `COLUMNS`."""
        amount = EngFormatter(unit=self.unit, places=2)
        return [
            (
                way,
                amount(self.median(way)),
                plain(statistics.median(self.ratios(way))),
                self.limit(way),
                f"{plain(min(self.ratios(way)))} to {plain(max(self.ratios(way)))}"
                if way != self.base_of(way) and len(self.taken[way]) > 1
                else "",
            )
            for way in self.taken
        ]


def plain(ratio: float) -> str:
    """A number with three digits, without an exponent."""
    return f"{ratio:,.0f}" if ratio >= 100.0 else f"{ratio:.3g}"


def seconds(way: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    began = time.perf_counter()
    way()
    return time.perf_counter() - began


def answered(way: Callable[[], float]) -> float:
    """Seconds that a way measures by itself and returns."""
    return way()


def take_turns(
    ways: Mapping[str, Callable[[], Any]], rounds: int, timed: Callable[[Callable[[], Any]], float] = seconds
) -> dict[str, list[float]]:
    """Time each way once per round. A first round does not count: it compiles code and warms the caches."""
    rounds = min(rounds, most)
    taken = [{name: timed(way) for name, way in ways.items()} for _ in range(rounds + 1)][1:]
    return {name: [one[name] for one in taken] for name in ways}


def show(tables: Iterable[Table]) -> None:
    """Print each table as soon as it is measured."""
    for table in tables:
        print(f"\n{table.title}", flush=True)
        for way, median, ratio, limit, between in (COLUMNS, *table.rows()):
            print(f"  {way:<46}{median:>12}{ratio:>10}   {limit:<18}{between}")
