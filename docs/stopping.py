"""Draw ``stopping.png`` and print its numbers: when the shipped testbed would have stopped, and how many runs it takes.

Run: ``python docs/stopping.py``; it simulates 20,000 runs of the testbed's seven agents, a few minutes on one core.
"""

import itertools
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.figures.style import COLOURS, SMALL, Drawing, plain_ticks, styled
from boltzmann_rl.statistics.forecasts import of_sums
from boltzmann_rl.statistics.intervals import spread_of
from boltzmann_rl.statistics.stopping import AT_MOST, Decision, decisions, look_at, looks

sys.path.insert(0, str(Path(__file__).parents[1] / "experiments"))
from ten_armed_testbed import EXPERIMENT

ALPHA, SHIPPED, POOL, SEQUENCES = 0.05, 2000, 20_000, 400

# Decimal logarithm of the largest e-value that is drawn; larger ones are triangles there.
HIGHEST = 7.0

LABELS = {True: "decided pair, up to its decision", False: "open pair"}


class Pair(NamedTuple):
    """Two agents: what the shipped runs say of them, and how many runs a decision takes.

    Attributes:
        labels: Of both agents.
        d: The true mean difference in standard deviations, of 20,000 runs.
        looks: Runs, e-value and decision at each look at the 2,000 runs that are shipped.
        alone: Runs to the decision, if the pair is declared alone: mean and the largest of nine in ten, of sequences
            drawn from the 20,000 runs.
        together: The same, if all pairs are declared.
    """

    labels: tuple[str, str]
    d: float
    looks: list[tuple[int, float, Decision]]
    alone: tuple[float, float]
    together: tuple[float, float]


def measured() -> list[Pair]:
    """All pairs of the shipped testbed."""
    table = replace(EXPERIMENT, runs=POOL).run(progress=False).runs
    means = {agent: of["reward"].to_numpy() / EXPERIMENT.steps for agent, of in table.groupby("agent", sort=False)}
    pairs, found, rng = list(itertools.combinations(means, 2)), [], np.random.default_rng(0)
    for first, second in pairs:
        pool = means[first] - means[second]
        d = float(pool.mean() / pool.std(ddof=1))
        both = [needed(pool, ALPHA / number, rng) for number in (1, len(pairs))]
        found.append(Pair((first, second), d, at_looks(pool[:SHIPPED], ALPHA / len(pairs)), *both))
    return found


def at_looks(differences: np.ndarray, alpha: float) -> list[tuple[int, float, Decision]]:
    """What each look says, up to the first that decides."""
    said = []
    for runs in looks(len(differences)):
        look = look_at(spread_of(differences[:runs]), alpha)
        said.append((runs, look.log_e / np.log(10.0), look.decision))
        if look.decision != Decision.OPEN:
            break
    return said


def needed(pool: np.ndarray, alpha: float, rng: np.random.Generator) -> tuple[float, float]:
    """Runs to the decision: their mean, and the largest of nine in ten; at most the last look before 10,000."""
    ends = looks(AT_MOST)
    sums, runs = np.zeros((SEQUENCES, 3)), np.full(SEQUENCES, float(ends[-1]))
    open_, before = np.ones(SEQUENCES, dtype=bool), 0
    for look in ends:
        drawn = (pool[rng.integers(len(pool), size=(SEQUENCES, look - before))] - pool.mean()) / pool.std()
        sums += np.stack([(drawn**power).sum(axis=1) for power in (1, 2, 3)], axis=-1)
        decided = open_ & ~np.isnan(decisions(of_sums(sums, look, pool.mean(), pool.std()), alpha))
        runs[decided], open_, before = look, open_ & ~decided, look
        if not open_.any():
            break
    return float(runs.mean()), float(np.quantile(runs, 0.9))


def draw(pairs: list[Pair]) -> Figure:
    """Left: e-values of the shipped runs. Right: the share of the shipped runs that a decision takes."""
    with styled():
        figure = Drawing(figsize=(7.0, 3.3), layout="constrained")
        left, right = figure.subplots(1, 2)
        draw_e_values(left, pairs)
        draw_shares(right, pairs)
        said = (
            f"Left: the {SHIPPED:,} shipped runs, at each look. Right: means over {SEQUENCES} sequences drawn from "
            f"{POOL:,} runs; bars reach\nup to the largest of nine in ten sequences. Dotted: threshold, |d| = 0.15, "
            "and 30 % of the shipped runs"
        )
        figure.suptitle(said, fontsize=SMALL, x=0.01, ha="left")
        figure.legend(loc="outside lower center", ncols=4, frameon=False)
    return figure


