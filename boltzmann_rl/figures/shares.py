"""Action shares: how agents divide their probability among the arms over time, stacked."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from boltzmann_rl.arguments import Floats
from boltzmann_rl.figures.layout import Panel, heading, multiples
from boltzmann_rl.figures.looks import Look
from boltzmann_rl.figures.panels import captioned, steps_axis
from boltzmann_rl.figures.view import View

# From dark to light, also in grey and for colour-blind readers: Nuñez et al. (2018), *Optimizing colormaps with
# consideration for color vision deficiency*. The last colour is that of ranks taken together.
_RAMP, _END, _REST = colormaps["cividis"], 0.85, "#f3eed6"


def plot_shares(view: View, ranks: pd.DataFrame, runs: int, areas: int) -> Figure:
    """The mean probability of the arms by their rank, one panel for each agent, with the problems below each other.

    Args:
        view: Which agents and problems are shown.
        ranks: The table `Results.ranks`.
        runs: Their number.
        areas: Of a panel, at most: if there are more ranks, the last area is that of the others together.

    Returns:
        A figure that pyplot does not know.
    """
    arms = int(ranks.loc[ranks["problem"].isin(view.problems), "rank"].max())
    looks = area_looks(arms, areas)
    panels = [_panel(view, ranks, problem, looks) for problem in view.problems]
    said = "mean of the policy's probabilities", "rank of an arm: by its true mean, the best at the bottom"
    return multiples(view, panels, captioned(ranks.assign(runs=runs), *said), looks)


def _panel(view: View, ranks: pd.DataFrame, problem: str, looks: list[Look]) -> Panel:
    title = heading(view, problem, "Probability of the arms")
    return Panel(*title, lambda ax, shown: draw_shares(ax, ranks, shown, (problem, shown.focus), looks))


def draw_shares(ax: Axes, ranks: pd.DataFrame, view: View, panel: tuple[str, str], looks: list[Look]) -> list[str]:
    """Draw stacked areas, the best arm at the bottom.

    Args:
        ax: Where to draw.
        ranks: The table `Results.ranks`.
        view: Of which the axis is taken, and whether it is logarithmic.
        panel: Labels of the problem and of the agent.
        looks: Of `area_looks`.

    Returns:
        What is to be said below the panel: nothing.
    """
    here = ranks[(ranks["problem"] == panel[0]) & (ranks["agent"] == panel[1])]
    wide = here.pivot(index="step", columns="rank", values="probability")
    steps = wide.index.to_numpy(np.float64) + 1.0  # steps are counted from 1 in figures
    steps_axis(ax, float(steps[-1]), view.axis, "x" in view.log)
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    shares = _together(wide.to_numpy(np.float64), len(looks))
    if len(steps) == 1:  # as wide as the panel
        steps, shares = np.array([steps[0], steps[0] + 1.0]), np.repeat(shares, 2, axis=0)
    edges = np.vstack([np.zeros(len(steps)), np.cumsum(shares, axis=1).T])
    for low, high, look in zip(edges, edges[1:], looks, strict=False):
        ax.fill_between(steps, low, high, facecolor=look.colour, edgecolor="face", linewidth=0.2, label=look.label)
    return []


def area_looks(arms: int, areas: int) -> list[Look]:
    """The looks of the areas, in the order of the ranks.

    Example:
        >>> [look.label for look in area_looks(2, 6)], [look.label for look in area_looks(10, 3)]
        (['rank 1 (best)', 'rank 2'], ['rank 1 (best)', 'rank 2', 'ranks 3 to 10'])
    """
    own = arms if arms <= areas else areas - 1
    colours = [to_hex(_RAMP(_END * place / max(own - 1, 1))) for place in range(own)]
    labels = [f"rank {rank}" for rank in range(1, own + 1)]
    labels[0] += " (best)"
    if own < arms:
        colours, labels = [*colours, _REST], [*labels, f"ranks {own + 1} to {arms}"]
    return [Look(label, False, colour, "None", "s") for label, colour in zip(labels, colours, strict=True)]


def _together(shares: Floats, areas: int) -> Floats:
    """Probabilities ``(steps, ranks)`` with the last ranks added up, so that there are at most so many."""
    if shares.shape[1] <= areas:
        return shares
    return np.hstack([shares[:, : areas - 1], shares[:, areas - 1 :].sum(axis=1, keepdims=True)])
