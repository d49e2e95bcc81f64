"""Figures of the judged tables."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from atlas.bandits import HORIZONS
from atlas.candidates import BOTH, HORIZON, NOTHING, TUNED
from atlas.environments import EPISODES
from atlas.problems import Problem
from atlas.report import ALL, BEST, CHOSEN, JUDGED, Report
from atlas.rules import CONSTANT
from boltzmann_rl.defaults import LONGEST
from boltzmann_rl.figures.style import COLOURS, Drawing, figure_bytes, plain_ticks, styled

_KNOWN = {NOTHING: COLOURS[0], HORIZON: COLOURS[1], BOTH: COLOURS[3], TUNED: COLOURS[-1]}

# The rules whose losses are drawn by horizon.
_SHOWN = (
    "τ falls, in units of noise, first",
    "Boltzmann–Gumbel, C = c·noise",
    "τ = c·noise·(K/(K+t))^p, first",
    "τ = c·noise/√n by visits",
    "greedy by visits, first",
    "ε = c, first",
    "UCB1, c·noise",
    "Thompson, sd = c·noise",
    "τ = 1",
)
_MARKERS = "osDv^<>Ph"

# What is drawn in one figure of bandits and environments: problems, and rules with what they are called there.
_BANDITS = {
    "brl.recommended": "recommended(actions, steps)",
    "Boltzmann–Gumbel, C = c·noise": "recommended(actions)",
    "UCB1, c·noise": "UCB1, c·noise",
    "Thompson, sd = c·noise": "Thompson, c·noise",
    "UCB1, √2": "UCB1, √2",
    "ε = 0.1": "ε = 0.1",
    "τ = 1": "τ = 1",
    CONSTANT.name: "tuned constant τ",
}
_STATES = {
    "brl.recommended": "recommended(…, states=True)",
    "greedy, every action first": "greedy, every action first",
    "ε = 1/t": "ε = 1/t",
    "ε = 0.1": "ε = 0.1",
    "τ = 1": "τ = 1",
    CONSTANT.name: "tuned constant τ",
}
_ANSWERS: dict[str, tuple[Callable[[Problem], bool], Mapping[str, str]]] = {
    "Bandits, 100 to 10,000 steps": (lambda one: one.axis == "step" and one.length <= LONGEST, _BANDITS),
    "Bandits, 30,000 steps": (lambda one: one.axis == "step" and one.length > LONGEST, _BANDITS),
    "Tables of states, 100 to 1,000 episodes": (lambda one: one.axis == "episode", _STATES),
}


def drawn(report: Report, tables: dict[str, pd.DataFrame]) -> dict[str, bytes]:
    """All figures by name, as PNG."""
    with styled():
        found = {
            "losses": losses(report, tables["summary"]),
            "horizons": horizons(report, tables["groups"]),
            "temperatures": temperatures(report, tables["best"]),
        }
        return {name: figure_bytes(figure)["png"] for name, figure in found.items()}


def losses(report: Report, summary: pd.DataFrame) -> Drawing:
    """The losses of every rule: a point for each judged problem, the median and the 90th percentile with intervals."""
    values = report.rule_losses(BEST, JUDGED)
    lines = summary[
        (summary["of"] == JUDGED) & (summary["among"] == ALL) & (summary["against"] == BEST) & (summary["by"] == CHOSEN)
    ].set_index("rule")
    order = sorted(lines.index, key=lambda rule: (list(_KNOWN).index(lines.loc[rule, "knows"]), lines.loc[rule, "p90"]))
    figure = Drawing(figsize=(7.0, 1.2 + 0.26 * len(order)), layout="constrained")
    ax = figure.subplots()
    for height, rule in enumerate(reversed(order)):
        _strip(ax, height, values.loc[rule].dropna(), lines.loc[rule])
    ax.set_yticks(range(len(order)), [_label(lines, rule) for rule in reversed(order)])
    ax.set_ylim(-0.6, len(order) - 0.4)
    ax.axvline(1.0, color="0.6", linewidth=0.8, zorder=0)
    ax.set_xscale("log")
    plain_ticks(ax.xaxis, (1.0, 2.0, 5.0))
    ax.set_xlabel("regret as a multiple of that of the problem's own tuned constant or schedule")
    _keys(figure, ax, set(lines["knows"]))
    ax.set_title(f"Losses on {values.shape[1]} problems that did not choose the constants; each dot is a problem")
    return figure


def _keys(figure: Drawing, ax: Axes, known: Collection[str]) -> None:
    """Say below a figure what colours and markers mean."""
    for knows, colour in _KNOWN.items():
        if knows in known:
            ax.plot([], [], "s", color=colour, markersize=4, label=f"knows {knows}")
    ax.plot([], [], "o", color="0.3", markersize=4, label="median, 95 % interval")
    ax.plot([], [], "D", color="0.3", markersize=3.5, label="90th percentile, 95 % interval")
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=7)


def _strip(ax: Axes, height: float, values: Any, line: Any) -> None:
    """The losses of a rule: dots, with the median above them and the 90th percentile below."""
    colour = _KNOWN[line["knows"]]
    spread = height + 0.1 * np.tile((-1.0, 0.0, 1.0), len(values))[: len(values)]
    ax.plot(np.sort(values), spread, ".", color=colour, alpha=0.5, markersize=4, markeredgewidth=0)
    for name, marker, at in (("median", "o", height + 0.24), ("p90", "D", height - 0.24)):
        ax.plot([line[f"{name}_low"], line[f"{name}_high"]], [at, at], color=colour, linewidth=1.2)
        ax.plot(line[name], at, marker, color=colour, markersize=3.5)


def answers(reports: Sequence[Report]) -> bytes:
    """The losses of what is recommended, and of some others, on all problems that judge, as PNG."""
    shown = [
        (title, report.answer(is_meant, list(rules)), rules)
        for title, (is_meant, rules) in _ANSWERS.items()
        for report in reports
        if any(is_meant(report.problems[name]) for name in report.split.judging)
    ]
    heights = [len(rules) + 0.8 for _, _, rules in shown]
    with styled():
        figure = Drawing(figsize=(5.6, 0.9 + 0.21 * sum(heights)), layout="constrained")
        axes = figure.subplots(len(shown), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
        for ax, (title, (values, lines), rules) in zip(axes, shown, strict=True):
            for height, rule in enumerate(reversed(lines.index)):
                _strip(ax, height, values.loc[rule].dropna(), lines.loc[rule])
            ax.set_yticks(range(len(lines)), [rules[rule] for rule in reversed(lines.index)])
            ax.axvline(1.0, color="0.6", linewidth=0.8, zorder=0)
            ax.set_title(f"{title}: {values.shape[1]} problems")
        axes[-1].set_xscale("log")
        plain_ticks(axes[-1].xaxis)
        axes[-1].set_xlabel("regret / that of the tuned constant or schedule")
        _keys(figure, axes[-1], {knows for _, answer, _ in shown for knows in answer.lines["knows"]})
        return figure_bytes(figure)["png"]


def _label(lines: pd.DataFrame, rule: str) -> str:
    constants = lines.loc[rule, "constants"]
    return f"{rule} [{constants}]" if constants else rule


def horizons(report: Report, groups: pd.DataFrame) -> Drawing:
    """Median and 90th percentile of some rules by horizon, with 95 % intervals over problems."""
    found = groups[groups["by"] == "horizon"]
    order = [name for name in dict.fromkeys((*HORIZONS, *EPISODES)) if name in set(found["group"])]
    unit = "steps" if next(iter(report.problems.values())).axis == "step" else "episodes"
    shown = [rule for rule in _SHOWN if rule in set(found["rule"])]
    figure = Drawing(figsize=(7.0, 3.8), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for ax, name, title in zip(axes, ("median", "p90"), ("Median", "90th percentile"), strict=True):
        for number, rule in enumerate(shown):
            line = found[found["rule"] == rule].set_index("group").reindex(order)
            at, colour = np.arange(len(order)) + 0.07 * (number - len(shown) / 2), COLOURS[number % len(COLOURS)]
            ax.vlines(at, line[f"{name}_low"], line[f"{name}_high"], color=colour, linewidth=1.0, alpha=0.6)
            ax.plot(at, line[name], f"{_MARKERS[number]}-", color=colour, markersize=3.5, linewidth=0.8, label=rule)
        ax.axhline(1.0, color="0.6", linewidth=0.8, zorder=0)
        ax.set_yscale("log")
        plain_ticks(ax.yaxis, (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))
        ax.set_title(title)
        ax.set_xticks(range(len(order)), order)
        ax.set_xlabel(f"horizon in {unit}")
    axes[0].set_ylabel("regret / tuned constant or schedule")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=7)
    return figure


def temperatures(report: Report, best: pd.DataFrame) -> Drawing:
    """The best constant temperature, in units of the noise, against gap, horizon and number of actions."""
    bandits = next(iter(report.problems.values())).axis == "step"
    unit = "noise" if bandits else "range of optimal values"
    figure = Drawing(figsize=(7.0, 3.0), layout="constrained")
    axes = figure.subplots(1, 3, sharey=True)
    shown: Sequence[tuple[str, str]] = (
        ("gap", f"gap of the best two\n/ {unit}"),
        ("length", f"horizon in {'steps' if bandits else 'episodes'}"),
        ("actions", "actions"),
    )
    for ax, (column, label) in zip(axes, shown, strict=True):
        for number, (family, part) in enumerate(best.groupby("family", sort=False)):
            marker, colour = _MARKERS[number], COLOURS[number]
            ax.plot(part[column], part["temperature"], marker, color=colour, markersize=3, alpha=0.8, label=family)
        ax.set_xscale("log")
        ax.set_yscale("log")
        plain_ticks(ax.xaxis, (1.0, 3.0))
        plain_ticks(ax.yaxis)
        ax.set_xlabel(label)
    axes[0].set_ylabel(f"best constant temperature\n/ {unit}")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False, fontsize=7)
    return figure
