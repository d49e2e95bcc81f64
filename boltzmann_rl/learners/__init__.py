"""Learners: what turns experience into the values that a policy follows.

A learner is a frozen dataclass of settings with three functions. For bandits ``start(shape, rng) -> state``,
``values(state) -> (rows, A)`` and ``update(state, action, reward, probabilities, rng) -> state``; for environments
``update(state, transition, rng) -> state``, and the rows are observations. Arrays of the state are updated in place,
so a state belongs to the loop that started it.
"""

from boltzmann_rl.learners.bandit import UCB1, ConstantStep, GradientPreferences, SampleAverage
from boltzmann_rl.learners.temporal_difference import QLearning, Transition

__all__ = ["UCB1", "ConstantStep", "GradientPreferences", "QLearning", "SampleAverage", "Transition"]
