"""Policies that take the best of randomly perturbed values: Boltzmann–Gumbel exploration and Thompson sampling.

A decision takes one uniform per action; the probabilities are nevertheless exact, by quadrature.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from boltzmann_rl.arguments import Floats, as_positive, as_steps, as_values, check_best, check_fields, real_array
from boltzmann_rl.arguments.near_names import dataclass
from boltzmann_rl.numerics import beta_propensities, gaussian_propensities, gumbel_propensities
from boltzmann_rl.numerics.perturbation import GAUSSIAN, GUMBEL

# Uniforms are multiples of 2^-53. Half of that replaces 0, whose perturbation would be −∞.
LEAST_UNIFORM = 2.0**-54


class Noise(NamedTuple):
    """What a policy adds to the values before it takes the best: scale·Z with an independent Z for each action.

    Attributes:
        distribution: Of Z: ``GUMBEL`` or ``GAUSSIAN`` of `boltzmann_rl.numerics.perturbation`.
        scale: C where the scale is C/√pulls, as in `BoltzmannGumbel`; None where it is what the learner remembers of
            each action, as in `GaussianThompson`.
    """

    distribution: Any
    scale: float | None


@dataclass(frozen=True)
class BoltzmannGumbel:
    """Boltzmann–Gumbel exploration: the best of values_a + scale/√pulls_a·Z_a with independent Z_a ~ Gumbel(0, 1).

    Each action has its own temperature, which falls with its own pulls. While available actions have no pulls, the
    choice is uniform over these. Where all have the same number n of pulls it is `Boltzmann` at temperature scale/√n.

    Args:
        scale: C, in units of the rewards, > 0, finite; the analysis uses the σ of σ-subgaussian rewards.

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

    scale: float
    clock = "pulls"
    shift_invariant = uniforms_per_action = True

    def __post_init__(self) -> None:
        check_fields(self, scale=partial(as_positive, why="use Greedy"))

    def __call__(self, values: Any, step: Any) -> Floats:
        return gumbel_propensities(*self._indices(values, step))

    @property
    def noise(self) -> Noise:
        return Noise(GUMBEL, self.scale)

    def draw(self, values: Any, step: Any, uniforms: Any) -> Any:
        """The action with the largest value + scale·(−ln(−ln u)), from one uniform u per action."""
        values, scales = self._indices(values, step)
        return _largest(values, scales, -np.log(-np.log(np.maximum(uniforms, LEAST_UNIFORM))))

    def _indices(self, values: Any, step: Any) -> tuple[Floats, Floats]:
        """Values and scales; in a row with unpulled actions, values 0 for these and −inf for the others."""
        values, pulls = as_values(values), as_steps(step)
        if pulls.ndim != values.ndim:
            raise ValueError(
                f"step has shape {pulls.shape}, but Boltzmann–Gumbel exploration counts the pulls of each action of "
                f"values {values.shape}: give one step per action, or Agent(..., clock='pulls')"
            )
        check_best(values, values.max(axis=-1, keepdims=True))
        untried = (pulls == 0.0) & ~np.isneginf(values)
        starting = untried.any(axis=-1, keepdims=True)
        if starting.any():
            values = np.where(starting, np.where(untried, 0.0, -np.inf), values)
        return values, self.scale / np.sqrt(np.maximum(pulls, 1.0))


@dataclass(frozen=True)
class GaussianThompson:
    """Thompson sampling: the best of one draw from each action's posterior N(values_a, memory_a²).

    An action's probability is its posterior probability of being the best. Limits: where all standard deviations are
    infinite (no knowledge) it is `Uniform`. For use with `GaussianPosterior`.

    Raises:
        ValueError: A memory that is not one standard deviation > 0 for each available action, or that is infinite for
            some and finite for others of a row.

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
        from scipy.special import ndtri  # imported here: SciPy takes several times as long as importing this package

        values, sds = _posterior(values, sds)
        infinite = np.isinf(sds).any(axis=-1, keepdims=True)
        values = np.where(infinite & ~np.isneginf(values), 0.0, values)
        return _largest(values, np.where(infinite, 1.0, sds), ndtri(np.maximum(uniforms, LEAST_UNIFORM)))


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
        # imported here: SciPy takes several times as long as importing this package
        from scipy.special import betaincinv

        a, b = _beta_parameters(values, parameters)
        available = ~np.isneginf(a)
        a, b, u = np.where(available, a, 1.0), np.where(available, b, 1.0), np.maximum(uniforms, LEAST_UNIFORM)
        with np.errstate(all="ignore"):  # samples are compared by their log-odds: near 1 they would round to ties
            log_odds = np.log(betaincinv(a, b, u)) - np.log(betaincinv(b, a, 1.0 - u))
        return np.where(available, log_odds, -np.inf).argmax(axis=-1)


def _posterior(values: Any, sds: Any) -> tuple[Floats, Floats]:
    """The mean and the standard deviation of each action."""
    values, sds = as_values(values), real_array(sds, "memory")
    if sds.shape != values.shape:
        raise ValueError(f"memory has shape {sds.shape}, but values {values.shape} need a deviation for each action")
    check_best(values, values.max(axis=-1, keepdims=True))
    wrong = ~(sds > 0.0) & ~np.isneginf(values)
    if wrong.any():
        raise ValueError(f"memory must hold a standard deviation above 0 for each action, got {sds[wrong][0]}")
    return values, np.where(np.isneginf(values), 1.0, sds)


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
