"""Dynamic programming on transition tables: the values that learners converge to.

Value iteration with the maximum or a softened maximum gives optimal and exploring values; a linear system gives the
values of any policy. The package's policies act on the resulting action values:
``EpsilonGreedy(0.1)(plan.action_values, 0)`` are its probabilities in every state. Backward induction gives the optimal
values with any number of steps left, and so the exact regret of an episode under a time limit.
"""

from boltzmann_rl.planning.backups import BoltzmannBackup, MaxBackup, MellowmaxBackup
from boltzmann_rl.planning.iteration import Plan, action_values, policy_values, value_iteration
from boltzmann_rl.planning.mdp import MDP
from boltzmann_rl.planning.time_limits import TimeLimitedPlan, backward_induction

__all__ = [
    "MDP",
    "BoltzmannBackup",
    "MaxBackup",
    "MellowmaxBackup",
    "Plan",
    "TimeLimitedPlan",
    "action_values",
    "backward_induction",
    "policy_values",
    "value_iteration",
]
