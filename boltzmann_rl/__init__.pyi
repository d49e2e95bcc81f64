"""The public names of the package, each with the module that defines it: the only list of them.

`boltzmann_rl.lazy` reads it when the package is imported, type checkers and editors read it as it is.
"""

from boltzmann_rl import (
    bandit_environments as bandit_environments,
    configuration as configuration,
    gridworlds as gridworlds,
    logs as logs,
    planning as planning,
    reports as reports,
    schedules as schedules,
    tables as tables,
)
from boltzmann_rl.agents.agent import Agent as Agent
from boltzmann_rl.agents.published import (
    exp3 as exp3,
    exp3_ix as exp3_ix,
    exp3_plus_plus as exp3_plus_plus,
    tsallis_inf as tsallis_inf,
)
from boltzmann_rl.animations.animation import Animation as Animation, animate as animate
from boltzmann_rl.bandits.means import (
    BetaMeans as BetaMeans,
    NearTies as NearTies,
    NormalMeans as NormalMeans,
    UniformMeans as UniformMeans,
)
from boltzmann_rl.bandits.moving import (
    AdversarialBandit as AdversarialBandit,
    HeavyTailedBandit as HeavyTailedBandit,
    SwitchingBandit as SwitchingBandit,
)
from boltzmann_rl.bandits.rescaled import RescaledBandit as RescaledBandit
from boltzmann_rl.bandits.stationary import BernoulliBandit as BernoulliBandit, GaussianBandit as GaussianBandit
from boltzmann_rl.configuration.reading import from_dict as from_dict
from boltzmann_rl.configuration.writing import to_dict as to_dict
from boltzmann_rl.decisions.act import act as act
from boltzmann_rl.decisions.conformance import BrokenLaw as BrokenLaw, check_policy as check_policy
from boltzmann_rl.decisions.machine import prepare as prepare
from boltzmann_rl.declared_environments.environment import Environment as Environment
from boltzmann_rl.declared_environments.wraps import (
    LinearObservations as LinearObservations,
    Numbered as Numbered,
    RescaledRewards as RescaledRewards,
    TileCoded as TileCoded,
)
from boltzmann_rl.defaults import recommended as recommended
from boltzmann_rl.engines.metrics import Metric as Metric, Moment as Moment
from boltzmann_rl.engines.reference.episodes import play as play, train as train
from boltzmann_rl.environments.linear_features import LinearFeatures as LinearFeatures
from boltzmann_rl.environments.numbered import Numbering as Numbering
from boltzmann_rl.environments.rescaled import RewardRescaling as RewardRescaling
from boltzmann_rl.environments.tile_coding import TileCoding as TileCoding
from boltzmann_rl.experiments.declarations import (
    BanditExperiment as BanditExperiment,
    GymnasiumExperiment as GymnasiumExperiment,
    run as run,
)
from boltzmann_rl.experiments.sweeps import Sweep as Sweep
from boltzmann_rl.figures.action_values import plot_action_values as plot_action_values, plot_grid as plot_grid
from boltzmann_rl.figures.probabilities import plot_probabilities as plot_probabilities
from boltzmann_rl.figures.schedules import plot_schedule as plot_schedule
from boltzmann_rl.figures.simplex import plot_simplex as plot_simplex
from boltzmann_rl.integrations.explorer import Explorer as Explorer
from boltzmann_rl.learners.adversarial import (
    GapEstimates as GapEstimates,
    ImportanceWeightedLosses as ImportanceWeightedLosses,
    ImportanceWeightedRewards as ImportanceWeightedRewards,
)
from boltzmann_rl.learners.bandit import (
    UCB1 as UCB1,
    ConstantStep as ConstantStep,
    GradientPreferences as GradientPreferences,
    SampleAverage as SampleAverage,
)
from boltzmann_rl.learners.bandit_feedback import learn_from_log as learn_from_log
from boltzmann_rl.learners.classic import (
    ChoiceKernel as ChoiceKernel,
    Pursuit as Pursuit,
    ReinforcementComparison as ReinforcementComparison,
    UCB1Tuned as UCB1Tuned,
)
from boltzmann_rl.learners.feedback import RewardBasedDecay as RewardBasedDecay, ValueDifference as ValueDifference
from boltzmann_rl.learners.linear import LinearPreferences as LinearPreferences, fit_logit as fit_logit
from boltzmann_rl.learners.noise import NoiseEstimate as NoiseEstimate
from boltzmann_rl.learners.policy_gradient import ActorCritic as ActorCritic, Reinforce as Reinforce
from boltzmann_rl.learners.posterior import BetaPosterior as BetaPosterior, GaussianPosterior as GaussianPosterior
from boltzmann_rl.learners.temporal_difference import (
    SARSA as SARSA,
    DoubleQLearning as DoubleQLearning,
    ExpectedSARSA as ExpectedSARSA,
    QLearning as QLearning,
)
from boltzmann_rl.learners.temporal_returns import EligibilityTraces as EligibilityTraces, NStep as NStep
from boltzmann_rl.learners.untried import EveryActionFirst as EveryActionFirst
from boltzmann_rl.many_actions import BoltzmannSampler as BoltzmannSampler, play_many_arms as play_many_arms
from boltzmann_rl.numerics.ensemble import BoltzmannDistribution as BoltzmannDistribution
from boltzmann_rl.numerics.entmax import entmax as entmax
from boltzmann_rl.numerics.information import (
    effective_actions as effective_actions,
    entropy as entropy,
    kl_divergence as kl_divergence,
)
from boltzmann_rl.numerics.maxima import (
    argmax as argmax,
    greedy as greedy,
    mellowmax as mellowmax,
    mellowmax_temperature as mellowmax_temperature,
    soft_mellowmax as soft_mellowmax,
    sparsemax as sparsemax,
    uniform as uniform,
)
from boltzmann_rl.numerics.perturbation import (
    beta_propensities as beta_propensities,
    gaussian_propensities as gaussian_propensities,
    gumbel_propensities as gumbel_propensities,
)
from boltzmann_rl.numerics.sampling import invert as invert, mask as mask, sample as sample
from boltzmann_rl.numerics.sigmoid import (
    logistic as logistic,
    logistic_normalize as logistic_normalize,
    tanh_normalize as tanh_normalize,
)
from boltzmann_rl.numerics.softmax import (
    log_softmax as log_softmax,
    logsumexp as logsumexp,
    softmax as softmax,
    softmax_jacobian as softmax_jacobian,
)
from boltzmann_rl.policies.feedback import (
    AdaptiveEpsilonGreedy as AdaptiveEpsilonGreedy,
    AdaptiveMaxBoltzmann as AdaptiveMaxBoltzmann,
    Exp3PlusPlus as Exp3PlusPlus,
)
from boltzmann_rl.policies.greedy import EpsilonGreedy as EpsilonGreedy, Greedy as Greedy, Uniform as Uniform
from boltzmann_rl.policies.mixture import Mixture as Mixture
from boltzmann_rl.policies.noise import RelativeToNoise as RelativeToNoise
from boltzmann_rl.policies.perturbation import (
    BetaThompson as BetaThompson,
    BoltzmannGumbel as BoltzmannGumbel,
    GaussianThompson as GaussianThompson,
)
from boltzmann_rl.policies.regularised import (
    InverseGapWeighting as InverseGapWeighting,
    Mellowmax as Mellowmax,
    Sparsemax as Sparsemax,
    Tsallis as Tsallis,
)
from boltzmann_rl.policies.softmax import (
    Boltzmann as Boltzmann,
    EpsilonBoltzmann as EpsilonBoltzmann,
    MaxBoltzmann as MaxBoltzmann,
)
from boltzmann_rl.policies.temperatures import (
    GLIE as GLIE,
    EffectiveActions as EffectiveActions,
    GreedyByVisits as GreedyByVisits,
    GreedyProbability as GreedyProbability,
    Odds as Odds,
    RelativeToRange as RelativeToRange,
    RelativeToSpread as RelativeToSpread,
    TargetEntropy as TargetEntropy,
)
from boltzmann_rl.protocols import Transition as Transition
from boltzmann_rl.results.loading import load as load
from boltzmann_rl.results.results import Results as Results
from boltzmann_rl.training.observers import logged as logged
from boltzmann_rl.training.training import Episode as Episode, Training as Training
from boltzmann_rl.tuning.outcome import Tuning as Tuning
from boltzmann_rl.tuning.tuner import tune as tune

__version__: str
