"""Sutton & Barto (2018), *Reinforcement Learning: An Introduction*, 2nd ed., §2.3 and Figure 2.6.

The ten-armed testbed: means N(0, 1), rewards N(mean, 1), 1000 steps, 2000 runs. The book has one set of 2000 problems
for all points of Figure 2.6, so they have a common offset; the independent values are those of another simulation.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

import boltzmann_rl as brl
from boltzmann_rl.reproduction import NOT_GIVEN, Measurement, Target

BOOK = "Sutton & Barto (2018)"
METHODS = {"eps": "ε-greedy", "ucb": "upper confidence bounds"}


def run(agents: dict[str, brl.Agent], arms: int, steps: int, runs: int, seed: int, jobs: int | None) -> brl.Results:
    """Run agents on the testbed."""
    return brl.BanditExperiment(
        name="sutton_barto",
        problem=brl.GaussianBandit(brl.NormalMeans(0.0, 1.0), arms=arms, sd=1.0),
        agents=agents,
        runs=runs,
        seed=seed,
        steps=steps,
    ).run(jobs=jobs, progress=False)


@dataclass(frozen=True)
class MeanReward:
    """Mean reward over the first steps: a point of Figure 2.6."""

    agent: brl.Agent
    arms: int = 10
    steps: int = 1000
    runs: int = 10_000
    seed: int = 0

    def measure(self, jobs: int | None = None) -> Measurement:
        """The mean reward."""
        results = run({"agent": self.agent}, self.arms, self.steps, self.runs, self.seed, jobs)
        return Measurement.of_runs(results.runs["reward"] / self.steps)


@dataclass(frozen=True)
class EndOfFigure22:
    """Over the last 100 steps: best possible and greedy reward, fraction of best actions of greedy and of ε = 0.1."""

    arms: int = 10
    steps: int = 1000
    runs: int = 4000
    seed: int = 0

    def measure(self, jobs: int | None = None) -> Measurement:
        """The four numbers."""
        agents = {
            "greedy": brl.Agent(brl.SampleAverage(), brl.Greedy()),
            "0.1": brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(0.1)),
        }
        results = run(agents, self.arms, self.steps, self.runs, self.seed, jobs)
        curves = results.curves.set_index(["agent", "metric"])
        reward, regret = curves.loc[("greedy", "expected_reward")], curves.loc[("greedy", "expected_regret")]
        greedy, explorer = curves.loc[("greedy", "best_action")], curves.loc[("0.1", "best_action")]
        best = np.array([reward["mean"].iloc[-100:].mean() + regret["mean"].iloc[-100:].mean()])
        ends = [part.iloc[-100:] for part in (reward, greedy, explorer)]
        error = np.array([reward["standard_error"].iloc[-1], *(end["standard_error"].mean() for end in ends)])
        return Measurement(
            np.append(best, [end["mean"].mean() for end in ends]), error, error * self.runs**0.5, self.runs
        )


def point(name: str, power: str, agent: brl.Agent, published: float, independent: float, se: float) -> Target:
    """A point of Figure 2.6, read with an error of up to ±0.002."""
    return Target(
        id=f"SB26-{name}-{power}",
        study=MeanReward(agent),
        published=published,
        within=0.05,
        offset_group="SB26",
        offset_within=0.02,
        independent=independent,
        independent_se=se,
        source=f"{BOOK}, Figure 2.6, digitised",
        panel=f"Figure 2.6: {METHODS[name]}",
        series=METHODS[name],
        x=(float(Fraction(power)),),
        axis={"eps": "ε", "ucb": "c"}[name],
        unit="mean reward per step",
    )


def epsilon(power: str) -> brl.Agent:
    """ε-greedy on sample averages."""
    return brl.Agent(brl.SampleAverage(), brl.EpsilonGreedy(float(Fraction(power))))


def ucb(power: str) -> brl.Agent:
    """Upper confidence bounds with c."""
    return brl.Agent(brl.UCB1(float(Fraction(power))), brl.Greedy())


TARGETS = [
    Target(
        id="SB22",
        study=EndOfFigure22(),
        published=(1.54, 1.0, 1 / 3, NOT_GIVEN),
        within=0.06,
        independent=(1.53875, 1.0325, 0.362, 0.803),
        independent_within=0.025,
        source=f"{BOOK}, §2.3: best possible about 1.54, greedy about 1 and one-third, ε = 0.1 below 91 %",
        panel="§2.3: the last 100 steps in Figure 2.2",
        series="the testbed",
        x=("best possible", "greedy", "greedy", "ε-greedy, ε = 0.1"),
        unit=("reward per step", "reward per step", "fraction of best actions", "fraction of best actions"),
    ),
    point("eps", "1/128", epsilon("1/128"), 1.1433, 1.1662, 0.0071),
    point("eps", "1/64", epsilon("1/64"), 1.2378, 1.2444, 0.0057),
    point("eps", "1/32", epsilon("1/32"), 1.2887, 1.3057, 0.0040),
    point("eps", "1/16", epsilon("1/16"), 1.3154, 1.3285, 0.0026),
    point("eps", "1/8", epsilon("1/8"), 1.2647, 1.2790, 0.0018),
    point("eps", "1/4", epsilon("1/4"), 1.1016, 1.1190, 0.0021),
    point("ucb", "1/16", ucb("1/16"), 1.3944, 1.4221, 0.0035),
    point("ucb", "1/8", ucb("1/8"), 1.4144, 1.4296, 0.0032),
    point("ucb", "1/4", ucb("1/4"), 1.4324, 1.4521, 0.0026),
    point("ucb", "1/2", ucb("1/2"), 1.4663, 1.4818, 0.0016),
    point("ucb", "1", ucb("1"), 1.4643, 1.4794, 0.0005),
    point("ucb", "2", ucb("2"), 1.3754, 1.3893, 0.0005),
    point("ucb", "4", ucb("4"), 1.1496, 1.1648, 0.0008),
]
