"""Kuleshov & Precup (2014), *Algorithms for multi-armed bandit problems*, arXiv 1402.6028: Table 1 and Figures 1-4.

K arms, rewards N(μ, σ), μ ~ U(0, 1) drawn in each of 1000 runs, 1000 turns, total regret. Estimates start at 1 and are
overwritten by the first reward; the first round of UCB is not counted; the reference of reinforcement comparison starts
at 1. The independent values are those of another simulation, with its standard error.
"""

from dataclasses import dataclass

import numpy as np

import boltzmann_rl as brl
from boltzmann_rl.reproduction import Measurement, Target

PAPER = "Kuleshov & Precup (2014), arXiv 1402.6028"
ARMS = {2: "two", 5: "five", 10: "ten"}
AGENTS = {
    "soft": "softmax",
    "eps": "ε-greedy",
    "rc": "reinforcement comparison",
    "ucb1": "UCB1",
    "tuned": "UCB1-Tuned",
}
UCB, TUNED = brl.Agent(brl.UCB1(), brl.Greedy()), brl.Agent(brl.UCB1Tuned(), brl.Greedy())


def softmax(temperature: float) -> brl.Agent:
    """Softmax of the estimates over τ, which start at 1."""
    return brl.Agent(brl.SampleAverage(initial=1.0), brl.Boltzmann(temperature))


def epsilon_greedy(epsilon: float) -> brl.Agent:
    """ε-greedy, with estimates that start at 1."""
    return brl.Agent(brl.SampleAverage(initial=1.0), brl.EpsilonGreedy(epsilon))


def comparison(reward_rate: float, preference_rate: float) -> brl.Agent:
    """Reinforcement comparison, with a reference reward that starts at 1."""
    return brl.Agent(brl.ReinforcementComparison(preference_rate, reward_rate, reference=1.0), brl.Boltzmann(1.0))


@dataclass(frozen=True)
class Regret:
    """Total regret of one agent on K Gaussian arms with standard deviation σ, and how often it takes the best arm."""

    agent: brl.Agent
    arms: int = 10
    sd: float = 0.1
    steps: int = 1000
    runs: int = 4000
    seed: int = 0
    windows: tuple[tuple[int, int], ...] = ()

    def measure(self, jobs: int | None = None) -> Measurement:
        """The mean total regret; with ``windows``, the fraction of best choices in each window instead."""
        free = self.arms if isinstance(self.agent.learner, brl.UCB1 | brl.UCB1Tuned) else 0
        results = brl.BanditExperiment(
            name="kuleshov_precup",
            problem=brl.GaussianBandit(brl.UniformMeans(0.0, 1.0), arms=self.arms, sd=self.sd),
            agents={"agent": self.agent},
            runs=self.runs,
            seed=self.seed,
            steps=self.steps + free,
            uncounted_steps=free,
        ).run(jobs=jobs, progress=False)
        if not self.windows:
            return Measurement.of_runs(results.runs["regret"])
        best = results.curves[results.curves["metric"] == "best_action"]
        mean = [best["mean"].iloc[first:last].mean() for first, last in self.windows]
        error = [best["standard_error"].iloc[first:last].mean() for first, last in self.windows]
        return Measurement(*map(np.array, (mean, error, np.array(error) * self.runs**0.5)), self.runs)


def table_1(sd: float, temperature: float, published: float, independent: float, se: float) -> Target:
    """A cell of Table 1: softmax on ten arms."""
    return Target(
        id=f"KP-T1-s{sd}-tau{temperature:g}",
        study=Regret(softmax(temperature), arms=10, sd=sd),
        published=published,
        published_runs=1000,
        independent=independent,
        independent_se=se,
        source=f"{PAPER}, Table 1",
        panel="Table 1: softmax on ten arms",
        series=f"standard deviation of rewards = {sd}",
        x=(temperature,),
        axis="temperature",
        unit="total regret in 1000 turns",
    )


def legend(
    arms: int, sd: float, name: str, agent: brl.Agent, published: float, independent: float, se: float
) -> Target:
    """A number in the legend of a figure, of a tuned agent."""
    return Target(
        id=f"KP-F-K{arms}-s{sd}-{name}",
        study=Regret(agent, arms=arms, sd=sd),
        published=published,
        published_runs=1000,
        within=0.5 * 10.0 ** (len(f"{published:.3g}".split(".")[-1]) * -("." in f"{published:.3g}")),
        independent=independent,
        independent_se=se,
        source=f"{PAPER}, legend of the figure for K = {arms}",
        panel=f"Figures 1–4: {ARMS[arms]} arms",
        series=f"standard deviation of rewards = {sd}",
        x=(AGENTS[name],),
        unit="total regret in 1000 turns",
    )


def curve(
    arms: int, sd: float, temperature: float, published: tuple[float, ...], independent: tuple[float, ...]
) -> Target:
    """Three windows of a curve in the right panels, read from the vector graphics."""
    windows = ((150, 250), (450, 550), (900, 1000))
    return Target(
        id=f"KP-C-K{arms}-s{sd}-soft",
        study=Regret(softmax(temperature), arms=arms, sd=sd, windows=windows),
        published=published,
        within=0.035,
        independent=independent,
        independent_within=0.035,
        source=f"{PAPER}, right panels of Figures 1-4",
        panel=f"Figures 1–4: softmax on {ARMS[arms]} arms",
        series=f"standard deviation of rewards = {sd}",
        x=(200, 500, 950),
        axis="turn",
        unit="fraction of best choices",
    )


