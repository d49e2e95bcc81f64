"""Exact Boltzmann (softmax) exploration with temperature schedules, for bandits and Gymnasium agents.

The numerics, schedules and policies are imported at once and need nothing but NumPy; experiments, agents and
figures are imported when they are first asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

from boltzmann_rl import schedules
from boltzmann_rl.numerics import (
    BoltzmannDistribution,
    argmax,
    effective_actions,
    entropy,
    greedy,
    invert,
    kl_divergence,
    log_softmax,
    logistic,
    logistic_normalize,
    logsumexp,
    mask,
    mellowmax,
    sample,
    softmax,
    softmax_jacobian,
    sparsemax,
    tanh_normalize,
    uniform,
)
from boltzmann_rl.policies import (
    Boltzmann,
    BrokenLaw,
    EpsilonBoltzmann,
    EpsilonGreedy,
    Greedy,
    MaxBoltzmann,
    Uniform,
    act,
    check_policy,
)

if TYPE_CHECKING:
    from boltzmann_rl.agents import Agent
    from boltzmann_rl.bandits import BernoulliBandit, BetaMeans, GaussianBandit, NormalMeans, UniformMeans
    from boltzmann_rl.environments import Environment
    from boltzmann_rl.experiments import BanditExperiment, GymnasiumExperiment
    from boltzmann_rl.learners import UCB1, ConstantStep, GradientPreferences, QLearning, SampleAverage
    from boltzmann_rl.plots import plot_schedule
    from boltzmann_rl.records import Results, load, run
    from boltzmann_rl.simulation.episodes import play, train

__version__ = "0.1.0"

_LAZY = {
    "agents": ("Agent",),
    "bandits": ("BernoulliBandit", "BetaMeans", "GaussianBandit", "NormalMeans", "UniformMeans"),
    "environments": ("Environment",),
    "experiments": ("BanditExperiment", "GymnasiumExperiment"),
    "learners": ("UCB1", "ConstantStep", "GradientPreferences", "QLearning", "SampleAverage"),
    "plots": ("plot_schedule",),
    "records": ("Results", "load", "run"),
    "simulation.episodes": ("play", "train"),
}
_ROOM_OF = {name: room for room, names in _LAZY.items() for name in names}

__all__ = [
    "UCB1",
    "Agent",
    "BanditExperiment",
    "BernoulliBandit",
    "BetaMeans",
    "Boltzmann",
    "BoltzmannDistribution",
    "BrokenLaw",
    "ConstantStep",
    "Environment",
    "EpsilonBoltzmann",
    "EpsilonGreedy",
    "GaussianBandit",
    "GradientPreferences",
    "Greedy",
    "GymnasiumExperiment",
    "MaxBoltzmann",
    "NormalMeans",
    "QLearning",
    "Results",
    "SampleAverage",
    "Uniform",
    "UniformMeans",
    "act",
    "argmax",
    "check_policy",
    "effective_actions",
    "entropy",
    "greedy",
    "invert",
    "kl_divergence",
    "load",
    "log_softmax",
    "logistic",
    "logistic_normalize",
    "logsumexp",
    "mask",
    "mellowmax",
    "play",
    "plot_schedule",
    "run",
    "sample",
    "schedules",
    "softmax",
    "softmax_jacobian",
    "sparsemax",
    "tanh_normalize",
    "train",
    "uniform",
]


def __getattr__(name: str) -> Any:
    if name in _ROOM_OF:
        return getattr(importlib.import_module(f"boltzmann_rl.{_ROOM_OF[name]}"), name)
    raise AttributeError(f"module 'boltzmann_rl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
