"""Draw ``softmax_and_sigmoid.png``: the sigmoid as a softmax of two actions, and sigmoids per action beside a softmax.

Run: ``python docs/softmax_and_sigmoid.py``.
"""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from boltzmann_rl import logistic, softmax

# Okabe & Ito (2008), *Color Universal Design*.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw() -> Figure:
    """Left: the softmax of two actions is a sigmoid. Right: three actions, with an offset added to all values."""
    figure = Figure(figsize=(7.0, 2.9), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    gap = np.linspace(-6.0, 6.0, 241)
    for temperature, colour, dash in ((0.5, VERMILION, "--"), (1.0, BLUE, "-"), (2.0, GREEN, "-.")):
        p = softmax(np.column_stack([gap, np.zeros_like(gap)]), temperature)[:, 0]
        left.plot(gap, p, color=colour, linestyle=dash, label=f"temperature {temperature:g}")
        left.plot(gap[::24], logistic(gap[::24] / temperature), "o", color=colour, markersize=3)
    left.set_title("Two actions: the softmax is a sigmoid (dots)")
    left.set_xlabel("value of the first less that of the second")
    left.set_ylabel("probability")
    left.legend(frameon=False, loc="upper left")

    offset = np.linspace(-6.0, 6.0, 241)
    values = offset[:, np.newaxis] + np.array([2.0, 1.0, 0.0])
    sigmoids = logistic(values)
    sigmoids /= sigmoids.sum(axis=1, keepdims=True)
    steady = softmax(values)
    for action, colour in enumerate((BLUE, VERMILION, GREEN)):
        right.plot(offset, steady[:, action], color=colour)
        right.plot(offset, sigmoids[:, action], color=colour, linestyle="--")
        right.annotate(
            f"value offset + {2 - action}",
            (6.0, steady[0, action]),
            xytext=(-3, 3),
            textcoords="offset points",
            ha="right",
            color=colour,
        )
    right.plot([], [], color="black", label="softmax")
    right.plot([], [], color="black", linestyle="--", label="sigmoids, normalised")
    right.set_title("Three actions: sigmoids feel a common offset")
    right.set_xlabel("offset added to all values")
    right.set_ylim(0.0, 1.02)
    right.legend(frameon=False, loc="upper left")
    return figure


if __name__ == "__main__":
    with mpl.rc_context(STYLE):
        draw().savefig(Path(__file__).with_suffix(".png"), dpi=150, metadata={"Software": None})
