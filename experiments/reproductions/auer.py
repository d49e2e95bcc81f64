"""Auer, Cesa-Bianchi & Fischer (2002), *Finite-time Analysis of the Multiarmed Bandit Problem*, Figure 10.

Distribution 12: Bernoulli arms .9, .8 ×3, .7 ×3, .6 ×3, 100,000 plays, 100 runs, UCB1-Tuned and εₙ-greedy with
εₙ = min{1, cK/(d²n)}, d = 0.1. The regret was read from the figure at 1,000, 10,000 and 100,000 plays.
"""

from dataclasses import dataclass

import numpy as np

import boltzmann_rl as brl
from boltzmann_rl.reproduction import Measurement, Target
from boltzmann_rl.schedules import Ceiling, Power

DISTRIBUTION_12 = (0.9, 0.8, 0.8, 0.8, 0.7, 0.7, 0.7, 0.6, 0.6, 0.6)


@dataclass(frozen=True)
class RegretAt:
    """Cumulative regret after some numbers of plays, on Bernoulli arms."""

    agent: brl.Agent
    means: tuple[float, ...] = DISTRIBUTION_12
    plays: tuple[int, ...] = (1000, 10_000, 100_000)
    runs: int = 1000
    seed: int = 0

    def measure(self, jobs: int | None = None) -> Measurement:
        """The regret at each of ``plays``."""
        results = brl.BanditExperiment(
            name="auer",
            problem=brl.BernoulliBandit(self.means),
            agents={"agent": self.agent},
            runs=self.runs,
            seed=self.seed,
            steps=max(self.plays),
        ).run(jobs=jobs, progress=False)
        regret = results.curves[results.curves["metric"] == "cumulative_regret"].set_index("step")
        there = regret.loc[np.array(self.plays) - 1]
        error = there["standard_error"].to_numpy()
        return Measurement(there["mean"].to_numpy(), error, error * self.runs**0.5, self.runs)


def figure_10(name: str, agent: brl.Agent, published: tuple[float, ...], independent: tuple[float, ...]) -> Target:
    """A curve of the figure, read with an error of up to ±2."""
    return Target(
        id=f"AU-12-{name}",
        study=RegretAt(agent),
        published=published,
        published_runs=100,
        within=2.0,
        independent=independent,
        independent_within=2.0,
        source="Auer, Cesa-Bianchi & Fischer (2002), Figure 10, digitised",
        panel="Figure 10: ten Bernoulli arms",
        series={"tuned": "UCB1-Tuned", "epsilon": "εₙ-greedy, c = 0.2"}[name],
        x=(1000, 10_000, 100_000),
        axis="plays",
        unit="regret",
    )


def epsilon_n(c: float, d: float = 0.1, arms: int = len(DISTRIBUTION_12)) -> brl.Agent:
    """εₙ-greedy: min{1, cK/(d²n)} at the n-th play."""
    return brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(Ceiling(Power(c * arms / d**2), maximum=1.0)))


TARGETS = [
    figure_10("tuned", brl.Agent(brl.UCB1Tuned(), brl.Greedy()), (50.0, 103.0, 146.0), (50.3, 101.1, 142.8)),
    figure_10("epsilon", epsilon_n(0.2), (97.0, 183.0, 265.0), (96.9, 183.8, 266.3)),
]
