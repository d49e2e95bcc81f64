"""Sensitivity: the tuned metric against its parameter, with the range that is about as good as the recommendation."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.figures.families import Family, rule_in
from boltzmann_rl.figures.labels import shortened
from boltzmann_rl.figures.looks import Look, looks_of
from boltzmann_rl.figures.panels import titled, write_title
from boltzmann_rl.figures.style import SMALL, Drawing, plain_ticks, styled


def plot_sensitivity(
    sensitivity: pd.DataFrame, candidates: pd.DataFrame, recommended: pd.DataFrame, settings: Mapping[str, Any]
) -> Figure:
    """The fitted curves of all families, one panel for each, with the problems below each other.

    Args:
        sensitivity: The table `Tuning.sensitivity`.
        candidates: The table `Tuning.candidates`.
        recommended: The table `Tuning.recommended`.
        settings: Of `Tuning.settings`, ``objective``, ``within``, ``confidence`` and ``logarithmic``.

    Returns:
        A Matplotlib figure, as `boltzmann_rl.figures.curves.plot_curves`.
    """
    problems, families = list(sensitivity["problem"].unique()), list(sensitivity["family"].unique())
    looks, written = looks_of({family: Family(family, rule_in(family)) for family in families}), shortened(problems)
    with styled():
        size = max(3.5 * len(families), 4.5), 2.5 * len(problems) + 0.3
        figure = Drawing(figsize=size, layout="constrained")
        axes = figure.subplots(len(problems), len(families), squeeze=False)
        for row, problem in enumerate(problems):
            for column, family in enumerate(families):
                curve, tried, chosen = (_of(one, problem, family) for one in (sensitivity, candidates, recommended))
                ax = axes[row, column]
                write_title(ax, *titled((written[problem], False), (looks[family].label, False), len(problems) > 1))
                if len(curve):
                    if settings["logarithmic"][chosen["parameter"].iloc[0]]:
                        ax.set_xscale("log")
                        plain_ticks(ax.xaxis)
                    _draw(ax, curve, tried, chosen.iloc[0], looks[family])
            axes[row, 0].set_ylabel(settings["objective"])
        level = f"{100 * settings['confidence']:g} %"
        least, most = (f"{count:,}" for count in (candidates["runs"].min(), candidates["runs"].max()))
        runs = f"{most} runs" if least == most else f"{least} to {most} runs"
        figure.suptitle(
            f"Curves fitted to the runs of choosing, with {level} bands; points: candidates with {level} intervals "
            f"over {runs};\nbar: within {100 * settings['within']:g} % of the recommended value, ▼",
            fontsize=SMALL, x=0.01, ha="left",
        )  # fmt: skip
    return figure


def _of(table: pd.DataFrame, problem: str, family: str) -> pd.DataFrame:
    return table[(table["problem"] == problem) & (table["family"] == family)]


def _draw(ax: Axes, curve: pd.DataFrame, tried: pd.DataFrame, best: Any, look: Look) -> None:
    ax.fill_between(curve["value"], curve["low"], curve["high"], color=look.colour, alpha=0.2, linewidth=0)
    ax.plot(curve["value"], curve["mean"], color=look.colour)
    at = tried["value"].to_numpy(np.float64)
    reach = np.abs(tried[["low", "high"]].to_numpy(np.float64).T - tried["mean"].to_numpy(np.float64))
    ax.errorbar(at, tried["mean"], reach, fmt="o", markersize=2.5, linewidth=0.7, color=look.colour)
    ax.plot([best["range_low"], best["range_high"]], [0.012, 0.012], color="0.2", linewidth=3, solid_capstyle="butt",
            transform=ax.get_xaxis_transform())  # fmt: skip
    there = float(np.interp(float(best["value"]), curve["value"], curve["mean"]))
    ax.plot([best["value"]], [there], marker="v", color="0.2", markersize=5, linestyle="none", zorder=3)
    ax.set_ylim(*_limits(curve))
    ax.set_xlabel(f"{str(best['parameter']).rpartition('.')[2]}\n(recommended: {best['value']:.4g})")


def _limits(curve: pd.DataFrame) -> tuple[float, float]:
    """The limits of the vertical axis: all of the band, and a margin."""
    low, high = float(curve["low"].min()), float(curve["high"].max())
    margin = 0.12 * (high - low) or max(abs(high), 1.0)
    return low - margin, high + margin
