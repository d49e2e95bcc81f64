"""Do values or preferences keep a pole up sooner?

Gymnasium's CartPole over tile coding: semi-gradient Sarsa with ε-greedy and Boltzmann exploration beside the softmax
in action preferences of an actor-critic and of REINFORCE with a baseline (Sutton & Barto 2018, §10.1 and ch. 13). The
velocities have no bounds of their own, so the tiles' are given: what is faster counts as just as fast.
"""

from boltzmann_rl import SARSA, Agent, Boltzmann, Environment, EpsilonGreedy, GymnasiumExperiment
from boltzmann_rl.environments.tile_coding import TileCoded
from boltzmann_rl.learners.policy_gradient import ActorCritic, Reinforce
from boltzmann_rl.schedules import Exponential

BOUND = (2.4, 3.0, 0.21, 3.5)
TILES = TileCoded(tilings=16, tiles=(4, 4, 6, 6), low=[-bound for bound in BOUND], high=BOUND)
SOFTMAX = Boltzmann(1.0)

EXPERIMENT = GymnasiumExperiment(
    name="cart_pole",
    problem={"CartPole": Environment("CartPole-v1", wrap=TILES)},
    agents={
        "Sarsa, ε = 0.01": Agent(SARSA(0.5, 0.99), EpsilonGreedy(0.01)),
        "Sarsa, τ = 1": Agent(SARSA(0.5, 0.99), Boltzmann(1.0)),
        "Sarsa, cooled": Agent(SARSA(0.5, 0.99), Boltzmann(Exponential(3.0, 0.1, steps=5000))),
        "Actor-critic": Agent(ActorCritic(0.003, 0.2, 0.99, from_start=False), SOFTMAX),
        "REINFORCE, baseline": Agent(Reinforce(0.001, 0.1, 0.99, from_start=False), SOFTMAX),
    },
    runs=10,
    episodes=120,
    seed=0,
)
