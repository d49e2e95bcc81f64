"""Limits of axes that hold when the user makes an axis logarithmic later."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from boltzmann_rl.figures.style import Drawing


class FromOne(MaxNLocator):
    """Ticks of steps: round numbers, and 1 in place of 0 on an axis that begins there.

    Example:
        >>> FromOne(4, integer=True).tick_values(1, 100).tolist()
        [1.0, 25.0, 50.0, 75.0, 100.0]
    """

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """The ticks between two numbers."""
        ticks = np.asarray(super().tick_values(vmin, vmax), np.float64)
        return np.unique(np.where((ticks == 0.0) & (vmin > 0.0), 1.0, ticks))


def stay_positive(ax: Axes) -> None:
    """Each time before a figure of ours is drawn, let logarithmic axes begin at a positive number.

    An axis that begins at 0 keeps this limit when it becomes logarithmic, and then squeezes all lines into one point.
    """
    figure: Any = ax.get_figure(root=True)
    if isinstance(figure, Drawing):
        figure.before_drawing(lambda: _raise_limits(ax))


def _raise_limits(ax: Axes) -> None:
    """Replace limits that a logarithmic axis can't show by the least positive number of the lines."""
    for place, axis in enumerate((ax.xaxis, ax.yaxis)):
        low, high = axis.get_view_interval()
        if axis.get_scale() != "log" or low > 0.0 or high <= 0.0:
            continue
        numbers = np.concatenate(
            [np.asarray(line.get_data()[place], np.float64) for line in ax.get_lines()] or [np.zeros(0)]
        )
        positive = numbers[(numbers > 0.0) & (numbers < high)]
        if len(positive):
            (ax.set_xlim, ax.set_ylim)[place](positive.min(), high)
