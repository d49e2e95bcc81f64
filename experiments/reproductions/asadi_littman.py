"""Asadi & Littman (2017), *An Alternative Softmax Operator for Reinforcement Learning*: one or several fixed points.

Two states, discount 0.98. From state 1, action a pays 0.122 and stays with probability 0.66; action b pays 0.033 and
stays with probability 0.99; otherwise they lead to state 2, which is terminal. Value iteration with the
Boltzmann-weighted mean has three fixed points at β = 17 (two of them stable), and one with mellowmax. The paper shows
this in a figure; the independent values are the exact solutions of the fixed-point equation.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

import boltzmann_rl as brl
from boltzmann_rl.reproduction import NOT_GIVEN, Measurement, Target

NAMES = {"boltzmann": "Boltzmann, β = 17", "mellowmax": "mellowmax, ω = 16.55"}
REWARD, STAY = np.array([0.122, 0.033]), np.array([0.66, 0.99])


@dataclass(frozen=True)
class FixedPoints:
    """The values V of state 1 with V = operator(Q), Q = reward + discount · stay · V."""

    operator: str = "boltzmann"
    inverse_temperature: float = 17.0
    discount: float = 0.98

    def measure(self, jobs: int | None = None) -> Measurement:
        """Every root: the sign changes on a fine grid, refined."""
        grid = np.linspace(0.0, 2.0, 4001)
        gaps = np.array([self.gap(value) for value in grid])
        crossings = np.flatnonzero(np.sign(gaps[:-1]) != np.sign(gaps[1:]))
        return Measurement.exact([brentq(self.gap, grid[k], grid[k + 1], xtol=1e-14) for k in crossings])

    def gap(self, value: float) -> float:
        """The change of a value by one backup."""
        q = REWARD + self.discount * STAY * value
        if self.operator == "mellowmax":
            return float(brl.mellowmax(q, self.inverse_temperature)) - value
        return float(brl.softmax(q, 1.0 / self.inverse_temperature) @ q) - value


def fixed_points(operator: str, inverse_temperature: float, independent: tuple[float, ...]) -> Target:
    """The fixed points of one operator."""
    places = ("lowest", "middle", "highest") if len(independent) > 1 else ("the only one",)
    return Target(
        id=f"MM-fp-{operator}",
        study=FixedPoints(operator, inverse_temperature),
        published=(NOT_GIVEN,) * len(independent),
        independent=independent,
        independent_within=1e-6,
        source="Asadi & Littman (2017), §3, Figure 1 (the claim)",
        panel="Fixed points of value iteration",
        series="fixed points",
        x=tuple(f"{NAMES[operator]}, {place}" for place in places),
        unit="value of state 1",
    )


TARGETS = [
    fixed_points("boltzmann", 17.0, (0.607770, 0.691909, 0.876889)),
    fixed_points("mellowmax", 16.55, (0.431548,)),
]
