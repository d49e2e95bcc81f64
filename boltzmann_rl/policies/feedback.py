"""Policies tuned by feedback: the learner remembers how much to explore, and its memory is their third argument.

The memory is what the learner's ``memory(state)`` returns; its first axes are the rows of the values.
"""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_nonnegative, as_steps, as_temperature, as_values, check_fields, real_array
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.numerics import softmax
from boltzmann_rl.policies.mixture import Mixture, mixed
from boltzmann_rl.policies.parameters import as_temperature_parameter
from boltzmann_rl.policies.temperatures import RelativeToRange
from boltzmann_rl.protocols import Temperature, traits_of


def _rate(epsilon: Any) -> Floats:
    """The remembered ε of each row."""
    found = real_array(epsilon, "memory")
    if not ((found >= 0.0) & (found <= 1.0)).all():
        raise ValueError(f"memory must hold an ε in [0, 1] for each row, got {found}")
    return found


def _mixed_by_row(policy: Any, values: Any, step: Any, epsilon: Any) -> Floats:
    """The answer of a mixture with one remembered ε for each row."""
    values, found = as_values(values), np.shape(epsilon)
    if found != values.shape[:-1]:
        raise ValueError(f"memory has shape {found}, but values {values.shape} need one ε for each row")
    return mixed(policy, values, step, epsilon)


@dataclass(frozen=True)
class AdaptiveEpsilonGreedy:
    """ε-greedy with the ε that the learner remembers for each row: π = ε/n + (1 − ε)·greedy.

    With `ValueDifference` it is VDBE, with `RewardBasedDecay` RBED.

    Raises:
        ValueError: A memory that is not one ε in [0, 1] for each row.

    Example:
        >>> AdaptiveEpsilonGreedy()([[0.0, 1.0], [0.0, 1.0]], 0, np.array([1.0, 0.2]))
        array([[0.5, 0.5],
               [0.1, 0.9]])

    Source: Tokic (2010), *Adaptive ε-Greedy Exploration in Reinforcement Learning Based on Value Differences*.
    """

    constant = shift_invariant = takes_memory = True

    def __call__(self, values: Any, step: Any, epsilon: Any) -> Floats:
        return _mixed_by_row(self, values, step, epsilon)

    def mixture(self, step: Any, memory: Any = None) -> Mixture:
        rate = _rate(memory)
        return Mixture(rate, 0.0, 1.0 - rate)


@dataclass(frozen=True)
class AdaptiveMaxBoltzmann:
    """With the remembered probability ε a Boltzmann draw, else a greedy action: π = ε·softmax + (1 − ε)·greedy.

    With `ValueDifference` it is VDBE-Softmax: the default temperature, half the range of each row's values, is
    temperature 1 for values rescaled to [−1, 1].

    Args:
        temperature: As in `Boltzmann`.

    Raises:
        TypeError: A temperature that needs a memory itself.
        ValueError: A memory that is not one ε in [0, 1] for each row, a negative or NaN temperature.

    Example:
        >>> AdaptiveMaxBoltzmann()([10.0, 30.0], 0, np.array(1.0)).round(4)
        array([0.1192, 0.8808])

    Source: Tokic & Palm (2011), *Value-Difference Based Exploration: Adaptive Control between ε-Greedy and Softmax*.
    """

    temperature: Temperature = RelativeToRange(0.5)
    constant = shift_invariant = takes_memory = True

    def __post_init__(self) -> None:
        check_fields(self, temperature=as_temperature_parameter)
        if traits_of(self.temperature).takes_memory:
            raise TypeError(f"temperature must not need a memory, which holds ε here, got {self.temperature!r}")

    def __call__(self, values: Any, step: Any, epsilon: Any) -> Floats:
        return _mixed_by_row(self, values, step, epsilon)

    def mixture(self, step: Any, memory: Any = None) -> Mixture:
        rate = _rate(memory)
        return Mixture(0.0, rate, 1.0 - rate, self.temperature)


@dataclass(frozen=True)
class Exp3PlusPlus:
    """Exponential weights with a floor for each action, low where the learner knows of a large gap.

    π_a = (1 − Σ_b ε_b)·softmax(η·values)_a + ε_a in round t = step + 1 of K available actions, with η = ½√(ln K/(t K))
    and ε_a = min(1/(2K), η, exploration·ln t/(t·gap_a²)). The values are cumulative; the gaps in [0, 1] are the memory
    of `GapEstimates`.

    Args:
        exploration: β ≥ 0, finite; the analysis uses 64·(3 + 1) = 256.

    Raises:
        ValueError: A memory that is not one gap ≥ 0 for each action, or a clock per action.

    Example:
        >>> policy = Exp3PlusPlus(exploration=1.0)
        >>> policy([-20_000.0, 0.0], 9_999, np.array([0.0, 0.0])).round(5)
        array([0.00294, 0.99706])
        >>> policy([-20_000.0, 0.0], 9_999, np.array([0.9, 0.0])).round(5)
        array([0.00114, 0.99886])

    Source: Seldin & Slivkins (2014), algorithm 1; Seldin & Lugosi (2017), algorithm 1 and theorem 2.
    """

    exploration: float = 256.0
    shift_invariant = takes_memory = True

    def __post_init__(self) -> None:
        check_fields(self, exploration=as_nonnegative)

    def __call__(self, values: Any, step: Any, gaps: Any) -> Floats:
        values = as_values(values)
        if np.ndim(step) >= values.ndim:
            raise ValueError(f"step has shape {np.shape(step)}, but Exp3++ counts rounds: give one step per row")
        t: Any = 1.0 + as_temperature(as_steps(step), values.shape, "step")
        available = ~np.isneginf(values)
        actions = np.maximum(available.sum(axis=-1, keepdims=True), 1)
        rate = 0.5 * np.sqrt(np.log(actions) / (t * actions))
        with np.errstate(divide="ignore"):  # a single action has rate 0, which is temperature ∞
            weights = softmax(values, (1.0 / rate)[..., 0])
        gaps = real_array(gaps, "memory")
        if gaps.shape != values.shape or not (gaps >= 0.0).all():
            raise ValueError(
                f"memory must hold a gap of 0 or more for each action of values {values.shape}, got {gaps}"
            )
        known = np.full(values.shape, np.inf)
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            np.divide(self.exploration * np.log(t) / t, gaps**2, out=known, where=gaps > 0.0)
            floor = np.where(available, np.minimum(np.minimum(0.5 / actions, rate), known), 0.0)
            return (1.0 - floor.sum(axis=-1, keepdims=True)) * weights + floor
