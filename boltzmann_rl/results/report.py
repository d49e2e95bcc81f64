"""The report: results as one page that can be handed on."""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from boltzmann_rl.arguments import shown
from boltzmann_rl.arguments.labels import visible
from boltzmann_rl.lazy import pandas as pd
from boltzmann_rl.reports.pages import page_of
from boltzmann_rl.reports.scripts import script_of, web
from boltzmann_rl.results.charts import curves_of, differences_of, ranks_of
from boltzmann_rl.results.checks import refuse_missing
from boltzmann_rl.results.configurations import configuration_in, json_of, links_of
from boltzmann_rl.results.manifest import judgement_in
from boltzmann_rl.results.measures import better_in
from boltzmann_rl.results.overview import as_html, note_of, signed
from boltzmann_rl.results.styles import css_of, looks_in
from boltzmann_rl.storage.atomic import write

_NO_CONFIGURATION = (
    "This experiment has no configuration: it uses classes defined outside the package, or its results predate "
    "configuration files."
)
_PLAYGROUND = (
    "Linked agents are shown by the playground, if it lies beside this page: "
    "<code>boltzmann-rl play --output playground.html --no-browser</code>"
)


def report(results: Any, path: str | Path) -> Path:
    """Write these results as one HTML file, which needs no server and no network.

    It has the verdict, curves to read and zoom, the difference of the best two agents, tables, the declaration, and
    how to repeat it. ``boltzmann-rl report`` writes one page of several experiments.

    Args:
        results: Of an experiment.
        path: Ends in ``.html``.

    Returns:
        The path.

    Raises:
        FileNotFoundError: These results were loaded from a folder without the curves or the summary.
        ValueError: Another ending.
    """
    path = Path(path)
    if path.suffix != ".html":
        raise ValueError(f"path must end in .html, got {shown(str(path))}")
    write(path, page_of_results([results]).encode())
    return path


def page_of_results(results: Sequence[Any]) -> str:
    """Results as HTML: one file that needs no server, loads nothing, and runs in any current browser.

    It has the verdict in a sentence, curves that can be read, zoomed and switched on and off, the difference of the
    best two agents, tables, how a bandit's agents divide their probability among the arms, the declaration, and how to
    repeat it. Without JavaScript it still has text and tables. Differences and probabilities need the cells.

    Args:
        results: `boltzmann_rl.results.results.Results`, at least one of them.

    Raises:
        FileNotFoundError: They were loaded from a folder without curves or summary.

    Example:
        >>> from boltzmann_rl import Agent, BanditExperiment, Boltzmann, GaussianBandit, SampleAverage
        >>> agents = {f"τ = {t}": Agent(SampleAverage(), Boltzmann(t)) for t in (0.1, 0.3)}
        >>> experiment = BanditExperiment("short", GaussianBandit(arms=3), agents, runs=20, steps=20, seed=0)
        >>> page = page_of_results([experiment.run(progress=False)])
        >>> page.startswith("<!doctype html>"), "τ = 0.3" in page
        (True, True)
    """
    for one in results:
        refuse_missing(one.summary, "summary")
        refuse_missing(one.curves, "curves")
    title = ", ".join(visible(one.name) for one in results)
    head = f"<h1>{len(results)} experiments</h1>\n" if len(results) > 1 else ""
    body = head + "\n".join(_section(one, number, several=len(results) > 1) for number, one in enumerate(results))
    data = json.dumps(
        [_data(one, number) for number, one in enumerate(results)],
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
    )
    agents = "\n".join(css_of(looks_in(one.manifest), number) for number, one in enumerate(results))
    style = f"{web('theme.css')}\n{web('report.css')}\n{agents}\n"
    page = page_of(web("report.html"), style, script_of("report"))
    parts = {"title": html.escape(title), "body": body, "data": _inert(data)}
    return re.sub(r"\[\[(title|body|data)\]\]", lambda hole: parts[hole.group(1)], page)


def _data(results: Any, number: int) -> dict[str, Any]:
    """What the charts of one experiment show."""
    return {
        "axis": str(results.manifest["axis"]),
        "note": note_of(results.summary, results.manifest),
        "agents": [visible(str(agent)) for agent in results.manifest["declaration"]["agents"]],
        "looks": [
            {"style": f"{number}-{place}", "marker": look.marker}
            for place, look in enumerate(looks_in(results.manifest).values())
        ],
        "panels": curves_of(results),
        "differences": differences_of(results),
        "ranks": ranks_of(results),
    }


def _inert(data: str) -> str:
    """JSON that ends no element and begins no comment in a page."""
    return data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _section(results: Any, number: int, *, several: bool) -> str:
    """The text of one experiment, with empty places for its charts."""
    level, links = 2 if several else 1, links_of(results.manifest)
    parts = [
        f'<section class="results" id="results-{number}" aria-labelledby="heading-{number}">',
        f'<h{level} id="heading-{number}">{_text(results.name)}</h{level}>',
        f"<p class='question'>{_text(_question(results))}</p>",
        f"<p class='verdict'>{_text(results.sentence)}</p>",
        *_failures(results),
        f'<div class="charts" data-results="{number}"></div>',
        f"<h{level + 1}>Means of whole runs</h{level + 1}>",
        _wide(f"Means of whole runs of {results.name}", as_html(results.summary, results.manifest)),
        *_comparisons(results, level + 1),
        f"<h{level + 1}>Declaration</h{level + 1}>",
        _wide(f"Declaration of {results.name}", _declaration(results, links)),
        *([f"<p class='hint operating'>{_PLAYGROUND}</p>"] if links else []),
        f"<h{level + 1}>How to repeat it</h{level + 1}>",
        *_repeating(results),
        *_configuration(results, level + 1),
        "</section>",
    ]
    return "\n".join(parts)


