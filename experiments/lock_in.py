"""Can a temperature that only falls lock in on the wrong arm?

Cesa-Bianchi, Gentile, Lugosi & Neu (2017), *Boltzmann Exploration Done Right*, §3: an arm that always pays ½ and a
better Bernoulli arm. With the inverse temperature 4 ln t, a few bad rewards at the start leave the better arm a
probability of order 1/t², whose sum is finite. So with positive probability it is never tried again, and the regret is
linear. Here t counts from 0, and 4 ln(t + e) replaces 4 ln t, so that the temperature is finite from the first pull on;
the difference vanishes as 1/t. Their Boltzmann-Gumbel exploration has a temperature per arm, which falls only when that
arm is pulled, and needs no knowledge of the gap.
"""

from dataclasses import dataclass

import numpy as np

import boltzmann_rl as brl
from boltzmann_rl.schedules import Ceiling, Logarithmic, Power


@dataclass(frozen=True)
class SureOrBernoulli:
    """One arm always pays ``sure``; the other pays 1 with probability ``probability``, else 0."""

    sure: float = 0.5
    probability: float = 0.75
    arms = 2

    def start(self, runs, rng):
        """Both means are fixed."""
        return np.tile([self.sure, self.probability], (runs, 1))

    def noise(self, runs, rng):
        """One uniform per run."""
        return rng.random(runs)

    def reward(self, means, noise):
        """The sure arm has no noise."""
        return np.where(means == self.sure, self.sure, noise < means)

    def move(self, means, rng):
        """The means do not drift."""
        return means


EXPERIMENT = brl.BanditExperiment(
    name="lock_in",
    problem={"a sure ½ against Bernoulli(¾)": SureOrBernoulli()},
    agents={
        "Boltzmann, 1/τ = 4 ln(t + e)": brl.Agent(brl.SampleAverage(), brl.Boltzmann(Logarithmic(0.25))),
        "Boltzmann, τ = 0.1": brl.Agent(brl.SampleAverage(), brl.Boltzmann(0.1)),
        "Boltzmann-Gumbel, C = ½": brl.Agent(brl.SampleAverage(), brl.BoltzmannGumbel(scale=0.5)),
        "ε-greedy, ε = 1/√t": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(Ceiling(Power(1.0, 0.5), maximum=1.0))),
    },
    runs=1000,
    steps=5000,
    seed=0,
)
