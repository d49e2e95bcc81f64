"""The page of reproductions: every published number beside ours, its figures, and a table that a program can read."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from boltzmann_rl.reproduction.targets import Row
from boltzmann_rl.results.checks import refuse_links
from boltzmann_rl.results.spreadsheets import csv_bytes
from boltzmann_rl.storage.atomic import write

__all__ = ["lines_of", "save_reproductions"]

# Targets of more numbers than this are shown as one line: the largest and the mean distance.
_FEW = 7


def lines_of(row: Row) -> list[dict[str, str]]:
    """A target as lines of a table: ID, published, ours ± standard error, tolerance, verdict."""
    verdict = "agrees" if row.passed else "DIFFERS: " + "; ".join(row.failures)
    published = np.asarray(row.target.published)
    if len(published) > _FEW:
        distance = np.abs(row.ours.values - published)
        return [
            {
                "id": row.target.id,
                "published": f"{len(published)} numbers",
                "ours": f"off by {distance.mean():.3g} on average, {distance.max():.3g} at most",
                "tolerance": f"{row.allowed.mean():.3g}",
                "verdict": verdict,
            }
        ]
    lines = []
    for k, (paper, ours, error, allowed) in enumerate(
        zip(published, row.ours.values, row.ours.standard_errors, row.allowed, strict=True)
    ):
        lines.append(
            {
                "id": row.target.id + (f" [{row.target.x[k]}]" if len(published) > 1 else ""),
                "published": f"{paper:.6g}" if paper == paper else "–",
                "ours": f"{ours:.6g}" + (f" ± {error:.2g}" if error else ""),
                "tolerance": f"{allowed:.3g}" if paper == paper else "–",
                "verdict": verdict,
            }
        )
    return lines


def save_reproductions(
    papers: Mapping[str, Sequence[Row]], folder: Path, figures: Mapping[str, Mapping[str, bytes]]
) -> Path:
    """Write the page ``README.md``, ``reproductions.csv`` and a figure a paper.

    Args:
        papers: The rows of each paper, by the name of its file.
        folder: Where to, ``results/reproductions``.
        figures: The bytes of each paper's figure by kind, by the name of its file.

    Returns:
        The page.
    """
    refuse_links(folder, folder / "figures")
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    rows = [row for members in papers.values() for row in members]
    passed = sum(row.passed for row in rows)
    page = ["# Published numbers and ours", "", f"{passed} of {len(rows)} targets agree.", ""]
    for paper, members in papers.items():
        write(folder / "figures" / f"{paper}.png", figures[paper]["png"])
        page += [f"## {_cell(members[0].target.source)}", "", f"![{_cell(paper)}](figures/{paper}.png)", ""]
        page += ["| ID | published | ours ± standard error | tolerance | verdict |", "|---|---|---|---|---|"]
        for row in members:
            page += ["| " + " | ".join(_cell(text) for text in line.values()) + " |" for line in lines_of(row)]
        page.append("")
    write(folder / "reproductions.csv", csv_bytes(pd.DataFrame([line for row in rows for line in _numbers(row)])))
    write(folder / "README.md", "\n".join(page).encode())
    return folder / "README.md"


def _numbers(row: Row) -> list[dict[str, Any]]:
    target = row.target
    independent = target.independent or (float("nan"),) * len(target.published)
    return [
        {
            "id": target.id,
            "x": target.x[k] if target.x else "",
            "published": target.published[k],
            "independent": independent[k],
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
    """Of a Markdown table: on one line, and its bars are not columns."""
    return " ".join(text.split()).replace("|", "\\|")
