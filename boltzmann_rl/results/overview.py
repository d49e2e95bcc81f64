"""The table of a summary that one reads: an agent a row, a metric a column, as text, HTML, LaTeX and Markdown."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from boltzmann_rl.arguments import as_sequence, shown
from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.engines.metrics import Metric
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.results.checks import refuse_missing
from boltzmann_rl.results.choices import renamed
from boltzmann_rl.results.manifest import judgement_in
from boltzmann_rl.results.measures import measures_in

# What stands for a character that LaTeX reads as a command.
_LATEX = {"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
_LATEX |= {mark: f"\\{mark}" for mark in "&%$#_{}"}
_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "ε": "varepsilon", "λ": "lambda", "σ": "sigma", "τ": "tau"}
_LATEX |= {letter: f"$\\{name}$" for letter, name in _GREEK.items()}
_LATEX |= {"√": r"$\surd$", "∞": r"$\infty$", "−": "$-$", "±": r"$\pm$"}

# What Markdown reads as markup, but for marks that begin a line.
_MARKDOWN = frozenset("\\`*_{}[]<>|~&$")


class Summarised(Protocol):
    """What an overview is of: `boltzmann_rl.results.results.Results`."""

    @property
    def summary(self) -> pd.DataFrame:
        """Means over whole runs, with intervals."""

    @property
    def manifest(self) -> dict[str, Any]:
        """The declaration."""


def table(results: Summarised, metrics: Sequence[str] | None = None) -> pd.DataFrame:
    """The summary that one reads: a row for each agent, best first, and its means with their intervals as text.

    The numbers, the distance to the best agent and further columns are in ``summary``.

    Args:
        results: Of an experiment.
        metrics: Names of metrics; by default all.

    Raises:
        FileNotFoundError: The results were loaded from a folder without the summary.
        TypeError, ValueError: There is no such metric.
    """
    refuse_missing(results.summary, "summary")
    return overview(results.summary, results.manifest, metrics)


def to_html(results: Summarised, metrics: Sequence[str] | None = None) -> str:
    """The `table` in HTML, with heads in words and the best mean of each metric in bold."""
    refuse_missing(results.summary, "summary")
    return as_html(results.summary, results.manifest, metrics)


def to_latex(
    results: Summarised, metrics: Sequence[str] | None = None, *, labels: Mapping[str, str] | None = None
) -> str:
    r"""The `table` in LaTeX, with the best mean of each metric in bold; ``\usepackage{booktabs}`` has its lines.

    Args:
        results: Of an experiment.
        metrics: Names of metrics; by default all.
        labels: What to write instead of labels of agents, families and problems, as LaTeX reads it:
            ``{"cold": r"$\tau=0.1$"}``. The label of a family begins those of its agents. All others are text.

    Raises:
        FileNotFoundError: The results were loaded from a folder without the summary.
        TypeError, ValueError: There is no such metric or label, or what to write is not one line of text.

    Example:
        >>> import boltzmann_rl as brl
        >>> agents = {"cold": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1))}
        >>> results = brl.BanditExperiment("x", brl.GaussianBandit(), agents, runs=9, steps=9).run(progress=False)
        >>> r"$\tau=0.1$ & \textbf{" in results.to_latex(["reward"], labels={"cold": r"$\tau=0.1$"})
        True
    """
    head, rows = _lines(results, metrics, labels, latex, lambda text: f"\\textbf{{{text}}}")
    numbers = len(_names(results.summary, results.manifest, metrics))
    return "\n".join(
        [
            f"% {note_of(results.summary, results.manifest)}",
            rf"\begin{{tabular}}{{{'l' * (len(head) - numbers)}{'r' * numbers}}}",
            *(r"\toprule", " & ".join(head) + r" \\", r"\midrule"),
            *(" & ".join(row) + r" \\" for row in rows),
            *(r"\bottomrule", r"\end{tabular}", ""),
        ]
    )


def to_markdown(
    results: Summarised, metrics: Sequence[str] | None = None, *, labels: Mapping[str, str] | None = None
) -> str:
    """The `table` in Markdown, as GitHub reads it, with the best mean of each metric in bold.

    Arguments and errors are those of `to_latex`; ``labels`` are written as Markdown reads them.

    Example:
        >>> import boltzmann_rl as brl
        >>> agents = {"cold": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1))}
        >>> results = brl.BanditExperiment("x", brl.GaussianBandit(), agents, runs=9, steps=9).run(progress=False)
        >>> "| *cold* | **" in results.to_markdown(["reward"], labels={"cold": "*cold*"})
        True
    """
    head, rows = _lines(results, metrics, labels, markdown, lambda text: f"**{text}**")
    numbers = len(_names(results.summary, results.manifest, metrics))
    rule = [*["---"] * (len(head) - numbers), *["---:"] * numbers]
    note = markdown(note_of(results.summary, results.manifest))
    return "\n".join([*(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)), "", note, ""])


def overview(summary: pd.DataFrame, manifest: Mapping[str, Any], metrics: Sequence[str] | None = None) -> pd.DataFrame:
    """The means of a summary with their intervals, as text.

    Args:
        summary: The table `Results.summary`.
        manifest: The manifest of the results.
        metrics: Columns of the summary; by default all metrics.

    Raises:
        TypeError, ValueError: There is no such metric.
    """
    names = _names(summary, manifest, metrics)
    labels = ["problem", "agent"] if summary["problem"].nunique() > 1 else ["agent"]
    cells = dict(_column(summary, name, manifest) for name in names)
    return pd.DataFrame({label: summary[label].map(visible) for label in labels} | cells)


def note_of(summary: pd.DataFrame, manifest: Mapping[str, Any]) -> str:
    """What the intervals are, and of how many runs."""
    runs = int(summary["runs"].max())
    if runs < 2:
        return "One run, which has no intervals."
    return f"Means of {runs} runs with {100.0 * judgement_in(manifest).confidence:g} % confidence intervals."


def as_html(summary: pd.DataFrame, manifest: Mapping[str, Any], metrics: Sequence[str] | None = None) -> str:
    """The overview as an HTML table, with the best mean of each metric in bold; labels are text, never markup."""
    table, names = overview(summary, manifest, metrics), _names(summary, manifest, metrics)
    heads = [str(label).capitalize() for label in table.columns[: -len(names)]]
    for name, column in zip(names, table.columns[-len(names) :], strict=True):
        heads.append(f"{_in_words(name, manifest)}{column.removeprefix(visible(name))}")
        table[column] = table[column].map(signed)
    rows = _rows(table, _best(summary, manifest, names), html.escape, lambda text: f"<strong>{text}</strong>")
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in heads)
    body = "\n".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    note = html.escape(note_of(summary, manifest))
    return f"<table>\n<caption>{note}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def signed(number: str) -> str:
    """A number as text with a true minus sign.

    Example:
        >>> signed("-1.5 ± 0.2")
        '−1.5 ± 0.2'
    """
    return number.replace("-", "−")


def markdown(text: str) -> str:
    r"""Text as Markdown shows it, also in a cell of a table.

    Example:
        >>> print(markdown("a|b *c* <d>"))
        a\|b \*c\* \<d\>
    """
    return "".join(f"\\{mark}" if mark in _MARKDOWN else mark for mark in text)


def latex(text: str) -> str:
    r"""Text as LaTeX shows it, with Greek letters and signs in math mode.

    Example:
        >>> print(latex("τ_0 = 5 %"))
        $\tau$\_0 = 5 \%
    """
    return "".join(_LATEX.get(mark, mark) for mark in text)


def _names(summary: pd.DataFrame, manifest: Mapping[str, Any], metrics: Sequence[str] | None) -> list[str]:
    known = [str(name) for name in summary if f"{name}_low" in summary and name != "behind"]
    if metrics is None:
        return known
    for name in as_sequence(metrics, "metrics", "names"):
        if name not in known:
            raise ValueError(f"metrics must be among {', '.join(known)}, got {shown(name)}")
    return [*metrics]


def _is_share(name: str, manifest: Mapping[str, Any]) -> bool:
    return any(metric.name == name and metric.scale == "percent" for metric in measures_in(manifest).metrics)


def _in_words(name: str, manifest: Mapping[str, Any]) -> str:
    """What a metric's mean over whole runs is called in figures, or its name."""
    metric = next((metric for metric in measures_in(manifest).metrics if metric.name == name), Metric(name))
    return visible(metric.of_run or metric.title or name)


