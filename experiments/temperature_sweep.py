"""How much does it matter which temperature, and which ε, one takes?

The idea of Figure 2.6 of Sutton & Barto (2018), a parameter study on the ten-armed testbed, for the temperature of
Boltzmann exploration beside the ε of ε-greedy: mean reward over the first 1000 steps against the parameter.
"""

from boltzmann_rl import Agent, BanditExperiment, Boltzmann, EpsilonGreedy, GaussianBandit, NormalMeans, SampleAverage

EXPERIMENT = BanditExperiment(
    name="temperature_sweep",
    problem={"the ten-armed testbed": GaussianBandit(NormalMeans(0.0, 1.0), arms=10, sd=1.0)},
    agents={
        "ε-greedy, ε": {2.0**k: Agent(SampleAverage(), EpsilonGreedy(2.0**k)) for k in range(-7, -1)},
        "Boltzmann, τ": {2.0**k: Agent(SampleAverage(), Boltzmann(2.0**k)) for k in range(-7, 3)},
    },
    runs=2000,
    steps=1000,
    seed=0,
)
