"""Other stochastic policies than the softmax: mellowmax, sparsemax, Tsallis entropy, inverse-gap weighting."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_values, check_best, check_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.numerics import softmax, sparsemax
from boltzmann_rl.numerics.entmax import entmax
from boltzmann_rl.numerics.maxima import mellowmax_temperature
from boltzmann_rl.policies.parameters import (
    as_row_parameter,
    as_temperature_parameter,
    check_memory,
    checked,
    row_parameter,
)
from boltzmann_rl.protocols import Parameter, Temperature


@dataclass(frozen=True)
class Mellowmax:
    """The policy of greatest entropy whose expected value is the (soft) mellowmax of the values.

    softmax(β values), with β the root of Σ_a exp(β (values_a − mm)) (values_a − mm) = 0 and mm the mellowmax, for
    α > 0 the soft mellowmax. It is Boltzmann exploration whose temperature depends on the values: the policy that
    belongs to mellowmax backups, which are non-expansions. β lies between α and α + ω. Limits: ω = 0 is `Boltzmann` at
    temperature 1/α, for α = 0 `Uniform`; ω = ∞ is `Greedy`; equal values are uniform.

    Args:
        omega: ω in inverse units of the values, 0 to ∞: a number or a schedule.
        alpha: α of the soft mellowmax, likewise.

    Raises:
        ValueError: A negative or NaN ω or α, or a clock per action.

    Example:
        >>> Mellowmax(omega=50.0)([0.0, 0.1], step=0).round(4)
        array([0.1373, 0.8627])

    Source: Asadi & Littman (2017), *An Alternative Softmax Operator for Reinforcement Learning*; Gan, Zhang & Tan
    (2021), *Stabilizing Q-Learning via Soft Mellowmax Operator*, for α.
    """

    omega: Parameter
    alpha: Parameter = 0.0
    constant = shift_invariant = True

    def __post_init__(self) -> None:
        check_fields(self, omega=as_row_parameter, alpha=as_row_parameter)

    def __call__(self, values: Any, step: Any) -> Floats:
        values = as_values(values)
        omega = row_parameter(self.omega, "omega", values, step)
        return softmax(values, mellowmax_temperature(values, omega, row_parameter(self.alpha, "alpha", values, step)))


@dataclass(frozen=True)
class Sparsemax:
    """The point of the probability simplex nearest to values / temperature; it gives poor actions probability 0.

    π_a = max(values_a / temperature − θ, 0) with θ such that Σπ = 1. An action a whole temperature below the best
    has probability 0. Limits: temperature 0 is `Greedy`, ∞ is `Uniform`.

    Args:
        temperature: As in `Boltzmann`.

    Raises:
        ValueError: A negative or NaN temperature, or a clock per action.

    Example:
        >>> Sparsemax(temperature=1.0)([1.0, 0.5, -2.0], step=0)
        array([0.75, 0.25, 0.  ])

    Source: Martins & Astudillo (2016), *From Softmax to Sparsemax*, algorithm 1; Lee, Choi & Oh (2018), *Sparse Markov
    Decision Processes with Causal Sparse Tsallis Entropy Regularization*, for the policy.
    """

    temperature: Temperature
    constant = shift_invariant = True

    def __post_init__(self) -> None:
        check_fields(self, temperature=as_temperature_parameter)

    def __call__(self, values: Any, step: Any, memory: Any = None) -> Floats:
        check_memory(self, memory)
        values = as_values(values)
        return sparsemax(values, row_parameter(self.temperature, "temperature", values, step, memory))


@dataclass(frozen=True)
class Tsallis:
    """The policy with the greatest Σ_a π_a values_a + temperature · (Tsallis entropy of π): the `entmax`.

    Index 1 is `Boltzmann`, 2 is `Sparsemax`; below 1 the tails are heavier than the softmax's. Index ½ over cumulated
    importance-weighted rewards, with a temperature that grows like the square root of the step, is Tsallis-INF.
    Limits: temperature 0 is `Greedy`, ∞ is `Uniform`.

    Args:
        temperature: As in `Boltzmann`.
        index: Of the entropy, > 0 and finite: a number or a schedule.

    Raises:
        ValueError: A negative or NaN temperature, an index that is not positive and finite, or a clock per action.

    Example:
        >>> Tsallis(temperature=1.0, index=0.5)([0.0, 0.0, -3.0], step=0).round(4)
        array([0.4444, 0.4444, 0.1111])

    Source: Zimmert & Seldin (2021), *Tsallis-INF: An Optimal Algorithm for Stochastic and Adversarial Bandits*,
    algorithm 1; Peters, Niculae & Martins (2019), *Sparse Sequence-to-Sequence Models*.
    """

    temperature: Temperature
    index: Parameter = 2.0
    constant = shift_invariant = True

    def __post_init__(self) -> None:
        check_fields(self, temperature=as_temperature_parameter, index=as_row_parameter)
        checked(self.index, "index", "positive and finite", lambda index: 0.0 < index < np.inf)

    def __call__(self, values: Any, step: Any, memory: Any = None) -> Floats:
        check_memory(self, memory)
        values = as_values(values)
        temperature = row_parameter(self.temperature, "temperature", values, step, memory)
        return entmax(values, temperature, alpha=row_parameter(self.index, "index", values, step))


@dataclass(frozen=True)
class InverseGapWeighting:
    """Each action in inverse proportion to its gap: π_a = 1 / (K + γ (max values − values_a)), the best has the rest.

    K is the number of available actions; the rest is divided equally among exact maxima. The tails fall as 1/gap, not
    exponentially. Limits: γ = 0 is `Uniform`, γ = ∞ is `Greedy`.

    Args:
        gamma: γ in inverse units of the values, 0 to ∞: a number or a schedule; the theory lets it grow like the
            square root of the number of decisions.

    Raises:
        ValueError: A negative or NaN γ, or a clock per action.

    Example:
        >>> InverseGapWeighting(gamma=10.0)([1.0, 0.8, 0.3], step=0).round(4)
        array([0.7, 0.2, 0.1])

    Source: Abe & Long (1999), *Associative Reinforcement Learning Using Linear Probabilistic Concepts*; Foster &
    Rakhlin (2020), *Beyond UCB* (SquareCB); Simchi-Levi & Xu (2021), *Bypassing the Monster* (FALCON).
    """

    gamma: Parameter
    constant = shift_invariant = True

    def __post_init__(self) -> None:
        check_fields(self, gamma=as_row_parameter)

    def __call__(self, values: Any, step: Any) -> Floats:
        values = as_values(values)
        gamma = row_parameter(self.gamma, "gamma", values, step)
        best = values.max(axis=-1, keepdims=True)
        check_best(values, best)
        available, winners = ~np.isneginf(values), values == best
        with np.errstate(all="ignore"):
            gaps = np.minimum(best - values, np.finfo(np.float64).max)  # finite, so that γ = 0 is uniform
            weighted = 1.0 / (available.sum(axis=-1, keepdims=True) + gamma * gaps)
            others = np.where(available & ~winners, weighted, 0.0)
            rest = 1.0 - others.sum(axis=-1, keepdims=True)
            return np.where(winners, rest / winners.sum(axis=-1, keepdims=True), others)
