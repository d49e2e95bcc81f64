"""Run all benchmarks: print their tables, and write them to ``docs/speed.md`` with the figure beside it.

Other libraries are compared if they are installed: ``pip install 'boltzmann-rl[fast]' jax mabwiser`` and PyTorch. Takes
about a quarter of an hour. Run: ``python benchmarks``.
"""

import os
import platform
from argparse import ArgumentParser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median

import backends
import batches
import decision
import many_actions
import runs
import startup
import tabular
import testbed
import training
from matplotlib import rc_context
from matplotlib.figure import Figure
from rounds import COLUMNS, Table, plain, show

from boltzmann_rl.storage.atomic import write

DOCS = Path(__file__).parents[1] / "docs"
MODULES = (testbed, many_actions, tabular, decision, batches, backends, training, runs, startup)
COMPARED = ("boltzmann-rl", "numpy", "numba", "gymnasium", "torch", "jax", "mabwiser")
OURS, THEIRS = "#0072B2", "#D55E00"  # of Okabe & Ito
OUR_WAYS = ("act", "compiled", "reference", "sampler")


def main() -> None:
    """Measure, write, draw."""
    ArgumentParser(prog="python benchmarks", description=__doc__).parse_args()
    tables = []
    for module in MODULES:
        for table in module.tables():
            show([table])
            tables.append(table)
    write(DOCS / "speed.md", page(tables).encode())
    with rc_context({"font.size": 7, "axes.spines.top": False, "axes.spines.right": False}):
        figure(tables).savefig(DOCS / "speed.png", dpi=200)


def page(tables: list[Table]) -> str:
    """All tables in Markdown."""
    parts = [
        "# Speed",
        "`python benchmarks` measures this and writes this page. Each table compares several ways to do the same work, "
        "timed in turn, round by round. It shows the median time of each way, and its ratio to the baseline in the "
        "same round: median, smallest and largest. The baseline is the row without a range. Machines differ, and a "
        "busy machine is noisy: look at the ratios.",
        f"{machine()}.",
        "![Ratios of times to that of this package, for each table below: most other ways take a few to thousands of "
        "times as long](speed.png)",
        "*Dots are medians over the rounds, bars their range; this package is blue, everything else orange.*",
    ]
    for table in tables:
        parts.append(f"## {table.title}")
        rows = [f"| {' | '.join(COLUMNS)} |", "|---|--:|--:|:--|:--|"]
        rows += [f"| {' | '.join(row)} |" for row in table.rows()]
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


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
            versions.append(f"no {name}")
    return f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, {', '.join(versions)}"


def figure(tables: list[Table]) -> Figure:
    """A panel for each table that has ways to draw: their times relative to ours, on a logarithmic axis."""
    drawn = [table for table in tables if table.drawn]
    columns: list[list[Table]] = [[], []]
    for table in drawn:  # into the shorter column
        min(columns, key=lambda column: sum(len(one.drawn) + 3 for one in column)).append(table)
    heights = [[len(table.drawn) + 3 for table in column] for column in columns]
    result = Figure(figsize=(7.2, 0.155 * max(map(sum, heights)) + 0.4), layout="constrained")
    for part, column, ratios in zip(result.subfigures(1, 2), columns, heights, strict=True):
        axes = part.subplots(len(column), 1, height_ratios=ratios, squeeze=False)[:, 0]
        for ax, table in zip(axes, column, strict=True):
            panel(ax, table)
    result.supxlabel(
        "time as a multiple of ours (at 1); dots: median, bars: range of the rounds; blue: this package", fontsize=7
    )
    return result


def panel(ax, table: Table) -> None:
    """One table, with our ways in blue."""
    for place, way in enumerate(reversed(table.drawn)):
        ratios, colour = table.ratios(way), OURS if way.startswith(OUR_WAYS) else THEIRS
        ax.plot([min(ratios), max(ratios)], [place, place], color=colour, linewidth=1.0)
        ax.plot(median(ratios), place, "o", color=colour, markersize=3.5)
        ax.annotate(
            plain(median(ratios)),
            (max(ratios), place),
            (4, 0),
            textcoords="offset points",
            va="center",
            color=colour,
        )
    ax.axvline(1.0, color="0.6", linewidth=0.8, zorder=0)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda ratio, _: f"{ratio:,.0f}" if ratio >= 1.0 else f"{ratio:g}")
    ax.margins(x=0.2)
    ax.set_ylim(-0.6, len(table.drawn) - 0.4)
    ax.set_yticks(range(len(table.drawn)), reversed(table.drawn))
    ax.tick_params(axis="y", length=0)
    ax.set_title(table.title, loc="left", fontsize=7, fontweight="bold")


if __name__ == "__main__":
    main()
