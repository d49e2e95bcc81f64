"""What happens to a well-chosen temperature if the rewards are rescaled?

The ten-armed testbed with rewards at three scales. A fixed temperature is in units of the rewards: with rewards a
hundred times smaller the policy is nearly uniform, with rewards a hundred times larger it is nearly greedy. A
temperature relative to the standard deviation of the values, and ε, mean the same at any scale.
"""

import boltzmann_rl as brl

EXPERIMENT = brl.BanditExperiment(
    name="reward_scale",
    problem={
        f"rewards × {scale:g}": brl.GaussianBandit(brl.NormalMeans(0.0, scale), arms=10, sd=scale)
        for scale in (0.01, 1.0, 100.0)
    },
    agents={
        "Boltzmann, τ = 0.25": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.25)),
        "Boltzmann, τ = 0.4 sd of the values": brl.Agent(brl.SampleAverage(), brl.Boltzmann(brl.RelativeToSpread(0.4))),
        "ε-greedy, ε = 0.1": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1)),
    },
    runs=1000,
    steps=1000,
    seed=0,
)
