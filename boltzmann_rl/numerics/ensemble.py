"""The Boltzmann distribution of statistical mechanics, after which the exploration policy is named."""

from typing import Any

import numpy as np

from boltzmann_rl.arguments import Floats, as_temperature, real_array, set_fields, unwrap
from boltzmann_rl.arguments.arrays import to_numpy
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.numerics.softmax import exponents, log_normaliser


@dataclass(frozen=True, eq=False)
class BoltzmannDistribution:
    """The canonical ensemble: levels of energy E_i and degeneracy g_i at one temperature, with k_B = 1.

    p_i = g_i exp(−E_i / T) / Z with the partition function Z = Σ_i g_i exp(−E_i / T). A policy's action values are
    negative energies. Every quantity is exact in the limits T = 0 and T = ∞.

    Args:
        energies: ``(..., A)``; +inf stands for a level that cannot be reached.
        temperature: In units of the energies, 0 to ∞: a number, or an array over the leading axes. A single row of
            energies is broadcast over the temperatures.
        degeneracies: Number of states of each level, > 0: a number or ``(A,)``.

    Raises:
        ValueError: NaN or −inf among the energies, a row whose energies are all +inf, degeneracies that are not
            positive and finite, a negative or NaN temperature.

    Example:
        >>> two_levels = BoltzmannDistribution([0.0, 1.0], temperature=[0.0, 0.5, float("inf")])
        >>> two_levels.mean_energy.round(4)
        array([0.    , 0.1192, 0.5   ])
        >>> two_levels.heat_capacity.round(4)
        array([0.  , 0.42, 0.  ])

    Source: Huang (1987), *Statistical Mechanics*, ch. 7; Sutton & Barto (2018), §2.8, for the namesake.
    """

    energies: Any
    temperature: Any
    degeneracies: Any = 1

    def __post_init__(self) -> None:
        energies = real_array(self.energies, "energies")
        if energies.ndim == 0 or energies.shape[-1] == 0:
            raise ValueError(f"energies are empty: shape {energies.shape} has no level")
        if np.isnan(energies).any() or np.isneginf(energies).any():
            raise ValueError("energies must be finite, or +inf for a level that cannot be reached")
        if np.isposinf(energies).all(axis=-1).any():
            raise ValueError("energies leave no level that can be reached: all are inf")
        rows = np.broadcast_shapes(energies.shape[:-1], to_numpy(self.temperature, "temperature").shape)
        energies = np.array(np.broadcast_to(energies, (*rows, energies.shape[-1])))
        degeneracies = real_array(self.degeneracies, "degeneracies")
        if not ((degeneracies > 0.0) & np.isfinite(degeneracies)).all():
            raise ValueError(f"degeneracies must be positive and finite, got {self.degeneracies!r}")
        degeneracies = np.array(np.broadcast_to(degeneracies, energies.shape))
        temperature = as_temperature(self.temperature, energies.shape)
        temperature = np.array(np.broadcast_to(temperature, (*rows, 1)))
        for array in (energies, temperature, degeneracies):
            array.setflags(write=False)
        set_fields(self, energies=energies, temperature=temperature, degeneracies=degeneracies)

    @property
    def ground_energy(self) -> Any:
        """The lowest energy, min E_i."""
        return unwrap(self.energies.min(axis=-1))

    @property
    def probabilities(self) -> Floats:
        """The probability p_i = g_i exp(−E_i / T) / Z of each level, ``(..., A)``."""
        z = self._exponents()
        with np.errstate(all="ignore"):
            weights = np.exp(z - z.max(axis=-1, keepdims=True))
            p: Floats = weights / weights.sum(axis=-1, keepdims=True)
        return p

    @property
    def log_partition(self) -> Any:
        """The logarithm of the partition function, ln Z; infinite at temperature 0 unless the ground energy is 0."""
        ground = self.energies.min(axis=-1)
        with np.errstate(all="ignore"):
            return unwrap(np.where(ground == 0.0, 0.0, -ground / self.temperature[..., 0]) + self._log_states())

    @property
    def mean_energy(self) -> Any:
        """The mean energy U = Σ_i p_i E_i."""
        lowest = self.energies.min(axis=-1, keepdims=True)
        reached = np.where(self.probabilities == 0.0, lowest, self.energies)
        with np.errstate(all="ignore"):
            mean = lowest[..., 0] + self._mean(reached - lowest)  # energies of ±1e308: the difference overflows
            return unwrap(np.where(np.isfinite(mean), mean, self._mean(reached)))

    @property
    def free_energy(self) -> Any:
        """The free energy F = −T ln Z = U − T S.

        At T = 0 it is the ground energy; at T = ∞, with more than one state, it is −inf.
        """
        states = self._log_states()
        with np.errstate(all="ignore"):
            return unwrap(self.energies.min(axis=-1) - np.where(states == 0.0, 0.0, self.temperature[..., 0] * states))

    @property
    def entropy(self) -> Any:
        """Entropy S = (U − F) / T = −Σ_i p_i ln(p_i / g_i) in units of k_B; ln of the ground degeneracy at T = 0."""
        return unwrap(self._log_states() + self._mean(self._reduced()))

    @property
    def heat_capacity(self) -> Any:
        """The heat capacity C = ∂U / ∂T = Var(E) / T² in units of k_B."""
        reduced = self._reduced()
        with np.errstate(all="ignore"):
            return unwrap(self._mean((reduced - self._mean(reduced)[..., np.newaxis]) ** 2))

    def _exponents(self) -> Floats:
        """The exponents ln g_i − (E_i − E_0) / T; degeneracies enter as logarithms, which cannot overflow."""
        with np.errstate(all="ignore"):
            return exponents(-self.energies, self.temperature) + np.log(self.degeneracies)

    def _log_states(self) -> Floats:
        """The log-partition relative to the ground energy, ln Σ_i g_i exp(−(E_i − E_0) / T)."""
        z = self._exponents()
        highest = z.max(axis=-1, keepdims=True)
        with np.errstate(all="ignore"):
            return highest[..., 0] + log_normaliser(z - highest)

    def _reduced(self) -> Floats:
        """The energies (E_i − E_0) / T, with 0 where the probability is 0: a mean would need 0 · ∞ there."""
        with np.errstate(all="ignore"):
            return np.where(self.probabilities == 0.0, 0.0, -exponents(-self.energies, self.temperature))

    def _mean(self, quantity: Floats) -> Floats:
        with np.errstate(under="ignore"):
            mean: Floats = (self.probabilities * quantity).sum(axis=-1)
        return mean
