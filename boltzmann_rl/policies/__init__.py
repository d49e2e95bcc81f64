"""Policies: a policy is any callable ``(values, step) -> probabilities``, and these are the published ones.

That is all that a policy needs. What else it may say of itself, by attributes that are read where they are there:

- ``constant = True``: it depends on the step only through parameters that are schedules, so `act` needs no step where
  all of them are numbers;
- ``shift_invariant``: whether only differences between values count (`check_policy` takes it that they do);
- ``clock``: what its step counts, ``"step"``, ``"pulls"`` (one number an action) or ``"visits"`` (one number a state);
  a part of it may say so instead, as the temperature `GLIE` does. Where only steps are known it is refused;
- ``takes_memory = True``: it takes a third argument, what its learner's ``memory(state)`` returns;
- ``draw(values, step, uniforms)``: how it chooses, where it does not draw from its probabilities by the inverse of
  their distribution function; with ``uniforms_per_action = True`` it is given one uniform an action instead of one.
"""

from typing import TYPE_CHECKING

from boltzmann_rl.lazy import lazily
from boltzmann_rl.policies.decision import act, probabilities
from boltzmann_rl.policies.greedy import EpsilonGreedy, Greedy, Uniform
from boltzmann_rl.policies.machine import prepare
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
    "prepare",
    "probabilities",
]
