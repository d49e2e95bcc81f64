"""The greedy policy, the uniform one, and ε-greedy, the mixture of the two."""

from typing import Any

from boltzmann_rl.arguments import Floats, check_fields
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.policies.mixture import Mixture, keep, mixed
from boltzmann_rl.policies.parameters import as_row_rate, rate_at
from boltzmann_rl.protocols import RowParameter


@dataclass(frozen=True)
class Greedy:
    """Always a best action; exactly equal maxima have the same probability.

    Example:
        >>> Greedy()([1.0, 3.0, 3.0], step=0)
        array([0. , 0.5, 0.5])

    Source: Sutton & Barto (2018), eq. 2.2.
    """

    constant = shift_invariant = True

    def __post_init__(self) -> None:
        keep(self)

    def __call__(self, values: Any, step: Any) -> Floats:
        return mixed(self, values, step)

    def mixture(self, step: Any, memory: Any = None) -> Mixture:
        return Mixture(0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Uniform:
    """Every available action with the same probability.

    Example:
        >>> Uniform()([1.0, float("-inf")], step=0)
        array([1., 0.])
    """

    constant = shift_invariant = True

    def __post_init__(self) -> None:
        keep(self)

    def __call__(self, values: Any, step: Any) -> Floats:
        return mixed(self, values, step)

    def mixture(self, step: Any, memory: Any = None) -> Mixture:
        return Mixture(1.0, 0.0, 0.0)


@dataclass(frozen=True)
class EpsilonGreedy:
    """With probability ε any available action, else a greedy one: π = ε/n + (1 − ε)·greedy.

    Rows of a batch explore independently of each other. Limits: ε = 0 is `Greedy`, ε = 1 is `Uniform`.

    Args:
        epsilon: In [0, 1]: a number or a schedule, or a list, tuple or array of them, one for each row.

    Raises:
        ValueError: An ε outside [0, 1], or a list of them that does not fit the rows.

    Example:
        >>> EpsilonGreedy(0.3)([0.0, 1.0, 0.5], step=0)
        array([0.1, 0.8, 0.1])

        The ladder of Ape-X, ε_i = ε^(1 + α·i/(N − 1)) with ε = 0.4 and α = 7, here for N = 4 environments:

        >>> import numpy as np
        >>> EpsilonGreedy(0.4 ** (1 + 7 * np.arange(4) / 3))
        EpsilonGreedy(epsilon=(0.4, 0.047..., 0.0055..., 0.00065...))

    Source: Watkins (1989), thesis, ch. 7; Sutton & Barto (2018), §2.2; Horgan et al. (2018), *Distributed Prioritized
    Experience Replay*, §4, for the ladder.
    """

    epsilon: RowParameter
    constant = shift_invariant = True

    def __post_init__(self) -> None:
        check_fields(self, epsilon=as_row_rate)
        keep(self)

    def __call__(self, values: Any, step: Any) -> Floats:
        return mixed(self, values, step)

    def mixture(self, step: Any, memory: Any = None) -> Mixture:
        rate = rate_at(self.epsilon, "epsilon", step)
        return Mixture(rate, 0.0, 1.0 - rate)
