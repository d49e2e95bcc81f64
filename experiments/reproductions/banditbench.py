"""The table in the README of DataWraith/banditbench: ten Bernoulli arms with means ~ Beta(1, 8), 500 pulls.

The gradient agents there are paid ±1, which is 2·(reward − ½): twice the learning rate, and a baseline of ½ for none.
Its ε-greedy agrees if every arm is tried at first, here by estimates that begin at 1; from 0 the regret is 35.9.
"""

from dataclasses import dataclass

from boltzmann_rl import (
    UCB1,
    Agent,
    BanditExperiment,
    BernoulliBandit,
    BetaMeans,
    Boltzmann,
    BoltzmannGumbel,
    EpsilonGreedy,
    GradientPreferences,
    Greedy,
    SampleAverage,
)
from boltzmann_rl.reproduction import Measurement, Target


@dataclass(frozen=True)
class Regret:
    """Total regret on Bernoulli arms whose means are drawn from a beta distribution anew in each run."""

    agent: Agent
    a: float = 1.0
    b: float = 8.0
    arms: int = 10
    steps: int = 500
    runs: int = 4000
    seed: int = 0

    def measure(self, jobs: int | None = None) -> Measurement:
        """One number."""
        results = BanditExperiment(
            name="banditbench",
            problem=BernoulliBandit(BetaMeans(self.a, self.b), arms=self.arms),
            agents={"agent": self.agent},
            runs=self.runs,
            seed=self.seed,
            steps=self.steps,
        ).run(jobs=jobs, progress=False)
        return Measurement.of_runs(results.runs["regret"])


def row(name: str, agent: Agent, published: float, independent: float) -> Target:
    """A row of the table, held to 5 %."""
    return Target(
        id=f"BB-beta-{name}",
        study=Regret(agent),
        published=published,
        relative=0.05,
        independent=independent,
        independent_within=0.05 * independent,
        source="DataWraith/banditbench, README",
        panel="banditbench: means ~ Beta(1, 8)",
        series="regret after 500 pulls",
        x=(name,),
        axis="agent",
        unit="total regret",
    )


TARGETS = [
    row("gumbel", Agent(SampleAverage(), BoltzmannGumbel(scale=0.5)), 58.4917, 58.41),
    row("gradient", Agent(GradientPreferences(0.2, baseline=0.5), Boltzmann(1.0)), 54.8612, 55.07),
    row("gradient-baseline", Agent(GradientPreferences(0.2), Boltzmann(1.0)), 55.7285, 55.85),
    row("ucb1", Agent(UCB1(), Greedy()), 69.6096, 70.4),
    row("epsilon", Agent(SampleAverage(initial=1.0), EpsilonGreedy(0.1)), 33.2831, 32.9),
]
