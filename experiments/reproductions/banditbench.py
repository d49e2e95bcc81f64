"""The table in the README of DataWraith/banditbench: ten Bernoulli arms with means ~ Beta(1, 8), 500 pulls.

The gradient agents there get rewards of ±1, which are 2·(reward − ½). That equals twice the learning rate, with a
baseline of ½ instead of none. Its ε-greedy agrees if every arm is tried first, here because of initial estimates of 1;
with estimates from 0 the regret is 35.9.
"""

from dataclasses import dataclass

import boltzmann_rl as brl
from boltzmann_rl.reproduction import Measurement, Target


@dataclass(frozen=True)
class Regret:
    """Total regret on Bernoulli arms whose means are drawn from a beta distribution in each run."""

    agent: brl.Agent
    a: float = 1.0
    b: float = 8.0
    arms: int = 10
    steps: int = 500
    runs: int = 4000
    seed: int = 0

    def measure(self, jobs: int | None = None) -> Measurement:
        """The mean total regret."""
        results = brl.BanditExperiment(
            name="banditbench",
            problem=brl.BernoulliBandit(brl.BetaMeans(self.a, self.b), arms=self.arms),
            agents={"agent": self.agent},
            runs=self.runs,
            seed=self.seed,
            steps=self.steps,
        ).run(jobs=jobs, progress=False)
        return Measurement.of_runs(results.runs["regret"])


NAMES = {
    "epsilon": "ε-greedy, ε = 0.1",
    "gradient": "gradient bandit",
    "gradient-baseline": "gradient bandit with baseline",
    "gumbel": "Boltzmann–Gumbel exploration",
    "ucb1": "UCB1",
}


def row(name: str, agent: brl.Agent, published: float, independent: float) -> Target:
    """A row of the table, with a tolerance of 5 %."""
    return Target(
        id=f"BB-beta-{name}",
        study=Regret(agent),
        published=published,
        relative=0.05,
        independent=independent,
        independent_within=0.05 * independent,
        source="DataWraith/banditbench, README",
        panel="Ten Bernoulli arms with means from Beta(1, 8)",
        series="all agents",
        x=(NAMES[name],),
        unit="total regret after 500 pulls",
    )


TARGETS = [
    row("epsilon", brl.Agent(brl.SampleAverage(initial=1.0), brl.EpsilonGreedy(0.1)), 33.2831, 32.9),
    row("gradient", brl.Agent(brl.GradientPreferences(0.2, baseline=0.5), brl.Boltzmann(1.0)), 54.8612, 55.07),
    row("gradient-baseline", brl.Agent(brl.GradientPreferences(0.2), brl.Boltzmann(1.0)), 55.7285, 55.85),
    row("gumbel", brl.Agent(brl.SampleAverage(), brl.BoltzmannGumbel(scale=0.5)), 58.4917, 58.41),
    row("ucb1", brl.Agent(brl.UCB1(), brl.Greedy()), 69.6096, 70.4),
]
