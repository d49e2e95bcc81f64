"""Single runs as thin lines behind the mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from boltzmann_rl.figures.looks import Look
from boltzmann_rl.figures.panels import Band

# More runs of an agent than this would be a band again.
_MOST = 50

# Inches: in narrower axes lines lie closer together, and are fainter.
_WIDE = 4.0


def draw_runs(ax: Axes, runs: pd.DataFrame, metric: str, looks: Mapping[str, Look]) -> None:
    """Draw the first runs of each agent on one problem, as means over windows; none of agents behind others."""
    for agent, look in looks.items():
        if look.behind:
            continue
        here = runs[(runs["agent"] == agent) & (runs["run"] < _MOST)]
        lines = [np.column_stack([_middle(run), run[metric]]) for _, run in here.groupby("run")]
        alpha = float(np.clip(4.0 / max(len(lines), 1), 0.12, 0.5)) * min(1.0, _width(ax) / _WIDE)
        ax.add_collection(LineCollection(lines, colors=[look.colour], linewidths=0.5, alpha=alpha), autolim=False)


def _width(ax: Axes) -> float:
    """The width of axes in inches."""
    figure: Any = ax.get_figure(root=True)
    return float(ax.bbox.width) / float(figure.dpi)


def edge_means(ax: Axes) -> None:
    """Give the means white edges: among runs in their own colour they would be lost."""
    means = [line.get_xydata() for line in ax.get_lines() if line.get_zorder() >= 2]
    ax.add_collection(LineCollection(means, colors="white", linewidths=2.6, zorder=1.9), autolim=False)


def outline_of(bands: Mapping[str, Band], runs: pd.DataFrame, metric: str) -> dict[str, Band]:
    """The means with the ends of all but the most extreme hundredth of the runs on either side, for limits."""
    found = {}
    for agent, band in bands.items():
        values = runs.loc[(runs["agent"] == agent) & (runs["run"] < _MOST), metric].to_numpy(np.float64)
        low, high = np.quantile(values, [0.01, 0.99]) if len(values) else (np.nan, np.nan)
        found[agent] = band._replace(low=np.full_like(band.mean, low), high=np.full_like(band.mean, high))
    return found


def said_of_runs(runs: pd.DataFrame) -> str:
    """What the thin lines are, for a caption."""
    number, windows = int(runs["run"].max()) + 1, int(runs["window"].max()) + 1
    which = f"the first {_MOST} of {number} runs" if number > _MOST else "all runs"
    return f"thin lines: {which}, as means over {windows} windows"


def _middle(run: pd.DataFrame) -> pd.Series:
    """The middle of each window, with steps counted from 1."""
    return (run["begin"] + run["end"] + 1) / 2.0
