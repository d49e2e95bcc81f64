"""Regret on linear and logarithmic axes, with the slope of the lower bound where it is known."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.figures.curves import panel_of
from boltzmann_rl.figures.layout import Panel, arranged
from boltzmann_rl.figures.looks import Look
from boltzmann_rl.figures.panels import captioned, said_of_bands
from boltzmann_rl.figures.view import View

_BOUND = Look("slope of Lai & Robbins' lower bound", False, "#606060", (0, (1, 1)), "None")


def plot_regret(view: View, curves: pd.DataFrame, slopes: Mapping[str, float]) -> Figure:
    """The regret so far, on a linear and on a logarithmic axis of steps, with the problems below each other.

    Args:
        view: Whose only metric is the regret so far.
        curves: The table `Results.curves`.
        slopes: The slope of the lower bound against ln(steps) on each problem where it is known.

    Returns:
        A figure that pyplot does not know.
    """
    blocks = [[panel_of(view, curves, (problem, view.metrics[0])), _late(view, curves, problem, slopes)]
              for problem in view.problems]  # fmt: skip
    said = "the bound holds for the slope at large numbers of steps, not for the height" if slopes else ""
    lines = captioned(curves, said_of_bands(curves, view.confidence), said)
    return arranged(view, blocks, lines, [_BOUND] if slopes else [])


def _late(view: View, curves: pd.DataFrame, problem: str, slopes: Mapping[str, float]) -> Panel:
    """The panel with a logarithmic axis of steps."""
    linear = panel_of(view, curves, (problem, view.metrics[0]))

    def draw(ax: Axes, shown: View) -> Sequence[str]:
        notes = linear.draw(ax, shown.with_log("x"))
        if problem in slopes:
            draw_bound(ax, slopes[problem])
        return notes

    return linear._replace(heading=f"{linear.heading}, logarithmic axis", draw=draw)


def draw_bound(ax: Axes, slope: float) -> None:
    """Draw slope · ln(steps), as far as it lies in the panel; on a logarithmic axis of steps it is a straight line.

    Args:
        ax: A panel with the regret so far.
        slope: `boltzmann_rl.statistics.lower_bounds.lai_robbins`.
    """
    steps = np.geomspace(1.0, ax.get_xlim()[1], 200)
    heights = slope * np.log(steps)
    inside = heights <= ax.get_ylim()[1]
    ax.plot(steps[inside], heights[inside], color=_BOUND.colour, linestyle=_BOUND.dashes, linewidth=1.3)
