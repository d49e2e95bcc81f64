"""
A parameter study
=================

The mean reward of whole runs against the parameter of each family.
"""

import boltzmann_rl as brl

mean = brl.SampleAverage()
study = brl.BanditExperiment(
    name="parameters",
    problem=brl.GaussianBandit(),
    agents={
        "ε-greedy, ε": {e: brl.Agent(mean, brl.EpsilonGreedy(e)) for e in (1 / 64, 1 / 16, 1 / 4)},
        "Boltzmann, τ": {t: brl.Agent(mean, brl.Boltzmann(t)) for t in (1 / 16, 1 / 4, 1.0)},
        "greedy": brl.Agent(mean, brl.Greedy()),
    },
    runs=100,
    steps=500,
)
figure = study.run(progress=False).plot("reward")
