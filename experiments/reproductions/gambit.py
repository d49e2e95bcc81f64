"""Logit quantal response equilibria: each player's policy is Boltzmann in the expected payoffs of the actions.

In a game of two players with payoff matrices A and B, a pair (p, q) with p = softmax(A q / τ) and q = softmax(Bᵀp / τ)
is an equilibrium of players who make mistakes, costlier ones more rarely; λ = 1/τ. The branch that starts from uniform
play at λ = 0 has one equilibrium for each λ. Gambit (McKelvey, McLennan & Turocy) traces this branch; its test suite
has these numbers.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import root

import boltzmann_rl as brl
from boltzmann_rl.reproduction import Measurement, Target

CONST_SUM_GAME = ((1.0, 1.0), (0.0, 1.0)), ((1.0, 1.0), (2.0, 1.0))


@dataclass(frozen=True)
class LogitEquilibrium:
    """Both players' probabilities at an inverse temperature λ."""

    inverse_temperature: float
    payoffs: tuple[tuple[tuple[float, ...], ...], ...] = CONST_SUM_GAME

    def measure(self, jobs: int | None = None) -> Measurement:
        """The row player's probabilities, then the column player's; follows the branch from uniform play."""
        rows, columns = np.array(self.payoffs[0]).shape
        play = np.repeat((1.0 / rows, 1.0 / columns), (rows, columns))
        for inverse_temperature in np.linspace(0.0, self.inverse_temperature, 101)[1:]:
            found = root(self.residual, play, args=(1.0 / inverse_temperature,), tol=1e-13)
            play = found.x
        return Measurement.exact(play)

    def residual(self, play: np.ndarray, temperature: float) -> np.ndarray:
        """The difference between the players' policies and their logit responses: 0 in equilibrium."""
        a, b = map(np.array, self.payoffs)
        p, q = np.split(play, [len(a)])
        return play - np.concatenate([brl.softmax(a @ q, temperature), brl.softmax(b.T @ p, temperature)])


def equilibrium(lam: float, published: tuple[float, ...], independent: tuple[float, ...]) -> Target:
    """An entry of the list."""
    return Target(
        id=f"QRE-cs-{lam:g}",
        study=LogitEquilibrium(lam),
        published=published,
        within=1e-3,
        independent=independent,
        independent_within=1e-5,
        source="Gambit, tests/test_nash.py, LOGIT_LAMBDA_CASES: const_sum_game",
        panel="Logit equilibria of a constant-sum game",
        series=f"λ = {lam:g}",
        x=("row player, action 1", "row player, action 2", "column player, action 1", "column player, action 2"),
        unit="probability",
    )


TARGETS = [
    equilibrium(1.0, (0.643, 0.357, 0.5883, 0.41168), (0.642979, 0.357021, 0.588319, 0.411681)),
    equilibrium(2.0, (0.7727, 0.2273, 0.6117, 0.3883), (0.772677, 0.227323, 0.611743, 0.388257)),
    equilibrium(3.0, (0.8595, 0.1405, 0.6038, 0.39618), (0.859537, 0.140463, 0.603816, 0.396184)),
]
