"""Policies: a policy is any callable ``(values, step) -> probabilities``, and these are the published ones."""

from boltzmann_rl.policies.conformance import BrokenLaw, check_policy
from boltzmann_rl.policies.decision import act, probabilities
from boltzmann_rl.policies.greedy import EpsilonGreedy, Greedy, Uniform
from boltzmann_rl.policies.softmax import Boltzmann, EpsilonBoltzmann, MaxBoltzmann

__all__ = [
    "Boltzmann",
    "BrokenLaw",
    "EpsilonBoltzmann",
    "EpsilonGreedy",
    "Greedy",
    "MaxBoltzmann",
    "Uniform",
    "act",
    "check_policy",
    "probabilities",
]
