"""Draw ``softmax_and_sigmoid.png``: the sigmoid as a softmax of two actions, and sigmoids per action beside a softmax.

Run: ``python docs/softmax_and_sigmoid.py``.
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from boltzmann_rl import logistic, softmax
from boltzmann_rl.figures.looks import DASHES, HUES, at_least
from boltzmann_rl.figures.style import Drawing, styled

COLOURS = [at_least(hue, 3.0) for hue in HUES[:3]]


def draw_two_actions(ax: Axes) -> None:
    """The softmax of two actions is a sigmoid of the difference of their values."""
    gap = np.linspace(-6.0, 6.0, 241)
    for temperature, colour, dashes in zip((0.5, 1.0, 2.0), COLOURS, DASHES, strict=False):
        p = softmax(np.column_stack([gap, np.zeros_like(gap)]), temperature)[:, 0]
        ax.plot(gap, p, color=colour, linestyle=dashes, label=f"softmax, temperature {temperature:g}")
        ax.plot(gap[::24], logistic(gap[::24] / temperature), "o", color=colour, markersize=3.5)
    ax.plot([], [], "o", color="0.3", markersize=3.5, label="sigmoid of difference / temperature")
    ax.set_title("Two actions: the softmax is a sigmoid")
    ax.set_xlabel("value of the first action − value of the second")
    ax.set_ylabel("probability of the first action")


def draw_three_actions(ax: Axes) -> None:
    """With an offset added to the values of three actions, the softmax stays, and normalised sigmoids do not."""
    offset = np.linspace(-6.0, 6.0, 241)
    values = offset[:, np.newaxis] + np.array([2.0, 1.0, 0.0])
    sigmoids = logistic(values)
    sigmoids /= sigmoids.sum(axis=1, keepdims=True)
    steady = softmax(values)
    for action, (colour, marker) in enumerate(zip(COLOURS, "^os", strict=True)):
        look = {"color": colour, "marker": marker, "markersize": 3.5, "markevery": (12, 36)}
        ax.plot(offset, steady[:, action], **look, label=f"value {2 - action} + offset")
        ax.plot(offset, sigmoids[:, action], **look, linestyle="--")
    ax.plot([], [], color="0.3", label="softmax")
    ax.plot([], [], color="0.3", linestyle="--", label="normalised sigmoids")
    ax.set_title("Three actions: an offset changes sigmoids only")
    ax.set_xlabel("offset added to all values")
    ax.set_ylabel("probability of each action")


def main() -> None:
    """Draw the figure beside this file."""
    with styled():
        figure = Drawing(figsize=(7.0, 3.4), layout="constrained")
        for ax, draw in zip(figure.subplots(1, 2, sharey=True), (draw_two_actions, draw_three_actions), strict=True):
            draw(ax)
            ax.set_ylim(0.0, 1.0)
            ax.legend(loc="upper left", bbox_to_anchor=(0.0, -0.22), frameon=False, handlelength=2.6)
        figure.savefig(Path(__file__).with_suffix(".png"), dpi=200, metadata={"Software": None})


if __name__ == "__main__":
    main()