def _column(summary: pd.DataFrame, name: str, manifest: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Head and cells of a metric, with the unit in the head: percent for shares, a power of ten for extreme numbers.

    A cell is the mean ± half the interval where all intervals are symmetric to the digits shown, else it has both ends.
    """
    mean, low, high = (summary[f"{name}{end}"].to_numpy(dtype=float) for end in ("", "_low", "_high"))
    unit, shown_unit = _unit(np.abs(mean).max(), _is_share(name, manifest))
    mean, low, high = mean / unit, low / unit, high / unit
    half = (high - low) / 2.0
    finite = np.isfinite(half)
    wide = half[finite & (half > 0.0)]
    digits = int(max(0.0, 1.0 - np.floor(np.log10(np.median(wide))))) if len(wide) else 4
    symmetric = (np.abs((low + high) / 2.0 - mean)[finite] < 10.0**-digits).all()
    cells = []
    for value, begin, end, width in zip(mean, low, high, half, strict=True):
        spread = f" ± {width:.{digits}f}" if symmetric else f" [{begin:.{digits}f}, {end:.{digits}f}]"
        cells.append(f"{value:.{digits}f}{spread if np.isfinite(width) else ''}")
    return f"{visible(name)}{shown_unit}", cells


def _unit(largest: float, share: bool) -> tuple[float, str]:
    """By what numbers are divided, and how a head says it."""
    if share:
        return 0.01, " [%]"
    if not 0.0 < largest < np.inf or 1e-3 <= largest < 1e6:
        return 1.0, ""
    exponent = 3 * int(np.floor(np.log10(largest) / 3.0))
    return 10.0**exponent, f" [1e{exponent}]"


def _best(summary: pd.DataFrame, manifest: Mapping[str, Any], names: Sequence[str]) -> Any:
    """Which means (rows of the summary, columns of metrics) are the best of their problem."""
    higher = {metric.name: metric.higher_is_better for metric in measures_in(manifest).metrics}
    marks = []
    for name in names:
        values = summary[name].astype(float) * (1.0 if higher.get(name, True) else -1.0)
        marks.append(values == values.groupby(summary["problem"]).transform("max"))
    return np.array(marks).T.reshape(len(summary), len(names))


def _lines(
    results: Summarised,
    metrics: Sequence[str] | None,
    labels: Any,
    text: Callable[[str], str],
    bold: Callable[[str], str],
) -> tuple[list[str], list[list[str]]]:
    """The head of the table and its rows, in a language that writes text and bold text in this way."""
    refuse_missing(results.summary, "summary")
    summary, manifest = results.summary, results.manifest
    table, best = overview(summary, manifest, metrics), _best(summary, manifest, _names(summary, manifest, metrics))
    named = _named(labels, summary, manifest, text)
    return [text(str(name)) for name in table], _rows(table, best, text, bold, named)


def _named(
    labels: Any, summary: pd.DataFrame, manifest: Mapping[str, Any], text: Callable[[str], str]
) -> dict[str, str]:
    """What is written instead of labels as the overview has them; that of a family begins those of its agents."""
    there = dict.fromkeys([*summary["agent"], *summary["problem"]])
    named = renamed(labels, there, manifest)
    for agent, (family, _) in (manifest.get("study") or {}).items():
        if family in named and agent.startswith(family):
            named.setdefault(agent, named[family] + text(agent.removeprefix(family)))
    return {visible(label): instead for label, instead in named.items()}


def _rows(
    table: pd.DataFrame,
    best: Any,
    text: Callable[[str], str],
    bold: Callable[[str], str],
    named: Mapping[str, str] = MappingProxyType({}),
) -> list[list[str]]:
    """The cells of all rows, with the best ones in bold; labels in ``named`` are written as it has them."""
    labels = len(table.columns) - best.shape[1]
    rows = []
    for cells, marks in zip(table.astype(str).itertuples(index=False), best, strict=True):
        names = [named[cell] if cell in named else text(cell) for cell in cells[:labels]]
        numbers = [text(cell) for cell in cells[labels:]]
        rows.append([*names, *(bold(one) if mark else one for one, mark in zip(numbers, marks, strict=True))])
    return rows
