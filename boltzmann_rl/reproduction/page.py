"""The page of reproductions: every published number beside ours, with figures and a machine-readable table."""

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boltzmann_rl.reproduction.targets import Row, Target
from boltzmann_rl.results.checks import refuse_links
from boltzmann_rl.results.spreadsheets import csv_bytes
from boltzmann_rl.storage.atomic import write

# Targets with more numbers than this are shown as one line, with the largest and the mean distance.
_FEW = 7

_HOW_TO_READ = """\
In the figures, open marks are published numbers, and filled ones are ours: exact numbers, or means with 95 % confidence
intervals over the runs in `reproductions.csv`. On the right of each panel are the differences as parts of the
tolerance, also from independent values (crosses). Those in the grey band are within the tolerance."""


def lines_of(row: Row) -> list[dict[str, str]]:
    """A target as lines of a table: ID, published, ours ± standard error, tolerance, verdict.

    If the paper gives no number, the column has the independent value, with its own tolerance.
    """
    target, verdict = row.target, "agrees" if row.passed else "DIFFERS: " + "; ".join(row.failures)
    published, count = np.asarray(target.published), len(target.published)
    if count > _FEW:
        distance = np.abs(row.ours.values - published)
        ours = f"off by {distance.mean():.3g} on average, {distance.max():.3g} at most"
        return [_line(target.id, f"{count} numbers", ours, f"{row.allowed.mean():.3g}", verdict)]
    lines = []
    for k, (ours, error) in enumerate(zip(row.ours.values, row.ours.standard_errors, strict=True)):
        expected, tolerance, kind, judged = published[k], row.allowed[k], "", verdict
        if np.isnan(expected):
            expected, tolerance, kind = row.independent[k], row.independent_allowed[k], " (independent)"
            judged = "nothing to compare with" if np.isnan(expected) else verdict
        finest = min(error, tolerance) or tolerance
        decimals = max(0, 1 - math.floor(math.log10(finest))) if finest > 0.0 else 6
        lines.append(
            _line(
                target.id + (f" [{_place(target, k)}]" if count > 1 else ""),
                "–" if np.isnan(expected) else f"{expected:.10g}{kind}",
                f"{ours:.{decimals}f}" + (f" ± {error:.2g}" if error else ""),
                "–" if np.isnan(expected) else f"{tolerance:.3g}",
                judged,
            )
        )
    return lines


def _place(target: Target, number: int) -> str:
    """The position of a number, with its unit if a target has several."""
    unit = f", {target.units[number]}" if len(set(target.units)) > 1 else ""
    return f"{target.x[number]}{unit}"


def _line(*texts: str) -> dict[str, str]:
    return dict(zip(("id", "published", "ours", "tolerance", "verdict"), texts, strict=True))


def save_reproductions(
    papers: Mapping[str, Sequence[Row]],
    folder: Path,
    figures: Mapping[str, Mapping[str, bytes]],
    titles: Mapping[str, str],
) -> Path:
    """Write the page ``README.md``, ``reproductions.csv`` and a figure for each paper.

    Args:
        papers: The rows of each paper, by the name of its file.
        folder: The folder to write to, ``results/reproductions``.
        figures: The bytes of each paper's figure by image format, by the name of its file.
        titles: The title of each paper, by the name of its file.

    Returns:
        The path of the page.
    """
    refuse_links(folder, folder / "figures")
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    rows = [row for members in papers.values() for row in members]
    passed = sum(row.passed for row in rows)
    page = ["# Published numbers and ours", "", f"{passed} of {len(rows)} targets agree.", "", _HOW_TO_READ, ""]
    for paper, members in papers.items():
        write(folder / "figures" / f"{paper}.png", figures[paper]["png"])
        agree = f"{sum(row.passed for row in members)} of {len(members)} targets agree"
        shown = f"Published numbers, ours, and their differences in units of the tolerance: {agree}"
        page += [f"## {_cell(titles[paper])}", "", f"![{shown}](figures/{paper}.png)", ""]
        for source, group in itertools.groupby(members, key=lambda row: row.target.source):
            page += [f"{_cell(source)}:", ""]
            page += ["| ID | published | ours ± standard error | tolerance | verdict |", "|---|---|---|---|---|"]
            lines = [line for row in group for line in lines_of(row)]
            page += [*("| " + " | ".join(_cell(text) for text in line.values()) + " |" for line in lines), ""]
    write(folder / "reproductions.csv", csv_bytes(pd.DataFrame([line for row in rows for line in _numbers(row)])))
    write(folder / "README.md", "\n".join(page).encode())
    return folder / "README.md"


def _numbers(row: Row) -> list[dict[str, Any]]:
    target = row.target
    return [
        {
            "id": target.id,
            "x": target.x[k] if target.x else "",
            "published": target.published[k],
            "independent": row.independent[k],
            "ours": row.ours.values[k],
            "standard_error": row.ours.standard_errors[k],
            "tolerance": row.allowed[k],
            "runs": row.ours.runs,
            "agrees": row.passed,
            "source": target.source,
            "study": repr({f.name: getattr(target.study, f.name) for f in dataclasses.fields(target.study)}),
        }
        for k in range(len(target.published))
    ]


def _cell(text: str) -> str:
    """Text for a cell of a Markdown table: on one line, with its bars escaped."""
    return " ".join(text.split()).replace("|", "\\|")
