"""Boltzmann exploration and its mixtures with the greedy and the uniform policy."""

from typing import Any

from boltzmann_rl.arguments import Floats, check_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.policies.mixture import Mixture, keep, mixed
from boltzmann_rl.policies.parameters import as_row_rate, as_temperature_parameter, rate_at
from boltzmann_rl.protocols import RowParameter, Temperature


@dataclass(frozen=True)
class Boltzmann:
    """Boltzmann exploration: π(a) ∝ exp(values_a / temperature).

    The better an action looks, the more often it is tried; the temperature says how much a difference matters.
    A gap of Δ gives the better action the odds exp(Δ / temperature) : 1. Limits: temperature 0 is `Greedy`, ∞ is
    `Uniform`, one action has probability 1.

    Args:
        temperature: In units of the values, 0 to ∞: a number, a schedule, or a unit such as `RelativeToRange`. A clock
            with one step per row gives one temperature per row, and so does a list, tuple or array of numbers and
            schedules, one for each row. There is no default, since none suits all rewards; exploration that needs
            no tuning is that of `recommended`.

    Raises:
        ValueError: A negative or NaN temperature, a clock per action, or temperatures that do not fit the rows.

    Example:
        >>> from boltzmann_rl.schedules import Exponential
        >>> policy = Boltzmann(Exponential(1.0, 0.01, steps=500))
        >>> policy([0.0, 1.0], step=0).round(4)
        array([0.2689, 0.7311])
        >>> policy([[0.0, 1.0], [0.0, 1.0]], step=[0, 500]).round(4)
        array([[0.2689, 0.7311],
               [0.    , 1.    ]])
        >>> Boltzmann([0.5, 1.0])([[0.0, 1.0], [0.0, 1.0]], step=0).round(4)
        array([[0.1192, 0.8808],
               [0.2689, 0.7311]])

    Source: Sutton & Barto (1998), eq. 2.2; Watkins (1989), thesis, ch. 7.
    """

    temperature: Temperature
    constant = shift_invariant = True

    def __post_init__(self) -> None:
        check_fields(self, temperature=as_temperature_parameter)
        keep(self)

    def __call__(self, values: Any, step: Any, memory: Any = None) -> Floats:
        return mixed(self, values, step, memory)

    def mixture(self, step: Any, memory: Any = None) -> Mixture:
        return Mixture(0.0, 1.0, 0.0, self.temperature)


@dataclass(frozen=True)
class MaxBoltzmann:
    """With probability ε a Boltzmann draw, else a greedy action: π = ε·softmax + (1 − ε)·greedy.

    ε-greedy whose exploration avoids actions of low value. Limits: ε = 0 is `Greedy`, ε = 1 is `Boltzmann`,
    temperature ∞ is ε-greedy.

    Args:
        epsilon: In [0, 1]: a number or a schedule, or one of these for each row.
        temperature: As in `Boltzmann`.

    Raises:
        ValueError: An ε outside [0, 1], a negative or NaN temperature.

    Example:
        >>> MaxBoltzmann(epsilon=0.1, temperature=1.0)([0.0, 1.0], step=0).round(4)
        array([0.0269, 0.9731])

    Source: Wiering (1999), *Explorations in Efficient Reinforcement Learning*, thesis, ch. 5.
    """

    epsilon: RowParameter
    temperature: Temperature
    constant = shift_invariant = True

    def __post_init__(self) -> None:
        check_fields(self, epsilon=as_row_rate, temperature=as_temperature_parameter)
        keep(self)

    def __call__(self, values: Any, step: Any, memory: Any = None) -> Floats:
        return mixed(self, values, step, memory)

    def mixture(self, step: Any, memory: Any = None) -> Mixture:
        rate = rate_at(self.epsilon, "epsilon", step)
        return Mixture(0.0, rate, 1.0 - rate, self.temperature)


@dataclass(frozen=True)
class EpsilonBoltzmann:
    """Boltzmann with a floor: π = (1 − ε)·softmax + ε/n over the n available actions.

    No available action ever has a probability below ε/n, which is what importance weights and off-policy
    estimates need. Limits: ε = 0 is `Boltzmann`, ε = 1 is `Uniform`, temperature 0 is ε-greedy.

    Args:
        epsilon: In [0, 1]: a number or a schedule, or one of these for each row.
        temperature: As in `Boltzmann`.

    Raises:
        ValueError: An ε outside [0, 1], a negative or NaN temperature.

    Example:
        >>> EpsilonBoltzmann(epsilon=0.2, temperature=0.0)([0.0, 1.0], step=0)
        array([0.1, 0.9])

    Source: Auer et al. (2002), *The Nonstochastic Multiarmed Bandit Problem*, §3 (the mixture of Exp3).
    """

    epsilon: RowParameter
    temperature: Temperature
    constant = shift_invariant = True

    def __post_init__(self) -> None:
        check_fields(self, epsilon=as_row_rate, temperature=as_temperature_parameter)
        keep(self)

    def __call__(self, values: Any, step: Any, memory: Any = None) -> Floats:
        return mixed(self, values, step, memory)

    def mixture(self, step: Any, memory: Any = None) -> Mixture:
        rate = rate_at(self.epsilon, "epsilon", step)
        return Mixture(rate, 1.0 - rate, 0.0, self.temperature)
