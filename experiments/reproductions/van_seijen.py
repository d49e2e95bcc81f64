"""Van Seijen, van Hasselt, Whiteson & Wiering (2009), *A Theoretical and Empirical Analysis of Expected Sarsa*.

The windy gridworld, undiscounted, initial values 0, ε-greedy with ε = 0.1 and ties broken at random: mean return over
the first 100 episodes, for Expected Sarsa at learning rate 1 and for Sarsa at its best learning rate. The paper
averaged 10,000 runs. The next action is chosen before the values are updated; choosing it afterwards gives −42.4 for
Expected Sarsa.
"""

from dataclasses import dataclass

import boltzmann_rl as brl
from boltzmann_rl.reproduction import Measurement, Target

METHODS = {brl.ExpectedSARSA: "Expected Sarsa", brl.SARSA: "Sarsa"}
WINDY = brl.Environment("boltzmann_rl.gridworlds:boltzmann_rl/WindyGridworld-v0")


@dataclass(frozen=True)
class MeanReturn:
    """Mean return of the first episodes."""

    agent: brl.Agent
    environment: brl.Environment = WINDY
    episodes: int = 100
    runs: int = 200
    seed: int = 0

    def measure(self, jobs: int | None = None) -> Measurement:
        """The mean return per episode."""
        results = brl.GymnasiumExperiment(
            name="van_seijen",
            problem=self.environment,
            agents={"agent": self.agent},
            runs=self.runs,
            seed=self.seed,
            episodes=self.episodes,
        ).run(jobs=jobs, progress=False)
        return Measurement.of_runs(results.runs["return"] / self.episodes)


def first_episodes(
    name: str, learner: brl.SARSA | brl.ExpectedSARSA, runs: int, published: float, independent: float, se: float
) -> Target:
    """One of the two numbers, with a tolerance of 1 %."""
    return Target(
        id=name,
        study=MeanReturn(brl.Agent(learner, brl.EpsilonGreedy(0.1)), runs=runs),
        published=published,
        published_runs=10_000,
        relative=0.01,
        independent=independent,
        independent_se=se,
        independent_within=0.05,
        source="van Seijen et al. (2009), windy gridworld, deterministic, first 100 episodes",
        panel="Windy gridworld: the first 100 episodes",
        series="ε-greedy, ε = 0.1",
        x=(f"{METHODS[type(learner)]}, learning rate {learner.learning_rate:g}",),
        unit="mean return per episode",
    )


TARGETS = [
    first_episodes("VS-1", brl.ExpectedSARSA(learning_rate=1.0), 200, -45.0, -45.1, 0.011),
    first_episodes("VS-2", brl.SARSA(learning_rate=0.75), 400, -58.3, -58.36, 0.06),
]
