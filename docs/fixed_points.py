"""Draw ``fixed_points.png``: one backup of value iteration, by the Boltzmann-weighted mean and by mellowmax.

The MDP of Asadi & Littman (2017), *An Alternative Softmax Operator for Reinforcement Learning*, Figure 1. Where a curve
crosses 0, value iteration has a fixed point. Run: ``python docs/fixed_points.py``.
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from boltzmann_rl import mellowmax, softmax

REWARD, STAY, DISCOUNT = np.array([0.122, 0.033]), np.array([0.66, 0.99]), 0.98
OPERATORS = {
    "Boltzmann, β = 17: three": lambda q: (softmax(q, 1 / 17.0) * q).sum(axis=-1),
    "mellowmax, ω = 16.55: one": lambda q: mellowmax(q, 16.55),
}


def main() -> None:
    """Draw the figure beside this file."""
    values = np.linspace(0.3, 1.0, 701)
    q = REWARD + DISCOUNT * STAY * values[:, np.newaxis]
    with mpl.rc_context({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(3.5, 2.6), layout="constrained")
        ax = figure.subplots()
        ax.axhline(0.0, color="0.6", linewidth=0.8)
        for (name, backup), colour in zip(OPERATORS.items(), ("#0072B2", "#D55E00"), strict=True):
            moved = backup(q) - values
            ax.plot(values, moved, color=colour, label=name)
            crossings = np.flatnonzero(np.sign(moved[:-1]) != np.sign(moved[1:]))
            ax.plot(values[crossings], np.zeros(len(crossings)), "o", color=colour, markersize=4)
        ax.set(xlabel="value of state 1", ylabel="change by one backup", ylim=(-0.02, 0.02))
        ax.legend(frameon=False, title="fixed points", alignment="left")
        figure.savefig(Path(__file__).with_suffix(".png"), dpi=200, metadata={"Software": None})


if __name__ == "__main__":
    main()
