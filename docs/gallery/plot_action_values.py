"""
A table of action values
========================

What Q-learning knows about the first states of FrozenLake.
"""

import gymnasium

import boltzmann_rl as brl

agent = brl.Agent(brl.QLearning(learning_rate=0.1), brl.Boltzmann(0.05))
training = brl.Training(gymnasium.make("FrozenLake-v1"), agent, seed=0)
for _ in training.episodes(2000):
    pass
figure = brl.plot_action_values(training.values)
