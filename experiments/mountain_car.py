"""How fast does a car learn to leave the valley, with Boltzmann and with ε-greedy exploration?

Semi-gradient Sarsa with tile coding on Gymnasium's MountainCar, as in Sutton & Barto (2018), Example 10.1 and Figure
10.2: eight tilings of 8 × 8 tiles, a learning rate of 0.5 (α = 0.5/8), and initial values of 0, which are optimistic
because every step has a reward of −1. In the book an episode takes some 120 to 150 steps late in learning. "Cooled" is
Boltzmann exploration with a temperature that falls from 3 to 0.1.
"""

import boltzmann_rl as brl
from boltzmann_rl.schedules import Exponential

COOLING = brl.Boltzmann(Exponential(3.0, 0.1, steps=10_000))

EXPERIMENT = brl.GymnasiumExperiment(
    name="mountain_car",
    problem={
        "MountainCar": brl.Environment(
            "MountainCar-v0", max_episode_steps=1000, wrap=brl.TileCoded(tilings=8, tiles=8)
        ),
    },
    agents={
        "Sarsa, ε = 0.1": brl.Agent(brl.SARSA(0.5), brl.EpsilonGreedy(0.1)),
        "Sarsa, τ = 1": brl.Agent(brl.SARSA(0.5), brl.Boltzmann(1.0)),
        "Sarsa, cooled": brl.Agent(brl.SARSA(0.5), COOLING),
        "Expected Sarsa, cooled": brl.Agent(brl.ExpectedSARSA(0.5), COOLING),
        "Sarsa(0.9), cooled": brl.Agent(brl.EligibilityTraces(brl.SARSA(0.5), 0.9, "replacing"), COOLING),
    },
    runs=10,
    episodes=150,
    seed=0,
)
