"""The effective number of actions over time, between its limits."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from boltzmann_rl.figures.curves import draw_curves, panel_of
from boltzmann_rl.figures.layout import Panel, arranged
from boltzmann_rl.figures.panels import captioned, said_of_bands
from boltzmann_rl.figures.view import View

# The least distance of a tick from a limit, as a part of the axis.
_ROOM = 0.08


def plot_effective_actions(view: View, curves: pd.DataFrame, arms: Mapping[str, int]) -> Figure:
    """The effective number of actions, one panel for each problem.

    Args:
        view: Whose only metric is that number.
        curves: The table `Results.curves`.
        arms: The number of arms of each problem where it is known.

    Returns:
        A figure that pyplot does not know, or that of the user's axes.
    """
    panels = [_panel(view, curves, problem, arms.get(problem)) for problem in view.problems]
    said = "dotted: 1, a single action" + (", and all arms, chosen uniformly" if arms else "")
    return arranged(view, [panels], captioned(curves, said_of_bands(curves, view.confidence), said))


def _panel(view: View, curves: pd.DataFrame, problem: str, arms: int | None) -> Panel:
    panel = panel_of(view, curves, (problem, view.metrics[0]))
    return panel._replace(draw=lambda ax, shown: draw_effective_actions(ax, curves, shown, problem, arms))


def draw_effective_actions(ax: Axes, curves: pd.DataFrame, view: View, problem: str, arms: int | None) -> list[str]:
    """Draw the curves, and lines at 1 and at the number of arms.

    Args:
        ax: Where to draw.
        curves: The table `Results.curves`.
        view: Of which the only metric, the looks and the logarithmic scales are taken.
        problem: Its label.
        arms: Their number; None where it is not known.

    Returns:
        What is to be said below the panel.
    """
    notes = draw_curves(ax, curves, view, (problem, view.metrics[0]))
    top = float(arms) if arms is not None else max(ax.get_ylim()[1], 1.5)
    _limit(ax, top)
    limits = [1.0] if arms is None else [1.0, top]
    across = ax.get_yaxis_transform()  # and a collection: it is not among the curves, whose ends are labelled
    ax.hlines(limits, 0, 1, transform=across, colors="0.35", linewidths=0.8, linestyles=(0, (1, 1.5)), zorder=1.5)
    return [said for said in notes if arms is None or "bands" not in said]  # no mean lies beyond the limits


def _limit(ax: Axes, top: float) -> None:
    """Limits of the axis around 1 and the highest number, and ticks at both and between them."""
    logarithmic = ax.get_yscale() == "log"
    if logarithmic:
        ax.set_ylim(top**-0.04, top**1.04)
        between = np.asarray(LogLocator(subs=(1.0, 2.0, 5.0)).tick_values(1.0, top))
    else:
        ax.set_ylim(1.0 - 0.04 * (top - 1.0), top + 0.04 * (top - 1.0))
        between = np.asarray(MaxNLocator(5, integer=True).tick_values(1.0, top))
    between = between[(between > 1.0) & (between < top)]
    ends, places = (np.log(at) if logarithmic else at for at in (np.array([1.0, top]), between))
    room = _ROOM * (ends[1] - ends[0])
    kept = between[(places > ends[0] + room) & (places < ends[1] - room)]
    ax.yaxis.set_major_locator(FixedLocator([1.0, *kept.tolist(), *([top] if top == int(top) else [])]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
