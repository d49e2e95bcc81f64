"""How much does the choice of the temperature, or of ε, matter?

A parameter study on the ten-armed testbed, as in Figure 2.6 of Sutton & Barto (2018), of the temperature of Boltzmann
exploration and the ε of ε-greedy: mean reward over the first 1000 steps as a function of the parameter.
"""

import boltzmann_rl as brl

EXPERIMENT = brl.BanditExperiment(
    name="temperature_sweep",
    problem={"the ten-armed testbed": brl.GaussianBandit(brl.NormalMeans(0.0, 1.0), arms=10, sd=1.0)},
    agents={
        "ε-greedy, ε": {2.0**k: brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(2.0**k)) for k in range(-7, -1)},
        "Boltzmann, τ": {2.0**k: brl.Agent(brl.SampleAverage(), brl.Boltzmann(2.0**k)) for k in range(-7, 3)},
    },
    runs=2000,
    steps=1000,
    seed=0,
)
