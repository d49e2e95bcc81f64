"""Draw ``fixed_points.png``: one backup of value iteration, by the Boltzmann-weighted mean and by mellowmax.

The MDP of Asadi & Littman (2017), *An Alternative Softmax Operator for Reinforcement Learning*, Figure 1. Where a curve
crosses 0, value iteration has a fixed point. Run: ``python docs/fixed_points.py``.
"""

from pathlib import Path

import numpy as np

from boltzmann_rl import mellowmax, softmax
from boltzmann_rl.figures.families import Family
from boltzmann_rl.figures.legends import legend_below
from boltzmann_rl.figures.looks import looks_of
from boltzmann_rl.figures.style import Drawing, styled

REWARD, STAY, DISCOUNT = np.array([0.122, 0.033]), np.array([0.66, 0.99]), 0.98
OPERATORS = {
    "Boltzmann, β = 17 (3 fixed points)": lambda q: (softmax(q, 1 / 17.0) * q).sum(axis=-1),
    "mellowmax, ω = 16.55 (1 fixed point)": lambda q: mellowmax(q, 16.55),
}


def main() -> None:
    """Draw the figure beside this file."""
    values = np.linspace(0.3, 1.0, 701)
    q = REWARD + DISCOUNT * STAY * values[:, np.newaxis]
    looks = looks_of({name: Family(name, name.partition(",")[0]) for name in OPERATORS})
    with styled():
        figure = Drawing(figsize=(3.4, 2.6), layout="constrained")
        ax = figure.subplots()
        ax.axhline(0.0, color="0.6", linewidth=0.8)
        for name, backup in OPERATORS.items():
            moved = backup(q) - values
            crossings = np.flatnonzero(np.sign(moved[:-1]) != np.sign(moved[1:]))
            ax.plot(values, moved, **looks[name].line | {"markersize": 6}, markevery=[*crossings])
        ax.set(xlabel="value of state 1", ylabel="change by one backup", ylim=(-0.02, 0.02), xlim=(0.3, 1.0))
        legend_below(figure, [*looks.values()])
        figure.savefig(Path(__file__).with_suffix(".png"), dpi=200, metadata={"Software": None})


if __name__ == "__main__":
    main()
