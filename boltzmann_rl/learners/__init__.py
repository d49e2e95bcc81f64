"""Learners: what turns experience into the values that a policy follows.

A learner is a frozen dataclass of settings with three functions. For bandits ``start(shape, rng) -> state``,
``values(state) -> (rows, A)`` and ``update(state, action, reward, probabilities, rng) -> state``; for environments
``update(state, transition, rng) -> state``, and the rows are observations. Arrays of the state are updated in place,
so a state belongs to the loop that started it. What a policy with a memory needs comes from ``memory(state)``.

Feedback for bandits is one action and one reward for each row: integers in [0, A), and finite real numbers (bools
count as 0 and 1); of one row they may be plain numbers. Learners that weigh rewards by probabilities take those of all
actions ``(rows, A)``, and most also those of the chosen actions alone ``(rows,)``. Anything else is refused by name,
and leaves the state as it was. A log of many decisions of one bandit is learned in its order by `learn_from_log`.

A transition for environments names an observation and an action of the table, and a finite reward; features and
probabilities fit it. It is checked as a whole in the same way.
"""

from typing import TYPE_CHECKING

from boltzmann_rl.lazy import lazily
from boltzmann_rl.learners.adversarial import (
    GapEstimates,
    ImportanceWeightedLosses,
    ImportanceWeightedRewards,
    exp3,
    exp3_ix,
    exp3_plus_plus,
    tsallis_inf,
)
from boltzmann_rl.learners.bandit import UCB1, ConstantStep, GradientPreferences, SampleAverage
from boltzmann_rl.learners.bandit_feedback import learn_from_log
from boltzmann_rl.learners.classic import ChoiceKernel, Pursuit, ReinforcementComparison, UCB1Tuned
from boltzmann_rl.learners.feedback import RewardBasedDecay, ValueDifference
from boltzmann_rl.learners.linear import LinearPreferences, fit_logit
from boltzmann_rl.learners.policy_gradient import ActorCritic, Reinforce
from boltzmann_rl.learners.posterior import BetaPosterior, GaussianPosterior
from boltzmann_rl.learners.temporal_difference import (
    SARSA,
    DoubleQLearning,
    ExpectedSARSA,
    QLearning,
    Transition,
)
from boltzmann_rl.learners.temporal_returns import EligibilityTraces, NStep

if not TYPE_CHECKING:  # type checkers know which names are there
    __getattr__, __dir__ = lazily(__name__, {})  # suggests one for a name that is not

__all__ = [
    "SARSA",
    "UCB1",
    "ActorCritic",
    "BetaPosterior",
    "ChoiceKernel",
    "ConstantStep",
    "DoubleQLearning",
    "EligibilityTraces",
    "ExpectedSARSA",
    "GapEstimates",
    "GaussianPosterior",
    "GradientPreferences",
    "ImportanceWeightedLosses",
    "ImportanceWeightedRewards",
    "LinearPreferences",
    "NStep",
    "Pursuit",
    "QLearning",
    "Reinforce",
    "ReinforcementComparison",
    "RewardBasedDecay",
    "SampleAverage",
    "Transition",
    "UCB1Tuned",
    "ValueDifference",
    "exp3",
    "exp3_ix",
    "exp3_plus_plus",
    "fit_logit",
    "learn_from_log",
    "tsallis_inf",
]
