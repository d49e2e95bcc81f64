"""What happens to a temperature that was chosen well, when the rewards come in another unit?

The ten-armed testbed with rewards in three units. A fixed temperature is in units of the rewards: where they are a
hundredth it is uniform, where they are a hundredfold it is greedy. A temperature relative to the spread of the values,
and ε, mean the same in any unit.
"""

from boltzmann_rl import (
    Agent,
    BanditExperiment,
    Boltzmann,
    EpsilonGreedy,
    GaussianBandit,
    NormalMeans,
    RelativeToSpread,
    SampleAverage,
)

EXPERIMENT = BanditExperiment(
    name="reward_scale",
    problem={
        f"rewards × {scale:g}": GaussianBandit(NormalMeans(0.0, scale), arms=10, sd=scale)
        for scale in (0.01, 1.0, 100.0)
    },
    agents={
        "Boltzmann, τ = 0.25": Agent(SampleAverage(), Boltzmann(0.25)),
        "Boltzmann, τ = 0.4 sd of the values": Agent(SampleAverage(), Boltzmann(RelativeToSpread(0.4))),
        "ε-greedy, ε = 0.1": Agent(SampleAverage(), EpsilonGreedy(0.1)),
    },
    runs=1000,
    steps=1000,
    seed=0,
)
