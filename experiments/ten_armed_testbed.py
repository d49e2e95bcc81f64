"""How does Boltzmann exploration do against ε-greedy on the ten-armed testbed?

The testbed of Sutton & Barto (2018), §2.3: 2000 problems of ten arms with means from N(0, 1) and rewards of standard
deviation 1, 1000 pulls each. The greedy and ε-greedy agents are those of their Figure 2.2; Boltzmann is added at three
constant temperatures and cooled.
"""

from boltzmann_rl import (
    Agent,
    BanditExperiment,
    Boltzmann,
    EpsilonGreedy,
    GaussianBandit,
    Greedy,
    NormalMeans,
    SampleAverage,
)
from boltzmann_rl.schedules import Exponential

EXPERIMENT = BanditExperiment(
    name="ten_armed_testbed",
    problem={"the ten-armed testbed": GaussianBandit(NormalMeans(0.0, 1.0), arms=10, sd=1.0)},
    agents={
        "greedy": Agent(SampleAverage(), Greedy()),
        "ε-greedy, ε = 0.01": Agent(SampleAverage(), EpsilonGreedy(0.01)),
        "ε-greedy, ε = 0.1": Agent(SampleAverage(), EpsilonGreedy(0.1)),
        "Boltzmann, τ = 0.1": Agent(SampleAverage(), Boltzmann(0.1)),
        "Boltzmann, τ = 0.25": Agent(SampleAverage(), Boltzmann(0.25)),
        "Boltzmann, τ = 1": Agent(SampleAverage(), Boltzmann(1.0)),
        "Boltzmann, τ from 1 to 0.05": Agent(SampleAverage(), Boltzmann(Exponential(1.0, 0.05, steps=500))),
    },
    runs=2000,
    steps=1000,
    seed=0,
)
