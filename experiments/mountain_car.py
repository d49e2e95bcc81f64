"""How soon does a car learn to leave the valley, by Boltzmann and by ε-greedy exploration?

Semi-gradient Sarsa over tile coding on Gymnasium's MountainCar, as in Sutton & Barto (2018), Example 10.1 and Figure
10.2: eight tilings of 8 × 8 tiles, a learning rate of 0.5 (α = 0.5/8), and values that begin at 0, which is hopeful
where every step pays −1. In the book an episode takes some 120 to 150 steps late in learning. "Cooled" is Boltzmann
with a temperature that falls from 3 to 0.1.
"""

from boltzmann_rl import (
    SARSA,
    Agent,
    Boltzmann,
    EligibilityTraces,
    Environment,
    EpsilonGreedy,
    ExpectedSARSA,
    GymnasiumExperiment,
)
from boltzmann_rl.environments.tile_coding import TileCoded
from boltzmann_rl.schedules import Exponential

COOLING = Boltzmann(Exponential(3.0, 0.1, steps=10_000))

EXPERIMENT = GymnasiumExperiment(
    name="mountain_car",
    problem={
        "MountainCar": Environment("MountainCar-v0", max_episode_steps=1000, wrap=TileCoded(tilings=8, tiles=8)),
    },
    agents={
        "Sarsa, ε = 0.1": Agent(SARSA(0.5), EpsilonGreedy(0.1)),
        "Sarsa, τ = 1": Agent(SARSA(0.5), Boltzmann(1.0)),
        "Sarsa, cooled": Agent(SARSA(0.5), COOLING),
        "Expected Sarsa, cooled": Agent(ExpectedSARSA(0.5), COOLING),
        "Sarsa(0.9), cooled": Agent(EligibilityTraces(SARSA(0.5), 0.9, "replacing"), COOLING),
    },
    runs=10,
    episodes=150,
    seed=0,
)
