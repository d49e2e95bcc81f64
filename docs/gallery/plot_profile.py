"""
Performance profiles
====================

The share of runs whose mean reward exceeds a threshold (Agarwal et al., 2021).
"""

import boltzmann_rl as brl

mean = brl.SampleAverage()
experiment = brl.BanditExperiment(
    name="ten_arms",
    problem=brl.GaussianBandit(),
    agents={
        "greedy": brl.Agent(mean, brl.Greedy()),
        "ε = 0.1": brl.Agent(mean, brl.EpsilonGreedy(0.1)),
        "τ = 0.1": brl.Agent(mean, brl.Boltzmann(0.1)),
        "τ = 0.3": brl.Agent(mean, brl.Boltzmann(0.3)),
    },
    runs=100,
    steps=500,
)
results = experiment.run(progress=False)

figure = results.figures.profile()
