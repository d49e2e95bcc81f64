"""Policies that take the best of randomly perturbed values: Boltzmann–Gumbel exploration and Thompson sampling.

A decision takes one uniform per action; the probabilities are nevertheless exact, by quadrature.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_positive, as_steps, as_values, check_best, check_fields, real_array
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.lazy import special
from boltzmann_rl.numerics import beta_propensities, gaussian_propensities, gumbel_propensities
from boltzmann_rl.numerics.perturbation import GAUSSIAN, GUMBEL
from boltzmann_rl.policies.noise import RelativeToNoise, in_units_of_noise, noise_of_rows
from boltzmann_rl.policies.parameters import check_memory

# Uniforms are multiples of 2^-53. Half of that replaces 0, whose perturbation would be −∞.
LEAST_UNIFORM = 2.0**-54


class Noise(NamedTuple):
    """What a policy adds to the values before it takes the best: scale·Z with an independent Z for each action.

    Attributes:
        distribution: Of Z: ``GUMBEL`` or ``GAUSSIAN`` of `boltzmann_rl.numerics.perturbation`.
        scale: C where the scale is C/√pulls, as in `BoltzmannGumbel`, a number or `RelativeToNoise`; None where it is
            what the learner remembers of each action, as in `GaussianThompson`.
    """

    distribution: Any
    scale: float | RelativeToNoise | None


@dataclass(frozen=True)
class BoltzmannGumbel:
    """Boltzmann–Gumbel exploration: the best of values_a + scale/√pulls_a·Z_a with independent Z_a ~ Gumbel(0, 1).

    Each action has its own temperature, which falls with its own pulls. While available actions have no pulls, the
    choice is uniform over these. Where all have the same number n of pulls it is `Boltzmann` at temperature scale/√n.

    Args:
        scale: C, in units of the rewards, > 0, finite; the analysis uses the σ of σ-subgaussian rewards. Or
            `RelativeToNoise` with a number: in units of the observed noise σ̂, which a `NoiseEstimate` around the
            learner remembers; the policy is uniform until σ̂ is known, and greedy where it is 0.

    Raises:
        ValueError: A clock without an action axis.

    Example:
        >>> policy = BoltzmannGumbel(scale=1.0)
        >>> policy([0.0, 0.5, 0.0], step=[4, 4, 400]).round(4)
        array([0.2603, 0.7076, 0.0321])
        >>> policy([0.0, 0.5, 0.0], step=[0, 1, 0])
        array([0.5, 0. , 0.5])

    Source: Cesa-Bianchi, Gentile, Lugosi & Neu (2017), *Boltzmann Exploration Done Right*, §4.
    """

    scale: float | RelativeToNoise
    clock = "pulls"
    shift_invariant = uniforms_per_action = True

    def __post_init__(self) -> None:
        check_fields(self, scale=partial(in_units_of_noise, check=partial(as_positive, why="use Greedy")))

    def __call__(self, values: Any, step: Any, memory: Any = None) -> Floats:
        return gumbel_propensities(*self._indices(values, step, memory))

    @property
    def takes_memory(self) -> bool:
        return isinstance(self.scale, RelativeToNoise)

    @property
    def noise(self) -> Noise:
        return Noise(GUMBEL, self.scale)

    def draw(self, values: Any, step: Any, uniforms: Any, memory: Any = None) -> Any:
        """The action with the largest value + scale·(−ln(−ln u)), from one uniform u per action."""
        values, scales = self._indices(values, step, memory)
        return _largest(values, scales, -np.log(-np.log(np.maximum(uniforms, LEAST_UNIFORM))))

    def _indices(self, values: Any, step: Any, memory: Any) -> tuple[Floats, Floats]:
        """Values and scales; in a row with unpulled actions, values 0 for these and −inf for the others."""
        check_memory(self, memory)
        values, pulls = as_values(values), as_steps(step)
        if pulls.shape != values.shape:
            raise ValueError(
                f"step has shape {pulls.shape}, but Boltzmann–Gumbel exploration counts the pulls of each action of "
                f"values {values.shape}: give one step per action, or Agent(..., clock='pulls')"
            )
        check_best(values, values.max(axis=-1, keepdims=True))
        untried = (pulls == 0.0) & ~np.isneginf(values)
        starting = untried.any(axis=-1, keepdims=True)
        if starting.any():
            values = np.where(starting, np.where(untried, 0.0, -np.inf), values)
        root = np.sqrt(np.maximum(pulls, 1.0))
        if not isinstance(self.scale, RelativeToNoise):
            return values, self.scale / root
        scale: Any = self.scale.scale
        return _limits(values, scale * noise_of_rows(memory, values) / root)


@dataclass(frozen=True)
class GaussianThompson:
    """Thompson sampling: the best of one draw from each action's posterior N(values_a, memory_a²).

    An action's probability is its posterior probability of being the best. Limits: where all standard deviations of a
    row are infinite (no knowledge) it is `Uniform`, where all are 0 it is `Greedy`. For use with `GaussianPosterior`.

    Raises:
        ValueError: A memory that is not one standard deviation for each available action, or that is infinite or 0
            for some of a row and not for others.

    Example:
        >>> GaussianThompson()([0.0, 1.0], 0, [0.6, 0.8]).round(4)
        array([0.1587, 0.8413])

    Source: Thompson (1933), *Biometrika* 25; Agrawal & Goyal (2013), *Further Optimal Regret Bounds for Thompson
    Sampling*, with Gaussian priors.
    """

    constant = shift_invariant = takes_memory = uniforms_per_action = True
    noise = Noise(GAUSSIAN, None)

    def __call__(self, values: Any, step: Any, sds: Any) -> Floats:
        return gaussian_propensities(*_posterior(values, sds))

    def draw(self, values: Any, step: Any, uniforms: Any, sds: Any) -> Any:
        """The action with the largest sample, by the inverse distribution function from one uniform per action."""
        return _largest(*_posterior(values, sds), special.ndtri(np.maximum(uniforms, LEAST_UNIFORM)))


@dataclass(frozen=True)
class BetaThompson:
    """Thompson sampling for 0/1 rewards: the best of one draw from each action's posterior Beta(a, b).

    The memory ``(..., A, 2)`` holds a and b; the values only say which actions are available. For use with
    `BetaPosterior`.

    Raises:
        ValueError: A memory of another shape, or parameters outside [0.1, 1e9] of an available action.

    Example:
        >>> BetaThompson()([0.5, 2 / 3], 0, [[1.0, 1.0], [2.0, 1.0]]).round(4)
        array([0.3333, 0.6667])

    Source: Thompson (1933), *Biometrika* 25; Chapelle & Li (2011), *An Empirical Evaluation of Thompson Sampling*,
    algorithm 2.
    """

    constant = shift_invariant = takes_memory = uniforms_per_action = True

    def __call__(self, values: Any, step: Any, parameters: Any) -> Floats:
        return beta_propensities(*_beta_parameters(values, parameters))

    def draw(self, values: Any, step: Any, uniforms: Any, parameters: Any) -> Any:
        """The action with the largest sample, by the inverse distribution function from one uniform per action."""
        a, b = _beta_parameters(values, parameters)
        available = ~np.isneginf(a)
        a, b, u = np.where(available, a, 1.0), np.where(available, b, 1.0), np.maximum(uniforms, LEAST_UNIFORM)
        with np.errstate(all="ignore"):  # samples are compared by their log-odds: near 1 they would round to ties
            log_odds = np.log(special.betaincinv(a, b, u)) - np.log(special.betaincinv(b, a, 1.0 - u))
        return np.where(available, log_odds, -np.inf).argmax(axis=-1)


def _posterior(values: Any, sds: Any) -> tuple[Floats, Floats]:
    """The mean and the standard deviation of each action."""
    values, sds = as_values(values), real_array(sds, "memory")
    if sds.shape != values.shape:
        raise ValueError(f"memory has shape {sds.shape}, but values {values.shape} need a deviation for each action")
    check_best(values, values.max(axis=-1, keepdims=True))
    available = ~np.isneginf(values)
    wrong = ~(sds >= 0.0) & available
    for limit in (0.0, np.inf):
        reached = (sds == limit) & available
        wrong |= reached & (reached != available).any(axis=-1, keepdims=True)
    if wrong.any():
        raise ValueError(
            f"memory must hold a standard deviation for each action, 0 or ∞ only for all of a row, got {sds[wrong][0]}"
        )
    return _limits(values, sds)


def _limits(values: Floats, scales: Floats) -> tuple[Floats, Floats]:
    """Values and scales of the noise, where scales of ∞ make a row uniform, and scales of 0 greedy.

    In such a row all scales become 1; the values become 0, or −∞ for those that are out.
    """
    available = ~np.isneginf(values)
    scales = np.where(available, scales, 1.0)
    hot = np.isinf(scales).any(axis=-1, keepdims=True)
    cold = (available & (scales == 0.0)).any(axis=-1, keepdims=True)
    if not hot.any() and not cold.any():
        return values, scales
    best = values == values.max(axis=-1, keepdims=True)
    limits = np.where(np.where(cold, best, available), 0.0, -np.inf)
    return np.where(hot | cold, limits, values), np.where(hot | cold, 1.0, scales)


def _beta_parameters(values: Any, parameters: Any) -> tuple[Floats, Floats]:
    """The parameters a and b of each action, with a = −inf where it is not available."""
    values, parameters = as_values(values), real_array(parameters, "memory")
    if parameters.shape != (*values.shape, 2):
        raise ValueError(f"memory has shape {parameters.shape}, but values {values.shape} need a and b for each action")
    check_best(values, values.max(axis=-1, keepdims=True))
    return np.where(np.isneginf(values), -np.inf, parameters[..., 0]), parameters[..., 1]


def _largest(values: Floats, scales: Floats, noise: Floats) -> Any:
    """The index of the largest of values + scales·noise; the best value is subtracted first, to keep all digits."""
    with np.errstate(over="ignore", under="ignore"):
        return (values - values.max(axis=-1, keepdims=True) + scales * noise).argmax(axis=-1)
