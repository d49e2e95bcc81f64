"""
Small multiples
===============

One panel for each agent, with the others in grey.
"""

import boltzmann_rl as brl

mean = brl.SampleAverage()
experiment = brl.BanditExperiment(
    name="temperatures",
    problem=brl.GaussianBandit(),
    agents={f"τ = {t}": brl.Agent(mean, brl.Boltzmann(t)) for t in (0.03, 0.1, 0.3, 1.0)},
    runs=100,
    steps=500,
)
figure = experiment.run(progress=False).plot("expected_reward", panels="agents")
