"""Policies: a policy is any callable ``(values, step) -> probabilities``, and these are the published ones."""

from typing import TYPE_CHECKING

from boltzmann_rl.lazy import lazily
from boltzmann_rl.policies.decision import act, probabilities
from boltzmann_rl.policies.greedy import EpsilonGreedy, Greedy, Uniform
from boltzmann_rl.policies.softmax import Boltzmann, EpsilonBoltzmann, MaxBoltzmann

if TYPE_CHECKING:
    from boltzmann_rl.policies.conformance import BrokenLaw, check_policy
    from boltzmann_rl.policies.feedback import AdaptiveEpsilonGreedy, AdaptiveMaxBoltzmann, Exp3PlusPlus
    from boltzmann_rl.policies.perturbation import BetaThompson, BoltzmannGumbel, GaussianThompson
    from boltzmann_rl.policies.regularised import InverseGapWeighting, Mellowmax, Sparsemax, Tsallis
    from boltzmann_rl.policies.temperatures import (
        GLIE,
        EffectiveActions,
        GreedyProbability,
        Odds,
        RelativeToRange,
        RelativeToSpread,
        TargetEntropy,
    )

LAZY = {
    "conformance": ("BrokenLaw", "check_policy"),
    "feedback": ("AdaptiveEpsilonGreedy", "AdaptiveMaxBoltzmann", "Exp3PlusPlus"),
    "perturbation": ("BetaThompson", "BoltzmannGumbel", "GaussianThompson"),
    "regularised": ("InverseGapWeighting", "Mellowmax", "Sparsemax", "Tsallis"),
    "temperatures": (
        "GLIE",
        "EffectiveActions",
        "GreedyProbability",
        "Odds",
        "RelativeToRange",
        "RelativeToSpread",
        "TargetEntropy",
    ),
}
__getattr__, __dir__ = lazily(__name__, LAZY)

__all__ = [
    "GLIE",
    "AdaptiveEpsilonGreedy",
    "AdaptiveMaxBoltzmann",
    "BetaThompson",
    "Boltzmann",
    "BoltzmannGumbel",
    "BrokenLaw",
    "EffectiveActions",
    "EpsilonBoltzmann",
    "EpsilonGreedy",
    "Exp3PlusPlus",
    "GaussianThompson",
    "Greedy",
    "GreedyProbability",
    "InverseGapWeighting",
    "MaxBoltzmann",
    "Mellowmax",
    "Odds",
    "RelativeToRange",
    "RelativeToSpread",
    "Sparsemax",
    "TargetEntropy",
    "Tsallis",
    "Uniform",
    "act",
    "check_policy",
    "probabilities",
]
