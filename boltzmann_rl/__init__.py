"""Exact Boltzmann (softmax) exploration with temperature schedules, for bandits and Gymnasium agents.

The numerics, schedules and policies are imported at once and need nothing but NumPy; experiments, agents and
figures are imported when they are first asked for.
"""

from typing import TYPE_CHECKING

from boltzmann_rl import schedules
from boltzmann_rl.decisions.act import act
from boltzmann_rl.decisions.machine import prepare
from boltzmann_rl.lazy import lazily as _lazily
from boltzmann_rl.numerics import (
    BoltzmannDistribution,
    argmax,
    beta_propensities,
    effective_actions,
    entmax,
    entropy,
    gaussian_propensities,
    greedy,
    gumbel_propensities,
    invert,
    kl_divergence,
    log_softmax,
    logistic,
    logistic_normalize,
    logsumexp,
    mask,
    mellowmax,
    mellowmax_temperature,
    sample,
    soft_mellowmax,
    softmax,
    softmax_jacobian,
    sparsemax,
    tanh_normalize,
    uniform,
)
from boltzmann_rl.policies import LAZY as POLICIES
from boltzmann_rl.policies.greedy import EpsilonGreedy, Greedy, Uniform
from boltzmann_rl.policies.softmax import Boltzmann, EpsilonBoltzmann, MaxBoltzmann

if TYPE_CHECKING:
    from boltzmann_rl.agents.agent import Agent
    from boltzmann_rl.agents.published import exp3, exp3_ix, exp3_plus_plus, tsallis_inf
    from boltzmann_rl.bandits.means import BetaMeans, NearTies, NormalMeans, UniformMeans
    from boltzmann_rl.bandits.moving import AdversarialBandit, HeavyTailedBandit, SwitchingBandit
    from boltzmann_rl.bandits.stationary import BernoulliBandit, GaussianBandit
    from boltzmann_rl.decisions.laws import BrokenLaw, check_policy
    from boltzmann_rl.engines.reference.episodes import play, train
    from boltzmann_rl.environments.declaration import Environment
    from boltzmann_rl.environments.linear_features import Linear, LinearFeatures
    from boltzmann_rl.environments.numbered import Numbered, Numbering
    from boltzmann_rl.environments.tile_coding import TileCoded, TileCoding
    from boltzmann_rl.experiments.declarations import BanditExperiment, GymnasiumExperiment
    from boltzmann_rl.figures.schedules import plot_schedule
    from boltzmann_rl.integrations.explorer import Explorer
    from boltzmann_rl.learners.adversarial import GapEstimates, ImportanceWeightedLosses, ImportanceWeightedRewards
    from boltzmann_rl.learners.bandit import UCB1, ConstantStep, GradientPreferences, SampleAverage
    from boltzmann_rl.learners.bandit_feedback import learn_from_log
    from boltzmann_rl.learners.classic import ChoiceKernel, Pursuit, ReinforcementComparison, UCB1Tuned
    from boltzmann_rl.learners.feedback import RewardBasedDecay, ValueDifference
    from boltzmann_rl.learners.linear import LinearPreferences, fit_logit
    from boltzmann_rl.learners.policy_gradient import ActorCritic, Reinforce
    from boltzmann_rl.learners.posterior import BetaPosterior, GaussianPosterior
    from boltzmann_rl.learners.temporal_difference import SARSA, DoubleQLearning, ExpectedSARSA, QLearning
    from boltzmann_rl.learners.temporal_returns import EligibilityTraces, NStep
    from boltzmann_rl.many_actions import BoltzmannSampler, play_many_arms
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
    from boltzmann_rl.results.results import Results, load, run
    from boltzmann_rl.training.observers import logged
    from boltzmann_rl.training.training import Episode, Training

__version__ = "0.1.0"

