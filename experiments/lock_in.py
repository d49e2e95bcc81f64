"""Can a temperature that only ever falls lock in on the wrong arm?

Cesa-Bianchi, Gentile, Lugosi & Neu (2017), *Boltzmann Exploration Done Right*, §3: an arm that always pays ½ against a
Bernoulli arm that is better. With the inverse temperature 4 ln t, a few bad rewards at the start leave the better arm a
probability of order 1/t², whose sum is finite: with positive probability it is never tried again, and the regret is
linear. Here t counts from 0, and 4 ln(t + e) stands for it, whose temperature is finite from the first pull on; the
difference fades as 1/t. Their Boltzmann-Gumbel exploration has a temperature per arm, which falls only as that arm is
pulled, and does not need to know the gap.
"""

from dataclasses import dataclass

import numpy as np

from boltzmann_rl import Agent, BanditExperiment, Boltzmann, BoltzmannGumbel, EpsilonGreedy, SampleAverage
from boltzmann_rl.schedules import Ceiling, Logarithmic, Power


@dataclass(frozen=True)
class SureOrBernoulli:
    """One arm always pays ``sure``; the other pays 1 with probability ``probability``, else 0."""

    sure: float = 0.5
    probability: float = 0.75
    arms = 2

    def start(self, runs, rng):
        """Both means are known and stay."""
        return np.tile([self.sure, self.probability], (runs, 1))

    def noise(self, runs, rng):
        """One uniform a run."""
        return rng.random(runs)

    def reward(self, means, noise):
        """The sure arm has no noise."""
        return np.where(means == self.sure, self.sure, noise < means)

    def move(self, means, rng):
        """Nothing moves."""
        return means


EXPERIMENT = BanditExperiment(
    name="lock_in",
    problem={"a sure ½ against Bernoulli(¾)": SureOrBernoulli()},
    agents={
        "Boltzmann, 1/τ = 4 ln(t + e)": Agent(SampleAverage(), Boltzmann(Logarithmic(0.25))),
        "Boltzmann, τ = 0.1": Agent(SampleAverage(), Boltzmann(0.1)),
        "Boltzmann-Gumbel, C = ½": Agent(SampleAverage(), BoltzmannGumbel(scale=0.5)),
        "ε-greedy, ε = 1/√t": Agent(SampleAverage(), EpsilonGreedy(Ceiling(Power(1.0, 0.5), maximum=1.0))),
    },
    runs=1000,
    steps=5000,
    seed=0,
)
