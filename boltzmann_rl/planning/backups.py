"""Backups: from the values of actions to the value of a state."""

from functools import partial

import numpy as np

from boltzmann_rl.arguments import Floats, as_number, as_positive, check_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.numerics import mellowmax, softmax


@dataclass(frozen=True)
class MaxBackup:
    """The maximum max_a values_a, whose fixed point is the optimal value function.

    Example:
        >>> MaxBackup()(np.array([[0.0, 1.0]]))
        array([1.])
    """

    non_expansion = True

    def __call__(self, values: Floats) -> Floats:
        """``(..., A)`` to ``(...,)``."""
        best: Floats = values.max(axis=-1)
        return best


@dataclass(frozen=True)
class BoltzmannBackup:
    """The mean value under Boltzmann exploration, Σ_a p_a values_a with p = softmax(values / temperature).

    It is not a non-expansion: value iteration with it may have several fixed points, between which the initial values
    decide, or may not converge. Its values are below the optimal ones by at most γ(m − 1)/(1 − γ)·max{1/(τ + 2),
    2 Q_max/(1 + e^τ)} for m actions, the discount γ, τ = 1/temperature and |Q| ≤ Q_max.

    Args:
        temperature: In units of the values, 0 to ∞.

    Example:
        >>> BoltzmannBackup(temperature=1.0)(np.array([[0.0, 1.0]])).round(4)
        array([0.7311])

    Source: Asadi & Littman (2017), *An Alternative Softmax Operator for Reinforcement Learning*; Song, Parr & Carin
    (2019), *Revisiting the Softmax Bellman Operator*, theorem 4.
    """

    temperature: float

    def __post_init__(self) -> None:
        check_fields(self, temperature=partial(as_number, minimum=0.0))

    def __call__(self, values: Floats) -> Floats:
        """``(..., A)`` to ``(...,)``."""
        available = np.where(np.isneginf(values), 0.0, values)
        with np.errstate(under="ignore"):
            mean: Floats = (softmax(values, self.temperature) * available).sum(axis=-1)
        return mean


@dataclass(frozen=True)
class MellowmaxBackup:
    """The mellowmax ln((1/n) Σ_a exp(ω values_a)) / ω, a softened maximum that is a non-expansion.

    Args:
        omega: ω > 0 in inverse units of the values, finite.

    Example:
        >>> MellowmaxBackup(omega=1.0)(np.array([[0.0, 1.0]])).round(4)
        array([0.6201])

    Source: Asadi & Littman (2017), *An Alternative Softmax Operator for Reinforcement Learning*, §3.
    """

    omega: float
    non_expansion = True

    def __post_init__(self) -> None:
        check_fields(self, omega=as_positive)

    def __call__(self, values: Floats) -> Floats:
        """``(..., A)`` to ``(...,)``."""
        return np.asarray(mellowmax(values, self.omega))