_LAZY = {
    "many_actions": (
        "BoltzmannSampler",
        "play_many_arms",
    ),
    "linear_features": (
        "Linear",
        "LinearFeatures",
    ),
    "numbered": (
        "Numbered",
        "Numbering",
    ),
    "tile_coding": (
        "TileCoded",
        "TileCoding",
    ),
    "observers": ("logged",),
    "simulation.training": (
        "Training",
        "Episode",
    ),
    "integrations.explorer": ("Explorer",),
    "moving_bandits": (
        "AdversarialBandit",
        "HeavyTailedBandit",
        "NearTies",
        "SwitchingBandit",
    ),
    **{f"policies.{room}": names for room, names in POLICIES.items()},
    "agents": ("Agent",),
    "bandits": ("BernoulliBandit", "BetaMeans", "GaussianBandit", "NormalMeans", "UniformMeans"),
    "environments": ("Environment",),
    "experiments": ("BanditExperiment", "GymnasiumExperiment"),
    "learners": (
        "SARSA",
        "DoubleQLearning",
        "ExpectedSARSA",
        "EligibilityTraces",
        "NStep",
        "UCB1",
        "BetaPosterior",
        "ChoiceKernel",
        "GaussianPosterior",
        "ConstantStep",
        "GapEstimates",
        "GradientPreferences",
        "ImportanceWeightedLosses",
        "ImportanceWeightedRewards",
        "LinearPreferences",
        "Pursuit",
        "QLearning",
        "ReinforcementComparison",
        "RewardBasedDecay",
        "SampleAverage",
        "UCB1Tuned",
        "ValueDifference",
        "exp3",
        "exp3_ix",
        "exp3_plus_plus",
        "fit_logit",
        "learn_from_log",
        "tsallis_inf",
        "ActorCritic",
        "Reinforce",
    ),
    "bandit_environments": (),
    "gridworlds": (),
    "planning": (),
    "plots": ("plot_schedule",),
    "records": ("Results", "load", "run"),
    "tables": (),
    "simulation.episodes": ("play", "train"),
}
__getattr__, __dir__ = _lazily(__name__, _LAZY)

__all__ = [
    "GLIE",
    "SARSA",
    "UCB1",
    "ActorCritic",
    "AdaptiveEpsilonGreedy",
    "AdaptiveMaxBoltzmann",
    "AdversarialBandit",
    "Agent",
    "BanditExperiment",
    "BernoulliBandit",
    "BetaMeans",
    "BetaPosterior",
    "BetaThompson",
    "Boltzmann",
    "BoltzmannDistribution",
    "BoltzmannGumbel",
    "BoltzmannSampler",
    "BrokenLaw",
    "ChoiceKernel",
    "ConstantStep",
    "DoubleQLearning",
    "EffectiveActions",
    "EligibilityTraces",
    "Environment",
    "Episode",
    "EpsilonBoltzmann",
    "EpsilonGreedy",
    "Exp3PlusPlus",
    "ExpectedSARSA",
    "Explorer",
    "GapEstimates",
    "GaussianBandit",
    "GaussianPosterior",
    "GaussianThompson",
    "GradientPreferences",
    "Greedy",
    "GreedyProbability",
    "GymnasiumExperiment",
    "HeavyTailedBandit",
    "ImportanceWeightedLosses",
    "ImportanceWeightedRewards",
    "InverseGapWeighting",
    "Linear",
    "LinearFeatures",
    "LinearPreferences",
    "MaxBoltzmann",
    "Mellowmax",
    "NStep",
    "NearTies",
    "NormalMeans",
    "Numbered",
    "Numbering",
    "Odds",
    "Pursuit",
    "QLearning",
    "Reinforce",
    "ReinforcementComparison",
    "RelativeToRange",
    "RelativeToSpread",
    "Results",
    "RewardBasedDecay",
    "SampleAverage",
    "Sparsemax",
    "SwitchingBandit",
    "TargetEntropy",
    "TileCoded",
    "TileCoding",
    "Training",
    "Tsallis",
    "UCB1Tuned",
    "Uniform",
    "UniformMeans",
    "ValueDifference",
    "act",
    "argmax",
    "beta_propensities",
    "check_policy",
    "effective_actions",
    "entmax",
    "entropy",
    "exp3",
    "exp3_ix",
    "exp3_plus_plus",
    "fit_logit",
    "gaussian_propensities",
    "greedy",
    "gumbel_propensities",
    "invert",
    "kl_divergence",
    "learn_from_log",
    "load",
    "log_softmax",
    "logged",
    "logistic",
    "logistic_normalize",
    "logsumexp",
    "mask",
    "mellowmax",
    "mellowmax_temperature",
    "play",
    "play_many_arms",
    "plot_schedule",
    "prepare",
    "run",
    "sample",
    "schedules",
    "soft_mellowmax",
    "softmax",
    "softmax_jacobian",
    "sparsemax",
    "tanh_normalize",
    "train",
    "tsallis_inf",
    "uniform",
]
