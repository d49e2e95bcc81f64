"""How does Boltzmann exploration compare with ε-greedy on the ten-armed testbed?

The testbed of Sutton & Barto (2018), §2.3: 2000 problems of ten arms with means from N(0, 1) and rewards of standard
deviation 1, 1000 pulls each. The greedy and ε-greedy agents are those of their Figure 2.2; Boltzmann agents with three
constant temperatures and with a falling one are added.
"""

import boltzmann_rl as brl
from boltzmann_rl.schedules import Exponential

EXPERIMENT = brl.BanditExperiment(
    name="ten_armed_testbed",
    problem={"the ten-armed testbed": brl.GaussianBandit(brl.NormalMeans(0.0, 1.0), arms=10, sd=1.0)},
    agents={
        "greedy": brl.Agent(brl.SampleAverage(), brl.Greedy()),
        "ε-greedy, ε = 0.01": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.01)),
        "ε-greedy, ε = 0.1": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1)),
        "Boltzmann, τ = 0.1": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)),
        "Boltzmann, τ = 0.25": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.25)),
        "Boltzmann, τ = 1": brl.Agent(brl.SampleAverage(), brl.Boltzmann(1.0)),
        "Boltzmann, τ from 1 to 0.05": brl.Agent(brl.SampleAverage(), brl.Boltzmann(Exponential(1.0, 0.05, steps=500))),
    },
    runs=2000,
    steps=1000,
    seed=0,
)
