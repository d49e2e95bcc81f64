"""How soon does a two-link arm swing itself up?

Gymnasium's Acrobot, with six real observations, over tile coding: Sarsa with ε-greedy and Boltzmann exploration, and
the softmax in action preferences of an actor-critic. Each step pays −1 until the tip is up, at most 500 of them.
Acrobot with Sarsa(λ) is Example 8 of Sutton (1996), *Generalization in Reinforcement Learning: Successful Examples
Using Sparse Coarse Coding*.
"""

from boltzmann_rl import SARSA, Agent, Boltzmann, Environment, EpsilonGreedy, GymnasiumExperiment
from boltzmann_rl.environments.tile_coding import TileCoded
from boltzmann_rl.learners.policy_gradient import ActorCritic
from boltzmann_rl.schedules import Exponential

EXPERIMENT = GymnasiumExperiment(
    name="acrobot",
    problem={"Acrobot": Environment("Acrobot-v1", wrap=TileCoded(tilings=32, tiles=(3, 3, 3, 3, 4, 4)))},
    agents={
        "Sarsa, ε = 0.1": Agent(SARSA(0.3), EpsilonGreedy(0.1)),
        "Sarsa, ε = 0.01": Agent(SARSA(0.3), EpsilonGreedy(0.01)),
        "Sarsa, τ = 1": Agent(SARSA(0.3), Boltzmann(1.0)),
        "Sarsa, cooled": Agent(SARSA(0.3), Boltzmann(Exponential(3.0, 0.1, steps=10_000))),
        "Actor-critic": Agent(ActorCritic(0.003, 0.2), Boltzmann(1.0)),
    },
    runs=10,
    episodes=100,
    seed=0,
)