def _question(results: Any) -> str:
    """What the experiment asks."""
    most, agents = "highest" if better_in(results.manifest) > 0.0 else "lowest", results.summary["agent"].nunique()
    where = " and ".join(str(problem) for problem in results.summary["problem"].unique())
    return f"Which of {agents} agents has the {most} {results.manifest['primary']} on {where}?"


def _failures(results: Any) -> Iterator[str]:
    for failure in results.failures:
        yield f"<p class='failure'>{_text(f'{failure.agent} failed on {failure.problem}: {failure.error}')}</p>"


def _comparisons(results: Any, level: int) -> Iterator[str]:
    """The declared comparisons as a table, and what may be wrong with them."""
    table = results.comparisons
    if table.empty:
        return
    columns = {"problem": "Problem"} if table["problem"].nunique() > 1 else {}
    columns |= {"first_agent": "First agent", "second_agent": "Second agent", "difference": "First − second"}
    columns |= {"low": "From", "high": "To", "p_value": "p-value", "verdict": "Verdict"}
    percent = f"{100.0 * judgement_in(results.manifest).confidence:g}"
    yield f"<h{level}>Comparisons</h{level}>"
    yield f"<p>Intervals hold for all pairs of a problem together, with {percent} % confidence.</p>"
    for warning in dict.fromkeys(text for text in table["warning"] if text):
        yield f"<p class='hint'>Warning: {_text(warning)}.</p>"
    yield _wide(f"Comparisons of {results.name}", _table(_written(table), columns))


def _written(table: pd.DataFrame) -> pd.DataFrame:
    """The comparisons with numbers as text: differences and their intervals have the same digits after the point."""
    ends = ["difference", "low", "high"]
    half = (table["high"] - table["low"]).abs().to_numpy(float) / 2.0
    wide = half[np.isfinite(half) & (half > 0.0)]
    digits = int(np.clip(2.0 - np.floor(np.log10(np.median(wide))), 0.0, 12.0)) if len(wide) else 4
    numbers = {name: [signed(f"{value:.{digits}f}") for value in table[name]] for name in ends}
    p_values = ["< 0.001" if value < 0.001 else f"{value:.2g}" for value in table["p_value"]]
    return table.assign(**numbers, p_value=p_values)


def _table(table: pd.DataFrame, columns: dict[str, str]) -> str:
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in columns.values())
    numbers = {"difference", "low", "high", "p_value"}
    lines = table[list(columns)].to_dict("records")
    rows = [f"<tr>{''.join(_cell(line[name], name in numbers) for name in columns)}</tr>" for line in lines]
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{''.join(rows)}\n</tbody>\n</table>"


def _wide(label: str, table: str) -> str:
    """A table that scrolls by itself where it is wider than the page, also by the keyboard."""
    return f'<div class="wide" tabindex="0" role="region" aria-label="{_text(label)}">{table}</div>'


def _cell(content: Any, number: bool) -> str:
    return f"<td{' class=' + repr('number') if number else ''}>{_text(content)}</td>"


def _declaration(results: Any, links: Mapping[str, str]) -> str:
    """Problems and agents as they are written in Python, and numbers."""
    manifest, declared = results.manifest, results.manifest["declaration"]
    rows = [("problem", label, code) for label, code in declared.get("problem", {}).items()]
    rows += [("agent", label, code) for label, code in declared["agents"].items()]
    rows += [(name, "", declared[name]) for name in ("steps", "episodes", "seed") if name in declared]
    rows += [("runs", "", manifest["runs"])]
    lines = [
        f'<tr><th scope="row">{_text(kind)}</th><td>{_linked(label, links if kind == "agent" else {})}</td>'
        f"<td><code>{_text(code)}</code></td></tr>"
        for kind, label, code in rows
    ]
    return f"<table class='declaration'>\n<tbody>\n{''.join(lines)}\n</tbody>\n</table>"


def _linked(label: str, links: Mapping[str, str]) -> str:
    return f'<a href="{html.escape(links[label])}">{_text(label)}</a>' if label in links else _text(label)


def _repeating(results: Any) -> Iterator[str]:
    """The command, the versions and the hashes."""
    manifest = results.manifest
    if file := manifest.get("file"):
        yield f"<pre tabindex='0'><code>boltzmann-rl run {_text(shlex.quote(str(file['path'])))}</code></pre>"
        at = f", of commit {file['commit']}" if file.get("commit") else ""
        yield f"<p>The file has the SHA-256 {_text(file['sha256'])}{_text(at)}.</p>"
    if versions := manifest.get("versions"):
        yield f"<p>It ran with {_text(', '.join(f'{name} {version}' for name, version in versions.items()))}.</p>"
    if "began" in manifest and "seconds" in manifest:
        yield f"<p>It began at {_text(manifest['began'])} and took {manifest['seconds']:.4g} s.</p>"


def _configuration(results: Any, level: int) -> Iterator[str]:
    """The experiment as JSON that ``boltzmann-rl run`` takes."""
    written, name = configuration_in(results.manifest), f"{results.name}.json"
    if written is None:
        yield f"<p>{_NO_CONFIGURATION}</p>"
        return
    label = _text(f"Configuration of {results.name}")
    yield "<details class='configuration'><summary>As configuration</summary>"
    yield f"<p>Saved as {_text(name)}, this runs by <code>boltzmann-rl run {_text(name)}</code>.</p>"
    yield f'<pre tabindex="0" role="region" aria-label="{label}"><code>{html.escape(json_of(written))}</code></pre>'
    yield "</details>"


def _text(something: Any) -> str:
    """Text for a page: visible, and no markup."""
    return html.escape(visible(str(something)))
