"""The pages of the documentation on speed, written from what was measured: ``measured.json`` beside this file.

`docs/speed.md` has a row for each benchmark with limits, `docs/speed_tables.md` all tables and a figure.
"""

import json
import os
import platform
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from rounds import COLUMNS, Table

from boltzmann_rl.storage.atomic import write

DOCS, MEASURED = Path(__file__).parents[1] / "docs", Path(__file__).parent / "measured.json"
COMPARED = ("boltzmann-rl", "numpy", "numba", "gymnasium", "torch", "stable-baselines3", "jax", "distrax", "mabwiser")
OURS, THEIRS = "#0072B2", "#D55E00"  # of Okabe & Ito
OUR_WAYS = ("act", "compiled", "reference", "sampler", "this package", "Explorer")


class Measured(NamedTuple):
    """A table as it is kept.

    Attributes:
        module: The benchmark that measured it.
        title: Of the table.
        machine: On which it was measured, and by which versions.
        rows: As `Table.rows`.
        drawn: The ways in the figure.
        bases: The baseline of each way that has a limit.
    """

    module: str
    title: str
    machine: str
    rows: list[list[str]]
    drawn: list[str]
    bases: dict[str, str]

    @classmethod
    def of(cls, module: str, table: Table) -> "Measured":
        """A table that was just measured."""
        rows, bases = [list(row) for row in table.rows()], {way: table.base_of(way) for way in table.limits}
        return cls(module, table.title, machine(), rows, list(table.drawn), bases)

    def limited(self) -> list["Limited"]:
        """The rows with a limit."""
        return [Limited(self, *row[:4]) for row in self.rows if row[3]]