def draw_e_values(ax: Axes, pairs: list[Pair]) -> None:
    """The e-value of every pair at each look, up to its decision; triangles are beyond the panel."""
    labelled: set[bool] = set()
    for pair in pairs:
        runs, logs, said = zip(*pair.looks, strict=True)
        decided = said[-1] != Decision.OPEN
        colour = COLOURS[0] if decided else COLOURS[1]
        line = {
            "linestyle": "-" if decided else (0, (5, 1.5)),
            "label": "_" if decided in labelled else LABELS[decided],
        }
        labelled.add(decided)
        ax.plot(runs, 10.0 ** np.array(logs), color=colour, linewidth=0.9, **line)
        if decided:
            above = logs[-1] > HIGHEST
            ax.plot(runs[-1], 10.0 ** min(logs[-1], HIGHEST), "^" if above else "o", color=colour, markersize=4)
    threshold = len(pairs) / ALPHA
    ax.axhline(threshold, color="black", linewidth=0.8, linestyle=":")
    ax.annotate(f"{len(pairs)} / {ALPHA} = {threshold:.0f}", (SHIPPED, threshold), xytext=(0, -3),
                textcoords="offset points", ha="right", va="top", fontsize=SMALL)  # fmt: skip
    ax.set(
        xscale="log",
        yscale="log",
        ylim=(0.05, 2.0 * 10.0**HIGHEST),
        xlabel="runs",
        ylabel="e-value against equal means",
    )
    ax.set_title("All pairs of the testbed, up to the decision")
    plain_ticks(ax.xaxis, at=(1.0, 3.0))


def draw_shares(ax: Axes, pairs: list[Pair]) -> None:
    """Mean runs to the decision against the effect size, with the largest of nine in ten sequences."""
    sizes = np.array([abs(pair.d) for pair in pairs])
    for number, (name, label) in enumerate(
        (("together", f"all {len(pairs)} pairs declared"), ("alone", "declared alone"))
    ):
        mean, high = np.array([getattr(pair, name) for pair in pairs]).T / SHIPPED
        colour = COLOURS[1 - number]
        up = [np.zeros_like(mean), np.maximum(high - mean, 0.0)]
        style = {"fmt": "so"[number], "color": colour, "markersize": 3.5, "elinewidth": 0.8}
        ax.errorbar(sizes, mean, up, markerfacecolor="white" if number == 0 else colour, label=label, **style)
    ax.axhline(0.3, color="black", linewidth=0.8, linestyle=":")
    ax.axvline(0.15, color="black", linewidth=0.8, linestyle=":")
    ax.set(xscale="log", yscale="log", xlabel="|d|: mean difference in standard deviations")
    ax.set_ylabel(f"share of the {SHIPPED:,} runs that are shipped")
    ax.set_title("Runs to the decision")
    plain_ticks(ax.xaxis, at=(1.0, 1.5, 3.0))
    plain_ticks(ax.yaxis, at=(1.0, 3.0))


def print_numbers(pairs: list[Pair]) -> None:
    """The table of the page."""
    print("| pair | d | decided in the shipped runs | mean runs, alone | of 2,000 | mean runs, all pairs | of 2,000 |")
    print("|--|--:|--:|--:|--:|--:|--:|")
    for pair in sorted(pairs, key=lambda pair: -abs(pair.d)):
        runs, _, said = pair.looks[-1]
        at = "open" if said == Decision.OPEN else f"{runs:,}"
        shares = [f"{mean:,.0f} | {mean / SHIPPED:.0%}" for mean, _ in (pair.alone, pair.together)]
        print(f"| {pair.labels[0]} − {pair.labels[1]} | {pair.d:.2f} | {at} | {' | '.join(shares)} |")
    clear = [pair for pair in pairs if abs(pair.d) >= 0.15]
    print(
        f"\n|d| ≥ 0.15: {len(clear)} pairs, at most {max(pair.alone[0] for pair in clear) / SHIPPED:.0%} alone", end=""
    )
    print(f" and {max(pair.together[0] for pair in clear) / SHIPPED:.0%} with all pairs of the runs that are shipped")


if __name__ == "__main__":
    everything = measured()
    print_numbers(everything)
    draw(everything).savefig(Path(__file__).with_suffix(".png"), dpi=150, metadata={"Software": None})