TARGETS = [
    table_1(0.1, 0.0007, 12.5704, 12.261, 0.249),
    table_1(0.1, 0.001, 11.3791, 12.267, 0.249),
    table_1(0.1, 0.005, 11.0161, 10.941, 0.221),
    table_1(0.1, 0.01, 8.23719, 8.983, 0.167),
    table_1(0.1, 0.05, 19.6542, 19.705, 0.090),
    table_1(0.1, 0.1, 53.4932, 53.995, 0.170),
    table_1(1.0, 0.0007, 118.749, 111.189, 1.479),
    table_1(1.0, 0.001, 112.574, 110.745, 1.478),
    table_1(1.0, 0.005, 110.298, 109.630, 1.458),
    table_1(1.0, 0.01, 101.869, 107.576, 1.436),
    table_1(1.0, 0.05, 87.9386, 92.926, 1.172),
    table_1(1.0, 0.1, 95.3883, 94.824, 0.905),
    legend(2, 0.01, "soft", softmax(0.001), 0.351, 0.352, 0.008),
    legend(2, 0.01, "eps", epsilon_greedy(0.005), 1.21, 1.167, 0.019),
    legend(2, 0.01, "rc", comparison(0.4, 0.98), 3.64, 3.667, 0.014),
    legend(2, 0.01, "ucb1", UCB, 19.8, 19.926, 0.099),
    legend(2, 0.01, "tuned", TUNED, 5.26, 5.345, 0.056),
    legend(2, 0.1, "soft", softmax(0.01), 1.53, 1.586, 0.151),
    legend(2, 0.1, "eps", epsilon_greedy(0.001), 3.15, 2.754, 0.242),
    legend(2, 0.1, "rc", comparison(0.4, 0.98), 3.82, 3.807, 0.018),
    legend(2, 0.1, "ucb1", UCB, 19.8, 19.951, 0.102),
    legend(2, 0.1, "tuned", TUNED, 5.17, 5.330, 0.058),
    legend(2, 1.0, "soft", softmax(0.1), 52.2, 55.640, 2.275),
    legend(2, 1.0, "eps", epsilon_greedy(0.05), 32.8, 32.769, 0.974),
    legend(2, 1.0, "rc", comparison(0.4, 0.98), 28.1, 30.129, 0.937),
    legend(2, 1.0, "ucb1", UCB, 20.4, 20.300, 0.257),
    legend(2, 1.0, "tuned", TUNED, 34.3, 35.846, 1.688),
    legend(5, 0.01, "rc", comparison(0.1, 0.95), 10.1, 10.035, 0.052),
    legend(5, 0.01, "ucb1", UCB, 67.2, 67.205, 0.186),
    legend(5, 0.01, "tuned", TUNED, 17.3, 17.160, 0.101),
    legend(5, 0.1, "eps", epsilon_greedy(0.001), 8.93, 7.694, 0.377),
    legend(5, 0.1, "rc", comparison(0.1, 0.95), 10.3, 10.509, 0.079),
    legend(5, 0.1, "ucb1", UCB, 67.4, 67.242, 0.190),
    legend(5, 0.1, "tuned", TUNED, 17.5, 17.072, 0.104),
    legend(5, 1.0, "eps", epsilon_greedy(0.05), 71.192, 73.963, 1.501),
    legend(5, 1.0, "rc", comparison(0.01, 0.9), 46.9, 48.702, 0.680),
    legend(5, 1.0, "ucb1", UCB, 69.5, 68.297, 0.438),
    legend(5, 1.0, "tuned", TUNED, 50.7, 49.030, 1.453),
    legend(10, 0.01, "rc", comparison(0.01, 0.98), 22.0, 21.895, 0.074),
    legend(10, 0.01, "ucb1", UCB, 127.0, 127.116, 0.308),
    legend(10, 0.01, "tuned", TUNED, 34.7, 34.433, 0.124),
    legend(10, 0.1, "eps", epsilon_greedy(0.005), 12.9, 13.313, 0.362),
    legend(10, 0.1, "rc", comparison(0.1, 0.95), 23.3, 23.415, 0.350),
    legend(10, 0.1, "ucb1", UCB, 127.0, 127.215, 0.311),
    legend(10, 0.1, "tuned", TUNED, 34.0, 34.237, 0.128),
    legend(10, 1.0, "eps", epsilon_greedy(0.1), 102.0, 103.308, 1.202),
    legend(10, 1.0, "rc", comparison(0.1, 0.98), 91.1, 90.938, 1.535),
    legend(10, 1.0, "ucb1", UCB, 128.0, 128.907, 0.570),
    legend(10, 1.0, "tuned", TUNED, 63.7, 63.071, 1.176),
    curve(2, 0.01, 0.001, (0.9967, 0.9973, 0.9974), (0.9951, 0.9958, 0.9959)),
    curve(2, 0.1, 0.01, (0.9687, 0.9714, 0.9746), (0.9546, 0.9610, 0.9633)),
    curve(2, 1.0, 0.1, (0.7567, 0.7778, 0.7892), (0.7440, 0.7690, 0.7799)),
    curve(10, 0.01, 0.001, (0.9818, 0.9844, 0.9848), (0.9830, 0.9842, 0.9854)),
    curve(10, 0.1, 0.01, (0.8667, 0.8794, 0.8885), (0.8477, 0.8649, 0.8736)),
    curve(10, 1.0, 0.05, (0.4099, 0.4450, 0.4687), (0.4052, 0.4426, 0.4701)),
]