class Limited(NamedTuple):
    """A row with a limit, and its table."""

    table: Measured
    way: str
    median: str
    ratio: str
    limit: str

    def used(self) -> float:
        """The ratio relative to its limit: above 1 the limit is missed."""
        return _number(self.ratio) / _number(self.limit.split()[1])

    def held(self) -> bool:
        """Whether the limit holds."""
        return self.limit.endswith("holds")


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def machine() -> str:
    """The processor, and the versions of Python and the libraries."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(": ", 1)[1] for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0] if names else cpu
    versions = []
    for name in COMPARED:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            versions.append(f"{name} not installed")
    return f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(versions)}"


def kept(path: Path = MEASURED) -> list[Measured]:
    """All tables that were measured so far."""
    return [Measured(**fields) for fields in json.loads(path.read_text("utf-8"))]


def keep(tables: Iterable[Measured], path: Path = MEASURED) -> None:
    """Write all tables, one a line."""
    lines = ",\n".join(json.dumps(table._asdict(), ensure_ascii=False) for table in tables)
    write(path, f"[\n{lines}\n]\n".encode())


def renewed(old: Iterable[Measured], new: Mapping[str, list[Measured]], order: Iterable[str]) -> list[Measured]:
    """The tables by module: the new ones of modules that were measured again, the old ones of the others."""
    by_module: dict[str, list[Measured]] = {}
    for table in old:
        by_module.setdefault(table.module, []).append(table)
    return [table for module in order for table in {**by_module, **new}.get(module, [])]


def summary(tables: list[Measured]) -> str:
    """The page that is read first."""
    parts = [
        "# Speed",
        "Each row compares the times of two ways to do a piece of work. The ratio is the time of the first way divided "
        "by the time of the second: below 1, the first is faster. The limit is the largest ratio that we accept. Both "
        "ways are timed in turn on the same machine, and the ratio is the median over these rounds. Each benchmark has "
        "several limits: shown is the ratio that is highest relative to its limit, and the last column counts how many "
        "limits hold. A missed limit is work still to do. `python benchmarks` measures all of it and writes this page; "
        "[all tables](speed_tables.md) have the times, the ranges and the machine.",
        "\n".join(
            [
                "| table | way | compared with | ratio | limit | limits that hold |",
                "|---|---|---|--:|:--|:--|",
                *(f"| {' | '.join(_claim(limits))} |" for limits in _by_module(tables)),
            ]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _by_module(tables: list[Measured]) -> list[list[Limited]]:
    """The rows with limits of each benchmark that has any."""
    rows = {table.module: list[Limited]() for table in tables}
    for table in tables:
        rows[table.module] += table.limited()
    return [limits for limits in rows.values() if limits]


def _claim(limits: list[Limited]) -> tuple[str, ...]:
    row, held = max(limits, key=Limited.used), sum(limit.held() for limit in limits)
    title = row.table.title
    anchor = re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")
    linked = f"[{title}](speed_tables.md#{anchor})"
    return linked, row.way, row.table.bases[row.way], row.ratio, row.limit, f"{held} of {len(limits)}"


def details(tables: list[Measured]) -> str:
    """The page with all tables."""
    parts = [
        "# Tables of speed",
        "Each table compares several ways to do the same work, timed in turn, round by round. It shows the median time "
        "of each way, and the ratio to its baseline, a row with the ratio 1: the median of the ratios of all rounds, "
        "which is not quite the ratio of the medians, and the smallest and the largest. Times are of one step, "
        "transition or decision, or of what the title says. Machines differ, and a busy machine is noisy: look at the "
        "ratios. `python benchmarks decision` measures the tables of one file anew, and leaves the others as they are.",
        "![Ratios of times to those of the baseline, for each table below: most other ways take a few to thousands of "
        "times as long as this package](speed.png)",
        "*Dots are medians over the rounds, bars their range; this package is blue, everything else orange.*",
    ]
    known = ""
    for table in tables:
        parts.append(f"## {table.title}")
        if table.machine != known:
            parts.append(f"Measured on: {table.machine}.")
            known = table.machine
        rows = [f"| {' | '.join(COLUMNS)} |", "|---|--:|--:|:--|:--|"]
        rows += [f"| {' | '.join(row)} |" for row in table.rows]
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def draw(tables: list[Measured], path: Path = DOCS / "speed.png") -> None:
    """Draw the figure."""
    with rc_context({"font.size": 7, "axes.spines.top": False, "axes.spines.right": False}):
        figure(tables).savefig(path, dpi=200)


def figure(tables: list[Measured]) -> Figure:
    """A panel for each table that has ways to draw: their times relative to ours, on a logarithmic axis."""
    drawn = [table for table in tables if table.drawn]
    columns: list[list[Measured]] = [[], []]
    for table in drawn:  # into the shorter column
        min(columns, key=lambda column: sum(len(one.drawn) + 3 for one in column)).append(table)
    heights = [[len(table.drawn) + 3 for table in column] for column in columns]
    result = Figure(figsize=(7.2, 0.155 * max(map(sum, heights)) + 0.4), layout="constrained")
    for part, column, ratios in zip(result.subfigures(1, 2), columns, heights, strict=True):
        axes = part.subplots(len(column), 1, height_ratios=ratios, squeeze=False)[:, 0]
        for ax, table in zip(axes, column, strict=True):
            panel(ax, table)
    result.supxlabel(
        "time relative to the baseline, at 1; dots: median, bars: range of the rounds; blue: this package", fontsize=7
    )
    return result


def panel(ax, table: Measured) -> None:
    """One table, with our ways in blue."""
    ratios = {row[0]: (row[2], row[4]) for row in table.rows}
    for place, way in enumerate(reversed(table.drawn)):
        ratio, between = ratios[way]
        ends = [_number(end) for end in between.split(" to ")] if between else [_number(ratio)] * 2
        colour = OURS if way.startswith(OUR_WAYS) else THEIRS
        ax.plot(ends, [place, place], color=colour, linewidth=1.0)
        ax.plot(_number(ratio), place, "o", color=colour, markersize=3.5)
        ax.annotate(ratio, (max(ends), place), (4, 0), textcoords="offset points", va="center", color=colour)
    ax.axvline(1.0, color="0.6", linewidth=0.8, zorder=0)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda ratio, _: f"{ratio:,.0f}" if ratio >= 1.0 else f"{ratio:g}")
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.margins(x=0.2)
    ax.set_ylim(-0.6, len(table.drawn) - 0.4)
    ax.set_yticks(range(len(table.drawn)), reversed(table.drawn))
    ax.tick_params(axis="y", length=0)
    ax.set_title(fill(table.title, 26), loc="left", fontsize=7, fontweight="bold")
