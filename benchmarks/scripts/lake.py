"""A study on FrozenLake 8×8: Q-learning with 12 explorations, 30 seeds of 300 episodes each, and the figure."""

import sys

import boltzmann_rl as brl

policies = {f"ε = {epsilon}": brl.EpsilonGreedy(epsilon) for epsilon in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)}
policies |= {f"τ = {tau}": brl.Boltzmann(tau) for tau in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)}
agents = {name: brl.Agent(brl.QLearning(learning_rate=0.1), policy) for name, policy in policies.items()}
lake = brl.Environment("FrozenLake8x8-v1")
results = brl.GymnasiumExperiment("lake", lake, agents, runs=30, episodes=300, seed=0).run(progress=False)
results.plot().savefig(sys.argv[1])
