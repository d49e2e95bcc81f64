"""Regret on linear and logarithmic axes, with the slope of the lower bound where it is known."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from boltzmann_rl.figures.curves import draw_curves
from boltzmann_rl.figures.legends import legend_below
from boltzmann_rl.figures.looks import Look
from boltzmann_rl.figures.panels import caption, said_of_bands
from boltzmann_rl.figures.style import Drawing, styled
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
    (metric,) = view.metrics
    with styled():
        figure = Drawing(figsize=(7.0, 2.2 * len(view.problems) + 0.7), layout="constrained")
        axes = figure.subplots(len(view.problems), 2, squeeze=False)
        for (linear, logarithmic), problem in zip(axes, view.problems, strict=True):
            draw_curves(linear, curves, view, (problem, metric))
            draw_curves(logarithmic, curves, view.with_log("x"), (problem, metric))
            if problem in slopes:
                draw_bound(logarithmic, slopes[problem])
        said = "the bound holds for the slope at large numbers of steps, not for the height" if slopes else ""
        caption(figure, curves, said_of_bands(curves, view.confidence), said)
        legend_below(figure, [*view.looks.values(), *([_BOUND] if slopes else [])])
        figure.sca(axes[0, 0])
    return figure


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
