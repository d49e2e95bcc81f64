"""A notebook's ten-armed testbed: four agents, 2,000 runs of 1,000 steps, and the figure."""

import sys

import boltzmann_rl as brl

agents = {
    "greedy": brl.Agent(brl.SampleAverage(), brl.Greedy()),
    "ε = 0.01": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.01)),
    "ε = 0.1": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1)),
    "τ = 0.25": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.25)),
}
results = brl.BanditExperiment("testbed", brl.GaussianBandit(arms=10), agents, seed=0).run(progress=False)
results.plot().savefig(sys.argv[1])
