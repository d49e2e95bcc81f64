"""
Regret and the lower bound
==========================

The dotted line has the slope of Lai & Robbins' bound (1985).
"""

import boltzmann_rl as brl

experiment = brl.BanditExperiment(
    name="two_coins",
    problem=brl.BernoulliBandit(means=(0.3, 0.5, 0.7)),
    agents={
        "Boltzmann–Gumbel": brl.Agent(brl.SampleAverage(), brl.BoltzmannGumbel(0.5)),
        "τ = 0.1": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)),
        "Thompson": brl.Agent(brl.BetaPosterior(), brl.BetaThompson()),
    },
    runs=50,
    steps=1000,
)
figure = experiment.run(progress=False).figures.regret()
