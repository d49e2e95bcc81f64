"""
Values and softmax arrows
=========================

A trained agent on CliffWalking: arrows have the length of the root of their probability.
"""

import gymnasium

import boltzmann_rl as brl

env = gymnasium.make("CliffWalking-v1", max_episode_steps=500)
agent = brl.Agent(brl.QLearning(learning_rate=0.5), brl.Boltzmann(1.0))
training = brl.Training(env, agent, seed=0)
for _ in training.episodes(300):
    pass
figure = brl.plot_grid(env, training.values, agent.policy)
