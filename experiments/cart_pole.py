"""Do action values or action preferences learn faster to balance a pole?

Gymnasium's CartPole with tile coding: semi-gradient Sarsa with ε-greedy and Boltzmann exploration, beside an
actor-critic and REINFORCE with a baseline, both with a softmax in action preferences (Sutton & Barto 2018, §10.1 and
ch. 13). The velocities are unbounded, so the tiles get bounds, to which larger velocities are clipped.
"""

import boltzmann_rl as brl
from boltzmann_rl.schedules import Exponential

BOUND = (2.4, 3.0, 0.21, 3.5)
TILES = brl.TileCoded(tilings=16, tiles=(4, 4, 6, 6), low=[-bound for bound in BOUND], high=BOUND)
SOFTMAX = brl.Boltzmann(1.0)

EXPERIMENT = brl.GymnasiumExperiment(
    name="cart_pole",
    problem={"CartPole": brl.Environment("CartPole-v1", wrap=TILES)},
    agents={
        "Sarsa, ε = 0.01": brl.Agent(brl.SARSA(0.5, 0.99), brl.EpsilonGreedy(0.01)),
        "Sarsa, τ = 1": brl.Agent(brl.SARSA(0.5, 0.99), brl.Boltzmann(1.0)),
        "Sarsa, cooled": brl.Agent(brl.SARSA(0.5, 0.99), brl.Boltzmann(Exponential(3.0, 0.1, steps=5000))),
        "Actor-critic": brl.Agent(brl.ActorCritic(0.003, 0.2, 0.99, from_start=False), SOFTMAX),
        "REINFORCE, baseline": brl.Agent(brl.Reinforce(0.001, 0.1, 0.99, from_start=False), SOFTMAX),
    },
    runs=10,
    episodes=120,
    seed=0,
)
