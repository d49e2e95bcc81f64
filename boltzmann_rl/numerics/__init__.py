"""The mathematics of the softmax: arrays in, arrays out, actions on the last axis, leading axes free."""

from typing import TYPE_CHECKING

from boltzmann_rl.lazy import public as _public
from boltzmann_rl.numerics.ensemble import BoltzmannDistribution
from boltzmann_rl.numerics.entmax import entmax
from boltzmann_rl.numerics.information import effective_actions, entropy, kl_divergence
from boltzmann_rl.numerics.maxima import (
    argmax,
    greedy,
    mellowmax,
    mellowmax_temperature,
    soft_mellowmax,
    sparsemax,
    uniform,
)
from boltzmann_rl.numerics.perturbation import beta_propensities, gaussian_propensities, gumbel_propensities
from boltzmann_rl.numerics.sampling import invert, mask, sample
from boltzmann_rl.numerics.sigmoid import logistic, logistic_normalize, tanh_normalize
from boltzmann_rl.numerics.softmax import log_softmax, logsumexp, softmax, softmax_jacobian

if not TYPE_CHECKING:  # type checkers read the imports above
    _, __getattr__, __dir__ = _public(__name__)  # the error for a misspelled name suggests the right one

__all__ = [
    "BoltzmannDistribution",
    "argmax",
    "beta_propensities",
    "effective_actions",
    "entmax",
    "entropy",
    "gaussian_propensities",
    "greedy",
    "gumbel_propensities",
    "invert",
    "kl_divergence",
    "log_softmax",
    "logistic",
    "logistic_normalize",
    "logsumexp",
    "mask",
    "mellowmax",
    "mellowmax_temperature",
    "sample",
    "soft_mellowmax",
    "softmax",
    "softmax_jacobian",
    "sparsemax",
    "tanh_normalize",
    "uniform",
]
